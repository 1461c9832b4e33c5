/** `vua sample`, and its body for `vua run`. */
import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { Sampler } from '../generate/sample.ts';
import { type AdapterChoice, adapterOption, openGpu } from '../gpu/adapter.ts';
import { Arena } from '../model/arena.ts';
import { loadCheckpoint, openCheckpoint } from '../record/checkpoint.ts';

export interface GenerateOptions {
  readonly checkpoint: string;
  readonly prompt: string;
  readonly tokens: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP?: number;
  readonly seed: number;
  readonly adapter: AdapterChoice;
  readonly best?: boolean;
  /** Continuations, with the seeds `seed`, `seed + 1`, … */
  readonly samples?: number;
}

export interface GeneratedText {
  readonly seed: number;
  /** Prompt and continuation. */
  readonly text: string;
  readonly tokens: number;
  readonly tokensPerSecond: number;
}

/** Texts one after the other. `onText` gets each as it grows: the whole so far, without a half-written character. */
export async function* generateTexts(
  options: GenerateOptions,
  signal: AbortSignal,
  onText: (text: string, seed: number) => void = () => {},
  onNote: (text: string) => void = () => {},
): AsyncGenerator<GeneratedText> {
  const checkpoint = openCheckpoint(options.checkpoint, { need: 'parameters', best: options.best });
  for (const { reason } of checkpoint.damaged) onNote(`damaged, passed over: ${reason}`);
  const tokenizer = await Tokenizer.load(checkpoint.dir);
  const { config } = checkpoint.state;
  const gpu = await openGpu(options.adapter);
  const arena = new Arena(gpu, config, { parts: ['params'] });
  loadCheckpoint(checkpoint, arena);
  const sampler = await Sampler.create(gpu, config, arena);
  try {
    const prompt = [tokenizer.bosId, ...tokenizer.encode(options.prompt)];
    const { tokens: count, temperature, topK, topP = 1, samples = 1 } = options;
    for (let seed = options.seed; seed < options.seed + samples && !signal.aborted; seed++) {
      const ids = prompt.slice(1);
      const started = performance.now();
      onText(options.prompt, seed);
      for await (const id of sampler.generate(prompt, {
        count,
        temperature,
        topK,
        topP,
        seed,
        stopId: tokenizer.bosId,
      })) {
        ids.push(id);
        onText(tokenizer.decode(ids).replace(/\ufffd+$/, ''), seed);
        if (signal.aborted) break;
      }
      const tokens = ids.length + 1 - prompt.length;
      const tokensPerSecond = (1000 * tokens) / (performance.now() - started);
      yield { seed, text: tokenizer.decode(ids), tokens, tokensPerSecond };
    }
  } finally {
    sampler.release();
    arena.release();
    gpu.destroy();
  }
}

/** Prompt and continuation as text. */
export async function generateText(options: GenerateOptions, signal: AbortSignal): Promise<string> {
  for await (const { text } of generateTexts({ ...options, samples: 1 }, signal)) return text;
  return options.prompt;
}

export const sampleCommand = defineCommand({
  name: 'sample',
  summary: 'write text with a trained model',
  examples: [
    'vua sample --checkpoint vua-out/model --prompt "Buổi sáng trên sông"',
    'vua sample --checkpoint vua-out/model --best --prompt "Hà Nội" --samples 3 --temperature 0.7 --top-p 0.9',
  ],
  options: z.object({
    checkpoint: z.string().describe('a step-N folder, or the folder that holds them (the newest whole one is taken)'),
    best: z.boolean().default(false).describe('take the checkpoint with the lowest held-out bits per byte'),
    prompt: z.string().default('').describe('text to continue'),
    tokens: z.number().int().min(1).default(100).describe('tokens to write at most'),
    samples: z.number().int().min(1).default(1).describe('continuations, with the seeds --seed, --seed + 1, …'),
    temperature: z.number().min(0).default(0.8).describe('0 takes the likeliest token each time'),
    topK: z.number().int().min(0).default(40).describe('draw from this many likeliest tokens, 0: all'),
    topP: z.number().gt(0).max(1).default(1).describe('draw from the likeliest tokens with this share of all'),
    seed: z.number().int().min(0).default(1).describe('seed of the draws'),
    adapter: adapterOption,
  }),
  async run(options, { report, signal }) {
    let shown = 0;
    let last = -1;
    // As it is written; a closed pipe or --json gets whole results.
    const stream = (text: string, seed: number): void => {
      if (seed !== last) {
        if (options.samples > 1) process.stdout.write(`${last < 0 ? '' : '\n'}── seed ${seed}\n`);
        [shown, last] = [0, seed];
      }
      process.stdout.write(text.slice(shown));
      shown = Math.max(shown, text.length);
    };
    const { prompt } = options;
    for await (const sample of generateTexts(options, signal, report.json ? undefined : stream, report.note)) {
      if (report.json) report.result(sample.text, { event: 'sample', prompt, ...sample });
      else process.stdout.write(`${sample.text.slice(shown)}\n`);
      report.note(`${sample.tokens} tokens, ${sample.tokensPerSecond.toFixed(1)} tokens/s`);
    }
  },
});
