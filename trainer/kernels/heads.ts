/**
 * From the packed projection to what attention reads: QK-norm (RMSNorm of each head, Henry et al. 2020; Qwen3) and
 * rotary position embedding (Su et al. 2021), rotating halves as Hugging Face's Llama and Qwen do, in one pass.
 *
 *   qkv [N, NH+2·NKV, HS]: NH query heads, NKV key heads, NKV value heads
 *   qk  [N, NH+NKV, HS]:   with (a, b) = (y[d], y[d + HS/2]), y = x · rstd · weight, θ = position · base^(−2d/HS),
 *                          out = (a·cos θ − b·sin θ, b·cos θ + a·sin θ)
 *
 * Row n stands at position n mod T; `table` [T, HS] holds cos for d < HS/2, then sin. Llama has no norm: rstd·weight is 1.
 * Backward rotates by −θ, then goes through the norm; the gradients of the two weights are summed by slices of rows.
 * Work split: for drivers on CPUs an invocation per head of a row, for the weights one per slice and four pairs; for GPUs
 * heads-team.ts, where neighbours read what lies side by side.
 */
import { type Dims, type Kernel, type Storage, vec4Of } from '../gpu/kernel.ts';
import { teamBackward, teamForward } from './heads-team.ts';
import { SLICE, slicesOf, sumSlices } from './rmsnorm.ts';
import { linearGrid, linearMain, SUM4 } from './snippets.ts';

const WORKGROUP = 64;

const CASES = [
  { N: 1, T: 1, NH: 1, NKV: 1, HS: 8, eps: 1e-6 },
  { N: 21, T: 7, NH: 4, NKV: 2, HS: 8, eps: 1e-6 },
  { N: 130, T: 65, NH: 3, NKV: 3, HS: 32, eps: 1e-5 },
].map((dims) => ({ ...dims, P: slicesOf(dims.N, 1) }));

export interface HeadKernels {
  readonly forward: Kernel;
  /** Writes the query and key part of `dqkv`; the value part is attention's. For GPUs it writes the slices too. */
  readonly backward: Kernel;
  /** Slices, unless `backward` writes them, and their sum for each of the two norm weights; empty without norm. */
  readonly backwardWeights: readonly { readonly part?: Kernel; readonly sum: Kernel; readonly weight: 'q' | 'k' }[];
}

/** @param lanes of a norm: 1 for drivers that compute on the CPU */
export function heads(storage: Storage, normed: boolean, lanes: number): HeadKernels {
  const V = vec4Of(storage);
  const suffix = `${normed ? 'norm_' : ''}${storage}`;
  const weights = { q_norm: 'vec4f HS', k_norm: 'vec4f HS' };
  const qk = `${V} N NH+NKV HS`;
  const qkv = `${V} N NH+NKV+NKV HS`;
  const count = 'dims.N * (dims.NH + dims.NKV)';
  // Head i of qk is head `head` of row `n`, at `begin` in qkv and `to` in qk (in vec4).
  const locate = `  let half = dims.HS / 8u;
  let heads = dims.NH + dims.NKV;
  let n = i / heads;
  let head = i % heads;
  let begin = (n * (heads + dims.NKV) + head) * 2u * half;
  let to = i * 2u * half;
  let angle = (n % dims.T) * 2u * half;`;
  const weightAt = (at: string): string => `select(k_norm[${at}], q_norm[${at}], head < dims.NH)`;
  const scaled = (at: string): string =>
    normed ? `vec4f(qkv[begin + ${at}]) * scale * ${weightAt(at)}` : `vec4f(qkv[begin + ${at}])`;
  const rotate = (sign: 1 | -1, a: string, b: string): string => `    let cosine = table[angle + d];
    let sine = ${sign === 1 ? '' : '-'}table[angle + half + d];
    let a = ${a};
    let b = ${b};
    let left = a * cosine - b * sine;
    let right = b * cosine + a * sine;`;

  const forward: Kernel = {
    name: `heads_forward_${suffix}`,
    inputs: { qkv, ...(normed && weights), table: 'vec4f T HS' },
    outputs: { qk, ...(normed && { rstd: 'N NH+NKV' }) },
    ...(normed && { scalars: { eps: 'f32' } as const }),
    multiples: { HS: 8 },
    grid: ({ N, NH, NKV }) => linearGrid(N * (NH + NKV), WORKGROUP),
    wgsl: `${SUM4}
${linearMain(
  WORKGROUP,
  count,
  `${locate}
${
  normed
    ? `  var squares = vec4f();
  for (var d = 0u; d < 2u * half; d++) { let x = vec4f(qkv[begin + d]); squares += x * x; }
  let scale = inverseSqrt(add_lanes(squares) / f32(dims.HS) + dims.eps);
  rstd[i] = scale;`
    : ''
}
  for (var d = 0u; d < half; d++) {
${rotate(1, scaled('d'), scaled('half + d'))}
    qk[to + d] = ${V}(left);
    qk[to + half + d] = ${V}(right);
  }`,
)}`,
    reference(b, dims) {
      for (const { x, weight, out, scale, angle, set } of eachHead(b, dims, normed, 'forward')) {
        set(scale);
        for (let d = 0; d < dims.HS / 2; d++) {
          const [a, c] = [d, d + dims.HS / 2].map((at) => x(at) * scale * weight(at));
          const [cosine, sine] = angle(d);
          out[d] = a * cosine - c * sine;
          out[d + dims.HS / 2] = c * cosine + a * sine;
        }
      }
    },
    cases: CASES,
  };

  const backward: Kernel = {
    name: `heads_backward_${suffix}`,
    backwardOf: forward.name,
    inputs: { dqk: qk, ...(normed && { qkv, ...weights, rstd: 'N NH+NKV' }), table: 'vec4f T HS' },
    updates: { dqkv: qkv },
    multiples: { HS: 8 },
    grid: forward.grid,
    wgsl: `${SUM4}
${linearMain(
  WORKGROUP,
  count,
  `${locate}
${
  normed
    ? `  let scale = rstd[i];
  var dot4 = vec4f();
  for (var d = 0u; d < half; d++) {
${rotate(-1, 'vec4f(dqk[to + d])', 'vec4f(dqk[to + half + d])')}
    dot4 += left * ${weightAt('d')} * vec4f(qkv[begin + d]) + right * ${weightAt('half + d')} * vec4f(qkv[begin + half + d]);
  }
  let mean = add_lanes(dot4) * scale / f32(dims.HS);`
    : ''
}
  for (var d = 0u; d < half; d++) {
${rotate(-1, 'vec4f(dqk[to + d])', 'vec4f(dqk[to + half + d])')}
${
  normed
    ? `    dqkv[begin + d] = ${V}(scale * (left * ${weightAt('d')} - vec4f(qkv[begin + d]) * scale * mean));
    dqkv[begin + half + d] = ${V}(scale * (right * ${weightAt('half + d')} - vec4f(qkv[begin + half + d]) * scale * mean));`
    : `    dqkv[begin + d] = ${V}(left);
    dqkv[begin + half + d] = ${V}(right);`
}
  }`,
)}`,
    reference(b, dims) {
      const { HS } = dims;
      for (const { x, weight, scale, unrotated, dx } of eachHead(b, dims, normed, 'backward')) {
        let mean = 0;
        if (normed) for (let d = 0; d < HS; d++) mean += (unrotated[d] * weight(d) * x(d) * scale) / HS;
        for (let d = 0; d < HS; d++) dx[d] = scale * (unrotated[d] * weight(d) - (normed ? x(d) * scale * mean : 0));
      }
    },
    cases: CASES,
  };

  const backwardWeight = (weight: 'q' | 'k'): { part: Kernel; sum: Kernel; weight: 'q' | 'k' } => {
    const [first, heads] = weight === 'q' ? ['0u', 'dims.NH'] : ['dims.NH', 'dims.NKV'];
    const partial = `partial_${weight}`;
    const part: Kernel = {
      name: `heads_backward_weight_${weight}_${storage}`,
      backwardOf: forward.name,
      inputs: { dqk: qk, qkv, table: 'vec4f T HS', rstd: 'N NH+NKV' },
      outputs: { [partial]: 'vec4f P HS' },
      multiples: { HS: 8 },
      grid: ({ P, HS }) => linearGrid((P * HS) / 8, WORKGROUP),
      wgsl: linearMain(
        WORKGROUP,
        'dims.P * dims.HS / 8u',
        `  let half = dims.HS / 8u;
  let d = i % half;
  let begin = i / half * ${SLICE}u;
  let heads = dims.NH + dims.NKV;
  var low = vec4f();
  var high = vec4f();
  for (var n = begin; n < min(begin + ${SLICE}u, dims.N); n++) {
    let angle = (n % dims.T) * 2u * half;
    for (var h = ${first}; h < ${first} + ${heads}; h++) {
      let row = n * heads + h;
      let x = (n * (heads + dims.NKV) + h) * 2u * half + d;
${rotate(-1, 'vec4f(dqk[row * 2u * half + d])', 'vec4f(dqk[row * 2u * half + half + d])')}
      low += left * vec4f(qkv[x]) * rstd[row];
      high += right * vec4f(qkv[x + half]) * rstd[row];
    }
  }
  ${partial}[i / half * 2u * half + d] = low;
  ${partial}[i / half * 2u * half + half + d] = high;`,
      ),
      reference(b, dims) {
        b[partial].fill(0);
        for (const { n, isQuery, x, scale, unrotated } of eachHead(b, dims, normed, 'backward')) {
          if (isQuery !== (weight === 'q')) continue;
          const slice = Math.floor(n / SLICE) * dims.HS;
          for (let d = 0; d < dims.HS; d++) b[partial][slice + d] += unrotated[d] * x(d) * scale;
        }
      },
      cases: CASES,
    };
    return {
      part,
      sum: sumSlices(
        `heads_backward_weight_sum_${weight}_${lanes}`,
        lanes,
        forward.name,
        partial,
        `d${weight}_norm`,
        'HS',
      ),
      weight,
    };
  };
  const slices = normed ? [backwardWeight('q'), backwardWeight('k')] : [];
  if (lanes === 1) return { forward, backward, backwardWeights: slices };
  const team = teamForward(forward, storage, normed);
  return {
    forward: team,
    backward: { ...teamBackward(backward, storage, normed, eachHead), backwardOf: team.name },
    backwardWeights: slices.map(({ sum, weight }) => ({ sum: { ...sum, backwardOf: team.name }, weight })),
  };
}

/** For the references: one query or key head of one row. */
function* eachHead(b: Record<string, Float64Array>, dims: Dims, normed: boolean, pass: 'forward' | 'backward') {
  const { N, T, NH, NKV, HS, eps } = dims;
  for (let row = 0; row < N * (NH + NKV); row++) {
    const n = Math.floor(row / (NH + NKV));
    const h = row % (NH + NKV);
    const isQuery = h < NH;
    const from = (n * (NH + 2 * NKV) + h) * HS;
    const angle = (d: number): [number, number] => {
      const at = (n % T) * HS + (d % (HS / 2));
      return [b.table[at], b.table[at + HS / 2]];
    };
    const x = (d: number): number => b.qkv[from + d];
    let squares = 0;
    if (normed) for (let d = 0; d < HS; d++) squares += x(d) ** 2;
    const scale = !normed ? 1 : pass === 'backward' ? b.rstd[row] : 1 / Math.sqrt(squares / HS + eps);
    const weight = (d: number): number => (normed ? (isQuery ? b.q_norm : b.k_norm)[d] : 1);
    const unrotated = new Float64Array(pass === 'backward' ? HS : 0);
    for (let d = 0; d < unrotated.length / 2; d++) {
      const [a, c] = [b.dqk[row * HS + d], b.dqk[row * HS + HS / 2 + d]];
      const [cosine, sine] = angle(d);
      unrotated[d] = a * cosine + c * sine;
      unrotated[d + HS / 2] = c * cosine - a * sine;
    }
    const out = b.qk?.subarray(row * HS, (row + 1) * HS);
    const dx = b.dqkv?.subarray(from, from + HS);
    const set = (value: number): void => {
      if (normed) b.rstd[row] = value;
    };
    yield { n, isQuery, x, weight, out, dx, scale, angle, unrotated, set };
  }
}

/** cos and sin for T positions: [T, HS], the first half cos. Computed in f64. */
export function rotaryTable({ T, HS }: Dims, base: number): Float32Array<ArrayBuffer> {
  const table = new Float32Array(T * HS);
  for (let t = 0; t < T; t++) {
    for (let d = 0; d < HS / 2; d++) {
      const angle = t * base ** ((-2 * d) / HS);
      table[t * HS + d] = Math.cos(angle);
      table[t * HS + HS / 2 + d] = Math.sin(angle);
    }
  }
  return table;
}
