/**
 * Locks for file systems that have none: the holder writes its file anew every 30 s, and one that was not written for
 * ten minutes is dead. All times are those that the file system puts on files, so clocks of hosts do not matter.
 */
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { HOLDER_FILE, holderText, readerFile, readersOf } from './holder.ts';
import type { Locking, Mode } from './kernel-lock.ts';

const BEAT_MS = 30_000;
const STALE_MS = 600_000;

export const heartbeatLocking: Locking = {
  take(dir, mode, holder) {
    const path = join(dir, mode === 'write' ? HOLDER_FILE : readerFile(holder));
    if (!create(path, holderText(holder))) {
      if (isFresh(path)) return undefined;
      bury(path);
      if (!create(path, holderText(holder))) return undefined;
    }
    // Made first and looked for others then: of two at once one sees the other.
    if (others(dir, mode).some(isFresh)) {
      rmSync(path, { force: true });
      return undefined;
    }
    const isOwn = (): boolean => contentOf(path).includes(holder.token);
    const beat = setInterval(() => {
      if (!isOwn())
        throw new Error(`${path}: taken over by another run, after ten minutes in which this one stood still`);
      write(path, holderText(holder), 'r+');
    }, BEAT_MS);
    beat.unref();
    return () => {
      clearInterval(beat);
      if (isOwn()) rmSync(path, { force: true });
    };
  },

  isWritten(dir) {
    const path = join(dir, HOLDER_FILE);
    if (isFresh(path)) return true;
    bury(path);
    return false;
  },
};

const others = (dir: string, mode: Mode): string[] =>
  (mode === 'write' ? readersOf(dir) : [HOLDER_FILE]).map((name) => join(dir, name));

function create(path: string, text: string): boolean {
  try {
    write(path, text, 'wx');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function write(path: string, text: string, flag: 'wx' | 'r+'): void {
  const file = openSync(path, flag);
  try {
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
}

/** Whether the file was written in the last ten minutes, by the clock that wrote its time. */
function isFresh(path: string): boolean {
  const written = mtimeOf(path);
  if (written === undefined) return false;
  const clock = `${join(path, '..', HOLDER_FILE)}.clock-${process.pid}-${Math.random()}`;
  try {
    writeFileSync(clock, '');
    return mtimeOf(clock)! - written < STALE_MS;
  } finally {
    rmSync(clock, { force: true });
  }
}

const mtimeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.mtimeMs;

/** Takes a dead lock away: by a rename, so that of several that find it one does. */
function bury(path: string): void {
  const grave = `${path}.dead-${process.pid}-${Math.random()}`;
  try {
    renameSync(path, grave);
  } catch {
    return; // another was first
  }
  if (isFresh(grave))
    renameSync(grave, path); // another was first, and its new lock came under the spade
  else rmSync(grave, { force: true });
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
