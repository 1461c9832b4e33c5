/**
 * `counts-CHECKSUM.txt` beside the manifest: how often each id stands in the training split, a line each, in the order of
 * ids. Named by content. Nothing in it says what stood next to what; a text that leaves takes its counts along.
 */
import { badShard, pathOf, type RangeReader } from '../arrow/ranges.ts';
import { checksumOf } from '../checksum.ts';
import type { TokenManifest } from '../manifest-shape.ts';

/** @returns `undefined` where the folder does not say. @throws ToolkitError BAD_SHARD, and those of reading */
export async function countsOf(
  { counts: entry, vocabSize, shards }: TokenManifest,
  ranges: RangeReader,
): Promise<Float64Array | undefined> {
  if (entry === undefined) return undefined;
  const { file, bytes, checksum } = entry;
  const whole = new Uint8Array(bytes);
  await ranges.read({ file, fileBytes: bytes, position: 0, part: 'counts' }, whole);
  const path = pathOf(ranges.where, file);
  const found = checksumOf(whole);
  if (found !== checksum) throw badShard(path, `checksum ${found}, expected ${checksum}`);
  const counts = Float64Array.from(new TextDecoder().decode(whole).trimEnd().split('\n'), Number);
  const tokens = shards.reduce((sum, { split, rows }) => sum + (split === 'train' ? rows : 0), 0);
  const sum = counts.reduce((total, count) => total + count, 0);
  if (counts.length === vocabSize && sum === tokens) return counts;
  throw badShard(path, `${counts.length} ids and ${sum} tokens, expected ${vocabSize} and ${tokens}`);
}

/** @param by -1: they leave */
export function addCounts(counts: Float64Array, ids: Uint16Array | Uint32Array, by: 1 | -1 = 1): void {
  for (let i = 0; i < ids.length; i++) counts[ids[i]] += by;
}
