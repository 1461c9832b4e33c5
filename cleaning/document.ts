/** Document: the border cleaning → shards. Readonly; a stage that changes something yields a new object. */
import type { Consent } from '../crawlers/page.ts';

/**
 * Raw figures kept with every document (Arrow Float32 columns of the same names), so that a threshold can move
 * without a new crawl. Ratios are 0…1.
 */
export const MEASUREMENTS = [
  'bytes', //                 UTF-8 bytes of text
  'syllables', //             what spaces separate
  'mean_syllable_length', //  letters per syllable
  'alphabetic_ratio', //      syllables that hold a letter / syllables
  'symbol_ratio', //          characters that are neither letter, mark, digit, space nor common punctuation / characters
  'digit_ratio', //           digits / characters
  'uppercase_ratio', //       capital letters / letters
  'diacritic_ratio', //       syllables with a Vietnamese diacritic / syllables
  'vietnamese_ratio', //      syllables that the Vietnamese syllable grammar accepts / alphabetic syllables
  'stopword_hits', //         distinct Vietnamese function words found
  'dup_line_ratio', //        characters in repeated lines / characters
  'top_3gram_ratio', //       characters of the most frequent 3-syllable gram / characters
  'dup_8gram_ratio', //       syllables covered by repeated 8-syllable grams / syllables
  'line_punctuation_ratio', // lines that end in punctuation / lines
] as const;
export type Measurement = (typeof MEASUREMENTS)[number];
export type Measurements = Readonly<Record<Measurement, number>>;

export interface Document {
  /** Stable: the id that the source gave, else xxhash64 (16 hex digits) of the URL. */
  readonly id: string;
  /** NFC, `\n` line ends, paragraphs separated by one blank line, never empty. */
  readonly text: string;
  readonly url: string;
  readonly title: string;
  readonly source: string;
  /** ISO 8601, UTC. */
  readonly fetchedAt: string;
  readonly consent: Consent;
  /** As stated by the source; `unknown` when it did not say. */
  readonly licence: string;
  /** ISO 639-3; `vie` for everything that the recommended preset keeps. */
  readonly language: string;
  readonly diacritics: 'present' | 'mixed' | 'absent';
  /** Near-duplicate cluster: the id of the cluster's first document (its own id when alone). The split hashes this. */
  readonly cluster: string;
  readonly measurements: Measurements;
}

/** A dropped document is data: it goes to the reject store with the value that decided and the threshold it met. */
export interface Drop {
  readonly id: string;
  readonly url: string;
  readonly title: string;
  readonly source: string;
  readonly fetchedAt: string;
  /** Station that dropped it: consent, decode, extract, language, filter, exact, near. */
  readonly stage: string;
  /** snake_case, e.g. `too_short`, `not_vietnamese`, `exact_duplicate`. */
  readonly reason: string;
  readonly value: number;
  readonly threshold: number;
  /** For duplicates the id of the document that was kept; else empty. */
  readonly other: string;
  /** The text at the point where it was dropped (may be empty), so that a researcher can read what was lost. */
  readonly text: string;
}

/** What cleaning yields for each page, in input order: exactly one of the two. */
export type Outcome =
  | { readonly kept: Document; readonly dropped?: undefined }
  | { readonly kept?: undefined; readonly dropped: Drop };
