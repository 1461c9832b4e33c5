/**
 * Splits text into pretokens: the pieces that no merge crosses. A Vietnamese syllable takes its leading space and never
 * loses a stray combining mark; digits go in threes, with their space; line ends close what stands before them.
 *
 * The scanner works on UTF-8 bytes and gives exactly what the regular expression gives (tests/tokenizer compare them).
 */
import type { PaddedText } from './padded-text.ts';
import { CLASS_MASK, LETTER, NEWLINE, NUMBER, OTHER, type UnicodeFacts, unicodeFacts } from './unicode.ts';

/** The same rule as it stands in tokenizer.json, where Oniguruma's dialect holds: `\s` is \p{White_Space}. */
export const SPLIT_PATTERN =
  ' ?[\\p{L}\\p{M}]+| ?\\p{N}{1,3}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

const MAX_DIGITS = 3;
const SPACE_BYTE = 0x20;

export class Pretokenizer {
  private readonly blockOf: Uint16Array;
  private readonly facts: Uint8Array;
  private readonly syllable: Uint8Array;
  private readonly stop: number;

  constructor(unicode: UnicodeFacts = unicodeFacts()) {
    this.blockOf = unicode.blockOf;
    this.facts = unicode.facts;
    const { transitions, stop } = syllableAutomaton(unicode);
    this.syllable = transitions;
    this.stop = stop;
  }

  /** End of the pretoken that begins at `start`, in bytes; `start` is less than the length of the well-formed text. */
  next(text: PaddedText, start: number): number {
    const { bytes } = text;
    const { syllable, stop } = this;
    const first = bytes[start] === SPACE_BYTE ? start + 1 : start;
    let at = first;
    let state = 0;
    // One load a byte and no branch but the end of the run: the zero that follows the text stops it as well.
    while ((state = syllable[(state << 8) | bytes[at]!]!) !== stop) at++;
    if (bytes[at]! < 0x80 && at > first) return at;
    while ((bytes[at]! & 0xc0) === 0x80) at--; // back to the head of the character that the automaton does not know
    return at > first ? this.skipRun(bytes, at, text.length, LETTER) : this.nextByClass(bytes, start, text.length);
  }

  private nextByClass(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    let kind = this.classAt(bytes, at);
    if (bytes[at] === SPACE_BYTE && at + 1 < end) {
      const following = this.classAt(bytes, at + 1);
      if (following <= NUMBER) {
        kind = following;
        at++;
      }
    }
    switch (kind) {
      case LETTER:
        return this.skipRun(bytes, at, end, LETTER);
      case NUMBER:
        for (let digits = 0; digits < MAX_DIGITS && at < end && this.classAt(bytes, at) === NUMBER; digits++) {
          at += widthOf(bytes[at]!);
        }
        return at;
      case OTHER:
        return this.skipRun(bytes, this.skipRun(bytes, at, end, OTHER), end, NEWLINE);
      default:
        return this.skipSpace(bytes, start, end);
    }
  }

  private skipRun(bytes: Uint8Array, start: number, end: number, kind: number): number {
    let at = start;
    while (at < end && this.classAt(bytes, at) === kind) at += widthOf(bytes[at]!);
    return at;
  }

  /** `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last line end, else up to the last space, which goes with what follows it. */
  private skipSpace(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    let last = start;
    let afterNewline = 0;
    while (at < end) {
      const kind = this.classAt(bytes, at);
      if (kind < NEWLINE) break;
      last = at;
      at += widthOf(bytes[at]!);
      if (kind === NEWLINE) afterNewline = at;
    }
    if (afterNewline > 0) return afterNewline;
    return at === end || last === start ? at : last;
  }

  private classAt(bytes: Uint8Array, at: number): number {
    const { blockOf, facts } = this;
    const lead = bytes[at]!;
    let block = lead >> 6;
    let low = lead & 63;
    if (lead >= 0x80) {
      const width = widthOf(lead);
      block = lead & (0x7f >> width);
      low = bytes[at + 1]! & 63;
      for (let i = 2; i < width; i++) {
        block = (block << 6) | low;
        low = bytes[at + i]! & 63;
      }
    }
    return facts[(blockOf[block]! << 6) | low]! & CLASS_MASK;
  }
}

/** Bytes of the character that a lead byte begins. */
const widthOf = (lead: number): number => (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);

/**
 * A byte automaton that runs over the letters of which nearly all Vietnamese text is made: ASCII, Latin with two bytes
 * (C3–C9), and Latin Extended Additional (E1 B8–BB). State 0 stands between characters, one state after each such lead
 * or pair of leads; `stop` at every other byte.
 */
function syllableAutomaton({ blockOf, facts }: UnicodeFacts): { transitions: Uint8Array; stop: number } {
  const leads = [[0xc3], [0xc4], [0xc5], [0xc6], [0xc7], [0xc8], [0xc9], [0xe1, 0xb8], [0xe1, 0xb9], [0xe1, 0xba], [0xe1, 0xbb]];
  const afterE1 = leads.length + 1;
  const stop = afterE1 + 1;
  const transitions = new Uint8Array(stop * 256).fill(stop);
  const isLetter = (block: number, low: number): boolean => (facts[(blockOf[block]! << 6) | low]! & CLASS_MASK) === LETTER;
  for (let byte = 0; byte < 0x80; byte++) if (isLetter(byte >> 6, byte & 63)) transitions[byte] = 0;
  transitions[0xe1] = afterE1;
  for (const [i, [lead, second]] of leads.entries()) {
    const state = i + 1;
    if (second === undefined) transitions[lead!] = state;
    else transitions[(afterE1 << 8) | second] = state;
    const block = second === undefined ? lead! & 31 : ((lead! & 15) << 6) | (second & 63);
    for (let low = 0; low < 64; low++) if (isLetter(block, low)) transitions[(state << 8) | 0x80 | low] = 0;
  }
  return { transitions, stop };
}
