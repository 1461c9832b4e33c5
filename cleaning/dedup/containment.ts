/**
 * How much of one text stands in another, counted in shingles: exactly, but for hashes of 32 bits that meet. Texts are
 * sets here: a shingle that repeats counts once.
 */
import { FILLS, type Sequence, shinglesIn, syllablesOf } from './sequence.ts';

/** A text that is compared to others. */
export class Reading {
  /** Distinct shingles. */
  readonly size: number;
  readonly #sequence: Sequence;
  /** Of each shingle in order its number among the distinct ones. */
  readonly #numbers: Int32Array;
  /** Open addressing: number + 1 of the distinct shingle, 0 where free. */
  readonly #slots: Int32Array;
  readonly #distinct: Int32Array;

  constructor(sequence: Sequence) {
    this.#sequence = sequence;
    const shingles = shinglesIn(sequence);
    this.#numbers = new Int32Array(shingles.length);
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * shingles.length + 2)));
    this.#distinct = new Int32Array(shingles.length);
    let size = 0;
    for (let i = 0; i < shingles.length; i++) {
      const slot = this.#slotOf(shingles[i]);
      if (this.#slots[slot] === 0) {
        this.#distinct[size++] = shingles[i];
        this.#slots[slot] = size;
      }
      this.#numbers[i] = this.#slots[slot] - 1;
    }
    this.size = size;
  }

  /** Which of its distinct shingles stand in the other text. */
  sharedWith(other: Sequence): Uint8Array {
    const shared = new Uint8Array(this.size);
    for (const shingle of shinglesIn(other)) {
      const number = this.#slots[this.#slotOf(shingle)];
      if (number > 0) shared[number - 1] = 1;
    }
    return shared;
  }

  /**
   * Whether the texts are one form, filled in twice: most of the places in which they differ are short and hold figures or
   * names. Such texts say different things, however much of their words is the same.
   */
  isOtherFilling(shared: Uint8Array): boolean {
    const { length } = this.#numbers;
    let [unshared, places, fillings] = [0, 0, 0];
    for (const [from, to, shingles] of this.#own(shared)) {
      unshared += shingles;
      places++;
      if (to - from < MAX_FILLING && this.#sequence.subarray(from, to + 1).some((one) => one >= FILLS)) fillings++;
    }
    return unshared >= MIN_FILLED * length && fillings >= MIN_FILLINGS && fillings >= FILLED_PLACES * places;
  }

  /** Whether it says something at length that the other does not: such a text is no excerpt. */
  hasOwnPassage(shared: Uint8Array): boolean {
    for (const [from, to] of this.#own(shared)) if (to - from + 1 >= OWN_PASSAGE) return true;
    return false;
  }

  /**
   * Whether it begins or ends with a passage of its own, and says the same otherwise. Of two texts that both do so it is a
   * head or foot that they share, however long.
   */
  hasOwnEnd(shared: Uint8Array): boolean {
    const { length } = this.#numbers;
    let [unshared, end] = [0, 0];
    for (const [from, to, shingles] of this.#own(shared)) {
      unshared += shingles;
      const isEnd = from === 0 || to === this.#sequence.length - 1;
      if (isEnd && to - from + 1 >= OWN_PASSAGE) end = Math.max(end, shingles);
    }
    return end >= OWN_SHARE * length && end >= OWN_PLACE * unshared;
  }

  /** Places that differ: first and last syllable, and how many shingles they make. */
  *#own(shared: Uint8Array): Generator<readonly [from: number, to: number, shingles: number]> {
    const { length } = this.#numbers;
    for (let i = 0; i < length; i++) {
      if (shared[this.#numbers[i]] === 1) continue;
      const first = i;
      while (i + 1 < length && shared[this.#numbers[i + 1]] === 0) i++;
      yield [...syllablesOf(first, i, length), i - first + 1];
    }
  }

  #slotOf(shingle: number): number {
    const mask = this.#slots.length - 1;
    let slot = shingle & mask;
    while (this.#slots[slot] !== 0 && this.#distinct[this.#slots[slot] - 1] !== shingle) slot = (slot + 1) & mask;
    return slot;
  }
}

/** Syllables of a place that is filled in, and of a passage. */
const MAX_FILLING = 12;
const OWN_PASSAGE = 30;
/** What such a passage is of the text, and of all that differs. */
const OWN_SHARE = 0.1;
const OWN_PLACE = 0.8;
/** Places, their share of all that differ, and the share of the text's shingles that differ. */
const MIN_FILLINGS = 3;
const FILLED_PLACES = 0.6;
const MIN_FILLED = 0.06;

export const countOf = (marks: Uint8Array): number => {
  let count = 0;
  for (const mark of marks) count += mark;
  return count;
};
