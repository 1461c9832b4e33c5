/** Values set aside on the disk until all have come, then in the order of their ranks. */
import { deserialize, serialize } from 'node:v8';
import BetterSqlite3 from 'better-sqlite3';

/** Compared from the left. */
export type Rank = readonly [group: number, length: number, hash: string, tie: string];

/** A file without a name, where SQLite puts such (SQLITE_TMPDIR, TMPDIR): it is gone with the process. */
export class Spool<Value> {
  readonly #database = new BetterSqlite3('');
  readonly #add;

  constructor() {
    this.#database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
    this.#database.exec('CREATE TABLE spool (a INTEGER, b INTEGER, c TEXT, d TEXT, value BLOB)');
    this.#database.exec('BEGIN');
    this.#add = this.#database.prepare<[...Rank, Buffer]>('INSERT INTO spool VALUES (?, ?, ?, ?, ?)');
  }

  /** Anything that can be copied to a thread. */
  add(rank: Rank, value: Value): void {
    this.#add.run(...rank, serialize(value));
  }

  *inOrder(): Generator<Value> {
    this.#database.exec('CREATE INDEX ranks ON spool (a, b, c, d)');
    const values = this.#database.prepare<[], Buffer>('SELECT value FROM spool ORDER BY a, b, c, d').pluck();
    for (const value of values.iterate()) yield deserialize(value);
  }

  close(): void {
    this.#database.close();
  }
}
