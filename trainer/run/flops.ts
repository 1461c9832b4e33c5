/**
 * What a step costs in arithmetic, and what devices can do at best: for planning and for the model FLOPs utilisation.
 *
 * A token costs 6 FLOPs for each weight of a matrix it passes (forward 2, backward 4; the head is one, the embedding
 * table is not) and 12·L·NH·HS·T for attention (Chowdhery et al. 2022, PaLM, appendix B: causal masking is not
 * discounted).
 */
import { EMBEDDING, type ModelConfig, parametersOf, sizeOf } from '../model/config.ts';

/** Tokens to train on, for each parameter (Hoffmann et al. 2022). */
export const TOKENS_PER_PARAMETER = 20;

export function flopsPerToken(config: ModelConfig): number {
  const { layers, heads, headSize, context, vocabSize, width } = config;
  const matrices = parametersOf(config)
    .filter(({ name, shape }) => shape.length === 2 && name !== EMBEDDING && !name.startsWith('lm_head'))
    .reduce((sum, parameter) => sum + sizeOf(parameter), 0);
  return 6 * (matrices + vocabSize * width) + 12 * layers * heads * headSize * context;
}

export interface DevicePeak {
  /** As an adapter's name has it. */
  readonly match: RegExp;
  readonly name: string;
  /** TFLOP/s, dense: plain f32, and f16 products with f32 sums on matrix units. */
  readonly f32: number;
  readonly f16: number;
  readonly memoryGb: number;
}

/** From the vendors' data sheets (NVIDIA: without sparsity, boost clock). The first match counts. */
export const PEAKS: readonly DevicePeak[] = [
  { match: /\bH200\b/i, name: 'h200', f32: 67, f16: 989, memoryGb: 141 },
  { match: /\bH100 PCIe\b/i, name: 'h100-pcie', f32: 51, f16: 756, memoryGb: 80 },
  { match: /\bH100\b/i, name: 'h100', f32: 67, f16: 989, memoryGb: 80 },
  { match: /\bA100.*40GB\b/i, name: 'a100-40gb', f32: 19.5, f16: 312, memoryGb: 40 },
  { match: /\bA100\b/i, name: 'a100', f32: 19.5, f16: 312, memoryGb: 80 },
  { match: /\bL40S\b/i, name: 'l40s', f32: 91.6, f16: 362, memoryGb: 48 },
  { match: /\bL4\b/i, name: 'l4', f32: 30.3, f16: 121, memoryGb: 24 },
  { match: /\bA10\b/i, name: 'a10', f32: 31.2, f16: 125, memoryGb: 24 },
  { match: /\bT4\b/i, name: 't4', f32: 8.1, f16: 65, memoryGb: 16 },
  { match: /\bV100\b/i, name: 'v100', f32: 15.7, f16: 125, memoryGb: 32 },
  { match: /RTX 4090\b/i, name: 'rtx4090', f32: 82.6, f16: 165, memoryGb: 24 },
  { match: /RTX 3090\b/i, name: 'rtx3090', f32: 35.6, f16: 71, memoryGb: 24 },
];

/** Share of the adapter's peak that training at this speed uses; `undefined` where no peak is known. */
export function modelFlopsUtilisation(
  config: ModelConfig,
  adapterName: string,
  tokensPerSecond: number,
  precision: 'f32' | 'f16' = 'f32',
): number | undefined {
  const peak = PEAKS.find(({ match }) => match.test(adapterName));
  return peak && (flopsPerToken(config) * tokensPerSecond) / (peak[precision] * 1e12);
}
