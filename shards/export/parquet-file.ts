/**
 * Parquet, written: columns of text, of floats and of lists of numbers (i32), none of them null, a page of each for every
 * batch that is added.
 *
 *   "PAR1" │ group 0: column 0: page, page, …; column 1: … │ group 1 │ … │ footer │ its length │ "PAR1"
 */
import { crc32 } from 'node:zlib';
import type { Compression } from './formats.ts';
import { packSnappy } from './snappy.ts';
import { type ThriftStruct, thriftBytes } from './thrift.ts';

export interface TextValues {
  /** UTF-8, end to end. */
  readonly values: Uint8Array;
  /** Value i is `values[offsets[i] … offsets[i + 1]]`. */
  readonly offsets: Int32Array;
}
/** List i is `numbers[ends[i - 1] … ends[i]]`. */
export interface NumberLists {
  readonly numbers: Int32Array;
  readonly ends: Uint32Array;
}
export type ColumnValues = TextValues | NumberLists | Float32Array | Float64Array;
export type ColumnType = 'text' | 'numbers' | 'float' | 'double';

/** Names of Thrift in parquet.thrift. */
const TYPES = { text: 6, numbers: 1, float: 4, double: 5 } as const;
const [UTF8, LIST] = [0, 3];
const CODECS = { none: 0, snappy: 1 } as const;
const [REQUIRED, REPEATED, PLAIN, RLE, DATA_PAGE] = [0, 2, 0, 3, 0];
const MAGIC = Buffer.from('PAR1');
/** A group ends with the batch that reaches it. */
const GROUP_BYTES = 64 * 2 ** 20;

interface Chunk {
  readonly pages: Uint8Array[];
  values: number;
  packed: number;
  unpacked: number;
}

/** Where the bytes go. */
export interface Sink {
  /** Written so far. */
  readonly bytes: number;
  write(bytes: Uint8Array): void;
}

export class ParquetWriter {
  rows = 0;
  readonly #sink: Sink;
  readonly #columns: readonly (readonly [name: string, type: ColumnType])[];
  readonly #compression: Compression;
  readonly #groups: ThriftStruct[] = [];
  #chunks: Chunk[] = [];
  #groupRows = 0;

  constructor(sink: Sink, columns: readonly (readonly [name: string, type: ColumnType])[], compression: Compression) {
    this.#sink = sink;
    this.#columns = columns;
    this.#compression = compression;
    sink.write(MAGIC);
    this.#begin();
  }

  /** Bytes of the file, with what is not written yet. */
  get bytes(): number {
    return this.#chunks.reduce((sum, { packed }) => sum + packed, this.#sink.bytes);
  }

  /** Values in the order of the columns, `rows` of each. */
  add(columns: readonly ColumnValues[], rows: number): void {
    for (const [i, values] of columns.entries()) {
      const { plain, count } = pageOf(values, rows);
      const packed = this.#compression === 'none' ? plain : packSnappy(plain);
      const header = thriftBytes([
        [1, { i32: DATA_PAGE }],
        [2, { i32: plain.length }],
        [3, { i32: packed.length }],
        [4, { i32: crc32(packed) | 0 }],
        [
          5,
          {
            struct: [
              [1, { i32: count }],
              [2, { i32: PLAIN }],
              [3, { i32: RLE }],
              [4, { i32: RLE }],
            ],
          },
        ],
      ]);
      const chunk = this.#chunks[i];
      chunk.pages.push(header, packed);
      chunk.values += count;
      chunk.packed += header.length + packed.length;
      chunk.unpacked += header.length + plain.length;
    }
    this.#groupRows += rows;
    this.rows += rows;
    if (this.#chunks.reduce((sum, { unpacked }) => sum + unpacked, 0) >= GROUP_BYTES) this.#endGroup();
  }

  /** Writes what ends the file. */
  finish(): void {
    this.#endGroup();
    const footer = thriftBytes([
      [1, { i32: 1 }],
      [
        2,
        {
          list: [
            [
              [4, { text: 'schema' }],
              [5, { i32: this.#columns.length }],
            ],
            ...this.#columns.flatMap(schemaOf),
          ],
        },
      ],
      [3, { i64: this.rows }],
      [4, { list: this.#groups }],
      [6, { text: 'vua' }],
    ]);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    this.#sink.write(Buffer.concat([footer, length, MAGIC]));
  }

  #begin(): void {
    this.#chunks = this.#columns.map(() => ({ pages: [], values: 0, packed: 0, unpacked: 0 }));
    this.#groupRows = 0;
  }

  #endGroup(): void {
    if (this.#groupRows === 0) return;
    const start = this.#sink.bytes;
    const columns = this.#chunks.map(({ pages, values, packed, unpacked }, i): ThriftStruct => {
      const at = this.#sink.bytes;
      for (const page of pages) this.#sink.write(page);
      const [name, type] = this.#columns[i];
      const meta: ThriftStruct = [
        [1, { i32: TYPES[type] }],
        [2, { numbers: [PLAIN, RLE] }],
        [3, { texts: type === 'numbers' ? [name, 'list', 'element'] : [name] }],
        [4, { i32: CODECS[this.#compression] }],
        [5, { i64: values }],
        [6, { i64: unpacked }],
        [7, { i64: packed }],
        [9, { i64: at }],
      ];
      return [
        [2, { i64: at }],
        [3, { struct: meta }],
      ];
    });
    this.#groups.push([
      [1, { list: columns }],
      [2, { i64: this.#chunks.reduce((sum, { unpacked }) => sum + unpacked, 0) }],
      [3, { i64: this.#groupRows }],
      [5, { i64: start }],
      [6, { i64: this.#sink.bytes - start }],
    ]);
    this.#begin();
  }
}

/** The nodes of a column; a list is three, one in the other. */
function schemaOf([name, type]: readonly [string, ColumnType]): ThriftStruct[] {
  const isText = type === 'text';
  const leaf: ThriftStruct = [
    [1, { i32: TYPES[type] }],
    [3, { i32: REQUIRED }],
    [4, { text: type === 'numbers' ? 'element' : name }],
    [6, isText ? { i32: UTF8 } : undefined],
    [10, isText ? { struct: [[1, { struct: [] }]] } : undefined],
  ];
  if (type !== 'numbers') return [leaf];
  const group = (repetition: number, text: string): ThriftStruct => [
    [3, { i32: repetition }],
    [4, { text }],
    [5, { i32: 1 }],
    [6, repetition === REQUIRED ? { i32: LIST } : undefined],
    [10, repetition === REQUIRED ? { struct: [[3, { struct: [] }]] } : undefined],
  ];
  return [group(REQUIRED, name), group(REPEATED, 'list'), leaf];
}

/** A page without its header, and how many values it says that it holds. */
function pageOf(values: ColumnValues, rows: number): { plain: Uint8Array; count: number } {
  if ('ends' in values) return plainLists(values);
  return { plain: 'offsets' in values ? plainText(values, rows) : bytesOf(values), count: rows };
}

/** Where each number stands in its list (0: it begins one), whether it is there (an empty list has none), the numbers. */
function plainLists({ numbers, ends }: NumberLists): { plain: Uint8Array; count: number } {
  const [repetition, definition] = [new Levels(), new Levels()];
  for (let i = 0, from = 0; i < ends.length; i++) {
    const length = ends[i] - from;
    from = ends[i];
    repetition.add(0, 1);
    repetition.add(1, length - 1);
    definition.add(length > 0 ? 1 : 0, Math.max(1, length));
  }
  return { plain: Buffer.concat([repetition.bytes(), definition.bytes(), bytesOf(numbers)]), count: repetition.count };
}

/** Levels of one bit, in runs: `(length << 1)` as a varint, the level in a byte; in front of all how many bytes. */
class Levels {
  count = 0;
  #runs: number[] = [];
  #level = 0;
  #length = 0;

  add(level: number, length: number): void {
    if (length <= 0) return;
    this.count += length;
    if (level !== this.#level) this.#end();
    this.#level = level;
    this.#length += length;
  }

  bytes(): Buffer {
    this.#end();
    const bytes = Buffer.alloc(4 + this.#runs.length);
    bytes.writeUInt32LE(this.#runs.length);
    bytes.set(this.#runs, 4);
    return bytes;
  }

  #end(): void {
    if (this.#length === 0) return;
    let left = this.#length * 2;
    for (; left >= 128; left = Math.floor(left / 128)) this.#runs.push((left % 128) + 128);
    this.#runs.push(left, this.#level);
    this.#length = 0;
  }
}

/** Each value behind its length. */
function plainText({ values, offsets }: TextValues, rows: number): Uint8Array {
  const first = offsets[0];
  const source = Buffer.from(values.buffer, values.byteOffset, values.length);
  const out = Buffer.allocUnsafe(offsets[rows] - first + 4 * rows);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const length = offsets[row + 1] - offsets[row];
    at = out.writeUInt32LE(length, at);
    at += source.copy(out, at, offsets[row], offsets[row + 1]);
  }
  return out;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array | Float32Array | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
