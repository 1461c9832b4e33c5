import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';
import { visible } from '../../crawlers/shell/errors.ts';
import { adapterOption } from '../gpu/choice.ts';
import { MAX_SEED } from '../run/recipe-options.ts';

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
    tokens: z.int().min(1).default(100).describe('tokens to write at most'),
    samples: z.int().min(1).default(1).describe('continuations, with the seeds --seed, --seed + 1, …'),
    temperature: z.number().min(0).default(0.8).describe('0 takes the likeliest token each time'),
    topK: z.int().min(0).default(40).describe('draw from this many likeliest tokens, 0: all'),
    topP: z.number().gt(0).max(1).default(1).describe('draw from the likeliest tokens with this share of all'),
    seed: z.int().min(0).max(MAX_SEED).default(1).describe('seed of the draws'),
    adapter: adapterOption,
  }),
  async run(options, { report, signal }) {
    const { generateTexts } = await import('../generate/text.ts');
    const readable = (text: string): string => (process.stdout.isTTY ? visible(text) : text);
    let shown = 0;
    let last = -1;
    // As it is written; a closed pipe or --json gets whole results.
    const stream = (text: string, seed: number): void => {
      if (seed !== last) {
        if (options.samples > 1) process.stdout.write(`${last < 0 ? '' : '\n'}── seed ${seed}\n`);
        [shown, last] = [0, seed];
      }
      process.stdout.write(readable(text.slice(shown)));
      shown = Math.max(shown, text.length);
    };
    const { prompt } = options;
    for await (const sample of generateTexts(options, signal, report.json ? undefined : stream, report.note)) {
      if (report.json) report.result(sample.text, { event: 'sample', prompt, ...sample });
      else process.stdout.write(`${readable(sample.text.slice(shown))}\n`);
      report.note(`${sample.tokens} tokens, ${sample.tokensPerSecond.toFixed(1)} tokens/s`);
    }
  },
});
