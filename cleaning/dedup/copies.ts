/**
 * Pages that were dropped as copies of a document, and where they stand: when it leaves they are judged anew, and only
 * their records need be read again. Until that was done they stand in `anew`, whatever ends a run between.
 */
import type { Database } from 'better-sqlite3';
import type { Place } from '../../crawlers/page.ts';

export const COPIES_SCHEMA = `
  CREATE TABLE IF NOT EXISTS anew (number INTEGER PRIMARY KEY, page INTEGER NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS copies (document INTEGER, page INTEGER, PRIMARY KEY (document, page)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS files (file INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS places (page INTEGER PRIMARY KEY, file INTEGER NOT NULL, at INTEGER NOT NULL);
`;

export interface Anew {
  readonly pages: number;
  /** Where they stand, as far as it is known. */
  readonly places: readonly Place[];
  readonly last: number;
}

export class Copies {
  readonly #add;
  readonly #addDocument;
  readonly #addFile;
  readonly #addPlace;
  readonly #forget;
  readonly #judgeAnew;
  readonly #anew;
  readonly #places;
  readonly #judged;

  constructor(database: Database) {
    this.#add = database.prepare<[number, bigint]>('INSERT OR IGNORE INTO copies VALUES (?, ?)');
    this.#addDocument = database.prepare<[number, number]>(
      'INSERT OR IGNORE INTO copies SELECT ?, page FROM documents WHERE number = ? AND page IS NOT NULL',
    );
    this.#addFile = database.prepare<[string]>('INSERT OR IGNORE INTO files (path) VALUES (?)');
    this.#addPlace = database.prepare<[bigint, number, string]>(
      'INSERT OR REPLACE INTO places SELECT ?, file, ? FROM files WHERE path = ?',
    );
    const copies = 'SELECT page FROM copies WHERE document = ?';
    this.#forget = [
      `INSERT OR REPLACE INTO anew (page) ${copies}`,
      `DELETE FROM pages WHERE key IN (${copies})`,
      'DELETE FROM copies WHERE document = ?',
    ].map((sql) => database.prepare<[number]>(sql));
    this.#judgeAnew = ['INSERT OR REPLACE INTO anew (page) VALUES (?)', 'DELETE FROM pages WHERE key = ?'].map((sql) =>
      database.prepare<[bigint]>(sql),
    );
    this.#anew = database.prepare<[], Pick<Anew, 'pages' | 'last'>>(
      'SELECT count(*) AS pages, coalesce(max(number), 0) AS last FROM anew',
    );
    this.#places = database.prepare<[], Place>(
      'SELECT path, at FROM anew JOIN places USING (page) JOIN files USING (file)',
    );
    this.#judged = database.prepare<[number]>('DELETE FROM anew WHERE number <= ?');
  }

  add(document: number, page: bigint, place: Place | undefined): void {
    this.#add.run(document, page);
    this.place(page, place);
  }

  /** Where the page can be read again. */
  place(page: bigint, place: Place | undefined): void {
    if (place === undefined) return;
    this.#addFile.run(place.path);
    this.#addPlace.run(page, place.at, place.path);
  }

  /** A document that left for one that holds it. */
  addDocument(document: number, left: number): void {
    this.#addDocument.run(document, left);
  }

  /** The document leaves: its copies are no known pages any more. */
  forget(document: number): void {
    for (const step of this.#forget) step.run(document);
  }

  judgeAnew(page: bigint): void {
    for (const step of this.#judgeAnew) step.run(page);
  }

  /** Pages that are to be judged anew. */
  anew(): Anew {
    return { ...this.#anew.get()!, places: this.#places.all() };
  }

  /** They were, as far as they could be read; not those that came to it since. */
  judged({ last }: Anew): void {
    this.#judged.run(last);
  }
}
