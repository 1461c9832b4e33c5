/**
 * Chooses kernel variants by measurement: for each class of product in a training step, and for attention, every
 * candidate is run at that size and the fastest kept. A variant that does not compile, or whose result is wrong, is left
 * out and named. What comes back is plain JSON over the adapter's default choice (kernels/tuned.ts keeps it on disk).
 */
import { reasonOf, ToolkitError } from '../../crawlers/shell/errors.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Kernel, Storage } from '../gpu/kernel.ts';
import type { MeasureOptions } from '../gpu/measure.ts';
import { compileKernel, type ProgramStep } from '../gpu/program.ts';
import { type AttentionTile, attention } from '../kernels/attention.ts';
import { attentionCandidates, matmulCandidates } from '../kernels/candidates.ts';
import { attentionTile, type KernelChoice, matmulClass, matmulTile } from '../kernels/choice.ts';
import { matmulProblems } from '../kernels/index.ts';
import { isMatmul, type MatmulTile, matmulOf, tileName } from '../kernels/matmul.ts';
import type { MatmulDims, MatmulProblem } from '../kernels/matmul-problem.ts';
import type { ModelConfig } from '../model/config.ts';
import { toleranceOf, wgslError } from '../proofs/kernels.ts';
import { measureKernel } from './bench.ts';

export interface TuneOptions extends MeasureOptions {
  readonly storage: Storage;
  /** Why a candidate must not be tried, if there is a reason: it crashed. */
  readonly excludes?: (tile: MatmulTile | AttentionTile, name: string) => string | undefined;
  /** Classes that are known already. */
  readonly skips?: (key: string) => boolean;
  readonly signal?: AbortSignal;
  /** Variants that compile while one is measured; none where left out. */
  readonly ahead?: number;
  /** Before a variant is tried: the last word where a driver takes the process with it. */
  readonly onTry?: (key: string, tile: string) => void;
  /** After each class, with the choice so far. A class that was stopped in the middle is not told. */
  readonly onResult?: (result: TuneResult, choice: KernelChoice) => void;
}

export interface TuneResult {
  /** Class of the product, or `attention f32 64`. */
  readonly key: string;
  readonly tile: string;
  /** GFLOP/s of the chosen variant, and of the default one. */
  readonly gflops: number;
  readonly defaultGflops: number;
  /** Variants that were left out, with the reason. */
  readonly faults: readonly string[];
}

/** Products larger than this are measured at a smaller M or K: the rate is the same. */
const MOST_FLOPS = { gpu: 2e12, software: 4e9, embedded: 4e8 } as const;

/** What a class of products is measured on. */
export interface Product {
  readonly problem: MatmulProblem;
  readonly dims: MatmulDims;
}

/** The square products that `vua bench` measures, in each layout, the largest first. */
export const cubes = (sizes: readonly number[], storage: Storage): Product[] =>
  sizes
    .toSorted((a, b) => b - a)
    .flatMap((size) =>
      matmulProblems(storage, true).map((problem) => ({ problem, dims: { M: size, N: size, K: size } })),
    );

export const productsOf = (steps: readonly ProgramStep[]): Product[] =>
  steps.flatMap(({ kernel, dims }) =>
    isMatmul(kernel) ? [{ problem: kernel.problem, dims: dims as unknown as MatmulDims }] : [],
  );

/** One product of each class is measured. */
export async function tuneMatmuls(
  gpu: Gpu,
  base: KernelChoice,
  products: readonly Product[],
  options: TuneOptions,
): Promise<KernelChoice> {
  const { skips = () => false, signal } = options;
  let choice = base;
  const classes = new Map<string, Product>();
  for (const product of products) {
    const key = matmulClass(product.problem.layout, product.problem.from, product.dims);
    if (!classes.has(key) && !skips(key)) classes.set(key, product);
  }
  for (const [key, { problem, dims }] of classes) {
    if (signal?.aborted) break;
    const { layout, from } = problem;
    const shape = { Z: 1, ...shrunk(dims, MOST_FLOPS[gpu.facts.kind]) };
    const found = await fastest(gpu, key, options, {
      fallback: matmulTile(base, layout, from, dims),
      candidates: matmulCandidates(gpu.facts, layout, from),
      name: tileName,
      kernels: (tile) => [matmulOf({ ...problem, epilogue: 'write', into: from }, tile, shape)],
      async rate(tile) {
        const variant = matmulOf({ ...problem, epilogue: 'write', into: from }, tile, shape);
        await mustBeRight(gpu, variant);
        return variant.flops!(shape) / (await measureKernel(gpu, variant, shape, options)) / 1e6;
      },
    });
    if (!found) break;
    choice = { ...choice, matmul: { ...choice.matmul, [key]: found.best } };
    options.onResult?.(found.result, choice);
  }
  return choice;
}

/** @param rows of the context's length, as in a step */
export async function tuneAttention(
  gpu: Gpu,
  base: KernelChoice,
  { heads: NH, keyHeads: NKV, headSize: HS, context: T }: ModelConfig,
  rows: number,
  options: TuneOptions,
): Promise<KernelChoice> {
  const { storage, skips = () => false, signal } = options;
  const dims = { N: rows * T, T, NH, NKV };
  const key = `attention ${storage} ${HS}`;
  if (signal?.aborted || skips(key)) return base;
  const found = await fastest(gpu, key, options, {
    fallback: attentionTile(base, storage, HS),
    candidates: attentionCandidates(gpu.facts, storage, HS),
    name: (tile) => Object.values(tile).join(' '),
    kernels: (tile) => Object.values(attention(HS, storage, tile)),
    async rate(tile) {
      let [flops, ms] = [0, 0];
      for (const kernel of Object.values(attention(HS, storage, tile))) {
        await mustBeRight(gpu, kernel);
        flops += kernel.flops!(dims);
        ms += await measureKernel(gpu, kernel, dims, options);
      }
      return flops / ms / 1e6;
    },
  });
  if (!found) return base;
  const choice = { ...base, attention: { ...base.attention, [`${storage} ${HS}`]: found.best } };
  options.onResult?.(found.result, choice);
  return choice;
}

/** Each kernel is held against its reference once a device. @throws Error with what is wrong */
async function mustBeRight(gpu: Gpu, kernel: Kernel): Promise<void> {
  const known = faults.get(gpu) ?? new Map<string, string | undefined>();
  faults.set(gpu, known);
  if (!known.has(kernel.name)) known.set(kernel.name, await kernelFault(gpu, kernel));
  const fault = known.get(kernel.name);
  if (fault) throw new Error(fault);
}
const faults = new WeakMap<Gpu, Map<string, string | undefined>>();

/** Undefined when the kernel equals its reference, else why not. @throws ToolkitError DEVICE_LOST */
export async function kernelFault(gpu: Gpu, kernel: Kernel): Promise<string | undefined> {
  try {
    const { error, at } = await gpu.attempt(() => wgslError(gpu, kernel));
    return error < toleranceOf(kernel) ? undefined : `${kernel.name}: off by ${error.toPrecision(2)} in ${at}`;
  } catch (error) {
    return reasonUnlessLost(error);
  }
}

/** Without its device nothing more can be tried. */
function reasonUnlessLost(error: unknown): string {
  if (error instanceof ToolkitError && error.code === 'DEVICE_LOST') throw error;
  return reasonOf(error);
}

interface Contest<Tile> {
  readonly fallback: Tile;
  readonly candidates: readonly Tile[];
  name(tile: Tile): string;
  kernels(tile: Tile): readonly Kernel[];
  /** GFLOP/s. */
  rate(tile: Tile): Promise<number>;
}

/** The default is measured too: it stays unless a candidate is faster. Undefined when it was stopped on the way. */
async function fastest<Tile extends MatmulTile | AttentionTile>(
  gpu: Gpu,
  key: string,
  { excludes = () => undefined, onTry, signal, ahead = 0 }: TuneOptions,
  { fallback, candidates, name, rate, kernels }: Contest<Tile>,
): Promise<{ readonly best: Tile; readonly result: TuneResult } | undefined> {
  const faults: string[] = [];
  let best = fallback;
  let [gflops, defaultGflops] = [0, 0];
  const others = candidates.filter((tile) => name(tile) !== name(fallback));
  const all = [fallback, ...others];
  for (const [i, tile] of all.entries()) {
    if (signal?.aborted) return undefined;
    if (ahead > 0 && i % ahead === 0) {
      const next = all.slice(i, i + ahead).filter((one) => excludes(one, name(one)) === undefined);
      for (const kernel of next.flatMap(kernels)) compileKernel(gpu.device, kernel).catch(() => {});
    }
    const excluded = excludes(tile, name(tile));
    if (excluded !== undefined) {
      faults.push(`${name(tile)}: ${excluded}`);
      continue;
    }
    onTry?.(key, name(tile));
    try {
      const found = await gpu.attempt(() => rate(tile));
      if (i === 0) defaultGflops = found;
      if (found > gflops) {
        best = tile;
        gflops = found;
      }
    } catch (error) {
      faults.push(`${name(tile)}: ${reasonUnlessLost(error)}`);
    }
  }
  return { best, result: { key, tile: name(best), gflops, defaultGflops, faults } };
}

function shrunk({ M, N, K }: MatmulDims, most: number): MatmulDims {
  const dims = { M, N, K };
  while (2 * dims.M * dims.N * dims.K > most) {
    const side = (['M', 'N', 'K'] as const).reduce((a, b) => (dims[b] > dims[a] ? b : a));
    dims[side] = Math.ceil(dims[side] / 8) * 4;
  }
  return dims;
}
