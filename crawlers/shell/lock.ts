/**
 * One writer in a work folder at a time, or any number of readers. Who writes in a folder has what is below it too: a run
 * on OUT and a crawl on OUT/crawl keep each other out.
 *
 *   vua.lock              who holds it, for people          vua.lock.reader-TOKEN    each that reads
 *   vua.lock.db           what decides (kernel-lock.ts; where the file system has no locks: heartbeat.ts)
 */
import { type Dirent, existsSync, readdirSync, realpathSync, rmdirSync, statfsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { badInput, ToolkitError, tryAgain } from './errors.ts';
import { makeFolder, removeUnfinished, unwritable, writeFault } from './folder.ts';
import { heartbeatLocking } from './heartbeat.ts';
import { describeHolder, self } from './holder.ts';
import { hasKernelLocks, kernelLocking, type Locking, type Mode } from './kernel-lock.ts';

/** Others look at a lock by taking it for a moment, and two at once may find each other: tried for so long. */
const PATIENCE_MS = 500;
const LEAST_TRIES = 3;
/** Folders below one another in which runs stand: OUT, OUT/model, OUT/model/step-1. */
const LEVELS = 3;

interface Hold {
  readonly dir: string;
  readonly mode: Mode;
  readonly letGo: () => void;
  /** Folders that were made for it. */
  readonly made: readonly string[];
}
/** What this process holds: it may write below what it writes, and read it. */
const holds = new Set<Hold>();
const isOurs = (dir: string): boolean => [...holds].some((hold) => hold.dir === dir && hold.mode === 'write');
const letGoOfAll = (): void => {
  for (const hold of holds) release(hold);
};
function release({ letGo, made }: Hold): void {
  letGo();
  removeEmpty(made);
}

/**
 * Works in `out` while it reads the folders `inputs` (`shareFolder`), and gives them back.
 * @throws ToolkitError as `lockFolder`
 */
export async function holding<T>(out: string, inputs: readonly string[], work: () => Promise<T>): Promise<T> {
  const held = [lockFolder(out)];
  try {
    for (const input of inputs) held.push(shareFolder(input));
    return await work();
  } finally {
    for (const letGo of held.reverse()) letGo();
  }
}

/**
 * Takes a folder to write in it, until the result is called or the process ends. Makes the folder; giving it back
 * removes a folder that was made for it and that nobody wrote to.
 * @throws ToolkitError FOLDER_LOCKED (exit 75) when another run writes in it, above it or below it, or reads it;
 *   UNWRITABLE_FOLDER (exit 2), WRITE_FAILED
 */
export function lockFolder(dir: string): () => void {
  const made: string[] = [];
  try {
    return patiently(dir, () => {
      made.push(...makeFolder(dir));
      return writing(dir, made);
    });
  } catch (error) {
    removeEmpty(made);
    throw error;
  }
}

/** Whether somebody reads a folder, for whoever wants to remove it. */
export function isBeingRead(dir: string): boolean {
  if (!isFolder(dir)) return false;
  const real = realpathSync(dir);
  const letGo = lockingOf(real).take(real, 'write', self());
  letGo?.();
  return letGo === undefined;
}

/** A folder `snapshots/NNNNNN/…` of a run, or behind a link to one: what is published never changes. */
function refusePublished(dir: string, real: string): void {
  for (let at = real; dirname(at) !== at; at = dirname(at)) {
    if (basename(dirname(at)) !== 'snapshots' || !existsSync(join(at, 'snapshot.json'))) continue;
    throw badInput(
      'PUBLISHED',
      `${dir}: is of the published snapshot ${at}, which never changes`,
      'give another --out; `vua run --out` adds to the run that it is of',
    );
  }
}

/**
 * Takes a folder to read it: others may read it too, nobody writes in it meanwhile. Of what is no folder (an address, a
 * file) and where this process may not write nothing is taken.
 * @throws ToolkitError FOLDER_LOCKED (exit 75) when another run writes in it
 */
export function shareFolder(dir: string): () => void {
  if (!isFolder(dir) || isOurs(realpathSync(dir))) return () => {};
  try {
    return patiently(dir, () => reading(dir));
  } catch (error) {
    if (error instanceof ToolkitError && error.code === 'FOLDER_LOCKED') throw error;
    return () => {};
  }
}

/**
 * Tries until it is held or `PATIENCE_MS` are over, on a busy machine too more than once: a lock file that is new is let
 * go of before others may share it. `take` answers with the way to let go, or whom it met. */
function patiently(dir: string, take: () => (() => void) | { readonly heldBy: string }): () => void {
  const until = performance.now() + PATIENCE_MS;
  for (let tries = 1; ; tries++) {
    const taken = take();
    if (typeof taken === 'function') return taken;
    if (performance.now() > until && tries >= LEAST_TRIES) throw locked(dir, taken.heldBy);
    sleep(Math.random() * 50);
  }
}

function writing(dir: string, made: readonly string[]): ReturnType<Parameters<typeof patiently>[1]> {
  let letGo: (() => void) | undefined;
  const real = realpathIfThere(dir);
  if (real === undefined) return { heldBy: resolve(dir) }; // whoever made it has just removed it
  refusePublished(dir, real);
  try {
    const locking = lockingOf(real);
    letGo = locking.take(real, 'write', self());
    if (letGo === undefined) return { heldBy: real };
    // Taken first and looked around then: of two at once one sees the other.
    const other = relativesOf(dir, real).find((each) => !isOurs(each) && locking.isWritten(each));
    if (other === undefined) {
      removeUnfinished(real);
      return keep({ dir: real, mode: 'write', letGo, made });
    }
    letGo();
    return { heldBy: other };
  } catch (error) {
    letGo?.();
    if (!isFolder(dir)) return { heldBy: resolve(dir) }; // whoever made it has just removed it
    throw writeFault(dir, error) ?? unwritable(dir, error);
  }
}

function reading(dir: string): ReturnType<Parameters<typeof patiently>[1]> {
  const real = realpathSync(dir);
  const letGo = lockingOf(real).take(real, 'read', self());
  return letGo === undefined ? { heldBy: real } : keep({ dir: real, mode: 'read', letGo, made: [] });
}

function keep(hold: Hold): () => void {
  if (holds.size === 0) process.once('exit', letGoOfAll);
  holds.add(hold);
  return () => {
    if (!holds.delete(hold)) return;
    if (holds.size === 0) process.off('exit', letGoOfAll);
    release(hold);
  };
}

/**
 * Folders above, as given and as they are, and folders below, behind a link too (but nothing below that). Only those that
 * may hold a lock: a lock has a file.
 */
function relativesOf(dir: string, real: string): string[] {
  const found = new Set<string>();
  for (const from of [resolve(dir), real]) {
    for (let at = dirname(from); ; at = dirname(at)) {
      found.add(at);
      if (dirname(at) === at) break;
    }
  }
  const descend = (folder: string, levels: number): void => {
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.isSymbolicLink() && isFolder(path)) found.add(realpathSync(path));
      if (!entry.isDirectory()) continue;
      found.add(path);
      if (levels > 1) descend(path, levels - 1);
    }
  };
  descend(real, LEVELS);
  found.delete(real);
  return [...found];
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // not ours to read
  }
}

/** Local file systems that have locks, by the number that statfs gives: others are tried. */
const KNOWN = [0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010, 0x3153464a, 0xca451a4e];
const tried = new Map<number, Locking>();

function lockingOf(dir: string): Locking {
  if (KNOWN.includes(statfsSync(dir).type)) return kernelLocking;
  const { dev } = statSync(dir);
  const locking = tried.get(dev) ?? (hasKernelLocks(dir, self()) ? kernelLocking : heartbeatLocking);
  tried.set(dev, locking);
  return locking;
}

const locked = (dir: string, held: string): ToolkitError =>
  tryAgain(
    'FOLDER_LOCKED',
    `${dir}: ${describeHolder(held, held === (realpathIfThere(dir) ?? resolve(dir)) ? 'here' : `in ${held}`)}`,
    'run again when it has ended: what it finished stays valid',
  );

const realpathIfThere = (dir: string): string | undefined => (isFolder(dir) ? realpathSync(dir) : undefined);
const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

function removeEmpty(folders: readonly string[]): void {
  try {
    for (const folder of folders.toReversed()) rmdirSync(folder);
  } catch {} // not empty: it is in use
}

const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
