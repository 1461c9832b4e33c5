/**
 * A training run on disk: opens tokens and adapter, resumes or starts, and records what `loop.ts` tells in the folder:
 * curve, checkpoints, samples, evaluation. `vua train` and the nightly line call it.
 */
import { join } from 'node:path';
import { extended, ToolkitError } from '../../crawlers/shell/errors.ts';
import { appendToFile } from '../../crawlers/shell/folder.ts';
import { holding } from '../../crawlers/shell/lock.ts';
import {
  formatBytes,
  formatCount,
  formatSeconds,
  type Progress,
  type Reporter,
} from '../../crawlers/shell/reporter.ts';
import { type Outcome, unattended, type Work } from '../../crawlers/shell/work.ts';
import { fetchTokenizer, isUrl, type TokenFolder } from '../../shards/tokens/source.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { transportAt } from '../elastic/transport.ts';
import { openGpu } from '../gpu/adapter.ts';
import { describe } from '../gpu/device.ts';
import type { KernelChoice } from '../kernels/choice.ts';
import { startLoaderThread } from '../loader/loader-thread.ts';
import { openRing } from '../loader/ring.ts';
import { parameterCount } from '../model/config.ts';
import {
  CHECKPOINT_FORMAT,
  CHECKPOINT_VERSION,
  type Checkpoint,
  type CheckpointState,
  checkRoom,
  loadCheckpoint,
  newestState,
  saveCheckpoint,
  stepOf,
  type TokenizerFiles,
  tokenizerFilesIn,
} from '../record/checkpoint.ts';
import { type CurveHead, openCurve, readCurve } from '../record/curve.ts';
import { heldOutOf, textFacts } from '../score/held-out.ts';
import { heldOutInTrain, leaksIn, leakText } from '../score/leaks.ts';
import { OUTER_FILE, seekable, sharedRows, together } from './elastic.ts';
import { evaluateBest } from './evaluate-model.ts';
import {
  beganOf,
  type ClosingEvaluation,
  finishedSummary,
  forgetEvaluation,
  heldOutFigures,
  lowestOf,
  previousOf,
  readCounts,
  resumedKernels,
  resumedOptions,
  writeCounts,
  writeEvaluation,
} from './history.ts';
import { type Closing, type OpenRun, openRun, trainingLoop } from './loop.ts';
import type { TrainingOptions, TrainingSummary } from './options.ts';
import { fillFrom, type Origin } from './origin.ts';
import { ownKernels } from './own-kernels.ts';
import { openPhases, type PhaseRun } from './phases.ts';
import { type Recipe, recipeOf } from './recipe.ts';
import { constantUntil } from './schedule.ts';
import type { TrainStep } from './train.ts';

/** Of a sample while training, drawn as `vua sample` does by default. */
const SAMPLE = { count: 48, temperature: 0.8, topK: 40, topP: 1, seed: 1 };

/**
 * Trains `options.steps` steps into `options.out`. Interrupted, it keeps a checkpoint, and the same call with `resume`
 * goes on to the bit.
 * @throws ToolkitError for bad tokens, options or checkpoints, a lost device, or a loss that is not finite
 */
export async function runTraining(options: TrainingOptions, work = unattended()): Promise<Outcome<TrainingSummary>> {
  for (let [left, start] = [options.retries ?? 0, options.start]; ; left--, start = 'resume') {
    try {
      const tokens = [options.tokens, ...(options.phases ?? []).map((phase) => phase.tokens ?? [])].flat();
      return await holding(options.out, [...new Set(tokens)], () => runPhases({ ...options, start }, work));
    } catch (error) {
      if (left === 0 || !(error instanceof ToolkitError) || error.code !== 'DEVICE_LOST') throw error;
      work.report.note(`${error.message}; going on from the last checkpoint (--retries, ${left - 1} left)`);
    }
  }
}

/** What a run continues, and what its checkpoints say beside their weights. */
interface Past {
  readonly previous?: Checkpoint;
  /** Folders that the first checkpoint replaces. */
  readonly stale: string[];
  readonly rewoundFrom?: number;
  /** As it was when the run began: its folder may be written anew meanwhile. */
  readonly tokenizer: TokenizerFiles;
  readonly kept: Pick<CheckpointState, 'options' | 'adapter' | 'extra'>;
  /** Weights that it began with. */
  readonly origin?: Origin;
  /** No phase comes after this. */
  readonly isLast: boolean;
}

/** One phase after the other, from the one in which the checkpoints stand; the summary of the last. */
async function runPhases(options: TrainingOptions, work: Work): Promise<Outcome<TrainingSummary>> {
  const { all, over } = await openPhases(options);
  const folders = [...new Map(all.flatMap((phase) => phase.folders).map((folder) => [folder.where, folder])).values()];
  const isNew = newestState(options.out) === undefined;
  // Several were compared when the run began, and it goes on with the same tokens alone.
  const leaks = isNew || folders.length === 1 ? await leaksIn(folders) : [];
  if (leaks.length > 0 && isNew && folders.length > 1) throw heldOutInTrain(leaks);
  for (const leak of leaks) work.report.note(`figures are too good: ${leakText(leak)}`);
  let trained = 0;
  for (const [i, phase] of all.entries()) {
    if (i < over) continue;
    const start = i === over ? options.start : 'resume';
    if (all.length > 1) work.report.note(phaseNote(phase, i + 1, all.length));
    const done = await runLocked({ ...phase, options: { ...phase.options, start } }, work);
    trained += done.report.trainedSteps;
    if (!phase.isLast && done.outcome !== 'interrupted') continue;
    return { ...done, report: { ...done.report, trainedSteps: trained } };
  }
  throw new Error('a run has a last phase');
}

const phaseNote = ({ options: { begin = 0, steps, tokens } }: PhaseRun, number: number, of: number): string =>
  `phase ${number} of ${of}: steps ${begin + 1} to ${steps} on ${tokens.join(', ')}`;

const fellText = (fell: number, step: number, later: number): string =>
  `the rate had begun to fall behind step ${fell}: a longer run goes on from step ${step}; its first checkpoint replaces the ${later} behind that`;

async function runLocked(phase: PhaseRun, work: Work): Promise<Outcome<TrainingSummary>> {
  const { report } = work;
  const { options, folders, identity, origin, behind, isLast } = phase;
  const { samplePrompts: prompts = [] } = options;
  const { vocabSize } = folders[0].manifest;
  const { previous, stale, why, rewoundFrom, loader, begins, fellBehind } = previousOf(options, identity, behind);
  const finished = isLast && previous && !rewoundFrom && finishedSummary(options.out, previous, options.steps);
  if (finished) return { outcome: 'nothing_new', report: finished };
  if (!isLast && previous && !rewoundFrom && previous.state.step >= options.steps) return OVER;
  if (why !== undefined) report.note(`${why}: it begins anew`);
  if (fellBehind !== undefined) report.note(fellText(fellBehind, previous!.state.step, stale.length));
  const heldOut = await heldOutOf(folders);
  const tokenizer = await tokenizerOf(folders[0]);
  const gpu = options.gpu ?? (await openGpu(options.adapter));
  try {
    const adapter = describe(gpu.facts);
    report.note(`adapter: ${adapter}`);
    const recipeWith = (kernels: KernelChoice, rows?: number): Recipe =>
      recipeOf(
        { ...options, ...resumedOptions(begins ? undefined : previous, options), ...(rows && { microBatch: rows }) },
        vocabSize,
        gpu.facts,
        kernels,
      );
    const resumed = resumedKernels(previous, gpu.facts);
    const chosen = resumed ?? (await ownKernels(gpu.facts, recipeWith, options.noTune ?? false, work));
    const whole = recipeWith(chosen);
    const transport = options.join === undefined ? undefined : transportAt(options.join);
    const recipe = transport && !previous && !options.microBatch ? recipeWith(chosen, sharedRows(whole)) : whole;
    report.note(recipeText(recipe));
    const opened = await openRun(gpu, {
      ...{ folders, heldOut, counts: readCounts(options.out), recipe, options, state: loader },
      startLoader: (all, plan) => (transport ? seekable(all, plan) : openRing(all, plan, startLoaderThread)),
      sampling:
        prompts.length > 0 ? { ...SAMPLE, prompts, tokenizer: parseFiles(tokenizer, folders[0].where) } : undefined,
    });
    const run = transport
      ? { ...opened, together: together(opened, { transport, options, identity, previous, report }) }
      : opened;
    try {
      const { rows, storage, kernels } = run.trainer;
      // A resume to the bit needs the same sums in the same order.
      const extra = { storage, rows, batch: rows * recipe.accumulate, kernels, ...(origin && { origin }) };
      const kept = { options: identity, adapter, extra };
      return await record(run, options, { previous, stale, rewoundFrom, tokenizer, kept, origin, isLast }, work);
    } finally {
      await run.release();
    }
  } finally {
    if (gpu !== options.gpu) gpu.destroy();
  }
}

/** Fills the weights, trains, and leaves in the folder what a run leaves. */
async function record(
  run: OpenRun,
  options: TrainingOptions,
  past: Past,
  { signal, report }: Work,
): Promise<Outcome<TrainingSummary>> {
  const { out } = options;
  const { previous } = past;
  const { adapter } = past.kept;
  const from = previous?.state.step ?? 0;
  let curve: ReturnType<typeof openCurve> | undefined;
  let progress: Progress | undefined;
  let last: TrainStep | undefined;
  let [checkpoint, speed, loss] = [previous?.dir ?? '', 0, Number.NaN];
  let heldOut = previous?.state.heldOutBitsPerByte ?? Number.NaN;
  const heldOutFigure = () => heldOut > 0 && { 'bits/byte': heldOut.toFixed(3) };
  let evaluation: ClosingEvaluation | undefined;
  let evaluates = false;
  await begin(run, options, past, report);
  for (const note of orderNotes(run)) report.note(note);
  checkRoom(out, run.trainer.arena, options, Math.ceil((options.steps - from) / options.checkpointEvery));
  const afterLoss = (error: unknown): never => {
    const [step, kept] = [last?.step ?? from, checkpoint === '' ? 0 : stepOf(checkpoint)];
    if (!(error instanceof ToolkitError) || step === kept) throw error;
    throw extended(error, `; steps ${kept + 1} to ${step} are lost, ${checkpoint || 'no checkpoint'} stays`);
  };
  const onTokens = (done: number): void => progress!.update(done);
  const lowest = lowestOf(out, from);
  /** The checkpoint that is being written. */
  let writing: Promise<string> | undefined;
  const settled = async (): Promise<void> => {
    const written = writing;
    writing = undefined;
    if (written) checkpoint = await written.catch(afterLoss);
  };
  try {
    for await (const event of trainingLoop(run, { adapter, from, lowest, signal, closes: past.isLast, onTokens })) {
      switch (event.event) {
        case 'head':
          if (from === 0 && Number.isNaN(event.head.untrainedBitsPerByte)) return beforeFirstStep(event.head);
          forgetEvaluation(out);
          if (run.counts?.tokens !== event.counts.tokens) writeCounts(out, event.counts);
          curve = openCurve(out, from, event.head);
          report.note(heldOutNote(event.head, event.closing));
          progress = report.stage('train', 'steps', options.steps, from);
          break;
        case 'step': {
          last = event.step;
          if (Number.isFinite(last.loss)) loss = last.loss;
          speed = speed === 0 ? last.tokensPerSecond : 0.9 * speed + 0.1 * last.tokensPerSecond;
          heldOut = event.point.heldOutBitsPerByte ?? heldOut;
          try {
            curve!.append(last.step === from + 1 ? { ...event.point, rewoundFrom: past.rewoundFrom } : event.point);
          } catch (error) {
            afterLoss(error);
          }
          if (event.anomaly) report.note(event.anomaly);
          const figures = { loss: loss.toFixed(3), 'tokens/s': Math.round(speed) };
          progress!.update(last.step, { ...figures, ...heldOutFigure() });
          break;
        }
        case 'samples': {
          const { step, samples } = event;
          appendToFile(join(out, 'samples.jsonl'), `${JSON.stringify({ step, samples })}\n`);
          break;
        }
        case 'checkpoint':
          await settled();
          writing = (await save(run, event.step, options, past).catch(afterLoss)).written;
          writing.catch(() => {}); // told when the next one is due
          if (!writesBehind(run, options)) await settled();
          break;
        case 'trained':
          await settled();
          progress!.finish({ loss: last ? loss.toFixed(3) : '-', ...heldOutFigure() });
          break;
        case 'evaluating':
          report.note(`closing evaluation: ${closingText(event.closing)}`);
          progress = report.stage('evaluate', 'tokens', event.closing.tokens);
          evaluates = true;
          break;
        case 'evaluated': {
          const { figures } = event;
          if (evaluates) progress!.finish(figures && { 'bits/byte': figures.bitsPerByte.toFixed(4) });
          if (!figures) break;
          const best = await evaluateBest(run.trainer, options, options.steps, event.text, signal);
          evaluation = { step: options.steps, ...figures, best };
          writeEvaluation(out, evaluation);
        }
      }
    }
  } finally {
    await writing?.catch(() => {}); // its buffers are read until then
  }
  const step = last?.step ?? from;
  const { sequence } = run.loader;
  const figures = heldOutFigures(readCurve(out), evaluation, step);
  const newest = newestState(out);
  return {
    outcome:
      step < options.steps || (past.isLast && !evaluation) ? 'interrupted' : step > from ? 'written' : 'nothing_new',
    report: {
      ...{ step, trainedSteps: step - from, checkpoint, adapter, parameters: curve!.head.parameters },
      ...{ heldOut: figures, heldOutBitsPerByte: figures?.bitsPerByte ?? Number.NaN, tokensPerSecond: speed },
      shares: last ? sequence.shares(sequence.numberAt(last.loader)) : [],
      began: newest && beganOf(newest),
    },
  };
}

/** Weights of the checkpoint that is continued, those that it goes on from, or new ones. */
async function begin(
  { trainer, recipe, folders }: OpenRun,
  { out, start, seed }: TrainingOptions,
  { previous, rewoundFrom, origin }: Past,
  report: Reporter,
): Promise<void> {
  if (!previous) {
    const why = rewoundFrom ? `no checkpoint before step ${rewoundFrom}, going back to the start` : 'no checkpoint yet';
    if (start === 'resume') report.note(`${out}: ${why}: step 1`);
    if (!origin) return trainer.arena.initialise(recipe.config, seed);
    return fillFrom(origin, trainer.arena, folders[0], report);
  }
  loadCheckpoint(previous, trainer.arena);
  trainer.writeState(previous.state.optimizer);
  for (const { reason } of previous.damaged) report.note(`damaged, passed over: ${reason}`);
  report.note(`resuming ${previous.dir} behind step ${previous.state.step}`);
  if (rewoundFrom) report.note(`gone back: the rows of the steps up to ${rewoundFrom} are left out`);
}

/** Times that a folder's rows may be seen without a word: beyond, a token is worth less and less (Muennighoff et al. 2023). */
const REPEATED = 4;

/** What the order of rows leaves out, or gives too often. */
function orderNotes({ loader: { sequence }, recipe }: OpenRun): string[] {
  const { config, schedule, accumulate, trainer } = recipe;
  const { batches, tokens } = sequence.short;
  const short = `${formatCount(tokens)} tokens in ${batches} record batches shorter than --context ${config.context} are not trained on`;
  const repeated = sequence
    .shares((schedule.steps - (schedule.begin ?? 0)) * accumulate * trainer.rows)
    .filter(({ epochs }) => epochs > REPEATED)
    .map(
      ({ where, epochs }) =>
        `${where}: its rows are seen ${epochs.toFixed(1)} times, more than ${REPEATED}: give more text, fewer --steps or another share (--weights)`,
    );
  return [...(batches > 0 ? [short] : []), ...repeated];
}

const NOTHING: TrainingSummary = {
  ...{ step: 0, trainedSteps: 0, checkpoint: '', heldOutBitsPerByte: Number.NaN },
  ...{ adapter: '', parameters: 0, shares: [], tokensPerSecond: 0 },
};
/** A phase that an earlier call trained to its end. */
const OVER: Outcome<TrainingSummary> = { outcome: 'nothing_new', report: NOTHING };

/** Stopped before anything was trained: nothing is written, the next call begins anew. */
const beforeFirstStep = ({ adapter, parameters }: CurveHead): Outcome<TrainingSummary> => ({
  ...{ outcome: 'interrupted', report: { ...NOTHING, adapter, parameters } },
});

/** Before the first step: what figures will be of, and how long the last ones take. */
const heldOutNote = ({ heldOut }: CurveHead, closing: Closing): string => {
  const few = heldOut!.half ? '' : '; too few documents to be parted: --best is chosen by what is published';
  return closing.seconds === 0
    ? `held out: ${textFacts(heldOut!)}, while training and at the end${few}`
    : `held out, while training: ${textFacts(heldOut!)}; at the end: ${closingText(closing)}${few}`;
};

function closingText({ tokens, of, seconds }: Closing): string {
  const part = tokens === of ? `all ${formatCount(of)}` : `${formatCount(tokens)} of ${formatCount(of)}`;
  return `${part} tokens${seconds ? `, about ${formatSeconds(seconds)}` : ''} (--final-tokens bounds it)`;
}

/** Beside others everybody waits for the director's, and what they moved is read from memory that changes. */
const writesBehind = ({ trainer, together }: OpenRun, options: TrainingOptions): boolean =>
  !together && (options.writesBehind ?? trainer.gpu.facts.kind === 'gpu');

/** @returns when it has its weights; `written`, its folder, when that stands */
async function save(
  run: OpenRun,
  { step, loader, heldOut }: TrainStep,
  options: TrainingOptions,
  { tokenizer, kept: { options: identity, adapter, extra }, stale }: Past,
): Promise<{ readonly written: Promise<string> }> {
  const { trainer, recipe, together } = run;
  const { out, keep } = options;
  const shared = together?.keep();
  const captured = writesBehind(run, options) ? await trainer.arena.captured() : undefined;
  const state: CheckpointState = {
    ...{ format: CHECKPOINT_FORMAT, version: CHECKPOINT_VERSION, step, config: recipe.config, loader },
    ...{ optimizer: await trainer.readState(), options: identity, adapter, extra: { ...extra, ...shared?.extra } },
    ...{ heldOutBitsPerByte: heldOut?.bitsPerByte, heldOutText: heldOut?.text.id },
  };
  const more = shared && { [OUTER_FILE]: shared.tensors };
  const how = { stale: stale.splice(0), keep, milestone: constantUntil(recipe.schedule), more };
  const written = saveCheckpoint(out, captured ?? trainer.arena, state, tokenizer, how);
  return { written: written.finally(() => captured?.release()) };
}

function recipeText({ config, trainer, accumulate, memory }: Recipe): string {
  const parts = accumulate > 1 ? `${accumulate} × ${trainer.rows}` : String(trainer.rows);
  const precision = trainer.storage === 'f16' ? 'mixed f16/f32' : 'f32';
  return `${config.layers} layers × ${config.width}, ${parameterCount(config)} parameters, ${parts} rows of ${config.context}, ${precision}, ${formatBytes(memory.bytes)}`;
}

const parseFiles = (files: TokenizerFiles, where: string): Tokenizer =>
  Tokenizer.parse(files['tokenizer.json'], where, files['tokenizer_config.json']);

/** The tokenizer's files beside the tokens. */
const tokenizerOf = async (folder: TokenFolder): Promise<TokenizerFiles> =>
  isUrl(folder.where) ? fetchTokenizer(folder) : tokenizerFilesIn(folder.where);
