/** How much text there is, and whether its syllables have the length of Vietnamese syllables. */
import { atLeast, atMost } from './filter.ts';

export const tooShort = atLeast('too_short', 'syllables');
export const tooLong = atMost('too_long', 'syllables');
export const shortSyllables = atLeast('short_syllables', 'mean_syllable_length');
export const longSyllables = atMost('long_syllables', 'mean_syllable_length');
export const endlessWord = atMost('endless_word', 'longest_syllable');
