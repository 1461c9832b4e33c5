/** Document: the border cleaning → shards. Readonly; a stage that changes something yields a new object. */
import type { Consent } from '../crawlers/page.ts';

/** What is repaired, in the order of the columns: a new kind is a line here, and counted where it is mended. */
export const REPAIRS = [
  'charset', //     1 when the bytes were in a Vietnamese encoding older than Unicode
  'mojibake', //    lines read in a wrong encoding on their way, or in a font of their own
  'references', //  `&#7871;` left in the text
  'invisible', //   controls, zero-width characters, direction marks
  'marks', //       letters composed, or with their marks put in order; tones on the wrong vowel
  'stroked_d', //   Ð and Ɖ for Đ
  'homoglyphs', //  Cyrillic, Greek and full-width letters that pass for Latin ones
  'tones', //       hoà → hòa, or the other way (`--tones`)
  'quotes', //      rare forms of quotation marks
  'spaces', //      other spaces, runs of spaces, line ends of other systems
] as const;
/** How often each was made. */
export type Repairs = Record<(typeof REPAIRS)[number], number>;

/** What is taken out of a text (vietnamese/cuts.ts, dedup/passages.ts). */
export const CUTS = [
  'foreign', // paragraphs in another language
  'residue', // lines that are no text
  'repeated', // passages that a kept document has said
] as const;
/** Characters of each. */
export type Cuts = Record<(typeof CUTS)[number], number>;

/** Personal data that has a tag: a new kind is a word here and a rule in pii.ts. */
export const PERSONAL_KINDS = [
  'phone',
  'email',
  'citizen_id',
  'identity_card',
  'passport',
  'social_insurance',
  'bank_account',
  'tax_code',
  'plate',
  'ip',
] as const;
export type PersonalKind = (typeof PERSONAL_KINDS)[number];

/** Kinds of text that a scorer tells apart (quality/scorer.ts). */
export const REGISTERS = ['news', 'law', 'encyclopedia', 'forum', 'product', 'verse', 'exam', 'code'] as const;
export type Register = (typeof REGISTERS)[number];

const named = <Group extends string, Name extends string>(group: Group, names: readonly Name[]) =>
  names.map((name): `${Group}_${Name}` => `${group}_${name}`);

/** What a scorer says of a text (`--quality`); NaN where none was asked. */
export const SCORED_MEASUREMENTS = [
  'quality', //                bits per byte that a model of good text spares a model of all text, as the scorer foresees it
  ...named('register', REGISTERS), // how likely the text is of this kind, 0…1; all of them add up to one
] as const;
export type ScoredMeasurement = (typeof SCORED_MEASUREMENTS)[number];

/**
 * Raw figures kept with every document that was measured, dropped ones too (Arrow Float32 columns of the same names), so
 * that a threshold can move without a new crawl. `frac` and `ratio` are 0…1. Grams are of syllables: a Vietnamese word
 * has about 1.7, so 3, 5 and 7 stand for the 2, 3 and 4 words of Gopher's rules, and 8, 10, 12, 13, 15, 17 for 5 to 10.
 */
export const MEASUREMENTS = [
  'bytes', //                  UTF-8 bytes of text
  'syllables', //              what spaces separate
  'lines', //                  not empty
  'paragraphs', //             between blank lines
  'sentences', //              syllables that end like one, and lines that end without
  'mean_syllable_length', //   letters per syllable; web addresses do not count
  'longest_syllable', //       characters of the longest
  'alphabetic_ratio', //       syllables that hold a letter / syllables
  'symbol_ratio', //           characters that are neither letter, mark, digit, space nor common punctuation / characters
  'digit_ratio', //            digits / characters
  'uppercase_ratio', //        capital letters / letters
  'diacritic_ratio', //        syllables with a Vietnamese diacritic / syllables
  'vietnamese_ratio', //       syllables that the Vietnamese syllable grammar accepts / alphabetic syllables
  'language_score', //         how surely it is Vietnamese (language.ts)
  'vietnamese_para_frac', //   characters of paragraphs in Vietnamese / characters of paragraphs whose language is known, of what stays
  'stopword_hits', //          distinct Vietnamese function words found, of 50; times 85 / syllables where there are fewer
  'fineweb_stopwords', //      distinct ones found, of FineWeb-2's 15
  'function_word_frac', //     syllables that are function words / syllables
  'typed_frac', //             syllables in keys of Telex or VNI that nothing converted (`Vieejt`) / syllables
  'hash_ratio', //             `#` / syllables (Gopher)
  'ellipsis_ratio', //         `…` and `...` / syllables (Gopher)
  'bullet_line_frac', //       lines that open with a bullet / lines, where there are four (Gopher)
  'ellipsis_line_frac', //     lines that end with an ellipsis / lines, where there are four (Gopher)
  'line_punct_frac', //        lines that end in punctuation / lines (FineWeb)
  'short_line_frac', //        lines of at most 30 characters / lines (FineWeb)
  'newline_ratio', //          line ends / syllables (FineWeb)
  // Rules, leaders (`......`) and rows of tables are none of what is repeated.
  'dup_line_frac', //          lines that stood before / lines (Gopher)
  'dup_line_char_frac', //     their characters / characters (Gopher, FineWeb's char_duplicates)
  'dup_para_frac', //          paragraphs that stood before / paragraphs (Gopher)
  'dup_para_char_frac', //     their characters / characters (Gopher)
  'top_3gram_char_frac', //    characters of the most frequent 3-syllable gram, in less than 85 if it stands there four times / characters (Gopher)
  'top_5gram_char_frac',
  'top_7gram_char_frac',
  'dup_8gram_char_frac', //    characters of 8-syllable grams that stood before / characters (Gopher), and so on
  'dup_10gram_char_frac',
  'dup_12gram_char_frac',
  'dup_13gram_char_frac',
  'dup_15gram_char_frac',
  'dup_17gram_char_frac',
  'keyword_pair_frac', //      syllables of the most frequent pair of content words / syllables
  'spam_phrases', //           per hundred syllables
  'addresses', //              web addresses per hundred syllables
  'code_line_frac', //         lines that hold a curly bracket or speak of JavaScript / lines (C4)
  'policy_line_frac', //       lines that speak of cookies and terms of use / lines (C4)
  'lorem_ipsum', //            times it stands there (C4)
  ...SCORED_MEASUREMENTS,
  ...named('repaired', REPAIRS),
  ...named('cut', CUTS), //        characters that were taken out, by reason (`--paragraphs`, `--passages`)
  ...named('masked', PERSONAL_KINDS), // personal data that was replaced by a tag, by kind (pii.ts)
] as const;
export type Measurement = (typeof MEASUREMENTS)[number];
export type Measurements = Readonly<Record<Measurement, number>>;

/** Figures of a group by the names of their columns; 0 where nothing was counted. */
export const figuresOf = <Group extends string, Name extends string>(
  group: Group,
  names: readonly Name[],
  counts: Readonly<Partial<Record<Name, number>>>,
): Record<`${Group}_${Name}`, number> => {
  let columns = columnsOf.get(names) as readonly `${Group}_${Name}`[] | undefined;
  if (columns === undefined) {
    columns = named(group, names);
    columnsOf.set(names, columns);
  }
  const figures = {} as Record<`${Group}_${Name}`, number>;
  for (let i = 0; i < names.length; i++) figures[columns[i]] = counts[names[i]] ?? 0;
  return figures;
};
/** Names of columns, by the list that they are made of: a name that is put together anew costs more than its figure. */
const columnsOf = new WeakMap<readonly string[], readonly string[]>();

/** What the page says of itself. */
export interface Metadata {
  /** Each empty when the page does not say. */
  readonly title: string;
  /** Names of people, joined by `, `. */
  readonly author: string;
  /** ISO 8601 date, with its time and offset where the page gives them. */
  readonly published: string;
  /** Absolute URL that the page gives as its own. */
  readonly canonical: string;
  readonly section: string;
  /** `lang` of the page, lower case: `vi`, `en-us`. */
  readonly lang: string;
}

/** Its language as the page says it stands in `lang`, as it is in `language`. */
export interface Document extends Metadata {
  /** Stable: the id that the source gave, else xxhash64 (16 hex digits) of the URL. */
  readonly id: string;
  /** NFC, `\n` line ends, paragraphs separated by one blank line, never empty. */
  readonly text: string;
  readonly url: string;
  readonly source: string;
  /** ISO 8601, UTC. */
  readonly fetchedAt: string;
  readonly consent: Consent;
  /** As stated by the source; `unknown` when it did not say. */
  readonly licence: string;
  /** Encoding of the bytes, and how it was found: `tcvn3 (words)`. */
  readonly charset: string;
  /** ISO 639-3; `vie` for everything that the recommended preset keeps. */
  readonly language: string;
  /** Languages of the paragraphs in order, neighbours of one language together: `vie*12 eng*3`. */
  readonly paragraphLanguages: string;
  readonly diacritics: 'present' | 'mixed' | 'absent';
  /** Near-duplicate cluster: the id of the cluster's first document (its own id when alone). The split hashes this. */
  readonly cluster: string;
  /** Ids of benchmark items that it holds, separated by spaces (contamination.ts); mostly empty. */
  readonly contamination: string;
  /** Of the answer that held it; NaN of rows and files. */
  readonly httpStatus: number;
  /** xxhash64 of the bytes that were cleaned, as 16 hex digits. */
  readonly rawHash: string;
  /** How much of it became tags (`--personal-data`). */
  readonly personalData: 'off' | 'basic' | 'strict';
  readonly measurements: Measurements;
}

/** The stations that can drop a page, in the order of the line. */
export const STAGES = ['consent', 'decode', 'extract', 'version', 'language', 'filter', 'exact', 'near'] as const;
export type Stage = (typeof STAGES)[number];

/** A dropped document is data: it goes to the reject store with the value that decided and the threshold it met. */
export interface Drop {
  readonly id: string;
  readonly url: string;
  readonly title: string;
  readonly source: string;
  readonly fetchedAt: string;
  /** Station that dropped it. */
  readonly stage: Stage;
  /** snake_case, e.g. `too_short`, `not_vietnamese`, `exact_duplicate`. */
  readonly reason: string;
  readonly value: number;
  readonly threshold: number;
  /** For duplicates the id of the document that was kept, for what is superseded that of the later page; else empty. */
  readonly other: string;
  readonly charset: string;
  readonly language: string;
  /** Where it was measured before it was dropped. */
  readonly measurements?: Measurements;
  /** The text at the point where it was dropped (may be empty), so that a researcher can read what was lost. */
  readonly text: string;
}

/** What cleaning yields for each page, in input order: exactly one of the two. */
export type Cleaned =
  | { readonly kept: Document; readonly dropped?: undefined }
  | { readonly kept?: undefined; readonly dropped: Drop };
