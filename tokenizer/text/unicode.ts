/**
 * What the tokenizer must know about each Unicode character, one byte each, looked up by the parts of its UTF-8 form:
 *
 *   code point   zzzzzz zzzzzyyyyyy yxxxxxx
 *                └── code point >> 6 ──┘└ low six bits: the last byte of the UTF-8 form
 *                  blockOf[…] ──────────→ facts[block << 6 | low six bits]
 *
 * Built on first use from the `\p{…}` and `normalize` of the JavaScript engine; equal blocks of 64 characters are
 * stored once, which leaves 57 kB of 1.1 MB.
 */

/** Classes of the split rule; see pretokenize.ts. */
export const OTHER = 0;
export const LETTER = 1; //  \p{L} and \p{M}
export const NUMBER = 2; //  \p{N}
export const NEWLINE = 3; // \r and \n
export const SPACE = 4; //   the rest of \s
export const CLASS_MASK = 7;
/**
 * May change under NFC, or may change a neighbour: all but those of NFC_Quick_Check=Yes and combining class 0.
 * Text without such a character is NFC.
 */
export const UNSTABLE = 8;
/** Of the letters those that are marks, \p{M}. */
export const MARK = 16;

export interface UnicodeFacts {
  /** Block number for each `code point >> 6`. */
  readonly blockOf: Uint16Array;
  /** Class and flag of each character, 64 a block. */
  readonly facts: Uint8Array;
}

const CODE_POINTS = 0x110000;
const BLOCK = 64;
/** Characters classified at a time. */
const CHUNK = 1024;

let built: UnicodeFacts | undefined;

export function unicodeFacts(): UnicodeFacts {
  built ??= compact(buildFacts());
  return built;
}

function buildFacts(): Uint8Array {
  const facts = new Uint8Array(CODE_POINTS);
  const composed: Composed[] = [];
  for (let first = 0; first < CODE_POINTS; first += CHUNK) {
    if (first >= 0xd800 && first < 0xe000) continue; // surrogates are no characters
    const text = range(first, CHUNK);
    if (/^[\p{Cn}\p{Co}]+$/u.test(text)) continue; // unassigned or private: most of Unicode
    classify(text, first, facts);
    for (let i = first; i < first + CHUNK; i += BLOCK) markUnstable(i, facts, composed);
  }
  // A character that begins with such a later part joins what stands before it as well (so far one script has it).
  for (const { whole, head } of composed) if ((facts[head] & UNSTABLE) !== 0) facts[whole] |= UNSTABLE;
  return facts;
}

/** A character with a decomposition, and the first character of that. */
interface Composed {
  readonly whole: number;
  readonly head: number;
}

/** Consecutive characters, each between the two given ones where given. */
function range(first: number, count: number, before?: number, after?: number): string {
  const units: number[] = [];
  for (let codePoint = first; codePoint < first + count; codePoint++) {
    if (before !== undefined) units.push(before);
    if (codePoint < 0x10000) units.push(codePoint);
    else units.push(0xd7c0 + (codePoint >> 10), 0xdc00 | (codePoint & 0x3ff));
    if (after !== undefined) units.push(after);
  }
  return String.fromCharCode(...units);
}

/** Oniguruma's `\s`, as tokenizer.json is read elsewhere, is White_Space; JavaScript's adds U+FEFF and lacks U+0085. */
const CLASSES: readonly (readonly [value: number, runs: RegExp])[] = [
  [LETTER, /\p{L}+/gu],
  [LETTER | MARK, /\p{M}+/gu],
  [NUMBER, /\p{N}+/gu],
  [NEWLINE, /[\r\n]+/gu],
  [SPACE, /[^\P{White_Space}\r\n]+/gu],
];

function classify(text: string, first: number, facts: Uint8Array): void {
  const width = text.length / CHUNK;
  for (const [value, runs] of CLASSES) {
    for (const { 0: run, index } of text.matchAll(runs)) {
      facts.fill(value, first + index / width, first + (index + run.length) / width);
    }
  }
}

/**
 * Marks the characters that NFC replaces, that can be the later part of a composition, or that have a combining class.
 * A character with a combining class changes places under NFD with U+0301 (class 230) before it or U+0334 (class 1)
 * after it; all others stay between them, so that one call clears most blocks.
 */
function markUnstable(first: number, facts: Uint8Array, composed: Composed[]): void {
  const isUntouched = (text: string): boolean => text.normalize('NFD') === text;
  if (isUntouched(range(first, BLOCK, 0x301, 0x334))) return;
  for (let codePoint = first; codePoint < first + BLOCK; codePoint++) {
    const character = String.fromCodePoint(codePoint);
    const [head, ...later] = Array.from(character.normalize('NFD'), (part) => part.codePointAt(0)!);
    const hasClass = head === codePoint && !isUntouched(range(codePoint, 1, 0x301, 0x334));
    if (hasClass || character.normalize('NFC') !== character) facts[codePoint] |= UNSTABLE;
    for (const part of later) facts[part] |= UNSTABLE;
    if (head !== codePoint) composed.push({ whole: codePoint, head: head! });
  }
}

function compact(facts: Uint8Array): UnicodeFacts {
  const numbers = new Map<string, number>();
  const blocks: Uint8Array[] = [];
  const blockOf = new Uint16Array(CODE_POINTS / BLOCK);
  for (let i = 0; i < blockOf.length; i++) {
    const block = facts.subarray(i * BLOCK, (i + 1) * BLOCK);
    const previous = i > 0 ? blocks[blockOf[i - 1]] : undefined;
    if (previous?.every((value, j) => value === block[j])) {
      blockOf[i] = blockOf[i - 1];
      continue;
    }
    const key = block.join();
    const number = numbers.get(key) ?? blocks.push(block) - 1;
    numbers.set(key, number);
    blockOf[i] = number;
  }
  const joined = new Uint8Array(blocks.length * BLOCK);
  for (const [number, block] of blocks.entries()) joined.set(block, number * BLOCK);
  return { blockOf, facts: joined };
}
