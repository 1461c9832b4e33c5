/** `vua tune`: see tune.ts. */
import { z } from 'zod';
import { type CommandContext, defineCommand, INTERRUPTED } from '../crawlers/shell/command.ts';
import { formatTable } from '../crawlers/shell/reporter.ts';
import { adapterOption, openGpu } from './adapter.ts';
import { driverClock } from './bench-clock.ts';
import {
  type BenchModel,
  benchModel,
  benchOptimizer,
  benchRows,
  MATMUL_SIZES,
  modelsOf,
  modelsOption,
  precisionOption,
  storagesOf,
} from './bench-command.ts';
import { Gpu } from './device.ts';
import type { KernelChoice } from './kernels/index.ts';
import type { Storage } from './kernels/kernel.ts';
import { probeMatrices, probeMatrix, usesFaulty } from './probe.ts';
import { Trainer } from './trainer.ts';
import { cubes, productsOf, type TuneOptions, type TuneResult, tuneAttention, tuneMatmuls } from './tune.ts';
import { loadChoice, saveChoice, tunePath } from './tune-cache.ts';

export const tuneCommand = defineCommand({
  name: 'tune',
  summary: 'measure kernel variants on this adapter and keep the fastest for every later run',
  examples: ['vua tune', 'vua tune --models 124M --precision f16'],
  options: z.object({
    adapter: adapterOption,
    models: modelsOption,
    precision: precisionOption,
    dryRun: z.boolean().default(false).describe('measure and print, keep nothing'),
    probe: z
      .string()
      .optional()
      .describe('only multiply with the matrix units of this shape, MxNxK: status 1 when that goes wrong'),
  }),
  async run({ adapter, models, precision, dryRun, probe }, { report, signal }) {
    const gpu = await openGpu(adapter);
    if (probe !== undefined) {
      await probeMatrix(gpu, probe);
      report.result(`matrices of ${probe} work`, { event: 'probed', probe });
      return 0;
    }
    const [chosen, storages] = [modelsOf(models, gpu.facts), storagesOf(precision, gpu)];
    const probed =
      gpu.facts.kind === 'gpu' && storages.includes('f16')
        ? await probeMatrices(gpu.facts, (config) => ['tune', '--adapter', 'gpu', '--probe', config])
        : [];
    for (const { config, fault } of probed)
      if (fault) report.note(`matrices of ${config} are left out: in a process of their own, ${fault}`);
    const results: TuneResult[] = [];
    await tuneModels(
      gpu,
      chosen,
      storages,
      { report, signal },
      {
        excludes: usesFaulty(probed),
        onResult(result, choice) {
          results.push(result);
          if (!dryRun) saveChoice(gpu.facts, choice);
        },
      },
    );
    report.result(tuneText(results), { event: 'tuned', path: tunePath(gpu.facts), probed, results });
    if (!dryRun && results.length > 0)
      report.note(`kept in ${tunePath(gpu.facts)}; new runs use it, a resumed run keeps its own`);
    gpu.destroy();
    if (!signal.aborted) return 0;
    report.note(
      `interrupted: ${results.length} classes were measured${dryRun ? '' : ' and kept'}, the others were not`,
    );
    return INTERRUPTED;
  },
});

/** The products and the attention of the models' steps; before them, without any model too, the bench's cubes. */
export async function tuneModels(
  gpu: Gpu,
  models: readonly BenchModel[],
  storages: readonly Storage[],
  { report, signal }: CommandContext,
  { onResult, ...more }: Pick<TuneOptions, 'excludes' | 'skips' | 'onTry' | 'onResult'> = {},
): Promise<KernelChoice> {
  const { clock } = driverClock(gpu.facts);
  let { choice } = loadChoice(gpu.facts);
  const known = new Set<string>();
  const optionsOf = (storage: Storage): TuneOptions => ({
    ...{ ...more, storage, clock, signal, rounds: 2, atLeastMs: 10 },
    skips: (key) => known.has(key) || (more.skips?.(key) ?? false),
    onResult(result, found) {
      known.add(result.key);
      choice = found;
      report.note(`${result.key}: ${result.tile}, ${result.gflops.toFixed(1)} GFLOP/s`);
      onResult?.(result, found);
    },
  });
  for (const storage of storages) {
    if (signal.aborted) break;
    report.note(`tune: square products ${storage}`);
    choice = await tuneMatmuls(gpu, choice, cubes(MATMUL_SIZES[gpu.facts.kind], storage), optionsOf(storage));
  }
  for (const storage of storages) {
    for (const model of models) {
      if (signal.aborted) break;
      report.note(`tune: ${model} ${storage}`);
      const [config, rows, options] = [benchModel(model), benchRows(model, gpu.facts), optionsOf(storage)];
      const optimizer = benchOptimizer('muon');
      const counted = new Trainer(Gpu.dry(gpu.facts), config, { rows, storage, optimizer, kernels: choice });
      const { forward, gradients, update } = counted.programSteps;
      choice = await tuneMatmuls(gpu, choice, productsOf([...forward, ...gradients, ...update]), options);
      choice = await tuneAttention(gpu, choice, config, rows, options);
    }
  }
  return choice;
}

const tuneText = (results: readonly TuneResult[]): string =>
  formatTable([
    ['class', 'fastest', 'GFLOP/s', 'over the default', 'left out'],
    ...results.map(({ key, tile, gflops, defaultGflops, faults }) => [
      ...[key, tile, gflops.toFixed(1), `${(gflops / defaultGflops).toFixed(2)}×`, String(faults.length)],
    ]),
  ]);
