/**
 * The optimizer step over packed arenas, all on the GPU:
 *   grad_norm_partial, grad_norm   one tree sum of squares in a fixed order; writes the norm and the clip factor
 *   adamw                          Loshchilov & Hutter 2019, as PyTorch's AdamW
 * `step` is one small buffer that the CPU writes before each step; `state` is written by grad_norm.
 *   step  = [lr, beta1, beta2, eps, 1 − beta1^t, 1 − beta2^t, clip, Muon's lr]
 *   state = [grad norm, clip factor, mean loss, 0]
 */
import type { Kernel } from './kernel.ts';
import { linearGrid, linearMain, SUM4 } from './snippets.ts';

/** Partial sums of the gradient norm: enough to keep a GPU busy, few enough for one lane to finish. */
export const NORM_PARTS = 256;
const WORKGROUP = 64;

export const gradNormPartial: Kernel = {
  name: 'grad_norm_partial',
  inputs: { grads: 'vec4f P' },
  outputs: { partial: String(NORM_PARTS) },
  multiples: { P: 4 },
  grid: () => linearGrid(NORM_PARTS, WORKGROUP),
  wgsl: `${SUM4}
${linearMain(
  WORKGROUP,
  `${NORM_PARTS}u`,
  `  let count = dims.P / 4u;
  let chunk = (count + ${NORM_PARTS - 1}u) / ${NORM_PARTS}u;
  var sum = vec4f();
  for (var p = i * chunk; p < min((i + 1u) * chunk, count); p++) { sum += grads[p] * grads[p]; }
  partial[i] = add_lanes(sum);`,
)}`,
  reference({ grads, partial }, { P }) {
    const chunk = 4 * Math.ceil(P / 4 / NORM_PARTS);
    for (let part = 0; part < NORM_PARTS; part++) {
      partial[part] = 0;
      for (let p = part * chunk; p < Math.min((part + 1) * chunk, P); p++) partial[part] += grads[p] ** 2;
    }
  },
  cases: [{ P: 4 }, { P: 1028 }, { P: 5000 }],
};

export const gradNorm: Kernel = {
  name: 'grad_norm',
  inputs: { partial: String(NORM_PARTS), step: '8', losses: 'N' },
  outputs: { state: '4' },
  grid: () => [1],
  wgsl: `
@compute @workgroup_size(1)
fn main() {
  var sum = 0f;
  for (var i = 0u; i < ${NORM_PARTS}u; i++) { sum += partial[i]; }
  var loss = 0f;
  for (var n = 0u; n < dims.N; n++) { loss += losses[n]; }
  let norm = sqrt(sum);
  state[0] = norm;
  state[1] = min(1f, step[6] / (norm + 1e-6f));
  state[2] = loss / f32(dims.N);
  state[3] = 0f;
}`,
  reference({ partial, step, losses, state }, { N }) {
    const norm = Math.sqrt(partial.reduce((a, b) => a + b, 0));
    state.set([norm, Math.min(1, step[6] / (norm + 1e-6)), losses.reduce((a, b) => a + b, 0) / N, 0]);
  },
  // A sum of squares and a clipping threshold are never negative.
  fill({ partial, step }) {
    for (let i = 0; i < partial.length; i++) partial[i] = Math.abs(partial[i]);
    step[6] = Math.abs(step[6]);
  },
  cases: [{ N: 1 }, { N: 77 }],
};

export const adamw: Kernel = {
  name: 'adamw',
  inputs: { grads: 'vec4f P', step: '8', state: '4' },
  updates: { params: 'vec4f P', m: 'vec4f P', v: 'vec4f P' },
  // The group's own factor on the learning rate, and its decoupled weight decay.
  scalars: { lr_scale: 'f32', decay: 'f32' },
  multiples: { P: 4 },
  grid: ({ P }) => linearGrid(P / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.P / 4u',
    `  let g = grads[i] * state[1];
  let lr = step[0] * dims.lr_scale;
  let first = step[1] * m[i] + (1f - step[1]) * g;
  let second = step[2] * v[i] + (1f - step[2]) * g * g;
  m[i] = first;
  v[i] = second;
  params[i] = params[i] * (1f - lr * dims.decay) - lr * (first / step[4]) / (sqrt(second / step[5]) + step[3]);`,
  ),
  reference({ grads, step, state, params, m, v }, { P, lr_scale, decay }) {
    const lr = step[0] * lr_scale;
    for (let i = 0; i < P; i++) {
      const g = grads[i] * state[1];
      m[i] = step[1] * m[i] + (1 - step[1]) * g;
      v[i] = step[2] * v[i] + (1 - step[2]) * g * g;
      params[i] = params[i] * (1 - lr * decay) - (lr * (m[i] / step[4])) / (Math.sqrt(v[i] / step[5]) + step[3]);
    }
  },
  fill({ step, v }) {
    step.set([0.01, 0.9, 0.95, 1e-8, 0.19, 0.0975, 1, 0]);
    for (let i = 0; i < v.length; i++) v[i] = v[i] ** 2;
  },
  cases: [
    { P: 4, lr_scale: 1, decay: 0.1 },
    { P: 1028, lr_scale: 0.5, decay: 0 },
  ],
};
