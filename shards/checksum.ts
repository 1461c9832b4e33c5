/**
 * xxhash64 (seed 0) as 16 hex digits: the checksum of shards and the hash behind the split. Guards against rot and cuts,
 * not against an attacker.
 */
import xxhash from 'xxhash-wasm';

// Instantiating 3 kB of WebAssembly once lets every caller, the split above all, stay synchronous.
const { h64, h64Raw, create64 } = await xxhash();

/** The hash copies its input into WebAssembly memory, which never shrinks: large input goes in by slices. */
const SLICE_BYTES = 1 << 20;

const hex = (value: bigint): string => value.toString(16).padStart(16, '0');

export interface Checksum {
  update(bytes: Uint8Array): void;
  digest(): string;
}

export function createChecksum(): Checksum {
  const state = create64();
  return {
    update(bytes) {
      for (let at = 0; at < bytes.length; at += SLICE_BYTES) state.update(bytes.subarray(at, at + SLICE_BYTES));
    },
    digest: () => hex(state.digest()),
  };
}

export function checksumOf(bytes: Uint8Array): string {
  return hex(hashOf(bytes));
}

/** The same as a number. */
export function hashOf(bytes: Uint8Array): bigint {
  if (bytes.length <= SLICE_BYTES) return h64Raw(bytes);
  const checksum = createChecksum();
  checksum.update(bytes);
  return BigInt(`0x${checksum.digest()}`);
}

/** 64-bit hash of a string's UTF-8 bytes. */
export const hash64 = (text: string): bigint => h64(text);

/** The first 53 bits of a 64-bit hash: all that a number holds. */
export const first53 = (hash: bigint): number => Number(hash >> 11n);

/** A number 0…1 that follows from a text. */
export const chanceOf = (text: string): number => first53(hash64(text)) / 2 ** 53;

/** Numbers in [0, 1) that follow from a seed of 32 bits (mulberry32): the same in Node and in a page. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
