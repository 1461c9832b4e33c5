/** `vua bench`: see bench.ts. */
import { z } from 'zod';
import { defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import type { Work } from '../../crawlers/shell/work.ts';
import { benchStep, matmulRates, measurePeaks } from '../bench/bench.ts';
import { driverClock } from '../bench/clock.ts';
import { findPytorch, PYTORCH_WAYS, type Pytorch, runPytorch } from '../bench/pytorch.ts';
import { type BenchReport, benchText } from '../bench/report.ts';
import { adapterOption, openGpu } from '../gpu/adapter.ts';
import type { AdapterFacts, Gpu } from '../gpu/device.ts';
import type { Storage } from '../gpu/kernel.ts';
import { chooseKernels, type KernelChoice } from '../kernels/index.ts';
import { loadChoice } from '../kernels/tuned.ts';
import { type ModelConfig, modelConfig } from '../model/config.ts';
import type { OptimizerOptions } from '../model/trainer.ts';
import { OPTIMIZER } from '../run/recipe.ts';

/** Model sizes that are measured, named after those they resemble (the table gives the parameters); rows of a step on a
 * GPU and on a CPU driver. */
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
  ...OPTIMIZER,
  matrices,
});

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
  readonly pytorch?: Pytorch;
  /** After each part, with everything so far. */
  readonly onPart?: (report: BenchReport) => void;
}

/** Undefined when it was stopped before anything was measured. */
export async function bench(
  gpu: Gpu,
  { models, storages, optimizer, steps, naive, pytorch, onPart }: BenchOptions,
  { report, signal }: Work,
): Promise<BenchReport | undefined> {
  const { facts } = gpu;
  const { clock, name: clockName } = driverClock(facts);
  const { choice, tuned } = loadChoice(facts);
  const choices: [string, KernelChoice][] = [['chosen', choice]];
  if (naive) choices.push(['naive', chooseKernels('naive')]);
  if (signal.aborted) return undefined;
  const peaks = await measurePeaks(gpu, { clock });
  let found: BenchReport = { adapter: facts, clock: clockName, tuned, peaks, matmuls: [], steps: [], peers: [] };
  const keep = (part: Partial<BenchReport>): void => {
    found = { ...found, ...part };
    onPart?.(found);
  };
  for (const storage of storages) {
    const rates = await matmulRates(gpu, choice, storage, MATMUL_SIZES[facts.kind], { clock, signal });
    keep({ matmuls: [...found.matmuls, ...rates] });
  }
  for (const model of models) {
    for (const storage of storages) {
      for (const [kernels, chosen] of choices) {
        if (signal.aborted) return found;
        report.note(`bench: ${model} ${storage} ${kernels}`);
        const options = { rows: benchRows(model, facts), storage, kernels: chosen, steps, clock, signal };
        const step = await benchStep(gpu, benchModel(model), { ...options, optimizer: benchOptimizer(optimizer) });
        if (step) keep({ steps: [...found.steps, { model, storage, kernels, ...step }] });
      }
    }
    for (const way of pytorch ? PYTORCH_WAYS : []) {
      if (signal.aborted) return found;
      report.note(`bench: ${model} PyTorch ${way.compile ? 'compile' : 'eager'} ${way.dtype}`);
      const sizes = { rows: benchRows(model, facts), steps, matmul: Math.max(...MATMUL_SIZES[facts.kind]) };
      keep({ peers: [...found.peers, await runPytorch(pytorch!, model, benchModel(model), way, sizes)] });
    }
  }
  return found;
}

const MODEL_NAMES = Object.keys(BENCH_MODELS) as BenchModel[];
export const modelsOption = z
  .string()
  .optional()
  .describe(`sizes, by comma, of ${MODEL_NAMES.join(', ')}; by default those that the adapter does in minutes`);
export const precisionOption = z.string().default('f32').describe('f32, f16 or f32,f16; f16 is mixed precision');

export function storagesOf(given: string, gpu: Gpu): Storage[] {
  const storages = names(given, ['f32', 'f16'] as const, '--precision');
  if (storages.includes('f16') && !gpu.device.features.has('shader-f16'))
    throw badInput('BAD_OPTION', `--precision f16: ${gpu.facts.name} has no shader-f16`);
  return storages;
}

export const modelsOf = (given: string | undefined, { kind }: AdapterFacts): readonly BenchModel[] =>
  given !== undefined ? names(given, MODEL_NAMES, '--models') : DEFAULT_MODELS[kind];

export const benchCommand = defineCommand({
  name: 'bench',
  summary: 'measure kernels and whole training steps on the adapter, as shares of what it can do',
  examples: ['vua bench', 'vua bench --adapter embedded --models demo --naive', 'vua bench --precision f16 --json'],
  options: z.object({
    adapter: adapterOption,
    models: modelsOption,
    precision: precisionOption,
    optimizer: z.enum(['muon', 'adamw']).default('muon').describe("the matrices' optimizer"),
    steps: z
      .number()
      .int()
      .min(1)
      .default(3)
      .describe('steps of each size, submitted without a wait between them; their mean counts'),
    kernels: z.number().int().min(1).default(10).describe('lines of each table of kernels'),
    naive: z.boolean().default(false).describe('also with the plainest form of every kernel'),
    python: z
      .string()
      .optional()
      .describe('a Python with torch: PyTorch runs each model beside ours (compare with --optimizer adamw)'),
    out: z.string().optional().describe('also write everything as JSON to this file'),
  }),
  async run({ adapter, kernels, out, models, precision, python, ...options }, context) {
    const pytorch = python === undefined ? undefined : await findPytorch(python);
    const gpu = await openGpu(adapter);
    const storages = storagesOf(precision, gpu);
    const report = await bench(gpu, { ...options, pytorch, models: modelsOf(models, gpu.facts), storages }, context);
    if (report) {
      if (out) writeFileAtomic(out, `${JSON.stringify(report, null, 2)}\n`);
      context.report.result(benchText(report, kernels), { event: 'bench', ...report });
    }
    gpu.destroy();
    if (!context.signal.aborted) return 0;
    context.report.note('interrupted: what is above was measured, the rest was not');
    return INTERRUPTED;
  },
});
