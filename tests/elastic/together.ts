/** A training of a small grammar by several workers of this process, with workers that come late, die or are slow. */
import { tokensInMemory } from '../../shards/tokens/source.ts';
import { Director, FIRST_STATE, type Round } from '../../trainer/elastic/director.ts';
import type { ElasticSettings, Patience } from '../../trainer/elastic/log.ts';
import { readAll, writeAll } from '../../trainer/elastic/outer.ts';
import { memoryTransport, type Transport } from '../../trainer/elastic/transport.ts';
import { Worker } from '../../trainer/elastic/worker.ts';
import type { Gpu } from '../../trainer/gpu/device.ts';
import { openLoader } from '../../trainer/loader/loader.ts';
import { modelConfig, sizeOf } from '../../trainer/model/config.ts';
import { Trainer } from '../../trainer/model/trainer.ts';
import { GRAMMAR_BOS, GRAMMAR_OPTIMIZER, grammar } from '../../trainer/proofs/training.ts';
import { learningRate, type Schedule } from '../../trainer/run/schedule.ts';

export const CONFIG = modelConfig({ vocabSize: 61, depth: 2, width: 32, context: 16 }); // compiled for training.test.ts too
export const ROWS = 8;
export const BATCH = 16;
const PLAN = {
  rows: ROWS,
  length: CONFIG.context,
  seed: 1,
  layout: 'stream',
  paddedVocab: CONFIG.paddedVocab,
} as const;
/** Text of which every run sees the beginning once, and what it is held against. */
const SOURCE = tokensInMemory([grammar(1, 60_000)], { fingerprint: 'grammar', vocabSize: 61, bosId: GRAMMAR_BOS });
const HELD_OUT_ROWS = 64;

export const scheduleOf = (steps: number): Schedule => ({
  ...{ kind: 'wsd', steps, peak: 0.02, warmupSteps: Math.min(20, steps / 10), decayShare: 0.5, floor: 0 },
});

const loaderOf = (rows: number) => openLoader([SOURCE], { ...PLAN, rows, maskDocuments: false });

export const makeTrainer = async (gpu: Gpu, rows = ROWS): Promise<Trainer> => {
  const trainer = await Trainer.create(gpu, CONFIG, { rows, optimizer: GRAMMAR_OPTIMIZER });
  trainer.arena.initialise(CONFIG, 1);
  return trainer;
};

/** Nats a token on text that nobody trained on. */
export async function heldOutLoss(trainer: Trainer): Promise<number> {
  const N = trainer.rows * CONFIG.context;
  const text = grammar(99, HELD_OUT_ROWS * CONFIG.context + 1);
  let sum = 0;
  for (let at = 0; at + N < text.length; at += N) {
    const tokens = Uint32Array.from(text.subarray(at, at + N));
    const losses = await trainer.losses({ tokens, targets: Uint32Array.from(text.subarray(at + 1, at + N + 1)) });
    for (const loss of losses) sum += loss;
  }
  return sum / (HELD_OUT_ROWS * CONFIG.context);
}

/** One worker alone, as `vua train` without --join. @returns its loss on held-out text */
export async function alone(gpu: Gpu, steps: number, trainer?: Trainer): Promise<number> {
  const own = trainer ?? (await makeTrainer(gpu));
  const loader = loaderOf(own.rows);
  const count = BATCH / own.rows;
  for (let step = 1; step <= steps; step++) {
    for (let index = 0; index < count; index++)
      own.microStep(await loader.next(), { index, count }, learningRate(scheduleOf(steps), step));
    await own.figures(1);
  }
  const loss = await heldOutLoss(own);
  if (!trainer) own.release();
  return loss;
}

export interface TogetherOptions extends Partial<ElasticSettings & Patience> {
  readonly workers: number;
  readonly steps: number;
  readonly transport?: Transport;
  /** Trainers that are there already: compiling is most of a short run. */
  readonly trainers?: readonly Trainer[];
  /** Rounds behind which worker W comes, or dies in the middle of the next one. */
  readonly comes?: Readonly<Record<number, number>>;
  readonly dies?: Readonly<Record<number, number>>;
  /** Behind this round the director is killed, and begins anew with nothing but the log. */
  readonly restarts?: number;
}

export interface Trained {
  readonly loss: number;
  readonly rounds: readonly Round[];
  readonly weights: Float32Array;
  readonly notes: readonly string[];
}

export async function trainTogether(gpu: Gpu, options: TogetherOptions): Promise<Trained> {
  const { workers, steps, transport = memoryTransport(), comes = {}, dies = {}, restarts } = options;
  const settings: ElasticSettings = {
    ...{ innerSteps: options.innerSteps ?? 10, outerLearningRate: options.outerLearningRate ?? 1 },
    ...{ outerMomentum: options.outerMomentum ?? 0, payload: options.payload ?? 'f16', outerClip: 3 },
  };
  const patience = { minWorkers: 1, workerTimeout: options.workerTimeout ?? 600, even: options.even ?? true };
  const trainers = [...(options.trainers ?? [])];
  while (trainers.length < workers) trainers.push(await makeTrainer(gpu));
  const [first] = trainers;
  for (const trainer of trainers) {
    trainer.arena.initialise(CONFIG, 1);
    for (const part of ['m', 'v'] as const) writeAll(trainer.arena, part, new Float32Array(sizeOfAll(trainer)));
    trainer.writeState([0, 0, 0, 0, 1, 0, 1, 1]);
  }
  const initial = await readAll(first.arena, 'params');
  const notes: string[] = [];
  const direct = async (): Promise<Director> => {
    const weights = initial.slice();
    const made = new Director({
      ...{
        transport,
        settings,
        patience,
        rows: ROWS,
        batch: BATCH,
        allRows: steps * BATCH,
        state: FIRST_STATE,
        weights,
      },
      ...{ momentum: new Float32Array(weights.length), left: new Float32Array(weights.length) },
      note: (text) => notes.push(text),
    });
    await made.begin();
    return made;
  };
  let director = await direct();
  const stops = trainers.map(() => new AbortController());
  const running: Promise<unknown>[] = [];
  const begin = async (i: number): Promise<void> => {
    const rateAt = (step: number): number => learningRate(scheduleOf(steps), step);
    const parts = {
      name: `w${i}`,
      transport,
      settings,
      trainer: trainers[i],
      loader: loaderOf(trainers[i].rows),
      rateAt,
    };
    const worker = new Worker({ ...parts, beatSeconds: 0.05, maxSkips: 16 }, `session-${i}`);
    await worker.join();
    running.push(worker.work(stops[i].signal));
  };
  for (let i = 0; i < workers; i++) if (!(i in comes)) await begin(i);
  const rounds: Round[] = [];
  let hasRestarted = false;
  while (!director.isDone) {
    const behind = director.state.round - 1;
    for (const [i, when] of Object.entries(comes)) if (when === behind) await begin(Number(i));
    const plan = (await director.open())!;
    if (behind === restarts && !hasRestarted) {
      hasRestarted = true;
      director = await direct(); // the round stays open, its workers at work
      rounds.length = 0;
      continue;
    }
    for (const [i, when] of Object.entries(dies)) if (when === behind) stops[Number(i)].abort();
    rounds.push((await director.close(plan))!);
  }
  await director.end();
  await Promise.all(running);
  writeAll(first.arena, 'params', director.weights);
  const loss = await heldOutLoss(first);
  if (!options.trainers) for (const trainer of trainers) trainer.release();
  return { loss, rounds, weights: director.weights.slice(), notes };
}

const sizeOfAll = ({ arena }: Trainer): number => arena.parameters.reduce((sum, one) => sum + sizeOf(one), 0);
