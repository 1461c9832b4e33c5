/**
 * A permutation of 0 … size−1 without memory: a 4-round Feistel network over the next even power of two, walking the
 * cycle until the value is in range (at most 4 steps expected < 2). Order is a pure function of (key, epoch, size).
 */
export function permutation(size: number, key: number, epoch: number): (index: number) => number {
  const halfBits = Math.max(1, Math.ceil(Math.log2(Math.max(2, size)) / 2));
  const mask = 2 ** halfBits - 1;
  const [k0, k1, k2, k3] = [0, 1, 2, 3].map((round) => mix(key ^ mix(epoch + 1) ^ mix(0x9e37 + round)));
  return (index) => {
    let value = index;
    do {
      let left = Math.floor(value / (mask + 1));
      let right = value & mask;
      left ^= mix(right ^ k0) & mask;
      right ^= mix(left ^ k1) & mask;
      left ^= mix(right ^ k2) & mask;
      right ^= mix(left ^ k3) & mask;
      value = left * (mask + 1) + right;
    } while (value >= size);
    return value;
  };
}

/** A 32-bit key from a fingerprint and a seed. */
export function shuffleKey(fingerprint: string, seed: number): number {
  let key = mix(seed) ^ mix(Math.floor(seed / 2 ** 32) + 1);
  for (const char of fingerprint) key = mix(key ^ char.charCodeAt(0));
  return key;
}

/** 32 bits of (key, epoch, index), for draws that are no permutation. */
export const drawOf = (key: number, epoch: number, index: number): number =>
  mix(mix(key ^ mix(epoch + 1)) ^ mix(index ^ 0x85eb));

/** murmur3's 32-bit finaliser: every input bit changes about half of the output bits. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
