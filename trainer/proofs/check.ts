/**
 * `vua check`: the proofs of the trainer on the adapter at hand, one line each with its figure. The tests assert the same
 * figures; this command answers for another adapter, a new driver, a new machine.
 */
import { DONE, INTERRUPTED, NOT_VERIFIED } from '../../crawlers/shell/command.ts';
import { reasonOf } from '../../crawlers/shell/errors.ts';
import { formatBytes, formatSeconds } from '../../crawlers/shell/reporter.ts';
import type { Work } from '../../crawlers/shell/work.ts';
import { nullDevice, openGpu } from '../gpu/adapter.ts';
import type { AdapterChoice } from '../gpu/choice.ts';
import { describe, type Gpu } from '../gpu/device.ts';
import { featuresOf, type Kernel, type Storage } from '../gpu/kernel.ts';
import { shaderFault } from '../gpu/program.ts';
import { gpuKernels } from '../kernels/candidates.ts';
import { allKernels, oncePerName } from '../kernels/index.ts';
import { GOLDEN_KINDS, GOLDEN_TOLERANCE, gradientErrors, logitsError, readGolden, stepErrors } from './golden.ts';
import { GRADIENT_TOLERANCE, gradientError, missingFeatures, operationsOf, toleranceOf, wgslError } from './kernels.ts';
import { orderHash, rowsOnce, WORLDS } from './loader.ts';
import { presetMemory } from './memory.ts';
import {
  BAND,
  halfDifference,
  isSame,
  naiveDifference,
  overfitLoss,
  resumeProof,
  STEPS,
  trainGrammar,
} from './training.ts';

export interface Proof {
  readonly name: string;
  /** `skipped` says why. @throws what makes the proof fail too. */
  run(gpu: Gpu, signal: AbortSignal): Promise<Finding>;
}

interface Finding {
  readonly holds: boolean;
  readonly figure: string;
  /** Why it could not be tried here. */
  readonly skipped?: string;
}

const STORAGES: readonly Storage[] = ['f32', 'f16'];
const below = (value: number, limit: number, at = ''): Finding => ({
  holds: value < limit,
  figure: `${value.toExponential(1)} < ${limit}${at && value >= limit ? ` at ${at}` : ''}`,
});

const toTheBit = (same: boolean): Finding => ({
  holds: same,
  figure: same ? 'losses and weights equal' : 'they differ',
});

/** Every kernel that this adapter may get, by name: those of GPUs only on a GPU, where large tiles compile in no time. */
function kernelsOf({ facts }: Gpu): Kernel[] {
  const all = STORAGES.flatMap((storage) => [
    ...allKernels(storage),
    ...(facts.kind === 'gpu' ? gpuKernels(storage, facts) : []),
  ]);
  return oncePerName(all);
}

const needsHalf = (kernel: Kernel): boolean => featuresOf(kernel).includes('shader-f16');

function kernelProof(storage: Storage): Proof {
  return {
    name: `${storage} kernels against their references`,
    async run(gpu, signal) {
      let worst = { share: -1, error: 0, limit: 0, at: '' };
      const missing = new Set<string>();
      let [tried, untried] = [0, 0];
      for (const kernel of kernelsOf(gpu).filter((one) => needsHalf(one) === (storage === 'f16'))) {
        if (signal.aborted) break;
        const lacks = missingFeatures(gpu, kernel);
        if (lacks.length > 0) {
          for (const feature of lacks) missing.add(feature);
          untried++;
          continue;
        }
        tried++;
        const { error, at } = await wgslError(gpu, kernel);
        const limit = toleranceOf(kernel);
        const share = error / limit;
        if (!(share <= worst.share)) worst = { share, error, limit, at: `${kernel.name} ${at}` };
        if (Number.isNaN(error)) break;
      }
      const lacking = untried > 0 ? `${untried} kernels need ${[...missing].join(', ')}, which the adapter lacks` : '';
      if (tried === 0) return { holds: true, figure: '', skipped: lacking };
      const finding = below(worst.error, worst.limit, worst.at);
      return { ...finding, figure: `${tried} kernels, ${finding.figure}${lacking && `; ${lacking}`}` };
    },
  };
}

const PROOFS: readonly Proof[] = [
  ...STORAGES.map(kernelProof),
  {
    name: 'every variant compiles without a driver',
    async run() {
      const device = await nullDevice();
      const all = STORAGES.flatMap((storage) => [...allKernels(storage), ...gpuKernels(storage)]);
      const kernels = oncePerName(all);
      const faults: string[] = [];
      for (const kernel of kernels) {
        const fault = await shaderFault(device, kernel);
        if (fault) faults.push(fault);
      }
      device.destroy();
      return { holds: faults.length === 0, figure: `${kernels.length} shaders${faults[0] ? `, ${faults[0]}` : ''}` };
    },
  },
  {
    name: 'backward against finite differences',
    async run() {
      const operations = operationsOf(allKernels('f32'));
      let worst = { error: 0, at: '' };
      for (const [forward, backwards] of operations) {
        const { error, at } = gradientError(forward, backwards);
        if (!(error <= worst.error)) worst = { error, at: `${forward.name} ${at}` };
      }
      const finding = below(worst.error, GRADIENT_TOLERANCE, worst.at);
      return { ...finding, figure: `${operations.size} operations, ${finding.figure}` };
    },
  },
  ...GOLDEN_KINDS.flatMap((kind): Proof[] => [
    {
      name: `logits against PyTorch, ${kind}`,
      run: async (gpu) => below(await logitsError(gpu, kind, readGolden(kind)), GOLDEN_TOLERANCE.logits),
    },
    {
      name: `gradients against PyTorch, ${kind}`,
      async run(gpu) {
        const { loss, gradient, at } = await gradientErrors(gpu, kind, readGolden(kind));
        const finding = below(gradient, GOLDEN_TOLERANCE.gradients, at);
        return {
          holds: finding.holds && loss < GOLDEN_TOLERANCE.loss,
          figure: `${finding.figure}; loss ${loss.toExponential(1)}`,
        };
      },
    },
  ]),
  ...(['adamw', 'muon'] as const).map(
    (matrices): Proof => ({
      name: `ten steps against PyTorch, ${matrices}`,
      async run(gpu) {
        const { losses, moved, at } = await stepErrors(gpu, readGolden('qwen3'), matrices);
        const finding = below(moved, GOLDEN_TOLERANCE.steps, at);
        return {
          holds: finding.holds && losses < GOLDEN_TOLERANCE.loss,
          figure: `${finding.figure}; losses ${losses.toExponential(1)}`,
        };
      },
    }),
  ),
  {
    name: `twice the same ${STEPS} steps, to the bit`,
    async run(gpu) {
      return toTheBit(isSame(await trainGrammar(gpu, STEPS), await trainGrammar(gpu, STEPS)));
    },
  },
  {
    name: 'stopped half-way and resumed, to the bit',
    async run(gpu) {
      const { isSame: same, moreBuffers } = await resumeProof(gpu);
      const { holds, figure } = toTheBit(same);
      const buffers = `${moreBuffers} buffers more after ${STEPS / 2} steps`;
      return { holds: holds && moreBuffers === 0, figure: `${figure}; ${buffers}` };
    },
  },
  {
    name: 'recomputation, to the bit',
    async run(gpu) {
      return toTheBit(isSame(await trainGrammar(gpu, STEPS), await trainGrammar(gpu, STEPS, { recompute: true })));
    },
  },
  {
    name: `this adapter's kernels against plain ones, ${STEPS} steps`,
    run: async (gpu) => below(await naiveDifference(gpu), BAND.kernels),
  },
  {
    name: `mixed precision against f32, ${STEPS} steps`,
    async run(gpu) {
      const found = await halfDifference(gpu);
      if (!found) return { holds: true, figure: '', skipped: 'the adapter lacks shader-f16' };
      const { largest, mean } = found;
      return {
        holds: largest < BAND.half && Math.abs(mean) < BAND.halfMean,
        figure: `a step ${largest.toFixed(3)} < ${BAND.half}, mean ${mean.toFixed(4)} within ±${BAND.halfMean} nats`,
      };
    },
  },
  {
    name: 'one order of rows for 1, 2, 3, 8 devices, and 8 → 5 → 8',
    async run() {
      const hashes = new Set<string>();
      for (const worlds of WORLDS) hashes.add(await orderHash(worlds));
      return { holds: hashes.size === 1, figure: [...hashes].join(', ') };
    },
  },
  {
    name: 'every row once an epoch',
    async run() {
      const { rows, once } = await rowsOnce();
      return { holds: rows === once && rows === 160, figure: `${once} of ${rows} rows` };
    },
  },
  {
    name: 'memory as predicted',
    async run(gpu) {
      const tried = presetMemory(gpu).filter(({ allocated }) => allocated !== undefined);
      return {
        holds: tried.length > 0 && tried.every(({ predicted, allocated }) => predicted === allocated),
        figure: tried
          .map(({ preset, predicted, allocated = 0 }) =>
            predicted === allocated
              ? `${preset} ${formatBytes(predicted)}`
              : `${preset} ${formatBytes(allocated)} instead of ${formatBytes(predicted)}`,
          )
          .join(', '),
      };
    },
  },
  { name: 'one batch learnt by heart', run: async (gpu) => below(await overfitLoss(gpu), 0.1) },
];

/** Tries one proof after the other. @returns the exit status: 3 when one fails */
export async function check(adapter: AdapterChoice, { signal, report }: Work): Promise<number> {
  const gpu = await openGpu(adapter);
  report.note(`adapter: ${describe(gpu.facts)}`);
  const progress = report.stage('check', 'proofs', PROOFS.length);
  let failed = 0;
  for (const [i, proof] of PROOFS.entries()) {
    if (signal.aborted) return INTERRUPTED;
    progress.update(i, { now: proof.name });
    const started = performance.now();
    const finding = await proof.run(gpu, signal).catch((error): Finding => ({ holds: false, figure: reasonOf(error) }));
    const seconds = (performance.now() - started) / 1000;
    const verdict = finding.skipped ? 'skipped' : finding.holds ? 'holds' : 'FAILS';
    if (verdict === 'FAILS') failed++;
    const { name } = proof;
    report.result(
      `${verdict.padEnd(7)}  ${name.padEnd(48)}  ${finding.skipped ?? finding.figure}  (${formatSeconds(seconds)})`,
      { event: 'proof', name, verdict, figure: finding.figure, skipped: finding.skipped, seconds },
    );
  }
  progress.finish({ failed });
  gpu.destroy();
  return failed > 0 ? NOT_VERIFIED : DONE;
}
