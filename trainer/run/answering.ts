/** A model that answers the questions of a score: a checkpoint of ours, or a folder of transformers, on an adapter. */
import type { Tokenizer } from '../../tokenizer/load.ts';
import { Sampler } from '../generate/sample.ts';
import type { Gpu } from '../gpu/device.ts';
import { Arena } from '../model/arena.ts';
import { type ModelConfig, parameterCount } from '../model/config.ts';
import { loadWeights, openWeights, type Weights } from '../record/weights.ts';
import { Scorer, type ScorerOptions } from '../score/scorer.ts';
import type { ModelFacts } from '../tasks/card.ts';
import type { Answering } from '../tasks/task.ts';

/** Tokens of a prompt that are read, at most: others' models say that they see far more. */
const MOST_CONTEXT = 2048;

export interface OpenModel extends Answering {
  readonly facts: ModelFacts;
  /** Positions computed so far. */
  readonly computed: number;
  release(): void;
}

/**
 * @param dir a checkpoint, a folder that holds them, a whole run's, or one of transformers
 * @throws ToolkitError those of openWeights, loadWeights, Tokenizer.load
 */
export async function openModel(
  gpu: Gpu,
  dir: string,
  { signal, ...options }: ScorerOptions & { readonly signal?: AbortSignal } = {},
): Promise<OpenModel> {
  const weights = openWeights(dir);
  const tokenizer = await weights.tokenizer();
  const config: ModelConfig = { ...weights.config, context: Math.min(weights.config.context, MOST_CONTEXT) };
  const arena = new Arena(gpu, config, { parts: ['params'] });
  loadWeights(weights, arena);
  const scorer = await Scorer.create(gpu, config, arena, options);
  let sampler: Sampler | undefined;
  return {
    ...{ tokenizer, context: config.context, facts: factsOf(dir, weights, tokenizer, config) },
    get computed() {
      return scorer.computed;
    },
    isStopped: () => signal?.aborted ?? false,
    likelihoods: (items) => scorer.score(items, signal),
    async write(prompt, most) {
      sampler ??= await Sampler.create(gpu, config, arena);
      const start = [tokenizer.bosId, ...tokenizer.encode(prompt)];
      const ids: number[] = [];
      const how = { count: most, temperature: 0, seed: 1, stopId: tokenizer.bosId };
      for await (const id of sampler.generate(start.slice(-(config.context - most)), how)) {
        ids.push(id);
        if (id === tokenizer.eosId || tokenizer.decode(ids).trimStart().includes('\n') || signal?.aborted) break;
      }
      return tokenizer
        .decode(ids.filter((id) => id !== tokenizer.eosId))
        .trim()
        .split('\n')[0];
    },
    release() {
      sampler?.release();
      scorer.release();
      arena.release();
    },
  };
}

function factsOf(dir: string, weights: Weights, tokenizer: Tokenizer, config: ModelConfig): ModelFacts {
  const step = weights.past.length > 0 ? weights.past.at(-1)!.steps : undefined;
  return {
    ...{ dir, fingerprint: weights.fingerprint, tokenizer: tokenizer.fingerprint },
    ...{ parameters: parameterCount(config), context: config.context, ...(step !== undefined && { step }) },
  };
}
