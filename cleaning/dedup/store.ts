/**
 * What cleaning remembers from night to night: one SQLite file.
 *
 *   pages        key of (URL, body)                      what need not be looked at again
 *   documents    number, id, cluster, copies             every document that was kept
 *   exact        key of the folded text → document
 *   bands        band key → documents                    MinHash LSH
 *   signatures   document → 112 × u16
 *   hosts, host_lines                                    how many pages of a host hold a line
 *   meta         format version, shard manifest
 *
 * Everything since the last commit is one transaction, which also holds the manifest of the shards: after a crash the
 * store knows exactly the documents that the committed shards hold.
 */
import BetterSqlite3, { type Database } from 'better-sqlite3';
import { badInput, reasonOf } from '../../crawlers/errors.ts';
import { EXACT_SCHEMA, ExactIndex } from './exact.ts';
import { HostLines, LINES_SCHEMA } from './lines.ts';
import { NEAR_SCHEMA, NearIndex } from './near.ts';
import { SEEN_SCHEMA, SeenPages } from './seen.ts';

const FORMAT_VERSION = '1';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, cluster INTEGER NOT NULL, copies INTEGER NOT NULL);
  ${SEEN_SCHEMA}${EXACT_SCHEMA}${NEAR_SCHEMA}${LINES_SCHEMA}
`;

/**
 * Opens or creates the store; `:memory:` keeps nothing.
 * @throws ToolkitError BAD_DEDUP_STORE (exit 2) when the file is another kind of file, damaged, locked or newer.
 */
export function openDedupStore(path: string): DedupStore {
  let database: Database | undefined;
  try {
    database = new BetterSqlite3(path);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('cache_size = -65536'); // KiB
    database.exec(SCHEMA);
    return new DedupStore(database);
  } catch (error) {
    database?.close();
    throw badInput(
      'BAD_DEDUP_STORE',
      `${path}: cannot be used as the memory of cleaning: ${reasonOf(error)}`,
      'delete the whole documents folder to clean from the start, or restore the file',
      error,
    );
  }
}

export class DedupStore {
  readonly pages: SeenPages;
  readonly exact: ExactIndex;
  readonly near: NearIndex;
  readonly lines: HostLines;
  /** Pages that were skipped because they were dealt with before. */
  skipped = 0;

  readonly #database: Database;
  readonly #getMeta;
  readonly #setMeta;
  readonly #documentNamed;
  readonly #document;
  readonly #addDocument;
  readonly #addCopy;

  /** Use `openDedupStore`. */
  constructor(database: Database) {
    this.#database = database;
    this.#getMeta = database.prepare<[string], string>('SELECT value FROM meta WHERE name = ?').pluck();
    this.#setMeta = database.prepare<[string, string]>('INSERT OR REPLACE INTO meta VALUES (?, ?)');
    const version = this.#getMeta.get('format');
    if (version === undefined) this.#setMeta.run('format', FORMAT_VERSION);
    else if (version !== FORMAT_VERSION) {
      throw new Error(`it has format ${version}, this version of vua reads format ${FORMAT_VERSION}`);
    }
    this.pages = new SeenPages(database);
    this.exact = new ExactIndex(database);
    this.near = new NearIndex(database);
    this.lines = new HostLines(database);
    this.#documentNamed = database.prepare<[string], number>('SELECT number FROM documents WHERE id = ?').pluck();
    this.#document = database.prepare<[number], { id: string; cluster: number }>(
      'SELECT id, cluster FROM documents WHERE number = ?',
    );
    this.#addDocument = database.prepare<[string, number | null]>(
      'INSERT INTO documents (id, cluster, copies) VALUES (?, coalesce(?, (SELECT coalesce(max(number), 0) + 1 FROM documents)), 0)',
    );
    this.#addCopy = database.prepare<[number]>('UPDATE documents SET copies = copies + 1 WHERE number = ?');
    database.exec('BEGIN IMMEDIATE');
  }

  /** `id`, or `id~2`, `id~3`, … when documents of that name were kept before (a page that changed since). */
  freeId(id: string): string {
    let free = id;
    for (let n = 2; this.#documentNamed.get(free) !== undefined; n++) free = `${id}~${n}`;
    return free;
  }

  /** Remembers a kept document; in a cluster of its own when `cluster` is not given. Returns its number. */
  addDocument(id: string, cluster?: number): number {
    return Number(this.#addDocument.run(id, cluster ?? null).lastInsertRowid);
  }

  /** Id of a document, and id and number of the first document of its cluster. */
  document(number: number): { readonly id: string; readonly cluster: string; readonly clusterNumber: number } {
    const { id, cluster } = this.#document.get(number)!;
    return { id, cluster: cluster === number ? id : this.#document.get(cluster)!.id, clusterNumber: cluster };
  }

  /** Counts a duplicate in the cluster that it belongs to. */
  addCopy(clusterNumber: number): void {
    this.#addCopy.run(clusterNumber);
  }

  /** Makes everything since the last commit durable, together with the manifest of the shards that hold it. */
  commit(manifestJson: string): void {
    this.#setMeta.run('manifest', manifestJson);
    this.#database.exec('COMMIT; BEGIN IMMEDIATE');
  }

  /** The manifest of the last commit. */
  committedManifest(): string | undefined {
    return this.#getMeta.get('manifest');
  }

  /** Forgets what was not committed and closes the file. */
  close(): void {
    if (!this.#database.open) return;
    this.#database.exec('ROLLBACK');
    this.#database.close();
  }
}
