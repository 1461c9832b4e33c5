/** Near duplicates against all documents of all nights: bands find candidates, signatures confirm them. */
import type { Database } from 'better-sqlite3';
import type { Syllable } from '../vietnamese/lexicon.ts';
import { BANDS_SCHEMA, BandIndex } from './bands.ts';
import { bandKeys, minima, type Signature, shingles, signatureOf, similarityToBytes } from './minhash.ts';
import { type Shape, STANDARD_SHAPE } from './near-rule.ts';

export interface NearMatch {
  /** Number of the document in the store. */
  readonly document: number;
  /** Estimated Jaccard similarity, 0…1. */
  readonly similarity: number;
}

export const fingerprint = (syllables: readonly Syllable[]): Signature => signatureOf(minima(shingles(syllables)));

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
