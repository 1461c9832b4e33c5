/**
 * Snappy, packed (https://github.com/google/snappy/blob/main/format_description.txt): the packing that every reader of
 * Parquet has. There is no light library that packs as fast as one core reads.
 *
 *   length │ literal: tag, bytes │ copy: tag, how far back │ …     in blocks of 64 KiB that do not look at each other
 */
const BLOCK_BYTES = 65_536;
const HASH_BITS = 14;
/** Behind it nothing is looked for: what is read at once stays in the block. */
const MARGIN = 15;

/** Most bytes that so many become. */
const packedBytes = (length: number): number => 32 + length + Math.ceil(length / 6);

/** Places in the block by the hash of four bytes. */
const places = new Uint16Array(1 << HASH_BITS);
const hashOf = (four: number): number => Math.imul(four, 0x1e35a7bd) >>> (32 - HASH_BITS);

export function packSnappy(input: Uint8Array): Uint8Array {
  const packer = new Packer(input);
  for (let start = 0; start < input.length; start += BLOCK_BYTES)
    packer.packBlock(start, Math.min(input.length, start + BLOCK_BYTES));
  return packer.packed;
}

class Packer {
  readonly #input: Uint8Array;
  readonly #view: DataView;
  readonly #out: Uint8Array;
  #size = 0;

  constructor(input: Uint8Array) {
    this.#input = input;
    this.#view = new DataView(input.buffer, input.byteOffset, input.length);
    this.#out = new Uint8Array(packedBytes(input.length));
    let length = input.length;
    for (; length >= 128; length >>>= 7) this.#out[this.#size++] = (length & 127) | 128;
    this.#out[this.#size++] = length;
  }

  get packed(): Uint8Array {
    return this.#out.subarray(0, this.#size);
  }

  packBlock(start: number, end: number): void {
    const view = this.#view;
    const limit = end - MARGIN;
    places.fill(0);
    let literal = start;
    let at = start + 1;
    let step = 64; // where nothing repeats, steps grow
    while (at <= limit) {
      const four = view.getInt32(at, true);
      const hash = hashOf(four);
      const before = start + places[hash];
      places[hash] = at - start;
      if (before >= at || view.getInt32(before, true) !== four) {
        at += step++ >> 5;
        continue;
      }
      this.#literal(literal, at);
      literal = this.#repeat(before, at, end);
      at = literal;
      step = 64;
    }
    this.#literal(literal, end);
  }

  /** Copies what repeats at `at` from `before` on; returns where it ends. */
  #repeat(before: number, at: number, end: number): number {
    const [input, view, out] = [this.#input, this.#view, this.#out];
    const back = at - before;
    let next = at + 4;
    while (next <= end - 4 && view.getInt32(next, true) === view.getInt32(next - back, true)) next += 4;
    while (next < end && input[next] === input[next - back]) next++;
    let size = this.#size;
    let left = next - at;
    while (left > 0) {
      // Of what is longer than a copy at least four are left.
      const length = left >= 68 ? 64 : left > 64 ? 60 : left;
      if (length >= 4 && length < 12 && back < 2048) {
        out[size++] = 1 | ((length - 4) << 2) | ((back >>> 8) << 5);
        out[size++] = back & 255;
      } else {
        out[size++] = 2 | ((length - 1) << 2);
        out[size++] = back & 255;
        out[size++] = back >>> 8;
      }
      left -= length;
    }
    this.#size = size;
    return next;
  }

  #literal(from: number, to: number): void {
    const [input, out] = [this.#input, this.#out];
    const length = to - from;
    if (length === 0) return;
    let size = this.#size;
    if (length <= 60) out[size++] = (length - 1) << 2;
    else if (length <= 256) {
      out[size++] = 240;
      out[size++] = length - 1;
    } else {
      out[size++] = 244;
      out[size++] = (length - 1) & 255;
      out[size++] = (length - 1) >>> 8;
    }
    if (length < 64) for (let i = from; i < to; i++) out[size++] = input[i];
    else {
      out.set(input.subarray(from, to), size);
      size += length;
    }
    this.#size = size;
  }
}
