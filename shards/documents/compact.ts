/**
 * Small shards of many nights become few: record batches are copied as they are, in their order, into one shard under a
 * new number. Which ones says `merging.ts`.
 */
import { join } from 'node:path';
import type { openMemory } from '../../cleaning/clean.ts';
import { ShardReader } from '../arrow/read-shard.ts';
import { columnsIn } from '../arrow/schemas.ts';
import { SHARD_BYTES, shardIndex } from '../format.ts';
import type { DocumentManifest, DocumentShard } from '../manifest-shape.ts';
import { type MergeRule, toMerge } from '../merging.ts';
import { readShard } from './read.ts';
import { rewriteShard } from './write.ts';

/** Documents of the last nights are those that change; rejects change seldom. `full` is in bytes of a file. */
const RULES: Readonly<Record<'documents' | 'rejects', MergeRule>> = {
  documents: { full: SHARD_BYTES, fresh: 3 },
  rejects: { full: SHARD_BYTES, fresh: 0 },
};

/**
 * @param index the first free number of a shard
 * @returns the manifest with fewer shards; files that it does not list any more are the caller's to remove
 * @throws ToolkitError WRITE_FAILED, BAD_SHARD
 */
export function compact(
  dir: string,
  store: ReturnType<typeof openMemory>,
  manifest: DocumentManifest,
  index: number,
): DocumentManifest {
  const compacted = (kind: 'documents' | 'rejects'): DocumentShard[] =>
    groupsOf(dir, kind, manifest[kind]).flatMap((group) => {
      if (group.length === 1) return group;
      const number = index++;
      const batches = function* () {
        for (const entry of group) yield* readShard(dir, kind, entry);
      };
      const written = rewriteShard(
        dir,
        kind,
        batches(),
        { begin: () => number, shardBytes: Number.POSITIVE_INFINITY },
        () => undefined,
      );
      for (const { file } of group) store.moveShard(kind, shardIndex(kind, file)!, number);
      return written;
    });
  return { ...manifest, documents: compacted('documents'), rejects: compacted('rejects') };
}

/** Shards of older versions have other columns: only those that follow one another with the same become one. */
function groupsOf(dir: string, kind: 'documents' | 'rejects', shards: readonly DocumentShard[]): DocumentShard[][] {
  const alike: DocumentShard[][] = [];
  let columns: string | undefined;
  for (const shard of shards) {
    const own = shard.bytes < RULES[kind].full ? columnsOf(dir, kind, shard) : 'full';
    if (alike.length === 0 || own !== columns) alike.push([]);
    columns = own;
    alike.at(-1)!.push(shard);
  }
  return alike.flatMap((run) => merged(run, kind));
}

function merged(shards: readonly DocumentShard[], kind: 'documents' | 'rejects'): DocumentShard[][] {
  let groups = shards.map((shard) => [shard]);
  for (;;) {
    const sizes = groups.map((group) => group.reduce((sum, { bytes }) => sum + bytes, 0));
    const [first, last] = toMerge(sizes, RULES[kind]) ?? [0, 0];
    const together = groups.slice(first, last + 1).flat();
    if (first === last) return groups;
    groups = [...groups.slice(0, first), together, ...groups.slice(last + 1)];
  }
}

function columnsOf(dir: string, kind: 'documents' | 'rejects', shard: DocumentShard): string {
  const reader = ShardReader.open(join(dir, shard.file), (found) => columnsIn(kind, found).schema, shard);
  try {
    return reader.schema.fields.join();
  } finally {
    reader.close();
  }
}
