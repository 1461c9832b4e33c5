/**
 * Where a text stands in the tokens of a folder: exact counts of the text, wherever it begins and ends.
 *
 *   const trace = await openTrace('vua-out', tokenizer);      // or 'https://…/out'; makes what is missing in a folder
 *   await trace.count('mùa thu Hà Nội');
 *   await trace.occurrences('mùa thu Hà Nội', 10);            // with the text around each and its checksum
 *   await trace.matches(text);                                // the longest stretches of a text that stand there
 *
 * The index knows texts that begin at a token. A text that is looked for begins at one, or so many bytes of it are the end of
 * a longer token, behind which the rest begins at one; or it stands within a token. Each way of cutting is asked for, and
 * none is counted twice. Nothing is asked of how the text itself would be encoded.
 */
import { nfc } from '../../cleaning/vietnamese/nfc.ts';
import { checksumOf } from '../checksum.ts';
import type { TokenFolder } from '../tokens/source.ts';
import type { ShardSuffixes } from './suffixes.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface Occurrence {
  /** File name of the shard of tokens, and the token in which the text begins. */
  readonly shard: string;
  readonly token: number;
  readonly split: 'train' | 'valid';
  /** Checksum of the document's text (`text_hash`). */
  readonly textHash: string;
  /** UTF-8 bytes of the document before it. */
  readonly offset: number;
  /** Text around it: `before`, itself, `after`. */
  readonly before: string;
  readonly after: string;
}

/** A stretch of a text that stands in the folder, and that no longer one holds. */
export interface Match {
  /** UTF-16 units of the text in NFC. */
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });
/** Bytes of text around an occurrence. */
const AROUND = 120;
/** Of a text at most so many bytes are compared. */
export const MOST_TEXT = 1 << 20;
/** Bytes: a longer stretch across the end of another one holds so many before it. */
const WINDOW = 200;
/** Tokens of a document that are read to say which it is. */
const STEP = 4096;

/** Where a text begins: within a token, or at it. */
interface Found {
  readonly shard: ShardSuffixes;
  readonly token: number;
  readonly offset: number;
}

export class Trace {
  readonly folder: TokenFolder;
  readonly shards: readonly ShardSuffixes[];
  readonly close: () => void;
  readonly #vocabulary: Vocabulary;

  /** @param close lets go of open files */
  constructor(folder: TokenFolder, shards: readonly ShardSuffixes[], vocabulary: Vocabulary, close: () => void) {
    this.folder = folder;
    this.close = close;
    this.shards = shards;
    this.#vocabulary = vocabulary;
  }

  /** Tokens that are searched. */
  get tokens(): number {
    return this.shards.reduce((sum, { shard }) => sum + shard.rows, 0);
  }

  /**
   * How often a text stands in the documents, as `indexOf` counts that goes on at the next character.
   * @throws ToolkitError BAD_SHARD, REQUEST_FAILED
   */
  async count(text: string): Promise<number> {
    const bytes = bytesOf(text);
    if (bytes.length === 0) return 0;
    let count = 0;
    for (const shard of this.shards) {
      count += await shard.count(bytes);
      for (const { rest, accept } of this.#cuts(bytes, shard)) count += await shard.count(rest, accept);
      for (const { id } of this.#vocabulary.holding(bytes)) count += shard.counts[id];
    }
    return count;
  }

  /** Some of the places at which it stands, at most so many. */
  async occurrences(text: string, most = 10): Promise<Occurrence[]> {
    const bytes = bytesOf(text);
    const found: Found[] = [];
    if (bytes.length === 0) return [];
    for (const shard of this.shards) {
      if (found.length >= most) break;
      const left = (): number => most - found.length;
      for (const token of await shard.places(bytes, left())) found.push({ shard, token, offset: 0 });
      for (const { rest, accept, cut } of this.#cuts(bytes, shard)) {
        if (left() <= 0) break;
        for (const place of await shard.places(rest, left(), accept)) {
          const [before] = await shard.tokensAt(place - 1, 1);
          found.push({ shard, token: place - 1, offset: this.#vocabulary.bytesOf(before).length - cut });
        }
      }
      for (const { id, offset } of this.#vocabulary.holding(bytes)) {
        if (left() <= 0) break;
        if (shard.counts[id] > 0) found.push(...(await this.#ofToken(shard, id, offset, left())));
      }
    }
    return Promise.all(found.map((each) => this.#tell(each, bytes)));
  }

  /**
   * The longest stretches of a text that stand in the folder, from word to word, in order; none is within another.
   * @param least words of a stretch
   */
  async matches(text: string, least = 4): Promise<Match[]> {
    const whole = nfc(text);
    const bytes = ENCODER.encode(whole);
    const spans = await this.#spans(bytes);
    const matches: Match[] = [];
    for (const span of spans) {
      if (wordsIn(bytes, span.start, span.end) < least) continue;
      const [before, within] = [bytes.subarray(0, span.start), bytes.subarray(span.start, span.end)].map((part) =>
        DECODER.decode(part),
      );
      matches.push({ start: before.length, end: before.length + within.length, count: await this.count(within) });
    }
    return matches;
  }

  /** Stretches that stand somewhere and that no other holds. */
  async #spans(bytes: Uint8Array): Promise<{ start: number; end: number }[]> {
    const spans: { start: number; end: number }[] = [];
    /** Where the last one ends; whether what stands across its end can be longer. */
    let [last, canGrow] = [0, true];
    for (const start of wordStarts(bytes)) {
      if (last === bytes.length) break;
      if (start < last - WINDOW && !canGrow) continue;
      let length = 0;
      for (const shard of this.shards) {
        length = Math.max(length, await shard.longest(bytes.subarray(start)));
        // Most tokens begin with the space before their word; at the beginning of a line there is none.
        if (bytes[start - 1] === SPACE) length = Math.max(length, (await shard.longest(bytes.subarray(start - 1))) - 1);
      }
      const end = wordEnd(bytes, start + length);
      if (end <= Math.max(start, last)) continue;
      spans.push({ start, end });
      last = end;
      const window = bytes.subarray(wordStart(bytes, end - WINDOW), nextWordEnd(bytes, end));
      canGrow = end - start > WINDOW && (await this.#stands(window));
    }
    return spans;
  }

  async #stands(bytes: Uint8Array): Promise<boolean> {
    for (const shard of this.shards) {
      if ((await shard.places(bytes, 1)).length > 0) return true;
      for (const { rest, accept } of this.#cuts(bytes, shard)) {
        if ((await shard.places(rest, 1, accept)).length > 0) return true;
      }
    }
    return false;
  }

  /** Ways to cut a text behind the end of a token that begins before it. */
  *#cuts(bytes: Uint8Array, { counts }: ShardSuffixes) {
    const most = Math.min(bytes.length, this.#vocabulary.longest);
    for (let cut = 1; cut < most; cut++) {
      const accept = this.#vocabulary.endingWith(bytes.subarray(0, cut), counts);
      if (accept !== undefined) yield { cut, rest: bytes.subarray(cut), accept };
    }
  }

  /** Where a token stands. */
  async #ofToken(shard: ShardSuffixes, id: number, offset: number, most: number): Promise<Found[]> {
    const found: Found[] = [];
    for (const token of await shard.places(this.#vocabulary.bytesOf(id), 1000)) {
      if (found.length >= most) break;
      if ((await shard.tokensAt(token, 1))[0] === id) found.push({ shard, token, offset });
    }
    return found;
  }

  async #tell({ shard, token, offset }: Found, bytes: Uint8Array): Promise<Occurrence> {
    const { text, before } = await this.#documentAt(shard, token);
    const start = before + offset;
    const end = start + bytes.length;
    const part = (from: number, to: number): string =>
      wholeCharacters(text, Math.max(0, from), Math.min(text.length, to));
    return {
      shard: shard.shard.file,
      token,
      split: shard.shard.split,
      textHash: checksumOf(text),
      offset: start,
      before: part(start - AROUND, start),
      after: part(end, end + AROUND),
    };
  }

  /** The text of the document around a token, and how many bytes of it stand before. */
  async #documentAt(shard: ShardSuffixes, token: number): Promise<{ text: Uint8Array; before: number }> {
    const { bosId } = this.folder.manifest;
    let first = token;
    for (let from = token; first === token && from > 0; ) {
      const start = Math.max(0, from - STEP);
      const at = (await shard.tokensAt(start, from - start)).lastIndexOf(bosId);
      if (at >= 0) first = start + at + 1;
      from = start;
      if (at >= 0) break;
    }
    const before = await this.#bytes(shard, first, token);
    const behind: Uint8Array[] = [];
    for (let at = token; at < shard.shard.rows; at += STEP) {
      const tokens = await shard.tokensAt(at, STEP);
      const end = tokens.indexOf(bosId);
      for (const id of end < 0 ? tokens : tokens.subarray(0, end)) behind.push(this.#vocabulary.bytesOf(id));
      if (end >= 0) break;
    }
    return { text: Buffer.concat([before, ...behind]), before: before.length };
  }

  async #bytes(shard: ShardSuffixes, from: number, to: number): Promise<Uint8Array> {
    const tokens = await shard.tokensAt(from, to - from);
    return Buffer.concat(Array.from(tokens, (id) => this.#vocabulary.bytesOf(id)));
  }
}

/** No text has a lone surrogate: it stands nowhere. */
function bytesOf(text: string): Uint8Array {
  const bytes = ENCODER.encode(nfc(text));
  return /\p{Cs}/u.test(text) ? new Uint8Array() : bytes.subarray(0, MOST_TEXT);
}

const SPACE = 0x20;
const isSpace = (byte: number): boolean => byte === SPACE || (byte >= 9 && byte <= 13);

function* wordStarts(bytes: Uint8Array): Generator<number> {
  for (let at = 0; at < bytes.length; at++) if (!isSpace(bytes[at]) && (at === 0 || isSpace(bytes[at - 1]))) yield at;
}

/** Where the first word behind `at` begins. */
function wordStart(bytes: Uint8Array, at: number): number {
  let start = Math.max(0, at);
  while (start < bytes.length && !isSpace(bytes[start])) start++;
  return start;
}

/** Where the word behind `at` ends. */
function nextWordEnd(bytes: Uint8Array, at: number): number {
  let end = at;
  while (end < bytes.length && isSpace(bytes[end])) end++;
  while (end < bytes.length && !isSpace(bytes[end])) end++;
  return end;
}

/** The end of the last whole word before `at`. */
function wordEnd(bytes: Uint8Array, at: number): number {
  let end = at;
  if (end < bytes.length && !isSpace(bytes[end])) while (end > 0 && !isSpace(bytes[end - 1])) end--;
  while (end > 0 && isSpace(bytes[end - 1])) end--;
  return end;
}

function wordsIn(bytes: Uint8Array, start: number, end: number): number {
  let words = 0;
  for (let at = start; at < end; at++) if (!isSpace(bytes[at]) && (at === start || isSpace(bytes[at - 1]))) words++;
  return words;
}

/** Without the parts of characters at either end. */
function wholeCharacters(text: Uint8Array, from: number, to: number): string {
  const isInside = (at: number): boolean => at < text.length && (text[at] & 0xc0) === 0x80;
  let [start, end] = [from, to];
  while (start < end && isInside(start)) start++;
  while (end > start && isInside(end)) end--;
  return DECODER.decode(text.subarray(start, end));
}
