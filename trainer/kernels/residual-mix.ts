/**
 * Per-layer residual scalars (an experimental switch; Chen 2024 in nanoGPT speedruns): a layer starts from
 *   out = mix[0] · x + mix[1] · x0         x0: the embedded tokens, [N, C]
 * Backward: dx = mix[0] · dout;  dx0 += mix[1] · dout;  dmix = [Σ dout·x, Σ dout·x0], summed in slices, then in order.
 */
import type { Kernel, Storage } from '../gpu/kernel.ts';
import { linearGrid, linearMain, rowGrid, rowMain, SUM4 } from './snippets.ts';

const WORKGROUP = 64;
/** Slices of the sums for dmix. */
export const MIX_PARTS = 256;
const CASES = [
  { N: 1, C: 4 },
  { N: 37, C: 20 },
];
const SHARED = { multiples: { C: 4 }, cases: CASES };

export const residualMixForward: Kernel = {
  ...SHARED,
  name: 'residual_mix_forward',
  inputs: { x: 'vec4f N C', x0: 'vec4f N C', mix: '4' },
  outputs: { out: 'vec4f N C' },
  grid: ({ N, C }) => linearGrid((N * C) / 4, WORKGROUP),
  wgsl: linearMain(WORKGROUP, 'dims.N * dims.C / 4u', '  out[i] = mix[0] * x[i] + mix[1] * x0[i];'),
  reference({ x, x0, mix, out }) {
    for (let i = 0; i < out.length; i++) out[i] = mix[0] * x[i] + mix[1] * x0[i];
  },
};

/** `mode` as for rmsnorm's dx: the first layer that comes back starts dx0. Under f16 storage dx is also written as half. */
export function residualMixBackward(mode: 'write' | 'accumulate', storage: Storage): Kernel {
  const dx0 = { dx0: 'vec4f N C' };
  const dx = { dx: 'vec4f N C', ...(storage === 'f16' && { dx_half: 'vec4h N C' }) };
  return {
    ...SHARED,
    name: `residual_mix_backward_${mode}_${storage}`,
    backwardOf: 'residual_mix_forward',
    inputs: { dout: 'vec4f N C', mix: '4' },
    ...(mode === 'write' ? { outputs: { ...dx, ...dx0 } } : { outputs: dx, updates: dx0 }),
    grid: residualMixForward.grid,
    wgsl: linearMain(
      WORKGROUP,
      'dims.N * dims.C / 4u',
      `  dx[i] = mix[0] * dout[i];
  dx0[i] ${mode === 'write' ? '=' : '+='} mix[1] * dout[i];
${storage === 'f16' ? '  dx_half[i] = vec4h(mix[0] * dout[i]);' : ''}`,
    ),
    reference({ dout, mix, dx, dx0, dx_half }) {
      for (let i = 0; i < dx.length; i++) {
        dx[i] = mix[0] * dout[i];
        dx0[i] = (mode === 'write' ? 0 : dx0[i]) + mix[1] * dout[i];
        if (dx_half) dx_half[i] = dx[i];
      }
    },
  };
}

export const residualMixBackwardPart = (lanes: number): Kernel => ({
  ...SHARED,
  name: `residual_mix_backward_part_${lanes}`,
  backwardOf: 'residual_mix_forward',
  inputs: { dout: 'vec4f N C', x: 'vec4f N C', x0: 'vec4f N C' },
  outputs: { partial: `2 ${MIX_PARTS}` },
  grid: () => rowGrid(MIX_PARTS, lanes),
  serial: ({ N, C }) => (N * C) / 4 / MIX_PARTS / lanes,
  wgsl: `${SUM4}
${rowMain(
  lanes,
  `${MIX_PARTS}u`,
  `  let count = dims.N * dims.C / 4u;
  let chunk = (count + ${MIX_PARTS - 1}u) / ${MIX_PARTS}u;
  var own = vec4f();
  var first = vec4f();
  for (var p = n * chunk + lane; p < min((n + 1u) * chunk, count); p += LANES) {
    own += dout[p] * x[p];
    first += dout[p] * x0[p];
  }
  let own_sum = sum_lanes(add_lanes(own), lane);
  let first_sum = sum_lanes(add_lanes(first), lane);
  if (lane == 0u) {
    partial[n] = own_sum;
    partial[${MIX_PARTS}u + n] = first_sum;
  }`,
)}`,
  reference({ dout, x, x0, partial }) {
    const chunk = 4 * Math.ceil(dout.length / 4 / MIX_PARTS);
    partial.fill(0);
    for (let p = 0; p < dout.length; p++) {
      partial[Math.floor(p / chunk)] += dout[p] * x[p];
      partial[MIX_PARTS + Math.floor(p / chunk)] += dout[p] * x0[p];
    }
  },
});

export const residualMixBackwardSum: Kernel = {
  name: 'residual_mix_backward_sum',
  backwardOf: 'residual_mix_forward',
  inputs: { partial: `2 ${MIX_PARTS}` },
  updates: { dmix: '4' },
  grid: () => [1],
  wgsl: rowMain(
    64,
    '1u',
    `  var own = 0f;
  var first = 0f;
  for (var p = lane; p < ${MIX_PARTS}u; p += LANES) { own += partial[p]; first += partial[${MIX_PARTS}u + p]; }
  own = sum_lanes(own, lane);
  first = sum_lanes(first, lane);
  if (lane == 0u) { dmix[0] += own; dmix[1] += first; }`,
  ),
  reference({ partial, dmix }) {
    for (let p = 0; p < MIX_PARTS; p++) {
      dmix[0] += partial[p];
      dmix[1] += partial[MIX_PARTS + p];
    }
  },
  cases: [{}],
};
