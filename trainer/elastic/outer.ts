/**
 * The outer step of DiLoCo (Douillard et al. 2023): what the workers moved from the shared weights, averaged by the rows
 * behind it, is a gradient for SGD with Nesterov's momentum.
 *
 *   g = Σ rows_w / Σ rows · (θ − θ_w)      m = μ m + g      θ' = θ − η (g + μ m)
 *
 * Weights stand here as one array in the arena's order. Sums run in the order of the leases: the same parts give the same
 * bits on every machine.
 */
import type { Arena, ArenaPart } from '../model/arena.ts';
import { sizeOf } from '../model/config.ts';

/** A part of the arena as one array, in the order of its parameters; zero where the arena lacks it. */
export async function readAll(arena: Arena, part: ArenaPart): Promise<Float32Array<ArrayBuffer>> {
  const all = new Float32Array(arena.parameters.reduce((sum, parameter) => sum + sizeOf(parameter), 0));
  let at = 0;
  for (const parameter of arena.parameters) {
    if (arena.has(part, parameter.name)) all.set(await arena.readTensor(part, parameter.name), at);
    at += sizeOf(parameter);
  }
  return all;
}

export function writeAll(arena: Arena, part: ArenaPart, all: Float32Array): void {
  let at = 0;
  for (const parameter of arena.parameters) {
    const end = at + sizeOf(parameter);
    if (arena.has(part, parameter.name)) arena.write(part, parameter.name, all.slice(at, end));
    at = end;
  }
}

export function norm(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

export interface Part {
  readonly delta: Float32Array;
  readonly rows: number;
  /** That its worker measured. */
  readonly norm: number;
}

/** Norms of rounds that a round's are compared with, and how many there must be. */
const REMEMBERED = 8;
const FEWEST = 3;

/** Largest norm that a round takes: `clip` times the median of the last ones; none before there are some. */
export function largestNorm(clip: number, norms: readonly number[]): number {
  if (norms.length < FEWEST) return Number.POSITIVE_INFINITY;
  const sorted = norms.slice(-REMEMBERED).sort((a, b) => a - b);
  return clip * sorted[sorted.length >> 1];
}

export const remember = (norms: readonly number[], now: number): number[] => [...norms, now].slice(-REMEMBERED);

/** Mean by rows, every part clipped to the largest norm. */
export function average(parts: readonly Part[], largest: number): Float32Array<ArrayBuffer> {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const mean = new Float32Array(parts[0].delta.length);
  for (const part of parts) {
    const weight = (part.rows / rows) * Math.min(1, largest / (part.norm || 1));
    for (let i = 0; i < mean.length; i++) mean[i] += weight * part.delta[i];
  }
  return mean;
}

/** Moves `momentum` on. @returns what is taken from the weights */
export function nesterov(
  gradient: Float32Array,
  momentum: Float32Array,
  rate: number,
  mu: number,
): Float32Array<ArrayBuffer> {
  const step = new Float32Array(gradient.length);
  for (let i = 0; i < step.length; i++) {
    momentum[i] = mu * momentum[i] + gradient[i];
    step[i] = rate * (gradient[i] + mu * momentum[i]);
  }
  return step;
}

/** `from` − `by`, in place. */
export function subtract(from: Float32Array, by: Float32Array): void {
  for (let i = 0; i < from.length; i++) from[i] -= by[i];
}
