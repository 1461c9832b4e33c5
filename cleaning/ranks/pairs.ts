/**
 * Who may be who's duplicate: each bucket of keys by itself, over all ranks. A text is told, key by key, of the first that
 * hold it among those that stand before it, as far as that is known from the round before; more than that a key never tells
 * (`NearIndex`).
 *
 *   pairs:RANK:SLICE   of texts of a rank, a slice of all numbers: `number, query and index of the key, how many, their numbers`
 */
import { MAX_CANDIDATES_PER_KEY } from '../dedup/near.ts';
import type { Part, PartWriter } from './parts.ts';
import type { World } from './round.ts';
import { CUT, ENTRY_BYTES, STATE, WHOLE } from './texts.ts';
import { ownBuckets, type RankWork } from './work.ts';

/** Slices of all numbers: of each the pairs are in memory together. */
export const SLICES = 16;
export const sliceOf = (number: number, count: number): number => Math.floor((number * SLICES) / count);
/** In place of an index of a key: the key of exact duplicates. */
export const EXACT = 0xffff_ff;

export function findPairs(
  { rank }: RankWork,
  { places, states, signed, before }: Pick<World, 'places' | 'states' | 'signed' | 'before'>,
  out: PartWriter,
): void {
  const entries: readonly Part[] = [...signed.flat(), ...before];
  for (const bucket of ownBuckets(rank)) {
    for (const kind of ['near', 'exact'] as const) {
      const read = new Entries(entries.map((part) => part.read(`${kind}:${bucket}`)));
      for (const group of read.groups()) {
        const held: number[] = [];
        for (let i = 0, end = 0; i < group.length; i = end) {
          const number = read.numberOf(group[i]);
          while (end < group.length && read.numberOf(group[end]) === number) end++;
          const own = group.slice(i, end);
          if (held.length > 0) {
            for (const at of own) {
              const index = kind === 'exact' ? EXACT : read.indexOf(at);
              const record = Uint32Array.of(number, read.queryOf(at) * 2 ** 24 + index, held.length, ...held);
              out.addNumbers(`pairs:${places.ownerOf(number)}:${sliceOf(number, places.count)}`, record);
            }
          }
          const holds = own.some((at) => isHeld(kind, read.queryOf(at), states[number]));
          if (holds && held.length < MAX_CANDIDATES_PER_KEY) held.push(number);
        }
      }
    }
  }
}

/** A text without its passages is found by what is left of it, but by the whole where that is the same as another. */
const isHeld = (kind: 'near' | 'exact', query: number, state: number): boolean =>
  kind === 'exact'
    ? query === WHOLE && (state === STATE.whole || state === STATE.cut)
    : (query === WHOLE && state === STATE.whole) || (query === CUT && state === STATE.cut);

/** Entries of a bucket, together. */
class Entries {
  readonly #floats: Float64Array;
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;

  constructor(parts: readonly Buffer[]) {
    const all = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.length, 0));
    let filled = 0;
    for (const part of parts) filled += part.copy(all, filled);
    this.#floats = new Float64Array(all.buffer);
    this.#words = new Uint32Array(all.buffer);
    this.#bytes = all;
  }

  numberOf = (entry: number): number => this.#words[4 * entry + 2];
  indexOf = (entry: number): number => this.#words[4 * entry + 3] & 0xffff;
  queryOf = (entry: number): number => this.#bytes[ENTRY_BYTES * entry + 14];

  /** Entries of one key, where there are several, by their numbers. Most keys are of one text: they are passed over. */
  *groups(): Generator<readonly number[]> {
    const count = this.#floats.length / 2;
    const keys = new Float64Array(count);
    for (let i = 0; i < count; i++) keys[i] = this.#floats[2 * i];
    keys.sort();
    const groups = new Map<number, number[]>();
    for (let i = 1; i < count; i++) if (keys[i] === keys[i - 1]) groups.set(keys[i], []);
    for (let i = 0; i < count; i++) groups.get(this.#floats[2 * i])?.push(i);
    for (const group of groups.values()) yield group.sort((a, b) => this.numberOf(a) - this.numberOf(b));
  }
}
