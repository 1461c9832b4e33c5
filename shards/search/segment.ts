/** A segment that is open: its columns and the list of words in memory, pairs and lists of rows on the disk. */
import { bucketOf, HASHED, type Kind, NAMED } from './build-segment.ts';
import { isSingle, type Posting, unpack } from './postings.ts';
import { SegmentFile } from './segment-file.ts';

export type Named = (typeof NAMED)[number];
export type Hashed = (typeof HASHED)[number];

export class Segment {
  readonly kind: Kind;
  readonly rows: number;
  /** Its first row in the shard. */
  readonly first: number;
  /** Words of all rows. */
  readonly words: number;
  /** Words of each row. */
  readonly lengths: Uint32Array;
  /** Milliseconds since 1970 of each row; NaN of none. */
  readonly dates: Float64Array;
  readonly names: Readonly<Record<Named, readonly string[]>>;
  readonly #file: SegmentFile;
  readonly #named: Readonly<Record<string, Uint16Array>>;
  readonly #hashed: Readonly<Record<string, Uint32Array>>;
  /** Triples: hash without diacritics, hash, entry. */
  readonly #words: Uint32Array;
  readonly #pairStarts: Uint32Array;
  readonly #pairBits: number;
  #norms: { readonly mean: number; readonly values: Float32Array } | undefined;

  /** @throws DamagedIndex, and what opening a file throws */
  constructor(path: string) {
    const file = new SegmentFile(path);
    this.#file = file;
    try {
      const { kind, rows, first, words, names } = file.head;
      [this.kind, this.rows, this.first, this.words] = [kind, rows, first, words];
      this.names = names as Segment['names'];
      this.lengths = file.section('length', Uint32Array);
      this.dates = file.section('date', Float64Array);
      this.#named = Object.fromEntries(NAMED.map((name) => [name, file.section(name, Uint16Array)]));
      this.#hashed = Object.fromEntries(HASHED.map((name) => [name, file.section(`hash_${name}`, Uint32Array)]));
      this.#words = file.section('words', Uint32Array);
      this.#pairStarts = file.section('pair_starts', Uint32Array);
      this.#pairBits = Math.log2(this.#pairStarts.length - 1);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  get isLast(): boolean {
    return this.#file.head.isLast;
  }

  get bytes(): number {
    return this.#file.bytes;
  }

  close(): void {
    this.#file.close();
  }

  /** @throws DamagedIndex */
  verify(): void {
    this.#file.verify();
  }

  /** Of each row its place in `names[column]`. */
  named(column: Named): Uint16Array {
    return this.#named[column];
  }

  /** What `norm` makes of the length of each row; kept, for `mean` is the same for all queries of an index. */
  norms(mean: number, norm: (length: number, mean: number) => number): Float32Array {
    if (this.#norms?.mean !== mean)
      this.#norms = { mean, values: Float32Array.from(this.lengths, (length) => norm(length, mean)) };
    return this.#norms.values;
  }

  /** Rows whose value has this hash. */
  rowsWith(column: Hashed, hash: bigint): number[] {
    const halves = this.#hashed[column];
    const [low, high] = [Number(hash & 0xffffffffn), Number(hash >> 32n)];
    const rows: number[] = [];
    for (let row = 0; row < this.rows; row++) {
      if (halves[2 * row] === low && halves[2 * row + 1] === high) rows.push(row);
    }
    return rows;
  }

  /** Low and high half of the hash of a row's value. */
  halvesOf(column: Hashed, row: number): readonly [number, number] {
    const halves = this.#hashed[column];
    return [halves[2 * row], halves[2 * row + 1]];
  }

  /** Rows of a word: as written, or without `exact` however its diacritics are. One list for each way to write it. */
  word(folded: number, exact?: number): Posting[] {
    const words = this.#words;
    const count = words.length / 3;
    let at = lowerBound(count, (i) => words[3 * i] < folded);
    const found: Posting[] = [];
    for (; at < count && words[3 * at] === folded; at++) {
      if (exact !== undefined && words[3 * at + 1] !== exact) continue;
      const value = words[3 * at + 2];
      found.push(unpack(value, (place) => this.#file.part('word_lists', place, this.#wordEnd(at)), this.rows));
    }
    return found;
  }

  /** Rows in which two words stand next to each other, however their diacritics are. */
  pair(hash: number): Posting | undefined {
    const bucket = bucketOf(hash, this.#pairBits);
    const [start, end] = [this.#pairStarts[bucket], this.#pairStarts[bucket + 1]];
    if (!(start < end)) return undefined;
    const beyond = this.#pairStarts[Math.min(bucket + 2, this.#pairStarts.length - 1)];
    const entries = new Uint32Array(this.#file.part('pairs', 8 * start, 8 * beyond).buffer);
    const at = lowerBound(end - start, (i) => entries[2 * i] < hash);
    if (at === end - start || entries[2 * at] !== hash) return undefined;
    const whole = this.#file.sectionLength('pair_lists');
    const list = (place: number): Uint8Array => {
      let next = at + 1;
      while (2 * next < entries.length && isSingle(entries[2 * next + 1])) next++;
      return this.#file.part('pair_lists', place, 2 * next < entries.length ? entries[2 * next + 1] : whole);
    };
    return unpack(entries[2 * at + 1], list, this.rows);
  }

  #wordEnd(at: number): number {
    const words = this.#words;
    for (let next = at + 1; 3 * next < words.length; next++) {
      if (!isSingle(words[3 * next + 2])) return words[3 * next + 2];
    }
    return this.#file.sectionLength('word_lists');
  }
}

/** The first number for which `isBelow` does not hold. */
export function lowerBound(count: number, isBelow: (i: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBelow(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
