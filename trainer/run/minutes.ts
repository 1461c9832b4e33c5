/** `vua train --minutes`: how many steps fit into so much time on the adapter at hand, by its own recipe on its own tokens. */
import { formatCount } from '../../crawlers/shell/reporter.ts';
import type { Work } from '../../crawlers/shell/work.ts';
import { describe, type Gpu } from '../gpu/device.ts';
import { newestState } from '../record/checkpoint.ts';
import { finalTokensOf, type TrainingOptions } from './options.ts';
import { ownKernels } from './own-kernels.ts';
import { type Pace, paceOf } from './pace.ts';
import { openPhases } from './phases.ts';
import { type Recipe, recipeOf } from './recipe.ts';

/** A held-out token costs a third of one that is trained on: the way back is twice the way there. */
const EVALUATED = 1 / 3;

/**
 * Steps that `seconds` are enough for, the evaluations between and behind them included; at least one.
 * `heldOut`: tokens that there are, which bounds both.
 */
export function stepsWithin(
  seconds: number,
  { step, tokens }: Pace,
  options: Pick<TrainingOptions, 'evaluateEvery' | 'evaluateTokens' | 'finalTokens'>,
  heldOut: number,
): number {
  const evaluated = (count: number): number => (EVALUATED * step * Math.min(count, heldOut)) / tokens;
  const time = (steps: number): number =>
    steps * step +
    (1 + Math.floor(steps / options.evaluateEvery)) * evaluated(options.evaluateTokens) +
    evaluated(finalTokensOf(options, steps * tokens));
  let [fits, beyond] = [1, Math.max(2, Math.ceil(seconds / step) + 1)];
  while (beyond - fits > 1) {
    const middle = Math.floor((fits + beyond) / 2);
    if (time(middle) <= seconds) fits = middle;
    else beyond = middle;
  }
  return fits;
}

/**
 * The steps of a run that is to take `minutes`, measured on some of its own rows, whose losses nobody sees; of a run that
 * is resumed those that it began with. Undefined when it was stopped meanwhile.
 * @throws ToolkitError as `runTraining`
 */
export async function stepsOfMinutes(
  minutes: number,
  options: TrainingOptions,
  gpu: Gpu,
  work: Work,
): Promise<number | undefined> {
  const begun = Number(newestState(options.out)?.options.steps);
  if (begun > 0) return begun;
  work.report.note(`measuring what a step takes on ${describe(gpu.facts)}`);
  const { all } = await openPhases(options);
  const [{ folders, options: own }] = all;
  const { vocabSize } = folders[0].manifest;
  const recipeWith = (kernels: Recipe['trainer']['kernels']): Recipe => recipeOf(own, vocabSize, gpu.facts, kernels);
  const recipe = recipeWith(await ownKernels(gpu.facts, recipeWith, options.noTune ?? false, work));
  const { layout, maskDocuments = false, seed } = options;
  const rows = { layout, maskDocuments, seed };
  const pace = await paceOf(gpu, recipe, folders[0].source('train'), rows, work.signal);
  if (pace === undefined) return undefined;
  const heldOut = folders.reduce((sum, { manifest }) => sum + heldOutTokens(manifest), 0);
  const steps = stepsWithin(60 * minutes, pace, options, heldOut);
  work.report.note(
    `${formatCount(steps)} steps are about ${minutes} min here: a step takes ${pace.step.toPrecision(2)} s, ${formatCount(pace.tokens / pace.step)} tokens/s`,
  );
  return steps;
}

const heldOutTokens = ({ shards }: { readonly shards: readonly { readonly split: string; readonly rows: number }[] }) =>
  shards.reduce((sum, { split, rows }) => sum + (split === 'train' ? 0 : rows), 0);
