/**
 * What stands on the disk, in code. FORMAT.md says the same in prose, for readers in other languages.
 * A change that an older reader would misread raises the version of its format.
 */
import { MEASUREMENTS } from '../cleaning/document.ts';

export const DOCUMENTS = { format: 'vua-documents', version: 4 } as const;
/** Versions of document folders that are read beside it; what is added to one of them makes it of the newest. */
export const OLDER_DOCUMENTS = [1, 2, 3] as const;
/** What the schema of their shards says: its columns are those that version 4 brought. */
export const DOCUMENT_SHARDS = { format: 'vua-documents', version: 4 } as const;
export const TOKENS = { format: 'vua-tokens', version: 3 } as const;
/** Had sources and held-out documents in the manifest; read beside it. */
export const OLDER_TOKENS = [2] as const;
/** What the schema of their shards says: its column is that of version 2. */
export const TOKEN_SHARDS = { format: 'vua-tokens', version: 2 } as const;

/** A document shard ends with the document that reaches this size, unless it is said. */
export const SHARD_BYTES = 32_000_000;

/** Nights of a run whose snapshots stay, unless it is said. */
export const KEEP_NIGHTS = 7;

export const MANIFEST_FILE = 'manifest.json';
/** Beside the manifest, named by content. */
export const GROUPS_FILE = /^groups-[0-9a-f]{16}\.tsv$/;
export const COUNTS_FILE = /^counts-[0-9a-f]{16}\.txt$/;
/** Beside the folders of a snapshot of a run, and in the folder of the run. */
export const SNAPSHOT_FILE = 'snapshot.json';

/** Where a document comes from and what made it, beside what older versions said of that. */
export const PROVENANCE = ['host', 'raw_hash', 'text_hash', 'tool', 'licence_class', 'personal_data'] as const;
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
  ...PROVENANCE,
] as const;
/** What the server answered with, NaN where there was none. */
export const DOCUMENT_FIGURES = ['http_status'] as const;
export const DOCUMENT_NUMBERS = [...DOCUMENT_FIGURES, ...MEASUREMENTS] as const;

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

export type TokenType = 'uint16' | 'uint32';

/** The narrowest type that holds every id below `vocabSize`. */
export const tokenTypeFor = (vocabSize: number): TokenType => (vocabSize <= 65536 ? 'uint16' : 'uint32');

export type ShardKind = 'documents' | 'rejects' | 'train' | 'valid';

/** `documents-00007.arrow` */
export const shardFile = (kind: ShardKind, index: number): string => `${kind}-${String(index).padStart(5, '0')}.arrow`;

/** `train-00007.arrow` → `train-00007.documents.feather`, the table of its documents. Not `.arrow`: a pattern for tokens must miss it. */
export const tableFile = (shard: string): string => shard.replace(/\.arrow$/, '.documents.feather');

/** The shard to which a table belongs; any other name as it is. */
export const shardOf = (file: string): string => file.replace(/\.documents\.feather$/, '.arrow');

/** `documents-00007.arrow`, in a snapshot `documents-00007-246f8db94d9af369.arrow` → 7; `undefined` for a file that is no shard of this kind. */
export function shardIndex(kind: ShardKind, file: string): number | undefined {
  const digits = new RegExp(`^${kind}-(\\d{5,})(?:-[0-9a-f]{16})?\\.arrow$`).exec(file)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
