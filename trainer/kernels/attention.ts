/**
 * Causal grouped-query attention without the T×T matrix (online softmax, Dao 2022; Milakov & Gimelshein 2018).
 * q [N, NH, HS], k and v [N, NKV, HS], N = B·T rows; query head h reads key head h / (NH/NKV).
 *   s_tu = q_t·k_u / √HS for u ≤ t;  p = softmax(s);  out_t = Σ_u p_tu v_u;  lse_t = log Σ_u exp s_tu
 * Backward recomputes p = exp(s − lse):
 *   delta_t = dout_t·out_t;  ds_tu = p_tu (dout_t·v_u − delta_t)
 *   dq_t = Σ_u ds_tu k_u / √HS;  dk_u = Σ_t ds_tu q_t / √HS;  dv_u = Σ_t p_tu dout_t
 * Work split: forward and dq one invocation per (row, query head), dk and dv one per (row, key head). No atomics, so
 * every sum has one order. HS is a literal so that a head lives in registers.
 */
import type { Dims, Kernel } from './kernel.ts';
import { linearGrid, linearMain, SUM4 } from './snippets.ts';

const WORKGROUP = 16;

interface AttentionKernels {
  readonly forward: Kernel;
  /** dq, and delta for the next one. */
  readonly backwardQuery: Kernel;
  readonly backwardKeyValue: Kernel;
}

/** The three kernels for one head size, a multiple of 4. */
export function attention(HS: number): AttentionKernels {
  const width = HS / 4;
  const name = (part: string): string => `attention_${part}_${HS}`;
  const cases = [
    { N: 1, T: 1, NH: 1, NKV: 1 },
    { N: 14, T: 7, NH: 4, NKV: 2 },
    { N: 66, T: 33, NH: 3, NKV: 3 },
  ];
  const constants = `${SUM4}
const W = ${width}u;
const SCALE = ${1 / Math.sqrt(HS)}f;`;
  const query = `vec4f N NH ${HS}`;
  const key = `vec4f N NKV ${HS}`;
  // Shared opening of the per-query kernels: which row, which key head, where the sequence starts.
  const locate = `  let n = i / dims.NH;
  let head = i % dims.NH;
  let t = n % dims.T;
  let first = ((n - t) * dims.NKV + head / (dims.NH / dims.NKV)) * W;
  let stride = dims.NKV * W;`;
  // A head is W named vec4 registers: an indexed array would live in memory on a CPU driver.
  const each = (text: (d: number) => string, joint = '\n'): string =>
    Array.from({ length: width }, (_, d) => text(d)).join(joint);
  const load = (register: string, from: string, at: string): string =>
    each((d) => `  let ${register}${d} = ${from}[${at} + ${d}u];`);
  const zero = (register: string): string => each((d) => `  var ${register}${d} = vec4f();`);
  const dot4 = (left: (d: number) => string, right: (d: number) => string): string =>
    `add_lanes(${each((d) => `${left(d)} * ${right(d)}`, ' + ')})`;

  const forward: Kernel = {
    name: name('forward'),
    inputs: { q: query, k: key, v: key },
    outputs: { out: query, lse: 'N NH' },
    scalars: { T: 'u32' },
    grid: ({ N, NH }) => linearGrid(N * NH, WORKGROUP),
    wgsl: `${constants}
${linearMain(
  WORKGROUP,
  'dims.N * dims.NH',
  `${locate}
${load('query', 'q', 'i * W')}
${zero('sum')}
  var highest = -3.0e38f;
  var total = 0f;
  for (var u = 0u; u <= t; u++) {
    let at = first + u * stride;
    let score = ${dot4(
      (d) => `query${d}`,
      (d) => `k[at + ${d}u]`,
    )} * SCALE;
    let higher = max(highest, score);
    let shrink = exp(highest - higher);
    let p = exp(score - higher);
    total = total * shrink + p;
    highest = higher;
${each((d) => `    sum${d} = sum${d} * shrink + p * v[at + ${d}u];`)}
  }
${each((d) => `  out[i * W + ${d}u] = sum${d} / total;`)}
  lse[i] = highest + log(total);`,
)}`,
    reference(b, dims) {
      const { q, v, out, lse } = b;
      for (const { n, h, keys } of rows(dims)) {
        const at = (n * dims.NH + h) * HS;
        const scores = keys.map((key) => dot(q, at, b.k, key * HS, HS) / Math.sqrt(HS));
        const highest = Math.max(...scores);
        const total = scores.reduce((sum, score) => sum + Math.exp(score - highest), 0);
        lse[n * dims.NH + h] = highest + Math.log(total);
        for (let d = 0; d < HS; d++) {
          out[at + d] = keys.reduce(
            (sum, key, u) => sum + (Math.exp(scores[u] - highest) / total) * v[key * HS + d],
            0,
          );
        }
      }
    },
    cases,
  };

  const backwardQuery: Kernel = {
    name: name('backward_query'),
    backwardOf: forward.name,
    inputs: { dout: query, out: query, q: query, k: key, v: key, lse: 'N NH' },
    outputs: { dq: query, delta: 'N NH' },
    scalars: { T: 'u32' },
    grid: ({ N, NH }) => linearGrid(N * NH, WORKGROUP),
    wgsl: `${constants}
${linearMain(
  WORKGROUP,
  'dims.N * dims.NH',
  `${locate}
${load('query', 'q', 'i * W')}
${load('grad', 'dout', 'i * W')}
  let own_lse = lse[i];
  let own = ${dot4(
    (d) => `grad${d}`,
    (d) => `out[i * W + ${d}u]`,
  )};
${zero('sum')}
  for (var u = 0u; u <= t; u++) {
    let at = first + u * stride;
${load('key', 'k', 'at')}
    let score = ${dot4(
      (d) => `query${d}`,
      (d) => `key${d}`,
    )};
    let dp = ${dot4(
      (d) => `grad${d}`,
      (d) => `v[at + ${d}u]`,
    )};
    let ds = exp(score * SCALE - own_lse) * (dp - own) * SCALE;
${each((d) => `    sum${d} += ds * key${d};`)}
  }
${each((d) => `  dq[i * W + ${d}u] = sum${d};`)}
  delta[i] = own;`,
)}`,
    reference(b, dims) {
      for (const { n, h, keys } of rows(dims)) {
        const row = n * dims.NH + h;
        b.delta[row] = dot(b.dout, row * HS, b.out, row * HS, HS);
        b.dq.fill(0, row * HS, (row + 1) * HS);
        for (const key of keys) {
          const { ds } = pair(b, row, key, HS);
          for (let d = 0; d < HS; d++) b.dq[row * HS + d] += ds * b.k[key * HS + d];
        }
      }
    },
    cases,
  };

  const backwardKeyValue: Kernel = {
    name: name('backward_key_value'),
    backwardOf: forward.name,
    inputs: { dout: query, q: query, k: key, v: key, lse: 'N NH', delta: 'N NH' },
    outputs: { dk: key, dv: key },
    scalars: { T: 'u32' },
    grid: ({ N, NKV }) => linearGrid(N * NKV, WORKGROUP),
    wgsl: `${constants}
${linearMain(
  WORKGROUP,
  'dims.N * dims.NKV',
  `  let n = i / dims.NKV;
  let group = dims.NH / dims.NKV;
  let end = n - n % dims.T + dims.T;
${load('own_key', 'k', 'i * W')}
${load('own_value', 'v', 'i * W')}
${zero('sum_key')}
${zero('sum_value')}
  for (var m = n; m < end; m++) {
    for (var g = 0u; g < group; g++) {
      let row = m * dims.NH + (i % dims.NKV) * group + g;
${load('query', 'q', 'row * W')}
${load('grad', 'dout', 'row * W')}
      let p = exp(${dot4(
        (d) => `query${d}`,
        (d) => `own_key${d}`,
      )} * SCALE - lse[row]);
      let ds = p * (${dot4(
        (d) => `grad${d}`,
        (d) => `own_value${d}`,
      )} - delta[row]) * SCALE;
${each((d) => `      sum_key${d} += ds * query${d};\n      sum_value${d} += p * grad${d};`)}
    }
  }
${each((d) => `  dk[i * W + ${d}u] = sum_key${d};\n  dv[i * W + ${d}u] = sum_value${d};`)}`,
)}`,
    reference(b, dims) {
      b.dk.fill(0);
      b.dv.fill(0);
      for (const { n, h, keys } of rows(dims)) {
        const row = n * dims.NH + h;
        for (const key of keys) {
          const { p, ds } = pair(b, row, key, HS);
          for (let d = 0; d < HS; d++) {
            b.dk[key * HS + d] += ds * b.q[row * HS + d];
            b.dv[key * HS + d] += p * b.dout[row * HS + d];
          }
        }
      }
    },
    cases,
  };
  return { forward, backwardQuery, backwardKeyValue };
}

/** Every (row, query head) with the indices of the key heads it attends to, oldest first. */
function* rows({ N, T, NH, NKV }: Dims): Generator<{ n: number; h: number; keys: number[] }> {
  for (let n = 0; n < N; n++) {
    const t = n % T;
    for (let h = 0; h < NH; h++) {
      const keyHead = Math.floor(h / (NH / NKV));
      yield { n, h, keys: Array.from({ length: t + 1 }, (_, u) => (n - t + u) * NKV + keyHead) };
    }
  }
}

/** p and ds / √HS of one query row and one key. */
function pair(b: Record<string, Float64Array>, row: number, key: number, HS: number): { p: number; ds: number } {
  const p = Math.exp(dot(b.q, row * HS, b.k, key * HS, HS) / Math.sqrt(HS) - b.lse[row]);
  return { p, ds: (p * (dot(b.dout, row * HS, b.v, key * HS, HS) - b.delta[row])) / Math.sqrt(HS) };
}

function dot(a: Float64Array, from: number, b: Float64Array, to: number, length: number): number {
  let sum = 0;
  for (let d = 0; d < length; d++) sum += a[from + d] * b[to + d];
  return sum;
}
