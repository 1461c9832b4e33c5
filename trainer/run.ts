/**
 * A training run on disk: opens tokens and adapter, resumes or starts, trains, evaluates, keeps curve and checkpoints.
 * `vua train` and the nightly line call it.
 */
import { badInput } from '../crawlers/errors.ts';
import type { CommandContext } from '../crawlers/shell/command.ts';
import { lockFolder } from '../crawlers/shell/folder.ts';
import { openTokens, type TokenStore } from '../shards/read-tokens.ts';
import type { Split } from '../shards/split.ts';
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
import { bitsPerByte, type HeldOut, unigramBitsPerByte } from './evaluate.ts';
import { modelConfig, parameterCount } from './model.ts';
import { modelFlopsUtilisation } from './peak.ts';
import { type TrainStep, train } from './train.ts';
import { Trainer } from './trainer.ts';

export interface TrainingOptions {
  readonly tokens: string;
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
  readonly heldOutBitsPerByte: number;
  readonly tokensPerSecond: number;
  readonly adapter: string;
}

export const OPTIMIZER = {
  beta1: 0.9,
  beta2: 0.95,
  eps: 1e-8,
  weightDecay: 0.1,
  clip: 1,
  matrices: 'muon',
  muonRatio: 0.7,
} as const;
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
  const store = openTokens(options.tokens);
  const { vocabSize } = store.manifest;
  const config = modelConfig({ vocabSize, depth: options.depth, width: options.width, context: options.context });
  const identity = {
    tokens: store.fingerprint,
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
  const trainShards = store.shards('train').map(({ tokens }) => tokens);
  const heldOut = heldOutOf(store, options.tokens);

  const gpu = await openGpu(options.adapter);
  report.note(`adapter: ${describe(gpu.facts)}`);
  const trainer = await Trainer.create(gpu, config, options.batch, OPTIMIZER);
  try {
    if (previous) {
      loadCheckpoint(previous, trainer.arena);
      for (const { reason } of previous.damaged) report.note(`damaged, passed over: ${reason}`);
      report.note(`resuming ${previous.dir} behind step ${previous.state.step}`);
    } else trainer.arena.initialise(config, options.seed);
    const startStep = previous?.state.step ?? 0;
    const curve = openCurve(options.out, startStep, {
      unigramBitsPerByte: unigramBitsPerByte(trainShards, heldOut, vocabSize),
      untrainedBitsPerByte: startStep === 0 ? await bitsPerByte(trainer, heldOut) : Number.NaN,
      adapter: describe(gpu.facts),
      parameters: parameterCount(config),
      tokensPerStep: options.batch * config.context,
      trainBytesPerToken: bytesOf(store, 'train') / trainShards.reduce((sum, shard) => sum + shard.length, 0),
    });

    const progress = report.stage('train', 'steps', options.steps, startStep);
    let last: TrainStep | undefined;
    let heldOutBitsPerByte = Number.NaN;
    let checkpoint = previous?.dir ?? '';
    let speed = 0;
    const save = async (step: TrainStep): Promise<void> => {
      const state = {
        format: CHECKPOINT_FORMAT,
        version: CHECKPOINT_VERSION,
        step: step.step,
        config,
        loader: step.loader,
        options: identity,
        adapter: describe(gpu.facts),
        heldOutBitsPerByte: step.heldOutBitsPerByte,
      } as const;
      checkpoint = await saveCheckpoint(options.out, trainer.arena, state, options.tokens, {
        stale: stale.splice(0),
        keep: options.keep,
      });
    };
    const steps = train(trainer, {
      shards: trainShards,
      fingerprint: store.fingerprint,
      heldOut,
      seed: options.seed,
      evaluateEvery: options.evaluateEvery,
      readEvery: READ_EVERY,
      checkpointEvery: options.checkpointEvery,
      schedule: {
        steps: options.steps,
        peak: identity.learningRate,
        warmupSteps: Math.min(20, options.steps / 10),
        decayShare: 0.5,
        floor: 0,
      },
      from: previous && { step: startStep, loader: previous.state.loader },
      signal,
    });
    let saved = true;
    for await (const step of steps) {
      last = step;
      speed = speed === 0 ? step.tokensPerSecond : 0.9 * speed + 0.1 * step.tokensPerSecond;
      heldOutBitsPerByte = step.heldOutBitsPerByte ?? heldOutBitsPerByte;
      const { loader: _loader, settled, ...point } = step;
      const modelFlops = modelFlopsUtilisation(config, gpu.facts.name, step.tokensPerSecond);
      curve.append({ ...point, modelFlopsUtilisation: modelFlops, memoryBytes: gpu.liveBytes });
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
    progress.finish({ loss: last?.loss.toFixed(3) ?? '-', 'bits/byte': heldOutBitsPerByte.toFixed(3) });
    const interrupted = signal.aborted && (last?.step ?? startStep) < options.steps;
    return {
      ...curve.head,
      step: last?.step ?? startStep,
      interrupted,
      trainedSteps: (last?.step ?? startStep) - startStep,
      checkpoint,
      heldOutBitsPerByte,
      tokensPerSecond: speed,
    };
  } finally {
    trainer.release();
    gpu.destroy();
  }
}

const bytesOf = ({ manifest }: TokenStore, split: Split): number =>
  manifest.shards.reduce((sum, shard) => sum + (shard.split === split ? shard.textBytes : 0), 0);

/** @throws ToolkitError NO_HELD_OUT when no document fell into the split. */
function heldOutOf(store: TokenStore, dir: string): HeldOut {
  const textBytes = bytesOf(store, 'valid');
  if (textBytes === 0) {
    throw badInput(
      'NO_HELD_OUT',
      `${dir}: no document fell into the held-out split`,
      'make the tokens again with a larger --valid-share, or add documents',
    );
  }
  return { shards: store.shards('valid').map(({ tokens }) => tokens), textBytes, bosId: store.manifest.bosId };
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
    heldOutBitsPerByte: evaluated?.heldOutBitsPerByte ?? Number.NaN,
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
