/**
 * The gradient before the optimizer sees it, and the loss scale of mixed precision, all on the GPU:
 *   loss_weights                   what each loss counts in the backward pass: loss scale · share of one target
 *   loss_total                     adds a micro-step's losses, weighted, to the step's mean
 *   grad_norm_partial, grad_norm   one tree sum of squares in a fixed order; norm, clip factor, loss scale, skip
 * `step` is one small buffer that the CPU writes before each step; `state` lives on the GPU and in checkpoints.
 *   step  = [lr, beta1, beta2, eps, clip, Muon's lr, share of one target, Muon's momentum,
 *            factor on the weight decay, what the average keeps of itself, 0, 0]
 *   state = [grad norm, factor, mean loss, skipped, loss scale, clean steps, beta1^t, beta2^t]
 * `factor` undoes the loss scale and clips. A step whose gradient norm is not finite is skipped: it changes no parameter
 * and no moment, does not count in t, and halves a dynamic loss scale; CLEAN_STEPS good ones double it (Micikevicius
 * et al. 2018). `skipped`: 0 behind a good step; else how many in a row, those that a smaller loss scale may mend counting
 * as one.
 */
import type { Kernel, Storage } from '../gpu/kernel.ts';
import { linearGrid, linearMain, rowGrid, rowMain, SUM4 } from './snippets.ts';

/** Partial sums of the gradient norm: enough to keep a GPU busy, few enough for one workgroup to finish. */
export const NORM_PARTS = 1024;
/** Steps without overflow after which a dynamic loss scale doubles. */
const CLEAN_STEPS = 2000;
/** A dynamic loss scale stays between 1 and this. */
const MAX_LOSS_SCALE = 2 ** 24;
export const STEP_FLOATS = 12;
export const STATE_FLOATS = 8;
const WORKGROUP = 64;

/** What the loss scale begins with: 1 where nothing is stored in half. */
const FIRST_LOSS_SCALE = { f32: 1, f16: 2 ** 16 };

/** `state` before the first step. */
export const initialState = (storage: Storage): number[] => [0, 0, 0, 0, FIRST_LOSS_SCALE[storage], 0, 1, 1];

/** Each part takes every NORM_PARTS-th piece of `lanes` vec4s: neighbours read what lies side by side. */
export const gradNormPartial = (lanes: number): Kernel => ({
  name: `grad_norm_partial_${lanes}`,
  inputs: { grads: 'vec4f P' },
  outputs: { partial: String(NORM_PARTS) },
  multiples: { P: 4 },
  grid: () => rowGrid(NORM_PARTS, lanes),
  wgsl: `${SUM4}
${rowMain(
  lanes,
  `${NORM_PARTS}u`,
  `  var squares = vec4f();
  for (var p = n * LANES + lane; p < dims.P / 4u; p += ${NORM_PARTS}u * LANES) { let x = grads[p]; squares += x * x; }
  let sum = sum_lanes(add_lanes(squares), lane);
  if (lane == 0u) { partial[n] = sum; }`,
)}`,
  reference({ grads, partial }, { P }) {
    partial.fill(0);
    for (let p = 0; p < P; p++) partial[Math.floor(p / 4 / lanes) % NORM_PARTS] += grads[p] ** 2;
  },
  cases: [{ P: 4 }, { P: 1028 }, { P: 5000 }],
});

/**
 * The same where gradients lie in pages: what a lane found in the pages before waits in `sums`, and the `last` page ends
 * its part. `first`: where the page begins, in vec4 of all.
 */
export const gradNormPage = (lanes: number): Kernel => ({
  name: `grad_norm_page_${lanes}`,
  inputs: { grads: 'vec4f P' },
  updates: { sums: `vec4f ${NORM_PARTS} ${4 * lanes}`, partial: String(NORM_PARTS) },
  scalars: { first: 'u32', last: 'u32' },
  multiples: { P: 4 },
  grid: () => rowGrid(NORM_PARTS, lanes),
  wgsl: `${SUM4}
${rowMain(
  lanes,
  `${NORM_PARTS}u`,
  `  let own = n * LANES + lane;
  let stride = ${NORM_PARTS}u * LANES;
  var squares = select(sums[own], vec4f(), dims.first == 0u);
  let skipped = select(0u, (dims.first - own + stride - 1u) / stride, dims.first > own);
  for (var p = own + skipped * stride - dims.first; p < dims.P / 4u; p += stride) { let x = grads[p]; squares += x * x; }
  sums[own] = squares;
  let sum = sum_lanes(add_lanes(squares), lane);
  if (lane == 0u && dims.last == 1u) { partial[n] = sum; }`,
)}`,
  reference({ grads, sums, partial }, { P, first, last }) {
    if (first === 0) sums.fill(0);
    for (let p = 0; p < P; p++)
      sums[((Math.floor(p / 4) + first) % (NORM_PARTS * lanes)) * 4 + (p % 4)] += grads[p] ** 2;
    if (last === 0) return;
    partial.fill(0);
    for (const [i, sum] of sums.entries()) partial[Math.floor(i / 4 / lanes)] += sum;
  },
  cases: [
    { P: 4, first: 0, last: 0 },
    { P: 5000, first: 0, last: 1 },
    { P: 5000, first: 1250, last: 1 },
    { P: 20, first: 70_000, last: 0 },
  ],
});

/** Ends the norm; `dynamic` 1 lets the loss scale move. */
export const gradNorm: Kernel = {
  name: 'grad_norm',
  inputs: { partial: String(NORM_PARTS), step: '12', total: '4' },
  updates: { state: '8' },
  scalars: { dynamic: 'u32' },
  grid: () => [1],
  wgsl: `${rowMain(
    64,
    '1u',
    `  var squares = 0f;
  for (var i = lane; i < ${NORM_PARTS}u; i += LANES) { squares += partial[i]; }
  squares = sum_lanes(squares, lane);
  if (lane > 0u) { return; }
  let scale = state[4];
  let norm = sqrt(squares) / scale;
  // NaN fails the comparison too.
  let is_finite = norm < 3.0e38f;
  state[0] = norm;
  state[2] = total[0];
  if (!is_finite) {
    state[1] = 0f;
    let shrinks = dims.dynamic == 1u && scale > 1f;
    state[3] = max(1f, state[3] + select(1f, 0f, shrinks));
    state[5] = 0f;
    if (dims.dynamic == 1u) { state[4] = max(1f, scale * 0.5f); }
    return;
  }
  state[1] = min(1f, step[4] / (norm + 1e-6f)) / scale;
  state[3] = 0f;
  state[6] *= step[1];
  state[7] *= step[2];
  let clean = state[5] + 1f;
  let grows = dims.dynamic == 1u && clean >= ${CLEAN_STEPS}f;
  state[4] = select(scale, min(${MAX_LOSS_SCALE}f, scale * 2f), grows);
  state[5] = select(clean, 0f, grows);`,
  )}`,
  reference({ partial, step, total, state }, { dynamic }) {
    const scale = state[4];
    const norm = Math.sqrt(partial.reduce((a, b) => a + b, 0)) / scale;
    state[0] = norm;
    state[2] = total[0];
    if (!(norm < 3e38)) {
      const skipped = Math.max(1, state[3] + (dynamic && scale > 1 ? 0 : 1));
      state.set([0, total[0], skipped, dynamic ? Math.max(1, scale / 2) : scale, 0], 1);
      return;
    }
    const clean = state[5] + 1;
    const grows = dynamic === 1 && clean >= CLEAN_STEPS;
    state[1] = Math.min(1, step[4] / (norm + 1e-6)) / scale;
    state[3] = 0;
    state[4] = grows ? Math.min(MAX_LOSS_SCALE, scale * 2) : scale;
    state[5] = grows ? 0 : clean;
    state[6] *= step[1];
    state[7] *= step[2];
  },
  // A sum of squares, a clipping threshold and a loss scale are never negative; the last case counts a clean step too many.
  fill({ partial, step, state }, { dynamic, clean = 3 }) {
    for (let i = 0; i < partial.length; i++) partial[i] = Math.abs(partial[i]);
    step[4] = Math.abs(step[4]);
    state.set([0, 0, 0, 0, dynamic ? 1024 : 1, clean, 0.5, 0.25]);
  },
  cases: [{ dynamic: 0 }, { dynamic: 1 }, { dynamic: 1, clean: CLEAN_STEPS - 1 }],
};

/** total[0] += Σ losses · step[6] */
export const lossTotal = (lanes: number): Kernel => ({
  name: `loss_total_${lanes}`,
  inputs: { losses: 'N', step: '12' },
  updates: { total: '4' },
  grid: () => [1],
  serial: ({ N }) => N / lanes,
  wgsl: rowMain(
    lanes,
    '1u',
    `  var sum = 0f;
  for (var i = lane; i < dims.N; i += LANES) { sum += losses[i]; }
  sum = sum_lanes(sum, lane);
  if (lane == 0u) { total[0] += sum * step[6]; }`,
  ),
  reference({ losses, step, total }) {
    total[0] += losses.reduce((a, b) => a + b, 0) * step[6];
  },
  cases: [{ N: 1 }, { N: 77 }, { N: 1300 }],
});

/** dlosses = loss scale · share of one target in the step */
export const lossWeights: Kernel = {
  name: 'loss_weights',
  inputs: { step: '12', state: '8' },
  outputs: { dlosses: 'N' },
  grid: ({ N }) => linearGrid(N, WORKGROUP),
  wgsl: linearMain(WORKGROUP, 'dims.N', '  dlosses[i] = state[4] * step[6];'),
  reference({ step, state, dlosses }) {
    dlosses.fill(state[4] * step[6]);
  },
  cases: [{ N: 1 }, { N: 77 }],
};
