/** `vua tune`: tune.ts over the sizes of the models, in a process of its own, for a variant may end it (findings.ts). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INTERRUPTED } from '../../crawlers/shell/command.ts';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { readJsonIfPresent } from '../../crawlers/shell/folder.ts';
import { formatTable } from '../../crawlers/shell/reporter.ts';
import type { Work } from '../../crawlers/shell/work.ts';
import { openGpu } from '../gpu/adapter.ts';
import { vuaCommand } from '../gpu/apart.ts';
import type { AdapterChoice } from '../gpu/choice.ts';
import { type AdapterFacts, Gpu } from '../gpu/device.ts';
import { type Findings, type Keep, keepIn, QUIET_MS, runLeavingOut, sayFinding } from '../gpu/findings.ts';
import type { Storage } from '../gpu/kernel.ts';
import { type KernelChoice, matmulClass } from '../kernels/choice.ts';
import { type Probed, probeMatrices } from '../kernels/probed.ts';
import { loadChoice, saveChoice, saveProbed, tunePath } from '../kernels/tuned.ts';
import type { ModelConfig } from '../model/config.ts';
import { Trainer, type TrainerOptions } from '../model/trainer.ts';
import type { TunedRecipe } from '../run/own-kernels.ts';
import { storageOf } from '../run/recipe.ts';
import { OPTIMIZER } from '../run/recipe-options.ts';
import { driverClock } from './clock.ts';
import {
  type BenchModel,
  benchModel,
  benchOptimizer,
  benchRows,
  MATMUL_SIZES,
  modelsOf,
  storagesOf,
} from './models.ts';
import { probeMatrix, usesFaulty } from './probe.ts';
import { cubes, productsOf, type TuneOptions, type TuneResult, tuneAttention, tuneMatmuls } from './tune.ts';

export interface TuneRequest {
  readonly adapter: AdapterChoice;
  /** By comma. */
  readonly models?: string;
  readonly precision: string;
  readonly dryRun: boolean;
  /** JSON of a step whose products are measured, in place of the models. */
  readonly recipe?: string;
  /** Only multiply with the matrix units of this shape. */
  readonly probe?: string;
  /** Of the process that measures: the file where it goes on. */
  readonly findings?: string;
}

/**
 * @returns the exit status
 * @throws ToolkitError DEVICE_ERROR and those of the options
 */
export async function tuneApart(
  { adapter, models, precision, dryRun, probe, recipe, findings: file }: TuneRequest,
  { report, signal }: Work,
): Promise<number> {
  const gpu = await openGpu(adapter);
  const { facts } = gpu;
  if (probe !== undefined) {
    await probeMatrix(gpu, probe);
    report.result(`matrices of ${probe} work`, { event: 'probed', probe });
    return 0;
  }
  const storages = precision === 'auto' ? [storageOf('auto', facts)] : storagesOf(precision, gpu);
  const steps = recipe === undefined ? stepsOf(modelsOf(models, facts), storages, facts) : [stepOf(JSON.parse(recipe))];
  if (file !== undefined) {
    const found = readJsonIfPresent<TuneFindings>(file) ?? {};
    const said = { report: { note: console.log }, signal } as unknown as Work;
    await tuneRest(gpu, steps, recipe === undefined ? storages : [], said, { found, keep: sayFinding, dryRun });
    return 0;
  }
  gpu.destroy();
  const probed =
    facts.kind === 'gpu' && storages.includes('f16')
      ? await probeMatrices(facts, (config) => [...vuaCommand(), 'tune', '--adapter', 'gpu', '--probe', config], {
          signal,
        })
      : [];
  if (probed.length > 0 && !dryRun && !signal.aborted) saveProbed(facts, probed);
  for (const { config, fault } of probed)
    if (fault) report.note(`matrices of ${config} are left out: in a process of their own, ${fault}`);

  const folder = mkdtempSync(join(tmpdir(), 'vua-tune-'));
  const findings = join(folder, 'findings.json');
  const found: TuneFindings = {};
  const keep = keepIn(findings, found);
  keep(['probed'], probed);
  const given = ['--adapter', adapter, '--precision', precision, '--findings', findings];
  const more = [...(models === undefined ? [] : ['--models', models]), ...(dryRun ? ['--dry-run'] : [])];
  const command = [...vuaCommand(), 'tune', ...given, ...more, ...(recipe === undefined ? [] : ['--recipe', recipe])];
  const fault = await runLeavingOut(command, found, keep, {
    ...{ timeoutMs: LONGEST_MS, signal, onLine: (line) => report.note(line) },
    ...(facts.kind === 'gpu' && { quietMs: QUIET_MS }),
    onFault: (fault, trying) =>
      report.note(trying ? `left out: ${trying} ended its process: ${fault}` : `tuning ended: ${fault}`),
  });
  rmSync(folder, { recursive: true });

  const results = Object.values(found.tuned ?? {});
  const crashed = found.crashed ?? {};
  report.result(tuneText(results), { event: 'tuned', path: tunePath(facts), probed, crashed, results });
  if (!dryRun && results.length > 0)
    report.note(`kept in ${tunePath(facts)}; new runs use it, a resumed run keeps its own`);
  if (signal.aborted) {
    report.note(
      `interrupted: ${results.length} classes were measured${dryRun ? '' : ' and kept'}, the others were not`,
    );
    return INTERRUPTED;
  }
  if (fault === undefined) return 0;
  throw new ToolkitError({
    code: 'DEVICE_ERROR',
    message: `${facts.name}: tuning did not come to its end: ${fault}`,
  });
}

/** No tuning takes longer than a day. */
const LONGEST_MS = 86_400_000;

/** What a tuning has found so far, and what it is not to try again. */
export interface TuneFindings extends Findings {
  probed?: readonly Probed[];
  /** By class. */
  tuned?: Record<string, TuneResult>;
}

interface RestOptions {
  readonly found: TuneFindings;
  readonly keep: Keep;
  readonly dryRun?: boolean;
  /** Classes that are tuned; all where left out. */
  readonly only?: RegExp;
}

/** Options that go on where `found` ends: known classes are skipped, and variants that crashed. */
export function onwards({ probed = [], tuned = {}, crashed = {} }: TuneFindings, keep: Keep) {
  const isFaulty = usesFaulty(probed);
  const crashes = new Map(Object.entries(crashed).map(([trying, fault]) => [trying.split(': ').at(-1), fault]));
  return {
    excludes: (tile, name) => (isFaulty(tile) ? 'its matrices failed a probe' : crashes.get(name)),
    skips: (key) => tuned[key] !== undefined,
    onTry: (key, tile) => keep(['trying'], `${key}: ${tile}`),
    onResult: (result) => keep(['tuned', result.key], result),
  } satisfies Partial<TuneOptions>;
}

/** A step whose products and attention are measured. */
export interface StepToTune {
  readonly name: string;
  readonly config: ModelConfig;
  readonly trainer: Omit<TrainerOptions, 'kernels'> & {
    readonly storage: Storage;
    readonly kernels?: Pick<KernelChoice, 'logitsBytes'>;
  };
}

export const stepsOf = (
  models: readonly BenchModel[],
  storages: readonly Storage[],
  facts: Pick<AdapterFacts, 'kind'>,
): StepToTune[] =>
  storages.flatMap((storage) =>
    models.map((model) => ({
      name: `${model} ${storage}`,
      config: benchModel(model),
      trainer: { rows: benchRows(model, facts), storage, optimizer: benchOptimizer('muon') },
    })),
  );

const stepOf = ({ config, rows, storage, recompute, matrices, logitsBytes }: TunedRecipe): StepToTune => ({
  name: `${config.layers} layers × ${config.width}, ${rows} rows, ${storage}`,
  config,
  trainer: { rows, storage, recompute, optimizer: { ...OPTIMIZER, matrices }, kernels: { logitsBytes } },
});

/**
 * In a child: tunes what is not found yet, tells it, and keeps the choices. The bench's cubes in `cubesOf`, then the
 * products and the attention of the steps.
 */
export async function tuneRest(
  gpu: Gpu,
  steps: readonly StepToTune[],
  cubesOf: readonly Storage[],
  { report, signal }: Work,
  { found, keep, dryRun = false, only }: RestOptions,
): Promise<void> {
  const { skips, onResult, ...more } = onwards(found, keep);
  const { clock } = driverClock(gpu.facts);
  let { choice } = loadChoice(gpu.facts);
  const known = new Set<string>();
  // After a crash one at a time, so that the variant that is named is the one that crashed.
  const ahead = gpu.facts.kind === 'gpu' && Object.keys(found.crashed ?? {}).length === 0 ? COMPILED_AHEAD : 0;
  const optionsOf = (storage: Storage): TuneOptions => ({
    ...{ ...more, storage, clock, signal, rounds: 2, atLeastMs: 10, ahead },
    skips: (key) => known.has(key) || skips(key) || only?.test(key) === false,
    onResult(result, next) {
      known.add(result.key);
      choice = next;
      report.note(`${result.key}: ${result.tile}, ${result.gflops.toFixed(1)} GFLOP/s`);
      keep(['trying'], ''); // a fault of saving is none of a variant
      if (!dryRun) saveChoice(gpu.facts, choice);
      onResult(result);
    },
  });
  for (const storage of cubesOf) {
    if (signal.aborted) break;
    report.note(`tune: square products ${storage}`);
    choice = await tuneMatmuls(gpu, choice, cubes(MATMUL_SIZES[gpu.facts.kind], storage), optionsOf(storage));
  }
  for (const { name, config, trainer } of steps) {
    if (signal.aborted) break;
    report.note(`tune: ${name}`);
    const options = optionsOf(trainer.storage);
    const kernels = { ...choice, logitsBytes: trainer.kernels?.logitsBytes };
    const counted = new Trainer(Gpu.dry(gpu.facts), config, { ...trainer, kernels });
    const { forward, gradients, update } = counted.programSteps;
    const products = productsOf([...forward, ...gradients, ...update]);
    keep(
      ['classes'],
      1 + new Set(products.map(({ problem: { layout, from }, dims }) => matmulClass(layout, from, dims))).size,
    );
    choice = await tuneMatmuls(gpu, choice, products, options);
    choice = await tuneAttention(gpu, choice, config, trainer.rows, options);
  }
  keep(['trying'], '');
}

/** Variants that compile while one is measured. */
const COMPILED_AHEAD = 16;

const tuneText = (results: readonly TuneResult[]): string =>
  formatTable([
    ['class', 'fastest', 'GFLOP/s', 'over the default', 'left out'],
    ...results.map(({ key, tile, gflops, defaultGflops, faults }) => [
      ...[key, tile, gflops.toFixed(1)],
      defaultGflops > 0 ? `${(gflops / defaultGflops).toFixed(2)}×` : 'default left out',
      String(faults.length),
    ]),
  ]);
