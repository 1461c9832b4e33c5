/** A folder of an older version: its store learns from the shards what its documents say, and under which addresses they stand. */
import type { openMemory } from '../../cleaning/clean.ts';
import { addressOf, siteOf } from '../../crawlers/page.ts';
import { hash64 } from '../checksum.ts';
import { shardIndex } from '../format.ts';
import type { DocumentManifest } from '../manifest-shape.ts';
import { readShard, rowsOf } from './read.ts';

const keyOf = (text: string): bigint => BigInt.asIntN(64, hash64(text));

/** Reads the shards once, where the store is of an older version; afterwards it is of this one. @throws ToolkitError BAD_SHARD */
export function adopt(dir: string, store: ReturnType<typeof openMemory>, manifest: DocumentManifest): void {
  const adoption = store.adoption();
  if (adoption === undefined) return;
  for (const kind of adoption.kinds) {
    for (const entry of manifest[kind]) {
      const shard = shardIndex(kind, entry.file)!;
      for (const batch of readShard(dir, kind, entry)) {
        for (const row of rowsOf(kind, batch)) {
          const url = row.string('url');
          const address = addressOf(url);
          const fetchedAt = row.string('fetched_at');
          adoption.add({
            kind,
            shard,
            id: row.string('id'),
            written: keyOf(url),
            url: keyOf(address),
            site: keyOf(siteOf(address)),
            content: keyOf(`${row.string('title')}\n${row.string('text')}`),
            address,
            fetchedAt,
            time: Date.parse(fetchedAt) || 0,
            title: row.string('title'),
            text: row.string('text'),
          });
        }
      }
    }
  }
  store.endAdoption(adoption);
}
