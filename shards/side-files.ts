/**
 * Files that are made for looking into a folder: of a run in OUT/search, beside its snapshots; of a folder that stands alone
 * in DIR/search. Each is named by the shard that it was made from and its checksum, and belongs to whatever lists that shard:
 *
 *   documents-246f8db94d9af369.0.segment     rejects-….0.segment     train-….suffixes     train-….samples
 *   documents-246f8db94d9af369.1.parquet     rejects-….1.parquet
 *
 * None is the only copy of anything. When a shard leaves, what was made from it goes.
 */
import { existsSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeFolder, readJsonIfPresent, removeUnfinished, syncFolder } from '../crawlers/shell/folder.ts';
import { shareFolder } from '../crawlers/shell/lock.ts';
import type { Work } from '../crawlers/shell/work.ts';
import { SNAPSHOT_FILE } from './format.ts';
import { manifestPath } from './manifest.ts';
import type { ShardEntry } from './manifest-shape.ts';

export const SEARCH = 'search';
const OURS = /^(documents|rejects|train|valid)-([0-9a-f]{16})\.(\d+\.(?:segment|parquet)|suffixes|samples)$/;
const WORKPLACES = ['work', 'held'];

/** The folder of the run that a folder of documents or tokens is of; `undefined` of one that stands alone. */
export function runAround(folder: string): string | undefined {
  const night = dirname(realpathSync(folder));
  const out = dirname(night);
  if (basename(out) === 'snapshots' && existsSync(join(night, SNAPSHOT_FILE))) return dirname(out);
  if (WORKPLACES.includes(basename(night)) && existsSync(join(night, 'work.json'))) return out;
  return existsSync(join(night, SNAPSHOT_FILE)) ? night : undefined;
}

/** Where the side files of a folder of documents or tokens stand. */
export const sideFolder = (folder: string): string => join(runAround(folder) ?? folder, SEARCH);

/** How what is missing of a side folder is made, one after the other. */
export interface Making<T> {
  readonly unit: string;
  /** In units. */
  sizeOf(one: T): number;
  make(one: T): Promise<unknown>;
}

/**
 * Makes files in `dir` of shards of `folder`, which nobody rewrites meanwhile; nothing where none is missing.
 * @throws ToolkitError FOLDER_LOCKED, UNWRITABLE_FOLDER (exit 2), WRITE_FAILED; what `make` throws
 */
export async function makeSideFiles<T>(
  folder: string,
  dir: string,
  missing: readonly T[],
  { unit, sizeOf, make }: Making<T>,
  { report }: Pick<Work, 'report'>,
): Promise<void> {
  if (missing.length === 0) return;
  const letGo = shareFolder(folder);
  const progress = report.stage('index', unit);
  try {
    makeFolder(dir);
    removeUnfinished(dir);
    let done = 0;
    for (const one of missing) {
      await make(one);
      done += sizeOf(one);
      progress.update(done, {});
    }
    progress.finish({ shards: missing.length });
  } finally {
    letGo();
  }
}

/** Removes what is of no shard of these folders, and what killed builders left. How many files. */
export function pruneSideFiles(dir: string, folders: readonly string[]): number {
  const strangers = strangersIn(dir, folders);
  for (const name of strangers) rmSync(join(dir, name), { recursive: true, force: true });
  if (strangers.length > 0) syncFolder(dir);
  return strangers.length;
}

/** Names in a folder of side files that are of no shard that these folders list. */
export function strangersIn(dir: string, folders: readonly string[]): string[] {
  if (!existsSync(dir)) return [];
  const listed = new Set(folders.flatMap(checksumsOf));
  return readdirSync(dir).filter((name) => !listed.has(OURS.exec(name)?.[2] ?? ''));
}

/** Of every shard that a manifest lists, of whatever version. */
function checksumsOf(folder: string): string[] {
  type Manifest = Partial<Record<'documents' | 'rejects' | 'shards', ShardEntry[] | string>>;
  const manifest = readJsonIfPresent<Manifest>(manifestPath(folder)) ?? {};
  return [manifest.documents, manifest.rejects, manifest.shards].flatMap((shards) =>
    Array.isArray(shards) ? shards.map(({ checksum }) => checksum) : [],
  );
}
