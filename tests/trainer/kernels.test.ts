/**
 * One generic test for every kernel in every variant: the WGSL against its CPU reference on a real adapter, and every
 * backward reference against central finite differences of the forward reference.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nullDevice, openGpu } from '../../trainer/adapter.ts';
import type { Gpu } from '../../trainer/device.ts';
import { gpuKernels } from '../../trainer/kernels/candidates.ts';
import { checkKernel, makeBuffers, missingFeatures, runReference, toleranceOf } from '../../trainer/kernels/check.ts';
import { allKernels } from '../../trainer/kernels/index.ts';
import type { Buffers, Storage } from '../../trainer/kernels/kernel.ts';
import { shaderFault } from '../../trainer/program.ts';
import { seededRandom } from '../../trainer/random.ts';

const STORAGES: readonly Storage[] = ['f32', 'f16'];
const kernels = allKernels('f32');

describe('WGSL against the CPU reference', () => {
  let gpu: Gpu;
  beforeAll(async () => {
    gpu = await openGpu();
  });
  afterAll(() => gpu.destroy());

  const unique = new Map(STORAGES.flatMap(allKernels).map((kernel) => [kernel.name, kernel]));
  it.each([...unique])('%s', async (_name, kernel) => {
    const missing = missingFeatures(gpu, kernel).join(', ');
    if (missing) {
      if (!said.has(missing)) console.info(`kernels that need ${missing}: not run, ${gpu.facts.name} lacks it`);
      said.add(missing);
      return;
    }
    for (const { buffer, dims, error } of await checkKernel(gpu, kernel)) {
      expect(error, `${kernel.name} ${buffer} at ${JSON.stringify(dims)}`).toBeLessThan(toleranceOf(kernel));
    }
  });
  const said = new Set<string>();
});

describe('every variant compiles', () => {
  it('on a device without a driver: f16, and the matrix sizes of GPUs that are not here', async () => {
    const device = await nullDevice();
    const faults: string[] = [];
    for (const storage of STORAGES) {
      for (const kernel of [...allKernels(storage), ...gpuKernels(storage)]) {
        const fault = await shaderFault(device, kernel);
        if (fault) faults.push(fault);
      }
    }
    device.destroy();
    expect(faults).toEqual([]);
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
    const buffers: Buffers = {};
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
