/** What training needs is known before it is allocated, to the byte. */
import { expect, it } from 'vitest';
import { openGpu } from '../../trainer/gpu/adapter.ts';
import { modelConfig, PRESETS } from '../../trainer/model/config.ts';
import { Trainer, type TrainerOptions } from '../../trainer/model/trainer.ts';
import { GRAMMAR_OPTIMIZER } from '../../trainer/proofs/training.ts';
import { memoryNeed } from '../../trainer/run/memory.ts';
import { modelOf, recipeOf } from '../../trainer/run/recipe.ts';
import type { RecipeOptions } from '../../trainer/run/recipe-options.ts';

it('predicts what is allocated; recomputation needs less', async () => {
  const gpu = await openGpu();
  const config = modelConfig({ vocabSize: 500, depth: 3, width: 64, context: 32 });
  const needs: number[] = [];
  for (const recompute of [false, true]) {
    const options: TrainerOptions = { rows: 4, optimizer: GRAMMAR_OPTIMIZER, recompute };
    const need = memoryNeed(gpu.facts, config, options);
    const trainer = new Trainer(gpu, config, options);
    expect(need.bytes).toBe(gpu.liveBytes);
    expect(need.modelBytes + need.batchBytes).toBe(need.bytes);
    trainer.release();
    expect([gpu.liveBytes, gpu.liveBuffers]).toEqual([0, 0]);
    needs.push(need.bytes);
  }
  expect(needs[1]).toBeLessThan(needs[0]);
  const options: TrainerOptions = { rows: 64, optimizer: GRAMMAR_OPTIMIZER };
  const small = { ...gpu.facts, limits: { maxBufferSize: 2 ** 27, maxStorageBufferBindingSize: 2 ** 27 } };
  expect(() => memoryNeed(small, modelConfig(PRESETS['350M']), options)).toThrow(
    expect.objectContaining({ code: 'OUT_OF_MEMORY', exitStatus: 2 }),
  );
  gpu.destroy();
});

it('keeps within the memory that was asked for, or says what one row needs', async () => {
  const { facts } = await openGpu();
  const options: RecipeOptions = { ...{ depth: 2, width: 64, context: 64, batch: 8, steps: 10, learningRate: 0 } };
  const all = recipeOf(options, 500, facts);
  const less = recipeOf({ ...options, memoryGb: all.memory.bytes / 2e9 }, 500, facts);
  expect(less.memory.bytes).toBeLessThanOrEqual(all.memory.bytes / 2);
  expect(less.accumulate * less.trainer.rows).toBe(8);
  expect(() => recipeOf({ ...options, memoryGb: 0.001 }, 500, facts)).toThrow(
    expect.objectContaining({ code: 'OUT_OF_MEMORY', message: expect.stringMatching(/one row of 64 tokens: /) }),
  );
});

it('takes a preset as it is, and what is said beside it instead', () => {
  const options: RecipeOptions = {
    ...{ preset: '10M', depth: 0, width: 0, context: 0, batch: 0, steps: 1, learningRate: 0 },
  };
  expect(modelOf(options, 500)).toMatchObject({ layers: 8, width: 256, context: 512 });
  expect(modelOf({ ...options, depth: 3, context: 64 }, 500)).toMatchObject({ layers: 3, width: 256, context: 64 });
});
