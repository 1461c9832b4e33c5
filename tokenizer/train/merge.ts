/**
 * The merge loop of BPE training: repeatedly joins the most frequent pair of neighbouring symbols into a new one.
 * Sennrich et al. 2016, arXiv:1508.07909, over word types with counts.
 *
 *   words   │ count │ length │ n,7 h,9 à,– │ count │ length │ n,7 h,4 … │     symbols, each with the number of the pair
 *           that it makes with its neighbour; 8 bytes each, one run per word; a merge closes the gap in its run
 *   pairs   left, right, count, list of the words in which the pair was when it came to be
 *   heap    pairs by count; an entry whose count has fallen meanwhile goes back with the true one
 *
 * A pair comes to be in the step that makes the younger of its symbols and only loses from then on: its list of words is
 * complete after that step, a count in the heap is never too low, and within a step a new pair is known by its older
 * symbol alone: the loop looks nothing up in a hash table.
 *
 * Ties go by count (down), left id (up), right id (up), so that ids never depend on the order of the words.
 */

import { PairTable } from '../text/pair-table.ts';
import { PairHeap } from './pair-heap.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Word types as runs of symbols: word w is `symbols[starts[w], starts[w + 1])` and stands `counts[w]` times. */
export interface Words {
  readonly symbols: Int32Array;
  readonly starts: Int32Array;
  readonly counts: Float64Array;
}

export interface MergeRule {
  /** Pairs that stand fewer times are not merged. */
  readonly minFrequency: number;
  /** Whether two neighbours may ever become one token. Asked once for each pair. */
  readonly allows: (left: number, right: number) => boolean;
}

/** No pair: the last symbol of a word, or neighbours that the rule keeps apart. */
const NIL = -1;
/** Places of 8 bytes before the symbols of a word: its count, and its length. */
const HEADER = 2;
/** Words that are merged in behind one another. */
const AHEAD = 64;

export class Merger {
  /** Count of the pair merged last. */
  lastCount = Number.POSITIVE_INFINITY;
  readonly #ints: Int32Array;
  readonly #floats: Float64Array;

  #pairCount = 0;
  #left = new Int32Array(1 << 16);
  #right = new Int32Array(1 << 16);
  #counts = new Float64Array(1 << 16);
  /** First node of the list of words of each pair. */
  #heads = new Int32Array(1 << 16);
  /** Nodes: place of the word, next node. */
  #nodes = new Int32Array(1 << 18);
  #nodesEnd = 0;
  #freeNode = NIL;
  /** Places of the words that a pair is merged in next. */
  readonly #ahead = new Int32Array(AHEAD);
  /** Number of the pair of each symbol with the one made in this step, before it and behind it; older numbers are stale. */
  readonly #pairBefore: Int32Array;
  readonly #pairBehind: Int32Array;
  readonly #heap = new PairHeap(
    (a, b) => this.#left[a] < this.#left[b] || (this.#left[a] === this.#left[b] && this.#right[a] < this.#right[b]),
  );

  readonly #vocabulary: Pick<Vocabulary, 'size' | 'add'>;
  readonly #rule: MergeRule;
  readonly #limit: number;

  /** @param limit Tokens that the vocabulary may come to hold. */
  constructor(words: Words, vocabulary: Pick<Vocabulary, 'size' | 'add'>, rule: MergeRule, limit: number) {
    this.#vocabulary = vocabulary;
    this.#rule = rule;
    this.#limit = limit;
    this.#pairBefore = new Int32Array(limit).fill(NIL);
    this.#pairBehind = new Int32Array(limit).fill(NIL);
    this.#floats = new Float64Array(words.symbols.length + HEADER * words.counts.length);
    this.#ints = new Int32Array(this.#floats.buffer);
    const known = new PairTable(1 << 16);
    let place = 0;
    for (let word = 0; word < words.counts.length; word++) {
      const [start, end, count] = [words.starts[word], words.starts[word + 1], words.counts[word]];
      this.#floats[place] = count;
      this.#ints[2 * place + 2] = end - start;
      for (let i = start, at = 2 * (place + HEADER); i < end; i++, at += 2) {
        this.#ints[at] = words.symbols[i];
        this.#ints[at + 1] = i + 1 < end ? this.#gainFirst(known, words.symbols, i, count, place) : NIL;
      }
      place += HEADER + end - start;
    }
    this.#offerPairsFrom(0);
  }

  /** Makes one merge; false when no pair is left that may be merged. */
  step(): boolean {
    for (;;) {
      if (this.#vocabulary.size >= this.#limit) return false;
      const pair = this.#popMostFrequent();
      if (pair === NIL) return false;
      if (!this.#vocabulary.add(this.#left[pair], this.#right[pair])) continue;
      this.lastCount = this.#counts[pair];
      this.#mergeEverywhere(pair, this.#vocabulary.size - 1);
      return true;
    }
  }

  #mergeEverywhere(pair: number, made: number): void {
    const firstNew = this.#pairCount;
    for (let node = this.#heads[pair]; node !== NIL; ) {
      let words = 0;
      for (; node !== NIL && words < AHEAD; node = this.#nodes[2 * node + 1])
        this.#ahead[words++] = this.#nodes[2 * node];
      this.#touch(pair, words);
      for (let i = 0; i < words; i++) this.#mergeInWord(this.#ahead[i], pair, made, firstNew);
    }
    this.#release(pair);
    this.#counts[pair] = 0;
    this.#offerPairsFrom(firstNew);
  }

  /** Reads what merging in the next words will need, so that the processor fetches it for all of them at a time. */
  #touch(pair: number, words: number): void {
    const ints = this.#ints;
    const counts = this.#counts;
    const ahead = this.#ahead;
    let sum = 0;
    for (let i = 0; i < words; i++) sum += ints[2 * ahead[i] + 2];
    for (let i = 0; i < words; i++) {
      const first = 2 * (ahead[i] + HEADER);
      const end = first + 2 * ints[2 * ahead[i] + 2];
      for (let at = first; at < end; at += 2) {
        if (ints[at + 1] !== pair) continue;
        if (at > first && ints[at - 1] !== NIL) sum += counts[ints[at - 1]];
        if (at + 3 < end && ints[at + 3] !== NIL) sum += counts[ints[at + 3]];
        break;
      }
    }
    this.touched = sum;
  }
  /** Kept, or the compiler would leave the reading out. */
  touched = 0;

  #mergeInWord(place: number, pair: number, made: number, firstNew: number): void {
    const ints = this.#ints;
    const count = this.#floats[place];
    const first = 2 * (place + HEADER);
    const end = first + 2 * ints[2 * place + 2];
    let write = first;
    for (let read = first; read < end; write += 2) {
      const joins = ints[read + 1];
      if (joins !== pair) {
        ints[write] = ints[read];
        ints[write + 1] = joins;
        read += 2;
        continue;
      }
      if (write > first) {
        const before = ints[write - 1];
        if (before !== NIL) this.#counts[before] -= count;
        ints[write - 1] = this.#gain(this.#pairBefore, ints[write - 2], made, firstNew, count, place);
      }
      const behind = ints[read + 3];
      ints[write] = made;
      read += 4;
      if (read < end) {
        if (behind !== NIL) this.#counts[behind] -= count;
        ints[write + 1] = this.#gain(this.#pairBehind, ints[read], made, firstNew, count, place);
      } else {
        ints[write + 1] = NIL;
      }
    }
    ints[2 * place + 2] = (write - first) >> 1;
  }

  /** Counts a pair of the token made in this step with an older one. @returns its number. */
  #gain(known: Int32Array, older: number, made: number, firstNew: number, count: number, place: number): number {
    let pair = known[older];
    if (pair < firstNew) {
      const isBefore = known === this.#pairBefore;
      pair = this.#addPair(isBefore ? older : made, isBefore ? made : older);
      known[older] = pair;
    }
    this.#counts[pair] += count;
    this.#list(pair, place);
    return pair;
  }

  /** Counts the pair that begins at symbol i when the words are laid out. */
  #gainFirst(known: PairTable, symbols: Int32Array, i: number, count: number, place: number): number {
    const [left, right] = [symbols[i], symbols[i + 1]];
    let pair = known.get(left, right);
    if (pair === NIL) {
      pair = this.#addPair(left, right);
      known.add(left, right, pair);
    }
    this.#counts[pair] += count;
    this.#list(pair, place);
    return pair;
  }

  /** Adds a word to the list of a pair; one word's gains come one after another, so if it is there it is the head. */
  #list(pair: number, place: number): void {
    const head = this.#heads[pair];
    if (head !== NIL && this.#nodes[2 * head] === place) return;
    const node = this.#takeNode();
    this.#nodes[2 * node] = place;
    this.#nodes[2 * node + 1] = head;
    this.#heads[pair] = node;
  }

  #addPair(left: number, right: number): number {
    const pair = this.#pairCount++;
    if (pair === this.#left.length) {
      this.#left = grown(this.#left, new Int32Array(pair * 2));
      this.#right = grown(this.#right, new Int32Array(pair * 2));
      this.#heads = grown(this.#heads, new Int32Array(pair * 2));
      this.#counts = grown(this.#counts, new Float64Array(pair * 2));
    }
    this.#left[pair] = left;
    this.#right[pair] = right;
    this.#heads[pair] = NIL;
    return pair;
  }

  #takeNode(): number {
    const node = this.#freeNode;
    if (node !== NIL) {
      this.#freeNode = this.#nodes[2 * node + 1];
      return node;
    }
    if (2 * this.#nodesEnd === this.#nodes.length)
      this.#nodes = grown(this.#nodes, new Int32Array(this.#nodes.length * 2));
    return this.#nodesEnd++;
  }

  /** Puts the list of a pair among the free nodes. */
  #release(pair: number): void {
    const head = this.#heads[pair];
    if (head === NIL) return;
    let last = head;
    while (this.#nodes[2 * last + 1] !== NIL) last = this.#nodes[2 * last + 1];
    this.#nodes[2 * last + 1] = this.#freeNode;
    this.#freeNode = head;
    this.#heads[pair] = NIL;
  }

  /** Puts the pairs that came to be in this step on the heap, and forgets where those stand that are never merged. */
  #offerPairsFrom(first: number): void {
    for (let pair = first; pair < this.#pairCount; pair++) {
      const count = this.#counts[pair];
      if (count >= this.#rule.minFrequency && this.#rule.allows(this.#left[pair], this.#right[pair])) {
        this.#heap.push(count, pair);
      } else {
        this.#release(pair);
      }
    }
  }

  #popMostFrequent(): number {
    const heap = this.#heap;
    const counts = this.#counts;
    while (heap.size > 0) {
      const count = heap.topCount;
      const pair = heap.pop();
      const actual = counts[pair];
      if (actual === count) return pair;
      if (actual >= this.#rule.minFrequency) heap.push(actual, pair);
      else this.#release(pair);
    }
    return NIL;
  }
}

function grown<T extends Int32Array | Float64Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
