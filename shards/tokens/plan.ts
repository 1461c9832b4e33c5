/** What a folder of tokens is to hold, what it holds already, and which groups of documents are to be encoded for it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { badInput, reasonOf, ToolkitError } from '../../crawlers/shell/errors.ts';
import { readJsonIfPresent } from '../../crawlers/shell/folder.ts';
import { wrongSize } from '../arrow/file-sizes.ts';
import { checksumOf } from '../checksum.ts';
import { Sides } from '../documents/groups.ts';
import { shardIndex, shardOf, TOKENS, tokenTypeFor } from '../format.ts';
import { manifestPath, readDocumentManifest, readTokenManifest } from '../manifest.ts';
import {
  type DocumentShard,
  documentFingerprint,
  type GroupsEntry,
  type TokenManifest,
  type TokenShard,
  tokenFiles,
} from '../manifest-shape.ts';
import type { Split } from '../split.ts';
import { type Group, groupsOf, unmoved } from './reuse.ts';
import type { TokenArray } from './source.ts';

/** Copied beside the tokens, so that a token folder can be read back into text. */
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json'] as const;

/** All of a making but its encoders. */
export type TokenFacts = Omit<TokenOptions, 'encode' | 'dropout'> & {
  readonly dropout?: Omit<NonNullable<TokenOptions['dropout']>, 'encode'>;
};

export interface TokenOptions {
  /** Folder of document shards. */
  readonly documentsDir: string;
  /** Folder with tokenizer.json and tokenizer_config.json: copied; tokenizer.json's checksum goes into the manifest. */
  readonly tokenizerDir: string;
  readonly outDir: string;
  /** Ids of a document's UTF-8 text, without BOS. The array may be reused by the next call. */
  readonly encode: (text: Uint8Array) => TokenArray;
  readonly vocabSize: number;
  readonly bosId: number;
  /** Share of keys held out, 0…1. */
  readonly validShare: number;
  /** `drop`: documents that hold benchmark items are left out; `keep`. */
  readonly contaminated?: 'drop' | 'keep';
  /** Other ids for the same text, of training text alone: which share of merges was left out by which seed. */
  readonly dropout?: {
    readonly share: number;
    readonly seed: number;
    readonly encode: (text: Uint8Array) => TokenArray;
  };
  readonly shardTokens?: number;
  readonly batchTokens?: number;
}

/** What the folder should hold, what it holds, and whether that is the same. */
export function compare(options: TokenFacts) {
  const { documentsDir, tokenizerDir, outDir, validShare } = options;
  const documents = readDocumentManifest(documentsDir);
  const total = documents.documents.reduce((sum, shard) => sum + shard.rows, 0);
  if (total === 0) {
    throw badInput(
      'NO_DOCUMENTS',
      `${documentsDir}: 0 documents, expected at least 1`,
      'see what was dropped with `vua stats`',
    );
  }
  const tokenizerFiles = TOKENIZER_FILES.map((name) => ({ name, bytes: readTokenizerFile(tokenizerDir, name) }));
  const wanted = {
    ...TOKENS,
    dtype: tokenTypeFor(options.vocabSize),
    vocabSize: options.vocabSize,
    bosId: options.bosId,
    tokenizer: checksumOf(tokenizerFiles[0].bytes),
    documents: documentFingerprint(documents),
    validShare,
    contaminated: options.contaminated === 'drop' ? ('drop' as const) : undefined,
    dropout: options.dropout?.share,
    dropoutSeed: options.dropout?.seed,
  };
  const { previous, listed } = readPrevious(outDir);
  const damage = wrongSize(outDir, previous === undefined ? [] : tokenFiles(previous));
  const isCurrent =
    damage === undefined &&
    previous !== undefined &&
    sameMaking(previous, wanted) &&
    holdsFiles(outDir, tokenizerFiles);
  return { documents, tokenizerFiles, wanted, previous, listed, damage, isCurrent };
}

export type Compared = ReturnType<typeof compare>;

/** What is to be done where the two are not the same. */
export interface TokenPlan {
  /** Tokens that are there, where a text has the same ids in them. */
  readonly old: TokenManifest | undefined;
  readonly sides: Sides;
  readonly groups: readonly Group[];
  /** Document shards of groups that are not kept. */
  readonly anew: readonly DocumentShard[];
}

export async function planOf(
  { documentsDir, outDir, validShare }: TokenFacts,
  { documents, wanted, previous, damage }: Compared,
  signal: AbortSignal,
): Promise<TokenPlan> {
  const old = damage === undefined && sameIds(previous, wanted) ? previous : undefined;
  const sides = Sides.of(documentsDir, documents);
  const isSameRule =
    old?.validShare === validShare &&
    old.contaminated === wanted.contaminated &&
    isSplitAlike(outDir, old, documents.groups);
  const groups = await unmoved(documentsDir, groupsOf(documents.documents, isSameRule ? old : undefined), {
    moved: isSameRule ? sides.movedSince(Sides.of(outDir, old), validShare) : new Set(),
    signal,
  });
  return { old, sides, groups, anew: groups.flatMap(({ kept, documents: all }) => (kept ? [] : all)) };
}

/** Numbers of the next shards. */
export function nextNumbers(listed: readonly ListedFile[]): Record<Split, number> {
  const next = (split: Split): number =>
    Math.max(-1, ...listed.map(({ file }) => shardIndex(split, shardOf(file)) ?? -1)) + 1;
  return { train: next('train'), valid: next('valid') };
}

/** Whether both know groups, or neither, and what they were is still there. */
const isSplitAlike = (outDir: string, { groups: before }: TokenManifest, now: GroupsEntry | undefined): boolean =>
  before === undefined ? now === undefined : now !== undefined && existsSync(join(outDir, before.file));

export type ListedFile = Pick<TokenShard, 'file'>;

/** What the folder holds. Of an older version only the names of its files matter: they stay until all is made anew. */
function readPrevious(outDir: string): { previous?: TokenManifest; listed: readonly ListedFile[] } {
  if (!existsSync(manifestPath(outDir))) return { listed: [] };
  try {
    const previous = readTokenManifest(outDir);
    return { previous, listed: tokenFiles(previous) };
  } catch (error) {
    if (!(error instanceof ToolkitError && error.code === 'OLDER_FORMAT')) throw error;
    return { listed: readJsonIfPresent<{ shards: ListedFile[] }>(manifestPath(outDir))?.shards ?? [] };
  }
}

/** A folder of an older version that holds the same is the same. */
function sameMaking(
  previous: TokenManifest,
  { version: _, ...wanted }: Omit<TokenManifest, 'shards' | 'counts'>,
): boolean {
  return (Object.keys(wanted) as (keyof typeof wanted)[]).every((key) => previous[key] === wanted[key]);
}

/** Whether a text has the same ids in both. */
const sameIds = (previous: TokenManifest | undefined, wanted: Parameters<typeof sameMaking>[1]): boolean =>
  (['tokenizer', 'dtype', 'vocabSize', 'bosId', 'dropout', 'dropoutSeed'] as const).every(
    (key) => previous?.[key] === wanted[key],
  );

interface NamedBytes {
  readonly name: string;
  readonly bytes: Buffer;
}

function readTokenizerFile(dir: string, name: string): Buffer {
  try {
    return readFileSync(join(dir, name));
  } catch (error) {
    throw badInput(
      'NO_TOKENIZER',
      `${join(dir, name)}: ${reasonOf(error)}`,
      'give a folder that `vua tokenizer train` wrote',
      error,
    );
  }
}

const holdsFiles = (dir: string, files: readonly NamedBytes[]): boolean =>
  files.every(({ name, bytes }) => existsSync(join(dir, name)) && readFileSync(join(dir, name)).equals(bytes));
