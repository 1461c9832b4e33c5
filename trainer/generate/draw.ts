/** One draw from logits: temperature, then the top k, then the smallest set of the likeliest with p of the mass. */
export interface DrawOptions {
  /** 0: always the likeliest token. */
  readonly temperature: number;
  /** 0: all. */
  readonly topK?: number;
  /** 1: all (nucleus sampling, Holtzman et al. 2020). */
  readonly topP?: number;
}

/** Of equal logits the lower id counts as likelier, so that a draw depends on nothing but its arguments. */
export function draw(
  logits: Float32Array,
  { temperature, topK = 0, topP = 1 }: DrawOptions,
  random: () => number,
): number {
  if (temperature === 0) return likeliest(logits);
  const candidates = highest(logits, topK || logits.length);
  const weights = candidates.map((id) => Math.exp((logits[id] - logits[candidates[0]]) / temperature));
  const kept = topP < 1 ? massOf(weights, topP) : weights.length;
  let left = random() * weights.slice(0, kept).reduce((a, b) => a + b);
  for (let i = 0; i < kept; i++) {
    left -= weights[i];
    if (left < 0) return candidates[i];
  }
  return candidates[0];
}

function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id] > logits[best]) best = id;
  return best;
}

/** Ids of the `count` highest logits, highest first. */
function highest(logits: Float32Array, count: number): number[] {
  const least = count < logits.length ? logits.slice().sort()[logits.length - count] : Number.NEGATIVE_INFINITY;
  const ids: number[] = [];
  for (let id = 0; id < logits.length; id++) if (logits[id] >= least) ids.push(id);
  return ids.sort((a, b) => logits[b] - logits[a] || a - b).slice(0, count);
}

/** How many of the weights, largest first, make up `share` of their sum. */
function massOf(weights: readonly number[], share: number): number {
  let left = share * weights.reduce((a, b) => a + b);
  for (const [i, weight] of weights.entries()) {
    left -= weight;
    if (left <= 0) return i + 1;
  }
  return weights.length;
}
