/** The stages of gpu-stay.ts that need the GPU: each runs in a child and says what it found as it finds it. */
import type { Work } from '../../../crawlers/shell/work.ts';
import { matmulRates, measurePeaks } from '../../../trainer/bench/bench.ts';
import { driverClock } from '../../../trainer/bench/clock.ts';
import { type BenchModel, benchModel, benchOptimizer, benchRows, MATMUL_SIZES } from '../../../trainer/bench/models.ts';
import { probeMatrix } from '../../../trainer/bench/probe.ts';
import type { PeerRow } from '../../../trainer/bench/pytorch.ts';
import type { BenchReport } from '../../../trainer/bench/report.ts';
import { bench } from '../../../trainer/bench/suite.ts';
import { kernelFault } from '../../../trainer/bench/tune.ts';
import { stepsOf, type TuneFindings, tuneRest } from '../../../trainer/bench/tune-apart.ts';
import { type AdapterFacts, Gpu } from '../../../trainer/gpu/device.ts';
import type { Keep } from '../../../trainer/gpu/findings.ts';
import type { Kernel, Storage } from '../../../trainer/gpu/kernel.ts';
import { compileKernel } from '../../../trainer/gpu/program.ts';
import { gpuKernels } from '../../../trainer/kernels/candidates.ts';
import { allKernels, oncePerName } from '../../../trainer/kernels/index.ts';
import { loadChoice } from '../../../trainer/kernels/tuned.ts';
import { Trainer } from '../../../trainer/model/trainer.ts';
import { missingFeatures } from '../../../trainer/proofs/kernels.ts';

/** The JSON of a stay. */
export interface Stay extends TuneFindings {
  facts?: AdapterFacts;
  rates?: Record<string, unknown>;
  /** By optimizer and model. */
  bench?: Record<string, BenchReport>;
  peers?: Record<string, PeerRow>;
  /** By kernel: `right`, or what is wrong. */
  chosen?: Record<string, string>;
  check?: Record<string, string>;
  failed?: Record<string, string[]>;
}

interface StageContext {
  readonly stay: Stay;
  readonly models: readonly BenchModel[];
  readonly keep: Keep;
  readonly note: (text: string) => void;
  /** Words after the stage's name. */
  readonly given: readonly string[];
  readonly only: string;
  readonly naive: boolean;
}

const contextOf = (note: (text: string) => void): Work =>
  ({ report: { note }, signal: new AbortController().signal }) as unknown as Work;

/** The larger question first. */
const storagesOf = (gpu: Gpu): Storage[] => (gpu.device.features.has('shader-f16') ? ['f16', 'f32'] : ['f32']);

const tuning = ({ stay: found, keep, only }: StageContext) => ({ found, keep, only: new RegExp(only) });

/** Checks kernels one by one; those of the file are known. */
async function checkRest(
  gpu: Gpu,
  kernels: readonly Kernel[],
  part: 'chosen' | 'check',
  { stay, keep, note }: StageContext,
): Promise<void> {
  const known = new Set([...Object.keys(stay[part] ?? {}), ...Object.keys(stay.crashed ?? {})]);
  const rest = oncePerName(kernels).filter(
    (kernel) => !known.has(kernel.name) && missingFeatures(gpu, kernel).length === 0,
  );
  for (const [i, kernel] of rest.entries()) {
    // On a GPU the next ones compile meanwhile: one at a time takes most of the stay.
    if (gpu.facts.kind === 'gpu' && i % 16 === 0)
      for (const next of rest.slice(i, i + 16)) compileKernel(gpu.device, next).catch(() => {});
    keep(['trying'], kernel.name);
    keep([part, kernel.name], (await kernelFault(gpu, kernel)) ?? 'right');
    if ((i + 1) % 50 === 0) note(`${i + 1} of ${rest.length} kernels`);
  }
  keep(['trying'], '');
}

export const STAGE_WORK: Readonly<Record<string, (gpu: Gpu, context: StageContext) => Promise<void>>> = {
  async facts({ facts }, { keep }) {
    keep(['facts'], facts);
    keep(['node'], process.version);
  },

  probe: (gpu, { given: [config] }) => probeMatrix(gpu, config),

  async rates(gpu, context) {
    const { clock } = driverClock(gpu.facts);
    context.keep(['rates', 'peaks'], await measurePeaks(gpu, { clock }));
    await tuneRest(gpu, [], storagesOf(gpu), contextOf(context.note), tuning(context));
    const { choice } = loadChoice(gpu.facts);
    for (const storage of storagesOf(gpu)) {
      const sizes = MATMUL_SIZES[gpu.facts.kind].toSorted((a, b) => b - a);
      for (const size of sizes)
        context.keep(['rates', `${storage} ${size}`], await matmulRates(gpu, choice, storage, [size], { clock }));
    }
  },

  tune(gpu, context) {
    const steps = stepsOf(context.models, storagesOf(gpu), gpu.facts);
    return tuneRest(gpu, steps, [], contextOf(context.note), tuning(context));
  },

  async bench(gpu, context) {
    const { given, keep, note, naive } = context;
    const [optimizer, model] = given as ['adamw' | 'muon', BenchModel];
    const { choice: kernels } = loadChoice(gpu.facts);
    const storages = storagesOf(gpu);
    const used = storages.flatMap((storage) => {
      const options = { rows: benchRows(model, gpu.facts), storage, kernels, optimizer: benchOptimizer(optimizer) };
      const { forward, gradients, update } = new Trainer(Gpu.dry(gpu.facts), benchModel(model), options).programSteps;
      return [...forward, ...gradients, ...update].map(({ kernel }) => kernel);
    });
    await checkRest(gpu, used, 'chosen', context);
    const steps = gpu.facts.kind === 'gpu' ? 32 : 3;
    const options = { models: [model], storages, optimizer, steps, naive };
    await bench(
      gpu,
      { ...options, onPart: (report) => keep(['bench', `${optimizer} ${model}`], report) },
      contextOf(note),
    );
  },

  async check(gpu, context) {
    const probed = context.stay.probed ?? [];
    const faulty = new Set(probed.filter(({ fault }) => fault !== undefined).map(({ config }) => config));
    const isOurs = ({ name }: Kernel): boolean => {
      const [, config] = /subgroup_.*?(\d+x\d+x\d+)x\d+$/.exec(name) ?? [];
      if (config && faulty.has(config)) return false;
      return new RegExp(context.only).test(name);
    };
    const kernels = storagesOf(gpu).flatMap((storage) => [
      ...allKernels(storage),
      ...(gpu.facts.kind === 'gpu' ? gpuKernels(storage, gpu.facts) : []),
    ]);
    await checkRest(gpu, kernels.filter(isOurs), 'check', context);
  },
};
