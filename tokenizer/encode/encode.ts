/**
 * Text → ids. Each pretoken is looked up in a cache of those met before (in Vietnamese more than 99 % are); what is new
 * is merged by BPE. Needs nothing of Node: runs in workers and in the browser as well.
 */

import { type BpeModel, BYTE_TOKENS, mergeCount, vocabSizeOf } from '../model.ts';
import { ID_OF_BYTE } from '../text/byte-level.ts';
import { PairTable } from '../text/pair-table.ts';
import { CONTINUES, SyllableJoiner } from './join.ts';
import { SCAN_LIMIT, WordMerger } from './merge-word.ts';
import { Scanner, type ScannerOptions } from './scanner.ts';

/** Uint16Array while the vocabulary has at most 65,536 ids. */
export type TokenIds = Uint16Array | Uint32Array;

/** The cache starts anew when it holds so many pretokens or ids: at most 40 MB, whatever the text. */
const CACHED_PRETOKENS = 1 << 18;
const CACHED_IDS = 1 << 20;
/** Longer pretokens are rare, and merged each time. */
const CACHED_BYTES = 64;
/** A larger buffer for the ids of one text is not kept for the next. */
const LARGEST_KEPT = 1 << 20;

/** A slot of the cache: the ids of one token or two, or where more of them stand in the pool; and how many they are. */
const INLINE_IDS = 2;
const TOKENS = 3;

export class Encoder {
  readonly #scanner: Scanner;
  readonly #merger: WordMerger;
  readonly #joiner: SyllableJoiner | undefined;
  readonly #TokenArray: Uint16ArrayConstructor | Uint32ArrayConstructor;
  readonly #word = new Int32Array(SCAN_LIMIT);
  /** Ids of a text of several windows, or before merges across spaces. */
  #ids = new Int32Array(1 << 12);
  /** How many `#encodeWindow` gave. */
  #windowIds = 0;

  /** @param options How the text is scanned: for tests. */
  constructor(model: BpeModel, options: Partial<ScannerOptions> = {}) {
    const pairs = new PairTable(mergeCount(model));
    for (let i = 0; i < model.merges.length; i += 2) {
      pairs.add(model.merges[i], model.merges[i + 1], BYTE_TOKENS + i / 2);
    }
    const { split } = model;
    const { acrossSpaces } = split;
    this.#merger = new WordMerger(pairs);
    this.#joiner = acrossSpaces ? new SyllableJoiner(model, this.#merger) : undefined;
    this.#scanner = new Scanner({ split, joinable: this.#joiner?.joinable, pool: CACHED_IDS, pairs, ...options });
    this.#TokenArray = vocabSizeOf(model) <= 1 << 16 ? Uint16Array : Uint32Array;
  }

  /**
   * Ids of a text, in an array of its own. The text is brought to NFC first; bytes that are not UTF-8 and lone
   * surrogates become U+FFFD. The names of special tokens are text like any other.
   */
  encode(text: Uint8Array | string): TokenIds {
    const ids = this.encodeSyllables(text);
    const { length } = ids;
    const count = this.#joiner?.join(ids, length, (at) => this.#scanner.skipJoined(ids, length, at)) ?? length;
    return new this.#TokenArray(ids.subarray(0, count));
  }

  /** Ids of bytes as one pretoken. */
  mergeAll(bytes: Uint8Array): number[] {
    const word = Int32Array.from(bytes, (byte) => ID_OF_BYTE[byte]);
    return Array.from(word.subarray(0, this.#merger.merge(word, word.length)));
  }

  /**
   * Ids before any merge across spaces; valid until the next call. When the model has such merges, the first id of a
   * syllable that follows another, with one space between, bears the flag CONTINUES.
   */
  encodeSyllables(text: Uint8Array | string): Int32Array {
    const scanner = this.#scanner;
    const wellFormed = scanner.wellFormed(text);
    scanner.wasJoining = false;
    let kept = 0;
    for (let from = 0, done = 0; from < wellFormed.length; from += done) {
      const isLast = scanner.load(wellFormed, from);
      done = this.#encodeWindow(isLast);
      if (isLast && from === 0 && done === wellFormed.length) return scanner.ids.subarray(0, this.#windowIds);
      if (done === 0) scanner.enlarge();
      this.#keepIds(scanner.ids.subarray(0, this.#windowIds), kept);
      kept += this.#windowIds;
    }
    scanner.reset();
    const ids = this.#ids;
    if (ids.length > LARGEST_KEPT) this.#ids = new Int32Array(1 << 12);
    return ids.subarray(0, kept);
  }

  /** Ids of what of the window is sure to end in it. @returns the end of that; `windowIds` is then their number. */
  #encodeWindow(isLast: boolean): number {
    const scanner = this.#scanner;
    const { pretokenizer } = scanner;
    const { length } = scanner.text;
    let count = 0;
    let start = 0;
    for (;;) {
      start = scanner.skipEncoded(start, isLast, count, this.#room);
      count = scanner.skippedIds;
      if (start === length) break;
      const end = pretokenizer.next(scanner.text, start, isLast);
      if (end === length && !isLast) break; // it may go on
      const first = count;
      count = end - start > CACHED_BYTES ? this.#appendMerged(count, start, end) : this.#append(count, start, end);
      if (this.#joiner !== undefined && scanner.wasJoining && pretokenizer.joins) scanner.ids[first] |= CONTINUES;
      scanner.wasJoining = pretokenizer.joins;
      start = end;
    }
    this.#windowIds = count;
    return start;
  }

  /** Writes the ids of a short pretoken at `at`. @returns the end of what is written. */
  #append(at: number, start: number, end: number): number {
    const { table: cache } = this.#scanner;
    if (this.#room <= 0) this.#scanner.clear();
    const slot = cache.slotOf(this.#scanner.text, start, end) << 3;
    const { ids, pool } = this.#scanner; // a new key may have moved them
    const { i32 } = cache;
    const known = i32[slot + TOKENS];
    if (known > 0) {
      if (known <= INLINE_IDS) for (let i = 0; i < known; i++) ids[at + i] = i32[slot + i];
      else for (let i = 0, first = i32[slot]; i < known; i++) ids[at + i] = pool[first + i];
      return at + known;
    }
    const written = this.#appendMerged(at, start, end);
    i32[slot + TOKENS] = written - at;
    if (written - at <= INLINE_IDS) for (let i = at; i < written; i++) i32[slot + i - at] = ids[i];
    else {
      const { poolEnd } = this.#scanner;
      i32[slot] = poolEnd;
      pool.set(ids.subarray(at, written), poolEnd);
      this.#scanner.poolEnd = poolEnd + written - at;
    }
    return written;
  }

  /** Pretokens that the cache may still take. */
  get #room(): number {
    const { table, poolEnd } = this.#scanner;
    return Math.min(CACHED_PRETOKENS - table.size, Math.floor((CACHED_IDS - poolEnd) / CACHED_BYTES) - 1);
  }

  #appendMerged(at: number, start: number, end: number): number {
    const { ids, text } = this.#scanner;
    const length = end - start;
    const word = length <= SCAN_LIMIT ? this.#word : new Int32Array(length);
    for (let i = 0; i < length; i++) word[i] = ID_OF_BYTE[text.bytes[start + i]];
    const count = this.#merger.merge(word, length);
    for (let i = 0; i < count; i++) ids[at + i] = word[i];
    return at + count;
  }

  #keepIds(ids: Int32Array, at: number): void {
    if (at + ids.length > this.#ids.length) {
      const larger = new Int32Array(2 * (at + ids.length));
      larger.set(this.#ids.subarray(0, at));
      this.#ids = larger;
    }
    this.#ids.set(ids, at);
  }
}
