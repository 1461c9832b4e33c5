/** The stable order over all ranks: every page has its number in it, and a rank's own stand in order. */
import { ORDER_FIELDS } from './measure.ts';
import type { Part } from './parts.ts';

/** Numbers of a rank's own pages: orders of all ranks are merged. */
export function numbersOf(parts: readonly Part[], rank: number): Uint32Array {
  const heads = parts.map((part) => new Head(part));
  const own = new Uint32Array(heads[rank].length);
  let [number, filled] = [0, 0];
  for (;;) {
    let least = -1;
    for (let i = 0; i < heads.length; i++) {
      if (!heads[i].isDone && (least < 0 || compare(heads[i], heads[least]) < 0)) least = i;
    }
    if (least < 0) return own;
    if (least === rank) own[filled++] = number;
    number++;
    heads[least].next();
  }
}

class Head {
  readonly part: Part;
  readonly entries: Float64Array;
  readonly length: number;
  at = 0;

  constructor(part: Part) {
    this.part = part;
    this.entries = part.floats('order');
    this.length = this.entries.length / ORDER_FIELDS;
  }

  get isDone(): boolean {
    return this.at === this.entries.length;
  }

  next(): void {
    this.at += ORDER_FIELDS;
  }

  get tie(): Buffer {
    return this.part.readAt('ties', this.entries[this.at + 6], this.entries[this.at + 7]);
  }
}

const TIE = 4;

function compare(a: Head, b: Head): number {
  for (let field = 0; field < TIE; field++) {
    const difference = a.entries[a.at + field] - b.entries[b.at + field];
    if (difference !== 0) return difference;
  }
  const byTie = Buffer.compare(a.tie, b.tie);
  if (byTie !== 0) return byTie;
  return a.entries[a.at + TIE] - b.entries[b.at + TIE] || a.entries[a.at + TIE + 1] - b.entries[b.at + TIE + 1];
}

/** Who has the page of a number, as the how-many-th of its own. */
export class Places {
  readonly count: number;
  readonly #own: readonly Uint32Array[];
  readonly #owners: Uint16Array;

  /** @param own numbers of each rank's pages */
  constructor(own: readonly Uint32Array[]) {
    this.#own = own;
    this.count = own.reduce((sum, numbers) => sum + numbers.length, 0);
    this.#owners = new Uint16Array(this.count);
    for (const [rank, numbers] of own.entries()) for (const number of numbers) this.#owners[number] = rank;
  }

  numbers(rank: number): Uint32Array {
    return this.#own[rank];
  }

  ownerOf(number: number): number {
    return this.#owners[number];
  }

  indexOf(number: number): number {
    const numbers = this.#own[this.#owners[number]];
    let [low, high] = [0, numbers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numbers[middle] < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
