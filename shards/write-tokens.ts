/**
 * Document shards → token shards. Each document becomes BOS and its tokens; documents never cross shards. The tokens of
 * a split are one flat column, cut into record batches of equal size with a checksum each.
 *
 *   train-00000.arrow   │BOS t t t t│BOS t t│BOS t t t t t t│ …      batches: [2^20 tokens][2^20 tokens][rest]
 *
 * New shards get new numbers: until the manifest is replaced the old tokens stay valid, so a kill at any moment loses
 * nothing but the work since the start.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeData, Uint16, Uint32 } from 'apache-arrow';
import { badInput, reasonOf, ToolkitError } from '../crawlers/errors.ts';
import type { CommandContext } from '../crawlers/shell/command.ts';
import { lockFolder, writeFileAtomic } from '../crawlers/shell/folder.ts';
import { type Checksum, checksumOf, createChecksum } from './checksum.ts';
import { wrongSize } from './file-sizes.ts';
import {
  shardFile,
  shardIndex,
  TOKEN_ARRAYS,
  TOKEN_SCHEMAS,
  TOKENS,
  type TokenArray,
  type TokenType,
  tokenTypeFor,
} from './format.ts';
import {
  documentFingerprint,
  manifestPath,
  readDocumentManifest,
  readTokenManifest,
  removeOrphans,
  type TokenManifest,
  type TokenShard,
  writeManifest,
} from './manifest.ts';
import { readDocumentShards } from './read-documents.ts';
import { SPLITS, type Split, splitOf, VALID_SHARE } from './split.ts';
import { ShardWriter } from './write-shard.ts';

/** Tokens in a record batch: 2 MiB of uint16. */
export const BATCH_TOKENS = 1 << 20;
/** Tokens after which a shard ends with its document: 128 MiB of uint16. */
export const SHARD_TOKENS = 1 << 26;
/** Copied beside the tokens, so that a token folder can be read back into text. */
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json'] as const;

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
  /** Share of clusters held out, 0…1. */
  readonly validShare?: number;
  readonly shardTokens?: number;
  readonly batchTokens?: number;
}

export interface TokenSummary {
  /** `interrupted`: the folder is as it was before. */
  readonly outcome: 'written' | 'nothing_new' | 'interrupted';
  /** What the folder holds now; absent when it was interrupted before anything was there. */
  readonly manifest?: TokenManifest;
}

/**
 * Encodes all documents, unless the folder already holds exactly that.
 * @throws ToolkitError NO_DOCUMENTS, BAD_TOKEN (an id outside the vocabulary), NO_TOKENIZER, FOLDER_LOCKED, those of
 * readDocuments and of writing.
 */
export async function writeTokens(options: TokenOptions, { signal, report }: CommandContext): Promise<TokenSummary> {
  const { documentsDir, tokenizerDir, outDir, validShare = VALID_SHARE } = options;
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
  };
  const unlock = lockFolder(outDir);
  try {
    const previous = readPrevious(outDir);
    removeOrphans(outDir, SPLITS, previous?.shards ?? []);
    const damage = wrongSize(outDir, previous?.shards ?? []);
    if (damage !== undefined) report.note(`${damage}; the tokens are written again`);
    const isCurrent =
      damage === undefined &&
      previous !== undefined &&
      sameMaking(previous, wanted) &&
      holdsFiles(outDir, tokenizerFiles);
    if (isCurrent) return { outcome: 'nothing_new', manifest: previous };

    const writers = openWriters(options, wanted.dtype, previous);
    const progress = report.stage('tokens', 'documents', total);
    const figures = () => ({ tokens: writers.train.tokens + writers.valid.tokens });
    try {
      let done = 0;
      for await (const batch of readDocumentShards(documentsDir, documents.documents, signal)) {
        for (let row = 0; row < batch.rows; row++) {
          const cluster = batch.string('cluster', row);
          writers[splitOf(cluster, validShare)].add(batch.bytes('text', row), cluster);
          progress.update(++done, figures());
        }
      }
      progress.finish(figures());
      if (signal.aborted) return { outcome: 'interrupted', manifest: previous };
      const manifest = { ...wanted, shards: SPLITS.flatMap((split) => writers[split].finish()) };
      for (const { name, bytes } of tokenizerFiles) writeFileAtomic(join(outDir, name), bytes);
      writeManifest(outDir, manifest);
      removeOrphans(outDir, SPLITS, manifest.shards);
      return { outcome: 'written', manifest };
    } finally {
      for (const split of SPLITS) writers[split].discard();
    }
  } finally {
    unlock();
  }
}

/** The shards of one split, one after the other. */
class SplitWriter {
  /** Tokens written so far, BOS included. */
  tokens = 0;
  readonly #options: TokenOptions;
  readonly #split: Split;
  readonly #dtype: TokenType;
  readonly #bos: TokenArray;
  readonly #buffer: TokenArray;
  readonly #finished: TokenShard[] = [];
  #filled = 0;
  #index: number;
  #open: { writer: ShardWriter; clusters: Checksum; tokens: number; documents: number; textBytes: number } | undefined;

  constructor(options: TokenOptions, split: Split, dtype: TokenType, firstIndex: number) {
    this.#options = options;
    this.#split = split;
    this.#dtype = dtype;
    this.#index = firstIndex;
    this.#bos = new TOKEN_ARRAYS[dtype](1).fill(options.bosId);
    this.#buffer = new TOKEN_ARRAYS[dtype](options.batchTokens ?? BATCH_TOKENS);
  }

  add(text: Uint8Array, cluster: string): void {
    const { encode, vocabSize, shardTokens = SHARD_TOKENS } = this.#options;
    const ids = encode(text);
    for (let i = 0; i < ids.length; i++) if (ids[i] >= vocabSize) throw badToken(ids[i], vocabSize);
    this.#open ??= this.#start();
    const shard = this.#open;
    this.#append(shard.writer, this.#bos);
    this.#append(shard.writer, ids);
    shard.clusters.update(Buffer.from(`${cluster}\n`));
    shard.documents++;
    shard.textBytes += text.length;
    shard.tokens += 1 + ids.length;
    this.tokens += 1 + ids.length;
    if (shard.tokens >= shardTokens) this.#end();
  }

  finish(): TokenShard[] {
    this.#end();
    return this.#finished;
  }

  /** Drops the unfinished shard; finished ones that no manifest lists are removed by the next run. */
  discard(): void {
    this.#open?.writer.discard();
    this.#open = undefined;
  }

  #start() {
    const file = shardFile(this.#split, this.#index++);
    const writer = new ShardWriter(this.#options.outDir, file, TOKEN_SCHEMAS[this.#dtype]);
    return { writer, clusters: createChecksum(), tokens: 0, documents: 0, textBytes: 0 };
  }

  #append(writer: ShardWriter, ids: TokenArray): void {
    for (let at = 0; at < ids.length; ) {
      const part = ids.subarray(at, at + this.#buffer.length - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#buffer.length) this.#flush(writer);
    }
  }

  #flush(writer: ShardWriter): void {
    const rows = this.#filled;
    if (rows === 0) return;
    const data = this.#buffer.subarray(0, rows);
    const type = this.#dtype === 'uint16' ? new Uint16() : new Uint32();
    writer.write(rows, [makeData({ type, length: rows, nullCount: 0, data })]);
    this.#filled = 0;
  }

  #end(): void {
    const shard = this.#open;
    if (!shard) return;
    this.#flush(shard.writer);
    const { documents, textBytes, clusters } = shard;
    const entry = shard.writer.finish();
    this.#open = undefined;
    this.#finished.push({ ...entry, split: this.#split, documents, textBytes, clusters: clusters.digest() });
  }
}

function openWriters(
  options: TokenOptions,
  dtype: TokenType,
  previous: TokenManifest | undefined,
): Record<Split, SplitWriter> {
  const open = (split: Split): SplitWriter => {
    const taken = (previous?.shards ?? []).map((shard) => shardIndex(split, shard.file) ?? -1);
    return new SplitWriter(options, split, dtype, Math.max(-1, ...taken) + 1);
  };
  return { train: open('train'), valid: open('valid') };
}

const readPrevious = (outDir: string): TokenManifest | undefined =>
  existsSync(manifestPath(outDir)) ? readTokenManifest(outDir) : undefined;

function sameMaking(previous: TokenManifest, wanted: Omit<TokenManifest, 'shards'>): boolean {
  return (Object.keys(wanted) as (keyof typeof wanted)[]).every((key) => previous[key] === wanted[key]);
}

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

function badToken(id: number, vocabSize: number): ToolkitError {
  return new ToolkitError({
    code: 'BAD_TOKEN',
    message: `encode: token id ${id}, expected less than the vocabulary of ${vocabSize}`,
    hint: 'tokenizer.json and the encoder do not belong together',
  });
}
