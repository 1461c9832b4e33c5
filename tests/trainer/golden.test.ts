/**
 * The whole model against PyTorch (tests/golden/make.py, f64): logits, loss, every gradient, ten AdamW and ten Muon
 * steps; once as Qwen3, once with every switch turned. Errors are relative to the norm of what is expected.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGpu } from '../../trainer/adapter.ts';
import type { BatchArrays } from '../../trainer/batch.ts';
import type { Gpu } from '../../trainer/device.ts';
import { addForward } from '../../trainer/forward.ts';
import { IGNORED } from '../../trainer/kernels/cross-entropy.ts';
import { chooseKernels } from '../../trainer/kernels/index.ts';
import { headName, type ModelConfig, type ModelOptions, modelConfig } from '../../trainer/model.ts';
import { Network } from '../../trainer/network.ts';
import { Program } from '../../trainer/program.ts';
import { decodeSafetensors } from '../../trainer/safetensors.ts';
import { type OptimizerOptions, Trainer, type TrainerOptions } from '../../trainer/trainer.ts';

const [ROWS, T, VOCAB, LR] = [3, 16, 61, 0.01];
const SIZES = { vocabSize: VOCAB, depth: 2, width: 32, context: T };
const EXPERIMENTAL: Partial<ModelOptions> = {
  architecture: 'llama',
  tied: false,
  activation: 'relu2',
  softcap: 3,
  valueEmbeddings: true,
  residualScalars: true,
};
const CASES: [string, ModelConfig, number][] = [
  ['qwen3', modelConfig(SIZES), 0],
  ['experimental', modelConfig({ ...SIZES, ...EXPERIMENTAL }), 0.01],
];

type Golden = ReadonlyMap<string, Float32Array>;
function golden(kind: string): Golden {
  const path = join(import.meta.dirname, '..', 'golden', `${kind}.safetensors`);
  return new Map([...decodeSafetensors(readFileSync(path), path)].map(([name, { data }]) => [name, data]));
}

/** Micro-batch of golden step `step`. */
function batchOf(tensors: Golden, step: number): BatchArrays & { counted: number } {
  const part = (name: string): number[] =>
    Array.from(tensors.get(`batch.${name}`)!.subarray(step * ROWS * T, (step + 1) * ROWS * T));
  const targets = Uint32Array.from(part('targets'), (target) => (target < 0 ? IGNORED : target));
  const counted = targets.filter((target) => target !== IGNORED).length;
  return {
    tokens: Uint32Array.from(part('tokens')),
    targets,
    documentStarts: Uint32Array.from(part('starts')),
    counted,
  };
}

/** ‖found − expected‖ / ‖expected‖ */
function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += (found[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  return Math.sqrt(difference / norm);
}

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openGpu();
});
afterAll(() => gpu.destroy());

const optimizer = (matrices: 'muon' | 'adamw', zLoss = 0): OptimizerOptions => ({
  ...{ beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0.1, clip: 1, muonRatio: 0.7 },
  matrices,
  zLoss,
});

async function trainerOf(tensors: Golden, config: ModelConfig, options: Partial<TrainerOptions>): Promise<Trainer> {
  const trainer = await Trainer.create(gpu, config, { rows: ROWS, optimizer: optimizer('adamw'), ...options });
  for (const { name } of trainer.arena.parameters) {
    trainer.arena.write('params', name, Float32Array.from(tensors.get(`init.${name}`)!));
  }
  return trainer;
}

async function logitsOf(trainer: Trainer, batch: BatchArrays): Promise<Float32Array> {
  const { config, arena } = trainer;
  const network = new Network(gpu, config, arena);
  const program = new Program(gpu);
  const N = ROWS * T;
  const [tokens, targets, documentStarts] = ['tokens', 'targets', 'starts'].map((name) => network.tensor(name, N));
  gpu.write(tokens.buffer, 0, batch.tokens);
  gpu.write(documentStarts.buffer, 0, batch.documentStarts!);
  const { normed } = addForward(program, network, { tokens, targets, documentStarts }, { rows: ROWS });
  const { width: C, paddedVocab: V } = config;
  const logits = network.tensor('logits', N * V);
  network.linear(program, normed, arena.weight(headName(config)), logits, { N, C, O: V });
  await program.compile();
  const encoder = gpu.device.createCommandEncoder();
  program.encode(encoder);
  gpu.device.queue.submit([encoder.finish()]);
  const padded = new Float32Array(await gpu.read(logits.buffer, 0, N * V * 4));
  program.release();
  network.release();
  return padded.filter((_, i) => i % V < VOCAB);
}

describe.each(CASES)('%s', (kind, config, zLoss) => {
  const tensors = golden(kind);

  it('has the parameters of the golden file', async () => {
    const trainer = await trainerOf(tensors, config, {});
    const named = [...tensors.keys()].filter((name) => name.startsWith('init.')).map((name) => name.slice(5));
    expect(new Set(trainer.arena.parameters.map(({ name }) => name))).toEqual(new Set(named));
    expect(relativeError(await logitsOf(trainer, batchOf(tensors, 0)), tensors.get('logits')!)).toBeLessThan(1e-5);
    trainer.release();
  });

  it.each([
    ['one micro-batch', {}],
    ['recomputed', { recompute: true }],
    ['one row at a time, accumulated', { rows: 1 }],
    ["weights' gradients in slices", { kernels: { ...chooseKernels('embedded'), workgroups: 12 } }],
  ])('loss and every gradient, %s', async (_name, options) => {
    const trainer = await trainerOf(tensors, config, { ...options, optimizer: optimizer('adamw', zLoss) });
    const whole = batchOf(tensors, 0);
    const micro = ROWS / trainer.rows;
    const part = (array: Uint32Array<ArrayBuffer>, i: number) =>
      array.slice((i * array.length) / micro, ((i + 1) * array.length) / micro);
    const batches = Array.from({ length: micro }, (_, i) => {
      const targets = part(whole.targets, i);
      const counted = targets.filter((target) => target !== IGNORED).length;
      return { tokens: part(whole.tokens, i), targets, documentStarts: part(whole.documentStarts!, i), counted };
    });
    trainer.step(batches, 0);
    const [{ loss }] = await trainer.figures(1);
    expect(Math.abs(loss / tensors.get('loss')![0] - 1)).toBeLessThan(1e-5);
    const grads = await trainer.arena.read('grads');
    for (const [name, found] of grads) {
      expect(relativeError(found, tensors.get(`grad.${name}`)!), name).toBeLessThan(2e-5);
    }
    trainer.release();
  });
});

describe.each(['adamw', 'muon'] as const)('ten steps of %s', (matrices) => {
  it('losses and parameters', async () => {
    const tensors = golden('qwen3');
    const trainer = await trainerOf(tensors, CASES[0][1], { optimizer: optimizer(matrices) });
    for (let step = 0; step < 10; step++) trainer.step([batchOf(tensors, step)], LR);
    const losses = (await trainer.figures(10)).map(({ loss }) => loss);
    expect(relativeError(losses, tensors.get(`${matrices}.losses`)!)).toBeLessThan(1e-5);
    for (const [name, found] of await trainer.arena.read('params')) {
      const [from, to] = [tensors.get(`init.${name}`)!, tensors.get(`${matrices}.${name}`)!];
      const moved = to.map((value, i) => value - from[i]);
      expect(
        relativeError(
          from.map((value, i) => found[i] - value),
          moved,
        ),
        name,
      ).toBeLessThan(1e-3);
    }
    trainer.release();
  });
});
