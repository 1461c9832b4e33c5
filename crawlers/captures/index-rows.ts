/**
 * Indexes of archives: which record of which WARC file holds a page, one row each. Read are CDXJ and the JSON lines of an
 * index server, CDX with its head line, and tables (Parquet, CSV) with the columns of Common Crawl's columnar index.
 *
 *   vn,vnexpress)/ 20260101000000 {"url": …, "filename": …, "offset": …, "length": …}     .cdxj .cdx .json .jsonl
 *    CDX N b a m s k r M S V g                                                           .cdx
 *   url, warc_filename, warc_record_offset, warc_record_length, content_languages, …      .parquet .csv
 */
import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { fileRanges, openParquet, readColumns } from '../bytes/parquet.ts';
import { badInput } from '../shell/errors.ts';
import { unpack } from '../warc/gzip.ts';

/** Where a record stands. */
export interface Capture {
  readonly url: string;
  /** Below the base. */
  readonly filename: string;
  readonly offset: number;
  readonly length: number;
  readonly status?: string;
  readonly mediaType?: string;
  /** ISO 639-3, by commas, the most of it first. */
  readonly languages?: string;
}

/** Names of a column, Common Crawl's first. */
const COLUMNS = {
  url: ['url', 'original'],
  filename: ['warc_filename', 'filename'],
  offset: ['warc_record_offset', 'offset'],
  length: ['warc_record_length', 'length'],
  status: ['fetch_status', 'status'],
  mediaType: ['content_mime_detected', 'mime-detected', 'content_mime_type', 'mime'],
  languages: ['content_languages', 'languages'],
} as const;
type Column = keyof typeof COLUMNS;
const NEEDED = ['url', 'filename', 'offset', 'length'] as const satisfies readonly Column[];
/** The letters of CDX. */
const LETTERS: Readonly<Record<string, string>> = {
  a: 'url',
  m: 'mime',
  s: 'status',
  S: 'length',
  V: 'offset',
  g: 'filename',
};

/** Endings of files of an index; each may be packed (`.gz`, `.zst`), but for Parquet. */
export const INDEX_ENDINGS = ['.cdxj', '.cdx', '.json', '.jsonl', '.csv', '.parquet'];

type Row = (name: string) => unknown;

/**
 * Rows in order; of what is no row its number in the file.
 * @throws ToolkitError BAD_INPUT (exit 2): another kind of file, one without a column that is needed
 */
export async function* indexRows(path: string, signal?: AbortSignal): AsyncGenerator<Capture | number> {
  const kind = /\.([a-z]+)(?:\.(?:gz|zst))?$/i.exec(path)?.[1]?.toLowerCase() ?? '';
  if (!INDEX_ENDINGS.includes(`.${kind}`)) {
    throw badInput('BAD_INPUT', `${path}: no index of an archive`, `it must end in ${INDEX_ENDINGS.join(', ')}`);
  }
  let number = 0;
  for await (const row of kind === 'parquet'
    ? tableRows(path, signal)
    : kind === 'csv'
      ? csvRows(path, signal)
      : lineRows(path, signal)) {
    if (signal?.aborted) return;
    number++;
    yield (row === undefined ? undefined : captureOf(row)) ?? number;
  }
}

function captureOf(row: Row): Capture | undefined {
  const value = (column: Column): string | undefined => {
    const found = COLUMNS[column].map(row).find((each) => each !== undefined && each !== null && each !== '');
    return found === undefined
      ? undefined
      : found instanceof Uint8Array
        ? Buffer.from(found).toString()
        : String(found);
  };
  const [url, filename] = [value('url'), value('filename')];
  const [offset, length] = [Number(value('offset') ?? Number.NaN), Number(value('length') ?? Number.NaN)];
  const isWhole =
    url !== undefined && filename !== undefined && Number.isSafeInteger(offset) && offset >= 0 && length > 0;
  if (!isWhole || !Number.isSafeInteger(length) || !isBelow(filename)) return undefined;
  return {
    url,
    filename,
    offset,
    length,
    status: value('status'),
    mediaType: value('mediaType'),
    languages: value('languages'),
  };
}

/** An index says what is asked for: it leads nowhere but below the base. */
const isBelow = (filename: string): boolean =>
  !/^(?:[\\/]|[a-z][\w+.-]*:)/i.test(filename) && !filename.split(/[\\/]/).some((part) => part === '..');

async function* lines(path: string, signal?: AbortSignal): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const bytes of unpack(path, signal)) {
    const whole = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = whole.pop()!;
    yield* whole;
  }
  if (rest !== '') yield rest;
}

async function* lineRows(path: string, signal?: AbortSignal): AsyncGenerator<Row | undefined> {
  let letters: (string | undefined)[] | undefined;
  for await (const line of lines(path, signal)) {
    if (line.trim() === '') continue;
    const head = /^\s?CDX((?: \w)+)\s*$/.exec(line)?.[1];
    if (head !== undefined) {
      letters = head
        .trim()
        .split(' ')
        .map((letter) => LETTERS[letter]);
      continue;
    }
    const brace = line.indexOf('{');
    if (brace >= 0) yield jsonRow(line.slice(brace));
    else if (letters !== undefined) {
      const fields = line.trim().split(/\s+/);
      const names = letters;
      yield (name) =>
        names.includes(name) && fields[names.indexOf(name)] !== '-' ? fields[names.indexOf(name)] : undefined;
    } else yield undefined;
  }
}

function jsonRow(json: string): Row | undefined {
  try {
    const row = JSON.parse(json) as Readonly<Record<string, unknown>>;
    return (name) => row[name];
  } catch {
    return undefined;
  }
}

async function* csvRows(path: string, signal?: AbortSignal): AsyncGenerator<Row> {
  const options = { bom: true, relax_column_count: true, relax_quotes: true, skip_empty_lines: true };
  let names: readonly string[] | undefined;
  for await (const fields of Readable.from(unpack(path, signal), { objectMode: false }).pipe(
    parse(options),
  ) as AsyncIterable<string[]>) {
    if (names === undefined) {
      names = fields.map((name) => name.trim().toLowerCase());
      checkColumns(path, names);
      continue;
    }
    const places = names;
    yield (name) => (places.includes(name) ? fields[places.indexOf(name)] : undefined);
  }
}

async function* tableRows(path: string, signal?: AbortSignal): AsyncGenerator<Row> {
  const bytes = fileRanges(path);
  try {
    const table = await openParquet(bytes);
    checkColumns(path, table.columns);
    const wanted = Object.values(COLUMNS).flatMap((names) => names.filter((name) => table.columns.includes(name)));
    for await (const { columns, rows } of readColumns(table, wanted, { signal })) {
      for (let row = 0; row < rows; row++) yield (name) => columns.get(name)?.[row];
    }
  } finally {
    bytes.close();
  }
}

function checkColumns(path: string, found: readonly string[]): void {
  for (const column of NEEDED) {
    if (COLUMNS[column].some((name) => found.includes(name))) continue;
    throw badInput(
      'BAD_INPUT',
      `${path}: no column ${COLUMNS[column].join(' or ')}, found ${found.slice(0, 20).join(', ')}`,
    );
  }
}
