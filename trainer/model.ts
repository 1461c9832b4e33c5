/**
 * The model as a table of shapes: what Hugging Face transformers loads as Qwen3ForCausalLM (RMSNorm, grouped-query
 * attention with QK-norm, RoPE rotating halves, SwiGLU, tied head). Tensor names and [out, in] layouts are theirs.
 */
import { badInput } from '../crawlers/errors.ts';
import { HEAD_SIZES } from './kernels/index.ts';

export interface ModelConfig {
  /** Tokens of the tokenizer. */
  readonly vocabSize: number;
  /** Rows of the embedding: vocabSize rounded up to 64. The rows behind it are never read and stay zero. */
  readonly paddedVocab: number;
  /** L */
  readonly layers: number;
  /** C */
  readonly width: number;
  /** NH query heads of HS, NKV key heads. */
  readonly heads: number;
  readonly keyHeads: number;
  readonly headSize: number;
  /** F, the MLP's inner width. */
  readonly hidden: number;
  /** T, tokens the model sees. */
  readonly context: number;
  readonly ropeBase: number;
  readonly eps: number;
}

export interface ModelOptions {
  readonly vocabSize: number;
  readonly depth: number;
  /** 0: follows from depth. */
  readonly width?: number;
  /** 0: follows from depth. */
  readonly context?: number;
}

/** One dial: depth gives layers, width 64·depth, heads, MLP width and context. Width and context can be set apart. */
export function modelConfig({ vocabSize, depth, width = 0, context = 0 }: ModelOptions): ModelConfig {
  const C = width || 64 * depth;
  if (C % 32 !== 0) throw badInput('BAD_OPTION', `--width ${C}: expected a multiple of 32`);
  const T = context || Math.min(1024, 64 * 2 ** Math.floor(Math.log2(Math.max(1, depth))));
  if (T % 4 !== 0) throw badInput('BAD_OPTION', `--context ${T}: expected a multiple of 4`);
  const headSize = HEAD_SIZES.findLast((size) => C % (2 * size) === 0 && C >= 4 * size) ?? HEAD_SIZES[0];
  const heads = C / headSize;
  return {
    vocabSize,
    paddedVocab: Math.ceil(vocabSize / 64) * 64,
    layers: depth,
    width: C,
    heads,
    keyHeads: heads / 2,
    headSize,
    hidden: Math.ceil((C * 8) / 3 / 32) * 32,
    context: T,
    ropeBase: 10_000,
    eps: 1e-6,
  };
}

/** Optimizer groups, in arena order: matrices and the embedding decay, norms do not. */
export type ParameterGroup = 'matrix' | 'embedding' | 'norm';

export interface Parameter {
  /** Hugging Face's name. */
  readonly name: string;
  readonly shape: readonly [number, number] | readonly [number];
  readonly group: ParameterGroup;
  /** Standard deviation of the initial values; for norms the constant 1 is used. */
  readonly deviation: number;
}

/** Names within a layer, as they stand behind `model.layers.N.`. */
export const LAYER = {
  norm1: 'input_layernorm.weight',
  q: 'self_attn.q_proj.weight',
  k: 'self_attn.k_proj.weight',
  v: 'self_attn.v_proj.weight',
  qNorm: 'self_attn.q_norm.weight',
  kNorm: 'self_attn.k_norm.weight',
  o: 'self_attn.o_proj.weight',
  norm2: 'post_attention_layernorm.weight',
  gate: 'mlp.gate_proj.weight',
  up: 'mlp.up_proj.weight',
  down: 'mlp.down_proj.weight',
} as const;
export const EMBEDDING = 'model.embed_tokens.weight';
export const FINAL_NORM = 'model.norm.weight';
export const layerName = (layer: number, part: keyof typeof LAYER): string => `model.layers.${layer}.${LAYER[part]}`;

/** All parameters in arena order: matrices, embedding, norms. Projections back into the stream start at zero. */
export function parametersOf(config: ModelConfig): Parameter[] {
  const { layers, width: C, heads, keyHeads, headSize: HS, hidden: F, paddedVocab } = config;
  const matrices: Parameter[] = [];
  const norms: Parameter[] = [];
  const matrix = (name: string, out: number, inner: number, zero = false): void => {
    matrices.push({ name, shape: [out, inner], group: 'matrix', deviation: zero ? 0 : inner ** -0.5 });
  };
  const norm = (name: string, size: number): void => {
    norms.push({ name, shape: [size], group: 'norm', deviation: 0 });
  };
  for (let l = 0; l < layers; l++) {
    norm(layerName(l, 'norm1'), C);
    matrix(layerName(l, 'q'), heads * HS, C);
    matrix(layerName(l, 'k'), keyHeads * HS, C);
    matrix(layerName(l, 'v'), keyHeads * HS, C);
    norm(layerName(l, 'qNorm'), HS);
    norm(layerName(l, 'kNorm'), HS);
    matrix(layerName(l, 'o'), C, heads * HS, true);
    norm(layerName(l, 'norm2'), C);
    matrix(layerName(l, 'gate'), F, C);
    matrix(layerName(l, 'up'), F, C);
    matrix(layerName(l, 'down'), C, F, true);
  }
  norm(FINAL_NORM, C);
  return [...matrices, { name: EMBEDDING, shape: [paddedVocab, C], group: 'embedding', deviation: 0.02 }, ...norms];
}

export const sizeOf = ({ shape }: Parameter): number => (shape as readonly number[]).reduce((a, b) => a * b, 1);

/** Parameters that count: without the padding rows of the embedding. */
export function parameterCount(config: ModelConfig): number {
  const padding = (config.paddedVocab - config.vocabSize) * config.width;
  return parametersOf(config).reduce((sum, parameter) => sum + sizeOf(parameter), 0) - padding;
}
