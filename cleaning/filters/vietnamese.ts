/** Vietnamese, and written with its diacritics. */
import { atLeast } from './filter.ts';

export const notVietnamese = atLeast('not_vietnamese', 'language_score');
export const mostlyOtherLanguage = atLeast('mostly_other_language', 'vietnamese_para_frac');
export const noDiacritics = atLeast('no_diacritics', 'diacritic_ratio');
/** Of a few lines, a recipe or a note, no number of distinct ones can be asked. */
export const fewStopwords = { ...atLeast('few_stopwords', 'stopword_hits'), from: 60 };
export const fewFinewebStopwords = atLeast('few_fineweb_stopwords', 'fineweb_stopwords');
/** Lists of keywords have hardly any. */
export const fewFunctionWords = atLeast('few_function_words', 'function_word_frac');
