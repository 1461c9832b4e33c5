/**
 * The loops over every byte of a text in WebAssembly with 16-byte vectors: what pretokenize.ts, byte-table.ts and
 * well-formed.ts do, for the common case. Each function stops where it has no answer (a key that is long or beyond the
 * table's limit; the end of a window) and returns that place; the plain code goes on from there. So there is one
 * meaning, written in TypeScript, and this makes it faster (a test holds the two together).
 */
import type { SplitRule } from '../text/split.ts';
import { JOIN, LONGEST } from './join.ts';
import { BATCH, FOUND_BYTES, scanSource } from './scan.ts';
import { STABLE } from './stable.ts';
import { WORDS } from './words.ts';

/** Places in linear memory of what does not change. */
export interface KernelLayout {
  /** Class of each ASCII character, one byte each. */
  readonly ascii: number;
  /** 16 bytes of ones, then 16 of zeros: the mask of an n-byte key begins at 16 − n. */
  readonly mask: number;
  /** `blockOf` and `facts` of unicode.ts. */
  readonly blocks: number;
  readonly facts: number;
  /** Transitions of the automata of letters (pretokenize.ts) and of stable characters (well-formed.ts). */
  readonly letters: number;
  readonly lettersStop: number;
  readonly stable: number;
  readonly stableStop: number;
  /** Id of each byte. */
  readonly idOfByte: number;
  /** `vectorBytes`. */
  readonly vectors: number;
  /** Room for BATCH_BYTES, and for MADE_BYTES. */
  readonly found: number;
  readonly made: number;
  /** Room for PIECE_BYTES. */
  readonly piece: number;
}

/** What the pairs of a word make, and two vectors behind. */
export const MADE_BYTES = 4 * (LONGEST + 8);

/** What the kernel shares as globals. */
const GLOBALS = [
  'slots', //        of the ByteTable
  'slotMask', //     their number minus 1
  'room', //         how many keys may be added
  'added', //        keys that were
  'addedBytes', //   and their bytes
  'ids', //          where ids go next
  'pool', //         where ids of pretokens of several tokens stand
  'poolEnd', //      ids in the pool
  'pairs', //        slots of the PairTable
  'pairMask', //     their number minus 1
  'sieve', //        of the PairTable
  'joinable', //     bits of encode/join.ts
  'flag', //         put on the first id of a pretoken that merges across spaces may join to the one before, 0 for none
  'wasJoining', //  whether merges across spaces may go on from the last pretoken
  'foundEnd',
  'touched',
] as const;

/** Addresses are absolute. A text stands between 16 zero bytes and 80 zero bytes. */
export interface KernelExports extends Readonly<Record<(typeof GLOBALS)[number], WebAssembly.Global>> {
  /** Where the first character stands that NFC might change, or the first byte that is not UTF-8; `end` when none does. */
  stableUntil(start: number, end: number): number;
  /** Counts pretokens. `last`: 1 when the text ends at `end`, 0 when it goes on. @returns where it stopped. */
  count(start: number, end: number, last: number): number;
  /** Writes the ids of pretokens; merges new ones and adds them to the table. @returns where it stopped. */
  encode(start: number, end: number, last: number): number;
  /**
   * Joins the tokens from `start` to `end` across spaces and writes what they make from `write` on, which is not behind
   * `start`; `ids` is then its end. `last`: 0 when more tokens follow. @returns where it stopped.
   */
  join(start: number, end: number, write: number, last: number): number;
}

/** WebAssembly text of the kernel for a split rule and a layout. */
export function kernelSource(layout: KernelLayout, rule: SplitRule): string {
  const values: Readonly<Record<string, number>> = {
    ...Object.fromEntries(Object.entries(layout).map(([name, place]) => [constantCase(name), place])),
    FOUND_END: layout.found + BATCH * FOUND_BYTES,
    MADE_NEXT: layout.made + 4,
  };
  const source = `(module
(import "env" "memory" (memory 1))
${GLOBALS.map((name) => `(global $${name} (export "${name}") (mut i32) (i32.const 0))`).join('\n')}
${scanSource(rule)}
${WORDS}
${JOIN}
${STABLE}
)`;
  return source.replace(/\b([A-Z_]{4,})(?:\+(\d+))?\b/g, (text, name, more = 0) =>
    name in values ? String(values[name] + Number(more)) : text,
  );
}

/** idOfByte → ID_OF_BYTE */
const constantCase = (name: string): string => name.replace(/[A-Z]/g, '_$&').toUpperCase();
