/**
 * A row of a table or of JSON as a page: which of its fields holds what. Where nothing is said, the names that the usual
 * corpora give them are known (FineWeb-2, CulturaX, HPLT, C4, OSCAR, datatrove, Wikipedia).
 */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { CONSENT_UNKNOWN, type Consent, type ConsentConclusion, type Page, type Row } from '../page.ts';
import { concludeAgain, consentOf } from '../polite/consent.ts';
import { encodeEscaped, hasEscaped, percentEscaped, replaceEscaped } from './escaped-utf8.ts';
import { type InputFile, type ReadContext, rowOf } from './source.ts';

const KNOWN = {
  text: ['text', 'content', 'raw_content', 'maintext'],
  id: ['id'],
  url: ['url', 'metadata.url', 'meta.url', 'u', 'uri', 'source_url', 'warc_headers.warc-target-uri'],
  title: ['title', 'metadata.title', 'meta.title'],
  licence: ['licence', 'license', 'metadata.licence', 'metadata.license'],
  source: ['source'],
  fetchedAt: [
    ...['fetched_at', 'date', 'timestamp', 'ts', 'crawl_date', 'metadata.fetched_at', 'metadata.date'],
    ...['metadata.timestamp', 'meta.timestamp', 'warc_headers.warc-date'],
  ],
} as const;

type Role = keyof typeof KNOWN;

/** Paths under which a role is looked for, the first that says something. */
export function pathsOf(role: Role, { fields = {} }: ReadContext): readonly string[] {
  const given = (fields as Partial<Record<Role, string>>)[role];
  return given === undefined ? KNOWN[role] : [given];
}

/** Every path that may be asked for of a row. */
export const pathsAsked = (context: ReadContext): string[] => [
  ...(Object.keys(KNOWN) as Role[]).flatMap((role) => pathsOf(role, context)),
  ...(context.consentField === undefined ? [] : [context.consentField]),
];

/** What stands at a path of a row; `undefined` where nothing does. */
export type Look = (path: string) => unknown;

/** Nested objects by dotted paths; also into those that are written as JSON in a string. */
export function lookIn(row: Readonly<Record<string, unknown>>): Look {
  return (path) => {
    if (Object.hasOwn(row, path) || !path.includes('.')) return row[path];
    for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
      const below = objectIn(row[path.slice(0, dot)]);
      const found = below === undefined ? undefined : lookIn(below)(path.slice(dot + 1));
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

function objectIn(value: unknown): Record<string, unknown> | undefined {
  if (typeof value === 'string' && value.startsWith('{')) {
    try {
      return objectIn(JSON.parse(value));
    } catch {
      return undefined;
    }
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** What makes a row unusable: a fact for the message that names the row. */
export class BadRow extends Error {}

const MAX_TEXT_BYTES = 64 * 2 ** 20;
const HEAD_BYTES = 65_536;

export interface RowFacts {
  readonly file: InputFile;
  /** Of the row in the file, from 1. */
  readonly number: number;
  /** Of the file, where the row says nothing. */
  readonly fetchedAt: string;
}

/**
 * Text is a string, with bytes that are not UTF-8 as `decodeEscaped` has them, or the bytes themselves.
 * @throws BadRow no text, or consent of no known form
 */
export function pageOfRow(look: Look, { file, number, fetchedAt }: RowFacts, context: ReadContext): Page {
  const first = <T>(role: Role, read: (value: unknown) => T | undefined): T | undefined => {
    for (const path of pathsOf(role, context)) {
      const found = read(look(path));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const body = first('text', bytesOf);
  if (body === undefined) {
    const [name] = pathsOf('text', context);
    throw new BadRow(`"${name}" is ${nameOfType(look(name))}, expected a string`);
  }
  const name = (value: unknown): string | undefined => stringOf(value, percentEscaped);
  const words = (value: unknown): string | undefined => stringOf(value, replaceEscaped);
  const id = first('id', name);
  const url = first('url', name);
  const { consentField, licence } = context;
  return {
    url: url ?? `file:${file.name}#${id ?? number}`,
    source: first('source', words) ?? context.source ?? file.source,
    fetchedAt: first('fetchedAt', timeOf) ?? fetchedAt,
    status: 200,
    headers: { 'content-type': isUtf8(body) ? 'text/plain; charset=utf-8' : 'text/plain' },
    body: body.length > MAX_TEXT_BYTES ? body.subarray(0, HEAD_BYTES) : body,
    ...(body.length > MAX_TEXT_BYTES && { wholeBytes: body.length }),
    truncated: false,
    consent:
      consentField === undefined
        ? CONSENT_UNKNOWN
        : concludeAgain(consentIn(consentField, plain(look(consentField))), context.consent),
    row: rowIn(file, context, id, url, body),
    id,
    title: first('title', words),
    licence: first('licence', words) ?? licence,
  };
}

/** A copy of bytes: they may be part of something large. */
function bytesOf(value: unknown): Buffer | undefined {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value !== 'string') return undefined;
  return hasEscaped(value) ? encodeEscaped(value) : Buffer.from(value);
}

/** Bytes as text, long integers as their digits. */
const plain = (value: unknown): unknown =>
  value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.length).toString()
    : typeof value === 'bigint'
      ? String(value)
      : Array.isArray(value)
        ? value.map(plain)
        : value;

/** A non-empty string or a number, as a string. */
function stringOf(given: unknown, spell: (escaped: string) => string): string | undefined {
  const value = plain(given);
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? spell(value) : undefined;
}

/** Seconds and milliseconds since 1970 between 2001 and 2286. */
const [LEAST_SECONDS, MOST_SECONDS] = [1e9, 1e10];
const ZONED = /(?:Z|[+-]\d\d:?\d\d)$/;

/** ISO 8601, UTC, of what is a time; without a zone it is taken for UTC. */
function timeOf(given: unknown): string | undefined {
  const said = plain(given);
  const value = typeof said === 'string' && /^\d{10}(?:\d{3})?(?:\.\d+)?$/.test(said) ? Number(said) : said;
  if (value instanceof Date) return isoOf(value);
  if (typeof value === 'number') {
    const seconds = value >= 1000 * LEAST_SECONDS ? value / 1000 : value;
    return seconds >= LEAST_SECONDS && seconds < MOST_SECONDS ? isoOf(new Date(1000 * seconds)) : undefined;
  }
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d/.test(value)) return undefined;
  if (/^[-\d]+T[\d:.]+Z$/.test(value)) return value;
  const time = value.replace(/^(\S+) (?=\d)/, '$1T').replace(/ UTC$/, 'Z');
  return isoOf(new Date(ZONED.test(time) || time.length === 10 ? time : `${time}Z`));
}

const isoOf = (time: Date): string | undefined => (Number.isNaN(time.getTime()) ? undefined : time.toISOString());

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
    throw new BadRow(
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
  throw new BadRow(
    `"${field}" is ${JSON.stringify(value)}, expected true, false, ${CONCLUSIONS.join(', ')} or statements`,
  );
}

export const nameOfType = (value: unknown): string =>
  value === undefined ? 'missing' : value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
