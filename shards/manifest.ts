/**
 * manifest.json: which shards a folder holds, with rows and checksums. A file that the manifest does not list is no part
 * of the folder, so replacing this one file is how a folder moves from one valid state to the next.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { badInput } from '../crawlers/errors.ts';
import { readJsonIfPresent, writeFileAtomic } from '../crawlers/shell/folder.ts';
import { checksumOf } from './checksum.ts';
import { DOCUMENTS, MANIFEST_FILE, READABLE_DOCUMENTS, type ShardKind, shardIndex, TOKENS } from './format.ts';
import { SPLITS } from './split.ts';

const count = z.int().min(0);
const checksum = z.string().regex(/^[0-9a-f]{16}$/);
/** A bare file name: a manifest never points out of its folder. */
const file = z.string().regex(/^[a-z]+-\d{5,}\.arrow$/);
const shardEntry = z.object({
  file,
  rows: count,
  bytes: count,
  checksum,
  batches: z.array(z.object({ rows: count, checksum })),
});
const addsUp = [
  (shard: ShardEntry) => shard.rows === shard.batches.reduce((sum, { rows }) => sum + rows, 0),
  'rows are not the sum of its batches',
] as const;
const documentShard = shardEntry.extend({ textBytes: count }).refine(...addsUp);
const tokenShard = shardEntry
  .extend({ split: z.enum(SPLITS), documents: count, textBytes: count, clusters: checksum })
  .refine(...addsUp);

const documentManifest = z.object({
  format: z.literal(DOCUMENTS.format),
  version: z.union(READABLE_DOCUMENTS.map((version) => z.literal(version))),
  preset: z.string(),
  documents: z.array(documentShard),
  rejects: z.array(documentShard),
});
const tokenManifest = z.object({
  format: z.literal(TOKENS.format),
  version: z.literal(TOKENS.version),
  dtype: z.enum(['uint16', 'uint32']),
  vocabSize: z.int().min(1),
  bosId: count,
  tokenizer: checksum,
  documents: checksum,
  validShare: z.number().min(0).max(1),
  shards: z.array(tokenShard),
});

/** One file of a folder. `checksum` is of the whole file, each batch's of its record batch body. */
export type ShardEntry = z.infer<typeof shardEntry>;
/** `textBytes`: UTF-8 bytes of the text column. */
export type DocumentShard = z.infer<typeof documentShard>;
/**
 * `rows` are tokens, one BOS per document included; `textBytes` are the UTF-8 bytes that they encode; `clusters` is the
 * checksum of the documents' clusters in order, each with a line end: who stands in this split can be proved later.
 */
export type TokenShard = z.infer<typeof tokenShard>;
export type DocumentManifest = z.infer<typeof documentManifest>;
/** `tokenizer`: checksum of tokenizer.json; `documents`: fingerprint of the document folder that was encoded. */
export type TokenManifest = z.infer<typeof tokenManifest>;

const MANIFESTS = {
  [DOCUMENTS.format]: { ...DOCUMENTS, shape: documentManifest, what: 'documents', made: 'vua clean' },
  [TOKENS.format]: { ...TOKENS, shape: tokenManifest, what: 'tokens', made: 'vua tokens' },
} as const;

/**
 * @throws ToolkitError (exit 2) NO_MANIFEST, BAD_JSON, BAD_MANIFEST naming the key at fault, or NEWER_FORMAT.
 */
export function readDocumentManifest(dir: string): DocumentManifest {
  return parseDocumentManifest(readManifest(dir, DOCUMENTS.format), manifestPath(dir));
}

/** Checks a manifest that was stored elsewhere; `where` names it in errors. */
export function parseDocumentManifest(value: unknown, where: string): DocumentManifest {
  return parse(documentManifest, DOCUMENTS, value, where);
}

/** @throws as `readDocumentManifest` */
export function readTokenManifest(dir: string): TokenManifest {
  return parse(tokenManifest, TOKENS, readManifest(dir, TOKENS.format), manifestPath(dir));
}

export const manifestPath = (dir: string): string => join(dir, MANIFEST_FILE);

/** The bytes of manifest.json; also what a store keeps as the committed state. */
export const manifestJson = (manifest: DocumentManifest | TokenManifest): string =>
  `${JSON.stringify(manifest, null, 1)}\n`;

/** Replaces the folder's manifest: before it the old shards are valid, after it the new ones. */
export function writeManifest(dir: string, manifest: DocumentManifest | TokenManifest): void {
  writeFileAtomic(manifestPath(dir), manifestJson(manifest));
}

/** Changes when, and only when, the folder's documents change: tokens made from them remember it. */
export const documentFingerprint = (manifest: DocumentManifest): string => fingerprint(manifest.documents);

/** Of a token folder: loaders refuse to resume on another. */
export const tokenFingerprint = (manifest: TokenManifest): string => fingerprint(manifest.shards, manifest.tokenizer);

const fingerprint = (shards: readonly ShardEntry[], ...more: string[]): string =>
  checksumOf(Buffer.from([...more, ...shards.map((shard) => `${shard.rows} ${shard.checksum}`)].join('\n')));

export interface RunFolders {
  readonly documents?: string;
  readonly tokens?: string;
}

/**
 * What a folder holds: documents, tokens, or as the folder of a whole run both, below it.
 * @throws ToolkitError NO_MANIFEST (exit 2) when neither.
 */
export function findFolders(dir: string): RunFolders {
  const format = (readJsonIfPresent(manifestPath(dir)) as { format?: unknown } | undefined)?.format;
  if (format === DOCUMENTS.format) return { documents: dir };
  if (format === TOKENS.format) return { tokens: dir };
  const [documents, tokens] = ['documents', 'tokens']
    .map((name) => join(dir, name))
    .map((folder) => (existsSync(manifestPath(folder)) ? folder : undefined));
  if (format === undefined && (documents ?? tokens) === undefined) {
    throw badInput(
      'NO_MANIFEST',
      `${dir}: no ${MANIFEST_FILE} here, in documents/ or in tokens/`,
      'give a folder that `vua clean`, `vua tokens` or `vua run` wrote',
    );
  }
  if (format !== undefined) throw otherFormat(manifestPath(dir), format, [DOCUMENTS.format, TOKENS.format]);
  return { documents, tokens };
}

/** Removes shards of these kinds that `listed` does not name, and what a killed writer left unfinished. */
export function removeOrphans(dir: string, kinds: readonly ShardKind[], listed: readonly ShardEntry[]): string[] {
  const keep = new Set(listed.map((shard) => shard.file));
  const isOurs = (name: string): boolean =>
    kinds.some((kind) => shardIndex(kind, name) !== undefined) || name === MANIFEST_FILE;
  const orphans = readdirSync(dir).filter((name) => {
    const published = name.replace(/\.arrow\.tmp$/, '.arrow').replace(/(?<=\.json)\.\d+\.tmp$/, '');
    return isOurs(published) && (published !== name || (name !== MANIFEST_FILE && !keep.has(name)));
  });
  for (const name of orphans) rmSync(join(dir, name));
  return orphans;
}

function readManifest(dir: string, format: keyof typeof MANIFESTS): unknown {
  const value = readJsonIfPresent<unknown>(manifestPath(dir));
  if (value !== undefined) return value;
  const { what, made } = MANIFESTS[format];
  throw badInput(
    'NO_MANIFEST',
    `${dir}: no ${MANIFEST_FILE}, so no ${what} here`,
    `give a folder that \`${made}\` wrote`,
  );
}

function parse<T>(
  shape: z.ZodType<T>,
  { format, version }: { format: string; version: number },
  value: unknown,
  where: string,
): T {
  const head = (typeof value === 'object' && value !== null ? value : {}) as { format?: unknown; version?: unknown };
  if (head.format !== format) throw otherFormat(where, head.format, [format]);
  if (typeof head.version === 'number' && head.version > version) {
    throw badInput(
      'NEWER_FORMAT',
      `${where}: ${format} version ${head.version}, this program reads version ${version}`,
      'update vua, or make the folder again with this one',
    );
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw badInput(
    'BAD_MANIFEST',
    `${where}: ${path.join('.') || 'top level'}: ${message}`,
    'restore the file from a copy, or make the folder again',
  );
}

function otherFormat(where: string, found: unknown, allowed: readonly string[]) {
  return badInput('BAD_MANIFEST', `${where}: format ${JSON.stringify(found)}, expected ${allowed.join(' or ')}`);
}
