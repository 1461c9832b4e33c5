/**
 * What an adapter reaches, as ratios within one run: its peaks, single matmuls, and whole training steps taken apart into
 * kernels (a roofline: which of them hold the step back, and what bounds each).
 */
import type { Gpu } from './device.ts';
import { matmulTile } from './kernels/choice.ts';
import type { KernelChoice } from './kernels/index.ts';
import { bindingsOf, bytesOf, type Dims, elementsOf, isHalf, type Kernel, type Storage } from './kernels/kernel.ts';
import { MATMUL_LAYOUTS, matmul, tileName } from './kernels/matmul.ts';
import { peakCopy, peakFma } from './kernels/peak.ts';
import { type MeasureOptions, measure } from './measure.ts';
import { type ModelConfig, parameterCount } from './model.ts';
import { Program, type ProgramStep, type Tensor, tensor } from './program.ts';
import { seededRandom } from './random.ts';
import { type OptimizerOptions, Trainer } from './trainer.ts';

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
  options: MeasureOptions,
): Promise<MatmulRate[]> {
  const rates: MatmulRate[] = [];
  for (const size of sizes) {
    for (const layout of MATMUL_LAYOUTS) {
      const dims = { Z: 1, M: size, N: size, K: size };
      const tile = matmulTile(choice, layout, storage, dims);
      const kernel = matmul({ layout, epilogue: 'write', from: storage, into: storage }, tile);
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
  /** Of one step by the clock of the measurement. */
  readonly ms: number;
  readonly tokensPerSecond: number;
  /** Forward and backward products of a step, without the optimizer's. */
  readonly modelGflop: number;
  /** The optimizer's products included. */
  readonly gflop: number;
  readonly bytes: number;
  /** Share of a step's wall time that passed before its batch was there and uploaded. */
  readonly dataWait: number;
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

/** Whole training steps on random tokens, then every kernel of the step on its own. */
export async function benchStep(gpu: Gpu, config: ModelConfig, options: StepBenchOptions): Promise<StepBench> {
  const { rows, storage, kernels, optimizer, steps, clock = () => performance.now() } = options;
  const trainer = await Trainer.create(gpu, config, { rows, optimizer, storage, kernels });
  try {
    trainer.arena.initialise(config, 1);
    const random = seededRandom(1);
    const tokens = Uint32Array.from({ length: rows * config.context }, () => Math.floor(random() * config.vocabSize));
    const batch = { tokens, targets: tokens, counted: tokens.length };
    trainer.step([batch], 1e-4);
    await trainer.figures(1);
    let [best, wait, wall] = [Number.POSITIVE_INFINITY, 0, 0];
    for (let i = 0; i < steps && !options.signal?.aborted; i++) {
      const [started, startedWall] = [clock(), performance.now()];
      trainer.step([batch], 1e-4);
      wait += performance.now() - startedWall;
      await trainer.figures(1);
      best = Math.min(best, clock() - started);
      wall += performance.now() - startedWall;
    }
    const { forward, gradients, update } = trainer.programSteps;
    const all = [...forward, ...gradients, ...update];
    return {
      parameters: parameterCount(config),
      tokens: tokens.length,
      dispatches: all.length,
      ms: best,
      tokensPerSecond: (tokens.length / best) * 1000,
      modelGflop: gflopOf([...forward, ...gradients]),
      gflop: gflopOf(all),
      bytes: gpu.liveBytes,
      dataWait: wait / wall,
      roofline: await roofline(gpu, all, options),
    };
  } finally {
    trainer.release();
  }
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
    if (options.signal?.aborted) break;
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
