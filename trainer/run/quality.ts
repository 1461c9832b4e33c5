/**
 * Which text makes models better: two small models, one trained on text that is named as good, one on the whole pool
 * (Moore & Lewis, ACL 2010), and what the first spares the second, in bits per byte, foreseen by a scorer.
 *
 *   tokens ─┬─ half of the documents ─┬─ of good sources ─▶ a model ─┐
 *           │                         └─ of all ──────────▶ a model ─┴─▶ bits per byte less, of each stretch
 *           └─ the others, in stretches of a window ─────────────────────▶ fitted to their grams (score/distil.ts)
 *
 * What is held out of training is held out here: no document of the split `valid` is read. Nothing is kept but the scorer.
 */
import { REGISTERS, type Register } from '../../cleaning/document.ts';
import { type Head, type ScorerCard, scoresOf } from '../../cleaning/quality/scorer.ts';
import { packageVersion } from '../../crawlers/shell/assets.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { type Outcome, unattended, type Work } from '../../crawlers/shell/work.ts';
import { chanceOf, seededRandom } from '../../shards/checksum.ts';
import { openTokens, type TokenFolder } from '../../shards/tokens/source.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { openGpu } from '../gpu/adapter.ts';
import type { AdapterChoice } from '../gpu/choice.ts';
import { describe, type Gpu } from '../gpu/device.ts';
import { loadChoice } from '../kernels/tuned.ts';
import { type ModelConfig, parameterCount } from '../model/config.ts';
import { Trainer } from '../model/trainer.ts';
import { type Example, fitFigure, fitKinds } from '../score/distil.ts';
import { natsInWindows } from '../score/eval-set.ts';
import { drawn, type PoolDocument, sourcesIn, stretchesOf } from '../score/pool.ts';
import { batchOf, modelOf, scheduleOf } from './recipe.ts';
import { OPTIMIZER } from './recipe-options.ts';
import { learningRate } from './schedule.ts';

export interface QualityOptions {
  /** A folder of tokens: the pool. */
  readonly tokens: string;
  /** Names of its sources whose text is good (`*` for anything), or folders of tokens that hold such text. */
  readonly good: readonly string[];
  /** Names of its sources, by what kind of text they are; none: the scorer says nothing of kinds. */
  readonly registers: Readonly<Partial<Record<Register, readonly string[]>>>;
  /** UTF-8 bytes of text that are drawn from the pool, and as many from what is good. */
  readonly bytes: number;
  readonly depth: number;
  /** 0: from depth. */
  readonly width: number;
  /** 0: from depth. */
  readonly context: number;
  /** Rows of a step; 0: from depth. */
  readonly batch: number;
  /** Of each model, at most: neither sees its text more than four times. */
  readonly steps: number;
  readonly seed: number;
  readonly adapter: AdapterChoice;
  /** One that is open already: it stays open. */
  readonly gpu?: Gpu;
}

export interface TrainedScorer {
  readonly heads: readonly Head[];
  readonly card: ScorerCard;
}

/** Epochs over text after which a small model learns it by heart. */
const MOST_EPOCHS = 4;
/** Share of documents that fits are judged by. */
const HELD_OUT = 0.2;
/** Fewer stretches teach nothing; more cost more than they teach. */
const [LEAST_STRETCHES, MOST_STRETCHES] = [40, 6_000];

/**
 * @throws ToolkitError BAD_OPTION (exit 2) for a source that is not there or too little text, and those of `openTokens`
 *   and of the adapter
 */
export async function trainScorer(
  options: QualityOptions,
  work: Work = unattended(),
): Promise<Outcome<TrainedScorer, undefined>> {
  const { good, seed, bytes } = options;
  const folder = await openTokens(options.tokens);
  const tokenizer = await Tokenizer.load(folder.where);
  const names = await sourcesIn(folder);
  const { isInside, outside } = await goodOf(good, names, folder.where);
  const everywhere = await drawn([folder], () => true, bytes, tokenizer, work.signal);
  const better = await drawn(
    [folder, ...outside],
    (source, at) => at > 0 || isInside(source),
    bytes,
    tokenizer,
    work.signal,
  );
  const registers = await registerExamples(options, names, folder, tokenizer, work);
  if (work.signal.aborted) return INTERRUPTED;
  const scored = await differences(options, { everywhere, better }, tokenizer, work);
  if (scored === undefined) return INTERRUPTED;
  const { examples, facts } = scored;
  const quality = fitFigure('quality', examples, seed);
  const kinds = registers && fitKinds(registers.kinds, registers.examples, seed);
  const heads = [quality.head, ...(kinds === undefined ? [] : [kinds.head])];
  const card = {
    tool: `vua ${packageVersion()}`,
    pool: { tokens: folder.fingerprint, ...amountOf(everywhere) },
    good: { named: good, ...amountOf(better) },
    ...facts,
    quality: {
      ...{ learnt: quality.learnt, heldOut: quality.heldOut, pearson: quality.pearson, spearman: quality.spearman },
      ...distributionOf(everywhere, heads, tokenizer),
    },
    ...(kinds !== undefined && {
      register: {
        sources: options.registers,
        ...{ learnt: kinds.learnt, heldOut: kinds.heldOut, accuracy: kinds.accuracy, f1: kinds.f1 },
      },
    }),
  };
  return { outcome: 'written', report: { heads, card } };
}

const INTERRUPTED = { outcome: 'interrupted', report: undefined } as const;

/** What is named as good: sources of the pool, and folders of tokens. */
async function goodOf(good: readonly string[], names: ReadonlySet<string>, where: string) {
  const outside = [];
  for (const name of good.filter((one) => !named([one], names))) {
    const folder = await openTokens(name).catch(() => undefined);
    if (folder === undefined) {
      throw badInput(
        'BAD_OPTION',
        `--good ${name}: no source of ${where}, and no folder of tokens`,
        `its sources are ${[...names].sort().join(', ')}`,
      );
    }
    outside.push(folder);
  }
  return { isInside: (source: string): boolean => good.some((name) => isNamed(name, source)), outside };
}

/** `*` stands for anything: `sach/*`. */
const isNamed = (name: string, source: string): boolean =>
  name === source || (name.includes('*') && patternOf(name).test(source));

const patternOf = (name: string): RegExp =>
  new RegExp(`^${name.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 's');

/** Whether any of the sources goes by one of the names. */
const named = (names: readonly string[], sources: ReadonlySet<string>): boolean =>
  names.some((name) => sources.has(name) || [...sources].some((source) => isNamed(name, source)));

type Pool = Readonly<Record<'everywhere' | 'better', readonly PoolDocument[]>>;

/** Stretches of what neither model has learnt from, and what the better one spares the other. */
async function differences(options: QualityOptions, pool: Pool, tokenizer: Tokenizer, work: Work) {
  const config = modelOf({ ...options, learningRate: 0 }, tokenizer.vocabSize);
  const rows = batchOf({ ...options, learningRate: 0 }, config);
  const judged = [...new Map([...pool.everywhere, ...pool.better].map((one) => [one.hash, one])).values()].filter(
    ({ isLearnt }) => !isLearnt,
  );
  const byHash = judged.sort((a, b) => (a.hash < b.hash ? -1 : 1));
  const stretches = stretchesOf(byHash, config.context, tokenizer).slice(0, MOST_STRETCHES);
  const learnt = { everywhere: streamOf(pool.everywhere, tokenizer), better: streamOf(pool.better, tokenizer) };
  const fewest = Math.min(learnt.everywhere.length, learnt.better.length);
  if (stretches.length < LEAST_STRETCHES || fewest <= config.context) {
    throw badInput(
      'BAD_OPTION',
      `${options.tokens}: ${stretches.length} stretches of ${config.context} tokens to judge, expected ${LEAST_STRETCHES}, and ${fewest} tokens to learn from`,
      'give more text: --bytes, or another folder of tokens',
    );
  }
  const perStep = rows * config.context;
  const steps = Math.max(1, Math.min(options.steps, Math.floor((MOST_EPOCHS * fewest) / perStep)));
  const gpu = options.gpu ?? (await openGpu(options.adapter));
  try {
    work.report.note(`adapter: ${describe(gpu.facts)}`);
    const nats: number[][] = [];
    for (const [name, stream] of Object.entries(learnt)) {
      const plan = { name, stream, steps, rows, seed: options.seed, config };
      const found = await natsOf(
        gpu,
        plan,
        stretches.map(({ ids }) => ids),
        work,
      );
      if (found === undefined) return undefined;
      nats.push(found);
    }
    const [raw, good] = nats.map((each) => each.map((sum, i) => sum / Math.LN2 / stretches[i].bytes));
    const examples = stretches.map(
      ({ text, hash }, i): Example => ({ text, wanted: raw[i] - good[i], isHeldOut: isHeldOut(hash) }),
    );
    const ofGood = new Set(pool.better.map(({ hash }) => hash));
    const bits = (each: readonly number[], isGood: boolean): number => {
      const own = stretches
        .map((one, i) => ({ ...one, bits: each[i] }))
        .filter(({ hash }) => ofGood.has(hash) === isGood);
      return own.reduce((sum, one) => sum + one.bits * one.bytes, 0) / own.reduce((sum, one) => sum + one.bytes, 0);
    };
    return {
      examples,
      facts: {
        models: {
          ...{ parameters: parameterCount(config), depth: config.layers, width: config.width, context: config.context },
          ...{ steps, tokensPerStep: perStep, seed: options.seed, adapter: describe(gpu.facts) },
          epochs: {
            pool: (steps * perStep) / learnt.everywhere.length,
            good: (steps * perStep) / learnt.better.length,
          },
          // On text that neither has seen.
          bitsPerByteOfGood: { pool: bits(raw, true), good: bits(good, true) },
          bitsPerByteOfTheRest: { pool: bits(raw, false), good: bits(good, false) },
        },
      },
    };
  } finally {
    if (options.gpu === undefined) gpu.destroy();
  }
}

interface ModelPlan {
  readonly name: string;
  readonly stream: Uint32Array;
  readonly steps: number;
  readonly rows: number;
  readonly seed: number;
  readonly config: ModelConfig;
}

/** Trains on rows from anywhere in the stream, and reads the stretches. */
async function natsOf(gpu: Gpu, plan: ModelPlan, stretches: readonly ArrayLike<number>[], { report, signal }: Work) {
  const { name, stream, steps, rows, seed, config } = plan;
  const T = config.context;
  const trainer = await Trainer.create(gpu, config, {
    rows,
    optimizer: OPTIMIZER,
    kernels: loadChoice(gpu.facts).choice,
  });
  try {
    trainer.arena.initialise(config, seed);
    const random = seededRandom(seed);
    const schedule = scheduleOf({ depth: 0, width: 0, context: 0, batch: 0, learningRate: 0, steps }, config);
    const progress = report.stage(`model of ${name === 'better' ? 'good text' : 'all text'}`, 'steps', steps);
    for (let step = 1; step <= steps; step++) {
      const [tokens, targets] = [new Uint32Array(rows * T), new Uint32Array(rows * T)];
      for (let row = 0; row < rows; row++) {
        const from = Math.floor(random() * (stream.length - T));
        tokens.set(stream.subarray(from, from + T), row * T);
        targets.set(stream.subarray(from + 1, from + 1 + T), row * T);
      }
      trainer.step([{ tokens, targets, counted: rows * T }], learningRate(schedule, step));
      const [{ loss }] = await trainer.figures(1);
      progress.update(step, { loss: loss.toFixed(3) });
      if (signal.aborted) return undefined;
    }
    progress.finish();
    return await natsInWindows(trainer, stretches, signal);
  } finally {
    trainer.release();
  }
}

/** Stretches of the sources that are named for each kind; `undefined` where none is. */
async function registerExamples(
  { registers, bytes }: QualityOptions,
  names: ReadonlySet<string>,
  folder: TokenFolder,
  tokenizer: Tokenizer,
  { signal }: Work,
) {
  const kinds = REGISTERS.filter((kind) => (registers[kind] ?? []).length > 0);
  if (kinds.length === 0) return undefined;
  const unknown = kinds.flatMap((kind) => registers[kind]!).find((name) => !named([name], names));
  if (unknown !== undefined) {
    throw badInput(
      'BAD_OPTION',
      `--register: ${unknown} is no source of ${folder.where}`,
      `its sources are ${[...names].sort().join(', ')}`,
    );
  }
  const examples: Example[] = [];
  for (const [wanted, kind] of kinds.entries()) {
    const isOfKind = (source: string): boolean => registers[kind]!.some((name) => isNamed(name, source));
    const documents = await drawn([folder], isOfKind, bytes / kinds.length, tokenizer, signal);
    // Of one long poem some stretches are held out, of many documents whole ones.
    const isFew = documents.length < FEW_DOCUMENTS;
    for (const [i, { text, hash }] of stretchesOf(documents, REGISTER_TOKENS, tokenizer).entries()) {
      examples.push({ text, wanted, isHeldOut: isHeldOut(isFew ? `${hash} ${i}` : hash) });
    }
  }
  return { kinds, examples };
}

const FEW_DOCUMENTS = 10;
/** Of a stretch whose kind is told. */
const REGISTER_TOKENS = 256;

const isHeldOut = (hash: string): boolean => chanceOf(`fit ${hash}`) < HELD_OUT;

const amountOf = (documents: readonly PoolDocument[]) => ({
  documents: documents.length,
  bytes: documents.reduce((sum, { bytes }) => sum + bytes, 0),
});

/** What the scorer says of a draw of the pool, by quantile and source: figures from which a threshold is taken. */
function distributionOf(documents: readonly PoolDocument[], heads: readonly Head[], tokenizer: Tokenizer) {
  const scored = documents.map(({ source, ids }) => ({ source, ...scoresOf(tokenizer.decode(ids), heads) }));
  const sorted = scored.map(({ quality }) => quality).sort((a, b) => a - b);
  const bySource = new Map<string, number[]>();
  for (const { source, quality } of scored) bySource.set(source, [...(bySource.get(source) ?? []), quality]);
  const at = (share: number): number => rounded(sorted[Math.floor(share * (sorted.length - 1))]);
  return {
    quantiles: Object.fromEntries([0.1, 0.25, 0.5, 0.75, 0.9].map((share) => [share, at(share)])),
    meanBySource: Object.fromEntries(
      [...bySource]
        .sort()
        .map(([source, all]) => [source, rounded(all.reduce((sum, one) => sum + one, 0) / all.length)]),
    ),
  };
}

const rounded = (value: number): number => Number(value.toFixed(4));

/** Documents that are learnt from, each behind a BOS. */
function streamOf(documents: readonly PoolDocument[], { bosId }: Tokenizer): Uint32Array {
  const learnt = documents.filter(({ isLearnt }) => isLearnt);
  const stream = new Uint32Array(learnt.reduce((sum, { ids }) => sum + ids.length + 1, 0));
  let at = 0;
  for (const { ids } of learnt) {
    stream[at++] = bosId;
    stream.set(ids, at);
    at += ids.length;
  }
  return stream;
}
