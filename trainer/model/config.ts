/**
 * The model as a table of shapes. By default what Hugging Face transformers loads as Qwen3ForCausalLM (RMSNorm,
 * grouped-query attention with QK-norm, RoPE rotating halves, SwiGLU, tied head), or as LlamaForCausalLM (no QK-norm).
 * Tensor names and [out, in] layouts are theirs. Four experimental switches go further; export refuses them.
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import { HEAD_SIZES } from '../kernels/head-sizes.ts';

export const ARCHITECTURES = ['qwen3', 'llama'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];
export const ACTIVATIONS = ['swiglu', 'relu2'] as const;
export type Activation = (typeof ACTIVATIONS)[number];
/** Of the matrices; everything else is AdamW's. */
export const MATRIX_OPTIMIZERS = ['muon', 'adamw'] as const;
export type MatrixOptimizer = (typeof MATRIX_OPTIMIZERS)[number];
/** Muon's momentum where nothing is said. */
export const MOMENTUM = 0.95;

export interface ModelConfig {
  readonly architecture: Architecture;
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
  /** The head is the embedding; else `lm_head.weight`. */
  readonly tied: boolean;
  // Experimental switches.
  readonly activation: Activation;
  /** Logits become cap · tanh(logits / cap); 0: off. */
  readonly softcap: number;
  /** A second embedding is added to the values of every other layer, the last included. */
  readonly valueEmbeddings: boolean;
  /** A layer starts from a learnt mix of the stream and the embedded tokens. */
  readonly residualScalars: boolean;
}

/** What a checkpoint written before these fields existed was trained with. */
export const MODEL_DEFAULTS = {
  architecture: 'qwen3',
  tied: true,
  activation: 'swiglu',
  softcap: 0,
  valueEmbeddings: false,
  residualScalars: false,
} as const;

export interface ModelOptions extends Partial<Omit<ModelConfig, 'width' | 'context' | 'vocabSize'>> {
  readonly vocabSize: number;
  readonly depth: number;
  /** 0: follows from depth. */
  readonly width?: number;
  /** 0: follows from depth. */
  readonly context?: number;
}

/**
 * One dial: depth gives layers, width 64·depth, heads, MLP width and context. Width and context can be set apart.
 * @throws ToolkitError BAD_OPTION (exit 2) when the width is no multiple of 32, or the context none of 4
 */
export function modelConfig({ vocabSize, depth, width = 0, context = 0, ...given }: ModelOptions): ModelConfig {
  const C = width || 64 * depth;
  if (C % 32 !== 0) throw badInput('BAD_OPTION', `--width ${C}: expected a multiple of 32`);
  const T = context || Math.min(1024, 64 * 2 ** Math.floor(Math.log2(Math.max(1, depth))));
  if (T % 4 !== 0) throw badInput('BAD_OPTION', `--context ${T}: expected a multiple of 4`);
  const headSize = HEAD_SIZES.findLast((size) => size <= 64 && C % (2 * size) === 0 && C >= 4 * size) ?? HEAD_SIZES[0];
  const heads = C / headSize;
  const activation = given.activation ?? MODEL_DEFAULTS.activation;
  return {
    ...MODEL_DEFAULTS,
    vocabSize,
    paddedVocab: Math.ceil(vocabSize / 64) * 64,
    layers: depth,
    width: C,
    heads,
    keyHeads: heads / 2,
    headSize,
    hidden: activation === 'relu2' ? 4 * C : Math.ceil((C * 8) / 3 / 32) * 32,
    context: T,
    ropeBase: 10_000,
    eps: 1e-6,
    ...given,
  };
}

/** Known sizes, by all their parameters with a vocabulary of this size; a tokenizer's own size counts where there is one. */
export const PRESETS = {
  '1M': { depth: 4, width: 128, context: 256, vocabSize: 4096 },
  '10M': { depth: 8, width: 256, context: 512, vocabSize: 16_384 },
  '30M': { depth: 8, width: 512, context: 1024, vocabSize: 16_384 },
  '124M': { depth: 12, width: 768, context: 1024, vocabSize: 50_304 },
  '350M': { depth: 24, width: 1024, context: 1024, vocabSize: 32_768 },
} as const;
export type PresetName = keyof typeof PRESETS;

/** Optimizer groups, in arena order. Matrices may be Muon's; norms and scalars do not decay. */
export const PARAMETER_GROUPS = ['matrix', 'embedding', 'head', 'norm', 'scalar'] as const;
export type ParameterGroup = (typeof PARAMETER_GROUPS)[number];

export interface Parameter {
  /** Hugging Face's name; of the experimental parts our own. */
  readonly name: string;
  readonly shape: readonly [number, number] | readonly [number];
  readonly group: ParameterGroup;
  /** Standard deviation of the initial values around `mean`. */
  readonly deviation: number;
  readonly mean: number | readonly number[];
}

/** Names within a layer, as they stand behind `model.layers.N.`. */
const LAYER = {
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
  mix: 'residual_mix',
} as const;
export type LayerPart = keyof typeof LAYER;
export const EMBEDDING = 'model.embed_tokens.weight';
export const VALUE_EMBEDDING = 'model.value_embeddings.weight';
export const FINAL_NORM = 'model.norm.weight';
export const HEAD = 'lm_head.weight';
export const layerName = (layer: number, part: LayerPart): string => `model.layers.${layer}.${LAYER[part]}`;

export const usesValueEmbedding = (config: ModelConfig, layer: number): boolean =>
  config.valueEmbeddings && (config.layers - 1 - layer) % 2 === 0;
export const hasQkNorm = ({ architecture }: ModelConfig): boolean => architecture === 'qwen3';
/** The parameter that turns the last stream into logits. */
export const headName = ({ tied }: ModelConfig): string => (tied ? EMBEDDING : HEAD);

/**
 * All parameters in arena order: by group, q, k, v and gate, up of a layer side by side, so that each is one matmul.
 * Projections back into the stream and an untied head start at zero.
 */
export function parametersOf(config: ModelConfig): Parameter[] {
  const { layers, width: C, heads, keyHeads, headSize: HS, hidden: F, paddedVocab } = config;
  const all: Parameter[] = [];
  const matrix = (name: string, out: number, inner: number, zero = false): void => {
    all.push({ name, shape: [out, inner], group: 'matrix', deviation: zero ? 0 : inner ** -0.5, mean: 0 });
  };
  const norm = (name: string, size: number): void => {
    all.push({ name, shape: [size], group: 'norm', deviation: 0, mean: 1 });
  };
  const table = (name: string, width: number, group: 'embedding' | 'head', deviation: number): void => {
    all.push({ name, shape: [paddedVocab, width], group, deviation, mean: 0 });
  };
  for (let l = 0; l < layers; l++) {
    norm(layerName(l, 'norm1'), C);
    matrix(layerName(l, 'q'), heads * HS, C);
    matrix(layerName(l, 'k'), keyHeads * HS, C);
    matrix(layerName(l, 'v'), keyHeads * HS, C);
    if (hasQkNorm(config)) {
      norm(layerName(l, 'qNorm'), HS);
      norm(layerName(l, 'kNorm'), HS);
    }
    matrix(layerName(l, 'o'), C, heads * HS, true);
    norm(layerName(l, 'norm2'), C);
    if (config.activation === 'swiglu') matrix(layerName(l, 'gate'), F, C);
    matrix(layerName(l, 'up'), F, C);
    matrix(layerName(l, 'down'), C, F, true);
    // The stream as it is, a little of the first one: [stream, embedded, 0, 0].
    if (config.residualScalars) {
      all.push({ name: layerName(l, 'mix'), shape: [4], group: 'scalar', deviation: 0, mean: [1, 0, 0, 0] });
    }
  }
  norm(FINAL_NORM, C);
  table(EMBEDDING, C, 'embedding', 0.02);
  if (config.valueEmbeddings) table(VALUE_EMBEDDING, keyHeads * HS, 'embedding', 0);
  if (!config.tied) table(HEAD, C, 'head', 0);
  return PARAMETER_GROUPS.flatMap((group) => all.filter((parameter) => parameter.group === group));
}

export const sizeOf = ({ shape }: Pick<Parameter, 'shape'>): number =>
  (shape as readonly number[]).reduce((a, b) => a * b, 1);

/** A parameter's shape as it is stored: tables without the rows that pad the vocabulary. */
export const storedShape = ({ shape, group }: Parameter, { vocabSize }: ModelConfig): readonly number[] =>
  group === 'embedding' || group === 'head' ? [vocabSize, shape[1]!] : shape;

/** Parameters that count: without the padding of the vocabulary. */
export const parameterCount = (config: ModelConfig): number =>
  parametersOf(config).reduce((sum, parameter) => sum + storedShape(parameter, config).reduce((a, b) => a * b, 1), 0);

/** Parts of a model that no other program knows: export refuses each when it is not at its default. */
const EXPERIMENTAL = ['activation', 'softcap', 'valueEmbeddings', 'residualScalars'] as const;

export const isExperimental = (config: ModelConfig): boolean => experimentalSwitch(config) !== undefined;

export function experimentalSwitch(config: ModelConfig): [name: string, found: unknown, expected: unknown] | undefined {
  const name = EXPERIMENTAL.find((option) => config[option] !== MODEL_DEFAULTS[option]);
  return name && [name, config[name], MODEL_DEFAULTS[name]];
}
