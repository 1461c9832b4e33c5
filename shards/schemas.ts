/** The constant Arrow schemas of the shards; apart from `format.ts`, so that readers of tokens load no Arrow library. */
import { type DataType, Field, Float32, Float64, Schema, Uint16, Uint32, Utf8 } from 'apache-arrow';
import {
  DOCUMENT_NUMBERS,
  DOCUMENT_TEXTS,
  DOCUMENTS,
  REJECT_NUMBERS,
  REJECT_TEXTS,
  TOKENS,
  type TokenType,
} from './format.ts';

export const DOCUMENT_SCHEMA = schema(DOCUMENTS, [
  ...DOCUMENT_TEXTS.map((name) => column(name, new Utf8())),
  ...DOCUMENT_NUMBERS.map((name) => column(name, new Float32())),
]);

export const REJECT_SCHEMA = schema(DOCUMENTS, [
  ...REJECT_TEXTS.map((name) => column(name, new Utf8())),
  ...REJECT_NUMBERS.map((name) => column(name, new Float64())),
]);

export const TOKEN_SCHEMAS: Readonly<Record<TokenType, Schema>> = {
  uint16: schema(TOKENS, [column('tokens', new Uint16())]),
  uint32: schema(TOKENS, [column('tokens', new Uint32())]),
};

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
