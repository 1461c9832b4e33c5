/**
 * The frontier: every URL that the crawl knows and what became of it, in one SQLite file (WAL).
 *
 *   queued ──► done      answered; links and validators stored
 *     ▲   ├──► refused   by robots.txt, by the server (4xx), or not worth fetching: `reason` says which
 *     │   └──► failed    network or 5xx, after the last attempt
 *     └─ a retry, and every settled URL when it is due again (revisit.ts)
 *
 * A URL leaves `queued` in the transaction that adds the links found on it. Several of them are one transaction until
 * `commit`: a process killed at any moment loses the requests in flight and those that ended since, which are made again.
 * Nothing on disk says "in flight": that is the caller's knowledge.
 */
import Database from 'better-sqlite3';
import { hostOf } from '../links/url.ts';
import { reasonOf } from '../shell/errors.ts';
import { writeFault } from '../shell/folder.ts';
import type { WarcPlace } from '../warc/warc.ts';
import { badFrontier } from './fault.ts';
import { Hosts, isTrusted } from './hosts.ts';
import { Memory } from './memory.ts';
import { Places } from './places.ts';
import { dueAfter, FAILED_AFTER_MS, nightsOf, RANKS, rankOf } from './revisit.ts';
import {
  type Discovery,
  type NextRow,
  OUTCOME,
  type Outcome,
  outcomeOf,
  type Parent,
  ROW,
  rowOf,
  type Settlement,
  type Tally,
  type UrlKind,
  type UrlRow,
  type UrlState,
} from './row.ts';
import { makeTables, urlHash } from './tables.ts';

/** Its name in the folder of a crawl. */
export const STATE_FILE = 'state.sqlite';

export class Frontier {
  readonly hosts: Hosts;
  readonly places: Places;
  readonly memory: Memory;
  readonly #db: Database.Database;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #tally = new Map<string, number>();
  readonly #told = new Set<string>();
  readonly #woken = new Set<string>();
  /** What is due up to here is ready. */
  #wokenUntil = 0;

  /** Opens or creates the file. @throws ToolkitError BAD_FRONTIER, UNWRITABLE_FOLDER (exit 2), WRITE_FAILED. */
  constructor(path: string) {
    try {
      this.#db = new Database(path);
      this.#db.pragma('journal_mode = WAL');
      this.#db.pragma('synchronous = NORMAL');
      this.#db.pragma('cache_size = -65536'); // KiB
      this.#db.pragma('wal_autocheckpoint = 8192'); // pages: many commits touch the same ones
      makeTables(this.#db);
      this.#statements = prepare(this.#db);
      this.hosts = new Hosts(this.#db);
      this.places = new Places(this.#db);
      this.memory = new Memory(this.#db);
      for (const { kind, outcome, urls } of this.#statements.tallies.all()) this.#tally.set(`${kind} ${outcome}`, urls);
    } catch (error) {
      throw writeFault(path, error) ?? badFrontier(path, `not a frontier of this program: ${reasonOf(error)}`, error);
    }
  }

  /** Queues the URLs that are not known yet; returns how many those were. `parent`: 0 where no URL of the crawl named them. */
  add(discoveries: readonly Discovery[], parent: number | null): number {
    return this.#write(() => this.#insert(discoveries, parent).length);
  }

  /** The URL of a host to ask for now, of rank `from` or behind. */
  next(host: string, from = 0): UrlRow | undefined {
    const { id: hostId } = this.hosts.of(host) ?? {};
    const found = hostId === undefined ? undefined : this.#statements.next.get(hostId, from);
    if (found === undefined) return undefined;
    return rowOf(found) ?? this.#statements.byId.get(found[0]);
  }

  get(url: string): UrlRow | undefined {
    return this.#statements.get.get(this.hosts.of(hostOf(url))?.id ?? 0, urlHash(url), url);
  }

  /** What named a URL. */
  parentOf({ parent }: Parent): Parent | undefined {
    return parent ? this.#statements.parent.get(parent) : undefined;
  }

  /** Records what became of a URL together with what was found on it; returns what of that was not known yet. */
  settle(asked: UrlRow | string, settlement: Settlement, discoveries: readonly Discovery[] = []): readonly Discovery[] {
    return this.#write(() => {
      const row = typeof asked === 'string' ? this.#outcome(asked) : asked;
      if (row === undefined) return [];
      const added = this.#insert(discoveries, row.id);
      const { state, reason = null, stored, fetchedAt } = settlement;
      const again = settlement.again?.(added.length);
      const settledAt = Date.now();
      const nights = again?.nights ?? nightsOf(settlement, row);
      const keep = Number(settlement.keepValidators ?? false);
      const { changes } = this.#statements.settle.run(
        ...[state, reason, settlement.status ?? null, settlement.attempts ?? 0],
        ...[settledAt, settlement.nextTry ?? dueAfter(settledAt, settlement, nights)],
        ...[state === 'queued' ? null : nights, again?.rank ?? null, again?.quiet ?? null],
        ...[again?.digest ?? null, fetchedAt ?? null],
        ...[keep, settlement.etag ?? null, keep, settlement.lastModified ?? null],
        ...[stored === undefined ? null : this.places.store(stored), stored?.end ?? null, row.id],
      );
      if (changes === 0) return added; // it was another spelling of a URL that is settled
      this.#count(row.kind, outcomeOf(row.state, row.reason), -1);
      this.#count(row.kind, outcomeOf(state, reason), 1);
      const host = this.hosts.at(row.url);
      if (fetchedAt !== undefined && !host.hasServed) this.hosts.change(host, { hasServed: true });
      return added;
    });
  }

  /**
   * A night begins: what is due is ready, and what was settled `refreshAfterMs` ago, and what failed `failedAfterMs` ago.
   * What was settled or put off in the future was so by a wrong clock: it is due.
   */
  wake(refreshAfterMs: number, failedAfterMs: number): void {
    const now = Date.now();
    this.#write(() => {
      this.hosts.forgetHolds(now);
      this.#queue('due <= ?', now);
      this.#queue('settled_at > ?', now);
      this.#queue(
        "settled_at <= ? AND due IS NOT NULL AND state <> 'queued' AND (state <> 'refused' OR settled_at <= ?)",
        now - refreshAfterMs,
        now - 8 * refreshAfterMs,
      );
      this.#failedAgain(now, failedAfterMs);
      this.#wokenUntil = now;
    });
    this.commit();
  }

  /** What failed is due at once. */
  wakeFailed(): void {
    this.#write(() => this.#failedAgain(Date.now(), 0));
    this.commit();
  }

  /** What became due since: retries, and what a run that goes on for days looks at again. */
  wakeDue(): void {
    const now = Date.now();
    const next = this.#statements.nextDue.get(this.#wokenUntil);
    if (next === undefined || next > now) return;
    // Looking at a private address once more is for the next run.
    this.#write(() => this.#queue("due > ? AND due <= ? AND reason IS NOT 'private_address'", this.#wokenUntil, now));
    this.#wokenUntil = now;
  }

  /** When the next URL becomes due, milliseconds since 1970. */
  nextDue(): number {
    return this.#statements.nextDue.get(this.#wokenUntil) ?? Number.POSITIVE_INFINITY;
  }

  readyHosts(): string[] {
    return this.#statements.readyHosts.all();
  }

  /** Hosts of which URLs became ready since the last call. */
  takeWoken(): string[] {
    const woken = [...this.#woken];
    this.#woken.clear();
    return woken;
  }

  /** Queues the URLs whose answer stood behind byte `end` of a file, as if never fetched; returns how many. */
  requeueLost({ file, end }: WarcPlace): number {
    return this.#write(() => {
      const id = this.places.holding({ file, end });
      if (id === undefined) return 0;
      this.places.cut(file, end);
      return this.#lose('warc_file = ? AND warc_end > ?', id, end);
    });
  }

  /**
   * Bytes `from` … `to` of a file are damaged and leave it: the URLs whose answer stood there are queued, as if never
   * fetched, and the places behind them move. Returns how many URLs that are.
   */
  loseStretch(file: string, from: number, to: number): number {
    return this.#write(() => {
      const id = this.places.holding({ file, end: from });
      if (id === undefined) return 0;
      const lost = this.#lose('warc_file = ? AND warc_end > ? AND warc_end <= ?', id, from, to);
      this.places.moveBehind(file, from, to);
      return lost;
    });
  }

  /** Hosts with the parameters of their addresses that name visitors (links/visitor-ids.ts). */
  visitorIds(): [host: string, name: string][] {
    return this.#statements.visitorIds.raw().all() as [string, string][];
  }

  /** Remembers one, and gives the addresses that have it their other spelling: what was asked for under either stays so. */
  dropVisitorId(name: string, parameter: string, spell: (url: string) => string): void {
    const { addVisitorId, withParameter, rename } = this.#statements;
    this.#write(() => {
      addVisitorId.run(name, parameter);
      for (const row of withParameter.all(this.hosts.made(name).id, `${parameter}=`)) {
        const spelled = spell(row.url);
        if (spelled === row.url) continue;
        const twin = this.#outcome(spelled);
        const isBetter = twin?.state === 'queued' && row.state !== 'queued';
        if (isBetter) this.#remove(twin);
        if (twin === undefined || isBetter) rename.run(spelled, urlHash(spelled), row.id);
        else this.#remove(row);
      }
    });
  }

  tally(kind: UrlKind): Tally {
    const of = (outcome: string): number => this.#tally.get(`${kind} ${outcome}`) ?? 0;
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

  /** What was settled since the last time is on disk, all of it or nothing. */
  commit(): void {
    this.hosts.flush();
    for (const key of this.#told)
      this.#statements.tell.run(...(key.split(' ') as [string, string]), this.#tally.get(key)!);
    this.#told.clear();
    if (this.#db.inTransaction) this.#db.exec('COMMIT');
  }

  close(): void {
    try {
      this.commit();
    } finally {
      this.#db.close();
    }
  }

  #write<T>(work: () => T): T {
    if (!this.#db.inTransaction) this.#db.exec('BEGIN IMMEDIATE');
    return work();
  }

  #count(kind: UrlKind, outcome: string, by: number): void {
    const key = `${kind} ${outcome}`;
    this.#tally.set(key, (this.#tally.get(key) ?? 0) + by);
    this.#told.add(key);
  }

  #insert(discoveries: readonly Discovery[], parent: number | null): readonly Discovery[] {
    return discoveries.filter((discovery) => {
      const { url, kind, depth, hops, dated } = discovery;
      const born = dated ?? (discovery.isNews ? Date.now() : null);
      const hostname = hostOf(url);
      const host = this.hosts.made(hostname, parent === null).id;
      const hash = urlHash(url);
      const known = this.#statements.known.get(host, hash, url);
      if (known !== undefined) {
        if (parent === null) this.#statements.makeSeed.run(known);
        else if (dated !== undefined) this.#redate(url, dated, hostname);
        return false;
      }
      const rank =
        discovery.rank ?? rankOf(kind === 'sitemap' ? RANKS.sitemap : depth === 0 ? RANKS.list : RANKS.unknown, depth);
      this.#statements.insert.run(url, hash, host, kind, depth, hops, parent, rank, rank, born);
      this.#count(kind, 'queued', 1);
      this.#woken.add(hostname);
      return true;
    });
  }

  #outcome(url: string): Outcome | undefined {
    const host = this.hosts.of(hostOf(url));
    return host && this.#statements.outcome.get(host.id, urlHash(url), url);
  }

  /** Something that is known is said to have changed. */
  #redate(url: string, dated: number, hostname: string): void {
    const row = this.#outcome(url)!;
    if (dated <= (row.dated ?? 0)) return;
    this.#statements.date.run(dated, row.id);
    const isNews = row.state === 'done' && row.fetchedAt !== null && dated > (row.dated ?? Date.parse(row.fetchedAt));
    if (isNews && isTrusted(this.hosts.of(hostname)!)) this.#queue('id = ?', row.id);
  }

  #failedAgain(now: number, failedAfterMs: number): void {
    const hasFailed = "(state = 'failed' OR reason IN ('robots_unreachable', 'cut_short'))";
    this.#queue(
      `due > ? AND due <= ? AND settled_at <= ? AND ${hasFailed}`,
      now,
      now + FAILED_AFTER_MS,
      now - failedAfterMs,
    );
  }

  /** Makes URLs ready. */
  #queue(where: string, ...params: number[]): void {
    this.#requeue(where, params, "attempts = iif(state = 'queued', attempts, 0)");
  }

  /** The same, as if they had never been fetched; returns how many. */
  #lose(where: string, ...params: number[]): number {
    const nothing =
      'etag = NULL, last_modified = NULL, fetched_at = NULL, digest = NULL, warc_file = NULL, warc_end = NULL';
    return this.#requeue(where, params, `attempts = 0, ${nothing}`);
  }

  #requeue(where: string, params: number[], facts: string): number {
    const groups = this.#db
      .prepare<number[], { kind: UrlKind; state: UrlState; reason: string | null; host: string; urls: number }>(
        `SELECT kind, state, reason, hosts.host AS host, count(*) AS urls FROM urls JOIN hosts ON hosts.id = urls.host
       WHERE ${where.replace(/\bid\b/, 'urls.id')} GROUP BY kind, state, reason, urls.host`,
      )
      .all(...params);
    for (const { kind, state, reason, host, urls } of groups) {
      this.#count(kind, outcomeOf(state, reason), -urls);
      this.#count(kind, 'queued', urls);
      this.#woken.add(host);
    }
    if (groups.length === 0) return 0;
    const set = `state = 'queued', rank = next_rank, due = NULL, settled_at = NULL, ${facts}`;
    return this.#db.prepare(`UPDATE urls SET ${set} WHERE ${where}`).run(...params).changes;
  }

  #remove({ id, kind, state, reason }: Outcome): void {
    this.#count(kind, outcomeOf(state, reason), -1);
    this.#statements.remove.run(id);
  }
}

const THIS_URL = 'host = ? AND hash = ? AND url = ?';

function prepare(db: Database.Database) {
  return {
    known: db.prepare<[number, number, string], number>(`SELECT id FROM urls WHERE ${THIS_URL}`).pluck(),
    insert: db.prepare<[string, number, number, UrlKind, number, number, number | null, number, number, number | null]>(
      `INSERT INTO urls (url, hash, host, kind, depth, hops, parent, rank, next_rank, dated)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    makeSeed: db.prepare<[number]>('UPDATE urls SET parent = NULL, depth = 0, next_rank = 0 WHERE id = ?'),
    next: db
      .prepare<[number, number], NextRow>(
        `SELECT id, url, kind = 'page', depth, hops, parent, rank, dated,
           status IS NULL AND reason IS NULL AND nights IS NULL AND fetched_at IS NULL AND attempts = 0
         FROM urls WHERE host = ? AND rank >= ? ORDER BY rank, id LIMIT 1`,
      )
      .raw(),
    get: db.prepare<[number, number, string], UrlRow>(`SELECT ${ROW} FROM urls WHERE ${THIS_URL}`),
    byId: db.prepare<[number], UrlRow>(`SELECT ${ROW} FROM urls WHERE id = ?`),
    parent: db.prepare<[number], Parent>('SELECT url, hops, parent FROM urls WHERE id = ?'),
    outcome: db.prepare<[number, number, string], Outcome>(`SELECT ${OUTCOME} FROM urls WHERE ${THIS_URL}`),
    settle: db.prepare<(string | number | null)[]>(
      `UPDATE urls SET state = ?, reason = ?, status = ?, attempts = ?, settled_at = ?, due = ?, rank = NULL,
         nights = coalesce(?, nights), next_rank = coalesce(?, next_rank), quiet = coalesce(?, quiet),
         digest = coalesce(?, digest), fetched_at = coalesce(?, fetched_at),
         etag = iif(?, etag, ?), last_modified = iif(?, last_modified, ?),
         warc_file = coalesce(?, warc_file), warc_end = coalesce(?, warc_end)
       WHERE id = ?`,
    ),
    date: db.prepare<[number, number]>('UPDATE urls SET dated = ? WHERE id = ?'),
    nextDue: db.prepare<[number], number>('SELECT due FROM urls WHERE due > ? ORDER BY due LIMIT 1').pluck(),
    readyHosts: db
      .prepare<[], string>(
        'SELECT host FROM hosts WHERE EXISTS (SELECT 1 FROM urls WHERE urls.host = hosts.id AND rank >= 0)',
      )
      .pluck(),
    visitorIds: db.prepare<[], [string, string]>('SELECT host, name FROM visitor_ids'),
    addVisitorId: db.prepare<[string, string]>('INSERT OR IGNORE INTO visitor_ids (host, name) VALUES (?, ?)'),
    withParameter: db.prepare<[number, string], Outcome>(
      `SELECT ${OUTCOME} FROM urls WHERE host = ? AND instr(url, ?) > 0`,
    ),
    remove: db.prepare<[number]>('DELETE FROM urls WHERE id = ?'),
    rename: db.prepare<[string, number, number]>('UPDATE urls SET url = ?, hash = ? WHERE id = ?'),
    tallies: db.prepare<[], { kind: UrlKind; outcome: string; urls: number }>('SELECT kind, outcome, urls FROM tally'),
    tell: db.prepare<[string, string, number]>('INSERT OR REPLACE INTO tally VALUES (?, ?, ?)'),
  };
}
