/** `vua bench`: see bench.ts. */
import { z } from 'zod';
import { badInput } from '../crawlers/errors.ts';
import { type CommandContext, defineCommand } from '../crawlers/shell/command.ts';
import { writeFileAtomic } from '../crawlers/shell/folder.ts';
import { formatBytes, formatCount, formatTable } from '../crawlers/shell/reporter.ts';
import { ADAPTER_CHOICES, openGpu } from './adapter.ts';
import { benchStep, type MatmulRate, matmulRates, measurePeaks, type Peaks, type StepBench } from './bench.ts';
import { driverClock } from './bench-clock.ts';
import type { AdapterFacts, Gpu } from './device.ts';
import { chooseKernels, type KernelChoice } from './kernels/index.ts';
import type { Storage } from './kernels/kernel.ts';
import { type ModelConfig, modelConfig } from './model.ts';
import type { OptimizerOptions } from './trainer.ts';
import { loadChoice } from './tune-cache.ts';

/** Model sizes that are measured, by the parameters of their layers; rows of a step on a GPU and on a CPU driver. */
export const BENCH_MODELS = {
  demo: { vocabSize: 2048, depth: 2, width: 64, context: 64, gpuRows: 256, cpuRows: 8 },
  '1M': { vocabSize: 8192, depth: 2, width: 128, context: 256, gpuRows: 128, cpuRows: 2 },
  '10M': { vocabSize: 32768, depth: 4, width: 256, context: 512, gpuRows: 64, cpuRows: 1 },
  '30M': { vocabSize: 32768, depth: 8, width: 448, context: 1024, gpuRows: 32, cpuRows: 1 },
  '124M': { vocabSize: 32768, depth: 12, width: 768, context: 1024, gpuRows: 16, cpuRows: 1 },
} as const;
export type BenchModel = keyof typeof BENCH_MODELS;

/** By default what a few minutes allow. */
const DEFAULT_MODELS: Readonly<Record<AdapterFacts['kind'], readonly BenchModel[]>> = {
  embedded: ['demo', '1M'],
  software: ['demo', '1M', '10M'],
  gpu: ['1M', '10M', '30M', '124M'],
};
/** Sides of the square products. */
export const MATMUL_SIZES: Readonly<Record<AdapterFacts['kind'], readonly number[]>> = {
  embedded: [256],
  software: [256, 1024],
  gpu: [1024, 4096],
};

export const benchOptimizer = (matrices: 'muon' | 'adamw'): OptimizerOptions => ({
  ...{ beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0.1, clip: 1, muonRatio: 0.7 },
  matrices,
});

export interface BenchRow extends StepBench {
  readonly model: BenchModel;
  readonly storage: Storage;
  readonly kernels: string;
}

export interface BenchReport {
  readonly adapter: AdapterFacts;
  readonly clock: string;
  readonly tuned: boolean;
  readonly peaks: Peaks;
  readonly matmuls: readonly MatmulRate[];
  readonly steps: readonly BenchRow[];
}

const names = <T extends string>(given: string, allowed: readonly T[], option: string): T[] =>
  given.split(',').map((name) => {
    if (!allowed.includes(name as T))
      throw badInput('BAD_OPTION', `${option} ${name}: allowed are ${allowed.join(', ')}`);
    return name as T;
  });

export const benchModel = (name: BenchModel): ModelConfig => modelConfig(BENCH_MODELS[name]);
export const benchRows = (name: BenchModel, { kind }: AdapterFacts): number =>
  kind === 'gpu' ? BENCH_MODELS[name].gpuRows : BENCH_MODELS[name].cpuRows;

export interface BenchOptions {
  readonly models: readonly BenchModel[];
  readonly storages: readonly Storage[];
  readonly optimizer: 'muon' | 'adamw';
  readonly steps: number;
  readonly naive: boolean;
}

export async function bench(
  gpu: Gpu,
  { models, storages, optimizer, steps, naive }: BenchOptions,
  { report, signal }: CommandContext,
): Promise<BenchReport> {
  const { facts } = gpu;
  const { clock, name: clockName } = driverClock(facts);
  const { choice, isTuned } = loadChoice(facts);
  const choices: [string, KernelChoice][] = [['chosen', choice]];
  if (naive) choices.push(['naive', chooseKernels('naive')]);
  const peaks = await measurePeaks(gpu, { clock });
  const matmuls: MatmulRate[] = [];
  for (const storage of storages)
    matmuls.push(...(await matmulRates(gpu, choice, storage, MATMUL_SIZES[facts.kind], { clock })));
  const rows: BenchRow[] = [];
  for (const model of models) {
    for (const storage of storages) {
      for (const [kernels, chosen] of choices) {
        if (signal.aborted) break;
        report.note(`bench: ${model} ${storage} ${kernels}`);
        const options = { rows: benchRows(model, facts), storage, kernels: chosen, steps, clock, signal };
        const step = await benchStep(gpu, benchModel(model), { ...options, optimizer: benchOptimizer(optimizer) });
        rows.push({ model, storage, kernels, ...step });
      }
    }
  }
  return { adapter: facts, clock: clockName, tuned: isTuned, peaks, matmuls, steps: rows };
}

const bestMatmul = ({ matmuls }: BenchReport, storage: Storage): number =>
  Math.max(...matmuls.filter((rate) => rate.storage === storage).map(({ gflops }) => gflops));
/** What shares are of: registers in f32, the best product in f16, where matrix units go beyond them. */
const peakOf = (report: BenchReport, storage: Storage): number =>
  Math.max(report.peaks.gflops, bestMatmul(report, storage));
const percent = (share: number): string => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

export function benchText(report: BenchReport, kernels: number): string {
  const { adapter, clock, tuned, peaks, matmuls, steps } = report;
  const blocks = [
    `${adapter.name} (${adapter.kind}), ${tuned ? 'tuned here' : 'default kernels of its kind'}; by ${clock}`,
    `peak: ${peaks.gflops.toFixed(1)} GFLOP/s of f32 multiply-adds, ${peaks.gigabytesPerSecond.toFixed(1)} GB/s copied`,
    formatTable([
      ['matmul', 'size', 'variant', 'GFLOP/s', 'of peak'],
      ...matmuls.map(({ layout, storage, size, tile, gflops }) => [
        ...[`${layout} ${storage}`, `${size}³`, tile, gflops.toFixed(1), percent(gflops / peakOf(report, storage))],
      ]),
    ]),
    formatTable([
      ['training step', 'kernels', 'tokens', 'ms', 'tokens/s', 'GFLOP/s', 'of matmul', 'MFU', 'data wait', 'memory'],
      ...steps.map((step) => {
        const rate = (1000 * step.gflop) / step.ms;
        return [
          ...[`${step.model} ${step.storage}`, step.kernels, formatCount(step.tokens), step.ms.toFixed(1)],
          ...[formatCount(Math.round(step.tokensPerSecond)), rate.toFixed(1)],
          percent(rate / bestMatmul(report, step.storage)),
          percent((1000 * step.modelGflop) / step.ms / peakOf(report, step.storage)),
          percent(step.dataWait),
          formatBytes(step.bytes),
        ];
      }),
    ]),
  ];
  for (const step of steps) {
    const total = step.roofline.reduce((sum, { ms }) => sum + ms, 0);
    blocks.push(
      `${step.model} ${step.storage} ${step.kernels}: kernels that hold the step back`,
      formatTable([
        ['kernel', 'runs', 'of step', 'GFLOP/s', 'of peak', 'GB/s', 'of copying', 'bound by'],
        ...step.roofline.slice(0, kernels).map(({ kernel, dispatches, ms, gflop, gigabytes }) => {
          const [compute, traffic] = [(1000 * gflop) / ms, (1000 * gigabytes) / ms];
          const [ofPeak, ofCopy] = [compute / peakOf(report, step.storage), traffic / peaks.gigabytesPerSecond];
          return [
            ...[kernel, String(dispatches), percent(ms / total), compute.toFixed(1), percent(ofPeak)],
            ...[traffic.toFixed(2), percent(ofCopy), ofPeak > ofCopy ? 'arithmetic' : 'memory'],
          ];
        }),
      ]),
    );
  }
  return blocks.join('\n\n');
}

export const adapterOption = z
  .enum(ADAPTER_CHOICES)
  .default('auto')
  .describe(`WebGPU adapter: ${ADAPTER_CHOICES.join(', ')}; \`vua doctor\` explains the choice`);
const MODEL_NAMES = Object.keys(BENCH_MODELS) as BenchModel[];
export const modelsOption = z
  .string()
  .default('')
  .describe(`sizes, by comma, of ${MODEL_NAMES.join(', ')} (default: by adapter)`);
export const precisionOption = z.string().default('f32').describe('f32, f16 or f32,f16; f16 is mixed precision');

export function storagesOf(given: string, gpu: Gpu): Storage[] {
  const storages = names(given, ['f32', 'f16'] as const, '--precision');
  if (storages.includes('f16') && !gpu.device.features.has('shader-f16'))
    throw badInput('BAD_OPTION', `--precision f16: ${gpu.facts.name} has no shader-f16`);
  return storages;
}

export const modelsOf = (given: string, { kind }: AdapterFacts): readonly BenchModel[] =>
  given ? names(given, MODEL_NAMES, '--models') : DEFAULT_MODELS[kind];

export const benchCommand = defineCommand({
  name: 'bench',
  summary: 'measure kernels and whole training steps on the adapter, as shares of what it can do',
  examples: ['vua bench', 'vua bench --adapter embedded --models demo --naive', 'vua bench --precision f16 --json'],
  options: z.object({
    adapter: adapterOption,
    models: modelsOption,
    precision: precisionOption,
    optimizer: z.enum(['muon', 'adamw']).default('muon').describe("the matrices' optimizer"),
    steps: z.number().int().min(1).default(3).describe('steps of each size; the fastest counts'),
    kernels: z.number().int().min(1).default(10).describe('lines of each table of kernels'),
    naive: z.boolean().default(false).describe('also with the plainest form of every kernel'),
    out: z.string().default('').describe('also write everything as JSON to this file'),
  }),
  async run({ adapter, kernels, out, models, precision, ...options }, context) {
    const gpu = await openGpu(adapter);
    const storages = storagesOf(precision, gpu);
    const report = await bench(gpu, { ...options, models: modelsOf(models, gpu.facts), storages }, context);
    if (out) writeFileAtomic(out, `${JSON.stringify(report, null, 2)}\n`);
    context.report.result(benchText(report, kernels), { event: 'bench', ...report });
    gpu.destroy();
  },
});
