/**
 * In which order the URLs of a host are asked for, and when each is looked at again. A night is what a timer calls a crawl
 * in; what is due "in three nights" is due six hours before, so that a run which takes longer than the last misses nothing.
 *
 *   seeds, feeds, sitemaps, list pages    every night; a list far from the seed that named nothing new in a week of nights
 *                                         less and less often, and so is a page of a list behind its first
 *   articles                              young ones in three nights, others in seven; twice as late when they had not
 *                                         changed, twice as soon when they had: from one night to seven, or to what
 *                                         --refresh-after-hours says
 *   what was refused, and is so again     after 7, 14, 28, 56 nights
 */
import type { Again, Settlement, UrlRow } from './row.ts';

const HOUR_MS = 3_600_000;
export const NIGHT_MS = 24 * HOUR_MS;
const SLACK_MS = 6 * HOUR_MS;
/** Failures, and hosts whose robots.txt could not be read, are tried again by a run after this time. */
export const FAILED_AFTER_MS = HOUR_MS;

const MOST_NIGHTS = 7;
const YOUNG_MS = 30 * NIGHT_MS;
const YOUNG_NIGHTS = 3;
/** Nights on which a list may name nothing new before it is asked for less often; one that may be none. */
const QUIET_NIGHTS = 7;
const DOUBTFUL_NIGHTS = 2;
const MOST_REFUSED_NIGHTS = 56;
const PATIENCE_DEPTH = 1;

/** Ranks begin with these and grow with the depth. */
export const RANKS = { list: 0, sitemap: 64, good: 128, again: 192, unknown: 256, poor: 320 } as const;
const MOST_DEPTH = 63;
export const rankOf = (first: number, depth: number): number => first + Math.min(depth, MOST_DEPTH);

/** What a visit saw. */
export interface Seen {
  readonly isList: boolean;
  /** Without a text of its own. */
  readonly isBare: boolean;
  /** Its links named so many pages that were not known. */
  readonly news: number;
  /** It says something else than before; undefined where nothing is known of before. */
  readonly hasChanged?: boolean;
  readonly digest?: string;
}

/** When what was read is looked at again, and as what. `refreshAfterMs`: the longest time for an article. */
export function again(row: UrlRow, seen: Seen, refreshAfterMs: number): Again {
  const { digest } = seen;
  if (row.kind === 'sitemap' || seen.isList || row.depth === 0) {
    const quiet = seen.news > 0 ? 0 : row.quiet + 1;
    const rank = rankOf(row.kind === 'sitemap' ? RANKS.sitemap : RANKS.list, row.depth);
    return { nights: nightsOfList(row, seen, quiet), rank, quiet, digest };
  }
  const most = Math.max(1, Math.round(refreshAfterMs / NIGHT_MS));
  return {
    nights: Math.min(most, nightsOfArticle(row, seen, most)),
    rank: rankOf(RANKS.again, row.depth),
    quiet: 0,
    digest,
  };
}

function nightsOfList({ url, kind, depth, dated }: UrlRow, { isBare }: Seen, quiet: number): number {
  if (kind === 'sitemap' && dated !== null) return MOST_NIGHTS; // its index says when it changes
  const isFurther = kind === 'page' && depth > 0 && quiet > 0 && FURTHER_PAGE.test(url);
  if (isFurther) return MOST_NIGHTS;
  const isNear = depth === 0 || (kind === 'page' && depth <= PATIENCE_DEPTH && isBare);
  const patience = isBare || kind === 'sitemap' ? QUIET_NIGHTS : DOUBTFUL_NIGHTS;
  return isNear || quiet <= patience ? 1 : Math.min(MOST_NIGHTS, 2 ** (quiet - patience));
}

/** The second page of a list, and those behind: what is new stands on the first. */
const FURTHER_PAGE = /(?:[/?&_.-](?:page|paged|trang|p|pg|start|offset)[=/_-]?)(?!0*1\b)\d+/i;

function nightsOfArticle({ nights, dated }: UrlRow, { hasChanged }: Seen, most: number): number {
  if (hasChanged === undefined || nights === null) {
    const isYoung = dated !== null && Date.now() - dated < YOUNG_MS;
    return isYoung ? YOUNG_NIGHTS : MOST_NIGHTS;
  }
  return hasChanged ? Math.max(1, Math.floor(nights / 2)) : Math.min(most, nights * 2);
}

/** Nights until the next visit where nothing was read; of `row` it is known how the last visit ended. */
export function nightsOf(
  { state, reason }: Settlement,
  row: { readonly depth: number; readonly reason: string | null; readonly nights: number | null },
): number {
  if (row.depth === 0) return 1;
  const isAgain = state === 'refused' && reason === row.reason;
  return isAgain ? Math.min(MOST_REFUSED_NIGHTS, (row.nights ?? MOST_NIGHTS) * 2) : MOST_NIGHTS;
}

/** Milliseconds since 1970. */
export function dueAfter(settledAt: number, { state, reason }: Settlement, nights: number): number {
  if (reason === 'private_address') return settledAt; // looking costs no request
  if (state === 'failed' || reason === 'robots_unreachable' || reason === 'cut_short')
    return settledAt + FAILED_AFTER_MS;
  return settledAt + nights * NIGHT_MS - SLACK_MS;
}
