/**
 * The segments of a folder of documents. They are named by the content of the shard that they are of (`side-files.ts`), so
 * each snapshot of a run finds its own among them, a night adds those of its new shards, and what is lost is made again.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { badInput } from '../../crawlers/shell/errors.ts';
import { unattended, type Work } from '../../crawlers/shell/work.ts';
import { findFolders } from '../manifest.ts';
import type { DocumentManifest, DocumentShard } from '../manifest-shape.ts';
import { type Making, makeSideFiles, sideFolder } from '../side-files.ts';
import { buildSegments, type Kind } from './build-segment.ts';
import { DamagedIndex } from './postings.ts';
import { Segment } from './segment.ts';

export const KINDS = ['documents', 'rejects'] as const satisfies readonly Kind[];
const SEGMENT = /^(documents|rejects)-([0-9a-f]{16})\.(\d+)\.segment$/;

/** Folder of documents in or at `dir`, and where its index stands. @throws ToolkitError NO_MANIFEST (exit 2) */
export function placeOf(dir: string): { readonly documents: string; readonly index: string } {
  const { documents } = findFolders(dir);
  if (documents === undefined)
    throw badInput('NO_MANIFEST', `${dir}: no documents here`, 'give a folder of `vua clean` or `vua run`');
  return { documents, index: sideFolder(documents) };
}

const segmentName = (kind: Kind, checksum: string, number: number): string => `${kind}-${checksum}.${number}.segment`;

/** Whether nothing is to be made before the index of a folder can be opened, as far as names tell. */
export function isMade({ index }: ReturnType<typeof placeOf>, manifest: DocumentManifest): boolean {
  const names = new Set(namesIn(index));
  return KINDS.every((kind) => manifest[kind].every(({ checksum }) => names.has(segmentName(kind, checksum, 0))));
}

/** Of one shard. */
export interface ShardSegments {
  readonly kind: Kind;
  readonly entry: DocumentShard;
  readonly segments: readonly Segment[];
}

/**
 * The segments of every shard of a folder, open; what is not there, or not whole, is made before.
 * @throws ToolkitError BAD_SHARD, UNWRITABLE_FOLDER (exit 2), WRITE_FAILED; what the signal was aborted with
 */
export async function openSegments(
  { documents, index }: ReturnType<typeof placeOf>,
  manifest: DocumentManifest,
  { signal, report }: Work = unattended(),
): Promise<ShardSegments[]> {
  const shards = KINDS.flatMap((kind) => manifest[kind].map((entry) => ({ kind, entry })));
  const opened = shards.map(({ kind, entry }) => openShard(index, kind, entry));
  const missing = shards.filter((_, i) => opened[i] === undefined);
  const making: Making<(typeof shards)[number]> = {
    unit: 'bytes',
    sizeOf: ({ entry }) => entry.bytes,
    make: ({ kind, entry }) =>
      buildSegments(documents, kind, entry, (n) => join(index, segmentName(kind, entry.checksum, n)), signal),
  };
  await makeSideFiles(documents, index, missing, making, { report });
  return shards.map(({ kind, entry }, i) => {
    const segments = opened[i] ?? openShard(index, kind, entry);
    if (segments === undefined) throw new DamagedIndex(`${index}: ${entry.file} is not there again`);
    return { kind, entry, segments };
  });
}

/** `undefined` where they are not all there and whole. */
function openShard(index: string, kind: Kind, entry: DocumentShard): Segment[] | undefined {
  const segments: Segment[] = [];
  try {
    let rows = 0;
    for (let number = 0; segments.at(-1)?.isLast !== true; number++) {
      const segment = new Segment(join(index, segmentName(kind, entry.checksum, number)));
      segments.push(segment);
      if (segment.first !== rows) throw new DamagedIndex('rows are missing');
      rows += segment.rows;
    }
    if (rows === entry.rows) return segments;
  } catch (error) {
    if (!(error instanceof DamagedIndex) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  for (const segment of segments) segment.close();
}

/** Removes segments that are damaged: `openSegments` makes them again. */
export function removeDamaged(index: string): void {
  for (const name of namesIn(index).filter((each) => SEGMENT.test(each))) {
    const path = join(index, name);
    if (damageOf(path) !== undefined) rmSync(path, { force: true });
  }
}

/** What is wrong with files of an index: each is made anew when it is next asked. */
export function damagesIn(index: string): string[] {
  return namesIn(index).flatMap((name) => {
    const damage = SEGMENT.test(name) ? damageOf(join(index, name)) : undefined;
    return damage === undefined ? [] : [damage];
  });
}

/** What is wrong with a segment. */
function damageOf(path: string): string | undefined {
  let segment: Segment | undefined;
  try {
    segment = new Segment(path);
    segment.verify();
    return undefined;
  } catch (error) {
    if (error instanceof DamagedIndex) return error.message;
    throw error;
  } finally {
    segment?.close();
  }
}

const namesIn = (index: string): string[] => (existsSync(resolve(index)) ? readdirSync(index) : []);
