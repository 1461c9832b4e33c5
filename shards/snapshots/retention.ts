/** Which snapshots stay, and the removal of the others: what a kept one holds is never touched, files are shared. */
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonIfPresent, syncFolder, writeFault, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { isBeingRead } from '../../crawlers/shell/lock.ts';
import { KEEP_NIGHTS } from '../format.ts';
import { pruneSideFiles, SEARCH } from '../side-files.ts';
import { showViews } from './publish.ts';
import {
  currentSnapshot,
  LAST_FILE,
  PINNED_FILE,
  readSnapshots,
  SNAPSHOTS,
  type Snapshot,
  snapshotNamed,
  VIEWS,
} from './read.ts';

export interface Kept {
  readonly snapshot: Snapshot;
  /** `current`, `pinned`, `one of the last 7 nights`, … */
  readonly why: readonly string[];
}

/**
 * Why each snapshot stays; those without a reason may go. A night counts once: of snapshots that differ in the model alone
 * the last one stands for it.
 */
export function retention(out: string, keepNights: number): Kept[] {
  const current = currentSnapshot(out);
  const snapshots = readSnapshots(out);
  const nights = new Map(snapshots.map(({ name, record }) => [record.data, name]));
  const names = new Set([...nights.values()].sort((a, b) => Number(a) - Number(b)).slice(-keepNights));
  return snapshots.map((snapshot) => {
    const { name, pinned } = snapshot;
    const why = [
      ...(name === current?.name ? ['current'] : []),
      ...(pinned ? ['pinned'] : []),
      ...(name === current?.record.model?.trainedOn ? ['the model in force was trained on it'] : []),
      ...(names.has(name) ? [`one of the last ${keepNights} nights`] : []),
    ];
    return { snapshot, why };
  });
}

export interface Collected {
  /** Names of the snapshots that went. */
  readonly removed: readonly string[];
  /** Names of those that would have gone, had nobody read them. */
  readonly inUse: readonly string[];
  /** Bytes of files that no other snapshot holds. */
  readonly bytes: number;
}

/**
 * Removes snapshots that nothing keeps, and what killed processes left. The folder of the run is held.
 * @throws ToolkitError BAD_SNAPSHOT (exit 2), WRITE_FAILED
 */
export function collectGarbage(out: string, keepNights = KEEP_NIGHTS): Collected {
  const dir = join(out, SNAPSHOTS);
  const [removed, inUse]: [string[], string[]] = [[], []];
  let bytes = 0;
  try {
    showViews(out);
    for (const name of existsSync(dir) ? readdirSync(dir) : []) {
      if (name.endsWith('.tmp')) rmSync(join(dir, name), { recursive: true });
    }
    const current = currentSnapshot(out);
    const going = retention(out, keepNights).filter(({ why }) => why.length === 0);
    for (const { snapshot } of going) {
      if (VIEWS.some((part) => isBeingRead(snapshot[part]))) {
        inUse.push(snapshot.name);
        continue;
      }
      if (Number(snapshot.name) > Number(current?.name)) rememberName(out, snapshot.name);
      // A folder that is gone in part must not look like a snapshot.
      renameSync(snapshot.dir, `${snapshot.dir}.tmp`);
      syncFolder(dir);
      bytes += ownBytes(`${snapshot.dir}.tmp`);
      rmSync(`${snapshot.dir}.tmp`, { recursive: true });
      removed.push(snapshot.name);
    }
    pruneSearch(out);
  } catch (error) {
    throw writeFault(dir, error) ?? error;
  }
  return { removed, inUse, bytes };
}

/** What was made for a search goes with the last snapshot that lists its shard. */
export function pruneSearch(out: string): void {
  const nights = [...readSnapshots(out).map(({ dir }) => dir), ...['work', 'held'].map((name) => join(out, name))];
  pruneSideFiles(
    join(out, SEARCH),
    nights.flatMap((dir) => [join(dir, 'documents'), join(dir, 'tokens')]),
  );
}

/** A name that was given is not given again. */
function rememberName(out: string, name: string): void {
  const path = join(out, SNAPSHOTS, LAST_FILE);
  const last = readJsonIfPresent<string>(path);
  if (Number(last ?? 0) < Number(name)) writeFileAtomic(path, `${JSON.stringify(name)}\n`);
}

/** Of files that have no other name. */
const ownBytes = (dir: string): number =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)))
    .reduce((sum, { nlink, size }) => sum + (nlink === 1 ? size : 0), 0);

/** Keeps a snapshot until it is unpinned. @throws ToolkitError NO_SNAPSHOT (exit 2), WRITE_FAILED */
export function pin(out: string, name: string, reason: string): void {
  const { dir } = snapshotNamed(out, name);
  const since = new Date().toISOString();
  writeFileAtomic(join(dir, PINNED_FILE), `${JSON.stringify({ since, reason })}\n`);
}

/** @throws ToolkitError NO_SNAPSHOT (exit 2) */
export function unpin(out: string, name: string): void {
  const { dir } = snapshotNamed(out, name);
  rmSync(join(dir, PINNED_FILE), { force: true });
  syncFolder(dir);
}
