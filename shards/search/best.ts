/** The best of many rows: a heap whose worst stands first. Rows come in order, so of equal ones the first stays. */
export interface Scored {
  readonly segment: number;
  readonly row: number;
  readonly score: number;
}

export class Best {
  /** How many were offered. */
  total = 0;
  readonly #most: number;
  readonly #heap: Scored[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  offer(segment: number, row: number, score: number): void {
    this.total++;
    const heap = this.#heap;
    if (heap.length < this.#most) {
      heap.push({ segment, row, score });
      this.#rise(heap.length - 1);
    } else if (heap.length > 0 && score > heap[0].score) {
      heap[0] = { segment, row, score };
      this.#sink();
    }
  }

  /** The best first. */
  inOrder(): Scored[] {
    return this.#heap.toSorted((a, b) => (isWorse(a, b) ? 1 : -1));
  }

  #rise(from: number): void {
    const heap = this.#heap;
    for (let at = from; at > 0; ) {
      const above = (at - 1) >> 1;
      if (!isWorse(heap[at], heap[above])) return;
      [heap[at], heap[above]] = [heap[above], heap[at]];
      at = above;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let worst = at;
      if (left < heap.length && isWorse(heap[left], heap[worst])) worst = left;
      if (right < heap.length && isWorse(heap[right], heap[worst])) worst = right;
      if (worst === at) return;
      [heap[at], heap[worst]] = [heap[worst], heap[at]];
      at = worst;
    }
  }
}

const isWorse = (a: Scored, b: Scored): boolean =>
  a.score !== b.score ? a.score < b.score : a.segment !== b.segment ? a.segment > b.segment : a.row > b.row;
