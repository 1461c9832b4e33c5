/**
 * Some drivers crash on subgroup matrices, and a crashed driver takes its process with it. So before tuning tries a GPU's
 * matrices, `vua tune --probe MxNxK` multiplies with one configuration in a process of its own, and attends with it.
 */
import { badInput, ToolkitError } from '../../crawlers/shell/errors.ts';
import { nodeCommand, runApart } from '../gpu/apart.ts';
import type { AdapterFacts, Gpu, MatrixConfig } from '../gpu/device.ts';
import type { Kernel } from '../gpu/kernel.ts';
import { attention } from '../kernels/attention.ts';
import { matmul } from '../kernels/matmul.ts';
import { MATMUL_LAYOUTS } from '../kernels/matmul-problem.ts';
import type { SubgroupTile } from '../kernels/matmul-subgroup.ts';
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

/** A product of each layout and attention with one configuration, in tiles that CPU drivers too compile in seconds. */
export function probeKernels(
  config: string,
  { subgroupMaxSize: lanes }: Pick<AdapterFacts, 'subgroupMaxSize'>,
): Kernel[] {
  const [M, N, K] = config.split('x').map(Number);
  const tile: SubgroupTile = { kind: 'subgroup', m: 2 * M, n: 4 * N, k: 2 * K, down: 1, across: 2, M, N, K, lanes };
  const products = MATMUL_LAYOUTS.map((layout) =>
    matmul({ layout, epilogue: 'write', from: 'f16', into: 'f16' }, tile),
  );
  const fits = lanes % M === 0 && 16 % N === 0 && 16 % K === 0;
  const attended = fits ? attention(16, 'f16', { kind: 'subgroup', down: 2, across: 16, M, N, K, lanes }) : {};
  return [...products, ...Object.values<Kernel>(attended)];
}

/** In the child. @throws ToolkitError BAD_KERNEL with what is wrong */
export async function probeMatrix(gpu: Gpu, config: string): Promise<void> {
  const allowed = gpu.facts.matrixConfigs.map(nameOf);
  if (!allowed.includes(config)) {
    const has = allowed.length > 0 ? `has ${allowed.join(', ')}` : 'has no matrix units';
    throw badInput('BAD_OPTION', `--probe ${config}: ${gpu.facts.name} ${has}`);
  }
  for (const kernel of probeKernels(config, gpu.facts)) {
    const fault = await kernelFault(gpu, kernel);
    if (fault) throw new ToolkitError({ code: 'BAD_KERNEL', message: `matrices of ${config}: ${fault}` });
  }
}

/** Variants that a probe spoke against. */
export const usesFaulty = (probed: readonly Probed[]): ((tile: { readonly kind: string }) => boolean) => {
  const faulty = new Set(probed.filter(({ fault }) => fault !== undefined).map(({ config }) => config));
  return (tile) => tile.kind === 'subgroup' && faulty.has(nameOf(tile as unknown as MatrixConfig));
};
