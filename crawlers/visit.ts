/**
 * One visit to one URL: ask its host's rules, make the request, write the answer to the WARC, settle the URL in the
 * frontier together with the links found, in this order: what the frontier calls done is on disk.
 *
 *   2xx                   done; links and sitemap locations are queued        304   done, the stored copy holds
 *   3xx                   done; the target is queued as a URL of its own, if hosts, robots and loops permit
 *   429, 503 Retry-After  queued again, and the host is left alone until then
 *   other 4xx, 429        refused: an answer, not an error
 *   other 5xx, network    queued again after a growing pause, failed after MAX_ATTEMPTS
 */

import { mediaTypeOf, typeOf } from './bytes/media-type.ts';
import { type Fetched, type FetchOptions, RequestFailed, redirectTarget } from './fetch.ts';
import type { Frontier } from './frontier/frontier.ts';
import { again, RANKS } from './frontier/revisit.ts';
import type { Discovery, Parent, Settlement, UrlKind, UrlRow } from './frontier/row.ts';
import { decodeMarkup, linksOf, type Markup, refreshTarget } from './links/links.ts';
import { proseOf } from './links/prose.ts';
import { MAX_SITEMAP_BYTES, parseSitemap } from './links/sitemap.ts';
import { type Traps, textDigest } from './links/trap.ts';
import { canonicalUrl, hostOf, trapReason } from './links/url.ts';
import type { VisitorIds } from './links/visitor-ids.ts';
import { consentOf, forbidsFollowing } from './polite/consent.ts';
import type { HostPace } from './polite/pace.ts';
import type { Politeness } from './polite/politeness.ts';
import { headerOf } from './warc/http-message.ts';
import { payloadDigest, type WarcPlace, type WarcWriter } from './warc/warc.ts';
import { countDated, countYield, feedsBelow, ranked, seenOf } from './yield.ts';

export interface CrawlStep {
  readonly url: string;
  readonly resource: UrlKind;
  readonly kind: 'fetched' | 'unchanged' | 'redirect' | 'refused' | 'failed';
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Of the body, unpacked. */
  readonly bytes: number;
  /** snake_case: `http_404`, `robots_disallow`, `timeout`, `truncated`, … */
  readonly reason?: string;
  /** Why its host served nothing: `timeout`, `host_not_found`, `http_503`, … */
  readonly silence?: string;
  /** A page that never came, of a host that served others: that it fails again says nothing of the host. */
  readonly isOldFailure?: boolean;
  /** A server without validators sent again what it had sent, and it names nothing new. */
  readonly isSame?: boolean;
  /** ISO 8601, UTC: the URL is asked for again then. */
  readonly retryAt?: string;
  /** Of a page that was fetched; undefined where it has too little text to tell. */
  readonly isVietnamese?: boolean;
}

export interface VisitContext {
  readonly frontier: Frontier;
  readonly warc: WarcWriter;
  readonly politeness: Politeness;
  readonly pace: HostPace;
  readonly traps: Traps;
  readonly visitorIds: VisitorIds;
  readonly note?: (text: string) => void;
  /** One paced request. @throws RequestFailed. */
  readonly get: (url: string, options: FetchOptions) => Promise<Fetched>;
  readonly isAllowedHost: (hostname: string) => boolean;
  /** Whether the crawl is for such addresses of its host; seeds and lists of addresses are not asked about. */
  readonly isAllowedPath: (url: string) => boolean;
  /** Whether cookies that the host has set, and did not get back so far, may end a circle of redirects. */
  readonly opensWithCookies: (hostname: string) => boolean;
  /** Whether it was taken down. */
  readonly isRemoved: (url: string) => boolean;
  /** A seed has moved here: it is one of the seeds from now on. */
  readonly followSeed: (url: string) => void;
  readonly productToken: string;
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** The longest time until an article is looked at again. */
  readonly refreshAfterMs: number;
  /** First pause before a retry, doubled with each; least pause of a host that says 429 or 503. */
  readonly retryDelayMs: number;
  /** Name written into the WARC; the host's where absent. */
  readonly source?: string;
}

const MAX_ATTEMPTS = 3;
const MAX_REDIRECTS = 10;
/** By sitemaps.org an index names no index; some sites have two levels of them. */
const MAX_SITEMAP_DEPTH = 3;
/** A server that asks for a longer pause is asked again after this one. */
const MAX_RETRY_AFTER_MS = 7 * 24 * 3_600_000;

const PAGE_TYPES = new Set(['text/html', 'application/xhtml+xml', 'text/plain']);
const OTHER_MEDIA = /^(image|audio|video|font)\//;

/** @throws what the crawl cannot go on after: a full disk, an aborted signal. */
export async function visit(row: UrlRow, context: VisitContext): Promise<CrawlStep> {
  if (row.parent !== null && context.traps.holds(row.url, row.kind)) {
    return refuse(row, 'duplicate_pattern', context);
  }
  if (context.isRemoved(row.url)) return refuse(row, 'removed', context);
  const { refusal, silence, statements } = await context.politeness.verdict(row.url);
  if (refusal) return { ...refuse(row, refusal, context), silence };
  try {
    const answer = await context.get(row.url, {
      maxBytes: row.kind === 'sitemap' ? MAX_SITEMAP_BYTES : context.maxBytes,
      accepts: (contentType) => isWanted(row.kind, contentType),
      etag: row.etag,
      lastModified: row.lastModified,
    });
    return await record(row, answer, statements, context);
  } catch (error) {
    if (error instanceof RequestFailed && error.reason === 'private_address') return refuse(row, error.reason, context);
    if (error instanceof RequestFailed) return { ...retryLater(row, 0, error.reason, context), silence: error.why };
    throw error;
  }
}

/** By the type alone. What does not parse, or is missing, is looked at when it is here; so is every list of addresses. */
function isWanted(kind: UrlKind, contentType: string): boolean {
  const type = mediaTypeOf(contentType);
  return type === undefined || (kind === 'sitemap' ? !OTHER_MEDIA.test(type) : PAGE_TYPES.has(type));
}

interface Answer extends Fetched {
  /** Absent where the archive holds the same body from before. */
  readonly stored?: WarcPlace;
}

async function record(
  row: UrlRow,
  fetched: Fetched,
  hostStatements: readonly string[],
  context: VisitContext,
): Promise<CrawlStep> {
  const contentType = headerOf(fetched.headers, 'content-type') ?? '';
  const isSuccess = fetched.status >= 200 && fetched.status < 300;
  const type = typeOf(contentType, fetched.body);
  const isHtml = isSuccess && row.kind === 'page' && PAGE_TYPES.has(type) && type !== 'text/plain';
  const { html, encoding } = isHtml ? decodeMarkup(fetched.body, contentType) : NO_MARKUP;
  const { productToken, source, warc } = context;
  const consent = consentOf({ headers: fetched.headers, html, extraStatements: hostStatements, productToken });
  const said = `${payloadDigest(fetched.body)} ${consent.conclusion}`;
  const isNotModified = fetched.status === 304;
  const isStanding = row.fetchedAt !== null && row.reason === null; // what was gone in between comes back whole
  const isIdentical = isSuccess && isStanding && context.frontier.memory.payloadOf(row.id) === said;
  const isRevisit = isNotModified || isIdentical;
  const via = context.frontier.parentOf(row)?.url;
  const written = await warc.write({
    ...fetched,
    type: isRevisit ? 'revisit' : 'response',
    isIdentical,
    metadata: [...(via === undefined ? [] : [['via', via] as const]), ['depth', String(row.depth)]],
    extra: [
      ['Vua-Source', source ?? hostOf(row.url)],
      ['Vua-Consent', consent.conclusion],
      ...consent.statements.map((statement) => ['Vua-Consent-Statement', statement] as const),
    ],
    ...(isRevisit && row.fetchedAt !== null && { refersTo: { url: row.url, date: row.fetchedAt } }),
  });
  if (isSuccess && !isIdentical && fetched.truncated === undefined) context.frontier.memory.keepPayload(row.id, said);
  // Where the body stands, and since when, is told by the record that holds it.
  const stored = isIdentical ? undefined : written;
  const answer = { ...fetched, stored };
  if (!isSuccess) return settleOther(row, answer, context);
  if (!isWanted(row.kind, contentType) || (row.kind === 'page' && !PAGE_TYPES.has(type))) {
    return refuse(row, 'content_type', context, answer);
  }

  const links = forbidsFollowing(consent.statements, productToken) ? [] : linksFrom(fetched, html, encoding);
  const digest = isHtml ? textDigest(html) : undefined;
  const found = digest === undefined ? [] : context.visitorIds.observe(row.url, digest, links);
  const discoveries = row.kind === 'sitemap' ? await sitemapDiscoveries(row, answer.body) : pagesBelow(row, links);
  if (discoveries === undefined) return refuse(row, 'no_sitemap', context, answer);
  const cut = cutReason(answer);
  const prose = isHtml ? proseOf(html) : undefined;
  const seen = seenOf(row, prose);
  const news = context.frontier.settle(
    row,
    {
      state: 'done',
      again: (named) => again(row, { ...seen, news: named }, context.refreshAfterMs),
      status: answer.status,
      fetchedAt: isIdentical ? undefined : answer.fetchedAt,
      stored,
      ...(cut ? { reason: cut } : validatorsOf(answer)),
    },
    ranked(row, [...discoveries, ...feedsBelow(row, prose, html)], prose, context.frontier)
      .map((discovery) => ({ ...discovery, url: context.visitorIds.without(discovery.url) }))
      .filter((discovery) => isWorthwhile(discovery, context)),
  );
  countYield(row, prose, seen, context.frontier);
  for (const [host, name] of found) dropVisitorId(host, name, context);
  if (row.fetchedAt === null) weigh(row, digest, news, context);
  const isSame = seen.hasChanged === false && news.length === 0;
  const isVietnamese = prose?.isVietnamese;
  return { ...step(row, 'fetched', { answer, reason: cut }), isVietnamese, ...(isSame && { isSame }) };
}

/** Links of a page, and where its Refresh header leads. */
function linksFrom({ url, headers }: Fetched, html: string, encoding: string): string[] {
  const refresh = refreshTarget(headerOf(headers, 'refresh') ?? '');
  const target = refresh === undefined ? undefined : canonicalUrl(refresh, url);
  return [...(target === undefined ? [] : [target]), ...linksOf(html, url, encoding)];
}

const NO_MARKUP: Markup = { html: '', encoding: 'utf-8' };

/** Over the limit it stays so; what the server did not send whole is asked for again in the next run. */
const cutReason = ({ truncated }: Fetched): 'truncated' | 'cut_short' | undefined =>
  truncated === undefined ? undefined : truncated === 'length' ? 'truncated' : 'cut_short';

function dropVisitorId(host: string, name: string, { frontier, visitorIds, note }: VisitContext): void {
  frontier.dropVisitorId(host, name, (url) => visitorIds.without(url));
  note?.(`${host}: ${name}=… in links names a visitor, not a page: it is left out of addresses`);
}

/** What a first visit says about the pattern of its address. */
function weigh(
  row: UrlRow,
  digest: string | undefined,
  news: readonly Discovery[],
  { traps, note }: VisitContext,
): void {
  const pages = news.filter(({ kind }) => kind === 'page').length;
  const isPage = row.kind === 'page';
  const closed = !isPage ? traps.sitemap(row.url, pages) : digest !== undefined ? traps.page(row.url, digest) : [];
  const again = isPage ? 'gives the same text again and again' : 'names no page that is new';
  for (const pattern of closed) note?.(`${pattern} ${again}: nothing more of it is asked for in this run`);
}

function settleOther(row: UrlRow, answer: Answer, context: VisitContext): CrawlStep {
  const { status } = answer;
  if (status === 304 && (row.etag || row.lastModified)) {
    // It is what it was, a list or not.
    const seen = { isList: row.rank < RANKS.sitemap, isBare: row.nights === 1, hasChanged: false };
    countDated(row, false, context.frontier);
    context.frontier.settle(row, {
      state: 'done',
      status,
      keepValidators: true,
      again: (news) => again(row, { ...seen, news }, context.refreshAfterMs),
    });
    return step(row, 'unchanged', { answer });
  }
  if ([301, 302, 303, 307, 308].includes(status)) return redirect(row, answer, context);
  if (status === 429 || status === 503) {
    const until = retryAfter(headerOf(answer.headers, 'retry-after'));
    if (until !== undefined) {
      context.frontier.hosts.hold(new URL(row.url).hostname, until);
      return retryLater(row, status, `http_${status}`, context, until);
    }
  }
  if (status >= 500 && status < 600) return retryLater(row, status, `http_${status}`, context);
  return refuse(row, `http_${status}`, context, answer);
}

/** The target becomes a URL of its own, so that its host, its robots.txt and its place in the queue count. */
function redirect(row: UrlRow, answer: Answer, context: VisitContext): CrawlStep {
  const target = redirectTarget(answer);
  const obstacle = target === undefined ? 'bad_redirect' : redirectObstacle(row, target, context);
  if (obstacle === 'redirect_to_other_host' && row.parent === null) {
    const [from, to] = [new URL(row.url).hostname, new URL(target!).hostname];
    if (withoutWww(from) === withoutWww(to)) {
      context.followSeed(target!);
      context.note?.(`the seed ${row.url} has moved to ${to}: the crawl goes on there`);
      context.frontier.settle(row.url, {
        state: 'done',
        status: answer.status,
        stored: answer.stored,
        reason: 'redirect',
      });
      return step(row, 'redirect', { answer });
    }
    context.note?.(`the seed ${row.url} leads to ${to}: --allow-host ${to} lets the crawl go there`);
  }
  if (obstacle === 'redirect_loop' && context.opensWithCookies(new URL(target!).hostname)) {
    const { status, stored } = answer;
    context.frontier.settle(row.url, { state: 'done', status, stored, reason: 'redirect' });
    context.frontier.settle(target!, { state: 'queued', nextTry: Date.now() });
    return step(row, 'redirect', { answer });
  }
  if (obstacle !== undefined) return refuse(row, obstacle, context, answer);
  const discovery = { url: target!, kind: row.kind, depth: row.depth, hops: row.hops + 1, rank: row.rank };
  const { status, stored } = answer;
  context.frontier.settle(row, { state: 'done', status, stored, reason: 'redirect' }, [discovery]);
  return step(row, 'redirect', { answer });
}

const withoutWww = (hostname: string): string => hostname.replace(/^www\d?\./, '');

function redirectObstacle(row: UrlRow, target: string, context: VisitContext): string | undefined {
  const { frontier, isAllowedHost, isAllowedPath } = context;
  if (!isAllowedHost(new URL(target).hostname)) return 'redirect_to_other_host';
  if (row.hops >= MAX_REDIRECTS) return 'too_many_redirects';
  for (let at: Parent | undefined = row; at; at = at.hops > 0 ? frontier.parentOf(at) : undefined) {
    if (at.url === target) return 'redirect_loop';
  }
  return row.kind === 'page' && row.parent !== null && !isAllowedPath(target) ? 'other_path' : trapReason(target);
}

/** Milliseconds since 1970 for `120` or an HTTP date; `undefined` when the header is absent or neither. */
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const until = /^\s*\d+\s*$/.test(value) ? Date.now() + Number(value) * 1000 : Date.parse(value);
  return Number.isNaN(until) ? undefined : Math.min(until, Date.now() + MAX_RETRY_AFTER_MS);
}

function retryLater(row: UrlRow, status: number, reason: string, context: VisitContext, until?: number): CrawlStep {
  const attempts = row.attempts + 1;
  const isLast = attempts >= MAX_ATTEMPTS;
  const nextTry = until ?? Date.now() + context.retryDelayMs * 2 ** row.attempts;
  const settlement: Settlement = {
    state: isLast ? 'failed' : 'queued',
    reason,
    status,
    attempts,
    keepValidators: true,
  };
  context.frontier.settle(row, isLast ? settlement : { ...settlement, nextTry });
  return {
    ...step(row, 'failed', { reason }),
    status,
    ...(until === undefined ? { silence: reason } : {}), // a server that says when to come again speaks
    isOldFailure: row.reason !== null && row.fetchedAt === null && context.frontier.hosts.at(row.url).hasServed,
    ...(isLast ? {} : { retryAt: new Date(nextTry).toISOString() }),
  };
}

function refuse(row: UrlRow, reason: string, { frontier }: VisitContext, answer?: Answer): CrawlStep {
  const keepValidators = answer === undefined; // nothing was heard that speaks against the copy at hand
  frontier.settle(row, {
    state: 'refused',
    status: answer?.status,
    stored: answer?.stored,
    reason,
    keepValidators,
  });
  return step(row, 'refused', { answer, reason });
}

function step(row: UrlRow, kind: CrawlStep['kind'], facts: { answer?: Fetched; reason?: string }): CrawlStep {
  const { answer, reason } = facts;
  return {
    url: row.url,
    resource: row.kind,
    kind,
    status: answer?.status ?? 0,
    bytes: answer?.body.length ?? 0,
    reason,
  };
}

const validatorsOf = ({ headers }: Fetched): Pick<Settlement, 'etag' | 'lastModified'> => ({
  etag: headerOf(headers, 'etag'),
  lastModified: headerOf(headers, 'last-modified'),
});

const pagesBelow = (row: UrlRow, urls: readonly string[]): Discovery[] =>
  urls.map((url) => ({ url, kind: 'page', depth: row.depth + 1, hops: 0 }));

async function sitemapDiscoveries(row: UrlRow, body: Uint8Array): Promise<Discovery[] | undefined> {
  const found = await parseSitemap(body);
  if (found === undefined) return undefined;
  const { pages, sitemaps, dates } = found;
  const below = { depth: row.depth + 1, hops: 0 } as const;
  const of = (kind: UrlKind, written: readonly string[]): Discovery[] =>
    written.flatMap((address) => {
      const url = canonicalUrl(address, row.url);
      return url === undefined ? [] : { url, kind, ...below, dated: dates.get(address) };
    });
  return [...of('page', pages), ...of('sitemap', sitemaps)];
}

function isWorthwhile({ url, kind, depth }: Discovery, context: VisitContext): boolean {
  const { isAllowedHost, isAllowedPath, maxDepth, traps } = context;
  if (depth > maxDepth || !isAllowedHost(hostOf(url)) || traps.holds(url, kind)) return false;
  if (kind === 'sitemap') return depth <= MAX_SITEMAP_DEPTH;
  return isAllowedPath(url) && trapReason(url) === undefined;
}

/** Sitemaps that a robots.txt announces. */
export function announcedSitemaps(sitemaps: readonly string[], robotsUrl: string, context: VisitContext): Discovery[] {
  return sitemaps
    .filter((sitemap) => sitemap !== '')
    .flatMap((sitemap) => canonicalUrl(sitemap, robotsUrl) ?? [])
    .map((url) => ({ url, kind: 'sitemap', depth: 0, hops: 0 }) as const)
    .filter((discovery) => isWorthwhile(discovery, context));
}
