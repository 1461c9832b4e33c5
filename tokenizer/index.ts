/**
 * The door of the tokenizer: trains one, loads it, encodes and decodes.
 *
 *   import { Tokenizer, trainTokenizer } from 'vua/tokenizer';
 */

export type { TokenIds } from './encode/encode.ts';
export { Tokenizer } from './load.ts';
export { type TrainedTokenizer, type TrainTokenizerOptions, trainTokenizer } from './train/train-files.ts';
export { type TokenShardOptions, writeTokenShards } from './write-tokens.ts';
