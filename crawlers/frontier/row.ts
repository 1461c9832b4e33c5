/** A URL in the frontier, what is found, and what becomes of it. */
import type { WarcPlace } from '../warc/warc.ts';

/** A sitemap is whatever lists addresses for crawlers, feeds included. */
export type UrlKind = 'page' | 'sitemap';
export type UrlState = 'queued' | 'done' | 'failed' | 'refused';

export interface Discovery {
  /** Canonical. */
  readonly url: string;
  readonly kind: UrlKind;
  /** Links from the nearest seed; 0 for seeds. */
  readonly depth: number;
  /** Redirects that led here without a break. */
  readonly hops: number;
  /** The lower the sooner (revisit.ts). Default: by kind and depth. */
  readonly rank?: number;
  /** When it was changed, as whoever named it says; milliseconds since 1970. */
  readonly dated?: number;
  /** Where it was not known before it is as young as that. */
  readonly isNews?: boolean;
}

export interface UrlRow extends Omit<Discovery, 'rank' | 'dated' | 'isNews'> {
  readonly id: number;
  /** Of what is ready; else what it will have. */
  readonly rank: number;
  readonly state: UrlState;
  readonly reason: string | null;
  /** HTTP status of the last answer. */
  readonly status: number | null;
  /** Failed attempts since the last answer. */
  readonly attempts: number;
  /** Number of what named it; null for seeds, 0 for what a robots.txt named. */
  readonly parent: number | null;
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** ISO 8601, UTC: the last 2xx answer. */
  readonly fetchedAt: string | null;
  /** Between its last two visits and the next, as it was planned. */
  readonly nights: number | null;
  /** Visits in a row on which a list named nothing new. */
  readonly quiet: number;
  readonly dated: number | null;
  /** Of what it said. */
  readonly digest: string | null;
}

export interface Again {
  readonly nights: number;
  readonly rank: number;
  readonly quiet: number;
  /** Kept where absent. */
  readonly digest?: string;
}

/** What became of a request. Absent validators are forgotten, except with 304 (`keepValidators`). */
export interface Settlement {
  readonly state: UrlState;
  readonly reason?: string;
  readonly status?: number;
  readonly attempts?: number;
  readonly etag?: string;
  readonly lastModified?: string;
  readonly keepValidators?: boolean;
  readonly fetchedAt?: string;
  /** Milliseconds since 1970: of a retry, when it may be made. */
  readonly nextTry?: number;
  /** Where the answer stands; absent with 304: the older one holds. */
  readonly stored?: WarcPlace;
  /** Of what was read, where it named so many URLs that were not known: when it is looked at again, and as what. */
  readonly again?: (news: number) => Again;
}

/** What became of the URLs of one kind, by their last visit. */
export interface Tally {
  readonly fetched: number;
  readonly redirect: number;
  readonly refused: number;
  readonly failed: number;
  readonly queued: number;
}

/** What named a URL, or is itself named by another. */
export type Parent = Pick<UrlRow, 'url' | 'hops' | 'parent'>;

/** Columns of a `UrlRow`. */
export const ROW = `id, url, kind, state, reason, status, depth, hops, attempts, parent, coalesce(rank, next_rank) AS rank, etag, last_modified AS lastModified,
  fetched_at AS fetchedAt, nights, quiet, dated, digest`;

/** Each column costs its time, and most of what is ready was never asked for. */
export type NextRow = readonly [
  ...[id: number, url: string, isPage: number, depth: number, hops: number, parent: number | null],
  ...[rank: number, dated: number | null, isNew: number],
];

/** `undefined` where it was asked for before: there is more to know. */
export function rowOf([id, url, isPage, depth, hops, parent, rank, dated, isNew]: NextRow): UrlRow | undefined {
  if (!isNew) return undefined;
  return {
    id,
    url,
    kind: isPage ? 'page' : 'sitemap',
    state: 'queued',
    reason: null,
    status: null,
    depth,
    hops,
    attempts: 0,
    parent,
    rank,
    etag: null,
    lastModified: null,
    fetchedAt: null,
    nights: null,
    quiet: 0,
    dated,
    digest: null,
  };
}

/** What is asked of a URL before it changes. */
export interface Outcome {
  readonly id: number;
  readonly url: string;
  readonly kind: UrlKind;
  readonly state: UrlState;
  readonly reason: string | null;
  readonly depth: number;
  readonly nights: number | null;
  readonly dated: number | null;
  readonly fetchedAt: string | null;
}
export const OUTCOME = 'id, url, kind, state, reason, depth, nights, dated, fetched_at AS fetchedAt';

/** Under which of a `Tally` it counts. */
export const outcomeOf = (state: UrlState, reason: string | null): string =>
  state === 'done' && reason === 'redirect' ? 'redirect' : state;
