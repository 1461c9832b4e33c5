/** The tables beside token shards say of every document source, tokens, bytes and text; version 2 said it in the manifest. */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checksumOf } from '../../shards/checksum.ts';
import { SPLITS, splitOf } from '../../shards/split.ts';
import type { TokenOptions } from '../../shards/tokens/plan.ts';
import { openTokens } from '../../shards/tokens/source.ts';
import { writeTokens } from '../../shards/tokens/write.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { asVersion2, document, writeFolder } from './support.ts';

/** One token a byte. */
function setUp(count: number, changes: Partial<TokenOptions> = {}): TokenOptions {
  const [documentsDir, tokenizerDir] = [temporaryFolder(), temporaryFolder()];
  writeFolder(
    documentsDir,
    range(count).map((n) => document(n)),
  );
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) writeFileSync(join(tokenizerDir, name), '{}');
  const encode = (text: Uint8Array): Uint16Array => Uint16Array.from(text);
  const outDir = join(temporaryFolder(), 'tokens');
  return { documentsDir, tokenizerDir, outDir, encode, vocabSize: 257, bosId: 256, validShare: 0.3, ...changes };
}

it('tell tokens and bytes by source, and of every held-out document', async () => {
  const options = setUp(50, { shardTokens: 700, batchTokens: 100 });
  const { report: manifest } = await writeTokens(options, context());
  const all = range(50).map((n) => document(n));
  const folder = await openTokens(options.outDir);
  const sources = await folder.sources();
  expect(sources.map(({ source }) => source).sort()).toEqual(['bao.vua.test', 'sotay.vua.test']);
  for (const { source, ...figures } of sources) {
    for (const split of SPLITS) {
      const chosen = all.filter((one) => one.source === source && splitOf(one.cluster, 0.3) === split);
      const textBytes = chosen.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
      const documents = chosen.length;
      expect(figures[split]).toEqual({ documents, tokens: textBytes + documents, textBytes });
    }
  }
  for (const split of SPLITS) {
    const shards = manifest!.shards.filter((shard) => shard.split === split);
    expect(shards.length).toBeGreaterThan(1);
    const rows: unknown[] = [];
    for (const shard of shards) {
      const { source, tokens, textBytes, textHash } = (await folder.documents(shard))!;
      rows.push(...source.map((name, i) => [name, tokens[i], textBytes[i], textHash![i]]));
    }
    const own = all.filter(({ cluster }) => splitOf(cluster, 0.3) === split);
    expect(rows).toEqual(
      own.map(({ source, text }) => {
        const bytes = Buffer.from(text);
        return [source, bytes.length + 1, bytes.length, checksumOf(bytes)];
      }),
    );
  }
});

it('a folder of version 2 is read, and stays as long as it holds what it should', async () => {
  const options = setUp(50, { shardTokens: 700, batchTokens: 100 });
  await writeTokens(options, context());
  const now = await openTokens(options.outDir);
  const [sources, held] = [await now.sources(), now.manifest.shards.find(({ split }) => split === 'valid')!];
  const documents = await now.documents(held);
  await asVersion2(options.outDir);
  const old = await openTokens(options.outDir);
  expect(old.fingerprint).toBe(now.fingerprint);
  expect(await old.sources()).toEqual(sources);
  expect(await old.documents(old.manifest.shards.find(({ file }) => file === held.file)!)).toEqual(documents);
  expect((await writeTokens(options, context())).outcome).toBe('nothing_new');
});

it('the manifest does not grow with documents and sources, but with shards', async () => {
  const bytesOf = async (documents: number): Promise<number> => {
    const options = setUp(documents, { shardTokens: 1 << 20 });
    await writeTokens(options, context());
    return statSync(join(options.outDir, 'manifest.json')).size;
  };
  expect((await bytesOf(800)) - (await bytesOf(50))).toBeLessThan(100);
});
