/**
 * BpeModel → tokenizer.json and tokenizer_config.json, as the Rust library `tokenizers`, @huggingface/tokenizers and
 * transformers read them. Their ids equal ours (a test holds them), but for one choice: there the names of special tokens
 * in a text become those tokens.
 */

import { type BpeModel, BYTE_TOKENS, mergeCount, SPECIAL_TOKENS, tokenBytesOf } from '../model.ts';
import { toByteLevel } from '../text/byte-level.ts';
import { type SplitRule, splitPatterns } from '../text/split.ts';

export const TOKENIZER_FILE = 'tokenizer.json';
export const CONFIG_FILE = 'tokenizer_config.json';

/** What stands around the model; parse.ts accepts nothing else. */
export const pipelineOf = (split: SplitRule) => ({
  normalizer: { type: 'NFC' },
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      ...splitPatterns(split).map((Regex) => ({
        type: 'Split',
        pattern: { Regex },
        behavior: 'Isolated',
        invert: false,
      })),
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  },
  post_processor: null,
  decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
});

export const BPE_OPTIONS = {
  type: 'BPE',
  dropout: null,
  unk_token: null,
  continuing_subword_prefix: null,
  end_of_word_suffix: null,
  fuse_unk: false,
  byte_fallback: false,
  ignore_merges: false,
} as const;

export function tokenizerJson(model: BpeModel): string {
  const tokens = tokensOf(model);
  const firstSpecial = tokens.length - model.specialTokens.length;
  const merges = Array.from({ length: mergeCount(model) }, (_, i) => {
    return `${tokens[model.merges[2 * i]]} ${tokens[model.merges[2 * i + 1]]}`;
  });
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: model.specialTokens.map((content, i) => ({
      id: firstSpecial + i,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    ...pipelineOf(model.split),
    model: {
      ...BPE_OPTIONS,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
  return `${JSON.stringify(json, null, 1)}\n`;
}

/** `<|bos|>`, then each message between its role and `<|end|>`; in Jinja, for `apply_chat_template` of transformers. */
const CHAT_TEMPLATE = `{{ bos_token }}{% for message in messages %}{% if message['role'] not in ['system', 'user', 'assistant'] %}{{ raise_exception('role ' ~ message['role'] ~ ', expected system, user or assistant') }}{% endif %}{% if message['content'] is not string %}{{ raise_exception('the content of a message must be text') }}{% endif %}{{ '<|' ~ message['role'] ~ '|>' ~ message['content'] ~ '<|end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}`;

/**
 * Without `clean_up_tokenization_spaces: false`, decoding elsewhere drops spaces before punctuation.
 * @param asked What training was asked for: kept under "vua", which other libraries pass over.
 */
export function tokenizerConfigJson(asked?: Readonly<Record<string, unknown>>): string {
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: '<|bos|>',
    eos_token: '<|eos|>',
    pad_token: '<|pad|>',
    additional_special_tokens: SPECIAL_TOKENS.slice(3),
    add_prefix_space: false,
    clean_up_tokenization_spaces: false,
    chat_template: CHAT_TEMPLATE,
    ...(asked && { vua: asked }),
  };
  return `${JSON.stringify(config, null, 1)}\n`;
}

/** Text of each id as it stands in `model.vocab`. */
function tokensOf(model: BpeModel): string[] {
  const { bytes, starts } = tokenBytesOf(model);
  const count = BYTE_TOKENS + mergeCount(model);
  const tokens = Array.from({ length: count }, (_, id) => toByteLevel(bytes.subarray(starts[id], starts[id + 1])));
  return [...tokens, ...model.specialTokens];
}
