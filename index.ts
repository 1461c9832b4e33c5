/**
 * vua as a library: the functions that a program asks for first. Each room has a door of its own with what is behind them
 * (`vua/crawlers`, `vua/cleaning`, `vua/shards`, `vua/tokenizer`, `vua/trainer`).
 *
 *   import { cleanHtml, identify, openTokens, readDocuments, Tokenizer, train } from 'vua';
 *
 * A station takes `(options, work)` and ends as an `Outcome`; it loads what it needs when it is called. In a browser the
 * same name gives what needs nothing of Node: `cleanHtml`, `identify`, `normalize`, `Tokenizer`, `openTokens`.
 */
import type { Outcome, Work } from './crawlers/shell/work.ts';
import type { CleanInputsOptions, CleanSummary } from './shards/documents/clean-inputs.ts';
import type { ExportDocumentsOptions, ExportedDocuments } from './shards/export/documents.ts';
import type { TrainedTokenizer, TrainTokenizerOptions } from './tokenizer/train/train-files.ts';
import type { TrainingOptions, TrainingSummary } from './trainer/run/options.ts';

export { type CleanedHtml, type CleanHtmlOptions, cleanHtml, type HtmlDecision } from './cleaning/clean-html.ts';
export { type Language, languageOf as identify } from './cleaning/vietnamese/language.ts';
export { normalize } from './cleaning/vietnamese/normalize.ts';
export { ToolkitError } from './crawlers/shell/errors.ts';
export type { Outcome, Work } from './crawlers/shell/work.ts';
export { type DocumentBatch, readDocuments } from './shards/documents/read.ts';
export { eachBatch, openTokens, type TokenFolder, type TokenSource } from './shards/tokens/source.ts';
export { Tokenizer } from './tokenizer/load.ts';

/**
 * Files to document shards, as `vua clean` does it: WARC, Parquet, JSON, CSV, text, HTML.
 * @throws ToolkitError BAD_INPUT (exit 2) and those of reading and writing
 */
export async function cleanFiles(options: CleanInputsOptions, work?: Work): Promise<Outcome<CleanSummary>> {
  return (await import('./shards/documents/clean-inputs.ts')).cleanInputs(options, work);
}

/** Documents as Parquet, JSON lines or a folder of `datasets`. @throws ToolkitError BAD_OPTION (exit 2), and of reading */
export async function exportDocuments(
  options: ExportDocumentsOptions,
  work?: Work,
): Promise<Outcome<ExportedDocuments>> {
  return (await import('./shards/export/documents.ts')).exportDocuments(options, work);
}

/** Document shards or files to a tokenizer. @throws ToolkitError BAD_VOCAB_SIZE, EMPTY_CORPUS (exit 2) */
export async function trainTokenizer(
  options: TrainTokenizerOptions,
  work?: Work,
): Promise<Outcome<TrainedTokenizer, undefined>> {
  return (await import('./tokenizer/train/train-files.ts')).trainTokenizer(options, work);
}

/** Token shards to a model, as `vua train` does it. @throws ToolkitError for bad tokens or options, a lost device */
export async function train(options: TrainingOptions, work?: Work): Promise<Outcome<TrainingSummary>> {
  return (await import('./trainer/run/run.ts')).runTraining(options, work);
}
