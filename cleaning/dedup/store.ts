/**
 * What cleaning remembers from night to night: one SQLite file.
 *
 *   pages        key of (URL, consent, body)             what need not be looked at again
 *   documents    number, id, cluster, copies, URL, key   every document that was kept
 *   shards       first number → shard                    where a document stands
 *   rejects      URL → shard                             where the text of a dropped page stands
 *   opt_outs     URL → when it opted out                 pages fetched before are refused
 *   copies       document → page                         duplicates that it stands for
 *   exact        key of the folded text → document
 *   signatures   document → 112 × u16                    MinHash
 *   runs, blocks                                         band key → documents (bands.ts)
 *   hosts, host_lines                                    how many pages of a host hold a line
 *   meta         format version, shard manifest
 *
 * Everything since the last commit is one transaction, which also holds the manifest of the shards: after a crash the
 * store knows exactly the documents that the committed shards hold.
 */
import BetterSqlite3, { type Database } from 'better-sqlite3';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { EXACT_SCHEMA, ExactIndex } from './exact.ts';
import { HostLines, LINES_SCHEMA } from './lines.ts';
import { NEAR_SCHEMA, NearIndex } from './near.ts';
import { type Shape, STANDARD_SHAPE } from './near-rule.ts';
import { SEEN_SCHEMA, SeenPages } from './seen.ts';

/** Raised when an older store cannot be gone on with: its documents must be cleaned again. */
const FORMAT_VERSION = '2';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, cluster INTEGER NOT NULL, copies INTEGER NOT NULL,
    url INTEGER NOT NULL, key INTEGER NOT NULL, is_deleted INTEGER NOT NULL DEFAULT 0);
  CREATE INDEX IF NOT EXISTS documents_url ON documents (url);
  CREATE TABLE IF NOT EXISTS shards (first_document INTEGER PRIMARY KEY, shard INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS rejects (url INTEGER, shard INTEGER, PRIMARY KEY (url, shard)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS opt_outs (url INTEGER PRIMARY KEY, fetched_at TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS copies (document INTEGER, page INTEGER, PRIMARY KEY (document, page)) WITHOUT ROWID;
  ${SEEN_SCHEMA}${EXACT_SCHEMA}${NEAR_SCHEMA}${LINES_SCHEMA}
`;

/**
 * Opens or creates the store; `:memory:` keeps nothing.
 * @throws ToolkitError BAD_DEDUP_STORE (exit 2) when the file is another kind of file, damaged, locked or of another format.
 */
export function openDedupStore(path: string, shape: Shape = STANDARD_SHAPE): DedupStore {
  let database: Database | undefined;
  try {
    database = new BetterSqlite3(path);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('cache_size = -65536'); // KiB
    checkFormat(database);
    database.exec(SCHEMA);
    return new DedupStore(database, shape);
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

function checkFormat(database: Database): void {
  database.exec('CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID');
  const version = database.prepare<[], string>("SELECT value FROM meta WHERE name = 'format'").pluck().get();
  if (version === undefined) database.prepare("INSERT INTO meta VALUES ('format', ?)").run(FORMAT_VERSION);
  else if (version !== FORMAT_VERSION) {
    throw new Error(`it has format ${version}, this version of vua goes on with format ${FORMAT_VERSION}`);
  }
}

/** A document of which every text must go: the shard that holds it, or none while it is not committed. */
export interface Deletion {
  readonly id: string;
  readonly shard: number | undefined;
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
  readonly #countCopy;
  readonly #optOut;
  readonly #addReject;
  /** Deleted since the last commit, and URLs whose rejects must lose their text. */
  #deletions: Deletion[] = [];
  #silenced: { readonly key: bigint; readonly url: string }[] = [];
  #rejectedUrls: bigint[] = [];
  #firstUncommitted: number;

  /** Use `openDedupStore`. */
  constructor(database: Database, shape: Shape) {
    this.#database = database;
    this.#getMeta = database.prepare<[string], string>('SELECT value FROM meta WHERE name = ?').pluck();
    this.#setMeta = database.prepare<[string, string]>('INSERT OR REPLACE INTO meta VALUES (?, ?)');
    this.pages = new SeenPages(database);
    this.exact = new ExactIndex(database);
    const key = `${shape.bands}x${shape.rows}`;
    const known = this.#getMeta.get('near');
    if (known === undefined) this.#setMeta.run('near', key);
    else if (known !== key) throw new Error(`it was made with bands ${known}, this run was given ${key}`);
    this.near = new NearIndex(database, shape);
    this.lines = new HostLines(database);
    this.#documentNamed = database.prepare<[string], number>('SELECT number FROM documents WHERE id = ?').pluck();
    this.#document = database.prepare<[number], { id: string; cluster: number }>(
      'SELECT id, cluster FROM documents WHERE number = ?',
    );
    this.#addDocument = database.prepare<[string, number | null, bigint, bigint]>(
      'INSERT INTO documents (id, cluster, copies, url, key) VALUES (?, coalesce(?, (SELECT coalesce(max(number), 0) + 1 FROM documents)), 0, ?, ?)',
    );
    this.#addCopy = database.prepare<[number, bigint]>('INSERT OR IGNORE INTO copies VALUES (?, ?)');
    this.#countCopy = database.prepare<[number]>('UPDATE documents SET copies = copies + 1 WHERE number = ?');
    this.#optOut = database.prepare<[bigint], string>('SELECT fetched_at FROM opt_outs WHERE url = ?').pluck();
    this.#addReject = database.prepare<[bigint, number]>('INSERT OR IGNORE INTO rejects VALUES (?, ?)');
    this.#firstUncommitted = this.#nextNumber();
    database.exec('BEGIN IMMEDIATE');
  }

  /** `id`, or `id~2`, `id~3`, … when documents of that name were kept before (a page that changed since). */
  freeId(id: string): string {
    if (this.#documentNamed.get(id) === undefined) return id;
    // Doubling, then halving: a source that gives one id to a million documents costs twenty questions for each.
    const isTaken = (n: number): boolean => this.#documentNamed.get(`${id}~${n}`) !== undefined;
    let [taken, free] = [1, 2];
    while (isTaken(free)) [taken, free] = [free, free * 2];
    while (free - taken > 1) {
      const middle = Math.floor((taken + free) / 2);
      if (isTaken(middle)) taken = middle;
      else free = middle;
    }
    return `${id}~${free}`;
  }

  /** Remembers a kept document; in a cluster of its own when `cluster` is not given. Returns its number. */
  addDocument(id: string, url: bigint, key: bigint, cluster?: number): number {
    return Number(this.#addDocument.run(id, cluster ?? null, url, key).lastInsertRowid);
  }

  /** Id of a document, and id and number of the first document of its cluster. */
  document(number: number): { readonly id: string; readonly cluster: string; readonly clusterNumber: number } {
    const { id, cluster } = this.#document.get(number)!;
    return { id, cluster: cluster === number ? id : this.#document.get(cluster)!.id, clusterNumber: cluster };
  }

  /** Counts a duplicate in the cluster of the document that stands for it, and remembers its page. */
  addCopy(document: number, page: bigint): void {
    this.#countCopy.run(this.#document.get(document)!.cluster);
    this.#addCopy.run(document, page);
  }

  /** Remembers that a page of this URL stands among the rejects of the next commit. */
  addReject(url: bigint): void {
    this.#rejectedUrls.push(url);
  }

  /** When the URL opted out; `undefined` when it did not. */
  optedOutAt(url: bigint): string | undefined {
    return this.#optOut.get(url);
  }

  /** A later page of the URL is open again. */
  optIn(url: bigint): void {
    this.#database.prepare('DELETE FROM opt_outs WHERE url = ?').run(url);
  }

  /**
   * Remembers the opt-out and deletes every document of the URL: nothing is compared to them any more, and pages that
   * were dropped as their copies are looked at again when they come.
   */
  optOut(url: bigint, { url: written, fetchedAt }: { readonly url: string; readonly fetchedAt: string }): void {
    this.#database.prepare('INSERT OR REPLACE INTO opt_outs VALUES (?, ?)').run(url, fetchedAt);
    const documents = this.#database
      .prepare<[bigint], { number: number; id: string; key: bigint }>(
        'SELECT number, id, key FROM documents WHERE url = ? AND is_deleted = 0',
      )
      .safeIntegers()
      .all(url);
    for (const { number: wide, id, key } of documents) {
      const number = Number(wide);
      this.#database.prepare('UPDATE documents SET is_deleted = 1 WHERE number = ?').run(number);
      this.exact.forget(number, key);
      this.near.forget(number);
      this.#database.prepare('DELETE FROM pages WHERE key IN (SELECT page FROM copies WHERE document = ?)').run(number);
      this.#database.prepare('DELETE FROM copies WHERE document = ?').run(number);
      this.#deletions.push({ id, shard: this.#shardOf(number) });
    }
    this.#silenced.push({ key: url, url: written });
  }

  /** Documents to take out of shards, and shards of rejects that hold text of URLs that opted out, since the last commit. */
  pendingDeletions(): {
    readonly documents: readonly Deletion[];
    readonly rejectShards: readonly number[];
    readonly urls: ReadonlySet<string>;
  } {
    const shards = this.#database.prepare<[bigint], number>('SELECT shard FROM rejects WHERE url = ?').pluck();
    const rejectShards = new Set(this.#silenced.flatMap(({ key }) => shards.all(key)));
    return {
      documents: this.#deletions,
      rejectShards: [...rejectShards].sort((a, b) => a - b),
      urls: new Set(this.#silenced.map(({ url }) => url)),
    };
  }

  /** A shard that was written anew under another number. */
  moveShard(kind: 'documents' | 'rejects', from: number, to: number): void {
    const statement =
      kind === 'documents'
        ? 'UPDATE shards SET shard = ? WHERE shard = ?'
        : 'UPDATE rejects SET shard = ? WHERE shard = ?';
    this.#database.prepare(statement).run(to, from);
  }

  /** Before a commit: what was added since the last one stands in this shard. */
  placeInShard(shard: number): void {
    if (this.#nextNumber() > this.#firstUncommitted) {
      this.#database.prepare('INSERT OR REPLACE INTO shards VALUES (?, ?)').run(this.#firstUncommitted, shard);
    }
    for (const url of this.#rejectedUrls) this.#addReject.run(url, shard);
    this.#rejectedUrls = [];
    this.#deletions = this.#deletions.map((deletion) =>
      deletion.shard === undefined ? { ...deletion, shard } : deletion,
    );
    this.#firstUncommitted = this.#nextNumber();
  }

  /** Makes everything since the last commit durable, together with the manifest of the shards that hold it. */
  commit(manifestJson: string): void {
    this.#setMeta.run('manifest', manifestJson);
    const forget = this.#database.prepare<[bigint]>('DELETE FROM rejects WHERE url = ?');
    for (const { key } of this.#silenced) forget.run(key);
    this.#database.exec('COMMIT; BEGIN IMMEDIATE');
    this.#deletions = [];
    this.#silenced = [];
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

  #nextNumber(): number {
    return this.#database.prepare<[], number>('SELECT coalesce(max(number), 0) + 1 FROM documents').pluck().get()!;
  }

  #shardOf(number: number): number | undefined {
    if (number >= this.#firstUncommitted) return undefined;
    return this.#database
      .prepare<[number], number>(
        'SELECT shard FROM shards WHERE first_document <= ? ORDER BY first_document DESC LIMIT 1',
      )
      .pluck()
      .get(number);
  }
}
