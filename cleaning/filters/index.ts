/**
 * Every threshold of cleaning, in one table. Rows are applied from top to bottom; the first that rejects names the
 * reason. A row without a figure for a preset does not apply in it; `keep-all` applies none.
 *
 * `fineweb2`     figures of FineWeb-2's vie_Latn configuration as published, on the same measurement counted in syllables
 *                (document.ts says which grams stand for which). `published` is what Gopher, C4 or FineWeb-2 ask for.
 * `recommended`  figures for syllables, set where Vietnamese Wikipedia, decrees, 1930s prose and The Tale of Kieu pass;
 *                `npm run bench:cleaning -- filters` prints what each row drops.
 */
import type { Measurements } from '../document.ts';
import * as c4 from './c4.ts';
import { type Filter, passes, type Rejection } from './filter.ts';
import * as length from './length.ts';
import * as lines from './lines.ts';
import * as repetition from './repetition.ts';
import * as scored from './scored.ts';
import * as spam from './spam.ts';
import * as symbols from './symbols.ts';
import * as vietnamese from './vietnamese.ts';

export const PRESETS = ['recommended', 'fineweb2', 'keep-all'] as const;
export type Preset = (typeof PRESETS)[number];

/** A page with more bytes than this is refused before it is read: HTML, and any other text. */
export const MAX_BYTES = { html: 8_000_000, text: 64_000_000 };

/** Share of the text that may be characters lost in decoding, or controls: beyond it the bytes are no text. */
export const MAX_UNDECODABLE = 0.05;

export interface Row {
  /** Station that a rejection is reported under. */
  readonly stage: 'language' | 'filter';
  readonly filter: Filter;
  readonly recommended?: number;
  readonly fineweb2?: number;
  /** The rule as its authors give it. */
  readonly published: string;
}

// biome-ignore format: a table
export const TABLE: readonly Row[] = [
  // Encoded data, or a text whose spaces were lost
  { stage: 'filter',   filter: length.endlessWord,              recommended: 100_000,               published: 'own' },
  { stage: 'language', filter: vietnamese.notVietnamese,        recommended: 0.35, fineweb2: 0.802, published: 'FineWeb-2: GlotLID score ≥ .802' },
  // By characters of paragraphs: an article with its notes in English passes, an English one with a Vietnamese head does not
  { stage: 'language', filter: vietnamese.mostlyOtherLanguage,  recommended: 0.4,                   published: 'own' },
  // Prose has 0.8; technical text full of English has 0.25; text typed without diacritics 0
  { stage: 'language', filter: vietnamese.noDiacritics,         recommended: 0.1,                   published: 'own' },
  // A lục bát stanza of four lines has 28 syllables
  { stage: 'filter',   filter: length.tooShort,                 recommended: 28,   fineweb2: 50,    published: 'Gopher, FineWeb-2: ≥ 50 words' },
  { stage: 'filter',   filter: length.tooLong,                                     fineweb2: 170_000, published: 'Gopher, FineWeb-2: ≤ 100,000 words' },
  // FineWeb-2's figures are for words; in letters per syllable they would drop half of all prose
  { stage: 'filter',   filter: length.shortSyllables,           recommended: 2.0,                   published: 'Gopher, FineWeb-2: mean word ≥ 3; gao: syllable ≥ 2' },
  { stage: 'filter',   filter: length.longSyllables,            recommended: 5.5,                   published: 'Gopher: mean word ≤ 10, FineWeb-2: ≤ 11; gao: syllable ≤ 5.5' },
  { stage: 'filter',   filter: symbols.fewLetters,              recommended: 0.5,  fineweb2: 0.803, published: 'Gopher: ≥ .8 of words, FineWeb-2: ≥ .803' },
  { stage: 'filter',   filter: symbols.manyHashes,              recommended: 0.1,  fineweb2: 0.1,   published: 'Gopher, FineWeb-2: # ≤ .1 of words' },
  { stage: 'filter',   filter: symbols.manyEllipses,            recommended: 0.1,  fineweb2: 0.1,   published: 'Gopher, FineWeb-2: … ≤ .1 of words' },
  { stage: 'filter',   filter: symbols.manySymbols,             recommended: 0.2,                   published: 'ROOTS vi: special characters ≤ .34' },
  { stage: 'filter',   filter: symbols.manyDigits,              recommended: 0.25,                  published: 'own' },
  { stage: 'filter',   filter: symbols.shouting,                recommended: 0.5,                   published: 'own' },
  { stage: 'filter',   filter: vietnamese.fewStopwords,         recommended: 3,                     published: 'Gopher: ≥ 2 of 8' },
  { stage: 'filter',   filter: vietnamese.fewFinewebStopwords,                     fineweb2: 2,     published: 'FineWeb-2: ≥ 2 of 13' },
  // ROOTS asks for 0.08; chronicles in Wikipedia have 0.018
  { stage: 'filter',   filter: vietnamese.fewFunctionWords,     recommended: 0.015,                 published: 'ROOTS vi: stop words ≥ .08' },
  { stage: 'filter',   filter: spam.keywordStuffing,            recommended: 0.25,                  published: 'own' },
  { stage: 'filter',   filter: spam.spamPhrases,                recommended: 2.5,                   published: 'own' },
  { stage: 'filter',   filter: spam.linkFarm,                   recommended: 5,                     published: 'own' },
  // Forms and tables repeat short lines: by count they may, by characters less
  { stage: 'filter',   filter: repetition.repeatedLines,        recommended: 0.7,  fineweb2: 0.293, published: 'Gopher: ≤ .3, FineWeb-2: ≤ .293' },
  { stage: 'filter',   filter: repetition.repetitiveLines,      recommended: 0.3,  fineweb2: 0.1,   published: 'Gopher: ≤ .2, FineWeb-2: ≤ .1' },
  { stage: 'filter',   filter: repetition.repeatedParagraphs,   recommended: 0.8,                   published: 'Gopher: ≤ .3' },
  { stage: 'filter',   filter: repetition.repetitiveParagraphs, recommended: 0.3,                   published: 'Gopher: ≤ .2' },
  { stage: 'filter',   filter: repetition.topPhrase,            recommended: 0.25, fineweb2: 0.223, published: 'Gopher: 2-gram ≤ .2, FineWeb-2: ≤ .223' },
  { stage: 'filter',   filter: repetition.topPhrase5,           recommended: 0.25, fineweb2: 0.197, published: 'Gopher: 3-gram ≤ .18, FineWeb-2: ≤ .197' },
  { stage: 'filter',   filter: repetition.topPhrase7,           recommended: 0.25, fineweb2: 0.171, published: 'Gopher: 4-gram ≤ .16, FineWeb-2: ≤ .171' },
  // Decisions that list administrative procedures reach 0.36
  { stage: 'filter',   filter: repetition.repetitive8,          recommended: 0.55,  fineweb2: 0.178, published: 'Gopher: 5-grams ≤ .15, FineWeb-2: ≤ .178' },
  { stage: 'filter',   filter: repetition.repetitive10,         recommended: 0.55,  fineweb2: 0.163, published: 'Gopher: 6-grams ≤ .14, FineWeb-2: ≤ .163' },
  { stage: 'filter',   filter: repetition.repetitive12,         recommended: 0.5,  fineweb2: 0.150, published: 'Gopher: 7-grams ≤ .13, FineWeb-2: ≤ .150' },
  { stage: 'filter',   filter: repetition.repetitive13,         recommended: 0.5,  fineweb2: 0.136, published: 'Gopher: 8-grams ≤ .12, FineWeb-2: ≤ .136' },
  { stage: 'filter',   filter: repetition.repetitive15,         recommended: 0.5,  fineweb2: 0.124, published: 'Gopher: 9-grams ≤ .11, FineWeb-2: ≤ .124' },
  { stage: 'filter',   filter: repetition.repetitive17,         recommended: 0.5,  fineweb2: 0.111, published: 'Gopher: 10-grams ≤ .10, FineWeb-2: ≤ .111' },
  // Dialogue in 1930s prose reaches 0.45, pages of teasers have 0.5
  { stage: 'filter',   filter: lines.truncatedLines,            recommended: 0.48, fineweb2: 0.3,   published: 'Gopher, FineWeb-2: ≤ .3' },
  { stage: 'filter',   filter: lines.bulletLines,               recommended: 0.9,  fineweb2: 0.9,   published: 'Gopher, FineWeb-2: ≤ .9' },
  // Verse and lists end no line with a full stop, so only FineWeb-2 asks
  { stage: 'filter',   filter: lines.unfinishedLines,                              fineweb2: 0.333, published: 'FineWeb-2: ≥ .333' },
  { stage: 'filter',   filter: lines.listLike,                                     fineweb2: 0.103, published: 'FineWeb-2: ≤ .103 of words' },
  { stage: 'filter',   filter: lines.shortLines,                                                    published: 'FineWeb: ≤ .67, off in FineWeb-2' },
  { stage: 'filter',   filter: c4.codeLines,                    recommended: 0.5,                   published: 'C4: drops the page at one {, lines with Javascript' },
  { stage: 'filter',   filter: c4.policyLines,                  recommended: 0.5,                   published: 'C4: drops such lines' },
  { stage: 'filter',   filter: c4.loremIpsum,                   recommended: 0,                     published: 'C4: drops the page' },
  { stage: 'filter',   filter: c4.fewSentences,                                                     published: 'C4: ≥ 5 sentences, off in FineWeb-2' },
  // Measurements of a scorer, which is of somebody's own text: none has a figure before he has seen his own
  { stage: 'filter',   filter: scored.lowQuality,                                                   published: 'own' },
  ...scored.ofRegister.map((filter): Row => ({ stage: 'filter', filter, published: 'own' })),
];

/** Threshold of every row that applies, by reason. */
export type Thresholds = ReadonlyMap<string, number>;

/** The thresholds of a preset, some of them moved: by reason. */
export function thresholdsOf(preset: Preset, moved: Readonly<Record<string, number>> = {}): Thresholds {
  const thresholds = new Map<string, number>();
  for (const { filter, ...row } of TABLE) {
    const threshold = preset === 'keep-all' ? undefined : row[preset];
    if (threshold !== undefined) thresholds.set(filter.reason, threshold);
  }
  for (const [reason, threshold] of Object.entries(moved)) thresholds.set(reason, threshold);
  return thresholds;
}

export interface Judgement {
  readonly stage: Row['stage'];
  readonly verdict: Rejection;
}

/** Whether a rule is asked of such a text; measurements that a shard of before, or a page without a scorer, does not have decide nothing. */
export const isAsked = ({ measurement, from = 0 }: Filter, measurements: Readonly<Record<string, number>>): boolean =>
  !Number.isNaN(measurements[measurement] ?? Number.NaN) && !(measurements.syllables < from);

/** The first rejection in table order with the station it belongs to, or `true`. */
export function judge(measurements: Measurements, thresholds: Thresholds): true | Judgement {
  for (const { stage, filter } of TABLE) {
    const threshold = thresholds.get(filter.reason);
    if (threshold === undefined) continue;
    const value = measurements[filter.measurement];
    if (!isAsked(filter, measurements)) continue;
    if (!passes(filter, value, threshold)) return { stage, verdict: { reason: filter.reason, value, threshold } };
  }
  return true;
}
