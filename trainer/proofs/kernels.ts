/**
 * Two proofs of a kernel: its WGSL against its CPU reference on a real adapter, and a backward reference against central
 * finite differences of its forward reference. Tests and `vua check` run them over all kernels.
 */

import { seededRandom } from '../../shards/checksum.ts';
import type { Gpu } from '../gpu/device.ts';
import { fromHalf, toHalf } from '../gpu/half.ts';
import { type Buffers, bindingsOf, type Dims, elementsOf, featuresOf, isHalf, type Kernel } from '../gpu/kernel.ts';
import { runKernel } from '../gpu/run-kernel.ts';

/**
 * Largest error of any output, over the largest value expected there, that passes: f16 rounds to 11 bits wherever it
 * stands, as storage or as an operand.
 */
export const toleranceOf = (kernel: Kernel): number => (featuresOf(kernel).includes('shader-f16') ? 2e-3 : 2e-5);
/** Largest difference between a derivative and its finite difference, for values around 1. */
export const GRADIENT_TOLERANCE = 5e-5;

/** Buffers of seeded values around 0; what `fill` sets (tokens, positions) fits together. */
function makeBuffers(kernel: Kernel, dims: Dims, seed: number): Buffers {
  const random = seededRandom(seed);
  const buffers: Buffers = {};
  for (const binding of bindingsOf(kernel)) {
    const count = elementsOf(binding, dims);
    buffers[binding.name] =
      binding.type === 'u32'
        ? new Uint32Array(count)
        : Float64Array.from({ length: count }, () => Math.fround((random() + random() + random()) * 2 - 3));
  }
  kernel.fill?.(buffers, dims, random);
  // What lies in f16 must be an f16 for the reference too.
  for (const { name, type } of bindingsOf(kernel)) {
    if (isHalf(type)) (buffers[name] as Float64Array).set(fromHalf(toHalf(buffers[name])));
  }
  return buffers;
}

function runReference(kernel: Kernel, dims: Dims, buffers: Buffers): void {
  kernel.reference(buffers as Record<string, Float64Array>, dims, buffers as Record<string, Uint32Array>);
}

/** Features of `kernel` that the device lacks, its size of subgroups among them: it cannot run there. */
export function missingFeatures({ device, facts }: Gpu, kernel: Kernel): string[] {
  const { subgroupMaxSize: own } = facts;
  const { subgroupSize = own, isRightOnSmaller = false } = kernel;
  const fits = subgroupSize === own || (isRightOnSmaller && subgroupSize % own === 0);
  return [
    ...featuresOf(kernel).filter((feature) => !device.features.has(feature as GPUFeatureName)),
    ...(fits ? [] : [`subgroups of ${subgroupSize}`]),
  ];
}

export interface KernelError {
  /** Largest relative error; NaN when a value was. */
  readonly error: number;
  /** Where: buffer and dimensions. */
  readonly at: string;
}

/** The worst of all outputs over all cases of a kernel. */
export async function wgslError(gpu: Gpu, kernel: Kernel): Promise<KernelError> {
  let worst: KernelError = { error: 0, at: '' };
  for (const [seed, dims] of kernel.cases.entries()) {
    const buffers = makeBuffers(kernel, dims, seed + 1);
    const found = await runKernel(gpu, kernel, dims, buffers);
    runReference(kernel, dims, buffers);
    for (const { name, access } of bindingsOf(kernel)) {
      if (access === 'read') continue;
      const expected = buffers[name];
      let scale = 1;
      for (const value of expected) scale = Math.max(scale, Math.abs(value));
      let error = 0;
      for (let i = 0; i < expected.length; i++) error = Math.max(error, Math.abs(found[name][i] - expected[i]) / scale);
      const at = `${name} at ${JSON.stringify(dims)}`;
      if (Number.isNaN(error)) return { error, at };
      if (error > worst.error) worst = { error, at };
    }
  }
  return worst;
}

/** Forward kernels that have backward kernels, with those. A kernel that adds to a gradient is one that writes it, once more. */
export function operationsOf(kernels: readonly Kernel[]): Map<Kernel, Kernel[]> {
  const operations = new Map<Kernel, Kernel[]>();
  for (const kernel of kernels) {
    if (kernel.backwardOf === undefined || kernel.name.includes('accumulate')) continue;
    const forward = kernels.find(({ name }) => name === kernel.backwardOf)!;
    operations.set(forward, [...(operations.get(forward) ?? []), kernel]);
  }
  return operations;
}

const PROBES = 24;
const STEP = 1e-4;

/** The largest difference over PROBES seeded elements of each gradient. @throws Error when no gradient is connected. */
export function gradientError(forward: Kernel, backwards: readonly Kernel[]): KernelError {
  const dims = { ...Object.assign({}, ...backwards.map(({ cases }) => cases[1] ?? cases[0])), ...forward.cases[1] };
  const buffers: Buffers = {};
  for (const kernel of [...backwards, forward]) Object.assign(buffers, makeBuffers(kernel, dims, 3));
  // Tokens, order and starts must come from one fill.
  for (const kernel of backwards) kernel.fill?.(buffers, dims, seededRandom(4));
  runReference(forward, dims, buffers);
  const outputs = Object.keys(forward.outputs!).filter((name) => backwards.some(({ inputs }) => `d${name}` in inputs));
  for (const { updates = {} } of backwards) {
    for (const name of Object.keys(updates)) (buffers[name] as Float64Array).fill(0);
  }
  for (const kernel of backwards) runReference(kernel, dims, buffers);
  const gradients = backwards.flatMap(({ outputs = {}, updates = {} }) => Object.keys({ ...outputs, ...updates }));
  const inputs = Object.keys(forward.inputs).filter((name) => gradients.includes(`d${name}`));
  if (outputs.length === 0 || inputs.length === 0) throw new Error(`${forward.name}: no gradient is connected by name`);

  /** Σ dout · out: its derivative by x is what the backward pass calls dx. */
  const loss = (): number => {
    runReference(forward, dims, buffers);
    let sum = 0;
    for (const name of outputs) {
      for (const [i, value] of buffers[name].entries()) sum += value * buffers[`d${name}`][i];
    }
    return sum;
  };
  let worst: KernelError = { error: 0, at: '' };
  for (const name of inputs) {
    const x = buffers[name] as Float64Array;
    const dx = Float64Array.from(buffers[`d${name}`] as Float64Array);
    const random = seededRandom(5);
    for (let probe = 0; probe < PROBES; probe++) {
      const i = Math.floor(random() * x.length);
      const kept = x[i];
      x[i] = kept + STEP;
      const above = loss();
      x[i] = kept - STEP;
      const below = loss();
      x[i] = kept;
      const error = Math.abs(dx[i] - (above - below) / (2 * STEP));
      if (Number.isNaN(error)) return { error, at: `d${name}[${i}]` };
      if (error > worst.error) worst = { error, at: `d${name}[${i}]` };
    }
  }
  return worst;
}
