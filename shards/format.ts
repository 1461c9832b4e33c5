/**
 * What stands on the disk, in code. FORMAT.md says the same in prose, for readers in other languages.
 * A change that an older reader would misread raises the version of its format.
 */
import { type DataType, Field, Float32, Float64, Schema, Uint16, Uint32, Utf8 } from 'apache-arrow';
import { MEASUREMENTS } from '../cleaning/document.ts';

export const DOCUMENTS = { format: 'vua-documents', version: 1 } as const;
export const TOKENS = { format: 'vua-tokens', version: 1 } as const;

export const MANIFEST_FILE = 'manifest.json';

export const DOCUMENT_TEXTS = [
  'id',
  'url',
  'title',
  'text',
  'source',
  'fetched_at',
  'consent',
  'consent_statements',
  'licence',
  'language',
  'diacritics',
  'cluster',
] as const;
export const DOCUMENT_NUMBERS = MEASUREMENTS;

export const REJECT_TEXTS = ['id', 'url', 'title', 'source', 'fetched_at', 'stage', 'reason', 'other', 'text'] as const;
export const REJECT_NUMBERS = ['value', 'threshold'] as const;

export type DocumentText = (typeof DOCUMENT_TEXTS)[number];
export type DocumentNumber = (typeof DOCUMENT_NUMBERS)[number];
export type RejectText = (typeof REJECT_TEXTS)[number];
export type RejectNumber = (typeof REJECT_NUMBERS)[number];

export const DOCUMENT_SCHEMA = schema(DOCUMENTS, [
  ...DOCUMENT_TEXTS.map((name) => column(name, new Utf8())),
  ...DOCUMENT_NUMBERS.map((name) => column(name, new Float32())),
]);

export const REJECT_SCHEMA = schema(DOCUMENTS, [
  ...REJECT_TEXTS.map((name) => column(name, new Utf8())),
  ...REJECT_NUMBERS.map((name) => column(name, new Float64())),
]);

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
