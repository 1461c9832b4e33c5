/** The tables that the kernel looks bytes up in, sixteen at a time, and other vectors that it needs at hand. */
import { HASH_FACTORS } from '../text/byte-table.ts';

/** Kinds of bytes that a vector tells; those of letters are the highest. */
const KIND = { digit: 1, mark: 2, otherMark: 4, letter: 8 } as const;

/**
 * The kind of a byte, by two tables over its halves, which have one bit in common:
 *
 *   digit        3, 0…9                 letter    8   4, 6: 1…F        16   5, 7: 0…A
 *   mark         2, 1…F                          32   C: 3…A           64   E: 1          128   8…B: any (continuations)
 *   other mark   3, A…F                 all else  0
 */
const HIGH_HALF = [0, 0, 2, 5, 8, 16, 8, 16, 128, 128, 128, 128, 32, 0, 64, 0];
const LOW_HALF = Array.from({ length: 16 }, (_, low) => {
  const letters = 8 * Number(low >= 1) + 16 * Number(low <= 10) + 32 * Number(low >= 3 && low <= 10);
  return (
    128 + letters + 64 * Number(low === 1) + (low <= 9 ? KIND.digit : KIND.otherMark) + KIND.mark * Number(low >= 1)
  );
});

/**
 * Faults of a byte and the one before it, by tables over the halves of the one before and the high half of this one: a
 * fault stands when all three have its bit.
 *
 *   1    a lead without a continuation               8    before: D or F
 *   2    a continuation behind ASCII                 16   before: E but for E1, E2
 *   4    before: C0, C1, CC…CF                       128  two continuations: no fault when E1 or E2 stands before them
 */
const range16 = (value: (half: number) => number): number[] => Array.from({ length: 16 }, (_, half) => value(half));
const BEFORE_HIGH = range16((high) => (high < 8 ? 2 : high < 12 ? 128 : 1 + { 12: 4, 13: 8, 14: 16, 15: 8 }[high]!));
const BEFORE_LOW = range16((low) => {
  return 1 + 2 + 8 + 128 + 4 * Number(low < 2 || low > 11) + 16 * Number(low !== 1 && low !== 2);
});
const HERE_HIGH = range16((high) => 4 + 8 + 16 + (high >= 8 && high < 12 ? 2 + 128 : 1));

/** Vectors that the loops need. They stand in memory: the compiler would make constants anew at each use. */
export const VECTORS: Readonly<Record<string, readonly number[]>> = {
  highHalf: HIGH_HALF,
  lowHalf: LOW_HALF,
  half: [15],
  n78: [0x80 - KIND.letter],
  one: [KIND.digit],
  zero: [0],
  space: [0x20],
  apostrophe: [0x27],
  e1: [0xe1],
  b8: [0xb8],
  fc: [0xfc],
  c3: [0xc3],
  df: [0xdf],
  n97: [0x97],
  factors: [...new Uint8Array(Int32Array.from(HASH_FACTORS).buffer)],
};
export const STABLE_VECTORS: Readonly<Record<string, readonly number[]>> = {
  before: BEFORE_HIGH,
  beforeLow: BEFORE_LOW,
  here: HERE_HIGH,
  half: [15],
  n60: [0x60],
  n80: [0x80],
  e1: [0xe1],
  b8: [0xb8],
  fc: [0xfc],
  e2: [0xe2],
  n81: [0x81],
};
const ALL_VECTORS = [...Object.entries(VECTORS), ...Object.entries(STABLE_VECTORS)];

/** What stands at `KernelLayout.vectors`. */
export const vectorBytes = (): Uint8Array =>
  Uint8Array.from(ALL_VECTORS.flatMap(([, bytes]) => Array.from({ length: 16 }, (_, i) => bytes[i % bytes.length])));

export const localsOf = (vectors: typeof VECTORS): string =>
  Object.keys(vectors)
    .map((name) => `(local $${name} v128)`)
    .join(' ');
export const setAll = (vectors: typeof VECTORS): string =>
  Object.entries(vectors)
    .map(([name, bytes]) => {
      const index = ALL_VECTORS.findIndex((entry) => entry[0] === name && entry[1] === bytes);
      return `(local.set $${name} (v128.load offset=VECTORS (i32.const ${16 * index})))`;
    })
    .join('\n  ');
export const get = (name: string): string => `(local.get $${name})`;
