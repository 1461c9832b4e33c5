/**
 * Which of several pages of one address holds: the one that was fetched, or confirmed by a revisit, last. Which of several
 * rows of one name in a file: those of the last run that read it. What is of one moment is no version of each other, and all
 * of it stays.
 *
 *   moment                 milliseconds since 1970, or where a row has a name the number of the run
 *   versions.latest        the last moment of anything that may be known of a version
 *   documents.seen         the last moment at which this document's page was met; never after `latest`
 */
import type { Database } from 'better-sqlite3';
import type { Place } from '../../crawlers/page.ts';
import type { Copies } from './copies.ts';
import { Revisits } from './revisits.ts';
import { STATE } from './schema.ts';

/** What a page is, as signed 64-bit keys. */
export interface PageKeys {
  /** Of URL, consent and body. */
  readonly page: bigint;
  /** Of its body alone, unsigned. */
  readonly body: bigint;
  /** Of its address. */
  readonly url: bigint;
  /** Of what a later page replaces. */
  readonly version: bigint;
  readonly site: bigint;
  readonly address: string;
  readonly fetchedAt: string;
  /** When it was fetched, in milliseconds since 1970; absent of a row that has a name in its input. */
  readonly time?: number;
  /** Of the input that holds it, where that is a file of rows. */
  readonly input?: bigint;
}

/** A document that stands. */
export interface Standing {
  readonly number: number;
  readonly id: string;
}

export class Versions {
  /** Number of this run: one more than of the last that was committed. */
  readonly run: number;
  /** Whether pages that needed no decision told something all the same. */
  hasNews = false;
  readonly #revisits: Revisits;
  readonly #latest;
  readonly #setLatest;
  readonly #ofPage;
  readonly #see;
  readonly #earlier;
  readonly #sameText;
  readonly #adopt;
  readonly #seeAt;
  readonly #stillThere;
  readonly #numbered;

  constructor(database: Database, run: number, copies: Copies) {
    this.run = run;
    this.#revisits = new Revisits(database, copies);
    this.#latest = database.prepare<[bigint], number>('SELECT latest FROM versions WHERE version = ?').pluck();
    this.#setLatest = database.prepare<[bigint, number]>(
      'INSERT INTO versions VALUES (?, ?) ON CONFLICT DO UPDATE SET latest = max(latest, excluded.latest)',
    );
    this.#ofPage = database.prepare<[bigint], { number: number; state: number; seen: number; run: number }>(
      'SELECT number, state, seen, run FROM documents WHERE page = ? ORDER BY state LIMIT 1',
    );
    this.#see = database.prepare<[number, number, bigint, number]>(
      'UPDATE documents SET seen = max(seen, ?), run = ?, page = ? WHERE number = ?',
    );
    this.#adopt = database.prepare<[bigint, bigint, bigint | null, number, number, bigint, string]>(
      `UPDATE documents SET page = ?, version = ?, input = ?, seen = ?, run = ?
       WHERE url = ? AND page IS NULL AND fetched_at = ? AND state = ${STATE.stands}`,
    );
    this.#stillThere = database.prepare<[number, bigint]>(
      `UPDATE documents SET run = ? WHERE version = ? AND state = ${STATE.stands}`,
    );
    this.#seeAt = database.prepare<[number, bigint]>(
      `UPDATE documents SET seen = max(seen, ?) WHERE url = ? AND state = ${STATE.stands} AND input IS NULL`,
    );
    this.#numbered = database
      .prepare<[number], { version: bigint; page: bigint | null; fetchedAt: string }>(
        'SELECT version, page, fetched_at AS fetchedAt FROM documents WHERE number = ?',
      )
      .safeIntegers();
    const standing = `SELECT number, id FROM documents WHERE version = ? AND state = ${STATE.stands}`;
    this.#earlier = database.prepare<[bigint, number], Standing>(`${standing} AND seen < ?`);
    this.#sameText = database.prepare<[bigint, bigint], Standing>(`${standing} AND content = ? LIMIT 1`);
  }

  /** When it was fetched, or said to hold still. */
  momentOf({ version, time }: Pick<PageKeys, 'version' | 'time'>): number {
    return time === undefined ? this.run : this.#revisits.lastHeld(version, time);
  }

  /** Remembers that something of this version was met, whatever became of it. */
  met(keys: PageKeys): void {
    this.#setLatest.run(keys.version, this.momentOf(keys));
  }

  /** The moment of a later page, where one was met before. */
  laterThan(keys: PageKeys): number | undefined {
    const latest = this.#latest.get(keys.version);
    return latest !== undefined && latest > this.momentOf(keys) ? latest : undefined;
  }

  /** Documents that a page of this moment replaces. */
  earlierThan(keys: PageKeys): Standing[] {
    return this.#earlier.all(keys.version, this.momentOf(keys));
  }

  /** The document of this version that has the same title and text. */
  withText(keys: PageKeys, content: bigint): Standing | undefined {
    return this.#sameText.get(keys.version, content);
  }

  /** The page of a document was met again, or another that says the same. */
  see(number: number, keys: PageKeys): void {
    this.#see.run(this.momentOf(keys), this.run, keys.page, number);
  }

  /**
   * A revisit: what was fetched at `fetched` held still at the time of these keys. Where that is not what was known to hold
   * last (the clock was set back in between), pages that were dropped for it are judged anew, or where that is forbidden not.
   * @returns whether any are
   */
  confirm({ version, url, time = 0 }: PageKeys, fetched: number, isForbidden: boolean): boolean {
    const before = this.#revisits.lastHeld(version, fetched);
    const latest = this.#latest.get(version);
    this.#revisits.confirm(version, fetched, time);
    if (!isForbidden && time >= (latest ?? time) && this.#revisits.recall(version, fetched)) return true;
    if (time > before && latest === before) {
      this.#setLatest.run(version, time);
      this.#seeAt.run(time, url);
    }
    return false;
  }

  /** What was fetched then is refused from now on. */
  refuse({ version }: PageKeys, fetched: number): void {
    this.#revisits.refuse(version, fetched);
  }

  /** Whether a revisit said so of what was fetched then. */
  isRefused({ version }: PageKeys, fetched: number): boolean {
    return this.#revisits.isRefused(version, fetched);
  }

  /** A page is dropped for what is later by the clock. */
  overtake({ version, time, page }: PageKeys, place: Place | undefined): void {
    if (time !== undefined && this.#revisits.overtake(version, time, page, place)) this.hasNews = true;
  }

  /** A document leaves for what its site says; a revisit of later may say that it holds again. */
  takenBack(number: number): void {
    const { version, page, fetchedAt } = this.#numbered.get(number)!;
    if (page !== null) this.#revisits.overtake(version, Date.parse(fetchedAt) || 0, page);
  }

  /**
   * Whether a page that was decided before needs no new decision: not when a site goes back to what it had before.
   * @param isRepeated it was decided in this run, and all of the run were met before
   */
  isSettled(keys: PageKeys, place?: Place, isRepeated = false): boolean {
    const moment = this.momentOf(keys);
    const own = this.#ofPage.get(keys.page);
    if (own?.state === STATE.stands) {
      if (own.seen < moment || (keys.input !== undefined && own.run < this.run)) {
        this.see(own.number, keys);
        this.met(keys);
        this.hasNews = true;
      } else if (keys.time !== undefined && own.seen > moment) {
        // The same bytes were met later.
        if (this.#revisits.confirm(keys.version, keys.time, own.seen)) this.hasNews = true;
      }
      return true;
    }
    const latest = this.#latest.get(keys.version) ?? moment;
    if (moment < latest) {
      this.overtake(keys, place);
      return true;
    }
    const known = isRepeated || moment > latest ? undefined : keys.time;
    if (this.#revisits.takeBack(keys.version, keys.page, known)) return false;
    if (own !== undefined) return own.seen >= moment;
    if (
      this.#adopt.run(keys.page, keys.version, keys.input ?? null, moment, this.run, keys.url, keys.fetchedAt).changes >
      0
    )
      return true;
    if (keys.input !== undefined) this.#stillThere.run(this.run, keys.version);
    if (keys.input !== undefined || moment === latest) return true;
    if (this.earlierThan(keys).length > 0) return false;
    this.met(keys);
    this.hasNews = true;
    return true;
  }
}
