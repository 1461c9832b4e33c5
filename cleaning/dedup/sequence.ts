/**
 * A text as a sequence of syllables, 16 bits each: what of a kept document decides over later ones, at two bytes a
 * syllable. Its shingles follow from it, in their order.
 *
 *   sequence   │ hash: 15 bits │ fills: 1 bit │ × syllables that hold a letter or digit
 *   shingles   five neighbouring syllables: two texts are compared by the sets of theirs
 *   anchors    of every 40 neighbouring grams of eight syllables the one of the smallest hash (winnowing: Schleimer,
 *              Wilkerson, Aiken 2003), and the eight smallest of the text: two texts that have 47 syllables in a row in
 *              common have an anchor in common, wherever it stands in either, and so do short texts that are much alike
 */
import { mix32, type Syllable } from '../vietnamese/lexicon.ts';

export type Sequence = Uint16Array;

/** A syllable that fills a form: it holds a figure, or begins with a capital within a sentence. */
export const FILLS = 0x8000;
/** What tells syllables apart. */
export const HASH = 0x7fff;

const SHINGLE = 5;
const GRAM = 8;
const WINDOW = 40;
const SMALLEST = 8;
const BASE = 0x01000193;
const OTHER_BASE = 0x85ebca6b;

export function sequenceOf(syllables: readonly Syllable[]): Sequence {
  const sequence = new Uint16Array(syllables.length);
  let length = 0;
  let isFirst = true;
  for (const { hash, hasFigure, isCapital, isLast } of syllables) {
    const fills = hasFigure || (isCapital && !isFirst);
    if (hash !== 0) sequence[length++] = ((hash ^ (hash >>> 15)) & HASH) | (fills ? FILLS : 0);
    isFirst = isLast;
  }
  return sequence.slice(0, length);
}

/** Hashes of the shingles in order, repeats included. A text of fewer syllables is one shingle. */
export function shinglesIn(sequence: Sequence): Int32Array {
  return gramsIn(sequence, SHINGLE);
}

/** First and last syllable of what differs where a run of shingles is not in another text; empty where one was left out. */
export const syllablesOf = (first: number, last: number, shingles: number): readonly [number, number] => [
  first === 0 ? 0 : first + SHINGLE - 1,
  last === shingles - 1 ? last + SHINGLE - 1 : last,
];

function gramsIn(sequence: Sequence, gram: number): Int32Array {
  const count = Math.max(1, sequence.length - gram + 1);
  const hashes = new Int32Array(count);
  let lead = 1;
  for (let i = 0; i < gram; i++) lead = Math.imul(lead, BASE);
  let hash = 0;
  for (let i = 0; i < sequence.length; i++) {
    hash = (Math.imul(hash, BASE) + (sequence[i] & HASH)) | 0;
    if (i >= gram) hash = (hash - Math.imul(sequence[i - gram] & HASH, lead)) | 0;
    if (i >= gram - 1) hashes[i - gram + 1] = mix32(hash);
  }
  if (sequence.length < gram) hashes[0] = mix32(hash);
  return hashes;
}

/** 52-bit keys of the text's anchors, each once. */
export function anchorsOf(sequence: Sequence): Float64Array {
  const grams = gramsIn(sequence, GRAM);
  const places = smallest(grams);
  let least = -1;
  for (let end = 0; end < grams.length; end++) {
    const start = end - WINDOW + 1;
    if (least < start || least < 0) {
      least = Math.max(0, start);
      for (let i = least + 1; i <= end; i++) if (grams[i] <= grams[least]) least = i;
    } else if (grams[end] <= grams[least]) least = end;
    if (start >= 0 && places.at(-1) !== least) places.push(least);
  }
  const keys = new Float64Array(places.length);
  const known = new Set<number>();
  let count = 0;
  for (const place of places) {
    const key = keyOf(sequence, place, grams[place]);
    if (known.has(key)) continue;
    known.add(key);
    keys[count++] = key;
  }
  return keys.slice(0, count);
}

/** Places of the smallest grams. */
function smallest(grams: Int32Array): number[] {
  const places: number[] = [];
  for (let i = 0; i < grams.length; i++) {
    if (places.length === SMALLEST && grams[i] >= grams[places[SMALLEST - 1]]) continue;
    if (places.some((place) => grams[place] === grams[i])) continue;
    let at = places.length;
    while (at > 0 && grams[places[at - 1]] > grams[i]) at--;
    places.splice(at, 0, i);
    if (places.length > SMALLEST) places.pop();
  }
  return places;
}

/** A second hash of the same gram makes keys of different grams different ones. */
function keyOf(sequence: Sequence, place: number, low: number): number {
  let high = GRAM;
  const end = Math.min(place + GRAM, sequence.length);
  for (let i = place; i < end; i++) high = mix32(Math.imul(high, OTHER_BASE) + (sequence[i] & HASH));
  return (high & 0xfffff) * 0x100000000 + (low >>> 0);
}

/** Slots for one text, kept: a number of this text, or of one before it, says whether a slot is free. */
let slots = new Int32Array(0);
let turns = new Uint32Array(0);
let turn = 0;

/** How many different shingles it has. */
export function countShingles(sequence: Sequence): number {
  const shingles = shinglesIn(sequence);
  if (slots.length < 2 * shingles.length) {
    const size = 2 ** Math.ceil(Math.log2(2 * shingles.length));
    slots = new Int32Array(size);
    turns = new Uint32Array(size);
    turn = 0;
  }
  turn++;
  const mask = slots.length - 1;
  let count = 0;
  for (const shingle of shingles) {
    let slot = shingle & mask;
    while (turns[slot] === turn && slots[slot] !== shingle) slot = (slot + 1) & mask;
    if (turns[slot] === turn) continue;
    turns[slot] = turn;
    slots[slot] = shingle;
    count++;
  }
  return count;
}
