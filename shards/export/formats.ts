/** What documents become for other programs; apart, so that a command line knows it before it loads anything. */
export const DOCUMENT_FORMATS = ['parquet', 'jsonl', 'datasets'] as const;
export type DocumentFormat = (typeof DOCUMENT_FORMATS)[number];
export const COMPRESSIONS = ['snappy', 'none'] as const;
export type Compression = (typeof COMPRESSIONS)[number];
/** What tokens become. */
export const TOKEN_FORMATS = [
  'megatron',
  'datatrove',
  'olmo',
  'mds',
  'litdata',
  'llmc',
  'parquet',
  'datasets',
] as const;
export type TokenFormat = (typeof TOKEN_FORMATS)[number];
/** Whose tokens are read. */
export const FOREIGN_TOKENS = ['megatron', 'datatrove'] as const;
export type ForeignTokens = (typeof FOREIGN_TOKENS)[number];
