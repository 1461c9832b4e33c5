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
  /** Whether it counts among those that a row must hold. */
  readonly isNeeded: boolean;
}

/** Scores all rows that match. @throws DamagedIndex */
export function rank(segments: readonly Segment[], query: Query, { match, allowed, take }: RankOptions): void {
  const rows = segments.reduce((sum, segment) => sum + segment.rows, 0);
  const words = segments.reduce((sum, segment) => sum + segment.words, 0);
  const parts = partsOf(segments, query, match, rows);
  const hasPhrase = query.phrases.length > 0;
  const least = match === 'all' || hasPhrase ? parts.filter(({ isNeeded }) => isNeeded).length : 1;
  const mean = words / Math.max(1, rows);
  const largest = Math.max(0, ...segments.map((segment) => segment.rows));
  const [scores, matched, times] = [new Float64Array(largest), new Uint8Array(largest), new Uint32Array(largest)];
  for (const [number, segment] of segments.entries()) {
    const lists = parts.map((part) => part.lists[number]);
    if (least > 1 && parts.some(({ isNeeded }, i) => isNeeded && lists[i].length === 0)) continue;
    const { rows: count } = segment;
    scores.fill(0, 0, count);
    matched.fill(0, 0, count);
    const norms = segment.norms(mean, lengthNorm);
    // Where all are needed, the rarest first: a row that lacks one is not scored for the others.
    const order = parts.map((_, i) => i);
    const size = (i: number): number => lists[i].reduce((sum, list) => sum + list.rows.length, 0);
    if (least > 1) order.sort((a, b) => Number(parts[b].isNeeded) - Number(parts[a].isNeeded) || size(a) - size(b));
    let needed = 0;
    for (const i of order) {
      const { weight, rows: holding, isNeeded } = parts[i];
      const idf = weight * Math.log(1 + (rows - holding + 0.5) / (holding + 0.5)) * (K1 + 1);
      const atLeast = least > 1 ? needed : isNeeded ? 0 : 1;
      for (const list of together(lists[i], times)) score(list, { idf, norms, atLeast, isNeeded, scores, matched });
      if (isNeeded) needed++;
    }
    const mask = allowed(segment);
    for (let row = 0; row < count; row++) {
      if (matched[row] < least || (mask !== undefined && mask[row] === 0)) continue;
      take(number, row, scores[row]);
    }
  }
}

const lengthNorm = (length: number, mean: number): number => K1 * (1 - B + (B * length) / mean);

interface Scoring {
  readonly idf: number;
  readonly norms: Float32Array;
  /** Needed parts that a row must have matched before. */
  readonly atLeast: number;
  readonly isNeeded: boolean;
  readonly scores: Float64Array;
  readonly matched: Uint8Array;
}

function score({ rows, times }: Posting, { idf, norms, atLeast, isNeeded, scores, matched }: Scoring): void {
  const one = isNeeded ? 1 : 0;
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at];
    if (matched[row] < atLeast) continue;
    const count = times[at];
    scores[row] += (idf * count) / (count + norms[row]);
    matched[row] += one;
  }
}

/**
 * Different words and pairs of a query, with their rows. Needed are all words, or where any may match those that count as
 * one; of a phrase its pairs, whatever else may match.
 */
function partsOf(segments: readonly Segment[], query: Query, match: RankOptions['match'], rows: number): Part[] {
  const { terms, isFolded, phrases } = query;
  const part = (weight: number, isNeeded: boolean, listsIn: (segment: Segment) => Posting[]): Part => {
    const lists = segments.map(listsIn);
    const holding = lists.reduce((sum, list) => sum + Math.max(0, ...list.map(({ rows: { length } }) => length)), 0);
    return { weight, lists, rows: holding, isNeeded };
  };
  const areWordsNeeded = match === 'all' || phrases.length === 0;
  const distinct = new Map(terms.map((term) => [isFolded ? term.folded : term.exact, term]));
  let words = [...distinct.values()].map(({ folded, exact }) => {
    const [foldedHash, exactHash] = [wordHash(folded), isFolded ? undefined : wordHash(exact)];
    return part(1, areWordsNeeded, (segment) => segment.word(foldedHash, exactHash));
  });
  if (match === 'any') {
    const rare = words.filter((word) => word.rows <= COMMON * rows);
    if (rare.length >= ENOUGH) words = rare;
  }
  const ofPhrases = new Set(phrases.flatMap(pairsOf));
  const pairs = [...new Set([...pairsOf(terms), ...ofPhrases])].map((hash) =>
    part(PAIR_WEIGHT, ofPhrases.has(hash), (segment) => [segment.pair(hash)].filter((found) => found !== undefined)),
  );
  return [...words, ...pairs];
}

function pairsOf(terms: readonly Term[]): number[] {
  const hashes = terms.map(({ folded }) => wordHash(folded));
  return hashes.slice(1).map((hash, i) => pairHash(hashes[i], hash));
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
