/** What an earlier call of a run left in its folder, and whether it is this run: checkpoint, curve, evaluation. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { readJsonIfPresent, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import type { TokenFolder } from '../../shards/tokens/source.ts';
import type { LoaderState } from '../batch.ts';
import type { AdapterFacts } from '../gpu/device.ts';
import { fittingKernels, type KernelChoice, LOGITS_BYTES } from '../kernels/choice.ts';
import { MOMENTUM, type ModelConfig, parameterCount } from '../model/config.ts';
import { type Checkpoint, type CheckpointState, checkpointsIn, openCheckpoint, stepOf } from '../record/checkpoint.ts';
import { type Curve, curvePath, readCurve } from '../record/curve.ts';
import { headAt } from '../record/plot.ts';
import { trainingsOf } from '../record/weights.ts';
import type { Comparison } from '../score/bits-per-byte.ts';
import type { UnigramCounts } from '../score/unigram.ts';
import {
  type BestFigure,
  elasticOf,
  type HeldOutFigures,
  type TrainingOptions,
  type TrainingSummary,
} from './options.ts';
import type { Origin } from './origin.ts';
import { batchOf, optimizerOf, scheduleOf } from './recipe.ts';
import type { RecipeOptions } from './recipe-options.ts';
import { constantUntil, type ScheduleName } from './schedule.ts';

export type Identity = Readonly<Record<string, number | string>>;

/** Everything that a resumed run must share with its beginning, by name: compared and told one by one. */
export function identityOf(
  options: TrainingOptions,
  config: ModelConfig,
  folders: readonly TokenFolder[],
  origin?: Origin,
): Identity {
  const { seed, layout, weights, maskDocuments = false } = options;
  const { kind, ...schedule } = scheduleOf(options, config);
  const { rateOf: _rates, dynamicLossScale: _dynamic, decayKind, ...optimizer } = optimizerOf(options);
  const all = {
    tokens: folders.map(({ fingerprint }) => fingerprint).join(' '),
    weights: weights.join(' '),
    layout,
    maskDocuments,
    seed,
    batch: batchOf(options, config),
    ...config,
    ...optimizer,
    schedule: kind ?? '',
    ...schedule,
    cautiousDecay: decayKind?.cautious ?? false,
    ...(origin && { initFrom: origin.fingerprint }),
    ...(options.join !== undefined && elasticOf(options)),
  };
  const named = Object.entries(all).map(([name, value]) => [name, typeof value === 'number' ? value : String(value)]);
  return Object.fromEntries(named.filter(([name, value]) => LATER[name] !== value));
}

/** Options that came later, with what they were before: at that they stand in no checkpoint, as in those of before. */
const LATER: Identity = {
  momentum: MOMENTUM,
  momentumWarmup: 0,
  momentumCooldown: 0,
  cautiousDecay: 'false',
  decaySchedule: 'constant',
  ema: 0,
};

/** Names under which two runs differ. */
const otherKeys = (before: Identity, now: Identity): string[] =>
  Object.keys({ ...now, ...LATER }).filter((key) => (before[key] ?? LATER[key]) !== (now[key] ?? LATER[key]));

interface Previous {
  readonly previous?: Checkpoint;
  readonly stale: string[];
  /** Why there are stale ones. */
  readonly why?: string;
  /** The step up to which rows are left out. */
  readonly rewoundFrom?: number;
  /** Where rows go on. */
  readonly loader?: LoaderState;
  /** It was gone back to: behind this step the rate had begun to fall, in a run that is made longer. */
  readonly fellBehind?: number;
  /** The checkpoint is the end of the phase before: weights and moments go on, rows begin. */
  readonly begins?: boolean;
}

const isSame = (before: Identity, now: Identity): boolean =>
  otherKeys(before, now).length === 0 && before.phase === now.phase;

/** What a run that goes back may change: the fault may lie in these. */
const REWIND_MAY_CHANGE = ['peak', 'clip', 'weightDecay', 'zLoss'];

/**
 * @param behind Of the phase before this one, if there is one.
 * The checkpoint to continue, and those that the first new one replaces: until then the old model stays.
 * @throws ToolkitError CHECKPOINTS_EXIST, OTHER_RUN (exit 2) and those of openCheckpoint
 */
export function previousOf(
  { out, start, rewind: asked }: TrainingOptions,
  identity: Identity,
  behind?: { readonly identity: Identity; readonly step: number },
): Previous {
  const folders = checkpointsIn(out);
  if (folders.length === 0) return { stale: [] };
  const exists = badInput(
    'CHECKPOINTS_EXIST',
    `${out}: holds ${folders.at(-1)}`,
    'continue it with --resume, or choose another --out',
  );
  if (start === 'new') throw exists;
  const rewind = asked && !hasRewound(out, asked) ? asked : undefined;
  let previous: Checkpoint;
  try {
    const earlier = rewind !== undefined && folders.some((one) => stepOf(one) < rewind);
    previous = openCheckpoint(out, earlier ? { before: rewind } : {});
  } catch (error) {
    if (start !== 'restart') throw error;
    return { stale: folders, why: reasonOf(error) };
  }
  const { options: before, step } = previous.state;
  const isBorder = step === behind?.step && Number(before.phase ?? 1) + 1 === identity.phase;
  if (isBorder && isSame(before, behind.identity)) return { previous, stale: [], begins: true };
  const mayChange = asked ? REWIND_MAY_CHANGE : [];
  // The length last: what follows from it is told by its own name.
  const others = otherKeys(before, identity)
    .filter((key) => !mayChange.includes(key))
    .sort((a, b) => Number(a === 'steps') - Number(b === 'steps'));
  const [other] = others;
  if (other === undefined && rewind) {
    const { batch = identity.batch } = previous.state.extra ?? {};
    return rewound(previous, rewind, Number(batch), folders);
  }
  if (other === undefined) return { previous, stale: [], loader: previous.state.loader };
  const isLonger = others.length === 1 && other === 'steps';
  const constant = Math.min(...[before, identity].map(constantOf));
  if (isLonger && step <= constant) return { previous, stale: [], loader: previous.state.loader };
  const earlier = isLonger && !asked && start === 'resume' ? lastUntil(out, constant, identity) : undefined;
  if (earlier) {
    const stale = folders.filter((one) => stepOf(one) > earlier.state.step);
    return { previous: earlier, stale, loader: earlier.state.loader, fellBehind: constant };
  }
  if (start === 'restart' && isFinished(out)) throw exists;
  if (start === 'restart') {
    const how =
      other === 'tokens'
        ? 'on other tokens'
        : `with ${other} = ${before[other] ?? LATER[other]}, now ${identity[other] ?? LATER[other]}`;
    return { stale: folders, why: `${previous.dir}: was trained ${how}` };
  }
  throw badInput(
    'OTHER_RUN',
    `${previous.dir}: was trained with ${other} = ${before[other] ?? LATER[other]}, now asked for ${identity[other] ?? LATER[other]}`,
    other === 'warmupSteps'
      ? `give --warmup ${before[other]}: it follows from the length where nothing is said`
      : other === 'steps'
        ? `the length of a run (schedule wsd) can change until its rate begins to fall; no whole checkpoint up to step ${constant} is left: --init-from ${previous.dir} with another --out goes on from its weights`
        : 'give the same options as before, or choose another --out',
  );
}

/**
 * The checkpoint with its loader moved behind the rows of the steps that are left out; later ones are replaced. Where
 * all are later, initial weights and the rows behind.
 */
function rewound(
  { state, ...previous }: Checkpoint,
  rewind: number,
  batch: number,
  folders: readonly string[],
): Previous {
  const { step, loader } = state;
  const stale = folders.filter((one) => stepOf(one) > step || step >= rewind);
  const behind = { stale, rewoundFrom: rewind };
  if (step >= rewind) return { ...behind, loader: { ...loader, epoch: 0, position: rewind * batch } };
  const moved = { ...loader, position: loader.position + (rewind - step) * batch };
  return { ...behind, previous: { ...previous, state: { ...state, loader: moved } }, loader: moved };
}

/** The newest whole checkpoint of steps whose rate was constant, of the same run but for its length. */
function lastUntil(out: string, step: number, identity: Identity): Checkpoint | undefined {
  if (!checkpointsIn(out).some((one) => stepOf(one) <= step)) return undefined;
  try {
    const found = openCheckpoint(out, { before: step + 1 });
    const { options } = found.state;
    return otherKeys(options, identity).every((key) => key === 'steps') ? found : undefined;
  } catch {
    return undefined; // none of them is whole
  }
}

/** Whether the curve says that the run went back from this step: the same command again goes on. */
const hasRewound = (out: string, step: number): boolean =>
  existsSync(curvePath(out)) && readCurve(out).points.some(({ rewoundFrom }) => rewoundFrom === step);

/** Steps that had the rate which they would have in a longer run too. */
const constantOf = ({ schedule, begin = 0, steps, decayShare, momentumCooldown = 0 }: Identity): number =>
  constantUntil({
    ...{ kind: schedule as ScheduleName, begin: Number(begin), steps: Number(steps), decayShare: Number(decayShare) },
    momentumCooldown: Number(momentumCooldown),
  });

/** Kernel variants as the run began, for they decide the order of sums; but for those that this adapter would get wrong. */
export function resumedKernels(previous: Checkpoint | undefined, facts: AdapterFacts): KernelChoice | undefined {
  const kernels = previous?.state.extra?.kernels as KernelChoice | undefined;
  // Before `logitsBytes` was kept all chunks had the default.
  return kernels && fittingKernels({ logitsBytes: LOGITS_BYTES, ...kernels }, facts);
}

/** Storage and, unless others are asked for, rows of the micro-batch as the run began: its sums come out the same to the bit. */
export function resumedOptions(
  previous: Checkpoint | undefined,
  { microBatch, memoryGb }: Pick<RecipeOptions, 'microBatch' | 'memoryGb'> = {},
): Partial<RecipeOptions> {
  const extra = (previous?.state.extra ?? {}) as { storage?: 'f32' | 'f16'; rows?: number; batch?: number };
  const { storage, rows, batch } = extra;
  return {
    ...(storage && { precision: storage === 'f16' ? 'mixed' : 'f32' }),
    ...(rows && !microBatch && !memoryGb && { microBatch: rows }),
    ...(batch && { batch }), // as it was rounded to micro-batches
  };
}

/** The lowest held-out figure of the curve up to a step, of the text that its last ones are of. */
export function lowestOf(out: string, step: number): number | undefined {
  if (step === 0 || !existsSync(curvePath(out))) return undefined;
  const { heads, points } = readCurve(out);
  const text = headAt({ heads }, step).heldOut?.id;
  return points.reduce<number | undefined>((lowest, point) => {
    const bits =
      point.step <= step && headAt({ heads }, point.step).heldOut?.id === text ? point.heldOutBitsPerByte : undefined;
    return bits == null || (lowest !== undefined && lowest <= bits) ? lowest : bits;
  }, undefined);
}

/** Closing figures: of all steps done. */
export interface ClosingEvaluation extends Comparison {
  readonly step: number;
  readonly best?: BestFigure;
}

const evaluationPath = (out: string): string => join(out, 'evaluation.json');

/** A run that trains has no final evaluation yet. */
export const forgetEvaluation = (out: string): void => rmSync(evaluationPath(out), { force: true });

export const writeEvaluation = (out: string, evaluation: ClosingEvaluation): void =>
  writeFileAtomic(evaluationPath(out), `${JSON.stringify(evaluation, null, 1)}\n`);

export const readEvaluation = (out: string): ClosingEvaluation | undefined =>
  readJsonIfPresent<ClosingEvaluation>(evaluationPath(out));

const countsPath = (out: string): string => join(out, 'unigram.json');

/** What an earlier call counted of the training tokens. */
export function readCounts(out: string): UnigramCounts | undefined {
  try {
    return readJsonIfPresent<UnigramCounts>(countsPath(out));
  } catch {
    return undefined; // damaged: they are counted again
  }
}

export const writeCounts = (out: string, counts: UnigramCounts): void =>
  writeFileAtomic(countsPath(out), `${JSON.stringify(counts)}\n`);

/** Whether the folder holds a model that reached its end and was evaluated there; opens no weights. */
export function isFinished(out: string): boolean {
  const last = checkpointsIn(out).at(-1);
  return last !== undefined && readEvaluation(out)?.step === stepOf(last);
}

/** What an earlier call reached, if it reached the end (at least `steps`) and evaluated it. */
export function finishedSummary(out: string, { dir, state }: Checkpoint, steps = 0): TrainingSummary | undefined {
  const evaluation = readEvaluation(out);
  if (state.step < steps || evaluation?.step !== state.step) return undefined;
  const hasCurve = existsSync(curvePath(out));
  const curve = hasCurve ? readCurve(out) : { heads: [], points: [] };
  const { adapter, config } = state;
  const parameters = parameterCount(config);
  return {
    ...{ step: state.step, trainedSteps: 0, checkpoint: dir, adapter, parameters, shares: [], began: beganOf(state) },
    ...{ heldOutBitsPerByte: evaluation.bitsPerByte, heldOut: heldOutFigures(curve, evaluation) },
    tokensPerSecond: curve.points.at(-1)?.tokensPerSecond ?? 0,
  };
}

/** Where a run began that went on from weights. */
export function beganOf(state: CheckpointState): TrainingSummary['began'] {
  const origin = state.extra?.origin as Origin | undefined;
  return origin && { from: origin.from, trainings: trainingsOf(state) };
}

/**
 * What may stand beside each other of a run up to `step`: the closing figures, with those of the curve apart where they
 * are of another text; before the end, the curve's alone. None before the first evaluation.
 */
export function heldOutFigures(
  curve: Pick<Curve, 'heads' | 'points'>,
  closing: ClosingEvaluation | undefined,
  step = closing?.step ?? Number.POSITIVE_INFINITY,
): HeldOutFigures | undefined {
  const ofCurve = curveFigures(curve, step);
  if (!closing) return ofCurve && { ...ofCurve, sources: [] };
  if (!ofCurve?.text || ofCurve.text.id !== closing.text?.id)
    return { ...closing, ...(ofCurve?.text && { curve: ofCurve }) };
  const { untrainedBitsPerByte, untrainedStandardError } = ofCurve;
  return { ...closing, untrainedBitsPerByte, untrainedStandardError };
}

function curveFigures({ heads, points }: Pick<Curve, 'heads' | 'points'>, step: number): HeldOutFigures['curve'] {
  const point = points.findLast((one) => one.step <= step && one.heldOutBitsPerByte != null);
  if (!point) return undefined;
  const head = headAt({ heads }, point.step);
  const figures = {
    step: point.step,
    bitsPerByte: point.heldOutBitsPerByte!,
    standardError: point.heldOutStandardError,
  };
  if (!head.heldOut) return figures;
  const {
    heldOut: text,
    unigramBitsPerByte,
    unigramStandardError,
    untrainedBitsPerByte,
    untrainedStandardError,
  } = head;
  return {
    ...figures,
    ...{ text, unigramBitsPerByte, unigramStandardError },
    ...(untrainedBitsPerByte != null && { untrainedBitsPerByte, untrainedStandardError }),
  };
}
