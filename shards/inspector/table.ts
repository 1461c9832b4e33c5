/**
 * The columns of a folder of documents in memory, each read when it is first asked for: kept documents, then rejects, in
 * the order of the folder. A row number is what everything else speaks of.
 *
 *   numbers('syllables')   Float32Array, NaN where a row has no such figure       4 bytes a row
 *   words('host')          codes into a list of distinct words                    4 bytes a row
 *   texts('id')            UTF-8 of all rows, with offsets                        as long as they are
 *
 * Texts themselves are read from their shard, a batch at a time.
 */
import { breathe } from '../../crawlers/shell/work.ts';
import { webHostOf } from '../documents/profile.ts';
import { Row, readOneBatch, readShardParts, type TextBatch } from '../documents/read.ts';
import { readDocumentManifest } from '../manifest.ts';
import type { DocumentManifest, DocumentShard } from '../manifest-shape.ts';
import { dayOf } from '../search/build-segment.ts';
import { OpenCells } from '../search/cells.ts';

/** A column of few distinct words. */
export interface Words {
  readonly codes: Uint32Array;
  readonly words: readonly string[];
}

export interface Texts {
  readonly values: Buffer;
  /** One more than there are rows. */
  readonly offsets: Float64Array;
}

type Kind = 'documents' | 'rejects';
type Batch = TextBatch<string, string>;

interface Place {
  readonly kind: Kind;
  readonly entry: DocumentShard;
  readonly index: number;
  /** Row number of its first, and of the first of its shard. */
  readonly start: number;
  readonly shardStart: number;
  readonly rows: number;
}

interface Made {
  readonly of: string;
  readonly from: (text: string) => string;
  /** Where what decides it ends. */
  readonly endOf: (bytes: Uint8Array, start: number, end: number) => number;
}
/** Columns that no shard has under this name. */
const MADE: Readonly<Record<string, Made>> = {
  host: { of: 'url', from: webHostOf, endOf: hostEnd },
  day: {
    of: 'fetched_at',
    from: dayOf,
    endOf: (_, start, end) => Math.min(end, start + 10),
  },
};

const [COLON, SLASH, QUESTION, HASH] = [0x3a, 0x2f, 0x3f, 0x23];
/** Of `https://host/…` the third slash; of what has no host where its query begins. */
function hostEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && at < start + 16 && bytes[at] !== COLON && bytes[at] !== SLASH) at++;
  const isWeb = bytes[at] === COLON && bytes[at + 1] === SLASH && bytes[at + 2] === SLASH;
  for (at = isWeb ? at + 3 : start; at < end; at++) {
    const byte = bytes[at];
    if (byte === QUESTION || byte === HASH || (isWeb && byte === SLASH)) return at;
  }
  return end;
}

/** Words by number, as they come: bytes that came before are not read as text again. */
class Codes {
  readonly words: string[] = [];
  readonly #from: (text: string) => string;
  readonly #byWord = new Map<string, number>();
  readonly #byHash = new Map<number, { readonly bytes: Buffer; readonly code: number }[]>();

  constructor(from: (text: string) => string) {
    this.#from = from;
  }

  codeOf(bytes: Buffer, start: number, end: number): number {
    let hash = end - start;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
    const alike = this.#byHash.get(hash);
    const known = alike?.find(
      (one) => one.bytes.length === end - start && bytes.compare(one.bytes, 0, end - start, start, end) === 0,
    );
    if (known !== undefined) return known.code;
    const word = this.#from(bytes.toString('utf8', start, end));
    const code = this.#byWord.get(word) ?? this.words.push(word) - 1;
    this.#byWord.set(word, code);
    const one = { bytes: Buffer.from(bytes.subarray(start, end)), code };
    if (alike === undefined) this.#byHash.set(hash, [one]);
    else alike.push(one);
    return code;
  }
}

/** Batches kept for rows that are asked for one after the other. */
const KEPT_BATCHES = 4;
/** Shards that stay open for lines and figures. */
const KEPT_SHARDS = 256;
/** Of measurements, in memory. */
const MOST_BYTES = 160e6;

/** A row as a list shows it. */
export interface Line {
  readonly kind: Kind;
  /** At most so many bytes of it, which may end within a character. */
  string(column: string, most?: number): string;
  /** In bytes. */
  length(column: string): number;
  number(column: string): number;
}

export class Table {
  readonly dir: string;
  readonly manifest: DocumentManifest;
  readonly kept: number;
  readonly rows: number;
  readonly #places: Place[] = [];
  readonly #columns = new Map<string, Promise<unknown>>();
  readonly #numbers = new Map<string, Float32Array>();
  readonly #shardStarts = new Map<string, number>();
  readonly #batches = new Map<Place, Batch>();
  readonly #ends: (() => void)[] = [];
  readonly #cells: OpenCells;

  constructor(dir: string) {
    this.dir = dir;
    this.manifest = readDocumentManifest(dir);
    this.#cells = new OpenCells(dir, KEPT_SHARDS);
    let start = 0;
    let kept = 0;
    for (const kind of ['documents', 'rejects'] as const) {
      for (const entry of this.manifest[kind]) {
        const shardStart = start;
        this.#shardStarts.set(entry.file, start);
        entry.batches.forEach(({ rows }, index) => {
          this.#places.push({ kind, entry, index, start, shardStart, rows });
          start += rows;
        });
      }
      if (kind === 'documents') kept = start;
    }
    this.kept = kept;
    this.rows = start;
  }

  /** Of a measurement. Those that were asked for last stay in memory. */
  async numbers(name: string): Promise<Float32Array> {
    let values = this.#numbers.get(name);
    if (values === undefined) {
      await breathe();
      values = this.#readNumbers(name);
    }
    this.#numbers.delete(name);
    this.#numbers.set(name, values);
    if (this.#numbers.size * values.byteLength > MOST_BYTES && this.#numbers.size > 1)
      this.#numbers.delete(this.#numbers.keys().next().value!);
    return values;
  }

  #readNumbers(name: string): Float32Array {
    const values = new Float32Array(this.rows);
    let start = 0;
    for (const kind of ['documents', 'rejects'] as const) {
      for (const entry of this.manifest[kind]) {
        this.#cells.of(kind, entry).copyNumbers(name, values.subarray(start, start + entry.rows));
        start += entry.rows;
      }
    }
    return values;
  }

  /** @param read where somebody knows the column already */
  words(name: string, read?: () => Words): Promise<Words> {
    return this.#column(`words ${name}`, async () => {
      if (read !== undefined) return read();
      const { of, from, endOf } = MADE[name] ?? { of: name, from: (text: string) => text };
      const codes = new Uint32Array(this.rows);
      const known = new Codes(from);
      await this.#forEachBatch([of], (batch, start) => {
        const { values, offsets } = batch.text(of);
        const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
        for (let row = 0; row < batch.rows; row++) {
          const [begin, end] = [offsets[row], offsets[row + 1]];
          codes[start + row] = known.codeOf(bytes, begin, endOf?.(bytes, begin, end) ?? end);
        }
      });
      return { codes, words: known.words };
    });
  }

  texts(name: string): Promise<Texts> {
    return this.#column(`texts ${name}`, async () => {
      const parts: Buffer[] = [];
      const offsets = new Float64Array(this.rows + 1);
      let total = 0;
      await this.#forEachBatch([name], (batch, start) => {
        const text = batch.text(name);
        parts.push(Buffer.from(text.values));
        for (let row = 0; row < batch.rows; row++) offsets[start + row + 1] = total + text.offsets[row + 1];
        total += text.values.length;
      });
      return { values: Buffer.concat(parts), offsets };
    });
  }

  /** Row numbers with this value of a text column. */
  async find(name: string, value: string): Promise<number[]> {
    const { values, offsets } = await this.texts(name);
    const wanted = Buffer.from(value);
    const found: number[] = [];
    if (wanted.length === 0) return found;
    for (let at = values.indexOf(wanted); at >= 0; at = values.indexOf(wanted, at + 1)) {
      const row = lastAtMost(offsets, at);
      if (offsets[row] === at && offsets[row + 1] === at + wanted.length) found.push(row);
    }
    return found;
  }

  /** The same by what a value is, one after the other. */
  async findBy(name: string, is: (value: string) => boolean): Promise<number[]> {
    const { values, offsets } = await this.texts(name);
    const found: number[] = [];
    for (let row = 0; row < this.rows; row++)
      if (is(values.toString('utf8', offsets[row], offsets[row + 1]))) found.push(row);
    return found;
  }

  /** The row number of what the index found. */
  numberOf = ({ shard, row }: { readonly shard: string; readonly row: number }): number =>
    this.#shardStarts.get(shard)! + row;

  #placeOf(number: number): Place {
    let low = 0;
    for (let high = this.#places.length - 1; low < high; ) {
      const middle = (low + high + 1) >> 1;
      if (this.#places[middle].start <= number) low = middle;
      else high = middle - 1;
    }
    return this.#places[low];
  }

  /** For a line of a list: values are read one by one, and compared to no checksum. */
  line(number: number): Line {
    const { kind, entry, shardStart } = this.#placeOf(number);
    const cells = this.#cells.of(kind, entry);
    const row = number - shardStart;
    return {
      kind,
      string: (column, most) => cells.string(column, row, most),
      length: (column) => cells.length(column, row),
      number: (column) => cells.number(column, row),
    };
  }

  /** Whole, its batch compared to the manifest. */
  row(number: number): Row {
    const place = this.#placeOf(number);
    const batch = this.#batches.get(place) ?? readOneBatch(this.dir, place.kind, place.entry, place.index);
    this.#batches.delete(place);
    this.#batches.set(place, batch);
    if (this.#batches.size > KEPT_BATCHES) this.#batches.delete(this.#batches.keys().next().value!);
    return new Row(place.kind, batch, number - place.start);
  }

  /** What ends when nobody looks at it any more. */
  whenClosed(end: () => void): void {
    this.#ends.push(end);
  }

  close(): void {
    for (const end of this.#ends.splice(0)) end();
    this.#cells.close();
  }

  #column<T>(key: string, read: () => Promise<T>): Promise<T> {
    const known = this.#columns.get(key) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const made = read();
    this.#columns.set(key, made);
    made.catch(() => this.#columns.delete(key));
    return made;
  }

  async #forEachBatch(texts: readonly string[], take: (batch: Batch, start: number) => void): Promise<void> {
    let start = 0;
    for (const kind of ['documents', 'rejects'] as const) {
      for (const entry of this.manifest[kind]) {
        for await (const { batch } of readShardParts(this.dir, kind, entry, { texts, numbers: false })) {
          take(batch, start);
          start += batch.rows;
        }
      }
    }
  }
}

/** Last index whose offset is at most `at`, of those with the same the last but empty ones. */
function lastAtMost(offsets: Float64Array, at: number): number {
  let low = 0;
  for (let high = offsets.length - 2; low < high; ) {
    const middle = (low + high + 1) >> 1;
    if (offsets[middle] <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Tables that stay open: of the corpora that were looked at last. */
const OPEN = 3;
const tables = new Map<string, Table>();

export function tableOf({ id, documents }: { readonly id: string; readonly documents: string }): Table {
  const key = `${id} ${documents}`;
  const table = tables.get(key) ?? new Table(documents);
  tables.delete(key);
  tables.set(key, table);
  if (tables.size > OPEN) {
    const [oldest, unused] = tables.entries().next().value!;
    tables.delete(oldest);
    unused.close();
  }
  return table;
}

/** Lets go of what tables keep open. */
export function closeTables(): void {
  for (const table of tables.values()) table.close();
  tables.clear();
}
