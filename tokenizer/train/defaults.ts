/** What training does where nothing is said, and the largest vocabulary that it makes. */

/** Share of near-duplicate clusters held out, of what a tokenizer learns from and of tokens. */
export const VALID_SHARE = 0.05;

/** The best of those measured at small FLOPs (RESULTS.md). */
export const DEFAULT_VOCAB_SIZE = 8192;
export const MIN_FREQUENCY = 2;
export const MAX_TOKEN_BYTES = 64;
export const MAX_VOCAB_SIZE = 2 ** 20;
export const MAX_SYLLABLES = 1;
export const SYLLABLE_SHARE = 0.5;

/** What a night does with its tokenizer. */
export const TOKENIZER_POLICIES = ['never', 'grow', 'always'] as const;
export const TOKENIZER_GROWN_BY = 2;
/** Text for each token of the vocabulary with which a tokenizer has learned enough: 34 MB for 8,192. */
export const ENOUGH_BYTES_PER_TOKEN = 4096;
