/**
 * One Arrow IPC file, read by position: the footer once, then each record batch with two reads of its own. Nothing is
 * shared between reads, so any order is right (apache-arrow's own reader shares a file position), and only one batch is
 * in memory. Columns are views of the batch's bytes; nothing is copied or decoded before it is asked for.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { type DataType, Message, type Schema } from 'apache-arrow';
import { Footer } from 'apache-arrow/ipc/metadata/file';
import { reasonOf, type ToolkitError } from '../../crawlers/shell/errors.ts';
import { checksumOf, createChecksum } from '../checksum.ts';
import type { ShardEntry } from '../manifest-shape.ts';
import { badShard, checkSize } from './ranges.ts';

const MAGIC = 'ARROW1';
const TAIL_BYTES = 4 + MAGIC.length;
/** Continuation marker and length before a message's flatbuffer. */
const PREFIX_BYTES = 8;
/** What is read to be hashed alone, a part at a time: as much as the processor's own cache holds. */
const SLICE = new Uint8Array(1 << 17);

export interface Region {
  readonly offset: number;
  readonly length: number;
}

/** The schema that a file must have, or the one that it must have by what it says of itself. */
export type AllowedSchemas = Schema | ((found: Schema) => Schema);

export interface RawBatch {
  readonly rows: number;
  /** The record batch's body as it stands in the file: what the checksum covers. */
  readonly body: Uint8Array;
  /** Byte of the file at which the body begins. */
  readonly offset: number;
  /** Where each buffer lies in the body, in Arrow's order. */
  readonly regions: readonly Region[];
}

export class ShardReader {
  /** Base name, for messages. */
  readonly name: string;
  /** The schema that the file has. */
  readonly schema: Schema;
  readonly #path: string;
  readonly #file: number;
  readonly #size: number;
  readonly #footer: Footer;
  readonly #entry: ShardEntry | undefined;

  private constructor(path: string, file: number, allowed: AllowedSchemas, entry: ShardEntry | undefined) {
    this.#path = path;
    this.name = basename(path);
    this.#file = file;
    this.#size = fstatSync(file).size;
    this.#entry = entry;
    if (entry) checkSize(path, this.#size, entry.bytes);
    this.#footer = this.#readFooter();
    const found = this.#footer.schema;
    this.schema = typeof allowed === 'function' ? allowed(found) : allowed;
    const difference = differenceOf(found, this.schema);
    if (difference !== undefined) throw this.fault(difference);
    if (entry && this.batchCount !== entry.batches.length) {
      throw this.fault(`${this.batchCount} record batches, expected ${entry.batches.length}`);
    }
  }

  /**
   * Opens a file and reads its footer. With its row of the manifest everything read is compared to it.
   * @param allowed the schema that the file must have, or what it must be by what it says
   * @throws ToolkitError BAD_SHARD (exit 2): missing, cut, not an Arrow file, or other columns than `allowed`.
   */
  static open(path: string, allowed: AllowedSchemas, entry?: ShardEntry): ShardReader {
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch (error) {
      throw badShard(path, reasonOf(error), error);
    }
    try {
      return new ShardReader(path, file, allowed, entry);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  get batchCount(): number {
    return this.#footer.numRecordBatches;
  }

  close(): void {
    closeSync(this.#file);
  }

  /**
   * Reads record batch `index` and compares it to the manifest. The body is written into `target` when given (at least
   * as long as the body), else into memory of its own.
   * @throws ToolkitError BAD_SHARD naming file, batch, what was found and what was expected.
   */
  readBatch(index: number, target?: Uint8Array): RawBatch {
    const expected = this.#entry?.batches[index];
    const { rows, regions, offset, bodyLength } = this.#blockAt(index);
    if (expected && rows !== expected.rows) throw this.fault(`batch ${index}: ${rows} rows, expected ${expected.rows}`);
    const body = target?.subarray(0, bodyLength) ?? new Uint8Array(bodyLength);
    this.#read(body, offset, `batch ${index}`);
    if (expected) {
      const found = checksumOf(body);
      if (found !== expected.checksum) {
        throw this.fault(`batch ${index}: checksum ${found}, expected ${expected.checksum}`);
      }
    }
    return { rows, body, offset, regions };
  }

  /** Rows of record batch `index`, where its body begins, and the body's checksum: read bit by bit, nothing of it is kept. */
  hashBatch(index: number): Required<ShardEntry['batches'][number]> {
    const { rows, offset, bodyLength } = this.#blockAt(index);
    const checksum = createChecksum();
    this.#forEachSlice(offset, bodyLength, `batch ${index}`, (slice) => checksum.update(slice));
    return { rows, checksum: checksum.digest(), offset };
  }

  /**
   * Of record batch `index` only these stretches of its body, picked from its buffers; the rest stays zero, and costs no
   * memory. Nothing is compared: no checksum is of a part.
   * @throws ToolkitError BAD_SHARD
   */
  readParts(index: number, pick: (regions: readonly Region[]) => readonly Region[]): RawBatch {
    const { rows, regions, offset: start, bodyLength } = this.#blockAt(index);
    const body = new Uint8Array(bodyLength);
    for (const { offset, length } of pick(regions)) {
      this.#read(body.subarray(offset, offset + length), start + offset, `batch ${index}`);
    }
    return { rows, body, offset: start, regions };
  }

  /** Where the buffers of record batch `index` lie in the file, and its rows; for `readBytes`. @throws ToolkitError BAD_SHARD */
  batchRegions(index: number): Pick<RawBatch, 'rows' | 'regions' | 'offset'> {
    const { rows, regions, offset } = this.#blockAt(index);
    return { rows, regions, offset };
  }

  /** Bytes of the file, compared to nothing. @throws ToolkitError BAD_SHARD */
  readBytes(position: number, length: number): Uint8Array<ArrayBuffer> {
    if (length < 0 || position + length > this.#size) throw this.fault(`${length} bytes at ${position}, outside of it`);
    const bytes = new Uint8Array(length);
    this.#read(bytes, position, 'row');
    return bytes;
  }

  /** Hands out the whole file from its first byte to its last; a slice is valid until the next. */
  forEachSlice(update: (bytes: Uint8Array) => void): void {
    this.#forEachSlice(0, this.#size, 'file', update);
  }

  #forEachSlice(from: number, length: number, part: string, update: (bytes: Uint8Array) => void): void {
    for (let done = 0; done < length; done += SLICE.length) {
      const slice = SLICE.subarray(0, Math.min(SLICE.length, length - done));
      this.#read(slice, from + done, part);
      update(slice);
    }
  }

  fault(fact: string, cause?: unknown): ToolkitError {
    return badShard(this.#path, fact, cause);
  }

  #readFooter(): Footer {
    if (this.#size < 2 * TAIL_BYTES) throw this.fault(`${this.#size} bytes, too short for an Arrow file`);
    const tail = Buffer.alloc(TAIL_BYTES);
    this.#read(tail, this.#size - TAIL_BYTES, 'footer');
    const magic = tail.toString('latin1', 4);
    if (magic !== MAGIC) {
      throw this.fault(`ends in ${JSON.stringify(magic)}, expected "${MAGIC}": it was cut, or is no Arrow file`);
    }
    const length = tail.readInt32LE(0);
    if (length <= 0 || length > this.#size - TAIL_BYTES) throw this.fault(`footer of ${length} bytes in ${this.#size}`);
    const bytes = new Uint8Array(length);
    this.#read(bytes, this.#size - TAIL_BYTES - length, 'footer');
    try {
      return Footer.decode(bytes);
    } catch (error) {
      throw this.fault(`footer cannot be read: ${reasonOf(error)}`, error);
    }
  }

  #blockAt(index: number) {
    const block = this.#footer.getRecordBatch(index);
    if (!block) throw this.fault(`record batch ${index} of ${this.batchCount} does not exist`);
    const { offset, metaDataLength, bodyLength } = block;
    return { ...this.#readHeader(index, block), offset: offset + metaDataLength, bodyLength };
  }

  #readHeader(index: number, block: { offset: number; metaDataLength: number; bodyLength: number }) {
    const { offset, metaDataLength, bodyLength } = block;
    const holds = offset >= 0 && metaDataLength > PREFIX_BYTES && bodyLength >= 0;
    if (!holds || offset + metaDataLength + bodyLength > this.#size) {
      throw this.fault(`batch ${index}: ${bodyLength} bytes at ${offset}, outside the file of ${this.#size} bytes`);
    }
    const bytes = new Uint8Array(metaDataLength);
    this.#read(bytes, offset, `batch ${index}`);
    try {
      const message = Message.decode(bytes.subarray(PREFIX_BYTES));
      if (!message.isRecordBatch()) throw new Error('not a record batch');
      const { length: rows, buffers, nodes, compression } = message.header();
      if (compression) throw new Error('compressed');
      if (nodes.some((node) => Number(node.nullCount) > 0)) throw new Error('holds nulls');
      return { rows, regions: buffers.map(({ offset, length }) => ({ offset, length })) };
    } catch (error) {
      throw this.fault(`batch ${index}: header cannot be read: ${reasonOf(error)}`, error);
    }
  }

  #read(target: Uint8Array, position: number, part: string): void {
    for (let done = 0; done < target.length; ) {
      const read = readSync(this.#file, target, done, target.length - done, position + done);
      if (read === 0) throw this.fault(`${part}: the file ends at byte ${position + done}`);
      done += read;
    }
  }
}

function differenceOf(found: Schema, expected: Schema): string | undefined {
  const name = ({ name, type }: { name: string; type: DataType }): string => `${name}: ${type}`;
  const columns = Math.max(found.fields.length, expected.fields.length);
  for (let i = 0; i < columns; i++) {
    const [is, should] = [found.fields[i], expected.fields[i]].map((field) => (field ? name(field) : 'none'));
    if (is !== should) return `column ${i} is ${is}, expected ${should}`;
  }
  return undefined;
}
