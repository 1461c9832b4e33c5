/** Near duplicates against all documents of all nights: bands find candidates, signatures confirm them. */
import type { Database } from 'better-sqlite3';
import type { Token } from '../lexicon.ts';
import { bandKeys, minima, type Signature, shingles, signatureOf, similarity } from './minhash.ts';

export interface Fingerprint {
  readonly signature: Signature;
  readonly bands: readonly number[];
}

export interface NearMatch {
  /** Number of the document in the store. */
  readonly document: number;
  /** Estimated Jaccard similarity, 0…1. */
  readonly similarity: number;
}

export function fingerprint(tokens: readonly Token[]): Fingerprint {
  const minimum = minima(shingles(tokens));
  return { signature: signatureOf(minimum), bands: bandKeys(minimum) };
}

/** A band that so many documents share is furniture: its first members stand for all. */
const MAX_CANDIDATES_PER_BAND = 16;

export const NEAR_SCHEMA = `
  CREATE TABLE IF NOT EXISTS bands (key INTEGER, document INTEGER, PRIMARY KEY (key, document)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS signatures (document INTEGER PRIMARY KEY, signature BLOB NOT NULL);
`;

export class NearIndex {
  readonly #membersOf;
  readonly #signatureOf;
  readonly #addBand;
  readonly #addSignature;

  constructor(database: Database) {
    this.#membersOf = database
      .prepare<[number], number>(`SELECT document FROM bands WHERE key = ? LIMIT ${MAX_CANDIDATES_PER_BAND}`)
      .pluck();
    this.#signatureOf = database
      .prepare<[number], Buffer>('SELECT signature FROM signatures WHERE document = ?')
      .pluck();
    this.#addBand = database.prepare<[number, number]>('INSERT OR IGNORE INTO bands VALUES (?, ?)');
    this.#addSignature = database.prepare<[number, Buffer]>('INSERT INTO signatures VALUES (?, ?)');
  }

  /** The most similar document of at least `threshold`; of equals the earliest. */
  find({ signature, bands }: Fingerprint, threshold: number): NearMatch | undefined {
    const candidates = new Set<number>();
    for (const key of bands) for (const document of this.#membersOf.all(key)) candidates.add(document);
    let best: NearMatch | undefined;
    for (const document of [...candidates].sort((a, b) => a - b)) {
      const stored = this.#signatureOf.get(document)!;
      const estimate = similarity(
        signature,
        new Uint16Array(stored.buffer.slice(stored.byteOffset, stored.byteOffset + stored.byteLength)),
      );
      if (estimate >= threshold && (best === undefined || estimate > best.similarity)) {
        best = { document, similarity: estimate };
      }
    }
    return best;
  }

  add(document: number, { signature, bands }: Fingerprint): void {
    this.#addSignature.run(document, Buffer.from(signature.buffer));
    for (const key of bands) this.#addBand.run(key, document);
  }
}
