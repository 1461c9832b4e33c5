/**
 * A hash table from byte strings to eight bytes of value: word types and their counts in training, pretokens and their
 * tokens in encoding. Open addressing with linear probing; keys are compared byte by byte, so that no two are ever
 * taken for one. A slot is half a cache line:
 *
 *   byte   0        8        12       16                     32
 *          │ value  │ length │ more   │ key, zeros behind it  │   up to 16 bytes
 *          │ value  │ length │ more   │ hash   │ offset       │   longer keys stand in the arena
 *
 * `more`: four bytes of value, for whom eight are too few.
 *
 * A length of 0 marks an empty slot: the empty string is no key.
 */
import type { PaddedText } from './padded-text.ts';

export const SLOT_BYTES = 32;
const INLINE_BYTES = 16;
const LENGTH = 2; // in units of four bytes
const KEY = 4;
/** At most this share of the slots is taken. */
const MAX_LOAD = 0.5;

export interface SlotRoom {
  readonly buffer: ArrayBuffer;
  readonly offset: number;
}

export class ByteTable {
  /** Keys held. */
  size = 0;
  /** Bytes of all keys. */
  keyBytes = 0;
  /** Slots, a power of two. */
  capacity: number;
  /** Value of slot s as a number: `f64[s * 4]`. */
  f64!: Float64Array;
  /** Value of slot s as two integers: `i32[s * 8]` and `i32[s * 8 + 1]`. */
  i32!: Int32Array;
  #u8!: Uint8Array;
  #arena = new Uint8Array(1 << 12);
  readonly #allocate: (bytes: number) => SlotRoom;
  #arenaEnd = 0;

  /**
   * @param capacity Slots, a power of two.
   * @param allocate Gives room for slots, all zero: in a buffer that others use as well, where WebAssembly is to see them.
   */
  constructor(
    capacity = 1 << 12,
    allocate: (bytes: number) => SlotRoom = (bytes) => ({ buffer: new ArrayBuffer(bytes), offset: 0 }),
  ) {
    this.#allocate = allocate;
    this.capacity = capacity;
    this.#open();
  }

  /** Keys that may be added before the table grows. */
  get room(): number {
    return this.capacity * MAX_LOAD - this.size;
  }

  /**
   * The slot of the bytes from `start` to `end` of a text, at least one; a new key has the value 0. A new key may move
   * all slots to new arrays: take `f64` or `i32` after this call, and use them before the next.
   */
  slotOf(text: PaddedText, start: number, end: number): number {
    const length = end - start;
    if (length > INLINE_BYTES) return this.#slotOfLong(text.bytes.subarray(start, end));
    const { view } = text;
    const w0 = view.getInt32(start, true) & MASKS[length];
    const w1 = view.getInt32(start + 4, true) & MASKS[length + 17];
    const w2 = view.getInt32(start + 8, true) & MASKS[length + 34];
    const w3 = view.getInt32(start + 12, true) & MASKS[length + 51];
    const { i32 } = this;
    const mask = this.capacity - 1;
    let slot = hashOf(w0, w1, w2, w3) & mask;
    for (;;) {
      const base = slot << 3;
      const found = i32[base + LENGTH];
      if (
        found === length &&
        i32[base + KEY] === w0 &&
        i32[base + KEY + 1] === w1 &&
        i32[base + KEY + 2] === w2 &&
        i32[base + KEY + 3] === w3
      ) {
        return slot;
      }
      if (found === 0) break;
      slot = (slot + 1) & mask;
    }
    if (this.#growIfFull()) return this.slotOf(text, start, end);
    const base = slot << 3;
    i32[base + LENGTH] = length;
    i32[base + KEY] = w0;
    i32[base + KEY + 1] = w1;
    i32[base + KEY + 2] = w2;
    i32[base + KEY + 3] = w3;
    this.size++;
    this.keyBytes += length;
    return slot;
  }

  #slotOfLong(key: Uint8Array): number {
    const { i32 } = this;
    const hash = hashOfLong(key);
    const mask = this.capacity - 1;
    let slot = hash & mask;
    for (let base = slot << 3; i32[base + LENGTH] !== 0; base = slot << 3) {
      if (i32[base + LENGTH] === key.length && i32[base + KEY] === hash) {
        const at = i32[base + KEY + 1] >>> 0;
        let i = 0;
        while (i < key.length && this.#arena[at + i] === key[i]) i++;
        if (i === key.length) return slot;
      }
      slot = (slot + 1) & mask;
    }
    if (this.#growIfFull()) return this.#slotOfLong(key);
    const base = slot << 3;
    i32[base + LENGTH] = key.length;
    i32[base + KEY] = hash;
    i32[base + KEY + 1] = this.#keep(key);
    this.size++;
    this.keyBytes += key.length;
    return slot;
  }

  /**
   * Length of the key of a slot, 0 when it is empty. The order of keys over the slots depends on capacity and hash:
   * nothing that is written may depend on it.
   */
  lengthAt(slot: number): number {
    return this.i32[(slot << 3) + LENGTH];
  }

  /** Copies the key of a taken slot to `at`. */
  copyKey(slot: number, into: Uint8Array, at: number): void {
    const length = this.lengthAt(slot);
    const isInline = length <= INLINE_BYTES;
    const from = isInline ? slot * SLOT_BYTES + KEY * 4 : this.i32[(slot << 3) + KEY + 1] >>> 0;
    const source = isInline ? this.#u8 : this.#arena;
    for (let i = 0; i < length; i++) into[at + i] = source[from + i];
  }

  clear(): void {
    this.i32.fill(0);
    this.size = 0;
    this.keyBytes = 0;
    this.#arenaEnd = 0;
  }

  #open(): void {
    const bytes = this.capacity * SLOT_BYTES;
    const { buffer, offset } = this.#allocate(bytes);
    this.f64 = new Float64Array(buffer, offset, bytes / 8);
    this.i32 = new Int32Array(buffer, offset, bytes / 4);
    this.#u8 = new Uint8Array(buffer, offset, bytes);
  }

  /** Offset in the arena. */
  #keep(key: Uint8Array): number {
    const offset = this.#arenaEnd;
    if (offset + key.length > this.#arena.length) {
      const larger = new Uint8Array(Math.max(this.#arena.length * 2, offset + key.length));
      larger.set(this.#arena.subarray(0, offset));
      this.#arena = larger;
    }
    this.#arena.set(key, offset);
    this.#arenaEnd += key.length;
    return offset;
  }

  #growIfFull(): boolean {
    if (this.room > 0) return false;
    this.capacity *= 2;
    this.move();
    return true;
  }

  /** Puts all keys into new room, of the capacity there is now. */
  move(): void {
    const old = this.i32;
    this.#open();
    const { i32 } = this;
    const mask = this.capacity - 1;
    const oldMask = old.length / 8 - 1;
    // First those that stand where they are looked for first, which remain so: keys that came early, the frequent ones.
    for (const atHome of [true, false]) {
      for (let base = 0; base < old.length; base += 8) {
        const length = old[base + LENGTH];
        if (length === 0) continue;
        const [w0, w1, w2, w3] = [old[base + KEY], old[base + KEY + 1], old[base + KEY + 2], old[base + KEY + 3]];
        const hash = length > INLINE_BYTES ? w0 : hashOf(w0, w1, w2, w3);
        if (((hash & oldMask) === base >> 3) !== atHome) continue;
        let slot = hash & mask;
        while (i32[(slot << 3) + LENGTH] !== 0) slot = (slot + 1) & mask;
        for (let i = 0; i < 8; i++) i32[(slot << 3) + i] = old[base + i];
      }
    }
  }
}

/** For a key of n bytes, the part of each of its four words that belongs to it: `MASKS[17 * word + n]`. */
const MASKS = Int32Array.from({ length: 4 * 17 }, (_, i) => {
  const bytes = Math.min(4, Math.max(0, (i % 17) - 4 * Math.floor(i / 17)));
  return bytes === 4 ? -1 : (1 << (8 * bytes)) - 1;
});

/** Odd factors for the words of a key, and for the sum; kernel/vectors.ts and scan.ts compute the same. */
export const HASH_FACTORS: readonly number[] = [0x9e3779b1, 0x85ebca6b, 0x27d4eb2f, 0x165667b1];
export const HASH_MIX = 0xc2b2ae35;
const [F0, F1, F2, F3] = HASH_FACTORS as [number, number, number, number];

function hashOf(w0: number, w1: number, w2: number, w3: number): number {
  let hash = (Math.imul(w0, F0) + Math.imul(w1, F1) + Math.imul(w2, F2) + Math.imul(w3, F3)) | 0;
  hash = Math.imul(hash ^ (hash >>> 15), HASH_MIX);
  return hash ^ (hash >>> 16);
}

/** FNV-1a with a final mix. */
function hashOfLong(bytes: Uint8Array): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash ^ (hash >>> 15);
}
