/**
 * The frontier: every URL that the crawl knows and what became of it, in one SQLite file (WAL).
 *
 *   queued ──► done      answered; links and validators stored
 *     ▲   ├──► refused   by robots.txt, by the server (4xx), or not worth fetching: `reason` says which
 *     │   └──► failed    network or 5xx, after the last attempt
 *     └─ a retry (`next_try`), and every settled URL once it is stale (`requeueStale`)
 *
 * A URL leaves `queued` in the transaction that adds the links found on it, so a process killed at any moment loses at
 * most the requests in flight, which are made again. Nothing on disk says "in flight": that is the caller's knowledge.
 * Where the last answer with a body stands in the WARC files is kept, so that what a file lost can be asked for again.
 */
import Database from 'better-sqlite3';
import { makeTables } from './frontier-tables.ts';
import { badInput, reasonOf, type ToolkitError } from './shell/errors.ts';
import { writeFault } from './shell/folder.ts';
import type { WarcPlace } from './warc/warc.ts';

/** Its name in the folder of a crawl. */
export const STATE_FILE = 'state.sqlite';

export type UrlKind = 'page' | 'sitemap';
export type UrlState = 'queued' | 'done' | 'failed' | 'refused';

export interface Discovery {
  /** Canonical. */
  readonly url: string;
  readonly kind: UrlKind;
  /** Links from the nearest seed; 0 for seeds. */
  readonly depth: number;
  /** Redirects that led here without a break. */
  readonly hops: number;
}

export interface UrlRow extends Discovery {
  readonly state: UrlState;
  readonly reason: string | null;
  /** HTTP status of the last answer. */
  readonly status: number | null;
  /** Failed attempts since the last answer. */
  readonly attempts: number;
  /** URL of the page, sitemap or robots.txt that named it; null for seeds. */
  readonly discoveredFrom: string | null;
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** ISO 8601, UTC: the last 2xx answer. */
  readonly fetchedAt: string | null;
  /** Milliseconds since 1970; not to be requested before. */
  readonly nextTry: number;
}

/** What became of a request. Absent validators are forgotten, except with 304 (`keepValidators`). */
export interface Settlement {
  readonly state: UrlState;
  readonly reason?: string;
  readonly status?: number;
  readonly attempts?: number;
  readonly etag?: string;
  readonly lastModified?: string;
  readonly keepValidators?: boolean;
  readonly fetchedAt?: string;
  readonly nextTry?: number;
  /** Where the answer stands; absent with 304: the older one holds. */
  readonly stored?: WarcPlace;
}

/** What became of the URLs of one kind, by their last visit. */
export interface Tally {
  readonly fetched: number;
  readonly redirect: number;
  readonly refused: number;
  readonly failed: number;
  readonly queued: number;
}

const ROW = `url, kind, state, reason, status, depth, hops, attempts, discovered_from AS discoveredFrom, etag,
  last_modified AS lastModified, fetched_at AS fetchedAt`;
const NEXT = `
  SELECT ${ROW}, max(next_try, coalesce((SELECT held_until FROM hosts WHERE hosts.host = urls.host), 0)) AS nextTry
  FROM urls WHERE host = ? AND state = 'queued'`;
export class Frontier {
  readonly #db: Database.Database;
  readonly #statements: ReturnType<typeof prepare>;

  /** Opens or creates the file. @throws ToolkitError BAD_FRONTIER, UNWRITABLE_FOLDER (exit 2), WRITE_FAILED. */
  constructor(path: string) {
    try {
      this.#db = new Database(path);
      this.#db.pragma('journal_mode = WAL');
      this.#db.pragma('synchronous = NORMAL');
      makeTables(this.#db);
      this.#statements = prepare(this.#db);
    } catch (error) {
      throw writeFault(path, error) ?? badFrontier(path, `not a frontier of this program: ${reasonOf(error)}`, error);
    }
  }

  /** Queues the URLs that are not known yet; returns how many those were. */
  add(discoveries: readonly Discovery[], discoveredFrom: string | null): number {
    return this.#db.transaction(() => this.#insert(discoveries, discoveredFrom).length)();
  }

  /**
   * The next URL of a host: fresh ones by depth and age, then retries. Look at its `nextTry` before asking for it.
   * `pagesFirst`: a sitemap only where no page is due.
   */
  next(host: string, pagesFirst = false): UrlRow | undefined {
    const page = pagesFirst ? this.#statements.nextPage.get(host) : undefined;
    return page && page.nextTry <= Date.now() ? page : this.#statements.next.get(host);
  }

  get(url: string): UrlRow | undefined {
    return this.#statements.get.get(url);
  }

  /** Records what became of a URL together with what was found on it; returns what of that was not known yet. */
  settle(url: string, settlement: Settlement, discoveries: readonly Discovery[] = []): readonly Discovery[] {
    return this.#db.transaction(() => {
      const added = this.#insert(discoveries, url);
      this.#statements.settle.run({
        url,
        state: settlement.state,
        reason: settlement.reason ?? null,
        status: settlement.status ?? null,
        attempts: settlement.attempts ?? 0,
        etag: settlement.etag ?? null,
        lastModified: settlement.lastModified ?? null,
        keepValidators: Number(settlement.keepValidators ?? false),
        fetchedAt: settlement.fetchedAt ?? null,
        settledAt: Date.now(),
        nextTry: settlement.nextTry ?? 0,
        warcFile: settlement.stored?.file ?? null,
        warcEnd: settlement.stored?.end ?? null,
      });
      return added;
    })();
  }

  /** Whether the host of a URL has answered any with 2xx. */
  hasServed(url: string): boolean {
    return this.#statements.hasServed.get(new URL(url).host) !== undefined;
  }

  /** No request to this host before `until` (milliseconds since 1970), also in later runs. */
  hold(host: string, until: number): void {
    this.#statements.hold.run(host, until, Date.now());
  }

  /**
   * Queues what was settled before `settledBefore`, what failed or met a closed door before `failedBefore`, and what was
   * at a private address: names may have moved since, and looking costs no request. What was settled or put off in the
   * future was so by a wrong clock: it is due.
   */
  requeueStale(settledBefore: number, failedBefore: number): void {
    const now = Date.now();
    this.#db.transaction(() => {
      this.#statements.forgetPauses.run(now);
      this.#statements.forgetHolds.run(now);
      this.#statements.requeue.run({ settledBefore, failedBefore, now });
    })();
  }

  /** What a site's file of rules says now; empty where there is none. */
  remember(url: string, text: string): void {
    this.#statements.remember.run(url, text, Date.now());
  }

  /** The same as it was read less than `withinMs` ago. */
  recall(url: string, withinMs: number): string | undefined {
    const now = Date.now();
    return this.#statements.recall.get(url, now - withinMs, now);
  }

  /** WARC files with the end of the last answer that must stand in each. */
  storedEnds(): WarcPlace[] {
    return this.#statements.storedEnds.all();
  }

  /** Queues the URLs whose answer stood behind byte `end` of a file, as if never fetched; returns how many. */
  requeueLost({ file, end }: WarcPlace): number {
    return this.#statements.loseStretch.run(file, end, Number.MAX_SAFE_INTEGER).changes;
  }

  /** A file was taken away: what stood in it stays settled. Returns how many URLs that are. */
  forgetFile(file: string): number {
    return this.#statements.forgetFile.run(file).changes;
  }

  /** Hosts with the parameters of their addresses that name visitors (links/visitor-ids.ts). */
  visitorIds(): [host: string, name: string][] {
    return this.#statements.visitorIds.raw().all() as [string, string][];
  }

  /** Remembers one, and gives the addresses that have it their other spelling: what was asked for under either stays so. */
  dropVisitorId(host: string, name: string, spell: (url: string) => string): void {
    const { addVisitorId, withParameter, get, remove, rename } = this.#statements;
    this.#db.transaction(() => {
      addVisitorId.run(host, name);
      for (const { url, state } of withParameter.all(host, `${name}=`)) {
        const spelled = spell(url);
        if (spelled === url) continue;
        const twin = get.get(spelled);
        if (twin?.state === 'queued' && state !== 'queued') remove.run(spelled);
        if (twin === undefined || (twin.state === 'queued' && state !== 'queued')) rename.run(spelled, url);
        else remove.run(url);
      }
    })();
  }

  /**
   * Bytes `from` … `to` of a file are damaged and leave it: the URLs whose answer stood there are queued, as if never
   * fetched, and the places behind them move. Returns how many URLs that are.
   */
  loseStretch(file: string, from: number, to: number): number {
    return this.#db.transaction(() => {
      const lost = this.#statements.loseStretch.run(file, from, to).changes;
      this.#statements.moveBehind.run(to - from, file, to);
      return lost;
    })();
  }

  /** A WARC file as this crawl left it. */
  leaveFile(file: string, bytes: number, changed: number): void {
    this.#statements.leaveFile.run(file, bytes, changed);
  }

  /** Whether somebody else has changed a WARC file since; of one that no crawl has left so nothing is known. */
  isTouched(file: string, bytes: number, changed: number): boolean {
    const left = this.#statements.leftFile.get(file);
    return left !== undefined && (left.bytes !== bytes || left.changed !== changed);
  }

  tally(kind: UrlKind): Tally {
    const counts = this.#statements.tally.all(kind);
    const of = (outcome: string): number => counts.find((row) => row.outcome === outcome)?.count ?? 0;
    return {
      fetched: of('done'),
      redirect: of('redirect'),
      refused: of('refused'),
      failed: of('failed'),
      queued: of('queued'),
    };
  }

  /** What SQLite's own check finds. */
  damage(): string | undefined {
    try {
      const found = this.#db.pragma('quick_check(1)', { simple: true });
      return found === 'ok' ? undefined : String(found);
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** Host names of the seeds of all runs so far. */
  seedHosts(): string[] {
    return this.#statements.seedHosts.all();
  }

  close(): void {
    this.#db.close();
  }

  #insert(discoveries: readonly Discovery[], discoveredFrom: string | null): readonly Discovery[] {
    return discoveries.filter(({ url, kind, depth, hops }) => {
      const { hostname } = new URL(url);
      return this.#statements.insert.run(url, hostname, kind, depth, hops, discoveredFrom).changes > 0;
    });
  }
}

/**
 * What SQLite had to say while a frontier was used, as an error of ours; `undefined` for any other error.
 * @returns WRITE_FAILED, UNWRITABLE_FOLDER, FOLDER_LOCKED, BAD_FRONTIER
 */
export function frontierFault(path: string, error: unknown): ToolkitError | undefined {
  if (!(error instanceof Database.SqliteError)) return undefined;
  const isDamage = /CORRUPT|NOTADB/.test(error.code);
  return writeFault(path, error) ?? (isDamage ? badFrontier(path, reasonOf(error), error) : undefined);
}

const badFrontier = (path: string, fact: string, error: unknown): ToolkitError =>
  badInput(
    'BAD_FRONTIER',
    `${path}: ${fact}`,
    'restore the file from a copy, or move it away: the crawl then starts again from its seeds, beside the pages it has',
    error,
  );

function prepare(db: Database.Database) {
  return {
    insert: db.prepare<[string, string, UrlKind, number, number, string | null]>(
      'INSERT OR IGNORE INTO urls (url, host, kind, depth, hops, discovered_from) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    next: db.prepare<[string], UrlRow>(`${NEXT} ORDER BY next_try, depth, id LIMIT 1`),
    nextPage: db.prepare<[string], UrlRow>(`${NEXT} AND kind = 'page' ORDER BY next_try, depth, id LIMIT 1`),
    get: db.prepare<[string], UrlRow>(`SELECT ${ROW}, next_try AS nextTry FROM urls WHERE url = ?`),
    settle: db.prepare<[Record<string, string | number | null>]>(
      `UPDATE urls SET state = @state, reason = @reason, status = @status, attempts = @attempts,
         etag = iif(@keepValidators, etag, @etag), last_modified = iif(@keepValidators, last_modified, @lastModified),
         fetched_at = coalesce(@fetchedAt, fetched_at), settled_at = @settledAt, next_try = @nextTry,
         warc_file = coalesce(@warcFile, warc_file), warc_end = coalesce(@warcEnd, warc_end)
       WHERE url = @url`,
    ),
    visitorIds: db.prepare<[], [string, string]>('SELECT host, name FROM visitor_ids'),
    addVisitorId: db.prepare<[string, string]>('INSERT OR IGNORE INTO visitor_ids (host, name) VALUES (?, ?)'),
    withParameter: db.prepare<[string, string], Pick<UrlRow, 'url' | 'state'>>(
      'SELECT url, state FROM urls WHERE host = ? AND instr(url, ?) > 0',
    ),
    remove: db.prepare<[string]>('DELETE FROM urls WHERE url = ?'),
    rename: db.prepare<[string, string]>('UPDATE urls SET url = ? WHERE url = ?'),
    hold: db.prepare<[string, number, number]>(
      `INSERT INTO hosts (host, held_until, held_at) VALUES (?, ?, ?)
       ON CONFLICT (host) DO UPDATE SET held_until = max(held_until, excluded.held_until), held_at = excluded.held_at`,
    ),
    forgetHolds: db.prepare<[number]>('DELETE FROM hosts WHERE held_at > ?'),
    forgetPauses: db.prepare<[number]>(
      "UPDATE urls SET next_try = 0, settled_at = NULL WHERE state = 'queued' AND settled_at > ?",
    ),
    remember: db.prepare<[string, string, number]>('INSERT OR REPLACE INTO rules VALUES (?, ?, ?)'),
    recall: db
      .prepare<[string, number, number], string>(
        'SELECT text FROM rules WHERE url = ? AND read_at > ? AND read_at <= ?',
      )
      .pluck(),
    requeue: db.prepare<[{ settledBefore: number; failedBefore: number; now: number }]>(
      `UPDATE urls SET state = 'queued', attempts = 0, next_try = 0 WHERE state <> 'queued'
         AND (reason = 'private_address' OR settled_at > @now OR settled_at <= iif(state = 'failed' OR reason IN ('robots_unreachable', 'cut_short'), @failedBefore, @settledBefore))`,
    ),
    storedEnds: db.prepare<[], WarcPlace>(
      'SELECT warc_file AS file, max(warc_end) AS end FROM urls WHERE warc_file IS NOT NULL GROUP BY warc_file',
    ),
    loseStretch: db.prepare<[string, number, number]>(
      `UPDATE urls SET state = 'queued', attempts = 0, next_try = 0, etag = NULL, last_modified = NULL,
         fetched_at = NULL, warc_file = NULL, warc_end = NULL
       WHERE warc_file = ? AND warc_end > ? AND warc_end <= ?`,
    ),
    moveBehind: db.prepare<[number, string, number]>(
      'UPDATE urls SET warc_end = warc_end - ? WHERE warc_file = ? AND warc_end > ?',
    ),
    leaveFile: db.prepare<[string, number, number]>('INSERT OR REPLACE INTO archive VALUES (?, ?, ?)'),
    leftFile: db.prepare<[string], { bytes: number; changed: number }>(
      'SELECT bytes, changed FROM archive WHERE file = ?',
    ),
    forgetFile: db.prepare<[string]>('UPDATE urls SET warc_file = NULL, warc_end = NULL WHERE warc_file = ?'),
    tally: db.prepare<[UrlKind], { outcome: string; count: number }>(
      `SELECT iif(state = 'done' AND reason = 'redirect', 'redirect', state) AS outcome, count(*) AS count
       FROM urls WHERE kind = ? GROUP BY outcome`,
    ),
    hasServed: db
      .prepare<[string], number>('SELECT 1 FROM urls WHERE host = ? AND fetched_at IS NOT NULL LIMIT 1')
      .pluck(),
    seedHosts: db.prepare<[], string>('SELECT DISTINCT host FROM urls WHERE discovered_from IS NULL').pluck(),
  };
}
