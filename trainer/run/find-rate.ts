/** A sweep of learning rates on a folder of tokens: what `vua lr-find` does. */
import { shareFolder } from '../../crawlers/shell/lock.ts';
import type { Work } from '../../crawlers/shell/work.ts';
import { openTokens } from '../../shards/tokens/source.ts';
import { openGpu } from '../gpu/adapter.ts';
import type { AdapterChoice } from '../gpu/choice.ts';
import { describe } from '../gpu/device.ts';
import type { KernelChoice } from '../kernels/choice.ts';
import { type Loader, openLoader } from '../loader/loader.ts';
import { Trainer } from '../model/trainer.ts';
import { COLOURS, chartSvg, type Point } from '../record/chart.ts';
import { centred, type SweepPoint, sweepRates } from './lr-find.ts';
import { ownKernels } from './own-kernels.ts';
import { type Recipe, recipeOf } from './recipe.ts';
import type { RecipeOptions } from './recipe-options.ts';

export interface FindRateOptions extends Omit<RecipeOptions, 'learningRate'> {
  /** Folder of token shards. */
  readonly tokens: string;
  /** First and last learning rate. */
  readonly from: number;
  readonly to: number;
  readonly seed: number;
  readonly adapter: AdapterChoice;
  /** Take the kernels of such a GPU unmeasured. */
  readonly noTune?: boolean;
}

/** @returns the points of the sweep; fewer when the signal was aborted */
export async function findRate(options: FindRateOptions, work: Work): Promise<SweepPoint[]> {
  const letGo = shareFolder(options.tokens);
  try {
    return await sweep(options, work);
  } finally {
    letGo();
  }
}

async function sweep(options: FindRateOptions, work: Work): Promise<SweepPoint[]> {
  const { report, signal } = work;
  const { steps, from, to, seed } = options;
  const folder = await openTokens(options.tokens);
  const gpu = await openGpu(options.adapter);
  report.note(`adapter: ${describe(gpu.facts)}`);
  const recipeWith = (kernels?: KernelChoice): Recipe =>
    recipeOf({ ...options, learningRate: 0 }, folder.manifest.vocabSize, gpu.facts, kernels);
  const chosen = await ownKernels(gpu.facts, recipeWith, options.noTune ?? false, work);
  const { config, trainer: made, accumulate } = recipeWith(chosen);
  const { paddedVocab, context: length } = config;
  const plan = { rows: made.rows, length, seed, paddedVocab, layout: 'stream', maskDocuments: false } as const;
  const loader = openLoader([folder.source('train')], plan);
  const trainer = await Trainer.create(gpu, config, made);
  const points: SweepPoint[] = [];
  try {
    trainer.arena.initialise(config, seed);
    const progress = report.stage('lr-find', 'steps', steps);
    for await (const point of sweepRates(trainer, batchesOf(loader), { from, to, steps, accumulate, signal })) {
      points.push(point);
      progress.update(point.step, { rate: point.rate.toExponential(1), loss: point.loss.toFixed(3) });
    }
    progress.finish();
  } finally {
    trainer.release();
    gpu.destroy();
  }
  return centred(points);
}

async function* batchesOf(loader: Loader) {
  for (;;) yield await loader.next();
}

/** Of the height between the first loss and the lowest: what breaks away beyond it is cut off, for the rest to be seen. */
const ABOVE = 0.25;

/** Loss over learning rate, as SVG, with the rate that is suggested. */
export function sweepChart(points: readonly SweepPoint[], suggested?: number): string {
  const lowest = points.reduce((least, { loss, smooth }) => Math.min(least, loss, smooth), Number.POSITIVE_INFINITY);
  const first = points.slice(0, 5).reduce((most, { loss }) => Math.max(most, loss), lowest);
  const top = first + ABOVE * (first - lowest);
  const shown = (value: 'loss' | 'smooth'): Point[] =>
    points.map((point): Point => [point.rate, point[value]]).filter(([, y]) => y <= top);
  return chartSvg({
    title: 'Loss while the learning rate grows',
    xLabel: 'learning rate',
    yLabel: 'nats per token',
    logX: true,
    series: [
      {
        name: 'loss',
        colour: COLOURS[0],
        opacity: 0.5,
        width: 1,
        points: shown('loss'),
      },
      { name: 'smoothed', colour: COLOURS[1], width: 2, points: shown('smooth') },
      ...(suggested === undefined
        ? []
        : [
            {
              name: `suggested: ${suggested.toPrecision(2)}`,
              colour: COLOURS[2],
              dashed: true,
              points: [lowest, top].map((y): Point => [suggested, y]),
            },
          ]),
    ],
  });
}
