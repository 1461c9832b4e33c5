/**
 * Repeated grams of syllables, as Gopher counts them. Each gram is known by a polynomial hash that is rolled over the
 * syllables' own; open addressing in arrays that are kept between documents.
 */
import { mix32, type Syllable } from './lexicon.ts';

/** Gram hash → count, and characters of all of them. */
let slots = { keys: new Int32Array(0), counts: new Int32Array(0), lengths: new Int32Array(0) };
/** A table of more slots than this is let go after its document, and is as full as it can be without losing time. */
const MAX_KEPT = 1 << 20;

function clearSlots(grams: number): number {
  let size = 64;
  while (size < (grams * 2 <= MAX_KEPT ? 2 : 4 / 3) * grams) size *= 2;
  if (slots.keys.length < size) {
    forgetSlots();
    slots = { keys: new Int32Array(size), counts: new Int32Array(size), lengths: new Int32Array(size) };
  } else {
    slots.counts.fill(0, 0, size);
  }
  return size - 1;
}

/** Behind the last grams of a document: the table of a long one goes. */
export function letGo(): void {
  if (slots.keys.length > MAX_KEPT) forgetSlots();
}

function forgetSlots(): void {
  slots = { keys: new Int32Array(0), counts: new Int32Array(0), lengths: new Int32Array(0) };
}

/** Slot of the gram; its count is 0 when it is new. */
function slotOf(key: number, mask: number): number {
  let slot = key & mask;
  while (slots.counts[slot] !== 0 && slots.keys[slot] !== key) slot = (slot + 1) & mask;
  return slot;
}

const BASE = 0x01000193;

/**
 * Calls `visit(hash, length)` for every gram of `n` syllables, spaces not counted in its length; `visit` returns how
 * many grams to go on.
 */
function eachGram(syllables: readonly Syllable[], n: number, visit: (hash: number, length: number) => number): void {
  let oldest = 1;
  for (let i = 1; i < n; i++) oldest = Math.imul(oldest, BASE);
  let rolling = 0;
  let length = 0;
  let next = 0;
  for (let i = 0; i < syllables.length; i++) {
    if (i >= n) {
      rolling = (rolling - Math.imul(syllables[i - n].hash, oldest)) | 0;
      length -= syllables[i - n].length;
    }
    rolling = (Math.imul(rolling, BASE) + syllables[i].hash) | 0;
    length += syllables[i].length;
    const start = i - n + 1;
    if (start >= next) next = start + visit(mix32(rolling), length);
  }
}

/** Most characters that one gram covers with its repeats, spaces included; 0 when none stands there so many times. */
export function topGram(syllables: readonly Syllable[], n: number, times: number): number {
  const mask = clearSlots(syllables.length);
  let top = 0;
  eachGram(syllables, n, (hash, length) => {
    const slot = slotOf(hash, mask);
    if (slots.counts[slot] === 0) {
      slots.keys[slot] = hash;
      slots.lengths[slot] = 0;
    }
    const count = ++slots.counts[slot];
    slots.lengths[slot] += length + n - 1;
    if (count >= times && slots.lengths[slot] > top) top = slots.lengths[slot];
    return 1;
  });
  return top;
}

/** Characters of grams that stood before, spaces not counted; grams that were counted do not overlap. */
export function repeatedGrams(syllables: readonly Syllable[], n: number): number {
  const mask = clearSlots(syllables.length);
  let characters = 0;
  eachGram(syllables, n, (hash, length) => {
    const slot = slotOf(hash, mask);
    if (slots.counts[slot] !== 0) {
      characters += length;
      return n;
    }
    slots.keys[slot] = hash;
    slots.counts[slot] = 1;
    return 1;
  });
  return characters;
}
