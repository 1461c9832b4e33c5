/**
 * What a step costs in arithmetic: for planning and for the model FLOPs utilisation (MFU).
 *
 * A token costs 6 FLOPs for each weight of a matrix it passes (forward 2, backward 4; the head is one, the embedding
 * table is not) and 12·L·NH·HS·T for attention (Chowdhery et al. 2022, PaLM, appendix B: causal masking is not
 * discounted).
 */
import { cardOf } from '../gpu/cards.ts';
import { EMBEDDING, type ModelConfig, parametersOf, sizeOf, VALUE_EMBEDDING } from '../model/config.ts';

/** Tokens to train on, for each parameter (Hoffmann et al. 2022). */
export const TOKENS_PER_PARAMETER = 20;

/** Tables that are read by row: no product. */
const LOOKUPS = [EMBEDDING, VALUE_EMBEDDING];

export function flopsPerToken(config: ModelConfig): number {
  const { layers, heads, headSize, context, vocabSize, width } = config;
  const matrices = parametersOf(config)
    .filter(({ name, shape }) => shape.length === 2 && !LOOKUPS.includes(name) && !name.startsWith('lm_head'))
    .reduce((sum, parameter) => sum + sizeOf(parameter), 0);
  return 6 * (matrices + vocabSize * width) + 12 * layers * heads * headSize * context;
}

/**
 * MFU, the one definition for curves, `vua bench` and `vua plan --utilisation`: these FLOPs of the tokens of a second over
 * the peak of the card's data sheet. `undefined` where no peak is known.
 */
export function modelFlopsUtilisation(
  config: ModelConfig,
  adapterName: string,
  tokensPerSecond: number,
  precision: 'f32' | 'f16' = 'f32',
): number | undefined {
  const peak = cardOf(adapterName);
  return peak && (flopsPerToken(config) * tokensPerSecond) / (peak[precision] * 1e12);
}

/** For runs at equal FLOPs: attention as it is computed, causal, (T + 1)/2 positions on average instead of T. */
export function causalFlopsPerToken(config: ModelConfig): number {
  const { layers, heads, headSize, context } = config;
  return flopsPerToken(config) - 6 * layers * heads * headSize * (context - 1);
}
