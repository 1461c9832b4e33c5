/**
 * Every threshold of cleaning, in one table. Rows are applied from top to bottom; the first that rejects names the
 * reason. A row without a figure for a preset does not apply in it; `keep-all` applies none.
 *
 * `fineweb2`     figures of FineWeb-2's vie_Latn configuration as published, where the rule is the same one. They were
 *                made for pyvi words, often two syllables each, so on syllables most of them bite harder.
 * `recommended`  figures for syllables, set where Vietnamese Wikipedia, decrees, 1930s prose and The Tale of Kieu pass.
 */
import type { Filter, Subject, Verdict } from '../filter.ts';
import * as length from './length.ts';
import * as lines from './lines.ts';
import * as repetition from './repetition.ts';
import * as spam from './spam.ts';
import * as symbols from './symbols.ts';
import * as vietnamese from './vietnamese.ts';

export const PRESETS = ['recommended', 'fineweb2', 'keep-all'] as const;
export type Preset = (typeof PRESETS)[number];

/** A page with more bytes than this is refused before it is read: HTML, and any other text. */
export const MAX_BYTES = { html: 8_000_000, text: 64_000_000 };

/** Share of the text that may be characters lost in decoding, or controls: beyond it the bytes are no text. */
export const MAX_UNDECODABLE = 0.05;

/** Estimated Jaccard similarity from which two documents are near duplicates (14 bands × 8 rows find .8 with .92). */
export const NEAR_SIMILARITY = 0.6;

export interface Row {
  /** Station that a rejection is reported under. */
  readonly stage: 'language' | 'filter';
  readonly filter: Filter;
  readonly recommended?: number;
  readonly fineweb2?: number;
}

// biome-ignore format: a table
export const TABLE: readonly Row[] = [
  // Other languages stay below 0.3 (language.ts halves what franc contradicts); FineWeb-2: language score
  { stage: 'language', filter: vietnamese.notVietnamese,    recommended: 0.35, fineweb2: 0.802 },
  // Prose has 0.8; technical text full of English has 0.25; text typed without diacritics 0
  { stage: 'language', filter: vietnamese.noDiacritics,     recommended: 0.1 },
  // A lục bát stanza of four lines has 28 syllables; Gopher and FineWeb-2: 50 words
  { stage: 'filter',   filter: length.tooShort,             recommended: 28,   fineweb2: 50 },
  // tamnd/gao: 2.0–5.5 letters per syllable; FineWeb-2's 3–11 is for words and would drop half of all prose
  { stage: 'filter',   filter: length.shortSyllables,       recommended: 2.0 },
  { stage: 'filter',   filter: length.longSyllables,        recommended: 5.5 },
  // Wikipedia: 1st percentile 0.65; FineWeb-2: alphabetic words
  { stage: 'filter',   filter: symbols.fewLetters,          recommended: 0.55, fineweb2: 0.803 },
  // Wikipedia: 99th percentile 0.09 (formulas); decrees 0.13 digits, tables of results more
  { stage: 'filter',   filter: symbols.manySymbols,         recommended: 0.15 },
  { stage: 'filter',   filter: symbols.manyDigits,          recommended: 0.25 },
  // Decrees reach 0.33 with their capital headings
  { stage: 'filter',   filter: symbols.shouting,            recommended: 0.5 },
  // FineWeb-2: 2 of its 15; ROOTS asks for a share of 0.08, chronicles in Wikipedia have 0.035
  { stage: 'filter',   filter: vietnamese.fewStopwords,     recommended: 3,    fineweb2: 2 },
  { stage: 'filter',   filter: vietnamese.fewFunctionWords, recommended: 0.03 },
  // Wikipedia: 99th percentile 0.14; measured on stuffed pages: 0.25 and more
  { stage: 'filter',   filter: spam.keywordStuffing,        recommended: 0.2 },
  // Wikipedia: at most 0.8 per hundred tokens; lure pages 5 and more
  { stage: 'filter',   filter: spam.spamPhrases,            recommended: 2.5 },
  // Wikipedia: at most 2.2 per hundred tokens
  { stage: 'filter',   filter: spam.linkFarm,               recommended: 5 },
  // Gopher: 0.3 of lines; decrees with forms reach 0.25
  { stage: 'filter',   filter: repetition.repetitiveLines,  recommended: 0.3,  fineweb2: 0.293 },
  // FineWeb-2: top 3-gram of words; Wikipedia: 99th percentile 0.15
  { stage: 'filter',   filter: repetition.repetitivePhrase, recommended: 0.25, fineweb2: 0.197 },
  // FineWeb-2: 8-grams of words; eight syllables are four or five words, and decrees reach 0.53
  { stage: 'filter',   filter: repetition.repetitiveText,   recommended: 0.65, fineweb2: 0.136 },
  // Gopher: 0.3 of lines; dialogue in 1930s prose reaches 0.45, pages of teasers have 0.5
  { stage: 'filter',   filter: lines.truncatedLines,        recommended: 0.48 },
  // Verse and lists end no line with a full stop, so only FineWeb-2 asks
  { stage: 'filter',   filter: lines.unfinishedLines,                          fineweb2: 0.333 },
];

/** The first rejection in table order with the station it belongs to, or `true`. */
export function judge(subject: Subject, preset: Preset): true | { stage: string; verdict: Exclude<Verdict, true> } {
  if (preset === 'keep-all') return true;
  for (const row of TABLE) {
    const threshold = row[preset];
    if (threshold === undefined) continue;
    const verdict = row.filter(subject, threshold);
    if (verdict !== true) return { stage: row.stage, verdict };
  }
  return true;
}
