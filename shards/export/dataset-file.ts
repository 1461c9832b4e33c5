/** The folder that `datasets.Dataset.save_to_disk` writes: Arrow streams, and two files that say what they hold. */
import { AsyncByteQueue, makeData, RecordBatch, RecordBatchStreamWriter, type Schema, Struct } from 'apache-arrow';
import { DOCUMENT_COLUMNS } from '../arrow/schemas.ts';
import type { DocumentBatch } from '../documents/read.ts';
import { DOCUMENT_NUMBERS, DOCUMENT_TEXTS } from '../format.ts';
import type { Sink } from './parquet-file.ts';

class Queue extends AsyncByteQueue<Uint8Array> {
  readonly #sink: Sink;

  constructor(sink: Sink) {
    super();
    this.#sink = sink;
  }

  override write(chunk: Uint8Array): void {
    this.#sink.write(chunk);
  }
}

export class DatasetWriter {
  readonly #writer = new RecordBatchStreamWriter();
  readonly #sink: Sink;

  constructor(sink: Sink, schema: Schema) {
    this.#sink = sink;
    this.#writer.reset(new Queue(sink), schema);
  }

  get bytes(): number {
    return this.#sink.bytes;
  }

  write(batch: RecordBatch): void {
    this.#writer.write(batch);
  }

  finish(): void {
    this.#writer.finish();
  }
}

export function documentsOf(batch: DocumentBatch): RecordBatch {
  const { schema } = DOCUMENT_COLUMNS;
  const children = batch.data(DOCUMENT_COLUMNS);
  const data = makeData({ type: new Struct(schema.fields), length: batch.rows, nullCount: 0, children });
  return new RecordBatch(schema, data);
}

interface Written {
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}

const value = (dtype: string) => ({ dtype, _type: 'Value' });
export const DOCUMENT_FEATURES = Object.fromEntries([
  ...DOCUMENT_TEXTS.map((name) => [name, value('string')]),
  ...DOCUMENT_NUMBERS.map((name) => [name, value('float32')]),
]);

/** @param features the columns, in the words of `datasets` */
export function datasetFacts({ files }: Written, features: object): Record<string, string> {
  const state = {
    _data_files: files.map(({ name }) => ({ filename: name })),
    ...{ _fingerprint: '0'.repeat(16), _format_columns: null, _format_kwargs: {}, _format_type: null },
    ...{ _output_all_columns: false, _split: null },
  };
  const info = { citation: '', description: '', features, homepage: '', license: '' };
  const text = (content: object): string => `${JSON.stringify(content, null, 2)}\n`;
  return { 'dataset_info.json': text(info), 'state.json': text(state) };
}
