/**
 * BPE dropout (arXiv:1910.13267): at each step every merge that might be made is left out with some chance, so that a model sees a text in
 * other tokens too, rare ones among them, and the parts that tokens are made of. The ids decode to the same text. Plain code: every
 * pretoken is merged anew, some ten times slower than without.
 */
import { type BpeModel, BYTE_TOKENS, mergeCount, vocabSizeOf } from '../model.ts';
import { ID_OF_BYTE } from '../text/byte-level.ts';
import { PaddedText } from '../text/padded-text.ts';
import { PairTable } from '../text/pair-table.ts';
import { Pretokenizer } from '../text/pretokenize.ts';
import { toWellFormed } from '../text/well-formed.ts';
import type { TokenIds } from './encode.ts';
import { NONE } from './merge-word.ts';

/** Bytes that are merged together: looking at all pairs for each merge is quadratic. What is longer is cut, as if merges were left out. */
const LONGEST = 96;

export interface Dropout {
  /** Chance that a merge is left out at a step, 0…1. */
  readonly share: number;
  /** A number 0…1, the next each time. */
  readonly random: () => number;
}

export class DropoutEncoder {
  readonly #pairs: PairTable;
  readonly #pretokenizer: Pretokenizer;
  readonly #acrossSpaces: boolean;
  readonly #TokenArray: Uint16ArrayConstructor | Uint32ArrayConstructor;
  readonly #word = new Int32Array(LONGEST);
  readonly #made = new Int32Array(LONGEST);

  constructor(model: BpeModel) {
    this.#pairs = new PairTable(mergeCount(model));
    for (let i = 0; i < model.merges.length; i += 2) {
      this.#pairs.add(model.merges[i], model.merges[i + 1], BYTE_TOKENS + i / 2);
    }
    this.#pretokenizer = new Pretokenizer(model.split);
    this.#acrossSpaces = model.split.acrossSpaces;
    this.#TokenArray = vocabSizeOf(model) <= 1 << 16 ? Uint16Array : Uint32Array;
  }

  /** Ids of a text in NFC. */
  encode(text: Uint8Array, dropout: Dropout): TokenIds {
    const bytes = toWellFormed(text);
    const padded = new PaddedText(bytes.length);
    padded.set(bytes);
    const ids = new this.#TokenArray(bytes.length);
    const pretokenizer = this.#pretokenizer;
    let count = 0;
    for (let start = 0; start < bytes.length; ) {
      let end = pretokenizer.next(padded, start);
      // Across spaces pretokens that merges may join are merged together, as far as they fit.
      for (let joins = this.#acrossSpaces && pretokenizer.joins; joins && end < bytes.length; ) {
        const next = pretokenizer.next(padded, end);
        joins = pretokenizer.joins && next - start <= LONGEST;
        if (joins) end = next;
      }
      for (; start < end; start += LONGEST) {
        const length = this.#merge(bytes.subarray(start, Math.min(end, start + LONGEST)), dropout);
        for (let i = 0; i < length; i++) ids[count++] = this.#word[i];
      }
      start = end;
    }
    return ids.slice(0, count);
  }

  /** Writes the ids of a pretoken to #word. @returns how many they are. */
  #merge(bytes: Uint8Array, { share, random }: Dropout): number {
    const word = this.#word;
    const made = this.#made; // by the pair that begins at each symbol
    let count = bytes.length;
    for (let i = 0; i < count; i++) word[i] = ID_OF_BYTE[bytes[i]];
    for (let i = 0; i + 1 < count; i++) made[i] = this.#madeBy(word[i], word[i + 1]);
    for (;;) {
      let lowest = NONE;
      let at = 0;
      for (let i = 0; i + 1 < count; i++) {
        if (made[i] >= lowest || random() < share) continue;
        lowest = made[i];
        at = i;
      }
      if (lowest === NONE) return count;
      count--;
      word[at] = lowest;
      word.copyWithin(at + 1, at + 2, count + 1);
      made.copyWithin(at + 1, at + 2, count + 1);
      if (at > 0) made[at - 1] = this.#madeBy(word[at - 1], lowest);
      if (at + 1 < count) made[at] = this.#madeBy(lowest, word[at + 1]);
    }
  }

  #madeBy(left: number, right: number): number {
    const id = this.#pairs.get(left, right);
    return id < 0 ? NONE : id;
  }
}
