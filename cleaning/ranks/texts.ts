/**
 * Kept texts as other ranks compare theirs to them:
 *
 *   │ key of exact duplicates: i64 │ group: f64 │ syllables: u32 │ bytes of id: u32 │ sequence: u16 × │ id │
 */

import { bandKeys } from '../dedup/minhash.ts';
import type { Fingerprint } from '../dedup/near.ts';
import type { Shape } from '../dedup/near-rule.ts';
import { countShingles, type Sequence } from '../dedup/sequence.ts';
import type { Part, PartWriter } from './parts.ts';
import { bucketOf, type RankWork } from './work.ts';

export interface RankText {
  readonly key: bigint;
  /** By which it is held out or not. */
  readonly group: number;
  readonly id: string;
  readonly sequence: Sequence;
}

const HEAD_BYTES = 24;

export function encodeText({ key, group, id, sequence }: RankText): Buffer {
  const name = Buffer.from(id);
  const bytes = Buffer.alloc(HEAD_BYTES + 2 * sequence.length + name.length);
  bytes.writeBigInt64LE(key);
  bytes.writeDoubleLE(group, 8);
  bytes.writeUInt32LE(sequence.length, 16);
  bytes.writeUInt32LE(name.length, 20);
  bytes.set(new Uint8Array(sequence.buffer, sequence.byteOffset, sequence.byteLength), HEAD_BYTES);
  name.copy(bytes, HEAD_BYTES + 2 * sequence.length);
  return bytes;
}

/** @param bytes in memory of their own */
export function decodeText(bytes: Buffer): RankText {
  const end = HEAD_BYTES + 2 * bytes.readUInt32LE(16);
  return {
    key: bytes.readBigInt64LE(),
    group: bytes.readDoubleLE(8),
    id: bytes.toString('utf8', end, end + bytes.readUInt32LE(20)),
    sequence: new Uint16Array(bytes.buffer, bytes.byteOffset + HEAD_BYTES, (end - HEAD_BYTES) / 2),
  };
}

/** Writes texts with the table by which `TextReader` finds them: number, place, bytes. */
export class TextsWriter {
  readonly #out: PartWriter;

  constructor(out: PartWriter) {
    this.#out = out;
  }

  /** In order of the numbers. */
  add(number: number, record: Buffer): void {
    this.#out.addNumbers('texts', Float64Array.of(number, this.#out.add('text', record), record.length));
  }
}

/** A text that was read, and how many distinct shingles it has. */
export type KnownText = RankText & { readonly size: number };

/** Texts of a part by their numbers; those that were asked for last are remembered. */
export class TextReader {
  readonly #part: Part;
  readonly #table: Float64Array;
  readonly #known = new Map<number, KnownText>();

  constructor(part: Part) {
    this.#part = part;
    this.#table = part.floats('texts');
  }

  get(number: number): KnownText {
    const known = this.#known.get(number);
    if (known !== undefined) return known;
    let [low, high] = [0, this.#table.length / 3];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#table[3 * middle] < number) low = middle + 1;
      else high = middle;
    }
    if (this.#table[3 * low] !== number) throw new Error(`no text of number ${number}`);
    const text = decodeText(this.#part.readAt('text', this.#table[3 * low + 1], this.#table[3 * low + 2]));
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    const sized = { ...text, size: countShingles(text.sequence) };
    this.#known.set(number, sized);
    return sized;
  }
}

const MAX_KNOWN = 10_000;

/** What became of a text: it goes no further; it stands as it is, or without passages; it is a duplicate. */
export const STATE = { none: 0, whole: 1, cut: 2, duplicate: 3 } as const;

/** Asked for by its own text; by what is left of it when passages are cut. */
export const WHOLE = 0;
export const CUT = 1;

/** `key: f64, number: u32, index of the key: u16, query: u8, nothing: u8`. */
export const ENTRY_BYTES = 16;
/** Keys of bands and anchors have 52 bits. */
const ANCHOR = 2 ** 52;

/** Keys by which a text asks for others, and by which it is found while it stands. */
export function addKeys(
  out: PartWriter,
  { rank }: Pick<RankWork, 'rank'>,
  shape: Shape,
  number: number,
  print: Fingerprint,
  exact: bigint,
  query: number,
): void {
  const entry = (bucket: string, key: number, index: number): void => {
    const bytes = Buffer.alloc(ENTRY_BYTES);
    bytes.writeDoubleLE(key);
    bytes.writeUInt32LE(number, 8);
    bytes.writeUInt16LE(index, 12);
    bytes[14] = query;
    out.add(bucket, bytes);
  };
  const bands = bandKeys(print.signature, shape);
  // An exact key stands among the others by 53 of its bits; whoever decides looks at all of them.
  entry(`exact:${bucketOf(exact, rank)}`, Number(BigInt.asUintN(53, exact)), 0);
  for (const [i, key] of bands.entries()) entry(`near:${bucketOf(key, rank)}`, key, i);
  for (const [i, key] of print.anchors.entries()) {
    entry(`near:${bucketOf(key, rank)}`, ANCHOR + key, Math.min(bands.length + i, 0xffff));
  }
}
