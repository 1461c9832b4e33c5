/**
 * A byte-level BPE as llama.cpp takes it: tokens, types, merges, and one of the split rules that are built into it
 * (`tokenizer.ggml.pre`; there is no way to give another).
 *
 * Ours keeps a number's space with its first three digits, ` ?\p{N}{1,3}`; none of llama.cpp's does. Closest is
 * `llama-bpe` (`\p{N}{1,3}`, line ends and spaces as here; its apostrophe endings and its mark before a word fall where
 * no merge of ours crosses). The tokens ` 1`, ` 20`, ` 199` are declared user-defined besides: llama.cpp cuts those
 * out of the text first, longest first, whatever the split rule. What is left over are numbers whose first three digits
 * are no token of their own. RESULTS.md has the figures.
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import type { GgufValue } from './gguf.ts';
import type { SpecialIds, TokenizerJson } from './huggingface.ts';

/** How a split pattern treats numbers → llama.cpp's rule that is equal but for the space before them. */
const RULES = { '\\p{N}{1,3}': 'llama-bpe', '\\p{N}': 'qwen35' } as const;
const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;

export interface SplitRule {
  readonly pre: (typeof RULES)[keyof typeof RULES];
  /** A number takes the space before it. */
  readonly spaced: boolean;
}

/** @throws ToolkitError NOT_EXPORTABLE (exit 2) when the numbers' rule is none that llama.cpp has. */
export function splitRuleOf({ pre_tokenizer }: TokenizerJson): SplitRule {
  const pattern = /"Regex":("(?:[^"\\]|\\.)*")/.exec(JSON.stringify(pre_tokenizer))?.[1];
  const alternatives = pattern ? (JSON.parse(pattern) as string).split('|') : [];
  for (const alternative of alternatives) {
    const pre = RULES[alternative.trimStart().replace(/^\?/, '') as keyof typeof RULES];
    if (pre) return { pre, spaced: alternative.startsWith(' ?') };
  }
  throw badInput(
    'NOT_EXPORTABLE',
    `tokenizer.json: llama.cpp has no split rule like ${pattern ?? 'this one'}`,
    'export with --format hf',
  );
}

/** The `tokenizer.ggml.*` keys. */
export function tokenizerMetadata(tokenizer: TokenizerJson, ids: SpecialIds): Record<string, GgufValue> {
  const { pre, spaced } = splitRuleOf(tokenizer);
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(tokenizer.model.vocab)) tokens[id] = token;
  for (const { id, content } of tokenizer.added_tokens) tokens[id] = content;
  const special = new Set(tokenizer.added_tokens.map(({ id }) => id));
  const isNumber = (token: string): boolean => spaced && /^Ġ[0-9]{1,3}$/.test(token);
  return {
    'tokenizer.ggml.model': { string: 'gpt2' },
    'tokenizer.ggml.pre': { string: pre },
    'tokenizer.ggml.tokens': { strings: tokens.map((token) => (isNumber(token) ? token.replace('Ġ', ' ') : token)) },
    'tokenizer.ggml.token_type': {
      i32s: tokens.map((token, id) => (special.has(id) ? CONTROL : isNumber(token) ? USER_DEFINED : NORMAL)),
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
  };
}
