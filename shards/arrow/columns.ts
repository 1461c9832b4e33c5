/**
 * Growing column buffers that become Arrow data without a copy or an inferred type. A text column is the two buffers
 * that stand in the file:
 *
 *   values   │x i n   c h à o││c ả m   ơ n│      UTF-8, end to end
 *   offsets  │0│9│9│18│                          value i is values[offsets[i] … offsets[i + 1]]
 */
import { type Float32, type Float64, makeData, Utf8 } from 'apache-arrow';
import type { ColumnData } from './write-shard.ts';

const FIRST_ROWS = 1024;
const FIRST_BYTES = 64 * 1024;
/** What a longer text needed is let go with it. */
const MAX_KEPT = 1 << 24;
/** UTF-8 needs at most three bytes for a UTF-16 code unit. */
const MAX_UTF8_BYTES = 3;
const MAX_ASCII = 0x7f;
const MOST_INLINE = 48;

export class TextColumn {
  /** UTF-8 bytes held. */
  bytes = 0;
  #rows = 0;
  #offsets = new Int32Array(FIRST_ROWS + 1);
  #values = Buffer.allocUnsafe(FIRST_BYTES);

  /** Lone surrogates become U+FFFD. */
  append(value: string): void {
    if (value !== '') this.#write(value);
    if (++this.#rows === this.#offsets.length) this.#offsets = grown(this.#offsets, Int32Array);
    this.#offsets[this.#rows] = this.bytes;
  }

  /** The value that was appended last, as it stands: a view, valid until the next `append`. */
  get last(): Uint8Array {
    return this.#values.subarray(this.#offsets[this.#rows - 1], this.bytes);
  }

  #write(value: string): void {
    const most = this.bytes + value.length * MAX_UTF8_BYTES;
    const needed = most > this.#values.length ? this.bytes + Buffer.byteLength(value) : most;
    if (needed > this.#values.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#values.length));
      this.#values.copy(larger, 0, 0, this.bytes);
      this.#values = larger;
    }
    if (value.length <= MOST_INLINE && this.#writeAscii(value)) return;
    this.bytes += this.#values.write(value, this.bytes, 'utf8');
  }

  /** Names, dates and hashes: written here they cost a third of a call to the encoder. */
  #writeAscii(value: string): boolean {
    const { bytes } = this;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > MAX_ASCII) return false;
      this.#values[bytes + i] = unit;
    }
    this.bytes += value.length;
    return true;
  }

  /** Views of what is held: valid until the next `append`. */
  data(): ColumnData {
    return makeData({
      type: new Utf8(),
      length: this.#rows,
      nullCount: 0,
      valueOffsets: this.#offsets.subarray(0, this.#rows + 1),
      data: this.#values.subarray(0, this.bytes),
    });
  }

  clear(): void {
    this.#rows = 0;
    this.bytes = 0;
    if (this.#values.length > MAX_KEPT) this.#values = Buffer.allocUnsafe(FIRST_BYTES);
  }
}

type FloatArray = Float32Array | Float64Array;

export class NumberColumn {
  readonly #type: Float32 | Float64;
  readonly #FloatArray: Float32ArrayConstructor | Float64ArrayConstructor;
  #rows = 0;
  #values: FloatArray;

  constructor(type: Float32 | Float64, FloatArray: Float32ArrayConstructor | Float64ArrayConstructor) {
    this.#type = type;
    this.#FloatArray = FloatArray;
    this.#values = new FloatArray(FIRST_ROWS);
  }

  append(value: number): void {
    if (this.#rows === this.#values.length) this.#values = grown(this.#values, this.#FloatArray);
    this.#values[this.#rows++] = value;
  }

  data(): ColumnData {
    return makeData({ type: this.#type, length: this.#rows, nullCount: 0, data: this.#values.subarray(0, this.#rows) });
  }

  clear(): void {
    this.#rows = 0;
  }
}

function grown<T extends Int32Array | FloatArray>(array: T, Type: new (length: number) => T): T {
  const larger = new Type(2 * array.length);
  larger.set(array);
  return larger;
}
