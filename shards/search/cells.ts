/** Single values of a shard, by row: two short reads for a text, none of it kept. Compared to no checksum: for showing. */
import { join } from 'node:path';
import { ShardReader } from '../arrow/read-shard.ts';
import { type Columns, columnsIn } from '../arrow/schemas.ts';
import type { DocumentShard } from '../manifest-shape.ts';
import type { Kind } from './build-segment.ts';
import { lowerBound } from './segment.ts';

/** Buffers of a text column; of a number column. */
const [TEXT, NUMBER] = [3, 2];
type Regions = ReturnType<ShardReader['batchRegions']>;

export class Cells {
  readonly #reader: ShardReader;
  readonly #columns: Columns;
  /** First row of each batch, then all rows. */
  readonly #starts: number[] = [0];
  readonly #batches = new Map<number, Regions>();

  /** @throws ToolkitError BAD_SHARD */
  constructor(dir: string, kind: Kind, entry: DocumentShard) {
    this.#reader = ShardReader.open(join(dir, entry.file), (found) => columnsIn(kind, found).schema, entry);
    this.#columns = columnsIn(kind, this.#reader.schema);
    for (const { rows } of entry.batches) this.#starts.push(this.#starts.at(-1)! + rows);
  }

  close(): void {
    this.#reader.close();
  }

  /** Empty where the shard's version lacks the column. At most so many bytes of it, which may end within a character. */
  string(column: string, row: number, most = Number.POSITIVE_INFINITY): string {
    const place = this.#columns.texts.indexOf(column);
    if (place < 0) return '';
    const { regions, offset } = this.#batch(this.placeOf(row).batch);
    const [start, end] = this.#ends(place, row);
    const length = Math.min(end - start, most);
    const bytes = this.#reader.readBytes(offset + regions[TEXT * place + 2].offset + start, length);
    return Buffer.from(bytes.buffer).toString('utf8');
  }

  /** Bytes of a text. */
  length(column: string, row: number): number {
    const place = this.#columns.texts.indexOf(column);
    if (place < 0) return 0;
    const [start, end] = this.#ends(place, row);
    return end - start;
  }

  /** NaN where the shard's version lacks the column. */
  number(column: string, row: number): number {
    const { texts, numbers, wide } = this.#columns;
    const place = numbers.indexOf(column);
    if (place < 0) return Number.NaN;
    const { batch, at } = this.placeOf(row);
    const { regions, offset } = this.#batch(batch);
    const start = offset + regions[TEXT * texts.length + NUMBER * place + 1].offset;
    if (!wide.includes(column)) return new Float32Array(this.#reader.readBytes(start + 4 * at, 4).buffer)[0];
    return new Float64Array(this.#reader.readBytes(start + 8 * at, 8).buffer)[0];
  }

  /** All rows of a number column; NaN where the shard's version lacks it. */
  numbers(column: string): Float32Array | Float64Array {
    const rows = this.#starts.at(-1)!;
    const values = this.#columns.wide.includes(column) ? new Float64Array(rows) : new Float32Array(rows);
    this.copyNumbers(column, values);
    return values;
  }

  /** The same into `values`, as many as there are rows. */
  copyNumbers(column: string, values: Float32Array | Float64Array): void {
    const { texts, numbers, wide } = this.#columns;
    const place = numbers.indexOf(column);
    if (place < 0) {
      values.fill(Number.NaN);
      return;
    }
    const Kind = wide.includes(column) ? Float64Array : Float32Array;
    for (let batch = 0; batch + 1 < this.#starts.length; batch++) {
      const { regions, offset, rows } = this.#batch(batch);
      const at = offset + regions[TEXT * texts.length + NUMBER * place + 1].offset;
      values.set(new Kind(this.#reader.readBytes(at, rows * Kind.BYTES_PER_ELEMENT).buffer), this.#starts[batch]);
    }
  }

  /** The batch of a row, and its place there. */
  placeOf(row: number): { batch: number; at: number } {
    const batch = lowerBound(this.#starts.length, (i) => this.#starts[i] <= row) - 1;
    return { batch, at: row - this.#starts[batch] };
  }

  /** Where a text begins in its column, and ends. */
  #ends(place: number, row: number): Int32Array {
    const { batch, at } = this.placeOf(row);
    const { regions, offset } = this.#batch(batch);
    return new Int32Array(this.#reader.readBytes(offset + regions[TEXT * place + 1].offset + 4 * at, 8).buffer);
  }

  #batch(index: number): Regions {
    const known = this.#batches.get(index);
    if (known !== undefined) return known;
    const regions = this.#reader.batchRegions(index);
    this.#batches.set(index, regions);
    return regions;
  }
}

/** Shards of a folder that stay open, those that were asked for last. */
export class OpenCells {
  readonly #dir: string;
  readonly #most: number;
  readonly #open = new Map<string, Cells>();

  constructor(dir: string, most: number) {
    this.#dir = dir;
    this.#most = most;
  }

  /** Valid until as many others were asked for. @throws ToolkitError BAD_SHARD */
  of(kind: Kind, entry: DocumentShard): Cells {
    const cells = this.#open.get(entry.file) ?? new Cells(this.#dir, kind, entry);
    this.#open.delete(entry.file);
    this.#open.set(entry.file, cells);
    if (this.#open.size > this.#most) {
      const [oldest, unused] = this.#open.entries().next().value!;
      this.#open.delete(oldest);
      unused.close();
    }
    return cells;
  }

  close(): void {
    for (const cells of this.#open.values()) cells.close();
    this.#open.clear();
  }
}
