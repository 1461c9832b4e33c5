/**
 * JSON lines, one document a line: `text`, and where known `id`, `url`, `title`, `licence` (or `license`), `source`,
 * `fetched_at`, and under the key that is named for it what was said of its use. Other keys are ignored. Lines that are none are passed over and, when all others were read, the fault of
 * the file.
 */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { CONSENT_UNKNOWN, type Consent, type ConsentConclusion, type Page, type Row } from '../page.ts';
import { concludeAgain, consentOf } from '../polite/consent.ts';
import { badInput, printable, reasonOf } from '../shell/errors.ts';
import { ByteReader } from '../warc/byte-reader.ts';
import { unpack } from '../warc/gzip.ts';
import { decodeEscaped, encodeEscaped, hasEscaped, percentEscaped, replaceEscaped } from './escaped-utf8.ts';
import { changedAt, GUESSED, type InputFile, type ReadContext, rowOf, type Source } from './source.ts';

const MAX_LINE_BYTES = 64 * 2 ** 20;

export const jsonl: Source = {
  endings: ['.jsonl', '.ndjson'].flatMap((ending) => ['', '.gz', '.zst'].map((packed) => ending + packed)),
  async *read(file, context) {
    const { signal, note, onRead } = context;
    const reader = new ByteReader(unpack(file.path, signal, onRead));
    const fetchedAt = changedAt(file);
    const bad = new Lines();
    const foreign = new Lines();
    try {
      for (let number = 1; ; number++) {
        const line = await reader.readLine(MAX_LINE_BYTES);
        if (signal?.aborted) return;
        if (line === undefined) break;
        try {
          if (line.length === MAX_LINE_BYTES) {
            while ((await reader.readLine(MAX_LINE_BYTES))?.length === MAX_LINE_BYTES);
            throw new BadLine(`longer than ${MAX_LINE_BYTES} bytes`);
          }
          const isForeign = !isUtf8(line);
          if (isForeign) foreign.add(number, '');
          const page = parseLine(line, isForeign, file, number, fetchedAt, context);
          if (page) yield page;
        } catch (error) {
          if (!(error instanceof BadLine)) throw error;
          bad.add(number, error.message);
        }
      }
    } catch (error) {
      if (bad.count > 0) note(bad.said(file));
      throw error;
    } finally {
      await reader.close();
      if (foreign.count > 0) {
        note(
          `${file.path}: lines with bytes that are not UTF-8: ${foreign.count}, first line ${foreign.first}; ${GUESSED}`,
        );
      }
    }
    if (bad.count > 0) throw badInput('BAD_JSON_LINE', bad.said(file), HINT);
  },
};

const HINT = 'each line must be {"id": …, "url": …, "title": …, "text": "…"}; the other lines were read';

class BadLine extends Error {}

/** Lines of one kind: the first, and how many. */
class Lines {
  count = 0;
  first = 0;
  #fact = '';

  add(number: number, fact: string): void {
    if (this.count++ > 0) return;
    this.first = number;
    this.#fact = fact;
  }

  said({ path }: InputFile): string {
    const more = this.count > 1 ? ` (and ${this.count - 1} more bad lines)` : '';
    return `${path}: line ${this.first}: ${printable(this.#fact)}${more}`;
  }
}

/** `isForeign`: holds bytes that are not UTF-8. The text keeps them, cleaning decides; other fields stay readable. */
function parseLine(
  line: Buffer,
  isForeign: boolean,
  file: InputFile,
  number: number,
  fetchedAt: string,
  context: ReadContext,
): Page | undefined {
  const json = (isForeign ? decodeEscaped(line) : line.toString()).replace(/^\uFEFF/, '');
  if (json.trim() === '') return undefined;
  const row = parseObject(json);
  const { text } = row;
  if (typeof text !== 'string') throw new BadLine(`"text" is ${nameOfType(text)}, expected a string`);
  const isForeignText = isForeign && hasEscaped(text);
  const nameIn = (key: string): string | undefined => stringOf(row[key], percentEscaped);
  const textIn = (key: string): string | undefined => stringOf(row[key], replaceEscaped);
  const id = nameIn('id');
  const url = nameIn('url');
  const body = isForeignText ? encodeEscaped(text) : Buffer.from(text);
  const { consentField } = context;
  return {
    url: url ?? `file:${file.name}#${id ?? number}`,
    source: textIn('source') ?? context.source ?? file.source,
    fetchedAt: textIn('fetched_at') ?? fetchedAt,
    status: 200,
    headers: { 'content-type': isForeignText ? 'text/plain' : 'text/plain; charset=utf-8' },
    body,
    truncated: false,
    consent:
      consentField === undefined
        ? CONSENT_UNKNOWN
        : concludeAgain(consentIn(consentField, row[consentField]), context.consent),
    row: rowIn(file, context, id, url, body),
    id,
    title: textIn('title'),
    licence: textIn('licence') ?? textIn('license'),
  };
}

/** Its name is its id; a row with an address alone is a page of the web; one with neither is what it says. */
function rowIn(
  file: InputFile,
  context: ReadContext,
  id: string | undefined,
  url: string | undefined,
  body: Buffer,
): Row {
  if (id !== undefined) return rowOf(file, context, id);
  if (url !== undefined) return { input: rowOf(file, context).input };
  return rowOf(file, context, `text ${createHash('sha1').update(body).digest('base64')}`);
}

const CONCLUSIONS: readonly string[] = ['open', 'no-train', 'no-index', 'unknown'] satisfies ConsentConclusion[];

/**
 * `true`: may be trained on, `false`: not; a conclusion by its name; else statements, one or a list, in the form of
 * consent.ts or as the content of a robots meta tag (`noai, noindex`).
 */
function consentIn(field: string, value: unknown): Consent {
  if (value === undefined || value === null || value === '') return CONSENT_UNKNOWN;
  if (typeof value === 'boolean')
    return { conclusion: value ? 'open' : 'no-train', statements: [`${field}: ${value}`] };
  const said = Array.isArray(value) ? value : [value];
  if (!said.every((each): each is string => typeof each === 'string')) {
    throw new BadLine(
      `"${field}" is ${nameOfType(value)}, expected true, false, ${CONCLUSIONS.join(', ')} or statements`,
    );
  }
  if (said.length === 1 && CONCLUSIONS.includes(said[0])) {
    return { conclusion: said[0] as ConsentConclusion, statements: [`${field}: ${said[0]}`] };
  }
  const statements = said.map((each) => (each.includes(':') ? each : `meta robots: ${each}`));
  const consent = consentOf({ headers: {}, extraStatements: statements });
  if (consent.conclusion !== 'unknown' || statements.every((each) => /^meta robots:\s*(all|index|follow)/i.test(each)))
    return consent;
  throw new BadLine(
    `"${field}" is ${JSON.stringify(value)}, expected true, false, ${CONCLUSIONS.join(', ')} or statements`,
  );
}

/** Integers that a double does not hold to the last digit: ids of posts are such. */
const LONG_INTEGER = /[:[,\s]-?\d{16,}(?![\d.eE])/;
/** A string whole, so that what stands in it is left alone; or a number, or what Python and others write for one. */
const OUTSIDE_STRINGS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|-?\bInfinity\b|\bNaN\b/g;
const quoteLong = (found: string): string => (/^-?\d{16,}$/.test(found) ? `"${found}"` : found);
const noNumber = (found: string): string => (/^(NaN|-?Infinity)$/.test(found) ? 'null' : found);

function parseObject(json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(LONG_INTEGER.test(json) ? json.replace(OUTSIDE_STRINGS, quoteLong) : json);
  } catch (error) {
    try {
      value = JSON.parse(json.replace(OUTSIDE_STRINGS, quoteLong).replace(OUTSIDE_STRINGS, noNumber));
    } catch {
      throw new BadLine(reasonOf(error));
    }
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new BadLine(`${nameOfType(value)}, expected an object`);
}

const nameOfType = (value: unknown): string =>
  value === undefined ? 'missing' : value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;

/** A non-empty string or a number, as a string. */
function stringOf(value: unknown, spell: (escaped: string) => string): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? spell(value) : undefined;
}
