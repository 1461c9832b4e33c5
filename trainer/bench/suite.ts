/** `vua bench`: peaks, products and whole steps of every size, with PyTorch beside them where it is asked for. */
import type { Work } from '../../crawlers/shell/work.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Storage } from '../gpu/kernel.ts';
import { chooseKernels, type KernelChoice } from '../kernels/choice.ts';
import { probedChoice } from '../run/own-kernels.ts';
import { benchStep, matmulRates, measurePeaks } from './bench.ts';
import { driverClock } from './clock.ts';
import { type BenchModel, benchModel, benchOptimizer, benchRows, MATMUL_SIZES } from './models.ts';
import { PYTORCH_WAYS, type Pytorch, runPytorch } from './pytorch.ts';
import type { BenchReport } from './report.ts';

export interface BenchOptions {
  readonly models: readonly BenchModel[];
  readonly storages: readonly Storage[];
  readonly optimizer: 'muon' | 'adamw';
  readonly steps: number;
  readonly naive: boolean;
  readonly pytorch?: Pytorch;
  /** After each part, with everything so far. */
  readonly onPart?: (report: BenchReport) => void;
}

/** Undefined when it was stopped before anything was measured. */
export async function bench(
  gpu: Gpu,
  { models, storages, optimizer, steps, naive, pytorch, onPart }: BenchOptions,
  work: Work,
): Promise<BenchReport | undefined> {
  const { report, signal } = work;
  const { facts } = gpu;
  const { clock, name: clockName } = driverClock(facts);
  const { choice, tuned } = await probedChoice(facts, work);
  const choices: [string, KernelChoice][] = [['chosen', choice]];
  if (naive) choices.push(['naive', chooseKernels('naive')]);
  if (signal.aborted) return undefined;
  const peaks = await measurePeaks(gpu, { clock });
  let found: BenchReport = { adapter: facts, clock: clockName, tuned, peaks, matmuls: [], steps: [], peers: [] };
  const keep = (part: Partial<BenchReport>): void => {
    found = { ...found, ...part };
    onPart?.(found);
  };
  for (const storage of storages) {
    const rates = await matmulRates(gpu, choice, storage, MATMUL_SIZES[facts.kind], { clock, signal });
    keep({ matmuls: [...found.matmuls, ...rates] });
  }
  for (const model of models) {
    for (const storage of storages) {
      for (const [kernels, chosen] of choices) {
        if (signal.aborted) return found;
        report.note(`bench: ${model} ${storage} ${kernels}`);
        const options = { rows: benchRows(model, facts), storage, kernels: chosen, steps, clock, signal };
        const step = await benchStep(gpu, benchModel(model), { ...options, optimizer: benchOptimizer(optimizer) });
        if (step) keep({ steps: [...found.steps, { model, storage, kernels, ...step }] });
      }
    }
    for (const way of pytorch ? PYTORCH_WAYS : []) {
      if (signal.aborted) return found;
      report.note(`bench: ${model} PyTorch ${way.compile ? 'compile' : 'eager'} ${way.dtype}`);
      const sizes = { rows: benchRows(model, facts), steps, matmul: Math.max(...MATMUL_SIZES[facts.kind]) };
      keep({ peers: [...found.peers, await runPytorch(pytorch!, model, benchModel(model), way, sizes)] });
    }
  }
  return found;
}
