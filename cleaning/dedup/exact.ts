/** Exact duplicates: the same letters and digits, whatever their case, punctuation, spacing, tone placement and i/y. */
import type { Database } from 'better-sqlite3';
import type { Syllable } from '../vietnamese/lexicon.ts';

/** Memory for a longer document than this is let go with it. */
const MAX_KEPT = 1 << 22;
let kept: Buffer = Buffer.alloc(0);

/** UTF-8 that is hashed into the key of a document: valid until the next call. */
export function exactBytes(syllables: readonly Syllable[]): Uint8Array {
  let bytes: Buffer = kept;
  let at = 0;
  for (const { folded } of syllables) {
    const { length } = folded;
    if (at + 3 * length > bytes.length) bytes = grown(bytes, at + 3 * length);
    const start = at;
    for (let i = 0; i < length; i++) {
      const unit = folded.charCodeAt(i);
      if (unit < 0x80) bytes[at++] = unit;
      else if (unit < 0x800) {
        bytes[at++] = 0xc0 | (unit >> 6);
        bytes[at++] = 0x80 | (unit & 0x3f);
      } else if ((unit & 0xf800) !== 0xd800) {
        bytes[at++] = 0xe0 | (unit >> 12);
        bytes[at++] = 0x80 | ((unit >> 6) & 0x3f);
        bytes[at++] = 0x80 | (unit & 0x3f);
      } else {
        at = start + bytes.write(folded, start);
        break;
      }
    }
  }
  if (bytes.length <= MAX_KEPT) kept = bytes;
  return bytes.subarray(0, at);
}

/** A longer copy, with room for the next syllables. */
function grown(bytes: Buffer, needed: number): Buffer {
  const longer = Buffer.alloc(Math.max(2 * needed, 1 << 16));
  longer.set(bytes);
  return longer;
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
