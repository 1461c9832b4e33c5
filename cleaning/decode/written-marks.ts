/**
 * Letters that somebody wrote out in ASCII: HTML references left in the text (`&#7871;`) and VIQR (`Vie^.t Nam`, RFC 1456).
 */

import { decodeHTML } from 'entities';
import { nfc } from '../vietnamese/nfc.ts';
import { parseSyllable } from '../vietnamese/syllables.ts';
import { FUNCTION_WORDS } from '../vietnamese/words.ts';
import { tellingWords } from './legacy.ts';

/**
 * `&#7871;` left in text, once three of them stand beyond ASCII, and `Th&ocirc;ng`, once two stand inside words: somebody
 * escaped the text twice, or saved a page's source as its text.
 */
export function decodeReferences(text: string): { readonly text: string; readonly references: number } {
  if (!text.includes('&')) return { text, references: 0 };
  const numbers = text.match(/&#(?:\d{3,7}|x[\da-f]{2,6});/gi)?.length ?? 0;
  const names = text.match(NAMED_IN_WORD)?.length ?? 0;
  if (numbers < MIN_REFERENCES && names < MIN_NAMED) return { text, references: 0 };
  const decoded = text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|[a-z]{2,8});/gi, (whole, decimal, hex) => {
    if (decimal === undefined && hex === undefined) return decodeHTML(whole);
    const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex as string, 16);
    return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? whole : String.fromCodePoint(code);
  });
  return { text: decoded, references: numbers + names };
}

const MIN_REFERENCES = 3;
const MIN_NAMED = 2;
/** A text about references has them alone, not beside letters. */
const NAMED_IN_WORD = /&(?:[aeiouy](?:grave|acute|circ|tilde)|eth);(?:(?=\p{L})|(?<=[\p{L};]&[a-z]+;))/giu;

const VIQR_MARKS: Readonly<Record<string, string>> = {
  '^': '\u0302',
  '(': '\u0306',
  '+': '\u031b',
  '*': '\u031b',
  "'": '\u0301',
  '`': '\u0300',
  '?': '\u0309',
  '~': '\u0303',
  '.': '\u0323',
};
/** A vowel with a hat, breve or horn and perhaps a tone; a vowel with a tone; dd; an escaped character. */
const VIQR = /\\([\^(+*'`?~.d\\])|([aeiouyAEIOUY])([\^(+*])?(['`~]|[.?](?![.?]{2}))?|dd|D[Dd]/g;
/** So many hatted vowels, and three telling words, make a text VIQR. */
const VIQR_HINT = /[aeouAEOU][\^(+*]/g;
const MIN_HINTS = 6;
const MIN_WORDS = 3;

/** @returns the text, and whether it was VIQR; anything but ASCII text comes back unchanged. */
export function decodeViqr(text: string): { readonly text: string; readonly isViqr: boolean } {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what VIQR is written in
  if (/[^\x00-\x7f]/.test(text) || (text.match(VIQR_HINT)?.length ?? 0) < MIN_HINTS) return { text, isViqr: false };
  const first = nfc(replaceViqr(text, () => true));
  if (tellingWords(first) < MIN_WORDS) return { text, isViqr: false };
  // Writers who escape a full stop behind a vowel leave no doubt; for the others the rest of the text decides.
  if (/\\[.?]/.test(text)) return { text: first, isViqr: true };
  const counts = countSyllables(text);
  const decoded = replaceViqr(text, (toned, plain, endsLine) => {
    const [isToned, isPlain] = [parseSyllable(toned) !== undefined, parseSyllable(plain) !== undefined];
    if (isToned !== isPlain) return isToned;
    const [withTone, without] = [counts.get(toned) ?? 0, counts.get(plain) ?? 0];
    if (withTone !== without) return withTone > without;
    if (FREQUENT.has(toned) !== FREQUENT.has(plain)) return FREQUENT.has(toned);
    return !endsLine;
  });
  return { text: nfc(decoded), isViqr: true };
}

const FREQUENT = new Set(FUNCTION_WORDS);

/** @param isTone asked of a `.` or `?` that may end a sentence: the syllable with its tone and without */
function replaceViqr(text: string, isTone: (toned: string, plain: string, endsLine: boolean) => boolean): string {
  return text.replace(VIQR, (whole, escaped, vowel, hat = '', tone = '', at: number) => {
    if (escaped !== undefined) return escaped;
    if (vowel === undefined) return whole[0] === 'd' ? 'đ' : 'Đ';
    const letter = vowel + (VIQR_MARKS[hat] ?? '');
    if ((tone === '.' || tone === '?') && mayEndSentence(text, at + whole.length)) {
      const onset = decodeLetters(/[A-Za-z'`~^(+*]*$/.exec(text.slice(Math.max(0, at - 12), at))![0]);
      const plain = nfc(onset + letter).toLowerCase();
      const toned = nfc(onset + letter + VIQR_MARKS[tone]).toLowerCase();
      const endsLine = /^["')]*\s*(?:\n|$)/.test(text.slice(at + whole.length, at + whole.length + 8));
      if (!isTone(toned, plain, endsLine)) return letter + tone;
    }
    return letter + (VIQR_MARKS[tone] ?? '');
  });
}

const decodeLetters = (letters: string): string => replaceViqr(letters, () => true);

/** From the head of what stands together, so that it is read once. */
const BEFORE_SMALL = /(?<![A-Za-z'`~^(+*])['`~^(+*]*([A-Za-z][A-Za-z'`~^(+*]*[.?]?)(?= [a-z])/g;

/** Syllables that stand where no sentence can end behind them, by how often. */
function countSyllables(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, syllable] of text.matchAll(BEFORE_SMALL)) {
    const decoded = nfc(decodeLetters(syllable)).toLowerCase();
    counts.set(decoded, (counts.get(decoded) ?? 0) + 1);
  }
  return counts;
}

/** Before a space and a capital, a quotation mark, or the end of the line. */
const mayEndSentence = (text: string, after: number): boolean =>
  /^["')]*(?:\s+["'(]*[A-Z0-9]|\s*$|\s*\n|[-–])/.test(text.slice(after, after + 12));
