/**
 * One model on one device: parameters, activations and the three recorded programs of a step.
 *
 *   upload batch → clear grads → forward → backward → grad norm, Muon, AdamW → copy `state` to the ring
 *
 * Nothing is read back inside a step. The ring keeps [grad norm, clip, loss] of the last RING steps on the GPU.
 */
import { Arena } from './arena.ts';
import { addBackward } from './backward.ts';
import type { Batch } from './batch.ts';
import type { Gpu } from './device.ts';
import { type Activations, addForward, type BatchTensors } from './forward.ts';
import { sortByToken } from './kernels/embedding.ts';
import type { ModelConfig } from './model.ts';
import { Network } from './network.ts';
import { Program, type Tensor } from './program.ts';
import { addUpdate, type UpdateOptions } from './update.ts';

export interface OptimizerOptions extends UpdateOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** Muon's learning rate over AdamW's. */
  readonly muonRatio: number;
  /** Largest global gradient norm. */
  readonly clip: number;
}

export interface StepFigures {
  readonly gradNorm: number;
  /** Nats per token, mean over the batch, before the step's update. */
  readonly loss: number;
}

/** Steps whose figures wait on the GPU at most. */
export const RING = 64;
const STATE_BYTES = 16;

export class Trainer {
  readonly gpu: Gpu;
  readonly config: ModelConfig;
  readonly rows: number;
  readonly arena: Arena;
  readonly #optimizer: OptimizerOptions;
  readonly #network: Network;
  readonly #batch: BatchTensors & Record<'dlosses' | 'order' | 'starts', Tensor>;
  readonly #activations: Activations;
  readonly #step: Tensor;
  readonly #state: Tensor;
  readonly #ring: Tensor;
  readonly #programs: { readonly forward: Program; readonly backward: Program; readonly update: Program };

  private constructor(gpu: Gpu, config: ModelConfig, rows: number, optimizer: OptimizerOptions) {
    this.gpu = gpu;
    this.config = config;
    this.rows = rows;
    this.#optimizer = optimizer;
    this.arena = new Arena(gpu, config);
    const network = new Network(gpu, config, this.arena);
    this.#network = network;
    const N = rows * config.context;
    const make = (name: string, elements: number): Tensor => network.tensor(name, elements);
    this.#batch = {
      tokens: make('tokens', N),
      targets: make('targets', N),
      order: make('order', N),
      starts: make('starts', config.paddedVocab + 1),
      dlosses: make('dlosses', N),
    };
    gpu.write(this.#batch.dlosses.buffer, 0, new Float32Array(N).fill(1 / N));
    this.#step = make('step', 8);
    this.#state = make('state', 4);
    this.#ring = make('ring', (RING * STATE_BYTES) / 4);
    this.#programs = { forward: new Program(gpu), backward: new Program(gpu), update: new Program(gpu) };
    this.#activations = addForward(this.#programs.forward, network, this.#batch, rows, config.context);
    addBackward(this.#programs.backward, network, this.#activations, this.#batch, rows, config.context);
    const { losses } = this.#activations;
    addUpdate(this.#programs.update, network, optimizer, { losses, step: this.#step, state: this.#state });
  }

  /** Allocates and compiles. Parameters are zero until `arena.initialise` or a checkpoint fills them. */
  static async create(gpu: Gpu, config: ModelConfig, rows: number, optimizer: OptimizerOptions): Promise<Trainer> {
    const trainer = new Trainer(gpu, config, rows, optimizer);
    await Promise.all(Object.values(trainer.#programs).map((program) => program.compile()));
    return trainer;
  }

  /** Dispatches of one step. */
  get dispatches(): number {
    return Object.values(this.#programs).reduce((sum, program) => sum + program.dispatches, 0);
  }

  /** Submits one optimizer step; `step` counts from 1. */
  step(batch: Pick<Batch, 'tokens' | 'targets'>, step: number, learningRate: number): void {
    const { gpu, arena } = this;
    const { beta1, beta2, eps, clip, muonRatio } = this.#optimizer;
    this.#upload(batch);
    const order = new Uint32Array(batch.tokens.length);
    const starts = new Uint32Array(this.config.paddedVocab + 1);
    sortByToken(batch.tokens, order, starts);
    gpu.write(this.#batch.order.buffer, 0, order);
    gpu.write(this.#batch.starts.buffer, 0, starts);
    const scalars = [
      learningRate,
      beta1,
      beta2,
      eps,
      1 - beta1 ** step,
      1 - beta2 ** step,
      clip,
      learningRate * muonRatio,
    ];
    gpu.write(this.#step.buffer, 0, Float32Array.from(scalars));
    const encoder = gpu.device.createCommandEncoder();
    encoder.clearBuffer(arena.whole.grads.buffer);
    this.#programs.forward.encode(encoder);
    this.#programs.backward.encode(encoder);
    this.#programs.update.encode(encoder);
    encoder.copyBufferToBuffer(this.#state.buffer, 0, this.#ring.buffer, (step % RING) * STATE_BYTES, STATE_BYTES);
    gpu.device.queue.submit([encoder.finish()]);
  }

  /** Figures of steps `first` … `last` (at most RING of them), after everything submitted has run. */
  async figures(first: number, last: number): Promise<StepFigures[]> {
    const ring = new Float32Array(await this.gpu.read(this.#ring.buffer, 0, RING * STATE_BYTES));
    return Array.from({ length: last - first + 1 }, (_, i) => {
      const at = ((first + i) % RING) * 4;
      return { gradNorm: ring[at], loss: ring[at + 2] };
    });
  }

  /** Nats of every target of a batch that counts, one number per position (0 where ignored). */
  async losses(batch: Pick<Batch, 'tokens' | 'targets'>): Promise<Float32Array> {
    this.#upload(batch);
    const encoder = this.gpu.device.createCommandEncoder();
    this.#programs.forward.encode(encoder);
    this.gpu.device.queue.submit([encoder.finish()]);
    const { buffer, elements } = this.#activations.losses;
    return new Float32Array(await this.gpu.read(buffer, 0, elements * 4));
  }

  /** Time of every dispatch of a step, each run on its own. */
  async profile(): ReturnType<Program['profile']> {
    const figures = [];
    for (const program of Object.values(this.#programs)) figures.push(...(await program.profile()));
    return figures;
  }

  #upload({ tokens, targets }: Pick<Batch, 'tokens' | 'targets'>): void {
    this.gpu.write(this.#batch.tokens.buffer, 0, tokens);
    this.gpu.write(this.#batch.targets.buffer, 0, targets);
  }

  release(): void {
    for (const program of Object.values(this.#programs)) program.release();
    this.#network.release();
    this.arena.release();
  }
}
