/** Which text figures are of: drawn by the texts alone, in their shares; and what a figure of it is worth. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Document } from '../../cleaning/document.ts';
import { seededRandom } from '../../shards/checksum.ts';
import { splitOf } from '../../shards/split.ts';
import { eachBatch, openTokens, type TokenFolder } from '../../shards/tokens/source.ts';
import { writeTokens } from '../../shards/tokens/write.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { IGNORED } from '../../trainer/kernels/cross-entropy.ts';
import { besideOf } from '../../trainer/score/beside.ts';
import { evaluate, type Model } from '../../trainer/score/bits-per-byte.ts';
import { ByteModel } from '../../trainer/score/byte-model.ts';
import { drawHeldOut, halfOf } from '../../trainer/score/draw.ts';
import { effectiveNumber, figureOf } from '../../trainer/score/estimate.ts';
import { type HeldOut, heldOutOf, inMemory, textFacts, textOf, tokensOf } from '../../trainer/score/held-out.ts';
import { countTokens, evaluateUnigram } from '../../trainer/score/unigram.ts';
import { asVersion2, document, writeFolder } from '../shards/support.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { sampleTexts } from '../tokenizer/support.ts';
import { writeTokenizer } from './support.ts';

const VALID_SHARE = 0.3;
const tokenizerDir = temporaryFolder('file');
let tokenizer: Tokenizer;
let texts: string[];
beforeAll(async () => {
  await writeTokenizer(tokenizerDir, 500);
  tokenizer = await Tokenizer.load(tokenizerDir);
  texts = sampleTexts().flatMap((text) => text.split('\n').filter((line) => line.length > 80));
});

/** Clusters that fall into each split. */
const CLUSTERS = range(400).map((n) => `c${n}`);
const clustersOf = (split: 'train' | 'valid'): string[] =>
  CLUSTERS.filter((cluster) => splitOf(cluster, VALID_SHARE) === split);
const [TRAIN, VALID] = [clustersOf('train'), clustersOf('valid')];
const held = (n: number, text: string, source: string): Document => document(n, { text, source, cluster: VALID[n] });
const trained = (n: number, text: string): Document =>
  document(1000 + n, { text, source: 'a.vua.test', cluster: TRAIN[n] });

/** 60 short documents of two sources, 40 of one and 20 of the other, and a long one of a third: a third of it all. */
const corpus = (): Document[] => [
  ...range(60).map((n) => held(n, texts[n], n % 3 === 0 ? 'b.vua.test' : 'a.vua.test')),
  held(60, texts.slice(60, 90).join('\n'), 'long.vua.test'),
  ...range(20).map((n) => trained(n, texts[100 + n])),
];

async function folderOf(documents: readonly Document[], batchTokens = 1000): Promise<TokenFolder> {
  const [documentsDir, outDir] = [0, 1].map(() => temporaryFolder());
  writeFolder(documentsDir, documents);
  const { vocabSize, bosId } = tokenizer;
  const encode = (text: Uint8Array) => tokenizer.encode(text);
  const options = { documentsDir, tokenizerDir, outDir, encode, vocabSize, bosId, validShare: VALID_SHARE };
  await writeTokens({ ...options, batchTokens }, context());
  return openTokens(outDir);
}

const drawOf = async (folders: readonly TokenFolder[], maxTokens: number): Promise<HeldOut> =>
  drawHeldOut(await heldOutOf(folders), maxTokens);
const named = ({ pieces }: HeldOut): string[] => pieces.map(({ hash, begin, length }) => `${hash} ${begin} ${length}`);

/** The tokens of every piece, from the whole split. */
async function tokensByPiece(folder: TokenFolder, { pieces }: HeldOut): Promise<number[][]> {
  const all: number[] = [];
  for await (const batch of eachBatch(folder.source('valid'))) all.push(...batch);
  const begins = all.flatMap((token, i) => (token === tokenizer.bosId ? [i] : []));
  return pieces.map(({ document, begin, length }) =>
    all.slice(begins[document] + begin, begins[document] + begin + length),
  );
}

describe('a draw', () => {
  it('is the same of equal held-out shards, whatever they are trained beside', async () => {
    const a = await folderOf(corpus());
    const b = await folderOf([...corpus(), trained(20, texts[120])]);
    const validOf = ({ where }: TokenFolder) =>
      readdirSync(where)
        .filter((name) => name.startsWith('valid'))
        .map((name) => readFileSync(join(where, name)));
    expect(validOf(a)).toEqual(validOf(b));
    expect(a.fingerprint).not.toBe(b.fingerprint);
    for (const maxTokens of [300, 1500, 3000]) {
      const [one, other] = [await drawOf([a], maxTokens), await drawOf([b], maxTokens)];
      expect(named(one)).toEqual(named(other));
      expect(textOf(one)).toEqual(textOf(other));
    }
  });

  it('is the same of a folder whose manifest has no hashes of texts', async () => {
    const a = await folderOf(corpus(), 700);
    const expected = await drawOf([a], 1500);
    await asVersion2(a.where, { hashes: false });
    const old = await openTokens(a.where);
    expect(named(await drawOf([old], 1500))).toEqual(named(expected));
  });

  it('of splits that share documents shares what is drawn of them, source by source', async () => {
    const a = await drawOf([await folderOf(corpus())], 1500);
    const more = range(12).map((n) => held(61 + n, texts[130 + n], n % 3 === 0 ? 'b.vua.test' : 'a.vua.test'));
    const both = await folderOf([...more, ...corpus()]);
    const b = await drawOf([both], 1500);
    const fromMore = new Set(b.pieces.filter(({ document }) => document < 12).map(({ hash }) => hash));
    for (const source of a.sources) {
      const of = ({ pieces, sources }: HeldOut) =>
        pieces.flatMap((piece) =>
          sources[piece.source] === source && !fromMore.has(piece.hash) ? `${piece.hash} ${piece.begin}` : [],
        );
      const [small, large] = [of(a), of(b)].sort((one, other) => one.length - other.length);
      expect(small.length, source).toBeGreaterThan(0);
      expect(small.filter((piece) => !large.includes(piece))).toEqual([]);
    }
  });

  it('takes sources in their share and long documents by windows, within its bound', async () => {
    const folder = await folderOf(corpus(), 450);
    const all = await heldOutOf([folder]);
    const windowCounts: number[] = [];
    for (const maxTokens of [1200, 2500, 5000]) {
      const drawn = await drawHeldOut(all, maxTokens);
      expect(tokensOf(drawn)).toBeLessThanOrEqual(maxTokens);
      expect(tokensOf(drawn)).toBeGreaterThan(maxTokens - 514);
      const shareOf = ({ pieces }: HeldOut, source: number) =>
        pieces.reduce((sum, piece) => sum + (piece.source === source ? piece.length : 0), 0) /
        tokensOf({ ...all, pieces });
      for (const source of all.sources.keys()) {
        expect(Math.abs(shareOf(drawn, source) - shareOf(all, source))).toBeLessThan(514 / maxTokens);
      }
      const windows = drawn.pieces.filter(({ isWhole }) => !isWhole);
      windowCounts.push(windows.length);
      for (const { length } of windows) expect(length).toBeLessThanOrEqual(513);
      expect(textOf(drawn).documents).toBe(new Set(drawn.pieces.map(({ document }) => document)).size);
    }
    expect(windowCounts.at(-1)).toBeGreaterThan(1);
  });

  it('grows: a larger one holds the smaller, until it is all of it', async () => {
    const folder = await folderOf(corpus());
    const [small, large] = [await drawOf([folder], 1500), await drawOf([folder], 4000)];
    expect(named(small).filter((piece) => !named(large).includes(piece))).toEqual([]);
    const all = await heldOutOf([folder]);
    expect(await drawHeldOut(all, tokensOf(all))).toBe(all);
    expect(tokensOf(await drawHeldOut(all, 1))).toBe(2); // one predicted token, and the one before it
  });

  it('of a half has no document of the other, the same beside any others; few documents are not halved', async () => {
    const [all, beside] = [
      await heldOutOf([await folderOf(corpus(), 450)]),
      await heldOutOf([await folderOf([...corpus(), held(61, texts[130], 'c.vua.test')])]),
    ];
    const [select, test] = (['select', 'test'] as const).map((half) => halfOf(all, half));
    const hashes = (one: HeldOut): string[] => one.pieces.map(({ hash }) => hash).sort();
    expect([...hashes(select), ...hashes(test)].sort()).toEqual(hashes(all));
    for (const hash of hashes(select)) expect(hashes(halfOf(beside, 'select'))).toContain(hash);
    const tokens: number[] = [];
    for await (const batch of eachBatch(test.tokens)) tokens.push(...batch);
    expect(tokens.filter((token) => token === tokenizer.bosId)).toHaveLength(test.pieces.length);
    expect(tokens).toHaveLength(tokensOf(test));
    expect(tokensOf(await drawHeldOut(test, 1500))).toBeLessThanOrEqual(1500);
    expect(textFacts(textOf(test))).toMatch(/^\d+ documents \(effective .*\), all [\d,]+ tokens of the half test$/);
    const few = { ...all, pieces: all.pieces.slice(0, 9) };
    expect(halfOf(few, 'test')).toBe(few);
  });

  it.each([64, 450, 1e6])('has the tokens and bytes of its pieces, from record batches of %i', async (batchTokens) => {
    const folder = await folderOf(corpus(), batchTokens);
    const drawn = await drawOf([folder], 2500);
    const expected = await tokensByPiece(folder, drawn);
    const tokens: number[] = [];
    for await (const batch of eachBatch((await inMemory(drawn)).tokens)) tokens.push(...batch);
    expect(tokens).toEqual(expected.flat());
    expect(drawn.pieces.map(({ textBytes }) => textBytes)).toEqual(
      expected.map((piece) => tokenizer.decodeBytes(piece.slice(1)).length),
    );
  });

  it('reads the record batches that hold it, and a folder with hashes not at all', async () => {
    const folder = await folderOf(corpus(), 64);
    const all = await heldOutOf([folder]);
    const loaded = new Set<number>();
    const load = (at: number) => {
      loaded.add(at);
      return all.tokens.load(at);
    };
    const drawn = await drawHeldOut({ ...all, tokens: { ...all.tokens, load } }, 300);
    for await (const _ of eachBatch(drawn.tokens));
    expect(loaded.size).toBeLessThanOrEqual(drawn.pieces.length + Math.ceil(300 / 64));
    expect(loaded.size).toBeLessThan(all.tokens.batchTokens.length / 3);
  });
});

describe('a text', () => {
  it('has the same id in any order and any number of folders, another with another document', async () => {
    const [first, second] = [corpus().slice(0, 30), corpus().slice(30)];
    const idOf = async (...parts: Document[][]) =>
      textOf(await heldOutOf(await Promise.all(parts.map((part) => folderOf(part))))).id;
    const id = await idOf(corpus());
    expect(await idOf(second, first)).toBe(id);
    expect(await idOf([...corpus()].reverse())).toBe(id);
    expect(await idOf([...corpus().slice(1), held(0, `${texts[0]} `, 'b.vua.test')])).not.toBe(id);
    expect(await idOf(corpus().slice(1))).not.toBe(id);
  });
});

describe('figures', () => {
  /** A loss of ln 2 × the target's id: bits are sums of ids. */
  const model: Model = {
    rows: 2,
    config: { context: 24 },
    async losses({ targets }) {
      return Float32Array.from(targets, (target) => (target === IGNORED ? 0 : target * Math.LN2));
    },
  };

  it('of a model and of the unigram model are of the same documents, the bytes of their windows', async () => {
    const folder = await folderOf(corpus(), 300);
    const drawn = await drawOf([folder], 2500);
    const pieces = await tokensByPiece(folder, drawn);
    const bytes = pieces.reduce((sum, piece) => sum + tokenizer.decodeBytes(piece.slice(1)).length, 0);
    const ids = pieces.reduce((sum, piece) => sum + piece.slice(1).reduce((a, b) => a + b, 0), 0);
    const figures = (await evaluate(model, drawn))!;
    expect(figures.bitsPerByte).toBeCloseTo(ids / bytes, 3);

    const counts = new Map<number, number>();
    let total = tokenizer.vocabSize - 1;
    for await (const batch of eachBatch(folder.source('train'))) {
      for (const token of batch) {
        if (token === tokenizer.bosId) continue;
        counts.set(token, (counts.get(token) ?? 0) + 1);
        total++;
      }
    }
    const bits = pieces.map((piece) =>
      piece.slice(1).reduce((sum, token) => sum - Math.log2(((counts.get(token) ?? 0) + 1) / total), 0),
    );
    const unigram = await evaluateUnigram(await countTokens([folder]), drawn);
    expect(unigram.bitsPerByte).toBeCloseTo(bits.reduce((a, b) => a + b) / bytes, 10);
    expect(unigram.text).toEqual(figures.text);
    for (const one of [figures, unigram]) {
      expect(one.sources.reduce((sum, { textBytes }) => sum + textBytes, 0)).toBe(bytes);
      expect(one.documents).toBe(new Set(drawn.pieces.map(({ document }) => document)).size);
    }
  });

  it('have a standard error as a bootstrap over documents gives it', () => {
    const random = seededRandom(5);
    const documents = range(80).map((_, i) => {
      const textBytes = Math.ceil(50 * Math.exp(2 * random()) * (i % 7 === 0 ? 5 : 1));
      return { textBytes, tokens: 1, bits: textBytes * (1.5 + 0.6 * random()) + 20 * random() };
    });
    const { standardError, bitsPerByte } = figureOf(documents);
    const ratio = (some: typeof documents): number =>
      some.reduce((sum, { bits }) => sum + bits, 0) / some.reduce((sum, { textBytes }) => sum + textBytes, 0);
    expect(bitsPerByte).toBe(ratio(documents));
    const drawn = range(4000).map(() => ratio(documents.map(() => documents[Math.floor(80 * random())])));
    const mean = drawn.reduce((a, b) => a + b) / drawn.length;
    const spread = Math.sqrt(drawn.reduce((sum, one) => sum + (one - mean) ** 2, 0) / drawn.length);
    expect(standardError! / spread).toBeGreaterThan(0.93);
    expect(standardError! / spread).toBeLessThan(1.07);
    expect(figureOf(documents.slice(0, 1)).standardError).toBeUndefined();
  });

  it('have the effective number of Kish', () => {
    expect(effectiveNumber([7, 7, 7, 7])).toBeCloseTo(4, 10);
    expect(effectiveNumber([3, 1])).toBeCloseTo(1.6, 10);
    const figure = figureOf([
      { bits: 10, tokens: 2, textBytes: 30 },
      { bits: 5, tokens: 1, textBytes: 10 },
    ]);
    expect(figure).toMatchObject({ documents: 2, effectiveDocuments: 1.6, tokens: 3, textBytes: 40 });
  });
});

describe('the byte 5-gram', () => {
  const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text));
  const learnt = ['Hà Nội mùa thu, cây cơm nguội vàng', 'cây bàng lá đỏ nằm kề bên nhau', 'Hà Nội Hà Nội'];

  /** Interpolated Witten–Bell by its formula, contexts as strings. */
  function expectedShare(context: string, byte: string): number {
    const shorter = context === '' ? 1 / 256 : expectedShare(context.slice(1), byte);
    const behind = learnt.flatMap((text) => {
      const all = Buffer.from(text).toString('latin1');
      return Array.from(all, (_, i) => i).flatMap((i) =>
        i >= context.length && all.slice(i - context.length, i) === context ? all[i] : [],
      );
    });
    if (behind.length === 0) return shorter;
    const kinds = new Set(behind).size;
    return (behind.filter((one) => one === byte).length + kinds * shorter) / (behind.length + kinds);
  }

  it('is what its formula says, and shares of all bytes make one', () => {
    const model = new ByteModel();
    for (const text of learnt) expect(model.learn(bytesOf(text))).toBe(true);
    const text = Buffer.from('Hà Nội lá vàng rơi').toString('latin1');
    const expected = Array.from(text, (byte, i) => -Math.log(expectedShare(text.slice(Math.max(0, i - 4), i), byte)));
    const nats = model.nats(Uint8Array.from(Buffer.from(text, 'latin1')));
    expect(nats).toBeCloseTo(
      expected.reduce((a, b) => a + b, 0),
      9,
    );
    for (const before of ['', 'H', 'Hà Nộ', 'không có']) {
      const shares = range(256).map((byte) => Math.exp(-model.nats(Uint8Array.of(byte), bytesOf(before))));
      expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
    }
  });

  it('learns no more than it has room for', () => {
    const model = new ByteModel(100);
    expect(model.learn(bytesOf(texts[0]))).toBe(false);
    expect(model.bytes).toBeGreaterThan(10);
    expect(model.bytes).toBeLessThan(100);
  });

  it('has bits per byte of held-out text, of windows too, and counts the passages of it that stand in train', async () => {
    const copied = trained(30, `Trước đó. ${texts[5]} Sau đó.`);
    const figures: number[] = [];
    for (const batchTokens of [1e6, 450]) {
      const folder = await folderOf([...corpus(), copied], batchTokens);
      const all = await heldOutOf([folder]);
      const train = folder.source('train');
      const { bytes, passages } = await besideOf(train, all);
      const part = await besideOf(train, await drawHeldOut(all, 1500), 2000);
      expect(bytes.standardError).toBeGreaterThan(0);
      expect(Math.abs(part.bytes.bitsPerByte / bytes.bitsPerByte - 1)).toBeLessThan(0.3);
      expect([part.bytes.trainBytes, part.passages.trainBytes]).toEqual([2000, 2000]);
      figures.push(bytes.bitsPerByte);
      expect(bytes.bitsPerByte).toBeLessThan(6);
      const wordsOf = (text: string): number => text.match(/[\p{L}\p{M}\p{N}]+/gu)!.length;
      const words = corpus().reduce((sum, { text, cluster }) => sum + (VALID.includes(cluster) ? wordsOf(text) : 0), 0);
      expect(passages.documents).toBe(61);
      if (batchTokens === 1e6) expect(passages.shares[13]).toBeCloseTo(wordsOf(texts[5]) / words, 9);
      expect(passages.shares[50]).toBeLessThanOrEqual(passages.shares[13]);
    }
    expect(figures[1]).toBeCloseTo(figures[0], 1); // a document that a record batch ends is learnt in two parts
  });
});
