/**
 * What an index over the tokens of one shard has on the disk: where the texts that begin at its tokens stand, sorted by their
 * bytes, so that all that begin alike stand together.
 *
 *   train-….suffixes    blocks of 512, each as long as the others, so that one read at a known place gives one:
 *                       │ place of the token: 3 bytes × 512 │ more bits: 0, ½ or 1 × 512 │ token before: 2 × 512 │ samples │
 *   train-….samples     head (JSON) │ how often each token occurs: varints │ the first 32 bytes of the text at the head of each
 *                       block │ xxhash64: a search holds it in memory, and comes to one block or two with it
 *
 * The more bits are those that places and tokens have above 24 and 16. A sample of a block is six bytes of each 16th text, behind what
 * all texts of the block share. A document begins with its BOS, which stands for the byte FF: no text has it.
 */
import { checksumOf } from '../checksum.ts';
import { DamagedIndex } from './postings.ts';

export const SUFFIX_VERSION = 1;
export const BLOCK = 512;
export const SAMPLE_BYTES = 32;
/** Entries from one sample within a block to the next, and its bytes. */
export const [STRIDE, INNER_BYTES] = [16, 6];
/** Of what no text has. */
export const SEPARATOR = 0xff;

export interface SuffixHead {
  readonly version: number;
  /** Checksum of the shard, and of the tokenizer by whose bytes it is sorted. */
  readonly shard: string;
  readonly tokenizer: string;
  /** Tokens of the shard; those that are no BOS. */
  readonly tokens: number;
  readonly entries: number;
  /** Bits above the lowest 24 of a place, 16 of a token; and of both together as they are stored: 0, 4 or 8. */
  readonly placeBits: number;
  readonly tokenBits: number;
  readonly moreBits: number;
  /** Of the file of blocks. */
  readonly bytes: number;
}

const bitsAbove = (values: number, bits: number): number =>
  Math.max(0, Math.ceil(Math.log2(Math.max(1, values))) - bits);

export function layoutOf(tokens: number, entries: number, vocabSize: number) {
  const [placeBits, tokenBits] = [bitsAbove(tokens, 24), bitsAbove(vocabSize, 16)];
  const both = placeBits + tokenBits;
  const moreBits = both === 0 ? 0 : both <= 4 ? 4 : 8;
  const blocks = Math.ceil(entries / BLOCK);
  return { placeBits, tokenBits, moreBits, bytes: blocks * blockBytes(moreBits) };
}

const MORE = 3 * BLOCK;
const beforeAt = (moreBits: number): number => MORE + (BLOCK * moreBits) / 8;
const innerAt = (moreBits: number): number => beforeAt(moreBits) + 2 * BLOCK;
export const blockBytes = (moreBits: number): number => innerAt(moreBits) + (BLOCK / STRIDE) * INNER_BYTES;

/** A block, as its bytes stand in the file. */
export class Block {
  readonly bytes: Uint8Array;
  readonly #placeBits: number;
  readonly #tokenBits: number;
  readonly #moreBits: number;
  readonly #before: number;

  constructor(
    bytes: Uint8Array,
    { placeBits, tokenBits, moreBits }: Pick<SuffixHead, 'placeBits' | 'tokenBits' | 'moreBits'>,
  ) {
    this.bytes = bytes;
    [this.#placeBits, this.#tokenBits, this.#moreBits] = [placeBits, tokenBits, moreBits];
    this.#before = beforeAt(moreBits);
  }

  set(at: number, place: number, before: number): void {
    const bytes = this.bytes;
    bytes[3 * at] = place;
    bytes[3 * at + 1] = place >>> 8;
    bytes[3 * at + 2] = place >>> 16;
    if (this.#moreBits > 0) {
      const more = (place >>> 24) | ((before >>> 16) << this.#placeBits);
      if (this.#moreBits === 8) bytes[MORE + at] = more;
      else bytes[MORE + (at >> 1)] |= more << (4 * (at & 1));
    }
    bytes[this.#before + 2 * at] = before;
    bytes[this.#before + 2 * at + 1] = before >>> 8;
  }

  /** The sample of entry 16 × `index`. */
  inner(index: number): Uint8Array {
    const start = innerAt(this.#moreBits) + INNER_BYTES * index;
    return this.bytes.subarray(start, start + INNER_BYTES);
  }

  place(at: number): number {
    const { bytes } = this;
    const high = this.#more(at) & ((1 << this.#placeBits) - 1);
    return (bytes[3 * at] | (bytes[3 * at + 1] << 8) | (bytes[3 * at + 2] << 16) | (high << 24)) >>> 0;
  }

  /** The token before; the BOS at the beginning of a document. */
  before(at: number): number {
    const start = this.#before + 2 * at;
    return this.bytes[start] | (this.bytes[start + 1] << 8) | ((this.#more(at) >>> this.#placeBits) << 16);
  }

  /** How many of the entries `from` to `to` have a token before them that is 1 in `accept`. */
  countBefore(from: number, to: number, accept: Uint8Array): number {
    const { bytes } = this;
    let count = 0;
    if (this.#tokenBits > 0) for (let at = from; at < to; at++) count += accept[this.before(at)];
    else {
      const befores = new Uint16Array(bytes.buffer, bytes.byteOffset + this.#before, BLOCK);
      for (let at = from; at < to; at++) count += accept[befores[at]];
    }
    return count;
  }

  #more(at: number): number {
    if (this.#moreBits === 0) return 0;
    return this.#moreBits === 8 ? this.bytes[MORE + at] : (this.bytes[MORE + (at >> 1)] >>> (4 * (at & 1))) & 0xf;
  }
}

/** What a search holds in memory of a shard. */
export interface Samples {
  readonly head: SuffixHead;
  /** By id. */
  readonly counts: Uint32Array;
  /** SAMPLE_BYTES for each block. */
  readonly samples: Uint8Array;
}

export function packSamples({ head, counts, samples }: Samples): Uint8Array {
  const json = Buffer.from(JSON.stringify(head));
  const packed: number[] = [];
  for (const count of counts) {
    let rest = count;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) packed.push((rest % 0x80) | 0x80);
    packed.push(rest);
  }
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(json.length);
  lengths.writeUInt32LE(packed.length, 4);
  const body = Buffer.concat([lengths, json, Uint8Array.from(packed), samples]);
  return Buffer.concat([body, Buffer.from(checksumOf(body), 'latin1')]);
}

/** @throws DamagedIndex where it is no such file, or of another version */
export function parseSamples(bytes: Uint8Array, vocabSize: number): Samples {
  const end = bytes.length - 16;
  const body = bytes.subarray(0, Math.max(0, end));
  if (end < 8 || new TextDecoder().decode(bytes.subarray(end)) !== checksumOf(body))
    throw new DamagedIndex('samples are damaged');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [headBytes, countBytes] = [view.getUint32(0, true), view.getUint32(4, true)];
  const head = JSON.parse(new TextDecoder().decode(body.subarray(8, 8 + headBytes))) as SuffixHead;
  if (head.version !== SUFFIX_VERSION) throw new DamagedIndex(`version ${head.version}`);
  const counts = new Uint32Array(vocabSize);
  let at = 8 + headBytes;
  for (let id = 0; at < 8 + headBytes + countBytes && id < vocabSize; id++) {
    let shift = 1;
    for (; body[at] >= 0x80; shift *= 0x80) counts[id] += (body[at++] & 0x7f) * shift;
    counts[id] += body[at++] * shift;
  }
  return { head, counts, samples: body.subarray(8 + headBytes + countBytes) };
}
