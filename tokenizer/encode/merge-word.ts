/**
 * BPE within one pretoken: joins the pair that makes the lowest id, the leftmost of several, until no pair makes any.
 * (Ids of merges rise in the order in which they were learned.) Two ways to the same result.
 */
import type { PairTable } from '../text/pair-table.ts';

/** Up to so many symbols it is faster to look at all pairs for each merge than to keep a heap. */
export const SCAN_LIMIT = 96;

/** No id. */
export const NONE = 0x7fffffff;

export class WordMerger {
  readonly #made = new Int32Array(SCAN_LIMIT);

  readonly #pairs: PairTable;

  /** @param pairs the id that each pair makes */
  constructor(pairs: PairTable) {
    this.#pairs = pairs;
  }

  /** Merges `symbols[0, count)` in place. @returns how many are left, at the front. */
  merge(symbols: Int32Array, count: number): number {
    return count <= SCAN_LIMIT ? this.mergeByScan(symbols, count) : this.mergeByHeap(symbols, count);
  }

  /** Quadratic in `count`, which is small. */
  mergeByScan(symbols: Int32Array, count: number): number {
    const made = this.#made; // by the pair that begins at each symbol
    for (let i = 0; i + 1 < count; i++) made[i] = this.madeBy(symbols[i], symbols[i + 1]);
    for (;;) {
      let lowest = NONE;
      let at = 0;
      for (let i = 0; i + 1 < count; i++) {
        if (made[i] < lowest) {
          lowest = made[i];
          at = i;
        }
      }
      if (lowest === NONE) return count;
      count--;
      symbols[at] = lowest;
      for (let i = at + 1; i < count; i++) {
        symbols[i] = symbols[i + 1];
        made[i] = made[i + 1];
      }
      if (at > 0) made[at - 1] = this.madeBy(symbols[at - 1], lowest);
      if (at + 1 < count) made[at] = this.madeBy(lowest, symbols[at + 1]);
    }
  }

  /** n log n: a linked list of symbols, and a heap of pairs in which outdated ones stay until they come up. */
  mergeByHeap(symbols: Int32Array, count: number): number {
    const previous = Int32Array.from({ length: count }, (_, i) => i - 1);
    const next = Int32Array.from({ length: count }, (_, i) => i + 1);
    const made = new Int32Array(count).fill(NONE);
    const heap = new NumberHeap(2 * count);
    const offer = (at: number): void => {
      made[at] = next[at] < count ? this.madeBy(symbols[at], symbols[next[at]]) : NONE;
      if (made[at] !== NONE) heap.push(made[at] * POSITIONS + at);
    };
    for (let i = 0; i < count; i++) offer(i);
    while (heap.size > 0) {
      const entry = heap.pop();
      const at = entry % POSITIONS;
      const id = (entry - at) / POSITIONS;
      if (made[at] !== id) continue;
      const gone = next[at];
      symbols[at] = id;
      made[gone] = NONE;
      next[at] = next[gone];
      if (next[at] < count) previous[next[at]] = at;
      offer(at);
      if (previous[at] >= 0) offer(previous[at]);
    }
    let left = 0;
    for (let at = 0; at < count; at = next[at]) symbols[left++] = symbols[at];
    return left;
  }

  /** The id that a pair makes, or NONE. */
  madeBy(left: number, right: number): number {
    const id = this.#pairs.get(left, right);
    return id < 0 ? NONE : id;
  }
}

/** A pair's id and position as one number: 21 bits and 32 bits. */
const POSITIONS = 2 ** 32;

/** A binary heap of numbers, lowest first. */
class NumberHeap {
  size = 0;
  readonly #values: Float64Array;

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity);
  }

  push(value: number): void {
    const values = this.#values;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (values[parent] <= value) break;
      values[at] = values[parent];
      at = parent;
    }
    values[at] = value;
  }

  pop(): number {
    const values = this.#values;
    const top = values[0];
    const value = values[--this.size];
    let at = 0;
    for (let child = 1; child < this.size; child = 2 * at + 1) {
      if (child + 1 < this.size && values[child + 1] < values[child]) child++;
      if (values[child] >= value) break;
      values[at] = values[child];
      at = child;
    }
    values[at] = value;
    return top;
  }
}
