/** `vua train`, `vua sample`, `vua plot`, `vua doctor`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { badInput } from '../crawlers/errors.ts';
import { type CommandContext, defineCommand, INTERRUPTED, NOTHING_NEW } from '../crawlers/shell/command.ts';
import { writeFileAtomic } from '../crawlers/shell/folder.ts';
import { formatBytes, formatCount, formatTable } from '../crawlers/shell/reporter.ts';
import { Tokenizer } from '../tokenizer/load.ts';
import { ADAPTER_CHOICES, type AdapterChoice, openGpu } from './adapter.ts';
import { Arena } from './arena.ts';
import { loadCheckpoint, openCheckpoint } from './checkpoint.ts';
import { readCurve } from './curve.ts';
import type { AdapterFacts } from './device.ts';
import { plotCurve } from './plot.ts';
import { runTraining, type TrainingSummary } from './run.ts';
import { Sampler } from './sample.ts';

const adapter = z
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

export interface GenerateOptions {
  readonly checkpoint: string;
  readonly prompt: string;
  readonly tokens: number;
  readonly temperature: number;
  readonly topK: number;
  readonly seed: number;
  readonly adapter: AdapterChoice;
}

/** Prompt and continuation as text. */
export async function generateText(options: GenerateOptions, signal: AbortSignal): Promise<string> {
  const checkpoint = openCheckpoint(options.checkpoint);
  const tokenizer = await Tokenizer.load(checkpoint.dir);
  const { config } = checkpoint.state;
  const gpu = await openGpu(options.adapter);
  const arena = new Arena(gpu, config, { parts: ['params'] });
  loadCheckpoint(checkpoint, arena);
  const sampler = await Sampler.create(gpu, config, arena);
  const prompt = [tokenizer.bosId, ...tokenizer.encode(options.prompt)];
  const ids: number[] = [];
  const { tokens: count, temperature, topK, seed } = options;
  for await (const id of sampler.generate(prompt, { count, temperature, topK, seed, stopId: tokenizer.bosId })) {
    ids.push(id);
    if (signal.aborted) break;
  }
  sampler.release();
  arena.release();
  gpu.destroy();
  return tokenizer.decode([...prompt.slice(1), ...ids]);
}

export const sampleCommand = defineCommand({
  name: 'sample',
  summary: 'write text with a trained model',
  examples: ['vua sample --checkpoint vua-out/model --prompt "Buổi sáng trên sông"'],
  options: z.object({
    checkpoint: z.string().describe('a step-N folder, or the folder that holds them (the newest is taken)'),
    prompt: z.string().default('').describe('text to continue'),
    tokens: z.number().int().min(1).default(100).describe('tokens to write at most'),
    temperature: z.number().min(0).default(0.8).describe('0 takes the likeliest token each time'),
    topK: z.number().int().min(1).default(40).describe('draw from this many likeliest tokens'),
    seed: z.number().int().min(0).default(1).describe('seed of the draws'),
    adapter,
  }),
  async run(options, { report, signal }) {
    const text = await generateText(options, signal);
    report.result(text, { event: 'sample', prompt: options.prompt, text });
  },
});

export const plotCommand = defineCommand({
  name: 'plot',
  summary: 'draw the loss curve of a training run as SVG',
  examples: ['vua plot vua-out', 'vua plot vua-out/model --out loss.svg'],
  positional: 'dir',
  options: z.object({
    dir: z.string().describe('folder of a run, or of its model'),
    out: z.string().optional().describe('file to write (default: curve.svg in the model folder)'),
    title: z.string().default('Bits per byte while training').describe('title over the plot'),
  }),
  async run(options, { report }) {
    const { path, points } = writePlot(options.dir, options.title, options.out);
    report.result(`${path}: ${points} steps`, { event: 'plot', path, points });
  },
});

/** Draws DIR/model or DIR. The token folder beside the model gives the bytes per token. */
export function writePlot(dir: string, title: string, out?: string): { path: string; points: number } {
  const model = existsSync(join(dir, 'model')) ? join(dir, 'model') : dir;
  const { head, points } = readCurve(model);
  if (points.length === 0) throw badInput('BAD_CURVE', `${model}: the curve holds no step`, 'train at least one step');
  const path = out ?? join(model, 'curve.svg');
  writeFileAtomic(path, plotCurve(head, points, head.trainBytesPerToken, title));
  return { path, points: points.length };
}

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'show the WebGPU adapter that training would use, why, and how to get a faster one',
  examples: ['vua doctor', 'vua doctor --adapter embedded --json'],
  options: z.object({ adapter }),
  async run(options, context: CommandContext) {
    const gpu = await openGpu(options.adapter);
    context.report.result(doctorText(gpu.facts), { event: 'doctor', ...gpu.facts, advice: advice(gpu.facts) });
    gpu.destroy();
  },
});

const SHOWN_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
];

function doctorText(facts: AdapterFacts): string {
  const limits = SHOWN_LIMITS.map((name) => [
    name,
    name.endsWith('Size') ? formatBytes(facts.limits[name]) : formatCount(facts.limits[name]),
  ]);
  return [
    formatTableLeft([
      ['adapter', facts.name],
      ['kind', facts.kind],
      ['why', facts.reason],
      ['vendor, architecture', [facts.vendor, facts.architecture].filter(Boolean).join(', ')],
      ['subgroup size', `${facts.subgroupMinSize}–${facts.subgroupMaxSize}`],
      ...limits,
      ['features', facts.features.join(', ')],
      ['node', `${process.version} ${process.platform} ${process.arch}`],
    ]),
    '',
    advice(facts),
  ].join('\n');
}

const formatTableLeft = (rows: readonly (readonly [string, string] | readonly string[])[]): string => {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
};

function advice({ kind }: AdapterFacts): string {
  if (kind === 'gpu') return 'This is a GPU: nothing to install.';
  const gpu =
    'A GPU with its vendor driver and a Vulkan loader (Debian: apt install libvulkan1) is 100× faster and more.';
  if (kind === 'software') return gpu;
  return `${gpu}\nWithout one, Mesa's lavapipe ≥ 25 is 3–10× faster than the embedded driver (Debian: apt install -t bookworm-backports mesa-vulkan-drivers libvulkan1).`;
}
