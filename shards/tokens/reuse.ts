/**
 * What a folder of tokens holds already. Token shards are of groups of document shards, one after the other, and say of
 * which (`from`, by checksum): a group whose document shards all stand is kept as it is. Of other groups the tokens of
 * each document are found by its text, so that only texts that are new are encoded.
 */
import { readShardColumns } from '../documents/read.ts';
import type { DocumentShard, TokenManifest, TokenShard } from '../manifest-shape.ts';
import { type MergeRule, toMerge } from '../merging.ts';
import { documentKey } from '../split.ts';
import { TOKEN_ARRAYS, type TokenArray, type TokenFolder, type TokenSource } from './source.ts';

/** UTF-8 bytes of text. */
const GROUPS: MergeRule = { full: 256_000_000, fresh: 0 };
/** Of more documents than that the tokens are not looked for: about 100 bytes of memory each. */
const MOST_KNOWN = 2_000_000;

/** Document shards whose tokens stand together. */
export interface Group {
  readonly documents: readonly DocumentShard[];
  /** Their token shards, where they are kept as they are. */
  readonly kept?: readonly TokenShard[];
}

/** Document shards in their order, dealt into groups: those of `previous` as far as they stand, the rest beside. */
export function groupsOf(documents: readonly DocumentShard[], previous: TokenManifest | undefined): Group[] {
  const known = new Map<string, TokenShard[]>();
  for (const shard of previous?.shards ?? []) {
    const name = shard.from?.join(' ');
    if (name === undefined) continue;
    known.set(name, [...(known.get(name) ?? []), shard]);
  }
  const byFirst = new Map([...known.values()].map((kept) => [kept[0].from?.[0], kept]));
  let groups: Group[] = [];
  for (let at = 0; at < documents.length; at += groups.at(-1)!.documents.length) {
    const kept = byFirst.get(documents[at].checksum);
    const from = kept?.[0].from ?? [];
    const there = documents.slice(at, at + from.length);
    const stands = kept !== undefined && from.every((checksum, i) => there[i]?.checksum === checksum);
    groups.push(stands ? { documents: there, kept } : { documents: [documents[at]] });
  }
  for (;;) {
    const merge = toMerge(groups.map(textBytesOf), GROUPS);
    if (merge === undefined) return groups;
    const [first, last] = merge;
    const together = { documents: groups.slice(first, last + 1).flatMap((group) => group.documents) };
    groups = [...groups.slice(0, first), together, ...groups.slice(last + 1)];
  }
}

/**
 * The groups without their token shards where a document has moved: into training, with what it belongs to.
 * @param moved keys of documents that were held out and are not any more
 */
export async function unmoved(
  documentsDir: string,
  groups: readonly Group[],
  { moved, signal }: { readonly moved: ReadonlySet<number>; readonly signal: AbortSignal },
): Promise<Group[]> {
  const left: Group[] = [];
  for (const group of groups) {
    const mayHave = moved.size > 0 && group.kept?.some(({ split }) => split === 'valid');
    left.push(mayHave && (await hasMoved(group)) ? { documents: group.documents } : group);
  }
  return left;

  async function hasMoved({ documents }: Group): Promise<boolean> {
    for await (const row of readShardColumns(documentsDir, 'documents', documents, URLS, signal)) {
      const key = documentKey(row.string('url'), () => Buffer.from(row.whole().string('text')));
      if (moved.has(key)) return true;
    }
    return false;
  }
}

const URLS = { texts: ['url'], numbers: false } as const;

const textBytesOf = ({ documents }: Group): number => documents.reduce((sum, { textBytes }) => sum + textBytes, 0);

interface Place {
  readonly split: TokenShard['split'];
  /** Of its first token, in all tokens of the split. */
  readonly begin: number;
  readonly tokens: number;
  readonly textBytes: number;
}

/** Tokens of a folder by the text that they are of. */
export class KnownTokens {
  readonly #folder: TokenFolder;
  readonly #places: ReadonlyMap<bigint, Place>;
  readonly #readers = new Map<TokenShard['split'], StreamReader>();

  private constructor(folder: TokenFolder, places: ReadonlyMap<bigint, Place>) {
    this.#folder = folder;
    this.#places = places;
  }

  /** Of these shards of it, as long as they have no more than `most` texts. @throws ToolkitError BAD_SHARD */
  static async of(folder: TokenFolder, shards: ReadonlySet<TokenShard>, most = MOST_KNOWN): Promise<KnownTokens> {
    const places = new Map<bigint, Place>();
    const begins = { train: 0, valid: 0 };
    for (const shard of folder.manifest.shards) {
      const { split } = shard;
      let begin = begins[split];
      begins[split] += shard.rows;
      if (!shards.has(shard) || places.size + shard.documents > most) continue;
      const documents = await folder.documents(shard);
      for (const [i, hash] of documents?.textHash?.entries() ?? []) {
        const tokens = documents!.tokens[i];
        places.set(BigInt(`0x${hash}`), {
          split,
          begin: begin + 1,
          tokens: tokens - 1,
          textBytes: documents!.textBytes[i],
        });
        begin += tokens;
      }
    }
    return new KnownTokens(folder, places);
  }

  /** @param textHash checksum of a text, and its bytes */
  has(textHash: bigint, textBytes: number): boolean {
    return this.#places.get(textHash)?.textBytes === textBytes;
  }

  /** Tokens of a text that it has, BOS not included; a view, to be used before the next is read. */
  async read(textHash: bigint): Promise<TokenArray> {
    const { split, begin, tokens } = this.#places.get(textHash)!;
    const reader = this.#readers.get(split) ?? new StreamReader(this.#folder, split);
    this.#readers.set(split, reader);
    return reader.read(begin, tokens);
  }
}

/** All tokens of a split as one stream; the last record batch that was read is kept. */
class StreamReader {
  readonly #source: TokenSource;
  readonly #dtype: TokenManifest['dtype'];
  /** Where each record batch begins. */
  readonly #begins: readonly number[];
  #index = -1;
  #batch: TokenArray | undefined;

  constructor(folder: TokenFolder, split: TokenShard['split']) {
    this.#source = folder.source(split);
    this.#dtype = folder.manifest.dtype;
    const begins = [0];
    for (const tokens of this.#source.batchTokens) begins.push(begins.at(-1)! + tokens);
    this.#begins = begins.slice(0, -1);
  }

  async read(begin: number, tokens: number): Promise<TokenArray> {
    let index = this.#indexAt(begin);
    let batch = await this.#load(index);
    const from = begin - this.#begins[index];
    if (from + tokens <= batch.length) return batch.subarray(from, from + tokens);
    const all = new TOKEN_ARRAYS[this.#dtype](tokens);
    for (let [at, first] = [0, from]; at < tokens; first = 0) {
      const part = batch.subarray(first, first + tokens - at);
      all.set(part, at);
      at += part.length;
      if (at < tokens) batch = await this.#load(++index);
    }
    return all;
  }

  #indexAt(position: number): number {
    const begins = this.#begins;
    let [low, high] = [0, begins.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (begins[middle] <= position) low = middle;
      else high = middle;
    }
    return low;
  }

  async #load(index: number): Promise<TokenArray> {
    if (index !== this.#index) {
      this.#batch = await this.#source.load(index);
      this.#index = index;
    }
    return this.#batch!;
  }
}
