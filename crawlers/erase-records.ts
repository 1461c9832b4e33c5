/**
 * Records that were taken down leave the archive. Each is replaced by a member of the same length that holds a record
 * without a block, so that all that stands behind it stays where it is: for the frontier, for the cursors of cleaning.
 *
 *   warc/FILE   [a][b][c]  →  [a][     ][c]      written beside and renamed; damaged/ loses pieces that name such a page
 *
 * A damaged record can be unpacked as far as its damage, so it goes, too, by what its head says (`damagedPlaces`).
 */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { constants, inflateRawSync } from 'node:zlib';
import { Frontier, STATE_FILE } from './frontier/frontier.ts';
import { addressOf } from './page.ts';
import { dropBegun } from './settle-damage.ts';
import { ToolkitError } from './shell/errors.ts';
import { AtomicFile, syncFolder } from './shell/folder.ts';
import { memberOfLength, OWN_HEADER_BYTES, OWN_SIGNATURE } from './warc/gzip.ts';
import { memberLengthAt, memberLengthIn } from './warc/members.ts';
import { readWarc } from './warc/read-warc.ts';

/**
 * @param isGone asked by address and by the time of the record
 * @returns how many records went
 * @throws ToolkitError WRITE_FAILED
 */
export async function eraseRecords(crawlDir: string, isGone: IsGone): Promise<number> {
  let erased = 0;
  const [warcDir, damaged] = [join(crawlDir, 'warc'), join(crawlDir, 'damaged')];
  for (const dir of [warcDir, damaged]) dropBegun(dir);
  for (const file of namesIn(warcDir)) {
    const path = join(warcDir, file);
    const places = await placesOf(path, isGone);
    if (places.length === 0) continue;
    rewrite(path, places);
    erased += places.length;
    if (!existsSync(join(crawlDir, STATE_FILE))) continue;
    const frontier = new Frontier(join(crawlDir, STATE_FILE));
    const { size, mtimeMs } = statSync(path);
    frontier.places.leaveFile(file, size, mtimeMs);
    frontier.close();
  }
  for (const file of namesIn(damaged)) {
    if ((await placesOf(join(damaged, file), isGone)).length === 0) continue;
    rmSync(join(damaged, file));
    syncFolder(damaged);
    erased++;
  }
  return erased;
}

const namesIn = (dir: string): string[] =>
  existsSync(dir) ? readdirSync(dir).filter((name) => name.includes('.warc.gz') && !name.endsWith('.tmp')) : [];

type IsGone = (address: string, fetchedAt: string) => boolean;

/** A member that goes. */
interface Place {
  readonly at: number;
  readonly length: number;
}

/** Where its members stand: by their heads, where all of the file is of ours and whole. */
async function placesOf(path: string, isGone: IsGone): Promise<Place[]> {
  const byHeads = headPlaces(path, isGone);
  if (byHeads !== undefined) return byHeads;
  const found = new Set<number>();
  let isDamaged = false;
  try {
    for await (const { url, fetchedAt, at } of readWarc(path, undefined, { withHeads: true })) {
      if (at !== undefined && isGone(addressOf(url), fetchedAt)) found.add(at);
    }
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    isDamaged = true;
  }
  const file = openSync(path, 'r');
  try {
    const whole = [...found].map((at) => ({ at, length: memberLengthAt(file, at) ?? 0 }));
    const damaged = isDamaged ? damagedPlaces(file, isGone).filter(({ at }) => !found.has(at)) : [];
    return [...whole, ...damaged].sort((a, b) => a.at - b.at);
  } finally {
    closeSync(file);
  }
}

/** Of a page, in bytes as they are packed: an address may be long. */
const HEAD_BYTES = 2_048;
/** Read at once; behind a member that is larger than the second the next head is read alone. */
const [WINDOW_BYTES, LARGE_BYTES] = [2 ** 20, 2 ** 16];
/** Records about others; what is called anything else may be a page. */
const IS_BESIDE = /^WARC-Type:[ \t]*(request|metadata|warcinfo)[ \t]*$/im;

/**
 * Hops from member to member and unpacks the head of each, whatever its page holds; `undefined` where one does not follow
 * another, or has no such head.
 */
function headPlaces(path: string, isGone: IsGone): Place[] | undefined {
  const places: Place[] = [];
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const window = Buffer.allocUnsafe(WINDOW_BYTES);
    let [from, read, last] = [0, window.subarray(0, 0), 0];
    for (let at = 0; at < size; at += last) {
      if (at + HEAD_BYTES > from + read.length && from + read.length < size) {
        from = at;
        const bytes = last > LARGE_BYTES ? HEAD_BYTES : WINDOW_BYTES;
        read = window.subarray(0, readSync(file, window, 0, bytes, at));
      }
      const length = read[at - from + 10] === 8 ? memberLengthIn(read, at - from) : undefined;
      if (length === undefined || at + length > size) return undefined;
      last = length;
      if (read[at - from + 3] !== OWN_SIGNATURE[3]) {
        if (!isNothing(file, at, length)) return undefined;
        continue;
      }
      const head = inflatedHead(read.subarray(at - from, at - from + Math.min(HEAD_BYTES, length)));
      const end = head?.indexOf('\r\n\r\n') ?? -1;
      if (head === undefined || end < 0) return undefined;
      const fields = head.slice(0, end);
      if (SEGMENT.test(fields)) return undefined;
      const [, url = ''] = TARGET.exec(fields) ?? [];
      if (!IS_BESIDE.test(fields) && isGone(addressOf(url), DATE.exec(fields)?.[1] ?? '')) places.push({ at, length });
    }
    return places;
  } finally {
    closeSync(file);
  }
}

/** Whether a member stands for a record that went before. */
function isNothing(file: number, at: number, length: number): boolean {
  const member = Buffer.alloc(length);
  readSync(file, member, 0, length, at);
  return member.equals(memberOfLength(NOTHING, length));
}

/** The beginning of a member of ours, unpacked as far as it goes. */
function inflatedHead(packed: Uint8Array): string | undefined {
  try {
    const data = packed.subarray(OWN_HEADER_BYTES);
    return inflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH }).toString('latin1');
  } catch {
    return undefined;
  }
}

/** What a head is looked for in: bytes as they are packed, the most that can be unpacked. */
const HEADS = [65_536, 4_096, 1_024, 512, 256];
const TARGET = /^WARC-Target-URI:[ \t]*<?([^\s>]+)/im;
const SEGMENT = /^WARC-Segment-Number:/im;
const DATE = /^WARC-Date:[ \t]*(\S+)/im;

/** Members of a damaged file whose head names such a page, whole or not. */
function damagedPlaces(file: number, isGone: IsGone): Place[] {
  const places: Place[] = [];
  const { size } = fstatSync(file);
  for (let at = 0; at < size; ) {
    const length = memberLengthAt(file, at);
    const isFollowed = length !== undefined && (at + length === size || nextMember(file, at + length) === at + length);
    const end = isFollowed ? at + length : nextMember(file, at + 1);
    const head = headOf(file, at, end);
    const [, url] = TARGET.exec(head) ?? [];
    if (url !== undefined && isGone(addressOf(url), DATE.exec(head)?.[1] ?? '')) places.push({ at, length: end - at });
    at = end;
  }
  return places;
}

/** As much of a member as can be unpacked; nothing of what is none. */
function headOf(file: number, at: number, end: number): string {
  for (const most of HEADS) {
    const packed = Buffer.alloc(Math.min(most, end - at));
    const read = readSync(file, packed, 0, packed.length, at);
    try {
      const data = packed.subarray(OWN_HEADER_BYTES, read);
      return inflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH }).toString('latin1');
    } catch {
      // less of it, up to the damage
    }
  }
  return '';
}

/** Where the next member of ours begins, from a byte on; the end of the file where none does. */
function nextMember(file: number, from: number): number {
  const chunk = Buffer.alloc(1 << 20);
  for (let start = from; ; start += chunk.length - OWN_SIGNATURE.length + 1) {
    const read = readSync(file, chunk, 0, chunk.length, start);
    const part = chunk.subarray(0, read);
    for (let at = part.indexOf(OWN_SIGNATURE); at >= 0; at = part.indexOf(OWN_SIGNATURE, at + 1)) {
      if (memberLengthAt(file, start + at) !== undefined) return start + at;
    }
    if (read < chunk.length) return fstatSync(file).size;
  }
}

const NOTHING = Buffer.from(
  [
    'WARC/1.1',
    'WARC-Type: metadata',
    'WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>',
    'WARC-Date: 1970-01-01T00:00:00Z',
    'Content-Length: 0',
    '\r\n\r\n',
  ].join('\r\n'),
);

function rewrite(path: string, places: readonly Place[]): void {
  const source = openSync(path, 'r');
  const file = new AtomicFile(path);
  const { size } = statSync(path);
  const chunk = Buffer.alloc(1 << 20);
  const copy = (from: number, to: number): void => {
    for (let at = from; at < to; ) {
      const read = readSync(source, chunk, 0, Math.min(chunk.length, to - at), at);
      if (read === 0) break;
      file.write(chunk.subarray(0, read));
      at += read;
    }
  };
  try {
    let at = 0;
    for (const place of places) {
      copy(at, place.at);
      file.write(memberOfLength(NOTHING, place.length));
      at = place.at + place.length;
    }
    copy(at, size);
    file.commit();
  } finally {
    file.discard();
    closeSync(source);
  }
}
