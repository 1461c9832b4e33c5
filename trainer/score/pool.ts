/** Documents drawn from the training split of folders of tokens by their hashes: the same ones in whatever order they stand. */
import { badInput } from '../../crawlers/shell/errors.ts';
import { chanceOf } from '../../shards/checksum.ts';
import type { TokenArray, TokenFolder } from '../../shards/tokens/source.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { stretches } from './held-out.ts';

export interface PoolDocument {
  readonly source: string;
  /** Checksum of its text. */
  readonly hash: string;
  /** Without BOS. */
  readonly ids: TokenArray;
  /** UTF-8 of its text. */
  readonly bytes: number;
  /** Half of them by hash: models learn from these and are asked about the others. */
  readonly isLearnt: boolean;
}

/** A piece of a document, as long as a model sees. */
export interface Stretch {
  readonly source: string;
  /** Of its document. */
  readonly hash: string;
  /** BOS first. */
  readonly ids: Uint32Array;
  readonly text: string;
  /** UTF-8 that its tokens stand for. */
  readonly bytes: number;
}

/** Stretches of one document at most, spread over it: none speaks for all. */
const MOST_STRETCHES = 32;
/** Tokens below which a stretch says too little. */
const LEAST_TOKENS = 16;

/** Names of the sources that train on it. */
export async function sourcesIn(folder: TokenFolder): Promise<ReadonlySet<string>> {
  const rows = await folder.sources();
  return new Set(rows.filter(({ train }) => train.documents > 0).map(({ source }) => source));
}

/**
 * About so many bytes of the documents that are wanted, by source and index of the folder.
 * @throws ToolkitError BAD_INPUT (exit 2) for a folder whose shards do not list their documents; BAD_SHARD
 */
export async function drawn(
  folders: readonly TokenFolder[],
  isWanted: (source: string, folder: number) => boolean,
  bytes: number,
  tokenizer: Tokenizer,
  signal?: AbortSignal,
): Promise<PoolDocument[]> {
  const tables = await Promise.all(folders.map(tableOf));
  const wanted = tables.flatMap((table, at) => table.filter(({ source }) => isWanted(source, at)));
  const share =
    bytes /
    Math.max(
      1,
      wanted.reduce((sum, { textBytes }) => sum + textBytes, 0),
    );
  const found = new Map<string, PoolDocument>();
  for (const [at, folder] of folders.entries()) {
    const table = tables[at];
    const recoded = await recoder(folder, tokenizer);
    let ids: number[] = [];
    const lengths = table.map(({ tokens }) => tokens);
    for await (const { index, at: done, stretch } of stretches(folder.source('train'), lengths)) {
      if (signal?.aborted) return [];
      const { source, hash, textBytes } = table[index];
      if (!isWanted(source, at) || textBytes === 0 || chanceOf(`draw ${hash}`) >= share) continue;
      if (done === 0) ids = [];
      for (let i = done === 0 ? 1 : 0; i < stretch.length; i++) ids.push(stretch[i]);
      if (done + stretch.length < lengths[index]) continue;
      const isLearnt = chanceOf(`side ${hash}`) < 0.5;
      found.set(hash, { source, hash, ids: recoded(ids), bytes: textBytes, isLearnt });
    }
  }
  return [...found.values()].sort((a, b) => (a.hash < b.hash ? -1 : 1));
}

interface Listed {
  readonly source: string;
  readonly hash: string;
  readonly tokens: number;
  readonly textBytes: number;
}

async function tableOf(folder: TokenFolder): Promise<Listed[]> {
  const listed: Listed[] = [];
  for (const shard of folder.manifest.shards.filter(({ split }) => split === 'train')) {
    const documents = await folder.documents(shard);
    if (documents?.textHash === undefined) {
      throw badInput(
        'BAD_INPUT',
        `${folder.where}: its shards do not list their documents`,
        'make the tokens again with `vua tokens`',
      );
    }
    const { source, tokens, textBytes, textHash } = documents;
    for (const [i, hash] of textHash.entries())
      listed.push({ source: source[i], hash, tokens: tokens[i], textBytes: textBytes[i] });
  }
  return listed;
}

/** Ids of another tokenizer become those of this one. */
async function recoder({ where, manifest }: TokenFolder, tokenizer: Tokenizer) {
  if (manifest.tokenizer === tokenizer.fingerprint)
    return (ids: readonly number[]): TokenArray => Uint32Array.from(ids);
  const other = await Tokenizer.load(where);
  return (ids: readonly number[]): TokenArray => tokenizer.encode(other.decode(ids));
}

/** Documents cut into what a model sees at once. */
export function stretchesOf(documents: readonly PoolDocument[], context: number, tokenizer: Tokenizer): Stretch[] {
  return documents.flatMap(({ source, hash, ids }) => {
    const count = Math.ceil(ids.length / context);
    const step = Math.max(1, count / MOST_STRETCHES);
    const cut: Stretch[] = [];
    for (let at = 0; at < count; at += step) {
      const from = Math.floor(at) * context;
      const own = ids.subarray(from, from + context);
      if (own.length < LEAST_TOKENS) continue;
      const bytes = tokenizer.decodeBytes(own);
      const withBos = new Uint32Array(own.length + 1);
      withBos[0] = tokenizer.bosId;
      withBos.set(own, 1);
      cut.push({ source, hash, ids: withBos, text: Buffer.from(bytes).toString(), bytes: bytes.length });
    }
    return cut;
  });
}
