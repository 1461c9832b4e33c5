/** Token shards → whole documents with their ends, as another engine wants them. */
import { badShard, pathOf } from '../../arrow/ranges.ts';
import type { TokenType } from '../../format.ts';
import type { TokenShard } from '../../manifest-shape.ts';
import type { Split } from '../../split.ts';
import { TOKEN_ARRAYS, type TokenArray, type TokenFolder } from '../../tokens/source.ts';
import { Lengths, type TokenDocuments } from './engine.ts';

/** What stands around the tokens of a document. */
export interface Framing {
  readonly dtype: TokenType;
  /** BOS stays in front. */
  readonly keepsBos: boolean;
  /** Behind each document. */
  readonly endId: number | undefined;
}

/** Tokens that a document has more than in our shards. */
export const addedTokens = ({ keepsBos, endId }: Framing): number => (endId === undefined ? 0 : 1) - (keepsBos ? 0 : 1);

/**
 * The documents of some shards of a split, a record batch or so at a time: verified, framed, in the folder's order.
 * @throws ToolkitError BAD_SHARD, BAD_TOKEN
 */
export async function* framedDocuments(
  folder: TokenFolder,
  split: Split,
  shards: readonly TokenShard[],
  framing: Framing,
): AsyncGenerator<TokenDocuments> {
  const source = folder.source(split);
  const { bosId, shards: all } = folder.manifest;
  const most = Math.max(0, ...shards.flatMap(({ batches }) => batches.map(({ rows }) => rows)));
  const frame = new Frame(framing, Math.ceil(1.1 * most));
  let first = 0;
  for (const shard of all.filter((other) => other.split === split)) {
    const batches = Array.from(shard.batches, (_, i) => first + i);
    first += batches.length;
    if (!shards.includes(shard)) continue;
    const table = await folder.documents(shard);
    const lengths =
      table?.tokens ??
      (await lengthsByBos(
        batches.map((index) => () => source.load(index)),
        bosId,
      ));
    let [document, left] = [-1, 0];
    for (const index of batches) {
      const ids = await source.load(index);
      const begun = left > 0 ? document : document + 1;
      frame.begin();
      for (let at = 0; at < ids.length; ) {
        if (left === 0) {
          left = lengths[++document] ?? 0;
          if (ids[at] !== bosId || left === 0)
            throw badShard(
              pathOf(folder.where, shard.file),
              `document ${document} does not begin where its table says`,
            );
          if (!framing.keepsBos) [at, left] = [at + 1, left - 1];
        }
        const part = ids.subarray(at, at + left);
        frame.append(part);
        at += part.length;
        left -= part.length;
        if (left === 0) frame.end();
      }
      yield frame.documents(
        (i) => table?.source[begun + i] ?? '',
        (i) => table?.textHash?.[begun + i] ?? '',
      );
    }
    if (left > 0 || document + 1 !== lengths.length)
      throw badShard(pathOf(folder.where, shard.file), `its documents do not end where its table says`);
  }
}

/** Of a shard that does not say: BOS stands in front of every document and nowhere else. */
async function lengthsByBos(batches: readonly (() => Promise<TokenArray>)[], bosId: number): Promise<Uint32Array> {
  const lengths = new Lengths();
  let length = 0;
  for (const load of batches) {
    const ids = await load();
    for (let at = 0; at < ids.length; ) {
      if (ids[at] === bosId && length > 0) {
        lengths.add(length);
        length = 0;
      }
      const next = ids.indexOf(bosId, at + 1);
      const until = next === -1 ? ids.length : next;
      length += until - at;
      at = until;
    }
  }
  if (length > 0) lengths.add(length);
  return lengths.values;
}

/** Documents in hand; one that goes on in the next record batch waits at the front. */
class Frame {
  readonly #endId: number | undefined;
  readonly #Tokens: (typeof TOKEN_ARRAYS)[TokenType];
  readonly #ends = new Lengths();
  #tokens: TokenArray;
  #filled = 0;
  #whole = 0;

  constructor({ dtype, endId }: Framing, tokens: number) {
    this.#Tokens = TOKEN_ARRAYS[dtype];
    this.#endId = endId;
    this.#tokens = new this.#Tokens(tokens);
  }

  /** Lets go of what was given out. */
  begin(): void {
    this.#tokens.copyWithin(0, this.#whole, this.#filled);
    this.#filled -= this.#whole;
    this.#whole = 0;
    this.#ends.clear();
  }

  append(ids: TokenArray): void {
    this.#reserve(ids.length + 1);
    this.#tokens.set(ids, this.#filled);
    this.#filled += ids.length;
  }

  end(): void {
    if (this.#endId !== undefined) {
      this.#reserve(1);
      this.#tokens[this.#filled++] = this.#endId;
    }
    this.#whole = this.#filled;
    this.#ends.add(this.#whole);
  }

  documents(source: TokenDocuments['source'], textHash: TokenDocuments['textHash']): TokenDocuments {
    const ends = this.#ends.values;
    return { tokens: this.#tokens.subarray(0, this.#whole), count: ends.length, ends, source, textHash };
  }

  #reserve(tokens: number): void {
    if (this.#filled + tokens <= this.#tokens.length) return;
    const larger = new this.#Tokens(Math.max(this.#filled + tokens, 2 * this.#tokens.length));
    larger.set(this.#tokens.subarray(0, this.#filled));
    this.#tokens = larger;
  }
}
