/**
 * MinHash (Broder 1997): for each of 112 hash functions the smallest hash of the document's shingles. Two documents
 * agree in a share of the 112 places that estimates the Jaccard similarity of their shingle sets.
 *
 * A shingle is five neighbouring syllables, folded (lexicon.ts), so that case, punctuation and spelling variants of
 * tone and i/y make no difference. Hash functions are x → a·x + b mod 2³² over a mixed 32-bit shingle hash.
 */
import { mix32, type Syllable } from '../vietnamese/lexicon.ts';
import { simdMinima } from './minima-simd.ts';
import { type Shape, SIGNATURE_LENGTH, STANDARD_SHAPE } from './near-rule.ts';

const SHINGLE = 5;

/** Signatures are kept as the low 16 bits of each minimum: chance agreement is 1 in 65,536. */
export type Signature = Uint16Array;

const MULTIPLIERS = new Int32Array(SIGNATURE_LENGTH);
const OFFSETS = new Int32Array(SIGNATURE_LENGTH);
for (let i = 0, state = 0x9e3779b9; i < SIGNATURE_LENGTH; i++) {
  state = (state + 0x9e3779b9) | 0;
  MULTIPLIERS[i] = mix32(state) | 1;
  state = (state + 0x9e3779b9) | 0;
  OFFSETS[i] = mix32(state);
}

const BASE = 0x01000193;

/** Hashes of the document's shingles in order, repeats included. A document of fewer syllables is one shingle. */
export function shingles(syllables: readonly Syllable[]): Int32Array {
  const hashes = new Int32Array(syllables.length);
  let length = 0;
  for (const { hash } of syllables) if (hash !== 0) hashes[length++] = hash;
  const result = new Int32Array(Math.max(1, length - SHINGLE + 1));
  let lead = 1;
  for (let i = 0; i < SHINGLE; i++) lead = Math.imul(lead, BASE);
  let hash = 0;
  for (let i = 0; i < length; i++) {
    hash = (Math.imul(hash, BASE) + hashes[i]) | 0;
    if (i >= SHINGLE) hash = (hash - Math.imul(hashes[i - SHINGLE], lead)) | 0;
    if (i >= SHINGLE - 1) result[i - SHINGLE + 1] = mix32(hash);
  }
  if (length < SHINGLE) result[0] = mix32(hash);
  return result;
}

/** Smallest value per hash function, as signed 32-bit integers. */
export const minima = (shingleHashes: Int32Array): Int32Array => vectorMinima(shingleHashes);

/** The same without vectors, for processors that have none. */
export function plainMinima(shingleHashes: Int32Array): Int32Array {
  const minimum = new Int32Array(SIGNATURE_LENGTH).fill(0x7fffffff);
  for (let i = 0; i < SIGNATURE_LENGTH; i++) {
    for (const hash of shingleHashes) {
      minimum[i] = Math.min(minimum[i], (Math.imul(MULTIPLIERS[i], hash) + OFFSETS[i]) | 0);
    }
  }
  return minimum;
}

const vectorMinima = simdMinima(MULTIPLIERS, OFFSETS) ?? plainMinima;

export const signatureOf = (minimum: Int32Array): Signature => new Uint16Array(minimum);

/** One 52-bit key per band: documents that share one agree in all rows of that band. */
export function bandKeys(signature: Signature, { bands, rows }: Shape = STANDARD_SHAPE): number[] {
  const keys: number[] = [];
  for (let band = 0; band < bands; band++) {
    let high = band + 1;
    let low = ~band;
    for (let row = band * rows; row < (band + 1) * rows; row++) {
      high = mix32(Math.imul(high, BASE) ^ signature[row]);
      low = mix32(Math.imul(low, 0x85ebca6b) + signature[row]);
    }
    keys.push((high & 0xfffff) * 0x100000000 + (low >>> 0));
  }
  return keys;
}

/**
 * Share of places in which two signatures agree: an estimate of Jaccard similarity, ± 0.05 (one standard deviation). The
 * other as it stands in a file: little-endian, at any address.
 */
export function similarityToBytes(a: Signature, bytes: Uint8Array): number {
  let equal = 0;
  for (let i = 0; i < SIGNATURE_LENGTH; i++) if (a[i] === (bytes[2 * i] | (bytes[2 * i + 1] << 8))) equal++;
  return equal / SIGNATURE_LENGTH;
}
