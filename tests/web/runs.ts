/** Runs over the web of many hosts, each with what it found. */
import type { CrawlOptions } from '../../crawlers/options.ts';
import type { Kind } from './kinds.ts';
import { archived, breaches, crawlAll, faultsOf, groupedBy, startManyHosts } from './web.ts';

export interface Told {
  readonly name: string;
  readonly facts: string;
  readonly faults: readonly string[];
}

/** A crawl until nothing is due. */
export async function wholeCrawl(count: number, outDir: string, kinds?: readonly Kind[]): Promise<Told> {
  const web = await startManyHosts(count, kinds);
  try {
    const crawled = await crawlAll(web, outDir);
    const { requests } = web.server;
    const faults = await faultsOf(web, outDir, crawled);
    if (crawled.ending.endedBy !== 'nothing_due') faults.push(`ended by ${crawled.ending.endedBy}`);
    const pages = web.hosts.reduce((sum, { must = ['/'] }) => sum + must.length, 0);
    return {
      name: 'whole',
      facts: `${count} hosts, ${requests.length} requests, ${pages} pages that must be there`,
      faults,
    };
  } finally {
    await web.server.close();
  }
}

/** A crawl that may not make all requests that it wants: those that arrive are counted. */
export async function budgetFaults(
  count: number,
  outDir: string,
  budget: Pick<Partial<CrawlOptions>, 'maxRequests' | 'maxHostRequests'>,
  kinds?: readonly Kind[],
): Promise<Told> {
  const web = await startManyHosts(count, kinds);
  try {
    const { ending } = await crawlAll(web, outDir, budget);
    const { requests } = web.server;
    const faults = breaches(requests);
    const { maxRequests = Number.POSITIVE_INFINITY, maxHostRequests = Number.POSITIVE_INFINITY } = budget;
    if (requests.length > maxRequests) faults.push(`${requests.length} requests, at most ${maxRequests}`);
    if (ending.requests < requests.length)
      faults.push(`${requests.length} requests, the crawl counts ${ending.requests}`);
    if (maxRequests < Number.POSITIVE_INFINITY && ending.endedBy !== 'maxRequests')
      faults.push(`ended by ${ending.endedBy}`);
    for (const [host, seen] of groupedBy(requests, (one) => one.host)) {
      if (seen.length > maxHostRequests) faults.push(`${host}: ${seen.length} requests, at most ${maxHostRequests}`);
    }
    if (requests.length > 2) await archived(outDir);
    return {
      name: JSON.stringify(budget),
      facts: `${requests.length} requests arrived, ${ending.requests} were counted`,
      faults,
    };
  } finally {
    await web.server.close();
  }
}
