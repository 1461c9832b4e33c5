/**
 * One model on one device: parameters, activations and the recorded programs of a step.
 *
 *   clear grads, then for each micro-batch:  upload → forward → head: losses and their gradients → backward
 *   grad norm, loss scale, Muon, AdamW → copy `state` to the ring
 *
 * Nothing is read back inside a step. The ring keeps norm, loss, skip and loss scale of the last RING steps on the GPU.
 */

import type { Batch, BatchArrays } from '../batch.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Storage } from '../gpu/kernel.ts';
import { type Pace, Program, type ProgramStep, paceFor, type Tensor } from '../gpu/program.ts';
import { castHalf } from '../kernels/cast.ts';
import { type KernelChoice, kernelsFor } from '../kernels/choice.ts';
import { sortByToken } from '../kernels/embedding.ts';
import { initialState, lossWeights, STATE_FLOATS, STEP_FLOATS } from '../kernels/loss-scale.ts';
import { swapAverage } from '../kernels/optimizer.ts';
import { Arena } from './arena.ts';
import { addBackward } from './backward.ts';
import { MOMENTUM, type ModelConfig } from './config.ts';
import { addForward, type BatchTensors } from './forward.ts';
import { createHead } from './head.ts';
import { Network } from './network.ts';
import { addToPages, addUpdate, type UpdateOptions } from './update.ts';

export interface OptimizerOptions extends UpdateOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** Muon's learning rate over AdamW's. */
  readonly muonRatio: number;
  /** Muon's, where a step does not say; MOMENTUM. */
  readonly momentum?: number;
  /** What an average of the weights keeps of itself each step; 0: none is kept. */
  readonly ema?: number;
  /** Largest global gradient norm. */
  readonly clip: number;
  /** Weight of lse² in the loss; 0: off. */
  readonly zLoss?: number;
}

export interface TrainerOptions {
  /** Rows of a micro-batch. */
  readonly rows: number;
  readonly optimizer: OptimizerOptions;
  /** f16: mixed precision, weights and activations in half, with a loss scale that moves on the GPU. */
  readonly storage?: Storage;
  /** Keep only the stream into each layer and run a layer again on the way back: less memory, a third more work. */
  readonly recompute?: boolean;
  readonly kernels?: KernelChoice;
  /** Of a buffer of parameters at most: for tests; see arena.ts. */
  readonly pageBytes?: number;
  /** How long submissions may take; as the adapter wants it where left out. */
  readonly pace?: Pace;
}

export interface StepFigures {
  readonly gradNorm: number;
  /** Nats per token (z-loss included), mean over the step's targets, before its update. */
  readonly loss: number;
  /** The gradient was not finite, nothing was updated: how many steps in a row, those that shrink the loss scale as one; 0: updated. */
  readonly skipped: number;
  /** What the next step's loss is multiplied with; 1 in f32. */
  readonly lossScale: number;
}

/** Steps whose figures wait on the GPU at most. */
export const RING = 64;
const STATE_BYTES = STATE_FLOATS * 4;

/** What of the optimizer may move from step to step beside the rate (`schedule.ts`). */
export interface StepRates {
  /** Muon's. */
  readonly momentum?: number;
  /** Factor on the weight decay, of which `decayKind` knows. */
  readonly decay?: number;
  /** Of itself the average of the weights. */
  readonly keeps?: number;
}

type CountedBatch = BatchArrays & Pick<Batch, 'counted'>;

export class Trainer {
  /** Steps since this trainer was made: where the ring stands. */
  #submitted = 0;
  readonly gpu: Gpu;
  readonly config: ModelConfig;
  readonly rows: number;
  readonly arena: Arena;
  readonly storage: Storage;
  /** Plain JSON that fixes the bits of a run: for its checkpoints. */
  readonly kernels: KernelChoice;
  readonly #optimizer: OptimizerOptions;
  readonly #network: Network;
  readonly #batch: BatchTensors & Record<'order' | 'starts', Tensor>;
  readonly #losses: Tensor;
  readonly #total: Tensor;
  readonly #step: Tensor;
  readonly #state: Tensor;
  readonly #ring: Tensor;
  readonly #pace: Pace | undefined;
  readonly #programs: Readonly<Record<'cast' | 'forward' | 'losses' | 'gradients' | 'update' | 'swap', Program>>;

  /** Allocates and records. Parameters are zero until `arena.initialise` or a checkpoint fills them. */
  constructor(gpu: Gpu, config: ModelConfig, options: TrainerOptions) {
    const { rows, optimizer, storage = 'f32', recompute, kernels = kernelsFor(gpu.facts), pageBytes } = options;
    this.#pace = options.pace ?? paceFor(gpu.facts);
    this.gpu = gpu;
    this.config = config;
    this.rows = rows;
    this.storage = storage;
    this.kernels = kernels;
    this.#optimizer = { ...optimizer, dynamicLossScale: optimizer.dynamicLossScale ?? storage === 'f16' };
    this.arena = new Arena(gpu, config, {
      storage,
      pageBytes,
      averages: (optimizer.ema ?? 0) > 0,
      ...(optimizer.matrices === 'muon' && { without: 'matrix' }),
    });
    const network = new Network(gpu, config, this.arena, kernels);
    this.#network = network;
    const N = rows * config.context;
    const make = (name: string, elements: number): Tensor => network.tensor(name, elements);
    this.#batch = {
      tokens: make('tokens', N),
      targets: make('targets', N),
      documentStarts: make('document starts', N),
      order: make('order', N),
      starts: make('starts', config.paddedVocab + 1),
    };
    this.#losses = make('losses', N);
    this.#total = make('total', 4);
    this.#step = make('step', STEP_FLOATS);
    this.#state = make('state', STATE_FLOATS);
    this.#ring = make('ring', RING * STATE_FLOATS);
    this.writeState(initialState(storage));

    const program = (): Program => new Program(gpu);
    this.#programs = {
      cast: program(),
      forward: program(),
      losses: program(),
      gradients: program(),
      update: program(),
      swap: program(),
    };
    const { cast, forward, losses, gradients, update, swap } = this.#programs;
    const halves = this.arena.pages('half');
    for (const [i, { tensor: params }] of this.arena.pages('params').entries())
      if (halves[i]) cast.add(castHalf, { P: params.elements }, { params, half: halves[i].tensor });
    const a = addForward(forward, network, this.#batch, { rows, recompute });
    const dlosses = make('dlosses', N);
    const dnormed = network.activation('grad normed', N * config.width);
    const ends = { normed: a.normed, targets: this.#batch.targets, dlosses, losses: this.#losses, dnormed };
    const head = createHead(network, ends, N, optimizer.zLoss ?? 0);
    head.addLosses(losses);
    const scalars = { step: this.#step, state: this.#state };
    gradients.add(lossWeights, { N }, { ...scalars, dlosses });
    head.addLossesAndGradients(gradients);
    gradients.add(network.kernels.lossTotal, { N }, { losses: this.#losses, step: this.#step, total: this.#total });
    addBackward(gradients, network, a, { ...this.#batch, dnormed }, { rows, recompute });
    addUpdate(update, network, this.#optimizer, { ...scalars, total: this.#total });
    addToPages(swap, this.arena, swapAverage, {});
  }

  /**
   * Allocates, records and compiles; `release` gives the memory back.
   *
   *   const { config, trainer: made } = recipeOf(options, vocabSize, gpu.facts);
   *   const trainer = await Trainer.create(gpu, config, made);
   *   trainer.arena.initialise(config, seed);          // or loadCheckpoint(openCheckpoint(dir), trainer.arena)
   */
  static async create(gpu: Gpu, config: ModelConfig, options: TrainerOptions): Promise<Trainer> {
    const trainer = new Trainer(gpu, config, options);
    await Promise.all(Object.values(trainer.#programs).map((program) => program.compile()));
    return trainer;
  }

  /** Dispatches of a step of one micro-batch. */
  get dispatches(): number {
    const { forward, gradients, update } = this.#programs;
    return forward.dispatches + gradients.dispatches + update.dispatches;
  }

  /** Submits one optimizer step over micro-batches that are all at hand. */
  step(batches: readonly CountedBatch[], learningRate: number): void {
    for (const [index, batch] of batches.entries())
      this.microStep(batch, { index, count: batches.length }, learningRate);
  }

  /**
   * Submits micro-batch `index` of `count`; the last one also updates. The gradient is the mean over micro-batches of the
   * mean over their targets that count. The arrays may be reused as soon as this returns.
   */
  microStep(
    batch: CountedBatch,
    { index, count }: { index: number; count: number },
    learningRate: number,
    rates: StepRates = {},
  ): void {
    const { gpu, arena } = this;
    const { beta1, beta2, eps, clip, muonRatio, ema = 0 } = this.#optimizer;
    const { momentum = this.#optimizer.momentum ?? MOMENTUM, decay = 1, keeps = ema } = rates;
    const share = 1 / (Math.max(1, batch.counted) * count);
    const muonRate = learningRate * muonRatio;
    const scalars = [learningRate, beta1, beta2, eps, clip, muonRate, share, momentum, decay, keeps, 0, 0];
    gpu.write(this.#step.buffer, 0, Float32Array.from(scalars));
    this.#upload(batch);
    this.#uploadOrder(batch);
    let encoder = gpu.device.createCommandEncoder();
    this.#castWhenStale(encoder);
    if (index === 0) {
      for (const { tensor } of arena.pages('grads')) encoder.clearBuffer(tensor.buffer);
      encoder.clearBuffer(this.#total.buffer);
    }
    encoder = this.#programs.forward.encode(encoder, this.#pace);
    encoder = this.#programs.gradients.encode(encoder, this.#pace);
    if (index === count - 1) {
      encoder = this.#programs.update.encode(encoder, this.#pace);
      const slot = (this.#submitted++ % RING) * STATE_BYTES;
      encoder.copyBufferToBuffer(this.#state.buffer, 0, this.#ring.buffer, slot, STATE_BYTES);
    }
    gpu.device.queue.submit([encoder.finish()]);
  }

  /** Figures of the last `count` steps (at most RING), oldest first, after everything submitted has run. */
  async figures(count: number): Promise<StepFigures[]> {
    const ring = new Float32Array(await this.gpu.read(this.#ring.buffer, 0, RING * STATE_BYTES));
    return Array.from({ length: count }, (_, i) => {
      const at = ((this.#submitted - count + i) % RING) * STATE_FLOATS;
      return { gradNorm: ring[at], loss: ring[at + 2], skipped: ring[at + 3], lossScale: ring[at + 4] };
    });
  }

  /** Nats of every target of a batch that counts, one number per position (0 where ignored). */
  async losses(batch: BatchArrays): Promise<Float32Array> {
    this.#upload(batch);
    let encoder = this.gpu.device.createCommandEncoder();
    this.#castWhenStale(encoder);
    encoder = this.#programs.forward.encode(encoder, this.#pace);
    encoder = this.#programs.losses.encode(encoder, this.#pace);
    this.gpu.device.queue.submit([encoder.finish()]);
    return new Float32Array(await this.gpu.read(this.#losses.buffer, 0, this.#losses.elements * 4));
  }

  /** What is computed under the average of the weights, where one is kept: for evaluations and samples behind a step. */
  async averaged<T>(compute: () => Promise<T>): Promise<T> {
    if (!this.arena.holds('ema')) return compute();
    this.#swap();
    try {
      return await compute();
    } finally {
      this.#swap();
    }
  }

  #swap(): void {
    const encoder = this.gpu.device.createCommandEncoder();
    this.#programs.swap.encode(encoder);
    this.gpu.device.queue.submit([encoder.finish()]);
    this.arena.isStale = true;
  }

  /** The dispatches of a step of one micro-batch, to be measured one by one. */
  get programSteps(): Readonly<Record<'forward' | 'gradients' | 'update', readonly ProgramStep[]>> {
    const { forward, gradients, update } = this.#programs;
    return { forward: forward.steps, gradients: gradients.steps, update: update.steps };
  }

  /** The optimizer's counters and loss scale, for a checkpoint. */
  async readState(): Promise<number[]> {
    return Array.from(new Float32Array(await this.gpu.read(this.#state.buffer, 0, STATE_BYTES)));
  }

  writeState(values: readonly number[]): void {
    this.gpu.write(this.#state.buffer, 0, Float32Array.from(values));
  }

  #castWhenStale(encoder: GPUCommandEncoder): void {
    if (!this.arena.isStale) return;
    this.#programs.cast.encode(encoder);
    this.arena.isStale = false;
  }

  #upload({ tokens, targets, documentStarts }: BatchArrays): void {
    this.gpu.write(this.#batch.tokens.buffer, 0, tokens);
    this.gpu.write(this.#batch.targets.buffer, 0, targets);
    const { buffer, elements } = this.#batch.documentStarts;
    this.gpu.write(buffer, 0, documentStarts ?? new Uint32Array(elements));
  }

  /** Positions by token, for the embedding's gradient; sorted here when the loader did not. */
  #uploadOrder({ tokens, order, starts }: BatchArrays): void {
    if (!order || !starts) {
      order = new Uint32Array(tokens.length);
      starts = new Uint32Array(this.config.paddedVocab + 1);
      sortByToken(tokens, order, starts);
    }
    this.gpu.write(this.#batch.order.buffer, 0, order);
    this.gpu.write(this.#batch.starts.buffer, 0, starts);
  }

  release(): void {
    for (const program of Object.values(this.#programs)) program.release();
    this.#network.release();
    this.arena.release();
  }
}
