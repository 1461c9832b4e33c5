/** Weights of a GGUF file of a Qwen3 or Llama, as `vua export` and llama.cpp's converter write it; what is not ours is refused by its name. */
import { badInput, type ToolkitError } from '../../crawlers/shell/errors.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import type { ModelConfig } from '../model/config.ts';
import { GgufFile } from './gguf-file.ts';
import { ggufNames, turned } from './gguf-names.ts';
import { configFromHuggingFace } from './huggingface-config.ts';
import type { Tensors } from './tensor-file.ts';

export const isGguf = (path: string): boolean => /\.gguf$/i.test(path);

/** @throws ToolkitError BAD_CHECKPOINT, NOT_IMPORTABLE (exit 2) naming the key or tensor */
export function ggufConfig(path: string): ModelConfig {
  const file = new GgufFile(path);
  try {
    return configOf(file);
  } finally {
    file.close();
  }
}

function configOf({ path, keys, places }: GgufFile): ModelConfig {
  const architecture = String(keys.get('general.architecture'));
  const at = (name: string): unknown => keys.get(`${architecture}.${name}`);
  const refuse = (what: string, found: unknown, expected: string): ToolkitError =>
    badInput(
      'NOT_IMPORTABLE',
      `${path}: ${what} is ${JSON.stringify(found) ?? 'missing'}, expected ${expected}`,
      'GGUF files that can be read are of Qwen3 and Llama without extensions',
    );
  for (const [name, harmless] of [
    ['rope.scaling.type', 'none'],
    ['attention.sliding_window', 0],
    ['expert_count', 0],
  ] as const) {
    const found = at(name);
    if (found !== undefined && found !== harmless)
      throw refuse(`${architecture}.${name}`, found, `${harmless} or nothing`);
  }
  const headSize = at('attention.key_length') ?? at('rope.dimension_count');
  for (const name of ['attention.value_length', 'rope.dimension_count'])
    if (headSize !== undefined && (at(name) ?? headSize) !== headSize)
      throw refuse(`${architecture}.${name}`, at(name), `${headSize}, as the keys have`);
  const tied = !places.has('output.weight');
  const config = configFromHuggingFace(
    {
      ...{
        model_type: architecture,
        vocab_size: places.get('token_embd.weight')?.shape[0],
        hidden_size: at('embedding_length'),
      },
      ...{ intermediate_size: at('feed_forward_length'), num_hidden_layers: at('block_count') },
      ...{ num_attention_heads: at('attention.head_count'), num_key_value_heads: at('attention.head_count_kv') },
      ...{ head_dim: headSize, max_position_embeddings: at('context_length') },
      ...{ rope_theta: rounded(at('rope.freq_base')), rms_norm_eps: rounded(at('attention.layer_norm_rms_epsilon')) },
      tie_word_embeddings: tied,
    },
    path,
  );
  const known = new Set(ggufNames(config).map(({ gguf }) => gguf));
  const other = [...places.keys()].find((name) => !known.has(name));
  if (other !== undefined)
    throw refuse(`tensor ${other}`, places.get(other)!.shape, `none of this name in a ${architecture}`);
  return config;
}

/** An f32 as it was written: 1e-6, not 9.999999974752427e-7. */
const rounded = (value: unknown): unknown => (typeof value === 'number' ? Number(value.toPrecision(7)) : value);

export function ggufTensors(path: string, config: ModelConfig): Tensors {
  const file = new GgufFile(path);
  const names = new Map(ggufNames(config).map((each) => [each.name, each]));
  const { headSize, width } = config;
  return {
    pathOf: () => path,
    shapeOf: (name) => file.places.get(names.get(name)?.gguf ?? '')?.shape,
    read(name) {
      const { gguf, isTurned } = names.get(name)!;
      const values = file.read(gguf);
      return isTurned ? turned(values, headSize, width, true) : values;
    },
    close: () => file.close(),
  };
}

/** Of the file's own keys. @throws ToolkitError BAD_TOKENIZER, NOT_IMPORTABLE (exit 2) naming what is not known here */
export function ggufTokenizer(path: string): Tokenizer {
  const file = new GgufFile(path);
  file.close();
  const at = (name: string): unknown => file.keys.get(`tokenizer.${name}`);
  const tokens = (at('ggml.tokens') ?? []) as string[];
  const named = (name: string): string | undefined => tokens[Number(at(`ggml.${name}_token_id`) ?? -1)];
  const config = { bos_token: named('bos'), eos_token: named('eos'), chat_template: at('chat_template') };
  const json = at('huggingface.json');
  if (typeof json === 'string') return Tokenizer.parse(Buffer.from(json), path, Buffer.from(JSON.stringify(config)));
  const [model, pre] = [at('ggml.model'), at('ggml.pre')];
  if (model !== 'gpt2')
    throw badInput(
      'NOT_IMPORTABLE',
      `${path}: tokenizer.ggml.model is ${JSON.stringify(model) ?? 'missing'}, expected "gpt2", a byte-level BPE`,
      'give the folder of transformers that it was made of',
    );
  const types = (at('ggml.token_type') ?? []) as number[];
  const merges = (at('ggml.merges') ?? []) as string[];
  return Tokenizer.ofLlama({ tokens, types, merges, pre: String(pre) }, path, config);
}
