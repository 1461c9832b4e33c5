/**
 * Tables of text, by csv-parse: the first line names the columns, a field in quotes goes over lines. What separates them is
 * the character that the first line has most of (a tab in `.tsv`). Fields are those of JSON lines.
 */
import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { wideEncodingOf } from '../bytes/encoding.ts';
import { badInput, reasonOf } from '../shell/errors.ts';
import { unpack } from '../warc/gzip.ts';
import { BadRows } from './bad-rows.ts';
import { decodeEscaped } from './escaped-utf8.ts';
import { BadRow, type Look, pageOfRow, pathsOf } from './fields.ts';
import { changedAt, GUESSED, type InputFile, type ReadContext, type Source } from './source.ts';

const SEPARATORS = [',', ';', '\t', '|'];
const MAX_ROW_BYTES = 64 * 2 ** 20;

export const csv: Source = {
  endings: ['.csv', '.tsv', '.tab'].flatMap((ending) => ['', '.gz', '.zst'].map((packed) => ending + packed)),
  async *read(file, context) {
    const { signal, onRead, note } = context;
    const fetchedAt = changedAt(file);
    const bad = new BadRows('line');
    const foreign = new BadRows('line');
    const bytes = unpack(file.path, signal, onRead);
    let [number, line] = [0, 1];
    try {
      const first = await bytes.next();
      if (first.done) return;
      const wide = wideEncodingOf(first.value);
      const delimiter = separatorOf(
        file.path,
        wide === undefined ? first.value.toString('latin1') : decode(wide, first.value),
      );
      const chunks = behind(isMarked(first.value) ? first.value.subarray(3) : first.value, bytes);
      const text = wide === undefined ? chunks : narrowed(wide, chunks);
      const options = { relax_column_count: true, relax_quotes: true, skip_empty_lines: true, info: true };
      const rows = Readable.from(text, { objectMode: false }).pipe(
        parse({ ...options, delimiter, encoding: null, max_record_size: MAX_ROW_BYTES }),
      );
      let names: Names | undefined;
      for await (const { record, info } of rows as AsyncIterable<Row>) {
        if (signal?.aborted) return;
        const begun = line;
        line = info.lines + 1;
        if (names === undefined) {
          names = namesOf(record, file, context);
          continue;
        }
        number++;
        try {
          if (!record.every((field) => isUtf8(field))) foreign.add(begun, '');
          yield pageOfRow(lookInto(record, names), { file, number, fetchedAt }, context);
        } catch (error) {
          if (!(error instanceof BadRow)) throw error;
          bad.add(begun, error.message);
        }
      }
    } catch (error) {
      if (bad.count > 0) note(bad.said(file));
      if (!(error instanceof CsvError)) throw error;
      if (signal?.aborted) return;
      const isOpen = error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE';
      const fact = isOpen ? `line ${line}: a quote that begins in this row does not end` : reasonOf(error);
      throw badInput('BAD_ROW', `${file.path}: ${fact}`, 'mend that row; those before it were read', error);
    } finally {
      await bytes.return(undefined);
      if (foreign.count > 0)
        note(
          `${file.path}: rows with bytes that are not UTF-8: ${foreign.count}, first line ${foreign.first}; ${GUESSED}`,
        );
    }
    if (bad.count > 0) throw badInput('BAD_ROW', bad.said(file), 'the other rows were read');
  },
};

interface Row {
  readonly record: Buffer[];
  readonly info: { readonly lines: number };
}

type Names = { readonly count: number; readonly places: ReadonlyMap<string, number> };

/** @throws ToolkitError BAD_INPUT: no column of text */
function namesOf(record: readonly Buffer[], { path }: InputFile, context: ReadContext): Names {
  const names = record.map((name) => decodeEscaped(name).trim());
  const places = new Map(
    [...names.entries()].reverse().flatMap(([at, name]) => [
      [name.toLowerCase(), at],
      [name, at],
    ]),
  );
  const wanted = pathsOf('text', context);
  if (!wanted.some((name) => places.has(name))) throw noColumn(path, wanted[0], names);
  return { count: names.length, places };
}

export const noColumn = (path: string, wanted: string, names: readonly string[]) =>
  badInput(
    'BAD_INPUT',
    `${path}: no column "${wanted}", found ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`,
    '--text-field NAME says which column is the text',
  );

/** @throws BadRow another number of fields than the first line has */
function lookInto(record: readonly Buffer[], { count, places }: Names): Look {
  if (record.length < count || record.slice(count).some((field) => field.length > 0))
    throw new BadRow(`${record.length} fields, expected ${count}: what holds the separator stands in quotes`);
  return (path) => {
    const place = places.get(path);
    return place === undefined ? undefined : record[place];
  };
}

function separatorOf(path: string, head: string): string {
  if (/\.(?:tsv|tab)(?:\.\w+)?$/i.test(path)) return '\t';
  const [first] = head.replaceAll(/"[^"]*"/g, '').split(/[\r\n]/, 1);
  const counts = SEPARATORS.map((separator) => first.split(separator).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))];
}

const isMarked = (bytes: Buffer): boolean => bytes.toString('latin1', 0, 3) === '\xef\xbb\xbf';

async function* behind(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

const decode = (encoding: string, bytes: Uint8Array): string => new TextDecoder(encoding).decode(bytes);

async function* narrowed(encoding: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) yield Buffer.from(decoder.decode(chunk, { stream: true }));
}
