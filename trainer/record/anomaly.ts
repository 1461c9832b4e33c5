/**
 * Watches a run for what ends it or makes its end worthless, in constant memory, each told once, when it begins:
 *   not_finite  a loss or gradient norm that is no number
 *   spike       a loss above the median of the last WINDOW steps by more than SPIKE times their spread (the median
 *               distance from that median, scaled to a standard deviation) and by more than a tenth; a gradient norm
 *               likewise, and ten times the median: neither noise nor a flat end counts
 *   drift       a median loss above the lowest one of the run by DRIFT: what climbs too slowly for a spike
 */
import type { Arena, ArenaPart } from '../model/arena.ts';
import type { CurvePoint } from './curve.ts';

export interface Anomaly {
  readonly kind: 'not_finite' | 'spike' | 'drift';
  readonly step: number;
  readonly figure: 'loss' | 'gradNorm';
  readonly value: number;
  /** Median of the steps before, for `drift` the lowest; none for `not_finite`. */
  readonly expected?: number;
}

const WINDOW = 64;
/** With fewer steps before it nothing is a spike. */
const FEWEST = 16;
/** Spreads above the median that count as a spike. */
const SPIKE = 8;
/** Of a normal distribution: standard deviation over median distance from the median. */
const NORMAL = 1.4826;
/** Times the median that a spike has at least. */
const LEAST = { loss: 1.1, gradNorm: 10 };
/** Times the lowest median. */
const DRIFT = 1.2;

export class Watch {
  readonly #before: Record<Anomaly['figure'], number[]> = { loss: [], gradNorm: [] };
  readonly #isOn = new Set<string>();
  #lowest = Number.POSITIVE_INFINITY;
  /** Step of the last spike of the loss. */
  #spikeAt = Number.NEGATIVE_INFINITY;

  /** What begins with this point. Of the loss first. */
  add(point: CurvePoint): Anomaly | undefined {
    const { step } = point;
    for (const figure of ['loss', 'gradNorm'] as const) {
      const value = point[figure];
      if (!Number.isFinite(value)) return { kind: 'not_finite', step, figure, value };
    }
    const spikes = (['loss', 'gradNorm'] as const).map((figure) => this.#spike(figure, step, point[figure]));
    if (spikes[0]) [this.#spikeAt, this.#lowest] = [step, Number.POSITIVE_INFINITY];
    return spikes[0] ?? spikes[1] ?? this.#drift(step);
  }

  #spike(figure: Anomaly['figure'], step: number, value: number): Anomaly | undefined {
    const before = this.#before[figure];
    const expected = median(before);
    const spread = NORMAL * median(before.map((one) => Math.abs(one - expected)));
    const isSpike = value - expected > SPIKE * spread && value > LEAST[figure] * expected;
    const known = before.length >= FEWEST;
    before.push(value);
    if (before.length > WINDOW) before.shift();
    return this.#begins(figure, known && isSpike) ? { kind: 'spike', step, figure, value, expected } : undefined;
  }

  #drift(step: number): Anomaly | undefined {
    const losses = this.#before.loss;
    if (losses.length < WINDOW) return;
    if (step <= this.#spikeAt + WINDOW) return; // said: what stays up is no drift
    const value = median(losses);
    const expected = this.#lowest;
    this.#lowest = Math.min(expected, value);
    // Half-way back it may begin again.
    const limit = this.#isOn.has('drift') ? (1 + DRIFT) / 2 : DRIFT;
    return this.#begins('drift', value > limit * expected)
      ? { kind: 'drift', step, figure: 'loss', value, expected }
      : undefined;
  }

  #begins(name: string, isOn: boolean): boolean {
    const begins = isOn && !this.#isOn.has(name);
    if (isOn) this.#isOn.add(name);
    else this.#isOn.delete(name);
    return begins;
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** What going back to a checkpoint costs: steps behind it that are to be done again. */
export interface Rewind {
  readonly steps: number;
  readonly seconds: number;
}

/** One line: step, figure, and what a rewind costs. */
export function anomalyText(anomaly: Anomaly, checkpointStep: number, rewind: Rewind): string {
  const { kind, step, figure, value, expected } = anomaly;
  const name = figure === 'loss' ? (kind === 'drift' ? `median loss of ${WINDOW} steps` : 'loss') : 'gradient norm';
  const beside = kind === 'drift' ? 'lowest one before' : 'median before';
  const found = kind === 'not_finite' ? String(value) : `${value.toFixed(3)}, ${beside} ${expected?.toFixed(3)}`;
  return `step ${step}: ${name} ${found}${rewindText(checkpointStep, rewind)}`;
}

/** The end of a line: where it began, what a rewind costs. */
export function rewindText(checkpointStep: number, { steps, seconds }: Rewind, tensor?: BadTensor): string {
  const { part, name, bad, elements } = tensor ?? {};
  const first = tensor ? `; first in ${part} ${name}: ${bad} of ${elements} not finite` : '';
  return `${first}; back to step ${checkpointStep}: ${steps} steps, ${Math.round(seconds)} s again`;
}

export interface BadTensor {
  readonly part: ArenaPart;
  readonly name: string;
  readonly elements: number;
  /** Elements that are NaN or infinite. */
  readonly bad: number;
}

/** Parts in the order in which a fault shows: weights feed gradients, gradients feed moments. */
const ORDER: readonly ArenaPart[] = ['params', 'grads', 'm', 'v'];

export const countNotFinite = (values: Float32Array): number =>
  values.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);

/**
 * The first tensor with values that are not finite: weights in the order of the forward pass, then gradients in that of
 * the backward pass, then moments. Reads the arena tensor by tensor; for use after a step went wrong.
 */
export async function firstNotFinite(arena: Arena, parts = ORDER): Promise<BadTensor | undefined> {
  const forward = arena.parameters.map(({ name }) => name).sort((a, b) => depthOf(a) - depthOf(b));
  for (const part of parts) {
    if (!arena.holds(part)) continue;
    for (const name of part === 'grads' ? forward.toReversed() : forward) {
      if (!arena.has(part, name)) continue;
      const values = await arena.readTensor(part, name);
      const bad = countNotFinite(values);
      if (bad > 0) return { part, name, elements: values.length, bad };
    }
  }
}

/** Place in the forward pass: embedding, layers, final norm, head. Within a layer the arena's order is good enough. */
function depthOf(name: string): number {
  const layer = /layers\.(\d+)\./.exec(name)?.[1];
  if (layer !== undefined) return Number(layer);
  return name.includes('embed_tokens') ? -1 : name.startsWith('lm_head') ? 1e9 : 1e8;
}
