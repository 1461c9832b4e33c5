/** The constant Arrow schemas of the shards; apart from `format.ts`, so that readers of tokens load no Arrow library. */
import { type DataType, Field, Float32, Float64, Schema, Uint16, Uint32, Uint64, Utf8 } from 'apache-arrow';
import { MEASUREMENTS } from '../../cleaning/document.ts';
import {
  DOCUMENT_NUMBERS,
  DOCUMENT_SHARDS,
  DOCUMENT_TEXTS,
  PROVENANCE,
  REJECT_FIGURES,
  REJECT_NUMBERS,
  REJECT_TEXTS,
  TOKEN_SHARDS,
  TOKENS,
  type TokenType,
} from '../format.ts';

/** Columns of one kind of shard in one version: texts, then numbers. */
export interface Columns {
  readonly texts: readonly string[];
  readonly numbers: readonly string[];
  /** Number columns of eight bytes; the others have four. */
  readonly wide: readonly string[];
  readonly schema: Schema;
}

export const DOCUMENT_COLUMNS = columns(DOCUMENT_SHARDS, DOCUMENT_TEXTS, DOCUMENT_NUMBERS, []);
export const REJECT_COLUMNS = columns(DOCUMENT_SHARDS, REJECT_TEXTS, REJECT_NUMBERS, REJECT_FIGURES);

/** As versions 2 and 3 had them. */
export const DOCUMENT_COLUMNS_2 = columns(
  { format: 'vua-documents', version: 2 },
  DOCUMENT_TEXTS.filter((name) => !(PROVENANCE as readonly string[]).includes(name)),
  MEASUREMENTS,
  [],
);

const VERSION_1 = { format: 'vua-documents', version: 1 } as const;
const list = (names: string): readonly string[] => names.trim().split(/\s+/);
/** As version 1 had them. */
export const DOCUMENT_COLUMNS_1 = columns(
  VERSION_1,
  list('id url title text source fetched_at consent consent_statements licence language diacritics cluster'),
  list(`bytes syllables mean_syllable_length alphabetic_ratio symbol_ratio digit_ratio uppercase_ratio diacritic_ratio
    vietnamese_ratio stopword_hits dup_line_ratio top_3gram_ratio dup_8gram_ratio line_punctuation_ratio`),
  [],
);
export const REJECT_COLUMNS_1 = columns(
  VERSION_1,
  list('id url title source fetched_at stage reason other text'),
  REJECT_FIGURES,
  REJECT_FIGURES,
);

/** Of each kind of shard, newest first. */
const VERSIONS: Readonly<Record<'documents' | 'rejects', readonly Columns[]>> = {
  documents: [DOCUMENT_COLUMNS, DOCUMENT_COLUMNS_2, DOCUMENT_COLUMNS_1],
  rejects: [REJECT_COLUMNS, REJECT_COLUMNS_1],
};

/**
 * The columns of a shard as its file has them: the texts of some version, then numbers, whatever their names. So a
 * measurement is added without a new version, and shards of before are read. What is no such file gives the newest columns.
 */
export function columnsIn(kind: keyof typeof VERSIONS, { fields, metadata }: Schema): Columns {
  const textCount = fields.findIndex(({ type }) => String(type) !== 'Utf8');
  const names = fields.map(({ name }) => name);
  const known = VERSIONS[kind].find(({ texts }) => texts.join() === names.slice(0, textCount).join());
  const numbers = fields.slice(textCount);
  const isKnown = known?.wide.every((name, i) => name === numbers[i]?.name && String(numbers[i].type) === 'Float64');
  if (!isKnown || names.length !== new Set(names).size) return VERSIONS[kind][0];
  const format = { format: DOCUMENT_SHARDS.format, version: Number(metadata.get('vua.version')) };
  return columns(
    format,
    known!.texts,
    numbers.map(({ name }) => name),
    known!.wide,
  );
}

/** Columns of a shard with these number columns too, where it lacks them. */
export function withNumbers(
  { schema: { metadata }, texts, numbers, wide }: Columns,
  names: readonly string[],
): Columns {
  const format = { format: DOCUMENT_SHARDS.format, version: Number(metadata.get('vua.version')) };
  return columns(format, texts, [...numbers, ...names.filter((name) => !numbers.includes(name))], wide);
}

export const TOKEN_SCHEMAS: Readonly<Record<TokenType, Schema>> = {
  uint16: schema(TOKEN_SHARDS, [column('tokens', new Uint16())]),
  uint32: schema(TOKEN_SHARDS, [column('tokens', new Uint32())]),
};

/** The table of documents beside a token shard: fixed widths first, so that a page finds its columns by counting. */
export const TABLE_SCHEMA = schema(TOKENS, [
  column('text_hash', new Uint64()),
  column('tokens', new Uint32()),
  column('text_bytes', new Uint32()),
  column('source', new Utf8()),
]);

function columns(
  format: { format: string; version: number },
  texts: readonly string[],
  numbers: readonly string[],
  wide: readonly string[],
): Columns {
  const fields = [
    ...texts.map((name) => column(name, new Utf8())),
    ...numbers.map((name) => column(name, wide.includes(name) ? new Float64() : new Float32())),
  ];
  return { texts, numbers, wide, schema: schema(format, fields) };
}

function column(name: string, type: DataType): Field {
  return new Field(name, type, false);
}

function schema({ format, version }: { format: string; version: number }, fields: Field[]): Schema {
  const metadata = new Map([
    ['vua.format', format],
    ['vua.version', String(version)],
  ]);
  return new Schema(fields, metadata);
}
