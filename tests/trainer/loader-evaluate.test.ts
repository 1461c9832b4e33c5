/** Held-out figures by source: what is counted, against a model whose losses are known. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { splitOf } from '../../shards/split.ts';
import { openTokens, type TokenSource, tokensInMemory } from '../../shards/tokens/source.ts';
import { writeTokens } from '../../shards/tokens/write.ts';
import { IGNORED } from '../../trainer/kernels/cross-entropy.ts';
import { evaluate, type Model, tiles } from '../../trainer/score/bits-per-byte.ts';
import { heldOutOf } from '../../trainer/score/held-out.ts';
import { countByReading, evaluateUnigram } from '../../trainer/score/unigram.ts';
import { document, writeFolder } from '../shards/support.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { heldOutInMemory } from './support.ts';

const BOS = 99;
const inMemory = (arrays: number[][]): TokenSource =>
  tokensInMemory(
    arrays.map((array) => Uint16Array.from(array)),
    { fingerprint: 'h', vocabSize: 100, bosId: BOS },
  );

/** Four documents of two sources over two record batches; the third document crosses from one to the other. */
const heldOut = heldOutInMemory(
  inMemory([
    [BOS, 1, 2, 3, BOS, 4, 4, BOS, 5, 5],
    [5, 5, 5, BOS, 6],
  ]),
  ['báo', 'không ai', 'thơ'],
  [
    { source: 0, length: 4, textBytes: 10 },
    { source: 2, length: 3, textBytes: 7 },
    { source: 0, length: 6, textBytes: 20 },
    { source: 2, length: 2, textBytes: 3 },
  ],
);

/** A loss of ln 2 × the target's id: bits are sums of ids. */
const model: Model = {
  rows: 2,
  config: { context: 3 },
  async losses({ targets }) {
    return Float32Array.from(targets, (target) => (target === IGNORED ? 0 : target * Math.LN2));
  },
};

describe('evaluate', () => {
  it('gives bits per byte by source and in all; separators count in neither', async () => {
    const { sources, text, ...all } = (await evaluate(model, heldOut))!;
    expect(all).toEqual({
      ...{ bitsPerByte: expect.closeTo(45 / 40, 5), documents: 4, tokens: 11, textBytes: 40 },
      effectiveDocuments: expect.closeTo(40 ** 2 / (100 + 49 + 400 + 9), 10),
      // Bits 6, 8, 25, 6 of 10, 7, 20, 3 bytes at 1.125 a byte: off by −5.25, 0.125, 2.5, 2.625.
      standardError: expect.closeTo(Math.sqrt((4 / 3) * (5.25 ** 2 + 0.125 ** 2 + 2.5 ** 2 + 2.625 ** 2)) / 40, 5),
    });
    expect(text).toMatchObject({ documents: 4, tokens: 15, textBytes: 40, split: { documents: 4, tokens: 15 } });
    expect(sources).toMatchObject([
      { source: 'báo', documents: 2, tokens: 8, textBytes: 30, bitsPerByte: expect.closeTo((6 + 25) / 30, 5) },
      { source: 'thơ', documents: 2, tokens: 3, textBytes: 10, bitsPerByte: expect.closeTo((8 + 6) / 10, 5) },
    ]);
  });

  it.each([
    [1, 1],
    [1, 4],
    [2, 3],
    [3, 5],
    [4, 40],
  ])(
    'makes every token but separators a target once, behind the one before it: %i rows of %i',
    async (rows, length) => {
      const pairs: number[][] = [];
      for await (const { tokens, targets } of tiles(heldOut, rows, length)) {
        for (const [i, target] of targets.entries()) if (target !== IGNORED) pairs.push([tokens[i], target]);
      }
      const text = [BOS, 1, 2, 3, BOS, 4, 4, BOS, 5, 5, 5, 5, 5, BOS, 6];
      expect(pairs).toEqual(text.slice(1).flatMap((token, i) => (token === BOS ? [] : [[text[i], token]])));
    },
  );

  it('marks where documents start only when they are masked', async () => {
    const starts = async (masked: boolean): Promise<number[]> => {
      for await (const { documentStarts } of tiles(heldOut, 1, 15, masked)) return Array.from(documentStarts);
      return [];
    };
    expect(await starts(false)).toEqual(Array(15).fill(0));
    expect(await starts(true)).toEqual([0, 0, 0, 0, 4, 4, 4, 7, 7, 7, 7, 7, 7, 13, 13]);
  });

  it('of the unigram model: frequencies of the training tokens, raised by one, separators left out', async () => {
    const { bitsPerByte, sources } = await evaluateUnigram(
      await countByReading(inMemory([[BOS, 5, 5, 5, BOS, 4]])),
      heldOut,
    );
    const total = 4 + 99; // tokens and one for each id but BOS
    const bits = (id: number): number => -Math.log2(({ 5: 4, 4: 2 }[id] ?? 1) / total);
    const verse = 2 * bits(4) + bits(6);
    expect(sources[1].bitsPerByte).toBeCloseTo(verse / 10, 10);
    expect(bitsPerByte).toBeCloseTo((verse + 3 * bits(1) + 5 * bits(5)) / 40, 10);
  });
});

describe('folders', () => {
  const makeTokens = async (first: number, count: number, validShare = 0.3): Promise<string> => {
    const [documentsDir, tokenizerDir, outDir] = [0, 1, 2].map(() => temporaryFolder());
    writeFolder(
      documentsDir,
      range(count).map((n) => document(first + n)),
    );
    for (const name of ['tokenizer.json', 'tokenizer_config.json']) writeFileSync(join(tokenizerDir, name), '{}');
    const encode = (text: Uint8Array): Uint16Array => Uint16Array.from(text);
    const options = { documentsDir, tokenizerDir, outDir, encode, vocabSize: 257, bosId: 256, validShare };
    await writeTokens({ ...options, shardTokens: 900, batchTokens: 256 }, context());
    return outDir;
  };

  it('one or several: the same documents and bytes by source as their text has', async () => {
    const folders = [await openTokens(await makeTokens(0, 60)), await openTokens(await makeTokens(60, 41))];
    const all = await heldOutOf(folders);
    const { sources, textBytes } = (await evaluate({ ...model, config: { context: 64 } }, all))!;
    const held = range(101)
      .map((n) => document(n))
      .filter(({ cluster }) => splitOf(cluster, 0.3) === 'valid');
    expect(textBytes).toBe(held.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0));
    for (const { source, documents, bitsPerByte } of sources) {
      const texts = held.filter((one) => one.source === source).map(({ text }) => Buffer.from(text));
      expect(documents).toBe(texts.length);
      const ids = texts.reduce((sum, text) => sum + text.reduce((a, b) => a + b), 0);
      expect(bitsPerByte).toBeCloseTo(ids / texts.reduce((sum, { length }) => sum + length, 0), 4);
    }
  });

  it('without a held-out document: refused, naming the folder', async () => {
    const dir = await makeTokens(0, 5, 0);
    const folder = await openTokens(dir);
    await expect(heldOutOf([folder])).rejects.toMatchObject({
      code: 'NO_HELD_OUT',
      message: expect.stringContaining(dir),
    });
  });
});
