/** What a crawl has, for people: hosts, what became of their URLs, what their text is, how the last run ended. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Frontier, STATE_FILE } from './frontier/frontier.ts';
import type { HostRow } from './frontier/memory.ts';
import type { Tally } from './frontier/row.ts';
import type { LastRun } from './run-crawl.ts';
import { badInput } from './shell/errors.ts';

export interface CrawlReport {
  readonly pages: Tally;
  readonly sitemaps: Tally;
  readonly hosts: readonly HostRow[];
  readonly reasons: readonly { readonly reason: string; readonly urls: number }[];
  /** Absent of a folder in which no run has ended since this is kept. */
  readonly lastRun?: LastRun & { readonly endedAt: string };
}

/**
 * Looks at every URL of the folder: a second or two for each million.
 * @param dir the folder of a crawl, or of a `vua run` around it
 * @throws ToolkitError BAD_INPUT (exit 2), BAD_FRONTIER
 */
export function reportOf(dir: string): CrawlReport {
  const crawl = [dir, join(dir, 'crawl')].find((folder) => existsSync(join(folder, STATE_FILE)));
  if (crawl === undefined) throw badInput('BAD_INPUT', `${dir}: no crawl, expected ${STATE_FILE} in it`);
  const frontier = new Frontier(join(crawl, STATE_FILE));
  try {
    const last = frontier.memory.lastRun();
    return {
      pages: frontier.tally('page'),
      sitemaps: frontier.tally('sitemap'),
      hosts: frontier.memory.hostRows(),
      reasons: frontier.memory.reasonRows(),
      ...(last && { lastRun: { ...JSON.parse(last.report), endedAt: new Date(last.endedAt).toISOString() } }),
    };
  } finally {
    frontier.close();
  }
}
