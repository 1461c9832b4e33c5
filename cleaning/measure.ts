/** Raw figures of a document (document.ts says what each means). One pass over characters, lines and tokens each. */
import type { Measurements } from './document.ts';
import { FUNCTION_WORDS, mix32, type Token } from './lexicon.ts';

export function measure(text: string, tokens: readonly Token[], plainText: boolean): Measurements {
  const characters = countCharacters(text);
  const lines = measureLines(text);
  const syllables = tokens.length;
  let alphabetic = 0;
  let letters = 0;
  let marked = 0;
  let vietnamese = 0;
  const seen = new Uint8Array(FUNCTION_WORDS.length);
  for (const token of tokens) {
    if (token.letters === 0) continue;
    alphabetic++;
    letters += token.letters;
    if (token.isMarked) marked++;
    if (token.isVietnamese || (plainText && token.isPlain)) vietnamese++;
    if (token.functionWord >= 0) seen[token.functionWord] = 1;
  }
  return {
    bytes: Buffer.byteLength(text),
    syllables,
    mean_syllable_length: ratio(letters, alphabetic),
    alphabetic_ratio: ratio(alphabetic, syllables),
    symbol_ratio: ratio(characters.symbols, text.length),
    digit_ratio: ratio(characters.digits, text.length),
    uppercase_ratio: ratio(characters.upper, characters.letters),
    diacritic_ratio: ratio(marked, alphabetic),
    vietnamese_ratio: ratio(vietnamese, alphabetic),
    stopword_hits: seen.reduce((sum, hit) => sum + hit, 0),
    dup_line_ratio: lines.repeated,
    top_3gram_ratio: topGramRatio(tokens, 3, text.length),
    dup_8gram_ratio: repeatedGramRatio(tokens, 8),
    line_punctuation_ratio: lines.punctuated,
  };
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

const LOWER = 1;
const UPPER = 2;
const DIGIT = 3;
const SYMBOL = 4;
/** Class of each UTF-16 code unit; marks, spaces, common punctuation and low surrogates stay 0. */
let classes: Uint8Array | undefined;

function characterClasses(): Uint8Array {
  if (classes !== undefined) return classes;
  const table = new Uint8Array(0x10000);
  for (let code = 0; code < 0x10000; code++) {
    const character = String.fromCharCode(code);
    if (/\p{Lu}/u.test(character)) table[code] = UPPER;
    else if (/\p{L}/u.test(character)) table[code] = LOWER;
    else if (/\p{Nd}/u.test(character)) table[code] = DIGIT;
    else if (code >= 0xd800 && code < 0xdc00) table[code] = SYMBOL;
    else if (!/[\p{M}\p{Cs}\s.,;:!?'"()[\]\-–—…“”‘’«»/%&]/u.test(character)) table[code] = SYMBOL;
  }
  classes = table;
  return table;
}

function countCharacters(text: string): { letters: number; upper: number; digits: number; symbols: number } {
  const table = characterClasses();
  const counts = new Uint32Array(5);
  for (let i = 0; i < text.length; i++) counts[table[text.charCodeAt(i)]!]!++;
  return {
    letters: counts[LOWER]! + counts[UPPER]!,
    upper: counts[UPPER]!,
    digits: counts[DIGIT]!,
    symbols: counts[SYMBOL]!,
  };
}

function measureLines(text: string): { repeated: number; punctuated: number } {
  const seen = new Set<string>();
  let lines = 0;
  let characters = 0;
  let repeated = 0;
  let punctuated = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    lines++;
    characters += line.length;
    if (seen.has(line)) repeated += line.length;
    else seen.add(line);
    if (/[.!?…:;,"”’»)\]]$/.test(line)) punctuated++;
  }
  return { repeated: ratio(repeated, characters), punctuated: ratio(punctuated, lines) };
}

/** Open addressing: gram hash → count, and where it stood first. Kept between documents, cleared for each. */
let slots = { keys: new Int32Array(0), counts: new Int32Array(0), firsts: new Int32Array(0) };

function clearSlots(grams: number): number {
  let size = 64;
  while (size < grams * 2) size *= 2;
  if (slots.keys.length < size) {
    slots = { keys: new Int32Array(size), counts: new Int32Array(size), firsts: new Int32Array(size) };
  } else {
    slots.counts.fill(0, 0, size);
  }
  return size - 1;
}

/** Slot of the gram; its count is 0 when it is new. */
function slotOf(key: number, mask: number): number {
  let slot = key & mask;
  while (slots.counts[slot] !== 0 && slots.keys[slot] !== key) slot = (slot + 1) & mask;
  return slot;
}

const BASE = 0x01000193;

/** Calls `visit(hash, start)` for every gram of `n` tokens: a polynomial hash rolled over the tokens' own. */
function eachGram(tokens: readonly Token[], n: number, visit: (hash: number, start: number) => void): void {
  let oldest = 1;
  for (let i = 1; i < n; i++) oldest = Math.imul(oldest, BASE);
  let rolling = 0;
  for (let i = 0; i < tokens.length; i++) {
    if (i >= n) rolling = (rolling - Math.imul(tokens[i - n]!.hash, oldest)) | 0;
    rolling = (Math.imul(rolling, BASE) + tokens[i]!.hash) | 0;
    if (i >= n - 1) visit(mix32(rolling), i - n + 1);
  }
}

/** Characters of the most frequent gram (if it repeats) / characters. */
function topGramRatio(tokens: readonly Token[], n: number, characters: number): number {
  const mask = clearSlots(tokens.length);
  let top = 0;
  eachGram(tokens, n, (hash, start) => {
    const slot = slotOf(hash, mask);
    if (slots.counts[slot] === 0) {
      slots.keys[slot] = hash;
      slots.firsts[slot] = start;
    }
    const count = ++slots.counts[slot]!;
    if (count < 2) return;
    let length = n - 1;
    for (let i = 0; i < n; i++) length += tokens[slots.firsts[slot]! + i]!.length;
    if (count * length > top) top = count * length;
  });
  return Math.min(1, ratio(top, characters));
}

/** Tokens covered by grams that stood before / tokens. */
function repeatedGramRatio(tokens: readonly Token[], n: number): number {
  const mask = clearSlots(tokens.length);
  let covered = 0;
  let coveredUntil = 0;
  eachGram(tokens, n, (hash, start) => {
    const slot = slotOf(hash, mask);
    if (slots.counts[slot]! > 0) {
      covered += start + n - Math.max(start, coveredUntil);
      coveredUntil = start + n;
    } else {
      slots.keys[slot] = hash;
      slots.counts[slot] = 1;
    }
  });
  return ratio(covered, tokens.length);
}
