import { z } from 'zod';
import { defineCommand, INTERRUPTED, NOTHING_NEW } from '../crawlers/shell/command.ts';
import { formatCount, formatTable } from '../crawlers/shell/reporter.ts';
import { ADAPTER_CHOICES } from './adapter.ts';
import { runTraining, type TrainingSummary } from './run.ts';

export const adapter = z
  .enum(ADAPTER_CHOICES)
  .default('auto')
  .describe(`WebGPU adapter: ${ADAPTER_CHOICES.join(', ')}; \`vua doctor\` explains the choice`);

/** An evaluation at its default costs about as much as 5,000 tokens of training. */
export const EVALUATE_TOKENS = 16_384;

/** Options of training that `vua run` takes too, under the same names. */
export const TRAINING = {
  depth: z.number().int().min(1).max(48).default(2).describe('layers; width, heads and context follow'),
  width: z.number().int().min(0).default(0).describe('model width, 0: 64 × depth'),
  context: z.number().int().min(0).default(0).describe('tokens the model sees, 0: from depth'),
  batch: z.number().int().min(1).default(16).describe('rows of --context tokens in a step'),
  steps: z.number().int().min(1).default(200).describe('optimizer steps'),
  learningRate: z.number().min(0).default(0).describe('peak learning rate, 0: from the width'),
  seed: z.number().int().min(0).default(1).describe('initial weights and row order'),
  evaluateEvery: z.number().int().min(1).default(100).describe('steps between held-out evaluations'),
  evaluateTokens: z
    .number()
    .int()
    .min(1)
    .default(EVALUATE_TOKENS)
    .describe('held-out tokens of an evaluation while training, at most; at the end all are read'),
  checkpointEvery: z.number().int().min(1).default(100).describe('steps between checkpoints'),
  keep: z.number().int().min(1).default(2).describe('newest checkpoints that stay, beside the best held-out'),
  adapter,
} as const;

export const trainCommand = defineCommand({
  name: 'train',
  summary: 'train a transformer on token shards, on WebGPU',
  examples: [
    'vua train --tokens vua-out/tokens --depth 2 --steps 200 --out model',
    'vua train --tokens vua-out/tokens --depth 2 --steps 200 --out model --resume',
    'vua train --tokens wiki/tokens https://data.example.org/law/tokens --weights 0.7 0.3 --steps 200 --out model',
  ],
  options: z.object({
    tokens: z.array(z.string()).min(1).describe('folders of token shards (vua tokens), or their http(s) addresses'),
    weights: z
      .array(z.number().positive())
      .default([])
      .describe('share of each folder in the rows (default: as many rows as it has)'),
    layout: z
      .enum(['stream', 'packed'])
      .default('stream')
      .describe('rows cut end to end, or documents whole in a row where they fit'),
    out: z.string().describe('folder for checkpoints and curve'),
    resume: z.boolean().default(false).describe('continue the newest whole checkpoint in --out'),
    ...TRAINING,
  }),
  async run({ resume, ...options }, context) {
    const summary = await runTraining({ ...options, start: resume ? 'resume' : 'new' }, context);
    context.report.result(formatTable(trainingRows(summary)), { event: 'trained', ...summary });
    if (summary.interrupted) {
      context.report.note(`stopped at step ${summary.step}; continue with the same command and --resume`);
      return INTERRUPTED;
    }
    if (summary.trainedSteps > 0) return;
    context.report.note(`nothing new: ${summary.checkpoint} has all ${options.steps} steps`);
    return NOTHING_NEW;
  },
});

/** Held-out sources in the table, largest first. */
const SHOWN_SOURCES = 8;

export function trainingRows(summary: TrainingSummary): string[][] {
  const { unigramBitsPerByte: unigram, heldOutBitsPerByte: heldOut } = summary;
  return [
    ['parameters', formatCount(summary.parameters)],
    ['optimizer steps', formatCount(summary.step)],
    ['held-out bits per byte, untrained', summary.untrainedBitsPerByte.toFixed(4)],
    ['held-out bits per byte, unigram', unigram.toFixed(4)],
    ['held-out bits per byte, trained', heldOut.toFixed(4)],
    ['trained / unigram', (heldOut / unigram).toFixed(3)],
    ...summary.sources
      .slice(0, SHOWN_SOURCES)
      .map(({ source, bitsPerByte, unigramBitsPerByte: beside }) => [
        `  ${source}`,
        `${bitsPerByte.toFixed(4)} / ${beside.toFixed(4)} = ${(bitsPerByte / beside).toFixed(3)}`,
      ]),
    ...(summary.shares.length > 1 ? summary.shares : []).map(({ where, given, wanted, epochs }) => [
      `  rows of ${where}`,
      `${(100 * given).toFixed(1)} % (asked ${(100 * wanted).toFixed(1)} %), ${epochs.toFixed(2)} epochs`,
    ]),
    ['training tokens/s', formatCount(Math.round(summary.tokensPerSecond))],
    ['adapter', summary.adapter],
    ['checkpoint', summary.checkpoint],
  ];
}
