/**
 * How far files were read: what an earlier run has dealt with is not read again. A file of records (WARC) grows at its
 * end, and goes on there; files of rows (JSON lines, text, saved pages) say what they say together, so that those of an
 * input are read again together, or not at all.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** What is remembered of a file of records that was read to its end. */
export interface Cursor {
  /** Bytes that it had. */
  readonly size: number;
  /** Of its last change, in nanoseconds since 1970. */
  readonly time: bigint;
  /** Hash of its last bytes: what grew is the same file. */
  readonly tail: string;
  /** Pages that it held. */
  readonly pages: number;
}

const TAIL_BYTES = 4096;

/**
 * Where reading goes on: 0, unless the file is as it was (then its size) or has grown behind what it was.
 * A file that cannot be read begins at 0: reading it says why.
 */
export function startOf(path: string, cursor: Cursor | undefined): number {
  if (cursor === undefined) return 0;
  const now = statSync(path, { bigint: true, throwIfNoEntry: false });
  const size = Number(now?.size ?? 0n);
  if (size === cursor.size) return now?.mtimeNs === cursor.time ? size : 0;
  return size > cursor.size && tailOf(path, cursor.size) === cursor.tail ? cursor.size : 0;
}

/** @param size bytes that were read */
export function cursorOf(path: string, size: number, pages: number): Cursor {
  return { size, time: statSync(path, { bigint: true }).mtimeNs, tail: tailOf(path, size), pages };
}

function tailOf(path: string, end: number): string {
  const bytes = Buffer.alloc(Math.min(TAIL_BYTES, end));
  const file = openSync(path, 'r');
  try {
    const read = readSync(file, bytes, 0, bytes.length, end - bytes.length);
    return createHash('sha1').update(bytes.subarray(0, read)).digest('base64');
  } finally {
    closeSync(file);
  }
}

/** Names, sizes and times of files, as one hash: equal while none of them changes. */
export function stateOf(paths: readonly string[]): string {
  const hash = createHash('sha1');
  for (const path of paths) {
    const { size, mtimeNs } = statSync(path, { bigint: true });
    hash.update(`${path}\n${size} ${mtimeNs}\n`);
  }
  return hash.digest('base64');
}
