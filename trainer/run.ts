/**
 * A training run on disk: opens tokens and adapter, resumes or starts, trains, evaluates, keeps curve and checkpoints.
 * `vua train` and the nightly line call it.
 */
import { badInput } from '../crawlers/errors.ts';
import type { CommandContext } from '../crawlers/shell/command.ts';
import { lockFolder } from '../crawlers/shell/folder.ts';
import { joinSources, type TokenFolder } from '../shards/token-source.ts';
import { type AdapterChoice, openGpu } from './adapter.ts';
import {
  CHECKPOINT_FORMAT,
  CHECKPOINT_VERSION,
  type Checkpoint,
  checkpointsIn,
  loadCheckpoint,
  openCheckpoint,
  saveCheckpoint,
} from './checkpoint.ts';
import { openCurve, readCurve } from './curve.ts';
import type { AdapterFacts } from './device.ts';
import { type Evaluation, evaluate, evaluateUnigram, heldOutOf, heldOutSubset } from './evaluate.ts';
import { startLoaderThread } from './loader-thread.ts';
import { modelConfig, parameterCount } from './model.ts';
import { modelFlopsUtilisation } from './peak.ts';
import { OPTIMIZER } from './recipe.ts';
import { openRing } from './ring.ts';
import { type FolderShare, RowSequence } from './row-sequence.ts';
import { openFolders, tokenizerFolder } from './token-folders.ts';
import { type TrainStep, train } from './train.ts';
import { Trainer } from './trainer.ts';

export interface TrainingOptions {
  /** Folders or URLs. */
  readonly tokens: readonly string[];
  /** One for each of them; empty: each gives its rows once an epoch. */
  readonly weights: readonly number[];
  readonly layout: 'stream' | 'packed';
  readonly out: string;
  readonly depth: number;
  /** 0: from depth. */
  readonly width: number;
  /** 0: from depth. */
  readonly context: number;
  /** Rows of `context` tokens in a step. */
  readonly batch: number;
  readonly steps: number;
  /** 0: from width. */
  readonly learningRate: number;
  readonly seed: number;
  readonly evaluateEvery: number;
  /** Held-out tokens of an evaluation while training, at most. */
  readonly evaluateTokens: number;
  readonly checkpointEvery: number;
  /** Newest checkpoints that stay, beside the best. */
  readonly keep?: number;
  readonly adapter: AdapterChoice;
  /** `new`: refuse a folder that holds checkpoints; `resume`: continue them; `restart`: replace those of other tokens. */
  readonly start: 'new' | 'resume' | 'restart';
}

export interface TrainingSummary {
  readonly step: number;
  readonly interrupted: boolean;
  /** Steps done in this call; 0: there was nothing to do. */
  readonly trainedSteps: number;
  readonly checkpoint: string;
  readonly parameters: number;
  readonly unigramBitsPerByte: number;
  readonly untrainedBitsPerByte: number;
  /** Of the whole held-out split when all steps are done. */
  readonly heldOutBitsPerByte: number;
  /** The same by source, most bytes first; empty until all steps are done. */
  readonly sources: readonly SourceFigure[];
  /** What each folder of tokens has given; empty when nothing was trained. */
  readonly shares: readonly FolderShare[];
  readonly tokensPerSecond: number;
  readonly adapter: string;
}

export interface SourceFigure {
  readonly source: string;
  readonly textBytes: number;
  readonly bitsPerByte: number;
  readonly unigramBitsPerByte: number;
}

const READ_EVERY = 16;

/** Peak learning rate (of AdamW; Muon's is muonRatio times it) by width: 0.03 at 64, falling with the root. */
const defaultRate = (width: number): number => 0.03 * Math.sqrt(64 / width);

/** @throws ToolkitError for bad tokens, options or checkpoints, a lost device, or a loss that is not finite. */
export async function runTraining(options: TrainingOptions, context: CommandContext): Promise<TrainingSummary> {
  const unlock = lockFolder(options.out);
  try {
    return await runLocked(options, context);
  } finally {
    unlock();
  }
}

async function runLocked(options: TrainingOptions, { signal, report }: CommandContext): Promise<TrainingSummary> {
  const folders = await openFolders(options.tokens);
  const { vocabSize } = folders[0].manifest;
  const config = modelConfig({ vocabSize, depth: options.depth, width: options.width, context: options.context });
  const identity = {
    tokens: folders.map(({ fingerprint }) => fingerprint).join(' '),
    weights: options.weights.join(' '),
    layout: options.layout,
    depth: config.layers,
    width: config.width,
    context: config.context,
    batch: options.batch,
    steps: options.steps,
    learningRate: options.learningRate || defaultRate(config.width),
    seed: options.seed,
  };
  const { previous, stale } = findPrevious(options, identity);
  if (previous && previous.state.step >= options.steps) return finishedSummary(options.out, previous);
  const heldOut = heldOutOf(folders);
  const tokenizer = await tokenizerFolder(folders[0], options.out);
  const plan = {
    rows: options.batch,
    length: config.context,
    seed: options.seed,
    paddedVocab: config.paddedVocab,
    layout: options.layout,
    maskDocuments: false,
    weights: options.weights.length > 0 ? options.weights : undefined,
    state: previous?.state.loader,
  };
  const sources = folders.map((folder) => folder.source('train'));
  new RowSequence(sources, plan).numberAt(plan.state); // refuses what cannot be trained on before a GPU is opened

  const gpu = await openGpu(options.adapter);
  report.note(`adapter: ${describe(gpu.facts)}`);
  const trainer = await Trainer.create(gpu, config, { rows: options.batch, optimizer: OPTIMIZER });
  const loader = openRing(folders, plan, startLoaderThread);
  try {
    if (previous) {
      loadCheckpoint(previous, trainer.arena);
      trainer.writeState(previous.state.optimizer);
      for (const { reason } of previous.damaged) report.note(`damaged, passed over: ${reason}`);
      report.note(`resuming ${previous.dir} behind step ${previous.state.step}`);
    } else trainer.arena.initialise(config, options.seed);
    const startStep = previous?.state.step ?? 0;
    const unigram = await evaluateUnigram(joinSources(sources), heldOut);
    const subset = await heldOutSubset(heldOut, options.evaluateTokens);
    const curve = openCurve(options.out, startStep, {
      unigramBitsPerByte: unigram.bitsPerByte,
      untrainedBitsPerByte: startStep === 0 ? (await evaluate(trainer, subset)).bitsPerByte : Number.NaN,
      adapter: describe(gpu.facts),
      parameters: parameterCount(config),
      tokensPerStep: options.batch * config.context,
      trainBytesPerToken: trainBytesPerToken(folders),
    });

    const progress = report.stage('train', 'steps', options.steps, startStep);
    let last: TrainStep | undefined;
    let heldOutBitsPerByte = Number.NaN;
    let whole: Evaluation | undefined;
    let checkpoint = previous?.dir ?? '';
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
        adapter: describe(gpu.facts),
        heldOutBitsPerByte: step.heldOutBitsPerByte,
      } as const;
      checkpoint = await saveCheckpoint(options.out, trainer.arena, state, tokenizer, {
        stale: stale.splice(0),
        keep: options.keep,
      });
    };
    const steps = train(trainer, {
      loader,
      heldOut,
      evaluateEvery: options.evaluateEvery,
      evaluateTokens: options.evaluateTokens,
      readEvery: READ_EVERY,
      checkpointEvery: options.checkpointEvery,
      schedule: {
        steps: options.steps,
        peak: identity.learningRate,
        warmupSteps: Math.min(20, options.steps / 10),
        decayShare: 0.5,
        floor: 0,
      },
      from: previous && { step: startStep },
      signal,
    });
    let saved = true;
    for await (const step of steps) {
      last = step;
      speed = speed === 0 ? step.tokensPerSecond : 0.9 * speed + 0.1 * step.tokensPerSecond;
      heldOutBitsPerByte = step.heldOutBitsPerByte ?? heldOutBitsPerByte;
      const { loader: _loader, settled, heldOut: evaluation, ...point } = step;
      if (step.step === options.steps) whole = evaluation;
      const modelFlops = modelFlopsUtilisation(config, gpu.facts.name, step.tokensPerSecond);
      curve.append({
        ...point,
        ...(evaluation && bySource(evaluation)),
        ...(whole && { wholeBitsPerByte: whole.bitsPerByte }),
        modelFlopsUtilisation: modelFlops,
        memoryBytes: gpu.liveBytes,
      });
      progress.update(step.step, {
        loss: step.loss.toFixed(3),
        'tokens/s': Math.round(speed),
        ...(heldOutBitsPerByte > 0 && { 'bits/byte': heldOutBitsPerByte.toFixed(3) }),
      });
      saved = false;
      if (settled && step.step % options.checkpointEvery === 0) {
        await save(step);
        saved = true;
      }
    }
    if (last && !saved) await save(last);
    progress.finish({
      loss: last?.loss.toFixed(3) ?? '-',
      ...(heldOutBitsPerByte > 0 && { 'bits/byte': heldOutBitsPerByte.toFixed(3) }),
    });
    const interrupted = signal.aborted && (last?.step ?? startStep) < options.steps;
    return {
      ...curve.head,
      step: last?.step ?? startStep,
      interrupted,
      trainedSteps: (last?.step ?? startStep) - startStep,
      checkpoint,
      heldOutBitsPerByte: whole?.bitsPerByte ?? heldOutBitsPerByte,
      sources: whole ? compare(whole, unigram) : [],
      shares: last ? loader.sequence.shares(loader.sequence.numberAt(last.loader)) : [],
      tokensPerSecond: speed,
    };
  } finally {
    await loader.close();
    trainer.release();
    gpu.destroy();
  }
}

function trainBytesPerToken(folders: readonly TokenFolder[]): number {
  const train = folders.flatMap(({ manifest }) => manifest.shards.filter(({ split }) => split === 'train'));
  const sum = (key: 'textBytes' | 'rows'): number => train.reduce((total, shard) => total + shard[key], 0);
  return sum('textBytes') / sum('rows');
}

/** Sources that a line of the curve names. */
const CURVE_SOURCES = 12;

/** The figures of an evaluation as the curve keeps them. */
function bySource({ sources }: Evaluation): { heldOutBySource: Record<string, number> } {
  const named = sources.slice(0, CURVE_SOURCES).map((one) => [one.source, one.bitsPerByte]);
  return { heldOutBySource: Object.fromEntries(named) };
}

function compare(model: Evaluation, unigram: Evaluation): SourceFigure[] {
  const other = new Map(unigram.sources.map(({ source, bitsPerByte }) => [source, bitsPerByte]));
  return model.sources.map(({ source, textBytes, bitsPerByte }) => ({
    source,
    textBytes,
    bitsPerByte,
    unigramBitsPerByte: other.get(source)!,
  }));
}

/** What an earlier call reached. */
function finishedSummary(out: string, { dir, state }: Checkpoint): TrainingSummary {
  const { head, points } = readCurve(out);
  const evaluated = points.findLast((point) => point.heldOutBitsPerByte !== undefined);
  return {
    ...head,
    step: state.step,
    interrupted: false,
    trainedSteps: 0,
    checkpoint: dir,
    heldOutBitsPerByte: evaluated?.wholeBitsPerByte ?? evaluated?.heldOutBitsPerByte ?? Number.NaN,
    sources: [],
    shares: [],
    tokensPerSecond: points.at(-1)?.tokensPerSecond ?? 0,
  };
}

/** The checkpoint to continue, and those that the first new one replaces: until then the old model stays. */
function findPrevious(
  { out, start }: TrainingOptions,
  identity: Readonly<Record<string, number | string>>,
): { previous?: Checkpoint; stale: string[] } {
  const folders = checkpointsIn(out);
  if (folders.length === 0) return { stale: [] };
  if (start === 'new') {
    throw badInput(
      'CHECKPOINTS_EXIST',
      `${out}: holds ${folders.at(-1)}`,
      'continue it with --resume, or choose another --out',
    );
  }
  const previous = openCheckpoint(out);
  const other = Object.keys(identity).find((key) => previous.state.options[key] !== identity[key]);
  if (other === undefined) return { previous, stale: [] };
  if (start === 'restart') return { stale: folders };
  throw badInput(
    'OTHER_RUN',
    `${previous.dir}: was trained with ${other} = ${previous.state.options[other]}, now asked for ${identity[other]}`,
    'give the same options as before, or choose another --out',
  );
}

export const describe = (facts: AdapterFacts): string => `${facts.name} (${facts.kind})`;
