/**
 * Documents that stand although their place does not: `vanished` (404, 410), `gone` from the input that held their row,
 * `forbidden` by a robots.txt of later. They are marked, and leave when the policy says so.
 */
import type { Database } from 'better-sqlite3';
import { STATE } from './schema.ts';

const MARKS = ['vanished', 'gone', 'forbidden'] as const;
export type Mark = (typeof MARKS)[number];

export const MARKS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS vanished (url INTEGER PRIMARY KEY, time INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS inputs (input INTEGER PRIMARY KEY, run INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS marks (
    document INTEGER, mark TEXT, run INTEGER NOT NULL, PRIMARY KEY (document, mark)) WITHOUT ROWID;
`;

/** What stands in `marks` when it is right. */
const RIGHT = `
  SELECT number AS document, 'vanished' AS mark FROM vanished JOIN documents USING (url)
    WHERE state = ${STATE.stands} AND input IS NULL AND seen < vanished.time
  UNION ALL SELECT number, 'gone' FROM inputs JOIN documents USING (input)
    WHERE state = ${STATE.stands} AND documents.run < inputs.run
  UNION ALL SELECT number, 'forbidden' FROM forbidden JOIN documents ON number = document WHERE state = ${STATE.stands}`;

export interface MarkedDocument {
  readonly number: number;
  readonly id: string;
  readonly address: string;
  readonly mark: Mark;
  /** Number of the run that marked it. */
  readonly run: number;
}

/** How many runs marked documents stay after the one that marked them; absent: for ever. */
export type MarkPolicy = Readonly<Partial<Record<Mark, number>>>;

export class Marks {
  readonly #database: Database;
  readonly #run: number;
  readonly #vanish;
  readonly #stands;
  readonly #readWhole;

  constructor(database: Database, run: number) {
    this.#database = database;
    this.#run = run;
    const later = (table: string, column: string): string =>
      `INSERT INTO ${table} VALUES (?, ?) ON CONFLICT DO UPDATE SET ${column} = max(${column}, excluded.${column})`;
    this.#vanish = database.prepare<[bigint, number]>(later('vanished', 'time'));
    this.#stands = database.prepare<[bigint, number]>('DELETE FROM vanished WHERE url = ? AND time < ?');
    this.#readWhole = database.prepare<[bigint, number]>(later('inputs', 'run'));
  }

  /** The server said at this moment (milliseconds since 1970) that there is no such page. */
  vanish(url: bigint, time: number): void {
    this.#vanish.run(url, time);
  }

  /** A page was there at this moment, whichever. */
  stands(url: bigint, time: number): void {
    this.#stands.run(url, time);
  }

  /** All rows of an input were read in this run. */
  readWhole(input: bigint): void {
    this.#readWhole.run(input, this.#run);
  }

  /** Sets marks and takes them away, as the run found it. Returns whether any changed. */
  update(): boolean {
    const away = this.#database.prepare(`DELETE FROM marks WHERE (document, mark) NOT IN (${RIGHT})`).run();
    const set = this.#database
      .prepare<[number]>(`INSERT OR IGNORE INTO marks SELECT document, mark, ? FROM (${RIGHT})`)
      .run(this.#run);
    return away.changes + set.changes > 0;
  }

  all(): MarkedDocument[] {
    return this.#database
      .prepare<[], MarkedDocument>(
        'SELECT number, id, address, mark, marks.run AS run FROM marks JOIN documents ON number = document ORDER BY number, mark',
      )
      .all();
  }

  /** Documents whose time is over, each once. */
  overdue(policy: MarkPolicy): MarkedDocument[] {
    const seen = new Set<number>();
    return this.all().filter(({ number, mark, run }) => {
      const nights = policy[mark];
      const isOver = nights !== undefined && this.#run - run >= nights && !seen.has(number);
      if (isOver) seen.add(number);
      return isOver;
    });
  }
}
