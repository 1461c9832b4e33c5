/** Curves of runs as charts: one run with its unigram figure, or several beside each other. Bits per byte throughout. */
import { type ChartSize, COLOURS, chartSvg, type Point, type Series } from './chart.ts';
import type { CurveHead, CurvePoint } from './curve.ts';

export interface Run {
  readonly name: string;
  readonly head: CurveHead;
  readonly points: readonly CurvePoint[];
}

/** Steps over which the training loss is averaged. */
const WINDOW = 10;
const MOST_POINTS = 1500;
const X_AXES = { steps: 'step', tokens: 'tokens trained on' } as const;
export type XAxis = keyof typeof X_AXES;

/**
 * Training loss is drawn in bits per byte too: nats per token over ln 2 and the bytes per token of the training split,
 * a moving mean over the last 10 steps.
 */
function lines({ head, points }: Run, axis: XAxis): { training: Point[]; heldOut: Point[] } {
  const scale = axis === 'tokens' ? head.tokensPerStep : 1;
  const training = points.map(({ step }, i): Point => {
    const window = points.slice(Math.max(0, i + 1 - WINDOW), i + 1);
    const nats = window.reduce((sum, { loss }) => sum + loss, 0) / window.length;
    return [step * scale, nats / Math.LN2 / head.trainBytesPerToken];
  });
  const heldOut: Point[] = head.untrainedBitsPerByte == null ? [] : [[0, head.untrainedBitsPerByte]];
  for (const { step, heldOutBitsPerByte: bits } of points) if (bits !== undefined) heldOut.push([step * scale, bits]);
  return { training: thinned(training), heldOut };
}

/** Of a long run every n-th point and the last: more than MOST_POINTS cannot be told apart. */
function thinned(points: Point[]): Point[] {
  const every = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
}

const across = (value: number, to: number): Point[] => [
  [0, value],
  [to, value],
];
const lastOf = (points: readonly Point[]): string => (points.length > 0 ? `: ${points.at(-1)![1].toFixed(3)}` : '');

export function plotCurve(run: Run, title: string, axis: XAxis = 'steps', size?: ChartSize): string {
  const { training, heldOut } = lines(run, axis);
  const unigram = run.head.unigramBitsPerByte;
  return chartSvg({
    title,
    size,
    xLabel: X_AXES[axis],
    yLabel: 'bits per byte',
    series: [
      {
        name: `unigram: ${unigram.toFixed(3)}`,
        colour: COLOURS[7],
        points: across(unigram, training.at(-1)?.[0] ?? 1),
        dashed: true,
      },
      { name: `training, mean of ${WINDOW} steps`, colour: COLOURS[0], points: training },
      { name: `held-out documents${lastOf(heldOut)}`, colour: COLOURS[1], points: heldOut, width: 2, dots: true },
    ],
  });
}

/** Held-out lines with dots in front, training lines pale behind. The unigram figure is drawn where all runs share it. */
export function plotRuns(runs: readonly Run[], title: string, axis: XAxis = 'tokens'): string {
  const drawn = runs.map((run) => ({ run, ...lines(run, axis) }));
  const colour = (i: number): string => COLOURS[i % (COLOURS.length - 1)];
  const unigrams = new Set(runs.map(({ head }) => head.unigramBitsPerByte));
  const end = Math.max(...drawn.map(({ training }) => training.at(-1)?.[0] ?? 1));
  const series: Series[] = [
    ...drawn.map(({ training }, i) => ({ colour: colour(i), points: training, width: 1, opacity: 0.4 })),
    ...drawn.map(({ run, heldOut }, i) => ({
      name: `${run.name}${lastOf(heldOut)}`,
      colour: colour(i),
      points: heldOut,
      width: 2,
      dots: true,
    })),
  ];
  if (unigrams.size === 1) {
    const [unigram] = unigrams;
    series.unshift({
      name: `unigram: ${unigram.toFixed(3)}`,
      colour: COLOURS[7],
      points: across(unigram, end),
      dashed: true,
    });
  }
  return chartSvg({ title, xLabel: X_AXES[axis], yLabel: 'bits per byte (held-out; pale: training)', series });
}
