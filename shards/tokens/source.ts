/**
 * The tokens of a split as the record batches that hold them: what the loader and the evaluation read. A batch is read
 * by position (the manifest says where its body lies, so no Arrow library is needed), compared to its checksum, and
 * checked against the vocabulary, before anyone sees a token of it.
 *
 * Runs in Node, in workers and in a page, where everything lies behind HTTP: what needs Node is loaded only for a folder.
 */
import { badInput, reasonOf, ToolkitError } from '../../crawlers/shell/errors.ts';
import { badShard, pathOf, type RangeReader } from '../arrow/ranges.ts';
import { checksumOf } from '../checksum.ts';
import { MANIFEST_FILE, type TokenType } from '../format.ts';
import { parseTokenManifest, type TokenManifest, type TokenShard, tokenFingerprint } from '../manifest-shape.ts';
import type { Split } from '../split.ts';
import { countsOf } from './counts.ts';
import { fetchBytes, type HttpOptions, httpRanges } from './http.ts';
import { documentsOf, type ShardDocuments, type SourceRow, sourcesOf } from './table.ts';

/** Ids of tokens, as narrow as the vocabulary allows. */
export type TokenArray = Uint16Array | Uint32Array;

interface TokenArrayConstructor {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): TokenArray;
  new (memory: ArrayBufferLike, byteOffset: number, length: number): TokenArray;
}

export const TOKEN_ARRAYS: Readonly<Record<TokenType, TokenArrayConstructor>> = {
  uint16: Uint16Array,
  uint32: Uint32Array,
};

/** The tokens of one split of one folder or several. */
export interface TokenSource {
  /** Folder or URL, for messages. */
  readonly where: string;
  /** Changes with the tokens. */
  readonly fingerprint: string;
  readonly vocabSize: number;
  readonly bosId: number;
  /** Tokens in each record batch, in the order of the manifest. */
  readonly batchTokens: readonly number[];
  /**
   * Reads and verifies one of them; never kept here.
   * @throws ToolkitError BAD_SHARD naming shard, batch, what was found and expected; BAD_TOKEN
   */
  load(index: number): Promise<TokenArray>;
}

/** A folder of tokens, on this machine or elsewhere. */
export interface TokenFolder {
  /** Path or URL. */
  readonly where: string;
  readonly manifest: TokenManifest;
  /** Changes with the tokens: training state remembers it. */
  readonly fingerprint: string;
  source(split: Split): TokenSource;
  /**
   * The documents of one of its shards; `undefined` of a train shard of version 2.
   * @throws ToolkitError BAD_SHARD
   */
  documents(shard: TokenShard): Promise<ShardDocuments | undefined>;
  /**
   * How often each id stands in the training split, BOS among them: one small file, whatever the corpus holds.
   * `undefined` of a folder that was made before it.
   * @throws ToolkitError BAD_SHARD
   */
  counts(): Promise<Float64Array | undefined>;
  /** What each source gave to each split; reads what every shard says of its documents. @throws ToolkitError BAD_SHARD */
  sources(): Promise<readonly SourceRow[]>;
}

/** What a search says of a folder of tokens that it found, before anybody opens it. */
export interface FoundFolder {
  /** Below the folder that was searched, with `/`; empty: that folder itself. */
  readonly path: string;
  readonly vocabSize?: number;
  /** Fingerprint: folders with the same one can be trained on together. */
  readonly tokenizer?: string;
  readonly trainTokens?: number;
  readonly validTokens?: number;
  readonly documents?: number;
  /** Why its manifest cannot be used. */
  readonly problem?: string;
}

/** Not on this machine: behind HTTP or in an S3 bucket. */
export const isUrl = (where: string): boolean => /^(https?|s3):\/\//.test(where);

/**
 * Reads the manifest of a folder of tokens, given by its path or URL, and no shard.
 *
 *   const folder = await openTokens('vua-out/tokens');
 *   for await (const tokens of eachBatch(folder.source('train'))) count += tokens.length;
 *
 * @throws ToolkitError (exit 2) NO_MANIFEST, BAD_JSON, BAD_MANIFEST, NEWER_FORMAT, OLDER_FORMAT; of a URL also BAD_SHARD
 *   for what is not there, and REQUEST_FAILED (exit 75) when the server does not answer
 */
export async function openTokens(where: string, options: HttpOptions = {}): Promise<TokenFolder> {
  if (isUrl(where)) return reopenTokens(where, await fetchManifest(where, options), options);
  const { readTokenManifest, settled } = await import('../manifest.ts');
  const dir = settled(where);
  return reopenTokens(dir, readTokenManifest(dir));
}

/** The folder that `openTokens` opened somewhere else: in another thread, which got place and manifest as plain data. */
export async function reopenTokens(
  where: string,
  manifest: TokenManifest,
  options: HttpOptions = {},
): Promise<TokenFolder> {
  if (isUrl(where)) return tokenFolder(manifest, httpRanges(where, options));
  const { fileRanges } = await import('../arrow/file-ranges.ts');
  return tokenFolder(manifest, fileRanges(where));
}

/**
 * The files of the tokenizer behind a folder that lies behind HTTP, its checksum compared to the manifest's.
 * @throws ToolkitError BAD_SHARD, REQUEST_FAILED
 */
export async function fetchTokenizer({ where, manifest }: Pick<TokenFolder, 'where' | 'manifest'>) {
  const path = pathOf(where, 'tokenizer.json');
  const files = {
    'tokenizer.json': await fetchBytes(path),
    'tokenizer_config.json': await fetchBytes(pathOf(where, 'tokenizer_config.json')),
  };
  const found = checksumOf(files['tokenizer.json']);
  if (found !== manifest.tokenizer) throw badShard(path, `checksum ${found}, expected ${manifest.tokenizer}`);
  return files;
}

/** Bytes of text behind a token of the training splits. */
export function bytesPerToken(folders: readonly TokenFolder[]): number {
  const train = folders.flatMap(({ manifest }) => manifest.shards.filter(({ split }) => split === 'train'));
  const sum = (key: 'textBytes' | 'rows'): number => train.reduce((total, shard) => total + shard[key], 0);
  return sum('textBytes') / sum('rows');
}

async function fetchManifest(base: string, options: HttpOptions): Promise<TokenManifest> {
  const url = pathOf(base, MANIFEST_FILE);
  const text = new TextDecoder().decode(await fetchBytes(url, options));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badInput('BAD_MANIFEST', `${url}: ${reasonOf(error)}`, 'does the address lead to a folder of tokens?', error);
  }
  return parseTokenManifest(value, url);
}

function tokenFolder(manifest: TokenManifest, ranges: RangeReader): TokenFolder {
  return {
    where: ranges.where,
    manifest,
    fingerprint: tokenFingerprint(manifest),
    source: (split) => tokenSource(manifest, split, ranges),
    documents: (shard) => documentsOf(manifest, shard, ranges),
    counts: () => countsOf(manifest, ranges),
    sources: () => sourcesOf(manifest, ranges),
  };
}

/** The record batches of several folders one after the other, as of one. */
export function joinSources(sources: readonly TokenSource[]): TokenSource {
  if (sources.length === 1) return sources[0];
  const owners = sources.flatMap((source) => source.batchTokens.map((_, index) => ({ source, index })));
  return {
    ...sources[0],
    where: sources.map(({ where }) => where).join(', '),
    fingerprint: sources.map(({ fingerprint }) => fingerprint).join(' '),
    batchTokens: sources.flatMap(({ batchTokens }) => batchTokens),
    load: (at) => owners[at].source.load(owners[at].index),
  };
}

/** Record batches on their way while one is used: behind HTTP an answer takes longer than reading it. */
const AHEAD = 4;

/** Every record batch once, in order. */
export async function* eachBatch(source: TokenSource): AsyncGenerator<TokenArray> {
  const { length } = source.batchTokens;
  const coming: Promise<TokenArray>[] = [];
  for (let next = 0; next < length || coming.length > 0; ) {
    for (; next < length && coming.length < AHEAD; next++) {
      const batch = source.load(next);
      batch.catch(() => {}); // whoever comes to it hears of it
      coming.push(batch);
    }
    yield await coming.shift()!;
  }
}

/** Bytes of a record batch's body: Arrow pads a buffer to 8. */
const bodyBytes = (tokens: number, bytesPerToken: number): number => Math.ceil((tokens * bytesPerToken) / 8) * 8;

function tokenSource(manifest: TokenManifest, split: Split, ranges: RangeReader): TokenSource {
  const TokenArray = TOKEN_ARRAYS[manifest.dtype];
  const batches = manifest.shards
    .filter((shard) => shard.split === split)
    .flatMap((shard) => shard.batches.map((batch, index) => ({ ...batch, shard, index })));
  return {
    where: ranges.where,
    fingerprint: tokenFingerprint(manifest),
    vocabSize: manifest.vocabSize,
    bosId: manifest.bosId,
    batchTokens: batches.map(({ rows }) => rows),
    async load(at) {
      const { shard, index, rows, offset, checksum } = batches[at];
      const body = new Uint8Array(bodyBytes(rows, TokenArray.BYTES_PER_ELEMENT));
      const part = `batch ${index}`;
      await ranges.read({ file: shard.file, fileBytes: shard.bytes, position: offset, part }, body);
      const path = pathOf(ranges.where, shard.file);
      const found = checksumOf(body);
      if (found !== checksum) throw badShard(path, `${part}: checksum ${found}, expected ${checksum}`);
      const tokens = new TokenArray(body.buffer, 0, rows);
      checkVocabulary(tokens, manifest.vocabSize, `${path}: ${part}`);
      return tokens;
    },
  };
}

/** Tokens that are in memory already: each array is a record batch. */
export function tokensInMemory(
  arrays: readonly TokenArray[],
  { fingerprint, vocabSize, bosId }: Pick<TokenSource, 'fingerprint' | 'vocabSize' | 'bosId'>,
): TokenSource {
  return {
    where: 'memory',
    fingerprint,
    vocabSize,
    bosId,
    batchTokens: arrays.map(({ length }) => length),
    async load(index) {
      checkVocabulary(arrays[index], vocabSize, `memory: batch ${index}`);
      return arrays[index];
    },
  };
}

/** A token outside the vocabulary would read behind the embedding on the GPU. Runs over every token that is read. */
function checkVocabulary(tokens: TokenArray, vocabSize: number, where: string): void {
  const isSmall = tokens instanceof Uint16Array && vocabSize <= 2 ** 15 && tokens.byteOffset % 4 === 0;
  if (isSmall ? pairsAreBelow(tokens, vocabSize) : areBelow(tokens, vocabSize)) return;
  const at = tokens.findIndex((token) => token >= vocabSize);
  throw new ToolkitError({
    code: 'BAD_TOKEN',
    message: `${where}: token ${at} is ${tokens[at]}, expected less than the vocabulary of ${vocabSize}`,
    hint: 'the token shards do not belong to this tokenizer: run `vua tokens` again',
  });
}

function areBelow(tokens: TokenArray, vocabSize: number): boolean {
  for (let i = 0; i < tokens.length; i++) if (tokens[i] >= vocabSize) return false;
  return true;
}

/**
 * Two tokens a word, eight a round: adding 2¹⁵ − vocabSize to a token sets its top bit when it is too large. Three times
 * as fast as comparing token by token.
 */
function pairsAreBelow(tokens: Uint16Array, vocabSize: number): boolean {
  const pairs = new Int32Array(tokens.buffer, tokens.byteOffset, tokens.length >> 1);
  const add = (2 ** 15 - vocabSize) * 0x10001;
  let bits = 0;
  const whole = pairs.length - (pairs.length % 4);
  for (let i = 0; i < whole; i += 4) {
    const a = pairs[i];
    const b = pairs[i + 1];
    const c = pairs[i + 2];
    const d = pairs[i + 3];
    bits |= a | b | c | d;
    bits |= ((a & 0x7fff7fff) + add) | ((b & 0x7fff7fff) + add) | ((c & 0x7fff7fff) + add) | ((d & 0x7fff7fff) + add);
  }
  for (let i = 2 * whole; i < tokens.length; i++) bits |= tokens[i] | (tokens[i] + 2 ** 15 - vocabSize);
  return (bits & 0x80008000) === 0;
}
