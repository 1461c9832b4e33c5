/**
 * The model under llama.cpp's names: keys, tokenizer and tensors of a GGUF file. Matrices may be f16; norms are f32, as
 * llama.cpp wants them. Its `llama` rotates neighbouring pairs where Hugging Face rotates halves, so the rows of q and k
 * are put in that order; its `qwen3` rotates halves.
 */

import { toBrain, toHalf } from '../gpu/half.ts';
import { EMBEDDING, FINAL_NORM, HEAD, layerName, type ModelConfig } from '../model/config.ts';
import { type KnownPart, PARTS, turned } from '../record/gguf-names.ts';
import type { GgufType } from './formats.ts';
import type { GgufTensor, GgufValue } from './gguf.ts';
import { type LlamaRule, tokenizerMetadata } from './gguf-tokenizer.ts';
import type { SpecialIds, TokenizerJson } from './huggingface.ts';

type ExportedPart = KnownPart;

/** A tensor of the file, and how it comes from the checkpoint. */
export interface ExportTensor extends GgufTensor {
  /** Name in the checkpoint. */
  readonly from: string;
  convert(values: Float32Array<ArrayBuffer>): ArrayBufferView<ArrayBuffer>;
}

type TensorType = GgufTensor['dtype'];

const CONVERT: Readonly<Record<TensorType, (values: Float32Array<ArrayBuffer>) => ArrayBufferView<ArrayBuffer>>> = {
  ...{ F32: (values) => values, F16: toHalf, BF16: toBrain, Q8_0: toQ8 },
};

/** Values in a block of Q8_0. */
const BLOCK = 32;

/** Norms are f32; a matrix whose rows are no whole blocks is f16. */
function dtypeOf(type: GgufType, shape: readonly number[]): TensorType {
  if (type === 'f32' || shape.length === 1) return 'F32';
  if (type === 'q8_0') return shape[1] % BLOCK === 0 ? 'Q8_0' : 'F16';
  return type === 'bf16' ? 'BF16' : 'F16';
}

/** Blocks of | f16 scale = largest / 127 | 32 × i8 |, rounded as ggml's `quantize_row_q8_0_ref` rounds: away from zero. */
export function toQ8(values: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array((values.length / BLOCK) * (2 + BLOCK));
  const view = new DataView(bytes.buffer);
  for (let at = 0, to = 0; at < values.length; at += BLOCK, to += 2 + BLOCK) {
    let largest = 0;
    for (let i = 0; i < BLOCK; i++) largest = Math.max(largest, Math.abs(values[at + i]));
    const scale = Math.fround(largest / 127);
    const inverse = scale > 0 ? Math.fround(1 / scale) : 0;
    view.setUint16(to, toHalf([scale])[0], true);
    for (let i = 0; i < BLOCK; i++) {
      const scaled = Math.fround(values[at + i] * inverse);
      view.setInt8(to + 2 + i, Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5));
    }
  }
  return bytes;
}

const FILE_TYPES: Readonly<Record<GgufType, number>> = { f32: 0, f16: 1, q8_0: 7, bf16: 32 };

export function ggufTensors(config: ModelConfig, type: GgufType): ExportTensor[] {
  const { vocabSize: V, width: C, heads, keyHeads, headSize: HS, hidden: F } = config;
  const isLlama = config.architecture === 'llama';
  const tensor = (from: string, name: string, shape: number[], isTurned = false): ExportTensor => {
    const dtype = dtypeOf(type, shape);
    return {
      from,
      name: `${name}.weight`,
      shape,
      dtype,
      convert(values) {
        const ordered = isTurned ? turned(values, HS, C) : values;
        return CONVERT[dtype](ordered);
      },
    };
  };
  const shapes: Partial<Record<ExportedPart, number[]>> = {
    norm1: [C],
    q: [heads * HS, C],
    k: [keyHeads * HS, C],
    v: [keyHeads * HS, C],
    ...(!isLlama && { qNorm: [HS], kNorm: [HS] }),
    o: [C, heads * HS],
    norm2: [C],
    gate: [F, C],
    up: [F, C],
    down: [C, F],
  };
  return [
    tensor(EMBEDDING, 'token_embd', [V, C]),
    ...Array.from({ length: config.layers }, (_, layer) =>
      (Object.entries(shapes) as [ExportedPart, number[]][]).map(([part, shape]) =>
        tensor(layerName(layer, part), `blk.${layer}.${PARTS[part]}`, shape, isLlama && (part === 'q' || part === 'k')),
      ),
    ).flat(),
    tensor(FINAL_NORM, 'output_norm', [C]),
    ...(config.tied ? [] : [tensor(HEAD, 'output', [V, C])]),
  ];
}

export interface GgufFacts {
  readonly name: string;
  readonly type: GgufType;
  readonly licence?: string;
  /** Jinja. */
  readonly chatTemplate?: string;
  readonly rule: LlamaRule;
}

export function ggufMetadata(
  config: ModelConfig,
  tokenizer: TokenizerJson,
  ids: SpecialIds,
  { name, type, licence, chatTemplate, rule }: GgufFacts,
): Record<string, GgufValue> {
  const { architecture } = config;
  const model: Record<string, GgufValue> = {
    vocab_size: { u32: config.vocabSize },
    context_length: { u32: config.context },
    embedding_length: { u32: config.width },
    block_count: { u32: config.layers },
    feed_forward_length: { u32: config.hidden },
    'attention.head_count': { u32: config.heads },
    'attention.head_count_kv': { u32: config.keyHeads },
    'attention.key_length': { u32: config.headSize },
    'attention.value_length': { u32: config.headSize },
    'attention.layer_norm_rms_epsilon': { f32: config.eps },
    'rope.freq_base': { f32: config.ropeBase },
    'rope.dimension_count': { u32: config.headSize },
  };
  return {
    'general.architecture': { string: architecture },
    'general.type': { string: 'model' },
    'general.name': { string: name },
    ...(licence !== undefined && { 'general.license': { string: licence } }),
    'general.languages': { strings: ['vi'] },
    'general.file_type': { u32: FILE_TYPES[type] },
    ...(type === 'q8_0' && { 'general.quantization_version': { u32: 2 } }),
    ...Object.fromEntries(Object.entries(model).map(([key, value]) => [`${architecture}.${key}`, value])),
    ...tokenizerMetadata(tokenizer, ids, rule, config.vocabSize),
    ...(chatTemplate !== undefined && { 'tokenizer.chat_template': { string: chatTemplate } }),
  };
}
