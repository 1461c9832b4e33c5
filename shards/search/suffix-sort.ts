/**
 * Sorts suffixes of bytes by their first DEPTH bytes. The time goes where a suffix is looked up in a text that no cache
 * holds, so each look takes WINDOW bytes at once, as four keys of six bytes; a run of suffixes is then sorted by one key
 * after the other, by the engine's own sort of numbers: key × 2¹⁶ + which. Beyond DEPTH the order is any: so a text that
 * repeats itself for ever costs no more than DEPTH / WINDOW looks at each of its suffixes.
 */

/** Bytes that decide the order. */
export const DEPTH = 256;
const KEYS = 4;
const KEY_BYTES = 6;
const WINDOW = KEYS * KEY_BYTES;
/** Behind the last suffix so many bytes must stand. */
export const BEHIND = DEPTH + WINDOW;
/** What 16 bits number. */
const MOST = 1 << 16;
/** Looked at together. */
const AHEAD = 64;
/** Fewer are put in order one by one. */
const FEW = 12;

export class SuffixSorter {
  readonly #text: Uint8Array;
  readonly #view: DataView;
  readonly #suffixes: Uint32Array;
  /** Of the suffixes that are looked at: themselves, and their keys, four bytes and two, KEYS of each. */
  #held = new Uint32Array(0);
  #high = new Uint32Array(0);
  #low = new Uint16Array(0);
  /** Which stands where, among those that are looked at. */
  #order = new Uint16Array(0);
  #numbers = new BigUint64Array(0);
  #halves = new Uint32Array(0);

  /** @param suffixes places in the text: sorted where they stand */
  constructor(text: Uint8Array, suffixes: Uint32Array) {
    this.#text = text;
    this.#view = new DataView(text.buffer, text.byteOffset, text.byteLength);
    this.#suffixes = suffixes;
    this.#grow(1 << 10);
  }

  /** Sorts suffixes `start` to `end`, which share their first `depth` bytes. */
  sort(start: number, end: number, depth: number): void {
    const count = end - start;
    if (count < 2 || depth >= DEPTH) return;
    if (count <= FEW) this.#insert(start, end, depth);
    else if (count > MOST) this.#spread(start, end, depth);
    else this.#look(start, count, depth);
  }

  /** By the next WINDOW bytes, then the runs that share them on. */
  #look(start: number, count: number, depth: number): void {
    if (count > this.#held.length) this.#grow(2 ** Math.ceil(Math.log2(count)));
    const suffixes = this.#suffixes;
    const text = this.#text;
    const view = this.#view;
    const held = this.#held;
    const high = this.#high;
    const low = this.#low;
    const order = this.#order;
    for (let from = 0; from < count; from += AHEAD) {
      const to = Math.min(count, from + AHEAD);
      // One kind of look at a time: the processor then waits for many of them at once.
      let touched = 0;
      for (let i = from; i < to; i++) {
        const suffix = suffixes[start + i];
        held[i] = suffix;
        order[i] = i;
        touched += text[suffix + depth] + text[suffix + depth + WINDOW];
      }
      high[KEYS * from] = touched; // so that it is done; the next loop writes what belongs there
      for (let i = from; i < to; i++) {
        let at = held[i] + depth;
        for (let key = KEYS * i; key < KEYS * i + KEYS; key++, at += KEY_BYTES) {
          high[key] = view.getUint32(at);
          low[key] = view.getUint16(at + 4);
        }
      }
    }
    const runs: number[] = [];
    this.#byKey(0, count, 0, runs);
    for (let i = 0; i < count; i++) suffixes[start + i] = held[order[i]];
    for (let i = 0; i < runs.length; i += 2) this.sort(start + runs[i], start + runs[i + 1], depth + WINDOW);
  }

  /** Sorts `from` to `to` of the order by a key and those behind it; `runs` is told which share them all. */
  #byKey(from: number, to: number, key: number, runs: number[]): void {
    if (key === KEYS) {
      runs.push(from, to);
      return;
    }
    const order = this.#order;
    const high = this.#high;
    const low = this.#low;
    const halves = this.#halves;
    const count = to - from;
    if (count <= FEW) {
      this.#insertKeys(from, to, key, runs);
      return;
    }
    const first = KEYS * order[from] + key;
    let isOne = true;
    for (let i = 0; i < count; i++) {
      const at = KEYS * order[from + i] + key;
      if (high[at] !== high[first] || low[at] !== low[first]) isOne = false;
      halves[2 * i] = (low[at] << 16) | order[from + i];
      halves[2 * i + 1] = high[at];
    }
    if (isOne) {
      this.#byKey(from, to, key + 1, runs);
      return;
    }
    this.#numbers.subarray(0, count).sort();
    for (let i = 0; i < count; i++) order[from + i] = halves[2 * i] & 0xffff;
    this.#alike(from, to, key, runs);
  }

  /** Of what is sorted by a key, sorts what shares it by the keys behind it. */
  #alike(from: number, to: number, key: number, runs: number[]): void {
    const order = this.#order;
    const high = this.#high;
    const low = this.#low;
    for (let run = from; run < to; ) {
      const first = KEYS * order[run] + key;
      let end = run + 1;
      for (; end < to; end++) {
        const at = KEYS * order[end] + key;
        if (high[at] !== high[first] || low[at] !== low[first]) break;
      }
      if (end - run > 1) this.#byKey(run, end, key + 1, runs);
      run = end;
    }
  }

  /** A few, by all their keys from one on. */
  #insertKeys(from: number, to: number, key: number, runs: number[]): void {
    const order = this.#order;
    for (let i = from + 1; i < to; i++) {
      const own = order[i];
      let at = i;
      for (; at > from && this.#compare(own, order[at - 1], key) < 0; at--) order[at] = order[at - 1];
      order[at] = own;
    }
    for (let run = from; run < to; ) {
      let end = run + 1;
      while (end < to && this.#compare(order[run], order[end], key) === 0) end++;
      if (end - run > 1) runs.push(run, end);
      run = end;
    }
  }

  #compare(a: number, b: number, key: number): number {
    const high = this.#high;
    const low = this.#low;
    for (let i = key; i < KEYS; i++) {
      const x = KEYS * a + i;
      const y = KEYS * b + i;
      if (high[x] !== high[y]) return high[x] - high[y];
      if (low[x] !== low[y]) return low[x] - low[y];
    }
    return 0;
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

  #grow(room: number): void {
    this.#held = new Uint32Array(room);
    this.#high = new Uint32Array(KEYS * room);
    this.#low = new Uint16Array(KEYS * room);
    this.#order = new Uint16Array(room);
    this.#numbers = new BigUint64Array(room);
    this.#halves = new Uint32Array(this.#numbers.buffer);
  }
}
