/**
 * Tokenizer: a trained tokenizer in use.
 *
 *   const tokenizer = await Tokenizer.load('vua-out/tokenizer');
 *   tokenizer.encode('Xin chào');           // Uint16Array, no special tokens
 *   tokenizer.decode([tokenizer.bosId, …]);
 */
import { badInput, reasonOf, ToolkitError } from '../crawlers/shell/errors.ts';
import { checksumOf } from '../shards/checksum.ts';
import { Encoder, type TokenIds } from './encode/encode.ts';
import { TOKENIZER_FILE } from './encode/export.ts';
import { parseTokenizer } from './encode/parse.ts';
import { type BpeModel, type TokenBytes, tokenBytesOf, vocabSizeOf } from './model.ts';

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

export class Tokenizer {
  readonly model: BpeModel;
  /** Checksum of tokenizer.json: tells whether tokens were made with it. */
  readonly fingerprint: string;
  readonly vocabSize: number;
  readonly bosId: number;
  readonly eosId: number;
  readonly padId: number;
  /** Bytes of text that each id stands for; 0 for special tokens. */
  readonly byteLengths: Uint16Array;
  readonly #tokens: TokenBytes;
  #encoder: Encoder | undefined;

  private constructor(model: BpeModel, fingerprint: string) {
    this.model = model;
    this.fingerprint = fingerprint;
    this.vocabSize = vocabSizeOf(model);
    this.#tokens = tokenBytesOf(model);
    this.bosId = this.specialId('<|bos|>');
    this.eosId = this.specialId('<|eos|>');
    this.padId = this.specialId('<|pad|>');
    const { starts } = this.#tokens;
    this.byteLengths = new Uint16Array(this.vocabSize);
    for (let id = 0; id + 1 < starts.length; id++) this.byteLengths[id] = starts[id + 1] - starts[id];
  }

  /**
   * @param dir Folder with tokenizer.json.
   * @throws ToolkitError NO_TOKENIZER, BAD_TOKENIZER (exit 2).
   */
  static async load(dir: string): Promise<Tokenizer> {
    const { readFile } = await import('node:fs/promises'); // the one thing that a browser lacks
    const path = `${dir}/${TOKENIZER_FILE}`;
    try {
      return Tokenizer.parse(await readFile(path), path);
    } catch (error) {
      if (error instanceof ToolkitError) throw error;
      throw badInput(
        'NO_TOKENIZER',
        `${path}: ${reasonOf(error)}`,
        'give a folder that `vua tokenizer train` wrote',
        error,
      );
    }
  }

  /**
   * @param json Bytes of tokenizer.json.
   * @param name How errors call the file.
   * @throws ToolkitError BAD_TOKENIZER (exit 2).
   */
  static parse(json: Uint8Array, name: string): Tokenizer {
    return new Tokenizer(parseTokenizer(new TextDecoder().decode(json), name), checksumOf(json));
  }

  /**
   * Ids of a text, in an array of its own, without special tokens: Uint16Array up to 65,536 ids. The text is brought to
   * NFC first; bytes that are not UTF-8 become U+FFFD. The names of special tokens are text like any other.
   */
  encode(text: Uint8Array | string): TokenIds {
    this.#encoder ??= new Encoder(this.model);
    return this.#encoder.encode(text);
  }

  /**
   * Text of the ids; special tokens as their names. Bytes that make no character become U+FFFD.
   * @throws ToolkitError BAD_TOKEN for an id outside the vocabulary.
   */
  decode(ids: Iterable<number>): string {
    return DECODER.decode(this.decodeBytes(ids));
  }

  /** The same as bytes, which may begin and end within a character. */
  decodeBytes(ids: Iterable<number>): Uint8Array {
    const all = Array.isArray(ids) || ArrayBuffer.isView(ids) ? (ids as ArrayLike<number>) : Array.from(ids);
    let length = 0;
    for (let i = 0; i < all.length; i++) length += this.byteLengths[all[i]] || this.bytesOf(all[i]).length;
    const bytes = new Uint8Array(length);
    for (let i = 0, at = 0; i < all.length; i++) {
      const piece = this.bytesOf(all[i]);
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  /** Ids whose bytes together are these, as merges make them: no split, no normalization. */
  piecesOf(bytes: Uint8Array): number[] {
    this.#encoder ??= new Encoder(this.model);
    return this.#encoder.mergeAll(bytes);
  }

  /** @throws ToolkitError BAD_TOKEN when the tokenizer has no special token of this name. */
  specialId(name: string): number {
    const index = this.model.specialTokens.indexOf(name);
    if (index < 0) throw badToken(`no special token ${name}, there are ${this.model.specialTokens.join(' ')}`);
    return this.#tokens.starts.length - 1 + index;
  }

  /**
   * Bytes of a token; a special token's name.
   * @throws ToolkitError BAD_TOKEN for an id outside the vocabulary.
   */
  bytesOf(id: number): Uint8Array {
    const { bytes, starts } = this.#tokens;
    const merged = starts.length - 1;
    if (Number.isInteger(id) && id >= 0 && id < merged) return bytes.subarray(starts[id], starts[id + 1]);
    const special = this.model.specialTokens[id - merged];
    if (special === undefined) throw badToken(`token id ${id}, expected 0 to ${this.vocabSize - 1}`);
    return ENCODER.encode(special);
  }
}

const badToken = (message: string): ToolkitError => badInput('BAD_TOKEN', message);
