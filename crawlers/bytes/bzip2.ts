/**
 * bzip2, whole files of one stream or many (MediaWiki's "multistream" dumps are one stream for each hundred pages).
 *
 *   stream   BZh 1–9 │ block │ block │ … │ 17 72 45 38 50 90 │ crc×32 │ bits up to a byte
 *   block    31 41 59 26 53 59 │ crc×32 │ 0 │ origin×24 │ symbols │ tables │ Huffman codes of move-to-front of Burrows–Wheeler
 *
 * A block is decoded when all of it is there, at most 900 kB of text at a time. By the format as bzip2 1.0.8 writes it;
 * randomised blocks, which no program has written since 1999, are damage.
 */
export class BadBzip2 extends Error {}

/** No block is longer, packed. */
const MOST_PACKED = 1_200_000;
const BLOCK = [0x314159, 0x265359] as const;
const END = [0x177245, 0x385090] as const;
const GROUP = 50;
const FAST_BITS = 10;
const MOST_BITS = 20;

/** Whether bytes begin as bzip2 does. */
export const isBzip2 = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x42 && bytes[1] === 0x5a && bytes[2] === 0x68 && bytes[3] >= 0x31 && bytes[3] <= 0x39;

/** The text of a file, block by block. @throws BadBzip2 behind the last block that is whole */
export async function* unpackBzip2(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  let bits = new Bits(new Uint8Array());
  let isAll = false;
  let decoder: BlockDecoder | undefined;
  try {
    for (;;) {
      while (!isAll && bits.left < MOST_PACKED) {
        const { done, value } = await source.next();
        if (done) isAll = true;
        else bits = bits.with(value);
      }
      if (decoder === undefined) {
        if (bits.left === 0) return;
        const isStart = bits.read(16) === 0x425a && bits.read(8) === 0x68;
        const level = isStart ? bits.read(8) - 0x30 : 0;
        if (level < 1 || level > 9) throw new BadBzip2('no bzip2 stream begins here');
        decoder = new BlockDecoder(level * 100_000);
      }
      const magic = [bits.read(24), bits.read(24)];
      if (magic[0] === BLOCK[0] && magic[1] === BLOCK[1]) yield decoder.decode(bits);
      else if (magic[0] === END[0] && magic[1] === END[1]) {
        bits.read(16);
        bits.read(16);
        bits.align();
        decoder = undefined;
      } else throw new BadBzip2('no block begins here');
    }
  } finally {
    await source.return?.();
  }
}

/** Bits of bytes, the highest first. */
class Bits {
  readonly #bytes: Uint8Array;
  #at = 0;
  #held = 0;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes that no bit was taken of. */
  get left(): number {
    return this.#bytes.length - this.#at + (this.#count >> 3);
  }

  /** The same with more bytes behind. */
  with(more: Uint8Array): Bits {
    const joined = new Bits(Buffer.concat([this.#bytes.subarray(this.#at), more]));
    joined.#held = this.#held;
    joined.#count = this.#count;
    return joined;
  }

  /** Up to 24 bits that stay. Zeros behind the end. */
  peek(count: number): number {
    while (this.#count < count) {
      this.#held = (this.#held << 8) | (this.#bytes[this.#at] ?? 0);
      this.#at++;
      this.#count += 8;
    }
    return (this.#held >>> (this.#count - count)) & ((1 << count) - 1);
  }

  skip(count: number): void {
    this.#count -= count;
    if (this.#at - (this.#count >> 3) > this.#bytes.length) throw new BadBzip2('the file ends in a block');
  }

  read(count: number): number {
    const value = this.peek(count);
    this.skip(count);
    return value;
  }

  align(): void {
    this.#count -= this.#count % 8;
  }
}

class Codes {
  /** By the next ten bits: length and symbol; 0 where the code is longer. */
  readonly #fast = new Uint16Array(1 << FAST_BITS);
  readonly #limits = new Int32Array(MOST_BITS + 2);
  readonly #bases = new Int32Array(MOST_BITS + 2);
  readonly #symbols: Uint16Array;

  constructor(lengths: Uint8Array) {
    this.#symbols = new Uint16Array(lengths.length);
    let [code, placed] = [0, 0];
    for (let length = 1; length <= MOST_BITS; length++) {
      this.#bases[length] = placed - code;
      for (let symbol = 0; symbol < lengths.length; symbol++) {
        if (lengths[symbol] !== length) continue;
        this.#symbols[placed++] = symbol;
        if (length <= FAST_BITS) {
          const first = code << (FAST_BITS - length);
          this.#fast.fill((length << 11) | symbol, first, first + (1 << (FAST_BITS - length)));
        }
        code++;
      }
      this.#limits[length] = code;
      code <<= 1;
    }
  }

  next(bits: Bits): number {
    const fast = this.#fast[bits.peek(FAST_BITS)];
    if (fast !== 0) {
      bits.skip(fast >> 11);
      return fast & 0x7ff;
    }
    for (let length = FAST_BITS + 1; length <= MOST_BITS; length++) {
      const code = bits.peek(length);
      if (code >= this.#limits[length]) continue;
      bits.skip(length);
      return this.#symbols[this.#bases[length] + code];
    }
    throw new BadBzip2('a code that is none');
  }
}

class BlockDecoder {
  readonly #links: Uint32Array;
  readonly #counts = new Uint32Array(256);

  constructor(blockBytes: number) {
    this.#links = new Uint32Array(blockBytes);
  }

  decode(bits: Bits): Uint8Array {
    const crc = ((bits.read(16) << 16) | bits.read(16)) >>> 0;
    if (bits.read(1) === 1) throw new BadBzip2('a randomised block');
    const origin = bits.read(24);
    const length = this.#readSymbols(bits);
    if (origin >= length) throw new BadBzip2('a block that begins nowhere');
    const { text, found } = this.#text(origin, length);
    if (found !== crc) throw new BadBzip2('a block of another checksum');
    return text;
  }

  /** Fills the low bytes of `#links` with the last column; returns its length. */
  #readSymbols(bits: Bits): number {
    const alphabet = alphabetOf(bits);
    const { codes, selectors } = codesOf(bits, alphabet.length + 2);
    const end = alphabet.length + 1;
    const links = this.#links;
    const counts = this.#counts.fill(0);
    let [length, run, weight, group, left] = [0, 0, 1, 0, 0];
    let table = codes[0];
    for (;;) {
      if (left-- === 0) {
        if (group >= selectors.length) throw new BadBzip2('more codes than a block has');
        table = codes[selectors[group++]];
        left = GROUP - 1;
      }
      const symbol = table.next(bits);
      if (symbol <= 1) {
        run += weight << symbol;
        weight <<= 1;
        if (run > links.length) throw new BadBzip2('a block that is too long');
        continue;
      }
      if (run > 0) {
        if (length + run > links.length) throw new BadBzip2('a block that is too long');
        const byte = alphabet[0];
        links.fill(byte, length, length + run);
        counts[byte] += run;
        length += run;
        [run, weight] = [0, 1];
      }
      if (symbol === end) return length;
      const byte = alphabet[symbol - 1];
      alphabet.copyWithin(1, 0, symbol - 1);
      alphabet[0] = byte;
      if (length >= links.length) throw new BadBzip2('a block that is too long');
      links[length++] = byte;
      counts[byte]++;
    }
  }

  /** Undoes the sorting, and the runs of four and more. */
  #text(origin: number, length: number): { text: Uint8Array; found: number } {
    const links = this.#links;
    const starts = this.#counts;
    let sum = 0;
    for (let byte = 0; byte < 256; byte++) {
      const count = starts[byte];
      starts[byte] = sum;
      sum += count;
    }
    for (let i = 0; i < length; i++) links[starts[links[i] & 0xff]++] |= i << 8;
    let text = new Uint8Array(length + (length >> 4) + 256);
    let [size, crc, at, last, repeats] = [0, 0xffffffff, links[origin] >>> 8, -1, 0];
    for (let i = 0; i < length; i++) {
      const entry = links[at];
      const byte = entry & 0xff;
      at = entry >>> 8;
      if (size + 256 > text.length) text = grown(text);
      if (repeats === 4) {
        for (let n = 0; n < byte; n++) crc = (crc << 8) ^ CRC[(crc >>> 24) ^ last];
        text.fill(last, size, size + byte);
        size += byte;
        [repeats, last] = [0, -1];
        continue;
      }
      repeats = byte === last ? repeats + 1 : 1;
      last = byte;
      text[size++] = byte;
      crc = (crc << 8) ^ CRC[(crc >>> 24) ^ byte];
    }
    return { text: text.subarray(0, size), found: ~crc >>> 0 };
  }
}

function grown(text: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * text.length);
  larger.set(text);
  return larger;
}

function alphabetOf(bits: Bits): Uint8Array {
  const used = bits.read(16);
  const bytes: number[] = [];
  for (let high = 0; high < 16; high++) {
    if ((used & (0x8000 >> high)) === 0) continue;
    const row = bits.read(16);
    for (let low = 0; low < 16; low++) if ((row & (0x8000 >> low)) !== 0) bytes.push(16 * high + low);
  }
  if (bytes.length === 0) throw new BadBzip2('a block without symbols');
  return Uint8Array.from(bytes);
}

function codesOf(bits: Bits, size: number): { codes: Codes[]; selectors: Uint8Array } {
  const tables = bits.read(3);
  const selectors = new Uint8Array(bits.read(15));
  if (tables < 2 || tables > 6 || selectors.length === 0) throw new BadBzip2('a block without tables');
  const front = [0, 1, 2, 3, 4, 5];
  for (let i = 0; i < selectors.length; i++) {
    let place = 0;
    while (bits.read(1) === 1) if (++place >= tables) throw new BadBzip2('a table that is none');
    const [table] = front.splice(place, 1);
    front.unshift(table);
    selectors[i] = table;
  }
  const codes = Array.from({ length: tables }, () => {
    const lengths = new Uint8Array(size);
    let length = bits.read(5);
    for (let symbol = 0; symbol < size; symbol++) {
      while (bits.read(1) === 1) length += bits.read(1) === 1 ? -1 : 1;
      if (length < 1 || length > MOST_BITS) throw new BadBzip2('a code of no length');
      lengths[symbol] = length;
    }
    return new Codes(lengths);
  });
  return { codes, selectors };
}

const CRC = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  return crc;
});
