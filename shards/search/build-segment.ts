/** A shard of documents or rejects → its segments: each row is read once, 8 million words or 65,536 rows make a segment. */
import { forEachTerm, type Term } from '../../cleaning/vietnamese/terms.ts';
import { addressOf } from '../../crawlers/page.ts';
import { breather } from '../../crawlers/shell/work.ts';
import { hash64 } from '../checksum.ts';
import { webHostOf } from '../documents/profile.ts';
import { type Row, readShard, rowsOf } from '../documents/read.ts';
import type { DocumentShard } from '../manifest-shape.ts';
import { MOST_ROWS, Occurrences } from './postings.ts';
import { writeSegment } from './segment-file.ts';

export type Kind = 'documents' | 'rejects';
/** Columns of a few values: in a segment the number of each in a list of names. */
export const NAMED = [
  'source',
  'host',
  'day',
  'language',
  'diacritics',
  'licence_class',
  'charset',
  'stage',
  'reason',
] as const;
/** Columns of texts that are found by what they are: in a segment their hashes. */
export const HASHED = ['id', 'address', 'text', 'cluster'] as const;

const MOST_WORDS = 1 << 23;
/** Entries between two places that the table of pairs knows, on average. */
export const PAIRS_A_BUCKET = 64;

/**
 * Writes the segments of a shard; `pathOf` says where the n-th goes. The last one last: it says that it is.
 * @throws ToolkitError BAD_SHARD, WRITE_FAILED; what `signal` was aborted with
 */
export async function buildSegments(
  dir: string,
  kind: Kind,
  entry: DocumentShard,
  pathOf: (index: number) => string,
  signal?: AbortSignal,
): Promise<void> {
  const pause = breather(signal);
  let index = 0;
  let segment = new SegmentBuilder(kind, entry.checksum, 0);
  let rows = 0;
  for (const batch of readShard(dir, kind, entry)) {
    for (const row of rowsOf(kind, batch)) {
      if (segment.isFull) {
        segment.write(pathOf(index++), false);
        segment = new SegmentBuilder(kind, entry.checksum, rows);
      }
      segment.add(row);
      rows++;
      await pause();
    }
  }
  segment.write(pathOf(index), true);
}

/** Two words next to each other, by the hashes of what they are without diacritics. */
export function pairHash(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ second;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export const wordHash = (word: string): number => Number(hash64(word) & 0xffffffffn);

/** Milliseconds since 1970; NaN of what is no date. */
export const dateOf = (published: string, fetchedAt: string): number => {
  const stated = Date.parse(published);
  return Number.isNaN(stated) ? Date.parse(fetchedAt) : stated;
};

export const hostOf = (row: Pick<Row, 'string'>): string => row.string('host') || webHostOf(row.string('url'));

/** The day of a time, as it is written. */
export const dayOf = (time: string): string => /^\d{4}-\d\d-\d\d/.exec(time)?.[0] ?? 'unknown';

function nameOf(row: Row, column: (typeof NAMED)[number]): string {
  if (column === 'host') return hostOf(row);
  return column === 'day' ? dayOf(row.string('fetched_at')) : row.string(column);
}

class SegmentBuilder {
  readonly #kind: Kind;
  readonly #checksum: string;
  readonly #first: number;
  readonly #numbers = new Map<Term, number>();
  readonly #foldedHashes: number[] = [];
  readonly #words = new Occurrences();
  readonly #pairs = new Occurrences();
  readonly #hashes = HASHED.map((): bigint[] => []);
  readonly #names = NAMED.map(() => ({ list: new Map<string, number>(), rows: [] as number[] }));
  readonly #lengths: number[] = [];
  readonly #dates: number[] = [];

  constructor(kind: Kind, checksum: string, first: number) {
    this.#kind = kind;
    this.#checksum = checksum;
    this.#first = first;
  }

  get isFull(): boolean {
    return this.#lengths.length === MOST_ROWS || this.#words.length >= MOST_WORDS;
  }

  add(row: Row): void {
    const at = this.#lengths.length;
    const text = row.string('text');
    const length = this.#read(row.string('title'), at) + this.#read(text, at);
    this.#lengths.push(length);
    this.#dates.push(dateOf(this.#kind === 'documents' ? row.string('published') : '', row.string('fetched_at')));
    const other = this.#kind === 'documents' ? row.string('cluster') : row.string('other');
    const hashed = [row.string('id'), addressOf(row.string('url')), text, other];
    for (const [i, value] of hashed.entries()) this.#hashes[i].push(hash64(value));
    for (const [i, name] of NAMED.entries()) {
      const { list, rows } = this.#names[i];
      const value = nameOf(row, name);
      if (!list.has(value)) list.set(value, list.size);
      rows.push(list.get(value)!);
    }
  }

  /** How many words it has. */
  #read(text: string, row: number): number {
    let before = -1;
    let count = 0;
    forEachTerm(text, (term) => {
      const number = this.#numberOf(term);
      this.#words.add(number, row);
      if (before >= 0) this.#pairs.add(pairHash(this.#foldedHashes[before], this.#foldedHashes[number]), row);
      before = number;
      count++;
    });
    return count;
  }

  #numberOf(term: Term): number {
    const known = this.#numbers.get(term);
    if (known !== undefined) return known;
    const number = this.#foldedHashes.length;
    this.#numbers.set(term, number);
    this.#foldedHashes.push(wordHash(term.folded));
    return number;
  }

  write(path: string, isLast: boolean): void {
    const rows = this.#lengths.length;
    const names = Object.fromEntries(NAMED.map((name, i) => [name, [...this.#names[i].list.keys()]]));
    const head = { kind: this.#kind, checksum: this.#checksum, first: this.#first, rows, isLast, names };
    writeSegment(
      path,
      { ...head, words: this.#words.length },
      {
        ...Object.fromEntries(HASHED.map((name, i) => [`hash_${name}`, halves(this.#hashes[i])])),
        ...Object.fromEntries(NAMED.map((name, i) => [name, Uint16Array.from(this.#names[i].rows)])),
        length: Uint32Array.from(this.#lengths),
        date: Float64Array.from(this.#dates),
        ...this.#packWords(),
        ...packPairs(this.#pairs),
      },
    );
  }

  /** Sorted by hash without diacritics: all ways to write a word stand together. A word may have several numbers, forgotten between. */
  #packWords() {
    const terms = [...this.#numbers].map(([{ exact }, number]) => ({
      folded: this.#foldedHashes[number],
      exact: wordHash(exact),
      number,
    }));
    terms.sort((a, b) => a.folded - b.folded || a.exact - b.exact);
    const numbers = new Uint32Array(terms.length);
    const words = new Uint32Array(3 * terms.length);
    let count = 0;
    for (const [i, { folded, exact, number }] of terms.entries()) {
      if (i === 0 || folded !== terms[i - 1].folded || exact !== terms[i - 1].exact) count++;
      numbers[number] = count - 1;
      words[3 * (count - 1)] = folded;
      words[3 * (count - 1) + 1] = exact;
    }
    this.#words.renumber(numbers);
    const lists = this.#words.pack((term, value) => {
      words[3 * term + 2] = value;
    });
    return { words: words.subarray(0, 3 * count), word_lists: lists };
  }
}

function packPairs(occurrences: Occurrences) {
  const entries: number[] = [];
  const lists = occurrences.pack((pair, value) => void entries.push(pair, value));
  const count = entries.length / 2;
  const bits = bucketBits(count);
  const starts = new Uint32Array((1 << bits) + 1);
  for (let i = 0; i < count; i++) starts[bucketOf(entries[2 * i], bits) + 1]++;
  for (let bucket = 0; bucket < 1 << bits; bucket++) starts[bucket + 1] += starts[bucket];
  return { pairs: Uint32Array.from(entries), pair_starts: starts, pair_lists: lists };
}

const bucketBits = (pairs: number): number => Math.max(0, Math.ceil(Math.log2(Math.max(1, pairs / PAIRS_A_BUCKET))));
export const bucketOf = (hash: number, bits: number): number => (bits === 0 ? 0 : hash >>> (32 - bits));

/** Low and high half of each. */
function halves(hashes: readonly bigint[]): Uint32Array {
  const values = new BigUint64Array(hashes.length);
  for (const [i, hash] of hashes.entries()) values[i] = hash;
  return new Uint32Array(values.buffer);
}
