/**
 * Kept and dropped documents → shards. Kept ones go to `documents-N.arrow`, dropped ones beside them to
 * `rejects-N.arrow`: both are finished together, so that one manifest row of each describes one stretch of input.
 *
 *   add, drop … isFull → finish() → the caller commits both entries → the next pair starts by itself
 */
import { Float32, Float64, type Schema } from 'apache-arrow';
import type { Document, Drop } from '../cleaning/document.ts';
import { NumberColumn, TextColumn } from './columns.ts';
import {
  DOCUMENT_NUMBERS,
  DOCUMENT_TEXTS,
  type DocumentText,
  REJECT_NUMBERS,
  REJECT_TEXTS,
  type RejectText,
  shardFile,
} from './format.ts';
import type { DocumentShard } from './manifest.ts';
import { DOCUMENT_SCHEMA, REJECT_SCHEMA } from './schemas.ts';
import { ShardWriter } from './write-shard.ts';

/** A shard ends with the document that reaches this size. */
export const SHARD_BYTES = 256_000_000;
/** A record batch ends with the document that reaches this size: what a reader holds in memory. */
export const BATCH_BYTES = 4 << 20;

const DOCUMENT_VALUES: Record<DocumentText, (document: Document) => string> = {
  id: (document) => document.id,
  url: (document) => document.url,
  title: (document) => document.title,
  text: (document) => document.text,
  source: (document) => document.source,
  fetched_at: (document) => document.fetchedAt,
  consent: (document) => document.consent.conclusion,
  consent_statements: (document) => document.consent.statements.join('\n'),
  licence: (document) => document.licence,
  language: (document) => document.language,
  diacritics: (document) => document.diacritics,
  cluster: (document) => document.cluster,
};

const REJECT_VALUES: Record<RejectText, (drop: Drop) => string> = {
  id: (drop) => drop.id,
  url: (drop) => drop.url,
  title: (drop) => drop.title,
  source: (drop) => drop.source,
  fetched_at: (drop) => drop.fetchedAt,
  stage: (drop) => drop.stage,
  reason: (drop) => drop.reason,
  other: (drop) => drop.other,
  text: (drop) => drop.text,
};

interface Layout<Row> {
  readonly kind: 'documents' | 'rejects';
  readonly schema: Schema;
  readonly texts: readonly { name: string; value: (row: Row) => string }[];
  readonly numbers: readonly ((row: Row) => number)[];
  readonly numberColumn: () => NumberColumn;
}

const DOCUMENT_LAYOUT: Layout<Document> = {
  kind: 'documents',
  schema: DOCUMENT_SCHEMA,
  texts: DOCUMENT_TEXTS.map((name) => ({ name, value: DOCUMENT_VALUES[name] })),
  numbers: DOCUMENT_NUMBERS.map((name) => (document) => document.measurements[name]),
  numberColumn: () => new NumberColumn(new Float32(), Float32Array),
};

const REJECT_LAYOUT: Layout<Drop> = {
  kind: 'rejects',
  schema: REJECT_SCHEMA,
  texts: REJECT_TEXTS.map((name) => ({ name, value: REJECT_VALUES[name] })),
  numbers: REJECT_NUMBERS.map((name) => (drop) => drop[name]),
  numberColumn: () => new NumberColumn(new Float64(), Float64Array),
};

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

  discard(): void {
    this.#documents.discard();
    this.#rejects.discard();
  }
}

/** Rows of one kind, gathered into record batches, gathered into shards. */
class TableWriter<Row> {
  readonly #dir: string;
  readonly #layout: Layout<Row>;
  readonly #batchBytes: number;
  readonly #texts: readonly TextColumn[];
  readonly #numbers: readonly NumberColumn[];
  #rows = 0;
  #textBytes = 0;
  #shard: ShardWriter | undefined;

  constructor(dir: string, layout: Layout<Row>, batchBytes: number) {
    this.#dir = dir;
    this.#layout = layout;
    this.#batchBytes = batchBytes;
    this.#texts = layout.texts.map(() => new TextColumn());
    this.#numbers = layout.numbers.map(() => layout.numberColumn());
  }

  /** Bytes of the shard in hand: written and still gathered. */
  get bytes(): number {
    return (this.#shard?.bytes ?? 0) + this.#gatheredBytes;
  }

  append(row: Row, shardIndex: number): void {
    const { kind, schema, texts, numbers } = this.#layout;
    this.#shard ??= new ShardWriter(this.#dir, shardFile(kind, shardIndex), schema);
    for (const [i, { name, value }] of texts.entries()) {
      const before = this.#texts[i].bytes;
      this.#texts[i].append(value(row));
      if (name === 'text') this.#textBytes += this.#texts[i].bytes - before;
    }
    for (const [i, value] of numbers.entries()) this.#numbers[i].append(value(row));
    this.#rows++;
    if (this.#gatheredBytes >= this.#batchBytes) this.#flush();
  }

  finish(): DocumentShard[] {
    if (!this.#shard) return [];
    this.#flush();
    const entry = { ...this.#shard.finish(), textBytes: this.#textBytes };
    this.#shard = undefined;
    this.#textBytes = 0;
    return [entry];
  }

  discard(): void {
    this.#shard?.discard();
    this.#shard = undefined;
  }

  get #gatheredBytes(): number {
    return this.#texts.reduce((sum, column) => sum + column.bytes, 0);
  }

  #flush(): void {
    if (this.#rows === 0) return;
    const columns = [...this.#texts, ...this.#numbers];
    this.#shard!.write(
      this.#rows,
      columns.map((column) => column.data()),
    );
    for (const column of columns) column.clear();
    this.#rows = 0;
  }
}
