/** Which documents are held out, and checksums in pieces. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksumOf, createChecksum } from '../../shards/checksum.ts';
import { splitOf } from '../../shards/split.ts';
import { range } from '../support.ts';

describe('splitOf', () => {
  it('never changes: corpora on disk depend on it', () => {
    const valid = range(60).filter((n) => splitOf(`d${n}`, 0.1) === 'valid');
    expect(valid).toEqual([14, 24, 33, 48, 50]); // xxhash64 of the reference library / 2^64 < 0.1
  });

  it('holds out the share that was asked for', () => {
    const clusters = range(20_000).map((n) => `cluster ${n}`);
    for (const share of [0.01, 0.05, 0.3]) {
      const held = clusters.filter((cluster) => splitOf(cluster, share) === 'valid').length;
      expect(Math.abs(held / clusters.length - share)).toBeLessThan(
        4 * Math.sqrt((share * (1 - share)) / clusters.length),
      );
    }
    expect(clusters.every((cluster) => splitOf(cluster, 0) === 'train')).toBe(true);
    expect(clusters.every((cluster) => splitOf(cluster, 1) === 'valid')).toBe(true);
  });

  it('keeps what a smaller share held out', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (cluster, a, b) => {
          const [small, large] = [Math.min(a, b), Math.max(a, b)];
          return splitOf(cluster, small) === 'train' || splitOf(cluster, large) === 'valid';
        },
      ),
    );
  });
});

describe('checksums', () => {
  // Vectors of the reference implementation, seed 0.
  it.each([
    ['', 'ef46db3751d8e999'],
    ['a', 'd24ec4f1a98c6e5b'],
    ['abc', '44bc2cf5ad770999'],
  ])('xxhash64 of %j is %s', (text, expected) => {
    expect(checksumOf(Buffer.from(text))).toBe(expected);
  });

  it('is the same in pieces of any size', () => {
    const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7919) >> 3);
    const whole = checksumOf(bytes);
    for (const size of [999_983, 1 << 20, 2_999_999]) {
      const checksum = createChecksum();
      for (let at = 0; at < bytes.length; at += size) checksum.update(bytes.subarray(at, at + size));
      expect(checksum.digest()).toBe(whole);
    }
  });
});
