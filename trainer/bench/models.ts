/** What `vua bench` and `vua tune` measure: model sizes, their rows, the sides of products. */
import { badInput } from '../../crawlers/shell/errors.ts';
import type { AdapterFacts, Gpu } from '../gpu/device.ts';
import type { Storage } from '../gpu/kernel.ts';
import { type ModelConfig, modelConfig } from '../model/config.ts';
import type { OptimizerOptions } from '../model/trainer.ts';
import { OPTIMIZER } from '../run/recipe-options.ts';

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

/** @throws ToolkitError BAD_OPTION (exit 2) naming what is allowed */
export const namesOf = <T extends string>(given: string, allowed: readonly T[], option: string): T[] =>
  given.split(',').map((name) => {
    if (!allowed.includes(name as T))
      throw badInput('BAD_OPTION', `${option} ${name}: allowed are ${allowed.join(', ')}`);
    return name as T;
  });

export const benchModel = (name: BenchModel): ModelConfig => modelConfig(BENCH_MODELS[name]);
export const benchRows = (name: BenchModel, { kind }: Pick<AdapterFacts, 'kind'>): number =>
  kind === 'gpu' ? BENCH_MODELS[name].gpuRows : BENCH_MODELS[name].cpuRows;

export const MODEL_NAMES = Object.keys(BENCH_MODELS) as BenchModel[];
export function storagesOf(given: string, gpu: Gpu): Storage[] {
  const storages = namesOf(given, ['f32', 'f16'] as const, '--precision');
  if (storages.includes('f16') && !gpu.device.features.has('shader-f16'))
    throw badInput('BAD_OPTION', `--precision f16: ${gpu.facts.name} has no shader-f16`);
  return storages;
}

export const modelsOf = (given: string | undefined, { kind }: AdapterFacts): readonly BenchModel[] =>
  given !== undefined ? namesOf(given, MODEL_NAMES, '--models') : DEFAULT_MODELS[kind];
