/**
 * The crawl: an async generator of one step per URL. At most one visit per host is under way and at most `concurrency`
 * in all; hosts take turns. Everything that it knows is in the frontier (state.sqlite) and everything that servers
 * answered in warc/, so that it can be stopped or killed at any moment and goes on where it was.
 *
 *   outDir/state.sqlite            frontier.ts
 *   outDir/warc/SOURCE-00000.warc.gz   warc.ts: every answer, robots.txt and sitemaps included
 */
import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Fetched, Fetcher, type FetchOptions, RequestFailed } from './fetch.ts';
import { frontierFault } from './frontier/fault.ts';
import { Frontier, STATE_FILE } from './frontier/frontier.ts';
import { FAILED_AFTER_MS } from './frontier/revisit.ts';
import type { Discovery, UrlRow } from './frontier/row.ts';
import { HostQueue } from './host-queue.ts';
import { CookieJar } from './http/cookies.ts';
import { InFlight } from './in-flight.ts';
import { Traps } from './links/trap.ts';
import { canonicalHost, canonicalUrl } from './links/url.ts';
import { VisitorIds } from './links/visitor-ids.ts';
import { requeueBehind, requeueCut } from './lost-records.ts';
import { NextVisit } from './next-visit.ts';
import { CRAWL_DEFAULTS, type CrawlOptions, type Ending, type Limits, withContact } from './options.ts';
import { addressOf, isNamedBy, REMOVED_FILE, removedNames } from './page.ts';
import { Budget, BudgetSpent, budgetsOf } from './polite/budget.ts';
import { HostPace, MAX_DELAY_MS } from './polite/pace.ts';
import { pathRules } from './polite/paths.ts';
import { Politeness } from './polite/politeness.ts';
import { productTokenOf } from './polite/robots.ts';
import { leaveArchive, settleDamage } from './settle-damage.ts';
import { badInput, type ToolkitError } from './shell/errors.ts';
import { makeFolder, readJsonLines } from './shell/folder.ts';
import { announcedSitemaps, type CrawlStep, type VisitContext, visit } from './visit.ts';
import { WarcWriter } from './warc/warc.ts';

/** A run waits this long for a retry; what is due later is left to a later run. */
const MAX_WAIT_MS = 2 * MAX_DELAY_MS;

/**
 * Yields a step for each URL as it is settled (and for each failed attempt, with `retryAt`). Returns when nothing is
 * due, at `maxPages`, when a budget is spent, or soon after `signal` is aborted; `onEnd` hears which. The caller holds
 * the folder's lock.
 * @throws ToolkitError BAD_SEED, NO_SEEDS, BAD_HOST, BAD_USER_AGENT, BAD_SOURCE_NAME, BAD_CONNECT_TO, BAD_ADDRESS,
 * BAD_FRONTIER (exit 2), WRITE_FAILED.
 */
export async function* crawl(options: CrawlOptions, signal: AbortSignal): AsyncGenerator<CrawlStep> {
  const settings = withContact({ ...CRAWL_DEFAULTS, ...options });
  checkNames(settings);
  const seeds = settings.seeds.map(parseSeed);
  const allowedHosts = (settings.allowedHosts ?? []).map(parseHost);
  const fetcher = new Fetcher(settings);
  const state = join(settings.outDir, STATE_FILE);
  if (seeds.length === 0 && !existsSync(state)) throw noSeeds(settings.outDir);
  makeFolder(settings.outDir);
  const frontier = new Frontier(state);
  const visits = new InFlight<CrawlStep | undefined>();
  const stop = new AbortController();
  setMaxListeners(0, stop.signal); // every request under way listens
  const onAbort = (): void => stop.abort(signal.reason);
  signal.addEventListener('abort', onAbort);
  stop.signal.addEventListener('abort', () => visits.wake());
  if (signal.aborted) onAbort();
  let warc: WarcWriter | undefined;
  try {
    frontier.add(seeds.map(asSeed), null);
    const hosts = new Set([...frontier.hosts.seeds(), ...allowedHosts]);
    if (frontier.hosts.seeds().length === 0) throw noSeeds(settings.outDir);
    frontier.wake(settings.refreshAfterMs, Math.min(settings.refreshAfterMs, FAILED_AFTER_MS));
    const warcDir = join(settings.outDir, 'warc');
    requeueCut(warcDir, frontier, settings.note);
    await settleDamage(warcDir, frontier, stop.signal, settings.note);
    warc = WarcWriter.open(warcDir, settings.source ?? 'crawl', { note: settings.note });
    requeueBehind(warcDir, warc.resumed, frontier, settings.note);
    const budget = new Budget(budgetsOf(settings.maxPages, hosts.size, settings));
    const context = visitContext(settings, { frontier, warc, fetcher, hosts, budget, signal: stop.signal });

    let pages = 0;
    const spentHosts = new Map<string, keyof Limits>();
    const visitWithin = async (host: string, row: UrlRow): Promise<CrawlStep | undefined> => {
      try {
        return await visit(row, context);
      } catch (error) {
        if (!(error instanceof BudgetSpent)) throw error;
        if (error.limit !== budget.spent()) spentHosts.set(host, error.limit); // its URL is still queued
        return undefined;
      }
    };
    const endedBy = (): Ending['endedBy'] | undefined =>
      stop.signal.aborted ? 'signal' : pages >= settings.maxPages ? 'maxPages' : budget.spent();
    const isFull = (): boolean =>
      endedBy() !== undefined || visits.size >= settings.concurrency || pages + visits.size >= settings.maxPages;
    const choice = new NextVisit(frontier, budget, settings.maxForeignPages);
    const queue = new HostQueue();
    const line = (host: string, waitMs: number): void => queue.put(host, performance.now() + waitMs);
    settings.onStart?.(() => ({
      underWay: visits.underWay(),
      ...{ requests: budget.requests, receivedBytes: budget.bytes, limits: budget.limits, msLeft: budget.msLeft() },
    }));
    for (const host of frontier.readyHosts()) if (hosts.has(host)) line(host, 0);
    for (;;) {
      frontier.wakeDue();
      for (const host of frontier.takeWoken()) if (hosts.has(host) && !visits.has(host)) line(host, 0);
      while (!isFull() && queue.readyAt() <= performance.now()) {
        const host = queue.take()!;
        const row = spentHosts.has(host) || choice.isSilent(host) ? undefined : choice.of(host);
        if (row === undefined) continue; // in the line again when something of it becomes due
        const limit = choice.spentBy(host);
        if (limit) {
          spentHosts.set(host, limit);
          continue;
        }
        const waitMs = Math.max(frontier.hosts.heldUntil(host) - Date.now(), context.pace.waitMs(host));
        if (waitMs > 0) {
          line(host, waitMs);
          continue;
        }
        choice.count(host, row);
        visits.start(host, visitWithin(host, row), row.url);
      }
      const dueMs = Math.max(0, Math.min(queue.readyAt() - performance.now(), frontier.nextDue() - Date.now()));
      const waitMs = isFull() ? Number.POSITIVE_INFINITY : dueMs; // or until a visit ends
      const isOver = endedBy() !== undefined || waitMs > Math.min(MAX_WAIT_MS, budget.msLeft());
      if (visits.size === 0 && isOver) {
        const isLate = waitMs <= MAX_WAIT_MS || [...spentHosts.values()].includes('maxMinutes');
        const by = endedBy() ?? (isLate ? 'maxMinutes' : 'nothing_due');
        frontier.commit();
        settings.onEnd?.(endingOf(by, spentHosts, budget, context, settings));
        return;
      }
      const ended = await visits.collect(Math.min(waitMs, MAX_WAIT_MS));
      frontier.commit();
      for (const { key: host, result } of ended) {
        line(host, context.pace.waitMs(host));
        if (result.status === 'rejected') {
          if (stop.signal.aborted) continue; // cut off by the abort; the URL is still queued
          throw result.reason;
        }
        if (result.value === undefined) continue;
        choice.hear(host, result.value, settings.note);
        if (result.value.kind === 'fetched' && result.value.resource === 'page') pages++;
        yield result.value;
      }
    }
  } catch (error) {
    throw frontierFault(state, error) ?? error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    stop.abort();
    await visits.idle();
    await fetcher.close();
    try {
      await warc?.close();
      if (warc !== undefined) leaveArchive(join(settings.outDir, 'warc'), frontier);
    } finally {
      frontier.close();
    }
  }
}

function endingOf(
  by: Ending['endedBy'],
  spentHosts: ReadonlyMap<string, keyof Limits>,
  budget: Budget,
  { frontier, traps }: VisitContext,
  { maxPages, maxForeignPages }: Settings,
): Ending {
  const remaining = frontier.tally('page').queued + frontier.tally('sitemap').queued;
  return {
    endedBy: remaining > 0 || by === 'signal' ? by : 'nothing_due',
    spentHosts: [...spentHosts].filter(([, limit]) => limit !== 'maxMinutes'),
    limits: { maxPages, maxForeignPages, ...budget.limits },
    requests: budget.requests,
    receivedBytes: budget.bytes,
    remaining,
    closedPatterns: traps.closed(),
  };
}

interface Parts {
  readonly frontier: Frontier;
  readonly warc: WarcWriter;
  readonly fetcher: Fetcher;
  readonly hosts: Set<string>;
  readonly budget: Budget;
  readonly signal: AbortSignal;
}

type Settings = CrawlOptions & Required<Pick<CrawlOptions, keyof typeof CRAWL_DEFAULTS>>;

function visitContext(settings: Settings, { frontier, warc, fetcher, hosts, budget, signal }: Parts): VisitContext {
  const pace = new HostPace(settings);
  const cookies = new CookieJar();
  const productToken = productTokenOf(settings.userAgent);
  const told = new Set<string>();
  const tellOnce = (error: unknown, { host }: URL): void => {
    if (!(error instanceof RequestFailed) || error.reason !== 'private_address' || told.has(host)) return;
    told.add(host);
    settings.note?.(`${error.message}; --allow-address lets the crawl in`);
  };
  const get = async (url: string, options: FetchOptions): Promise<Fetched> => {
    const place = new URL(url);
    const { hostname } = place;
    const received = (): number => fetcher.received(hostname);
    const address = await fetcher.addressOf(hostname);
    if (address !== undefined) pace.place(hostname, address);
    budget.check(hostname, pace.waitMs(hostname));
    const again = (): void => budget.again(hostname);
    const request = () =>
      budget.request(hostname, received, () =>
        fetcher.fetch(url, { ...options, again, cookie: cookies.cookieFor(hostname) }, signal),
      );
    try {
      const answer = await pace.turn(hostname, signal, request);
      cookies.hear(hostname, answer.headers);
      if (answer.status === 429 || answer.status === 503) pace.backOff(hostname, settings.retryDelayMs);
      else if (answer.status < 500) pace.ease(hostname);
      return answer;
    } catch (error) {
      tellOnce(error, place);
      throw error;
    }
  };
  const politeness = new Politeness({
    productToken,
    memory: frontier.memory,
    refreshAfterMs: settings.refreshAfterMs,
    async get(url, maxBytes, rulesUrl) {
      const answer = await get(url, { maxBytes });
      const extra = [
        ['Vua-Resource', 'site rules'],
        ['Vua-Rules-Of', rulesUrl], // another URL where they were redirected
        ['Vua-Rules-For', productToken],
      ] as const;
      await warc.write({ ...answer, type: 'response', extra });
      return answer;
    },
    onRobots(robots, url) {
      frontier.add(announcedSitemaps(robots.sitemaps, url, context), 0);
      if (robots.crawlDelay === undefined) return;
      const { hostname } = new URL(url);
      const keptSeconds = pace.slowDown(hostname, robots.crawlDelay * 1000) / 1000;
      const asked = `robots.txt asks for ${robots.crawlDelay} s between requests`;
      const capped = keptSeconds < robots.crawlDelay ? ', the longest pause of this crawler' : '';
      settings.note?.(`${hostname}: ${asked}; ${keptSeconds} s are kept${capped}`);
    },
  });
  const isAllowedHost = (hostname: string): boolean => hosts.has(hostname);
  const followSeed = (url: string): void => {
    hosts.add(new URL(url).hostname);
    frontier.add([asSeed(url)], null);
  };
  const { maxBytes, maxDepth, retryDelayMs, refreshAfterMs, source } = settings;
  const limits = { maxBytes, maxDepth, retryDelayMs, refreshAfterMs };
  const visitorIds = new VisitorIds(frontier.visitorIds());
  const evidence = { traps: new Traps(), visitorIds, note: settings.note };
  const context = {
    ...evidence,
    frontier,
    warc,
    politeness,
    pace,
    get,
    isAllowedHost,
    isAllowedPath: pathRules(settings.allowedPaths ?? [], settings.deniedPaths ?? []),
    isRemoved: removedIn(settings.outDir),
    followSeed,
    opensWithCookies: (hostname: string) => cookies.opens(hostname),
    productToken,
    source,
    ...limits,
  };
  return context;
}

/** By the list of the run whose folder holds the crawl's. */
function removedIn(outDir: string): (url: string) => boolean {
  const isNamed = isNamedBy(removedNames(readJsonLines(join(dirname(resolve(outDir)), REMOVED_FILE))));
  return (url) => isNamed(addressOf(url));
}

const asSeed = (url: string): Discovery => ({ url, kind: 'page', depth: 0, hops: 0 });

const noSeeds = (dir: string): ToolkitError =>
  badInput('NO_SEEDS', `${dir}: no seed was given and none is known from before`, 'give --seed URL');

function parseSeed(seed: string): string {
  const url = canonicalUrl(seed);
  if (url !== undefined) return url;
  throw badInput(
    'BAD_SEED',
    `seed ${JSON.stringify(seed)}: expected an http or https URL`,
    'for example https://vi.wikipedia.org/',
  );
}

function parseHost(text: string): string {
  const host = canonicalHost(text);
  if (host !== undefined) return host;
  throw badInput(
    'BAD_HOST',
    `host ${JSON.stringify(text)}: expected a host name without scheme and path`,
    'for example vi.wikipedia.org',
  );
}

function checkNames({ userAgent, source }: Settings): void {
  if (!/^[a-z_-]+([/ ][\x20-\x7e]*)?$/i.test(userAgent)) {
    throw badInput(
      'BAD_USER_AGENT',
      `user agent ${JSON.stringify(userAgent)}: expected a name of letters, - and _, then / or a space and printable ASCII`,
      'for example MyBot/1.0 (+https://example.org/bot; me@example.org)',
    );
  }
  if (source !== undefined && !/^[a-z0-9][\w.-]*$/i.test(source)) {
    throw badInput(
      'BAD_SOURCE_NAME',
      `source ${JSON.stringify(source)}: expected letters, digits, dot, - and _`,
      'it names files',
    );
  }
}
