/**
 * Watches a curve for what ends a run: a loss or gradient norm that is no number, and spikes. A spike is a loss above
 * the median of the last WINDOW steps by more than `factor` times their spread (the median distance from that median,
 * scaled to a standard deviation) and by more than a tenth: so that neither noise nor a flat end counts.
 */
import type { Arena, ArenaPart } from '../model/arena.ts';
import type { CurvePoint } from './curve.ts';

export interface Anomaly {
  /** `not_finite` ends a run; `spike` is worth a warning. */
  readonly kind: 'not_finite' | 'spike';
  readonly step: number;
  readonly figure: 'loss' | 'gradNorm';
  readonly value: number;
  /** Median of the steps before; none for `not_finite`. */
  readonly expected?: number;
}

const WINDOW = 64;
/** With fewer steps before it nothing is a spike. */
const FEWEST = 16;
/** Spreads above the median that count as a spike. */
const SPIKE = 8;
/** Of a normal distribution: standard deviation over median distance from the median. */
const NORMAL = 1.4826;

/** What is wrong with the last point, given the points before it. Of the loss first. */
export function anomalyOf(points: readonly CurvePoint[]): Anomaly | undefined {
  const last = points.at(-1);
  if (!last) return;
  const { step } = last;
  for (const figure of ['loss', 'gradNorm'] as const) {
    const value = last[figure];
    if (!Number.isFinite(value)) return { kind: 'not_finite', step, figure, value };
  }
  const before = points.slice(-1 - WINDOW, -1).map(({ loss }) => loss);
  if (before.length < FEWEST) return;
  const expected = median(before);
  const spread = NORMAL * median(before.map((loss) => Math.abs(loss - expected)));
  const excess = last.loss - expected;
  if (excess > SPIKE * spread && excess > 0.1 * expected) {
    return { kind: 'spike', step, figure: 'loss', value: last.loss, expected };
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** What going back to a checkpoint costs. */
export interface Rewind {
  /** Steps from the checkpoint to the anomaly that are to be done again. */
  readonly steps: number;
  readonly seconds: number;
  readonly tokens: number;
}

/** From the speed of the points behind the checkpoint. */
export function rewindOf(points: readonly CurvePoint[], checkpointStep: number, tokensPerStep: number): Rewind {
  const behind = points.filter(({ step }) => step > checkpointStep);
  const tokens = behind.length * tokensPerStep;
  const seconds = behind.reduce((sum, { tokensPerSecond }) => sum + tokensPerStep / tokensPerSecond, 0);
  return { steps: behind.length, tokens, seconds: Number.isFinite(seconds) ? seconds : 0 };
}

/** One line: step, figure, and what a rewind costs. */
export function anomalyText(anomaly: Anomaly, checkpointStep: number, rewind: Rewind, tensor?: BadTensor): string {
  const { kind, step, figure, value, expected } = anomaly;
  const name = figure === 'loss' ? 'loss' : 'gradient norm';
  const found = kind === 'spike' ? `${value.toFixed(3)}, median before ${expected?.toFixed(3)}` : String(value);
  return `step ${step}: ${name} ${found}${rewindText(checkpointStep, rewind, tensor)}`;
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

/**
 * The first tensor with values that are not finite: weights in the order of the forward pass, then gradients in that of
 * the backward pass, then moments. Reads the arena tensor by tensor; for use after a step went wrong.
 */
export async function firstNotFinite(arena: Arena): Promise<BadTensor | undefined> {
  const forward = arena.parameters.map(({ name }) => name).sort((a, b) => depthOf(a) - depthOf(b));
  for (const part of ORDER) {
    if (!arena.whole[part]) continue;
    for (const name of part === 'grads' ? forward.toReversed() : forward) {
      const values = await arena.readTensor(part, name);
      const bad = values.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
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
