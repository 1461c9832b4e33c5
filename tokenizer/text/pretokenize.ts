/**
 * Splits text into pretokens: the pieces that no merge crosses, by one of the rules of split.ts.
 *
 * The scanner works on UTF-8 bytes and gives exactly what the regular expression gives; where a rule has `wholeRuns`, the
 * finer pieces of which its pretokens consist.
 */
import { type Automaton, automatonOf } from './automaton.ts';
import type { PaddedText } from './padded-text.ts';
import { DEFAULT_SPLIT, type SplitRule } from './split.ts';
import { CLASS_MASK, LETTER, MARK, NEWLINE, NUMBER, OTHER, type UnicodeFacts, unicodeFacts } from './unicode.ts';

const SPACE_BYTE = 0x20;
const APOSTROPHE = 0x27;
/** Longest ending in bytes. */
const ENDING_BYTES = 3;

export class Pretokenizer {
  readonly unicode: UnicodeFacts;
  readonly letters: Automaton;
  /** Class of each ASCII character. */
  readonly ascii: Uint8Array;

  /**
   * Whether merges across spaces may join the pretoken that `next` found last to one behind it: it is a syllable, letters
   * and marks, perhaps behind a space; of whole runs all but a number.
   */
  joins = false;

  readonly #rule: SplitRule;

  constructor(rule: SplitRule = DEFAULT_SPLIT, unicode: UnicodeFacts = unicodeFacts()) {
    this.#rule = rule;
    this.unicode = rule.marks ? unicode : withoutMarks(unicode);
    this.letters = automatonOf(this.unicode, (facts) => (facts & CLASS_MASK) === LETTER);
    this.ascii = Uint8Array.from({ length: 128 }, (_, byte) => {
      return unicode.facts[(unicode.blockOf[byte >> 6] << 6) | (byte & 63)] & CLASS_MASK;
    });
  }

  /**
   * End of the pretoken that begins at `start`, in bytes; `start` is less than the length of the well-formed text.
   * @param isLast no text follows: else a pretoken that what follows may change ends with the text
   */
  next(text: PaddedText, start: number, isLast = true): number {
    const { bytes, length } = text;
    if (bytes[start] === APOSTROPHE && this.#rule.endings !== 'none') {
      const ending = this.#ending(bytes, start);
      if (ending > 0) return start + ending;
      if (start + ENDING_BYTES > length && !isLast) return length;
    }
    const first = this.#behindHead(bytes, start);
    const { transitions, stop } = this.letters;
    let at = first;
    let state = transitions[bytes[at]];
    // No branch but the end of the run: the zero that follows the text ends it as well.
    while (state !== stop) state = transitions[(state << 8) | bytes[++at]];
    while ((bytes[at] & 0xc0) === 0x80) at--; // to the head of the character that is no letter
    this.joins = at > first;
    return at > first ? at : this.#nextByClass(bytes, start, length, isLast);
  }

  /** Where letters must begin, if the pretoken has any. */
  #behindHead(bytes: Uint8Array, start: number): number {
    if (bytes[start] === SPACE_BYTE) return start + 1;
    if (this.#rule.head === 'space') return start;
    const kind = this.#classAt(bytes, start);
    return kind === LETTER || kind === NUMBER || kind === NEWLINE ? start : start + widthOf(bytes[start]);
  }

  /** Bytes of the ending with an apostrophe that begins here; 0: none. */
  #ending(bytes: Uint8Array, start: number): number {
    const lower = this.#rule.endings === 'any' ? 0x20 : 0;
    const [one, two] = [bytes[start + 1] | lower, bytes[start + 2] | lower];
    if (one === 0x73 || one === 0x74 || one === 0x6d || one === 0x64) return 2; // s t m d
    const isPair = (one === 0x6c && two === 0x6c) || (two === 0x65 && (one === 0x72 || one === 0x76)); // ll re ve
    return isPair ? ENDING_BYTES : 0;
  }

  /** What does not begin with letters. */
  #nextByClass(bytes: Uint8Array, start: number, end: number, isLast: boolean): number {
    const { spacedNumbers, lineEnds, wholeRuns } = this.#rule;
    let at = start;
    let kind = this.#classAt(bytes, at);
    if (bytes[at] === SPACE_BYTE && at + 1 < end) {
      const following = this.#classAt(bytes, at + 1);
      if (following === OTHER || (following === NUMBER && spacedNumbers)) {
        kind = following;
        at++;
      }
    }
    if (wholeRuns) this.joins = kind !== NUMBER;
    if (kind === OTHER) {
      const behind = this.#skipRun(bytes, at, end, OTHER);
      return lineEnds ? this.#skipRun(bytes, behind, end, NEWLINE) : behind;
    }
    if (kind === NUMBER) return this.#skipNumber(bytes, at, end, isLast);
    if (!wholeRuns) return this.#skipSpace(bytes, start, end, isLast);
    return kind === NEWLINE ? this.#skipRun(bytes, at, end, NEWLINE) : at + widthOf(bytes[at]);
  }

  #skipRun(bytes: Uint8Array, start: number, end: number, kind: number): number {
    let at = start;
    while (at < end && this.#classAt(bytes, at) === kind) at += widthOf(bytes[at]);
    return at;
  }

  #skipNumber(bytes: Uint8Array, start: number, end: number, isLast: boolean): number {
    const { digits, wholeRuns } = this.#rule;
    let at = start;
    if (digits === 0) return this.#skipRun(bytes, at, end, NUMBER);
    if (!wholeRuns) {
      for (let i = 0; i < digits && at < end && this.#classAt(bytes, at) === NUMBER; i++) at += widthOf(bytes[at]);
      return at;
    }
    // Up to a place before ASCII digits that threes fit, whatever stands behind them.
    const whole = this.#skipRun(bytes, start, end, NUMBER);
    if (whole === end && !isLast) return end;
    for (let behind = start; at < whole; at += widthOf(bytes[at])) {
      if (at >= behind) {
        behind = at;
        while (behind < whole && bytes[behind] < 0x80) behind++;
      }
      if (at > start && behind > at && (behind - at) % digits === 0) return at;
    }
    return whole;
  }

  /**
   * `\s*[\r\n]+|\s+(?!\S)|\s+`, the first only with `lineEnds`: up to the last line end, else up to the last space, which
   * goes with what follows it.
   */
  #skipSpace(bytes: Uint8Array, start: number, end: number, isLast: boolean): number {
    let at = start;
    let last = start;
    let afterNewline = 0;
    while (at < end) {
      const kind = this.#classAt(bytes, at);
      if (kind < NEWLINE) break;
      last = at;
      at += widthOf(bytes[at]);
      if (kind === NEWLINE && this.#rule.lineEnds) afterNewline = at;
    }
    if (afterNewline > 0 && (at < end || isLast)) return afterNewline; // another line end may follow
    return at === end || last === start ? at : last;
  }

  #classAt(bytes: Uint8Array, at: number): number {
    const { blockOf, facts } = this.unicode;
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

let unmarked: UnicodeFacts | undefined;

/** Facts by which marks are like punctuation. */
function withoutMarks(unicode: UnicodeFacts): UnicodeFacts {
  if (unmarked?.blockOf !== unicode.blockOf) {
    const facts = unicode.facts.map((fact) => ((fact & MARK) === 0 ? fact : (fact & ~CLASS_MASK) | OTHER));
    unmarked = { blockOf: unicode.blockOf, facts };
  }
  return unmarked;
}
