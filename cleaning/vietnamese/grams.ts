/**
 * Repeated grams of syllables, as Gopher counts them. Each gram is known by a polynomial hash that is rolled over the
 * syllables' own; open addressing in arrays that are kept between documents.
 *
 *   hashes   │ hash │ × syllables            a text is read ten times: not its syllables each time
 *   lengths  │ characters │ × syllables
 *   slots    │ hash │ count │ characters │ × slots     a gram; count 0: free
 */
import { mix32, type Syllable } from './lexicon.ts';

let hashes = new Int32Array(0);
let lengths = new Int32Array(0);
let slots = new Int32Array(0);
/** Arrays for a text of more syllables are let go with it; the table of such a one is as full as it can be. */
const MAX_KEPT = 1 << 19;
const [COUNT, CHARACTERS, SLOT] = [1, 2, 3];

/** Grams of words: bars, bullets and leaders between them are passed over. One text at a time, until the next one. */
export class Grams {
  /** Words of the text. */
  readonly count: number;

  constructor(syllables: readonly Syllable[]) {
    if (hashes.length < syllables.length) {
      hashes = new Int32Array(syllables.length);
      lengths = new Int32Array(syllables.length);
    }
    let count = 0;
    for (const { hash, length } of syllables) {
      if (hash === 0) continue;
      hashes[count] = hash;
      lengths[count++] = length;
    }
    this.count = count;
  }

  /** Most characters that one gram covers with its repeats, spaces included; 0 when none stands there so many times. */
  top(n: number, times: number): number {
    const mask = clearSlots(this.count);
    const table = slots;
    let top = 0;
    this.#each(n, (hash, length) => {
      const at = slotOf(table, hash, mask);
      table[at] = hash;
      const count = ++table[at + COUNT];
      table[at + CHARACTERS] += length + n - 1;
      if (count >= times && table[at + CHARACTERS] > top) top = table[at + CHARACTERS];
      return 1;
    });
    return top;
  }

  /** Characters of grams that stood before, spaces not counted; grams that were counted do not overlap. */
  repeated(n: number): number {
    const mask = clearSlots(this.count);
    const table = slots;
    let characters = 0;
    this.#each(n, (hash, length) => {
      const at = slotOf(table, hash, mask);
      if (table[at + COUNT] !== 0) {
        characters += length;
        return n;
      }
      table[at] = hash;
      table[at + COUNT] = 1;
      return 1;
    });
    return characters;
  }

  /** Behind the last question: arrays of a long text go. */
  letGo(): void {
    if (this.count > MAX_KEPT) [hashes, lengths, slots] = [new Int32Array(0), new Int32Array(0), new Int32Array(0)];
  }

  /** Calls `visit(hash, length)` for every gram, spaces not counted in its length; it returns how many to go on. */
  #each(n: number, visit: (hash: number, length: number) => number): void {
    const { count } = this;
    let oldest = 1;
    for (let i = 1; i < n; i++) oldest = Math.imul(oldest, BASE);
    let rolling = 0;
    let length = 0;
    let next = 0;
    for (let i = 0; i < count; i++) {
      if (i >= n) {
        rolling = (rolling - Math.imul(hashes[i - n], oldest)) | 0;
        length -= lengths[i - n];
      }
      rolling = (Math.imul(rolling, BASE) + hashes[i]) | 0;
      length += lengths[i];
      const start = i - n + 1;
      if (start >= next) next = start + visit(mix32(rolling), length);
    }
  }
}

const BASE = 0x01000193;

/** Room for so many grams, all slots free; what takes the place of a hash in the table. */
function clearSlots(grams: number): number {
  let size = 64;
  while (size < (grams <= MAX_KEPT ? 2 : 4 / 3) * grams) size *= 2;
  if (slots.length < SLOT * size) slots = new Int32Array(SLOT * size);
  else slots.fill(0, 0, SLOT * size);
  return size - 1;
}

/** Place of the gram in the table; its count is 0 when it is new. */
function slotOf(table: Int32Array, key: number, mask: number): number {
  let slot = key & mask;
  while (table[SLOT * slot + COUNT] !== 0 && table[SLOT * slot] !== key) slot = (slot + 1) & mask;
  return SLOT * slot;
}
