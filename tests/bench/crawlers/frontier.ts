/**
 * How many URLs a second a frontier takes in and hands out, and whether its memory stays flat: `npm run bench:frontier`.
 *
 *   npm run bench:frontier                     5,000,000 URLs over 50,000 hosts
 *   npm run bench:frontier -- 200000 2000      fewer
 *
 * A pair is one URL queued and one URL chosen, settled and replaced by what was found on it, through the frontier and the
 * line of hosts that a crawl uses. Every page names ten URLs that are known for each that is not.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Frontier } from '../../../crawlers/frontier/frontier.ts';
import { RANKS, rankOf } from '../../../crawlers/frontier/revisit.ts';
import type { Discovery } from '../../../crawlers/frontier/row.ts';
import { HostQueue } from '../../../crawlers/host-queue.ts';
import { makeTemporaryFolder } from '../../folder.ts';

const URLS_A_PAGE = 20;
/** Visits that end in one turn of a crawl's loop when it is busy. */
const TURN = 1024;

export interface Pairs {
  readonly pairs: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** MiB of the process when a quarter, half, … of the URLs were handed out. */
  readonly memory: readonly number[];
}

export function measureFrontier(urls: number, hosts: number): Pairs {
  const dir = makeTemporaryFolder();
  const frontier = new Frontier(join(dir, 'state.sqlite'));
  const queue = new HostQueue();
  const queued = new Uint32Array(hosts);
  const nameOf = (host: number): string => `bao${host}.example.vn`;
  const urlOf = (host: number, n: number): string =>
    `https://${nameOf(host)}/chuyen-muc-${n % 7}/bai-viet-ve-con-kenh-so-${n}.html`;
  const discover = (host: number, count: number): Discovery[] =>
    Array.from({ length: count }, () => {
      const n = queued[host]++;
      return { url: urlOf(host, n), kind: 'page', depth: 1 + (n % 5), hops: 0, rank: rankOf(RANKS.good, 1 + (n % 5)) };
    });
  const memory: number[] = [];
  const startedAt = performance.now();
  const before = process.cpuUsage();
  let added = 0;
  for (let host = 0; host < hosts; host++) {
    const first = Math.min(URLS_A_PAGE, urls - added);
    added += frontier.add(discover(host, first), 0);
    queue.put(nameOf(host), host);
    if (host % 100 === 0) frontier.commit();
  }
  let pairs = 0;
  for (let at = hosts; queue.size > 0; at++) {
    const name = queue.take()!;
    const row = frontier.next(name);
    if (row === undefined) continue;
    const host = Number(name.slice(3, name.indexOf('.')));
    const news = added < urls && queued[host] < (2 * urls) / hosts && pairs % URLS_A_PAGE === 0 ? URLS_A_PAGE : 0;
    const size = Math.min(news, urls - added);
    added += frontier.settle(
      row,
      { state: 'done', status: 200, etag: '"1"', fetchedAt: '2026-01-01T00:00:00.000Z' },
      discover(host, size),
    ).length;
    queue.put(name, at);
    pairs++;
    if (pairs % TURN === 0) frontier.commit();
    if (added < urls && pairs % 2 === 0)
      added += frontier.add(discover(pairs % hosts, Math.min(URLS_A_PAGE, urls - added)), 0);
    if (pairs % Math.ceil(urls / 4) === 0) memory.push(Math.round(process.memoryUsage().rss / 2 ** 20));
  }
  frontier.commit();
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - startedAt) / 1000;
  frontier.close();
  rmSync(dir, { recursive: true, force: true });
  return { pairs, seconds, cpuSeconds: (user + system) / 1e6, memory };
}

if (process.argv[1]?.endsWith('bench/crawlers/frontier.ts')) {
  const [urls = 5_000_000, hosts = 50_000] = process.argv.slice(2).map(Number);
  const { pairs, seconds, cpuSeconds, memory } = measureFrontier(urls, hosts);
  const rate = (by: number): string => Math.round(pairs / by).toLocaleString('en-US');
  console.log(`${pairs.toLocaleString('en-US')} pairs over ${hosts.toLocaleString('en-US')} hosts`);
  console.log(`${rate(seconds)} pairs/s, ${rate(cpuSeconds)} per second of CPU, ${memory.join(', ')} MiB`);
}
