/**
 * What an adapter reaches, as ratios within one run: its peaks, single matmuls, and whole training steps taken apart into
 * kernels (a roofline: which of them hold the step back, and what bounds each).
 */

import { seededRandom } from '../../shards/checksum.ts';
import { type TokenSource, tokensInMemory } from '../../shards/tokens/source.ts';
import type { Gpu } from '../gpu/device.ts';
import { bindingsOf, bytesOf, type Dims, elementsOf, isHalf, type Kernel, type Storage } from '../gpu/kernel.ts';
import { type MeasureOptions, measure } from '../gpu/measure.ts';
import { Program, type ProgramStep, type Tensor, tensor } from '../gpu/program.ts';
import { type KernelChoice, matmulTile } from '../kernels/choice.ts';
import { matmulOf, tileName } from '../kernels/matmul.ts';
import { MATMUL_LAYOUTS } from '../kernels/matmul-problem.ts';
import { peakCopy, peakFma } from '../kernels/peak.ts';
import { openLoader } from '../loader/loader.ts';
import { type ModelConfig, parameterCount } from '../model/config.ts';
import { type OptimizerOptions, Trainer } from '../model/trainer.ts';
import { flopsPerToken } from '../run/flops.ts';

/** Milliseconds of one kernel on buffers of its own. */
export async function measureKernel(gpu: Gpu, kernel: Kernel, dims: Dims, options?: MeasureOptions): Promise<number> {
  const tensors: Record<string, Tensor> = {};
  for (const binding of bindingsOf(kernel)) {
    const { name, type } = binding;
    tensors[name] = tensor(gpu, name, elementsOf(binding, dims), isHalf(type) ? 'f16' : 'f32');
  }
  const program = new Program(gpu);
  try {
    program.add(kernel, dims, tensors);
    await program.compile();
    return await measure(gpu, (pass) => program.steps[0].encode(pass), options);
  } finally {
    program.release();
    for (const { buffer } of Object.values(tensors)) gpu.release(buffer);
  }
}

export interface Peaks {
  /** Multiply-adds in registers, f32. */
  readonly gflops: number;
  /** Copying a buffer larger than the caches: bytes read and written. */
  readonly gigabytesPerSecond: number;
}

export async function measurePeaks(gpu: Gpu, options: MeasureOptions): Promise<Peaks> {
  const isGpu = gpu.facts.kind === 'gpu';
  const lanes = { P: 4 * (isGpu ? 2 ** 20 : 2 ** 14) };
  const floats = { P: isGpu ? 2 ** 27 : 2 ** 24 };
  const computing = await measureKernel(gpu, peakFma, lanes, options);
  const copying = await measureKernel(gpu, peakCopy, floats, options);
  return {
    gflops: peakFma.flops!(lanes) / computing / 1e6,
    gigabytesPerSecond: bytesOf(peakCopy, floats) / copying / 1e6,
  };
}

export interface MatmulRate {
  readonly layout: string;
  readonly size: number;
  readonly storage: Storage;
  readonly tile: string;
  readonly gflops: number;
}

/** Square products under a choice of kernels. */
export async function matmulRates(
  gpu: Gpu,
  choice: KernelChoice,
  storage: Storage,
  sizes: readonly number[],
  options: MeasureOptions & { readonly signal?: AbortSignal },
): Promise<MatmulRate[]> {
  const rates: MatmulRate[] = [];
  for (const size of sizes) {
    for (const layout of MATMUL_LAYOUTS) {
      if (options.signal?.aborted) return rates;
      const dims = { Z: 1, M: size, N: size, K: size };
      const tile = matmulTile(choice, layout, storage, dims);
      const kernel = matmulOf({ layout, epilogue: 'write', from: storage, into: storage }, tile, dims);
      const ms = await measureKernel(gpu, kernel, dims, options);
      rates.push({ layout, size, storage, tile: tileName(tile), gflops: kernel.flops!(dims) / ms / 1e6 });
    }
  }
  return rates;
}

export interface RooflineRow {
  readonly kernel: string;
  readonly dispatches: number;
  readonly ms: number;
  readonly gflop: number;
  readonly gigabytes: number;
}

export interface StepBench {
  readonly parameters: number;
  readonly tokens: number;
  readonly dispatches: number;
  /** Of one step by the clock of the measurement: `steps` submitted, read once, over their number. */
  readonly ms: number;
  readonly tokensPerSecond: number;
  /** What the model asks for (`flopsPerToken`), however it is computed: of this is the MFU. */
  readonly modelGflop: number;
  /** Products of the kernels: what is computed twice and the optimizer's included. */
  readonly gflop: number;
  readonly bytes: number;
  /** Share of the wall time that passed in the loader, here on this thread: in training it has its own. */
  readonly dataWait: number;
  /** Share of the wall time in which a step was uploaded, recorded and submitted. */
  readonly encode: number;
  readonly roofline: readonly RooflineRow[];
}

export interface StepBenchOptions extends MeasureOptions {
  readonly rows: number;
  readonly storage: Storage;
  readonly kernels: KernelChoice;
  readonly optimizer: OptimizerOptions;
  readonly steps: number;
  readonly signal?: AbortSignal;
}

/** As `vua train` reads its losses. */
const STEPS_A_READ = 16;

/**
 * Whole training steps on random tokens from a loader, then every kernel of the step on its own. Undefined when it was
 * stopped before a step was measured; stopped later, its roofline is empty.
 */
export async function benchStep(
  gpu: Gpu,
  config: ModelConfig,
  options: StepBenchOptions,
): Promise<StepBench | undefined> {
  const { rows, storage, kernels, optimizer, steps, signal, clock = () => performance.now() } = options;
  const trainer = await Trainer.create(gpu, config, { rows, optimizer, storage, kernels });
  try {
    trainer.arena.initialise(config, 1);
    const loader = openLoader([randomTokens(config, 4 * rows)], {
      ...{ rows, length: config.context, paddedVocab: config.paddedVocab },
      ...{ seed: 1, layout: 'stream', maskDocuments: false },
    });
    trainer.step([await loader.next()], 1e-4);
    await trainer.figures(1);
    let [done, wait, encode] = [0, 0, 0];
    const [started, startedWall] = [clock(), performance.now()];
    while (done < steps && !signal?.aborted) {
      const count = Math.min(STEPS_A_READ, steps - done);
      for (let i = 0; i < count; i++) {
        const asked = performance.now();
        const batch = await loader.next();
        const given = performance.now();
        trainer.step([batch], 1e-4);
        wait += given - asked;
        encode += performance.now() - given;
      }
      await trainer.figures(count);
      done += count;
    }
    if (done === 0) return undefined;
    const [ms, wall] = [(clock() - started) / done, performance.now() - startedWall];
    const { forward, gradients, update } = trainer.programSteps;
    const all = [...forward, ...gradients, ...update];
    const tokens = rows * config.context;
    return {
      parameters: parameterCount(config),
      tokens,
      dispatches: all.length,
      ms,
      tokensPerSecond: (tokens / ms) * 1000,
      modelGflop: (flopsPerToken(config) * tokens) / 1e9,
      gflop: gflopOf(all),
      bytes: gpu.liveBytes,
      dataWait: wait / wall,
      encode: encode / wall,
      roofline: await roofline(gpu, all, options),
    };
  } finally {
    trainer.release();
  }
}

/** @param rows of the context's length, in one document */
function randomTokens({ vocabSize, context }: ModelConfig, rows: number): TokenSource {
  const random = seededRandom(1);
  const tokens = Uint16Array.from({ length: rows * context + 1 }, () => Math.floor(random() * (vocabSize - 1)));
  return tokensInMemory([tokens], { fingerprint: 'random', vocabSize, bosId: vocabSize - 1 });
}

const gflopOf = (steps: readonly ProgramStep[]): number =>
  steps.reduce((sum, { kernel, dims }) => sum + (kernel.flops?.(dims) ?? 0), 0) / 1e9;

/** Same kernels on same sizes are measured once. */
async function roofline(gpu: Gpu, steps: readonly ProgramStep[], options: StepBenchOptions): Promise<RooflineRow[]> {
  const alike = new Map<string, ProgramStep[]>();
  for (const step of steps) {
    const key = `${step.kernel.name} ${Object.values(step.dims).join(' ')}`;
    alike.set(key, [...(alike.get(key) ?? []), step]);
  }
  const rows = new Map<string, RooflineRow>();
  for (const [{ kernel, dims, encode }, ...others] of alike.values()) {
    if (options.signal?.aborted) return [];
    const count = others.length + 1;
    const ms = count * (await measure(gpu, encode, { ...options, rounds: 2 }));
    const row = rows.get(kernel.name);
    rows.set(kernel.name, {
      kernel: kernel.name,
      dispatches: count + (row?.dispatches ?? 0),
      ms: ms + (row?.ms ?? 0),
      gflop: (count * (kernel.flops?.(dims) ?? 0)) / 1e9 + (row?.gflop ?? 0),
      gigabytes: (count * bytesOf(kernel, dims)) / 1e9 + (row?.gigabytes ?? 0),
    });
  }
  return [...rows.values()].sort((a, b) => b.ms - a.ms);
}
