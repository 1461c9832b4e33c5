/** Tokens of new documents only: what the folder holds is kept or copied, and comes out as if all were encoded. */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Findings } from '../../crawlers/shell/work.ts';
import { readTokenManifest, writeManifest } from '../../shards/manifest.ts';
import { toMerge } from '../../shards/merging.ts';
import type { TokenOptions } from '../../shards/tokens/plan.ts';
import { eachBatch, openTokens } from '../../shards/tokens/source.ts';
import { writeTokens } from '../../shards/tokens/write.ts';
import { verifySplits } from '../../shards/verify/tokens.ts';
import { countByReading, countTokens } from '../../trainer/score/unigram.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { BOS, byteEncoder, textsIn } from './nights.ts';
import { documentsOf as shardsOf } from './support.ts';

function optionsFor(documentsDir: string, outDir = join(temporaryFolder(), 'tokens')) {
  const tokenizerDir = temporaryFolder();
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) writeFileSync(join(tokenizerDir, name), '{}');
  const encoded: string[] = [];
  const encoder = byteEncoder();
  const encode = (text: Uint8Array): Uint16Array => {
    encoded.push(Buffer.from(text).toString('utf8'));
    return encoder(text);
  };
  const options: TokenOptions = {
    ...{ documentsDir, tokenizerDir, outDir, encode, vocabSize: 257, bosId: BOS, validShare: 0.3, batchTokens: 300 },
  };
  return { options, encoded };
}

/** A folder of documents by number, a shard of `each`; and what stands in it. */
const documentsOf = (numbers: readonly number[], each: number): string =>
  shardsOf(range(Math.ceil(numbers.length / each)).map((i) => numbers.slice(i * each, (i + 1) * each)));

const numbersOf = (texts: readonly string[]): number[] => texts.map((text) => Number(/^Bài số (\d+)\./.exec(text)![1]));

it.each([
  { what: 'more', first: range(20), next: range(29), encoded: range(29).slice(20) },
  { what: 'fewer', first: range(20), next: range(20).filter((n) => n % 7 > 0), encoded: [] },
  { what: 'others between', first: range(20), next: [0, 30, ...range(20).slice(1)], encoded: [30] },
  { what: 'another order', first: range(20), next: range(20).reverse(), encoded: [] },
])('$what: only new texts are encoded, and nothing can be told from writing all', async ({ first, next, encoded }) => {
  const before = optionsFor(documentsOf(first, 6));
  await writeTokens(before.options, context());
  expect(numbersOf(before.encoded)).toEqual(first);
  const documentsDir = documentsOf(next, 6);
  const { options, encoded: anew } = optionsFor(documentsDir, before.options.outDir);
  await writeTokens({ ...options, tokenizerDir: before.options.tokenizerDir }, context());
  expect(numbersOf(anew)).toEqual(encoded);
  const fresh = optionsFor(documentsDir);
  await writeTokens(fresh.options, context());
  expect(await textsIn(options.outDir)).toEqual(await textsIn(fresh.options.outDir));
  const findings = new Findings(context().signal, { update() {}, finish() {} });
  await verifySplits(documentsDir, options.outDir, findings);
  expect(findings.faults).toEqual([]);
  const [counted, whole] = [options, fresh.options].map(({ outDir }) => readTokenManifest(outDir).counts!);
  expect(counted).toEqual(whole);
  expect(countFiles(options.outDir)).toEqual([whole.file]);
});

const countFiles = (dir: string): string[] => readdirSync(dir).filter((name) => name.startsWith('counts-'));

it('counts stand beside the tokens, are mended, and come where a folder had none', async () => {
  const { options } = optionsFor(documentsOf(range(20), 6));
  const { outDir } = options;
  const { report } = await writeTokens(options, context());
  const naive = new Float64Array(257);
  for await (const batch of eachBatch((await openTokens(outDir)).source('train'))) for (const id of batch) naive[id]++;
  expect(await (await openTokens(outDir)).counts()).toEqual(naive);
  const { file } = report!.counts!;
  const text = readFileSync(join(outDir, file), 'utf8');
  for (const harm of [
    () => rmSync(join(outDir, file)),
    () => writeFileSync(join(outDir, file), text.replace(/\d/, '7')),
    () => writeFileSync(join(outDir, 'counts-0123456789abcdef.txt'), text), // of a killed run
  ]) {
    harm();
    expect((await writeTokens(options, context())).outcome).toBe('nothing_new');
    expect(countFiles(outDir)).toEqual([file]);
    expect(readFileSync(join(outDir, file), 'utf8')).toBe(text);
  }
  const { counts: _, ...older } = readTokenManifest(outDir);
  writeManifest(outDir, older);
  expect(await (await openTokens(outDir)).counts()).toBeUndefined();
  expect((await countTokens([await openTokens(outDir)])).counts).toEqual([...naive]);
  expect((await writeTokens(options, context())).outcome).toBe('nothing_new');
  const more = { ...options, documentsDir: documentsOf(range(23), 6) };
  const { report: next } = await writeTokens(more, context());
  expect(next!.counts).toBeDefined();
  expect((await countTokens([await openTokens(outDir)])).counts).toEqual(
    (await countByReading((await openTokens(outDir)).source('train'))).counts,
  );
});

it('shards of documents that all stand are kept as files', async () => {
  const { options } = optionsFor(documentsOf(range(40), 40));
  await writeTokens(options, context());
  const inode = (): number => statSync(join(options.outDir, readTokenManifest(options.outDir).shards[0].file)).ino;
  const before = inode();
  await writeTokens({ ...options, documentsDir: documentsOf(range(44), 40) }, context());
  expect(inode()).toBe(before);
  expect(readTokenManifest(options.outDir).shards.every(({ from }) => from!.length === 1)).toBe(true);
});

it('another split of the same texts encodes nothing', async () => {
  const { options, encoded } = optionsFor(documentsOf(range(20), 6));
  await writeTokens(options, context());
  encoded.length = 0;
  const { report } = await writeTokens({ ...options, validShare: 0.6 }, context());
  expect(encoded).toEqual([]);
  expect(report!.validShare).toBe(0.6);
});

it('a year of equal nights stays few files, each byte written a few times', () => {
  for (const fresh of [0, 3]) {
    let sizes: number[] = [];
    let [most, written] = [0, 0];
    for (let night = 0; night < 365; night++) {
      sizes.push(1);
      for (let merge = toMerge(sizes, { full: 120, fresh }); merge; merge = toMerge(sizes, { full: 120, fresh })) {
        const together = sizes.slice(merge[0], merge[1] + 1).reduce((sum, size) => sum + size);
        sizes = [...sizes.slice(0, merge[0]), together, ...sizes.slice(merge[1] + 1)];
        written += together;
      }
      most = Math.max(most, sizes.length);
    }
    expect(sizes.reduce((sum, size) => sum + size)).toBe(365);
    expect(most).toBeLessThanOrEqual(9 + fresh);
    expect(written / 365).toBeLessThan(8);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(120);
  }
});
