/** What `vua bench` prints: shares of what the adapter can do in the same run. */
import { formatBytes, formatCount, formatTable } from '../../crawlers/shell/reporter.ts';
import { cardOf } from '../gpu/cards.ts';
import type { AdapterFacts } from '../gpu/device.ts';
import type { Storage } from '../gpu/kernel.ts';
import type { MatmulRate, Peaks, StepBench } from './bench.ts';
import type { PeerRow } from './pytorch.ts';

export interface BenchRow extends StepBench {
  readonly model: string;
  readonly storage: Storage;
  readonly kernels: string;
}

export interface BenchReport {
  readonly adapter: AdapterFacts;
  readonly clock: string;
  /** Classes of kernels whose choice was measured here. */
  readonly tuned: number;
  readonly peaks: Peaks;
  readonly matmuls: readonly MatmulRate[];
  readonly steps: readonly BenchRow[];
  /** PyTorch, where it was asked for. */
  readonly peers: readonly PeerRow[];
}

const bestMatmul = ({ matmuls }: BenchReport, storage: Storage): number =>
  Math.max(...matmuls.filter((rate) => rate.storage === storage).map(({ gflops }) => gflops));
/** What shares are of: f32 multiply-adds in registers, or the best kernel of the run where matrix units go beyond them. */
export const peakOf = (report: BenchReport, storage: Storage): number =>
  Math.max(
    report.peaks.gflops,
    bestMatmul(report, storage),
    ...report.steps
      .filter((step) => step.storage === storage)
      .flatMap(({ roofline }) => roofline.map(({ gflop, ms }) => (1000 * gflop) / ms)),
  );
/** A kernel under this share of both peaks waits for something else: too few threads, latency, barriers. */
const BOUND = 0.25;
export const boundBy = (ofPeak: number, ofCopy: number): string =>
  Math.max(ofPeak, ofCopy) < BOUND ? 'neither' : ofPeak > ofCopy ? 'arithmetic' : 'memory';
const percent = (share: number): string => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

/** Over the peak of the card's data sheet (`modelFlopsUtilisation`). */
function mfuOf({ adapter }: BenchReport, { modelGflop, ms, storage }: BenchReport['steps'][number]): string {
  const peak = cardOf(adapter.name)?.[storage];
  return peak === undefined ? '-' : percent(modelGflop / ms / peak);
}

export function benchText(report: BenchReport, kernels: number): string {
  const { adapter, clock, tuned, peaks, matmuls, steps, peers } = report;
  const blocks = [
    `${adapter.name} (${adapter.kind}), ${tuned ? `${tuned} classes of products tuned here` : 'default kernels of its kind'}; by ${clock}`,
    `peak: ${peaks.gflops.toFixed(1)} GFLOP/s of f32 multiply-adds, ${peaks.gigabytesPerSecond.toFixed(1)} GB/s copied`,
    formatTable([
      ['matmul', 'size', 'variant', 'GFLOP/s', 'of peak'],
      ...matmuls.map(({ layout, storage, size, tile, gflops }) => [
        ...[`${layout} ${storage}`, `${size}³`, tile, gflops.toFixed(1), percent(gflops / peakOf(report, storage))],
      ]),
    ]),
    formatTable([
      [
        ...[
          'training step',
          'parameters',
          'kernels',
          'tokens',
          'ms',
          'tokens/s',
          'GFLOP/s',
          'of matmul',
          'of peak',
          'MFU',
        ],
        ...['data wait', 'encode', 'memory'],
      ],
      ...steps.map((step) => {
        const rate = (1000 * step.gflop) / step.ms;
        return [
          ...[`${step.model} ${step.storage}`, formatCount(step.parameters), step.kernels, formatCount(step.tokens)],
          step.ms.toFixed(1),
          ...[formatCount(Math.round(step.tokensPerSecond)), rate.toFixed(1)],
          percent(rate / bestMatmul(report, step.storage)),
          percent((1000 * step.modelGflop) / step.ms / peakOf(report, step.storage)),
          mfuOf(report, step),
          percent(step.dataWait),
          percent(step.encode),
          formatBytes(step.bytes),
        ];
      }),
    ]),
  ];
  if (peers.length > 0) blocks.push(peersTable(report));
  for (const step of steps.filter(({ roofline }) => roofline.length > 0)) {
    const total = step.roofline.reduce((sum, { ms }) => sum + ms, 0);
    blocks.push(
      `${step.model} ${step.storage} ${step.kernels}: kernels that hold the step back`,
      formatTable([
        ['kernel', 'runs', 'of step', 'GFLOP/s', 'of peak', 'GB/s', 'of copying', 'bound by'],
        ...step.roofline.slice(0, kernels).map(({ kernel, dispatches, ms, gflop, gigabytes }) => {
          const [compute, traffic] = [(1000 * gflop) / ms, (1000 * gigabytes) / ms];
          const [ofPeak, ofCopy] = [compute / peakOf(report, step.storage), traffic / peaks.gigabytesPerSecond];
          return [
            ...[kernel, String(dispatches), percent(ms / total), compute.toFixed(1), percent(ofPeak)],
            ...[traffic.toFixed(2), percent(ofCopy), boundBy(ofPeak, ofCopy)],
          ];
        }),
      ]),
    );
  }
  return blocks.join('\n\n');
}

/** Tokens a second of ours over PyTorch's, in the same run: f16 beside bf16 on the same line. */
function peersTable({ steps, peers }: BenchReport): string {
  const ours = steps.filter(({ kernels }) => kernels === 'chosen');
  const storages = [...new Set(ours.map(({ storage }) => storage))];
  return formatTable([
    ['PyTorch', 'on', 'ms', 'tokens/s', ...storages.map((storage) => `ours ${storage}`)],
    ...peers.map(({ model, dtype, compile, device = '', ms, tokensPerSecond, failed }) => {
      const name = `${model} ${compile ? 'compile' : 'eager'} ${dtype}`;
      if (!tokensPerSecond || !ms) return [name, `did not run: ${failed ?? ''}`, '', '', ...storages.map(() => '')];
      const ratios = storages.map((storage) => {
        const row = ours.find((step) => step.model === model && step.storage === storage);
        return row ? `${(row.tokensPerSecond / tokensPerSecond).toFixed(2)}×` : '';
      });
      return [name, device, ms.toFixed(1), formatCount(Math.round(tokensPerSecond)), ...ratios];
    }),
  ]);
}
