/**
 * A training run on disk: opens tokens and adapter, resumes or starts, trains, evaluates, keeps curve, checkpoints and
 * samples. `vua train` and the nightly line call it.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { lockFolder } from '../../crawlers/shell/lock.ts';
import { formatBytes } from '../../crawlers/shell/reporter.ts';
import { type Outcome, unattended, type Work } from '../../crawlers/shell/work.ts';
import { bytesPerToken, joinSources } from '../../shards/tokens/source.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { Sampler, samplePrompts } from '../generate/sample.ts';
import { openGpu } from '../gpu/adapter.ts';
import type { AdapterFacts } from '../gpu/device.ts';
import { loadChoice } from '../kernels/tuned.ts';
import { startLoaderThread } from '../loader/loader-thread.ts';
import { openRing } from '../loader/ring.ts';
import { openFolders, tokenizerFolder } from '../loader/token-folders.ts';
import { type ModelConfig, parameterCount } from '../model/config.ts';
import { Trainer } from '../model/trainer.ts';
import { anomalyOf, anomalyText, firstNotFinite, rewindOf } from '../record/anomaly.ts';
import { CHECKPOINT_FORMAT, CHECKPOINT_VERSION, loadCheckpoint, saveCheckpoint } from '../record/checkpoint.ts';
import { type CurvePoint, openCurve } from '../record/curve.ts';
import {
  compareSources,
  type Evaluation,
  evaluate,
  evaluateUnigram,
  heldOutOf,
  heldOutSubset,
  tokensOf,
} from '../score/bits-per-byte.ts';
import { modelFlopsUtilisation } from './flops.ts';
import {
  finishedSummary,
  forgetEvaluation,
  identityOf,
  previousOf,
  resumedKernels,
  resumedOptions,
  writeEvaluation,
} from './history.ts';
import type { TrainingOptions, TrainingSummary } from './options.ts';
import { modelOf, type Recipe, recipeOf } from './recipe.ts';
import { type TrainStep, train } from './train.ts';

const READ_EVERY = 16;
/** Tokens of a sample while training, drawn as `vua sample` does by default. */
const SAMPLE = { count: 48, temperature: 0.8, topK: 40, topP: 1, seed: 1 };

/** @throws ToolkitError for bad tokens, options or checkpoints, a lost device, or a loss that is not finite. */
export async function runTraining(options: TrainingOptions, work = unattended()): Promise<Outcome<TrainingSummary>> {
  const unlock = lockFolder(options.out);
  try {
    return await runLocked(options, work);
  } finally {
    unlock();
  }
}

async function runLocked(options: TrainingOptions, work: Work): Promise<Outcome<TrainingSummary>> {
  const { signal, report } = work;
  const { out, maskDocuments = false } = options;
  const folders = await openFolders(options.tokens);
  const { vocabSize } = folders[0].manifest;
  const identity = identityOf(options, modelOf(options, vocabSize), folders);
  const { previous, stale } = previousOf(options, identity);
  const finished = previous && finishedSummary(out, previous, options.steps);
  if (finished) return { outcome: 'nothing_new', report: finished };
  const heldOut = heldOutOf(folders);
  const tokenizer = await tokenizerFolder(folders[0], out);

  const gpu = await openGpu(options.adapter);
  const adapter = describe(gpu.facts);
  report.note(`adapter: ${adapter}`);
  const kernels = resumedKernels(previous, gpu.facts) ?? loadChoice(gpu.facts).choice;
  const recipe = recipeOf({ ...options, ...resumedOptions(previous) }, vocabSize, gpu.facts, kernels);
  const { config, accumulate, schedule } = recipe;
  report.note(recipeText(recipe));
  const trainer = await Trainer.create(gpu, config, recipe.trainer);
  const loader = openRing(
    folders,
    { ...loaderPlan(options, recipe), state: previous?.state.loader },
    startLoaderThread,
  );
  const samples = await openSamples(options, trainer, tokenizer);
  try {
    if (previous) {
      loadCheckpoint(previous, trainer.arena);
      trainer.writeState(previous.state.optimizer);
      for (const { reason } of previous.damaged) report.note(`damaged, passed over: ${reason}`);
      report.note(`resuming ${previous.dir} behind step ${previous.state.step}`);
    } else {
      if (options.start === 'resume') report.note(`${out}: no checkpoint yet, starting at step 1`);
      trainer.arena.initialise(config, options.seed);
    }
    const startStep = previous?.state.step ?? 0;
    const unigram = await evaluateUnigram(joinSources(folders.map((folder) => folder.source('train'))), heldOut);
    const subset = await heldOutSubset(heldOut, options.evaluateTokens);
    const untrained = startStep === 0 ? await evaluate(trainer, subset, { maskDocuments, signal }) : undefined;
    if (startStep === 0 && untrained === undefined) return beforeFirstStep(unigram.bitsPerByte, config, adapter);
    const tokensPerStep = recipe.trainer.rows * accumulate * config.context;
    forgetEvaluation(out);
    const curve = openCurve(out, startStep, {
      unigramBitsPerByte: unigram.bitsPerByte,
      untrainedBitsPerByte: untrained?.bitsPerByte ?? Number.NaN,
      adapter,
      parameters: parameterCount(config),
      tokensPerStep,
      trainBytesPerToken: bytesPerToken(folders),
    });

    const progress = report.stage('train', 'steps', options.steps, startStep);
    const points: CurvePoint[] = [];
    let last: TrainStep | undefined;
    let heldOutBitsPerByte = previous?.state.heldOutBitsPerByte ?? Number.NaN;
    let checkpoint = { dir: previous?.dir ?? '', step: startStep };
    let speed = 0;
    const save = async (step: TrainStep): Promise<void> => {
      const state = {
        format: CHECKPOINT_FORMAT,
        version: CHECKPOINT_VERSION,
        step: step.step,
        config,
        loader: step.loader,
        optimizer: await trainer.readState(),
        options: identity,
        adapter,
        heldOutBitsPerByte: step.heldOut?.bitsPerByte,
        // A resume to the bit needs the same sums in the same order.
        extra: { storage: trainer.storage, rows: trainer.rows, kernels },
      } as const;
      const dir = await saveCheckpoint(out, trainer.arena, state, tokenizer, {
        stale: stale.splice(0),
        keep: options.keep,
      });
      checkpoint = { dir, step: step.step };
    };
    const steps = train(trainer, {
      ...{ loader, heldOut: subset, maskDocuments, accumulate, schedule, signal },
      evaluateEvery: options.evaluateEvery,
      readEvery: READ_EVERY,
      checkpointEvery: options.checkpointEvery,
      from: previous && { step: startStep },
    });
    let saved = true;
    try {
      for await (const step of steps) {
        last = step;
        speed = speed === 0 ? step.tokensPerSecond : 0.9 * speed + 0.1 * step.tokensPerSecond;
        const point = pointOf(step, config, gpu.facts, trainer.storage, gpu.liveBytes);
        heldOutBitsPerByte = point.heldOutBitsPerByte ?? heldOutBitsPerByte;
        curve.append(point);
        points.push(point);
        const anomaly = anomalyOf(points);
        if (anomaly) {
          report.note(anomalyText(anomaly, checkpoint.step, rewindOf(points, checkpoint.step, tokensPerStep)));
        }
        progress.update(step.step, {
          loss: step.loss.toFixed(3),
          'tokens/s': Math.round(speed),
          ...(heldOutBitsPerByte > 0 && { 'bits/byte': heldOutBitsPerByte.toFixed(3) }),
        });
        if (step.heldOut) await samples?.write(step.step);
        saved = false;
        if (settledFor(step, options.checkpointEvery)) {
          await save(step);
          saved = true;
        }
      }
    } catch (error) {
      throw await explained(error, trainer, points, checkpoint.step, tokensPerStep);
    }
    if (last && !saved) await save(last);
    progress.finish({
      loss: last?.loss.toFixed(3) ?? '-',
      ...(heldOutBitsPerByte > 0 && { 'bits/byte': heldOutBitsPerByte.toFixed(3) }),
    });
    const step = last?.step ?? startStep;
    const whole = step === options.steps ? await evaluateWhole(trainer, heldOut, maskDocuments, work) : undefined;
    const sources = whole ? compareSources(whole, unigram) : [];
    if (whole)
      writeEvaluation(out, { step, bitsPerByte: whole.bitsPerByte, unigramBitsPerByte: unigram.bitsPerByte, sources });
    return {
      outcome: whole === undefined ? 'interrupted' : step > startStep ? 'written' : 'nothing_new',
      report: {
        ...curve.head,
        step,
        trainedSteps: step - startStep,
        checkpoint: checkpoint.dir,
        heldOutBitsPerByte: whole?.bitsPerByte ?? heldOutBitsPerByte,
        sources,
        shares: last ? loader.sequence.shares(loader.sequence.numberAt(last.loader)) : [],
        tokensPerSecond: speed,
      },
    };
  } finally {
    samples?.close();
    await loader.close();
    trainer.release();
    gpu.destroy();
  }
}

/** Stopped before anything was trained: nothing is written, the next call begins anew. */
const beforeFirstStep = (
  unigramBitsPerByte: number,
  config: ModelConfig,
  adapter: string,
): Outcome<TrainingSummary> => ({
  outcome: 'interrupted',
  report: {
    ...{ step: 0, trainedSteps: 0, checkpoint: '', parameters: parameterCount(config), adapter },
    ...{ unigramBitsPerByte, untrainedBitsPerByte: Number.NaN, heldOutBitsPerByte: Number.NaN, tokensPerSecond: 0 },
    ...{ sources: [], shares: [] },
  },
});

const settledFor = ({ settled, step }: TrainStep, every: number): boolean => settled && step % every === 0;

function recipeText({ config, trainer, accumulate, memory }: Recipe): string {
  const parts = accumulate > 1 ? `${accumulate} × ${trainer.rows}` : String(trainer.rows);
  const precision = trainer.storage === 'f16' ? 'mixed f16/f32' : 'f32';
  return `${config.layers} layers × ${config.width}, ${parameterCount(config)} parameters, ${parts} rows of ${config.context}, ${precision}, ${formatBytes(memory.bytes)}`;
}

const loaderPlan = (
  { seed, layout, weights, maskDocuments = false }: TrainingOptions,
  { config, trainer }: Recipe,
) => ({
  rows: trainer.rows,
  length: config.context,
  paddedVocab: config.paddedVocab,
  seed,
  layout,
  maskDocuments,
  weights: weights.length > 0 ? weights : undefined,
});

/** Sources that a line of the curve names. */
const CURVE_SOURCES = 12;

function pointOf(
  { loader: _loader, settled: _settled, heldOut, ...figures }: TrainStep,
  config: ModelConfig,
  { name }: AdapterFacts,
  storage: 'f32' | 'f16',
  memoryBytes: number,
): CurvePoint {
  const named = heldOut?.sources.slice(0, CURVE_SOURCES).map(({ source, bitsPerByte }) => [source, bitsPerByte]);
  return {
    ...figures,
    ...(heldOut && { heldOutBitsPerByte: heldOut.bitsPerByte, heldOutBySource: Object.fromEntries(named!) }),
    modelFlopsUtilisation: modelFlopsUtilisation(config, name, figures.tokensPerSecond, storage),
    memoryBytes,
  };
}

/** `undefined` when the signal was aborted; the next call with the same options does it. */
async function evaluateWhole(
  trainer: Trainer,
  heldOut: ReturnType<typeof heldOutOf>,
  maskDocuments: boolean,
  { signal, report }: Work,
): Promise<Evaluation | undefined> {
  const progress = report.stage('evaluate', 'tokens', tokensOf(heldOut));
  const onTokens = (done: number): void => progress.update(Math.min(done, tokensOf(heldOut)));
  const evaluation = await evaluate(trainer, heldOut, { maskDocuments, signal, onTokens });
  progress.finish(evaluation && { 'bits/byte': evaluation.bitsPerByte.toFixed(4) });
  return evaluation;
}

/** Continuations of the fixed prompts, a line each evaluation. */
async function openSamples(
  { samplePrompts: prompts = [], out }: TrainingOptions,
  trainer: Trainer,
  tokenizerDir: string,
) {
  if (prompts.length === 0) return undefined;
  const tokenizer = await Tokenizer.load(tokenizerDir);
  const sampler = await Sampler.create(trainer.gpu, trainer.config, trainer.arena);
  return {
    async write(step: number): Promise<void> {
      const samples = await samplePrompts(sampler, tokenizer, prompts, SAMPLE);
      appendFileSync(join(out, 'samples.jsonl'), `${JSON.stringify({ step, samples })}\n`);
    },
    close: () => sampler.release(),
  };
}

/** A loss that is no number, with the tensor in which it began and what going back costs. */
async function explained(
  error: unknown,
  { arena }: Trainer,
  points: readonly CurvePoint[],
  checkpointStep: number,
  tokensPerStep: number,
): Promise<unknown> {
  if (!(error instanceof ToolkitError) || error.code !== 'NAN_LOSS') return error;
  const bad = await firstNotFinite(arena);
  const rewind = rewindOf(points, checkpointStep, tokensPerStep);
  const where = bad ? `; first in ${bad.part} ${bad.name}: ${bad.bad} of ${bad.elements} not finite` : '';
  const cost = `; back to step ${checkpointStep}: ${rewind.steps} steps, ${Math.round(rewind.seconds)} s again`;
  const { code, hint, message, exitStatus } = error;
  return new ToolkitError({ code, hint, exitStatus, message: `${message}${where}${cost}`, cause: error });
}

export const describe = (facts: AdapterFacts): string => `${facts.name} (${facts.kind})`;
