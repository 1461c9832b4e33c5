/**
 * What near duplicates are, as numbers: bands that propose pairs, and the similarity that decides, measured on the texts (Broder 1997;
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

/** How pairs are proposed, beside the anchors of their passages (sequence.ts), and the Jaccard similarity that decides. */
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

/**
 * The containment that decides: the share of the shorter text's shingles that stands in the other, where two of one length
 * have this Jaccard similarity. 0.6 → 0.75.
 */
export const leastContainment = (similarity: number): number =>
  Math.round(((2 * similarity) / (1 + similarity)) * 1e6) / 1e6;

/** Chance that two documents of Jaccard similarity `s` share a band: 1 − (1 − s^rows)^bands. */
export const matchProbability = (s: number, { bands, rows }: Shape = STANDARD_SHAPE): number =>
  1 - (1 - s ** rows) ** bands;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** How likely bands propose a pair, by its similarity, for people. */
export const sCurve = (rule: Shape): string =>
  [0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map((s) => `${s}: ${percent(matchProbability(s, rule))}`).join(', ');
