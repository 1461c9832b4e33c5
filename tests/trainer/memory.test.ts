/** What training needs is known before it is allocated, to the byte. */
import { expect, it } from 'vitest';
import { openGpu } from '../../trainer/adapter.ts';
import { memoryNeed } from '../../trainer/memory.ts';
import { modelConfig, PRESETS } from '../../trainer/model.ts';
import { GRAMMAR_OPTIMIZER } from '../../trainer/proofs/training.ts';
import { Trainer, type TrainerOptions } from '../../trainer/trainer.ts';

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
