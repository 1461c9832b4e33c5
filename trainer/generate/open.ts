/** A model that writes, on an adapter: a checkpoint of ours, a folder of transformers, a GGUF file. */
import type { Tokenizer } from '../../tokenizer/load.ts';
import { openGpu } from '../gpu/adapter.ts';
import type { AdapterChoice } from '../gpu/choice.ts';
import { Arena } from '../model/arena.ts';
import { loadWeights, openWeights } from '../record/weights.ts';
import { Sampler } from './sample.ts';

/** Tokens that are kept in memory, at most: others' models say that they see far more. */
const MOST_CONTEXT = 2048;

export interface OpenSampler {
  readonly tokenizer: Tokenizer;
  readonly sampler: Sampler;
  /** Tokens that it sees. */
  readonly context: number;
  /** Newer checkpoints that were passed over, and why. */
  readonly damaged: readonly string[];
  release(): void;
}

/** @throws ToolkitError those of openWeights, loadWeights, openGpu */
export async function openSampler(dir: string, adapter: AdapterChoice): Promise<OpenSampler> {
  const weights = openWeights(dir);
  const tokenizer = await weights.tokenizer();
  const config = { ...weights.config, context: Math.min(weights.config.context, MOST_CONTEXT) };
  const gpu = await openGpu(adapter);
  const arena = new Arena(gpu, config, { parts: ['params'] });
  loadWeights(weights, arena);
  const sampler = await Sampler.create(gpu, config, arena);
  return {
    ...{ tokenizer, sampler, context: config.context, damaged: weights.damaged },
    release() {
      sampler.release();
      arena.release();
      gpu.destroy();
    },
  };
}
