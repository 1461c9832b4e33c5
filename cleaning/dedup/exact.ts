/** Exact duplicates: the same letters and digits, whatever their case, punctuation, spacing, tone placement and i/y. */
import type { Database } from 'better-sqlite3';
import type { Syllable } from '../vietnamese/lexicon.ts';

const encoder = new TextEncoder();
let bytes = new Uint8Array(0);
/** Bytes for a longer text are let go with it. */
const MAX_KEPT = 1 << 22;

/** UTF-8 that is hashed into the key of a document; holds until the next call. */
export function exactBytes(syllables: readonly Syllable[]): Uint8Array {
  let text = '';
  for (const { folded } of syllables) text += folded;
  const most = 3 * text.length;
  const into = most <= bytes.length ? bytes : new Uint8Array(most);
  if (into.length <= MAX_KEPT) bytes = into;
  return into.subarray(0, encoder.encodeInto(text, into).written);
}

export const EXACT_SCHEMA = `
  CREATE TABLE IF NOT EXISTS exact (key INTEGER PRIMARY KEY, document INTEGER NOT NULL);
`;

export class ExactIndex {
  readonly #find;
  readonly #add;
  readonly #forget;

  constructor(database: Database) {
    this.#find = database.prepare<[bigint], number>('SELECT document FROM exact WHERE key = ?').pluck();
    this.#add = database.prepare<[bigint, number]>('INSERT OR IGNORE INTO exact VALUES (?, ?)');
    this.#forget = database.prepare<[bigint, number]>('DELETE FROM exact WHERE key = ? AND document = ?');
  }

  /** Number of the first document with this key. `key` is a signed 64-bit hash. */
  find(key: bigint): number | undefined {
    return this.#find.get(key);
  }

  add(key: bigint, document: number): void {
    this.#add.run(key, document);
  }

  forget(document: number, key: bigint): void {
    this.#forget.run(key, document);
  }
}
