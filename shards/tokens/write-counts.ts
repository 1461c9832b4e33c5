/** The counts beside the tokens (`counts.ts`): written, and carried on from one state of the folder to the next. */
import { join } from 'node:path';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { checksumOf } from '../checksum.ts';
import type { CountsEntry, TokenManifest, TokenShard } from '../manifest-shape.ts';
import { addCounts } from './counts.ts';
import { eachBatch, reopenTokens, type TokenFolder } from './source.ts';

/** Writes them. @throws ToolkitError WRITE_FAILED, UNWRITABLE_FOLDER */
export function writeCounts(dir: string, counts: Float64Array): CountsEntry {
  const bytes = Buffer.from(`${counts.join('\n')}\n`);
  const checksum = checksumOf(bytes);
  const file = `counts-${checksum}.txt`;
  writeFileAtomic(join(dir, file), bytes);
  return { file, bytes: bytes.length, checksum };
}

/** Writes those that the manifest names anew, where they are not what it says. @throws ToolkitError BAD_SHARD and those of writing */
export async function restoreCounts(dir: string, manifest: TokenManifest): Promise<void> {
  if (manifest.counts === undefined) return;
  const folder = await reopenTokens(dir, manifest);
  const isWhole = await folder.counts().then(Boolean, () => false);
  if (!isWhole) writeCounts(dir, await countsThatStay(folder, new Set(manifest.shards)));
}

/**
 * Counts of those training shards of a folder that stay. Reads as little as tells them: the shards that go, which what
 * stands beside the tokens is more by, or the shards that stay.
 * @throws ToolkitError BAD_SHARD
 */
export async function countsThatStay(folder: TokenFolder, stay: ReadonlySet<TokenShard>): Promise<Float64Array> {
  const train = folder.manifest.shards.filter(({ split }) => split === 'train');
  const [staying, going] = [true, false].map((stays) => train.filter((shard) => stay.has(shard) === stays));
  if (rowsOf(going) <= rowsOf(staying)) {
    try {
      const known = await folder.counts();
      if (known) return await add(known, folder, going, -1);
    } catch (error) {
      if (!(error instanceof ToolkitError && error.code === 'BAD_SHARD')) throw error;
    }
  }
  return add(new Float64Array(folder.manifest.vocabSize), folder, staying, 1);
}

async function add(
  counts: Float64Array,
  { where, manifest }: TokenFolder,
  shards: readonly TokenShard[],
  by: 1 | -1,
): Promise<Float64Array> {
  const some = await reopenTokens(where, { ...manifest, shards: [...shards] });
  for await (const batch of eachBatch(some.source('train'))) addCounts(counts, batch, by);
  return counts;
}

const rowsOf = (shards: readonly TokenShard[]): number => shards.reduce((sum, { rows }) => sum + rows, 0);
