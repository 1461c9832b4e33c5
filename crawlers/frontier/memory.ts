/** What a crawl remembers besides its URLs: what files of rules said, and what became of each run. */
import type { Database } from 'better-sqlite3';

export class Memory {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#statements = prepare(db);
  }

  /** What a site's file of rules says now; empty where there is none. */
  remember(url: string, text: string): void {
    this.#statements.remember.run(url, text, Date.now());
  }

  /** The same as it was read less than `withinMs` ago, and how long ago that was. */
  recall(url: string, withinMs: number): { text: string; ageMs: number } | undefined {
    const now = Date.now();
    const found = this.#statements.recall.get(url, now - withinMs, now);
    return found && { text: found.text, ageMs: now - found.readAt };
  }

  /** Digest and consent of the answer of a URL (by number) that the archive holds with its body. */
  payloadOf(url: number): string | undefined {
    return this.#statements.payloadOf.get(url);
  }

  keepPayload(url: number, said: string): void {
    this.#statements.keepPayload.run(url, said);
  }

  /** A run has ended; what it did, as JSON. */
  endRun(report: unknown): void {
    this.#statements.endRun.run(Date.now(), JSON.stringify(report));
  }

  /** What the last run did, and when it ended (milliseconds since 1970). */
  lastRun(): { endedAt: number; report: string } | undefined {
    return this.#statements.lastRun.get();
  }

  /** What the crawl knows of each host, those with most pages first. */
  hostRows(): HostRow[] {
    return this.#statements.hosts.all();
  }

  /** Why URLs are where they are, by how the last visit ended. */
  reasonRows(): { reason: string; urls: number }[] {
    return this.#statements.reasons.all();
  }
}

export interface HostRow {
  readonly host: string;
  readonly fetched: number;
  readonly redirect: number;
  readonly refused: number;
  readonly failed: number;
  readonly queued: number;
  /** Of the pages that were read, and those of them in Vietnamese; of late. */
  readonly pages: number;
  readonly vietnamese: number;
}

function prepare(db: Database) {
  return {
    remember: db.prepare<[string, string, number]>('INSERT OR REPLACE INTO rules VALUES (?, ?, ?)'),
    recall: db.prepare<[string, number, number], { text: string; readAt: number }>(
      'SELECT text, read_at AS readAt FROM rules WHERE url = ? AND read_at > ? AND read_at <= ?',
    ),
    lastRun: db.prepare<[], { endedAt: number; report: string }>(
      'SELECT ended_at AS endedAt, report FROM runs ORDER BY ended_at DESC LIMIT 1',
    ),
    hosts: db.prepare<[], HostRow>(
      `SELECT hosts.host AS host, pages, vietnamese, sum(state = 'done' AND reason IS NOT 'redirect') AS fetched,
         sum(state = 'done' AND reason IS 'redirect') AS redirect, sum(state = 'refused') AS refused,
         sum(state = 'failed') AS failed, sum(state = 'queued') AS queued
       FROM urls JOIN hosts ON hosts.id = urls.host WHERE kind = 'page' GROUP BY hosts.id ORDER BY fetched DESC, hosts.host`,
    ),
    reasons: db.prepare<[], { reason: string; urls: number }>(
      `SELECT reason, count(*) AS urls FROM urls WHERE reason IS NOT NULL AND state <> 'queued'
       GROUP BY reason ORDER BY urls DESC, reason`,
    ),
    payloadOf: db.prepare<[number], string>('SELECT said FROM payloads WHERE url = ?').pluck(),
    keepPayload: db.prepare<[number, string]>('INSERT OR REPLACE INTO payloads VALUES (?, ?)'),
    endRun: db.prepare<[number, string]>('INSERT OR REPLACE INTO runs VALUES (?, ?)'),
  };
}
