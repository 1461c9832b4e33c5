/** For tests of whole crawls: a fresh folder for each test, a small web, and what came of the crawl. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { crawl } from '../../crawlers/crawl.ts';
import type { CrawlOptions } from '../../crawlers/options.ts';
import type { CrawlStep } from '../../crawlers/visit.ts';
import { readWarc } from '../../crawlers/warc/read-warc.ts';
import type { WarcRecord } from '../../crawlers/warc/warc.ts';
import { fixtures, temporaryFolder } from '../support.ts';
import { type Sites, startWeb, type TestWeb } from './web.ts';

export const HOST = 'a.vua.test';
export const SEED = `http://${HOST}/`;

/** New with each test. */
export let outDir: string;
export let web: TestWeb;

fixtures.push({
  before() {
    outDir = temporaryFolder();
  },
  after: () => web?.close(),
});

export async function serve(sites: Sites, ip?: string): Promise<void> {
  web = await startWeb(sites, ip);
}

export const optionsOf = (options: Partial<CrawlOptions> = {}): CrawlOptions => ({
  outDir,
  seeds: [SEED],
  connectTo: web.connectTo,
  delayMs: 0,
  retryDelayMs: 10,
  timeoutMs: 2000,
  ...options,
});

export async function run(
  options: Partial<CrawlOptions> = {},
  signal = new AbortController().signal,
): Promise<CrawlStep[]> {
  const steps: CrawlStep[] = [];
  for await (const step of crawl(optionsOf(options), signal)) steps.push(step);
  return steps;
}

/** `kind url reason`, sorted. */
export const summary = (steps: readonly CrawlStep[]): string[] =>
  steps.map(({ kind, url, reason }) => `${kind} ${url.replace(/^http:\/\//, '')} ${reason ?? ''}`.trim()).sort();

/** Everything in the crawl's WARC files; of damaged ones what stands before the damage. */
export async function records({ damaged = false } = {}): Promise<WarcRecord[]> {
  const all: WarcRecord[] = [];
  for (const file of readdirSync(join(outDir, 'warc')).sort()) {
    try {
      for await (const record of readWarc(join(outDir, 'warc', file))) all.push(record);
    } catch (error) {
      if (!damaged) throw error;
    }
  }
  return all;
}

/** Values of a named field of a record. */
export const extra = (record: WarcRecord, name: string): string[] =>
  record.extra.filter(([candidate]) => candidate === name).map(([, value]) => value);
