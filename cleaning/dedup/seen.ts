/** Pages that an earlier run, or an earlier part of this one, has already dealt with. */
import BetterSqlite3, { type Database } from 'better-sqlite3';

export const SEEN_SCHEMA = `
  CREATE TABLE IF NOT EXISTS pages (key INTEGER PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS spoken (number INTEGER PRIMARY KEY, key INTEGER NOT NULL);
`;

/** Statements that are remembered as such: those of the nights that could still be rejected are among the last. */
const SPOKEN = 1_000_000;

export class SeenPages {
  readonly #add;
  readonly #has;
  readonly #speak;
  #list: Database | undefined;
  #isListed: ((page: bigint, version: bigint, moment: number) => boolean) | undefined;

  constructor(database: Database) {
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
   * Pages of a list of `writePassedOver` are as if they had never been: what they would have replaced stands.
   * @throws SqliteError
   */
  passOver(path: string): void {
    this.#list = new BetterSqlite3(path, { readonly: true, fileMustExist: true });
    const ofPage = this.#list.prepare<[bigint]>('SELECT 1 FROM pages WHERE key = ?');
    const ofVersion = this.#list.prepare<[bigint, number]>('SELECT 1 FROM versions WHERE version = ? AND latest = ?');
    this.#isListed = (page, version, moment) =>
      ofPage.get(page) !== undefined || ofVersion.get(version, moment) !== undefined;
  }

  /** By what it says, or, where it says again what it said earlier, by the moment of its fetch. */
  isPassedOver({ page, version, time }: { readonly page: bigint; readonly version: bigint; readonly time?: number }) {
    return this.#isListed?.(page, version, time ?? Number.NaN) ?? false;
  }

  close(): void {
    this.#list?.close();
  }
}

/**
 * Adds to a list what one memory knows of pages and another, from which it went on, does not: but for those that speak of
 * others, which must be heard.
 * @returns how many pages are new to the list
 * @throws SqliteError
 */
export function writePassedOver(path: string, memory: string, before: string): number {
  const list = new BetterSqlite3(path);
  try {
    list.exec('CREATE TABLE IF NOT EXISTS pages (key INTEGER PRIMARY KEY)');
    list.exec('CREATE TABLE IF NOT EXISTS versions (version INTEGER PRIMARY KEY, latest INTEGER NOT NULL)');
    list.prepare('ATTACH ? AS memory').run(memory);
    list.prepare('ATTACH ? AS before').run(before);
    return list.transaction(() => {
      list.exec(`INSERT INTO versions SELECT * FROM (
          SELECT version, latest FROM memory.versions EXCEPT SELECT version, latest FROM before.versions) WHERE true
        ON CONFLICT DO UPDATE SET latest = max(latest, excluded.latest)`);
      return list
        .prepare(
          `INSERT OR IGNORE INTO pages SELECT key FROM memory.pages
           EXCEPT SELECT key FROM memory.spoken EXCEPT SELECT key FROM before.pages`,
        )
        .run().changes;
    })();
  } finally {
    list.close();
  }
}
