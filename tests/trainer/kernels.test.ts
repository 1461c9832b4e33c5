/**
 * One generic test for every kernel in every variant: the WGSL against its CPU reference on a real adapter, and every
 * backward reference against central finite differences of the forward reference (trainer/proofs/kernels.ts).
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { nullDevice } from '../../trainer/gpu/adapter.ts';
import type { Gpu } from '../../trainer/gpu/device.ts';
import { fromHalf, toHalf } from '../../trainer/gpu/half.ts';
import type { Storage } from '../../trainer/gpu/kernel.ts';
import { shaderFault } from '../../trainer/gpu/program.ts';
import { gpuKernels } from '../../trainer/kernels/candidates.ts';
import { allKernels } from '../../trainer/kernels/index.ts';
import {
  GRADIENT_TOLERANCE,
  gradientError,
  missingFeatures,
  operationsOf,
  toleranceOf,
  wgslError,
} from '../../trainer/proofs/kernels.ts';
import { sharedGpu } from './device.ts';

const STORAGES: readonly Storage[] = ['f32', 'f16'];
const kernels = new Map(STORAGES.flatMap(allKernels).map((kernel) => [kernel.name, kernel]));

/**
 * Barriers between many registers take the embedded driver up to ten seconds to compile: staged attention, heads of 128,
 * decoding with heads over 16 but the one size that its own models have; and tiled products, of which one layout runs.
 */
const SLOW = /^attention_(.*_lanes_16x2x1|.*_128_.*|decode_(128x\d+|(64|32)x32))$|^matmul_(?!nt_write).*_tiles_/;

describe('WGSL against the CPU reference', () => {
  let gpu: Gpu;
  beforeAll(async () => {
    gpu = await sharedGpu();
  });

  for (const kernel of kernels.values()) {
    it(kernel.name, async ({ skip }) => {
      const missing = missingFeatures(gpu, kernel);
      skip(missing.length > 0, `compiled, not run: ${gpu.facts.name} lacks ${missing.join(', ')}`);
      const isSlow = gpu.facts.kind === 'embedded' && SLOW.test(kernel.name) && !process.env.VUA_LONG;
      skip(isSlow, 'set VUA_LONG, or run `vua check`: long to compile on the embedded driver');
      const { error, at } = await wgslError(gpu, kernel);
      expect(error, at).toBeLessThan(toleranceOf(kernel));
    });
  }
});

it('every variant compiles on a device without a driver: f16, and the matrix sizes of GPUs that are not here', async () => {
  const device = await nullDevice();
  const faults: string[] = [];
  for (const kernel of [...kernels.values(), ...STORAGES.flatMap((storage) => gpuKernels(storage))]) {
    const fault = await shaderFault(device, kernel);
    if (fault) faults.push(fault);
  }
  device.destroy();
  expect(faults).toEqual([]);
});

describe('backward references against finite differences of the forward', () => {
  it.each([...operationsOf(allKernels('f32'))].map(([forward, backwards]) => ({ forward, backwards })))(
    '$forward.name',
    ({ forward, backwards }) => {
      const { error, at } = gradientError(forward, backwards);
      expect(error, at).toBeLessThan(GRADIENT_TOLERANCE);
    },
  );
});

it('half precision rounds to the nearest, ties to even, and back', () => {
  const cases = [
    [0, 0],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519, 0x7bff],
    [65520, 0x7c00],
    [1e9, 0x7c00],
    [2 ** -24, 1],
    [2 ** -25, 0],
    [2 ** -25 * 1.0001, 1],
    [2 ** -14, 0x0400],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
  ] as const;
  for (const [value, bits] of cases) expect(toHalf([value])[0], String(value)).toBe(bits);
  expect(fromHalf(toHalf([Number.NaN]))[0]).toBeNaN();
  const all = Uint16Array.from({ length: 0x7c01 }, (_, i) => i);
  expect(toHalf(fromHalf(all))).toEqual(all);
});
