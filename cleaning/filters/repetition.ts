/** The same lines and the same phrases again and again (Gopher's rules, counted in syllables). */
import { atMost } from './filter.ts';

export const repeatedLines = atMost('repeated_lines', 'dup_line_frac');
export const repetitiveLines = atMost('repetitive_lines', 'dup_line_char_frac');
export const repeatedParagraphs = atMost('repeated_paragraphs', 'dup_para_frac');
export const repetitiveParagraphs = atMost('repetitive_paragraphs', 'dup_para_char_frac');
export const topPhrase = atMost('repetitive_phrase', 'top_3gram_char_frac');
export const topPhrase5 = atMost('repetitive_phrase_5', 'top_5gram_char_frac');
export const topPhrase7 = atMost('repetitive_phrase_7', 'top_7gram_char_frac');
export const repetitive8 = atMost('repetitive_text', 'dup_8gram_char_frac');
export const repetitive10 = atMost('repetitive_text_10', 'dup_10gram_char_frac');
export const repetitive12 = atMost('repetitive_text_12', 'dup_12gram_char_frac');
export const repetitive13 = atMost('repetitive_text_13', 'dup_13gram_char_frac');
export const repetitive15 = atMost('repetitive_text_15', 'dup_15gram_char_frac');
export const repetitive17 = atMost('repetitive_text_17', 'dup_17gram_char_frac');
