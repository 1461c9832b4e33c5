/** Text from a checkpoint: what `vua sample` and `vua run` do. */
import { Tokenizer } from '../../tokenizer/load.ts';
import { openGpu } from '../gpu/adapter.ts';
import type { AdapterChoice } from '../gpu/choice.ts';
import { Arena } from '../model/arena.ts';
import { loadCheckpoint, openCheckpoint } from '../record/checkpoint.ts';
import { Sampler } from './sample.ts';

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
  if (checkpoint.isNotBest)
    onNote(`${checkpoint.dir}: the newest; no checkpoint was evaluated on held-out text, so none is the best`);
  const tokenizer = await Tokenizer.load(checkpoint.dir);
  const { config } = checkpoint.state;
  const gpu = await openGpu(options.adapter);
  const arena = new Arena(gpu, config, { parts: ['params'] });
  loadCheckpoint(checkpoint, arena);
  const sampler = await Sampler.create(gpu, config, arena);
  try {
    const prompt = [tokenizer.bosId, ...tokenizer.encode(options.prompt)];
    if (prompt.length > config.context)
      onNote(`the prompt has ${prompt.length - 1} tokens, the model sees the last ${config.context} at most`);
    const { tokens: count, temperature, topK, topP = 1, samples = 1 } = options;
    const how = { count, temperature, topK, topP, stopId: tokenizer.bosId };
    for (let seed = options.seed; seed < options.seed + samples && !signal.aborted; seed++) {
      const ids = prompt.slice(1);
      const started = performance.now();
      onText(tokenizer.decode(ids), seed); // as the tokenizer has it: in NFC
      for await (const id of sampler.generate(prompt, { ...how, seed })) {
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
