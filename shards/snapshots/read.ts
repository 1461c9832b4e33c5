/**
 * The snapshots of a run's folder, for whoever reads them.
 *
 *   OUT/current → snapshots/000012         its rename is what publishes a night
 *   OUT/documents → current/documents      tokens, tokenizer and snapshot.json likewise: they never change
 *   OUT/snapshots/000012/                  documents/ tokens/ tokenizer/ state/ snapshot.json, pinned.json
 *
 *   const { documents, tokens, record } = currentSnapshot('vua-out')!;    // and nightBefore, snapshotNamed, readSnapshots
 *
 * Files never change, and snapshots that hold the same one share it (hard links). Where a file system has no links,
 * OUT/snapshot.json is the file whose rename publishes, and folders of OUT are filled anew behind it.
 */
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { badInput } from '../../crawlers/shell/errors.ts';
import { readJsonIfPresent } from '../../crawlers/shell/folder.ts';
import { SNAPSHOT_FILE } from '../format.ts';
import { type Part, parseSnapshot, type SnapshotRecord } from './shape.ts';

export const [CURRENT, SNAPSHOTS, PINNED_FILE] = ['current', 'snapshots', 'pinned.json'];
/** Of `snapshots/`: the last name that was given, where that snapshot was removed. */
export const LAST_FILE = 'last.json';
/** Folders that readers see in OUT. */
export const VIEWS = ['documents', 'tokens', 'tokenizer'] as const satisfies readonly Part[];
export const PARTS = [...VIEWS, 'state'] as const satisfies readonly Part[];

const isName = (name: string): boolean => /^\d{6,}$/.test(name);

export interface Snapshot extends Readonly<Record<Part, string>> {
  readonly name: string;
  readonly dir: string;
  readonly record: SnapshotRecord;
  /** Why it is kept for good. */
  readonly pinned?: { readonly since: string; readonly reason: string };
}

/** Whether OUT/current is the link that publishes, not a copy of what it led to. */
export const hasLinks = (out: string): boolean =>
  lstatSync(join(out, CURRENT), { throwIfNoEntry: false })?.isSymbolicLink() ?? false;

/** What a run published last; `undefined` before its first night ended, and of what is no folder of a run. */
export function currentSnapshot(out: string): Snapshot | undefined {
  const path = join(out, hasLinks(out) ? CURRENT : '', SNAPSHOT_FILE);
  const value = readJsonIfPresent<unknown>(path);
  return value === undefined ? undefined : snapshotNamed(out, parseSnapshot(value, path).name);
}

/** @throws ToolkitError NO_SNAPSHOT, BAD_SNAPSHOT (exit 2) */
export function snapshotNamed(out: string, name: string): Snapshot {
  const dir = join(out, SNAPSHOTS, name);
  const path = join(dir, SNAPSHOT_FILE);
  const value = isName(name) ? readJsonIfPresent<unknown>(path) : undefined;
  if (value === undefined) {
    const names = namesIn(out);
    const there = names.length === 0 ? 'none is there' : `there are ${names.join(', ')}`;
    throw badInput('NO_SNAPSHOT', `${dir}: no snapshot, ${there}`, 'see them with `vua snapshots`');
  }
  const parts = Object.fromEntries(PARTS.map((part) => [part, join(dir, part)])) as Record<Part, string>;
  const pinned = readJsonIfPresent<Snapshot['pinned']>(join(dir, PINNED_FILE));
  return { name, dir, ...parts, record: parseSnapshot(value, path), ...(pinned && { pinned }) };
}

/** The snapshot of the night before, while it is kept: the last one with other documents or tokens. */
export function nightBefore(out: string, { record: { before } }: Snapshot): Snapshot | undefined {
  return before !== null && namesIn(out).includes(before) ? snapshotNamed(out, before) : undefined;
}

/** The newest snapshot with these tokens (`tokenFingerprint`): what a model was trained on. */
export const snapshotWithTokens = (out: string, fingerprint: string): Snapshot | undefined =>
  readSnapshots(out).findLast(({ record }) => record.tokens === fingerprint);

/** All that are kept, oldest first. @throws ToolkitError BAD_SNAPSHOT (exit 2) */
export const readSnapshots = (out: string): Snapshot[] => namesIn(out).map((name) => snapshotNamed(out, name));

/** Names of whole snapshots, oldest first. */
export function namesIn(out: string): string[] {
  const dir = join(out, SNAPSHOTS);
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => isName(name) && existsSync(join(dir, name, SNAPSHOT_FILE)))
    .sort((a, b) => Number(a) - Number(b));
}

/** Whether two snapshots hold the same documents and tokens: then they differ in the model alone. */
export const sameData = (a: Pick<SnapshotRecord, 'files'>, b: Pick<SnapshotRecord, 'files'>): boolean =>
  VIEWS.every((part) => isDeepStrictEqual(a.files[part], b.files[part]));
