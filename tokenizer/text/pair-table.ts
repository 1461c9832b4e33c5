/**
 * A hash table from pairs of ids to one integer: the number of a pair in training, the id of the merged token in
 * encoding. Open addressing with linear probing over one Int32Array, four integers a slot: left, right, value, unused.
 */
const EMPTY = -1;
const MAX_LOAD = 0.5;

export class PairTable {
  size = 0;
  mask: number;
  slots: Int32Array;

  /** @param expected Pairs to make room for; the table grows beyond them. */
  constructor(expected: number) {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(16, expected / MAX_LOAD + 1)));
    this.mask = capacity - 1;
    this.slots = new Int32Array(capacity * 4).fill(EMPTY);
  }

  /** The value of a pair, or −1. */
  get(left: number, right: number): number {
    const { slots, mask } = this;
    let at = (hashOfPair(left, right) & mask) << 2;
    for (;;) {
      const found = slots[at];
      if (found === left && slots[at + 1] === right) return slots[at + 2];
      if (found === EMPTY) return -1;
      at = (at + 4) & ((mask << 2) | 3);
    }
  }

  /** Adds a pair that the table does not hold. */
  add(left: number, right: number, value: number): void {
    if (this.size >= (this.mask + 1) * MAX_LOAD) this.#grow();
    this.#place(left, right, value);
    this.size++;
  }

  /** The slots as 64 bits each, 0 for none: left, right and value of ID_BITS each, from the left. */
  packed(): Int32Array {
    const { slots } = this;
    const packed = new Int32Array(slots.length / 2);
    for (let at = 0; at < slots.length; at += 4) {
      if (slots[at] === EMPTY) continue;
      const right = slots[at + 1];
      packed[at / 2] = (right << ID_BITS) | slots[at + 2];
      packed[at / 2 + 1] = (slots[at] << (2 * ID_BITS - 32)) | (right >>> (32 - ID_BITS));
    }
    return packed;
  }

  /** A byte for each slot, with a bit for each pair it holds, by eight times as many places of its hash. */
  sieve(): Uint8Array {
    const { slots, mask } = this;
    const sieve = new Uint8Array(mask + 1);
    for (let at = 0; at < slots.length; at += 4) {
      if (slots[at] === EMPTY) continue;
      const hash = hashOfPair(slots[at], slots[at + 1]);
      sieve[(hash >>> 3) & mask] |= 1 << (hash & 7);
    }
    return sieve;
  }

  #place(left: number, right: number, value: number): void {
    const { slots, mask } = this;
    let at = (hashOfPair(left, right) & mask) << 2;
    while (slots[at] !== EMPTY) at = (at + 4) & ((mask << 2) | 3);
    slots[at] = left;
    slots[at + 1] = right;
    slots[at + 2] = value;
  }

  #grow(): void {
    const old = this.slots;
    this.mask = this.mask * 2 + 1;
    this.slots = new Int32Array(old.length * 2).fill(EMPTY);
    for (let at = 0; at < old.length; at += 4) {
      if (old[at] !== EMPTY) this.#place(old[at], old[at + 1], old[at + 2]);
    }
  }
}

/** Of an id, where three of them are 64 bits. */
export const ID_BITS = 21;

/** Odd; kernel/words.ts computes the same. */
export const PAIR_FACTORS = [0x9e3779b1, 0x85ebca6b] as const;

export function hashOfPair(left: number, right: number): number {
  const hash = Math.imul(left, PAIR_FACTORS[0]) ^ Math.imul(right + 1, PAIR_FACTORS[1]);
  return hash ^ (hash >>> 15);
}
