/** Pages that an earlier run, or an earlier part of this one, has already dealt with. */
import BetterSqlite3, { type Database } from 'better-sqlite3';

export const SEEN_SCHEMA = `
  CREATE TABLE IF NOT EXISTS pages (key INTEGER PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS spoken (number INTEGER PRIMARY KEY, key INTEGER NOT NULL);
`;

/** Statements that are remembered as such: those of the nights that could still be rejected are among the last. */
const SPOKEN = 1_000_000;

export class SeenPages {
  readonly #database: Database;
  readonly #add;
  readonly #has;
  readonly #speak;

  constructor(database: Database) {
    this.#database = database;
    this.#add = database.prepare<[bigint]>('INSERT OR IGNORE INTO pages VALUES (?)');
    this.#has = database.prepare<[bigint], number>('SELECT 1 FROM pages WHERE key = ?').pluck();
    this.#speak = [
      database.prepare<[bigint]>('INSERT INTO spoken (key) VALUES (?)'),
      database.prepare<[number | bigint]>('DELETE FROM spoken WHERE number <= ?'),
    ] as const;
  }

  has(key: bigint): boolean {
    return this.#has.get(key) === 1;
  }

  /** Marks the page; false when it was marked before. `key` is a signed 64-bit hash of URL, consent and body. */
  add(key: bigint): boolean {
    return this.#add.run(key).changes === 1;
  }

  /** The page says something of others: that one opted out, is gone, what a site allows. It must be heard in any case. */
  speak(key: bigint): void {
    const { lastInsertRowid } = this.#speak[0].run(key);
    this.#speak[1].run(Number(lastInsertRowid) - SPOKEN);
  }

  /**
   * Takes over what another memory, which went on from this one, knows of pages: they are dealt with, and what is of the
   * same age or older. But for those that speak of others.
   * @returns how many that are
   * @throws SqliteError
   */
  passOver(path: string): number {
    const other = new BetterSqlite3(path, { readonly: true, fileMustExist: true });
    try {
      other.defaultSafeIntegers();
      const keys = other.prepare<[], bigint>('SELECT key FROM pages WHERE key NOT IN (SELECT key FROM spoken)').pluck();
      let count = 0;
      for (const key of keys.iterate()) if (this.add(key)) count++;
      const latest = this.#database.prepare<[bigint, bigint]>(
        'INSERT INTO versions VALUES (?, ?) ON CONFLICT DO UPDATE SET latest = max(latest, excluded.latest)',
      );
      const versions = other.prepare<[], [bigint, bigint]>('SELECT version, latest FROM versions').raw();
      for (const [version, moment] of versions.iterate()) latest.run(version, moment);
      return count;
    } finally {
      other.close();
    }
  }
}
