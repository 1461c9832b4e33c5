/**
 * Tokenizers of others: any byte-level BPE as Hugging Face's libraries write it (the kinds of GPT-2, Llama 3, Qwen 3), and
 * those that `vua tokenizer extend` makes of one. Ids may stand in any order. Where its split rule is one that our kernel
 * knows and every merge makes a token of its own, the kernel encodes, with ids of its own that are translated; else
 * @huggingface/tokenizers does, some forty times slower.
 *
 * Names of special tokens in a text are text like any other: a document cannot end itself.
 */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { badInput } from '../../crawlers/shell/errors.ts';
import { type BpeModel, BYTE_TOKENS, type TokenBytes } from '../model.ts';
import { BYTE_OF_ID, fromByteLevel, toByteLevel } from '../text/byte-level.ts';
import { type SplitRule, splitNamed } from '../text/split.ts';
import { Encoder, type TokenIds } from './encode.ts';
import { splitIn } from './parse.ts';

export interface TokenizerJson {
  readonly normalizer?: { readonly type: string } | null;
  readonly pre_tokenizer?: unknown;
  readonly added_tokens?: readonly { readonly id: number; readonly content: string; readonly special?: boolean }[];
  readonly model: {
    readonly type?: string;
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (string | readonly [string, string])[];
    readonly ignore_merges?: boolean;
  };
}
type ConfigJson = Readonly<Record<string, unknown>>;

/** A tokenizer in use, of whatever make. */
export interface Codec {
  /** Ids: one more than the largest. */
  readonly vocabSize: number;
  /** Bytes of each id; none of special and unused ones. */
  readonly tokens: TokenBytes;
  readonly specials: ReadonlyMap<string, number>;
  readonly ids: Readonly<Record<'bos' | 'eos' | 'pad', number>>;
  /** Where it is one that we know. */
  readonly split?: SplitRule;
  /** Why the kernel does not encode; nothing where it does. */
  readonly slow?: string;
  encode(text: Uint8Array | string): TokenIds;
  /** Ids of bytes as merges alone make them. */
  piecesOf(bytes: Uint8Array): number[];
}

/** Ours have all three, and special tokens behind the merges. */
export function isForeign({ added_tokens: added = [], model }: TokenizerJson): boolean {
  const has = (name: string): boolean => added.some(({ content }) => content === name);
  if (!['<|bos|>', '<|eos|>', '<|pad|>'].some(has)) return true;
  const isBytes = Object.keys(model?.vocab ?? {}).length > BYTE_TOKENS;
  return isBytes && added.some(({ id }) => id < BYTE_TOKENS + (model.merges?.length ?? 0)) && hasAllBytes(model.vocab);
}

const hasAllBytes = (vocab: Readonly<Record<string, number>>): boolean =>
  Array.from(BYTE_OF_ID, (byte) => toByteLevel(Uint8Array.of(byte))).every((character) => character in vocab);

const mergeOf = (merge: string | readonly [string, string]): readonly [string, string] =>
  typeof merge === 'string' ? (merge.split(' ') as [string, string]) : merge;

/** @throws ToolkitError BAD_TOKENIZER (exit 2) naming what is no byte-level BPE, or has no token that begins a document */
export function openForeign(json: TokenizerJson, config: ConfigJson, name: string): Codec {
  const fail = (fact: string): never => {
    throw badInput(
      'BAD_TOKENIZER',
      `${name}: ${fact}`,
      'tokenizers that can be used are byte-level BPE: of GPT-2, Llama 3, Qwen',
    );
  };
  const { model, added_tokens: added = [] } = json;
  if (model?.type !== undefined && model.type !== 'BPE')
    fail(`model.type is ${JSON.stringify(model.type)}, expected "BPE"`);
  if (!model?.vocab || !Array.isArray(model.merges)) fail('no model.vocab and model.merges');
  if (!hasAllBytes(model.vocab)) fail('model.vocab lacks some of the 256 bytes: no byte-level BPE');
  const specials = new Map(added.map(({ content, id }) => [content, id]));
  const largest = Math.max(
    ...[...Object.values(model.vocab), ...specials.values()].reduce((a, b) => [Math.max(a[0], b)], [0]),
  );
  const vocabSize = largest + 1;
  const byId: string[] = [];
  for (const [token, id] of Object.entries(model.vocab)) if (!specials.has(token)) byId[id] = token;
  const ids =
    namedIds(specials, model.vocab, config) ?? fail('no token that begins a document: no bos_token, eos_token');
  const kernel = kernelOf(json);
  const ranks = new Map(model.merges.map((merge, rank) => [mergeOf(merge).join(' '), rank]));
  const slow = typeof kernel === 'string' ? kernel : undefined;
  const library = lazily(() => new HuggingFaceTokenizer({ ...json, added_tokens: [], post_processor: null }, config));
  const IdArray = vocabSize <= 1 << 16 ? Uint16Array : Uint32Array;
  const isAsItIs = json.normalizer?.type !== 'NFC';
  return {
    ...{ vocabSize, specials, ids, slow, split: splitOf(json), tokens: bytesOf(byId, vocabSize) },
    encode(text) {
      const plain = (): string => (typeof text === 'string' ? text : new TextDecoder().decode(text));
      // The kernel brings texts to NFC; one that must stay as it is and is not in it goes the other way.
      const isSlow = typeof kernel === 'string' || (isAsItIs && plain() !== plain().normalize('NFC'));
      if (isSlow) return new IdArray(library().encode(wellFormed(plain()), { add_special_tokens: false }).ids);
      const own = kernel.encoder().encode(text);
      const ids = new IdArray(own.length);
      for (let i = 0; i < own.length; i++) ids[i] = kernel.idOf[own[i]];
      return ids;
    },
    piecesOf: (bytes) => mergedBy(ranks, bytes).map((piece) => model.vocab[piece]),
  };
}

/** Lone surrogates become U+FFFD, as they do in UTF-8. */
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** By tokenizer_config.json; without a beginning the end of a text parts documents, as GPT-2 and Qwen are trained. */
function namedIds(specials: ReadonlyMap<string, number>, vocab: Readonly<Record<string, number>>, config: ConfigJson) {
  const named = (key: string): number | undefined => {
    const value = config[key] as string | { readonly content?: string } | null | undefined;
    const name = typeof value === 'string' ? value : value?.content;
    return name === undefined ? undefined : (specials.get(name) ?? vocab[name]);
  };
  const bos =
    named('bos_token') ?? specials.get('<|endoftext|>') ?? named('eos_token') ?? specials.get('<|begin_of_text|>');
  if (bos === undefined) return undefined;
  const eos = named('eos_token') ?? bos;
  return { bos, eos, pad: named('pad_token') ?? eos };
}

/** The model with the kernel's ids and what they are outside, or why it cannot be had. */
function kernelOf(json: TokenizerJson): { encoder: () => Encoder; idOf: Uint32Array } | string {
  const { normalizer, model } = json;
  const split = splitOf(json);
  if (split === undefined || split.acrossSpaces) return 'its split rule is none that the kernel knows';
  if (normalizer && normalizer.type !== 'NFC') return `its normalizer is ${normalizer.type}`;
  const own = new Map<string, number>();
  for (const [id, byte] of BYTE_OF_ID.entries()) own.set(toByteLevel(Uint8Array.of(byte)), id);
  const merges = new Int32Array(2 * model.merges.length);
  for (const [i, merge] of model.merges.entries()) {
    const [left, right] = mergeOf(merge).map((part) => own.get(part));
    const token = mergeOf(merge).join('');
    if (left === undefined || right === undefined || own.has(token) || !(token in model.vocab))
      return 'several of its merges make one token';
    merges.set([left, right], 2 * i);
    own.set(token, BYTE_TOKENS + i);
  }
  if (model.ignore_merges && Object.keys(model.vocab).some((token) => !own.has(token) && !isAdded(json, token)))
    return 'it has tokens that no merge makes';
  const idOf = Uint32Array.from([...own.keys()], (token) => model.vocab[token]);
  const bpe: BpeModel = { merges, specialTokens: [], split };
  return { encoder: lazily(() => new Encoder(bpe)), idOf };
}

const isAdded = ({ added_tokens: added = [] }: TokenizerJson, token: string): boolean =>
  added.some(({ content }) => content === token);

/** GPT-2's is built into its pre-tokenizer. */
function splitOf(json: TokenizerJson): SplitRule | undefined {
  const pre = json.pre_tokenizer as
    | { type?: string; use_regex?: boolean; add_prefix_space?: boolean; pretokenizers?: unknown }
    | undefined;
  const parts = (Array.isArray(pre?.pretokenizers) ? pre.pretokenizers : [pre]) as (typeof pre)[];
  if (parts.some((part) => part?.add_prefix_space === true)) return undefined;
  if (parts.length === 1 && parts[0]?.type === 'ByteLevel' && parts[0].use_regex !== false) return splitNamed('gpt2');
  if (parts.some((part) => part?.type === 'ByteLevel' && part.use_regex !== false)) return undefined;
  return splitIn(json);
}

/** Tokens of bytes, the earliest merge first. */
function mergedBy(ranks: ReadonlyMap<string, number>, bytes: Uint8Array): string[] {
  const pieces = Array.from(toByteLevel(bytes));
  for (;;) {
    let [best, at] = [Number.POSITIVE_INFINITY, -1];
    for (let i = 0; i + 1 < pieces.length; i++) {
      const rank = ranks.get(`${pieces[i]} ${pieces[i + 1]}`) ?? Number.POSITIVE_INFINITY;
      if (rank < best) [best, at] = [rank, i];
    }
    if (at < 0) return pieces;
    pieces.splice(at, 2, pieces[at] + pieces[at + 1]);
  }
}

function bytesOf(byId: readonly (string | undefined)[], vocabSize: number): TokenBytes {
  const parts = Array.from({ length: vocabSize }, (_, id) => fromByteLevel(byId[id] ?? ''));
  const starts = new Uint32Array(vocabSize + 1);
  for (const [id, part] of parts.entries()) starts[id + 1] = starts[id] + part.length;
  const bytes = new Uint8Array(starts[vocabSize]);
  for (const [id, part] of parts.entries()) bytes.set(part, starts[id]);
  return { bytes, starts };
}
