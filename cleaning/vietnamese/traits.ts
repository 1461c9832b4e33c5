/**
 * Which kinds of characters a text holds: one pass with a table instead of one pass of a regular expression for each kind.
 * Most texts hold none of them, and every station that looks for one can leave such a text as it is.
 */
import { codeUnits } from './code-units.ts';

/** Bits of `traitsOf`. Each stands for at least the characters that its station looks for, some for more. */
export const TRAIT = {
  /** Line ends other than `\n`. */
  lineEnd: 1,
  /** Controls, direction marks, zero-width characters. */
  invisible: 2,
  /** What NFC may change or put together, alone or with its neighbours. */
  marks: 4,
  /** Letters of other scripts and full-width ones that may pass for Latin. */
  guest: 8,
  strokedD: 16,
  /** Rare quotation marks. */
  quote: 32,
  /** Spaces that are not one space between words, tabs, blank space at either end, more than one blank line. */
  space: 64,
} as const;

const KINDS: readonly (readonly [pattern: RegExp, trait: number])[] = [
  [/[\r\u0085\u2028\u2029\v\f]/, TRAIT.lineEnd],
  [/[^\P{Cc}\t\n]|[\u034f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/u, TRAIT.invisible],
  [/[\u0370-\u052f\uff01-\uff5e]/, TRAIT.guest],
  [/[ÐðƉɖ]/, TRAIT.strokedD],
  [/[\u00b4\u02bc\u201a\u201b\u201e\u201f\u301d-\u301f\uff02]/, TRAIT.quote],
  [/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\t]/, TRAIT.space],
];
/** NFC leaves these as they are beside any neighbour: Latin and Vietnamese letters, dashes, quotation marks, currencies. */
const COMPOSED = /[\0-\u02ff\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u20a0-\u20bf]/;

/** Traits of each UTF-16 code unit; a space and a line end carry bits of their own. */
let table: Uint8Array | undefined;
const BLANK = 128;

function traitTable(): Uint8Array {
  if (table !== undefined) return table;
  table = new Uint8Array(0x10000);
  for (let unit = 0; unit < table.length; unit++) {
    const character = String.fromCharCode(unit);
    for (const [pattern, trait] of KINDS) if (pattern.test(character)) table[unit] |= trait;
    if (!COMPOSED.test(character)) table[unit] |= TRAIT.marks;
  }
  table[0x20] = BLANK;
  table[0x0a] = BLANK;
  return table;
}

/** All traits of a text, as bits. */
export function traitsOf(text: string): number {
  const traits = traitTable();
  const units = codeUnits(text);
  const { length } = text;
  let found = 0;
  let before = BLANK; // blank space at the head is as untidy as a second space
  for (let i = 0; i < length; i++) {
    const trait = traits[units[i]];
    found |= trait;
    if ((trait & before & BLANK) !== 0 && !isBlankLine(units, i)) found |= TRAIT.space;
    before = trait;
  }
  if ((before & BLANK) !== 0) found |= TRAIT.space;
  return found & ~BLANK;
}

/** Whether the line end at `i` closes a single blank line between two lines. */
const isBlankLine = (units: Uint16Array, i: number): boolean =>
  i >= 2 && units[i] === 0x0a && units[i - 1] === 0x0a && units[i - 2] !== 0x0a;
