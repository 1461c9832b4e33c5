/**
 * The MLP's activation (Shazeer 2020): out = silu(gate) · up, silu(z) = z · σ(z).
 * Backward: dup = dout · silu(gate); dgate = dout · up · σ(gate) · (1 + gate · (1 − σ(gate))).
 * Work split: one invocation per four elements.
 */
import type { Kernel } from './kernel.ts';
import { linearGrid, linearMain } from './snippets.ts';

const WORKGROUP = 64;
const CASES = [
  { N: 1, F: 4 },
  { N: 13, F: 20 },
  { N: 70, F: 176 },
];
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

export const swigluForward: Kernel = {
  name: 'swiglu_forward',
  inputs: { gate: 'vec4f N F', up: 'vec4f N F' },
  outputs: { out: 'vec4f N F' },
  multiples: { F: 4 },
  grid: ({ N, F }) => linearGrid((N * F) / 4, WORKGROUP),
  wgsl: linearMain(WORKGROUP, 'dims.N * dims.F / 4u', '  let z = gate[i];\n  out[i] = z / (1f + exp(-z)) * up[i];'),
  reference({ gate, up, out }) {
    for (let i = 0; i < out.length; i++) out[i] = gate[i] * sigmoid(gate[i]) * up[i];
  },
  cases: CASES,
};

export const swigluBackward: Kernel = {
  name: 'swiglu_backward',
  backwardOf: 'swiglu_forward',
  inputs: { dout: 'vec4f N F', gate: 'vec4f N F', up: 'vec4f N F' },
  outputs: { dgate: 'vec4f N F', dup: 'vec4f N F' },
  multiples: { F: 4 },
  grid: ({ N, F }) => linearGrid((N * F) / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.N * dims.F / 4u',
    `  let z = gate[i];
  let s = 1f / (1f + exp(-z));
  dup[i] = dout[i] * z * s;
  dgate[i] = dout[i] * up[i] * s * (1f + z * (1f - s));`,
  ),
  reference({ dout, gate, up, dgate, dup }) {
    for (let i = 0; i < dout.length; i++) {
      const s = sigmoid(gate[i]);
      dup[i] = dout[i] * gate[i] * s;
      dgate[i] = dout[i] * up[i] * s * (1 + gate[i] * (1 - s));
    }
  },
  cases: CASES,
};
