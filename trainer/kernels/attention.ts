/**
 * Causal grouped-query attention without the T×T matrix (online softmax, Dao 2022; Milakov & Gimelshein 2018).
 *   qk  [N, NH+NKV, HS]: rotated queries and keys (heads.ts);  qkv [N, NH+2·NKV, HS]: its last NKV heads are the values
 *   starts [N]: position within its row of T where a token's document begins; 0 where documents may see each other
 * N = B·T; query head h reads key head h / (NH/NKV). For starts_t ≤ u ≤ t:
 *   s_tu = q_t·k_u / √HS;  p = softmax(s);  out_t = Σ_u p_tu v_u;  lse_t = log Σ_u exp s_tu
 * Backward recomputes p = exp(s − lse):
 *   delta_t = dout_t·out_t;  ds_tu = p_tu (dout_t·v_u − delta_t)
 *   dq_t = Σ_u ds_tu k_u / √HS;  dk_u = Σ_t ds_tu q_t / √HS;  dv_u = Σ_t p_tu dout_t
 * Work split: forward and dq one invocation per (row, query head), dk and dv one per (row, key head). No atomics, so
 * every sum has one order. HS is a literal so that a head lives in registers.
 */
import { type Buffers, type Dims, type Kernel, type Random, type Storage, vec4Of } from './kernel.ts';
import { linearGrid, linearMain, SUM4 } from './snippets.ts';

const WORKGROUP = 16;

export interface AttentionKernels {
  readonly forward: Kernel;
  /** The queries' part of dqk, and delta for the next one. */
  readonly backwardQuery: Kernel;
  /** The keys' part of dqk and the values' part of dqkv. */
  readonly backwardKeyValue: Kernel;
}

/** The three kernels for one head size, a multiple of 4. */
export function attention(HS: number, storage: Storage): AttentionKernels {
  const width = HS / 4;
  const V = vec4Of(storage);
  const name = (part: string): string => `attention_${part}_${HS}_${storage}`;
  const cases = [
    { N: 1, T: 1, NH: 1, NKV: 1 },
    { N: 14, T: 7, NH: 4, NKV: 2 },
    { N: 66, T: 33, NH: 3, NKV: 3 },
  ];
  const constants = `${SUM4}
const W = ${width}u;
const SCALE = ${1 / Math.sqrt(HS)}f;`;
  const query = `${V} N NH ${HS}`;
  const qk = `${V} N NH+NKV ${HS}`;
  const qkv = `${V} N NH+NKV+NKV ${HS}`;
  // A head is W named vec4 registers: an indexed array would live in memory on a CPU driver.
  const each = (text: (d: number) => string, joint = '\n'): string =>
    Array.from({ length: width }, (_, d) => text(d)).join(joint);
  const load = (register: string, from: string, at: string): string =>
    each((d) => `  let ${register}${d} = vec4f(${from}[${at} + ${d}u]);`);
  const zero = (register: string): string => each((d) => `  var ${register}${d} = vec4f();`);
  const dot4 = (left: (d: number) => string, right: (d: number) => string): string =>
    `add_lanes(${each((d) => `${left(d)} * ${right(d)}`, ' + ')})`;
  // Opening of the per-query kernels: invocation i is query head `head` of row n. Offsets in vec4.
  const ofQuery = `  let n = i / dims.NH;
  let head = i % dims.NH;
  let t = n % dims.T;
  let key_head = dims.NH + head / (dims.NH / dims.NKV);
  let q_at = (n * (dims.NH + dims.NKV) + head) * W;
  let k_stride = (dims.NH + dims.NKV) * W;
  let v_stride = k_stride + dims.NKV * W;
  let k_first = (n - t) * k_stride + key_head * W;
  let v_first = (n - t) * v_stride + (key_head + dims.NKV) * W;`;
  const loop = `  for (var u = starts[n]; u <= t; u++) {
    let k_at = k_first + u * k_stride;
    let v_at = v_first + u * v_stride;`;

  const forward: Kernel = {
    name: name('forward'),
    inputs: { qk, qkv, starts: 'u32 N' },
    outputs: { out: query, lse: 'N NH' },
    scalars: { T: 'u32' },
    grid: ({ N, NH }) => linearGrid(N * NH, WORKGROUP),
    wgsl: `${constants}
${linearMain(
  WORKGROUP,
  'dims.N * dims.NH',
  `${ofQuery}
${load('query', 'qk', 'q_at')}
${zero('sum')}
  var highest = -3.0e38f;
  var total = 0f;
${loop}
    let score = ${dot4(
      (d) => `query${d}`,
      (d) => `vec4f(qk[k_at + ${d}u])`,
    )} * SCALE;
    let higher = max(highest, score);
    let shrink = exp(highest - higher);
    let p = exp(score - higher);
    total = total * shrink + p;
    highest = higher;
${each((d) => `    sum${d} = sum${d} * shrink + p * vec4f(qkv[v_at + ${d}u]);`)}
  }
${each((d) => `  out[i * W + ${d}u] = ${V}(sum${d} / total);`)}
  lse[i] = highest + log(total);`,
)}`,
    reference(b, dims, u) {
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
    fill: fillStarts,
    cases,
  };

  const backwardQuery: Kernel = {
    name: name('backward_query'),
    backwardOf: forward.name,
    inputs: { dout: query, out: query, qk, qkv, starts: 'u32 N', lse: 'N NH' },
    outputs: { delta: 'N NH' },
    updates: { dqk: qk },
    scalars: { T: 'u32' },
    grid: ({ N, NH }) => linearGrid(N * NH, WORKGROUP),
    wgsl: `${constants}
${linearMain(
  WORKGROUP,
  'dims.N * dims.NH',
  `${ofQuery}
${load('query', 'qk', 'q_at')}
${load('grad', 'dout', 'i * W')}
  let own_lse = lse[i];
  let own = ${dot4(
    (d) => `grad${d}`,
    (d) => `vec4f(out[i * W + ${d}u])`,
  )};
${zero('sum')}
${loop}
${load('key', 'qk', 'k_at')}
    let score = ${dot4(
      (d) => `query${d}`,
      (d) => `key${d}`,
    )};
    let dp = ${dot4(
      (d) => `grad${d}`,
      (d) => `vec4f(qkv[v_at + ${d}u])`,
    )};
    let ds = exp(score * SCALE - own_lse) * (dp - own) * SCALE;
${each((d) => `    sum${d} += ds * key${d};`)}
  }
${each((d) => `  dqk[q_at + ${d}u] = ${V}(sum${d});`)}
  delta[i] = own;`,
)}`,
    reference(b, dims, u) {
      for (const { row, dq, keys, dout, out, pair } of queries(b, dims, HS, u)) {
        b.delta[row] = dot(dout, out);
        dq.fill(0);
        for (const key of keys) {
          const { ds } = pair(key);
          for (let d = 0; d < HS; d++) dq[d] += ds * key.k[d];
        }
      }
    },
    fill: fillStarts,
    cases,
  };

  const backwardKeyValue: Kernel = {
    name: name('backward_key_value'),
    backwardOf: forward.name,
    inputs: { dout: query, qk, qkv, starts: 'u32 N', lse: 'N NH', delta: 'N NH' },
    updates: { dqk: qk, dqkv: qkv },
    scalars: { T: 'u32' },
    grid: ({ N, NKV }) => linearGrid(N * NKV, WORKGROUP),
    wgsl: `${constants}
${linearMain(
  WORKGROUP,
  'dims.N * dims.NKV',
  `  let n = i / dims.NKV;
  let key_head = i % dims.NKV;
  let u = n % dims.T;
  let group = dims.NH / dims.NKV;
  let heads = dims.NH + dims.NKV;
  let end = n - u + dims.T;
  let k_at = (n * heads + dims.NH + key_head) * W;
  let v_at = (n * (heads + dims.NKV) + heads + key_head) * W;
${load('own_key', 'qk', 'k_at')}
${load('own_value', 'qkv', 'v_at')}
${zero('sum_key')}
${zero('sum_value')}
  for (var m = n; m < end; m++) {
    if (starts[m] > u) { break; } // the documents behind do not look back
    for (var g = 0u; g < group; g++) {
      let head = key_head * group + g;
      let row = m * dims.NH + head;
${load('query', 'qk', '(m * heads + head) * W')}
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
${each((d) => `  dqk[k_at + ${d}u] = ${V}(sum_key${d});\n  dqkv[v_at + ${d}u] = ${V}(sum_value${d});`)}`,
)}`,
    reference(b, dims, u) {
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
    fill: fillStarts,
    cases,
  };
  return { forward, backwardQuery, backwardKeyValue };
}

const keysOf = (qk: Float64Array, { NH, NKV }: Dims, HS: number, n: number, h: number): Float64Array =>
  qk.subarray((n * (NH + NKV) + NH + h) * HS, (n * (NH + NKV) + NH + h + 1) * HS);
const valuesOf = (qkv: Float64Array, { NH, NKV }: Dims, HS: number, n: number, h: number): Float64Array =>
  qkv.subarray((n * (NH + 2 * NKV) + NH + NKV + h) * HS, (n * (NH + 2 * NKV) + NH + NKV + h + 1) * HS);

/** For the references: every (row, query head) with the keys that it attends to, oldest first. */
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
function fillStarts(buffers: Buffers, { N, T }: Dims, random: Random): void {
  const starts = new Uint32Array(N);
  for (let n = 0; n < N; n++) {
    const t = n % T;
    const isNew = t === 0 || (Math.floor(n / T) % 3 !== 0 && random() < 0.2);
    starts[n] = isNew ? t : starts[n - 1];
  }
  buffers.starts = starts;
}
