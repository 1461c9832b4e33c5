/**
 * Curves of runs as charts: one run with its unigram figure, or several beside each other. Bits per byte throughout.
 * Held-out figures of different text are never joined by a line, and said not to be comparable.
 */
import { textFacts } from '../score/held-out.ts';
import { type ChartSize, COLOURS, chartSvg, type Point, type Series } from './chart.ts';
import type { Curve, CurveHead } from './curve.ts';

export interface Run extends Curve {
  readonly name: string;
}

/** The head that a step's figures stand under. */
export const headAt = ({ heads }: Pick<Curve, 'heads'>, step: number): CurveHead =>
  heads.findLast(({ from = 0 }) => from < step) ?? heads[0];

/** Steps over which the training loss is averaged. */
const WINDOW = 10;
const MOST_POINTS = 1500;
/** Pixels below which a chart does not say what its held-out text has. */
const NARROW = 640;
const X_AXES = { steps: 'step', tokens: 'tokens trained on' } as const;
export type XAxis = keyof typeof X_AXES;

/** Held-out figures under one head. */
interface HeldOutLine {
  readonly head: CurveHead;
  readonly points: readonly Point[];
}

/**
 * Training loss is drawn in bits per byte too: nats per token over ln 2 and the bytes per token of the training split,
 * a moving mean over the last 10 steps.
 */
function lines({ head, heads, points }: Run, axis: XAxis): { training: Point[]; heldOut: HeldOutLine[]; end: number } {
  const scale = axis === 'tokens' ? head.tokensPerStep : 1;
  // A step that was skipped may have no number.
  const told = points.filter(({ loss }) => Number.isFinite(loss));
  const training = told.map(({ step }, i): Point => {
    const window = told.slice(Math.max(0, i + 1 - WINDOW), i + 1);
    const nats = window.reduce((sum, { loss }) => sum + loss, 0) / window.length;
    return [step * scale, nats / Math.LN2 / head.trainBytesPerToken];
  });
  const heldOut = heads.map((one): HeldOutLine => {
    const { from = 0, untrainedBitsPerByte: untrained } = one;
    const evaluated = points.flatMap(({ step, heldOutBitsPerByte: bits }): Point[] =>
      bits !== undefined && headAt({ heads }, step) === one ? [[step * scale, bits]] : [],
    );
    const isKnown = from === 0 && untrained != null && !Number.isNaN(untrained);
    return { head: one, points: [...(isKnown ? [[0, untrained] as const] : []), ...evaluated] };
  });
  return { training: thinned(training), heldOut, end: training.at(-1)?.[0] ?? 1 };
}

/** Of a long run every n-th point and the last: more than MOST_POINTS cannot be told apart. */
function thinned(points: Point[]): Point[] {
  const every = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
}

const lastOf = ({ points }: HeldOutLine): string => (points.length > 0 ? `: ${points.at(-1)![1].toFixed(3)}` : '');

/** The unigram figure, over the steps that have others of its text. None under heads that do not say of which text it is. */
function unigramLine({ head, points }: HeldOutLine, begin: number, end: number): Series[] {
  if (!head.heldOut || points.length === 0) return [];
  const { unigramBitsPerByte: unigram, unigramStandardError: error } = head;
  const across: Point[] = [
    [begin, unigram],
    [end, unigram],
  ];
  const within = error == null ? '' : ` ± ${error.toFixed(3)}`;
  return [{ name: `unigram: ${unigram.toFixed(3)}${within}`, colour: COLOURS[7], points: across, dashed: true }];
}

export function plotCurve(run: Run, title: string, axis: XAxis = 'steps', size?: ChartSize): string {
  const { training, heldOut, end } = lines(run, axis);
  const last = heldOut.at(-1)!;
  const { heldOut: text } = last.head;
  const facts = `held out: ${text ? textFacts(text) : 'a part that the curve does not name'}`;
  const scale = axis === 'tokens' ? run.head.tokensPerStep : 1;
  const earlier = heldOut.slice(0, -1).filter(({ points }) => points.length > 0);
  return chartSvg({
    title,
    size,
    xLabel: size && size.width < NARROW ? X_AXES[axis] : `${X_AXES[axis]} · ${facts}`,
    yLabel: 'bits per byte',
    series: [
      ...unigramLine(last, (last.head.from ?? 0) * scale, end),
      { name: `training, mean of ${WINDOW} steps`, colour: COLOURS[0], points: training },
      ...earlier.map(
        (line): Series => ({
          name: 'held-out, other text: not comparable',
          colour: COLOURS[3],
          points: line.points,
          width: 2,
          opacity: 0.5,
          dots: true,
        }),
      ),
      { name: `held-out documents${lastOf(last)}`, colour: COLOURS[1], points: last.points, width: 2, dots: true },
    ],
  });
}

/** Why the last held-out figures of runs cannot be compared; nothing where they are of one text. */
export function incomparable(runs: readonly Run[]): string | undefined {
  const unnamed = runs.filter(({ head }) => head.heldOut === undefined).map(({ name }) => name);
  if (unnamed.length > 0)
    return `held-out figures not comparable: of which text they are is not said in ${unnamed.join(', ')}`;
  const texts = new Map(runs.map(({ head }) => [head.heldOut!.id, head.heldOut!]));
  if (texts.size <= 1) return undefined;
  const each = runs.map(
    ({ name, head }) => `${name}: ${textFacts(head.heldOut!)}, text ${head.heldOut!.id.slice(0, 6)}`,
  );
  return `held-out figures of different text, not comparable: ${each.join('; ')}`;
}

/**
 * Held-out lines with dots in front, training lines pale behind. The unigram figure is drawn where all runs share it.
 * Where they are of different text, the chart says so.
 */
export function plotRuns(runs: readonly Run[], title: string, axis: XAxis = 'tokens'): string {
  const drawn = runs.map((run) => ({ run, ...lines(run, axis) }));
  const colour = (i: number): string => COLOURS[i % (COLOURS.length - 1)];
  const areOfOneText = incomparable(runs) === undefined;
  const unigrams = new Set(runs.map(({ head }) => head.unigramBitsPerByte));
  const end = Math.max(...drawn.map((one) => one.end));
  const text = runs[0].head.heldOut;
  const series: Series[] = [
    ...(areOfOneText && unigrams.size === 1 ? unigramLine(drawn[0].heldOut.at(-1)!, 0, end) : []),
    ...drawn.map(({ training }, i) => ({ colour: colour(i), points: training, width: 1, opacity: 0.4 })),
    ...drawn.flatMap(({ run, heldOut }, i) =>
      heldOut.map((line): Series => {
        const isLast = line === heldOut.at(-1);
        const name = isLast ? `${run.name}${lastOf(line)}` : undefined;
        return { name, colour: colour(i), points: line.points, width: 2, opacity: isLast ? 1 : 0.5, dots: true };
      }),
    ),
  ];
  return chartSvg({
    title: areOfOneText ? title : `${title} (held-out text differs: not comparable)`,
    xLabel: areOfOneText ? `${X_AXES[axis]} · held out: ${textFacts(text!)}` : X_AXES[axis],
    yLabel: 'bits per byte (held-out; pale: training)',
    series,
  });
}
