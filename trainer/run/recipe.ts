/**
 * What a run is made of, from a few options. One dial, depth, from which width, heads, context, batch and learning rate
 * follow; everything can be set apart.
 *
 *   rate    AdamW's peak 0.03 · √(64 / C), Muon's 0.7 of it: found at C = 64 on Vietnamese (LOG.md), scaled as usual
 *   batch   512 · depth² tokens a step: 2,048 at depth 2, 73,728 at depth 12
 *   rows    of a micro-batch: as many as the memory limit allows; the batch is rounded up to micro-batches of one length
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import { formatBytes } from '../../crawlers/shell/reporter.ts';
import { usableGb } from '../gpu/cards.ts';
import type { AdapterFacts } from '../gpu/device.ts';
import { type KernelChoice, kernelsFor, LOGITS_BYTES } from '../kernels/choice.ts';
import { MODEL_DEFAULTS, MOMENTUM, type ModelConfig, modelConfig, PRESETS } from '../model/config.ts';
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
  const { preset, depth, width, context, untied = false, ropeBase = 0, model } = options;
  if (model) return continued(model, options, vocabSize);
  const known = preset ? PRESETS[preset] : { depth: DEFAULT_DEPTH, width: 0, context: 0 };
  const size = { depth: depth || known.depth, width: width || known.width, context: context || known.context };
  const { architecture, activation, softcap, valueEmbeddings, residualScalars } = {
    ...MODEL_DEFAULTS,
    ...given(options),
  };
  const switches = { activation, softcap, valueEmbeddings, residualScalars };
  return modelConfig({ ...size, architecture, tied: !untied, ...switches, vocabSize, ...(ropeBase && { ropeBase }) });
}

/** Context of weights that were made elsewhere, at most, where none is said: theirs may be larger than any memory. */
const LONGEST_UNSAID = 1024;

/** The same model with rows for the tokenizer of the tokens, and with another context where one is said. */
function continued(model: ModelConfig, { context, ropeBase }: RecipeOptions, vocabSize: number): ModelConfig {
  const rows = Math.max(model.vocabSize, vocabSize);
  const T = context || Math.min(model.context, LONGEST_UNSAID);
  if (T % 4 !== 0) throw badInput('BAD_OPTION', `--context ${T}: expected a multiple of 4`);
  return {
    ...model,
    ...{ vocabSize: rows, paddedVocab: Math.ceil(rows / 64) * 64, context: T },
    ropeBase: ropeBase || model.ropeBase,
  };
}

const given = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;

/** Rows of a step, over all its micro-batches. */
export const batchOf = ({ batch }: RecipeOptions, { layers, context }: ModelConfig): number =>
  batch || Math.max(1, Math.round((512 * layers ** 2) / context));

export function scheduleOf(
  { steps, begin = 0, schedule: kind, warmup, learningRate, decayShare = 0.5, floor = 0, ...more }: RecipeOptions,
  config: ModelConfig,
): Schedule {
  const peak = learningRate || 0.03 * Math.sqrt(64 / config.width);
  return {
    kind: kind ?? 'wsd',
    steps,
    peak,
    ...(begin > 0 && { begin }),
    warmupSteps: warmup || (begin > 0 ? 0 : Math.min(20, steps / 10)),
    decayShare,
    floor,
    momentum: more.momentum ?? MOMENTUM,
    momentumWarmup: more.momentumWarmup ?? 0,
    momentumCooldown: more.momentumCooldown ?? 0,
    decaySchedule: more.decaySchedule ?? 'constant',
    ema: more.ema ?? 0,
  };
}

export function optimizerOf(options: RecipeOptions): OptimizerOptions {
  const {
    optimizer: matrices = 'muon',
    muonRatio = OPTIMIZER.muonRatio,
    beta1 = OPTIMIZER.beta1,
    beta2 = OPTIMIZER.beta2,
    epsilon: eps = OPTIMIZER.eps,
    weightDecay = OPTIMIZER.weightDecay,
    clip = OPTIMIZER.clip,
    zLoss = 0,
    momentum = MOMENTUM,
    ema = 0,
    cautiousDecay: cautious = false,
    decaySchedule,
  } = options;
  const decayKind = { cautious, scheduled: decaySchedule === 'rate' };
  return { beta1, beta2, eps, weightDecay, clip, matrices, muonRatio, zLoss, momentum, ema, decayKind };
}

/**
 * Model, micro-batches, schedule and memory of a run on an adapter.
 * `chosen`: measured variants (kernels/tuned.ts), where they are known.
 * @throws ToolkitError BAD_OPTION (exit 2) when the precision cannot be had; OUT_OF_MEMORY when not even
 * one row fits into the memory that was asked for.
 */
export function recipeOf(
  options: RecipeOptions,
  vocabSize: number,
  facts: AdapterFacts,
  chosen?: KernelChoice,
): Recipe {
  const config = modelOf(options, vocabSize);
  const batch = batchOf(options, config);
  const storage = storageOf(options.precision ?? 'auto', facts);
  const optimizer = optimizerOf(options);
  const limit = 1e9 * (options.memoryGb || defaultMemoryGb(facts));
  const kernels = { logitsBytes: logitsOf(facts, limit), ...(chosen ?? kernelsFor(facts)) };
  const needs = (rows: number): Need => {
    const trainer: TrainerOptions = { rows, optimizer, storage, recompute: options.recompute, kernels };
    return { trainer, memory: memoryNeed(facts, config, trainer) };
  };
  const { trainer, memory } = options.microBatch ? needs(options.microBatch) : largestThatFits(batch, limit, needs);
  const { rows } = trainer;
  if (options.memoryGb && memory.bytes > limit) {
    throw badInput(
      'OUT_OF_MEMORY',
      `--memory-gb ${options.memoryGb}: ${rows === 1 ? 'one row' : `${rows} rows`} of ${config.context} tokens: ${formatBytes(memory.bytes)}`,
      'choose a smaller model or --context, add --recompute, or allow more',
    );
  }
  return { config, trainer, accumulate: Math.ceil(batch / rows), memory, schedule: scheduleOf(options, config) };
}

/** GB that a run may take where nothing is said: of what the card has, else of what most of its kind have. */
export const defaultMemoryGb = (facts: AdapterFacts): number => usableGb(facts) ?? DEFAULT_MEMORY_GB[facts.kind];

/** Large chunks read and add up the head's weights seldom; a CPU driver's stay in its caches. */
const LOGITS_SHARE = 1 / 8;
const logitsOf = ({ kind }: AdapterFacts, limit: number): number =>
  kind === 'gpu' ? Math.max(LOGITS_BYTES, LOGITS_SHARE * limit) : LOGITS_BYTES;

interface Need {
  readonly trainer: TrainerOptions;
  readonly memory: MemoryNeed;
}

/** Mixed precision where the adapter has it and is no CPU, which only loses by it. */
export function storageOf(precision: Precision, { kind, features, name }: AdapterFacts): 'f32' | 'f16' {
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

/** A divisor of the batch is worth a micro-batch that is smaller by this share. */
const NEARLY = 0.75;

/**
 * Micro-batches of the most rows that `limit` allows, then as few as make the batch, all of one length: the batch is
 * rounded up to them, unless nearly as many rows divide it. One row, whatever it needs, where not even that fits.
 */
function largestThatFits(batch: number, limit: number, needs: (rows: number) => Need): Need {
  let [fits, found] = [0, undefined as Need | undefined];
  for (let [low, high] = [1, batch]; low <= high; ) {
    const rows = low === 1 && high === batch ? batch : Math.floor((low + high) / 2);
    const need = attempt(() => needs(rows));
    if (need && need.memory.bytes <= limit) [fits, found, low] = [rows, need, rows + 1];
    else high = rows - 1;
  }
  if (!found) return needs(1);
  const divisor = range(fits, Math.ceil(NEARLY * fits)).find((rows) => batch % rows === 0);
  const rows = divisor ?? Math.ceil(batch / Math.ceil(batch / fits));
  return rows === fits ? found : needs(rows);
}

/** Undefined where one of its buffers is larger than the adapter allows. */
function attempt(need: () => Need): Need | undefined {
  try {
    return need();
  } catch {
    return undefined;
  }
}

/** From `first` down to `last`. */
const range = (first: number, last: number): number[] => Array.from({ length: first - last + 1 }, (_, i) => first - i);
