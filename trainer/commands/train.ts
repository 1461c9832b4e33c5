import { z } from 'zod';
import { defineCommand, INTERRUPTED, NOTHING_NEW } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { readJsonIfPresent } from '../../crawlers/shell/folder.ts';
import { formatTable } from '../../crawlers/shell/reporter.ts';
import type { Work } from '../../crawlers/shell/work.ts';
import { PAYLOADS } from '../elastic/log.ts';
import { adapterOption } from '../gpu/choice.ts';
import { ACTIVATIONS, ARCHITECTURES, MATRIX_OPTIMIZERS, MOMENTUM, PRESETS, type PresetName } from '../model/config.ts';
import type { JoinOptions } from '../run/join.ts';
import { MODEL_CONTINUE_SHARE, MODEL_POLICIES, MODEL_TOLERANCE } from '../run/model-gates.ts';
import type { TrainingOptions } from '../run/options.ts';
import { ELASTIC, PATIENCE } from '../run/options.ts';
import { DEFAULT_DEPTH, EVALUATE_TOKENS, MAX_SEED, MAX_SKIPS, OPTIMIZER, PRECISIONS } from '../run/recipe-options.ts';
import { DECAY_SCHEDULES, SCHEDULES } from '../run/schedule.ts';

const presetNames = Object.keys(PRESETS) as PresetName[];

/** Options of training that `vua run` takes too. */
export const TRAINING = {
  layout: z
    .enum(['stream', 'packed'])
    .default('stream')
    .describe('rows cut end to end, or documents whole in a row where they fit'),
  maskDocuments: z.boolean().default(false).describe('attention ends where a document does'),
  preset: z
    .enum(presetNames)
    .optional()
    .describe(`a known size: ${presetNames.join(', ')}; --depth, --width, --context given beside it count instead`),
  depth: z
    .int()
    .min(0)
    .max(48)
    .default(0)
    .describe(`layers, 0: ${DEFAULT_DEPTH}; width, heads, context, batch and rate follow`),
  width: z.int().min(0).default(0).describe('model width, 0: 64 × depth'),
  context: z.int().min(0).default(0).describe('tokens the model sees, 0: from depth'),
  architecture: z.enum(ARCHITECTURES).default('qwen3').describe('qwen3, or llama: without QK-norm'),
  ropeBase: z.number().min(0).default(0).describe('base of the rotary angles, 0: 10,000, or that of --init-from'),
  untied: z.boolean().default(false).describe('a head of its own instead of the embedding'),
  activation: z.enum(ACTIVATIONS).default('swiglu').describe('experimental: relu2; not exportable'),
  softcap: z.number().min(0).default(0).describe('experimental: cap of the logits, 0: none; not exportable'),
  valueEmbeddings: z.boolean().default(false).describe('experimental; not exportable'),
  residualScalars: z.boolean().default(false).describe('experimental; not exportable'),
  batch: z.int().min(0).default(0).describe('rows of --context tokens in a step, 0: from depth'),
  steps: z.int().min(1).default(200).describe('optimizer steps'),
  learningRate: z.number().min(0).default(0).describe('peak learning rate, 0: from the width'),
  optimizer: z.enum(MATRIX_OPTIMIZERS).default('muon').describe('of the matrices; everything else is AdamW'),
  muonRatio: z.number().positive().default(OPTIMIZER.muonRatio).describe("Muon's rate, of the others'"),
  momentum: z.number().min(0).lt(1).default(MOMENTUM).describe("Muon's"),
  momentumWarmup: z.int().min(0).default(0).describe("first steps, in which Muon's momentum grows from 0.85"),
  momentumCooldown: z.int().min(0).default(0).describe('last steps, in which it shrinks to 0.85'),
  beta1: z.number().min(0).lt(1).default(OPTIMIZER.beta1).describe("of AdamW's first moment"),
  beta2: z.number().min(0).lt(1).default(OPTIMIZER.beta2).describe("of AdamW's second moment"),
  epsilon: z.number().positive().default(OPTIMIZER.eps).describe("beside the root of AdamW's second moment"),
  schedule: z.enum(SCHEDULES).default('wsd').describe('warm-up, constant and linear decay; or half a cosine'),
  warmup: z.int().min(0).default(0).describe('steps, 0: a tenth of the run, 20 at most'),
  decayShare: z.number().gt(0).max(1).default(0.5).describe('wsd: last part of the run, in which the rate falls'),
  floor: z.number().min(0).max(1).default(0).describe('share of the peak rate that is left at the end'),
  weightDecay: z.number().min(0).default(OPTIMIZER.weightDecay).describe('decoupled; norms and scalars do not decay'),
  cautiousDecay: z.boolean().default(false).describe('weights decay only where that moves them the way of the update'),
  decaySchedule: z
    .enum(DECAY_SCHEDULES)
    .default('constant')
    .describe('weight decay as it is, or times the share of its peak that the rate has'),
  ema: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('an average of the weights keeps this share of itself each step; it is evaluated and exported; 0: none'),
  clip: z.number().positive().default(OPTIMIZER.clip).describe('largest global gradient norm'),
  zLoss: z.number().min(0).default(0).describe('weight of the squared log-sum-exp in the loss'),
  seed: z.int().min(0).max(MAX_SEED).default(1).describe('initial weights and row order'),
  adapter: adapterOption,
  precision: z.enum(PRECISIONS).default('auto').describe('mixed: f16 weights and activations; auto: on a GPU with f16'),
  recompute: z.boolean().default(false).describe('keep less, compute layers again: less memory, a third more work'),
  microBatch: z
    .int()
    .min(0)
    .default(0)
    .describe('rows at a time, 0: as many as --memory-gb allows; the batch is rounded up to whole micro-batches'),
  memoryGb: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'memory to stay within, 0: nine tenths of what is free on the card, 8 where that is unknown, 2 on a CPU driver',
    ),
  noTune: z
    .boolean()
    .default(false)
    .describe('on a GPU where nothing was measured yet: do not tune the kernels of this run before its first step'),
  evaluateEvery: z.int().min(1).default(100).describe('steps between held-out evaluations'),
  evaluateTokens: z
    .int()
    .min(1)
    .default(EVALUATE_TOKENS)
    .describe('held-out tokens of an evaluation while training, at most'),
  finalTokens: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'held-out tokens of the closing figures, at most; 0: a fifth of those trained on, --evaluate-tokens at least',
    ),
  samplePrompts: z.array(z.string()).default([]).describe('texts to continue at each evaluation, into samples.jsonl'),
  checkpointEvery: z.int().min(1).default(100).describe('steps between checkpoints'),
  checkpointMinutes: z.number().min(0).default(0).describe('minutes after which one is written too, 0: by steps alone'),
  retries: z.int().min(0).default(0).describe('times that it goes on from its last checkpoint when the device is lost'),
  maxSkips: z
    .int()
    .min(0)
    .default(MAX_SKIPS)
    .describe('steps in a row that may be skipped because their gradient is not finite'),
  keep: z.int().min(1).default(2).describe('newest checkpoints that stay, beside the best held-out'),
} as const;

/** When a night trains a model, and when it takes the place of the one in force. */
export const MODEL_POLICY = {
  model: z
    .enum(MODEL_POLICIES)
    .default('restart')
    .describe(
      'restart: a new one grows beside the one in force, from random weights; continue: from its weights; never: none is trained',
    ),
  modelGrownBy: z.number().min(0).default(0).describe('train when the text grew by this share, 0: any new tokens'),
  modelEvery: z.int().min(1).default(1).describe('train every so many nights, where there are new tokens'),
  modelContinueShare: z
    .number()
    .gt(0)
    .default(MODEL_CONTINUE_SHARE)
    .describe('of --steps, for a model that goes on from the one in force (--model continue)'),
  modelTolerance: z
    .number()
    .min(0)
    .default(MODEL_TOLERANCE)
    .describe(
      'share of held-out bits per byte that a new model may be worse than the one in force; else exit status 4',
    ),
} as const;

/** A training that several machines share. */
const TOGETHER = {
  join: z
    .string()
    .optional()
    .describe(
      'train with others, who meet in this folder or s3://BUCKET/PREFIX: with --out directs the run and trains, without it helps',
    ),
  workers: z.int().min(0).default(1).describe('workers of this process; 0: it directs only'),
  workerName: z
    .string()
    .regex(/^[\w-]+$/)
    .optional()
    .describe('of a helper: its name among the workers, which orders them; drawn where none is given'),
  minWorkers: z.int().min(1).default(PATIENCE.minWorkers).describe('workers with which a round begins, at least'),
  workerTimeout: z
    .number()
    .positive()
    .default(PATIENCE.workerTimeout)
    .describe('seconds without a sign of life after which a worker is taken to be dead'),
  innerSteps: z.int().min(1).default(ELASTIC.innerSteps).describe('steps of every worker between two exchanges'),
  outerLearningRate: z.number().positive().default(ELASTIC.outerLearningRate).describe('of the exchange'),
  outerMomentum: z.number().min(0).lt(1).default(ELASTIC.outerMomentum).describe("Nesterov's, of the exchange"),
  outerClip: z
    .number()
    .positive()
    .default(ELASTIC.outerClip)
    .describe("largest norm of a worker's change, over the median of the last rounds"),
  payload: z.enum(PAYLOADS).default(ELASTIC.payload).describe('what goes between workers: 2 bytes a weight, or 1'),
  even: z.boolean().default(false).describe('every worker gets as many rows, whatever its speed'),
} as const;

/** What a phase may have of its own; the rest is the run's. */
const PHASE = {
  steps: z.int().min(1),
  tokens: z.array(z.string()).min(1).optional(),
  weights: z.array(z.number().positive()).optional(),
  layout: TRAINING.layout.unwrap().optional(),
  maskDocuments: z.boolean().optional(),
  context: TRAINING.context.unwrap().optional(),
  ropeBase: TRAINING.ropeBase.unwrap().optional(),
  batch: TRAINING.batch.unwrap().optional(),
  learningRate: TRAINING.learningRate.unwrap().optional(),
  schedule: TRAINING.schedule.unwrap().optional(),
  warmup: TRAINING.warmup.unwrap().optional(),
  decayShare: z.number().min(0).max(1).optional(),
  floor: TRAINING.floor.unwrap().optional(),
} as const;

/** @throws ToolkitError BAD_OPTION naming file, phase and key */
function readPhases(path: string | undefined) {
  if (path === undefined) return undefined;
  const list = z.array(z.strictObject(PHASE)).min(1).safeParse(readJsonIfPresent(path));
  if (list.success) return list.data;
  const { path: where, message } = list.error.issues[0];
  const [index, ...key] = where;
  const place = index === undefined ? '' : ` phase ${Number(index) + 1}${key.length > 0 ? `, ${key.join('.')}` : ''}:`;
  throw badInput(
    'BAD_OPTION',
    `--phases ${path}:${place} ${message}`,
    `a list of objects with ${Object.keys(PHASE).join(', ')}`,
  );
}

/** On one device, for which the kernels are compiled once. */
async function trainingFor(minutes: number, options: TrainingOptions, work: Work) {
  const { openGpu } = await import('../gpu/adapter.ts');
  const { stepsOfMinutes } = await import('../run/minutes.ts');
  const { runTraining } = await import('../run/run.ts');
  const gpu = await openGpu(options.adapter);
  try {
    const steps = (await stepsOfMinutes(minutes, options, gpu, work)) ?? 1;
    return await runTraining({ ...options, steps, gpu }, work);
  } finally {
    gpu.destroy();
  }
}

export const trainCommand = defineCommand({
  name: 'train',
  summary: 'train a transformer on token shards, on WebGPU',
  examples: [
    'vua train --tokens vua-out/tokens --depth 2 --steps 200 --out model',
    'vua train --tokens vua-out/tokens --depth 2 --steps 200 --out model --resume',
    'vua train --tokens vua-out/tokens --depth 2 --minutes 10 --out model',
    'vua train --tokens vua-out/tokens --preset 30M --steps 4000 --precision mixed --sample-prompts "Hà Nội" --out model',
    'vua train --tokens new/tokens --init-from vua-out/model --steps 200 --out next',
    'vua train --tokens vua-out/tokens --depth 4 --steps 2000 --out model --join /mnt/shared/meet',
    'vua train --join /mnt/shared/meet',
    'vua train --tokens wiki/tokens https://data.example.org/law/tokens --weights 0.7 0.3 --steps 200 --out model',
  ],
  options: z.object({
    tokens: z
      .array(z.string())
      .default([])
      .describe('folders of token shards (vua tokens), or their http(s) or s3 addresses'),
    weights: z
      .array(z.number().positive())
      .default([])
      .describe('share of each folder in the rows (default: as many rows as it has)'),
    initFrom: z
      .string()
      .optional()
      .describe('begin with these weights: a checkpoint, or a Qwen3 or Llama folder as transformers writes it'),
    ...TRAINING,
    minutes: z
      .number()
      .positive()
      .optional()
      .describe('as many steps as fit into so many minutes on this machine, measured first, in place of --steps'),
    phases: z
      .string()
      .optional()
      .describe(
        `JSON file, a list of phases in place of --steps: {"steps": N, …} with ${Object.keys(PHASE).slice(1).join(', ')} that are other than the run's`,
      ),
    ...TOGETHER,
    out: z.string().optional().describe('folder for checkpoints and curve'),
    resume: z.boolean().default(false).describe('continue the newest whole checkpoint in --out'),
    rewind: z
      .int()
      .min(0)
      .default(0)
      .describe(
        'with --resume: back to the checkpoint before this step, its rows left out, with another rate or clip too',
      ),
  }),
  headings: {
    tokens: 'Data',
    preset: 'Model',
    batch: 'Optimisation',
    adapter: 'Machine',
    evaluateEvery: 'Evaluation',
    join: 'Several machines',
    out: 'Output',
  },
  async run({ resume, rewind, phases: phasesFile, minutes, out, workerName, ...given }, context) {
    const { join } = given;
    if (join !== undefined && out === undefined) return help({ ...given, join, workerName }, context);
    if (given.tokens.length === 0)
      throw badInput('BAD_OPTION', '--tokens is missing: folders of token shards (vua tokens)');
    if (out === undefined) throw badInput('BAD_OPTION', '--out is missing: folder for checkpoints and curve');
    if (join !== undefined && (phasesFile !== undefined || rewind || minutes))
      throw badInput('BAD_OPTION', `--join: not with ${rewind ? '--rewind' : minutes ? '--minutes' : '--phases'}`);
    if (rewind && !resume)
      throw badInput('BAD_OPTION', '--rewind: goes back in a run that is continued', 'give --resume too');
    if (minutes && phasesFile) throw badInput('BAD_OPTION', '--minutes: --phases say their steps', 'give one of them');
    const phases = readPhases(phasesFile);
    const { trainingRows } = await import('../run/rows.ts');
    const { runTraining } = await import('../run/run.ts');
    const options: TrainingOptions = { ...given, out, phases, start: resume ? 'resume' : 'new', rewind };
    const { outcome, report: summary } = minutes
      ? await trainingFor(minutes, options, context)
      : await runTraining(options, context);
    const interrupted = outcome === 'interrupted';
    if (interrupted && summary.step === 0) {
      context.report.note('stopped before the first step: nothing was written');
      return INTERRUPTED;
    }
    context.report.result(formatTable(trainingRows(summary)), { event: 'trained', ...summary, interrupted });
    if (interrupted) {
      context.report.note(`stopped at step ${summary.step}; continue with the same command and --resume`);
      return INTERRUPTED;
    }
    if (outcome === 'written') return;
    context.report.note(`nothing new: ${summary.checkpoint} has all ${summary.step} steps`);
    return NOTHING_NEW;
  },
});

/** Trains for a run that another machine directs. */
async function help(options: JoinOptions, context: Work) {
  const { joinTraining } = await import('../run/join.ts');
  const { outcome, report: summary } = await joinTraining(options, context);
  const rows = [
    ['worker', summary.name],
    ['rounds', String(summary.rounds)],
  ];
  context.report.result(formatTable(rows), { event: 'helped', ...summary, interrupted: outcome === 'interrupted' });
  return outcome === 'interrupted' ? INTERRUPTED : undefined;
}
