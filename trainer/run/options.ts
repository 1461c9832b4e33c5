/** A training run's question and answer: options as `vua train` has them, and the summary that it ends with. */
import type { ElasticSettings, Patience } from '../elastic/log.ts';
import type { AdapterChoice } from '../gpu/choice.ts';
import type { Gpu } from '../gpu/device.ts';
import type { FolderShare } from '../loader/row-sequence.ts';
import type { Training } from '../record/weights.ts';
import type { Comparison } from '../score/bits-per-byte.ts';
import type { Estimate } from '../score/estimate.ts';
import type { RecipeOptions } from './recipe-options.ts';

/** What is trained on, and what is done between steps: in Node and in a page. */
export interface LoopOptions {
  readonly seed: number;
  readonly layout: 'stream' | 'packed';
  /** One for each folder of tokens; none: each gives its rows once an epoch. */
  readonly weights?: readonly number[];
  /** Attention ends where a document does. */
  readonly maskDocuments?: boolean;
  readonly evaluateEvery: number;
  /** Held-out tokens of an evaluation while training, at most. */
  readonly evaluateTokens: number;
  /** Of the one behind the last step, at most; 0 or none: `finalTokensOf`. */
  readonly finalTokens?: number;
  readonly checkpointEvery: number;
  /** A checkpoint after so many minutes too; 0: by steps alone. */
  readonly checkpointMinutes?: number;
  /** Checkpoints are written while later steps run; as the adapter is where left out: beside a GPU the CPU has time. */
  readonly writesBehind?: boolean;
  /** Steps in a row that may be skipped because their gradient is not finite; MAX_SKIPS. */
  readonly maxSkips?: number;
}

/** Steps of a run in which something is other than in the whole of it (`phases.ts`). */
export interface Phase {
  readonly steps: number;
  readonly tokens?: readonly string[];
  readonly weights?: readonly number[];
  readonly layout?: LoopOptions['layout'];
  readonly maskDocuments?: boolean;
  readonly context?: number;
  readonly ropeBase?: number;
  /** Rows of a step. */
  readonly batch?: number;
  /** Peak. */
  readonly learningRate?: number;
  readonly schedule?: RecipeOptions['schedule'];
  readonly warmup?: number;
  readonly decayShare?: number;
  readonly floor?: number;
}

/** A run that others help with (`elastic.ts`); all of it is unused without `join`. */
export interface TogetherOptions extends Partial<ElasticSettings>, Partial<Patience> {
  /** Where they meet. */
  readonly join?: string;
  /** Workers of this process; 1. */
  readonly workers?: number;
}

/** What a run is asked for. */
export interface TrainingOptions extends RecipeOptions, LoopOptions, TogetherOptions {
  /** Folders or URLs. */
  readonly tokens: readonly string[];
  readonly weights: readonly number[];
  readonly out: string;
  /** Times that it goes on from its last checkpoint when the device is lost. */
  readonly retries?: number;
  /** Newest checkpoints that stay, beside the best. */
  readonly keep?: number;
  /** Continued at each evaluation, into samples.jsonl. */
  readonly samplePrompts?: readonly string[];
  readonly adapter: AdapterChoice;
  /** Begin with these weights: a checkpoint of ours, or a folder as transformers writes it. */
  readonly initFrom?: string;
  /** One that is open already, instead of `adapter`: it stays open, and what it compiled is not compiled again. */
  readonly gpu?: Gpu;
  /** One after the other, in place of `steps`. */
  readonly phases?: readonly Phase[];
  /** Take the kernels of such a GPU unmeasured. */
  readonly noTune?: boolean;
  /**
   * `new`: refuse a folder that holds checkpoints; `resume`: continue them; `restart`: replace
   * those of other tokens or options, unless they are finished. */
  readonly start: 'new' | 'resume' | 'restart';
  /** With `resume`: go back behind this step, and leave out the rows up to it. */
  readonly rewind?: number;
}

/** What came of it. */
export interface TrainingSummary {
  readonly step: number;
  /** Steps done in this call; 0: there was nothing to do. */
  readonly trainedSteps: number;
  readonly checkpoint: string;
  readonly parameters: number;
  /** Closing figures when all steps are done, else those of the last evaluation; none before the first one. */
  readonly heldOut?: HeldOutFigures;
  /** The model's of these. */
  readonly heldOutBitsPerByte: number;
  /** What each folder of tokens has given; empty when nothing was trained. */
  readonly shares: readonly FolderShare[];
  readonly tokensPerSecond: number;
  readonly adapter: string;
  /** Of a model that went on from weights: where they lay, and all trainings known of it, this one the last. */
  readonly began?: { readonly from: string; readonly trainings: readonly Training[] };
}

/** Of the checkpoint that `--best` takes, which other text was read to choose; none where it is the last. */
export interface BestFigure extends Estimate {
  readonly step: number;
}

/** Figures of one text, behind one step. */
export interface HeldOutFigures extends Omit<Comparison, 'unigramBitsPerByte'> {
  readonly step: number;
  /** None where a curve of a version before 0.1.0 has it of another text. */
  readonly unigramBitsPerByte?: number;
  /** Of the model before its first step, where that was evaluated on this text. */
  readonly untrainedBitsPerByte?: number;
  readonly untrainedStandardError?: number;
  readonly best?: BestFigure;
  /** Of the curve, where its text is another one. */
  readonly curve?: Omit<HeldOutFigures, 'curve' | 'sources'>;
}

/**
 * The default keeps the closing evaluation under a tenth of the training: a token costs a third of what it costs to train
 * on it, so a fifth of them costs a fifteenth. Never fewer than while training: then nothing is read twice.
 */
export const finalTokensOf = (
  { finalTokens = 0, evaluateTokens }: Pick<LoopOptions, 'finalTokens' | 'evaluateTokens'>,
  trainedTokens: number,
): number => finalTokens || Math.max(evaluateTokens, Math.floor(trainedTokens / 5));

/** DiLoCo's settings where nothing is said: plain averages, for runs of some hundred rounds (RESULTS.md). */
export const ELASTIC = {
  innerSteps: 10,
  outerLearningRate: 1,
  outerMomentum: 0,
  payload: 'f16',
  outerClip: 3,
} as const satisfies ElasticSettings;

export const PATIENCE = { minWorkers: 1, workerTimeout: 60, even: false } as const satisfies Patience;

export const elasticOf = (options: Partial<ElasticSettings>): ElasticSettings => ({
  innerSteps: options.innerSteps ?? ELASTIC.innerSteps,
  outerLearningRate: options.outerLearningRate ?? ELASTIC.outerLearningRate,
  outerMomentum: options.outerMomentum ?? ELASTIC.outerMomentum,
  payload: options.payload ?? ELASTIC.payload,
  outerClip: options.outerClip ?? ELASTIC.outerClip,
});

export const patienceOf = (options: Partial<Patience>): Patience => ({
  minWorkers: options.minWorkers ?? PATIENCE.minWorkers,
  workerTimeout: options.workerTimeout ?? PATIENCE.workerTimeout,
  even: options.even ?? PATIENCE.even,
});
