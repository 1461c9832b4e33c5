/**
 * Arms of a recipe beside each other, by one protocol: one frozen text, equal FLOPs, at least three rates for each arm,
 * the same seeds for all, the last step of each.
 *
 *   1  text      held-out documents without what training text shares with them (score/eval-set.ts)
 *   2  rates     each arm at rates a factor 2 apart, one seed, judged on *tune*; the best must be inside, else they widen
 *   3  seeds     the best rate of each arm with every seed
 *   4  table     on *test*: differences from the baseline, intervals, what the design sees (score/ablation.ts)
 *
 * Each training leaves its nats in a folder of its own; the same command goes on where it was stopped.
 */
import { join } from 'node:path';
import { badInput } from '../../crawlers/shell/errors.ts';
import { readJsonIfPresent, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { holding } from '../../crawlers/shell/lock.ts';
import { formatCount, formatSeconds } from '../../crawlers/shell/reporter.ts';
import { type Outcome, unattended, type Work } from '../../crawlers/shell/work.ts';
import { checksumOf } from '../../shards/checksum.ts';
import { bytesPerToken, openTokens, type TokenFolder } from '../../shards/tokens/source.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import type { ModelConfig } from '../model/config.ts';
import { parameterCount } from '../model/config.ts';
import { checkpointsIn, openCheckpoint } from '../record/checkpoint.ts';
import {
  type ArmRow,
  EVAL_SETS,
  type EvalDocument,
  effectiveDocuments,
  type RecordedRun,
  seedFactorOf,
  tableOf,
} from '../score/ablation.ts';
import {
  type EvalText,
  evalTexts,
  natsInWindows,
  type TextLimits,
  trainTexts,
  withoutShared,
} from '../score/eval-set.ts';
import { heldOutInTrain, leaksIn } from '../score/leaks.ts';
import { withModel } from './evaluate-model.ts';
import { causalFlopsPerToken } from './flops.ts';
import type { TrainingOptions } from './options.ts';
import { batchOf, modelOf, scheduleOf } from './recipe.ts';
import { runTraining } from './run.ts';

/** What trains an arm. */
export type ArmOptions = Omit<TrainingOptions, 'tokens' | 'weights' | 'out' | 'start'>;

export interface AblationOptions extends TextLimits {
  /** A folder of token shards. */
  readonly tokens: string;
  /** The first is the baseline. `steps` is that of the baseline; those of others follow from its FLOPs. */
  readonly arms: readonly { readonly name: string; readonly options: ArmOptions }[];
  readonly seeds: readonly number[];
  /** Times the rate of each arm: its own, or what follows from its width. */
  readonly rates: readonly number[];
  /** Draws of the bootstrap. */
  readonly draws: number;
  readonly out: string;
}

/** What is known of an arm before it is trained. */
interface Arm {
  readonly name: string;
  readonly options: ArmOptions;
  readonly config: ModelConfig;
  readonly flopsPerToken: number;
  readonly tokensPerStep: number;
  readonly peak: number;
}

export interface RecordedArm extends Omit<Arm, 'options' | 'name' | 'peak'> {
  /** As they differ from the baseline's. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly parameters: number;
  readonly steps: number;
  readonly flops: number;
  readonly epochs: number;
  /** Bytes of text seen. */
  readonly bytes: number;
  /** Rates tried, and bits per byte on *tune* with the first seed. */
  readonly tried: readonly { readonly rate: number; readonly tune: number }[];
  readonly rate: number;
  readonly runs: readonly RecordedRun[];
}

/** What stands in `ablation.json`. */
export interface Ablation {
  readonly format: 'vua-ablation';
  readonly version: 1;
  readonly adapter: string;
  readonly tokens: string;
  /** Checksum of the list of documents. */
  readonly text: string;
  /** Left out: they share passages with training text; and the share of all words in runs of 13 and 50. */
  readonly left: number;
  readonly shared: readonly number[];
  readonly documents: readonly EvalDocument[];
  readonly baseline: string;
  readonly draws: number;
  /** `seedFactorOf` its seeds. */
  readonly seedFactor: number;
  readonly arms: Readonly<Record<string, RecordedArm>>;
  readonly table: readonly ArmRow[];
}

/** Rates are widened so often at most. */
const WIDENED = 3;
/** Epochs over the text that only one arm may not have. */
const MOST_EPOCHS = 4;

/**
 * Interrupted, what was trained stays, and the same call goes on.
 * @throws ToolkitError BAD_OPTION (exit 2), HELD_OUT_IN_TRAIN and those of `runTraining`
 */
export async function ablate(options: AblationOptions, work = unattended()): Promise<Outcome<Ablation, undefined>> {
  return holding(options.out, [options.tokens], () => ablateLocked(options, work));
}

async function ablateLocked(options: AblationOptions, work: Work): Promise<Outcome<Ablation, undefined>> {
  const { report, signal } = work;
  const { out, seeds, rates, draws } = options;
  const folder = await openTokens(options.tokens);
  const leaks = await leaksIn([folder]);
  if (leaks.length > 0) throw heldOutInTrain(leaks);
  const arms = armsOf(options, folder);
  const tokenizer = await Tokenizer.load(folder.where);
  const all = await evalTexts(folder, tokenizer, options);
  const { kept, left, shares } = await withoutShared(all, trainTexts(folder, tokenizer));
  report.note(textNote(kept, left, shares));
  const [first] = arms;
  const flops = first.flopsPerToken * first.tokensPerStep * first.options.steps;
  report.note(
    `${arms.length} arms × (${rates.length} rates + ${seeds.length - 1} seeds) at ${flops.toExponential(2)} FLOPs each`,
  );
  const trial = new Trials(options, folder, encoded(kept, tokenizer), work);
  const recorded: Record<string, RecordedArm> = {};
  trial.expect(arms.length * (rates.length + seeds.length - 1));
  for (const arm of arms) {
    const steps = Math.floor(flops / (arm.flopsPerToken * arm.tokensPerStep));
    const found = await rateOf(trial, arm, steps, options);
    if (found === undefined) return { outcome: 'interrupted', report: undefined };
    const runs: RecordedRun[] = [];
    for (const seed of seeds) {
      const run = await trial.of(arm, steps, found.rate, seed);
      if (run === undefined) return { outcome: 'interrupted', report: undefined };
      runs.push(run);
    }
    const { name, options: own, peak: _peak, ...facts } = arm;
    const tokens = steps * arm.tokensPerStep;
    recorded[name] = {
      ...{ ...facts, options: differenceOf(own, first.options), parameters: parameterCount(arm.config), steps },
      ...{ flops: steps * arm.tokensPerStep * arm.flopsPerToken, epochs: tokens / trainTokens(folder) },
      ...{ bytes: tokens * bytesPerToken([folder]), ...found, runs },
    };
  }
  if (signal.aborted) return { outcome: 'interrupted', report: undefined };
  const documents = kept.map(({ text: _text, ...document }) => document);
  const [baseline, ...others] = arms.map(({ name }) => ({ arm: name, runs: recorded[name].runs }));
  const ablation: Ablation = {
    ...{ format: 'vua-ablation', version: 1, adapter: trial.adapter, tokens: folder.fingerprint },
    ...{ text: textId(documents), left, shared: shares, documents, baseline: baseline.arm, draws, arms: recorded },
    seedFactor: seedFactorOf(seeds.length),
    table: tableOf(documents, baseline, others, draws),
  };
  writeFileAtomic(join(out, 'ablation.json'), `${JSON.stringify(ablation)}\n`);
  return { outcome: 'written', report: ablation };
}

const trainTokens = ({ manifest }: TokenFolder): number =>
  manifest.shards.reduce((sum, { split, rows }) => sum + (split === 'train' ? rows : 0), 0);

const textId = (documents: readonly EvalDocument[]): string =>
  checksumOf(
    Buffer.from(documents.map(({ hash, bytes, source, set }) => `${hash} ${bytes} ${source} ${set}`).join('\n')),
  );

/** @throws ToolkitError BAD_OPTION (exit 2) */
function armsOf({ arms }: AblationOptions, folder: TokenFolder): Arm[] {
  const known = arms.map(({ name, options }) => {
    const config = modelOf(options, folder.manifest.vocabSize);
    const tokensPerStep = batchOf(options, config) * config.context;
    const { peak } = scheduleOf(options, config);
    return { name, options, config, flopsPerToken: causalFlopsPerToken(config), tokensPerStep, peak };
  });
  const [first] = known;
  const flops = first.flopsPerToken * first.tokensPerStep * first.options.steps;
  const over = known.filter(({ flopsPerToken }) => flops / flopsPerToken / trainTokens(folder) > MOST_EPOCHS);
  if (over.length > 0 && over.length < known.length) {
    throw badInput(
      'BAD_OPTION',
      `arm ${over[0].name}: more than ${MOST_EPOCHS} epochs over ${formatCount(trainTokens(folder))} tokens, other arms are not`,
      'give fewer steps, or more text',
    );
  }
  return known;
}

function textNote(kept: readonly EvalText[], left: number, shares: readonly number[]): string {
  const sets = EVAL_SETS.map((name) => {
    const own = kept.filter(({ set }) => set === name);
    return `${name} ${own.length} documents (effective ${effectiveDocuments(own).toFixed(1)})`;
  });
  const [sentence, paragraph] = shares.map((share) => `${(100 * share).toFixed(2)} %`);
  return `text: ${sets.join(', ')}; left out ${left} that share more than 5 % of their words with training text in runs of 13 (of all held-out words ${sentence}, in runs of 50 ${paragraph})`;
}

/** Ids of the documents of each set, BOS first. @throws ToolkitError BAD_TOKENIZER where they do not decode to the text */
function encoded(texts: readonly EvalText[], tokenizer: Tokenizer): readonly (readonly [EvalText, Uint32Array])[] {
  return texts.map((one) => {
    const ids = tokenizer.encode(one.text);
    if (tokenizer.decode(ids) !== one.text.normalize('NFC')) {
      throw badInput('BAD_TOKENIZER', `document ${one.hash}: its tokens do not decode to its text`);
    }
    return [one, Uint32Array.from([tokenizer.bosId, ...ids])] as const;
  });
}

/** The best of the rates on *tune*; while it is the first or last one, another is tried beyond it. */
async function rateOf(trial: Trials, arm: Arm, steps: number, { rates, seeds }: AblationOptions) {
  const tried: { rate: number; tune: number }[] = [];
  const attempt = async (rate: number): Promise<boolean> => {
    const run = await trial.of(arm, steps, rate, seeds[0]);
    if (run === undefined) return false;
    tried.push({ rate, tune: trial.bitsPerByte(run, 'tune') });
    tried.sort((a, b) => a.rate - b.rate);
    return true;
  };
  for (const factor of rates) if (!(await attempt(arm.peak * factor))) return undefined;
  const best = (): number => tried.reduce((least, { tune }, i) => (tune < tried[least].tune ? i : least), 0);
  for (let widened = 0; rates.length > 1 && widened < WIDENED; widened++) {
    const at = best();
    if (at > 0 && at < tried.length - 1) break;
    trial.expect(1);
    if (!(await attempt(at === 0 ? tried[0].rate / 2 : tried[at].rate * 2))) return undefined;
  }
  return { tried, rate: tried[best()].rate };
}

/** Trainings, each once. */
class Trials {
  adapter = '';
  readonly #options: AblationOptions;
  readonly #folder: TokenFolder;
  readonly #texts: ReturnType<typeof encoded>;
  readonly #work: Work;
  readonly #progress;
  #expected = 0;
  #done = 0;
  #trained = 0;
  #seconds = 0;

  constructor(options: AblationOptions, folder: TokenFolder, texts: ReturnType<typeof encoded>, work: Work) {
    this.#options = options;
    this.#folder = folder;
    this.#texts = texts;
    this.#work = work;
    this.#progress = work.report.stage('ablate', 'trainings');
  }

  /** So many trainings more are to come. */
  expect(count: number): void {
    this.#expected += count;
  }

  bitsPerByte({ nats }: RecordedRun, set: EvalDocument['set']): number {
    const bytes = this.#texts.reduce((sum, [one]) => sum + (one.set === set ? one.bytes : 0), 0);
    return nats[set].reduce((sum, one) => sum + one, 0) / Math.LN2 / bytes;
  }

  /** Trains, or reads what an earlier call left; undefined when it was stopped. */
  async of(arm: Arm, steps: number, rate: number, seed: number): Promise<RecordedRun | undefined> {
    const { out, tokens } = this.#options;
    const { signal, report } = this.#work;
    const asked: TrainingOptions = {
      ...arm.options,
      ...{ seed, steps, learningRate: rate, warmup: warmupOf(arm, steps) },
      ...{ evaluateEvery: steps, evaluateTokens: 1024, finalTokens: 1, checkpointEvery: steps, keep: 1, noTune: true },
      ...{ tokens: [tokens], weights: [], out: '', start: 'new' },
    };
    const { out: _out, start: _start, adapter: _adapter, ...known } = asked;
    const texts = this.#texts.map(([{ hash, set }]) => `${hash} ${set}`).join();
    const name = checksumOf(Buffer.from(JSON.stringify([known, this.#folder.fingerprint, texts])));
    const dir = join(out, 'runs', `${arm.name}-${seed}-${name}`);
    const path = join(dir, 'nats.json');
    const before = readJsonIfPresent<RecordedRun & { adapter: string }>(path);
    if (before !== undefined) {
      const { adapter, ...run } = before;
      this.adapter = adapter;
      this.#tell();
      return run;
    }
    const began = performance.now();
    const start = checkpointsIn(dir).length > 0 ? 'resume' : 'new';
    const { outcome, report: summary } = await runTraining({ ...asked, out: dir, start }, { ...unattended(), signal });
    if (outcome === 'interrupted') return undefined;
    const nats = await withModel(openCheckpoint(dir), arm.options.adapter, (trainer) =>
      natsInWindows(
        trainer,
        this.#texts.map(([, ids]) => ids),
        signal,
      ),
    );
    if (nats === undefined) return undefined;
    const ofSet = (set: string): number[] => nats.filter((_, i) => this.#texts[i][0].set === set);
    const run: RecordedRun = {
      seed,
      rate,
      nats: { tune: ofSet('tune'), select: ofSet('select'), test: ofSet('test') },
    };
    this.adapter = summary.adapter;
    writeFileAtomic(path, `${JSON.stringify({ adapter: summary.adapter, ...run })}\n`);
    this.#seconds += (performance.now() - began) / 1000;
    this.#trained++;
    if (this.#trained === 1) {
      const left = (this.#expected - this.#done - 1) * this.#seconds;
      report.note(`a training takes ${formatSeconds(this.#seconds)}: about ${formatSeconds(left)} for what is left`);
    }
    this.#tell({
      arm: arm.name,
      rate: rate.toPrecision(3),
      seed,
      'bits/byte': this.bitsPerByte(run, 'tune').toFixed(4),
    });
    return run;
  }

  #tell(figures?: Readonly<Record<string, string | number>>): void {
    this.#progress.update(++this.#done, figures);
  }
}

/** The same share of all steps in each arm. */
function warmupOf({ options, config }: Arm, steps: number): number {
  const { warmupSteps } = scheduleOf(options, config);
  return Math.max(1, Math.round((warmupSteps / options.steps) * steps));
}

const differenceOf = (own: ArmOptions, base: ArmOptions): Record<string, unknown> =>
  Object.fromEntries(Object.entries(own).filter(([key, value]) => base[key as keyof ArmOptions] !== value));
