/**
 * A text as a sequence of syllables, 16 bits each: what of a kept document decides over later ones, at two bytes a
 * syllable. Its shingles follow from it, in their order.
 *
 *   sequence   │ hash: 15 bits │ fills: 1 bit │ × syllables that hold a letter or digit
 *   shingles   five neighbouring syllables: two texts are compared by the sets of theirs
 *   anchors    of every 32 neighbouring grams of eight syllables the one of the smallest hash (winnowing: Schleimer,
 *              Wilkerson, Aiken 2003), and the eight smallest of the text: two texts that have 39 syllables in a row in
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
const WINDOW = 32;
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
  for (let start = 0; start < count; start++) {
    let hash = 0;
    const end = Math.min(start + gram, sequence.length);
    for (let i = start; i < end; i++) hash = (Math.imul(hash, BASE) + (sequence[i] & HASH)) | 0;
    hashes[start] = mix32(hash);
  }
  return hashes;
}

/** 52-bit keys of the text's anchors, each once. */
export function anchorsOf(sequence: Sequence): Float64Array {
  const grams = gramsIn(sequence, GRAM);
  const places = new Set<number>(smallest(grams));
  let least = -1;
  for (let end = 0; end < grams.length; end++) {
    const start = end - WINDOW + 1;
    if (least < start || least < 0) {
      least = Math.max(0, start);
      for (let i = least + 1; i <= end; i++) if (grams[i] <= grams[least]) least = i;
    } else if (grams[end] <= grams[least]) least = end;
    if (start >= 0) places.add(least);
  }
  const keys = new Set<number>();
  for (const place of places) keys.add(keyOf(sequence, place, grams[place]));
  return Float64Array.from(keys);
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
