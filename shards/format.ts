/**
 * What stands on the disk, in code. FORMAT.md says the same in prose, for readers in other languages.
 * A change that an older reader would misread raises the version of its format.
 */
import { type DataType, Field, Float32, Float64, Schema, Uint16, Uint32, Utf8 } from 'apache-arrow';
import { MEASUREMENTS } from '../cleaning/document.ts';

export const DOCUMENTS = { format: 'vua-documents', version: 2 } as const;
/** Versions of document folders that are read; only the newest is written. */
export const READABLE_DOCUMENTS = [1, 2] as const;
export const TOKENS = { format: 'vua-tokens', version: 1 } as const;

export const MANIFEST_FILE = 'manifest.json';

export const DOCUMENT_TEXTS = [
  'id',
  'url',
  'title',
  'text',
  'author',
  'published',
  'canonical',
  'section',
  'lang',
  'source',
  'fetched_at',
  'consent',
  'consent_statements',
  'licence',
  'charset',
  'language',
  'paragraph_languages',
  'diacritics',
  'cluster',
  'contamination',
] as const;
export const DOCUMENT_NUMBERS = MEASUREMENTS;

export const REJECT_TEXTS = [
  'id',
  'url',
  'title',
  'source',
  'fetched_at',
  'stage',
  'reason',
  'other',
  'charset',
  'language',
  'text',
] as const;
/** What decided, exactly; then the measurements, NaN where the document was dropped before it was measured. */
export const REJECT_FIGURES = ['value', 'threshold'] as const;
export const REJECT_NUMBERS = [...REJECT_FIGURES, ...MEASUREMENTS] as const;

export type DocumentText = (typeof DOCUMENT_TEXTS)[number];
export type DocumentNumber = (typeof DOCUMENT_NUMBERS)[number];
export type RejectText = (typeof REJECT_TEXTS)[number];
export type RejectNumber = (typeof REJECT_NUMBERS)[number];

/** Columns of one kind of shard in one version: texts, then numbers. */
export interface Columns {
  readonly texts: readonly string[];
  readonly numbers: readonly string[];
  /** Number columns of eight bytes; the others have four. */
  readonly wide: readonly string[];
  readonly schema: Schema;
}

export const DOCUMENT_COLUMNS = columns(DOCUMENTS, DOCUMENT_TEXTS, DOCUMENT_NUMBERS, []);
export const REJECT_COLUMNS = columns(DOCUMENTS, REJECT_TEXTS, REJECT_NUMBERS, REJECT_FIGURES);

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

/** Newest first: what a reader of documents, and of rejects, takes. */
export const READABLE_DOCUMENT_COLUMNS: readonly Columns[] = [DOCUMENT_COLUMNS, DOCUMENT_COLUMNS_1];
export const READABLE_REJECT_COLUMNS: readonly Columns[] = [REJECT_COLUMNS, REJECT_COLUMNS_1];

export type TokenType = 'uint16' | 'uint32';
export type TokenArray = Uint16Array | Uint32Array;

export const TOKEN_SCHEMAS: Readonly<Record<TokenType, Schema>> = {
  uint16: schema(TOKENS, [column('tokens', new Uint16())]),
  uint32: schema(TOKENS, [column('tokens', new Uint32())]),
};

interface TokenArrayConstructor {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): TokenArray;
  new (memory: ArrayBufferLike, byteOffset: number, length: number): TokenArray;
}

export const TOKEN_ARRAYS: Readonly<Record<TokenType, TokenArrayConstructor>> = {
  uint16: Uint16Array,
  uint32: Uint32Array,
};

/** The narrowest type that holds every id below `vocabSize`. */
export const tokenTypeFor = (vocabSize: number): TokenType => (vocabSize <= 65536 ? 'uint16' : 'uint32');

export type ShardKind = 'documents' | 'rejects' | 'train' | 'valid';

/** `documents-00007.arrow` */
export const shardFile = (kind: ShardKind, index: number): string => `${kind}-${String(index).padStart(5, '0')}.arrow`;

/** `documents-00007.arrow` → 7; `undefined` for a file that is no shard of this kind. */
export function shardIndex(kind: ShardKind, file: string): number | undefined {
  const digits = new RegExp(`^${kind}-(\\d{5,})\\.arrow$`).exec(file)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

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
