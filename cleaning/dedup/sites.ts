/**
 * What sites say of their pages in robots.txt, ai.txt and tdmrep.json, as the archives brought it last, and which
 * documents it concerns. It holds for what was fetched before it and for a day after (RFC 9309 §2.4): later pages bring
 * their consent with them.
 */
import type { Database } from 'better-sqlite3';
import { type ConsentTable, isRefusal } from '../../crawlers/page.ts';
import {
  decisionOf,
  type RulesFile,
  readSiteRules,
  type SiteRules,
  SPEAKS_OF_USE,
} from '../../crawlers/polite/site-rules.ts';
import { STATE } from './schema.ts';
import type { PageKeys } from './versions.ts';

const LIFETIME_MS = 24 * 3_600_000;

export const SITES_SCHEMA = `
  CREATE TABLE IF NOT EXISTS site_rules (
    site INTEGER, file TEXT, time INTEGER NOT NULL, agent TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (site, file)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS site_rejects (site INTEGER, shard INTEGER, PRIMARY KEY (site, shard)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS silenced_sites (site INTEGER PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS forbidden (document INTEGER PRIMARY KEY);
`;

export interface RulesNotice {
  readonly site: bigint;
  readonly file: RulesFile;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The crawler that they were read for. */
  readonly agent: string;
  readonly body: string;
}

/** One file of a site. */
interface Said {
  readonly rules: SiteRules;
  readonly agent: string;
  /** What was fetched later says for itself. */
  readonly until: number;
}

/** A document of a site. */
interface Page {
  readonly number: number;
  readonly address: string;
  readonly seen: number;
  readonly input: number | null;
}

export class Sites {
  readonly #known;
  readonly #touch;
  readonly #keep;
  readonly #ofSite;
  readonly #documents;
  readonly #forbid;
  readonly #unforbid;
  readonly #silence;
  readonly #cache = new Map<bigint, readonly Said[]>();

  constructor(database: Database) {
    this.#known = database.prepare<[bigint, string], { time: number; body: string; agent: string }>(
      'SELECT time, body, agent FROM site_rules WHERE site = ? AND file = ?',
    );
    this.#touch = database.prepare<[number, bigint, string]>(
      'UPDATE site_rules SET time = ? WHERE site = ? AND file = ?',
    );
    this.#keep = database.prepare<[RulesNotice]>(
      'INSERT OR REPLACE INTO site_rules VALUES (@site, @file, @time, @agent, @body)',
    );
    this.#ofSite = database.prepare<[bigint], { file: RulesFile; time: number; agent: string; body: string }>(
      'SELECT file, time, agent, body FROM site_rules WHERE site = ?',
    );
    this.#documents = database.prepare<[bigint], Page>(
      `SELECT number, address, seen, input IS NOT NULL AS input FROM documents
       WHERE site = ? AND state = ${STATE.stands} ORDER BY number`,
    );
    this.#forbid = database.prepare<[number]>('INSERT OR IGNORE INTO forbidden VALUES (?)');
    this.#unforbid = database.prepare<[number]>('DELETE FROM forbidden WHERE document = ?');
    this.#silence = database.prepare<[bigint]>('INSERT OR IGNORE INTO silenced_sites VALUES (?)');
  }

  /** Remembers the rules when they are the last. Returns the documents that have to leave for them, by number. */
  hear(notice: RulesNotice): number[] {
    const { site, file, time, body, agent } = notice;
    const known = this.#known.get(site, file);
    if (known !== undefined && known.time >= time) return [];
    this.#cache.delete(site);
    if (known?.body === body && known.agent === agent) {
      this.#touch.run(time, site, file);
      return SPEAKS_OF_USE[file].test(body) ? this.#since(site, known.time + LIFETIME_MS) : [];
    }
    this.#keep.run(notice);
    if (known === undefined && body.trim() === '') return [];
    if (SPEAKS_OF_USE[file].test(body)) this.#silence.run(site);
    const gone: number[] = [];
    for (const { number, address, seen, input } of this.#documents.all(site)) {
      const moment = input === null || input === 0 ? seen : 0;
      if (this.#refusal(site, address, moment) !== undefined) gone.push(number);
      else if (this.#isAllowed(site, address)) this.#unforbid.run(number);
      else this.#forbid.run(number);
    }
    return gone;
  }

  /** Rules that are said again hold for what was fetched in between, too. */
  #since(site: bigint, moment: number): number[] {
    const pages = this.#documents.all(site).filter(({ input, seen }) => seen > moment && (input ?? 0) === 0);
    const gone = pages.filter(({ address, seen }) => this.#refusal(site, address, seen) !== undefined);
    if (gone.length > 0) this.#silence.run(site);
    return gone.map(({ number }) => number);
  }

  /** By which the statements of sites are concluded from. */
  table: ConsentTable | undefined;

  /** What the site said, then or later, for which this page is not to be used. */
  refusal({ site, address, time = 0 }: Pick<PageKeys, 'site' | 'address' | 'time'>): string | undefined {
    return this.#refusal(site, address, time);
  }

  refuses(page: Pick<PageKeys, 'site' | 'address' | 'time'>): boolean {
    return this.refusal(page) !== undefined;
  }

  /** A document was added: marks it where the site's robots.txt forbids its page. */
  mark(number: number, { site, address }: PageKeys): void {
    if (!this.#isAllowed(site, address)) this.#forbid.run(number);
  }

  #refusal(site: bigint, address: string, moment: number): string | undefined {
    const said = this.#said(site).filter(({ until }) => moment <= until);
    if (said.length === 0) return undefined;
    const rules = said.map((each) => each.rules);
    const { conclusion, statement } = decisionOf(rules, urlOf(address), said[0].agent, this.table);
    return isRefusal(conclusion) ? statement : undefined;
  }

  #isAllowed(site: bigint, address: string): boolean {
    return this.#said(site).every(({ rules }) => rules.isAllowed(urlOf(address)));
  }

  #said(site: bigint): readonly Said[] {
    const known = this.#cache.get(site);
    if (known !== undefined) return known;
    const said = this.#ofSite.all(site).map(({ file, body, agent, time }) => ({
      rules: readSiteRules(file, body, agent),
      agent,
      until: time + LIFETIME_MS,
    }));
    this.#cache.set(site, said);
    return said;
  }
}

/** An address as rules compare it. */
const urlOf = (address: string): string => (address.startsWith('//') ? `https:${address}` : address);
