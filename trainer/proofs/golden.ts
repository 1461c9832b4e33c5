/**
 * The whole model against PyTorch (golden/*.safetensors, f64): logits, loss, every gradient, ten AdamW and ten Muon
 * steps; once as Qwen3, once with every switch turned. Errors are relative to the norm of what is expected.
 */
import { readFileSync } from 'node:fs';
import { assetPath } from '../../crawlers/shell/assets.ts';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import type { BatchArrays } from '../batch.ts';
import type { Gpu } from '../gpu/device.ts';
import { Program } from '../gpu/program.ts';
import { IGNORED } from '../kernels/cross-entropy.ts';
import { headName, type ModelConfig, modelConfig } from '../model/config.ts';
import { addForward } from '../model/forward.ts';
import { Network } from '../model/network.ts';
import { type OptimizerOptions, Trainer, type TrainerOptions } from '../model/trainer.ts';
import { decodeSafetensors } from '../record/safetensors.ts';

const ROWS = 3;
const RATE = 0.01;
const SIZES = { vocabSize: 61, depth: 2, width: 32, context: 16 } as const;
/** Tensors of a golden file, by name. */
export type Golden = ReadonlyMap<string, Float32Array>;
export const GOLDEN_KINDS = ['qwen3', 'experimental'] as const;
export type GoldenKind = (typeof GOLDEN_KINDS)[number];
export const GOLDEN_CONFIGS: Readonly<Record<GoldenKind, ModelConfig>> = {
  qwen3: modelConfig(SIZES),
  experimental: modelConfig({
    ...SIZES,
    architecture: 'llama',
    tied: false,
    activation: 'relu2',
    softcap: 3,
    valueEmbeddings: true,
    residualScalars: true,
  }),
};
export const GOLDEN_TOLERANCE = { logits: 1e-4, loss: 1e-5, gradients: 1e-4, steps: 1e-3 } as const;

/** The tensors that make.py wrote. @throws ToolkitError GOLDEN_MISSING */
export function readGolden(kind: GoldenKind): Golden {
  const file = `trainer/proofs/golden/${kind}.safetensors`;
  const path = assetPath(file);
  if (!path) {
    throw new ToolkitError({
      code: 'GOLDEN_MISSING',
      message: `${file}: no such file`,
      hint: 'install the package again',
    });
  }
  return new Map([...decodeSafetensors(readFileSync(path), path)].map(([name, { data }]) => [name, data]));
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

/** Rows `from` … `from + rows` of golden step `step`. */
function batchOf(tensors: Golden, step: number, from = 0, rows = ROWS): BatchArrays & { counted: number } {
  const start = (step * ROWS + from) * SIZES.context;
  const part = (name: string): number[] =>
    Array.from(tensors.get(`batch.${name}`)!.subarray(start, start + rows * SIZES.context));
  const targets = Uint32Array.from(part('targets'), (target) => (target < 0 ? IGNORED : target));
  const counted = targets.filter((target) => target !== IGNORED).length;
  const documentStarts = Uint32Array.from(part('starts'));
  return { tokens: Uint32Array.from(part('tokens')), targets, documentStarts, counted };
}

const optimizer = (matrices: 'muon' | 'adamw', zLoss = 0): OptimizerOptions => ({
  ...{ beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0.1, clip: 1, muonRatio: 0.7 },
  matrices,
  zLoss,
});

async function trainerOf(
  gpu: Gpu,
  kind: GoldenKind,
  tensors: Golden,
  options: Partial<TrainerOptions>,
): Promise<Trainer> {
  const given = { rows: ROWS, optimizer: optimizer('adamw', kind === 'experimental' ? 0.01 : 0), ...options };
  const trainer = await Trainer.create(gpu, GOLDEN_CONFIGS[kind], given);
  for (const { name } of trainer.arena.parameters) {
    trainer.arena.write('params', name, Float32Array.from(tensors.get(`init.${name}`)!));
  }
  return trainer;
}

/** Relative error of the logits of the first batch. */
export async function logitsError(gpu: Gpu, kind: GoldenKind, tensors: Golden): Promise<number> {
  const trainer = await trainerOf(gpu, kind, tensors, {});
  const { config, arena } = trainer;
  const network = new Network(gpu, config, arena);
  const program = new Program(gpu);
  const { width: C, paddedVocab: V, context: T } = config;
  const N = ROWS * T;
  const batch = batchOf(tensors, 0);
  const [tokens, targets, documentStarts] = ['tokens', 'targets', 'starts'].map((name) => network.tensor(name, N));
  gpu.write(tokens.buffer, 0, batch.tokens);
  gpu.write(documentStarts.buffer, 0, batch.documentStarts!);
  const { normed } = addForward(program, network, { tokens, targets, documentStarts }, { rows: ROWS });
  const logits = network.tensor('logits', N * V);
  network.linear(program, normed, arena.weight(headName(config)), logits, { N, C, O: V });
  await program.compile();
  const encoder = gpu.device.createCommandEncoder();
  program.encode(encoder);
  gpu.device.queue.submit([encoder.finish()]);
  const padded = new Float32Array(await gpu.read(logits.buffer, 0, N * V * 4));
  program.release();
  network.release();
  trainer.release();
  return relativeError(
    padded.filter((_, i) => i % V < SIZES.vocabSize),
    tensors.get('logits')!,
  );
}

export interface GradientErrors {
  readonly loss: number;
  /** The worst parameter. */
  readonly gradient: number;
  readonly at: string;
}

/** Errors of the first batch's loss and gradients; `rows` less than three: the batch is accumulated from parts. */
export async function gradientErrors(
  gpu: Gpu,
  kind: GoldenKind,
  tensors: Golden,
  options: Partial<TrainerOptions> = {},
): Promise<GradientErrors> {
  const trainer = await trainerOf(gpu, kind, tensors, options);
  const { rows } = trainer;
  trainer.step(
    Array.from({ length: ROWS / rows }, (_, i) => batchOf(tensors, 0, i * rows, rows)),
    0,
  );
  const [{ loss }] = await trainer.figures(1);
  let worst = { gradient: 0, at: '' };
  for (const [name, found] of await trainer.arena.read('grads')) {
    const gradient = relativeError(found, tensors.get(`grad.${name}`)!);
    if (!(gradient <= worst.gradient)) worst = { gradient, at: name };
    if (Number.isNaN(gradient)) break;
  }
  trainer.release();
  return { loss: Math.abs(loss / tensors.get('loss')![0] - 1), ...worst };
}

/** Ten steps: error of the losses, and of how far the worst parameter moved. */
export async function stepErrors(
  gpu: Gpu,
  tensors: Golden,
  matrices: 'muon' | 'adamw',
): Promise<{ losses: number; moved: number; at: string }> {
  const trainer = await trainerOf(gpu, 'qwen3', tensors, { optimizer: optimizer(matrices) });
  for (let step = 0; step < 10; step++) trainer.step([batchOf(tensors, step)], RATE);
  const losses = (await trainer.figures(10)).map(({ loss }) => loss);
  let worst = { moved: 0, at: '' };
  for (const [name, found] of await trainer.arena.read('params')) {
    const [from, to] = [tensors.get(`init.${name}`)!, tensors.get(`${matrices}.${name}`)!];
    const moved = relativeError(
      from.map((value, i) => found[i] - value),
      to.map((value, i) => value - from[i]),
    );
    if (!(moved <= worst.moved)) worst = { moved, at: name };
    if (Number.isNaN(moved)) break;
  }
  trainer.release();
  return { losses: relativeError(losses, tensors.get(`${matrices}.losses`)!), ...worst };
}
