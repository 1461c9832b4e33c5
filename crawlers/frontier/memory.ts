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

  /** A run has ended; what it did, as JSON. */
  endRun(report: unknown): void {
    this.#statements.endRun.run(Date.now(), JSON.stringify(report));
  }
}

function prepare(db: Database) {
  return {
    remember: db.prepare<[string, string, number]>('INSERT OR REPLACE INTO rules VALUES (?, ?, ?)'),
    recall: db.prepare<[string, number, number], { text: string; readAt: number }>(
      'SELECT text, read_at AS readAt FROM rules WHERE url = ? AND read_at > ? AND read_at <= ?',
    ),
    endRun: db.prepare<[number, string]>('INSERT OR REPLACE INTO runs VALUES (?, ?)'),
  };
}
