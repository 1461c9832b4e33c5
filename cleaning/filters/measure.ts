/** Raw figures of a document (document.ts says what each means). One pass over characters, lines and syllables each. */

import type { Measurement, ScoredMeasurement } from '../document.ts';
import { codeUnits } from '../vietnamese/code-units.ts';
import { Grams } from '../vietnamese/grams.ts';
import { type Syllable, withoutLeaders } from '../vietnamese/lexicon.ts';
import { FINEWEB_STOPWORDS, FUNCTION_WORDS, IS, OWN_FUNCTION_WORDS } from '../vietnamese/words.ts';
import { C4 } from './c4.ts';
import { addressesIn, keywordPairFrac, spamPhrasesIn } from './spam.ts';

/** What measuring alone can say; language, repairs, cuts, masks and scores are told by their own stations. */
export type TextMeasurement = Exclude<
  Measurement,
  | `repaired_${string}`
  | `cut_${string}`
  | `masked_${string}`
  | ScoredMeasurement
  | 'language_score'
  | 'vietnamese_para_frac'
>;

export function measure(
  text: string,
  syllables: readonly Syllable[],
  plainText: boolean,
): Readonly<Record<TextMeasurement, number>> {
  const characters = countCharacters(text);
  const count = syllables.length;
  const words = countWords(syllables, plainText);
  return {
    bytes: Buffer.byteLength(text),
    syllables: count,
    mean_syllable_length: ratio(words.letters, words.spelt),
    longest_syllable: syllables.reduce((longest, { length }) => Math.max(longest, length), 0),
    alphabetic_ratio: ratio(words.alphabetic, count),
    symbol_ratio: ratio(characters.symbols, text.length),
    digit_ratio: ratio(characters.digits, text.length),
    uppercase_ratio: ratio(characters.upper, characters.letters),
    diacritic_ratio: ratio(words.marked, words.alphabetic),
    vietnamese_ratio: ratio(words.vietnamese, words.alphabetic),
    stopword_hits: words.distinctFunctionWords * Math.max(1, ratio(WHOLE_TEXT, count)),
    fineweb_stopwords: words.distinctFinewebWords,
    function_word_frac: ratio(words.functionWords, count),
    typed_frac: ratio(words.typed, count),
    hash_ratio: ratio(characters.hashes, count),
    ellipsis_ratio: ratio(characters.ellipses, count),
    ...measureLines(text, count, characters.sentenceEnds),
    ...measureGrams(syllables, text.length),
    keyword_pair_frac: keywordPairFrac(syllables),
    spam_phrases: spamPhrasesIn(text, count),
    addresses: addressesIn(syllables),
    lorem_ipsum: text.match(C4.loremIpsum)?.length ?? 0,
  };
}

/** Gopher judges no text below 50 words, which have so many syllables: in shorter ones its figures need another scale. */
const WHOLE_TEXT = 85;

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

function countWords(syllables: readonly Syllable[], plainText: boolean) {
  let [alphabetic, spelt, letters, marked, vietnamese, functionWords, typed] = [0, 0, 0, 0, 0, 0, 0];
  const seen = new Uint8Array(FUNCTION_WORDS.length);
  for (const { letters: own, is, functionWord } of syllables) {
    if (own === 0) continue;
    alphabetic++;
    if ((is & IS.address) === 0) {
      spelt++;
      letters += own;
    }
    if ((is & IS.marked) !== 0) marked++;
    if ((is & IS.typed) !== 0) typed++;
    if ((is & IS.vietnamese) !== 0 || (plainText && (is & IS.plain) !== 0)) vietnamese++;
    if (functionWord < 0 || ((is & IS.plainWord) !== 0 && !plainText)) continue;
    if (functionWord < OWN_FUNCTION_WORDS) functionWords++;
    seen[functionWord] = 1;
  }
  let [distinctFunctionWords, distinctFinewebWords] = [0, 0];
  for (const [i, hit] of seen.entries()) {
    if (i < OWN_FUNCTION_WORDS) distinctFunctionWords += hit;
    if (FINEWEB_STOPWORDS.has(FUNCTION_WORDS[i])) distinctFinewebWords += hit;
  }
  return {
    alphabetic,
    spelt,
    letters,
    marked,
    vietnamese,
    functionWords,
    typed,
    distinctFunctionWords,
    distinctFinewebWords,
  };
}

const LOWER = 1;
const UPPER = 2;
const DIGIT = 3;
const SYMBOL = 4;
const BLANK = 5;
/** `.`, `!`, `?` and `…`, and what may stand between them and the blank behind a sentence. */
const STOP = 6;
const CLOSER = 7;
const CLOSERS = '"”’»)]';
/** Class of each UTF-16 code unit; marks, other common punctuation and low surrogates stay 0. */
let classes: Uint8Array | undefined;

function characterClasses(): Uint8Array {
  if (classes !== undefined) return classes;
  const table = new Uint8Array(0x10000);
  for (let code = 0; code < 0x10000; code++) {
    const character = String.fromCharCode(code);
    if (/\p{Lu}/u.test(character)) table[code] = UPPER;
    else if (/\p{L}/u.test(character)) table[code] = LOWER;
    else if (/\p{Nd}/u.test(character)) table[code] = DIGIT;
    else if (code >= 0xd800 && code < 0xdc00) table[code] = SYMBOL;
    else if (/\s/.test(character)) table[code] = BLANK;
    else if (/[.!?…]/.test(character)) table[code] = STOP;
    else if (CLOSERS.includes(character)) table[code] = CLOSER;
    else if (!/[\p{M}\p{Cs},;:'([\-–—“‘«/%&]/u.test(character)) table[code] = SYMBOL;
  }
  classes = table;
  return table;
}

const HASH = 0x23;
const DOT = 0x2e;
const ELLIPSIS = 0x2026;

function countCharacters(text: string) {
  const table = characterClasses();
  const units = codeUnits(text);
  const { length } = text;
  const counts = new Uint32Array(8);
  let [hashes, ellipses, sentenceEnds] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    const unit = units[i];
    const kind = table[unit];
    counts[kind]++;
    if (unit === HASH) hashes++;
    if (kind !== STOP) continue;
    if (endsEllipsis(units, i, length)) ellipses++;
    let behind = i + 1;
    while (behind < length && table[units[behind]] === CLOSER) behind++;
    if (behind === length || table[units[behind]] === BLANK) sentenceEnds++;
  }
  return {
    letters: counts[LOWER] + counts[UPPER],
    upper: counts[UPPER],
    digits: counts[DIGIT],
    symbols: counts[SYMBOL],
    hashes,
    ellipses,
    sentenceEnds,
  };
}

/** Whether a run of `…`, or of three dots and more, ends at `i`. */
function endsEllipsis(units: Uint16Array, i: number, length: number): boolean {
  const unit = units[i];
  if (i + 1 < length && units[i + 1] === unit) return false;
  return unit === ELLIPSIS || (unit === DOT && i >= 2 && units[i - 1] === DOT && units[i - 2] === DOT);
}

/** FineWeb's short lines have at most so many characters. */
const SHORT_LINE = 30;
/** In fewer lines a single ellipsis or bullet would weigh too much. */
const MIN_LINES = 4;
const PUNCTUATED = `.!?…:;,${CLOSERS}`;
/** A dash opens a list or, in Vietnamese prose, speech: which then ends like a sentence. */
const BULLET = /^[•●○■▪▫◦‣⁃*+]\s|^[-–—]\s.*[^.!?…:,”"»)]$/;

/** Whether a stop stands at the end of the line, or before the quotation marks and brackets that close there. */
function isFinished(line: string): boolean {
  let end = line.length - 1;
  while (end >= 0 && CLOSERS.includes(line[end])) end--;
  return end >= 0 && STOPS.includes(line[end]);
}
const STOPS = '.!?…';

/** Whether what stood before is said again: a rule or a line of dots says nothing, and rows of tables are often equal. */
const repeats = (text: string): boolean => !text.includes('\t') && /[\p{L}\p{N}]/u.test(text);

function measureLines(text: string, count: number, sentenceEnds: number) {
  const seen = new Set<string>();
  let [lines, characters, dup, dupCharacters, punctuated, bullets, ellipses, short] = [0, 0, 0, 0, 0, 0, 0, 0];
  let [code, policy, unfinished] = [0, 0, 0];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    lines++;
    characters += line.length;
    if (!seen.has(line)) seen.add(line);
    else if (repeats(line)) {
      dup++;
      dupCharacters += withoutLeaders(line).length;
    }
    if (PUNCTUATED.includes(line.at(-1)!)) punctuated++;
    if (!isFinished(line)) unfinished++;
    if (BULLET.test(line)) bullets++;
    if (line.endsWith('…') || line.endsWith('...')) ellipses++;
    if (line.length <= SHORT_LINE) short++;
    if (C4.code.test(line)) code++;
    if (C4.policy.test(line)) policy++;
  }
  const paragraphs = measureParagraphs(text);
  return {
    lines,
    ...paragraphs,
    sentences: sentenceEnds + unfinished,
    bullet_line_frac: lines < MIN_LINES ? 0 : bullets / lines,
    ellipsis_line_frac: lines < MIN_LINES ? 0 : ellipses / lines,
    line_punct_frac: ratio(punctuated, lines),
    short_line_frac: ratio(short, lines),
    newline_ratio: ratio(Math.max(0, lines - 1), count),
    dup_line_frac: ratio(dup, lines),
    dup_line_char_frac: ratio(dupCharacters, characters),
    code_line_frac: ratio(code, lines),
    policy_line_frac: ratio(policy, lines),
  };
}

function measureParagraphs(text: string) {
  const seen = new Set<string>();
  let [paragraphs, dup, dupCharacters] = [0, 0, 0];
  for (const paragraph of text.split('\n\n')) {
    if (paragraph === '') continue;
    paragraphs++;
    if (!seen.has(paragraph)) seen.add(paragraph);
    else if (repeats(paragraph)) {
      dup++;
      dupCharacters += withoutLeaders(paragraph).length;
    }
  }
  return { paragraphs, dup_para_frac: ratio(dup, paragraphs), dup_para_char_frac: ratio(dupCharacters, text.length) };
}

function measureGrams(syllables: readonly Syllable[], characters: number) {
  const grams = new Grams(syllables);
  const times = grams.count < WHOLE_TEXT ? 4 : 2;
  const top3 = grams.top(3, times);
  // A gram that repeats holds shorter ones that repeat.
  const top5 = top3 === 0 ? 0 : grams.top(5, times);
  const dup: number[] = [];
  for (const n of [8, 10, 12, 13, 15, 17]) dup.push(dup.at(-1) === 0 ? 0 : grams.repeated(n));
  const top7 = top5 === 0 ? 0 : grams.top(7, times);
  grams.letGo();
  const share = (part: number): number => Math.min(1, ratio(part, characters));
  return {
    top_3gram_char_frac: share(top3),
    top_5gram_char_frac: share(top5),
    top_7gram_char_frac: share(top7),
    dup_8gram_char_frac: share(dup[0]),
    dup_10gram_char_frac: share(dup[1]),
    dup_12gram_char_frac: share(dup[2]),
    dup_13gram_char_frac: share(dup[3]),
    dup_15gram_char_frac: share(dup[4]),
    dup_17gram_char_frac: share(dup[5]),
  };
}
