/** The web of many hosts, a crawl of it, and what is wrong with what the crawl asked for and brought home. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { domainToASCII } from 'node:url';
import { crawl } from '../../crawlers/crawl.ts';
import type { CrawlOptions, Ending } from '../../crawlers/options.ts';
import type { CrawlStep } from '../../crawlers/visit.ts';
import { readWarc } from '../../crawlers/warc/read-warc.ts';
import type { WarcRecord } from '../../crawlers/warc/warc.ts';
import { TEST_CERTIFICATE } from '../crawlers/certificate.ts';
import { KINDS, type Kind, type Site } from './kinds.ts';
import { isOfWeb, type Routes, type Seen, startServer, WEB_NETWORK, type WebServer, webAddress } from './server.ts';

export interface Host extends Site {
  readonly kind: string;
  readonly host: string;
  readonly address: string;
  readonly seeds: readonly string[];
}

export interface Web {
  readonly hosts: readonly Host[];
  readonly server: WebServer;
}

const RULES = ['/robots.txt', '/.well-known/tdmrep.json', '/ai.txt'];
const DOMAIN = 'vua.test';

/** Hosts of every kind in turn; each is another, of its own name, address and text. */
export async function startManyHosts(count: number, kinds: readonly Kind[] = KINDS): Promise<Web> {
  const hosts: Host[] = [];
  const byName = new Map<string, Host>();
  const ownerOf = (name: string): Host | undefined => byName.get(/[^.]+\.vua\.test$/.exec(name)?.[0] ?? '');
  const routesOf = (name: string): Routes | undefined => {
    const owner = ownerOf(name);
    if (owner === undefined || name === owner.host) return owner?.routes;
    return owner.subs?.[name.slice(0, -owner.host.length - 1)];
  };
  const server = await startServer(routesOf, (name, times) => {
    const owner = ownerOf(name);
    if (owner === undefined) return undefined;
    return owner.means === undefined ? [owner.address] : owner.means(name, times, owner.address);
  });
  const { port, securePort } = server;
  for (let n = 0; n < count; n++) {
    const { name, site } = kinds[n % kinds.length]!;
    const host = `k${n}.${DOMAIN}`;
    const origin = `http://${host}:${port}`;
    const made = site({ host, origin, port, securePort, sub: (label) => `${label}.${host}` });
    const address = made.sharesAddress ? (hosts.at(-1)?.address ?? webAddress(n + 1)) : webAddress(n + 1);
    const one = { ...made, kind: name, host, address, seeds: [made.seed ?? `${origin}/`] };
    hosts.push(one);
    byName.set(host, one);
  }
  return { hosts, server };
}

export interface Crawled {
  readonly steps: readonly CrawlStep[];
  readonly ending: Ending;
}

export const PAUSE_MS = 20;
/** Only hosts that say nothing are waited for so long; where there is none a busy machine may take its time. */
const timeoutOf = (kinds: readonly string[]): number =>
  kinds.some((kind) => /never|silent/.test(kind)) ? 4000 : 60_000;

export function optionsFor({ hosts, server }: Web, outDir: string): CrawlOptions {
  const settings = {
    ...{ outDir, allowedAddresses: [WEB_NETWORK], lookup: server.lookup, ca: TEST_CERTIFICATE },
    ...{ concurrency: 64, delayMs: PAUSE_MS, retryDelayMs: 10, maxForeignPages: 10 },
    timeoutMs: timeoutOf(hosts.map(({ kind }) => kind)),
    seeds: hosts.flatMap(({ seeds }) => seeds),
    allowedHosts: hosts.flatMap(({ opens = [] }) => opens),
  };
  return settings;
}

export async function crawlAll(web: Web, outDir: string, options: Partial<CrawlOptions> = {}): Promise<Crawled> {
  const steps: CrawlStep[] = [];
  let ending: Ending | undefined;
  const onEnd = (told: Ending): void => {
    ending = told;
  };
  const given = { ...optionsFor(web, outDir), onEnd, ...options };
  for await (const step of crawl(given, new AbortController().signal)) steps.push(step);
  return { steps, ending: ending! };
}

/** The last answer of each address in the archive of a crawl. */
export async function archived(outDir: string): Promise<Map<string, WarcRecord>> {
  const found = new Map<string, WarcRecord>();
  const dir = join(outDir, 'warc');
  for (const file of readdirSync(dir).sort()) {
    if (statSync(join(dir, file)).size === 0) continue; // nothing was answered
    for await (const record of readWarc(join(dir, file))) if (record.type === 'response') found.set(record.url, record);
  }
  return found;
}

/** What is wrong with a crawl that had all that it wanted; empty where nothing is. */
export async function faultsOf(web: Web, outDir: string, { steps }: Crawled): Promise<string[]> {
  const records = await archived(outDir);
  const { requests } = web.server;
  return [
    ...breaches(requests),
    ...rudeness(requests),
    ...web.hosts.flatMap((host) => faultsOfHost(host, web.server, records, steps)),
  ];
}

/** Requests that came to an address outside the web. */
export const breaches = (requests: readonly Seen[]): string[] =>
  requests
    .filter(({ address }) => !isOfWeb(address))
    .map(({ host, path, address }) => `BREACH: ${host}${path} was asked for at ${address}`);

export function groupedBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** Requests to one address while another was under way there, or sooner after it than the pause. */
function rudeness(requests: readonly Seen[]): string[] {
  const byAddress = groupedBy(requests, ({ address }) => address);
  return [...byAddress].flatMap(([address, seen]) =>
    seen.slice(1).flatMap(({ host, path, startedAt }, i) => {
      const before = seen[i]!;
      if (startedAt >= before.endedAt + PAUSE_MS - 1) return [];
      if (host === before.host && path === before.path) return []; // once more within its turn, for the lenient parser
      return [`${address}: ${host}${path} came ${(startedAt - before.endedAt).toFixed(1)} ms after ${before.path}`];
    }),
  );
}

function faultsOfHost(
  {
    kind,
    host,
    routes,
    subs = {},
    seeds,
    must = ['/'],
    cut = [],
    may = [],
    times = {},
    most,
    consent = {},
    reason,
  }: Host,
  { requests, port, securePort }: WebServer,
  records: ReadonlyMap<string, WarcRecord>,
  steps: readonly CrawlStep[],
): string[] {
  const wrong: string[] = [];
  const say = (fact: string): void => void wrong.push(`${kind} (${host}): ${fact}`);
  const nameOf = (seen: Seen): string =>
    seen.host === host ? seen.path : `//${seen.host.slice(0, -host.length - 1)}${seen.path}`;
  const own = requests.filter((seen) => seen.host === host || seen.host.endsWith(`.${host}`)).map(nameOf);
  const mayBe = new Set([...must, ...cut, ...may]);
  const isRule = (name: string): boolean => RULES.some((rule) => name.endsWith(rule));
  if (most !== 0 && must.length + cut.length > 0 && reason === undefined) mayBe.add('/');
  const counted = new Map<string, number>();
  for (const name of own) counted.set(name, (counted.get(name) ?? 0) + 1);
  for (const [name, count] of counted) {
    if (!mayBe.has('*') && !mayBe.has(name) && !isRule(name)) say(`${name} should not have been asked for`);
    const bound = times[name] ?? (may.includes('*') && !must.includes(name) ? Number.POSITIVE_INFINITY : 1);
    if (count > bound) say(`${name} was asked for ${count} times, at most ${bound}`);
  }
  const bound = most ?? mayBe.size + RULES.length * (1 + Object.keys(subs).length);
  if (own.length > bound) say(`${own.length} requests, at most ${bound}`);
  const recordOf = (name: string): WarcRecord | undefined => {
    const [, label, path] = /^\/\/([^/]+)(\/.*)$/.exec(name) ?? [];
    const at = label === undefined ? host : `${label}.${host}`;
    const addresses = [`http://${at}:${port}`, `https://${at}:${securePort}`];
    return addresses.map((origin) => records.get(origin + (path ?? name))).find(Boolean);
  };
  for (const name of [...must, ...cut]) {
    const record = recordOf(name);
    const isCut = cut.includes(name);
    if (record === undefined || record.status >= 300) {
      const became = steps
        .filter(({ url }) => new URL(url).hostname === host)
        .map((step) => `${step.kind} ${step.reason}`);
      say(`${name} is not in the archive (${became.slice(0, 3).join(', ')})`);
    }
    if (record !== undefined && (record.truncated !== undefined || record.status === 206) !== isCut)
      say(`${name} is ${record.truncated ?? 'not marked'}, expected ${isCut ? 'a mark' : 'none'}`);
    const [, label, path] = /^\/\/([^/]+)(\/.*)$/.exec(name) ?? [];
    const route = label === undefined ? routes[name] : subs[label]?.[path!];
    if (typeof route === 'string' && record !== undefined && !isCut && record.body.toString() !== route)
      say(`${name} is other than what was served`);
  }
  for (const [name, expected] of Object.entries(consent)) {
    const found = recordOf(name)?.extra.find(([field]) => field === 'Vua-Consent')?.[1];
    if (found !== expected) say(`${name}: consent ${found}, expected ${expected}`);
  }
  if (reason !== undefined) {
    const [seed] = seeds.map((url) => new URL(url));
    const step = steps.find(({ url }) => new URL(url).hostname === domainToASCII(seed!.hostname));
    if (step?.reason !== reason) say(`the seed: ${step?.reason}, expected ${reason}`);
  }
  return wrong;
}
