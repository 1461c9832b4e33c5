/**
 * BpeModel: what training yields and what a tokenizer.json says. Its ids, in order:
 *
 *   0 … 255           single bytes, in the order of byte-level.ts
 *   256 … 255+merges  the result of each merge: first those within syllables, then those across spaces
 *   the rest          special tokens: last, so that no other id depends on how many there are
 */
import { BYTE_OF_ID } from './text/byte-level.ts';
import type { SplitRule } from './text/split.ts';

export interface BpeModel {
  /** Left and right id of each merge, in order: merge i, `[merges[2i], merges[2i+1]]`, makes the id 256 + i. */
  readonly merges: Int32Array;
  readonly specialTokens: readonly string[];
  readonly split: SplitRule;
}

/** Every tokenizer made here has these, in this order. */
export const SPECIAL_TOKENS: readonly string[] = [
  '<|bos|>',
  '<|eos|>',
  '<|pad|>',
  '<|system|>',
  '<|user|>',
  '<|assistant|>',
  '<|end|>',
  ...Array.from({ length: 9 }, (_, i) => `<|reserved_${i}|>`),
];
export const BYTE_TOKENS = 256;
export const MIN_VOCAB_SIZE = BYTE_TOKENS + SPECIAL_TOKENS.length;

export const mergeCount = (model: BpeModel): number => model.merges.length / 2;
export const vocabSizeOf = (model: BpeModel): number => BYTE_TOKENS + mergeCount(model) + model.specialTokens.length;

/** The bytes of every byte token and merge: token `id` is `bytes[starts[id], starts[id + 1])`. */
export interface TokenBytes {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
}

export function tokenBytesOf(model: BpeModel): TokenBytes {
  const { merges } = model;
  const count = BYTE_TOKENS + mergeCount(model);
  const starts = new Uint32Array(count + 1);
  const lengthOf = (id: number): number => starts[id + 1] - starts[id];
  for (let id = 0; id < count; id++) {
    const merge = 2 * (id - BYTE_TOKENS);
    const length = id < BYTE_TOKENS ? 1 : lengthOf(merges[merge]) + lengthOf(merges[merge + 1]);
    starts[id + 1] = starts[id] + length;
  }
  const bytes = new Uint8Array(starts[count]);
  bytes.set(BYTE_OF_ID);
  for (let id = BYTE_TOKENS; id < count; id++) {
    let at = starts[id];
    for (const part of merges.subarray(2 * (id - BYTE_TOKENS), 2 * (id - BYTE_TOKENS) + 2)) {
      bytes.copyWithin(at, starts[part], starts[part + 1]);
      at += lengthOf(part);
    }
  }
  return { bytes, starts };
}

/** Index of the first merge across a space; the number of merges when there is none. */
export function firstMergeAcross(model: BpeModel): number {
  const count = mergeCount(model);
  if (!model.split.acrossSpaces) return count;
  const tokens = tokenBytesOf(model);
  let merge = 0;
  while (merge < count && !crossesSpace(tokens, model, merge)) merge++;
  return merge;
}

const SPACE = 0x20;
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Whether a merge is one across spaces: its right token begins with a space, and its left one ends with a letter or mark
 * that it holds whole; of whole runs, it holds whole characters.
 */
export function crossesSpace({ bytes, starts }: TokenBytes, { merges, split }: BpeModel, merge: number): boolean {
  const [left, right] = [merges[2 * merge], merges[2 * merge + 1]];
  if (bytes[starts[right]] !== SPACE) return false;
  const end = starts[left + 1];
  if (split.wholeRuns) return keepsCharacters(bytes.subarray(starts[left], end));
  return endsWithLetter(bytes.subarray(Math.max(starts[left], end - LONGEST_CHARACTER), end));
}

const LONGEST_CHARACTER = 4;

export const endsWithLetter = (bytes: Uint8Array): boolean => /[\p{L}\p{M}]$/u.test(DECODER.decode(bytes));

/** Whether the bytes are whole characters, or a part of one: no token then joins parts of two. */
export function keepsCharacters(bytes: Uint8Array): boolean {
  let head = bytes.length - 1;
  while (head > 0 && (bytes[head] & 0xc0) === 0x80) head--;
  if (head === 0) return true; // one character, or some of its bytes
  const width = bytes[head] < 0x80 ? 1 : bytes[head] < 0xe0 ? 2 : bytes[head] < 0xf0 ? 3 : 4;
  return (bytes[0] & 0xc0) !== 0x80 && bytes.length - head === width;
}
