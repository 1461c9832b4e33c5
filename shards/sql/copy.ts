/**
 * The columns of a folder of documents as Parquet, for SQL: a file for each shard, beside what is made for a search
 * (`side-files.ts`), so a night adds those of its new shards, and what leaves the folder leaves them.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AtomicFile } from '../../crawlers/shell/folder.ts';
import { breathe, unattended, type Work } from '../../crawlers/shell/work.ts';
import { webHostOf } from '../documents/profile.ts';
import { readShard, type TextBatch } from '../documents/read.ts';
import { type ColumnType, ParquetWriter, type TextValues } from '../export/parquet-file.ts';
import { DOCUMENT_NUMBERS, DOCUMENT_TEXTS, REJECT_FIGURES, REJECT_NUMBERS, REJECT_TEXTS } from '../format.ts';
import { readDocumentManifest } from '../manifest.ts';
import type { DocumentShard } from '../manifest-shape.ts';
import { type Making, makeSideFiles, sideFolder } from '../side-files.ts';

export const SQL_KINDS = ['documents', 'rejects'] as const;
export type SqlKind = (typeof SQL_KINDS)[number];
/** Of what the files hold: others are passed over. */
const VERSION = 1;

/** Columns that are made of others, as the facets of `vua inspect` have them. */
const MADE: Readonly<Record<string, (batch: Batch, row: number) => string>> = {
  host: (batch, row) => webHostOf(batch.string('url', row)),
  day: (batch, row) => /^\d{4}-\d\d-\d\d/.exec(batch.string('fetched_at', row))?.[0] ?? 'unknown',
};
type Batch = TextBatch<string, string>;

const WIDE: readonly string[] = REJECT_FIGURES;
const columnsOf = (texts: readonly string[], numbers: readonly string[]): (readonly [string, ColumnType])[] => [
  ...[...new Set([...texts, ...Object.keys(MADE)])].map((name) => [name, 'text'] as const),
  ...numbers.map((name) => [name, WIDE.includes(name) ? 'double' : 'float'] as const),
];
/** Of each table, in their order. */
export const SQL_COLUMNS = {
  documents: columnsOf(DOCUMENT_TEXTS, DOCUMENT_NUMBERS),
  rejects: columnsOf(REJECT_TEXTS, REJECT_NUMBERS),
} as const satisfies Record<SqlKind, unknown>;

/** Files of each table. */
export type SqlFiles = Readonly<Record<SqlKind, readonly string[]>>;

/**
 * Writes what is not there yet, each file whole or not at all.
 * @throws ToolkitError BAD_SHARD, FOLDER_LOCKED, UNWRITABLE_FOLDER (exit 2), WRITE_FAILED; what the signal was aborted with
 */
export async function copyForSql(documents: string, { signal, report }: Work = unattended()): Promise<SqlFiles> {
  const manifest = readDocumentManifest(documents);
  const index = sideFolder(documents);
  const all = SQL_KINDS.flatMap((kind) =>
    manifest[kind].map((entry) => ({ kind, entry, path: join(index, `${kind}-${entry.checksum}.${VERSION}.parquet`) })),
  );
  const missing = all.filter(({ path }) => !existsSync(path));
  const making: Making<(typeof all)[number]> = {
    unit: 'bytes',
    sizeOf: ({ entry }) => entry.bytes,
    make: ({ kind, entry, path }) => copyShard(documents, kind, entry, path, signal),
  };
  await makeSideFiles(documents, index, missing, making, { report });
  const files = (wanted: SqlKind): string[] => all.filter(({ kind }) => kind === wanted).map(({ path }) => path);
  return { documents: files('documents'), rejects: files('rejects') };
}

async function copyShard(dir: string, kind: SqlKind, entry: DocumentShard, path: string, signal: AbortSignal) {
  const file = new AtomicFile(path);
  try {
    const columns = SQL_COLUMNS[kind];
    const writer = new ParquetWriter(file, columns, 'snappy');
    for (const batch of readShard(dir, kind, entry) as Generator<Batch>) {
      await breathe();
      signal.throwIfAborted();
      writer.add(
        columns.map(([name, type]) => valuesOf(batch, name, type)),
        batch.rows,
      );
    }
    writer.finish();
    file.commit();
  } finally {
    file.discard();
  }
}

function valuesOf(batch: Batch, name: string, type: ColumnType) {
  if (Object.hasOwn(MADE, name)) return textsOf(Array.from({ length: batch.rows }, (_, row) => MADE[name](batch, row)));
  if (type === 'text') return batch.text(name);
  const values = batch.values(name);
  return type === 'double' ? Float64Array.from(values) : (values as Float32Array);
}

function textsOf(texts: readonly string[]): TextValues {
  const parts = texts.map((text) => Buffer.from(text));
  const offsets = new Int32Array(parts.length + 1);
  for (const [i, { length }] of parts.entries()) offsets[i + 1] = offsets[i] + length;
  return { values: Buffer.concat(parts), offsets };
}
