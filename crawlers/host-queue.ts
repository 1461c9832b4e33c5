/** Hosts with something to ask for, by when they may be asked next: a binary heap. O(log n) for each change. */
interface Entry {
  readonly host: string;
  /** Of `performance.now`. */
  readyAt: number;
  /** Of equal times the first comes first. */
  turn: number;
}

export class HostQueue {
  readonly #heap: Entry[] = [];
  readonly #places = new Map<string, number>();
  #turns = 0;

  get size(): number {
    return this.#heap.length;
  }

  has(host: string): boolean {
    return this.#places.has(host);
  }

  /** A host that is there already gets the new time, and goes behind all of the same time. */
  put(host: string, readyAt: number): void {
    const entry = { host, readyAt, turn: this.#turns++ };
    const place = this.#places.get(host);
    if (place === undefined) {
      this.#heap.push(entry);
      this.#rise(this.#heap.length - 1);
    } else {
      this.#heap[place] = entry;
      this.#rise(place);
      this.#sink(this.#places.get(host)!);
    }
  }

  /** When the first may be asked; infinity where there is none. */
  readyAt(): number {
    return this.#heap[0]?.readyAt ?? Number.POSITIVE_INFINITY;
  }

  /** Takes the first out. */
  take(): string | undefined {
    const [first] = this.#heap;
    if (first === undefined) return undefined;
    const last = this.#heap.pop()!;
    this.#places.delete(first.host);
    if (last !== first) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    return first.host;
  }

  #rise(from: number): void {
    const entry = this.#heap[from];
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(entry, this.#heap[above])) break;
      this.#set(at, this.#heap[above]);
      at = above;
    }
    this.#set(at, entry);
  }

  #sink(from: number): void {
    const entry = this.#heap[from];
    let at = from;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.#heap.length) break;
      if (below + 1 < this.#heap.length && isBefore(this.#heap[below + 1], this.#heap[below])) below++;
      if (!isBefore(this.#heap[below], entry)) break;
      this.#set(at, this.#heap[below]);
      at = below;
    }
    this.#set(at, entry);
  }

  #set(place: number, entry: Entry): void {
    this.#heap[place] = entry;
    this.#places.set(entry.host, place);
  }
}

const isBefore = (one: Entry, other: Entry): boolean =>
  one.readyAt < other.readyAt || (one.readyAt === other.readyAt && one.turn < other.turn);
