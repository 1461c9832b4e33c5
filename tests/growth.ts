/**
 * How cost grows with size, for tests that must not look at a clock: a busy machine makes every time longer, and a
 * fast one hides what is quadratic. Counted is the CPU time of this process, at `n` and `4n` in turns, the least of
 * several runs of each: what a neighbour takes away can only add to a run.
 */
import { expect } from 'vitest';

/** A run shorter than this says more of the clock and of garbage collection than of the work. */
const LEAST_MS = 20;
/** Rounds in any case; more, up to so much CPU time, where these say that the cost grows too fast. */
const ROUNDS = 3;
const MOST_MS = 1500;

export interface Growth {
  /** The size from which the work must grow evenly; doubled until a run costs 20 ms. */
  readonly from: number;
  /** How many times dearer twice the size may be: linear work is near 2, quadratic work near 4. */
  readonly most?: number;
}

async function cpuMs(action: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Fails where `work` on an input twice the size costs more than `most` times as much. `make` is not counted. */
export async function expectLinear<T>(
  make: (n: number) => T,
  work: (input: T) => unknown,
  { from, most = 3 }: Growth,
): Promise<void> {
  let n = from;
  let input = make(n);
  await work(input);
  while ((await cpuMs(() => work(input))) < LEAST_MS) {
    if (n > 2 ** 30) throw new Error(`work on an input of ${n} costs nothing: its growth cannot be seen`);
    n *= 2;
    input = make(n);
  }
  const large = make(4 * n);
  let [one, four] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const growth = (): number => Math.sqrt(four / one);
  for (let round = 0; round < ROUNDS || (growth() > most && round * (one + four) < MOST_MS); round++) {
    one = Math.min(one, await cpuMs(() => work(input)));
    four = Math.min(four, await cpuMs(() => work(large)));
  }
  const costs = `${one.toFixed(0)} ms of CPU at ${n}, ${four.toFixed(0)} ms at ${4 * n}`;
  expect(growth(), `each doubling multiplies the cost: ${costs}`).toBeLessThanOrEqual(most);
}

/** What a run costs whatever its size: opening files, the noise of the machine. */
const ALWAYS_MS = 10;

/** Fails where `work` costs more on an input four times the size: it must depend on what is new alone. `make` is not counted. */
export async function expectSteady<T>(
  make: (n: number) => T | Promise<T>,
  work: (input: T) => unknown,
  { from, most = 1.5 }: Growth,
): Promise<void> {
  const [small, large] = [await make(from), await make(4 * from)];
  await work(small);
  let [one, four] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const growth = (): number => (four + ALWAYS_MS) / (one + ALWAYS_MS);
  for (let round = 0; round < ROUNDS || (growth() > most && round * (one + four) < MOST_MS); round++) {
    one = Math.min(one, await cpuMs(() => work(small)));
    four = Math.min(four, await cpuMs(() => work(large)));
  }
  const costs = `${one.toFixed(0)} ms of CPU at ${from}, ${four.toFixed(0)} ms at ${4 * from}`;
  expect(growth(), `four times as much known multiplies the cost: ${costs}`).toBeLessThanOrEqual(most);
}
