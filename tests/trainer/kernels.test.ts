/**
 * One generic test for every kernel in every variant: the WGSL against its CPU reference on a real adapter, and every
 * backward reference against central finite differences of the forward reference.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nullDevice, openGpu } from '../../trainer/adapter.ts';
import type { Gpu } from '../../trainer/device.ts';
import { fromHalf, toHalf } from '../../trainer/half.ts';
import { allKernels } from '../../trainer/kernels/index.ts';
import {
  bindingsOf,
  type Dims,
  elementsOf,
  featuresOf,
  isHalf,
  type Kernel,
  type Storage,
} from '../../trainer/kernels/kernel.ts';
import { runKernel } from '../../trainer/kernels/run.ts';
import { compileKernel } from '../../trainer/program.ts';
import { seededRandom } from '../../trainer/random.ts';

const STORAGES: readonly Storage[] = ['f32', 'f16'];
const kernels = allKernels('f32');

/** Buffers filled with seeded normal-ish values; what `fill` sets (tokens, positions) fits together. */
function makeBuffers(kernel: Kernel, dims: Dims, seed: number) {
  const random = seededRandom(seed);
  const buffers: Record<string, Float64Array | Uint32Array> = {};
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

function runReference(kernel: Kernel, dims: Dims, buffers: Record<string, Float64Array | Uint32Array>): void {
  kernel.reference(buffers as Record<string, Float64Array>, dims, buffers as Record<string, Uint32Array>);
}

/** Largest error of any output, over the largest value expected there. f16 rounds to 11 bits on the way out. */
const TOLERANCE: Readonly<Record<Storage, number>> = { f32: 2e-5, f16: 1e-3 };

describe('WGSL against the CPU reference', () => {
  let gpu: Gpu;
  beforeAll(async () => {
    gpu = await openGpu();
  });
  afterAll(() => gpu.destroy());

  const cases = STORAGES.flatMap((storage) =>
    allKernels(storage).map((kernel) => [kernel.name, storage, kernel] as const),
  );
  const unique = [...new Map(cases.map((one) => [one[0], one])).values()];
  it.each(unique)('%s', async (_name, storage, kernel) => {
    const missing = featuresOf(kernel).filter((feature) => !gpu.device.features.has(feature as GPUFeatureName));
    if (missing.length > 0) {
      if (!said.has(missing.join()))
        console.info(`kernels that need ${missing.join(', ')}: not run, ${gpu.facts.name} lacks it`);
      said.add(missing.join());
      return;
    }
    for (const [seed, dims] of kernel.cases.entries()) {
      const buffers = makeBuffers(kernel, dims, seed + 1);
      const found = await runKernel(gpu, kernel, dims, buffers);
      runReference(kernel, dims, buffers);
      for (const { name, access } of bindingsOf(kernel)) {
        if (access === 'read') continue;
        const expected = buffers[name];
        let scale = 1;
        for (const value of expected) scale = Math.max(scale, Math.abs(value));
        let worst = 0;
        for (let i = 0; i < expected.length; i++) {
          const error = Math.abs(found[name][i] - expected[i]) / scale;
          worst = Math.max(worst, error); // NaN stays NaN and fails
        }
        expect(worst, `${kernel.name} ${name} at ${JSON.stringify(dims)}`).toBeLessThan(TOLERANCE[storage]);
      }
    }
  });
  const said = new Set<string>();
});

describe('every variant compiles', () => {
  it('on a device without a driver, f16 included', async () => {
    const device = await nullDevice();
    const failures: string[] = [];
    for (const storage of STORAGES) {
      for (const kernel of allKernels(storage)) {
        await compileKernel(device, kernel).catch((error: Error) => failures.push(error.message));
      }
    }
    device.destroy();
    expect(failures).toEqual([]);
  });
});

describe('backward references against finite differences of the forward', () => {
  const operations = new Map(
    kernels
      .filter(({ backwardOf }) => backwardOf)
      .map(({ backwardOf }) => [
        backwardOf!,
        kernels.filter((kernel) => kernel.backwardOf === backwardOf && !kernel.name.includes('accumulate')),
      ]),
  );
  it.each([...operations])('%s', (forwardName, backwards) => {
    const forward = kernels.find(({ name }) => name === forwardName)!;
    const dims = { ...Object.assign({}, ...backwards.map(({ cases }) => cases[1] ?? cases[0])), ...forward.cases[1] };
    const buffers: Record<string, Float64Array | Uint32Array> = {};
    for (const kernel of [...backwards, forward]) Object.assign(buffers, makeBuffers(kernel, dims, 3));
    // Tokens, order and starts must come from one fill.
    for (const kernel of backwards) kernel.fill?.(buffers, dims, seededRandom(4));
    runReference(forward, dims, buffers);
    const outputs = Object.keys(forward.outputs!).filter((name) =>
      backwards.some(({ inputs }) => `d${name}` in inputs),
    );
    expect(outputs.length).toBeGreaterThan(0);
    for (const { updates = {} } of backwards)
      for (const name of Object.keys(updates)) (buffers[name] as Float64Array).fill(0);
    for (const kernel of backwards) runReference(kernel, dims, buffers);

    /** Σ dout · out: its derivative by x is what the backward pass calls dx. */
    const loss = (): number => {
      runReference(forward, dims, buffers);
      return outputs.reduce((sum, name) => {
        const gradient = buffers[`d${name}`];
        for (const [i, value] of buffers[name].entries()) sum += value * gradient[i];
        return sum;
      }, 0);
    };
    const gradients = backwards.flatMap(({ outputs = {}, updates = {} }) => Object.keys({ ...outputs, ...updates }));
    const inputs = Object.keys(forward.inputs).filter((name) => gradients.includes(`d${name}`));
    expect(inputs.length).toBeGreaterThan(0);
    for (const name of inputs) {
      const x = buffers[name] as Float64Array;
      const dx = Float64Array.from(buffers[`d${name}`] as Float64Array);
      const random = seededRandom(5);
      for (let probe = 0; probe < 24; probe++) {
        const i = Math.floor(random() * x.length);
        const kept = x[i];
        const h = 1e-4;
        x[i] = kept + h;
        const above = loss();
        x[i] = kept - h;
        const below = loss();
        x[i] = kept;
        const numeric = (above - below) / (2 * h);
        expect(dx[i], `${forwardName} d${name}[${i}]`).toBeCloseTo(numeric, 4);
      }
    }
  });
});
