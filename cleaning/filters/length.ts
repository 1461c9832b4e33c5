/** How much text there is, and whether its tokens have the length of Vietnamese syllables. */
import { atLeast, atMost } from '../filter.ts';

export const tooShort = atLeast('too_short', ({ measurements }) => measurements.syllables);
export const tooLong = atMost('too_long', ({ measurements }) => measurements.syllables);
export const shortSyllables = atLeast('short_syllables', ({ measurements }) => measurements.mean_syllable_length);
export const longSyllables = atMost('long_syllables', ({ measurements }) => measurements.mean_syllable_length);
