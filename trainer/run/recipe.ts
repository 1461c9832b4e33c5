/**
 * What a run is made of, from a few options. One dial, depth, from which width, heads, context, batch and learning rate
 * follow; everything can be set apart.
 *
 *   rate    AdamW's peak 0.03 · √(64 / C), Muon's 0.7 of it: found at C = 64 on Vietnamese (LOG.md), scaled as usual
 *   batch   512 · depth² tokens a step: 2,048 at depth 2, 73,728 at depth 12
 *   rows    of a micro-batch: as many as the memory limit allows, the rest is accumulated
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import { formatBytes } from '../../crawlers/shell/reporter.ts';
import type { AdapterFacts } from '../gpu/device.ts';
import type { KernelChoice } from '../kernels/choice.ts';
import { MODEL_DEFAULTS, type ModelConfig, modelConfig, PRESETS } from '../model/config.ts';
import type { OptimizerOptions, TrainerOptions } from '../model/trainer.ts';
import { type MemoryNeed, memoryNeed } from './memory.ts';
import { DEFAULT_DEPTH, DEFAULT_MEMORY_GB, OPTIMIZER, type Precision, type RecipeOptions } from './recipe-options.ts';
import type { Schedule } from './schedule.ts';

export interface Recipe {
  readonly config: ModelConfig;
  readonly trainer: TrainerOptions;
  /** Micro-batches of a step. */
  readonly accumulate: number;
  readonly schedule: Schedule;
  readonly memory: MemoryNeed;
}

/** The model of a recipe; needs no adapter. */
export function modelOf(options: RecipeOptions, vocabSize: number): ModelConfig {
  const { preset, depth, width, context, untied = false } = options;
  const known = preset ? PRESETS[preset] : { depth: DEFAULT_DEPTH, width: 0, context: 0 };
  const size = { depth: depth || known.depth, width: width || known.width, context: context || known.context };
  const { architecture, activation, softcap, valueEmbeddings, residualScalars } = {
    ...MODEL_DEFAULTS,
    ...given(options),
  };
  const switches = { activation, softcap, valueEmbeddings, residualScalars };
  return modelConfig({ ...size, architecture, tied: !untied, ...switches, vocabSize });
}

const given = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;

/** Rows of a step, over all its micro-batches. */
export const batchOf = ({ batch }: RecipeOptions, { layers, context }: ModelConfig): number =>
  batch || Math.max(1, Math.round((512 * layers ** 2) / context));

export function scheduleOf(
  { steps, schedule: kind, warmup, learningRate }: RecipeOptions,
  config: ModelConfig,
): Schedule {
  const peak = learningRate || 0.03 * Math.sqrt(64 / config.width);
  return {
    kind: kind ?? 'wsd',
    steps,
    peak,
    warmupSteps: warmup || Math.min(20, steps / 10),
    decayShare: 0.5,
    floor: 0,
  };
}

export function optimizerOf(options: RecipeOptions): OptimizerOptions {
  const {
    optimizer: matrices = 'muon',
    weightDecay = OPTIMIZER.weightDecay,
    clip = OPTIMIZER.clip,
    zLoss = 0,
  } = options;
  return { ...OPTIMIZER, matrices, weightDecay, clip, zLoss };
}

/**
 * Model, micro-batches, schedule and memory of a run on an adapter.
 * `kernels`: measured variants (kernels/tuned.ts), where they are known.
 * @throws ToolkitError BAD_OPTION (exit 2) when precision, micro-batch or batch cannot be had; OUT_OF_MEMORY when not even
 * one row fits into the memory that was asked for.
 */
export function recipeOf(
  options: RecipeOptions,
  vocabSize: number,
  facts: AdapterFacts,
  kernels?: KernelChoice,
): Recipe {
  const config = modelOf(options, vocabSize);
  const batch = batchOf(options, config);
  const storage = storageOf(options.precision ?? 'auto', facts);
  const optimizer = optimizerOf(options);
  const limit = (options.memoryGb || DEFAULT_MEMORY_GB[facts.kind]) * 1e9;
  const needs = (rows: number): { rows: number; trainer: TrainerOptions; memory: MemoryNeed } => {
    const trainer: TrainerOptions = { rows, optimizer, storage, recompute: options.recompute, kernels };
    return { rows, trainer, memory: memoryNeed(facts, config, trainer) };
  };
  const chosen = options.microBatch ? needs(dividing(options.microBatch, batch)) : largestThatFits(batch, limit, needs);
  const { trainer, rows, memory } = chosen;
  if (options.memoryGb && memory.bytes > limit) {
    throw badInput(
      'OUT_OF_MEMORY',
      `--memory-gb ${options.memoryGb}: ${rows === 1 ? 'one row' : `${rows} rows`} of ${config.context} tokens: ${formatBytes(memory.bytes)}`,
      'choose a smaller model or --context, add --recompute, or allow more',
    );
  }
  return { config, trainer, accumulate: batch / rows, memory, schedule: scheduleOf(options, config) };
}

/** Mixed precision where the adapter has it and is no CPU, which only loses by it. */
function storageOf(precision: Precision, { kind, features, name }: AdapterFacts): 'f32' | 'f16' {
  const has = features.includes('shader-f16');
  if (precision === 'mixed' && !has) {
    throw badInput(
      'BAD_OPTION',
      `--precision mixed: ${name} lacks shader-f16`,
      'use --precision f32, or another adapter',
    );
  }
  return precision === 'mixed' || (precision === 'auto' && has && kind === 'gpu') ? 'f16' : 'f32';
}

function dividing(microBatch: number, batch: number): number {
  if (batch % microBatch === 0) return microBatch;
  throw badInput('BAD_OPTION', `--micro-batch ${microBatch}: expected a divisor of the ${batch} rows of a step`);
}

/** The largest divisor of `batch` whose need is within `limit`; else one row, whatever it needs. */
function largestThatFits<Need extends { memory: MemoryNeed }>(
  batch: number,
  limit: number,
  needs: (rows: number) => Need,
): Need {
  for (let parts = 1; parts < batch; parts++) {
    if (batch % parts !== 0) continue;
    try {
      const need = needs(batch / parts);
      if (need.memory.bytes <= limit) return need;
    } catch {} // one of its buffers is larger than the adapter allows
  }
  return needs(1);
}
