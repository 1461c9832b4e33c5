/**
 * JSON lines, one document a line: `text`, and where known `id`, `url`, `title`, `licence` (or `license`), `source`,
 * `fetched_at`. Other keys are ignored.
 */
import { isUtf8 } from 'node:buffer';
import { ByteReader } from '../byte-reader.ts';
import { badInput, reasonOf, type ToolkitError } from '../errors.ts';
import { unpack } from '../gzip.ts';
import { CONSENT_UNKNOWN, type Page } from '../page.ts';
import { changedAt, type InputFile, type Source } from './source.ts';

const MAX_LINE_BYTES = 64 * 2 ** 20;
const BYTE_ORDER_MARK = /^(\uFEFF|\u00EF\u00BB\u00BF)/;

export const jsonl: Source = {
  endings: ['.jsonl', '.jsonl.gz'],
  async *read(file, { signal }) {
    const reader = new ByteReader(unpack(file.path, signal));
    const fetchedAt = changedAt(file);
    try {
      for (let number = 1; ; number++) {
        const line = await reader.readLine(MAX_LINE_BYTES);
        if (line === undefined || signal?.aborted) return;
        if (line.length === MAX_LINE_BYTES) throw badLine(file, number, `longer than ${MAX_LINE_BYTES} bytes`);
        const page = parseLine(line, file, number, fetchedAt);
        if (page) yield page;
      }
    } finally {
      await reader.close();
    }
  },
};

function parseLine(line: Buffer, file: InputFile, number: number, fetchedAt: string): Page | undefined {
  // Bytes that are not UTF-8 are kept as they are: Latin-1 maps each to one character and back. Cleaning decides.
  const encoding = isUtf8(line) ? 'utf8' : 'latin1';
  const json = line.toString(encoding).replace(BYTE_ORDER_MARK, '');
  if (json.trim() === '') return undefined;
  const row = parseObject(json, file, number);
  const text = row.text;
  if (typeof text !== 'string') throw badLine(file, number, `"text" is ${nameOfType(text)}, expected a string`);
  const id = stringOf(row.id);
  return {
    url: stringOf(row.url) ?? `file:${file.name}#${id ?? number}`,
    source: stringOf(row.source) ?? file.name,
    fetchedAt: stringOf(row.fetched_at) ?? fetchedAt,
    status: 200,
    headers: { 'content-type': encoding === 'utf8' ? 'text/plain; charset=utf-8' : 'text/plain' },
    body: Buffer.from(text, encoding),
    truncated: false,
    consent: CONSENT_UNKNOWN,
    id,
    title: stringOf(row.title),
    licence: stringOf(row.licence) ?? stringOf(row.license),
  };
}

function parseObject(json: string, file: InputFile, number: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw badLine(file, number, reasonOf(error), error);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw badLine(file, number, `${nameOfType(value)}, expected an object`);
}

const nameOfType = (value: unknown): string =>
  value === undefined ? 'missing' : value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;

/** A non-empty string or a number, as a string. */
function stringOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function badLine({ path }: InputFile, number: number, fact: string, cause?: unknown): ToolkitError {
  return badInput(
    'BAD_JSON_LINE',
    `${path}: line ${number}: ${fact}`,
    'each line must be {"id": …, "url": …, "title": …, "text": "…"}; the lines before it were read',
    cause,
  );
}
