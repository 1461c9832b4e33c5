/// <reference lib="dom" preserve="true" />
/**
 * The door of the trainer: a model, a device, batches, steps; a whole run; samples and exports.
 *
 *   import { openGpu, openLoader, recipeOf, Trainer } from 'vua/trainer';
 */

export type { Batch, LoaderState } from './batch.ts';
export { type ExportOptions, type ExportSummary, exportCheckpoint } from './export/export.ts';
export { type Sample, type SampleOptions, Sampler, samplePrompts } from './generate/sample.ts';
export { openGpu } from './gpu/adapter.ts';
export type { AdapterChoice } from './gpu/choice.ts';
export type { AdapterFacts, Gpu } from './gpu/device.ts';
export { type Loader, type LoaderPlan, openLoader } from './loader/loader.ts';
export { type ModelConfig, type ModelOptions, modelConfig, parameterCount } from './model/config.ts';
export { type StepFigures, Trainer, type TrainerOptions } from './model/trainer.ts';
export { type Checkpoint, loadCheckpoint, openCheckpoint } from './record/checkpoint.ts';
export type { TrainingOptions, TrainingSummary } from './run/options.ts';
export { type Recipe, recipeOf } from './run/recipe.ts';
export type { RecipeOptions } from './run/recipe-options.ts';
export { runTraining } from './run/run.ts';
export { type TrainOptions, type TrainStep, train } from './run/train.ts';
export { type Evaluation, evaluate } from './score/bits-per-byte.ts';
export { drawHeldOut } from './score/draw.ts';
export { type HeldOut, type HeldOutText, heldOutOf } from './score/held-out.ts';
