/**
 * The index of one shard of tokens, asked by parts of its files, in a folder or behind HTTP: where texts begin with given
 * bytes at a token, and of those, which stand behind a token of some kind.
 *
 *   memory      samples at the heads of blocks: between two of them lies a bound                     no read
 *   a block     samples within: between two of them lie 16 entries                                   one read
 *   the text    of single entries: tokens of the shard from a place on                               one read each
 */
import type { RangeReader } from '../arrow/ranges.ts';
import type { TokenManifest, TokenShard } from '../manifest-shape.ts';
import { TOKEN_ARRAYS } from '../tokens/source.ts';
import { DamagedIndex } from './postings.ts';
import { lowerBound } from './segment.ts';
import { BLOCK, Block, blockBytes, INNER_BYTES, SAMPLE_BYTES, type Samples, SEPARATOR, STRIDE } from './suffix-file.ts';
import { DEPTH } from './suffix-sort.ts';
import { sharedBytes } from './suffix-work.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Blocks that are read at once where many are, and kept. */
const RUN = 256;
const KEPT = 64;
/** Of texts that are longer than DEPTH so many are compared to find the longest. */
const MOST_COMPARED = 64;
/** So many single texts cost less to read than to come to a bound. */
const FEW = 8;

/** Entries `from` to `to`: a bound lies there. */
interface Zone {
  readonly from: number;
  readonly to: number;
}

/** By id: 1 where the token may stand before. */
export type Accept = Uint8Array;

export class ShardSuffixes {
  readonly shard: TokenShard;
  readonly counts: Uint32Array;
  readonly entries: number;
  readonly #samples: Samples;
  readonly #file: string;
  readonly #manifest: TokenManifest;
  readonly #tokens: RangeReader;
  readonly #index: RangeReader;
  readonly #vocabulary: Vocabulary;
  readonly #blocks = new Map<number, Block>();
  readonly #texts = new Map<number, Uint8Array>();
  /** Batches of the shard: first token of each. */
  readonly #starts: number[] = [0];

  /**
   * @param file name of the blocks, read by `index`
   * @param tokens reads the shard
   */
  constructor(
    { manifest, shard, vocabulary }: { manifest: TokenManifest; shard: TokenShard; vocabulary: Vocabulary },
    samples: Samples,
    file: string,
    { tokens, index }: { tokens: RangeReader; index: RangeReader },
  ) {
    if (samples.head.tokens !== shard.rows || samples.head.shard !== shard.checksum)
      throw new DamagedIndex(`${file}: is of another shard than ${shard.file}`);
    [this.shard, this.counts, this.entries] = [shard, samples.counts, samples.head.entries];
    [this.#samples, this.#file, this.#manifest, this.#vocabulary] = [samples, file, manifest, vocabulary];
    [this.#tokens, this.#index] = [tokens, index];
    for (const { rows } of shard.batches) this.#starts.push(this.#starts.at(-1)! + rows);
  }

  /** How often a text stands at the beginning of a token, behind a token that `accept` lets through. */
  async count(text: Uint8Array, accept?: Accept): Promise<number> {
    const isWhole = text.length <= DEPTH;
    if (accept === undefined && isWhole) {
      const { from, to } = await this.range(text);
      return to - from;
    }
    const { sure, unsure } = await this.#zones(text);
    let count = 0;
    if (accept !== undefined && isWhole) count += await this.#accepted(sure, accept);
    else for await (const run of this.#sifted(sure, accept, text)) count += run.length;
    for (const zone of unsure) count += (await this.#inZone(zone, text, accept)).length;
    return count;
  }

  /** Places of tokens at which the text begins, at most so many. */
  async places(text: Uint8Array, most: number, accept?: Accept): Promise<number[]> {
    const { sure, unsure } = await this.#zones(text);
    const places: number[] = [];
    for (const zone of unsure) {
      for (const entry of (await this.#inZone(zone, text, accept)).slice(0, most - places.length))
        places.push(await this.#placeOf(entry));
    }
    for await (const run of this.#sifted(sure, accept, text.length <= DEPTH ? undefined : text)) {
      if (places.length >= most) break;
      for (const entry of run.slice(0, most - places.length)) places.push(await this.#placeOf(entry));
    }
    return places;
  }

  /** Entries whose first DEPTH bytes begin with the text. */
  async range(text: Uint8Array): Promise<Zone> {
    const wanted = text.subarray(0, DEPTH);
    const from = await this.#bound(wanted, false);
    if (from === this.entries || !(await this.#matches(from, wanted))) return { from, to: from };
    return { from, to: await this.#bound(wanted, true) };
  }

  /** How many bytes of a text's beginning stand at the beginning of some token. */
  async longest(text: Uint8Array): Promise<number> {
    const wanted = text.subarray(0, DEPTH);
    const at = await this.#bound(wanted, false);
    let longest = 0;
    for (const entry of [at - 1, at]) {
      if (entry < 0 || entry >= this.entries) continue;
      const found = await this.textAt(await this.#placeOf(entry), wanted.length);
      longest = Math.max(longest, sharedBytes(found, wanted));
    }
    if (longest < DEPTH) return longest;
    for (const place of await this.places(wanted, MOST_COMPARED)) {
      longest = Math.max(longest, sharedBytes(await this.textAt(place, text.length), text));
    }
    return longest;
  }

  /** Tokens of the shard. @throws ToolkitError BAD_SHARD, REQUEST_FAILED */
  async tokensAt(place: number, count: number): Promise<Uint16Array | Uint32Array> {
    const TokenArray = TOKEN_ARRAYS[this.#manifest.dtype];
    const tokens = new TokenArray(Math.max(0, Math.min(count, this.shard.rows - place)));
    for (let done = 0; done < tokens.length; ) {
      const batch = lowerBound(this.#starts.length, (i) => this.#starts[i] <= place + done) - 1;
      const { offset } = this.shard.batches[batch];
      const within = place + done - this.#starts[batch];
      const length = Math.min(tokens.length - done, this.#starts[batch + 1] - place - done);
      const part = new Uint8Array(length * tokens.BYTES_PER_ELEMENT);
      const position = offset + within * tokens.BYTES_PER_ELEMENT;
      const { file, bytes } = this.shard;
      await this.#tokens.read({ file, fileBytes: bytes, position, part: `tokens ${place}` }, part);
      tokens.set(new TokenArray(part.buffer, 0, length), done);
      done += length;
    }
    return tokens;
  }

  /** Text from a token on, at least so many bytes where it has them; a BOS as SEPARATOR ends it. */
  async textAt(place: number, bytes: number): Promise<Uint8Array> {
    const known = this.#texts.get(place);
    if (known !== undefined && (known.length >= bytes || known.at(-1) === SEPARATOR)) return known;
    const text = await this.#readText(place, bytes);
    if (this.#texts.size >= KEPT) this.#texts.delete(this.#texts.keys().next().value!);
    this.#texts.set(place, text);
    return text;
  }

  async #readText(place: number, bytes: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (let at = place; length < bytes && at < this.shard.rows; ) {
      const tokens = await this.tokensAt(at, 8 + Math.ceil((bytes - length) / 3));
      for (const token of tokens) {
        if (length >= bytes) break;
        const piece = token === this.#manifest.bosId ? Uint8Array.of(SEPARATOR) : this.#vocabulary.bytesOf(token);
        parts.push(piece);
        length += piece.length;
        if (token === this.#manifest.bosId) return Buffer.concat(parts);
      }
      at += tokens.length;
      if (at >= this.shard.rows) parts.push(Uint8Array.of(SEPARATOR));
    }
    return Buffer.concat(parts);
  }

  /** Entries that begin with the first DEPTH bytes of a text, and those of which samples do not say it. */
  async #zones(text: Uint8Array): Promise<{ sure: Zone; unsure: readonly Zone[] }> {
    const wanted = text.subarray(0, DEPTH);
    const [lower, upper] = [await this.#zone(wanted, false), await this.#zone(wanted, true)];
    if (lower.to < upper.from) return { sure: { from: lower.to, to: upper.from }, unsure: [lower, upper] };
    return { sure: { from: 0, to: 0 }, unsure: [{ from: lower.from, to: upper.to }] };
  }

  /** Entries of a zone at which the whole text stands. */
  async #inZone(zone: Zone, text: Uint8Array, accept: Accept | undefined): Promise<number[]> {
    const some: number[] = [];
    for await (const run of this.#sifted(zone, accept, undefined)) some.push(...run);
    if (some.length > FEW && text.length <= DEPTH) {
      const { from, to } = await this.range(text);
      return some.filter((entry) => entry >= from && entry < to);
    }
    const found: number[] = [];
    for (const entry of some) if (await this.#matches(entry, text)) found.push(entry);
    return found;
  }

  /** How many entries of a zone stand behind a token that is accepted. */
  async #accepted({ from, to }: Zone, accept: Accept): Promise<number> {
    let count = 0;
    for (let at = from; at < to; ) {
      const first = Math.floor(at / BLOCK);
      const end = Math.min(to, (first + RUN) * BLOCK);
      for (const [i, block] of (await this.#read(first, Math.ceil(end / BLOCK))).entries()) {
        const start = (first + i) * BLOCK;
        count += block.countBefore(Math.max(0, at - start), Math.min(BLOCK, end - start), accept);
      }
      at = end;
    }
    return count;
  }

  /** Entries of a zone by the token before, and where `text` is given by all of their text; a run of blocks at a time. */
  async *#sifted(
    { from, to }: Zone,
    accept: Accept | undefined,
    text: Uint8Array | undefined,
  ): AsyncGenerator<number[]> {
    for (let at = from; at < to; ) {
      const first = Math.floor(at / BLOCK);
      const end = Math.min(to, (first + RUN) * BLOCK);
      const blocks = await this.#read(first, Math.ceil(end / BLOCK));
      const found: number[] = [];
      for (; at < end; at++) {
        if (accept !== undefined && accept[blocks[Math.floor(at / BLOCK) - first].before(at % BLOCK)] === 0) continue;
        if (text === undefined || (await this.#matches(at, text))) found.push(at);
      }
      yield found;
    }
  }

  /** The first entry that does not stand before the text; or before and among those that begin with it. */
  async #bound(text: Uint8Array, isUpper: boolean): Promise<number> {
    let { from, to } = await this.#zone(text, isUpper);
    while (from < to) {
      const middle = (from + to) >>> 1;
      const found = await this.textAt(await this.#placeOf(middle), text.length);
      const order = compare(found, text);
      if (order < 0 || (isUpper && order === 0)) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  /** Where a bound lies, as far as samples say. */
  async #zone(text: Uint8Array, isUpper: boolean): Promise<Zone> {
    const block = await this.#blockWith(text, isUpper);
    if (block < 0) return { from: 0, to: 0 };
    const start = block * BLOCK;
    const size = Math.min(BLOCK, this.entries - start);
    const [head, next] = [this.#sample(block), this.#sample(block + 1)];
    const shared = next.length === 0 ? 0 : sharedBytes(head, next);
    const rest = text.subarray(shared, shared + INNER_BYTES + 1);
    const read = (await this.#read(block, block + 1))[0];
    /** Below, at or above; undefined where the sample is too short to say. */
    const order = (i: number): number | undefined => {
      const inner = read.inner(i);
      const found = compare(inner, rest);
      return found === 0 && rest.length > inner.length ? undefined : found;
    };
    const inners = Math.ceil(size / STRIDE);
    const isBelow = (i: number): boolean => {
      const found = order(i);
      return found !== undefined && (found < 0 || (isUpper && found === 0));
    };
    const isNotAbove = (i: number): boolean => isBelow(i) || order(i) === undefined;
    // The head of the block is below: phase one said so.
    const below = Math.max(1, lowerBound(inners, isBelow));
    const above = Math.max(below, lowerBound(inners, isNotAbove));
    return { from: start + (below - 1) * STRIDE + 1, to: start + Math.min(size, above * STRIDE) };
  }

  /** The last block whose head stands below the bound; -1 for none. */
  async #blockWith(text: Uint8Array, isUpper: boolean): Promise<number> {
    const blocks = this.#samples.samples.length / SAMPLE_BYTES;
    const isBelow = (order: number): boolean => order < 0 || (isUpper && order === 0);
    if (text.length <= SAMPLE_BYTES) return lowerBound(blocks, (i) => isBelow(compare(this.#sample(i), text))) - 1;
    let from = lowerBound(blocks, (i) => compare(this.#sample(i), text) < 0);
    let to = lowerBound(blocks, (i) => compare(this.#sample(i), text) <= 0);
    while (from < to) {
      const middle = (from + to) >>> 1;
      const found = await this.textAt(await this.#placeOf(middle * BLOCK), text.length);
      if (isBelow(compare(found, text))) from = middle + 1;
      else to = middle;
    }
    return from - 1;
  }

  async #matches(entry: number, text: Uint8Array): Promise<boolean> {
    const found = await this.textAt(await this.#placeOf(entry), text.length);
    return found.length >= text.length && compare(found, text) === 0;
  }

  async #placeOf(entry: number): Promise<number> {
    const block = Math.floor(entry / BLOCK);
    const place = (await this.#read(block, block + 1))[0].place(entry % BLOCK);
    if (place >= this.shard.rows) throw new DamagedIndex(`${this.#file}: place ${place} of ${this.shard.rows}`);
    return place;
  }

  #sample(block: number): Uint8Array {
    return this.#samples.samples.subarray(block * SAMPLE_BYTES, (block + 1) * SAMPLE_BYTES);
  }

  /** Blocks `first` to `end`: one read. */
  async #read(first: number, end: number): Promise<Block[]> {
    const one = end - first === 1 ? this.#blocks.get(first) : undefined;
    if (one !== undefined) return [one];
    const { moreBits, bytes } = this.#samples.head;
    const size = blockBytes(moreBits);
    const target = new Uint8Array((end - first) * size);
    const range = { file: this.#file, fileBytes: bytes, position: first * size, part: `block ${first}` };
    await this.#index.read(range, target);
    const blocks = Array.from(
      { length: end - first },
      (_, i) => new Block(target.subarray(i * size, (i + 1) * size), this.#samples.head),
    );
    if (blocks.length === 1) {
      if (this.#blocks.size >= KEPT) this.#blocks.delete(this.#blocks.keys().next().value!);
      this.#blocks.set(first, blocks[0]);
    }
    return blocks;
  }
}

/** Order of the first bytes of both; 0 where the shorter one is the beginning of the other. */
function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}
