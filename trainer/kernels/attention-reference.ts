/** What is the same for every family of attention: its three parts, f64 references, what tests fill in. Formulas in attention.ts. */
import type { Buffers, Dims, Kernel, Random } from '../gpu/kernel.ts';

type Part = 'forward' | 'backwardQuery' | 'backwardKeyValue';
/** What a family gives for each part: grid and WGSL. */
export type AttentionParts = Readonly<Record<Part, Pick<Kernel, 'grid' | 'wgsl'>>>;

export const referencesOf = (HS: number): Record<Part, Kernel['reference']> => ({
  forward(b, dims, u) {
    for (const { row, q, keys } of queries(b, dims, HS, u)) {
      const scores = keys.map(({ k }) => dot(q, k) / Math.sqrt(HS));
      const highest = Math.max(...scores);
      const total = scores.reduce((sum, score) => sum + Math.exp(score - highest), 0);
      b.lse[row] = highest + Math.log(total);
      for (let d = 0; d < HS; d++) {
        b.out[row * HS + d] = keys.reduce((sum, { v }, i) => sum + (Math.exp(scores[i] - highest) / total) * v[d], 0);
      }
    }
  },
  backwardQuery(b, dims, u) {
    for (const { row, dq, keys, dout, out, pair } of queries(b, dims, HS, u)) {
      b.delta[row] = dot(dout, out);
      dq.fill(0);
      for (const key of keys) {
        const { ds } = pair(key);
        for (let d = 0; d < HS; d++) dq[d] += ds * key.k[d];
      }
    }
  },
  backwardKeyValue(b, dims, u) {
    for (let n = 0; n < dims.N; n++) {
      for (let h = 0; h < dims.NKV; h++) {
        keysOf(b.dqk, dims, HS, n, h).fill(0);
        valuesOf(b.dqkv, dims, HS, n, h).fill(0);
      }
    }
    for (const { keys, q, dout, pair } of queries(b, dims, HS, u)) {
      for (const key of keys) {
        const { p, ds } = pair(key);
        for (let d = 0; d < HS; d++) {
          key.dk[d] += ds * q[d];
          key.dv[d] += p * dout[d];
        }
      }
    }
  },
});

const keysOf = (qk: Float64Array, { NH, NKV }: Dims, HS: number, n: number, h: number): Float64Array =>
  qk.subarray((n * (NH + NKV) + NH + h) * HS, (n * (NH + NKV) + NH + h + 1) * HS);
const valuesOf = (qkv: Float64Array, { NH, NKV }: Dims, HS: number, n: number, h: number): Float64Array =>
  qkv.subarray((n * (NH + 2 * NKV) + NH + NKV + h) * HS, (n * (NH + 2 * NKV) + NH + NKV + h + 1) * HS);

/** Every (row, query head) with the keys that it attends to, oldest first. */
function* queries(b: Record<string, Float64Array>, dims: Dims, HS: number, { starts }: Record<string, Uint32Array>) {
  const { N, T, NH, NKV } = dims;
  for (let row = 0; row < N * NH; row++) {
    const n = Math.floor(row / NH);
    const t = n % T;
    const h = Math.floor((row % NH) / (NH / NKV));
    const from = (n * (NH + NKV) + (row % NH)) * HS;
    const q = b.qk.subarray(from, from + HS);
    const dout = b.dout?.subarray(row * HS, (row + 1) * HS);
    const keys = Array.from({ length: t - starts[n] + 1 }, (_, i) => {
      const at = n - t + starts[n] + i;
      const [k, v] = [keysOf(b.qk, dims, HS, at, h), valuesOf(b.qkv, dims, HS, at, h)];
      const [dk, dv] = [b.dqk && keysOf(b.dqk, dims, HS, at, h), b.dqkv && valuesOf(b.dqkv, dims, HS, at, h)];
      return { k, v, dk, dv };
    });
    const pair = ({ k, v }: { k: Float64Array; v: Float64Array }): { p: number; ds: number } => {
      const p = Math.exp(dot(q, k) / Math.sqrt(HS) - b.lse[row]);
      return { p, ds: (p * (dot(dout, v) - b.delta[row])) / Math.sqrt(HS) };
    };
    const out = b.out?.subarray(row * HS, (row + 1) * HS);
    yield { row, q, keys, dout, out, pair, dq: b.dqk?.subarray(from, from + HS) };
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d] * b[d];
  return sum;
}

/** Documents of a few tokens each; every third row is one document. */
export function fillStarts(buffers: Buffers, { N, T }: Dims, random: Random): void {
  const starts = new Uint32Array(N);
  for (let n = 0; n < N; n++) {
    const t = n % T;
    const isNew = t === 0 || (Math.floor(n / T) % 3 !== 0 && random() < 0.2);
    starts[n] = isNew ? t : starts[n - 1];
  }
  buffers.starts = starts;
}
