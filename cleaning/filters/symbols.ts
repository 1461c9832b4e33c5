/** Too much that is not letters: tables of figures, markup left over, shouting. */
import { atLeast, atMost } from './filter.ts';

export const fewLetters = atLeast('few_letters', 'alphabetic_ratio');
export const manySymbols = atMost('many_symbols', 'symbol_ratio');
export const manyDigits = atMost('many_digits', 'digit_ratio');
export const manyHashes = atMost('many_hashes', 'hash_ratio');
export const manyEllipses = atMost('many_ellipses', 'ellipsis_ratio');
export const shouting = atMost('shouting', 'uppercase_ratio');
