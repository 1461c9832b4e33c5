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
/** Planes in which nothing has been assigned so far: the test of all classes would tell. */
const EMPTY_PLANES = { first: 0x40000, end: 0xe0000 } as const;
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
    if (first === EMPTY_PLANES.first) first = EMPTY_PLANES.end;
    const text = range(first, CHUNK);
    if (/^[\p{Cn}\p{Co}]+$/u.test(text)) continue; // unassigned or private: most of Unicode
    if (/^\p{L}+$/u.test(text)) facts.fill(LETTER, first, first + CHUNK);
    else classify(text, first, facts);
    // A combining class have marks alone.
    if (!/\p{M}/u.test(text) && text.normalize('NFD') === text) continue;
    for (let i = first; i < first + CHUNK; i += BLOCK) {
      if (i < HANGUL.first || i + BLOCK > HANGUL.end) markUnstable(i, facts, composed);
    }
  }
  for (const part of HANGUL_PARTS) facts[part] |= UNSTABLE;
  // A character that begins with such a later part joins what stands before it as well (so far one script has it).
  for (const { whole, head } of composed) if ((facts[head] & UNSTABLE) !== 0) facts[whole] |= UNSTABLE;
  return facts;
}

/** Blocks of Hangul syllables alone: all are composed, of a first, a vowel and perhaps a last, by rule. */
const HANGUL = { first: 0xac00, end: 0xd780 } as const;
/** The vowels and the lasts. */
const HANGUL_PARTS = [
  ...Array.from({ length: 21 }, (_, i) => 0x1161 + i),
  ...Array.from({ length: 27 }, (_, i) => 0x11a8 + i),
];

/** A character with a decomposition, and the first character of that. */
interface Composed {
  readonly whole: number;
  readonly head: number;
}

/** Consecutive characters. */
function range(first: number, count: number): string {
  const units: number[] = [];
  for (let codePoint = first; codePoint < first + count; codePoint++) {
    if (codePoint < 0x10000) units.push(codePoint);
    else units.push(0xd7c0 + (codePoint >> 10), 0xdc00 | (codePoint & 0x3ff));
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
 * Marks the characters that NFC replaces, that can be the later part of a composition, or that have a combining class. A
 * mark with a combining class changes places under NFD with U+0301 (class 230) before it or U+0334 (class 1) after it.
 */
function markUnstable(first: number, facts: Uint8Array, composed: Composed[]): void {
  const block = range(first, BLOCK);
  const hasMarks = /\p{M}/u.test(block);
  if (!hasMarks && block.normalize('NFD') === block) return;
  for (let codePoint = first; codePoint < first + BLOCK; codePoint++) {
    const character = String.fromCodePoint(codePoint);
    const parts = character.normalize('NFD');
    if (parts === character) {
      if ((facts[codePoint] & MARK) === 0) continue;
      const between = `\u0301${character}\u0334`;
      if (between.normalize('NFD') !== between) facts[codePoint] |= UNSTABLE;
      continue;
    }
    const [head, ...later] = Array.from(parts, (part) => part.codePointAt(0)!);
    if (character.normalize('NFC') !== character) facts[codePoint] |= UNSTABLE;
    for (const part of later) facts[part] |= UNSTABLE;
    if (head !== codePoint) composed.push({ whole: codePoint, head: head! });
  }
}

function compact(facts: Uint8Array): UnicodeFacts {
  const numbers = new Map<string, number>();
  const blocks: Uint8Array[] = [];
  const blockOf = new Uint16Array(CODE_POINTS / BLOCK);
  const words = new Int32Array(facts.buffer);
  for (let i = 0; i < blockOf.length; i++) {
    if (i > 0 && isLikePrevious(words, i)) {
      blockOf[i] = blockOf[i - 1];
      continue;
    }
    const block = facts.subarray(i * BLOCK, (i + 1) * BLOCK);
    const key = block.join();
    const number = numbers.get(key) ?? blocks.push(block) - 1;
    numbers.set(key, number);
    blockOf[i] = number;
  }
  const joined = new Uint8Array(blocks.length * BLOCK);
  for (const [number, block] of blocks.entries()) joined.set(block, number * BLOCK);
  return { blockOf, facts: joined };
}

/** Four characters a word. */
function isLikePrevious(words: Int32Array, block: number): boolean {
  const length = BLOCK / 4;
  for (let i = block * length; i < (block + 1) * length; i++) if (words[i] !== words[i - length]) return false;
  return true;
}
