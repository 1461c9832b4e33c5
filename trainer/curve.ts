/**
 * The curve of a run: `curve.jsonl`, one line a step, appended as the run goes. A resumed run drops the lines behind
 * its checkpoint first, so that every step stands once.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { badInput } from '../crawlers/errors.ts';
import { writeFileAtomic } from '../crawlers/shell/folder.ts';

export interface CurvePoint {
  readonly step: number;
  /** Nats per token. */
  readonly loss: number;
  readonly gradNorm: number;
  readonly learningRate: number;
  readonly tokensPerSecond: number;
  readonly dataWaitMs: number;
  /** Of the same held-out documents each time. */
  readonly heldOutBitsPerByte?: number;
  /** Of the largest sources. */
  readonly heldOutBySource?: Readonly<Record<string, number>>;
  /** Behind the last step: of the whole held-out split. */
  readonly wholeBitsPerByte?: number;
}

/** First line of the file. */
export interface CurveHead {
  readonly unigramBitsPerByte: number;
  readonly untrainedBitsPerByte: number;
  readonly adapter: string;
  readonly parameters: number;
  readonly tokensPerStep: number;
  /** Of the training split: turns nats per token into bits per byte. */
  readonly trainBytesPerToken: number;
}

export const curvePath = (dir: string): string => join(dir, 'curve.jsonl');

/** Opens the curve for appending behind `step`. */
export function openCurve(
  dir: string,
  step: number,
  head: CurveHead,
): { head: CurveHead; append(point: CurvePoint): void } {
  const path = curvePath(dir);
  const old = step > 0 && existsSync(path) ? readCurve(dir) : undefined;
  const kept = old?.points.filter((point) => point.step <= step) ?? [];
  const first = old?.head ?? head;
  writeFileAtomic(path, [first, ...kept].map((line) => `${JSON.stringify(line)}\n`).join(''));
  return { head: first, append: (point) => appendFileSync(path, `${JSON.stringify(point)}\n`) };
}

/** @throws ToolkitError NO_CURVE, BAD_CURVE (exit 2). A torn last line, of a killed run, is left out. */
export function readCurve(dir: string): { head: CurveHead; points: CurvePoint[] } {
  const path = curvePath(dir);
  if (!existsSync(path)) {
    throw badInput('NO_CURVE', `${dir}: no curve.jsonl`, 'give a folder that `vua train` wrote (of a run: DIR/model)');
  }
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop(); // empty after the last line end, or torn
  const parsed = lines.map((line, i) => {
    try {
      return JSON.parse(line) as unknown;
    } catch {
      throw badInput('BAD_CURVE', `${path}:${i + 1}: not JSON`, 'delete the line');
    }
  });
  if (parsed.length === 0) throw badInput('BAD_CURVE', `${path}: empty`, 'train at least one step');
  const [head, ...points] = parsed as [CurveHead, ...CurvePoint[]];
  return { head, points };
}
