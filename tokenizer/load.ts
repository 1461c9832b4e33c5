/**
 * Tokenizer: a trained tokenizer in use.
 *
 *   const tokenizer = await Tokenizer.load('vua-out/tokenizer');
 *   tokenizer.encode('Xin chào');           // Uint16Array, no special tokens
 *   tokenizer.decode([tokenizer.bosId, …]);
 */
import { badInput, reasonOf, ToolkitError } from '../crawlers/shell/errors.ts';
import { checksumOf, hashOf, seededRandom } from '../shards/checksum.ts';
import { RuleEncoder } from './encode/by-rule.ts';
import { DropoutEncoder } from './encode/dropout.ts';
import type { TokenIds } from './encode/encode.ts';
import { CONFIG_FILE, TOKENIZER_FILE } from './encode/export.ts';
import { type Codec, isForeign, openForeign, type TokenizerJson } from './encode/foreign.ts';
import { jsonOfLlama, type LlamaTokens } from './encode/llama.ts';
import { openOwn } from './encode/own.ts';
import { parseTokenizer } from './encode/parse.ts';
import type { BpeModel } from './model.ts';
import { SPLIT_RULES, type SplitRule } from './text/split.ts';

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

export class Tokenizer {
  /** Of one made here. */
  readonly model: BpeModel | undefined;
  /** Where it is one that we know. */
  readonly split: SplitRule | undefined;
  /** Checksum of tokenizer.json: tells whether tokens were made with it. */
  readonly fingerprint: string;
  readonly vocabSize: number;
  /** Before every document. */
  readonly bosId: number;
  readonly eosId: number;
  readonly padId: number;
  /** Why another program's library encodes, many times slower; nothing where the kernel does. */
  readonly slow: string | undefined;
  /** Bytes of text that each id stands for; 0 for special tokens. */
  readonly byteLengths: Uint16Array;
  readonly #codec: Codec;
  #dropout: DropoutEncoder | undefined;
  /** Of special tokens by id. */
  readonly #names: ReadonlyMap<number, string>;

  private constructor(codec: Codec, fingerprint: string, model?: BpeModel) {
    const { vocabSize, ids, slow, specials, tokens } = codec;
    this.model = model;
    this.split = codec.split;
    this.fingerprint = fingerprint;
    this.vocabSize = vocabSize;
    this.#codec = codec;
    this.#names = new Map([...specials].map(([name, id]) => [id, name]));
    [this.bosId, this.eosId, this.padId, this.slow] = [ids.bos, ids.eos, ids.pad, slow];
    this.byteLengths = Uint16Array.from({ length: vocabSize }, (_, id) => tokens.starts[id + 1] - tokens.starts[id]);
  }

  /**
   * @param dir Folder with tokenizer.json, made here or by another program; then with tokenizer_config.json.
   * @throws ToolkitError NO_TOKENIZER, BAD_TOKENIZER (exit 2).
   */
  static async load(dir: string): Promise<Tokenizer> {
    const { readFile } = await import('node:fs/promises'); // the one thing that a browser lacks
    const path = `${dir}/${TOKENIZER_FILE}`;
    try {
      const config = await readFile(`${dir}/${CONFIG_FILE}`).catch(() => undefined);
      return Tokenizer.parse(await readFile(path), path, config);
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
   * @param config Bytes of tokenizer_config.json: which tokens begin and end a text, of one that was not made here.
   * @throws ToolkitError BAD_TOKENIZER (exit 2).
   */
  static parse(json: Uint8Array, name: string, config?: Uint8Array): Tokenizer {
    const text = new TextDecoder().decode(json);
    const file = parsed(text);
    if (file?.model?.vocab && isForeign(file))
      return new Tokenizer(
        openForeign(file, parsed(config && new TextDecoder().decode(config)) ?? {}, name),
        checksumOf(json),
      );
    const model = parseTokenizer(typeof file === 'object' ? (file ?? text) : text, name);
    return new Tokenizer(openOwn(model), checksumOf(json), model);
  }

  /** Of the keys of a GGUF file. @throws ToolkitError BAD_TOKENIZER (exit 2): a split rule that is not known here */
  static ofLlama(tokens: LlamaTokens, name: string, config: object): Tokenizer {
    const [json, beside] = [jsonOfLlama(tokens, name), JSON.stringify(config)].map((text) => ENCODER.encode(text));
    return Tokenizer.parse(json, name, beside);
  }

  /**
   * Ids of a text, in an array of its own, without special tokens: Uint16Array up to 65,536 ids. The text is brought to
   * NFC first; bytes that are not UTF-8 become U+FFFD. The names of special tokens are text like any other.
   */
  encode(text: Uint8Array | string): TokenIds {
    return this.#codec.encode(text);
  }

  /**
   * BPE dropout: as `encode`, but each merge is left out with the chance `share` at every step. The text and `seed` decide
   * which; the ids decode to the same text. Some ten times slower.
   * @throws ToolkitError BAD_OPTION (exit 2) of a tokenizer that was not made here.
   */
  encodeWithDropout(text: Uint8Array, share: number, seed: number): TokenIds {
    if (this.model === undefined)
      throw badInput('BAD_OPTION', 'dropout of merges: expected a tokenizer of `vua tokenizer train`');
    this.#dropout ??= new DropoutEncoder(this.model);
    return this.#dropout.encode(text, { share, random: seededRandom(Number(BigInt.asUintN(32, hashOf(text))) ^ seed) });
  }

  /**
   * Ids of a text in an engine that has these merges, another split rule and no normaliser: `pre` is llama.cpp's name of
   * the rule, one of those in text/split.ts. Slow: for samples. Undefined of a tokenizer that was not made here.
   */
  encodingElsewhere(pre: string): ((text: string) => number[]) | undefined {
    const rule = SPLIT_RULES.find((known) => known.pre === pre);
    if (rule === undefined || this.model === undefined) return undefined;
    const encoder = new RuleEncoder(this.model, rule);
    return (text) => encoder.encode(text);
  }

  /**
   * Text of the ids; special tokens as their names. Bytes that make no character become U+FFFD.
   * @throws ToolkitError BAD_TOKEN for an id outside the vocabulary.
   */
  decode(ids: Iterable<number>): string {
    return DECODER.decode(this.decodeBytes(ids));
  }

  /** The same as bytes, which may begin and end within a character. */
  decodeBytes(ids: Iterable<number>): Uint8Array<ArrayBuffer> {
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
    return this.#codec.piecesOf(bytes);
  }

  /** @throws ToolkitError BAD_TOKEN when the tokenizer has no special token of this name. */
  specialId(name: string): number {
    const { specials } = this.#codec;
    return specials.get(name) ?? fail(`no special token ${name}, there are ${[...specials.keys()].join(' ')}`);
  }

  /**
   * Bytes of a token; a special token's name.
   * @throws ToolkitError BAD_TOKEN for an id outside the vocabulary.
   */
  bytesOf(id: number): Uint8Array {
    const name = this.#names.get(id);
    if (name !== undefined) return ENCODER.encode(name);
    const { bytes, starts } = this.#codec.tokens;
    if (Number.isInteger(id) && id >= 0 && id < this.vocabSize) return bytes.subarray(starts[id], starts[id + 1]);
    return fail(`token id ${id}, expected 0 to ${this.vocabSize - 1}`);
  }
}

/** Nothing of what is no JSON: whoever reads it strictly says so. */
function parsed<T = TokenizerJson>(text: string | undefined): (T & Record<string, unknown>) | undefined {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

const fail = (message: string): never => {
  throw badInput('BAD_TOKEN', message);
};
