/**
 * One Arrow IPC file, written batch by batch and published whole: bytes go to `NAME.arrow.tmp`; `finish` makes them
 * durable, reads the footer back, counts the rows and only then gives the file its name.
 *
 * The file is uncompressed and holds no dictionaries: what apache-arrow compresses no other library can read, and its
 * writer drops batches whose dictionaries differ without a word.
 */
import { join } from 'node:path';
import { AsyncByteQueue, makeData, RecordBatch, RecordBatchFileWriter, type Schema, Struct } from 'apache-arrow';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { AtomicFile } from '../../crawlers/shell/folder.ts';
import { createChecksum } from '../checksum.ts';
import type { ShardEntry, TokenShard } from '../manifest-shape.ts';
import { ShardReader } from './read-shard.ts';

/** A row of the manifest with the place of every batch. */
export type WrittenShard = Pick<TokenShard, keyof ShardEntry>;

export type ColumnData = ReturnType<typeof makeData>;

/** Where apache-arrow's writer puts its bytes: straight into the file. */
class FileSink extends AsyncByteQueue<Uint8Array> {
  readonly #file: AtomicFile;

  constructor(file: AtomicFile) {
    super();
    this.#file = file;
  }

  override write(chunk: Uint8Array): void {
    this.#file.write(chunk);
  }
}

export class ShardWriter {
  readonly #name: string;
  readonly #schema: Schema;
  readonly #checksum = createChecksum();
  readonly #file: AtomicFile;
  readonly #writer = new RecordBatchFileWriter();
  #rows = 0;
  #batches = 0;

  /** Starts `dir/name`. The folder must exist. @throws ToolkitError WRITE_FAILED, UNWRITABLE_FOLDER */
  constructor(dir: string, name: string, schema: Schema) {
    this.#name = name;
    this.#schema = schema;
    const path = join(dir, name);
    this.#file = new AtomicFile(path, { temporary: `${path}.tmp`, checksum: this.#checksum });
    this.#writer.reset(new FileSink(this.#file), schema);
  }

  /** Bytes in the file so far. */
  get bytes(): number {
    return this.#file.bytes;
  }

  /** Writes one record batch of `rows` rows; `columns` in the order of the schema, free for reuse afterwards. */
  write(rows: number, columns: ColumnData[]): void {
    const data = makeData({ type: new Struct(this.#schema.fields), length: rows, nullCount: 0, children: columns });
    this.#writer.write(new RecordBatch(this.#schema, data));
    this.#rows += rows;
    this.#batches++;
  }

  /**
   * Publishes the file; afterwards it survives a power cut.
   * @throws ToolkitError WRITE_FAILED, or SHARD_MISMATCH when the file does not hold what was written.
   */
  finish(): WrittenShard {
    this.#writer.finish();
    this.#file.end();
    const entry = this.#readBack();
    this.#file.commit();
    return entry;
  }

  /** Drops what was written. */
  discard(): void {
    this.#file.discard();
  }

  #readBack(): WrittenShard {
    const reader = ShardReader.open(this.#file.temporary, this.#schema);
    try {
      const batches = Array.from({ length: reader.batchCount }, (_, index) => reader.hashBatch(index));
      const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
      if (rows !== this.#rows || batches.length !== this.#batches) {
        throw new ToolkitError({
          code: 'SHARD_MISMATCH',
          message: `${this.#name}: ${rows} rows in ${batches.length} batches after writing, expected ${this.#rows} in ${this.#batches}`,
          hint: 'the file was not published: please report this',
        });
      }
      return { file: this.#name, rows, bytes: this.bytes, checksum: this.#checksum.digest(), batches };
    } finally {
      reader.close();
    }
  }
}
