/**
 * Growing column buffers that become Arrow data without a copy or an inferred type. A text column is the two buffers
 * that stand in the file:
 *
 *   values   │x i n   c h à o││c ả m   ơ n│      UTF-8, end to end
 *   offsets  │0│9│9│18│                          value i is values[offsets[i] … offsets[i + 1]]
 */
import { Float32, Float64, makeData, Utf8 } from 'apache-arrow';
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

/** Number columns side by side, gathered row by row: they are turned into columns when a batch ends. */
export class NumberColumns {
  readonly #wide: readonly boolean[];
  #rows = 0;
  #values: Float64Array;

  /** @param wide of each column, whether its numbers have eight bytes */
  constructor(wide: readonly boolean[]) {
    this.#wide = wide;
    this.#values = new Float64Array(FIRST_ROWS * wide.length);
  }

  /** `write` puts one number for each column into `into`, from `at` on. */
  append(write: (into: Float64Array, at: number) => void): void {
    const at = this.#rows++ * this.#wide.length;
    if (at === this.#values.length) this.#values = grown(this.#values, Float64Array);
    write(this.#values, at);
  }

  data(): ColumnData[] {
    return this.#wide.map((isWide, column) => {
      const data = isWide ? new Float64Array(this.#rows) : new Float32Array(this.#rows);
      for (let row = 0, at = column; row < data.length; row++, at += this.#wide.length) data[row] = this.#values[at];
      const type = isWide ? new Float64() : new Float32();
      return makeData({ type, length: this.#rows, nullCount: 0, data });
    });
  }

  clear(): void {
    this.#rows = 0;
  }
}

function grown<T extends Int32Array | Float64Array>(array: T, Type: new (length: number) => T): T {
  const larger = new Type(2 * array.length);
  larger.set(array);
  return larger;
}
