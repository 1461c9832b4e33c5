/**
 * The training loop as an async generator of steps: the CLI prints it, tests assert on it, a page charts it.
 * Figures stay on the GPU and are read every `readEvery` steps, then yielded one by one.
 */
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import type { LoaderState } from '../batch.ts';
import type { Loader } from '../loader/loader.ts';
import type { StepFigures, Trainer } from '../model/trainer.ts';
import { firstNotFinite } from '../record/anomaly.ts';
import { type Evaluation, evaluate } from '../score/bits-per-byte.ts';
import type { HeldOut } from '../score/held-out.ts';
import { MAX_SKIPS } from './recipe-options.ts';
import { constantUntil, learningRate, ratesAt, type Schedule } from './schedule.ts';

export interface TrainOptions {
  /** Stands behind `from`; the caller closes it. */
  readonly loader: Loader;
  /** What is evaluated while training: small enough to be read often (`drawHeldOut`, `inMemory`). */
  readonly heldOut: HeldOut;
  readonly maskDocuments?: boolean;
  readonly schedule: Schedule;
  /** Micro-batches of a step. */
  readonly accumulate?: number;
  /** Steps between held-out evaluations; the last step is always evaluated. */
  readonly evaluateEvery: number;
  /** Steps after which the caller may want to take a checkpoint, as behind the last one before the rate falls: they settle. */
  readonly checkpointEvery: number;
  /** The same after so many minutes; 0: by steps alone. */
  readonly checkpointMinutes?: number;
  /** Steps between reads of the ring, at most 64. */
  readonly readEvery: number;
  /** Steps in a row that may be skipped because their gradient is not finite. */
  readonly maxSkips?: number;
  /** Continue behind this step. */
  readonly from?: { readonly step: number };
  readonly signal?: AbortSignal;
}

export interface TrainStep extends StepFigures {
  /** Counts from 1. */
  readonly step: number;
  readonly learningRate: number;
  readonly tokensPerSecond: number;
  /** Milliseconds that the step waited for its batch. */
  readonly dataWaitMs: number;
  /** Loader state behind this step. */
  readonly loader: LoaderState;
  /** True when the GPU holds exactly this step's weights: a checkpoint may be taken. */
  readonly settled: boolean;
  /** By steps or minutes; settled ones alone. */
  readonly checkpointDue: boolean;
  readonly heldOut?: Evaluation;
  /** That it took. */
  readonly heldOutSeconds?: number;
}

/**
 * @throws ToolkitError NAN_LOSS naming the step; what the loader throws, when the steps before it were told. Ends early, after a settled step, when
 * `signal` is aborted.
 */
export async function* train(trainer: Trainer, options: TrainOptions): AsyncGenerator<TrainStep> {
  const { schedule, from, signal, loader, accumulate = 1, maskDocuments, maxSkips = MAX_SKIPS } = options;
  const { checkpointMinutes = 0 } = options;
  const pause = checkpointMinutes > 0 ? 60_000 * checkpointMinutes : Number.POSITIVE_INFINITY;
  let checkpointAt = performance.now() + pause;
  const { rows, config } = trainer;
  const readEvery = trainer.gpu.facts.kind === 'gpu' ? options.readEvery : 1;
  let waiting: Omit<TrainStep, keyof StepFigures | 'tokensPerSecond' | 'settled' | 'checkpointDue'>[] = [];
  let readAt = performance.now();
  for (let step = (from?.step ?? 0) + 1; step <= schedule.steps; step++) {
    const [rate, rates] = [learningRate(schedule, step), ratesAt(schedule, step)];
    let dataWaitMs = 0;
    let state: LoaderState | undefined;
    let fault: { readonly error: unknown } | undefined; // of what is read: the weights are those of the step before
    const keep = (error: unknown): void => {
      fault = { error };
    };
    for (let micro = 0; micro < accumulate; micro++) {
      const asked = performance.now();
      const batch = await loader.next().catch(keep);
      if (!batch) break;
      dataWaitMs += performance.now() - asked;
      trainer.microStep(batch, { index: micro, count: accumulate }, rate, rates);
      state = batch.state;
    }
    if (!fault) waiting.push({ step, learningRate: rate, dataWaitMs, loader: state! });
    else if (waiting.length === 0) throw fault.error;
    const evaluates = !fault && (step % options.evaluateEvery === 0 || step === schedule.steps);
    const isDue = step % options.checkpointEvery === 0 || step === constantUntil(schedule);
    const checkpointDue = isDue || performance.now() >= checkpointAt;
    if (checkpointDue) checkpointAt = performance.now() + pause;
    const settles = fault || evaluates || checkpointDue || signal?.aborted;
    if (waiting.length < readEvery && !settles) continue;
    const figures = await trainer.figures(waiting.length);
    const tokensPerSecond = (waiting.length * accumulate * rows * config.context * 1000) / (performance.now() - readAt);
    const asked = performance.now();
    const heldOut = evaluates
      ? await trainer.averaged(() => evaluate(trainer, options.heldOut, { maskDocuments, signal })).catch(keep)
      : undefined;
    const evaluated = heldOut && { heldOut, heldOutSeconds: (performance.now() - asked) / 1000 };
    for (const [i, figure] of figures.entries()) {
      const { loss, gradNorm, skipped } = figure;
      const updatedByNaN = skipped === 0 && !Number.isFinite(loss);
      if (updatedByNaN || skipped > maxSkips || (skipped === 1 && !(await isWhole(trainer, loss)))) {
        throw new ToolkitError({
          code: 'NAN_LOSS',
          message: `step ${waiting[i].step}: loss ${loss}, gradient norm ${gradNorm}, expected finite numbers${inARow(skipped)}`,
          hint: `--resume --rewind ${waiting[i].step - Math.max(0, skipped - 1)} (or an earlier step) goes back to the checkpoint before it and leaves its rows out, with another --learning-rate or --clip too`,
        });
      }
      const settled = i === figures.length - 1;
      yield {
        ...{ ...waiting[i], ...figure, tokensPerSecond, settled },
        ...{ checkpointDue: settled && checkpointDue, ...(settled && evaluated) },
      };
    }
    if (fault) throw fault.error;
    waiting = [];
    readAt = performance.now(); // what the caller did between the steps is not training
    if (signal?.aborted) return;
  }
}

const inARow = (skipped: number): string => (skipped > 1 ? `, in ${skipped} steps in a row` : '');

/** Whether a step that was skipped left weights that are numbers; a loss that is one says so. */
const isWhole = async ({ arena }: Trainer, loss: number): Promise<boolean> =>
  Number.isFinite(loss) || (await firstNotFinite(arena, ['params'])) === undefined;
