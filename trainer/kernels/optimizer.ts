/**
 * AdamW over packed arenas, on the GPU (Loshchilov & Hutter 2019, as PyTorch's AdamW). `step` and `state` are those of
 * loss-scale.ts: a skipped step changes nothing.
 */
import type { Kernel, Storage } from '../gpu/kernel.ts';
import { linearGrid, linearMain } from './snippets.ts';

const WORKGROUP = 64;

/** How weights decay, beside their rate and the group's share. */
export interface DecayKind {
  /** Only where it moves a weight the way that the update does (Chen et al. 2025). */
  readonly cautious?: boolean;
  /** Times step[8]. */
  readonly scheduled?: boolean;
}

export const decayName = ({ cautious, scheduled }: DecayKind): string =>
  `${cautious ? '_cautious' : ''}${scheduled ? '_scheduled' : ''}`;

/** What is taken from 1 and then multiplies a weight. */
export function decayText({ cautious, scheduled }: DecayKind, rate: string, move: string, value: string): string {
  const decay = `${rate} * dims.decay${scheduled ? ' * step[8]' : ''}`;
  return cautious ? `${decay} * select(vec4f(), vec4f(1f), ${move} * ${value} > vec4f())` : decay;
}

/** The same in a reference. */
export const decayOf = (
  { cautious, scheduled }: DecayKind,
  { decay, factor, move, value }: Readonly<Record<'decay' | 'factor' | 'move' | 'value', number>>,
): number => (cautious && !(move * value > 0) ? 0 : decay * (scheduled ? factor : 1));

/** Under f16 storage the new parameters are also written as `half`, the copy that the network reads. */
export const adamw = (storage: Storage, kind: DecayKind = {}): Kernel => ({
  name: `adamw_${storage}${decayName(kind)}`,
  inputs: { grads: 'vec4f P', step: '12', state: '8' },
  ...(storage === 'f16' && { outputs: { half: 'vec4h P' } }),
  updates: { params: 'vec4f P', m: 'vec4f P', v: 'vec4f P' },
  // The group's own factor on the learning rate, and its decoupled weight decay.
  scalars: { lr_scale: 'f32', decay: 'f32' },
  multiples: { P: 4 },
  grid: ({ P }) => linearGrid(P / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.P / 4u',
    `  if (state[3] > 0f) { return; }
  let g = grads[i] * state[1];
  let lr = step[0] * dims.lr_scale;
  let first = step[1] * m[i] + (1f - step[1]) * g;
  let second = step[2] * v[i] + (1f - step[2]) * g * g;
  m[i] = first;
  v[i] = second;
  let next = params[i] * (1f - ${decayText(kind, 'lr', 'first', 'params[i]')}) - lr * (first / (1f - state[6])) / (sqrt(second / (1f - state[7])) + step[3]);
  params[i] = next;
${storage === 'f16' ? '  half[i] = vec4h(next);' : ''}`,
  ),
  reference({ grads, step, state, params, m, v, half }, { P, lr_scale, decay }) {
    const lr = step[0] * lr_scale;
    for (let i = 0; i < P; i++) {
      const g = grads[i] * state[1];
      m[i] = step[1] * m[i] + (1 - step[1]) * g;
      v[i] = step[2] * v[i] + (1 - step[2]) * g * g;
      const update = m[i] / (1 - state[6]) / (Math.sqrt(v[i] / (1 - state[7])) + step[3]);
      const own = decayOf(kind, { decay, factor: step[8], move: m[i], value: params[i] });
      params[i] = params[i] * (1 - lr * own) - lr * update;
      if (half) half[i] = params[i];
    }
  },
  fill({ step, state, v }) {
    step.set([0.01, 0.9, 0.95, 1e-8, 1, 0, 0, 0.95, 0.8, 0, 0, 0]);
    state.set([1, 0.7, 0, 0, 1, 0, 0.81, 0.9025]);
    for (let i = 0; i < v.length; i++) v[i] = v[i] ** 2;
  },
  cases: [
    { P: 4, lr_scale: 1, decay: 0.1 },
    { P: 1028, lr_scale: 0.5, decay: 0 },
  ],
});

/** A moving average of the parameters, which keeps step[9] of itself; nothing in a skipped step. */
export const average: Kernel = {
  name: 'average',
  inputs: { params: 'vec4f P', step: '12', state: '8' },
  updates: { ema: 'vec4f P' },
  multiples: { P: 4 },
  grid: ({ P }) => linearGrid(P / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.P / 4u',
    `  if (state[3] > 0f) { return; }
  ema[i] = params[i] + step[9] * (ema[i] - params[i]);`,
  ),
  reference({ params, step, ema }, { P }) {
    for (let i = 0; i < P; i++) ema[i] = params[i] + step[9] * (ema[i] - params[i]);
  },
  fill({ step, state }) {
    step.set([0.01, 0.9, 0.95, 1e-8, 1, 0, 0, 0.95, 1, 0.99, 0, 0]);
    state.set([1, 0.7, 0, 0, 1, 0, 0.81, 0.9025]);
  },
  cases: [{ P: 4 }, { P: 1028 }],
};

/** The parameters and their average change places, to the bit. */
export const swapAverage: Kernel = {
  name: 'swap_average',
  inputs: {},
  updates: { params: 'vec4f P', ema: 'vec4f P' },
  multiples: { P: 4 },
  grid: ({ P }) => linearGrid(P / 4, WORKGROUP),
  wgsl: linearMain(WORKGROUP, 'dims.P / 4u', '  let kept = params[i];\n  params[i] = ema[i];\n  ema[i] = kept;'),
  reference({ params, ema }) {
    const kept = params.slice();
    params.set(ema);
    ema.set(kept);
  },
  cases: [{ P: 4 }, { P: 1028 }],
};
