/**
 * Which texts stand together when some are held out: near duplicates over all matches, whether they were kept or not,
 * and versions of one URL. Known by keys: a page's is the hash of its address, of its text where it has none.
 *
 *   greater    key → a greater key of its group; the greatest, at the end of the way, names the group
 *
 * A group is held out when its greatest key is, so only if all are: groups grow, and what is trained on stays so.
 */
import type { Database } from 'better-sqlite3';

export const GROUPS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS groups (key INTEGER PRIMARY KEY, greater INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS document_keys (document INTEGER PRIMARY KEY, key INTEGER NOT NULL);
`;

/** A whole number below 2^53, of an unsigned 64-bit hash: `shards/split.ts` says which are held out. */
export type GroupKey = number;

export class Groups {
  readonly #greater;
  readonly #set;
  readonly #keyOf;
  readonly #setKey;
  readonly #all;

  constructor(database: Database) {
    this.#greater = database.prepare<[number], number>('SELECT greater FROM groups WHERE key = ?').pluck();
    this.#set = database.prepare<[number, number]>('INSERT OR REPLACE INTO groups VALUES (?, ?)');
    this.#keyOf = database.prepare<[number], number>('SELECT key FROM document_keys WHERE document = ?').pluck();
    this.#setKey = database.prepare<[number, number]>('INSERT OR REPLACE INTO document_keys VALUES (?, ?)');
    this.#all = database.prepare<[], { key: GroupKey; greater: GroupKey }>(
      'SELECT key, greater FROM groups ORDER BY key',
    );
  }

  /** A document that is kept has this key. */
  add(document: number, key: GroupKey): void {
    this.#setKey.run(document, key);
  }

  /** A text of this key belongs to the documents, whatever becomes of it. */
  join(key: GroupKey, documents: Iterable<number>): void {
    for (const document of documents) {
      const other = this.#keyOf.get(document);
      if (other !== undefined) this.#unite(key, other);
    }
  }

  /** Keys that are not the greatest of their group, with the one that is; by key. */
  all(): [key: GroupKey, greatest: GroupKey][] {
    return this.#all.all().map(({ key }) => [key, this.#greatest(key)]);
  }

  #unite(a: GroupKey, b: GroupKey): void {
    const [low, high] = [this.#greatest(a), this.#greatest(b)].sort((x, y) => x - y);
    if (low !== high) this.#set.run(low, high);
  }

  #greatest(key: GroupKey): GroupKey {
    const way: GroupKey[] = [];
    let at = key;
    for (let next = this.#greater.get(at); next !== undefined; next = this.#greater.get(at)) {
      way.push(at);
      at = next;
    }
    for (const passed of way.slice(0, -1)) this.#set.run(passed, at); // the next way is one step
    return at;
  }
}
