/**
 * Letters that somebody wrote out in ASCII: HTML references left in the text (`&#7871;`) and VIQR (`Vie^.t Nam`, RFC 1456).
 */
import { compose } from './compose.ts';
import { tellingWords } from './legacy.ts';

/**
 * `&#7871;` left in text, once three of them stand beyond ASCII: somebody escaped the text twice, or saved a page's
 * source as its text.
 */
export function decodeReferences(text: string): { readonly text: string; readonly references: number } {
  const references = text.includes('&#') ? (text.match(/&#(?:\d{3,7}|x[\da-f]{2,6});/gi)?.length ?? 0) : 0;
  if (references < MIN_REFERENCES) return { text, references: 0 };
  const decoded = text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));/gi,
    (whole, decimal, hex, name) => {
      if (name !== undefined) return NAMED_REFERENCES[(name as string).toLowerCase()]!;
      const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex as string, 16);
      return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? whole : String.fromCodePoint(code);
    },
  );
  return { text: decoded, references };
}

const MIN_REFERENCES = 3;
const NAMED_REFERENCES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
};

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
const VIQR = /\\([\^(+*'`?~.d\\])|([aeiouyAEIOUY])([\^(+*])?(['`?~.](?![.?]))?|dd|D[Dd]/g;
/** So many hatted vowels, and three telling words, make a text VIQR. */
const VIQR_HINT = /[aeouAEOU][\^(+*]/g;
const MIN_HINTS = 6;
const MIN_WORDS = 3;

/** @returns the text, and whether it was VIQR; anything but ASCII text comes back unchanged. */
export function decodeViqr(text: string): { readonly text: string; readonly isViqr: boolean } {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what VIQR is written in
  if (/[^\x00-\x7f]/.test(text) || (text.match(VIQR_HINT)?.length ?? 0) < MIN_HINTS) return { text, isViqr: false };
  const escapes = /\\[.?']/.test(text);
  const decoded = text.replace(VIQR, (whole, escaped, vowel, hat = '', tone = '', at: number) => {
    if (escaped !== undefined) return escaped;
    if (vowel === undefined) return whole[0] === 'd' ? 'đ' : 'Đ';
    if (tone === '' || escapes || !endsSentence(text, at + whole.length, tone)) {
      return vowel + (VIQR_MARKS[hat] ?? '') + (VIQR_MARKS[tone] ?? '');
    }
    return vowel + (VIQR_MARKS[hat] ?? '') + tone;
  });
  const composed = compose(decoded);
  return tellingWords(composed) >= MIN_WORDS ? { text: composed, isViqr: true } : { text, isViqr: false };
}

/** Writers who do not escape a full stop: one before a space and a capital, or at the end, is no tone. */
const endsSentence = (text: string, after: number, tone: string): boolean =>
  (tone === '.' || tone === '?') &&
  /^(?:["')]*\s+["'(]*[A-Z]|["')]*\s*$|["')]*\s*\n)/.test(text.slice(after, after + 12));
