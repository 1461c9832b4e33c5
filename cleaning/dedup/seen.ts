/** Pages that an earlier run, or an earlier part of this one, has already dealt with. */
import type { Database } from 'better-sqlite3';

export const SEEN_SCHEMA = `
  CREATE TABLE IF NOT EXISTS pages (key INTEGER PRIMARY KEY);
`;

export class SeenPages {
  readonly #add;
  readonly #has;

  constructor(database: Database) {
    this.#add = database.prepare<[bigint]>('INSERT OR IGNORE INTO pages VALUES (?)');
    this.#has = database.prepare<[bigint], number>('SELECT 1 FROM pages WHERE key = ?').pluck();
  }

  has(key: bigint): boolean {
    return this.#has.get(key) === 1;
  }

  /** Marks the page; false when it was marked before. `key` is a signed 64-bit hash of URL, consent and body. */
  add(key: bigint): boolean {
    return this.#add.run(key).changes === 1;
  }
}
