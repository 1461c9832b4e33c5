/** What a training step takes on the adapter at hand, by the clock. */

import { seededRandom } from '../../shards/checksum.ts';
import { type TokenSource, tokensInMemory } from '../../shards/tokens/source.ts';
import { openGpu } from '../gpu/adapter.ts';
import type { AdapterChoice } from '../gpu/choice.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Storage } from '../gpu/kernel.ts';
import { type LoaderPlan, openLoader } from '../loader/loader.ts';
import { modelConfig } from '../model/config.ts';
import { Trainer } from '../model/trainer.ts';
import { flopsPerToken } from './flops.ts';
import type { Device } from './plan.ts';
import type { Recipe } from './recipe.ts';
import { OPTIMIZER } from './recipe-options.ts';
import type { Preset } from './sizes.ts';

/** Enough for a rate that holds: so long, or so many steps. */
const MEASURED_SECONDS = 3;
const MEASURED_STEPS = 32;

export interface Pace {
  /** Seconds. */
  readonly step: number;
  /** Of a step. */
  readonly tokens: number;
}

/** The clock of some steps at rate 0, without the first. Undefined when it was stopped meanwhile. */
export async function paceOf(
  gpu: Gpu,
  { config, trainer: made, accumulate }: Pick<Recipe, 'config' | 'trainer' | 'accumulate'>,
  tokens: TokenSource,
  plan: Pick<LoaderPlan, 'layout' | 'maskDocuments' | 'seed'>,
  signal: AbortSignal,
): Promise<Pace | undefined> {
  const size = { rows: made.rows, length: config.context, paddedVocab: config.paddedVocab };
  const loader = openLoader([tokens], { ...plan, ...size });
  const trainer = await Trainer.create(gpu, config, made);
  try {
    trainer.arena.initialise(config, plan.seed);
    let [begun, done] = [0, -1];
    do {
      for (let index = 0; index < accumulate; index++)
        trainer.microStep(await loader.next(), { index, count: accumulate }, 0);
      await trainer.figures(1);
      if (++done === 0) begun = performance.now();
    } while (!signal.aborted && done < MEASURED_STEPS && performance.now() - begun < 1000 * MEASURED_SECONDS);
    if (signal.aborted || done < 1) return undefined;
    return { step: (performance.now() - begun) / 1000 / done, tokens: accumulate * made.rows * config.context };
  } finally {
    trainer.release();
    loader.close();
  }
}

/** A CPU would take minutes for a step of any preset; its rate hardly depends on the size. */
const ON_CPU: Preset = { depth: 2, width: 128, context: 128, vocabSize: 2048 };

/**
 * This machine as a device of a plan, its rate that of training steps: of `preset` on a GPU, of a small model elsewhere.
 * Undefined when it was stopped meanwhile. @throws ToolkitError NO_ADAPTER, OUT_OF_MEMORY
 */
export async function thisMachine(
  { preset, rows, storage, adapter }: { preset: Preset; rows: number; storage: Storage; adapter: AdapterChoice },
  signal: AbortSignal,
): Promise<Device | undefined> {
  const gpu = await openGpu(adapter);
  try {
    const isGpu = gpu.facts.kind === 'gpu';
    const config = modelConfig(isGpu ? preset : ON_CPU);
    const trainer = { rows: isGpu ? rows : 4, storage: isGpu ? storage : 'f32', optimizer: OPTIMIZER } as const;
    const random = seededRandom(1);
    const { vocabSize, context } = config;
    const ids = Uint32Array.from({ length: 8 * rows * context + 1 }, () => Math.floor(random() * (vocabSize - 1)));
    const source = tokensInMemory([ids], { fingerprint: 'random', vocabSize, bosId: vocabSize - 1 });
    const plan = { layout: 'stream', maskDocuments: false, seed: 1 } as const;
    const pace = await paceOf(gpu, { config, trainer, accumulate: 1 }, source, plan, signal);
    if (!pace) return undefined;
    const peak = (flopsPerToken(config) * pace.tokens) / pace.step / 1e12;
    return { name: `this machine (${gpu.facts.name})`, count: 1, peak, isMeasured: true };
  } finally {
    gpu.destroy();
  }
}
