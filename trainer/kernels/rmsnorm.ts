/**
 * RMSNorm over the last dimension (Zhang & Sennrich 2019), as in Qwen3 and Llama, from the residual stream (always f32)
 * into storage for the matmuls behind it:
 *   rstd = 1 / sqrt(mean(x²) + eps);  out = x · rstd · weight
 * Backward, with x̂ = x · rstd and g = dout · weight:
 *   dx = rstd · (g − x̂ · mean(g · x̂));  dweight = Σ_rows dout · x̂
 * Work split: a row is shared by `lanes` lanes; dweight: one invocation per four columns of one slice of the rows, then
 * the slices are summed in order.
 */
import { type Kernel, type Storage, vec4Of } from '../gpu/kernel.ts';
import { linearGrid, linearMain, rowGrid, rowMain, SUM4 } from './snippets.ts';

const WORKGROUP = 64;
const CASES = [
  { N: 1, C: 4, eps: 1e-6 },
  { N: 37, C: 20, eps: 1e-6 },
  { N: 130, C: 64, eps: 1e-5 },
];
/** Rows that one invocation sums for the gradient of a norm's weight. */
export const SLICE = 64;
/** Slices of `rows` rows: the dimension P of `partial`. */
export const slicesOf = (rows: number): number => Math.ceil(rows / SLICE);
const SLICED = CASES.map((dims) => ({ ...dims, P: slicesOf(dims.N) }));

export interface RmsnormKernels {
  readonly forward: Kernel;
  /** Starts `dx`; under f16 storage also writes it as `dx_half`, for the matmuls of the block before. */
  readonly backward: Kernel;
  /** Adds to `dx`: the residual stream's gradient already holds what came around the block. */
  readonly backwardAccumulate: Kernel;
  readonly backwardWeight: Kernel;
  readonly backwardWeightSum: Kernel;
}

export function rmsnorm(storage: Storage, lanes: number): RmsnormKernels {
  const V = vec4Of(storage);
  const suffix = `${storage}_${lanes}`;
  const forward: Kernel = {
    name: `rmsnorm_forward_${suffix}`,
    inputs: { x: 'vec4f N C', weight: 'vec4f C' },
    outputs: { out: `${V} N C`, rstd: 'N' },
    scalars: { eps: 'f32' },
    multiples: { C: 4 },
    grid: ({ N }) => rowGrid(N, lanes),
    wgsl: `${SUM4}
${rowMain(
  lanes,
  'dims.N',
  `  let width = dims.C / 4u;
  let row = n * width;
  var squares = vec4f();
  for (var c = lane; c < width; c += LANES) { let v = x[row + c]; squares += v * v; }
  let scale = inverseSqrt(sum_lanes(add_lanes(squares), lane) / f32(dims.C) + dims.eps);
  for (var c = lane; c < width; c += LANES) { out[row + c] = ${V}(x[row + c] * scale * weight[c]); }
  if (lane == 0u) { rstd[n] = scale; }`,
)}`,
    reference({ x, weight, out, rstd }, { N, C, eps }) {
      for (let n = 0; n < N; n++) {
        let squares = 0;
        for (let c = 0; c < C; c++) squares += x[n * C + c] ** 2;
        rstd[n] = 1 / Math.sqrt(squares / C + eps);
        for (let c = 0; c < C; c++) out[n * C + c] = x[n * C + c] * rstd[n] * weight[c];
      }
    },
    cases: CASES,
  };

  const backward = (mode: 'write' | 'accumulate'): Kernel => {
    const dx = { dx: 'vec4f N C' };
    const half = storage === 'f16' && { dx_half: 'vec4h N C' };
    return {
      name: `rmsnorm_backward_${mode}_${suffix}`,
      backwardOf: forward.name,
      inputs: { dout: `${V} N C`, x: 'vec4f N C', weight: 'vec4f C', rstd: 'N' },
      ...(mode === 'write' ? { outputs: { ...dx, ...half } } : { ...(half && { outputs: half }), updates: dx }),
      multiples: { C: 4 },
      grid: ({ N }) => rowGrid(N, lanes),
      wgsl: `${SUM4}
${rowMain(
  lanes,
  'dims.N',
  `  let width = dims.C / 4u;
  let row = n * width;
  let scale = rstd[n];
  var dot4 = vec4f();
  for (var c = lane; c < width; c += LANES) { dot4 += vec4f(dout[row + c]) * weight[c] * x[row + c]; }
  let mean = sum_lanes(add_lanes(dot4), lane) * scale / f32(dims.C);
  for (var c = lane; c < width; c += LANES) {
    let gradient = scale * (vec4f(dout[row + c]) * weight[c] - x[row + c] * scale * mean);
    let total = ${mode === 'write' ? '' : 'dx[row + c] + '}gradient;
    dx[row + c] = total;
${half ? '    dx_half[row + c] = vec4h(total);' : ''}
  }`,
)}`,
      reference({ dout, x, weight, rstd, dx, dx_half }, { N, C }) {
        for (let n = 0; n < N; n++) {
          let mean = 0;
          for (let c = 0; c < C; c++) mean += (dout[n * C + c] * weight[c] * x[n * C + c] * rstd[n]) / C;
          for (let c = 0; c < C; c++) {
            const at = n * C + c;
            const gradient = rstd[n] * (dout[at] * weight[c] - x[at] * rstd[n] * mean);
            dx[at] = mode === 'write' ? gradient : dx[at] + gradient;
            if (dx_half) dx_half[at] = dx[at];
          }
        }
      },
      cases: CASES,
    };
  };

  const backwardWeight: Kernel = {
    name: `rmsnorm_backward_weight_${storage}`,
    backwardOf: forward.name,
    inputs: { dout: `${V} N C`, x: 'vec4f N C', rstd: 'N' },
    outputs: { partial: 'vec4f P C' },
    multiples: { C: 4 },
    grid: ({ P, C }) => linearGrid((P * C) / 4, WORKGROUP),
    wgsl: linearMain(
      WORKGROUP,
      'dims.P * dims.C / 4u',
      `  let width = dims.C / 4u;
  let column = i % width;
  let begin = i / width * ${SLICE}u;
  var sum = vec4f();
  for (var n = begin; n < min(begin + ${SLICE}u, dims.N); n++) {
    sum += vec4f(dout[n * width + column]) * x[n * width + column] * rstd[n];
  }
  partial[i] = sum;`,
    ),
    reference({ dout, x, rstd, partial }, { N, C }) {
      partial.fill(0);
      for (let n = 0; n < N; n++) {
        const slice = Math.floor(n / SLICE) * C;
        for (let c = 0; c < C; c++) partial[slice + c] += dout[n * C + c] * x[n * C + c] * rstd[n];
      }
    },
    cases: SLICED,
  };
  return {
    forward,
    backward: backward('write'),
    backwardAccumulate: backward('accumulate'),
    backwardWeight,
    backwardWeightSum: sumSlices(`rmsnorm_backward_weight_sum_${storage}`, forward.name),
  };
}

/** A weight's gradient += Σ over slices, in order. */
export function sumSlices(
  name: string,
  backwardOf: string | undefined,
  from = 'partial',
  into = 'dweight',
  C = 'C',
): Kernel {
  return {
    name,
    ...(backwardOf && { backwardOf }),
    inputs: { [from]: `vec4f P ${C}` },
    updates: { [into]: `vec4f ${C}` },
    multiples: { [C]: 4 },
    grid: (dims) => linearGrid(dims[C] / 4, WORKGROUP),
    wgsl: linearMain(
      WORKGROUP,
      `dims.${C} / 4u`,
      `  var sum = vec4f();
  for (var p = 0u; p < dims.P; p++) { sum += ${from}[p * dims.${C} / 4u + i]; }
  ${into}[i] += sum;`,
    ),
    reference(b, dims) {
      for (let at = 0; at < dims.P * dims[C]; at++) b[into][at % dims[C]] += b[from][at];
    },
    cases: [
      { P: 1, [C]: 8 },
      { P: 3, [C]: 24 },
    ],
  };
}
