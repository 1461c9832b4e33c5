/**
 * Muon for matrices (Jordan et al. 2024): the momentum of the gradient, orthogonalised by five Newton–Schulz steps.
 *   v ← μ·v + g;  X₀ = (g + μ·v) / ‖g + μ·v‖;  X ← a·X + (b·A + c·A²)·X with A = X·Xᵀ;  W ← W·(1 − lr·decay) − lr·s·X
 * s = √max(1, O/C) keeps the update's size alike for all shapes. The matmuls are `matmul` with the `blend` epilogue; a
 * tall matrix [O > C] multiplies from the right with A = Xᵀ·X instead, so that A is the smaller square.
 * `step` and `state` as in optimizer.ts.
 */
import { type Kernel, type Storage, vec4Of } from './kernel.ts';
import { linearGrid, linearMain, rowMain } from './snippets.ts';

/** Coefficients of the quintic, chosen for a steep slope at zero. */
export const NEWTON_SCHULZ = { a: 3.4445, b: -4.775, c: 2.0315, steps: 5 };
/** Momentum; also the Nesterov look-ahead. */
export const MOMENTUM = 0.95;
const WORKGROUP = 64;

/** Updates the momentum of the whole matrix group at once and writes the look-ahead gradient. */
export const muonMomentum: Kernel = {
  name: 'muon_momentum',
  inputs: { grads: 'vec4f P', state: '8' },
  outputs: { ahead: 'vec4f P' },
  updates: { m: 'vec4f P' },
  multiples: { P: 4 },
  grid: ({ P }) => linearGrid(P / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.P / 4u',
    `  if (state[3] > 0f) { return; }
  let g = grads[i] * state[1];
  let next = ${MOMENTUM}f * m[i] + g;
  m[i] = next;
  ahead[i] = g + ${MOMENTUM}f * next;`,
  ),
  reference({ grads, state, ahead, m }, { P }) {
    for (let i = 0; i < P; i++) {
      const g = grads[i] * state[1];
      m[i] = MOMENTUM * m[i] + g;
      ahead[i] = g + MOMENTUM * m[i];
    }
  },
  fill({ state }) {
    state.set([1, 0.7, 0, 0, 1, 0, 0.81, 0.9025]);
  },
  cases: [{ P: 4 }, { P: 1028 }],
};

/** scale[0] = 1 / ‖ahead‖ from the sums of squares of one matrix (grad_norm_partial). */
export const muonScale: Kernel = {
  name: 'muon_scale',
  inputs: { partial: 'R' },
  outputs: { scale: '4' },
  grid: () => [1],
  wgsl: `
${rowMain(
  64,
  '1u',
  `  var squares = 0f;
  for (var part = lane; part < dims.R; part += LANES) { squares += partial[part]; }
  squares = sum_lanes(squares, lane);
  if (lane < 4u) { scale[lane] = 1f / (sqrt(squares) + 1e-7f); }`,
)}`,
  reference({ partial, scale }) {
    scale.fill(1 / (Math.sqrt(partial.reduce((a, b) => a + b, 0)) + 1e-7));
  },
  // Sums of squares are never negative.
  fill({ partial }) {
    for (let i = 0; i < partial.length; i++) partial[i] = Math.abs(partial[i]);
  },
  cases: [{ R: 1 }, { R: 256 }],
};

/** x = ahead · scale for one matrix, in the storage of the products behind it. */
export const muonNormalise = (storage: Storage): Kernel => ({
  name: `muon_normalise_${storage}`,
  inputs: { ahead: 'vec4f P', scale: '4' },
  outputs: { x: `${vec4Of(storage)} P` },
  multiples: { P: 4 },
  grid: ({ P }) => linearGrid(P / 4, WORKGROUP),
  wgsl: linearMain(WORKGROUP, 'dims.P / 4u', `  x[i] = ${vec4Of(storage)}(ahead[i] * scale[0]);`),
  reference({ ahead, scale, x }, { P }) {
    for (let i = 0; i < P; i++) x[i] = ahead[i] * scale[0];
  },
  cases: [{ P: 4 }, { P: 1028 }],
});

/** W ← W·(1 − lr·decay) − lr·lr_scale·X, with lr = step[5]; nothing in a skipped step. f16: writes `half` as adamw does. */
export const muonUpdate = (storage: Storage): Kernel => ({
  name: `muon_update_${storage}`,
  inputs: { x: 'vec4f P', step: '8', state: '8' },
  ...(storage === 'f16' && { outputs: { half: 'vec4h P' } }),
  updates: { params: 'vec4f P' },
  scalars: { lr_scale: 'f32', decay: 'f32' },
  multiples: { P: 4 },
  grid: ({ P }) => linearGrid(P / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.P / 4u',
    `  if (state[3] > 0f) { return; }
  let next = params[i] * (1f - step[5] * dims.decay) - step[5] * dims.lr_scale * x[i];
  params[i] = next;
${storage === 'f16' ? '  half[i] = vec4h(next);' : ''}`,
  ),
  reference({ x, step, params, half }, { P, lr_scale, decay }) {
    for (let i = 0; i < P; i++) {
      params[i] = params[i] * (1 - step[5] * decay) - step[5] * lr_scale * x[i];
      if (half) half[i] = params[i];
    }
  },
  fill({ state }) {
    state.set([1, 0.7, 0, 0, 1, 0, 0.81, 0.9025]);
  },
  cases: [
    { P: 4, lr_scale: 1, decay: 0.1 },
    { P: 1028, lr_scale: 1.7, decay: 0 },
  ],
});
