/**
 * What training needs in GPU memory, before anything is allocated: the trainer is built on a device that only counts, so
 * the figure is the sum of the very buffers that a run makes.
 */
import { type AdapterFacts, Gpu } from '../gpu/device.ts';
import type { ModelConfig } from '../model/config.ts';
import { Trainer, type TrainerOptions } from '../model/trainer.ts';

export interface MemoryNeed {
  /** All buffers, without the few kB of uniforms that compiling adds. */
  readonly bytes: number;
  /** Parameters, their copy in half precision, gradients and moments. */
  readonly modelBytes: number;
  /** Activations, logits and scratch: grows with the rows of a micro-batch. */
  readonly batchBytes: number;
}

/** @throws ToolkitError OUT_OF_MEMORY when one buffer is larger than the adapter allows, naming it. */
export function memoryNeed(facts: AdapterFacts, config: ModelConfig, options: TrainerOptions): MemoryNeed {
  const gpu = Gpu.dry(facts);
  const trainer = new Trainer(gpu, config, options);
  const modelBytes = trainer.arena.bytes;
  return { bytes: gpu.liveBytes, modelBytes, batchBytes: gpu.liveBytes - modelBytes };
}
