/** The order of rows, what stands in a batch, and that any state continues exactly: all in memory. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksumOf } from '../../shards/checksum.ts';
import type { TokenArray } from '../../shards/tokens/source.ts';
import { type TokenSource, tokensInMemory } from '../../shards/tokens/source.ts';
import type { Batch } from '../../trainer/batch.ts';
import { IGNORED } from '../../trainer/kernels/cross-entropy.ts';
import { sortByToken } from '../../trainer/kernels/embedding.ts';
import { type Loader, type LoaderPlan, openLoader } from '../../trainer/loader/loader.ts';
import { RowSequence } from '../../trainer/loader/row-sequence.ts';
import { permutation } from '../../trainer/loader/shuffle.ts';

const BOS = 0;
const numbered = (from: number, count: number): Uint16Array => Uint16Array.from({ length: count }, (_, i) => from + i);
const inMemory = (arrays: readonly TokenArray[], fingerprint = 'f', vocabSize = 1000): TokenSource =>
  tokensInMemory(arrays, { fingerprint, vocabSize, bosId: BOS });
const source = inMemory([numbered(0, 101), numbered(200, 57), numbered(300, 30)]); // 10 + 5 + 3 rows
const plan: LoaderPlan = {
  rows: 3,
  length: 10,
  paddedVocab: 8192,
  seed: 7,
  layout: 'stream',
  maskDocuments: false,
};

/** The arrays of a batch are used again by the next. */
const copyOf = (batch: Batch): Batch => structuredClone(batch);
async function take(loader: Loader, count: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (let i = 0; i < count; i++) batches.push(copyOf(await loader.next()));
  return batches;
}

/** A folder whose batches only count how often they are read. */
function countingSource(batchTokens: readonly number[], fingerprint = 'c'): TokenSource & { loads: number[] } {
  const loads = batchTokens.map(() => 0);
  const load = async (index: number): Promise<TokenArray> => {
    loads[index]++;
    return new Uint16Array(batchTokens[index]).fill(1);
  };
  return { where: 'counting', fingerprint, vocabSize: 2, bosId: 0, batchTokens, load, loads };
}

describe('permutation', () => {
  it('visits every index once, for any size, key and epoch', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.nat(), fc.nat({ max: 50 }), (size, key, epoch) => {
        const at = permutation(size, key, epoch);
        expect(new Set(Array.from({ length: size }, (_, i) => at(i))).size).toBe(size);
      }),
      { numRuns: 60 },
    );
  });

  it('reaches far beyond 32 bits', () => {
    const size = 2 ** 45 + 12345;
    const at = permutation(size, 3, 1);
    const seen = new Set(Array.from({ length: 500 }, (_, i) => at(size - 1 - i)));
    expect(seen.size).toBe(500);
    expect([...seen].every((value) => value >= 0 && value < size)).toBe(true);
    expect([...seen].filter((value) => value > size / 2).length).toBeGreaterThan(150);
  });
});

describe('the order of rows', () => {
  const sequenceOf = (batchTokens: readonly number[], seed = 1, fingerprint = 'f') =>
    new RowSequence([{ where: 'x', fingerprint, batchTokens }], { length: 4, seed, layout: 'stream' });
  const orderOf = (sequence: RowSequence, from: number, count: number): string[] =>
    Array.from({ length: count }, (_, i) => {
      const { batch, row } = sequence.at(from + i);
      return `${batch}:${row}`;
    });

  it('holds every row of every record batch once an epoch, whatever their sizes', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(
        sizes.filter((all) => all.some((tokens) => tokens >= 4)),
        fc.nat(),
        (batchTokens, seed) => {
          const sequence = sequenceOf(batchTokens, seed);
          const wanted = batchTokens.flatMap((tokens, batch) =>
            Array.from({ length: Math.floor(tokens / 4) }, (_, row) => `${batch}:${row}`),
          );
          expect(sequence.size).toBe(wanted.length);
          for (const epoch of [0, 3]) {
            const order = orderOf(sequence, epoch * sequence.size, sequence.size);
            expect(order.sort()).toEqual(wanted.toSorted());
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is a function of fingerprint, seed and epoch, and can be asked for anywhere', () => {
    const sizes = Array.from({ length: 100 }, (_, i) => 40 + (i % 7));
    const whole = orderOf(sequenceOf(sizes), 0, 2000);
    const backwards = sequenceOf(sizes);
    for (const at of [1999, 3, 1001, 1000, 0]) expect(orderOf(backwards, at, 1)).toEqual([whole[at]]);
    for (const other of [sequenceOf(sizes, 2), sequenceOf(sizes, 1, 'g'), sequenceOf(sizes, 1 + 2 ** 40)]) {
      expect(orderOf(other, 0, 50)).not.toEqual(whole.slice(0, 50));
    }
    expect(whole.slice(1000, 1050)).not.toEqual(whole.slice(0, 50)); // 1000 rows an epoch
  });

  it('has no remainder of few batches for a group', () => {
    for (let count = 33; count < 100; count++) {
      const sequence = sequenceOf(Array.from({ length: count }, () => 40));
      const sizes = new Map<number, number>();
      for (let i = 0; i < sequence.size; i++) {
        const { group } = sequence.at(i);
        sizes.set(group, (sizes.get(group) ?? 0) + 1);
      }
      expect(Math.max(...sizes.values()) - Math.min(...sizes.values())).toBeLessThanOrEqual(10);
    }
  });

  it('cuts rows at other tokens in each epoch but the first', () => {
    const sequence = new RowSequence([{ where: 'x', fingerprint: 'f', batchTokens: [4096, 4096] }], {
      ...{ length: 512, seed: 1, layout: 'stream' },
    });
    const shifts = Array.from({ length: 20 * 16 }, (_, i) => sequence.at(i).shift);
    expect(new Set(shifts.slice(0, 16))).toEqual(new Set([0]));
    expect(new Set(shifts.slice(16)).size).toBeGreaterThan(30);
    expect(Math.max(...shifts)).toBeLessThan(512);
  });

  it('goes on in the order of an older vua', () => {
    const sizes = Array.from({ length: 33 }, () => 40);
    const identity = JSON.stringify([1, ['f'], 4, 'stream', []]);
    const state = { fingerprint: checksumOf(Buffer.from(identity)), seed: 1, epoch: 1, position: 0 };
    const old = new RowSequence([{ where: 'x', fingerprint: 'f', batchTokens: sizes }], {
      ...{ length: 4, seed: 1, layout: 'stream', state },
    });
    expect(old.fingerprint).toBe(state.fingerprint);
    expect(old.numberAt(state)).toBe(330);
    const places = Array.from({ length: 330 }, (_, i) => old.at(330 + i));
    expect(places.filter(({ group }) => group === 1)).toHaveLength(10); // one batch alone: the remainder that it had
    expect(places.every(({ shift }) => shift === 0)).toBe(true);
    expect(sequenceOf(sizes).fingerprint).not.toBe(state.fingerprint);
  });

  it('mixes the corpus: the first rows come from everywhere, neighbours from different places', () => {
    const sequence = sequenceOf(Array.from({ length: 1000 }, () => 400));
    const places = Array.from({ length: 320 }, (_, i) => sequence.at(i));
    const batches = places.map(({ batch }) => batch);
    expect(new Set(batches).size).toBeGreaterThanOrEqual(31);
    expect(Math.max(...batches) - Math.min(...batches)).toBeGreaterThan(800);
    expect(batches.filter((batch, i) => batch === batches[i + 1]).length).toBeLessThan(30);
  });
});

describe('devices', () => {
  /** Hash of the rows of all devices in the order of their ranks, step by step; `worlds` changes as it goes. */
  async function orderHash(worlds: readonly number[], stepsEach: number): Promise<string> {
    const hashes = { tokens: createHash('sha256'), targets: createHash('sha256') };
    let state: Batch['state'] | undefined;
    for (const of of worlds) {
      const loaders = Array.from({ length: of }, (_, rank) =>
        openLoader([source], { ...plan, rows: 11, state, device: { rank, of } }),
      );
      for (let step = 0; step < stepsEach; step++) {
        const states = new Set<string>();
        for (const loader of loaders) {
          const batch = await loader.next();
          hashes.tokens.update(batch.tokens);
          hashes.targets.update(batch.targets);
          states.add(JSON.stringify(batch.state));
          state = batch.state;
        }
        expect(states.size).toBe(1);
      }
    }
    return hashes.tokens.digest('hex') + hashes.targets.digest('hex');
  }

  it('see one order: 1, 2, 3 or 8 of them, and 8 → 5 → 8 in the middle', async () => {
    const alone = await orderHash([1], 12);
    for (const of of [2, 3, 8]) expect(await orderHash([of], 12)).toBe(alone);
    expect(await orderHash([8, 5, 8], 4)).toBe(alone);
  });
});

describe('batches', () => {
  it('give every row of every record batch once an epoch, targets one ahead', async () => {
    const starts: number[] = [];
    for (const { tokens, targets, counted } of await take(openLoader([source], plan), 6)) {
      for (const [i, target] of targets.entries()) {
        const endsItsBatch = i % 10 === 9 && tokens[i] === 329; // 30 tokens are 3 rows: nothing follows the last
        expect(target).toBe(endsItsBatch ? IGNORED : tokens[i] + 1);
      }
      expect(counted).toBe(targets.filter((target) => target !== IGNORED).length);
      for (let row = 0; row < 3; row++) starts.push(tokens[row * 10]);
    }
    const rows = (from: number, count: number) => Array.from({ length: count }, (_, r) => from + r * 10);
    expect(starts.sort((a, b) => a - b)).toEqual([...rows(0, 10), ...rows(200, 5), ...rows(300, 3)]);
  });

  it('hold the positions sorted by token', async () => {
    const { tokens, order, starts } = await openLoader([source], plan).next();
    const expected = { order: new Uint32Array(30), starts: new Uint32Array(8193) };
    sortByToken(tokens, expected.order, expected.starts);
    expect({ order, starts }).toEqual(expected);
  });

  it('say where documents start when they are masked, and nothing else', async () => {
    const text = Uint16Array.from([5, 6, BOS, 1, 2, 3, BOS, 4, 4, 4, 4, 4, 4, BOS, 9, 9, 9, 9, 9, BOS]);
    const starts = async (change: Partial<LoaderPlan>) => {
      const batch = await openLoader([inMemory([text])], { ...plan, rows: 2, ...change }).next();
      return [0, 1].map((row) => Array.from(batch.documentStarts.subarray(row * 10, row * 10 + 10)));
    };
    expect(new Set((await starts({})).flat())).toEqual(new Set([0]));
    const masked = await starts({ maskDocuments: true });
    expect(masked).toContainEqual([0, 0, 2, 2, 2, 2, 6, 6, 6, 6]);
    expect(masked).toContainEqual([0, 0, 0, 3, 3, 3, 3, 3, 3, 9]);
  });

  const PLANS: Record<string, { sources: TokenSource[]; change: Partial<LoaderPlan> }> = {
    stream: { sources: [source], change: {} },
    'packed and masked': { sources: [documents(5, 40, 17)], change: { layout: 'packed', maskDocuments: true } },
    'a mixture': { sources: [source, documents(2, 30, 9)], change: { weights: [0.3, 0.7] } },
  };
  it.each(Object.entries(PLANS))(
    'continue from any state exactly where they were: %s',
    async (_, { sources, change }) => {
      const whole = await take(openLoader(sources, { ...plan, ...change }), 20);
      for (const cut of [0, 4, 7, 12]) {
        const { state } = JSON.parse(JSON.stringify(whole[cut])) as Batch;
        expect(JSON.stringify(state).length).toBeLessThan(100);
        const rest = await take(openLoader(sources, { ...plan, ...change, state }), 19 - cut);
        expect(isDeepStrictEqual(rest, whole.slice(cut + 1))).toBe(true);
      }
    },
  );

  it('read each record batch once an epoch, at most two groups at a time', async () => {
    const counting = countingSource(Array(200).fill(40));
    const loader = openLoader([counting], { ...plan, rows: 8, length: 4, paddedVocab: 64 });
    const reads = (): number => counting.loads.reduce((a, b) => a + b);
    for (let batch = 1; batch <= 250; batch++) {
      await loader.next(); // 2,000 rows an epoch, 320 a group
      expect(reads()).toBeLessThanOrEqual(32 * (1 + Math.ceil((batch * 8) / 320)));
    }
    // The next epoch's first group has been fetched ahead; some of it may be in memory still.
    expect(counting.loads.every((count) => count === 1 || count === 2)).toBe(true);
    expect(reads()).toBeLessThanOrEqual(200 + 32);
  });

  it('refuse any id outside the vocabulary, wherever it stands and however large', async () => {
    const sizes = fc.constantFrom(1, 2, 7, 300, 32767, 32768, 32769, 65536, 2 ** 31, 2 ** 32);
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.array(fc.nat({ max: 2 ** 32 - 1 }), { minLength: 1, maxLength: 40 }),
        async (size, raw) => {
          const Type = size <= 65536 ? Uint16Array : Uint32Array;
          const below = new Type(raw.map((id) => id % size));
          for (const [at, id] of [size, 2 ** (8 * Type.BYTES_PER_ELEMENT) - 1].entries()) {
            await inMemory([below], 'f', size).load(0);
            const over = below.slice();
            over[(raw[0] + at) % over.length] = id;
            if (over.every((token) => token < size)) continue; // an id that the type cannot hold
            await expect(inMemory([over], 'f', size).load(0)).rejects.toMatchObject({ code: 'BAD_TOKEN' });
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it.each([
    ['no row', { sources: [inMemory([numbered(0, 9)])] }, 'TOO_FEW_TOKENS'],
    ['a token outside the vocabulary', { sources: [inMemory([numbered(0, 300)], 'f', 250)] }, 'BAD_TOKEN'],
    ['the state of other tokens', { state: { fingerprint: 'other', seed: 7, epoch: 0, position: 0 } }, 'OTHER_TOKENS'],
    ['the state of another seed', { seed: 8, resume: true }, 'OTHER_TOKENS'],
    ['the state of another layout', { layout: 'packed', resume: true }, 'OTHER_TOKENS'],
    ['the state of other weights', { sources: [source, source], weights: [1, 2], resume: true }, 'OTHER_TOKENS'],
    ['a weight of nothing', { sources: [source, source], weights: [1, 0] }, 'BAD_WEIGHTS'],
    ['a weight too few', { sources: [source, source], weights: [1] }, 'BAD_WEIGHTS'],
  ] as const)('refuse %s', async (_name, change, code) => {
    const {
      sources = [source],
      resume,
      ...rest
    } = change as Partial<LoaderPlan> & { sources?: TokenSource[]; resume?: boolean };
    const state = resume ? (await openLoader(sources, plan).next()).state : undefined;
    const run = async (): Promise<unknown> => take(openLoader(sources, { ...plan, state, ...rest }), 12);
    await expect(run()).rejects.toMatchObject({ code });
  });
});

describe('a mixture of folders', () => {
  const folders = [countingSource([400, 400], 'a'), countingSource([120], 'b'), countingSource([4000], 'c')];
  const options = { length: 4, seed: 1, layout: 'stream' } as const;

  it.each([[[0.5, 0.2, 0.3]], [[90, 9, 1]]])('keeps the weights %j on every stretch', (weights) => {
    const sequence = new RowSequence(folders, { ...options, weights });
    const total = weights.reduce((a, b) => a + b);
    const given = [0, 0, 0];
    for (let number = 0; number < 9000; number++) {
      given[sequence.at(number).folder]++;
      for (const [folder, weight] of weights.entries()) {
        // One row for the stretch, and the weight's rounding to a part of 4096.
        const wanted = ((number + 1) * weight) / total;
        expect(Math.abs(given[folder] - wanted)).toBeLessThan(1.5 + (number + 1) / 4096);
      }
    }
    const shares = sequence.shares(9000);
    expect(shares.map((share) => Math.round(share.given * 9000))).toEqual(given);
    for (const [folder, share] of shares.entries()) expect(share.given).toBeCloseTo(weights[folder] / total, 3);
    expect(shares[1].epochs).toBeCloseTo(given[1] / 30, 6);
  });

  it('gives each folder every row once in its own epochs; without weights, all of them at the same pace', () => {
    const sequence = new RowSequence(folders, { ...options, weights: [0.5, 0.2, 0.3] });
    const ofB = Array.from({ length: 3000 }, (_, number) => sequence.at(number)).filter(({ folder }) => folder === 1);
    for (let epoch = 0; epoch < 5; epoch++) {
      const rows = ofB.slice(epoch * 30, epoch * 30 + 30).map(({ row }) => row);
      expect(rows.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i));
    }
    const natural = new RowSequence(folders, options);
    expect(natural.size).toBe(200 + 30 + 1000);
    for (const { epochs } of natural.shares(10 * natural.size)) expect(epochs).toBeCloseTo(10, 0);
  });
});

describe('packing', () => {
  it('fills rows with pieces of documents: every token once but fewer than T, whole documents where they fit', async () => {
    const corpus = documents(3, 60, 23);
    const T = 10;
    const loader = openLoader([corpus], { ...plan, rows: 1, layout: 'packed', maskDocuments: true });
    const rows = await take(loader, loader.sequence.size);
    const batches = await Promise.all(corpus.batchTokens.map((_, index) => corpus.load(index)));
    expect(rows.length).toBe(batches.reduce((sum, { length }) => sum + Math.floor(length / T), 0));

    // Documents hold numbers that tell document and place, so pieces can be found again.
    const pieces = rows.flatMap(({ tokens, targets, documentStarts }) => {
      const found: { tokens: number[]; targets: number[] }[] = [];
      for (let t = 0; t < T; t++) {
        if (documentStarts[t] === t) found.push({ tokens: [], targets: [] });
        found.at(-1)!.tokens.push(tokens[t]);
        found.at(-1)!.targets.push(targets[t]);
      }
      return found;
    });
    const text = batches.flatMap((batch) => Array.from(batch));
    const places = new Map(text.map((token, at) => [token, at]));
    places.delete(BOS);
    const used = new Set<number>();
    let cutThoughFitting = 0;
    for (const piece of pieces) {
      const startsDocument = piece.tokens[0] === BOS;
      if (startsDocument && piece.tokens.length === 1) continue; // one BOS is like another
      const first = startsDocument ? places.get(piece.tokens[1])! - 1 : places.get(piece.tokens[0])!;
      for (const [i, token] of piece.tokens.entries()) {
        expect(token).toBe(text[first + i]);
        expect(used.has(first + i)).toBe(false);
        used.add(first + i);
        if (piece.targets[i] !== IGNORED) expect(piece.targets[i]).toBe(text[first + i + 1]);
      }
      const next = text.indexOf(BOS, first + 1);
      const end = next < 0 ? text.length : next;
      if (startsDocument && end - first <= T && piece.tokens.length < end - first) cutThoughFitting++;
    }
    const alone = text.filter((token, at) => token === BOS && (text[at + 1] ?? BOS) === BOS).length;
    expect(text.length - used.size - alone).toBeLessThan(T * batches.length);
    expect(cutThoughFitting).toBeLessThanOrEqual(rows.length / 2);
  });
});

it('sorts positions by token, stable', () => {
  const tokens = Uint32Array.from([2, 0, 2, 1, 0, 2]);
  const order = new Uint32Array(6);
  const starts = new Uint32Array(5);
  sortByToken(tokens, order, starts);
  expect([Array.from(order), Array.from(starts)]).toEqual([
    [1, 4, 3, 0, 2, 5],
    [0, 2, 3, 6, 6],
  ]);
});

/** Record batches of documents of 1 … `longest` tokens, a BOS and numbers that stand once in the corpus. */
function documents(batches: number, count: number, longest: number): TokenSource {
  let number = 1;
  const arrays = Array.from({ length: batches }, (_, batch) =>
    Uint16Array.from(
      Array.from({ length: count }, (_, i) => {
        const length = 1 + ((i * 7 + batch * 3) % longest);
        return [BOS, ...Array.from({ length: length - 1 }, () => number++)];
      }).flat(),
    ),
  );
  return inMemory(arrays, 'documents', number);
}
