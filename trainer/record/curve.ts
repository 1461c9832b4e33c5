/**
 * The curve of a run: `curve.jsonl`, one line a step, appended as the run goes, and the same figures as TensorBoard
 * event files in `tensorboard/`. A resumed run drops the lines behind its checkpoint first, so that every step stands
 * once; its event file says from which step on it counts.
 *
 *   head │ point of step 1 │ … │ point of step 100 │ head, from: 100 │ point of step 101 │ …
 *
 * A head says of which text the held-out figures behind it are. It stands again where a resumed run evaluates another
 * text (other --evaluate-tokens, or a run that an older vua began): figures before and behind it are not comparable.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { badInput } from '../../crawlers/shell/errors.ts';
import { appendToFile, makeFolder, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import type { HeldOutText } from '../score/held-out.ts';
import { fileVersionEvent, scalarsEvent, sessionStartEvent } from './tensorboard.ts';

export interface CurvePoint {
  readonly step: number;
  /** Nats per token. */
  readonly loss: number;
  readonly gradNorm: number;
  readonly learningRate: number;
  readonly tokensPerSecond: number;
  readonly dataWaitMs: number;
  /** The gradient was not finite, nothing was updated: how many steps in a row; false, true in curves of before 0.1.0. */
  readonly skipped?: number | boolean;
  /** Before this step the run went back; the rows up to that step were left out. */
  readonly rewoundFrom?: number;
  readonly lossScale?: number;
  /** Of the adapter's documented peak; none where that is not known. */
  readonly modelFlopsUtilisation?: number;
  /** Of GPU memory, in live buffers. */
  readonly memoryBytes?: number;
  /** Of the same text each time: the head's. */
  readonly heldOutBitsPerByte?: number;
  readonly heldOutStandardError?: number;
  /** Of the largest sources. */
  readonly heldOutBySource?: Readonly<Record<string, number>>;
}

/** TensorBoard's name of each figure. */
const TAGS: Readonly<
  Record<Exclude<keyof CurvePoint, 'step' | 'skipped' | 'rewoundFrom' | `heldOut${string}`>, string>
> = {
  loss: 'loss/train_nats_per_token',
  gradNorm: 'optimizer/gradient_norm',
  learningRate: 'optimizer/learning_rate',
  tokensPerSecond: 'speed/tokens_per_second',
  modelFlopsUtilisation: 'speed/model_flops_utilisation',
  dataWaitMs: 'speed/data_wait_ms',
  lossScale: 'optimizer/loss_scale',
  memoryBytes: 'memory/gpu_bytes',
};

/** Tags of held-out figures end in the text's id, so that TensorBoard draws only figures of one text into one chart. */
const heldOutScalars = (
  { id }: HeldOutText,
  { heldOutBitsPerByte, heldOutStandardError }: Pick<CurvePoint, 'heldOutBitsPerByte' | 'heldOutStandardError'>,
): [string, number | undefined][] => [
  [`held_out_bits_per_byte/text_${id}`, heldOutBitsPerByte],
  [`held_out_standard_error/text_${id}`, heldOutStandardError],
];

/** First line of the file. */
export interface CurveHead {
  /** The step behind which it counts, where it is not the first. */
  readonly from?: number;
  /** What the held-out figures are of. Missing in curves of before 0.1.0: their unigram figure is of other text. */
  readonly heldOut?: HeldOutText;
  readonly unigramBitsPerByte: number;
  readonly unigramStandardError?: number;
  /** No number where the run was not evaluated before its first step. */
  readonly untrainedBitsPerByte: number;
  readonly untrainedStandardError?: number;
  readonly adapter: string;
  readonly parameters: number;
  readonly tokensPerStep: number;
  /** Of the training split: turns nats per token into bits per byte. */
  readonly trainBytesPerToken: number;
}

export const curvePath = (dir: string): string => join(dir, 'curve.jsonl');

/** A curve as it stands on disk. */
export interface Curve {
  /** The last one. */
  readonly head: CurveHead;
  /** All of them, one for each text. */
  readonly heads: readonly CurveHead[];
  readonly points: readonly CurvePoint[];
}

/** Opens the curve for appending behind `step`. */
export function openCurve(
  dir: string,
  step: number,
  head: CurveHead,
): { head: CurveHead; append(point: CurvePoint): void } {
  const path = curvePath(dir);
  const old = step > 0 && existsSync(path) ? readCurve(dir) : undefined;
  const points = old?.points.filter((point) => point.step <= step) ?? [];
  const heads = old?.heads.filter(({ from = 0 }) => from === 0 || from < step) ?? [];
  if (heads.length === 0) heads.push(head);
  else if (isOther(heads.at(-1)!, head)) heads.push({ from: step, ...head });
  const lines = heads.flatMap((one, i) => [one, ...points.filter(({ step }) => isUnder(heads, i, step))]);
  writeFileAtomic(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const last = heads.at(-1)!;
  const events = openEvents(dir, step, last);
  return {
    head: last,
    append(point) {
      appendToFile(path, `${JSON.stringify(point)}\n`);
      events(point);
    },
  };
}

/** Of other held-out text, or steps of another length. */
const isOther = (a: CurveHead, b: CurveHead): boolean =>
  a.heldOut?.id !== b.heldOut?.id || a.tokensPerStep !== b.tokensPerStep;

const isUnder = (heads: readonly CurveHead[], i: number, step: number): boolean =>
  step > (heads[i].from ?? 0) && step <= (heads[i + 1]?.from ?? Number.POSITIVE_INFINITY);

/** One file per start of the run, as TensorBoard expects. */
function openEvents(dir: string, step: number, head: CurveHead): (point: CurvePoint) => void {
  const folder = join(dir, 'tensorboard');
  makeFolder(folder);
  const now = (): number => Date.now() / 1000;
  const path = join(folder, `events.out.tfevents.${Math.floor(now())}.${process.pid}.vua`);
  appendToFile(path, Buffer.concat([fileVersionEvent(now()), sessionStartEvent(now(), step + 1)]));
  const write = (at: number, scalars: readonly (readonly [tag: string, value: number | undefined])[]): void => {
    const known = scalars.filter(([, value]) => value != null && !Number.isNaN(value)) as [string, number][];
    if (known.length > 0) appendToFile(path, scalarsEvent(now(), at, Object.fromEntries(known)));
  };
  const { heldOut: text } = head;
  if (text && (head.from ?? 0) === step) {
    write(step, [
      ...heldOutScalars(text, {
        heldOutBitsPerByte: head.untrainedBitsPerByte,
        heldOutStandardError: head.untrainedStandardError,
      }),
      [`held_out_unigram/text_${text.id}`, head.unigramBitsPerByte],
      [`held_out_documents/text_${text.id}`, text.documents],
      [`held_out_effective_documents/text_${text.id}`, text.effectiveDocuments],
    ]);
  }
  return (point) => {
    const scalars = (Object.keys(TAGS) as (keyof typeof TAGS)[]).map((name) => [TAGS[name], point[name]] as const);
    write(point.step, [...scalars, ...(text ? heldOutScalars(text, point) : [])]);
  };
}

/** @throws ToolkitError NO_CURVE, BAD_CURVE (exit 2). A torn last line, of a killed run, is left out. */
export function readCurve(dir: string): Curve {
  const path = curvePath(dir);
  if (!existsSync(path)) {
    throw badInput('NO_CURVE', `${dir}: no curve.jsonl`, 'give a folder that `vua train` wrote (of a run: DIR/model)');
  }
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop(); // empty after the last line end, or torn
  const parsed = lines.map((line, i) => {
    try {
      return JSON.parse(line) as CurveHead | CurvePoint;
    } catch {
      throw badInput('BAD_CURVE', `${path}:${i + 1}: not JSON`, 'restore the file from a copy, or take the line out');
    }
  });
  if (parsed.length === 0) throw badInput('BAD_CURVE', `${path}: empty`, 'train at least one step');
  const isHead = (line: CurveHead | CurvePoint, i: number): line is CurveHead =>
    i === 0 || (line as CurveHead)?.tokensPerStep > 0;
  const heads = parsed.filter(isHead);
  const points = parsed.filter((line, i): line is CurvePoint => !isHead(line, i));
  return { head: heads.at(-1)!, heads, points };
}
