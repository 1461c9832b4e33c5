/**
 * A run in phases (`--phases`): one training whose tokens, mix, layout, context, batch or rate change at given steps, as the
 * last tenth on better text. Weights, moments and counters go on through all of them; steps are counted through:
 *
 *   phase 1  steps 1 … 800     rate constant
 *   phase 2  steps 801 … 1000  other tokens and context; the last phase's rate falls to the end
 *
 * The checkpoint at the end of a phase is where the next one begins. A checkpoint says of which phase it is, and holds a
 * checksum of what the phases before it were: a run resumes where they are the same, and those to come may change.
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import { checksumOf } from '../../shards/checksum.ts';
import type { TokenFolder } from '../../shards/tokens/source.ts';
import { openFolders } from '../loader/token-folders.ts';
import { newestState, openCheckpoint } from '../record/checkpoint.ts';
import { type Identity, identityOf } from './history.ts';
import type { Phase, TrainingOptions } from './options.ts';
import { type Origin, originOf } from './origin.ts';
import { modelOf } from './recipe.ts';

/** One phase as a run of its own; a run without phases is one. */
export interface PhaseRun {
  readonly options: TrainingOptions;
  readonly folders: readonly TokenFolder[];
  readonly identity: Identity;
  readonly origin?: Origin;
  /** Identity and last step of the phase before it. */
  readonly behind?: { readonly identity: Identity; readonly step: number };
  readonly isLast: boolean;
}

/** All phases, and how many of them are over as the checkpoints say. @throws ToolkitError of tokens, options and weights */
export async function openPhases(given: TrainingOptions): Promise<{ readonly all: PhaseRun[]; readonly over: number }> {
  const { phases = [], ...shared } = given;
  const origin = originOf(given);
  const all: PhaseRun[] = [];
  for (const [i, phase] of (phases.length > 0 ? phases : [undefined]).entries()) {
    const behind = all.at(-1);
    const isLast = i >= phases.length - 1;
    const model = origin?.config;
    const options = phase ? phaseOptions(shared, phase, behind?.options, isLast) : withWarmup(shared);
    const folders = await openFolders(options.tokens);
    const { vocabSize, tokenizer } = folders[0].manifest;
    const first = all[0]?.folders[0] ?? folders[0];
    if (tokenizer !== first.manifest.tokenizer) {
      throw badInput(
        'OTHER_TOKENIZER',
        `${folders[0].where}: phase ${i + 1} has other ids than ${first.where}`,
        'make the tokens of all phases with one tokenizer: `vua tokens --tokenizer DIR`',
      );
    }
    const own = identityOf(options, modelOf({ ...options, model }, vocabSize), folders, origin);
    const identity = behind ? { ...own, phase: i + 1, phasesBefore: pastOf(behind.identity) } : own;
    all.push({
      ...{ options: { ...options, model }, folders, identity, origin, isLast },
      ...(behind && { behind: { identity: behind.identity, step: behind.options.steps } }),
    });
  }
  return { all, over: all.length > 1 ? Math.min(all.length, reached(given)) - 1 : 0 };
}

/** A run that is made longer keeps the warm-up that it had, where none is said. */
function withWarmup(options: TrainingOptions): TrainingOptions {
  if (options.start !== 'resume' || options.warmup) return options;
  return { ...options, warmup: Number(newestState(options.out)?.options.warmupSteps) || 0 };
}

const pastOf = (identity: Identity): string => checksumOf(new TextEncoder().encode(JSON.stringify(identity)));

/** What a phase does not say is the run's. The rate is constant but in the last phase, and warms up in the first alone. */
function phaseOptions(
  run: TrainingOptions,
  { steps, ...phase }: Phase,
  before: TrainingOptions | undefined,
  isLast: boolean,
): TrainingOptions {
  const begin = before?.steps ?? 0;
  const said = Object.fromEntries(Object.entries(phase).filter(([, value]) => value !== undefined));
  const weights = phase.tokens && !phase.weights ? [] : run.weights;
  const decayShare = isLast ? run.decayShare : 0;
  const momentumCooldown = isLast ? run.momentumCooldown : 0;
  return { ...run, weights, decayShare, momentumCooldown, ...said, begin, steps: begin + steps };
}

/** The phase of the checkpoint that is gone on from; 1 where there is none. */
function reached({ out, start, rewind }: TrainingOptions): number {
  if (start === 'new') return 1;
  try {
    const { state } = openCheckpoint(out, rewind ? { before: rewind } : {});
    return Number(state.options.phase ?? 1);
  } catch {
    return 1; // whoever opens it says so
  }
}
