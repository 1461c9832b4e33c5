/**
 * A training run as events, the same in Node and in a page: `run.ts` records them in a folder, `page/session.ts` shows
 * them. Whoever listens may take its time: nothing goes on before it asks for the next event.
 *
 *   doing        what comes before the first step: the unigram model, the untrained one
 *   head         first line of the curve
 *   ┌ step       figures of a step, and what is wrong with them
 *   │ samples    behind an evaluation
 *   │ checkpoint one is due, also behind the last step of a run that is stopped
 *   └ settled    the GPU holds the weights of the step that was told last
 *   trained      no step comes after this
 *   evaluating, evaluated: the whole held-out split, when all steps are done
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
import { anomalyOf, anomalyText, firstNotFinite, type Rewind, rewindOf, rewindText } from '../record/anomaly.ts';
import type { CurveHead, CurvePoint } from '../record/curve.ts';
import {
  compareSources,
  type Evaluation,
  evaluate,
  evaluateUnigram,
  type HeldOut,
  heldOutSubset,
  type SourceFigure,
  tokensOf,
} from '../score/bits-per-byte.ts';
import { modelFlopsUtilisation } from './flops.ts';
import type { LoopOptions } from './options.ts';
import type { Recipe } from './recipe.ts';
import { type TrainStep, train } from './train.ts';

export type LoopEvent =
  | { readonly event: 'doing'; readonly what: 'unigram' | 'untrained' }
  | { readonly event: 'head'; readonly head: CurveHead }
  | { readonly event: 'step'; readonly step: TrainStep; readonly point: CurvePoint; readonly anomaly?: string }
  | { readonly event: 'samples'; readonly step: number; readonly samples: readonly Sample[] }
  | { readonly event: 'checkpoint'; readonly step: TrainStep }
  | { readonly event: 'settled' | 'trained' }
  | { readonly event: 'evaluating'; readonly tokens: number }
  /** `whole` is missing when it was stopped; its sources stand beside the unigram model's. */
  | { readonly event: 'evaluated'; readonly whole?: Evaluation; readonly sources: readonly SourceFigure[] };

export interface RunParts {
  readonly folders: readonly TokenFolder[];
  readonly heldOut: HeldOut;
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

/** A run whose weights are still to be initialised or loaded. */
export interface OpenRun extends Omit<RunParts, 'startLoader' | 'sampling'> {
  readonly trainer: Trainer;
  readonly loader: Loader;
  readonly samples?: () => Promise<readonly Sample[]>;
  release(): Promise<void>;
}

/** Refuses what cannot be trained on before anything is allocated. @throws ToolkitError as `openLoader`, `Trainer.create` */
export async function openRun(gpu: Gpu, { startLoader, sampling, ...parts }: RunParts): Promise<OpenRun> {
  const { folders, options, recipe, state } = parts;
  const { config } = recipe;
  const { seed, layout, maskDocuments = false, weights = [] } = options;
  const loader = startLoader(folders, {
    ...{ rows: recipe.trainer.rows, length: config.context, paddedVocab: config.paddedVocab },
    ...{ seed, layout, maskDocuments, weights: weights.length > 0 ? weights : undefined, state },
  });
  const releases: (() => unknown)[] = [() => loader.close()];
  const release = async (): Promise<void> => {
    for (const one of releases.splice(0).reverse()) await one();
  };
  try {
    const trainer = await Trainer.create(gpu, config, recipe.trainer);
    releases.push(() => trainer.release());
    if (!sampling) return { ...parts, trainer, loader, release };
    const { tokenizer, prompts, ...how } = sampling;
    const sampler = await Sampler.create(gpu, config, trainer.arena);
    releases.push(() => sampler.release());
    return { ...parts, trainer, loader, samples: () => samplePrompts(sampler, tokenizer, prompts, how), release };
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
  /** Ends the run behind the step in hand. */
  readonly signal?: AbortSignal;
  /** Hears of held-out tokens, `done` of all, while the whole split is evaluated. */
  readonly onTokens?: (done: number, all: number) => void;
}

const READ_EVERY = 16;

/**
 * Trains, evaluates and samples. Stopped while it evaluates the untrained model it says so (`head` has NaN) and trains
 * one step if it is asked for more.
 * @throws ToolkitError NAN_LOSS, with the tensor in which it began; a lost device; what the loader throws
 */
export async function* trainingLoop(
  run: OpenRun,
  { adapter, from = 0, signal, onTokens }: LoopControl,
): AsyncGenerator<LoopEvent> {
  const { folders, heldOut, loader, options, recipe, samples, trainer } = run;
  const { config, accumulate, schedule } = recipe;
  const { maskDocuments, evaluateEvery, checkpointEvery } = options;
  yield { event: 'doing', what: 'unigram' };
  const unigram = await evaluateUnigram(joinSources(folders.map((folder) => folder.source('train'))), heldOut);
  const subset = await heldOutSubset(heldOut, options.evaluateTokens);
  yield { event: 'doing', what: 'untrained' };
  const untrained = from === 0 ? await evaluate(trainer, subset, { maskDocuments, signal }) : undefined;
  const tokensPerStep = trainer.rows * accumulate * config.context;
  const head: CurveHead = {
    unigramBitsPerByte: unigram.bitsPerByte,
    untrainedBitsPerByte: untrained?.bitsPerByte ?? Number.NaN,
    adapter,
    parameters: parameterCount(config),
    tokensPerStep,
    trainBytesPerToken: bytesPerToken(folders),
  };
  yield { event: 'head', head };

  const points: CurvePoint[] = [];
  let last: TrainStep | undefined;
  let kept = from; // step of the last checkpoint
  try {
    const steps = train(trainer, {
      ...{ loader, heldOut: subset, maskDocuments, accumulate, schedule, signal },
      ...{ evaluateEvery, checkpointEvery, readEvery: READ_EVERY, from: { step: from } },
    });
    for await (const step of steps) {
      last = step;
      const point = pointOf(step, trainer);
      points.push(point);
      const anomaly = anomalyOf(points);
      const wrong = anomaly && anomalyText(anomaly, kept, rewindOf(points, kept, tokensPerStep));
      yield { event: 'step', step, point, anomaly: wrong };
      if (step.heldOut && samples) yield { event: 'samples', step: step.step, samples: await samples() };
      if (!step.settled) continue;
      if (step.step % checkpointEvery === 0) {
        yield { event: 'checkpoint', step };
        kept = step.step;
      }
      yield { event: 'settled' };
    }
  } catch (error) {
    if (last?.settled && last.step !== kept && isOfReading(error)) {
      yield { event: 'checkpoint', step: last };
      throw extended(error, `; the weights behind step ${last.step} are kept`);
    }
    throw await explained(error, trainer, kept, rewindOf(points, kept, tokensPerStep));
  }
  if (last && last.step !== kept) yield { event: 'checkpoint', step: last };
  yield { event: 'trained' };
  if ((last?.step ?? from) < schedule.steps) return;
  const tokens = tokensOf(heldOut);
  yield { event: 'evaluating', tokens };
  const heard = (done: number): void => onTokens?.(Math.min(done, tokens), tokens);
  const whole = await evaluate(trainer, heldOut, { maskDocuments, signal, onTokens: heard });
  yield { event: 'evaluated', whole, sources: whole ? compareSources(whole, unigram) : [] };
}

/** Sources that a line of the curve names. */
const CURVE_SOURCES = 12;

function pointOf(
  { loader: _loader, settled: _settled, heldOut, ...figures }: TrainStep,
  { config, gpu, storage }: Trainer,
): CurvePoint {
  const named = heldOut?.sources.slice(0, CURVE_SOURCES).map(({ source, bitsPerByte }) => [source, bitsPerByte]);
  return {
    ...figures,
    ...(heldOut && { heldOutBitsPerByte: heldOut.bitsPerByte, heldOutBySource: Object.fromEntries(named!) }),
    modelFlopsUtilisation: modelFlopsUtilisation(config, gpu.facts.name, figures.tokensPerSecond, storage),
    memoryBytes: gpu.liveBytes,
  };
}

/** A loss that is no number, with the tensor in which it began and what going back costs. */
async function explained(error: unknown, { arena }: Trainer, checkpointStep: number, rewind: Rewind): Promise<unknown> {
  if (!(error instanceof ToolkitError) || error.code !== 'NAN_LOSS') return error;
  return extended(error, rewindText(checkpointStep, rewind, await firstNotFinite(arena)));
}

/** Tokens that went away or are damaged: the device still holds whole weights. */
const isOfReading = (error: unknown): error is ToolkitError =>
  error instanceof ToolkitError && !/^(NAN_LOSS|DEVICE_\w+|OUT_OF_MEMORY)$/.test(error.code);
