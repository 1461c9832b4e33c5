/** What a crawl would make of an address: a run of one page into a folder that is removed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crawl } from './crawl.ts';
import { Frontier, STATE_FILE } from './frontier/frontier.ts';
import type { UrlRow } from './frontier/row.ts';
import { canonicalUrl } from './links/url.ts';
import type { CrawlOptions } from './options.ts';
import { unattended } from './shell/work.ts';
import { openInput } from './sources/index.ts';

export interface DryRun {
  /** What became of the address, as a step of a crawl says it: `fetched`, `refused`, … */
  readonly kind: string;
  readonly reason: string | undefined;
  readonly status: number;
  readonly bytes: number;
  readonly contentType: string | undefined;
  readonly consent: string | undefined;
  readonly statements: readonly string[];
  /** Undefined where there was too little text to tell. */
  readonly isVietnamese: boolean | undefined;
  /** Nights until it would be looked at again. */
  readonly nights: number | null;
  /** URLs that would be asked for next: of pages, and of sitemaps and feeds. */
  readonly pages: number;
  readonly sitemaps: number;
  readonly notes: readonly string[];
}

/** Requests for rules and for one page, redirects included. */
const MOST_REQUESTS = 15;

/** @throws ToolkitError as `crawl` */
export async function dryRun(
  url: string,
  options: Partial<CrawlOptions>,
  signal = unattended().signal,
): Promise<DryRun> {
  const dir = mkdtempSync(join(tmpdir(), 'vua-dry-run-'));
  try {
    const notes: string[] = [];
    const given = { ...options, outDir: dir, seeds: [url], maxPages: 1, maxRequests: MOST_REQUESTS };
    let [kind, reason, status, bytes] = ['failed', undefined as string | undefined, 0, 0];
    for await (const step of crawl({ ...given, note: (text) => notes.push(text) }, signal)) {
      if (step.resource !== 'page') continue;
      [kind, reason, status, bytes] = [step.kind, step.reason, step.status, step.bytes];
      if (step.kind === 'fetched' || step.retryAt !== undefined) break;
    }
    const frontier = new Frontier(join(dir, STATE_FILE));
    const { pages, sitemaps, row, isVietnamese } = lookAt(frontier, url);
    frontier.close();
    const facts = { kind, reason, status, bytes, isVietnamese, nights: row?.nights ?? null, pages, sitemaps, notes };
    for await (const page of openInput(join(dir, 'warc'), { onFault: () => {} })) {
      const { conclusion, statements } = page.consent;
      return { ...facts, contentType: page.headers['content-type'], consent: conclusion, statements };
    }
    return { ...facts, contentType: undefined, consent: undefined, statements: [] };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function lookAt(frontier: Frontier, url: string) {
  const [host] = frontier.hosts.seeds();
  const row: UrlRow | undefined = frontier.get(canonicalUrl(url) ?? url);
  const isVietnamese = frontier.hosts.isVietnamese(`http://${host}/`);
  return { row, isVietnamese, pages: frontier.tally('page').queued, sitemaps: frontier.tally('sitemap').queued };
}
