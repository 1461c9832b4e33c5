/**
 * RMSNorm over the last dimension (Zhang & Sennrich 2019), as in Qwen3 and Llama:
 *   rstd = 1 / sqrt(mean(x²) + eps);  out = x · rstd · weight
 * Backward, with x̂ = x · rstd and g = dout · weight:
 *   dx = rstd · (g − x̂ · mean(g · x̂));  dweight = Σ_rows dout · x̂
 * Work split: one invocation per row (dweight: per four columns of one slice of the rows).
 */
import type { Kernel } from './kernel.ts';
import { linearGrid, linearMain, SUM4 } from './snippets.ts';

const WORKGROUP = 32;
const CASES = [
  { N: 1, C: 4, eps: 1e-6 },
  { N: 37, C: 20, eps: 1e-6 },
  { N: 130, C: 64, eps: 1e-5 },
];

export const rmsnormForward: Kernel = {
  name: 'rmsnorm_forward',
  inputs: { x: 'vec4f N C', weight: 'vec4f C' },
  outputs: { out: 'vec4f N C', rstd: 'N' },
  scalars: { eps: 'f32' },
  multiples: { C: 4 },
  grid: ({ N }) => linearGrid(N, WORKGROUP),
  wgsl: `${SUM4}
${linearMain(
  WORKGROUP,
  'dims.N',
  `  let width = dims.C / 4u;
  let row = i * width;
  var squares = vec4f();
  for (var c = 0u; c < width; c++) { let v = x[row + c]; squares += v * v; }
  let scale = inverseSqrt(add_lanes(squares) / f32(dims.C) + dims.eps);
  for (var c = 0u; c < width; c++) { out[row + c] = x[row + c] * scale * weight[c]; }
  rstd[i] = scale;`,
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
  return {
    name: `rmsnorm_backward_${mode}`,
    backwardOf: 'rmsnorm_forward',
    inputs: { dout: 'vec4f N C', x: 'vec4f N C', weight: 'vec4f C', rstd: 'N' },
    ...(mode === 'write' ? { outputs: dx } : { updates: dx }),
    multiples: { C: 4 },
    grid: ({ N }) => linearGrid(N, WORKGROUP),
    wgsl: `${SUM4}
${linearMain(
  WORKGROUP,
  'dims.N',
  `  let width = dims.C / 4u;
  let row = i * width;
  let scale = rstd[i];
  var dot4 = vec4f();
  for (var c = 0u; c < width; c++) { dot4 += dout[row + c] * weight[c] * x[row + c]; }
  let mean = add_lanes(dot4) * scale / f32(dims.C);
  for (var c = 0u; c < width; c++) {
    dx[row + c] ${mode === 'write' ? '=' : '+='} scale * (dout[row + c] * weight[c] - x[row + c] * scale * mean);
  }`,
)}`,
    reference({ dout, x, weight, rstd, dx }, { N, C }) {
      for (let n = 0; n < N; n++) {
        let mean = 0;
        for (let c = 0; c < C; c++) mean += (dout[n * C + c] * weight[c] * x[n * C + c] * rstd[n]) / C;
        for (let c = 0; c < C; c++) {
          const at = n * C + c;
          const gradient = rstd[n] * (dout[at] * weight[c] - x[at] * rstd[n] * mean);
          dx[at] = mode === 'write' ? gradient : dx[at] + gradient;
        }
      }
    },
    cases: CASES,
  };
};

export const rmsnormBackward = backward('write');
/** Adds to `dx`: the residual stream's gradient already holds what came around the block. */
export const rmsnormBackwardAccumulate = backward('accumulate');

export const rmsnormBackwardWeight: Kernel = {
  name: 'rmsnorm_backward_weight',
  backwardOf: 'rmsnorm_forward',
  inputs: { dout: 'vec4f N C', x: 'vec4f N C', rstd: 'N' },
  updates: { dweight: 'vec4f C' },
  multiples: { C: 4 },
  grid: ({ C }) => [C / 4],
  wgsl: `
const LANES = 32u;
var<workgroup> partial: array<vec4f, LANES>;
// One workgroup per four columns; each lane sums every LANES-th row, lane 0 adds the lanes in order.
@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = dims.C / 4u;
  var sum = vec4f();
  for (var n = lane; n < dims.N; n += LANES) { sum += dout[n * width + group.x] * x[n * width + group.x] * rstd[n]; }
  partial[lane] = sum;
  workgroupBarrier();
  if (lane > 0u) { return; }
  for (var l = 1u; l < LANES; l++) { sum += partial[l]; }
  dweight[group.x] += sum;
}`,
  reference({ dout, x, rstd, dweight }, { N, C }) {
    for (let n = 0; n < N; n++) for (let c = 0; c < C; c++) dweight[c] += dout[n * C + c] * x[n * C + c] * rstd[n];
  },
  cases: CASES,
};
