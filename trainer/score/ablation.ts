/**
 * Arms of an ablation beside each other: paired differences of bits per byte, and what they are worth. Knows no adapter:
 * everything follows from `ablation.json`, in any language.
 *
 *   Δ         Σ over seeds and documents of (nats of the arm − nats of the baseline) / (seeds · ln 2 · Σ bytes)
 *   interval  hierarchical paired bootstrap: seeds with replacement, documents within their source with replacement, the
 *             same draw for both arms; what the seeds of a draw add counts `seedFactor` times, for five seeds drawn from
 *             five vary less than five new ones; SE is the deviation of Δ over the draws, the interval Δ ± 1.96 SE (of
 *             200 pairs of equal arms with five seeds 4 were told apart, of 200 that differ by 0.03 196)
 *   p         of Δ / SE, two-sided, Holm's correction over all arms
 *   least     what this design sees: 2.8 SE (two-sided 5 %, power 80 %)
 */
import { effectiveNumber } from './estimate.ts';

/** Of the frozen text that figures are of. */
export interface EvalDocument {
  /** xxhash64 of the text that is read, as 16 hex digits. */
  readonly hash: string;
  /** UTF-8. */
  readonly bytes: number;
  readonly source: string;
  readonly set: EvalSet;
}

export const EVAL_SETS = ['tune', 'select', 'test'] as const;
export type EvalSet = (typeof EVAL_SETS)[number];

/** A training that ended: nats of the predicted tokens of each document of a set, in the order of the list. */
export interface RecordedRun {
  readonly seed: number;
  readonly rate: number;
  readonly nats: Readonly<Record<EvalSet, readonly number[]>>;
}

export interface ArmRow {
  readonly arm: string;
  /** Of the test set, over all seeds. */
  readonly bitsPerByte: number;
  /** Standard deviation of bits per byte between seeds. */
  readonly seedDeviation: number;
  readonly seeds: number;
  /** Beside the baseline; none of itself. */
  readonly difference?: Difference;
}

export interface Difference {
  readonly delta: number;
  readonly standardError: number;
  /** 95 %. */
  readonly interval: readonly [number, number];
  /** After Holm's correction. */
  readonly p: number;
  readonly least: number;
  readonly verdict: 'better' | 'worse' | 'no difference seen';
}

/** Student's t at 97.5 %, by degrees of freedom from 1 on, over the normal's. */
const STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179].map(
  (t) => t / 1.96,
);

/** For so many seeds; of a single one nothing is known. */
export const seedFactorOf = (seeds: number): number =>
  seeds < 2 ? 0 : Math.sqrt(seeds / (seeds - 1)) * (STUDENT[seeds - 2] ?? STUDENT.at(-1)!);

const DRAWS = 10_000;
const LEAST = 2.8;
const LEVEL = 0.05;

export interface Compared {
  readonly arm: string;
  readonly runs: readonly RecordedRun[];
}

/**
 * Rows of the table, the baseline first.
 * @param draws of the bootstrap
 * @throws Error when an arm lacks a seed of the baseline
 */
export function tableOf(
  documents: readonly EvalDocument[],
  baseline: Compared,
  others: readonly Compared[],
  draws = DRAWS,
): ArmRow[] {
  const test = documents.filter(({ set }) => set === 'test');
  const tested = others.map((one) => ({ ...figuresOf(one, test), raw: bootstrap(test, baseline, one, draws) }));
  const inOrder = tested.map(({ raw }) => raw.p).sort((a, b) => a - b);
  let least = 0;
  const corrected = inOrder.map((p, i) => {
    least = Math.min(1, Math.max(least, p * (inOrder.length - i)));
    return least;
  });
  return [
    figuresOf(baseline, test),
    ...tested.map(({ raw: { p: one, ...raw }, ...row }) => {
      const p = corrected[inOrder.indexOf(one)];
      const isApart = p < LEVEL && (raw.interval[0] > 0 || raw.interval[1] < 0);
      const verdict: Difference['verdict'] = !isApart ? 'no difference seen' : raw.delta < 0 ? 'better' : 'worse';
      return { ...row, difference: { ...raw, p, least: LEAST * raw.standardError, verdict } };
    }),
  ];
}

export const effectiveDocuments = (documents: readonly EvalDocument[]): number =>
  effectiveNumber(documents.map(({ bytes }) => bytes));

function figuresOf({ arm, runs }: Compared, test: readonly EvalDocument[]): ArmRow {
  const bytes = sum(test.map((one) => one.bytes));
  const each = runs.map(({ nats }) => sum(nats.test) / Math.LN2 / bytes);
  const mean = sum(each) / each.length;
  const deviation = Math.sqrt(sum(each.map((one) => (one - mean) ** 2)) / Math.max(1, each.length - 1));
  return { arm, bitsPerByte: mean, seedDeviation: deviation, seeds: runs.length };
}

function bootstrap(test: readonly EvalDocument[], baseline: Compared, arm: Compared, draws: number) {
  const bySeed = new Map(arm.runs.map(({ seed, nats }) => [seed, nats.test]));
  const differences = baseline.runs.map(({ seed, nats }) => {
    const own = bySeed.get(seed);
    if (own === undefined) throw new Error(`${arm.arm}: no training with seed ${seed}`);
    return own.map((one, i) => one - nats.test[i]);
  });
  const sources = bySource(test);
  const whole = test.map((_, document) => sum(differences.map((seed) => seed[document])));
  const factor = seedFactorOf(differences.length);
  const next = uniform();
  const bytes = sum(test.map((one) => one.bytes));
  const delta = sum(differences.flat()) / (differences.length * Math.LN2 * bytes);
  const found = Float64Array.from({ length: draws }, () => {
    const seeds = differences.map(() => differences[Math.floor(next() * differences.length)]);
    let [nats, all, drawn] = [0, 0, 0];
    for (const members of sources) {
      for (let i = 0; i < members.length; i++) {
        const document = members[Math.floor(next() * members.length)];
        for (const seed of seeds) nats += seed[document];
        all += whole[document];
        drawn += test[document].bytes;
      }
    }
    return (all + factor * (nats - all)) / (seeds.length * Math.LN2 * drawn);
  });
  const mean = sum(found) / draws;
  const standardError = Math.sqrt(sum(found.map((one) => (one - mean) ** 2)) / (draws - 1));
  const interval = [delta - 1.96 * standardError, delta + 1.96 * standardError] as const;
  return { delta, standardError, interval, p: beyond(Math.abs(delta) / standardError) };
}

/** Two-sided probability of a normal number beyond z (Abramowitz and Stegun 7.1.26: to 1.5e-7). */
function beyond(z: number): number {
  if (!Number.isFinite(z)) return z > 0 ? 0 : 1;
  const t = 1 / (1 + (0.3275911 * z) / Math.SQRT2);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return series * Math.exp((-z * z) / 2);
}

/** Documents of each source, by their places; sources in the order in which they come. */
function bySource(documents: readonly EvalDocument[]): number[][] {
  const sources = new Map<string, number[]>();
  for (const [i, { source }] of documents.entries()) sources.set(source, [...(sources.get(source) ?? []), i]);
  return [...sources.values()];
}

/** A linear congruential generator, which any language has in a line: the bootstrap can be repeated elsewhere. */
function uniform(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};
