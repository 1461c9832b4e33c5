/**
 * What a manifest says: its shape, its versions, the fingerprints that follow from it. Knows no disk, so that a page can
 * check a manifest that it fetched; `manifest.ts` reads and writes the file.
 */
import { z } from 'zod';
import { badInput } from '../crawlers/shell/errors.ts';
import { checksumOf } from './checksum.ts';
import { COUNTS_FILE, DOCUMENTS, GROUPS_FILE, OLDER_DOCUMENTS, OLDER_TOKENS, TOKENS, tableFile } from './format.ts';
import { SPLITS } from './split.ts';

const count = z.int().min(0);
const checksum = z.string().regex(/^[0-9a-f]{16}$/);
/** A bare file name: a manifest never points out of its folder. */
const file = z.string().regex(/^[a-z]+-\d{5,}(-[0-9a-f]{16})?\.arrow$/);
const batch = z.object({ rows: count, checksum, offset: count.optional() });
const shardEntry = z.object({ file, rows: count, bytes: count, checksum, batches: z.array(batch) });
const addsUp = [
  (shard: ShardEntry) => shard.rows === sum(shard.batches.map(({ rows }) => rows)),
  'rows are not the sum of its batches',
] as const;
const documentShard = shardEntry.extend({ textBytes: count }).refine(...addsUp);
const tableEntry = z.object({
  file: z.string().regex(/^[a-z]+-\d{5,}(-[0-9a-f]{16})?\.documents\.feather$/),
  ...{ rows: count, bytes: count, checksum, batches: z.array(batch.required()) },
});
/** What version 2 had in its place, of held-out shards. */
const perDocument = z.object({
  ...{ source: z.array(count), tokens: z.array(count), textBytes: z.array(count) },
  textHash: z.array(checksum).optional(),
});
const tokenShard = shardEntry
  .extend({
    batches: z.array(batch.required()),
    split: z.enum(SPLITS),
    documents: count,
    textBytes: count,
    clusters: checksum,
    table: tableEntry.optional(),
    from: z.array(checksum).optional(),
    perDocument: perDocument.optional(),
  })
  .refine(...addsUp)
  .refine(
    ({ file: shard, documents, table }) =>
      table === undefined || (table.file === tableFile(shard) && table.rows === documents),
    'table is not that of its documents',
  )
  .refine(
    ({ split, documents, rows, textBytes, perDocument: each }) =>
      each === undefined ||
      (split === 'valid' &&
        [each.source, each.tokens, each.textBytes, each.textHash].every((all) => !all || all.length === documents) &&
        sum(each.tokens) === rows &&
        sum(each.textBytes) === textBytes),
    'perDocument does not add up to the shard',
  );

const groupsEntry = z.object({ file: z.string().regex(GROUPS_FILE), pairs: count, checksum });
const countsEntry = z.object({ file: z.string().regex(COUNTS_FILE), bytes: count, checksum });

/** Names in it may be of another version of vua: `knownRecipe` (cleaning/recipe.ts) says whether this one knows them. */
const recipe = z.object({
  preset: z.string(),
  thresholds: z.record(z.string(), z.number()),
  personalData: z.string(),
  near: z.object({ bands: count, rows: count, similarity: z.number() }),
  /** Folders without a word were made when there was one style, and no paragraph or passage went alone. */
  tones: z.string().default('old'),
  paragraphs: z.string().default('keep'),
  dedupOrder: z.string().default('given'),
  passages: z.string().default('keep'),
});
const shardPair = { documents: z.array(documentShard), rejects: z.array(documentShard) };
const documentManifest = z.object({
  format: z.literal(DOCUMENTS.format),
  version: z.literal(DOCUMENTS.version),
  recipe,
  ...shardPair,
  /** Documents that stand although their place does not, by mark (marks.jsonl names them). */
  marked: z.record(z.string(), count).optional(),
  /** What is held out together; folders begun before it are split by cluster. */
  groups: groupsEntry.optional(),
});
/** Version 3 had fewer columns. */
const olderManifest = documentManifest
  .extend({ version: z.literal(3) })
  .transform((manifest): DocumentManifest => ({ ...manifest, ...DOCUMENTS }));
/** Versions 1 and 2 had the recipe as a sentence, called `preset`. */
const sentenceManifest = z
  .object({ version: z.literal([1, 2]), preset: z.string().transform(recipeOfSentence), ...shardPair })
  .transform(({ preset, documents, rejects }) => ({ ...DOCUMENTS, recipe: preset, documents, rejects }))
  .pipe(documentManifest);
const figures = z.object({ documents: count, tokens: count, textBytes: count });
const tokenManifest = z
  .object({
    format: z.literal(TOKENS.format),
    version: z.literal([TOKENS.version, ...OLDER_TOKENS]),
    dtype: z.enum(['uint16', 'uint32']),
    vocabSize: z.int().min(1),
    bosId: count,
    tokenizer: checksum,
    documents: checksum,
    validShare: z.number().min(0).max(1),
    /** Documents that hold benchmark items were left out. */
    contaminated: z.literal('drop').optional(),
    /** Chance with which merges were left out of train, and the seed. */
    dropout: z.number().gt(0).lt(1).optional(),
    dropoutSeed: count.optional(),
    /** A copy of that of the documents: who stands on which side. */
    groups: groupsEntry.optional(),
    /** How often each id stands in train; folders made before it do not say. */
    counts: countsEntry.optional(),
    /** Of version 2. */
    sources: z.array(z.object({ source: z.string(), train: figures, valid: figures })).optional(),
    shards: z.array(tokenShard),
  })
  .refine(
    ({ version, sources, shards }) =>
      version === TOKENS.version
        ? shards.every(({ table }) => table !== undefined)
        : sources !== undefined &&
          shards.every(({ split, perDocument: each }) => split === 'train' || each !== undefined),
    'shards do not say what their documents are',
  )
  .refine(
    ({ sources = [], shards }) =>
      shards.every(({ perDocument: each }) => each?.source.every((source) => source < sources.length) ?? true),
    'perDocument names a source that is not listed',
  );

/**
 * One file of a folder. `checksum` is of the whole file, each batch's of its record batch body, which begins at byte
 * `offset` of the file.
 */
export type ShardEntry = z.infer<typeof shardEntry>;
/** `textBytes`: UTF-8 bytes of the text column. */
export type DocumentShard = z.infer<typeof documentShard>;
/**
 * `rows` are tokens, one BOS per document included; `textBytes` are the UTF-8 bytes that they encode; `clusters` is the
 * checksum of the documents' clusters in order, each with a line end: who stands in this split can be proved later.
 * `table` is a file beside it with a row for each of its documents, in order (`tokens/table.ts`); held-out shards of
 * version 2 had lists in its place: source (index into the manifest's), tokens, bytes, and mostly the checksum of the text.
 * `from`: checksums of the document shards whose documents these are; older folders do not say.
 */
export type TokenShard = z.infer<typeof tokenShard>;
/** A file of `documents/groups.ts`. */
export type GroupsEntry = z.infer<typeof groupsEntry>;
/** A file of `tokens/counts.ts`. */
export type CountsEntry = z.infer<typeof countsEntry>;
export type DocumentManifest = z.infer<typeof documentManifest>;
/** `tokenizer`: checksum of tokenizer.json; `documents`: fingerprint of the document folder that was encoded. */
export type TokenManifest = z.infer<typeof tokenManifest>;
export type TableEntry = z.infer<typeof tableEntry>;
/** What one source gave to one split. */
export type SourceFigures = z.infer<typeof figures>;

export const MANIFESTS = {
  [DOCUMENTS.format]: { ...DOCUMENTS, oldest: Math.min(...OLDER_DOCUMENTS), what: 'documents', made: 'vua clean' },
  [TOKENS.format]: { ...TOKENS, oldest: Math.min(...OLDER_TOKENS), what: 'tokens', made: 'vua tokens' },
} as const;

/**
 * Checks what stands in a manifest; `where` names it in errors.
 * @throws ToolkitError (exit 2) BAD_MANIFEST naming the key at fault, NEWER_FORMAT or OLDER_FORMAT.
 */
export function parseDocumentManifest(value: unknown, where: string): DocumentManifest {
  const { version } = (value ?? {}) as { version?: unknown };
  const shape = version === DOCUMENTS.version ? documentManifest : version === 3 ? olderManifest : sentenceManifest;
  return parse<DocumentManifest>(shape, DOCUMENTS.format, value, where);
}

/** @throws as `parseDocumentManifest` */
export function parseTokenManifest(value: unknown, where: string): TokenManifest {
  return parse(tokenManifest, TOKENS.format, value, where);
}

/** Changes when, and only when, the folder's documents change or what is held out together: tokens made from them remember it. */
export const documentFingerprint = ({ documents, groups }: DocumentManifest): string =>
  fingerprint(documents, ...(groups === undefined ? [] : [groups.checksum]));

/** Of a token folder: loaders refuse to resume on another. */
export const tokenFingerprint = (manifest: TokenManifest): string => fingerprint(manifest.shards, manifest.tokenizer);

/** Every file of a folder of tokens that the manifest lists, in its order. */
export const tokenFiles = ({ shards }: { readonly shards: readonly TokenShard[] }): (TokenShard | TableEntry)[] =>
  shards.flatMap((shard) => (shard.table === undefined ? [shard] : [shard, shard.table]));

const fingerprint = (shards: readonly ShardEntry[], ...more: string[]): string =>
  checksumOf(
    new TextEncoder().encode([...more, ...shards.map((shard) => `${shard.rows} ${shard.checksum}`)].join('\n')),
  );

function parse<T>(shape: z.ZodType<T>, format: keyof typeof MANIFESTS, value: unknown, where: string): T {
  const { version, oldest, made } = MANIFESTS[format];
  const head = (typeof value === 'object' && value !== null ? value : {}) as { format?: unknown; version?: unknown };
  if (head.format !== format) throw otherFormat(where, head.format, [format]);
  const other = `${where}: ${format} version ${head.version}, this program reads version ${version}`;
  if (Number(head.version) > version) {
    throw badInput('NEWER_FORMAT', other, 'update vua, or make the folder again with this one');
  }
  if (Number(head.version) < oldest)
    throw badInput('OLDER_FORMAT', other, `run \`${made}\` again: it makes the folder anew`);
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw badInput(
    'BAD_MANIFEST',
    `${where}: ${path.join('.') || 'top level'}: ${message}`,
    'restore the file from a copy, or make the folder again',
  );
}

/** `recommended repeated_lines=0.4 personal-data=strict near=28x4@0.5`: a preset, and what was moved from the defaults of then. */
function recipeOfSentence(sentence: string, context: z.RefinementCtx<string>): z.input<typeof recipe> {
  const [preset, ...moved] = sentence.split(' ');
  const pairs = new Map(moved.map((part) => part.split('=') as [string, string]));
  const personalData = pairs.get('personal-data') ?? 'basic';
  const [bands, rows, similarity] = (pairs.get('near') ?? '14x8@0.6').split(/[x@]/).map(Number);
  const thresholds = [...pairs].filter(([name]) => name !== 'personal-data' && name !== 'near');
  const read = {
    preset,
    thresholds: Object.fromEntries(thresholds.map(([reason, figure]) => [reason, Number(figure)])),
    personalData,
    near: { bands, rows, similarity },
  };
  if (recipe.safeParse(read).success) return read;
  context.addIssue(`${JSON.stringify(sentence)}, expected a preset and NAME=NUMBER for what was moved`);
  return z.NEVER;
}

export function otherFormat(where: string, found: unknown, allowed: readonly string[]) {
  return badInput('BAD_MANIFEST', `${where}: format ${JSON.stringify(found)}, expected ${allowed.join(' or ')}`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
