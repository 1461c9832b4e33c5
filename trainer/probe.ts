/**
 * Some drivers crash on subgroup matrices, and a crashed driver takes its process with it. So before tuning tries a GPU's
 * matrices, `vua tune --probe` multiplies with every configuration in a process of its own.
 */
import { spawn } from 'node:child_process';
import type { AdapterFacts, Gpu } from './device.ts';
import { matmulCandidates } from './kernels/candidates.ts';
import { matmul } from './kernels/matmul.ts';
import { toleranceOf, wgslError } from './proofs/kernels.ts';

const TIMEOUT_MS = 120_000;
export const PROBE_ARGUMENTS = ['tune', '--probe', '--adapter', 'gpu'];

/** True when there is nothing to fear: no GPU, no matrices, or a child of this program that multiplied rightly and lived. */
export async function matricesWork({ kind, matrixConfigs }: AdapterFacts): Promise<boolean> {
  if (kind !== 'gpu' || matrixConfigs.length === 0) return true;
  return new Promise((resolve) => {
    const command = [...process.execArgv, process.argv[1], ...PROBE_ARGUMENTS];
    const child = spawn(process.execPath, command, { stdio: 'ignore', timeout: TIMEOUT_MS });
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
}

/** In the child: one product with each configuration against its reference. */
export async function probeMatrices(gpu: Gpu): Promise<boolean> {
  const tiles = matmulCandidates(gpu.facts, 'nt', 'f16').filter(({ kind }) => kind === 'subgroup');
  const oneOfEach = new Map(tiles.map((tile) => [Object.values(tile).slice(-4).join(' '), tile]));
  for (const tile of oneOfEach.values()) {
    const kernel = matmul({ layout: 'nt', epilogue: 'write', from: 'f16', into: 'f16' }, tile);
    const { error } = await wgslError(gpu, kernel);
    if (!(error < toleranceOf(kernel))) return false;
  }
  return true;
}
