/**
 * The kernels of a run. Where an adapter multiplies matrices, its configurations are probed once for a driver, each in a
 * process of its own; and where nothing was ever measured there, the products of this run are tuned before its first step.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Work } from '../../crawlers/shell/work.ts';
import { vuaCommand } from '../gpu/apart.ts';
import type { AdapterFacts } from '../gpu/device.ts';
import { type Findings, keepIn, QUIET_MS, runLeavingOut } from '../gpu/findings.ts';
import type { Storage } from '../gpu/kernel.ts';
import type { KernelChoice } from '../kernels/choice.ts';
import { hasMatrices } from '../kernels/matrix-units.ts';
import { probeMatrices } from '../kernels/probed.ts';
import { type Kept, loadChoice, saveProbed } from '../kernels/tuned.ts';
import type { ModelConfig } from '../model/config.ts';
import type { OptimizerOptions } from '../model/trainer.ts';
import type { Recipe } from './recipe.ts';

/** What `vua tune --recipe` is given, as JSON: a step whose products are measured. */
export interface TunedRecipe {
  readonly config: ModelConfig;
  readonly rows: number;
  readonly storage: Storage;
  readonly matrices: OptimizerOptions['matrices'];
  readonly recompute?: boolean;
  readonly logitsBytes?: number;
}

/** What a tuning has found: classes, by name, of how many. */
interface Tuned extends Findings {
  readonly classes?: number;
  readonly tuned?: Record<string, unknown>;
}

/** Tuning that takes longer is cut off, and what it found is used. */
const LONGEST_MS = 20 * 60_000;

/**
 * @param recipeOf what would be run with a choice of kernels
 * @param noTune take what stands for such an adapter unmeasured
 */
export async function ownKernels(
  facts: AdapterFacts,
  recipeOf: (kernels: KernelChoice) => Recipe,
  noTune: boolean,
  work: Work,
): Promise<KernelChoice> {
  const kept = await probedChoice(facts, work);
  if (noTune || kept.tuned > 0 || facts.kind !== 'gpu' || !hasMatrices(facts) || work.signal.aborted)
    return kept.choice;
  await tune(facts, recipeOf(kept.choice), work);
  return loadChoice(facts).choice;
}

/** Where an adapter's matrices were never tried, they are now. */
export async function probedChoice(facts: AdapterFacts, { report, signal }: Work): Promise<Kept> {
  const kept = loadChoice(facts);
  if (kept.probed || facts.kind !== 'gpu' || !hasMatrices(facts)) return kept;
  report.note('matrix units: each kind is tried in a process of its own, once for this driver');
  const command = (config: string): string[] => [...vuaCommand(), 'tune', '--adapter', 'gpu', '--probe', config];
  const probed = await probeMatrices(facts, command, { signal });
  if (signal.aborted) return kept;
  for (const { config, fault } of probed) if (fault) report.note(`matrices of ${config} are left out: ${fault}`);
  saveProbed(facts, probed);
  return loadChoice(facts);
}

async function tune(facts: AdapterFacts, { config, trainer }: Recipe, { report, signal }: Work): Promise<void> {
  const { rows, storage = 'f32', optimizer, recompute, kernels } = trainer;
  const recipe: TunedRecipe = {
    ...{ config, rows, storage, recompute, matrices: optimizer.matrices, logitsBytes: kernels?.logitsBytes },
  };
  report.note(
    `nothing was measured on ${facts.name} yet: the kernels of this run are tuned first (--no-tune skips it)`,
  );
  const folder = mkdtempSync(join(tmpdir(), 'vua-tune-'));
  const file = join(folder, 'findings.json');
  const found: Tuned = {};
  const write = keepIn(file, found);
  let progress: ReturnType<typeof report.stage> | undefined;
  write(['probed'], loadChoice(facts).probed ?? []);
  const command = [...vuaCommand(), 'tune', '--adapter', 'gpu', '--precision', storage, '--findings', file];
  try {
    const fault = await runLeavingOut([...command, '--recipe', JSON.stringify(recipe)], found, keep, {
      ...{ timeoutMs: LONGEST_MS, quietMs: QUIET_MS, signal },
      onFault: (fault, trying) =>
        report.note(trying ? `left out: ${trying} ended its process: ${fault}` : `tuning ended: ${fault}`),
    });
    progress?.finish();
    if (fault !== undefined && !signal.aborted)
      report.note(`tuning did not come to its end: ${fault}; what it found is used`);
  } finally {
    rmSync(folder, { recursive: true });
  }

  function keep(path: readonly string[], value: unknown): void {
    write(path, value);
    if (path[0] === 'classes') progress ??= report.stage('tune', 'classes of products', Number(value));
    if (path[0] === 'tuned') progress?.update(Object.keys(found.tuned ?? {}).length, { now: path[1] });
  }
}
