/**
 * A training run as events, the same in Node and in a page: `run.ts` records them in a folder, `page/session.ts` shows
 * them. Whoever listens may take its time: nothing goes on before it asks for the next event.
 *
 *   doing        what comes before the first step: the unigram model, the untrained one
 *   head         first line of the curve, and what the closing figures will be of
 *   ┌ step       figures of a step, and what is wrong with them
 *   │ samples    behind an evaluation
 *   │ checkpoint one is due, also behind the last step of a run that is stopped
 *   └ settled    the GPU holds the weights of the step that was told last
 *   trained      no step comes after this
 *   evaluating   when all steps are done, where it is other text than while training
 *   evaluated    figures of held-out text up to `finalTokens`
 */
import { extended, ToolkitError } from '../../crawlers/shell/errors.ts';
import { bytesPerToken, joinSources, type TokenFolder } from '../../shards/tokens/source.ts';
import type { Tokenizer } from '../../tokenizer/load.ts';
import type { LoaderState } from '../batch.ts';
import { type Sample, type SampleOptions, Sampler, samplePrompts } from '../generate/sample.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Loader, LoaderPlan } from '../loader/loader.ts';
import { parameterCount } from '../model/config.ts';
import { Trainer } from '../model/trainer.ts';
import { anomalyText, firstNotFinite, type Rewind, rewindText, Watch } from '../record/anomaly.ts';
import type { CurveHead, CurvePoint } from '../record/curve.ts';
import type { TensorSource } from '../record/tensor-file.ts';
import { besideOf } from '../score/beside.ts';
import { type Comparison, compare, evaluate } from '../score/bits-per-byte.ts';
import { drawHeldOut, halfOf } from '../score/draw.ts';
import { type HeldOut, inMemory, textOf, tokensOf } from '../score/held-out.ts';
import { countTokens, evaluateUnigram, type UnigramCounts } from '../score/unigram.ts';
import { modelFlopsUtilisation } from './flops.ts';
import { finalTokensOf, type LoopOptions } from './options.ts';
import type { Recipe } from './recipe.ts';
import { MAX_SKIPS } from './recipe-options.ts';
import { type TrainStep, train as trainingSteps } from './train.ts';

export type LoopEvent =
  | { readonly event: 'doing'; readonly what: 'unigram' | 'untrained' }
  | { readonly event: 'head'; readonly head: CurveHead; readonly counts: UnigramCounts; readonly closing: Closing }
  | { readonly event: 'step'; readonly step: TrainStep; readonly point: CurvePoint; readonly anomaly?: string }
  | { readonly event: 'samples'; readonly step: number; readonly samples: readonly Sample[] }
  | { readonly event: 'checkpoint'; readonly step: TrainStep }
  | { readonly event: 'settled' | 'trained' }
  | { readonly event: 'evaluating'; readonly closing: Closing }
  /** No figures when it was stopped. */
  | { readonly event: 'evaluated'; readonly text: HeldOut; readonly figures?: Comparison };

/** What the closing figures are of: at most `tokens` of the `of` that are held out. */
export interface Closing {
  readonly tokens: number;
  readonly of: number;
  /** That reading them takes, by the rate of the last evaluation; 0: they are what is read while training. */
  readonly seconds?: number;
}

export interface RunParts {
  readonly folders: readonly TokenFolder[];
  /** All of it. */
  readonly heldOut: HeldOut;
  /** As an earlier call counted them; used where they are of these tokens. */
  readonly counts?: UnigramCounts;
  readonly recipe: Recipe;
  readonly options: LoopOptions;
  /** Of what it continues. */
  readonly state?: LoaderState;
  readonly startLoader: (folders: readonly TokenFolder[], plan: LoaderPlan) => Loader;
  /** Texts that are continued behind each evaluation, and how. */
  readonly sampling?: Omit<SampleOptions, 'stopId'> & {
    readonly tokenizer: Tokenizer;
    readonly prompts: readonly string[];
  };
}

export interface Together {
  readonly steps: typeof trainingSteps;
  /** Between two rounds, when the device holds what a checkpoint says. */
  readonly isSettled: () => boolean;
  /** For a checkpoint, beside what every run keeps. */
  keep(): { readonly extra: object; readonly tensors: ReadonlyMap<string, TensorSource> };
}

/** A run whose weights are still to be initialised or loaded. */
export interface OpenRun extends Omit<RunParts, 'startLoader' | 'sampling'> {
  readonly trainer: Trainer;
  readonly loader: Loader;
  readonly plan: LoaderPlan;
  readonly samples?: () => Promise<readonly Sample[]>;
  /** Steps that others help with (`elastic.ts`), in place of this trainer's alone. */
  readonly together?: Together;
  release(): Promise<void>;
}

/** Refuses what cannot be trained on before anything is allocated. @throws ToolkitError as `openLoader`, `Trainer.create` */
export async function openRun(gpu: Gpu, { startLoader, sampling, ...parts }: RunParts): Promise<OpenRun> {
  const { folders, options, recipe, state } = parts;
  const { config } = recipe;
  const { seed, layout, maskDocuments = false, weights = [] } = options;
  const plan: LoaderPlan = {
    ...{ rows: recipe.trainer.rows, length: config.context, paddedVocab: config.paddedVocab },
    ...{ seed, layout, maskDocuments, weights: weights.length > 0 ? weights : undefined, state },
  };
  const loader = startLoader(folders, plan);
  const releases: (() => unknown)[] = [() => loader.close()];
  const release = async (): Promise<void> => {
    for (const one of releases.splice(0).reverse()) await one();
  };
  try {
    const trainer = await Trainer.create(gpu, config, recipe.trainer);
    releases.push(() => trainer.release());
    if (!sampling) return { ...parts, trainer, loader, plan, release };
    const { tokenizer, prompts, ...how } = sampling;
    const sampler = await Sampler.create(gpu, config, trainer.arena);
    releases.push(() => sampler.release());
    return { ...parts, trainer, loader, plan, samples: () => samplePrompts(sampler, tokenizer, prompts, how), release };
  } catch (error) {
    await release();
    throw error;
  }
}

export interface LoopControl {
  /** The adapter, as the curve names it. */
  readonly adapter: string;
  /** The step behind which the weights are; 0: they are untrained. */
  readonly from?: number;
  /** Held-out bits per byte of the best step so far: a lower one is kept whatever the two cadences are. */
  readonly lowest?: number;
  /** Ends the run behind the step in hand. */
  readonly signal?: AbortSignal;
  /** False: more is trained behind the last step, no closing figures are wanted. */
  readonly closes?: boolean;
  /** Hears of held-out tokens, `done` of all, in the evaluation behind the last step. */
  readonly onTokens?: (done: number, all: number) => void;
}

const READ_EVERY = 16;

/**
 * Trains, evaluates and samples. Stopped while it evaluates the untrained model it says so (`head` has NaN) and trains
 * one step if it is asked for more.
 * @throws ToolkitError NAN_LOSS, with the tensor in which it began; a lost device; what the loader throws
 */
export async function* trainingLoop(run: OpenRun, control: LoopControl): AsyncGenerator<LoopEvent> {
  const { adapter, from = 0, signal, closes = true, onTokens } = control;
  const { folders, heldOut, loader, options, recipe, samples, trainer } = run;
  const { config, accumulate, schedule } = recipe;
  const { maskDocuments, evaluateEvery, checkpointEvery, checkpointMinutes, maxSkips = MAX_SKIPS } = options;
  yield { event: 'doing', what: 'unigram' };
  const train = joinSources(folders.map((folder) => folder.source('train')));
  const counts = run.counts?.tokens === train.fingerprint ? run.counts : await countTokens(folders);
  const [select, test] = (['select', 'test'] as const).map((half) => halfOf(heldOut, half));
  const drawn = await inMemory(await drawHeldOut(select, options.evaluateTokens));
  const unigram = await evaluateUnigram(counts, drawn);
  yield { event: 'doing', what: 'untrained' };
  const began = performance.now();
  const untrained = from === 0 ? await evaluate(trainer, drawn, { maskDocuments, signal }) : undefined;
  const tokensPerStep = trainer.rows * accumulate * config.context;
  const head: CurveHead = {
    heldOut: textOf(drawn),
    unigramBitsPerByte: unigram.bitsPerByte,
    unigramStandardError: unigram.standardError,
    untrainedBitsPerByte: untrained?.bitsPerByte ?? Number.NaN,
    untrainedStandardError: untrained?.standardError,
    adapter,
    parameters: parameterCount(config),
    tokensPerStep,
    trainBytesPerToken: bytesPerToken(folders),
  };
  const finalTokens = finalTokensOf(options, tokensPerStep * schedule.steps);
  const all = tokensOf(test);
  const final = { tokens: Math.min(finalTokens, all), of: all };
  const isDrawn = test === select && final.tokens === Math.min(options.evaluateTokens, all);
  const closingAt = (seconds?: number): Closing => ({
    ...final,
    seconds: seconds && (seconds * final.tokens) / tokensOf(drawn),
  });
  const measured = untrained && (performance.now() - began) / 1000;
  yield { event: 'head', head, counts, closing: closingAt(isDrawn ? 0 : measured) };

  const watch = new Watch();
  let rewind: Rewind = { steps: 0, seconds: 0 }; // behind the last checkpoint
  let lowest = control.lowest ?? Number.POSITIVE_INFINITY;
  let last: TrainStep | undefined;
  let kept = from; // step of the last checkpoint
  try {
    const steps = (run.together?.steps ?? trainingSteps)(trainer, {
      ...{ loader, heldOut: drawn, maskDocuments, accumulate, schedule, signal },
      ...{ evaluateEvery, checkpointEvery, checkpointMinutes, readEvery: READ_EVERY, maxSkips, from: { step: from } },
    });
    for await (const step of steps) {
      last = step;
      const point = pointOf(step, trainer);
      rewind = { steps: rewind.steps + 1, seconds: rewind.seconds + tokensPerStep / step.tokensPerSecond };
      const anomaly = watch.add(point);
      const wrong = step.skipped ? skippedText(step, maxSkips) : anomaly && anomalyText(anomaly, kept, rewind);
      yield { event: 'step', step, point, anomaly: wrong };
      if (step.heldOut && samples)
        yield { event: 'samples', step: step.step, samples: await trainer.averaged(samples) };
      if (!step.settled) continue;
      // A skipped step has the weights of the one before it, whose checkpoint stays the newest.
      const isBest = step.heldOut !== undefined && step.heldOut.bitsPerByte < lowest;
      if (isBest) lowest = step.heldOut.bitsPerByte;
      if ((step.checkpointDue || isBest) && step.skipped === 0) {
        yield { event: 'checkpoint', step };
        kept = step.step;
        rewind = { steps: 0, seconds: 0 };
      }
      yield { event: 'settled' };
    }
  } catch (error) {
    if (last?.settled && last.step !== kept && isOfReading(error) && (run.together?.isSettled() ?? true)) {
      yield { event: 'checkpoint', step: last };
      throw extended(error, `; the weights behind step ${last.step} are kept`);
    }
    throw await explained(error, trainer, kept, rewind);
  }
  if (last && last.step !== kept && (run.together?.isSettled() ?? true)) yield { event: 'checkpoint', step: last };
  yield { event: 'trained' };
  if (!closes || (last?.step ?? from) < schedule.steps) return;
  const text = isDrawn ? drawn : await drawHeldOut(test, finalTokens);
  let closing = isDrawn ? last?.heldOut : undefined;
  if (!closing) {
    yield { event: 'evaluating', closing: closingAt(last?.heldOutSeconds) };
    const heard = (done: number): void => onTokens?.(Math.min(done, final.tokens), final.tokens);
    closing = await trainer.averaged(() => evaluate(trainer, text, { maskDocuments, signal, onTokens: heard }));
  }
  if (!closing) return yield { event: 'evaluated', text };
  const beside = await besideOf(train, text);
  yield { event: 'evaluated', text, figures: { ...compare(closing, await evaluateUnigram(counts, text)), ...beside } };
}

/** Sources that a line of the curve names. */
const CURVE_SOURCES = 12;

function pointOf(
  { loader: _loader, settled: _settled, checkpointDue: _due, heldOutSeconds: _seconds, heldOut, ...figures }: TrainStep,
  { config, gpu, storage }: Trainer,
): CurvePoint {
  const named = heldOut?.sources.slice(0, CURVE_SOURCES).map(({ source, bitsPerByte }) => [source, bitsPerByte]);
  return {
    ...figures,
    ...(heldOut && {
      heldOutBitsPerByte: heldOut.bitsPerByte,
      heldOutStandardError: heldOut.standardError,
      heldOutBySource: Object.fromEntries(named!),
    }),
    modelFlopsUtilisation: modelFlopsUtilisation(config, gpu.facts.name, figures.tokensPerSecond, storage),
    memoryBytes: gpu.liveBytes,
  };
}

const skippedText = ({ step, loss, gradNorm, skipped }: TrainStep, maxSkips: number): string =>
  `step ${step}: loss ${loss}, gradient norm ${gradNorm}: skipped, the weights stay as they are (${skipped} in a row, --max-skips ${maxSkips})`;

/** A loss that is no number, with the tensor in which it began and what going back costs. */
async function explained(error: unknown, { arena }: Trainer, checkpointStep: number, rewind: Rewind): Promise<unknown> {
  if (!(error instanceof ToolkitError) || error.code !== 'NAN_LOSS') return error;
  return extended(error, rewindText(checkpointStep, rewind, await firstNotFinite(arena)));
}

/** Tokens that went away or are damaged: the device still holds whole weights. */
const isOfReading = (error: unknown): error is ToolkitError =>
  error instanceof ToolkitError && !/^(NAN_LOSS|DEVICE_\w+|OUT_OF_MEMORY)$/.test(error.code);
