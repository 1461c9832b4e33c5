/** Documents of a token shard in hand → the table beside it (`table.ts`). */
import { makeData, Uint32, Uint64 } from 'apache-arrow';
import { TextColumn } from '../arrow/columns.ts';
import { TABLE_SCHEMA } from '../arrow/schemas.ts';
import { type ColumnData, ShardWriter } from '../arrow/write-shard.ts';
import type { TableEntry } from '../manifest-shape.ts';

/** Rows of a record batch: 2 MB or so. */
const BATCH_ROWS = 1 << 16;

export class TableWriter {
  readonly #writer: ShardWriter;
  readonly #hashes = new BigUint64Array(BATCH_ROWS);
  readonly #tokens = new Uint32Array(BATCH_ROWS);
  readonly #textBytes = new Uint32Array(BATCH_ROWS);
  readonly #sources = new TextColumn();
  #rows = 0;

  /** @throws ToolkitError WRITE_FAILED, UNWRITABLE_FOLDER */
  constructor(dir: string, file: string) {
    this.#writer = new ShardWriter(dir, file, TABLE_SCHEMA);
  }

  /** @param tokens BOS included */
  add(source: string, tokens: number, textBytes: number, textHash: bigint): void {
    this.#hashes[this.#rows] = textHash;
    this.#tokens[this.#rows] = tokens;
    this.#textBytes[this.#rows] = textBytes;
    this.#sources.append(source);
    if (++this.#rows === BATCH_ROWS) this.#flush();
  }

  /** @throws as `ShardWriter.finish` */
  finish(): TableEntry {
    this.#flush();
    return this.#writer.finish();
  }

  discard(): void {
    this.#writer.discard();
  }

  #flush(): void {
    const rows = this.#rows;
    if (rows === 0) return;
    const all = { length: rows, nullCount: 0 };
    const column = (data: Uint32Array): ColumnData =>
      makeData({ type: new Uint32(), ...all, data: data.subarray(0, rows) });
    this.#writer.write(rows, [
      makeData({ type: new Uint64(), ...all, data: this.#hashes.subarray(0, rows) }),
      column(this.#tokens),
      column(this.#textBytes),
      this.#sources.data(),
    ]);
    this.#sources.clear();
    this.#rows = 0;
  }
}
