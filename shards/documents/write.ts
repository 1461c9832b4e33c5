/**
 * Kept and dropped documents → shards. Kept ones go to `documents-N.arrow`, dropped ones beside them to
 * `rejects-N.arrow`: both are finished together, so that one manifest row of each describes one stretch of input.
 *
 *   add, drop … isFull → finish() → the caller commits both entries → the next pair starts by itself
 */
import type { Cleaned, Document, Drop, Measurements } from '../../cleaning/document.ts';
import { packageVersion } from '../../crawlers/shell/assets.ts';
import { NumberColumns, TextColumn } from '../arrow/columns.ts';
import { type Columns, DOCUMENT_COLUMNS, REJECT_COLUMNS, withNumbers } from '../arrow/schemas.ts';
import { ShardWriter } from '../arrow/write-shard.ts';
import { checksumOf } from '../checksum.ts';
import { type DocumentText, SHARD_BYTES, shardFile } from '../format.ts';
import type { DocumentShard } from '../manifest-shape.ts';
import { licenceClassOf } from './licence.ts';
import { webHostOf } from './profile.ts';
import { type Row, rowsOf, type TextBatch } from './read.ts';

/** A record batch ends with the document that reaches this size: what a reader holds in memory. */
const BATCH_BYTES = 4 << 20;

/** What made a document. */
const TOOL = `vua ${packageVersion()}`;

/** What a column has of a row. `text`: the UTF-8 of the row's text, which stands before it. */
type TextOf<Row> = (row: Row, text: Uint8Array) => string;
type NumbersOf<Row> = (row: Row, into: Float64Array, at: number) => void;

/** Columns whose name is not that of a text of the document. */
const OF_DOCUMENT: Readonly<Record<string, TextOf<Document> | undefined>> = {
  fetched_at: ({ fetchedAt }) => fetchedAt,
  consent: ({ consent }) => consent.conclusion,
  consent_statements: ({ consent }) => consent.statements.join('\n'),
  paragraph_languages: ({ paragraphLanguages }) => paragraphLanguages,
  host: ({ url }) => webHostOf(url),
  raw_hash: ({ rawHash }) => rawHash,
  text_hash: (_, text) => checksumOf(text),
  tool: () => TOOL,
  licence_class: ({ licence }) => licenceClassOf(licence),
  personal_data: ({ personalData }) => personalData,
} satisfies Partial<Record<DocumentText, TextOf<Document>>>;

/** How a row becomes the columns of a shard: a function for each of them, in their order. */
interface Layout<Row> {
  readonly kind: 'documents' | 'rejects';
  readonly columns: Columns;
  readonly texts: readonly TextOf<Row>[];
  readonly numbers: NumbersOf<Row>;
}

const DOCUMENT_LAYOUT: Layout<Document> = {
  kind: 'documents',
  columns: DOCUMENT_COLUMNS,
  texts: DOCUMENT_COLUMNS.texts.map(
    (column) => OF_DOCUMENT[column] ?? ((document) => document[column as keyof Document] as string),
  ),
  numbers: ({ measurements, httpStatus }, into, at) => {
    writeMeasurements(DOCUMENT_COLUMNS.numbers, measurements, into, at);
    into[at + HTTP_STATUS] = httpStatus;
  },
};
const HTTP_STATUS = DOCUMENT_COLUMNS.numbers.indexOf('http_status');

const REJECT_LAYOUT: Layout<Drop> = {
  kind: 'rejects',
  columns: REJECT_COLUMNS,
  texts: REJECT_COLUMNS.texts.map((column) =>
    column === 'fetched_at' ? ({ fetchedAt }: Drop) => fetchedAt : (drop: Drop) => drop[column as keyof Drop] as string,
  ),
  numbers: ({ measurements, value, threshold }, into, at) => {
    writeMeasurements(REJECT_COLUMNS.numbers, measurements, into, at);
    into[at + VALUE] = value;
    into[at + THRESHOLD] = threshold;
  },
};
const [VALUE, THRESHOLD] = ['value', 'threshold'].map((name) => REJECT_COLUMNS.numbers.indexOf(name));

/** NaN where there are none, and for columns that are no measurement. */
function writeMeasurements(
  columns: readonly string[],
  measurements: Measurements | undefined,
  into: Float64Array,
  at: number,
): void {
  const measured: Readonly<Record<string, number>> = measurements ?? {};
  for (let i = 0; i < columns.length; i++) into[at + i] = measured[columns[i]];
}

/** Bytes that a row takes, by which shards and batches end. */
export function rowBytes({ kept, dropped }: Cleaned): number {
  return kept === undefined ? bytesIn(REJECT_LAYOUT, dropped) : bytesIn(DOCUMENT_LAYOUT, kept);
}

function bytesIn<Row>({ texts, columns }: Layout<Row>, row: Row): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text(row, NOTHING)), figureBytes(columns));
}

const figureBytes = ({ numbers, wide }: Columns): number => 4 * (numbers.length + wide.length);

export interface ShardPair {
  readonly documents: readonly DocumentShard[];
  readonly rejects: readonly DocumentShard[];
}

export interface DocumentWriterOptions {
  /** Number of the first shard pair. */
  readonly firstIndex: number;
  readonly shardBytes?: number;
  readonly batchBytes?: number;
}

export class DocumentWriter {
  readonly #documents: TableWriter<Document>;
  readonly #rejects: TableWriter<Drop>;
  readonly #shardBytes: number;
  #index: number;

  /** Writes into `dir`, which must exist. Nothing stands there before the first row. */
  constructor(dir: string, { firstIndex, shardBytes = SHARD_BYTES, batchBytes = BATCH_BYTES }: DocumentWriterOptions) {
    this.#documents = new TableWriter(dir, DOCUMENT_LAYOUT, batchBytes);
    this.#rejects = new TableWriter(dir, REJECT_LAYOUT, batchBytes);
    this.#shardBytes = shardBytes;
    this.#index = firstIndex;
  }

  /** @throws ToolkitError WRITE_FAILED */
  add(document: Document): void {
    this.#documents.append(document, this.#index);
  }

  /** @throws ToolkitError WRITE_FAILED */
  drop(drop: Drop): void {
    this.#rejects.append(drop, this.#index);
  }

  /** One of the two files has reached its size: call `finish`. */
  get isFull(): boolean {
    return Math.max(this.#documents.bytes, this.#rejects.bytes) >= this.#shardBytes;
  }

  /** Makes what was added durable: at most one entry of each kind, none when nothing was added. */
  finish(): ShardPair {
    this.#index++;
    return { documents: this.#documents.finish(), rejects: this.#rejects.finish() };
  }

  /** Number of the pair that begins with the next row: a commit may have taken numbers for shards written anew. */
  continueAt(index: number): void {
    this.#index = index;
  }

  discard(): void {
    this.#documents.discard();
    this.#rejects.discard();
  }
}

/** What becomes of a row when its shard is written anew: other values of text columns, or it goes. */
export type Change = Readonly<Record<string, string>> | 'goes' | undefined;

/**
 * Writes a shard anew under another number. Columns stay those of the shard's version, and batches stay batches: one of
 * which no row changes is copied as it is. It becomes several where it is larger than `shardBytes`.
 * @param pieces `begin` gives the number of a new shard, by the id of its first row
 * @param change `undefined` for a row that stays as it is
 * @returns its entry for the manifest, none when no row is left
 * @throws ToolkitError WRITE_FAILED, BAD_SHARD
 */
export function rewriteShard(
  dir: string,
  kind: 'documents' | 'rejects',
  batches: Iterable<TextBatch<string, string>>,
  { begin, shardBytes }: { readonly begin: (firstId: string) => number; readonly shardBytes: number },
  change: (row: Row) => Change,
): DocumentShard[] {
  let writer: TableWriter<Pick<Row, 'string' | 'number'>> | undefined;
  const written: DocumentShard[] = [];
  let index: number | undefined;
  try {
    for (const batch of batches) {
      if (writer !== undefined && writer.bytes >= shardBytes) {
        written.push(...writer.finish());
        index = undefined;
      }
      writer ??= new TableWriter(
        dir,
        {
          kind,
          columns: batch.columns,
          texts: batch.columns.texts.map((column) => (row) => row.string(column)),
          numbers: (row, into, at) => {
            for (const [i, column] of batch.columns.numbers.entries()) into[at + i] = row.number(column);
          },
        },
        Number.POSITIVE_INFINITY,
      );
      const rows = [...rowsOf(kind, batch)];
      const changes = rows.map(change);
      if (changes.every((changed) => changed === undefined)) {
        index ??= begin(rows[0].string('id'));
        writer.copy(batch, index);
        continue;
      }
      for (const [i, row] of rows.entries()) {
        const changed = changes[i];
        if (changed === 'goes') continue;
        const string = (column: string): string => changed?.[column] ?? row.string(column);
        index ??= begin(row.string('id'));
        writer.append({ string, number: (column) => row.number(column) }, index);
      }
      writer.endBatch();
    }
    return [...written, ...(writer?.finish() ?? [])];
  } finally {
    writer?.discard();
  }
}

/**
 * Writes a shard anew under another number, with number columns that it may lack; all else stays, batches too.
 * @param figures of a row, by the names of those columns
 * @throws ToolkitError WRITE_FAILED, BAD_SHARD
 */
export function measureShard<Name extends string>(
  dir: string,
  kind: 'documents' | 'rejects',
  index: number,
  batches: Iterable<TextBatch<string, string>>,
  names: readonly Name[],
  figures: (row: Row) => Readonly<Record<Name, number>>,
): DocumentShard[] {
  type Measured = readonly [Row, Readonly<Record<string, number>>];
  let writer: TableWriter<Measured> | undefined;
  try {
    for (const batch of batches) {
      const columns = withNumbers(batch.columns, names);
      const isNew = columns.numbers.map((name) => (names as readonly string[]).includes(name));
      writer ??= new TableWriter<Measured>(
        dir,
        {
          ...{ kind, columns },
          texts: columns.texts.map(
            (column) =>
              ([row]) =>
                row.string(column),
          ),
          numbers: ([row, figure], into, at) => {
            for (const [i, column] of columns.numbers.entries())
              into[at + i] = isNew[i] ? figure[column] : row.number(column);
          },
        },
        Number.POSITIVE_INFINITY,
      );
      for (const row of rowsOf(kind, batch)) writer.append([row, figures(row)], index);
      writer.endBatch();
    }
    return writer?.finish() ?? [];
  } finally {
    writer?.discard();
  }
}

const NOTHING: Uint8Array = new Uint8Array();

/** Rows of one kind, gathered into record batches, gathered into shards. */
class TableWriter<Row> {
  readonly #dir: string;
  readonly #layout: Layout<Row>;
  readonly #batchBytes: number;
  readonly #texts: readonly TextColumn[];
  readonly #numbers: NumberColumns;
  /** The column of the text. */
  readonly #body: TextColumn;
  readonly #rowBytes: number;
  #rows = 0;
  /** Since the last batch. */
  #gathered = 0;
  #bytes = 0;
  #textBytes = 0;
  #shard: ShardWriter | undefined;

  constructor(dir: string, layout: Layout<Row>, batchBytes: number) {
    this.#dir = dir;
    this.#layout = layout;
    this.#batchBytes = batchBytes;
    const { texts, numbers, wide } = layout.columns;
    this.#texts = texts.map(() => new TextColumn());
    this.#numbers = new NumberColumns(numbers.map((name) => wide.includes(name)));
    this.#body = this.#texts[texts.indexOf('text')];
    this.#rowBytes = figureBytes(layout.columns);
  }

  /** Bytes of the rows in the shard in hand, written and still gathered. */
  get bytes(): number {
    return this.#bytes;
  }

  append(row: Row, shardIndex: number): void {
    const { kind, columns, texts, numbers } = this.#layout;
    this.#shard ??= new ShardWriter(this.#dir, shardFile(kind, shardIndex), columns.schema);
    let bytes = this.#rowBytes;
    let body = NOTHING;
    for (let i = 0; i < texts.length; i++) {
      const column = this.#texts[i];
      const before = column.bytes;
      column.append(texts[i](row, body));
      bytes += column.bytes - before;
      if (column === this.#body) body = column.last;
    }
    this.#numbers.append((into, at) => numbers(row, into, at));
    this.#textBytes += body.length;
    this.#gathered += bytes;
    this.#bytes += bytes;
    this.#rows++;
    if (this.#gathered >= this.#batchBytes) this.endBatch();
  }

  /** A record batch of the same columns, as it is. */
  copy(batch: TextBatch<string, string>, shardIndex: number): void {
    this.endBatch();
    const { kind, columns } = this.#layout;
    this.#shard ??= new ShardWriter(this.#dir, shardFile(kind, shardIndex), columns.schema);
    const before = this.#shard.bytes;
    this.#shard.write(batch.rows, batch.data());
    this.#bytes += this.#shard.bytes - before;
    for (let row = 0; row < batch.rows; row++) this.#textBytes += batch.bytes('text', row).length;
  }

  finish(): DocumentShard[] {
    if (!this.#shard) return [];
    this.endBatch();
    const entry = { ...this.#shard.finish(), textBytes: this.#textBytes };
    this.#shard = undefined;
    this.#textBytes = 0;
    this.#bytes = 0;
    return [entry];
  }

  discard(): void {
    this.#shard?.discard();
    this.#shard = undefined;
  }

  /** What was gathered becomes a record batch. */
  endBatch(): void {
    if (this.#rows === 0) return;
    this.#shard!.write(this.#rows, [...this.#texts.map((column) => column.data()), ...this.#numbers.data()]);
    for (const column of [...this.#texts, this.#numbers]) column.clear();
    this.#rows = 0;
    this.#gathered = 0;
  }
}
