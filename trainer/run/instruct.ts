/**
 * A model learns to answer: weights of anywhere, conversations, loss on what the assistant says. Held-out conversations are
 * read every so many steps; it ends when they get no better, and the best step stays.
 */
import { join, resolve } from 'node:path';
import { badInput, ToolkitError } from '../../crawlers/shell/errors.ts';
import { appendToFile, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { holding } from '../../crawlers/shell/lock.ts';
import type { Outcome, Work } from '../../crawlers/shell/work.ts';
import { chanceOf } from '../../shards/checksum.ts';
import type { Tokenizer } from '../../tokenizer/load.ts';
import { type Conversation, readConversations } from '../chat/conversations.ts';
import { batchOf, type ChatBatch, fitted, type Row, rowsOf } from '../chat/rows.ts';
import { type ChatTokens, encodeChat } from '../chat/template.ts';
import { openGpu } from '../gpu/adapter.ts';
import type { AdapterChoice } from '../gpu/choice.ts';
import { describe } from '../gpu/device.ts';
import { IGNORED } from '../kernels/cross-entropy.ts';
import { loadChoice } from '../kernels/tuned.ts';
import { Trainer } from '../model/trainer.ts';
import {
  CHECKPOINT_FORMAT,
  CHECKPOINT_VERSION,
  type CheckpointState,
  checkpointsIn,
  loadCheckpoint,
  openCheckpoint,
  saveCheckpoint,
  tokenizerFilesIn,
} from '../record/checkpoint.ts';
import { isGguf } from '../record/gguf-weights.ts';
import { loadWeights, openWeights } from '../record/weights.ts';
import { hashOf } from '../tasks/card.ts';
import { type Recipe, recipeOf } from './recipe.ts';
import { learningRate } from './schedule.ts';

export interface InstructOptions {
  readonly conversations: readonly string[];
  readonly initFrom: string;
  readonly out: string;
  /** Of all conversations, at most; with early stop fewer. */
  readonly epochs: number;
  /** Rows of a step; 0: 8. */
  readonly batch: number;
  /** Peak; 0: a tenth of that of training from nothing. */
  readonly learningRate: number;
  /** Tokens of a row; 0: those that the weights see. */
  readonly context: number;
  /** Share of the conversations that is held out. */
  readonly validShare: number;
  /** Times an epoch that held-out conversations are read. */
  readonly evaluations: number;
  /** Evaluations without a better one after which it ends; 0: it never does. */
  readonly patience: number;
  readonly seed: number;
  readonly adapter: AdapterChoice;
  readonly resume?: boolean;
}

/** Of what the assistant says in the held-out conversations. */
export interface AnswerFigures {
  readonly step: number;
  readonly natsPerToken: number;
  readonly bitsPerByte: number;
}

export interface InstructReport {
  readonly checkpoint: string;
  readonly step: number;
  readonly steps: number;
  readonly conversations: number;
  readonly heldOut: number;
  /** That fit into no row. */
  readonly left: number;
  readonly origins: Readonly<Record<string, number>>;
  readonly before: AnswerFigures;
  readonly best: AnswerFigures;
  /** It ended before its last step because nothing got better. */
  readonly stoppedEarly: boolean;
  readonly adapter: string;
}

/** Conversations as they are trained on, and what of their answers stands for how many bytes. */
interface Material {
  readonly train: readonly ChatTokens[];
  readonly heldOut: readonly ChatTokens[];
  readonly left: number;
  /** Of all that decides the order: a resumed run must find the same. */
  readonly hash: string;
  readonly heldOutHash: string;
}

/** @throws ToolkitError BAD_ITEMS, those of openWeights, BAD_TOKENIZER, CHECKPOINTS_EXIST, OTHER_RUN, NAN_LOSS */
export function instruct(options: InstructOptions, work: Work): Promise<Outcome<InstructReport>> {
  return holding(
    options.out,
    options.conversations.map((file) => resolve(file)),
    () => instructLocked(options, work),
  );
}

async function instructLocked(options: InstructOptions, work: Work): Promise<Outcome<InstructReport>> {
  const { out, initFrom, seed, evaluations, resume } = options;
  const before = checkpointsIn(out);
  if (before.length > 0 && !resume) {
    throw badInput(
      'CHECKPOINTS_EXIST',
      `${out}: holds ${before.at(-1)}`,
      'go on with --resume, or choose another --out',
    );
  }
  const weights = openWeights(initFrom);
  if (isGguf(initFrom))
    throw badInput(
      'BAD_OPTION',
      `${initFrom}: a GGUF file, expected a checkpoint or a folder of transformers`,
      'the folder that the file was made of has the tokenizer that checkpoints keep',
    );
  const tokenizer = await weights.tokenizer();
  const all = readConversations(options.conversations);
  const gpu = await openGpu(options.adapter);
  try {
    const recipe = recipeFor(options, weights.config, gpu.facts, 1);
    const { context } = recipe.config;
    const material = materialOf(all, tokenizer, context, options.validShare);
    const { train } = material;
    const perStep = recipe.trainer.rows * recipe.accumulate;
    const rowsEach = rowsOf(train, context, seed, 0).length;
    const steps = Math.max(1, Math.ceil((options.epochs * rowsEach) / perStep));
    const { schedule } = recipeFor(options, weights.config, gpu.facts, steps);
    const trainer = await Trainer.create(gpu, recipe.config, recipe.trainer);
    try {
      const identity = {
        conversations: material.hash,
        initFrom: weights.fingerprint,
        steps,
        seed,
        batch: perStep,
        context,
        peak: schedule.peak,
      };
      const previous = before.length > 0 ? openCheckpoint(out) : undefined;
      for (const [key, value] of previous ? Object.entries(identity) : []) {
        if (previous!.state.options[key] === value) continue;
        throw badInput(
          'OTHER_RUN',
          `${previous!.dir}: was trained with ${key} = ${previous!.state.options[key]}, now asked for ${value}`,
          'give the same options as before, or choose another --out',
        );
      }
      if (previous) {
        loadCheckpoint(previous, trainer.arena);
        trainer.writeState(previous.state.optimizer);
      } else loadWeights(weights, trainer.arena);
      const run: Run = {
        ...{ trainer, recipe: { ...recipe, schedule }, material, tokenizer, options, identity, steps },
        ...{ evaluateEvery: Math.max(1, Math.round(rowsEach / perStep / evaluations)), adapter: describe(gpu.facts) },
        ...{ from: previous?.state, tokenizerDir: weights.dir },
      };
      const origins: Record<string, number> = {};
      for (const { origin } of all) origins[origin] = (origins[origin] ?? 0) + 1;
      const facts = {
        steps,
        conversations: all.length,
        heldOut: material.heldOut.length,
        left: material.left,
        origins,
      };
      return await trained(run, facts, work);
    } finally {
      trainer.release();
    }
  } finally {
    gpu.destroy();
  }
}

const DEFAULT_BATCH = 8;
/** Of the rate from nothing: the weights know most of it. */
const RATE_SHARE = 0.1;

function recipeFor(
  options: InstructOptions,
  model: Recipe['config'],
  facts: Parameters<typeof recipeOf>[2],
  steps: number,
): Recipe {
  const { context, batch } = options;
  const recipe = {
    depth: 0,
    width: 0,
    context,
    model,
    batch: batch || DEFAULT_BATCH,
    steps,
    weightDecay: 0,
    decayShare: 0.9,
  };
  const rate = options.learningRate || RATE_SHARE * 0.03 * Math.sqrt(64 / model.width);
  return recipeOf({ ...recipe, learningRate: rate }, model.vocabSize, facts, loadChoice(facts).choice);
}

/** Held out are conversations by the hash of their text, so that more conversations move none of them. */
function materialOf(all: readonly Conversation[], tokenizer: Tokenizer, context: number, validShare: number): Material {
  const [train, heldOut]: ChatTokens[][] = [[], []];
  const hashes: string[][] = [[], []];
  const met = new Set<string>();
  let left = 0;
  for (const { messages } of all) {
    const text = JSON.stringify(messages);
    if (met.has(text)) continue; // said twice, it would stand on both sides
    met.add(text);
    const chat = fitted(encodeChat(messages, tokenizer), context);
    if (chat === undefined) left++;
    else {
      const side = Number(chanceOf(text) < validShare);
      [train, heldOut][side].push(chat);
      hashes[side].push(text);
    }
  }
  if (train.length === 0 || heldOut.length === 0) {
    const what = train.length === 0 ? 'to learn from' : 'to hold out';
    throw badInput(
      'TOO_FEW_TOKENS',
      `${all.length} conversations, ${left} of them longer than ${context} tokens: none is left ${what}`,
      'give more conversations, a longer --context, or another --valid-share',
    );
  }
  const hashOfAll = (texts: readonly string[]): string => hashOf(JSON.stringify([tokenizer.fingerprint, ...texts]));
  return { train, heldOut, left, hash: hashOfAll(hashes.flat()), heldOutHash: hashOfAll(hashes[1]) };
}

interface Run {
  readonly trainer: Trainer;
  readonly recipe: Recipe;
  readonly material: Material;
  readonly tokenizer: Tokenizer;
  readonly tokenizerDir: string;
  readonly options: InstructOptions;
  readonly identity: Readonly<Record<string, string | number>>;
  readonly steps: number;
  readonly evaluateEvery: number;
  readonly adapter: string;
  /** What it goes on from. */
  readonly from?: CheckpointState;
}

/** What the checkpoint keeps of evaluations before it. */
interface Past {
  readonly before: AnswerFigures;
  readonly best: AnswerFigures;
  readonly worse: number;
}

type Facts = Pick<InstructReport, 'steps' | 'conversations' | 'heldOut' | 'left' | 'origins'>;

async function trained(run: Run, facts: Facts, { signal, report }: Work): Promise<Outcome<InstructReport>> {
  const { trainer, recipe, steps, evaluateEvery, options, from, adapter } = run;
  const { accumulate, schedule } = recipe;
  let step = from?.step ?? 0;
  let past = from?.extra?.past as Past | undefined;
  if (!past) {
    const first = await answerFigures(run, 0);
    past = { before: first, best: first, worse: 0 };
  }
  report.note(
    `${facts.conversations} conversations, ${facts.heldOut} held out; ${steps} steps of ${trainer.rows * accumulate} rows; ${adapter}`,
  );
  const progress = report.stage('instruct', 'steps', steps, step);
  let checkpoint = from ? openCheckpoint(options.out).dir : '';
  const isOver = (): boolean => options.patience > 0 && past!.worse >= options.patience;
  const batches = batchesOf(run, step);
  let last: AnswerFigures | undefined;
  while (step < steps && !signal.aborted && !isOver()) {
    const rate = learningRate(schedule, step + 1);
    for (let index = 0; index < accumulate; index++)
      trainer.microStep(batches.next().value, { index, count: accumulate }, rate);
    step++;
    const [{ loss, skipped }] = await trainer.figures(1);
    if (skipped === 0 && !Number.isFinite(loss)) {
      throw new ToolkitError({
        code: 'NAN_LOSS',
        message: `step ${step}: loss ${loss}, expected a finite number`,
        hint: 'choose another --out and a lower --learning-rate',
      });
    }
    progress.update(step, { loss: loss.toFixed(3), answers: past.best.bitsPerByte.toFixed(4) });
    const evaluates = step % evaluateEvery === 0 || step === steps;
    last = evaluates ? await answerFigures(run, step) : undefined;
    if (last) {
      const better: boolean = last.natsPerToken < past.best.natsPerToken;
      past = { ...past, best: better ? last : past.best, worse: better ? 0 : past.worse + 1 };
      appendToFile(join(options.out, 'answers.jsonl'), `${JSON.stringify({ ...last, loss })}\n`);
    }
    if (evaluates || signal.aborted) checkpoint = await save(run, step, past, last);
  }
  progress.finish({ answers: past.best.bitsPerByte.toFixed(4) });
  const isDone = step === steps || isOver();
  const told: InstructReport = {
    ...{ ...facts, checkpoint, step, before: past.before, best: past.best, adapter },
    stoppedEarly: isOver() && step < steps,
  };
  if (isDone) writeFileAtomic(join(options.out, 'instruct.json'), `${JSON.stringify(told, null, 1)}\n`);
  return { outcome: isDone ? (step > (from?.step ?? 0) ? 'written' : 'nothing_new') : 'interrupted', report: told };
}

/** Micro-batches behind so many steps, without end. */
function* batchesOf({ trainer, recipe, material, tokenizer, options }: Run, step: number): Generator<ChatBatch, never> {
  const { context } = recipe.config;
  const rows = rowsForever(material.train, context, options.seed);
  for (let done = 0; done < step * recipe.accumulate * trainer.rows; done++) rows.next();
  for (;;) {
    const some = Array.from({ length: trainer.rows }, () => rows.next().value);
    yield batchOf(material.train, some, trainer.rows, context, tokenizer.padId);
  }
}

/** Epoch after epoch. */
function* rowsForever(chats: readonly ChatTokens[], length: number, seed: number): Generator<Row, never> {
  for (let epoch = 0; ; epoch++) yield* rowsOf(chats, length, seed, epoch);
}

/** Nats and bits of what the assistant says in the held-out conversations. */
async function answerFigures({ trainer, recipe, material, tokenizer }: Run, step: number): Promise<AnswerFigures> {
  const { context } = recipe.config;
  const { heldOut } = material;
  const rows = rowsOf(heldOut, context, 0, 0);
  let [nats, tokens, bytes] = [0, 0, 0];
  for (let at = 0; at < rows.length; at += trainer.rows) {
    const batch = batchOf(heldOut, rows.slice(at, at + trainer.rows), trainer.rows, context, tokenizer.padId);
    const losses = await trainer.losses(batch);
    for (const [n, target] of batch.targets.entries()) {
      if (target === IGNORED) continue;
      nats += losses[n];
      tokens++;
      bytes += tokenizer.byteLengths[target];
    }
  }
  return { step, natsPerToken: nats / tokens, bitsPerByte: nats / Math.LN2 / bytes };
}

async function save(
  { trainer, recipe, options, identity, adapter, material, tokenizerDir }: Run,
  step: number,
  past: Past,
  last?: AnswerFigures,
): Promise<string> {
  const state: CheckpointState = {
    ...{ format: CHECKPOINT_FORMAT, version: CHECKPOINT_VERSION, step, config: recipe.config },
    loader: {
      fingerprint: material.hash,
      seed: options.seed,
      epoch: 0,
      position: step * recipe.accumulate * trainer.rows,
    },
    ...{ optimizer: await trainer.readState(), options: identity, adapter },
    ...(last && { heldOutBitsPerByte: last.bitsPerByte, heldOutText: material.heldOutHash }),
    extra: { past, storage: trainer.storage, rows: trainer.rows, kernels: trainer.kernels, instructed: true },
  };
  return saveCheckpoint(options.out, trainer.arena, state, tokenizerFilesIn(tokenizerDir));
}
