/** Whole training on a real adapter: it learns, it is deterministic, it resumes to the same bits, it does not grow. */
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../shards/checksum.ts';
import { tokensInMemory } from '../../shards/tokens/source.ts';
import type { LoaderState } from '../../trainer/batch.ts';
import { Sampler } from '../../trainer/generate/sample.ts';
import type { Gpu } from '../../trainer/gpu/device.ts';
import { openLoader } from '../../trainer/loader/loader.ts';
import { modelConfig, parameterCount, parametersOf, sizeOf } from '../../trainer/model/config.ts';
import { Trainer } from '../../trainer/model/trainer.ts';
import { loadCheckpoint, openCheckpoint, saveCheckpoint, tokenizerFilesIn } from '../../trainer/record/checkpoint.ts';
import { decodeSafetensors } from '../../trainer/record/safetensors.ts';
import { type TrainOptions, type TrainStep, train } from '../../trainer/run/train.ts';
import { countByReading, evaluateUnigram } from '../../trainer/score/unigram.ts';
import { IS_LONG, temporaryFolder } from '../support.ts';
import { sharedGpu } from './device.ts';
import { heldOutInMemory } from './support.ts';

const BOS = 60;
const config = modelConfig({ vocabSize: 61, depth: 2, width: 32, context: 16 });
const optimizer = {
  beta1: 0.9,
  beta2: 0.95,
  eps: 1e-8,
  weightDecay: 0.1,
  clip: 1,
  matrices: 'muon',
  muonRatio: 2,
} as const;

/** Sentences of a small grammar: after token t comes t+1 or 2t mod 60, so there is something to learn. */
function grammar(seed: number, length: number): Uint16Array {
  const random = seededRandom(seed);
  let token = 1;
  return Uint16Array.from({ length }, (_, i) => {
    if (i % 40 === 0) return BOS;
    token = (random() < 0.8 ? token + 1 : 2 * token) % 60;
    return token;
  });
}

const inMemory = (tokens: Uint16Array) =>
  tokensInMemory([tokens], { fingerprint: 'grammar', vocabSize: config.vocabSize, bosId: BOS });
const training = inMemory(grammar(1, 4000));
/** 15 documents of 39 tokens, one byte each. */
const heldOut = heldOutInMemory(
  inMemory(grammar(2, 600)),
  ['grammar'],
  Array.from({ length: 15 }, () => ({ source: 0, length: 40, textBytes: 39 })),
);

const loaderOf = (tokens = training, state?: LoaderState) =>
  openLoader([tokens], {
    ...{ rows: 8, length: config.context, paddedVocab: config.paddedVocab, seed: 3, state },
    ...{ layout: 'stream', maskDocuments: false },
  });

const options = (steps: number, change: Partial<TrainOptions> = {}): TrainOptions => ({
  loader: loaderOf(),
  heldOut,
  schedule: { steps: 24, peak: 0.02, warmupSteps: 3, decayShare: 0.5, floor: 0 },
  evaluateEvery: steps,
  readEvery: 4,
  checkpointEvery: 1000,
  ...change,
});

async function collect(steps: AsyncGenerator<TrainStep>, upTo = Number.POSITIVE_INFINITY): Promise<TrainStep[]> {
  const all: TrainStep[] = [];
  for await (const step of steps) {
    all.push(step);
    if (step.step >= upTo) break;
  }
  return all;
}

let gpu: Gpu;
const folder = temporaryFolder('file');
beforeAll(async () => {
  gpu = await sharedGpu();
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) writeFileSync(join(folder, name), '{}');
});

async function freshTrainer(): Promise<Trainer> {
  const trainer = await Trainer.create(gpu, config, { rows: 8, optimizer });
  trainer.arena.initialise(config, 1);
  return trainer;
}

const weights = async (trainer: Trainer): Promise<number[]> =>
  [...(await trainer.arena.read('params')).values()].flatMap((values) => Array.from(values));

describe('training', () => {
  it('learns, resumes to the bit, and keeps its number of buffers', async () => {
    const first = await freshTrainer();
    const buffers = gpu.liveBuffers;
    const losses = await collect(train(first, options(24)));
    expect(gpu.liveBuffers).toBe(buffers);
    expect(losses.map(({ step }) => step)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
    expect(losses[0].loss).toBeCloseTo(Math.log(61), 0);
    const unigram = await evaluateUnigram(await countByReading(training), heldOut);
    expect(losses.at(-1)!.heldOut!.bitsPerByte).toBeLessThan(0.8 * unigram.bitsPerByte);
    const expected = await weights(first);
    first.release();

    const interrupted = await freshTrainer();
    const head = await collect(train(interrupted, options(24, { checkpointEvery: 11 })), 11);
    const { step, loader, settled } = head.at(-1)!;
    expect(settled).toBe(true);
    const counters = { step, loader, optimizer: await interrupted.readState() };
    const state = { format: 'vua-checkpoint', version: 2, ...counters, config, options: {}, adapter: '' } as const;
    await saveCheckpoint(folder, interrupted.arena, state, tokenizerFilesIn(folder));
    interrupted.release();

    const resumed = await Trainer.create(gpu, config, { rows: 8, optimizer });
    const checkpoint = openCheckpoint(folder);
    loadCheckpoint(checkpoint, resumed.arena);
    resumed.writeState(checkpoint.state.optimizer);
    const tail = await collect(
      train(resumed, options(24, { from: checkpoint.state, loader: loaderOf(training, checkpoint.state.loader) })),
    );
    expect([...head, ...tail].map(({ loss }) => loss)).toEqual(losses.map(({ loss }) => loss));
    expect(await weights(resumed)).toEqual(expected);
    resumed.release();
  });

  it('overfits one batch', async ({ skip }) => {
    skip(!IS_LONG, 'set VUA_LONG: forty steps');
    const trainer = await freshTrainer();
    const first = loaderOf(inMemory(grammar(5, 8 * 16 + 1)));
    const batch = await first.next();
    const loader = { ...first, next: async () => batch };
    const schedule = { steps: 40, peak: 0.04, warmupSteps: 3, decayShare: 0.3, floor: 0 };
    const steps = await collect(train(trainer, options(1000, { loader, schedule, evaluateEvery: 1000 })));
    expect(steps.at(-1)!.loss).toBeLessThan(0.2);
    trainer.release();
  });

  it('stops with the step when the loss is not a number', async () => {
    const trainer = await freshTrainer();
    trainer.arena.write('params', 'model.norm.weight', new Float32Array(32).fill(Number.NaN));
    await expect(collect(train(trainer, options(24)))).rejects.toMatchObject({
      code: 'NAN_LOSS',
      message: expect.stringContaining('step 1'),
    });
    trainer.release();
  });
});

describe('checkpoints', () => {
  it('hold every parameter under its Hugging Face name, without padding', () => {
    const path = join(openCheckpoint(folder).dir, 'model.safetensors');
    const tensors = decodeSafetensors(readFileSync(path), path);
    expect(new Set(tensors.keys())).toEqual(new Set(parametersOf(config).map(({ name }) => name)));
    expect(tensors.get('model.embed_tokens.weight')!.shape).toEqual([61, 32]);
    const stored = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
    expect(stored).toBe(parameterCount(config));
    expect(parametersOf(config).reduce((sum, parameter) => sum + sizeOf(parameter), 0)).toBe(stored + 3 * 32);
  });

  it('refuses a cut file, naming it', () => {
    const path = join(openCheckpoint(folder).dir, 'model.safetensors');
    const whole = readFileSync(path);
    for (const bytes of [0, 5, 200, whole.length - 1]) {
      expect(() => decodeSafetensors(whole.subarray(0, bytes), path)).toThrow(
        expect.objectContaining({ code: 'BAD_CHECKPOINT', message: expect.stringContaining(path) }),
      );
    }
  });

  it('names the folder that holds none', () => {
    expect(() => openCheckpoint(tmpdir())).toThrow(expect.objectContaining({ code: 'NO_CHECKPOINT' }));
  });
});

it('samples the same text for the same seed, and the likeliest at temperature 0', async () => {
  const trainer = await freshTrainer();
  loadCheckpoint(openCheckpoint(folder), trainer.arena);
  const sampler = await Sampler.create(gpu, config, trainer.arena);
  const draw = async (temperature: number, seed: number): Promise<number[]> => {
    const ids: number[] = [];
    for await (const id of sampler.generate([BOS, 7], { count: 20, temperature, topK: 61, seed, stopId: -1 }))
      ids.push(id);
    return ids;
  };
  expect(await draw(1, 4)).toEqual(await draw(1, 4));
  expect(await draw(1, 4)).not.toEqual(await draw(1, 5));
  expect(await draw(0, 4)).toEqual(await draw(0, 5));
  sampler.release();
  trainer.release();
});
