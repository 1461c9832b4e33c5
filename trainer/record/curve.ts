/**
 * The curve of a run: `curve.jsonl`, one line a step, appended as the run goes, and the same figures as TensorBoard
 * event files in `tensorboard/`. A resumed run drops the lines behind its checkpoint first, so that every step stands
 * once; its event file says from which step on it counts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { badInput } from '../../crawlers/shell/errors.ts';
import { appendToFile, makeFolder, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { fileVersionEvent, scalarsEvent, sessionStartEvent } from './tensorboard.ts';

export interface CurvePoint {
  readonly step: number;
  /** Nats per token. */
  readonly loss: number;
  readonly gradNorm: number;
  readonly learningRate: number;
  readonly tokensPerSecond: number;
  readonly dataWaitMs: number;
  /** An overflow in half precision: nothing was updated. */
  readonly skipped?: boolean;
  readonly lossScale?: number;
  /** Of the adapter's documented peak; none where that is not known. */
  readonly modelFlopsUtilisation?: number;
  /** Of GPU memory, in live buffers. */
  readonly memoryBytes?: number;
  /** Of the same held-out documents each time. */
  readonly heldOutBitsPerByte?: number;
  /** Of the largest sources. */
  readonly heldOutBySource?: Readonly<Record<string, number>>;
}

/** TensorBoard's name of each figure. */
const TAGS: Readonly<Record<Exclude<keyof CurvePoint, 'step' | 'heldOutBySource' | 'skipped'>, string>> = {
  loss: 'loss/train_nats_per_token',
  heldOutBitsPerByte: 'loss/held_out_bits_per_byte',
  gradNorm: 'optimizer/gradient_norm',
  learningRate: 'optimizer/learning_rate',
  tokensPerSecond: 'speed/tokens_per_second',
  modelFlopsUtilisation: 'speed/model_flops_utilisation',
  dataWaitMs: 'speed/data_wait_ms',
  lossScale: 'optimizer/loss_scale',
  memoryBytes: 'memory/gpu_bytes',
};

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
  const events = openEvents(dir, step);
  return {
    head: first,
    append(point) {
      appendToFile(path, `${JSON.stringify(point)}\n`);
      events(point);
    },
  };
}

/** One file per start of the run, as TensorBoard expects. */
function openEvents(dir: string, step: number): (point: CurvePoint) => void {
  const folder = join(dir, 'tensorboard');
  makeFolder(folder);
  const now = (): number => Date.now() / 1000;
  const path = join(folder, `events.out.tfevents.${Math.floor(now())}.${process.pid}.vua`);
  appendToFile(path, Buffer.concat([fileVersionEvent(now()), sessionStartEvent(now(), step + 1)]));
  return (point) => {
    const scalars = (Object.keys(TAGS) as (keyof typeof TAGS)[]).flatMap((name) => {
      const value = point[name];
      return value == null ? [] : [[TAGS[name], value] as const];
    });
    appendToFile(path, scalarsEvent(now(), point.step, Object.fromEntries(scalars)));
  };
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
      throw badInput('BAD_CURVE', `${path}:${i + 1}: not JSON`, 'restore the file from a copy, or take the line out');
    }
  });
  if (parsed.length === 0) throw badInput('BAD_CURVE', `${path}: empty`, 'train at least one step');
  const [head, ...points] = parsed as [CurveHead, ...CurvePoint[]];
  return { head, points };
}
