/** What is asked of an index, and what it answers: plain data, also over HTTP. */
import type { Kind } from './build-segment.ts';
import type { Snippet } from './snippet.ts';

export interface SearchQuery {
  /** Words, with or without diacritics; `"…"` a phrase. Empty: all rows, in the order of the folder. */
  readonly text?: string;
  /** The whole text is a phrase. */
  readonly phrase?: boolean;
  /** Every word must stand in a document (default), or any: for questions. */
  readonly match?: 'all' | 'any';
  /** What is searched: kept documents (default) or rejects. */
  readonly side?: Kind;
  /** Exactly; one of several. */
  readonly host?: string | readonly string[];
  readonly source?: string | readonly string[];
  /** Of rejects. */
  readonly stage?: string | readonly string[];
  readonly reason?: string | readonly string[];
  /** Id of the first document of a near-duplicate cluster; of rejects the id that they repeat. */
  readonly cluster?: string;
  /** Published, else fetched, not before and before: ISO 8601. */
  readonly from?: string;
  readonly to?: string;
  /** By the name of a number column, both ends included; what was not measured is in no range. */
  readonly ranges?: Readonly<Record<string, readonly [low: number, high: number]>>;
  /** Rows in an order that follows from it, the same for the same documents: a sample. */
  readonly seed?: string;
  /** Default 20. */
  readonly limit?: number;
  /** Default 0. */
  readonly offset?: number;
}

/** Where a row stands. */
export interface Place {
  readonly side: Kind;
  /** File name of the shard, and the row in it. */
  readonly shard: string;
  readonly row: number;
}

export interface Hit {
  readonly id: string;
  readonly url: string;
  readonly title: string;
  readonly host: string;
  readonly source: string;
  /** Of a reject; else empty. */
  readonly reason: string;
  /** ISO 8601: published, else fetched; empty of none. */
  readonly date: string;
  /** BM25; 0 where no words were given. */
  readonly score: number;
  readonly place: Place;
  readonly snippet: Snippet;
}

export interface Found {
  /** Rows that match; of phrases at most so many where `isExact` is false: not each was read. */
  readonly total: number;
  readonly isExact: boolean;
  readonly hits: readonly Hit[];
}
