/**
 * What the frontier calls done must stand in the WARC files. A file that was cut or damaged since then (a power cut, a
 * copy that failed) has lost the answers behind that place: their URLs become due again. Called when a crawl starts.
 */
import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Frontier } from './frontier/frontier.ts';
import { cutTornTail, type WarcPlace } from './warc/warc.ts';

type Note = (text: string) => void;

/** Files that are too short or gone. Costs a look at each file's size; only one that is too short is opened. */
export function requeueCut(warcDir: string, frontier: Frontier, note: Note = () => {}): void {
  for (const { file, end } of frontier.places.ends()) {
    const path = join(warcDir, file);
    if (!existsSync(path)) {
      frontier.places.forget(file);
      note(`${path}: is gone; its pages are asked for again when they are due`);
    } else if (statSync(path).size < end) {
      requeueBehind(warcDir, { file, end: endOf(path, note) }, frontier, note);
    }
  }
}

/** What stood behind the last whole record of a file. */
export function requeueBehind(warcDir: string, place: WarcPlace, frontier: Frontier, note: Note = () => {}): void {
  const lost = frontier.requeueLost(place);
  const where = `${join(warcDir, place.file)}: answers for ${lost} URLs behind byte ${place.end}`;
  if (lost > 0) note(`${where} are lost; they are asked for again`);
}

function endOf(path: string, note: Note): number {
  const file = openSync(path, 'r+');
  try {
    return cutTornTail(file, path, note).end;
  } finally {
    closeSync(file);
  }
}
