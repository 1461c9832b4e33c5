/** A training run's question and answer: options as `vua train` has them, and the summary that it ends with. */
import type { AdapterChoice } from '../gpu/adapter.ts';
import type { FolderShare } from '../loader/row-sequence.ts';
import type { SourceFigure } from '../score/bits-per-byte.ts';
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
  readonly checkpointEvery: number;
}

/** What a run is asked for. */
export interface TrainingOptions extends RecipeOptions, LoopOptions {
  /** Folders or URLs. */
  readonly tokens: readonly string[];
  readonly weights: readonly number[];
  readonly out: string;
  /** Newest checkpoints that stay, beside the best. */
  readonly keep?: number;
  /** Continued at each evaluation, into samples.jsonl. */
  readonly samplePrompts?: readonly string[];
  readonly adapter: AdapterChoice;
  /**
   * `new`: refuse a folder that holds checkpoints; `resume`: continue them; `restart`: replace
   * those of other tokens or options, unless they are finished. */
  readonly start: 'new' | 'resume' | 'restart';
}

/** What came of it. */
export interface TrainingSummary {
  readonly step: number;
  /** Steps done in this call; 0: there was nothing to do. */
  readonly trainedSteps: number;
  readonly checkpoint: string;
  readonly parameters: number;
  readonly unigramBitsPerByte: number;
  readonly untrainedBitsPerByte: number;
  /** Of the whole held-out split when all steps are done. */
  readonly heldOutBitsPerByte: number;
  /** The same by source, most bytes first; empty until all steps are done. */
  readonly sources: readonly SourceFigure[];
  /** What each folder of tokens has given; empty when nothing was trained. */
  readonly shares: readonly FolderShare[];
  readonly tokensPerSecond: number;
  readonly adapter: string;
}
