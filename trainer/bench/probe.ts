/** What is tried of a GPU's matrices in a process of its own, `vua tune --probe MxNxK` (kernels/probed.ts). */
import { badInput, ToolkitError } from '../../crawlers/shell/errors.ts';
import type { AdapterFacts, Gpu, MatrixConfig } from '../gpu/device.ts';
import type { Kernel } from '../gpu/kernel.ts';
import { attention } from '../kernels/attention.ts';
import { matmul } from '../kernels/matmul.ts';
import { MATMUL_LAYOUTS } from '../kernels/matmul-problem.ts';
import type { SubgroupTile } from '../kernels/matmul-subgroup.ts';
import { subgroupsOf } from '../kernels/matrix-units.ts';
import { configName, type Probed } from '../kernels/probed.ts';
import { kernelFault } from './tune.ts';

/** A product of each layout and attention with one configuration, in tiles that CPU drivers too compile in seconds. */
export function probeKernels(
  config: string,
  facts: Pick<AdapterFacts, 'features' | 'subgroupMinSize' | 'subgroupMaxSize'>,
): Kernel[] {
  const subgroups = subgroupsOf(facts);
  const [M, N, K] = config.split('x').map(Number);
  const tile: SubgroupTile = {
    kind: 'subgroup',
    m: 2 * M,
    n: 4 * N,
    k: 2 * K,
    down: 1,
    across: 2,
    M,
    N,
    K,
    ...subgroups,
  };
  const products = MATMUL_LAYOUTS.map((layout) =>
    matmul({ layout, epilogue: 'write', from: 'f16', into: 'f16' }, tile),
  );
  const fits = subgroups.lanes % M === 0 && 16 % N === 0 && 16 % K === 0;
  const attended = fits ? attention(16, 'f16', { kind: 'subgroup', down: 2, across: 16, M, N, K, ...subgroups }) : {};
  return [...products, ...Object.values<Kernel>(attended)];
}

/** In the child. @throws ToolkitError BAD_KERNEL with what is wrong */
export async function probeMatrix(gpu: Gpu, config: string): Promise<void> {
  const allowed = gpu.facts.matrixConfigs.map(configName);
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
  return (tile) => tile.kind === 'subgroup' && faulty.has(configName(tile as unknown as MatrixConfig));
};
