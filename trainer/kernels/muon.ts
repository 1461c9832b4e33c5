/**
 * Muon for matrices (Jordan et al. 2024): the momentum of the gradient, orthogonalised by five Newton–Schulz steps.
 *   v ← μ·v + g;  X₀ = (g + μ·v) / ‖g + μ·v‖;  X ← a·X + (b·A + c·A²)·X with A = X·Xᵀ;  W ← W·(1 − lr·decay) − lr·s·X
 * s = √max(1, O/C) keeps the update's size alike for all shapes. The matmuls are `matmul` with the `blend` epilogue; a
 * tall matrix [O > C] multiplies from the right with A = Xᵀ·X instead, so that A is the smaller square.
 * `step` and `state` as in optimizer.ts.
 */
import type { Kernel } from './kernel.ts';
import { linearGrid, linearMain } from './snippets.ts';

/** Coefficients of the quintic, chosen for a steep slope at zero. */
export const NEWTON_SCHULZ = { a: 3.4445, b: -4.775, c: 2.0315, steps: 5 };
/** Momentum; also the Nesterov look-ahead. */
export const MOMENTUM = 0.95;
const WORKGROUP = 64;

/** Updates the momentum of the whole matrix group at once and writes the look-ahead gradient. */
export const muonMomentum: Kernel = {
  name: 'muon_momentum',
  inputs: { grads: 'vec4f P', state: '4' },
  outputs: { ahead: 'vec4f P' },
  updates: { m: 'vec4f P' },
  multiples: { P: 4 },
  grid: ({ P }) => linearGrid(P / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.P / 4u',
    `  let g = grads[i] * state[1];
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
  cases: [{ P: 4 }, { P: 1028 }],
};

/** scale[0] = 1 / ‖ahead‖ from the sums of squares of one matrix (grad_norm_partial). */
export const muonScale: Kernel = {
  name: 'muon_scale',
  inputs: { partial: 'R' },
  outputs: { scale: '4' },
  grid: () => [1],
  wgsl: `
@compute @workgroup_size(1)
fn main() {
  var squares = 0f;
  for (var part = 0u; part < dims.R; part++) { squares += partial[part]; }
  let inverse = 1f / (sqrt(squares) + 1e-7f);
  for (var i = 0u; i < 4u; i++) { scale[i] = inverse; }
}`,
  reference({ partial, scale }) {
    scale.fill(1 / (Math.sqrt(partial.reduce((a, b) => a + b, 0)) + 1e-7));
  },
  // Sums of squares are never negative.
  fill({ partial }) {
    for (let i = 0; i < partial.length; i++) partial[i] = Math.abs(partial[i]);
  },
  cases: [{ R: 1 }, { R: 256 }],
};

/** x = ahead · scale for one matrix. */
export const muonNormalise: Kernel = {
  name: 'muon_normalise',
  inputs: { ahead: 'vec4f P', scale: '4' },
  outputs: { x: 'vec4f P' },
  multiples: { P: 4 },
  grid: ({ P }) => linearGrid(P / 4, WORKGROUP),
  wgsl: linearMain(WORKGROUP, 'dims.P / 4u', '  x[i] = ahead[i] * scale[0];'),
  reference({ ahead, scale, x }, { P }) {
    for (let i = 0; i < P; i++) x[i] = ahead[i] * scale[0];
  },
  cases: [{ P: 4 }, { P: 1028 }],
};

/** W ← W·(1 − lr·decay) − lr·lr_scale·X, with lr = step[7]. */
export const muonUpdate: Kernel = {
  name: 'muon_update',
  inputs: { x: 'vec4f P', step: '8' },
  updates: { params: 'vec4f P' },
  scalars: { lr_scale: 'f32', decay: 'f32' },
  multiples: { P: 4 },
  grid: ({ P }) => linearGrid(P / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.P / 4u',
    '  params[i] = params[i] * (1f - step[7] * dims.decay) - step[7] * dims.lr_scale * x[i];',
  ),
  reference({ x, step, params }, { P, lr_scale, decay }) {
    for (let i = 0; i < P; i++) params[i] = params[i] * (1 - step[7] * decay) - step[7] * lr_scale * x[i];
  },
  cases: [
    { P: 4, lr_scale: 1, decay: 0.1 },
    { P: 1028, lr_scale: 1.7, decay: 0 },
  ],
};
