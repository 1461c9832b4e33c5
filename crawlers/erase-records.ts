/**
 * Records that were taken down leave the archive. Each is replaced by a member of the same length that holds a record
 * without a block, so that all that stands behind it stays where it is: for the frontier, for the cursors of cleaning.
 *
 *   warc/FILE   [a][b][c]  →  [a][     ][c]      written beside and renamed; damaged/ loses pieces that name such a page
 */
import { closeSync, existsSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Frontier, STATE_FILE } from './frontier/frontier.ts';
import { addressOf } from './page.ts';
import { ToolkitError } from './shell/errors.ts';
import { AtomicFile, syncFolder } from './shell/folder.ts';
import { memberLengthAt, memberOfLength } from './warc/gzip.ts';
import { readWarc } from './warc/read-warc.ts';

/**
 * @param isGone asked by address and by the time of the record
 * @returns how many records went
 * @throws ToolkitError WRITE_FAILED
 */
export async function eraseRecords(
  crawlDir: string,
  isGone: (address: string, fetchedAt: string) => boolean,
): Promise<number> {
  let erased = 0;
  const warcDir = join(crawlDir, 'warc');
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
  const damaged = join(crawlDir, 'damaged');
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

/** Where its members begin. What is damaged is passed over. */
async function placesOf(path: string, isGone: (address: string, fetchedAt: string) => boolean): Promise<number[]> {
  const places: number[] = [];
  try {
    for await (const { url, fetchedAt, at } of readWarc(path, undefined, { withHeads: true })) {
      if (at !== undefined && isGone(addressOf(url), fetchedAt)) places.push(at);
    }
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
  }
  return places;
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

function rewrite(path: string, places: readonly number[]): void {
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
      copy(at, place);
      const length = memberLengthAt(source, place) ?? 0;
      file.write(memberOfLength(NOTHING, length));
      at = place + length;
    }
    copy(at, size);
    file.commit();
  } finally {
    file.discard();
    closeSync(source);
  }
}
