/** Text from a model: one forward pass over the window per token, then a draw from the top k of the softmax. */
import type { Arena } from './arena.ts';
import type { Gpu } from './device.ts';
import { addForward } from './forward.ts';
import { headName, type ModelConfig } from './model.ts';
import { Network } from './network.ts';
import { Program, type Tensor } from './program.ts';
import { seededRandom } from './random.ts';

export interface SampleOptions {
  /** Tokens to generate at most. */
  readonly count: number;
  /** 0: always the likeliest token. */
  readonly temperature: number;
  readonly topK: number;
  readonly seed: number;
  /** Generation ends before this token. */
  readonly stopId: number;
}

export class Sampler {
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

  static async create(gpu: Gpu, config: ModelConfig, arena: Arena): Promise<Sampler> {
    const sampler = new Sampler(gpu, config, arena);
    await sampler.#program.compile();
    return sampler;
  }

  /** Yields token ids that follow `prompt` (which starts with BOS). */
  async *generate(
    prompt: ArrayLike<number>,
    { count, temperature, topK, seed, stopId }: SampleOptions,
  ): AsyncGenerator<number> {
    const random = seededRandom(seed);
    const tokens = Array.from(prompt);
    for (let i = 0; i < count; i++) {
      const logits = await this.#logitsBehind(tokens.slice(-this.#config.context));
      const next = draw(logits, temperature, topK, random);
      if (next === stopId) return;
      tokens.push(next);
      yield next;
    }
  }

  /** Logits [V] behind the last token of a window of at most T. */
  async #logitsBehind(window: readonly number[]): Promise<Float32Array> {
    const { context, vocabSize, paddedVocab } = this.#config;
    const padded = new Uint32Array(context);
    padded.set(window);
    this.#gpu.write(this.#tokens.buffer, 0, padded);
    const encoder = this.#gpu.device.createCommandEncoder();
    this.#program.encode(encoder);
    this.#gpu.device.queue.submit([encoder.finish()]);
    const row = (window.length - 1) * paddedVocab * 4;
    return new Float32Array(await this.#gpu.read(this.#logits.buffer, row, vocabSize * 4));
  }

  release(): void {
    this.#program.release();
    this.#network.release();
  }
}

function draw(logits: Float32Array, temperature: number, topK: number, random: () => number): number {
  const best = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a]);
  if (temperature === 0) return best[0];
  const top = best.slice(0, topK);
  const weights = top.map((id) => Math.exp((logits[id] - logits[top[0]]) / temperature));
  let left = random() * weights.reduce((a, b) => a + b);
  for (const [i, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return top[i];
  }
  return top[0];
}
