/**
 * A text under scan, window by window, and the table in which its pretokens are looked up. Both stand in one memory:
 *
 *   │ classes, automata │ window of text │ ids of a window │ pool of ids │ pairs │ joinable │ slots of the table │
 *
 * Where there is WebAssembly with vectors its kernel runs ahead in it (kernel/kernel.ts); the plain code does the rest, or
 * all. What outgrows its place is laid out anew in a larger memory. A pretoken must fit the window, which grows for it.
 */

import type { KernelExports } from '../kernel/kernel.ts';
import { type ScanProgram, scanProgram } from '../kernel/program.ts';
import { ByteTable, SLOT_BYTES, type SlotRoom } from '../text/byte-table.ts';
import { PaddedText, paddedBytes } from '../text/padded-text.ts';
import type { PairTable } from '../text/pair-table.ts';
import { Pretokenizer } from '../text/pretokenize.ts';
import type { SplitRule } from '../text/split.ts';
import { stableCharacters, toWellFormed } from '../text/well-formed.ts';
import { CONTINUES, type Joined } from './join.ts';

/** Bytes of a window: with its ids it stays in the processor's caches. */
const WINDOW = 1 << 16;
/** A larger window is given back behind the text that needed it. */
const LARGEST_KEPT = 1 << 22;
/** UTF-16 units of a string whose UTF-8 goes to a buffer that is kept. */
const LONGEST_SHORT = 1 << 17;
/** Room for 65,536 pretokens, which 12 MB of text have: memory that is not touched costs nothing, moving all does. */
const FIRST_SLOTS = 1 << 17;

/** Bytes: the kernel writes two ids at a time and takes one back. */
const IDS_BEHIND = 16;

const ENCODER = new TextEncoder();

export interface ScannerOptions {
  readonly split: SplitRule;
  /** Ids of pretokens of several tokens that `pool` holds; 0: nothing is encoded. */
  readonly pool?: number;
  /** The id that each pair makes, where something is encoded; none is added afterwards. */
  readonly pairs?: PairTable;
  /** Of encode/join.ts: then first ids bear CONTINUES where merges across spaces may join them to what stands before. */
  readonly joinable?: Int32Array;
  /** False: plain code only. */
  readonly accelerate?: boolean;
  /** Bytes of a window. */
  readonly window?: number;
}

export class Scanner {
  readonly pretokenizer: Pretokenizer;
  readonly table: ByteTable;
  /** The window. */
  text!: PaddedText;
  /** Ids of the window. */
  ids!: Int32Array;
  /** Ids of pretokens of several tokens, one after the other. */
  pool!: Int32Array;
  /** Ids of the window that stand in `ids` after `skipEncoded`. */
  skippedIds = 0;
  readonly #options: Required<Omit<ScannerOptions, 'pairs' | 'joinable'>> & Pick<ScannerOptions, 'pairs' | 'joinable'>;
  readonly #program: ScanProgram | undefined;
  #kernel: KernelExports | undefined;
  #window: number;
  #idsAt = 0;
  /** What the window holds already. */
  #loaded: { readonly text: Uint8Array; readonly from: number } | undefined;
  /** UTF-8 of a short string. */
  #utf8: Uint8Array | undefined;
  /** `wasJoining` and `poolEnd` where there is no kernel to keep them. */
  #plainWasJoining = false;
  #plainPoolEnd = 0;

  constructor({ split, pool = 0, pairs, joinable, accelerate = true, window = WINDOW }: ScannerOptions) {
    this.#options = { split, pool, pairs, joinable, accelerate, window };
    this.#window = window;
    this.pretokenizer = new Pretokenizer(split);
    const { letters, ascii, unicode } = this.pretokenizer;
    const tables = () => ({ unicode, ascii, letters, stable: stableCharacters() });
    this.#program = accelerate ? scanProgram(split, tables) : undefined;
    this.table = new ByteTable(FIRST_SLOTS, (bytes) => this.#layOut(bytes));
  }

  get isAccelerated(): boolean {
    return this.#kernel !== undefined;
  }

  /** The text as it is tokenized, UTF-8 in NFC: the same bytes when they are that already. */
  wellFormed(text: Uint8Array | string): Uint8Array {
    const bytes = typeof text === 'string' ? this.#bytesOf(text) : text;
    this.#loaded = undefined;
    return this.#kernel === undefined ? toWellFormed(bytes) : toWellFormed(bytes, this.#stableUntil);
  }

  /** UTF-8 of a string, in one pass where it is short: valid until the next one. */
  #bytesOf(text: string): Uint8Array {
    if (text.length > LONGEST_SHORT) return ENCODER.encode(text);
    this.#utf8 ??= new Uint8Array(3 * LONGEST_SHORT);
    return this.#utf8.subarray(0, ENCODER.encodeInto(text, this.#utf8).written);
  }

  readonly #stableUntil = (bytes: Uint8Array, from: number): number => {
    // What is in the window stays there while places behind one another are asked for.
    let start = this.#loaded === undefined ? from : this.#loaded.from;
    for (let at = from; at < bytes.length; at = start) {
      if (this.#loaded?.from !== start || at >= start + this.text.length) this.load(bytes, at);
      start = this.#loaded!.from;
      const first = this.text.bytes.byteOffset - start;
      const end = start + this.text.length;
      const stable = this.#kernel!.stableUntil(first + at, first + end) - first;
      if (stable < end || end === start) return stable;
      start = end;
    }
    return bytes.length;
  };

  /**
   * Puts the part of a text that begins at `from` into the window; it ends between characters, where there are any.
   * @returns whether the text ends with it.
   */
  load(text: Uint8Array, from: number): boolean {
    let end = Math.min(text.length, from + this.#window);
    if (end < text.length) while (end > from && (text[end] & 0xc0) === 0x80) end--;
    if (this.#loaded?.text !== text || this.#loaded.from !== from) {
      this.text.set(text.subarray(from, end));
      this.#loaded = { text, from };
    }
    return end === text.length;
  }

  /** Doubles the window, for a pretoken that fills it. */
  enlarge(): void {
    this.#resize(2 * this.#window);
  }

  /** Gives an enlarged window back, at the end of a text. */
  reset(): void {
    if (this.#window > LARGEST_KEPT) this.#resize(this.#options.window);
  }

  /** Empties the table. */
  clear(): void {
    this.table.clear();
    this.poolEnd = 0;
  }

  /** Counts pretokens in the table as long as that is simple. @returns where the next one begins. */
  skipCounted(start: number, isLast: boolean): number {
    const { table, text } = this;
    const kernel = this.#kernel;
    if (kernel === undefined) return start;
    const first = text.bytes.byteOffset;
    return this.#adding(table.room, () => kernel.count(first + start, first + text.length, Number(isLast))) - first;
  }

  /** Runs the kernel, which may add so many keys. */
  #adding(room: number, run: () => number): number {
    const { table } = this;
    const { added, addedBytes, room: most } = this.#kernel!;
    most.value = Math.max(0, room);
    added.value = 0;
    addedBytes.value = 0;
    const at = run();
    table.size += added.value as number;
    table.keyBytes += addedBytes.value as number;
    return at;
  }

  /**
   * Writes the ids of pretokens to `ids`, from `count` on, as long as that is simple.
   * @param room Pretokens that may be added to the table.
   * @returns where the next one begins; `skippedIds` is then the number of ids.
   */
  skipEncoded(start: number, isLast: boolean, count: number, room: number): number {
    const { table, text } = this;
    const kernel = this.#kernel;
    this.skippedIds = count;
    if (kernel === undefined) return start;
    kernel.ids.value = this.#idsAt + 4 * count;
    const first = text.bytes.byteOffset;
    const free = Math.min(table.room, room);
    const at = this.#adding(free, () => kernel.encode(first + start, first + text.length, Number(isLast)));
    this.skippedIds = (kernel.ids.value - this.#idsAt) >> 2;
    return at - first;
  }

  /** Joins `ids[0, count)` across spaces, as long as that is simple: as `SyllableJoiner.join` asks for it. */
  skipJoined(ids: Int32Array, count: number, at: Joined): void {
    const kernel = this.#kernel;
    if (kernel === undefined) return;
    const first = this.#idsAt;
    if (ids.buffer === this.ids.buffer) {
      at.read = (kernel.join(first + 4 * at.read, first + 4 * count, first + 4 * at.write, 1) - first) >> 2;
      at.write = (kernel.ids.value - first) >> 2;
      return;
    }
    for (let isAll = true; isAll && at.read < count; ) {
      const part = ids.subarray(at.read, Math.min(count, at.read + this.ids.length));
      this.ids.set(part);
      const end = first + 4 * part.length;
      const done = (kernel.join(first, end, first, Number(at.read + part.length === count)) - first) >> 2;
      const made = this.ids.subarray(0, (kernel.ids.value - first) >> 2);
      ids.set(made, at.write);
      at.read += done;
      at.write += made.length;
      isAll = done > 0;
    }
  }

  /** Whether merges across spaces may go on from the last pretoken. */
  get wasJoining(): boolean {
    return this.#kernel === undefined ? this.#plainWasJoining : this.#kernel.wasJoining.value !== 0;
  }
  set wasJoining(value: boolean) {
    this.#plainWasJoining = value;
    if (this.#kernel !== undefined) this.#kernel.wasJoining.value = Number(value);
  }

  /** Ids in the pool. */
  get poolEnd(): number {
    return this.#kernel === undefined ? this.#plainPoolEnd : (this.#kernel.poolEnd.value as number);
  }
  set poolEnd(value: number) {
    this.#plainPoolEnd = value;
    if (this.#kernel !== undefined) this.#kernel.poolEnd.value = value;
  }

  #resize(window: number): void {
    this.#window = window;
    this.#loaded = undefined;
    this.table.move();
  }

  /** A new memory for slots of so many bytes, with what the old one held but for the slots. */
  #layOut(slotBytes: number): SlotRoom {
    const { pool, pairs, joinable } = this.#options;
    const textAt = this.#program?.headBytes ?? 0;
    const idsAt = (textAt + paddedBytes(this.#window) + 15) & ~15;
    const poolAt = idsAt + (pool > 0 ? 4 * this.#window + IDS_BEHIND : 0);
    const pairsAt = poolAt + 4 * pool;
    const pairSlots = pairs === undefined ? 0 : pairs.mask + 1;
    const sieveAt = pairsAt + 8 * pairSlots;
    const joinableAt = sieveAt + pairSlots;
    const slotsAt = joinableAt + (joinable?.byteLength ?? 0);
    const opened = this.#program?.open(slotsAt + slotBytes);
    const buffer = opened?.buffer ?? new ArrayBuffer(slotsAt + slotBytes);
    const { text: oldText, ids: oldIds, pool: oldPool } = this as Partial<Scanner>;
    const { wasJoining, poolEnd } = this;
    this.text = new PaddedText(this.#window, buffer, textAt);
    this.ids = new Int32Array(buffer, idsAt, pool > 0 ? this.#window : 0);
    this.pool = new Int32Array(buffer, poolAt, pool);
    if (oldText !== undefined && oldText.length <= this.#window)
      this.text.set(oldText.bytes.subarray(0, oldText.length));
    if (oldIds !== undefined) this.ids.set(oldIds.subarray(0, this.ids.length));
    if (oldPool !== undefined) this.pool.set(oldPool);
    this.#idsAt = idsAt;
    this.#kernel = opened?.kernel;
    if (this.#kernel !== undefined) {
      this.#kernel.slots.value = slotsAt;
      this.#kernel.slotMask.value = slotBytes / SLOT_BYTES - 1;
      this.#kernel.pool.value = poolAt;
      if (pairs !== undefined) {
        new Int32Array(buffer, pairsAt, 2 * pairSlots).set(pairs.packed());
        this.#kernel.pairs.value = pairsAt;
        this.#kernel.pairMask.value = pairs.mask;
        new Uint8Array(buffer, sieveAt, pairSlots).set(pairs.sieve());
        this.#kernel.sieve.value = sieveAt;
      }
      if (joinable !== undefined) {
        new Int32Array(buffer, joinableAt, joinable.length).set(joinable);
        this.#kernel.joinable.value = joinableAt;
      }
      this.#kernel.flag.value = joinable === undefined ? 0 : CONTINUES;
    }
    this.wasJoining = wasJoining;
    this.poolEnd = poolEnd;
    return { buffer, offset: slotsAt };
  }
}
