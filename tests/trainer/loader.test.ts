/** The loader's order, its state, and the tiles of an evaluation. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IGNORED } from '../../trainer/kernels/cross-entropy.ts';
import { sortByToken } from '../../trainer/kernels/embedding.ts';
import { batches, tiles } from '../../trainer/loader.ts';
import { learningRate } from '../../trainer/schedule.ts';
import { permutation } from '../../trainer/shuffle.ts';

const numbered = (from: number, count: number): Uint16Array => Uint16Array.from({ length: count }, (_, i) => from + i);
const options = {
  shards: [numbered(0, 101), numbered(200, 57)],
  fingerprint: 'f',
  vocabSize: 300,
  rows: 3,
  length: 10,
  seed: 7,
};

describe('permutation', () => {
  it('visits every index once, for any size, seed and epoch', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.nat(), fc.nat({ max: 50 }), (size, seed, epoch) => {
        const at = permutation(size, seed, epoch);
        expect(new Set(Array.from({ length: size }, (_, i) => at(i))).size).toBe(size);
      }),
      { numRuns: 60 },
    );
  });

  it('depends on seed and epoch', () => {
    const order = (seed: number, epoch: number): number[] =>
      Array.from({ length: 50 }, (_, i) => permutation(50, seed, epoch)(i));
    expect(order(1, 0)).toEqual(order(1, 0));
    expect(order(1, 0)).not.toEqual(order(1, 1));
    expect(order(1, 0)).not.toEqual(order(2, 0));
  });
});

describe('batches', () => {
  it('gives every row of every shard once an epoch, targets one ahead', () => {
    const source = batches(options);
    const starts: number[] = [];
    for (let i = 0; i < 5; i++) {
      const { tokens, targets } = source.next().value;
      expect(Array.from(targets)).toEqual(Array.from(tokens, (token) => token + 1));
      for (let row = 0; row < 3; row++) starts.push(tokens[row * 10]);
    }
    const wanted = [
      ...Array.from({ length: 10 }, (_, r) => r * 10),
      ...Array.from({ length: 5 }, (_, r) => 200 + r * 10),
    ];
    expect(starts.sort((a, b) => a - b)).toEqual(wanted);
  });

  it('continues from any state exactly where it was', () => {
    const whole = batches(options);
    const first = Array.from({ length: 12 }, () => whole.next().value);
    for (const cut of [0, 4, 7]) {
      const rest = batches({ ...options, state: first[cut].state });
      for (const expected of first.slice(cut + 1)) expect(rest.next().value).toEqual(expected);
    }
  });

  it.each([
    ['no row', { shards: [numbered(0, 10)] }, 'TOO_FEW_TOKENS'],
    ['a token outside the vocabulary', { vocabSize: 50 }, 'BAD_TOKEN'],
    ['the state of other tokens', { state: { fingerprint: 'other', seed: 7, epoch: 0, position: 0 } }, 'OTHER_TOKENS'],
    ['the state of another seed', { state: { fingerprint: 'f', seed: 8, epoch: 0, position: 0 } }, 'OTHER_TOKENS'],
  ])('refuses %s', (_name, change, code) => {
    const run = (): void => {
      const source = batches({ ...options, ...change });
      for (let i = 0; i < 5; i++) source.next();
    };
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

it('tiles count every token behind the first of each shard once, separators excepted', () => {
  const separator = 205;
  const seen = [...tiles(options.shards, 3, 10, (token) => token !== separator)].flatMap(
    ({ tokens, targets, counted }) => {
      const kept = Array.from(targets).filter((target) => target !== IGNORED);
      expect(kept.length).toBe(counted);
      for (const [i, target] of targets.entries()) if (target !== IGNORED) expect(tokens[i]).toBe(target - 1);
      return kept;
    },
  );
  const wanted = [...numbered(1, 100), ...numbered(201, 56)].filter((token) => token !== separator);
  expect(seen.sort((a, b) => a - b)).toEqual(wanted);
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

it('learning rate warms up, holds and decays to its floor', () => {
  const schedule = { steps: 100, peak: 1, warmupSteps: 10, decayShare: 0.5, floor: 0.1 };
  expect([1, 5, 10, 50, 75, 100].map((step) => learningRate(schedule, step))).toEqual([0.1, 0.5, 1, 1, 0.55, 0.1]);
});
