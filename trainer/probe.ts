/**
 * Some drivers crash on subgroup matrices, and a crashed driver takes its process with it. So before tuning tries a GPU's
 * matrices, `vua tune --probe MxNxK` multiplies with one configuration in a process of its own, and attends with it.
 */
import { ToolkitError } from '../crawlers/errors.ts';
import { nodeCommand, runApart } from './apart.ts';
import type { AdapterFacts, Gpu } from './device.ts';
import { attention } from './kernels/attention.ts';
import { attentionCandidates, matmulCandidates } from './kernels/candidates.ts';
import { HEAD_SIZES } from './kernels/index.ts';
import { MATMUL_LAYOUTS, matmul } from './kernels/matmul.ts';
import type { MatrixConfig } from './kernels/matmul-subgroup.ts';
import { missingFeatures } from './proofs/kernels.ts';
import { kernelFault } from './tune.ts';

export interface Probed {
  /** `16x16x16`: M, N, K. */
  readonly config: string;
  /** Undefined when it multiplied rightly and lived. */
  readonly fault?: string;
}

const nameOf = ({ M, N, K }: MatrixConfig): string => `${M}x${N}x${K}`;

/** Each configuration in a child. @param command the arguments of this program that probe a configuration */
export async function probeMatrices(
  { matrixConfigs }: AdapterFacts,
  command: (config: string) => readonly string[],
  timeoutMs = 120_000,
): Promise<Probed[]> {
  const probed: Probed[] = [];
  for (const config of matrixConfigs.map(nameOf)) {
    const { fault } = await runApart([...nodeCommand(), process.argv[1], ...command(config)], { timeoutMs });
    probed.push({ config, ...(fault !== undefined && { fault }) });
  }
  return probed;
}

/**
 * In the child: a product of each layout, and attention of each head size, against their references.
 * @throws ToolkitError BAD_KERNEL with what is wrong
 */
export async function probeMatrix(gpu: Gpu, config: string): Promise<void> {
  const facts = { ...gpu.facts, kind: 'gpu' as const };
  const uses = (tile: { readonly kind: string }): boolean =>
    tile.kind === 'subgroup' && nameOf(tile as unknown as MatrixConfig) === config;
  const kernels = [
    ...MATMUL_LAYOUTS.flatMap((layout) => {
      // The last ones are small: quick to compile.
      const tile = matmulCandidates(facts, layout, 'f16').findLast(uses);
      return tile ? [matmul({ layout, epilogue: 'write', from: 'f16', into: 'f16' }, tile)] : [];
    }),
    ...HEAD_SIZES.flatMap((size) => {
      const tile = attentionCandidates(facts, 'f16', size).findLast(uses);
      return tile ? Object.values(attention(size, 'f16', tile)) : [];
    }),
  ].filter((kernel) => missingFeatures(gpu, kernel).length === 0);
  const faults: string[] = kernels.length === 0 ? [`no kernel has ${config} on ${gpu.facts.name}`] : [];
  for (const kernel of kernels) {
    const fault = await kernelFault(gpu, kernel);
    if (fault) faults.push(fault);
  }
  if (faults[0]) throw new ToolkitError({ code: 'BAD_KERNEL', message: `matrices of ${config}: ${faults.join('; ')}` });
}

/** Variants that a probe spoke against. */
export const usesFaulty = (probed: readonly Probed[]): ((tile: { readonly kind: string }) => boolean) => {
  const faulty = new Set(probed.filter(({ fault }) => fault !== undefined).map(({ config }) => config));
  return (tile) => tile.kind === 'subgroup' && faulty.has(nameOf(tile as unknown as MatrixConfig));
};
