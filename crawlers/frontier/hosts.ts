/** What a frontier knows of each host. Read when a host is met, written with the rows that changed it. */
import type { Database } from 'better-sqlite3';
import { hostOf } from '../links/url.ts';

export interface Host {
  readonly id: number;
  isSeed: boolean;
  /** It has answered something with 2xx. */
  hasServed: boolean;
  /** Milliseconds since 1970: no request before. */
  heldUntil: number;
  heldAt: number;
  /** Visits that gave a page with text of its own, and those whose text was Vietnamese; both halved now and then. */
  pages: number;
  vietnamese: number;
  /** Visits to pages that its sitemaps called changed, and those that had. */
  dated: number;
  datedChanged: number;
}

/** Pages after which both counts of a host are halved: it may change. */
const MEMORY = 400;
/** Visits after which a host's dates are judged, and the share of them that must tell the truth. */
const JUDGED_AFTER = 20;
const TRUSTED_SHARE = 0.2;
/** Of the pages of a host that gives Vietnamese text at all. */
const LEAST_SHARE = 0.02;

export class Hosts {
  readonly #known = new Map<string, Host>();
  readonly #changed = new Set<Host>();
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#statements = prepare(db);
  }

  of(name: string): Host | undefined {
    const known = this.#known.get(name) ?? this.#read(name);
    if (known) this.#known.set(name, known);
    return known;
  }

  made(name: string, isSeed = false): Host {
    const known = this.of(name);
    if (known) {
      if (isSeed && !known.isSeed) {
        this.change(known, { isSeed });
        this.flush();
      }
      return known;
    }
    const { lastInsertRowid } = this.#statements.insert.run(name, Number(isSeed));
    const nothing = { hasServed: false, heldUntil: 0, heldAt: 0, pages: 0, vietnamese: 0, dated: 0, datedChanged: 0 };
    const host = { id: Number(lastInsertRowid), isSeed, ...nothing };
    this.#known.set(name, host);
    return host;
  }

  change(host: Host, facts: Partial<Omit<Host, 'id'>>): void {
    Object.assign(host, facts);
    this.#changed.add(host);
  }

  /** The host of a URL. */
  at(url: string): Host {
    return this.made(hostOf(url));
  }

  /** No request to this host before `until` (milliseconds since 1970), also in later runs. */
  hold(name: string, until: number): void {
    const host = this.made(name);
    this.change(host, { heldUntil: Math.max(host.heldUntil, until), heldAt: Date.now() });
  }

  /** Milliseconds since 1970 until which a host is left alone. */
  heldUntil(name: string): number {
    return this.of(name)?.heldUntil ?? 0;
  }

  /** A page was read that had not been before. */
  countPage(url: string, isVietnamese: boolean): void {
    const host = this.at(url);
    const scale = host.pages >= MEMORY ? 0.5 : 1;
    this.change(host, {
      pages: Math.ceil(host.pages * scale) + 1,
      vietnamese: Math.ceil(host.vietnamese * scale) + Number(isVietnamese),
    });
  }

  /** A page was read that a sitemap had called changed. */
  countDated(url: string, hasChanged: boolean): void {
    const host = this.at(url);
    this.change(host, { dated: host.dated + 1, datedChanged: host.datedChanged + Number(hasChanged) });
  }

  /** Whether a host has given Vietnamese text, where it has given any. */
  isVietnamese(url: string): boolean | undefined {
    const { pages, vietnamese } = this.at(url);
    return pages === 0 ? undefined : vietnamese > 0;
  }

  /** Whether its pages were foreign so far, of `least` at least. */
  isForeign(name: string, least: number): boolean {
    const { pages, vietnamese } = this.of(name) ?? { pages: 0, vietnamese: 0 };
    return pages >= least && vietnamese < pages * LEAST_SHARE;
  }

  /** Writes what changed, in the transaction that is open. */
  flush(): void {
    for (const host of this.#changed)
      this.#statements.update.run({ ...host, isSeed: +host.isSeed, hasServed: +host.hasServed });
    this.#changed.clear();
  }

  /** Host names of the seeds of all runs so far. */
  seeds(): string[] {
    return this.#statements.seeds.all();
  }

  /** Holds that a clock which was ahead has set are none. */
  forgetHolds(now: number): void {
    for (const name of this.#statements.heldAfter.all(now)) this.change(this.of(name)!, { heldUntil: 0, heldAt: 0 });
  }

  #read(name: string): Host | undefined {
    const row = this.#statements.get.get(name);
    return row && { ...row, isSeed: row.isSeed === 1, hasServed: row.hasServed === 1 };
  }
}

/** Whether the dates of its sitemaps are worth a request. */
export const isTrusted = ({ dated, datedChanged }: Host): boolean =>
  dated < JUDGED_AFTER || datedChanged >= dated * TRUSTED_SHARE;

function prepare(db: Database) {
  return {
    get: db.prepare<[string], Omit<Host, 'isSeed' | 'hasServed'> & { isSeed: number; hasServed: number }>(
      `SELECT id, is_seed AS isSeed, has_served AS hasServed, held_until AS heldUntil, held_at AS heldAt, pages, vietnamese,
         dated, dated_changed AS datedChanged FROM hosts WHERE host = ?`,
    ),
    insert: db.prepare<[string, number]>('INSERT INTO hosts (host, is_seed) VALUES (?, ?)'),
    update: db.prepare<[Record<string, number>]>(
      `UPDATE hosts SET is_seed = @isSeed, has_served = @hasServed, held_until = @heldUntil, held_at = @heldAt, pages = @pages,
         vietnamese = @vietnamese, dated = @dated, dated_changed = @datedChanged WHERE id = @id`,
    ),
    seeds: db.prepare<[], string>('SELECT host FROM hosts WHERE is_seed').pluck(),
    heldAfter: db.prepare<[number], string>('SELECT host FROM hosts WHERE held_at > ?').pluck(),
  };
}
