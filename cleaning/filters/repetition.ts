/** The same lines and the same phrases again and again (Gopher's rules, counted in syllables). */
import { atMost } from '../filter.ts';

export const repetitiveLines = atMost('repetitive_lines', ({ measurements }) => measurements.dup_line_ratio);
export const repetitivePhrase = atMost('repetitive_phrase', ({ measurements }) => measurements.top_3gram_ratio);
export const repetitiveText = atMost('repetitive_text', ({ measurements }) => measurements.dup_8gram_ratio);
