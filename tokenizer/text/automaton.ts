/**
 * Byte automata over UTF-8: runs of characters of one kind, found with one table load a byte.
 *
 * State 0 stands between characters. A lead byte goes to a state for its next byte, and so on; the last byte of an
 * accepted character goes back to 0. Every other byte goes to STOP: a character of another kind, or no UTF-8 at all.
 * States that accept the same continuations are one (about 300 for the letters of all scripts).
 */
import type { UnicodeFacts } from './unicode.ts';

export interface Automaton {
  /** Next state: `transitions[(state << 8) | byte]`. */
  readonly transitions: Uint16Array;
  readonly stop: number;
}

const START = 0;
const STOP = 0xffff;

/** @param accepts Whether a character with these facts belongs to the run. */
export function automatonOf({ blockOf, facts }: UnicodeFacts, accepts: (facts: number) => boolean): Automaton {
  const rows: Uint16Array[] = [new Uint16Array(256).fill(STOP)];
  const known = new Map<string, number>();

  /** State in which the continuation bytes `80 | i` lead to `next[i]`. */
  const stateOf = (next: readonly number[]): number => {
    if (next.every((state) => state === STOP)) return STOP;
    const key = next.join();
    let state = known.get(key);
    if (state === undefined) {
      const row = new Uint16Array(256).fill(STOP);
      row.set(next, 0x80);
      state = rows.push(row) - 1;
      known.set(key, state);
    }
    return state;
  };
  const continuations = Array.from({ length: 64 }, (_, i) => i);
  const lastByteOfBlock = new Map<number, number>();
  const lastByte = (prefix: number): number => {
    const block = blockOf[prefix];
    let state = lastByteOfBlock.get(block);
    if (state === undefined) {
      state = stateOf(continuations.map((low) => (accepts(facts[(block << 6) | low]) ? START : STOP)));
      lastByteOfBlock.set(block, state);
    }
    return state;
  };
  /** Well-formed prefixes only: not overlong, not a surrogate, not beyond U+10FFFF. */
  const isPrefix = (prefix: number, lowest: number): boolean =>
    prefix >= lowest && prefix < 0x110000 >> 6 && (prefix < 0xd800 >> 6 || prefix >= 0xe000 >> 6);

  const start = rows[START];
  for (let byte = 0; byte < 0x80; byte++) {
    if (accepts(facts[(blockOf[byte >> 6] << 6) | (byte & 63)])) start[byte] = START;
  }
  for (let lead = 0xc2; lead < 0xe0; lead++) start[lead] = lastByte(lead & 31);
  for (let lead = 0xe0; lead < 0xf0; lead++) {
    const prefixes = continuations.map((second) => ((lead & 15) << 6) | second);
    start[lead] = stateOf(prefixes.map((prefix) => (isPrefix(prefix, 0x800 >> 6) ? lastByte(prefix) : STOP)));
  }
  for (let lead = 0xf0; lead < 0xf5; lead++) {
    const seconds = continuations.map((second) => {
      const prefixes = continuations.map((third) => ((lead & 7) << 12) | (second << 6) | third);
      return stateOf(prefixes.map((prefix) => (isPrefix(prefix, 0x10000 >> 6) ? lastByte(prefix) : STOP)));
    });
    start[lead] = stateOf(seconds);
  }

  const stop = rows.length;
  const transitions = new Uint16Array(stop * 256);
  for (const [state, row] of rows.entries()) {
    transitions.set(
      row.map((next) => (next === STOP ? stop : next)),
      state * 256,
    );
  }
  return { transitions, stop };
}
