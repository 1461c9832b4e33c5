/** What a page gave, and what follows: in which order its links are asked for, when it is looked at again. */
import type { Frontier } from './frontier/frontier.ts';
import { RANKS, rankOf, type Seen } from './frontier/revisit.ts';
import type { Discovery, UrlRow } from './frontier/row.ts';
import { feedsOf } from './links/feeds.ts';
import type { Prose } from './links/prose.ts';

const MAX_FEED_DEPTH = 1;

/** Of a page without a digest from before nothing is known. */
export function seenOf(row: UrlRow, prose: Prose | undefined): Omit<Seen, 'news'> {
  const { isList = false, isBare = false, digest } = prose ?? {};
  const hasChanged = row.digest === null || digest === undefined ? undefined : digest !== row.digest;
  return { isList, isBare, digest, hasChanged };
}

/** Only what a list offers: feeds of an article are of its comments. */
export const feedsBelow = (row: UrlRow, prose: Prose | undefined, html: string): Discovery[] =>
  prose?.isList && row.depth <= MAX_FEED_DEPTH
    ? feedsOf(html, row.url).map((url) => ({ url, kind: 'sitemap', depth: 0, hops: 0 }))
    : [];

/** Links of a page that gave Vietnamese text go first, those of one that gave other text last. */
export function ranked(
  row: UrlRow,
  discoveries: readonly Discovery[],
  prose: Prose | undefined,
  frontier: Frontier,
): Discovery[] {
  const isVietnamese = prose?.isVietnamese ?? frontier.hosts.isVietnamese(row.url);
  const first = isVietnamese === undefined ? RANKS.unknown : isVietnamese ? RANKS.good : RANKS.poor;
  const isNews = row.fetchedAt !== null && row.rank < RANKS.good; // on a list that was there before
  return discoveries.map((discovery) =>
    discovery.kind === 'page' ? { ...discovery, isNews, rank: rankOf(first, discovery.depth) } : discovery,
  );
}

export function countYield(row: UrlRow, prose: Prose | undefined, seen: Omit<Seen, 'news'>, frontier: Frontier): void {
  if (prose?.isVietnamese !== undefined && row.fetchedAt === null)
    frontier.hosts.countPage(row.url, prose.isVietnamese);
  if (seen.hasChanged !== undefined) countDated(row, seen.hasChanged, frontier);
}

/** A sitemap had called the page changed: had it? */
export function countDated({ url, dated, fetchedAt }: UrlRow, hasChanged: boolean, frontier: Frontier): void {
  if (dated !== null && fetchedAt !== null && dated > Date.parse(fetchedAt)) frontier.hosts.countDated(url, hasChanged);
}
