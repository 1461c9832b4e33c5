/**
 * Where a night works before it is published: OUT/work, a fork of the current snapshot. A night that is killed goes on in
 * it; one that a gate holds back moves to OUT/held and the next begins with a new fork.
 *
 *   OUT/work/documents  tokens  tokenizer     shards are links to those of the snapshot, the memory of cleaning is a copy
 *            work.json                        which snapshot it was forked from
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  copyFile,
  linkOrCopy,
  makeFolder,
  readJsonIfPresent,
  syncFolder,
  writeFault,
  writeFileAtomic,
} from '../../crawlers/shell/folder.ts';
import { MANIFEST_FILE } from '../format.ts';
import { manifestPath, readDocumentManifest, readTokenManifest } from '../manifest.ts';
import { SEARCH } from '../side-files.ts';
import type { NightFacts } from './facts.ts';
import { byNumber, type Renamed } from './names.ts';
import { foldersIn, isForeign, lacksTokens, makeCurrent, publish, publishModel, showViews } from './publish.ts';
import { CURRENT, currentSnapshot, PARTS, readSnapshots, type Snapshot, VIEWS } from './read.ts';
import { collectGarbage } from './retention.ts';
import type { Part } from './shape.ts';

export const [WORK, HELD, WORK_FILE] = ['work', 'held', 'work.json'];

/** What is known of a night that is not published. */
export interface WorkRecord {
  /** The night whose data it was forked from (`data` of a snapshot); `null` of the first night. */
  readonly base: string | null;
  /** As that of a snapshot. */
  readonly removed?: string;
  /** Why it is held back, for those who hold it. */
  readonly held?: unknown;
}

/** Folder in which the next night works, or worked when it was killed. */
export const workFolder = (out: string): string => join(out, WORK);

export const readWork = (dir: string): WorkRecord | undefined => readJsonIfPresent<WorkRecord>(join(dir, WORK_FILE));

export function writeWork(dir: string, record: WorkRecord): void {
  writeFileAtomic(join(dir, WORK_FILE), `${JSON.stringify(record, null, 1)}\n`);
}

/**
 * Makes OUT/work ready: what a killed night left there, or a fork of the current snapshot. The folder of a run of an
 * older version is adopted before: what stands in it becomes the first snapshot, without being read. The run holds OUT.
 * @param note hears what was put right
 * @returns folder of the night's documents/, tokens/ and tokenizer/
 * @throws ToolkitError WRITE_FAILED, UNWRITABLE_FOLDER, BAD_SNAPSHOT, BAD_MANIFEST
 */
export function beginNight(out: string, facts: NightFacts, note: (text: string) => void = () => {}): string {
  try {
    const found = findCurrent(out);
    if (found !== undefined) note(`${join(out, CURRENT)} was missing: snapshot ${found} is current again`);
    adoptOlder(out, facts);
    showViews(out);
    const work = workFolder(out);
    const current = currentSnapshot(out);
    const base = current?.record.data ?? null;
    if (readWork(work)?.base !== base) fork(out, base, current);
    return work;
  } catch (error) {
    throw writeFault(out, error) ?? error;
  }
}

/**
 * Where nights were published and none is current (links that a copy left out): the one that the next night was forked from
 * is again, or the newest. Returns its name. Views are shown by the caller: folders of an older version are adopted before. The run
 * holds OUT.
 */
export function findCurrent(out: string): string | undefined {
  const snapshots = currentSnapshot(out) === undefined ? readSnapshots(out) : [];
  const base = readWork(workFolder(out))?.base;
  if (snapshots.length === 0 || base === null) return undefined; // of the first night: killed while it was published
  const { name } = snapshots.findLast(({ record }) => record.data === base) ?? snapshots.at(-1)!;
  makeCurrent(out, name);
  return name;
}

export interface Published {
  readonly snapshot?: Snapshot;
  /** Whether the night made anything. */
  readonly isNew: boolean;
  /** What was damaged in the one before, where that is made anew. */
  readonly mends?: string;
  /** Where new documents wait for their tokens: with the current snapshot readers would lose those that they have. */
  readonly waits?: string;
}

/** Publishes what a night made. @throws ToolkitError as `publish` */
export function publishNight(out: string, facts: NightFacts): Published {
  const work = workFolder(out);
  const snapshot = currentSnapshot(out);
  if (snapshot?.record.tokens !== undefined && lacksTokens(foldersIn(work))) {
    return { snapshot, isNew: false, waits: work };
  }
  const published = publish(out, foldersIn(work), facts);
  showViews(out);
  const { data, removed } = published.snapshot.record;
  if (published.isNew) writeWork(work, { base: data, removed });
  return published;
}

/** The end of a night: the current snapshot names the model in force, and old ones go. */
export function endNight(out: string, model: Parameters<typeof publishModel>[1] | undefined, keepNights: number): void {
  if (model !== undefined) publishModel(out, model);
  collectGarbage(out, keepNights);
}

/** Keeps a night beside the others, unpublished; the next one begins without it. Replaces one that was held before. */
export function holdNight(out: string, held: unknown): void {
  const work = workFolder(out);
  writeWork(work, { ...readWork(work), base: readWork(work)?.base ?? null, held });
  rmSync(join(out, HELD), { recursive: true, force: true });
  renameSync(work, join(out, HELD));
  syncFolder(out);
}

/** The night that is held back, and whether it can still be published: nothing was published since it began. */
export function heldNight(out: string): (WorkRecord & { readonly isNext: boolean }) | undefined {
  const record = readWork(join(out, HELD));
  return record && { ...record, isNext: record.base === (currentSnapshot(out)?.record.data ?? null) };
}

/** A night that was held back goes on as the one in work: `publishNight` publishes it. */
export function releaseNight(out: string): void {
  const { base, isNext, removed } = heldNight(out) ?? {};
  if (base === undefined || !isNext) return;
  const work = workFolder(out);
  rmSync(work, { recursive: true, force: true });
  renameSync(join(out, HELD), work);
  writeWork(work, { base, removed });
  syncFolder(out);
}

/** A snapshot as a night has it that begins with it, in a folder of its own. */
export function layOut(from: Snapshot, dir: string): void {
  const folders = foldersIn(dir);
  for (const part of PARTS) {
    const { json, names } = manifestFor(from, part) ?? {};
    for (const { file } of from.record.files[part]) {
      makeFolder(folders[part]);
      const name = join(folders[part], names?.get(file) ?? file);
      if (file === MANIFEST_FILE && json !== undefined) writeFileAtomic(name, json);
      else (part === 'state' ? copyFile : linkOrCopy)(join(from[part], file), name);
    }
  }
}

/** Files that are written by rename alone can be shared with the snapshot; the memory of cleaning is changed in place. */
function fork(out: string, base: string | null, from: Snapshot | undefined): void {
  const work = workFolder(out);
  const growing = `${work}.tmp`;
  rmSync(growing, { recursive: true, force: true });
  makeFolder(growing);
  const folders = foldersIn(growing);
  if (from !== undefined) layOut(from, growing);
  writeWork(growing, { base, removed: from?.record.removed });
  for (const part of VIEWS) if (existsSync(folders[part])) syncFolder(folders[part]);
  rmSync(work, { recursive: true, force: true });
  renameSync(growing, work);
  syncFolder(out);
}

function manifestFor(from: Snapshot, part: Part): Renamed | undefined {
  if (part === 'documents') return byNumber(readDocumentManifest(from.documents));
  if (part === 'tokens' && from.record.files.tokens.length > 0) return byNumber(readTokenManifest(from.tokens));
}

/**
 * The folder of a run of an older version: what stands in it becomes the first snapshot, then the folders themselves are
 * where the next night works. Killed in between, the next start does the rest.
 */
export function adoptOlder(out: string, facts: NightFacts): void {
  const work = workFolder(out);
  const hasDocuments = existsSync(manifestPath(join(out, 'documents')));
  if (hasDocuments && currentSnapshot(out) === undefined) publish(out, foldersIn(out), facts);
  const movable = VIEWS.filter((part) => isForeign(join(out, part)) && !existsSync(join(work, part)));
  const isForked = existsSync(join(work, 'documents')) || !hasDocuments;
  if (movable.length === 0 || !(isForked || movable.includes('documents'))) return;
  if (!existsSync(join(work, WORK_FILE))) writeWork(work, { base: currentSnapshot(out)?.record.data ?? null });
  for (const part of movable) {
    rmSync(join(out, part, SEARCH), { recursive: true, force: true });
    renameSync(join(out, part), join(work, part));
  }
  syncFolder(work);
  syncFolder(out);
}
