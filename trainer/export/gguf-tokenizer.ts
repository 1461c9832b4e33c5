/**
 * A byte-level BPE as llama.cpp takes it: tokens, types, merges, and one of the split rules that are built into it
 * (`tokenizer.ggml.pre`; there is no way to give another). With a rule that it has (tokenizer/text/split.ts) its ids are
 * ours, of text in NFC: it has no normaliser.
 *
 * Our own, `vua`, it has not. Across spaces closest is `superbpe`, else `llama-bpe`: the latter lets a number go without
 * its space, so the tokens ` 1`, ` 20`, ` 199` are declared user-defined, which llama.cpp cuts out of the text first,
 * longest first, whatever the rule. RESULTS.md has the figures.
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import type { Tokenizer } from '../../tokenizer/load.ts';
import type { GgufValue } from './gguf.ts';
import type { SpecialIds, TokenizerJson } from './huggingface.ts';

const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;
const UNUSED = 5;

export interface LlamaRule {
  /** llama.cpp's name of it. */
  readonly pre: string;
  /** Whether its ids are ours. */
  readonly isExact: boolean;
  /** A number takes the space before it here, and not there. */
  readonly spaced: boolean;
}

/** @throws ToolkitError NOT_EXPORTABLE (exit 2) when llama.cpp has none that is near it. */
export function llamaRuleOf(split: Tokenizer['split']): LlamaRule {
  if (split === undefined)
    throw badInput('NOT_EXPORTABLE', 'tokenizer.json: a split rule that is not known here', 'export with --format hf');
  const { name, digits, acrossSpaces, pre } = split;
  if (pre !== undefined) return { pre, isExact: true, spaced: false };
  const near = acrossSpaces ? 'superbpe' : { 0: undefined, 1: 'qwen35', 2: undefined, 3: 'llama-bpe' }[digits];
  if (near !== undefined) return { pre: near, isExact: false, spaced: true };
  throw badInput(
    'NOT_EXPORTABLE',
    `llama.cpp has no split rule like ${name}, ${digits} digits`,
    'export with --format hf',
  );
}

/** The `tokenizer.ggml.*` keys. */
export function tokenizerMetadata(
  tokenizer: TokenizerJson,
  ids: SpecialIds,
  { pre, spaced }: LlamaRule,
  vocabSize: number,
): Record<string, GgufValue> {
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(tokenizer.model.vocab)) tokens[id] = token;
  for (const { id, content } of tokenizer.added_tokens) tokens[id] = content;
  for (let id = 0; id < vocabSize; id++) tokens[id] ??= `[PAD${id}]`; // rows of the model that no token has
  const known = new Set([...Object.values(tokenizer.model.vocab), ...tokenizer.added_tokens.map(({ id }) => id)]);
  const special = new Set(tokenizer.added_tokens.map(({ id }) => id));
  const isNumber = (token: string): boolean => spaced && SPACED_NUMBER.test(token);
  return {
    'tokenizer.ggml.model': { string: 'gpt2' },
    'tokenizer.ggml.pre': { string: pre },
    'tokenizer.ggml.tokens': { strings: tokens.map((token) => (isNumber(token) ? token.replace('Ġ', ' ') : token)) },
    'tokenizer.ggml.token_type': {
      i32s: tokens.map((token, id) =>
        !known.has(id) ? UNUSED : special.has(id) ? CONTROL : isNumber(token) ? USER_DEFINED : NORMAL,
      ),
    },
    'tokenizer.ggml.merges': {
      strings: tokenizer.model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' '))),
    },
    'tokenizer.ggml.bos_token_id': { u32: ids.bos },
    'tokenizer.ggml.eos_token_id': { u32: ids.eos },
    'tokenizer.ggml.eot_token_id': { u32: ids.bos }, // a model ends its text with the next document's BOS
    'tokenizer.ggml.padding_token_id': { u32: ids.pad },
    'tokenizer.ggml.add_bos_token': { bool: true },
    'tokenizer.ggml.add_space_prefix': { bool: false },
    // Whole, for whoever reads the file with it: no split rule of llama.cpp is ours.
    'tokenizer.huggingface.json': { string: JSON.stringify(tokenizer) },
  };
}

/** A token of a number with its space, in the letters of byte-level.ts. */
export const SPACED_NUMBER = /^Ġ[0-9]{1,3}$/;
