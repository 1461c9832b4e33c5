/** Vietnamese, and written with its diacritics. */
import { atLeast } from '../filter.ts';

export const notVietnamese = atLeast('not_vietnamese', ({ language }) => language.score);

/** Drops texts labelled `absent` whatever the threshold of the rest. */
export const noDiacritics = atLeast('no_diacritics', ({ language, measurements }) =>
  language.diacritics === 'absent' ? 0 : measurements.diacritic_ratio,
);

export const fewStopwords = atLeast('few_stopwords', ({ measurements }) => measurements.stopword_hits);

/** Share of tokens that are function words: lists of keywords have hardly any. */
export const fewFunctionWords = atLeast('few_function_words', ({ tokens }) => {
  let hits = 0;
  for (const token of tokens) if (token.functionWord >= 0) hits++;
  return tokens.length === 0 ? 0 : hits / tokens.length;
});
