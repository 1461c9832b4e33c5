/** What a recipe is made from: options, and what they are where nothing is said. */
import type { AdapterFacts } from '../gpu/device.ts';
import {
  type Activation,
  type Architecture,
  type MatrixOptimizer,
  MOMENTUM,
  type ModelConfig,
  type PresetName,
} from '../model/config.ts';
import type { OptimizerOptions } from '../model/trainer.ts';
import type { DecaySchedule, ScheduleName } from './schedule.ts';

export const PRECISIONS = ['auto', 'f32', 'mixed'] as const;
export type Precision = (typeof PRECISIONS)[number];

export interface RecipeOptions {
  /** One of the known sizes, where depth, width and context do not say otherwise. */
  readonly preset?: PresetName;
  /** 0: of the preset, else DEFAULT_DEPTH. */
  readonly depth: number;
  /** 0: of the preset, else from depth. */
  readonly width: number;
  /** 0: of the preset, else from depth. */
  readonly context: number;
  readonly architecture?: Architecture;
  readonly untied?: boolean;
  /** 0: of the weights that are gone on from, else 10,000. */
  readonly ropeBase?: number;
  /** Shapes of weights that are gone on from: width, depth and switches are theirs, context where none is said. */
  readonly model?: ModelConfig;
  // Experimental switches of the model.
  readonly activation?: Activation;
  readonly softcap?: number;
  readonly valueEmbeddings?: boolean;
  readonly residualScalars?: boolean;
  /** Rows of a step; 0: from depth. */
  readonly batch: number;
  /** Rows of a micro-batch; 0: as many as fit into `memoryGb`. */
  readonly microBatch?: number;
  /** 0: of what the card has, else DEFAULT_MEMORY_GB. */
  readonly memoryGb?: number;
  /** The last step. */
  readonly steps: number;
  /** Of a phase that is not the first: steps before it. */
  readonly begin?: number;
  /** Peak; 0: from the width. */
  readonly learningRate: number;
  readonly schedule?: ScheduleName;
  /** Steps; 0: a tenth of the run, 20 at most. */
  readonly warmup?: number;
  /** Of the run, at its end, under `wsd`; half of it. */
  readonly decayShare?: number;
  /** Share of the peak that is left behind the end; 0. */
  readonly floor?: number;
  /** Of the matrices; the rest is AdamW's. */
  readonly optimizer?: MatrixOptimizer;
  /** Muon's rate over the rest's. */
  readonly muonRatio?: number;
  /** Muon's; and the steps over which it grows at the start and shrinks at the end. */
  readonly momentum?: number;
  readonly momentumWarmup?: number;
  readonly momentumCooldown?: number;
  /** AdamW's. */
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly weightDecay?: number;
  readonly cautiousDecay?: boolean;
  readonly decaySchedule?: DecaySchedule;
  /** Of an average of the weights, which is evaluated, sampled and exported; 0: none. */
  readonly ema?: number;
  readonly clip?: number;
  readonly zLoss?: number;
  readonly precision?: Precision;
  readonly recompute?: boolean;
}

export const OPTIMIZER: OptimizerOptions = {
  beta1: 0.9,
  beta2: 0.95,
  eps: 1e-8,
  weightDecay: 0.1,
  clip: 1,
  matrices: 'muon',
  muonRatio: 0.7,
  momentum: MOMENTUM,
};
/** GB that a run may take where nothing is said and the card is not known. */
export const DEFAULT_MEMORY_GB: Readonly<Record<AdapterFacts['kind'], number>> = { gpu: 8, software: 2, embedded: 2 };

export const DEFAULT_DEPTH = 2;

/** Of draws and of initial weights: 32 bits count. */
export const MAX_SEED = 0xffff_ffff;

/** A loss scale that had its time to fall is not counted: so many gradients in a row at the smallest one are no accident. */
export const MAX_SKIPS = 16;

/** An evaluation at its default costs about as much as 5,000 tokens of training. */
export const EVALUATE_TOKENS = 16_384;
