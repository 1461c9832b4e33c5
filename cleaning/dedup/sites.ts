/**
 * What sites say of their pages in robots.txt, ai.txt and tdmrep.json, last and before, and which documents it concerns. It
 * holds for what was fetched before it and for a day after (RFC 9309 §2.4), also when the site says something else later:
 * later pages bring their consent with them.
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
  CREATE TABLE IF NOT EXISTS past_rules (
    site INTEGER, file TEXT, agent TEXT, body TEXT, until INTEGER NOT NULL,
    PRIMARY KEY (site, file, agent, body)) WITHOUT ROWID;
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

/** One file of a site, as it is or was. */
interface Said {
  readonly rules: SiteRules;
  readonly agent: string;
  readonly isPast: boolean;
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
  readonly #keepPast;
  readonly #pastOf;
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
    this.#keepPast = database.prepare<[bigint, string, string, string, number]>(
      'INSERT INTO past_rules VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET until = max(until, excluded.until)',
    );
    this.#pastOf = database.prepare<[bigint], { file: RulesFile; agent: string; body: string; until: number }>(
      'SELECT file, agent, body, until FROM past_rules WHERE site = ?',
    );
    this.#documents = database.prepare<[bigint], Page>(
      `SELECT number, address, seen, input IS NOT NULL AS input FROM documents
       WHERE site = ? AND state = ${STATE.stands} ORDER BY number`,
    );
    this.#forbid = database.prepare<[number]>('INSERT OR IGNORE INTO forbidden VALUES (?)');
    this.#unforbid = database.prepare<[number]>('DELETE FROM forbidden WHERE document = ?');
    this.#silence = database.prepare<[bigint]>('INSERT OR IGNORE INTO silenced_sites VALUES (?)');
  }

  /** Remembers the rules. Returns the documents that have to leave for them, by number. */
  hear(notice: RulesNotice): number[] {
    const { site, file, time, body, agent } = notice;
    const known = this.#known.get(site, file);
    const isSame = known?.body === body && known.agent === agent;
    const speaks = SPEAKS_OF_USE[file].test(body);
    if (known !== undefined && known.time >= time) {
      if (isSame || !speaks) return [];
      this.#past({ ...notice, until: Math.min(time + LIFETIME_MS, known.time - 1) });
      return this.#refused(site);
    }
    this.#cache.delete(site);
    if (isSame) {
      this.#touch.run(time, site, file);
      return speaks ? this.#since(site, known.time + LIFETIME_MS) : [];
    }
    if (known !== undefined && SPEAKS_OF_USE[file].test(known.body))
      this.#past({ ...notice, ...known, until: Math.min(known.time + LIFETIME_MS, time - 1) });
    this.#keep.run(notice);
    if (known === undefined && body.trim() === '') return [];
    const gone = speaks ? this.#refused(site) : [];
    const left = new Set(gone);
    for (const { number, address } of this.#documents.all(site)) {
      if (left.has(number)) continue;
      if (this.#isAllowed(site, address)) this.#unforbid.run(number);
      else this.#forbid.run(number);
    }
    return gone;
  }

  /** What a site does not say any more, or said before what is known. Comments and sitemaps that change say nothing. */
  #past({ site, file, agent, body, until }: RulesNotice & { readonly until: number }): void {
    const said = file.endsWith('.txt') ? body.replace(/^[ \t]*(?:#|sitemap[ \t]*:).*$/gim, '') : body;
    this.#keepPast.run(site, file, agent, said, until);
    this.#cache.delete(site);
  }

  #refused(site: bigint): number[] {
    this.#silence.run(site);
    const isGone = ({ address, seen, input }: Page): boolean =>
      this.#refusal(site, address, input === null || input === 0 ? seen : 0) !== undefined;
    return this.#documents
      .all(site)
      .filter(isGone)
      .map(({ number }) => number);
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
    for (const { rules, agent, until } of this.#said(site)) {
      if (moment > until) continue;
      const { conclusion, statement } = decisionOf([rules], urlOf(address), agent, this.table);
      if (isRefusal(conclusion)) return statement;
    }
    return undefined;
  }

  #isAllowed(site: bigint, address: string): boolean {
    return this.#said(site).every(({ rules, isPast }) => isPast || rules.isAllowed(urlOf(address)));
  }

  #said(site: bigint): readonly Said[] {
    const known = this.#cache.get(site);
    if (known !== undefined) return known;
    const now = this.#ofSite.all(site).map((each) => ({ ...each, until: each.time + LIFETIME_MS, isPast: false }));
    const past = this.#pastOf.all(site).map((each) => ({ ...each, isPast: true }));
    const said = [...now, ...past].map(({ file, body, agent, until, isPast }) => ({
      rules: readSiteRules(file, body, agent),
      ...{ agent, until, isPast },
    }));
    this.#cache.set(site, said);
    return said;
  }
}

/** An address as rules compare it. */
const urlOf = (address: string): string => (address.startsWith('//') ? `https:${address}` : address);
