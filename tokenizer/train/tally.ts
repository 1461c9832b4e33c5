/**
 * The three passes over the text of a corpus. Each is a Tally, which takes texts one by one; tallies of parts of a
 * corpus, in any order, add up to the tally of the whole. Their memory grows with what is distinct, not with the text.
 *
 *   words        how often each pretoken stands: what merges within syllables are learned from
 *   neighbours   about how often two tokens meet across a space: never too low
 *   pieces       how often each piece of a run of syllables stands, cut where two tokens meet too rarely to be merged
 */

import { Encoder } from '../encode/encode.ts';
import { CONTINUES } from '../encode/join.ts';
import { Scanner, type ScannerOptions } from '../encode/scanner.ts';
import type { BpeModel } from '../model.ts';
import { ByteTable } from '../text/byte-table.ts';
import { PaddedText } from '../text/padded-text.ts';
import { hashOfPair } from '../text/pair-table.ts';
import type { SplitRule } from '../text/split.ts';

export type TallyTask =
  | { readonly kind: 'words'; readonly split: SplitRule }
  | { readonly kind: 'neighbours'; readonly model: BpeModel }
  | {
      readonly kind: 'pieces';
      readonly model: BpeModel;
      readonly neighbours: Uint32Array;
      /** Tokens that meet fewer times are cut apart. */
      readonly threshold: number;
    };

/** Distinct byte strings, one after the other in `bytes`, and how often each stands, exact to 2^53. */
export interface CountedKeys {
  readonly bytes: Uint8Array;
  readonly lengths: Uint32Array;
  readonly counts: Float64Array;
}

export type TallyResult = CountedKeys | Uint32Array;

export interface Tally {
  /** Distinct keys so far. */
  readonly size: number;
  add(text: Uint8Array): void;
  result(): TallyResult;
}

export function tallyOf(task: TallyTask): Tally {
  if (task.kind === 'words') return new WordTally(task);
  if (task.kind === 'neighbours') return new NeighbourTally(task.model);
  return new PieceTally(task.model, task.neighbours, task.threshold);
}

/** What is longer is no word, and would be walked through again for every merge in it. It is passed over. */
const MAX_WORD_BYTES = 1024;

export class WordTally implements Tally {
  readonly #scanner: Scanner;

  constructor(options: ScannerOptions) {
    this.#scanner = new Scanner(options);
  }

  get size(): number {
    return this.#scanner.table.size;
  }

  add(text: Uint8Array): void {
    const scanner = this.#scanner;
    const wellFormed = scanner.wellFormed(text);
    for (let from = 0, done = 0; from < wellFormed.length; from += done) {
      const isLast = scanner.load(wellFormed, from);
      done = this.#addWindow(isLast);
      if (done === 0) scanner.enlarge();
    }
    scanner.reset();
  }

  /** @returns the end of what of the window is sure to end in it. */
  #addWindow(isLast: boolean): number {
    const scanner = this.#scanner;
    const { table } = scanner;
    const { length } = scanner.text;
    for (let start = 0; ; ) {
      start = scanner.skipCounted(start, isLast);
      if (start === length) return start;
      const end = scanner.pretokenizer.next(scanner.text, start, isLast);
      if (end === length && !isLast) return start; // it may go on
      if (end - start <= MAX_WORD_BYTES) {
        const slot = table.slotOf(scanner.text, start, end);
        table.f64[slot * 4] += 1;
      }
      start = end;
    }
  }

  result(): CountedKeys {
    return keysOf(this.#scanner.table);
  }
}

/** Counters of pairs by hash: 32 MB. Pairs that share one are counted together, so that no count is too low. */
const NEIGHBOUR_COUNTERS = 1 << 23;
const HIGHEST = 2 ** 32 - 1;
const SharedBuffer = globalThis.SharedArrayBuffer ?? ArrayBuffer;

const counterOf = (left: number, right: number): number => hashOfPair(left, right) & (NEIGHBOUR_COUNTERS - 1);

class NeighbourTally implements Tally {
  readonly size = 0;
  readonly #encoder: Encoder;
  /** Shared where that can be, so that threads need no copy of it. */
  readonly #counters = new Uint32Array(new SharedBuffer(4 * NEIGHBOUR_COUNTERS));

  constructor(model: BpeModel) {
    this.#encoder = new Encoder(model);
  }

  add(text: Uint8Array): void {
    const counters = this.#counters;
    const ids = this.#encoder.encodeSyllables(text);
    for (let i = 1; i < ids.length; i++) {
      if ((ids[i] & CONTINUES) === 0) continue;
      const counter = counterOf(ids[i - 1] & ~CONTINUES, ids[i] & ~CONTINUES);
      if (counters[counter] < HIGHEST) counters[counter]++;
    }
  }

  result(): Uint32Array {
    return this.#counters;
  }
}

/** A longer piece is cut: merging it would take time with its square, and no text has such sentences. */
const MAX_PIECE_TOKENS = 512;
/** Bytes of an id in a key: for up to 2^24 tokens. */
const ID_BYTES = 3;

class PieceTally implements Tally {
  readonly #encoder: Encoder;
  readonly #pieces = new ByteTable();
  /** The ids of a text as keys are made of them. */
  #key = new PaddedText(1 << 16);

  readonly #neighbours: Uint32Array;
  readonly #threshold: number;

  constructor(model: BpeModel, neighbours: Uint32Array, threshold: number) {
    this.#neighbours = neighbours;
    this.#threshold = threshold;
    this.#encoder = new Encoder(model);
  }

  get size(): number {
    return this.#pieces.size;
  }

  add(text: Uint8Array): void {
    const neighbours = this.#neighbours;
    const threshold = this.#threshold;
    const pieces = this.#pieces;
    const ids = this.#encoder.encodeSyllables(text);
    const key = this.#writeKey(ids);
    let start = 0;
    for (let at = 0; at < ids.length; at++) {
      // A piece goes on over a space only: what else stands behind a token of phase 1 was not merged there.
      const meets =
        at + 1 < ids.length &&
        (ids[at + 1] & CONTINUES) !== 0 &&
        at + 1 - start < MAX_PIECE_TOKENS &&
        neighbours[counterOf(ids[at] & ~CONTINUES, ids[at + 1] & ~CONTINUES)] >= threshold;
      if (meets) continue;
      if (at > start) {
        const slot = pieces.slotOf(key, start * ID_BYTES, (at + 1) * ID_BYTES);
        pieces.f64[slot * 4] += 1;
      }
      start = at + 1;
    }
  }

  result(): CountedKeys {
    return keysOf(this.#pieces);
  }

  #writeKey(ids: Int32Array): PaddedText {
    if (ids.length * ID_BYTES > this.#key.capacity) this.#key = new PaddedText(2 * ids.length * ID_BYTES);
    const { bytes } = this.#key;
    for (let i = 0, at = 0; i < ids.length; i++, at += ID_BYTES) {
      const id = ids[i] & ~CONTINUES;
      bytes[at] = id;
      bytes[at + 1] = id >> 8;
      bytes[at + 2] = id >> 16;
    }
    return this.#key;
  }
}

/** The ids of a piece, three bytes each. */
export function idsOfPieces({ bytes }: CountedKeys): Int32Array {
  return Int32Array.from({ length: bytes.length / ID_BYTES }, (_, i) => {
    return bytes[ID_BYTES * i] | (bytes[ID_BYTES * i + 1] << 8) | (bytes[ID_BYTES * i + 2] << 16);
  });
}

/** A guess of how often the last of so many merges stands, rather too low than too high: a power of two. */
export function thresholdFor(neighbours: Uint32Array, pairs: number): number {
  const byBits = new Float64Array(33);
  for (let i = 0; i < neighbours.length; i++) byBits[32 - Math.clz32(neighbours[i])]++;
  let bits = 32;
  for (let more = 0; bits > 0; bits--) {
    more += byBits[bits];
    if (more >= pairs) break;
  }
  return 2 ** Math.max(0, bits - 2);
}

function keysOf(table: ByteTable): CountedKeys {
  const lengths = new Uint32Array(table.size);
  const counts = new Float64Array(table.size);
  const bytes = new Uint8Array(table.keyBytes);
  let key = 0;
  let at = 0;
  for (let slot = 0; slot < table.capacity; slot++) {
    const length = table.lengthAt(slot);
    if (length === 0) continue;
    table.copyKey(slot, bytes, at);
    at += length;
    lengths[key] = length;
    counts[key++] = table.f64[slot * 4];
  }
  return { bytes, lengths, counts };
}

/** The tally of a corpus from those of its parts. Takes them over. */
export function sumOf(parts: readonly TallyResult[]): TallyResult {
  const [first, ...others] = parts;
  if (others.length === 0) return first!;
  if (first instanceof Uint32Array) {
    for (const part of others as Uint32Array[]) {
      for (let i = 0; i < first.length; i++) first[i] = Math.min(HIGHEST, first[i] + part[i]);
    }
    return first;
  }
  const table = new ByteTable(2 ** Math.ceil(Math.log2(4 * first!.counts.length + 16)));
  for (const { bytes, lengths, counts } of parts as CountedKeys[]) {
    const text = new PaddedText(bytes.length);
    text.set(bytes);
    for (let key = 0, start = 0; key < counts.length; key++) {
      const end = start + lengths[key];
      const slot = table.slotOf(text, start, end);
      table.f64[slot * 4] += counts[key];
      start = end;
    }
  }
  return keysOf(table);
}
