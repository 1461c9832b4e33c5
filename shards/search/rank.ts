/**
 * BM25 over words and pairs of neighbours (Robertson, Zaragoza 2009), segment by segment: the scores of a segment's rows
 * stay in the cache of the processor. A word without its diacritics is all words that are written so.
 */
import { hasDiacritics, type Term, termsOf } from '../../cleaning/vietnamese/terms.ts';
import { pairHash, wordHash } from './build-segment.ts';
import type { Posting } from './postings.ts';
import type { Segment } from './segment.ts';

const [K1, B] = [1.2, 0.75];
/** What a pair counts beside a word. */
const PAIR_WEIGHT = 1;
/** Of any word of a question, those that stand in more than this share of all rows are left out where others are left. */
const COMMON = 0.3;
const ENOUGH = 3;
/** Words of a question, and no more. */
const MOST_WORDS = 64;

/** What somebody typed, read. */
export interface Query {
  /** Words that were typed, in order. */
  readonly terms: readonly Term[];
  /** Whether diacritics do not count: none was typed. */
  readonly isFolded: boolean;
  /** Words that must stand next to each other. */
  readonly phrases: readonly (readonly Term[])[];
}

/** `giá vàng "hôm nay"`: what stands between quotes is a phrase. */
export function readQuery(text: string, isPhrase = false): Query {
  const quoted = isPhrase ? [text] : [...text.matchAll(/["“„]([^"“”„]+)["”“]/g)].map(([, inner]) => inner);
  const phrases = quoted.map(termsOf).filter(({ length }) => length > 1);
  return { terms: termsOf(text).slice(0, MOST_WORDS), isFolded: !hasDiacritics(text), phrases };
}

export interface RankOptions {
  /** Every word must stand in a row, or any. */
  readonly match: 'all' | 'any';
  /** Rows of a segment that may be found; `undefined` for all. */
  readonly allowed: (segment: Segment) => Uint8Array | undefined;
  /** Takes each row that is found, in order. */
  readonly take: (segment: number, row: number, score: number) => void;
}

interface Part {
  readonly weight: number;
  /** Of each segment: lists that count together. */
  readonly lists: readonly (readonly Posting[])[];
  /** Rows that hold it. */
  readonly rows: number;
  readonly isWord: boolean;
}

/** Scores all rows that match. @throws DamagedIndex */
export function rank(segments: readonly Segment[], query: Query, { match, allowed, take }: RankOptions): void {
  const rows = segments.reduce((sum, segment) => sum + segment.rows, 0);
  const words = segments.reduce((sum, segment) => sum + segment.words, 0);
  const parts = partsOf(segments, query, match, rows);
  const needed = parts.filter(({ isWord }) => isWord).length;
  const mean = words / Math.max(1, rows);
  const largest = Math.max(0, ...segments.map((segment) => segment.rows));
  const [scores, matched, times] = [new Float64Array(largest), new Uint8Array(largest), new Uint32Array(largest)];
  for (const [number, segment] of segments.entries()) {
    const lists = parts.map((part) => part.lists[number]);
    if (match === 'all' && parts.some(({ isWord }, i) => isWord && lists[i].length === 0)) continue;
    scores.fill(0, 0, segment.rows);
    matched.fill(0, 0, segment.rows);
    for (const [i, { weight, rows: holding, isWord }] of parts.entries()) {
      const idf = weight * Math.log(1 + (rows - holding + 0.5) / (holding + 0.5));
      for (const { rows: found, times: counts } of together(lists[i], times)) {
        for (let at = 0; at < found.length; at++) {
          const row = found[at];
          const count = counts[at];
          scores[row] += (idf * count * (K1 + 1)) / (count + K1 * (1 - B + (B * segment.lengths[row]) / mean));
          if (isWord) matched[row]++;
        }
      }
    }
    const mask = allowed(segment);
    const least = match === 'all' ? needed : 1;
    for (let row = 0; row < segment.rows; row++) {
      if (matched[row] < least || (mask !== undefined && mask[row] === 0)) continue;
      take(number, row, scores[row]);
    }
  }
}

/** Different words and pairs of a query, with their rows. */
function partsOf(segments: readonly Segment[], query: Query, match: RankOptions['match'], rows: number): Part[] {
  const { terms, isFolded } = query;
  const part = (weight: number, isWord: boolean, listsIn: (segment: Segment) => Posting[]): Part => {
    const lists = segments.map(listsIn);
    const holding = lists.reduce((sum, list) => sum + Math.max(0, ...list.map(({ rows: { length } }) => length)), 0);
    return { weight, lists, rows: holding, isWord };
  };
  const distinct = new Map(terms.map((term) => [isFolded ? term.folded : term.exact, term]));
  let words = [...distinct.values()].map(({ folded, exact }) => {
    const [foldedHash, exactHash] = [wordHash(folded), isFolded ? undefined : wordHash(exact)];
    return part(1, true, (segment) => segment.word(foldedHash, exactHash));
  });
  if (match === 'any') {
    const rare = words.filter((word) => word.rows <= COMMON * rows);
    if (rare.length >= ENOUGH) words = rare;
  }
  const hashes = terms.map(({ folded }) => wordHash(folded));
  const pairs = new Set(hashes.slice(1).map((hash, i) => pairHash(hashes[i], hash)));
  return [
    ...words,
    ...[...pairs].map((hash) =>
      part(PAIR_WEIGHT, false, (segment) => [segment.pair(hash)].filter((found) => found !== undefined)),
    ),
  ];
}

/** Several lists as one, in which a row stands once. @param times zeros, and zeros again afterwards */
function together(lists: readonly Posting[], times: Uint32Array): readonly Posting[] {
  if (lists.length < 2) return lists;
  const rows = new Uint16Array(lists.reduce((sum, list) => sum + list.rows.length, 0));
  let count = 0;
  for (const list of lists) {
    for (let i = 0; i < list.rows.length; i++) {
      const row = list.rows[i];
      if (times[row] === 0) rows[count++] = row;
      times[row] += list.times[i];
    }
  }
  const counts = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    counts[i] = times[rows[i]];
    times[rows[i]] = 0;
  }
  return [{ rows: rows.subarray(0, count), times: counts }];
}
