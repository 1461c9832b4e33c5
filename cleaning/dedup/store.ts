/**
 * What cleaning remembers from night to night: one SQLite file (tables: schema.ts).
 *
 * Everything since the last commit is one transaction, which also holds the manifest of the shards: after a crash the
 * store knows exactly the documents that the committed shards hold, and which of them must still leave.
 */
import BetterSqlite3, { type Database } from 'better-sqlite3';
import type { Place } from '../../crawlers/page.ts';
import { badInput, reasonOf, type ToolkitError } from '../../crawlers/shell/errors.ts';
import { writeFault } from '../../crawlers/shell/folder.ts';
import { Adoption } from './adoption.ts';
import { Committed } from './committed.ts';
import { Copies } from './copies.ts';
import { Cursors } from './cursors.ts';
import { type Departures, departuresIn, endDepartures, type Leaving, rejectDeparted } from './departures.ts';
import { ExactIndex } from './exact.ts';
import { Groups } from './groups.ts';
import { HostLines } from './lines.ts';
import { MARKS_SCHEMA, type MarkPolicy, Marks } from './marks.ts';
import { freeName } from './names.ts';
import { NearIndex } from './near.ts';
import { type Shape, STANDARD_SHAPE } from './near-rule.ts';
import { type IsTakenDown, takeOut } from './removed.ts';
import { begin, type Missing, STATE } from './schema.ts';
import { SeenPages } from './seen.ts';
import { type RulesNotice, SITES_SCHEMA, Sites } from './sites.ts';
import { type PageKeys, Versions } from './versions.ts';

/**
 * Opens or creates the store; `:memory:` keeps nothing.
 * @throws ToolkitError BAD_DEDUP_STORE (exit 2) when the file is another kind of file, damaged or of another format;
 * UNWRITABLE_FOLDER, FOLDER_LOCKED, WRITE_FAILED
 */
export function openDedupStore(path: string, shape: Shape = STANDARD_SHAPE): DedupStore {
  let database: Database | undefined;
  try {
    database = new BetterSqlite3(path);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('cache_size = -65536'); // KiB
    return new DedupStore(database, shape, begin(database));
  } catch (error) {
    database?.close();
    throw writeFault(path, error) ?? badStore(path, error);
  }
}

const badStore = (path: string, error: unknown): ToolkitError =>
  badInput(
    'BAD_DEDUP_STORE',
    `${path}: cannot be used as the memory of cleaning: ${reasonOf(error)}`,
    'restore the file from a copy, or choose a new --out folder',
    error,
  );

/** A kept document as it is remembered. */
export interface NewDocument {
  readonly id: string;
  readonly keys: PageKeys;
  /** Of exact duplicates. */
  readonly key: bigint;
  /** Of title and text. */
  readonly content: bigint;
  /** Number of the first document of its cluster; absent when it is alone. */
  readonly cluster?: number;
}

export class DedupStore {
  readonly pages: SeenPages;
  readonly exact: ExactIndex;
  readonly near: NearIndex;
  readonly lines: HostLines;
  readonly versions: Versions;
  readonly sites: Sites;
  readonly marks: Marks;
  readonly copies: Copies;
  readonly cursors: Cursors;
  readonly groups: Groups;
  /** The manifest of the last commit. */
  readonly committed: Committed;
  /** Pages that were skipped because they were dealt with before. */
  skipped = 0;
  /** Ids that documents could not have because another has them. */
  readonly renamed: string[] = [];
  /** Notices that were new. */
  heard = 0;

  readonly #database: Database;
  readonly #getMeta;
  readonly #setMeta;
  readonly #documentNamed;
  readonly #document;
  readonly #addDocument;
  readonly #countCopy;
  readonly #optOut;
  readonly #addReject;
  readonly #addSiteReject;
  readonly #silenced;
  readonly #documentsAt;
  readonly #leave;
  #rejected: Pick<PageKeys, 'url' | 'site'>[] = [];
  #firstUncommitted: number;
  #missing: Missing;

  /** Use `openDedupStore`. */
  constructor(database: Database, shape: Shape, missing: Missing) {
    this.#database = database;
    database.exec(SITES_SCHEMA + MARKS_SCHEMA);
    this.#missing = missing;
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
    this.copies = new Copies(database);
    this.versions = new Versions(database, Number(this.#getMeta.get('run') ?? 0) + 1, this.copies);
    this.sites = new Sites(database);
    this.marks = new Marks(database, this.versions.run);
    this.cursors = new Cursors(database);
    this.groups = new Groups(database);
    this.committed = new Committed(database);
    this.#documentNamed = database
      .prepare<[string], number>(`SELECT number FROM documents WHERE id = ? AND state = ${STATE.stands}`)
      .pluck();
    this.#document = database.prepare<[number], { id: string; cluster: number }>(
      'SELECT id, cluster FROM documents WHERE number = ?',
    );
    this.#addDocument = database.prepare<[Record<string, unknown>]>(
      `INSERT INTO documents (id, cluster, copies, url, key, version, page, content, seen, run, input, address, site, fetched_at)
       VALUES (@id, coalesce(@cluster, (SELECT coalesce(max(number), 0) + 1 FROM documents)), 0, @url, @key, @version,
         @page, @content, @moment, @run, @input, @address, @site, @fetchedAt)`,
    );
    this.#countCopy = database.prepare<[number]>('UPDATE documents SET copies = copies + 1 WHERE number = ?');
    this.#optOut = database.prepare<[bigint], string>('SELECT fetched_at FROM opt_outs WHERE url = ?').pluck();
    this.#addReject = database.prepare<[bigint, number]>('INSERT OR IGNORE INTO rejects VALUES (?, ?)');
    this.#addSiteReject = database.prepare<[bigint, number]>('INSERT OR IGNORE INTO site_rejects VALUES (?, ?)');
    this.#silenced = database.prepare<[bigint]>('SELECT 1 FROM silenced WHERE url = ?');
    this.#documentsAt = database
      .prepare<[bigint, number], number>(
        `SELECT number FROM documents WHERE url = ? AND state = ${STATE.stands} AND seen <= ?`,
      )
      .pluck();
    this.#leave = database
      .prepare<[Leaving, string, number, number], bigint>(
        `UPDATE documents SET state = ${STATE.leaves}, reason = ?, other = ?, later = ? WHERE number = ? RETURNING key`,
      )
      .pluck()
      .safeIntegers();
    this.#firstUncommitted = this.#nextNumber();
  }

  /**
   * Of a store of an older version: hears every row of the shards once, then keeps what it learnt. `undefined` where there
   * is nothing to hear.
   */
  adoption(): Adoption | undefined {
    return this.#missing === 'nothing' ? undefined : new Adoption(this.#database, this.near, this.#missing);
  }

  /** What an adoption learnt is durable: the store is of this version. */
  endAdoption(adoption: Adoption): void {
    adoption.end();
    this.#missing = 'nothing';
    this.#database.exec('COMMIT; BEGIN IMMEDIATE');
  }

  /** `id`, or `id~2`, `id~3`, … when documents of that name stand. */
  freeId(id: string): string {
    const free = freeName(id, (name) => this.#documentNamed.get(name) !== undefined);
    if (free !== id) this.renamed.push(id);
    return free;
  }

  /** Remembers a kept document. Returns its number. */
  addDocument({ id, keys, key, content, cluster }: NewDocument): number {
    const { url, version, page, site, address, fetchedAt, input } = keys;
    const own = { id, key, content, url, version, page, site, address, fetchedAt };
    const moment = this.versions.momentOf(keys);
    const row = { ...own, moment, run: this.versions.run, cluster: cluster ?? null, input: input ?? null };
    const number = Number(this.#addDocument.run(row).lastInsertRowid);
    this.sites.mark(number, keys);
    return number;
  }

  /** Id of a document, and id and number of the first document of its cluster. */
  document(number: number): { readonly id: string; readonly cluster: string; readonly clusterNumber: number } {
    const { id, cluster } = this.#document.get(number)!;
    return { id, cluster: cluster === number ? id : this.#document.get(cluster)!.id, clusterNumber: cluster };
  }

  /** Counts a duplicate in the cluster of the document that stands for it, and remembers its page. */
  addCopy(document: number, page: bigint, place?: Place): void {
    this.#countCopy.run(this.#document.get(document)!.cluster);
    this.copies.add(document, page, place);
  }

  /** Remembers that a page of this URL stands among the rejects of the next commit. */
  addReject({ url, site }: PageKeys): void {
    this.#rejected.push({ url, site });
  }

  /** A site says something of its pages: those that it takes back leave. */
  hearRules(notice: RulesNotice): void {
    for (const number of this.sites.hear(notice)) {
      this.versions.takenBack(number);
      this.leave(number, 'opted_out_later');
    }
  }

  /** When the URL opted out; `undefined` when it did not. */
  optedOutAt(url: bigint): string | undefined {
    return this.#optOut.get(url);
  }

  /** A later page of the URL is open again. */
  optIn(url: bigint): void {
    this.#database.prepare('DELETE FROM opt_outs WHERE url = ?').run(url);
  }

  /** Remembers the opt-out; every document of the URL that is no later leaves, and the text of its rejects. */
  optOut(url: bigint, fetchedAt: string): void {
    const moment = Date.parse(fetchedAt) || 0;
    this.#database
      .prepare(
        'INSERT INTO opt_outs VALUES (?, ?) ON CONFLICT DO UPDATE SET fetched_at = max(fetched_at, excluded.fetched_at)',
      )
      .run(url, fetchedAt);
    for (const number of this.#documentsAt.all(url, moment)) this.leave(number, 'opted_out_later');
    this.#database
      .prepare(`UPDATE documents SET reason = 'opted_out_later' WHERE url = ? AND state = ${STATE.leaves}`)
      .run(url);
    this.#database.prepare('INSERT OR IGNORE INTO silenced VALUES (?)').run(url);
  }

  /** What a list names, by id or URL: the documents leave, and pages of either key are refused. */
  optOutListed(id: string, keys: readonly bigint[], until: string): void {
    for (const key of keys) {
      if (this.optedOutAt(key) === until) continue;
      this.optOut(key, until);
      this.heard++;
    }
    const number = this.#documentNamed.get(id);
    if (number !== undefined) this.leave(number, 'opted_out_later');
  }

  /**
   * A document leaves: nothing is compared to it any more, its id is free, and pages that were dropped as its copies are
   * judged anew when they come. It stands in its shard until `departures` are carried out.
   */
  leave(number: number, reason: Leaving, other = '', later = 0): void {
    const key = this.#leave.get(reason, other, later, number)!;
    this.exact.forget(number, key);
    this.near.forget(number);
    this.copies.forget(number);
  }

  /** Documents that were taken down are forgotten, with all that is compared to. Returns how many. */
  takeOut(isTakenDown: IsTakenDown): number {
    const gone = takeOut(this.#database, isTakenDown);
    for (const number of gone) {
      this.near.forget(number);
      this.copies.forget(number);
    }
    return gone.length;
  }

  /** Behind a commit: nothing of what was deleted stays in the file, nor one beside it. */
  shrink(): void {
    this.#database.exec('ROLLBACK');
    this.#database.pragma('secure_delete = ON');
    this.#database.exec('VACUUM');
    this.#database.pragma('wal_checkpoint(TRUNCATE)');
    this.#database.pragma('journal_mode = DELETE');
  }

  /** A kept document that stands in a longer one: if that leaves in its turn, its page is judged anew. */
  leaveAsExcerpt(number: number, whole: number, containment: number): void {
    this.leave(number, 'excerpt', this.document(whole).id, containment);
    this.copies.addDocument(whole, number);
    this.#countCopy.run(whole);
  }

  /** At the end of a run: marks as it found them; what was marked long enough leaves. Returns whether anything changed. */
  mark(policy: MarkPolicy): boolean {
    const isChanged = this.marks.update();
    const overdue = this.marks.overdue(policy);
    for (const { number, mark, run } of overdue) this.leave(number, mark, '', this.versions.run - run);
    if (overdue.length > 0) this.marks.update();
    return isChanged || overdue.length > 0;
  }

  /** Documents to take out of shards, and shards of rejects that hold text of URLs that opted out. */
  departures(): Departures {
    return departuresIn(this.#database);
  }

  /** Whether a reject must lose its text. */
  isSilenced(page: Pick<PageKeys, 'url' | 'site' | 'address' | 'time'>): boolean {
    return this.#silenced.get(page.url) !== undefined || this.sites.refuses(page);
  }

  /** The text of a document that leaves was written among the rejects of this shard. */
  rejectDeparted(number: number, shard: number): void {
    rejectDeparted(this.#database, number, shard);
  }

  /** The departures were carried out: the next commit says so. */
  departed(): void {
    endDepartures(this.#database);
  }

  /** From a document that stands on, what shards held stands in another. */
  placeFrom(id: string, from: readonly number[], to: number): void {
    const first = this.#documentNamed.get(id)!;
    const move = this.#database.prepare('UPDATE shards SET shard = ? WHERE shard = ? AND first_document >= ?');
    for (const shard of from) move.run(to, shard, first);
    this.#database.prepare('INSERT OR REPLACE INTO shards VALUES (?, ?)').run(first, to);
  }

  /** A shard that was written anew under another number, or into one with others. */
  moveShard(kind: 'documents' | 'rejects', from: number, to: number): void {
    for (const table of kind === 'documents' ? ['shards'] : ['rejects', 'site_rejects']) {
      this.#database.prepare(`UPDATE OR REPLACE ${table} SET shard = ? WHERE shard = ?`).run(to, from);
    }
  }

  /** Before a commit: what was added since the last one stands in this shard. */
  placeInShard(shard: number): void {
    if (this.#nextNumber() > this.#firstUncommitted) {
      this.#database.prepare('INSERT OR REPLACE INTO shards VALUES (?, ?)').run(this.#firstUncommitted, shard);
    }
    for (const { url, site } of this.#rejected) {
      this.#addReject.run(url, shard);
      this.#addSiteReject.run(site, shard);
    }
    this.#rejected = [];
    this.#firstUncommitted = this.#nextNumber();
  }

  /** Makes everything since the last commit durable, together with the manifest of the shards that hold it. */
  commit(manifestJson: string): void {
    this.committed.write(manifestJson);
    this.#endCommit();
  }

  /** The same of shards that stand behind those of the manifest. */
  commitAdded(shardsJson: string): void {
    this.committed.add(shardsJson);
    this.#endCommit();
  }

  #endCommit(): void {
    this.#setMeta.run('run', String(this.versions.run));
    this.#database.exec('COMMIT; BEGIN IMMEDIATE');
  }

  /** Takes back what was not committed, and makes what `write` writes durable. */
  instead(write: () => void): void {
    this.#database.exec('ROLLBACK; BEGIN IMMEDIATE');
    write();
    this.#database.exec('COMMIT; BEGIN IMMEDIATE');
  }

  /**
   * What SQLite had to say while the store was used, as an error of ours; `undefined` for any other error.
   * @returns WRITE_FAILED, UNWRITABLE_FOLDER, FOLDER_LOCKED, BAD_DEDUP_STORE
   */
  fault(error: unknown): ToolkitError | undefined {
    if (!(error instanceof BetterSqlite3.SqliteError)) return undefined;
    const { name } = this.#database;
    return writeFault(name, error) ?? (/CORRUPT|NOTADB/.test(error.code) ? badStore(name, error) : undefined);
  }

  /** Forgets what was not committed and closes the file. */
  close(): void {
    this.pages.close();
    if (!this.#database.open) return;
    if (this.#database.inTransaction) this.#database.exec('ROLLBACK'); // a full disk ends it by itself
    this.#database.close();
  }

  #nextNumber(): number {
    return this.#database.prepare<[], number>('SELECT coalesce(max(number), 0) + 1 FROM documents').pluck().get()!;
  }
}
