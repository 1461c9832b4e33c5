/**
 * Sorts suffixes of bytes by their first DEPTH bytes: by two bytes at a time where there are many, then by four, by which
 * the engine sorts numbers natively: key × 2²¹ + place. Beyond DEPTH their order is any: so a text that repeats itself for
 * ever costs no more than DEPTH looks at each of its suffixes.
 */

/** Bytes that decide the order. Behind the last suffix so many must stand. */
export const DEPTH = 256;
const KEY_BYTES = 4;
/** Numbers of the native sort hold so many places. */
const PLACES = 2 ** 21;
const PER_PLACE = 2 ** -21;
const FEW = 12;

export class SuffixSorter {
  readonly #text: Uint8Array;
  readonly #suffixes: Uint32Array;
  #numbers = new Float64Array(1 << 12);
  #held = new Uint32Array(1 << 12);

  /** @param suffixes places in the text: sorted where they stand */
  constructor(text: Uint8Array, suffixes: Uint32Array) {
    this.#text = text;
    this.#suffixes = suffixes;
  }

  /** Sorts suffixes `start` to `end`, which share their first `depth` bytes. */
  sort(start: number, end: number, depth: number): void {
    const count = end - start;
    if (count < 2 || depth >= DEPTH) return;
    if (count <= FEW) this.#insert(start, end, depth);
    else if (count >= PLACES / 2) this.#spread(start, end, depth);
    else this.#byKeys(start, count, depth);
  }

  #byKeys(start: number, count: number, depth: number): void {
    if (count > this.#numbers.length) this.#grow(count);
    const text = this.#text;
    const suffixes = this.#suffixes;
    const numbers = this.#numbers.subarray(0, count);
    const held = this.#held;
    for (let at = depth; at < DEPTH; at += KEY_BYTES) {
      const first = keyAt(text, suffixes[start] + at);
      let isOne = true;
      for (let i = 0; i < count; i++) {
        const suffix = suffixes[start + i];
        const key = keyAt(text, suffix + at);
        if (key !== first) isOne = false;
        held[i] = suffix;
        numbers[i] = key * PLACES + i;
      }
      if (isOne) continue; // all share these bytes too
      numbers.sort();
      this.#sortRuns(start, count, at + KEY_BYTES);
      return;
    }
  }

  /** Takes the suffixes out of the sorted numbers, then sorts runs of one key on. */
  #sortRuns(start: number, count: number, depth: number): void {
    const suffixes = this.#suffixes;
    const [numbers, held] = [this.#numbers, this.#held];
    const runs: number[] = [];
    let run = 0;
    let before = -1;
    for (let i = 0; i < count; i++) {
      const key = Math.floor(numbers[i] * PER_PLACE);
      suffixes[start + i] = held[numbers[i] - key * PLACES];
      if (key === before) continue;
      if (i - run > 1) runs.push(run, i);
      [run, before] = [i, key];
    }
    if (count - run > 1) runs.push(run, count);
    for (let i = 0; i < runs.length; i += 2) this.sort(start + runs[i], start + runs[i + 1], depth);
  }

  /** By the next two bytes. */
  #spread(start: number, end: number, depth: number): void {
    const text = this.#text;
    const suffixes = this.#suffixes;
    const places = new Uint32Array((1 << 16) + 1);
    for (let i = start; i < end; i++) places[((text[suffixes[i] + depth] << 8) | text[suffixes[i] + depth + 1]) + 1]++;
    for (let pair = 0; pair < 1 << 16; pair++) places[pair + 1] += places[pair];
    const from = suffixes.slice(start, end);
    const next = places.slice();
    for (const suffix of from)
      suffixes[start + next[(text[suffix + depth] << 8) | text[suffix + depth + 1]]++] = suffix;
    for (let pair = 0; pair < 1 << 16; pair++) {
      if (places[pair + 1] - places[pair] > 1) this.sort(start + places[pair], start + places[pair + 1], depth + 2);
    }
  }

  #insert(start: number, end: number, depth: number): void {
    const suffixes = this.#suffixes;
    for (let i = start + 1; i < end; i++) {
      const suffix = suffixes[i];
      let at = i;
      for (; at > start && this.#isBefore(suffix, suffixes[at - 1], depth); at--) suffixes[at] = suffixes[at - 1];
      suffixes[at] = suffix;
    }
  }

  #isBefore(a: number, b: number, depth: number): boolean {
    const text = this.#text;
    for (let i = depth; i < DEPTH; i++) if (text[a + i] !== text[b + i]) return text[a + i] < text[b + i];
    return false;
  }

  #grow(count: number): void {
    const room = Math.min(PLACES, 2 * count);
    this.#numbers = new Float64Array(room);
    this.#held = new Uint32Array(room);
  }
}

const keyAt = (text: Uint8Array, at: number): number =>
  ((text[at] << 24) | (text[at + 1] << 16) | (text[at + 2] << 8) | text[at + 3]) >>> 0;
