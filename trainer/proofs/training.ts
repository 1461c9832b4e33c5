/**
 * Proofs of whole training on a small grammar, deterministic from its seed: it learns, repeats to the bit, does the same
 * with plain kernels, in half precision within a band, recomputed and accumulated, and one batch is learnt by heart.
 */

import { seededRandom } from '../../shards/checksum.ts';
import type { BatchArrays } from '../batch.ts';
import type { Gpu } from '../gpu/device.ts';
import { chooseKernels } from '../kernels/choice.ts';
import { type ModelConfig, modelConfig } from '../model/config.ts';
import { type OptimizerOptions, type StepFigures, Trainer, type TrainerOptions } from '../model/trainer.ts';

export const GRAMMAR_BOS = 60;
const GRAMMAR_CONFIG: ModelConfig = modelConfig({ vocabSize: 61, depth: 2, width: 32, context: 16 });
export const GRAMMAR_OPTIMIZER: OptimizerOptions = {
  ...{ beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0.1, clip: 1, muonRatio: 2 },
  matrices: 'muon',
};
const ROWS = 8;
const RATE = 0.02;

/** Sentences of a small grammar: after token t comes t+1 or 2t mod 60, so there is something to learn. */
export function grammar(seed: number, length: number): Uint16Array<ArrayBuffer> {
  const random = seededRandom(seed);
  let token = 1;
  return Uint16Array.from({ length }, (_, i) => {
    if (i % 40 === 0) return GRAMMAR_BOS;
    token = (random() < 0.8 ? token + 1 : 2 * token) % 60;
    return token;
  });
}

/** Batch `step` of the grammar, never the same text twice. */
function batchOf(step: number): BatchArrays & { counted: number } {
  const { context: T } = GRAMMAR_CONFIG;
  const text = grammar(1000 + step, ROWS * T + 1);
  const tokens = Uint32Array.from(text.subarray(0, ROWS * T));
  return { tokens, targets: Uint32Array.from(text.subarray(1)), counted: ROWS * T };
}

const rateOf = (step: number, steps: number): number => RATE * Math.min(1, (2 * (steps - step)) / steps);

export interface Run {
  readonly figures: readonly StepFigures[];
  /** Parameters after the last step, by name. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** `steps` steps of the grammar from the same initial weights. `sameBatch` repeats the first. */
export async function trainGrammar(
  gpu: Gpu,
  steps: number,
  options: Partial<TrainerOptions> & { readonly sameBatch?: boolean } = {},
): Promise<Run> {
  const { sameBatch = false, ...given } = options;
  const trainer = await Trainer.create(gpu, GRAMMAR_CONFIG, { rows: ROWS, optimizer: GRAMMAR_OPTIMIZER, ...given });
  trainer.arena.initialise(GRAMMAR_CONFIG, 1);
  const figures: StepFigures[] = [];
  for (let step = 0; step < steps; step++) {
    trainer.step([batchOf(sameBatch ? 0 : step)], rateOf(step, steps));
    if ((step + 1) % 32 === 0 || step === steps - 1) figures.push(...(await trainer.figures((step % 32) + 1)));
  }
  const weights = await trainer.arena.read('params');
  trainer.release();
  return { figures, weights };
}

const losses = ({ figures }: Run): number[] => figures.map(({ loss }) => loss);

/** True when losses and weights agree in every bit. */
export function isSame(a: Run, b: Run): boolean {
  const bits = (run: Run): Uint32Array[] =>
    [...run.weights.values()].map((w) => new Uint32Array(w.buffer, w.byteOffset, w.length));
  const other = bits(b);
  return (
    losses(a).length === losses(b).length &&
    losses(a).every((loss, i) => Object.is(loss, losses(b)[i])) &&
    bits(a).every((weights, i) => weights.every((word, at) => word === other[i][at]))
  );
}

/** Largest difference of a step's loss, in nats. */
const lossDifference = (a: Run, b: Run): number =>
  Math.max(...losses(a).map((loss, i) => Math.abs(loss - losses(b)[i])));

export const STEPS = 30;
/**
 * Nats that rounding may move a loss within STEPS steps: other kernels, or half precision (of one step, and in the mean:
 * Muon amplifies rounding, but to neither side).
 */
export const BAND = { kernels: 1e-3, half: 0.12, halfMean: 0.02 } as const;

/** The adapter's kernels against the plainest form of each. */
export async function naiveDifference(gpu: Gpu): Promise<number> {
  return lossDifference(
    await trainGrammar(gpu, STEPS),
    await trainGrammar(gpu, STEPS, { kernels: chooseKernels('naive') }),
  );
}

/** Mixed precision against f32, the largest and the mean difference; `undefined` where the device has no f16. */
export async function halfDifference(gpu: Gpu): Promise<{ largest: number; mean: number } | undefined> {
  if (!gpu.device.features.has('shader-f16')) return undefined;
  const [whole, half] = [await trainGrammar(gpu, STEPS), await trainGrammar(gpu, STEPS, { storage: 'f16' })];
  const mean = losses(half).reduce((sum, loss, i) => sum + loss - losses(whole)[i], 0) / STEPS;
  return { largest: lossDifference(whole, half), mean };
}

/** Loss after seeing one batch 150 times. */
export async function overfitLoss(gpu: Gpu): Promise<number> {
  return (await trainGrammar(gpu, 150, { sameBatch: true })).figures.at(-1)!.loss;
}

export interface Resumed {
  /** Losses and weights are those of the run that was never stopped. */
  readonly isSame: boolean;
  /** Buffers that were alive after some steps and not before. */
  readonly moreBuffers: number;
}

/** Half of the steps, everything carried over into a new trainer, the other half. */
export async function resumeProof(gpu: Gpu, options: Partial<TrainerOptions> = {}): Promise<Resumed> {
  const whole = await trainGrammar(gpu, STEPS, options);
  const create = () => Trainer.create(gpu, GRAMMAR_CONFIG, { rows: ROWS, optimizer: GRAMMAR_OPTIMIZER, ...options });
  const figures: StepFigures[] = [];
  const run = async (trainer: Trainer, from: number, to: number): Promise<void> => {
    for (let step = from; step < to; step++) trainer.step([batchOf(step)], rateOf(step, STEPS));
    figures.push(...(await trainer.figures(to - from)));
  };
  const first = await create();
  first.arena.initialise(GRAMMAR_CONFIG, 1);
  const before = gpu.liveBuffers;
  await run(first, 0, STEPS / 2);
  const moreBuffers = gpu.liveBuffers - before;
  const second = await create();
  for (const part of ['params', 'm', 'v'] as const) {
    for (const [name, values] of await first.arena.read(part)) second.arena.write(part, name, values);
  }
  second.writeState(await first.readState());
  first.release();
  await run(second, STEPS / 2, STEPS);
  const weights = await second.arena.read('params');
  second.release();
  return { isSame: isSame(whole, { figures, weights }), moreBuffers };
}
