/** The whole model against PyTorch: the errors that trainer/proofs/golden.ts measures, held under their tolerances. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Gpu } from '../../trainer/gpu/device.ts';
import { chooseKernels } from '../../trainer/kernels/choice.ts';
import { parametersOf } from '../../trainer/model/config.ts';
import {
  GOLDEN_CONFIGS,
  GOLDEN_KINDS,
  GOLDEN_TOLERANCE,
  gradientErrors,
  logitsError,
  readGolden,
  stepErrors,
} from '../../trainer/proofs/golden.ts';
import { sharedGpu } from './device.ts';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await sharedGpu();
});

describe.each(GOLDEN_KINDS)('%s', (kind) => {
  const tensors = readGolden(kind);

  it('logits', async () => {
    const inits = [...tensors.keys()].filter((name) => name.startsWith('init.')).map((name) => name.slice(5));
    expect(new Set(parametersOf(GOLDEN_CONFIGS[kind]).map(({ name }) => name))).toEqual(new Set(inits));
    expect(await logitsError(gpu, kind, tensors)).toBeLessThan(GOLDEN_TOLERANCE.logits);
  });

  it.each([
    ['one micro-batch', {}],
    ['recomputed', { recompute: true }],
    ['one row at a time, accumulated', { rows: 1 }],
    [
      "summed as on GPUs, weights' gradients in slices",
      { kernels: { ...chooseKernels('embedded'), normLanes: 4, lossLanes: 4, workgroups: 12 } },
    ],
  ])('loss and every gradient, %s', async (_name, options) => {
    const { loss, gradient, at } = await gradientErrors(gpu, kind, tensors, options);
    expect(loss).toBeLessThan(GOLDEN_TOLERANCE.loss);
    expect(gradient, at).toBeLessThan(GOLDEN_TOLERANCE.gradients);
  });
});

it.each(['adamw', 'muon'] as const)('ten steps of %s', async (matrices) => {
  const { losses, moved, at } = await stepErrors(gpu, readGolden('qwen3'), matrices);
  expect(losses).toBeLessThan(GOLDEN_TOLERANCE.loss);
  expect(moved, at).toBeLessThan(GOLDEN_TOLERANCE.steps);
});
