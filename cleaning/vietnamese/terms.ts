/**
 * Words of a text as a search compares them: runs of letters, marks and digits, in lower case, whatever vowel carries the
 * tone and whether i or y is written at the end (`Thuý`, `thúy`; `kĩ`, `kỹ`); and without diacritics (`thuy`).
 */
import { nfc } from './nfc.ts';
import { removeDiacritics, splitTone } from './syllables.ts';

export interface Term {
  /** Letters, then the tone mark: `thuy\u0301`. */
  readonly exact: string;
  /** `thuy`; that of `kỹ` and of `ky` is `ki`. */
  readonly folded: string;
}

/** A word of another script may be a page long. */
const LONGEST = 64;
const REMEMBERED = 1 << 16;
const WORD = /[\p{L}\p{M}\p{N}]+/gu;
const known = new Map<string, Term>();

/** Calls `visit` for each word of an NFC text, in order, with its place in UTF-16 units. The same word gives the same object while it is remembered. */
export function forEachTerm(text: string, visit: (term: Term, start: number, end: number) => void): void {
  WORD.lastIndex = 0;
  for (let word = WORD.exec(text); word !== null; word = WORD.exec(text)) {
    const at = WORD.lastIndex; // `visit` may read another text
    visit(termOf(word[0]), word.index, at);
    WORD.lastIndex = at;
  }
}

/** Words of what somebody typed, in any normal form. */
export function termsOf(text: string): Term[] {
  const terms: Term[] = [];
  forEachTerm(nfc(text), (term) => terms.push(term));
  return terms;
}

/** Whether a diacritic was typed. */
export const hasDiacritics = (text: string): boolean => nfc(text) !== removeDiacritics(text);

function termOf(written: string): Term {
  const word = written.length > LONGEST ? written.slice(0, LONGEST) : written;
  const remembered = known.get(word);
  if (remembered !== undefined) return remembered;
  const { toneless, tones } = splitTone(word.toLowerCase());
  const letters = toneless.replace(/^([hklmst]|qu)y$/, '$1i');
  const term = { exact: letters + tones, folded: removeDiacritics(letters) };
  if (known.size >= REMEMBERED) known.clear();
  known.set(word, term);
  return term;
}
