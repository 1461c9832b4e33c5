/** Documents for other programs: Parquet, JSON lines, or what `datasets.load_from_disk` opens. */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { badInput } from '../../crawlers/shell/errors.ts';
import { AtomicFile, makeFolder, syncFolder, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { type Outcome, unattended } from '../../crawlers/shell/work.ts';
import { DOCUMENT_COLUMNS } from '../arrow/schemas.ts';
import { CARD_FILE, dataCard } from '../documents/card.ts';
import { type DocumentBatch, readDocuments } from '../documents/read.ts';
import { DOCUMENT_NUMBERS, DOCUMENT_TEXTS } from '../format.ts';
import { readDocumentManifest, settled } from '../manifest.ts';
import { croissant, type WrittenFile } from './croissant.ts';
import { DatasetWriter, DOCUMENT_FEATURES, datasetFacts, documentsOf } from './dataset-file.ts';
import type { Compression, DocumentFormat } from './formats.ts';
import { ParquetWriter } from './parquet-file.ts';

export interface ExportDocumentsOptions {
  /** Folder of document shards. */
  readonly dir: string;
  /** Folder to make. */
  readonly out: string;
  readonly to: DocumentFormat;
  /** Of Parquet. */
  readonly compression?: Compression;
  /** A file ends with the batch that reaches so many bytes. */
  readonly fileBytes?: number;
}

export interface ExportedDocuments {
  readonly files: readonly WrittenFile[];
  readonly rows: number;
  readonly textBytes: number;
}

const FILE_BYTES = 256 * 2 ** 20;
const ENDINGS = { parquet: 'parquet', jsonl: 'jsonl', datasets: 'arrow' } as const;
export const CROISSANT_FILE = 'croissant.json';

/** Takes batches; `finish` ends the file. */
interface Writer {
  /** Of the file, with what is not written yet. */
  readonly bytes: number;
  add(batch: DocumentBatch): void;
  finish(): void;
}

/**
 * Every document of a folder, in its order, batch by batch; each batch is compared with its checksum. OUT appears whole or
 * not at all.
 * @throws ToolkitError BAD_OPTION (exit 2) OUT holds something; those of readDocuments and of writing
 */
export async function exportDocuments(
  { dir: given, out, to, compression = 'snappy', fileBytes = FILE_BYTES }: ExportDocumentsOptions,
  work = unattended(),
): Promise<Outcome<ExportedDocuments>> {
  if (existsSync(out) && readdirSync(out).length > 0)
    throw badInput('BAD_OPTION', `--out ${out}: holds something, expected a new or an empty folder`, 'name another');
  const dir = settled(given);
  const { documents } = readDocumentManifest(dir);
  const expected = documents.reduce((sum, shard) => sum + shard.rows, 0);
  const progress = work.report.stage('export', 'documents', expected);
  const staging = `${resolve(out)}.partial`;
  rmSync(staging, { recursive: true, force: true });
  makeFolder(staging);
  const written: WrittenFile[] = [];
  let [rows, textBytes] = [0, 0];
  let open: { file: AtomicFile; writer: Writer; rows: number } | undefined;
  const close = (): void => {
    if (open === undefined) return;
    open.writer.finish();
    open.file.commit();
    written.push({ name: basename(open.file.path), bytes: open.file.bytes, rows: open.rows });
    open = undefined;
  };
  const begin = (): NonNullable<typeof open> => {
    const number = String(written.length).padStart(5, '0');
    const name = to === 'datasets' ? `data-${number}` : `documents-${number}`;
    const file = new AtomicFile(join(staging, `${name}.${ENDINGS[to]}`));
    return { file, writer: writerOf(to, file, compression), rows: 0 };
  };
  try {
    open = begin(); // a folder without documents is a file without rows
    for await (const batch of readDocuments(dir, work.signal)) {
      open ??= begin();
      open.writer.add(batch);
      open.rows += batch.rows;
      rows += batch.rows;
      for (let row = 0; row < batch.rows; row++) textBytes += batch.bytes('text', row).length;
      progress.update(rows);
      if (open.writer.bytes >= fileBytes) close();
    }
    close();
    const report = { files: written, rows, textBytes };
    if (work.signal.aborted) return { outcome: 'interrupted', report };
    for (const [name, text] of Object.entries(factsOf(to, report, basename(resolve(out)))))
      writeFileAtomic(join(staging, name), text);
    if (existsSync(out)) rmSync(out, { recursive: true }); // empty
    renameSync(staging, out);
    syncFolder(resolve(out, '..'));
    progress.finish();
    return { outcome: 'written', report };
  } finally {
    open?.file.discard();
    rmSync(staging, { recursive: true, force: true });
  }
}

function writerOf(to: DocumentFormat, file: AtomicFile, compression: Compression): Writer {
  if (to === 'datasets') {
    const writer = new DatasetWriter(file, DOCUMENT_COLUMNS.schema);
    return {
      add: (batch) => writer.write(documentsOf(batch)),
      finish: () => writer.finish(),
      get bytes() {
        return writer.bytes;
      },
    };
  }
  if (to === 'jsonl') {
    const add = (batch: DocumentBatch): void => file.write(linesOf(batch));
    return {
      add,
      finish() {},
      get bytes() {
        return file.bytes;
      },
    };
  }
  const columns = [
    ...DOCUMENT_TEXTS.map((name) => [name, 'text'] as const),
    ...DOCUMENT_NUMBERS.map((name) => [name, 'float'] as const),
  ];
  const writer = new ParquetWriter(file, columns, compression);
  return {
    get bytes() {
      return writer.bytes;
    },
    add: (batch) =>
      writer.add(
        [
          ...DOCUMENT_TEXTS.map((name) => batch.text(name)),
          ...DOCUMENT_NUMBERS.map((name) => batch.values(name) as Float32Array),
        ],
        batch.rows,
      ),
    finish: () => writer.finish(),
  };
}

/** What was not measured is left out. */
function linesOf(batch: DocumentBatch): string {
  const lines: string[] = [];
  for (let row = 0; row < batch.rows; row++) {
    const texts = DOCUMENT_TEXTS.map((name) => [name, batch.string(name, row)] as const);
    const numbers = DOCUMENT_NUMBERS.map((name) => [name, batch.values(name)[row]] as const);
    const known = [...texts, ...numbers.filter(([, value]) => !Number.isNaN(value))];
    lines.push(`${JSON.stringify(Object.fromEntries(known))}\n`);
  }
  return lines.join('');
}

/** The files beside the data. */
function factsOf(to: DocumentFormat, report: ExportedDocuments, name: string): Record<string, string> {
  if (to === 'datasets') return datasetFacts(report, DOCUMENT_FEATURES);
  const ending = ENDINGS[to];
  return {
    [CARD_FILE]: dataCard([['documents', `documents-*.${ending}`]], 'Vietnamese documents', [
      `- ${report.rows} documents, written by vua`,
      `- \`${CROISSANT_FILE}\` says what each column is (MLCommons Croissant)`,
    ]),
    [CROISSANT_FILE]: `${JSON.stringify(croissant(name, to, report), null, 2)}\n`,
  };
}
