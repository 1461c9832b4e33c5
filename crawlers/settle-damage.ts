/**
 * Damage in the archive is settled once: the damaged bytes are set aside, their pages are asked for again, and the file is
 * whole for every reader. Files are looked through that were changed since a crawl left them (a copy, a restored backup),
 * and those in which a reader met damage (`suspect`). Called when a crawl starts.
 *
 *   warc/FILE  [a][b][damage][d]  →  warc/FILE  [a][b][d]      damaged/FILE.FROM-TO  [damage]
 */
import { closeSync, existsSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { frontierFault } from './frontier/fault.ts';
import { Frontier, STATE_FILE } from './frontier/frontier.ts';
import { AtomicFile, makeFolder } from './shell/folder.ts';
import { unpackRecords } from './warc/gzip.ts';

interface Stretch {
  readonly from: number;
  readonly to: number;
}

const filesOf = (warcDir: string): string[] =>
  existsSync(warcDir) ? readdirSync(warcDir).filter((name) => name.endsWith('.warc.gz')) : [];

/** What a killed writer had begun to write anew, of the archive or of what was set aside from it, goes. The crawl is held. */
export function dropBegun(dir: string): void {
  for (const name of existsSync(dir) ? readdirSync(dir) : []) {
    if (/\.warc\.gz.*\.\d+\.tmp$/.test(name)) rmSync(join(dir, name));
  }
}

/** @throws ToolkitError WRITE_FAILED, UNWRITABLE_FOLDER: nothing is lost then, the next crawl settles it */
export async function settleDamage(
  warcDir: string,
  frontier: Frontier,
  signal: AbortSignal,
  note: (text: string) => void = () => {},
): Promise<void> {
  dropBegun(warcDir);
  dropBegun(join(dirname(warcDir), 'damaged'));
  for (const file of filesOf(warcDir)) {
    const path = join(warcDir, file);
    const { size, mtimeMs } = statSync(path);
    if (size === 0 || !frontier.places.isTouched(file, size, mtimeMs)) continue;
    const stretches = await damageIn(path, signal);
    if (signal.aborted || stretches.length === 0) continue;
    const aside = join(dirname(warcDir), 'damaged');
    makeFolder(aside);
    for (const { from, to } of stretches) copy(path, join(aside, `${file}.${from}-${to}`), [{ from, to }]);
    // Places that are too small do no harm, should the power go before the file is there.
    let lost = 0;
    for (const { from, to } of stretches.toReversed()) lost += frontier.loseStretch(file, from, to);
    const starts = [0, ...stretches.map(({ to }) => to)];
    copy(path, path, [
      ...stretches.map(({ from }, i) => ({ from: starts[i], to: from })),
      { from: starts.at(-1)!, to: size },
    ]);
    const places = stretches.map(({ from, to }) => `${from}-${to}`).join(', ');
    note(`${path}: damaged at bytes ${places}: set aside in ${aside}; asked for again: ${lost}`);
  }
}

/** The files as a crawl leaves them. Where a full disk does not take it the next crawl looks through what is not as told. */
export function leaveArchive(warcDir: string, frontier: Frontier): void {
  try {
    for (const file of filesOf(warcDir)) {
      const { size, mtimeMs } = statSync(join(warcDir, file));
      frontier.places.leaveFile(file, size, mtimeMs);
    }
  } catch (error) {
    if (frontierFault(warcDir, error) === undefined) throw error;
  }
}

/** A reader met damage: the next crawl looks through these files of its archive. */
export function suspect(crawlDir: string, messages: readonly string[]): void {
  const warcDir = join(crawlDir, 'warc');
  const files = filesOf(warcDir).filter((file) => messages.some((message) => message.includes(join(warcDir, file))));
  if (files.length === 0) return;
  const frontier = new Frontier(join(crawlDir, STATE_FILE));
  for (const file of files) frontier.places.leaveFile(file, 0, 0);
  frontier.close();
}

/** What a crash cut off at the end is no damage: whoever writes on cuts it away. */
async function damageIn(path: string, signal: AbortSignal): Promise<Stretch[]> {
  const stretches: Stretch[] = [];
  for await (const part of unpackRecords(path, signal)) {
    if (part instanceof Uint8Array || part.damage?.code !== 'BAD_GZIP') continue;
    stretches.push({ from: part.lostFrom!, to: part.at });
  }
  return stretches;
}

function copy(from: string, to: string, stretches: readonly Stretch[]): void {
  const source = openSync(from, 'r');
  const file = new AtomicFile(to);
  const chunk = Buffer.alloc(1 << 20);
  try {
    for (const { from: start, to: end } of stretches) {
      for (let at = start; at < end; ) {
        const read = readSync(source, chunk, 0, Math.min(chunk.length, end - at), at);
        if (read === 0) break;
        file.write(chunk.subarray(0, read));
        at += read;
      }
    }
    file.commit();
  } finally {
    file.discard();
    closeSync(source);
  }
}
