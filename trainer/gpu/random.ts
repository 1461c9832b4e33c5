/** Standard normal numbers from a seed: the same in Node and in a page. */
import { seededRandom } from '../../shards/checksum.ts';

/** Box–Muller, f32. */
export function normal(seed: number, count: number, deviation: number): Float32Array<ArrayBuffer> {
  const random = seededRandom(seed);
  const out = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < count) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}
