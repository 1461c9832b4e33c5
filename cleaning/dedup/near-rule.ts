/**
 * What near duplicates are, as numbers: bands that find candidates, and the similarity that confirms them (Broder 1997;
 * the S-curve of Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4). Knows no document: what a recipe says.
 */
import { badInput } from '../../crawlers/shell/errors.ts';

/** How many bands of how many places of a signature: together at most SIGNATURE_LENGTH. */
export interface Shape {
  readonly bands: number;
  readonly rows: number;
}

export const STANDARD_SHAPE: Shape = { bands: 14, rows: 8 };
/** Places of a signature (minhash.ts). */
export const SIGNATURE_LENGTH = 112;

/** What near duplicates are: how candidates are found, and the estimated similarity that confirms them. */
export interface NearRule extends Shape {
  readonly similarity: number;
}

export const STANDARD_NEAR: NearRule = { ...STANDARD_SHAPE, similarity: 0.6 };

/**
 * `14x8@0.6`: bands, rows, similarity.
 * @throws ToolkitError BAD_OPTION (exit 2)
 */
export function parseNear(text: string): NearRule {
  const [, bands, rows, similarity] = (/^(\d+)x(\d+)@(0?\.\d+|1)$/.exec(text) ?? []).map(Number) as number[];
  const fits = bands !== undefined && bands > 0 && rows! > 0 && bands * rows! <= SIGNATURE_LENGTH;
  if (!fits) {
    const hint = `bands × rows is at most ${SIGNATURE_LENGTH}, the similarity is above 0: 14x8@0.6, 28x4@0.5`;
    throw badInput('BAD_OPTION', `--near ${text}: expected BANDSxROWS@SIMILARITY`, hint);
  }
  return { bands, rows: rows!, similarity: similarity! };
}

export const formatNear = ({ bands, rows, similarity }: NearRule): string => `${bands}x${rows}@${similarity}`;

/** Chance that two documents of Jaccard similarity `s` share a band: 1 − (1 − s^rows)^bands. */
export const matchProbability = (s: number, { bands, rows }: Shape = STANDARD_SHAPE): number =>
  1 - (1 - s ** rows) ** bands;

/**
 * Chance that two documents of Jaccard similarity `s` are near duplicates: they share a band, and at least the rule's
 * share of all places in their signatures agrees. Exact, by counting agreements band by band.
 */
export function foundProbability(s: number, { bands, rows, similarity }: NearRule): number {
  const least = Math.ceil(similarity * SIGNATURE_LENGTH - 1e-9);
  const all = agreements(SIGNATURE_LENGTH, s);
  const short = agreements(rows, s).slice(0, rows); // a band that does not agree as a whole
  let none = agreements(SIGNATURE_LENGTH - bands * rows, s);
  for (let band = 0; band < bands; band++) none = sumsOf(none, short);
  let found = 0;
  for (let k = least; k <= SIGNATURE_LENGTH; k++) found += all[k] - (none[k] ?? 0);
  return Math.max(0, found);
}

/** Chance of 0…n agreements in n places. */
function agreements(n: number, s: number): number[] {
  let chances = [1];
  for (let i = 0; i < n; i++) chances = sumsOf(chances, [1 - s, s]);
  return chances;
}

/** Distribution of the sum of two independent counts. */
function sumsOf(a: readonly number[], b: readonly number[]): number[] {
  const sums = new Array<number>(a.length + b.length - 1).fill(0);
  for (let i = 0; i < a.length; i++) for (let k = 0; k < b.length; k++) sums[i + k] += a[i] * b[k];
  return sums;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** How likely pairs become candidates by their bands, and how likely they are dropped after the check, for people. */
export const sCurve = (rule: NearRule): string =>
  [0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    .map((s) => `${s}: ${percent(matchProbability(s, rule))}, ${percent(foundProbability(s, rule))}`)
    .join('; ');
