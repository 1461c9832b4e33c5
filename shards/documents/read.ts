/**
 * Reads document shards batch by batch, in the order of the manifest. Text comes as the bytes that stand in the file:
 * the tokenizer wants bytes, and decoding all of it would cost twenty times the reading.
 *
 *   for await (const batch of readDocuments(dir))
 *     for (let row = 0; row < batch.rows; row++) use(batch.bytes('text', row), batch.string('cluster', row));
 */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Float32, Float64, makeData, Utf8 } from 'apache-arrow';
import type { Measurements } from '../../cleaning/document.ts';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { breathe } from '../../crawlers/shell/work.ts';
import { type RawBatch, type Region, ShardReader } from '../arrow/read-shard.ts';
import { type Columns, columnsIn } from '../arrow/schemas.ts';
import type { ColumnData } from '../arrow/write-shard.ts';
import type { DocumentNumber, DocumentText, RejectNumber, RejectText } from '../format.ts';
import { manifestPath, readDocumentManifest, settled } from '../manifest.ts';
import type { ShardEntry } from '../manifest-shape.ts';
import type { Split } from '../split.ts';
import { Sides } from './groups.ts';

/** Buffers of a column in a record batch: Utf8 has validity, offsets, values; a number column validity, values. */
const TEXT_BUFFERS = 3;
const NUMBER_BUFFERS = 2;

/** One record batch. Everything it gives is a view of the batch's own memory, valid as long as the view is held. */
export class TextBatch<Text extends string, Number extends string> {
  /** File name of the shard. */
  readonly shard: string;
  /** Position of this batch in its shard. */
  readonly index: number;
  readonly rows: number;
  /** What the shard's version has. */
  readonly columns: Columns;
  readonly #raw: RawBatch;
  readonly #texts = new Map<string, { offsets: Int32Array; values: Buffer }>();
  readonly #numbers = new Map<string, Float32Array | Float64Array>();

  constructor(shard: string, index: number, raw: RawBatch, columns: Columns) {
    this.shard = shard;
    this.index = index;
    this.rows = raw.rows;
    this.#raw = raw;
    this.columns = columns;
  }

  /** UTF-8 bytes of one value; none where the shard's version lacks the column. A view: do not write into it. */
  bytes(column: Text, row: number): Uint8Array {
    const { offsets, values } = this.#text(column);
    return values.subarray(offsets[row], offsets[row + 1]);
  }

  string(column: Text, row: number): string {
    const { offsets, values } = this.#text(column);
    return values.toString('utf8', offsets[row], offsets[row + 1]);
  }

  /** A whole text column, as it stands; empty texts where the shard's version lacks it. */
  text(column: Text): { readonly values: Uint8Array; readonly offsets: Int32Array } {
    return this.#text(column);
  }

  /** A whole number column, one element per row; NaN throughout where the shard's version lacks it. */
  values(column: Number): Float32Array | Float64Array {
    const known = this.#numbers.get(column);
    if (known) return known;
    const { texts, numbers, wide } = this.columns;
    const place = numbers.indexOf(column);
    let values: Float32Array | Float64Array;
    if (place < 0) values = new Float32Array(this.rows).fill(Number.NaN);
    else {
      const { offset } = this.#raw.regions[texts.length * TEXT_BUFFERS + place * NUMBER_BUFFERS + 1];
      const { body } = this.#raw;
      const FloatArray = wide.includes(column) ? Float64Array : Float32Array;
      values = new FloatArray(body.buffer as ArrayBuffer, body.byteOffset + offset, this.rows);
    }
    this.#numbers.set(column, values);
    return values;
  }

  /** The columns as they stand, or as a version has them, to be written elsewhere: views of the batch's own memory. */
  data({ texts, numbers, wide }: Columns = this.columns): ColumnData[] {
    const text = (name: string): ColumnData => {
      const { offsets, values } = this.#text(name as Text);
      return makeData({ type: new Utf8(), length: this.rows, nullCount: 0, valueOffsets: offsets, data: values });
    };
    const number = (name: string): ColumnData => {
      const type = wide.includes(name) ? new Float64() : new Float32();
      return makeData({ type, length: this.rows, nullCount: 0, data: this.values(name as Number) });
    };
    return [...texts.map(text), ...numbers.map(number)];
  }

  #text(column: Text): { offsets: Int32Array; values: Buffer } {
    const known = this.#texts.get(column);
    if (known) return known;
    const { regions, body } = this.#raw;
    const place = this.columns.texts.indexOf(column);
    if (place < 0) return { offsets: new Int32Array(this.rows + 1), values: Buffer.alloc(0) };
    const first = place * TEXT_BUFFERS;
    const { offset, length } = regions[first + 2];
    const text = {
      offsets: new Int32Array(body.buffer, body.byteOffset + regions[first + 1].offset, this.rows + 1),
      values: Buffer.from(body.buffer, body.byteOffset + offset, length),
    };
    this.#texts.set(column, text);
    return text;
  }
}

export type DocumentBatch = TextBatch<DocumentText, DocumentNumber>;
export type RejectBatch = TextBatch<RejectText, RejectNumber>;
/** Of each kind of shard. */
interface Batches {
  readonly documents: DocumentBatch;
  readonly rejects: RejectBatch;
}

/**
 * Documents of a folder with a manifest, or of one shard file. Each batch is compared to the manifest before it is
 * yielded; a file that no manifest beside it lists is read without that. Ends early when `signal` is aborted.
 * @throws ToolkitError (exit 2) NO_MANIFEST, BAD_MANIFEST, NEWER_FORMAT; BAD_SHARD naming shard, batch, found, expected.
 */
export async function* readDocuments(given: string, signal?: AbortSignal): AsyncGenerator<DocumentBatch> {
  const path = settled(given);
  if (isFolder(path)) {
    yield* readDocumentShards(path, readDocumentManifest(path).documents, signal);
    return;
  }
  const dir = dirname(path);
  const listed = existsSync(manifestPath(dir)) ? readDocumentManifest(dir).documents : [];
  const entry = listed.find(({ file }) => file === basename(path));
  yield* breathing(readBatches(path, 'documents', entry), signal);
}

/** Documents of these shards of a folder: for those who have read its manifest and must stay with it. */
export async function* readDocumentShards(
  dir: string,
  shards: readonly ShardEntry[],
  signal?: AbortSignal,
): AsyncGenerator<DocumentBatch> {
  for (const entry of shards) yield* breathing(readShard(dir, 'documents', entry), signal);
}

/** Whether `readDocuments` reads from there: a shard, or a folder with a manifest. */
export const holdsDocuments = (path: string): boolean => path.endsWith('.arrow') || existsSync(manifestPath(path));

/** A document without all that is known of it. */
export interface SourceText {
  readonly source: string;
  /** Empty where a document has none; missing where nobody asked. */
  readonly licence?: string;
  /** UTF-8. */
  readonly text: Uint8Array;
}

/** On which side a document of a batch stands. */
export const sideOf = (sides: Sides, batch: DocumentBatch, row: number, validShare: number): Split =>
  sides.split(
    {
      url: batch.string('url', row),
      cluster: batch.string('cluster', row),
      text: () => batch.bytes('text', row),
    },
    validShare,
  );

/** Texts of one side of a split, for the share of keys (0…1) that is held out. */
export async function* readTexts(
  path: string,
  validShare = 0,
  signal?: AbortSignal,
  side: Split = 'train',
): AsyncGenerator<SourceText> {
  const dir = settled(path);
  const folder = isFolder(dir) ? dir : dirname(dir);
  const sides = Sides.of(folder, existsSync(manifestPath(folder)) ? readDocumentManifest(folder) : {});
  for await (const batch of readDocuments(dir, signal)) {
    for (let row = 0; row < batch.rows; row++) {
      if (sideOf(sides, batch, row, validShare) !== side) continue;
      const [source, licence] = [batch.string('source', row), batch.string('licence', row)];
      yield { source, licence, text: batch.bytes('text', row) };
    }
  }
}

/** UTF-8 bytes of all texts of a folder, as its manifest has them; `undefined` where there is none. */
export const textBytesIn = (path: string): number | undefined =>
  existsSync(manifestPath(path))
    ? readDocumentManifest(path).documents.reduce((sum, { textBytes }) => sum + textBytes, 0)
    : undefined;

/** Dropped documents of a folder, with the reason for each. */
export async function* readRejects(given: string, signal?: AbortSignal): AsyncGenerator<RejectBatch> {
  const dir = settled(given);
  for (const entry of readDocumentManifest(dir).rejects) yield* breathing(readShard(dir, 'rejects', entry), signal);
}

/** One row of a shard of either kind. */
export class Row {
  readonly kind: keyof Batches;
  readonly #batch: TextBatch<string, string>;
  readonly #at: number;
  readonly #whole: (() => TextBatch<string, string>) | undefined;

  constructor(
    kind: keyof Batches,
    batch: TextBatch<string, string>,
    at: number,
    whole?: () => TextBatch<string, string>,
  ) {
    this.kind = kind;
    this.#batch = batch;
    this.#at = at;
    this.#whole = whole;
  }

  /** With all of its columns, its batch compared to the manifest. @throws ToolkitError BAD_SHARD */
  whole(): Row {
    return this.#whole === undefined ? this : new Row(this.kind, this.#whole(), this.#at);
  }

  /** File name of its shard. */
  get shard(): string {
    return this.#batch.shard;
  }

  /** What the shard's version has. */
  get columns(): Columns {
    return this.#batch.columns;
  }

  /** Empty where the shard's version lacks the column. */
  string(column: string): string {
    return this.#batch.string(column, this.#at);
  }

  /** The same as UTF-8, valid while its batch is. */
  bytes(column: string): Uint8Array {
    return this.#batch.bytes(column, this.#at);
  }

  /** NaN where the shard's version lacks the column. */
  number(column: string): number {
    return this.#batch.values(column)[this.#at];
  }

  /** Its number columns by name; `undefined` of a page dropped before it was measured, and of version 1. */
  measurements(): Measurements | undefined {
    if (Number.isNaN(this.number('dup_line_frac'))) return undefined;
    return Object.fromEntries(this.columns.numbers.map((name) => [name, this.number(name)])) as Measurements;
  }
}

/** Every row of a folder: documents, then rejects. */
export async function* readRows(given: string, signal?: AbortSignal): AsyncGenerator<Row> {
  const dir = settled(given);
  const manifest = readDocumentManifest(dir);
  for (const kind of ['documents', 'rejects'] as const) {
    for (const entry of manifest[kind]) {
      for await (const batch of breathing(readShard(dir, kind, entry), signal)) yield* rowsOf(kind, batch);
    }
  }
}

/**
 * Every row of a folder with these columns alone, which is all that is read of the files: `whole` gives the others.
 * @param numbers whether its number columns are among them
 */
export async function* readColumns(given: string, wanted: Wanted, signal?: AbortSignal): AsyncGenerator<Row> {
  const dir = settled(given);
  const manifest = readDocumentManifest(dir);
  for (const kind of ['documents', 'rejects'] as const)
    yield* readShardColumns(dir, kind, manifest[kind], wanted, signal);
}

export interface Wanted {
  readonly texts: readonly string[];
  /** All of them, none, or some by name. */
  readonly numbers: boolean | readonly string[];
}

/** The same of these shards of a folder. */
export async function* readShardColumns(
  dir: string,
  kind: keyof Batches,
  shards: readonly ShardEntry[],
  wanted: Wanted,
  signal?: AbortSignal,
): AsyncGenerator<Row> {
  for (const entry of shards) {
    for await (const { batch, whole } of readShardParts(dir, kind, entry, wanted, signal))
      for (let at = 0; at < batch.rows; at++) yield new Row(kind, batch, at, whole);
  }
}

/** The same of one shard by its batches, each beside a way to all of its columns. */
export async function* readShardParts(
  dir: string,
  kind: keyof Batches,
  entry: ShardEntry,
  wanted: Wanted,
  signal?: AbortSignal,
): AsyncGenerator<{ batch: TextBatch<string, string>; whole: () => TextBatch<string, string> }> {
  const reader = ShardReader.open(join(dir, entry.file), (found) => columnsIn(kind, found).schema, entry);
  try {
    const columns = columnsIn(kind, reader.schema);
    const pick = (regions: readonly Region[]): Region[] => stretchesOf(columns, wanted, regions);
    for (let index = 0; index < reader.batchCount; index++) {
      await breathe();
      if (signal?.aborted) return;
      const batch = new TextBatch<string, string>(reader.name, index, reader.readParts(index, pick), columns);
      yield { batch, whole: () => new TextBatch<string, string>(reader.name, index, reader.readBatch(index), columns) };
    }
  } finally {
    reader.close();
  }
}

/** One batch of a shard with all of its columns, compared to the manifest. @throws ToolkitError BAD_SHARD */
export function readOneBatch(
  dir: string,
  kind: keyof Batches,
  entry: ShardEntry,
  index: number,
): TextBatch<string, string> {
  const reader = ShardReader.open(join(dir, entry.file), (found) => columnsIn(kind, found).schema, entry);
  try {
    const columns = columnsIn(kind, reader.schema);
    return new TextBatch<string, string>(reader.name, index, reader.readBatch(index), columns);
  } finally {
    reader.close();
  }
}

/** Buffers of columns: of a text its offsets and its bytes, of all numbers together what follows the texts. */
function stretchesOf({ texts, numbers }: Columns, wanted: Wanted, regions: readonly Region[]): Region[] {
  const picked = texts.flatMap((name, i) =>
    wanted.texts.includes(name) ? regions.slice(i * TEXT_BUFFERS, (i + 1) * TEXT_BUFFERS) : [],
  );
  if (!wanted.numbers || numbers.length === 0) return picked;
  if (wanted.numbers !== true) {
    const places = wanted.numbers.map((name) => numbers.indexOf(name)).filter((place) => place >= 0);
    return [...picked, ...places.map((place) => regions[texts.length * TEXT_BUFFERS + place * NUMBER_BUFFERS + 1])];
  }
  const [first, last] = [regions[texts.length * TEXT_BUFFERS], regions.at(-1)!];
  return [...picked, { offset: first.offset, length: last.offset + last.length - first.offset }];
}

export function* rowsOf(kind: keyof Batches, batch: TextBatch<string, string>): Generator<Row> {
  for (let at = 0; at < batch.rows; at++) yield new Row(kind, batch, at);
}

/** One shard of a folder, synchronously. */
export const readShard = <Kind extends keyof Batches>(
  dir: string,
  kind: Kind,
  entry: ShardEntry,
): Generator<Batches[Kind]> => readBatches(join(dir, entry.file), kind, entry);

function* readBatches<Kind extends keyof Batches>(
  path: string,
  kind: Kind,
  entry: ShardEntry | undefined,
): Generator<Batches[Kind]> {
  const reader = ShardReader.open(path, (found) => columnsIn(kind, found).schema, entry);
  const columns = columnsIn(kind, reader.schema);
  try {
    for (let index = 0; index < reader.batchCount; index++) {
      yield new TextBatch<string, string>(reader.name, index, reader.readBatch(index), columns);
    }
  } finally {
    reader.close();
  }
}

/** Reading is synchronous; between two batches the event loop has its turn, so that Ctrl-C is heard. */
async function* breathing<T>(batches: Iterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  for (const batch of batches) {
    await breathe();
    if (signal?.aborted) return;
    yield batch;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw badInput('BAD_INPUT', `${path}: ${reasonOf(error)}`, 'give a folder that `vua clean` wrote', error);
  }
}
