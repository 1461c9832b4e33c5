/** Proof of predicted memory: what the presets are said to need beside what a trainer of that size allocates. */
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import type { Gpu } from '../gpu/device.ts';
import { modelConfig, PRESETS, type PresetName } from '../model/config.ts';
import { Trainer } from '../model/trainer.ts';
import { memoryNeed } from '../run/memory.ts';
import { GRAMMAR_OPTIMIZER } from './training.ts';

/** Rows of every preset's context. */
const ROWS = 4;
/** Larger models are predicted only. */
const ALLOCATED_UP_TO = 1e9;

export interface PresetMemory {
  readonly preset: PresetName;
  /** Bytes. */
  readonly predicted: number;
  /** Bytes; `undefined` where the model was too large to allocate here. */
  readonly allocated: number | undefined;
}

export function presetMemory(gpu: Gpu): PresetMemory[] {
  const found: PresetMemory[] = [];
  for (const preset of Object.keys(PRESETS) as PresetName[]) {
    const options = { rows: ROWS, optimizer: GRAMMAR_OPTIMIZER };
    const config = modelConfig(PRESETS[preset]);
    try {
      const { bytes: predicted } = memoryNeed(gpu.facts, config, options);
      if (predicted > ALLOCATED_UP_TO) {
        found.push({ preset, predicted, allocated: undefined });
        continue;
      }
      const before = gpu.liveBytes;
      const trainer = new Trainer(gpu, config, options);
      found.push({ preset, predicted, allocated: gpu.liveBytes - before });
      trainer.release();
    } catch (error) {
      if (!(error instanceof ToolkitError && error.code === 'OUT_OF_MEMORY')) throw error;
    }
  }
  return found;
}
