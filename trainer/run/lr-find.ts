/**
 * A learning rate range test (Smith 2017): a short run whose rate grows by the same factor each step, from far too low to
 * far too high. The loss first stays, then falls, then breaks away.
 */
import type { Batch, BatchArrays } from '../batch.ts';
import type { Trainer } from '../model/trainer.ts';

export interface SweepOptions {
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  /** Micro-batches of a step. */
  readonly accumulate?: number;
  readonly signal?: AbortSignal;
}

export interface SweepPoint {
  readonly step: number;
  readonly rate: number;
  /** Nats per token. */
  readonly loss: number;
  /** Mean of the losses around it, each step away counting 0.9 of the one before; while the sweep runs, of those behind it. */
  readonly smooth: number;
}

type SweepBatch = BatchArrays & Pick<Batch, 'counted'>;

/** The smoothed loss this far above its lowest value has broken away. */
const BROKEN = 1.3;
const PAST = 0.9;

/**
 * The points smoothed to both sides. A mean of the past alone lags: its lowest point came out at 1.7 times the rate of
 * the loss's.
 */
export function centred(points: readonly SweepPoint[]): SweepPoint[] {
  const run = (losses: readonly number[]): [sum: number, weight: number][] => {
    let [sum, weight] = [0, 0];
    return losses.map((loss) => {
      [sum, weight] = [PAST * sum + loss, PAST * weight + 1];
      return [sum, weight];
    });
  };
  const losses = points.map(({ loss }) => loss);
  const behind = run(losses);
  const ahead = run(losses.toReversed()).toReversed();
  return points.map((point, i) => {
    const [[a, m], [b, n]] = [behind[i], ahead[i]];
    return { ...point, smooth: (a + b - point.loss) / (m + n - 1) };
  });
}

/** Trains `trainer`, which is of no use afterwards. Ends early when the loss has broken away. */
export async function* sweepRates(
  trainer: Trainer,
  batches: Iterator<SweepBatch> | AsyncIterator<SweepBatch>,
  { from, to, steps, accumulate: count = 1, signal }: SweepOptions,
): AsyncGenerator<SweepPoint> {
  let mean = 0;
  let lowest = Number.POSITIVE_INFINITY;
  for (let step = 1; step <= steps && !signal?.aborted; step++) {
    const rate = from * (to / from) ** ((step - 1) / Math.max(1, steps - 1));
    for (let index = 0; index < count; index++) {
      const { value, done } = await batches.next();
      if (done) return;
      trainer.microStep(value, { index, count }, rate);
    }
    const [{ loss }] = await trainer.figures(1);
    if (!Number.isFinite(loss)) return;
    mean = PAST * mean + (1 - PAST) * loss;
    const smooth = mean / (1 - PAST ** step);
    yield { step, rate, loss, smooth };
    lowest = Math.min(lowest, smooth);
    if (smooth > BROKEN * lowest) return;
  }
}

export interface Suggestion {
  /** Where the smoothed loss falls fastest. */
  readonly steepest: number;
  /** Where it is lowest: already on the edge. */
  readonly lowest: number;
  /** Half-way between them on the scale of powers. */
  readonly suggested: number;
}

/** @returns nothing when the loss never fell: the sweep was too short or began too high. */
export function suggestRate(points: readonly SweepPoint[]): Suggestion | undefined {
  if (points.length < 10) return;
  let lowest = 0;
  for (const [i, { smooth }] of points.entries()) if (smooth < points[lowest].smooth) lowest = i;
  let steepest = 0;
  let slope = 0;
  for (let i = 1; i + 1 <= lowest; i++) {
    const fall = points[i - 1].smooth - points[i + 1].smooth; // equal distances on the scale of powers
    if (fall > slope) [slope, steepest] = [fall, i];
  }
  if (slope === 0) return;
  const [low, high] = [points[steepest].rate, points[lowest].rate];
  return { steepest: low, lowest: high, suggested: Math.sqrt(low * high) };
}
