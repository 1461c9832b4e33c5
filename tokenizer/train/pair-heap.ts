/** A binary heap of pairs by count, highest first; `precedes` orders pairs of equal count. */
export class PairHeap {
  size = 0;
  #counts = new Float64Array(1 << 12);
  #pairs = new Int32Array(1 << 12);
  readonly #precedes: (pair: number, other: number) => boolean;

  constructor(precedes: (pair: number, other: number) => boolean) {
    this.#precedes = precedes;
  }

  /** Count of the first pair, as it was pushed. */
  get topCount(): number {
    return this.#counts[0];
  }

  push(count: number, pair: number): void {
    if (this.size === this.#pairs.length) this.#grow();
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(count, pair, parent)) break;
      this.#set(at, this.#counts[parent], this.#pairs[parent]);
      at = parent;
    }
    this.#set(at, count, pair);
  }

  /** Removes the first pair of a heap that is not empty. */
  pop(): number {
    const top = this.#pairs[0];
    this.size--;
    this.#sink(this.#counts[this.size], this.#pairs[this.size]);
    return top;
  }

  /** Puts a pair where it belongs, from the root down. */
  #sink(count: number, pair: number): void {
    const { size } = this;
    const counts = this.#counts;
    const pairs = this.#pairs;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      const sibling = child + 1;
      if (sibling < size && this.#isBefore(counts[sibling], pairs[sibling], child)) child = sibling;
      if (this.#isBefore(count, pair, child)) break;
      this.#set(at, counts[child], pairs[child]);
      at = child;
    }
    this.#set(at, count, pair);
  }

  #isBefore(count: number, pair: number, at: number): boolean {
    const other = this.#counts[at];
    return count > other || (count === other && this.#precedes(pair, this.#pairs[at]));
  }

  #set(at: number, count: number, pair: number): void {
    this.#counts[at] = count;
    this.#pairs[at] = pair;
  }

  #grow(): void {
    const [counts, pairs] = [this.#counts, this.#pairs];
    this.#counts = new Float64Array(counts.length * 2);
    this.#counts.set(counts);
    this.#pairs = new Int32Array(pairs.length * 2);
    this.#pairs.set(pairs);
  }
}
