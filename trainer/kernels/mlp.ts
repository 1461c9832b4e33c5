/**
 * The MLP's activation.
 *   swiglu (Shazeer 2020): gate_up [N, 2F] holds gate and up side by side; out = silu(gate) · up, silu(z) = z · σ(z)
 *     dup = dout · silu(gate);  dgate = dout · up · σ(gate) · (1 + gate · (1 − σ(gate)))
 *   relu2 (So et al. 2021): out = max(0, x)²;  dx = dout · 2 · max(0, x)
 * Work split: one invocation per four elements.
 */
import { type Kernel, type Storage, vec4Of } from '../gpu/kernel.ts';
import { linearGrid, linearMain } from './snippets.ts';

const WORKGROUP = 64;
const SHARED = {
  multiples: { F: 4 },
  grid: ({ N, F }: { [dim: string]: number }) => linearGrid((N * F) / 4, WORKGROUP),
  cases: [
    { N: 1, F: 4 },
    { N: 13, F: 20 },
    { N: 70, F: 176 },
  ],
};
const main = (body: string): string => linearMain(WORKGROUP, 'dims.N * dims.F / 4u', body);
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

export interface Activation {
  readonly forward: Kernel;
  readonly backward: Kernel;
}

export function swiglu(storage: Storage): Activation {
  const V = vec4Of(storage);
  // Element i of [N, F] is element `at` and `at + width` of [N, 2F].
  const locate = `  let width = dims.F / 4u;
  let at = i / width * 2u * width + i % width;
  let z = vec4f(gate_up[at]);`;
  const forward: Kernel = {
    ...SHARED,
    name: `swiglu_forward_${storage}`,
    inputs: { gate_up: `${V} N F+F` },
    outputs: { out: `${V} N F` },
    wgsl: main(`${locate}
  out[i] = ${V}(z / (1f + exp(-z)) * vec4f(gate_up[at + width]));`),
    reference({ gate_up, out }, { N, F }) {
      for (let i = 0; i < N * F; i++) {
        const at = Math.floor(i / F) * 2 * F + (i % F);
        out[i] = gate_up[at] * sigmoid(gate_up[at]) * gate_up[at + F];
      }
    },
  };
  const backward: Kernel = {
    ...SHARED,
    name: `swiglu_backward_${storage}`,
    backwardOf: forward.name,
    inputs: { dout: `${V} N F`, gate_up: `${V} N F+F` },
    outputs: { dgate_up: `${V} N F+F` },
    wgsl: main(`${locate}
  let s = 1f / (1f + exp(-z));
  let gradient = vec4f(dout[i]);
  dgate_up[at] = ${V}(gradient * vec4f(gate_up[at + width]) * s * (1f + z * (1f - s)));
  dgate_up[at + width] = ${V}(gradient * z * s);`),
    reference({ dout, gate_up, dgate_up }, { N, F }) {
      for (let i = 0; i < N * F; i++) {
        const at = Math.floor(i / F) * 2 * F + (i % F);
        const [z, up] = [gate_up[at], gate_up[at + F]];
        const s = sigmoid(z);
        dgate_up[at] = dout[i] * up * s * (1 + z * (1 - s));
        dgate_up[at + F] = dout[i] * z * s;
      }
    },
  };
  return { forward, backward };
}

export function relu2(storage: Storage): Activation {
  const V = vec4Of(storage);
  const forward: Kernel = {
    ...SHARED,
    name: `relu2_forward_${storage}`,
    inputs: { x: `${V} N F` },
    outputs: { out: `${V} N F` },
    wgsl: main(`  let z = max(vec4f(x[i]), vec4f());\n  out[i] = ${V}(z * z);`),
    reference({ x, out }) {
      for (let i = 0; i < out.length; i++) out[i] = Math.max(0, x[i]) ** 2;
    },
  };
  const backward: Kernel = {
    ...SHARED,
    name: `relu2_backward_${storage}`,
    backwardOf: forward.name,
    inputs: { dout: `${V} N F`, x: `${V} N F` },
    outputs: { dx: `${V} N F` },
    wgsl: main(`  dx[i] = ${V}(vec4f(dout[i]) * 2f * max(vec4f(x[i]), vec4f()));`),
    reference({ dout, x, dx }) {
      for (let i = 0; i < dx.length; i++) dx[i] = dout[i] * 2 * Math.max(0, x[i]);
    },
  };
  return { forward, backward };
}
