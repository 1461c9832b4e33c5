/**
 * One Arrow IPC file, written batch by batch and published whole: bytes go to `NAME.arrow.tmp`; `finish` makes them
 * durable, reads the footer back, counts the rows and only then gives the file its name.
 *
 * The file is uncompressed and holds no dictionaries: what apache-arrow compresses no other library can read, and its
 * writer drops batches whose dictionaries differ without a word.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { AsyncByteQueue, makeData, RecordBatch, RecordBatchFileWriter, type Schema, Struct } from 'apache-arrow';
import { reasonOf, ToolkitError } from '../../crawlers/shell/errors.ts';
import { checksumOf, createChecksum } from '../checksum.ts';
import type { ShardEntry, TokenShard } from '../manifest-shape.ts';
import { ShardReader } from './read-shard.ts';

/** A row of the manifest with the place of every batch. */
export type WrittenShard = Pick<TokenShard, keyof ShardEntry>;

export type ColumnData = ReturnType<typeof makeData>;

export const TEMPORARY = '.tmp';

/** Where apache-arrow's writer puts its bytes: straight into the file, with the checksum on the way. */
class FileSink extends AsyncByteQueue<Uint8Array> {
  readonly checksum = createChecksum();
  bytes = 0;
  readonly #path: string;
  #file: number | undefined;

  constructor(path: string) {
    super();
    this.#path = path;
    this.#file = this.#attempt(() => openSync(path, 'w'));
  }

  override write(chunk: Uint8Array): void {
    this.#attempt(() => {
      for (let written = 0; written < chunk.length; ) written += writeSync(this.#file!, chunk, written);
    });
    this.checksum.update(chunk);
    this.bytes += chunk.length;
  }

  sync(): void {
    this.#attempt(() => fsyncSync(this.#file!));
  }

  closeFile(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw new ToolkitError({
        code: 'WRITE_FAILED',
        message: `${this.#path}: ${reasonOf(error)}`,
        hint: 'check free space and permissions, then run the same command again: finished shards are valid',
        cause: error,
      });
    }
  }
}

export class ShardWriter {
  readonly #dir: string;
  readonly #name: string;
  readonly #schema: Schema;
  readonly #sink: FileSink;
  readonly #writer = new RecordBatchFileWriter();
  #rows = 0;
  #batches = 0;

  /** Starts `dir/name`. The folder must exist. @throws ToolkitError WRITE_FAILED */
  constructor(dir: string, name: string, schema: Schema) {
    this.#dir = dir;
    this.#name = name;
    this.#schema = schema;
    this.#sink = new FileSink(join(dir, name + TEMPORARY));
    this.#writer.reset(this.#sink, schema);
  }

  /** Bytes in the file so far. */
  get bytes(): number {
    return this.#sink.bytes;
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
    this.#sink.sync();
    this.#sink.closeFile();
    const entry = this.#readBack();
    const path = join(this.#dir, this.#name);
    renameSync(path + TEMPORARY, path);
    syncFolder(this.#dir);
    return entry;
  }

  /** Drops what was written. */
  discard(): void {
    this.#sink.closeFile();
    rmSync(join(this.#dir, this.#name + TEMPORARY), { force: true });
  }

  #readBack(): WrittenShard {
    const reader = ShardReader.open(join(this.#dir, this.#name + TEMPORARY), [this.#schema]);
    try {
      const batches = Array.from({ length: reader.batchCount }, (_, index) => {
        const { rows, body, offset } = reader.readBatch(index);
        return { rows, checksum: checksumOf(body), offset };
      });
      const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
      if (rows !== this.#rows || batches.length !== this.#batches) {
        throw new ToolkitError({
          code: 'SHARD_MISMATCH',
          message: `${this.#name}: ${rows} rows in ${batches.length} batches after writing, expected ${this.#rows} in ${this.#batches}`,
          hint: 'the file was not published: please report this',
        });
      }
      return { file: this.#name, rows, bytes: this.#sink.bytes, checksum: this.#sink.checksum.digest(), batches };
    } finally {
      reader.close();
    }
  }
}

/** Makes a rename durable. Windows cannot open folders, and does not need it. */
function syncFolder(dir: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(dir, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
