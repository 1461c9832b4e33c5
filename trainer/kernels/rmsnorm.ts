/**
 * RMSNorm over the last dimension (Zhang & Sennrich 2019), as in Qwen3 and Llama, from the residual stream (always f32)
 * into storage for the matmuls behind it:
 *   rstd = 1 / sqrt(mean(x²) + eps);  out = x · rstd · weight
 * Backward, with x̂ = x · rstd and g = dout · weight:
 *   dx = rstd · (g − x̂ · mean(g · x̂));  dweight = Σ_rows dout · x̂
 * Work split: a row is shared by `lanes` lanes; dweight: one invocation per four columns of one slice of the rows, then
 * the slices are summed. On GPUs a workgroup takes a slice of rows through the whole backward pass, and keeps dweight on
 * the way, so that dout and x are read once.
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
/** Slices on a GPU: at least so many rows each, and no more slices than keep one busy. */
const GPU_SLICE = 8;
const MOST_SLICES = 2048;
/** Slices of `rows` rows: the dimension P of `partial`. */
export const slicesOf = (rows: number, lanes: number): number =>
  lanes === 1 ? Math.ceil(rows / SLICE) : Math.min(MOST_SLICES, Math.ceil(rows / GPU_SLICE));
const SLICED = CASES.map((dims) => ({ ...dims, P: slicesOf(dims.N, 1) }));
/** Columns whose gradients a workgroup can keep: 16 KiB. */
export const MOST_COLUMNS = 4096;

export interface RmsnormKernels {
  readonly forward: Kernel;
  /** Starts `dx`; under f16 storage also writes it as `dx_half`, for the matmuls of the block before. */
  readonly backward: Kernel;
  /** Adds to `dx`: the residual stream's gradient already holds what came around the block. */
  readonly backwardAccumulate: Kernel;
  readonly backwardWeight: Kernel;
  /** Both, with the slices of `backwardWeight`, for rows of `C` columns, MOST_COLUMNS at most: on GPUs. */
  readonly backwardWhole?: (mode: 'write' | 'accumulate', C: number) => Kernel;
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
    serial: () => SLICE,
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
  /** Rows of a slice one after the other; a lane keeps the gradients of its own columns. */
  const whole = (mode: 'write' | 'accumulate', C: number): Kernel => {
    const parts = backward(mode);
    const kept = Math.ceil(C / 4 / lanes) * lanes;
    return {
      ...parts,
      name: `${parts.name}_whole_${kept}`,
      outputs: { ...parts.outputs, partial: 'vec4f P C' },
      grid: ({ P }) => rowGrid(P, lanes),
      serial: ({ N, P, C }) => Math.ceil(N / P) * (1 + Math.ceil(C / 4 / lanes)),
      wgsl: `${SUM4}
var<workgroup> kept: array<vec4f, ${kept}>;
var<workgroup> shared_dots: array<f32, ${lanes}>;
// Every lane adds all: two barriers a row, where a tree has eight.
fn sum_row(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  shared_dots[lane] = value;
  workgroupBarrier();
  var sum = 0f;
  for (var q = 0u; q < ${lanes}u; q++) { sum += shared_dots[q]; }
  return sum;
}
${rowMain(
  lanes,
  'dims.P',
  `  let width = dims.C / 4u;
  let rows = (dims.N + dims.P - 1u) / dims.P;
  for (var c = lane; c < width; c += LANES) { kept[c] = vec4f(); }
  for (var r = n * rows; r < min((n + 1u) * rows, dims.N); r++) {
    let row = r * width;
    let scale = rstd[r];
    var dot4 = vec4f();
    for (var c = lane; c < width; c += LANES) { dot4 += vec4f(dout[row + c]) * weight[c] * x[row + c]; }
    let mean = sum_row(add_lanes(dot4), lane) * scale / f32(dims.C);
    for (var c = lane; c < width; c += LANES) {
      let g = vec4f(dout[row + c]);
      let unit = x[row + c] * scale;
      kept[c] += g * unit;
      let total = ${mode === 'write' ? '' : 'dx[row + c] + '}scale * (g * weight[c] - unit * mean);
      dx[row + c] = total;
${storage === 'f16' ? '      dx_half[row + c] = vec4h(total);' : ''}
    }
  }
  for (var c = lane; c < width; c += LANES) { partial[n * width + c] = kept[c]; }`,
)}`,
      reference(b, dims, u) {
        const { N, C, P } = dims;
        parts.reference(b, dims, u);
        b.partial.fill(0);
        for (let at = 0; at < N * C; at++) {
          const n = Math.floor(at / C);
          b.partial[Math.floor(n / Math.ceil(N / P)) * C + (at % C)] += b.dout[at] * b.x[at] * b.rstd[n];
        }
      },
      cases: SLICED,
    };
  };
  return {
    forward,
    backward: backward('write'),
    backwardAccumulate: backward('accumulate'),
    backwardWeight,
    ...(lanes > 1 && { backwardWhole: whole }),
    backwardWeightSum: sumSlices(`rmsnorm_backward_weight_sum_${suffix}`, lanes, forward.name),
  };
}

/** A weight's gradient += Σ over slices: a lane adds its own in order, then the lanes of a column are added. */
export function sumSlices(
  name: string,
  lanes: number,
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
    grid: (dims) => (lanes === 1 ? linearGrid(dims[C] / 4, WORKGROUP) : rowGrid(dims[C] / 4, lanes)),
    serial: ({ P }) => Math.ceil(P / lanes),
    wgsl:
      lanes === 1
        ? linearMain(
            WORKGROUP,
            `dims.${C} / 4u`,
            `  var sum = vec4f();
  for (var p = 0u; p < dims.P; p++) { sum += ${from}[p * dims.${C} / 4u + i]; }
  ${into}[i] += sum;`,
          )
        : rowMain(
            lanes,
            `dims.${C} / 4u`,
            `  var sum = vec4f();
  for (var p = lane; p < dims.P; p += LANES) { sum += ${from}[p * dims.${C} / 4u + n]; }
  let total = vec4f(${['x', 'y', 'z', 'w'].map((part) => `sum_lanes(sum.${part}, lane)`).join(', ')});
  if (lane == 0u) { ${into}[n] += total; }`,
          ),
    reference(b, dims) {
      for (let at = 0; at < dims.P * dims[C]; at++) b[into][at % dims[C]] += b[from][at];
    },
    cases: [
      { P: 1, [C]: 8 },
      { P: 3, [C]: 24 },
      { P: 130, [C]: 8 },
    ],
  };
}
