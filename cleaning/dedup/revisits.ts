/**
 * What revisits say: a page that was fetched at one moment still held at another. And pages that were dropped because
 * something was later by a clock that has been set back since: they are judged anew when a revisit says that they hold.
 */
import type { Database } from 'better-sqlite3';
import type { Place } from '../../crawlers/page.ts';
import type { Copies } from './copies.ts';

export const REVISITS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS confirmed (
    version INTEGER, fetched INTEGER, held INTEGER NOT NULL, PRIMARY KEY (version, fetched)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS overtaken (
    version INTEGER, fetched INTEGER, page INTEGER, PRIMARY KEY (version, fetched, page)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS refused (version INTEGER, fetched INTEGER, PRIMARY KEY (version, fetched)) WITHOUT ROWID;
`;

/** Moments are milliseconds since 1970; `fetched` is the one at which a page was. */
export class Revisits {
  readonly #copies: Copies;
  readonly #held;
  readonly #confirm;
  readonly #overtake;
  readonly #overtaken;
  readonly #forget;
  readonly #takeBack;
  readonly #refuse;
  readonly #isRefused;

  constructor(database: Database, copies: Copies) {
    this.#copies = copies;
    this.#held = database
      .prepare<[bigint, number], number>('SELECT held FROM confirmed WHERE version = ? AND fetched = ?')
      .pluck();
    this.#confirm = database.prepare<[bigint, number, number]>(
      'INSERT INTO confirmed VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET held = excluded.held WHERE held < excluded.held',
    );
    this.#overtake = database.prepare<[bigint, number, bigint]>('INSERT OR IGNORE INTO overtaken VALUES (?, ?, ?)');
    const those = 'overtaken WHERE version = ? AND fetched = ?';
    this.#overtaken = database.prepare<[bigint, number], bigint>(`SELECT page FROM ${those}`).pluck().safeIntegers();
    this.#forget = database.prepare<[bigint, number]>(`DELETE FROM ${those}`);
    this.#refuse = database.prepare<[bigint, number]>('INSERT OR IGNORE INTO refused VALUES (?, ?)');
    this.#isRefused = database.prepare<[bigint, number]>('SELECT 1 FROM refused WHERE version = ? AND fetched = ?');
    this.#takeBack = database.prepare<[bigint, bigint, number | null]>(
      'DELETE FROM overtaken WHERE version = ? AND page = ? AND fetched IS NOT ?',
    );
  }

  /** The last moment at which the page is known to have held. */
  lastHeld(version: bigint, fetched: number): number {
    return Math.max(fetched, this.#held.get(version, fetched) ?? fetched);
  }

  /** Returns whether that was not known. */
  confirm(version: bigint, fetched: number, held: number): boolean {
    return this.#confirm.run(version, fetched, held).changes > 0;
  }

  /** The page is dropped for what is later by the clock. Returns whether that was not known. */
  overtake(version: bigint, fetched: number, page: bigint, place?: Place): boolean {
    this.#copies.place(page, place);
    return this.#overtake.run(version, fetched, page).changes > 0;
  }

  /** The pages that were dropped so are judged anew. Returns whether there are any. */
  recall(version: bigint, fetched: number): boolean {
    const pages = this.#overtaken.all(version, fetched);
    for (const page of pages) this.#copies.judgeAnew(page);
    this.#forget.run(version, fetched);
    return pages.length > 0;
  }

  /** The page was fetched again, other than at `fetched`. Returns whether it had been dropped so. */
  takeBack(version: bigint, page: bigint, fetched?: number): boolean {
    return this.#takeBack.run(version, page, fetched ?? null).changes > 0;
  }

  /** A revisit took back what was fetched then: for good, whatever later ones leave out. */
  refuse(version: bigint, fetched: number): void {
    this.#refuse.run(version, fetched);
    this.#forget.run(version, fetched);
  }

  isRefused(version: bigint, fetched: number): boolean {
    return this.#isRefused.get(version, fetched) !== undefined;
  }
}
