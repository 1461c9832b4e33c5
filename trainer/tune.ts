/**
 * Chooses kernel variants by measurement: for each class of product in a training step, and for attention, every
 * candidate is run at that size and the fastest kept. A variant that does not compile, or whose result is wrong, is left
 * out and named. What comes back is plain JSON over the adapter's default choice (tune-cache.ts keeps it on disk).
 */
import { reasonOf, ToolkitError } from '../crawlers/errors.ts';
import { measureKernel } from './bench.ts';
import type { Gpu } from './device.ts';
import { type AttentionTile, attention } from './kernels/attention.ts';
import { attentionCandidates, matmulCandidates } from './kernels/candidates.ts';
import { attentionTile, matmulClass, matmulTile } from './kernels/choice.ts';
import type { KernelChoice } from './kernels/index.ts';
import type { Kernel, Storage } from './kernels/kernel.ts';
import { type MatmulDims, type MatmulKernel, type MatmulTile, matmul, tileName } from './kernels/matmul.ts';
import type { MeasureOptions } from './measure.ts';
import type { ModelConfig } from './model.ts';
import type { ProgramStep } from './program.ts';
import { toleranceOf, wgslError } from './proofs/kernels.ts';

export interface TuneOptions extends MeasureOptions {
  readonly storage: Storage;
  readonly rows: number;
  /** Candidates that must not be tried, and why: what crashed a probe. */
  readonly excludes?: (tile: MatmulTile | AttentionTile) => boolean;
  readonly signal?: AbortSignal;
  readonly onResult?: (result: TuneResult) => void;
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

/** @param steps the dispatches of a training step (`Trainer.programSteps`) under `base` */
export async function tune(
  gpu: Gpu,
  base: KernelChoice,
  config: ModelConfig,
  steps: readonly ProgramStep[],
  options: TuneOptions,
): Promise<KernelChoice> {
  const { storage, rows, excludes = () => false, signal, onResult } = options;
  const { facts } = gpu;
  const measured = { matmul: { ...base.matmul }, attention: { ...base.attention } };
  const wrong = new Map<string, Promise<string | undefined>>();
  const faultOf = (kernel: Kernel): Promise<string | undefined> => {
    const known = wrong.get(kernel.name) ?? kernelFault(gpu, kernel);
    wrong.set(kernel.name, known);
    return known;
  };

  const classes = new Map<string, { kernel: MatmulKernel; dims: MatmulDims }>();
  for (const { kernel, dims } of steps) {
    if (!isMatmul(kernel)) continue;
    const { layout, from } = kernel.problem;
    const key = matmulClass(layout, from, dims as unknown as MatmulDims);
    if (!classes.has(key)) classes.set(key, { kernel, dims: dims as unknown as MatmulDims });
  }
  for (const [key, { kernel, dims }] of classes) {
    if (signal?.aborted) break;
    const { layout, from } = kernel.problem;
    const fallback = matmulTile(base, layout, from, dims);
    const candidates = matmulCandidates(facts, layout, from).filter((tile) => !excludes(tile));
    const shape = { Z: 1, ...shrunk(dims, MOST_FLOPS[facts.kind]) };
    const rate = async (tile: MatmulTile): Promise<number> => {
      const variant = matmul({ ...kernel.problem, epilogue: 'write', into: from }, tile);
      const fault = await faultOf(variant);
      if (fault) throw new Error(fault);
      return variant.flops!(shape) / (await measureKernel(gpu, variant, shape, options)) / 1e6;
    };
    const { best, ...result } = await fastest(gpu, fallback, candidates, tileName, rate);
    measured.matmul[key] = best;
    onResult?.({ key, ...result });
  }

  const { heads: NH, keyHeads: NKV, headSize: HS, context: T } = config;
  const dims = { N: rows * T, T, NH, NKV };
  const fallback = attentionTile(base, storage, HS);
  const rate = async (tile: typeof fallback): Promise<number> => {
    let [flops, ms] = [0, 0];
    for (const kernel of Object.values(attention(HS, storage, tile))) {
      const fault = await faultOf(kernel);
      if (fault) throw new Error(fault);
      flops += kernel.flops!(dims);
      ms += await measureKernel(gpu, kernel, dims, options);
    }
    return flops / ms / 1e6;
  };
  if (!signal?.aborted) {
    const name = (tile: typeof fallback): string => Object.values(tile).join(' ');
    const candidates = attentionCandidates(facts, storage, HS).filter((tile) => !excludes(tile));
    const { best, ...result } = await fastest(gpu, fallback, candidates, name, rate);
    measured.attention[`${storage} ${HS}`] = best;
    onResult?.({ key: `attention ${storage} ${HS}`, ...result });
  }
  return { ...base, ...measured };
}

const isMatmul = (kernel: Kernel): kernel is MatmulKernel => 'problem' in kernel;

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

/** The default is measured too: it stays unless a candidate is faster. */
async function fastest<Tile>(
  gpu: Gpu,
  fallback: Tile,
  candidates: readonly Tile[],
  name: (tile: Tile) => string,
  rate: (tile: Tile) => Promise<number>,
): Promise<Omit<TuneResult, 'key'> & { best: Tile }> {
  const faults: string[] = [];
  let [best, gflops, defaultGflops] = [fallback, 0, 0];
  const others = candidates.filter((tile) => name(tile) !== name(fallback));
  for (const [i, tile] of [fallback, ...others].entries()) {
    try {
      const found = await gpu.attempt(() => rate(tile));
      if (i === 0) defaultGflops = found;
      if (found > gflops) [best, gflops] = [tile, found];
    } catch (error) {
      faults.push(`${name(tile)}: ${reasonUnlessLost(error)}`);
    }
  }
  return { best, tile: name(best), gflops, defaultGflops, faults };
}

function shrunk({ M, N, K }: MatmulDims, most: number): MatmulDims {
  const dims = { M, N, K };
  while (2 * dims.M * dims.N * dims.K > most) {
    const side = (['M', 'N', 'K'] as const).reduce((a, b) => (dims[b] > dims[a] ? b : a));
    dims[side] = Math.ceil(dims[side] / 8) * 4;
  }
  return dims;
}
