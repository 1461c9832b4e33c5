/**
 * The door of the shards: writes documents and tokens to disk, and reads them, there or behind HTTP.
 *
 *   import { eachBatch, openTokens, readDocuments } from 'vua/shards';
 */

export { type CleanInputsOptions, type CleanSummary, cleanInputs } from './documents/clean-inputs.ts';
export { type DocumentBatch, type RejectBatch, readDocuments, readRejects, readTexts } from './documents/read.ts';
export {
  eachBatch,
  joinSources,
  openTokens,
  type TokenArray,
  type TokenFolder,
  type TokenSource,
  tokensInMemory,
} from './tokens/source.ts';
export { type VerifyReport, verify } from './verify/verify.ts';
