/** A kernel against its f64 reference on the adapter at hand: for tests, and for `vua bench` on a machine without them. */
import type { Gpu } from '../device.ts';
import { fromHalf, toHalf } from '../half.ts';
import { seededRandom } from '../random.ts';
import { type Buffers, bindingsOf, type Dims, elementsOf, featuresOf, isHalf, type Kernel } from './kernel.ts';
import { runKernel } from './run.ts';

/** Buffers filled with seeded normal-ish values; what `fill` sets (tokens, positions) fits together. */
export function makeBuffers(kernel: Kernel, dims: Dims, seed: number): Buffers {
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

export function runReference(kernel: Kernel, dims: Dims, buffers: Buffers): void {
  kernel.reference(buffers as Record<string, Float64Array>, dims, buffers as Record<string, Uint32Array>);
}

/** Features that the kernel needs and the device lacks. */
export const missingFeatures = (gpu: Gpu, kernel: Kernel): string[] =>
  featuresOf(kernel).filter((feature) => !gpu.device.features.has(feature as GPUFeatureName));

/** Largest error that passes: f16 rounds to 11 bits wherever it stands, as storage or as an operand. */
export const toleranceOf = (kernel: Kernel): number => (featuresOf(kernel).includes('shader-f16') ? 2e-3 : 2e-5);

export interface KernelError {
  readonly buffer: string;
  readonly dims: Dims;
  /** Largest error over the largest value expected there; NaN where the result holds one. */
  readonly error: number;
}

/** Runs every case: the worst error of each output. */
export async function checkKernel(gpu: Gpu, kernel: Kernel): Promise<KernelError[]> {
  const errors: KernelError[] = [];
  for (const [seed, dims] of kernel.cases.entries()) {
    const buffers = makeBuffers(kernel, dims, seed + 1);
    const found = await runKernel(gpu, kernel, dims, buffers);
    runReference(kernel, dims, buffers);
    for (const { name, access } of bindingsOf(kernel)) {
      if (access === 'read') continue;
      const expected = buffers[name];
      let [scale, worst] = [1, 0];
      for (const value of expected) scale = Math.max(scale, Math.abs(value));
      for (let i = 0; i < expected.length; i++) {
        worst = Math.max(worst, Math.abs(found[name][i] - expected[i]) / scale); // NaN stays NaN
      }
      errors.push({ buffer: name, dims, error: worst });
    }
  }
  return errors;
}
