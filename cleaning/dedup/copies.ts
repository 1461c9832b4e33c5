/**
 * Pages that were dropped as copies of a document, and where they stand: when it leaves they are judged anew, and only
 * their records need be read again.
 */
import type { Database } from 'better-sqlite3';
import type { Place } from '../../crawlers/page.ts';

export const COPIES_SCHEMA = `
  CREATE TABLE IF NOT EXISTS copies (document INTEGER, page INTEGER, PRIMARY KEY (document, page)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS files (file INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS places (page INTEGER PRIMARY KEY, file INTEGER NOT NULL, at INTEGER NOT NULL);
`;

export class Copies {
  /** Pages whose original has left since the store was opened. */
  forgotten = 0;
  /** Where they stand, as far as it is known. */
  readonly places: Place[] = [];
  readonly #add;
  readonly #addDocument;
  readonly #addFile;
  readonly #addPlace;
  readonly #placesOf;
  readonly #forgetPages;
  readonly #forget;

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
    this.#placesOf = database.prepare<[number], Place>(
      `SELECT path, at FROM places JOIN files USING (file) WHERE page IN (${copies})`,
    );
    this.#forgetPages = database.prepare<[number]>(`DELETE FROM pages WHERE key IN (${copies})`);
    this.#forget = database.prepare<[number]>('DELETE FROM copies WHERE document = ?');
  }

  add(document: number, page: bigint, place: Place | undefined): void {
    this.#add.run(document, page);
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
    this.places.push(...this.#placesOf.all(document));
    this.forgotten += this.#forgetPages.run(document).changes;
    this.#forget.run(document);
  }
}
