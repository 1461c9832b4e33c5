/**
 * `config.json` of a Qwen3 or Llama, as transformers 4.51 and 5 write it → the shapes of the model. What would make other
 * logits than ours is refused by its key.
 */
import { badInput, type ToolkitError } from '../../crawlers/shell/errors.ts';
import { HEAD_SIZES } from '../kernels/head-sizes.ts';
import { ARCHITECTURES, type Architecture, MODEL_DEFAULTS, type ModelConfig } from '../model/config.ts';

type Json = Readonly<Record<string, unknown>>;

/** Keys that are read here, or that change no logit: names, files, generation, what training elsewhere did. */
const READ = [
  ...['model_type', 'vocab_size', 'hidden_size', 'intermediate_size', 'num_hidden_layers', 'num_attention_heads'],
  ...['num_key_value_heads', 'head_dim', 'hidden_act', 'max_position_embeddings', 'rms_norm_eps', 'rope_theta'],
  ...['rope_scaling', 'rope_parameters', 'tie_word_embeddings', 'layer_types', 'sliding_window', 'use_sliding_window'],
];
const HARMLESS = [
  ...['architectures', 'transformers_version', 'dtype', 'torch_dtype', '_name_or_path', '_commit_hash', 'id2label'],
  ...['label2id', 'use_cache', 'initializer_range', 'attention_dropout', 'pretraining_tp', 'max_window_layers', 'vua'],
  ...['bos_token_id', 'eos_token_id', 'pad_token_id', 'return_dict', 'tokenizer_class', 'unsloth_version'],
  ...['output_attentions', 'output_hidden_states', 'problem_type', 'chunk_size_feed_forward', 'task_specific_params'],
];

/**
 * @param path How errors call the file.
 * @throws ToolkitError NOT_IMPORTABLE (exit 2) naming the key, what it says and what is expected
 */
export function configFromHuggingFace(config: Json, path: string): ModelConfig {
  const refuse = (key: string, expected: string): ToolkitError =>
    badInput(
      'NOT_IMPORTABLE',
      `${path}: ${key} is ${JSON.stringify(config[key]) ?? 'missing'}, expected ${expected}`,
      'models that can be gone on from are Qwen3 and Llama as transformers makes them, without extensions',
    );
  const number = (key: string, missing?: number): number => {
    const value = config[key] ?? missing;
    if (typeof value !== 'number' || !(value > 0)) throw refuse(key, 'a number above 0');
    return value;
  };
  const whole = (key: string, missing?: number): number => {
    const value = number(key, missing);
    if (!Number.isInteger(value)) throw refuse(key, 'a whole number');
    return value;
  };
  const architecture = config.model_type as Architecture;
  if (!ARCHITECTURES.includes(architecture)) throw refuse('model_type', ARCHITECTURES.join(' or '));
  if ((config.hidden_act ?? 'silu') !== 'silu') throw refuse('hidden_act', '"silu"');
  if (config.use_sliding_window === true) throw refuse('use_sliding_window', 'false: attention over the whole context');
  if (config.use_sliding_window === undefined && config.sliding_window) throw refuse('sliding_window', 'null');
  const types = config.layer_types;
  if (types && !(Array.isArray(types) && types.every((type) => type === 'full_attention')))
    throw refuse('layer_types', '"full_attention" for every layer');
  const other = Object.keys(config).find((key) => !READ.includes(key) && !HARMLESS.includes(key) && says(config[key]));
  if (other) throw refuse(other, 'nothing: this is not known here');

  const [heads, width] = [whole('num_attention_heads'), whole('hidden_size')];
  const keyHeads = whole('num_key_value_heads', heads);
  const headSize = whole('head_dim', architecture === 'qwen3' ? 128 : width / heads);
  const hidden = whole('intermediate_size');
  if (!HEAD_SIZES.includes(headSize)) throw refuse('head_dim', `one of ${HEAD_SIZES.join(', ')}`);
  if (heads % keyHeads !== 0) throw refuse('num_key_value_heads', `a divisor of ${heads} heads`);
  if (width % 32 !== 0) throw refuse('hidden_size', 'a multiple of 32');
  if (hidden % 4 !== 0) throw refuse('intermediate_size', 'a multiple of 4');
  const vocabSize = whole('vocab_size');
  return {
    ...MODEL_DEFAULTS,
    ...{ architecture, vocabSize, paddedVocab: Math.ceil(vocabSize / 64) * 64 },
    ...{ layers: whole('num_hidden_layers'), width, heads, keyHeads, headSize, hidden },
    context: whole('max_position_embeddings'),
    ropeBase: ropeBaseOf(config, refuse),
    eps: number('rms_norm_eps', 1e-6),
    tied: config.tie_word_embeddings === true,
  };
}

/** Neither missing, nor null, false, 0, nor empty. */
const says = (value: unknown): boolean =>
  Boolean(value) && !(typeof value === 'object' && Object.keys(value as object).length === 0);

/** Version 4 has `rope_theta` and `rope_scaling` side by side, version 5 one object. */
function ropeBaseOf(config: Json, refuse: (key: string, expected: string) => ToolkitError): number {
  for (const key of ['rope_scaling', 'rope_parameters'] as const) {
    const rope = config[key];
    if (rope === undefined || rope === null) continue;
    const { rope_type, type, rope_theta: _theta, ...others } = rope as Json;
    const extended = (rope_type ?? type ?? 'default') !== 'default' || Object.values(others).some(says);
    if (extended) throw refuse(key, '{"rope_type": "default"}: positions as they are');
  }
  const base = (config.rope_parameters as Json | undefined)?.rope_theta ?? config.rope_theta ?? 10_000;
  if (typeof base !== 'number' || !(base > 0)) throw refuse('rope_theta', 'a number above 0');
  return base;
}
