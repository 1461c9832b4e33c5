/**
 * tokenizer.json → BpeModel. Every id is checked, so that a damaged file is one clear error here, not wrong ids later.
 * Another pre-tokenizer or normalizer than ours is refused: its ids would not be those of our encoder.
 */
import { z } from 'zod';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import {
  type BpeModel,
  BYTE_TOKENS,
  crossesSpace,
  firstMergeAcross,
  keepsCharacters,
  SPECIAL_TOKENS,
  tokenBytesOf,
} from '../model.ts';
import { BYTE_OF_ID, toByteLevel } from '../text/byte-level.ts';
import { PaddedText } from '../text/padded-text.ts';
import { Pretokenizer } from '../text/pretokenize.ts';
import { DEFAULT_SPLIT, SPLIT_RULES, type SplitRule, splitPatterns } from '../text/split.ts';
import { BPE_OPTIONS, pipelineOf } from './export.ts';

const shape = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.int().min(0), content: z.string().min(1) })),
  model: z.looseObject({
    vocab: z.record(z.string(), z.int().min(0)),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
  }),
});
type TokenizerFile = z.infer<typeof shape>;

const splitShape = z.object({
  pretokenizers: z.array(z.object({ pattern: z.object({ Regex: z.string() }).optional() })),
});

/** What transformers saves for a tokenizer without a post-processor: text A, nothing around it. */
const sequence = z.object({ Sequence: z.object({ id: z.literal('A') }) });
const bos = z.object({ SpecialToken: z.object({ id: z.literal(SPECIAL_TOKENS[0]) }) });
/** BOS before every text, as an exported model has it: here whoever encodes adds it. */
const ownTemplate = z.object({
  type: z.literal('TemplateProcessing'),
  single: z.union([z.tuple([sequence]), z.tuple([bos, sequence])]),
});

/** Otherwise other libraries cut or pad what we encode. */
const WHOLE_TEXT = { truncation: null, padding: null };

/** Otherwise other libraries take the spaces around a name for part of it, or leave it out when they decode. */
const SPECIAL = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };

/** BOS, EOS and padding: what training and sampling ask for by name. */
const REQUIRED_SPECIALS = SPECIAL_TOKENS.slice(0, 3);

/**
 * @param json Text of tokenizer.json, or what JSON.parse makes of it.
 * @param name How errors call the file.
 * @throws ToolkitError BAD_TOKENIZER (exit 2) naming the file, the key, what was found and what was expected.
 */
export function parseTokenizer(json: string | object, name: string): BpeModel {
  const fail: Fail = (key, fact) => {
    throw badInput(
      'BAD_TOKENIZER',
      `${name}: ${key}: ${fact}`,
      'restore the file from a copy, or make it again with `vua tokenizer train`',
    );
  };
  const file = readShape(json, fail);
  const split = splitIn(file) ?? DEFAULT_SPLIT; // another pattern is refused by name below
  for (const [key, expected] of Object.entries({ ...WHOLE_TEXT, ...pipelineOf(split) })) {
    const isNothing = key === 'post_processor' && ownTemplate.safeParse(file[key]).success;
    if (!isNothing) requireSame(key, file[key], expected, fail);
  }
  for (const [key, expected] of Object.entries(BPE_OPTIONS)) {
    requireSame(`model.${key}`, file.model[key], expected, fail);
  }
  const merges = readMerges(file.model, fail);
  const specialTokens = readSpecialTokens(file, BYTE_TOKENS + merges.length / 2, fail);
  const model = { merges, specialTokens, split };
  requireOrder(model, fail);
  return model;
}

/** The split rule whose patterns a tokenizer.json holds, if it is one that we know. */
export function splitIn(file: object & { readonly pre_tokenizer?: unknown }): SplitRule | undefined {
  const parts = splitShape.safeParse(file.pre_tokenizer).data?.pretokenizers ?? [];
  const patterns = parts.flatMap(({ pattern }) => pattern?.Regex ?? []).join('\n');
  return SPLIT_RULES.find((rule) => splitPatterns(rule).join('\n') === patterns);
}

/**
 * Merges across spaces must follow all others: our encoder merges syllables first, others go by the list. Of whole runs,
 * all others must stay within a piece of the scan, and within a character or between two whole ones.
 */
function requireOrder(model: BpeModel, fail: Fail): void {
  if (!model.split.acrossSpaces) return;
  const tokens = tokenBytesOf(model);
  const first = firstMergeAcross(model);
  for (let merge = first; merge < model.merges.length / 2; merge++) {
    if (!crossesSpace(tokens, model, merge)) {
      fail(`model.merges[${merge}]`, `does not cross a space, but model.merges[${first}] before it does`);
    }
  }
  if (!model.split.wholeRuns) return;
  const pieces = new Pretokenizer(model.split);
  const text = new PaddedText(Math.max(...tokens.starts.map((start, id) => tokens.starts[id + 1] - start || 0)));
  for (let id = BYTE_TOKENS; id < BYTE_TOKENS + first; id++) {
    const bytes = tokens.bytes.subarray(tokens.starts[id], tokens.starts[id + 1]);
    text.set(bytes);
    const isPiece = keepsCharacters(bytes) && (isPart(bytes) || pieces.next(text, 0) === bytes.length);
    if (!isPiece)
      fail(`model.merges[${id - BYTE_TOKENS}]`, `makes ${JSON.stringify(toByteLevel(bytes))}, not of one piece`);
  }
}

/** Some bytes of a character. */
const isPart = (bytes: Uint8Array): boolean => new TextDecoder().decode(bytes).includes('\ufffd');

type Fail = (key: string, fact: string) => never;

function readShape(json: string | object, fail: Fail): TokenizerFile {
  let value: unknown = json;
  try {
    if (typeof json === 'string') value = JSON.parse(json);
  } catch (error) {
    return fail('top level', `not valid JSON: ${reasonOf(error)}`);
  }
  const file = value as TokenizerFile;
  const isSound = hasSoundLists(file?.model);
  const parsed = shape.safeParse(isSound ? { ...file, model: { ...file.model, vocab: {}, merges: [] } } : value);
  if (parsed.success) return isSound ? file : parsed.data;
  const { path, message } = parsed.error.issues[0];
  return fail(path.join('.') || 'top level', message);
}

/** What the shape asks of the two long lists, in a tenth of its time. */
function hasSoundLists(model: Partial<TokenizerFile['model']> | undefined): boolean {
  const { vocab, merges } = model ?? {};
  if (!Array.isArray(merges) || typeof vocab !== 'object' || vocab === null || Array.isArray(vocab)) return false;
  for (const token in vocab) if (!Number.isSafeInteger(vocab[token]) || vocab[token] < 0) return false;
  return merges.every(
    (merge) =>
      typeof merge === 'string' ||
      (merge?.length === 2 && typeof merge[0] === 'string' && typeof merge[1] === 'string'),
  );
}

/** What is `null` or `false` here may be absent there; further keys change nothing. */
function requireSame(key: string, found: unknown, expected: unknown, fail: Fail): void {
  if (typeof expected === 'object' && expected !== null && typeof found === 'object' && found !== null) {
    const entries = found as Record<string, unknown>;
    for (const [part, value] of Object.entries(expected)) requireSame(`${key}.${part}`, entries[part], value, fail);
    if (!Array.isArray(expected) || (Array.isArray(found) && found.length === expected.length)) return;
  } else if (found === expected || (found === undefined && !expected)) return;
  fail(key, `${JSON.stringify(found) ?? 'missing'}, expected ${JSON.stringify(expected)}`);
}

/** Ids must run as in model.ts: bytes, then the result of each merge. */
function readMerges({ vocab, merges }: TokenizerFile['model'], fail: Fail): Int32Array {
  const ids = new Map<string, number>();
  for (const token in vocab) ids.set(token, vocab[token]);
  const requireId = (key: string, token: string, id: number): void => {
    const found = ids.get(token);
    if (found !== id)
      fail(key, `${JSON.stringify(token)} has ${found === undefined ? 'no id' : `id ${found}`}, expected ${id}`);
  };
  for (const [id, byte] of BYTE_OF_ID.entries()) requireId('model.vocab', toByteLevel(Uint8Array.of(byte)), id);
  const pairs = new Int32Array(merges.length * 2);
  for (const [i, merge] of merges.entries()) {
    const failHere = (fact: string): never => fail(`model.merges[${i}]`, fact);
    const parts = typeof merge === 'string' ? merge.split(' ') : merge;
    if (parts.length !== 2) failHere(`${JSON.stringify(merge)}, expected two tokens`);
    for (let side = 0; side < 2; side++) {
      const id = ids.get(parts[side]) ?? failHere(`${JSON.stringify(parts[side])} has no id in model.vocab`);
      if (id >= BYTE_TOKENS + i)
        failHere(`${JSON.stringify(parts[side])} has id ${id}, which no merge before it makes`);
      pairs[2 * i + side] = id;
    }
    const made = parts[0] + parts[1];
    if (ids.get(made) !== BYTE_TOKENS + i) requireId(`model.merges[${i}]`, made, BYTE_TOKENS + i);
  }
  return pairs;
}

/** They must have the ids behind the merges, all of them. */
function readSpecialTokens({ added_tokens, model }: TokenizerFile, first: number, fail: Fail): string[] {
  const tokens = [...added_tokens].sort((a, b) => a.id - b.id);
  for (const [i, token] of tokens.entries()) {
    const { id, content } = token;
    if (id !== first + i) fail('added_tokens', `${JSON.stringify(content)} has id ${id}, expected ${first + i}`);
    const other = Object.hasOwn(model.vocab, content) ? model.vocab[content] : id;
    if (other !== id) fail('added_tokens', `${JSON.stringify(content)} has id ${id}, in model.vocab ${other}`);
    for (const [key, expected] of Object.entries(SPECIAL)) {
      requireSame(`added_tokens[${JSON.stringify(content)}].${key}`, token[key], expected, fail);
    }
  }
  const names = tokens.map(({ content }) => content);
  for (const name of REQUIRED_SPECIALS) {
    if (!names.includes(name)) fail('added_tokens', `${JSON.stringify(name)} is missing`);
  }
  const known = first + names.length;
  for (const [token, id] of Object.entries(model.vocab)) {
    if (id >= known) fail('model.vocab', `${JSON.stringify(token)} has id ${id}, expected less than ${known}`);
  }
  return names;
}
