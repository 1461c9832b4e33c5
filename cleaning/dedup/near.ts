/** Near duplicates against all documents of all nights: bands find candidates, signatures confirm them. */
import type { Database } from 'better-sqlite3';
import { badInput } from '../../crawlers/shell/errors.ts';
import type { Token } from '../vietnamese/lexicon.ts';
import { BANDS_SCHEMA, BandIndex } from './bands.ts';
import {
  bandKeys,
  matchProbability,
  minima,
  type Shape,
  SIGNATURE_LENGTH,
  type Signature,
  STANDARD_SHAPE,
  shingles,
  signatureOf,
  similarityToBytes,
} from './minhash.ts';

export interface NearMatch {
  /** Number of the document in the store. */
  readonly document: number;
  /** Estimated Jaccard similarity, 0…1. */
  readonly similarity: number;
}

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
  for (const [i, x] of a.entries()) for (const [k, y] of b.entries()) sums[i + k] += x * y;
  return sums;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** How likely pairs become candidates by their bands, and how likely they are dropped after the check, for people. */
export const sCurve = (rule: NearRule): string =>
  [0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    .map((s) => `${s}: ${percent(matchProbability(s, rule))}, ${percent(foundProbability(s, rule))}`)
    .join('; ');

export const fingerprint = (tokens: readonly Token[]): Signature => signatureOf(minima(shingles(tokens)));

/** A band that so many documents share is furniture: its first members stand for all. */
const MAX_CANDIDATES_PER_BAND = 16;

export const NEAR_SCHEMA = `
  CREATE TABLE IF NOT EXISTS signatures (document INTEGER PRIMARY KEY, signature BLOB NOT NULL);
  ${BANDS_SCHEMA}
`;

export class NearIndex {
  readonly #signatureOf;
  readonly #addSignature;
  readonly #forget;
  readonly #bands: BandIndex;
  readonly #shape: Shape;

  constructor(database: Database, shape: Shape = STANDARD_SHAPE) {
    this.#shape = shape;
    this.#signatureOf = database
      .prepare<[number], Buffer>('SELECT signature FROM signatures WHERE document = ?')
      .pluck();
    this.#addSignature = database.prepare<[number, Buffer]>('INSERT INTO signatures VALUES (?, ?)');
    this.#forget = database.prepare<[number]>('DELETE FROM signatures WHERE document = ?');
    this.#bands = new BandIndex(database);
    const behind = database.prepare<[number], { document: number; signature: Buffer }>(
      'SELECT document, signature FROM signatures WHERE document > ? ORDER BY document',
    );
    for (const { document, signature } of behind.all(this.#bands.lastDocument)) {
      this.#bands.add(document, bandKeys(signatureIn(signature), shape));
    }
  }

  /** The most similar document of at least `threshold`; of equals the earliest. */
  find(signature: Signature, threshold: number): NearMatch | undefined {
    const seen = new Set<number>();
    let best: NearMatch | undefined;
    for (const key of bandKeys(signature, this.#shape)) {
      const candidates = new Set<number>();
      this.#bands.find(key, MAX_CANDIDATES_PER_BAND, candidates);
      for (const document of candidates) {
        if (seen.has(document)) continue;
        seen.add(document);
        const stored = this.#signatureOf.get(document);
        if (stored === undefined) continue; // deleted since
        const estimate = similarityToBytes(signature, stored);
        const isBetter =
          best === undefined ||
          estimate > best.similarity ||
          (estimate === best.similarity && document < best.document);
        if (estimate >= threshold && isBetter) best = { document, similarity: estimate };
      }
      // All that are equal share every band: the earliest of them was among these candidates.
      if (best?.similarity === 1) return best;
    }
    return best;
  }

  /** Documents must be added in order of their numbers. */
  add(document: number, signature: Signature): void {
    this.#addSignature.run(document, Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength));
    this.#bands.add(document, bandKeys(signature, this.#shape));
  }

  forget(document: number): void {
    this.#forget.run(document);
  }
}

const signatureIn = ({ buffer, byteOffset, byteLength }: Buffer): Signature =>
  new Uint16Array(buffer.slice(byteOffset, byteOffset + byteLength));
