/**
 * Some drivers crash on subgroup matrices, and a crashed driver takes its process with it: so each configuration is tried
 * in a process of its own before anything uses it. What came of it is kept with the measured choices (tuned.ts).
 */
import { runApart } from '../gpu/apart.ts';
import type { AdapterFacts, MatrixConfig } from '../gpu/device.ts';

export interface Probed {
  /** `16x16x16`: M, N, K. */
  readonly config: string;
  /** Undefined when it multiplied rightly and lived. */
  readonly fault?: string;
}

export const configName = ({ M, N, K }: MatrixConfig): string => `${M}x${N}x${K}`;

/** Each configuration in a child. @param command what probes a configuration there */
export async function probeMatrices(
  { matrixConfigs }: Pick<AdapterFacts, 'matrixConfigs'>,
  command: (config: string) => readonly string[],
  { timeoutMs = 120_000, signal }: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<Probed[]> {
  const probed: Probed[] = [];
  for (const config of matrixConfigs.map(configName)) {
    const { fault } = await runApart(command(config), { timeoutMs, signal });
    probed.push({ config, ...(fault !== undefined && { fault }) });
  }
  return probed;
}

/** The facts without the matrices that a probe spoke against; without any that none has tried. */
export function trusted(facts: AdapterFacts, probed: readonly Probed[]): AdapterFacts {
  const right = new Set(probed.filter(({ fault }) => fault === undefined).map(({ config }) => config));
  return { ...facts, matrixConfigs: facts.matrixConfigs.filter((config) => right.has(configName(config))) };
}
