/**
 * Splits text into pretokens: the pieces that no merge crosses. A Vietnamese syllable takes its leading space and never
 * loses a stray combining mark; digits go in threes, with their space; line ends close what stands before them.
 *
 * The scanner works on UTF-8 bytes and gives exactly what the regular expression gives.
 */
import { type Automaton, automatonOf } from './automaton.ts';
import type { PaddedText } from './padded-text.ts';
import { CLASS_MASK, LETTER, NEWLINE, NUMBER, OTHER, type UnicodeFacts, unicodeFacts } from './unicode.ts';

export interface SplitRule {
  /** Most digits in a pretoken. */
  readonly digits: 1 | 2 | 3;
  /** Whether merges cross the spaces between syllables: Hugging Face's libraries then split off whole runs of them. */
  readonly acrossSpaces: boolean;
}

export const DEFAULT_SPLIT: SplitRule = { digits: 3, acrossSpaces: false };

/** All rules there are. */
export const SPLIT_RULES: readonly SplitRule[] = [false, true].flatMap((acrossSpaces) =>
  ([1, 2, 3] as const).map((digits) => ({ digits, acrossSpaces })),
);

/** The rule as it stands in tokenizer.json, where Oniguruma's dialect holds: `\s` is \p{White_Space}. */
export function splitPattern({ digits, acrossSpaces }: SplitRule): string {
  const syllable = '[\\p{L}\\p{M}]+';
  const numbers = digits === 1 ? '\\p{N}' : `\\p{N}{1,${digits}}`;
  return ` ?${syllable}${acrossSpaces ? `(?: ${syllable})*` : ''}| ?${numbers}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
}

const SPACE_BYTE = 0x20;

export class Pretokenizer {
  readonly #unicode: UnicodeFacts;
  readonly letters: Automaton;
  /** Class of each ASCII character. */
  readonly ascii: Uint8Array;

  /** True when the pretoken that `next` found last is a syllable: letters and marks, perhaps behind a space. */
  isSyllable = false;

  readonly #digits: SplitRule['digits'];

  constructor(digits: SplitRule['digits'] = DEFAULT_SPLIT.digits, unicode: UnicodeFacts = unicodeFacts()) {
    this.#digits = digits;
    this.#unicode = unicode;
    this.letters = automatonOf(unicode, (facts) => (facts & CLASS_MASK) === LETTER);
    this.ascii = Uint8Array.from({ length: 128 }, (_, byte) => {
      return unicode.facts[(unicode.blockOf[byte >> 6] << 6) | (byte & 63)] & CLASS_MASK;
    });
  }

  /**
   * End of the pretoken that begins at `start`, in bytes; `start` is less than the length of the well-formed text.
   * @param isLast no text follows: else a pretoken that what follows may change ends with the text
   */
  next({ bytes, length }: PaddedText, start: number, isLast = true): number {
    const { transitions, stop } = this.letters;
    const first = bytes[start] === SPACE_BYTE ? start + 1 : start;
    let at = first;
    let state = transitions[bytes[at]];
    // No branch but the end of the run: the zero that follows the text ends it as well.
    while (state !== stop) state = transitions[(state << 8) | bytes[++at]];
    while ((bytes[at] & 0xc0) === 0x80) at--; // to the head of the character that is no letter
    this.isSyllable = at > first;
    return at > first ? at : this.#nextByClass(bytes, start, length, isLast);
  }

  /** What does not begin with letters. */
  #nextByClass(bytes: Uint8Array, start: number, end: number, isLast: boolean): number {
    let at = start;
    let kind = this.#classAt(bytes, at);
    if (bytes[at] === SPACE_BYTE && at + 1 < end) {
      const following = this.#classAt(bytes, at + 1);
      if (following === NUMBER || following === OTHER) {
        kind = following;
        at++;
      }
    }
    if (kind === OTHER) return this.#skipRun(bytes, this.#skipRun(bytes, at, end, OTHER), end, NEWLINE);
    if (kind !== NUMBER) return this.#skipSpace(bytes, start, end, isLast);
    for (let digits = 0; digits < this.#digits && at < end && this.#classAt(bytes, at) === NUMBER; digits++) {
      at += widthOf(bytes[at]);
    }
    return at;
  }

  #skipRun(bytes: Uint8Array, start: number, end: number, kind: number): number {
    let at = start;
    while (at < end && this.#classAt(bytes, at) === kind) at += widthOf(bytes[at]);
    return at;
  }

  /** `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last line end, else up to the last space, which goes with what follows it. */
  #skipSpace(bytes: Uint8Array, start: number, end: number, isLast: boolean): number {
    let at = start;
    let last = start;
    let afterNewline = 0;
    while (at < end) {
      const kind = this.#classAt(bytes, at);
      if (kind < NEWLINE) break;
      last = at;
      at += widthOf(bytes[at]);
      if (kind === NEWLINE) afterNewline = at;
    }
    if (afterNewline > 0 && (at < end || isLast)) return afterNewline; // another line end may follow
    return at === end || last === start ? at : last;
  }

  #classAt(bytes: Uint8Array, at: number): number {
    const { blockOf, facts } = this.#unicode;
    const lead = bytes[at];
    if (lead < 0x80) return this.ascii[lead];
    const width = widthOf(lead);
    let block = lead & (0x7f >> width);
    for (let i = 1; i < width - 1; i++) block = (block << 6) | (bytes[at + i] & 63);
    return facts[(blockOf[block] << 6) | (bytes[at + width - 1] & 63)] & CLASS_MASK;
  }
}

/** Bytes of the character that a lead byte begins. */
const widthOf = (lead: number): number => (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);
