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
  readonly signal?: AbortSignal;
}

export interface SweepPoint {
  readonly step: number;
  readonly rate: number;
  /** Nats per token. */
  readonly loss: number;
  /** Running mean, free of its start (weight 0.9 on the past). */
  readonly smooth: number;
}

type SweepBatch = BatchArrays & Pick<Batch, 'counted'>;

/** The smoothed loss this far above its lowest value has broken away. */
const BROKEN = 1.3;
const PAST = 0.9;

/** Trains `trainer`, which is of no use afterwards. Ends early when the loss has broken away. */
export async function* sweepRates(
  trainer: Trainer,
  batches: Iterator<SweepBatch> | AsyncIterator<SweepBatch>,
  { from, to, steps, signal }: SweepOptions,
): AsyncGenerator<SweepPoint> {
  let mean = 0;
  let lowest = Number.POSITIVE_INFINITY;
  for (let step = 1; step <= steps && !signal?.aborted; step++) {
    const { value, done } = await batches.next();
    if (done) return;
    const rate = from * (to / from) ** ((step - 1) / Math.max(1, steps - 1));
    trainer.step([value], rate);
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
