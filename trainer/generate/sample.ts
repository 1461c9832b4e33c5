/**
 * Text from a model: logits behind the tokens so far, a draw, and again. Logits come from `Decoder`, which keeps keys and
 * values; models with experimental parts, which it does not know, are run over the whole window for every token.
 */

import { seededRandom } from '../../shards/checksum.ts';
import type { Tokenizer } from '../../tokenizer/load.ts';
import type { Gpu } from '../gpu/device.ts';
import { Program, type Tensor } from '../gpu/program.ts';
import type { Arena } from '../model/arena.ts';
import { headName, isExperimental, type ModelConfig } from '../model/config.ts';
import { addForward } from '../model/forward.ts';
import { Network } from '../model/network.ts';
import { Decoder } from './decode.ts';
import { type DrawOptions, draw } from './draw.ts';

export interface SampleOptions extends DrawOptions {
  /** Tokens to generate at most. */
  readonly count: number;
  readonly seed: number;
  /** Generation ends before this token. */
  readonly stopId: number;
}

/** Where logits come from. */
export interface LogitSource {
  /** Logits [V] behind the last of 1 to T tokens. */
  logits(tokens: readonly number[]): Promise<Float32Array>;
  /** The weights have changed. */
  forget(): void;
  release(): void;
}

export class Sampler {
  readonly #context: number;
  readonly source: LogitSource;

  private constructor(context: number, source: LogitSource) {
    this.#context = context;
    this.source = source;
  }

  static async create(gpu: Gpu, config: ModelConfig, arena: Arena): Promise<Sampler> {
    const source = isExperimental(config) ? WholeWindow : Decoder;
    return new Sampler(config.context, await source.create(gpu, config, arena));
  }

  /**
   * Yields token ids that follow `prompt` (which starts with BOS). When the context is full, it goes on from the newer
   * half.
   */
  async *generate(
    prompt: ArrayLike<number>,
    { count, seed, stopId, ...options }: SampleOptions,
  ): AsyncGenerator<number> {
    const random = seededRandom(seed);
    let window = Array.from(prompt).slice(-this.#context);
    for (let i = 0; i < count; i++) {
      const next = draw(await this.source.logits(window), options, random);
      if (next === stopId) return;
      yield next;
      if (window.length === this.#context) window = window.slice(Math.ceil(this.#context / 2));
      window.push(next);
    }
  }

  release(): void {
    this.source.release();
  }
}

/** A prompt's continuation. */
export interface Sample {
  readonly prompt: string;
  /** Without the prompt. */
  readonly text: string;
}

/**
 * One continuation of each prompt, for looking into a run: call it with the run's own sampler between two steps. The
 * same weights, options and prompts give the same texts.
 */
export async function samplePrompts(
  sampler: Sampler,
  tokenizer: Tokenizer,
  prompts: readonly string[],
  options: Omit<SampleOptions, 'stopId'>,
): Promise<Sample[]> {
  sampler.source.forget();
  const samples: Sample[] = [];
  for (const prompt of prompts) {
    const ids: number[] = [];
    const start = [tokenizer.bosId, ...tokenizer.encode(prompt)];
    for await (const id of sampler.generate(start, { ...options, stopId: tokenizer.bosId })) ids.push(id);
    samples.push({ prompt, text: tokenizer.decode(ids) });
  }
  return samples;
}

/** The training forward pass over the whole window, for every token anew. */
export class WholeWindow implements LogitSource {
  readonly #gpu: Gpu;
  readonly #config: ModelConfig;
  readonly #network: Network;
  readonly #program: Program;
  readonly #tokens: Tensor;
  readonly #logits: Tensor;

  private constructor(gpu: Gpu, config: ModelConfig, arena: Arena) {
    this.#gpu = gpu;
    this.#config = config;
    this.#network = new Network(gpu, config, arena);
    this.#program = new Program(gpu);
    const { context: T, width: C, paddedVocab: V } = config;
    const make = (name: string, elements = T): Tensor => this.#network.tensor(`sample ${name}`, elements);
    this.#tokens = make('tokens');
    const batch = { tokens: this.#tokens, targets: make('targets'), documentStarts: make('document starts') };
    const { normed } = addForward(this.#program, this.#network, batch, { rows: 1 });
    this.#logits = make('logits', T * V);
    this.#network.linear(this.#program, normed, arena.weight(headName(config)), this.#logits, { N: T, C, O: V });
  }

  static async create(gpu: Gpu, config: ModelConfig, arena: Arena): Promise<WholeWindow> {
    const window = new WholeWindow(gpu, config, arena);
    await window.#program.compile();
    return window;
  }

  async logits(tokens: readonly number[]): Promise<Float32Array> {
    const { context, vocabSize, paddedVocab } = this.#config;
    const padded = new Uint32Array(context);
    padded.set(tokens);
    this.#gpu.write(this.#tokens.buffer, 0, padded);
    const encoder = this.#gpu.device.createCommandEncoder();
    this.#program.encode(encoder);
    this.#gpu.device.queue.submit([encoder.finish()]);
    const row = (tokens.length - 1) * paddedVocab * 4;
    return new Float32Array(await this.#gpu.read(this.#logits.buffer, row, vocabSize * 4));
  }

  forget(): void {}

  release(): void {
    this.#program.release();
    this.#network.release();
  }
}
