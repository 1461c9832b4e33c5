/** Sizes by name, those of others too: what a plan is of. Loaded at every start: no kernels here. */
import type { ModelConfig } from '../model/config.ts';

export interface Preset extends Partial<Omit<ModelConfig, 'width' | 'context' | 'vocabSize'>> {
  readonly depth: number;
  readonly width: number;
  readonly context: number;
  /** Of the tokenizer, when no token folder says otherwise. */
  readonly vocabSize: number;
}

const LARGE = { context: 4096, vocabSize: 65_536, headSize: 128, ropeBase: 500_000 } as const;
/** Sizes that are trained elsewhere, on many GPUs (trainer/ENGINES.md): planned here, shaped as Qwen3. */
export const ELSEWHERE = {
  '1B': { ...LARGE, depth: 18, width: 2048, hidden: 5472, heads: 16, keyHeads: 8, tied: true },
  '3B': { ...LARGE, depth: 28, width: 3072, hidden: 8192, heads: 24, keyHeads: 8, tied: true },
  '7B': { ...LARGE, depth: 32, width: 4096, hidden: 12_288, heads: 32, keyHeads: 8, tied: false },
  '13B': { ...LARGE, depth: 40, width: 5120, hidden: 16_384, heads: 40, keyHeads: 8, tied: false },
} as const satisfies Readonly<Record<string, Preset>>;
