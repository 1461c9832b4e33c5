/**
 * A scorer: a small file that `vua quality train` writes and `vua clean --quality` reads. Each head is a linear model over
 * hashed grams (grams.ts), their mean: of a text what it says depends on how often which words stand together.
 *
 *   { "format": "vua-scorer", "version": 1, "hash", "card", "heads": [{ "measurements", "link", "bias", "scale", "weights" }] }
 *
 * `weights`: base64 of int8, an element for each bucket and measurement, buckets outside. What a head says is
 * link(bias + scale · mean of the weights of all grams).
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { SCORED_MEASUREMENTS, type ScoredMeasurement } from '../document.ts';
import { gramsOf } from './grams.ts';

const SCORER = { format: 'vua-scorer', version: 1 } as const;

/** `identity` gives figures as they are, `softmax` shares that add up to one. */
const LINKS = ['identity', 'softmax'] as const;

export interface Head {
  /** What it says, a column each. */
  readonly measurements: readonly ScoredMeasurement[];
  readonly link: (typeof LINKS)[number];
  /** Of each measurement. */
  readonly bias: readonly number[];
  readonly scale: number;
  /** Buckets × measurements; the number of buckets is a power of two. */
  readonly weights: Int8Array;
}

/** How a scorer was made: for people, and for a manifest. */
export type ScorerCard = Readonly<Record<string, unknown>>;

const shape = z.object({
  format: z.literal(SCORER.format),
  version: z.int(),
  hash: z.string(),
  card: z.record(z.string(), z.unknown()),
  heads: z
    .array(
      z.object({
        measurements: z.array(z.enum(SCORED_MEASUREMENTS)).min(1),
        link: z.enum(LINKS),
        bias: z.array(z.number()),
        scale: z.number(),
        weights: z.string(),
      }),
    )
    .min(1),
});

export interface Scorer {
  /** Of its card and heads: the first 16 hex digits of their SHA-256. */
  readonly hash: string;
  readonly card: ScorerCard;
  readonly heads: readonly Head[];
}

const hashOf = (card: unknown, heads: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify([card, heads]))
    .digest('hex')
    .slice(0, 16);

/** The file of a scorer. */
export function scorerJson(heads: readonly Head[], card: ScorerCard): string {
  const written = heads.map(({ weights, ...head }) => ({ ...head, weights: Buffer.from(weights).toString('base64') }));
  return `${JSON.stringify({ ...SCORER, hash: hashOf(card, written), card, heads: written }, null, 1)}\n`;
}

/** @throws ToolkitError BAD_SCORER (exit 2) naming the file and what is wrong with it */
export function readScorer(path: string): Scorer {
  const wrong = (what: string, cause?: unknown) =>
    badInput('BAD_SCORER', `${path}: ${what}`, 'give a file that `vua quality train` wrote', cause);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw wrong(reasonOf(error), error);
  }
  const { success, data, error } = shape.safeParse(value);
  if (!success) throw wrong(`${error.issues[0].path.join('.') || 'top level'}: ${error.issues[0].message}`);
  if (data.version !== SCORER.version) throw wrong(`version ${data.version}, expected ${SCORER.version}`);
  const found = hashOf(data.card, data.heads);
  if (found !== data.hash) throw wrong(`its card and heads have hash ${found}, expected ${data.hash}`);
  const heads = data.heads.map((head, i): Head => {
    const bytes = Buffer.from(head.weights, 'base64');
    const buckets = bytes.length / head.measurements.length;
    const isWhole = Number.isInteger(Math.log2(buckets)) && head.bias.length === head.measurements.length;
    if (!isWhole) throw wrong(`heads.${i}: ${bytes.length} weights and ${head.bias.length} biases do not fit`);
    return { ...head, weights: new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length) };
  });
  return { hash: data.hash, card: data.card, heads };
}

export type Scores = Record<ScoredMeasurement, number>;

/**
 * The heads of several files, of each measurement the last that says it.
 * @throws ToolkitError BAD_SCORER
 */
export const headsOf = (files: readonly string[]): readonly Head[] => files.flatMap((file) => readScorer(file).heads);

const UNSCORED = Object.fromEntries(SCORED_MEASUREMENTS.map((name) => [name, Number.NaN])) as Scores;

/** What heads say of a text, by measurement; NaN of what none says, and of a text without a word. */
export function scoresOf(text: string, heads: readonly Head[]): Scores {
  const scores = { ...UNSCORED };
  if (heads.length === 0) return scores;
  const grams = gramsOf(text);
  if (grams.length === 0) return scores;
  for (const head of heads) {
    const figures = figuresOf(grams, head);
    for (const [i, name] of head.measurements.entries()) scores[name] = figures[i];
  }
  return scores;
}

/** The bucket of each gram of a text, of so many: what a head is fitted to. */
export function bucketsOf(text: string, buckets: number): Uint32Array {
  const shift = 32 - Math.log2(buckets);
  return Uint32Array.from(gramsOf(text), (gram) => gram >>> shift);
}

/** What one head says of a text that has words, in the order of its measurements. */
export const figuresIn = (text: string, head: Head): number[] => figuresOf(gramsOf(text), head);

function figuresOf(
  grams: Int32Array,
  { measurements: { length: outputs }, link, bias, scale, weights }: Head,
): number[] {
  const shift = 32 - Math.log2(weights.length / outputs);
  const sums = new Float64Array(outputs);
  if (outputs === 1) {
    let sum = 0;
    for (let i = 0; i < grams.length; i++) sum += weights[grams[i] >>> shift];
    sums[0] = sum;
  } else {
    for (let i = 0; i < grams.length; i++) {
      const at = (grams[i] >>> shift) * outputs;
      for (let output = 0; output < outputs; output++) sums[output] += weights[at + output];
    }
  }
  const figures = Array.from(sums, (sum, output) => bias[output] + (scale * sum) / grams.length);
  return link === 'identity' ? figures : softmax(figures);
}

export function softmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const parts = logits.map((logit) => Math.exp(logit - most));
  const sum = parts.reduce((total, part) => total + part, 0);
  return parts.map((part) => part / sum);
}
