/** One writer of a work folder at a time. */
import { existsSync, linkSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tryAgain } from './errors.ts';
import { makeFolder, unwritable, writeFault } from './folder.ts';

/** Locks that this very process holds: a lock file with our pid that is not among them was left by another life. */
const heldHere = new Set<string>();

/**
 * Takes the folder's lock (`DIR/vua.lock` holds the pid). A lock whose process is gone is taken over, also one with our
 * own pid: in a container every run has the same. Makes the folder; giving the lock back removes a folder that it made
 * and nobody wrote to.
 * @throws ToolkitError FOLDER_LOCKED naming the pid that holds it, UNWRITABLE_FOLDER (exit 2).
 */
export function lockFolder(dir: string): () => void {
  const made = makeFolder(dir);
  const path = join(resolve(dir), 'vua.lock');
  for (;;) {
    const claim = `${path}.${process.pid}`;
    try {
      writeFileSync(claim, String(process.pid));
      linkSync(claim, path); // atomic, and never seen without its pid
      heldHere.add(path);
      const release = (): void => {
        heldHere.delete(path);
        rmSync(path, { force: true });
        removeEmpty(made);
      };
      process.once('exit', release);
      rmSync(claim, { force: true });
      return () => {
        process.off('exit', release);
        release();
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw writeFault(dir, error) ?? unwritable(dir, error);
    }
    rmSync(claim, { force: true });
    const holder = Number(existsSync(path) ? readFileSync(path, 'utf8') : 0);
    if (holder === process.pid ? heldHere.has(path) : holder > 0 && isAlive(holder)) {
      throw tryAgain(
        'FOLDER_LOCKED',
        `${dir}: a run with pid ${holder} is working on this folder`,
        'run again when it has ended',
      );
    }
    rmSync(path, { force: true });
  }
}

function removeEmpty(folders: readonly string[]): void {
  try {
    for (const folder of folders.toReversed()) rmdirSync(folder);
  } catch {} // not empty: it is in use
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
