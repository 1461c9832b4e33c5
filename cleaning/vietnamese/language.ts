/**
 * Vietnamese or not. The syllable grammar answers first: a share of syllables that it accepts, with diacritics, or without
 * them when enough of those end in a consonant. A few large languages give themselves away by their function words; franc
 * is asked only where that leaves a doubt, or to name the other language.
 *
 * A document is judged by samples from all over it, and each of its paragraphs by itself, there without franc.
 */
import { franc } from 'franc';
import { LANGUAGE_SHIFT, type Paragraph, readSyllables, type Syllable } from './lexicon.ts';
import { FIRST_NEIGHBOUR, IS, OTHER_LANGUAGES } from './words.ts';

export interface Language {
  /** ISO 639-3; `und` when there is too little text to say. */
  readonly code: string;
  /** Share of syllables that the Vietnamese syllable grammar accepts, 0…1; halved, and at most 0.3, where another language is named. */
  readonly score: number;
  readonly diacritics: 'present' | 'mixed' | 'absent';
}

export interface ParagraphLanguage {
  /** What its own words say; `undefined` of a few words. */
  readonly code: string | undefined;
  /** Those without spaces between them as so many as they could be. */
  readonly words: number;
  /** Of them with Vietnamese diacritics. */
  readonly marked: number;
}

export interface ParagraphLanguages {
  readonly paragraphs: readonly ParagraphLanguage[];
  /** Languages of the paragraphs in order, neighbours of one language together: `vie*12 eng*3`. */
  readonly runs: string;
  /** Characters of paragraphs in Vietnamese / characters of those whose language is known; 1 when none is. */
  readonly vietnameseFrac: number;
}

/** From the first figure on the grammar alone says Vietnamese; below the second not even franc can say so. */
const CERTAIN = 0.6;
const DOUBTFUL = 0.35;
/** What it takes English for. */
const FRANC = { ignore: ['sco'] };
/** In doubt, this share of telling syllables says Vietnamese; this share of its frequent words (and so many) another language. */
const MIN_TELLING = 0.1;
const MIN_OTHER = { share: 0.08, words: 2 };
/** In no more words than this one of a neighbour is enough, where no function word speaks against it. */
const MAX_NEIGHBOUR_WORDS = 9;
/** With a larger share of foreign names, and no telling letter, the grammar proves nothing. */
const MAX_FOREIGN = 0.2;
const MAX_STRANGE = 0.1;
/** franc is not asked about less text than this, and of less than the second it knows Vietnamese at best. */
const MIN_FRANC_CHARACTERS = 40;
const MIN_FRANC_NAMED = 100;
/** More names the same language, for three times the time. */
const MAX_FRANC_CHARACTERS = 400;

/** Documents are judged by samples: this many windows of so many syllables, spread evenly. */
const WINDOWS = 4;
const WINDOW_SYLLABLES = 128;

/** A Vietnamese text has at least this share of marked syllables… */
const MIN_MARKED = 0.2;
/** …or, written without diacritics, this share of syllables with a final consonant. */
const MIN_CLOSED = 0.2;

/** Scripts without spaces write whole clauses as one syllable: it counts as the words that it could hold. */
const LONGEST_WORD = 12;
/** Foreign names say little about the language around them: each counts for only a fifth of a syllable. */
const NAME_DISCOUNT = 0.8;

/** Shares of Vietnamese syllables that carry a diacritic: below the first none are meant, above the second all are. */
const ABSENT_BELOW = 0.1;
const PRESENT_FROM = 0.45;

/** What the syllable grammar sees in some syllables. */
class Tally {
  words = 0;
  vietnamese = 0;
  plain = 0;
  closed = 0;
  marked = 0;
  foreign = 0;
  /** Words that are neither, nor names. */
  strange = 0;
  telling = 0;
  /** Words of Tày, Nùng and Thái in the letters of Vietnamese. */
  neighbours = 0;
  /** By place in OTHER_LANGUAGES; of none at 0. */
  readonly others: number[] = new Array(OTHER_LANGUAGES.length).fill(0);
  functionWords = 0;
  /** Function words with the marks that they have. */
  exactWords = 0;

  add(syllables: readonly Syllable[], start: number, end: number): this {
    // Counted in local variables: this loop sees every syllable of every document.
    let [words, vietnamese, plain, closed, marked, foreign, strange, telling, neighbours, functionWords, exactWords] = [
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    for (let i = start; i < end; i++) {
      const { letters, is, functionWord } = syllables[i];
      if (letters === 0) continue;
      if ((is & IS.vietnamese) !== 0) {
        words++;
        vietnamese++;
        if ((is & IS.marked) !== 0) marked++;
        if ((is & IS.telling) !== 0) telling++;
        if (functionWord >= 0) functionWords++;
        if (functionWord >= 0 && (is & IS.plainWord) === 0) exactWords++;
      } else {
        words += (is & IS.plain) !== 0 ? 1 : Math.max(1, letters / LONGEST_WORD);
        this.others[is >> LANGUAGE_SHIFT]++;
        if ((is & IS.foreignName) !== 0) foreign++;
        else if ((is & IS.plain) === 0) strange++;
      }
      if ((is & IS.neighbour) !== 0) neighbours++;
      if ((is & IS.plain) !== 0) plain++;
      if ((is & IS.closed) !== 0) closed++;
    }
    this.words += words;
    this.vietnamese += vietnamese;
    this.plain += plain;
    this.closed += closed;
    this.marked += marked;
    this.foreign += foreign;
    this.strange += strange;
    this.telling += telling;
    this.neighbours += neighbours;
    this.functionWords += functionWords;
    this.exactWords += exactWords;
    return this;
  }

  get score(): number {
    const weight = Math.max(1, this.words - NAME_DISCOUNT * this.foreign);
    const marked = this.marked >= MIN_MARKED * weight ? this.vietnamese / weight : 0;
    const plain = (this.plain / weight) * Math.min(1, this.closed / weight / MIN_CLOSED);
    return Math.min(1, Math.max(marked, plain));
  }

  /** What the words alone say: a language, or nothing. */
  get language(): string | undefined {
    const { score } = this;
    const other = this.#otherLanguage();
    // English about Vietnam is full of Vietnamese names, but its function words are English.
    if (score >= CERTAIN && other > 0 && this.others[other] > this.functionWords) return OTHER_LANGUAGES[other];
    if (score >= DOUBTFUL && this.#isNeighbour) return other >= FIRST_NEIGHBOUR ? OTHER_LANGUAGES[other] : 'und';
    if (score >= CERTAIN) return this.#isDoubtful ? undefined : 'vie';
    if (score < DOUBTFUL) return other > 0 ? OTHER_LANGUAGES[other] : undefined;
    return other === 0 && this.telling >= MIN_TELLING * this.words ? 'vie' : undefined;
  }

  /** Among names and words from elsewhere a few short ones pass for Vietnamese: none has a letter that only it writes. */
  get #isDoubtful(): boolean {
    const words = this.marked > 0 ? this.exactWords : this.functionWords;
    if (this.telling > 0 || words >= MIN_OTHER.words) return false;
    return this.foreign >= MAX_FOREIGN * this.words || (words === 0 && this.#isStrange);
  }

  get #isStrange(): boolean {
    return this.strange >= MAX_STRANGE * this.words && 2 * this.strange > this.marked;
  }

  /** Words and clusters of its neighbours, and more of them than function words: which of them it is, words do not tell. */
  get #isNeighbour(): boolean {
    let found = this.neighbours;
    for (let i = FIRST_NEIGHBOUR; i < this.others.length; i++) found += this.others[i];
    if (found <= this.exactWords) return false;
    if (this.words <= MAX_NEIGHBOUR_WORDS && this.exactWords === 0) return true;
    return found >= Math.max(MIN_OTHER.words, MIN_OTHER.share * this.words);
  }

  /** Place of the language that enough of the words are of, and of no other half as many; 0 when there is none. */
  #otherLanguage(): number {
    let [best, second] = [0, 0];
    for (let i = 1; i < this.others.length; i++) {
      if (best === 0 || this.others[i] > this.others[best]) [best, second] = [i, best];
      else if (second === 0 || this.others[i] > this.others[second]) second = i;
    }
    const enough = Math.max(MIN_OTHER.words, MIN_OTHER.share * this.words);
    return this.others[best] >= enough && this.others[best] >= 2 * this.others[second] ? best : 0;
  }

  get diacritics(): Language['diacritics'] {
    const share = this.marked / Math.max(1, this.marked + this.plain);
    return share < ABSENT_BELOW ? 'absent' : share < PRESENT_FROM ? 'mixed' : 'present';
  }
}

/**
 * The language of a text of any length, in NFC (`normalize` gives it); a sentence is enough to tell Vietnamese.
 *
 *   languageOf('Buổi sáng trên sông').code   // 'vie'
 */
export const languageOf = (text: string): Language => identify(readSyllables(text), text);

export function identify(syllables: readonly Syllable[], text: string): Language {
  const windows = syllables.length <= WINDOWS * WINDOW_SYLLABLES ? 1 : WINDOWS;
  const size = windows === 1 ? syllables.length : WINDOW_SYLLABLES;
  const tally = new Tally();
  for (let window = 0; window < windows; window++) {
    const start = windows === 1 ? 0 : Math.floor(((syllables.length - size) * window) / (windows - 1));
    tally.add(syllables, start, start + size);
  }
  const { score } = tally;
  const code = tally.language ?? nameLanguage(score, tally.words, text);
  return { code, score: code === 'vie' ? score : Math.min(score, CERTAIN) / 2, diacritics: tally.diacritics };
}

function nameLanguage(score: number, words: number, text: string): string {
  if (words === 0 || text.length < MIN_FRANC_CHARACTERS) return 'und';
  const guess = franc(text.slice(0, MAX_FRANC_CHARACTERS), FRANC);
  if (guess !== 'vie') return text.length < MIN_FRANC_NAMED ? 'und' : guess;
  return score < DOUBTFUL ? 'und' : guess;
}

/** A paragraph of fewer words is named after its neighbour. */
const MIN_WORDS = 6;
/** @param syllables and paragraphs of `readParagraphs(text)` */
export function identifyParagraphs(
  syllables: readonly Syllable[],
  paragraphs: readonly Paragraph[],
  text: string,
): ParagraphLanguages {
  const found: ParagraphLanguage[] = [];
  let start = 0;
  for (const { start: from, endSyllable } of paragraphs) {
    const tally = new Tally().add(syllables, start, endSyllable);
    start = endSyllable;
    const { words, marked } = tally;
    const code =
      words < MIN_WORDS
        ? undefined
        : (tally.language ??
          (tally.score >= DOUBTFUL ? 'vie' : languageOfScript(text.slice(from, from + SCRIPT_SAMPLE))));
    found.push({ code, words, marked });
  }
  const codes = found.map(({ code }) => code);
  inheritLanguage(codes);
  return { paragraphs: found, runs: runsOf(codes), vietnameseFrac: vietnameseFrac(codes, paragraphs) };
}

/** Short paragraphs take the language of the one before, at the head of the one after. */
function inheritLanguage(codes: (string | undefined)[]): void {
  for (let i = 1; i < codes.length; i++) codes[i] ??= codes[i - 1];
  for (let i = codes.length - 2; i >= 0; i--) codes[i] ??= codes[i + 1];
}

/** Languages that their script gives away; what is written in Latin letters and is not English stays `und`. */
const SCRIPTS: readonly (readonly [RegExp, string])[] = [
  [/[\p{sc=Hira}\p{sc=Kana}]/u, 'jpn'],
  [/\p{sc=Hang}/u, 'kor'],
  [/\p{sc=Han}/u, 'zho'],
  [/\p{sc=Cyrl}/u, 'rus'],
  [/\p{sc=Thai}/u, 'tha'],
  [/\p{sc=Laoo}/u, 'lao'],
  [/\p{sc=Khmr}/u, 'khm'],
  [/\p{sc=Arab}/u, 'ara'],
];
const SCRIPT_SAMPLE = 200;

const languageOfScript = (text: string): string => SCRIPTS.find(([script]) => script.test(text))?.[1] ?? 'und';

function runsOf(codes: readonly (string | undefined)[]): string {
  const runs: string[] = [];
  for (let i = 0; i < codes.length; ) {
    let end = i;
    while (end < codes.length && codes[end] === codes[i]) end++;
    runs.push(`${codes[i] ?? 'und'}*${end - i}`);
    i = end;
  }
  return runs.join(' ');
}

function vietnameseFrac(codes: readonly (string | undefined)[], paragraphs: readonly Paragraph[]): number {
  let [vietnamese, known] = [0, 0];
  for (const [i, { start, end }] of paragraphs.entries()) {
    if (codes[i] === undefined) continue;
    known += end - start;
    if (codes[i] === 'vie') vietnamese += end - start;
  }
  return known === 0 ? 1 : vietnamese / known;
}
