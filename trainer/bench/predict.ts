/**
 * What a training step would do on a GPU that is not here: dispatches, arithmetic by unit, bytes, workgroups for each
 * multiprocessor, and a time by a stated model, so that prediction and measurement can stand side by side.
 *
 *   product      FLOPs of its tiles, edges included, over the rate of a multiprocessor; the busiest one counts, and a
 *                workgroup that is alone on it reaches LONE of its rate
 *   attention    FLOPs over a rate of its own
 *   anything     at least its bytes over the bandwidth, 1.3 times that where it is no product; at least its serial loads
 *   dispatch     4 µs each
 *
 * Rates are those of an H200, of other GPUs in proportion of their data sheets. They were set before any measurement.
 */
import { formatBytes, formatCount, formatTable } from '../../crawlers/shell/reporter.ts';
import { type Card, cardOf, dryFacts } from '../gpu/cards.ts';
import { type AdapterFacts, Gpu } from '../gpu/device.ts';
import { bytesOf, type Dims, type Kernel } from '../gpu/kernel.ts';
import type { KernelChoice } from '../kernels/choice.ts';
import { isMatmul, type MatmulKernel, tileSize } from '../kernels/matmul.ts';
import { PRESETS, type PresetName } from '../model/config.ts';
import { Trainer } from '../model/trainer.ts';
import { type Recipe, recipeOf } from '../run/recipe.ts';
import type { RecipeOptions } from '../run/recipe-options.ts';
import { namesOf } from './models.ts';

/** Of an H200: TFLOP/s, bytes a second, seconds. */
const MODEL = {
  ...{ matrix: 220e12, fma: 25e12, attentionMatrix: 55e12, attentionFma: 6e12 },
  ...{ bandwidth: 3.9e12, dispatch: 4e-6, serial: 0.2e-6 },
};
/** Workgroups of a product that fill a multiprocessor, and the share of its rate that one alone reaches. */
const RESIDENT = { subgroup: 2, other: 4 };
const LONE = { subgroup: 0.6, other: 0.35 };
/** What no product is reads and writes less than perfectly. */
const SLACK = 1.3;

export interface Rates {
  readonly matrix: number;
  readonly fma: number;
  readonly attentionMatrix: number;
  readonly attentionFma: number;
  readonly bandwidth: number;
  readonly dispatch: number;
  readonly serial: number;
  readonly multiprocessors: number;
}

export function ratesOf({ f16, f32, gigabytesPerSecond, multiprocessors }: Card): Rates {
  const h200 = cardOf('H200')!;
  const [matrix, fma] = [f16 / h200.f16, f32 / h200.f32];
  return {
    ...MODEL,
    ...{ matrix: MODEL.matrix * matrix, attentionMatrix: MODEL.attentionMatrix * matrix },
    ...{ fma: MODEL.fma * fma, attentionFma: MODEL.attentionFma * fma },
    bandwidth: (MODEL.bandwidth * gigabytesPerSecond) / h200.gigabytesPerSecond,
    multiprocessors,
  };
}

const usesMatrices = ({ name }: Kernel): boolean => name.includes('subgroup');
const isAttention = ({ name }: Kernel): boolean => name.startsWith('attention');

export const workgroupsOf = (kernel: Kernel, dims: Dims): number =>
  kernel.grid(dims).reduce<number>((all, side) => all * (side ?? 1), 1);

/** Seconds of a product: the multiprocessor with the most workgroups counts. */
function productSeconds(kernel: MatmulKernel, dims: Dims, rates: Rates): number {
  const { tile } = kernel;
  const kind = tile.kind === 'subgroup' ? 'subgroup' : 'other';
  const [m, n] = tileSize(tile);
  const rate = (kind === 'subgroup' ? rates.matrix : rates.fma) / rates.multiprocessors;
  const most = Math.ceil(workgroupsOf(kernel, dims) / rates.multiprocessors);
  const filled = Math.min(1, LONE[kind] + ((1 - LONE[kind]) * (most - 1)) / (RESIDENT[kind] - 1));
  return (most * 2 * dims.K * m * n) / (rate * filled);
}

export function secondsOf(kernel: Kernel, dims: Dims, rates: Rates): number {
  const flops = kernel.flops?.(dims) ?? 0;
  const moving = (bytesOf(kernel, dims) / rates.bandwidth) * (flops > 0 ? 1 : SLACK);
  const waiting = (kernel.serial?.(dims) ?? 0) * rates.serial;
  const attending = isAttention(kernel)
    ? flops / (usesMatrices(kernel) ? rates.attentionMatrix : rates.attentionFma)
    : 0;
  const computing = isMatmul(kernel) ? productSeconds(kernel, dims, rates) : attending;
  return Math.max(moving, waiting, computing) + rates.dispatch;
}

/** Dispatches of one kind. */
export interface PredictedRow {
  readonly kind: string;
  readonly dispatches: number;
  readonly seconds: number;
  readonly flops: number;
  readonly bytes: number;
  /** Products: the fewest for each multiprocessor. */
  readonly workgroups?: number;
}

/** A product that leaves multiprocessors without work, and why it must. */
export interface FewWorkgroups {
  readonly product: string;
  readonly perMultiprocessor: number;
  readonly reason: string;
}

export interface Prediction {
  readonly gpu: string;
  readonly recipe: Recipe;
  readonly tokens: number;
  readonly dispatches: number;
  readonly seconds: number;
  /** By the unit that computes them; `products` are all of matmul and attention. */
  readonly flops: { readonly matrix: number; readonly fma: number };
  readonly bytes: number;
  readonly rows: readonly PredictedRow[];
  readonly few: readonly FewWorkgroups[];
}

/** @throws ToolkitError those of recipeOf */
export function predictStep(
  facts: AdapterFacts,
  card: Card,
  options: RecipeOptions,
  vocabSize: number,
  kernels?: KernelChoice,
): Prediction {
  const recipe = recipeOf(options, vocabSize, facts, kernels);
  const trainer = new Trainer(Gpu.dry(facts), recipe.config, recipe.trainer);
  const { forward, gradients, update } = trainer.programSteps;
  const rates = ratesOf(card);
  const rows = new Map<string, PredictedRow>();
  const few = new Map<string, FewWorkgroups>();
  const flops = { matrix: 0, fma: 0 };
  for (const [steps, times] of [
    [forward, recipe.accumulate],
    [gradients, recipe.accumulate],
    [update, 1],
  ] as const) {
    for (const { kernel, dims } of steps) {
      const kind = kindOf(kernel, steps === update);
      const own = kernel.flops?.(dims) ?? 0;
      flops[usesMatrices(kernel) ? 'matrix' : 'fma'] += times * own;
      const perMultiprocessor = workgroupsOf(kernel, dims) / rates.multiprocessors;
      const row = rows.get(kind);
      rows.set(kind, {
        kind,
        dispatches: times + (row?.dispatches ?? 0),
        seconds: times * secondsOf(kernel, dims, rates) + (row?.seconds ?? 0),
        flops: times * own + (row?.flops ?? 0),
        bytes: times * bytesOf(kernel, dims) + (row?.bytes ?? 0),
        ...(own > 0 && { workgroups: Math.min(perMultiprocessor, row?.workgroups ?? Number.POSITIVE_INFINITY) }),
      });
      if (isMatmul(kernel) && perMultiprocessor < 2) {
        const { M, N, K, Z } = dims;
        const product = `${kernel.problem.layout} ${kernel.problem.epilogue} ${Z > 1 ? `${Z} × ` : ''}${M} × ${N} × ${K}`;
        few.set(product, { product, perMultiprocessor, reason: reasonOfFew(kernel, dims) });
      }
    }
  }
  const sum = (of: (row: PredictedRow) => number): number => [...rows.values()].reduce((all, row) => all + of(row), 0);
  return {
    ...{ gpu: card.name, recipe, flops },
    tokens: recipe.trainer.rows * recipe.accumulate * recipe.config.context,
    dispatches: sum((row) => row.dispatches),
    seconds: sum((row) => row.seconds),
    bytes: sum((row) => row.bytes),
    rows: [...rows.values()].sort((a, b) => b.seconds - a.seconds),
    few: [...few.values()].sort((a, b) => a.perMultiprocessor - b.perMultiprocessor),
  };
}

function kindOf(kernel: Kernel, updates: boolean): string {
  if (isMatmul(kernel)) {
    const { layout } = kernel.problem;
    return updates ? 'Newton–Schulz' : { nt: 'products forward', nn: 'products dx', tn: 'products dW' }[layout];
  }
  return kernel.name.replace(/_(f16|f32)(_.*)?$/, '').replace(/_\d+$/, '');
}

/** Tiles of a product are the smallest there are, and its sums are short or its result is no gradient that slices add up. */
function reasonOfFew({ tile, problem }: MatmulKernel, { M, N, Z }: Dims): string {
  const size = tileSize(tile).join('×');
  const isGradient = problem.layout === 'tn' && problem.into === 'f32';
  const slices = isGradient
    ? `${Z > 1 ? `in ${Z} slices` : 'too short for slices'} of K`
    : 'no gradient, so K stays whole';
  return `${Z} × ${M} × ${N} in tiles of ${size}, the smallest; ${slices}`;
}

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

/** What `vua bench --dry` prints of one model. */
export function predictionText(name: string, prediction: Prediction, kernels: number): string {
  const { gpu, recipe, tokens, dispatches, seconds, flops, bytes, rows, few } = prediction;
  const { trainer, accumulate, memory } = recipe;
  const all = flops.matrix + flops.fma;
  const facts = [
    `${name} on ${gpu}, predicted: ${(1000 * seconds).toFixed(0)} ms a step, ${formatCount(Math.round(tokens / seconds))} tokens/s`,
    `${accumulate} × ${trainer.rows} rows, ${formatCount(tokens)} tokens, ${trainer.storage === 'f16' ? 'mixed f16/f32' : 'f32'}, ${formatBytes(memory.bytes)}`,
    `${formatCount(dispatches)} dispatches, ${formatBytes(bytes)} moved, ${(all / 1e12).toFixed(1)} TFLOP of products, ${percent(flops.matrix / all)} on matrix units`,
  ];
  const table = formatTable([
    ['kernels', 'runs', 'ms', 'of step', 'TFLOP', 'GB', 'workgroups a multiprocessor'],
    ...rows
      .slice(0, kernels)
      .map((row) => [
        ...[row.kind, String(row.dispatches), (1000 * row.seconds).toFixed(2), percent(row.seconds / seconds)],
        ...[(row.flops / 1e12).toFixed(2), (row.bytes / 1e9).toFixed(2), row.workgroups?.toFixed(1) ?? ''],
      ]),
  ]);
  const idle = few.map(
    ({ product, perMultiprocessor, reason }) => `  ${product}: ${perMultiprocessor.toFixed(1)}, for ${reason}`,
  );
  const note = idle.length > 0 ? ['fewer than two workgroups a multiprocessor:', ...idle] : [];
  return [...facts, table, ...note].join('\n');
}

/**
 * Steps of the presets on a GPU that is not here.
 * @param models names of presets, by comma; all where left out
 * @throws ToolkitError BAD_OPTION (exit 2) naming the known GPUs or presets
 */
export function dryBench(gpu: string, models?: string) {
  const facts = dryFacts(gpu);
  const card = cardOf(facts.name)!;
  return namesOf(models ?? Object.keys(PRESETS).join(), Object.keys(PRESETS) as PresetName[], '--models').map(
    (model) => {
      const sizes = { preset: model, depth: 0, width: 0, context: 0, batch: 0, steps: 1, learningRate: 0 };
      const prediction = predictStep(facts, card, sizes, PRESETS[model].vocabSize);
      return { model, ...prediction, text: (kernels: number) => predictionText(model, prediction, kernels) };
    },
  );
}
