/** Too much that is not letters: tables of figures, markup left over, shouting. */
import { atLeast, atMost } from '../filter.ts';

export const fewLetters = atLeast('few_letters', ({ measurements }) => measurements.alphabetic_ratio);
export const manySymbols = atMost('many_symbols', ({ measurements }) => measurements.symbol_ratio);
export const manyDigits = atMost('many_digits', ({ measurements }) => measurements.digit_ratio);
export const shouting = atMost('shouting', ({ measurements }) => measurements.uppercase_ratio);
