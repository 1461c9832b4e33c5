/** How far inputs were read (crawlers/sources/cursor.ts), by a hash of what names them. */
import type { Database } from 'better-sqlite3';
import type { KnownFiles } from '../../crawlers/sources/index.ts';

type Cursor = Parameters<KnownFiles['keep']>[1];

export const CURSORS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS cursors (
    input INTEGER PRIMARY KEY, size INTEGER NOT NULL, time INTEGER NOT NULL, tail TEXT NOT NULL, pages INTEGER NOT NULL);
`;

export class Cursors {
  readonly #get;
  readonly #set;

  constructor(database: Database) {
    this.#get = database
      .prepare<[bigint], Record<'size' | 'time' | 'pages', bigint> & { readonly tail: string }>(
        'SELECT size, time, tail, pages FROM cursors WHERE input = ?',
      )
      .safeIntegers();
    this.#set = database.prepare<[bigint, number, bigint, string, number]>(
      'INSERT OR REPLACE INTO cursors VALUES (?, ?, ?, ?, ?)',
    );
  }

  get(input: bigint): Cursor | undefined {
    const row = this.#get.get(input);
    return row && { ...row, size: Number(row.size), pages: Number(row.pages) };
  }

  set(input: bigint, { size, time, tail, pages }: Cursor): void {
    this.#set.run(input, size, time, tail, pages);
  }
}
