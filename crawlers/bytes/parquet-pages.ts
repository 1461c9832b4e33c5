/**
 * One column of one row group of a Parquet file, page by page: what is in memory is a page, however long the group is.
 * Decoding is hyparquet's; here stand what is read when, and what damage may not do.
 */

import * as zlib from 'node:zlib';
import { brotliDecompressSync, crc32, gunzipSync } from 'node:zlib';
import type { ColumnMetaData, PageHeader, SchemaTree } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { convert, convertWithDictionary, DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { decompressPage, readDataPage, readDataPageV2 } from 'hyparquet/src/datapage.js';
import { readPlain } from 'hyparquet/src/plain.js';
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from 'hyparquet/src/schema.js';
import { compressors } from 'hyparquet-compressors';

/** Bytes of a file, or of what can be asked for by ranges. */
export interface ByteRanges {
  readonly name: string;
  readonly size: number;
  /** From `start` up to `end`; fewer only where the file ends. */
  read(start: number, end: number): Promise<Uint8Array>;
}

const WINDOW_BYTES = 2 ** 18;
const MAX_HEADER_BYTES = 2 ** 24;
const MAX_PAGE_BYTES = 2 ** 30;

/** Some writers fill their last run. */
const SLACK = 65_536;

type Unpack = (packed: Uint8Array) => Uint8Array;
/** Node's own where it has them: several times as fast. */
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: Unpack };
const COMPRESSORS = {
  ...compressors,
  GZIP: (packed: Uint8Array): Uint8Array => gunzipSync(packed),
  BROTLI: (packed: Uint8Array): Uint8Array => brotliDecompressSync(packed),
  ...(zstdDecompressSync && { ZSTD: (packed: Uint8Array): Uint8Array => zstdDecompressSync(packed) }),
};
/** Text stays bytes: what they mean is decided by who reads them. JSON is text here. */
const PARSERS = {
  ...DEFAULT_PARSERS,
  stringFromBytes: (bytes: Uint8Array) => bytes,
  jsonFromBytes: (bytes: Uint8Array) => bytes,
};

export type Values = ArrayLike<unknown>;

/** Values of a column, in the order of rows: `take` hands out what `fill` has read. */
export class ColumnPages {
  readonly #bytes: ByteRanges;
  readonly #decoder: Parameters<typeof readDataPageV2>[2];
  readonly #end: number;
  /** Values that the column has. */
  readonly #most: number;
  readonly #maxDefinition: number;
  readonly #maxRepetition: number;
  /** From here on a definition level tells of an element of the innermost list. */
  readonly #elementLevel: number;
  #window: Uint8Array = new Uint8Array();
  #offset: number;
  #dictionary: ReturnType<typeof convert> | undefined;
  #ready: Values = [];
  #taken = 0;
  /** Of a list whose elements may go on in the next page. */
  #open: unknown[] | undefined;

  constructor(bytes: ByteRanges, meta: ColumnMetaData, schemaPath: SchemaTree[]) {
    const { element } = schemaPath[schemaPath.length - 1];
    const { path_in_schema: pathInSchema, codec, type } = meta;
    this.#bytes = bytes;
    this.#decoder = { pathInSchema, codec, type, element, schemaPath, parsers: PARSERS, compressors: COMPRESSORS };
    this.#offset = Number(meta.dictionary_page_offset || meta.data_page_offset);
    this.#end = this.#offset + Number(meta.total_compressed_size);
    this.#most = Number(meta.num_values);
    if (this.#offset < 4 || this.#end > bytes.size) throw new Error('a column that stands outside the file');
    this.#maxDefinition = getMaxDefinitionLevel(schemaPath);
    this.#maxRepetition = getMaxRepetitionLevel(schemaPath);
    const innermost = schemaPath.findLastIndex((node) => node.element.repetition_type === 'REPEATED');
    this.#elementLevel = getMaxDefinitionLevel(schemaPath.slice(0, innermost + 1));
  }

  /** Rows that can be taken; 0 at the end of the column. @throws Error on damage */
  async fill(): Promise<number> {
    while (this.#taken >= this.#ready.length) {
      if (this.#offset >= this.#end) {
        if (this.#open === undefined) return 0;
        this.#ready = [this.#open];
        this.#open = undefined;
      } else this.#ready = await this.#readPage();
      this.#taken = 0;
    }
    return this.#ready.length - this.#taken;
  }

  /** `count` is at most what `fill` said. */
  take(count: number): Values {
    const from = this.#taken;
    this.#taken += count;
    if (from === 0 && count === this.#ready.length) return this.#ready;
    return Array.prototype.slice.call(this.#ready, from, this.#taken);
  }

  async #readPage(): Promise<Values> {
    const header = await this.#readHeader();
    const size = header.compressed_page_size;
    const unpacked = Number(header.uncompressed_page_size);
    if (!(size >= 0 && unpacked >= 0 && unpacked <= MAX_PAGE_BYTES)) throw new Error(`a page of ${unpacked} bytes`);
    await this.#need(size);
    // A copy: what is read beyond the page fails.
    const packed = this.#window.slice(0, size);
    this.#window = this.#window.subarray(size);
    this.#offset += size;
    if (header.crc !== undefined && crc32(packed) !== header.crc >>> 0) throw new Error('a page of another checksum');
    const { codec, compressors: known, type, element } = this.#decoder;
    if (header.type === 'DICTIONARY_PAGE') {
      const page = decompressPage(packed, unpacked, codec, known);
      const reader = { view: new DataView(page.buffer, page.byteOffset, page.byteLength), offset: 0 };
      const count = countOf(header.dictionary_page_header?.num_values, page.byteLength);
      this.#dictionary = convert(readPlain(reader, type, count, element.type_length), this.#decoder);
      return [];
    }
    if (header.type === 'DATA_PAGE' && header.data_page_header) {
      const page = own(decompressPage(packed, unpacked, codec, known));
      const { num_values: count, encoding } = header.data_page_header;
      checkCounts(this.#most, count);
      let at = 0;
      for (const most of [this.#maxRepetition, this.#maxDefinition]) {
        if (most > 0) at += 4 + checkLevels(page, at + 4, page.readUInt32LE(at), most, count);
      }
      checkIndices(page, at, encoding, count);
      return this.#values(readDataPage(page, header.data_page_header, this.#decoder), encoding);
    }
    if (header.type === 'DATA_PAGE_V2' && header.data_page_header_v2) {
      const { data_page_header_v2: data } = header;
      const [repetition, definition] = [data.repetition_levels_byte_length, data.definition_levels_byte_length];
      checkCounts(this.#most, data.num_values, data.num_nulls, repetition, definition);
      const levels = own(packed);
      if (this.#maxRepetition > 0) checkLevels(levels, 0, repetition, this.#maxRepetition, data.num_values);
      if (this.#maxDefinition > 0) checkLevels(levels, repetition, definition, this.#maxDefinition, data.num_values);
      return this.#values(readDataPageV2(packed, header, this.#decoder), data.encoding);
    }
    return []; // an index
  }

  #values(
    { definitionLevels, repetitionLevels, dataPage }: ReturnType<typeof readDataPageV2>,
    encoding: Parameters<typeof convertWithDictionary>[2],
  ): Values {
    if (encoding.endsWith('_DICTIONARY')) {
      const known = this.#dictionary?.length ?? 0;
      for (let i = 0; i < dataPage.length; i++) {
        if (!(dataPage[i] < known)) throw new Error('a value that its dictionary does not have');
      }
    }
    const values: Values = convertWithDictionary(dataPage, this.#dictionary, encoding, this.#decoder);
    if (this.#maxRepetition > 0) return this.#lists(definitionLevels ?? [], repetitionLevels, values);
    if (!definitionLevels?.length) return values;
    let next = 0;
    return Array.from(definitionLevels, (level) => (level === this.#maxDefinition ? values[next++] : null));
  }

  /** A list for each row that ended; lists of lists become one. */
  #lists(definitions: readonly number[], repetitions: readonly number[], values: Values): unknown[][] {
    const ended: unknown[][] = [];
    let next = 0;
    for (let i = 0; i < repetitions.length; i++) {
      if (repetitions[i] === 0) {
        if (this.#open !== undefined) ended.push(this.#open);
        this.#open = [];
      }
      const level = definitions.length === 0 ? this.#maxDefinition : definitions[i];
      if (level >= this.#elementLevel) this.#open?.push(level === this.#maxDefinition ? values[next++] : null);
    }
    return ended;
  }

  async #readHeader(): Promise<PageHeader> {
    for (let wanted = 512; ; wanted *= 8) {
      const isAll = await this.#has(wanted);
      const { buffer, byteOffset, byteLength } = this.#window;
      const reader = { view: new DataView(buffer, byteOffset, byteLength), offset: 0 };
      try {
        const header = parquetHeader(reader);
        this.#window = this.#window.subarray(reader.offset);
        this.#offset += reader.offset;
        return header;
      } catch (error) {
        if (!isAll || wanted > MAX_HEADER_BYTES) throw error;
      }
    }
  }

  async #need(count: number): Promise<void> {
    if (!(await this.#has(count))) throw new Error('a page that goes beyond its column');
  }

  /** Whether so many bytes of the column are left; they are in the window then. */
  async #has(count: number): Promise<boolean> {
    const left = this.#end - this.#offset;
    const held = this.#window.length;
    if (held < Math.min(count, left)) {
      const from = this.#offset + held;
      const more = await this.#bytes.read(
        from,
        Math.min(this.#end, Math.max(this.#offset + count, from + WINDOW_BYTES)),
      );
      this.#window = held === 0 ? more : Buffer.concat([this.#window, more]);
      if (this.#window.length < Math.min(count, left)) throw new Error('the file ends before the column does');
    }
    return left >= count;
  }
}

const own = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function countOf(count: number | undefined, bytes: number): number {
  if (count === undefined || count < 0 || count > 8 * bytes) throw new Error(`a dictionary of ${count} values`);
  return count;
}

function checkCounts(most: number, values: number, nulls = 0, ...lengths: number[]): void {
  if (![values, nulls, ...lengths].every((count) => Number.isSafeInteger(count) && count >= 0))
    throw new Error('a page header without its counts');
  if (values > most || nulls > values) throw new Error(`a page of ${values} values in a column of ${most}`);
}

/** @returns the bytes that they take */
function checkLevels(page: Buffer, start: number, length: number, most: number, count: number): number {
  if (start + length > page.length) throw new Error('levels that go beyond their page');
  const seen = runsOf(page, start, start + length, 32 - Math.clz32(most), count);
  if (seen < count) throw new Error(`levels of ${seen} values, expected ${count}`);
  return length;
}

function checkIndices(page: Buffer, start: number, encoding: string, count: number): void {
  if (!encoding.endsWith('_DICTIONARY') || start >= page.length) return;
  if (page[start] > 32) throw new Error(`indices of ${page[start]} bits`);
  if (page[start] > 0) runsOf(page, start + 1, page.length, page[start], count);
}

/**
 * How many values the runs hold: a damaged run would be written out to the end of memory.
 * @param width bits of a value
 * @throws Error where one says that it repeats its value more often than `most`
 */
function runsOf(page: Buffer, start: number, end: number, width: number, most: number): number {
  let seen = 0;
  for (let at = start; at < end && seen < most; ) {
    let [header, shift] = [0, 0];
    do {
      header += (page[at] & 0x7f) * 2 ** shift;
      shift += 7;
    } while (page[at++] & 0x80 && at < end);
    const isPacked = header % 2 === 1;
    const runs = Math.floor(header / 2);
    at += isPacked ? width * runs : (width + 7) >> 3;
    seen += isPacked ? 8 * runs : runs;
    if (!isPacked && runs > most + SLACK) throw new Error(`a run of ${runs} values where there are ${most}`);
  }
  return seen;
}
