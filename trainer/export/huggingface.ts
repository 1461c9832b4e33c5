/**
 * What other programs read beside the weights: config.json, generation_config.json and the tokenizer's two files, as
 * transformers 5 writes them (fields of version 4 beside them where they were renamed).
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import type { Tokenizer } from '../../tokenizer/load.ts';
import { type Architecture, experimentalSwitch, type ModelConfig } from '../model/config.ts';

import type { ExportDtype } from './formats.ts';

const NAMES: Readonly<Record<Architecture, string>> = { qwen3: 'Qwen3ForCausalLM', llama: 'LlamaForCausalLM' };

/** @throws ToolkitError NOT_EXPORTABLE (exit 2) naming the switch. */
export function assertExportable(config: ModelConfig): void {
  const changed = experimentalSwitch(config);
  if (changed) {
    const [name, found, expected] = changed;
    throw badInput(
      'NOT_EXPORTABLE',
      `the model was trained with ${name} = ${found}, which no other program knows, expected ${expected}`,
      'train without this switch to export; vua sample runs the model as it is',
    );
  }
}

/** Ids of the special tokens that other programs ask for. */
export interface SpecialIds {
  /** Before every document, and so also what a model writes at the end of one. */
  readonly bos: number;
  readonly eos: number;
  readonly pad: number;
}

const TORCH_DTYPES: Readonly<Record<ExportDtype, string>> = { f32: 'float32', f16: 'float16', bf16: 'bfloat16' };

export function configJson(config: ModelConfig, ids: SpecialIds, dtype: ExportDtype): Record<string, unknown> {
  const { architecture } = config;
  return {
    architectures: [NAMES[architecture]],
    model_type: architecture,
    vocab_size: config.vocabSize,
    hidden_size: config.width,
    intermediate_size: config.hidden,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.keyHeads,
    head_dim: config.headSize,
    hidden_act: 'silu',
    max_position_embeddings: config.context,
    rms_norm_eps: config.eps,
    rope_theta: config.ropeBase,
    rope_parameters: { rope_type: 'default', rope_theta: config.ropeBase },
    attention_bias: false,
    attention_dropout: 0,
    ...(architecture === 'qwen3'
      ? { sliding_window: null, use_sliding_window: false, max_window_layers: config.layers }
      : { mlp_bias: false, pretraining_tp: 1 }),
    tie_word_embeddings: config.tied,
    initializer_range: 0.02,
    use_cache: true,
    bos_token_id: ids.bos,
    eos_token_id: ids.eos,
    pad_token_id: ids.pad,
    dtype: TORCH_DTYPES[dtype],
    torch_dtype: TORCH_DTYPES[dtype],
  };
}

/** Generation stops at BOS as well: that is how the next document begins. */
export const generationConfigJson = ({ bos, eos, pad }: SpecialIds): Record<string, unknown> => ({
  bos_token_id: bos,
  eos_token_id: [eos, bos],
  pad_token_id: pad,
  do_sample: true,
  temperature: 0.8,
  top_k: 40,
});

/** The part of a tokenizer.json that export reads. */
export interface TokenizerJson {
  readonly pre_tokenizer: unknown;
  readonly added_tokens: readonly { readonly id: number; readonly content: string; readonly special: boolean }[];
  readonly model: {
    readonly type: string;
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (string | readonly [string, string])[];
  };
}

export const specialIdsOf = ({ bosId: bos, eosId: eos, padId: pad }: Tokenizer): SpecialIds => ({ bos, eos, pad });

const nameOf = ({ added_tokens }: TokenizerJson, id: number): string =>
  added_tokens.find((token) => token.id === id)!.content;

/** The tokenizer as it is, and BOS before every text: that is how the model saw its documents. */
export function tokenizerWithBos(tokenizer: TokenizerJson, { bos }: SpecialIds): Record<string, unknown> {
  const name = nameOf(tokenizer, bos);
  const special = { SpecialToken: { id: name, type_id: 0 } };
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  return {
    ...tokenizer,
    post_processor: {
      type: 'TemplateProcessing',
      single: [special, sequence('A', 0)],
      pair: [special, sequence('A', 0), sequence('B', 1)],
      special_tokens: { [name]: { id: name, ids: [bos], tokens: [name] } },
    },
  };
}

/**
 * The run's own file (chat template and special tokens stay), and what others need: without
 * `clean_up_tokenization_spaces: false` decoding drops spaces before punctuation, without `model_input_names` transformers 4
 * gives `generate` an argument that it refuses; a batch is continued at its right end, so padding stands left.
 */
export function tokenizerConfigJson(
  own: Readonly<Record<string, unknown>>,
  tokenizer: TokenizerJson,
  { bos, eos, pad }: SpecialIds,
  { context }: ModelConfig,
): Record<string, unknown> {
  const { vua: _asked, ...kept } = own;
  const [bosName, eosName, padName] = [bos, eos, pad].map((id) => nameOf(tokenizer, id));
  return {
    ...{ add_prefix_space: false, clean_up_tokenization_spaces: false },
    ...kept,
    tokenizer_class: 'PreTrainedTokenizerFast', // others make tokenizer.json anew
    ...{ bos_token: bosName, eos_token: eosName, pad_token: padName },
    ...{ model_max_length: context, model_input_names: ['input_ids', 'attention_mask'], padding_side: 'left' },
  };
}
