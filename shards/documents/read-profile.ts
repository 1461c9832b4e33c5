/** The profile of what stands in shards. */

import { breathe } from '../../crawlers/shell/work.ts';
import { readDocumentManifest } from '../manifest.ts';
import type { DocumentShard } from '../manifest-shape.ts';
import { Profile } from './profile.ts';
import { readShard, rowsOf } from './read.ts';

export type Kind = 'documents' | 'rejects';

/** A row as profiles and comparisons see it: without its text decoded. */
export interface SeenRow {
  readonly kind: Kind;
  readonly row: Parameters<Profile['addRow']>[0];
  readonly text: Uint8Array;
}

/** Rows of these shards of a folder. Ends early when `signal` is aborted. */
export async function* seenRows(
  dir: string,
  kind: Kind,
  shards: readonly DocumentShard[],
  signal?: AbortSignal,
): AsyncGenerator<SeenRow> {
  for (const entry of shards) {
    for (const batch of readShard(dir, kind, entry)) {
      await breathe();
      if (signal?.aborted) return;
      let at = 0;
      for (const row of rowsOf(kind, batch)) yield { kind, row, text: batch.bytes('text', at++) };
    }
  }
}

/** Of a whole folder of documents. */
export async function profileOf(dir: string, signal?: AbortSignal): Promise<Profile> {
  const manifest = readDocumentManifest(dir);
  const profile = new Profile();
  for (const kind of ['documents', 'rejects'] as const)
    for await (const { row, text } of seenRows(dir, kind, manifest[kind], signal)) profile.addRow(row, text);
  return profile;
}
