/** A scorer made by two small models on the embedded driver: which of two sources it prefers, its card, and what stops it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { scoresOf } from '../../cleaning/quality/scorer.ts';
import { seededRandom } from '../../shards/checksum.ts';
import { writeTokenShards } from '../../tokenizer/write-tokens.ts';
import { trainScorer } from '../../trainer/run/quality.ts';
import { story } from '../cleaning/support.ts';
import { document, writeFolder } from '../shards/support.ts';
import { context, range, temporaryFolder, thrownBy } from '../support.ts';
import { sharedGpu } from './device.ts';
import { writeTokenizer } from './support.ts';

const dir = temporaryFolder('file');
const [documents, tokenizer, tokens] = ['documents', 'tokenizer', 'tokens'].map((name) => join(dir, name));
/** Sentences of a few words in any order: what no model learns. */
const noise = (seed: number): string => {
  const random = seededRandom(seed + 1);
  const words = ['mua', 'bán', 'giá', 'rẻ', 'gọi', 'ngay', 'sốc', 'hàng'];
  return range(160)
    .map(() => words[Math.floor(8 * random())])
    .join(' ');
};

beforeAll(async () => {
  const made = range(120).map((n) =>
    document(n, { source: n % 2 === 0 ? 'sach/a' : 'rao', text: n % 2 === 0 ? story(n) : noise(n) }),
  );
  mkdirSync(documents);
  writeFolder(documents, made);
  await writeTokenizer(tokenizer, 300);
  await writeTokenShards({ documents, tokenizer, out: tokens, validShare: 0.1 }, context());
});

const options = async () => ({
  ...{ tokens, good: ['sach/*'], registers: { encyclopedia: ['sach/*'], product: ['rao'] }, bytes: 60_000 },
  ...{ depth: 1, width: 32, context: 32, batch: 8, steps: 16, seed: 1, adapter: 'embedded' as const },
  gpu: await sharedGpu('embedded'),
});

it('prefers what is like the text that was named, and tells kinds apart, of texts it has not seen', async () => {
  const { report } = await trainScorer(await options(), context());
  const { heads, card } = report!;
  const [tale, trade] = [scoresOf(story(999), heads), scoresOf(noise(999), heads)];
  expect(tale.quality).toBeGreaterThan(trade.quality);
  expect([tale.register_encyclopedia > 0.8, trade.register_product > 0.8]).toEqual([true, true]);
  expect(card).toMatchObject({
    good: { named: ['sach/*'] },
    models: { steps: 16, tokensPerStep: 256, context: 32 },
    quality: { meanBySource: { rao: expect.any(Number), 'sach/a': expect.any(Number) } },
    register: { sources: { product: ['rao'] } },
  });
  const { bitsPerByteOfGood } = (card as { models: Record<string, { pool: number; good: number }> }).models;
  expect(bitsPerByteOfGood.good).toBeLessThan(bitsPerByteOfGood.pool);
});

it('names a source that is not there, too little text, and ends when it is told to', async () => {
  const asked = await options();
  expect(await thrownBy(() => trainScorer({ ...asked, good: ['luat'] }, context()))).toMatchObject({
    ...{ code: 'BAD_OPTION', exitStatus: 2, hint: 'its sources are rao, sach/a' },
  });
  expect(await thrownBy(() => trainScorer({ ...asked, registers: { law: ['x'] } }, context()))).toMatchObject({
    message: expect.stringContaining('--register: x'),
  });
  expect(await thrownBy(() => trainScorer({ ...asked, bytes: 500 }, context()))).toMatchObject({
    message: expect.stringMatching(/stretches of 32 tokens to judge, expected/),
  });
  const stopped = { ...context(), signal: AbortSignal.abort() };
  expect(await trainScorer(asked, stopped)).toEqual({ outcome: 'interrupted', report: undefined });
});
