/**
 * The whole line, readable from top to bottom: crawl → clean → document shards → tokenizer → token shards → model.
 * Each station keeps what it has done in its own folder and does only what is new, so the same command runs every
 * night, continues after a kill, and answers "nothing new" when there is nothing to do. A station loads what it needs
 * when it runs.
 *
 *   OUT/crawl   OUT/work: documents, tokenizer, tokens of the night   OUT/models
 *                   │ published by one rename (shards/snapshots)         │ in force by one rename (trainer/record)
 *                   ▼                                                    ▼
 *               OUT/documents  OUT/tokenizer  OUT/tokens               OUT/model
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CRAWLING, crawlOptionsOf } from './crawlers/commands/crawl.ts';
import { presetNote } from './crawlers/presets.ts';
import type { CrawlSummary } from './crawlers/run-crawl.ts';
import {
  commandLine,
  defineCommand,
  FAULTS_IN_INPUTS,
  gravest,
  HELD_BY_GATE,
  INTERRUPTED,
  TRY_AGAIN,
  UNUSABLE,
} from './crawlers/shell/command.ts';
import { badInput, type ToolkitError, together } from './crawlers/shell/errors.ts';
import { formatSeconds, formatTable } from './crawlers/shell/reporter.ts';
import type { Outcome, Work } from './crawlers/shell/work.ts';
import { CLEANING } from './shards/commands/clean.ts';
import type { CleanSummary } from './shards/documents/clean-inputs.ts';
import type { TokenManifest } from './shards/manifest-shape.ts';
import { cleanFigures, crawlFigures } from './shards/nights/figures.ts';
import { parseGates } from './shards/nights/gates.ts';
import type { Line } from './shards/nights/held.ts';
import type { NightLog } from './shards/nights/night-log.ts';
import {
  OPERATION,
  READING,
  RUN_HEADINGS,
  recipeSettings,
  STANDARD,
  standardIn,
  standardsOf,
  withoutUndefined,
} from './shards/nights/options.ts';
import { STATIONS, type StationName } from './shards/nights/settings.ts';
import { saidOf, unsaid } from './shards/nights/shapes.ts';
import { isTold, writeSummary } from './shards/nights/summary.ts';
import type { NightFacts } from './shards/snapshots/facts.ts';
import { contaminated, DROPOUT } from './tokenizer/commands/tokens.ts';
import { LEARNING, TOKENIZER_POLICY, validShare, vocabSize } from './tokenizer/commands/train.ts';
import { DEFAULT_VOCAB_SIZE } from './tokenizer/train/defaults.ts';
import type { TrainedTokenizer } from './tokenizer/train/train-files.ts';
import { MODEL_POLICY, TRAINING } from './trainer/commands/train.ts';
import type { Night } from './trainer/run/night.ts';
import type { TrainingSummary } from './trainer/run/options.ts';
import { EVALUATE_TOKENS } from './trainer/run/recipe-options.ts';

/** Names of options that two stations have, or that would say too little here. */
const RENAMED = {
  crawl: { source: 'crawlSource', preset: 'crawlPreset' },
  clean: {},
  tokenizer: { maxBytes: 'tokenizerMaxBytes', seed: 'tokenizerSeed', threads: 'tokenizerThreads' },
  training: { preset: 'modelPreset', seed: 'trainingSeed' },
} as const;

const STANDARDS = { ...STANDARD, vocabSize: DEFAULT_VOCAB_SIZE };
const standardOf = standardIn(STANDARDS);

/** Every option of every station, from their own objects: what is not said is for `settingsOf`. */
export const runOptions = z.object({
  ...READING,
  ...unsaid(CRAWLING, RENAMED.crawl, standardOf),
  ...unsaid(CLEANING, RENAMED.clean),
  ...unsaid({ vocabSize, validShare, contaminated, ...DROPOUT, ...LEARNING }, RENAMED.tokenizer, standardOf),
  ...TOKENIZER_POLICY,
  ...MODEL_POLICY,
  ...unsaid(TRAINING, RENAMED.training, standardOf),
  ...OPERATION,
});

export type Settings = ReturnType<typeof settingsOf>;

/** Options with what holds where nothing was said. */
export function settingsOf(given: z.infer<typeof runOptions>) {
  const standard = { ...STANDARDS, ...standardsOf(given) };
  return { ...given, ...standard, ...withoutUndefined(given) };
}

/** What the crawl is told, without where. */
export const crawlSettings = (settings: Settings) => crawlOptionsOf(saidOf(CRAWLING, RENAMED.crawl, settings));

/** What cleaning is told, as `vua clean` is. */
export const cleanSettings = (settings: Settings) =>
  z.object(CLEANING).parse(saidOf(CLEANING, RENAMED.clean, settings));

/** What the tokenizer is told, without where. */
export const tokenizerSettings = (settings: Settings) => {
  const { digits, ...learning } = saidOf(LEARNING, RENAMED.tokenizer, settings);
  return { ...learning, digits: digits as 1 | 2 | 3 | undefined };
};

/** What the training is told, without where. */
export const trainingSettings = (settings: Settings) => {
  const { depth, width, context, batch, steps, evaluateEvery, checkpointEvery } = settings;
  const held = {
    evaluateTokens: EVALUATE_TOKENS,
    layout: 'stream',
    seed: 1,
    learningRate: 0,
    adapter: 'auto',
  } as const;
  const standard = { depth, width, context, batch, steps, evaluateEvery, checkpointEvery };
  return { ...held, ...standard, ...saidOf(TRAINING, RENAMED.training, settings), weights: [] };
};

export const runCommand = defineCommand({
  name: 'run',
  summary: 'the whole line: crawl or read, clean, shard, train tokenizer and model; only what is new',
  examples: [
    'vua run --sample',
    'vua run --input pages.warc.gz wiki.jsonl notes/ --out corpus',
    'vua run --seed https://vi.wikipedia.org/wiki/C%C3%A0_ph%C3%AA --contact me@example.org',
  ],
  options: runOptions,
  headings: RUN_HEADINGS,
  async run(given, work) {
    const settings = settingsOf(given);
    if (settings.printConfig) return (await import('./shards/nights/configs.ts')).printConfig(settings, work.report);
    if (settings.dryRun) {
      const { predictRun } = await import('./shards/nights/predict.ts');
      const { text, prediction } = predictRun(settings);
      work.report.result(text, { event: 'prediction', ...prediction });
      return;
    }
    parseGates(settings.gate);
    const { attend } = await import('./shards/nights/attend.ts');
    return attend(settings, work, (log, heard) => runNight(settings, log, heard));
  },
});

/** The line, and what is said at last of faults that it went on with. */
async function runNight(settings: Settings, log: NightLog, work: Work): Promise<number> {
  const faults: Faults = { errors: [], isAllThereIs: false };
  const { readBackNight } = await import('./shards/nights/scrub.ts');
  const status = gravest(await runLine(settings, faults, log, work), await readBackNight(settings, log, work));
  const { errors, outage } = faults;
  const faulty = faults.isAllThereIs ? UNUSABLE : FAULTS_IN_INPUTS;
  const worst = gravest(status, ...(errors.length > 0 ? [faulty] : []), ...(outage ? [TRY_AGAIN] : []));
  if (outage !== undefined && worst === TRY_AGAIN) throw outage;
  if (worst === status) return status; // they were told when they were found
  throw together(errors, faulty);
}

/** Of input files: the line goes on with the others. */
interface Faults {
  readonly errors: ToolkitError[];
  /** No page could be read beside them. */
  isAllThereIs: boolean;
  /** No host of the crawl served anything: the line goes on with what there is. */
  outage?: ToolkitError;
}
type Station<Report, Stopped = Report> = Promise<Outcome<Report, Stopped>>;

/**
 * Stations, each behind the one that it reads from. A gate stands between two of them, on what the first has told: it
 * lets the line go on, or ends it.
 */
async function runLine(settings: Settings, faults: Faults, log: NightLog, work: Work): Promise<number> {
  const { applyRemovals } = await import('./shards/removal/remove.ts');
  const { beginNight } = await import('./shards/snapshots/work.ts');
  await applyRemovals(settings.out);
  beginNight(settings.out, await nightFacts(settings), (text) => work.report.note(text));

  const crawled = await log.timed('crawl', () => crawl(settings, work), crawlFigures);
  if (crawled.outcome === 'interrupted') return INTERRUPTED;
  faults.outage = crawled.report?.outage;
  const fetched = crawled.report?.pages.fetched ?? 0;
  const told: Told = { crawled: crawled.report, isNew: fetched > (crawled.report?.same ?? 0) };
  if (isBehind('clean', settings)) return end(settings, told, faults, log, work);

  const { passesGates, remember } = await import('./shards/nights/ask.ts');
  const cleaned = await log.timed('clean', () => clean(settings, faults.errors, work), cleanFigures);
  if (cleaned.outcome === 'interrupted') {
    remember(settings.out, cleaned.report.profile);
    return INTERRUPTED;
  }
  const { pages, manifest } = cleaned.report;
  faults.isAllThereIs = pages === 0;
  if (faults.outage !== undefined && manifest.documents.length === 0) throw faults.outage;
  if (faults.errors.length > 0 && manifest.documents.length === 0) throw together(faults.errors, UNUSABLE);
  told.isNew ||= cleaned.outcome === 'written';
  if (!passesGates(settings, cleaned.report, log, work.report)) return HELD_BY_GATE;
  return goOn(settings, log, work, told, faults);
}

/** Behind the gates of documents: also what a night does that was held and is accepted. */
async function goOn(
  settings: Settings,
  log: NightLog,
  work: Work,
  told: Told = { isNew: true },
  faults: Faults = { errors: [], isAllThereIs: false },
): Promise<number> {
  if (isBehind('tokenizer', settings)) return end(settings, told, faults, log, work);

  const tokenizer = await log.timed('tokenizer', () => trainTokenizer(settings, work));
  if (tokenizer.outcome === 'interrupted') return INTERRUPTED;
  told.isNew ||= tokenizer.outcome === 'written';
  if (isBehind('tokens', settings)) return end(settings, told, faults, log, work);

  const tokens = await log.timed('tokens', () => encode(settings, work));
  if (tokens.outcome === 'interrupted') return INTERRUPTED;
  told.isNew ||= tokens.outcome === 'written';
  if (isBehind('model', settings)) return end(settings, told, faults, log, work);

  told.isNew = (await publish(settings, work)) || told.isNew;

  const trained = await log.timed('model', () => trainModel(settings, work));
  if (trained.outcome === 'interrupted') return INTERRUPTED;
  const { inForce, model, refused } = trained.report;
  told.isNew ||= trained.outcome === 'written' || !isTold(settings.out, inForce);
  log.judgeModel(inForce?.heldOutBitsPerByte, refused?.verdict);
  const status = await end(settings, { ...told, trained: inForce, model }, faults, log, work);
  return refused && told.isNew ? gravest(status, HELD_BY_GATE) : status;
}

/** Whether a station is behind the last one of this run. */
const isBehind = (station: StationName, { until }: Settings): boolean =>
  STATIONS.indexOf(station) > STATIONS.indexOf(until);

/** What the stations have told. */
interface Told {
  readonly crawled?: CrawlSummary;
  readonly trained?: TrainingSummary;
  readonly model?: Night['model'];
  isNew: boolean;
}

/** Behind the last station: what is published, a table, or that there was nothing new; the exit status. */
async function end(settings: Settings, told: Told, { outage }: Faults, log: NightLog, work: Work): Promise<number> {
  const { endNight } = await import('./shards/snapshots/work.ts');
  if (settings.until !== 'crawl') told.isNew = (await publish(settings, work)) || told.isNew;
  endNight(settings.out, told.model, settings.keepSnapshots);
  if (told.isNew) await (await import('./shards/search/refresh.ts')).refreshSearch(settings.out, work);
  if (told.isNew) return summarise(settings, told, log, work);
  if (outage !== undefined) return TRY_AGAIN;
  work.report.result(`nothing new in ${settings.out}`, { event: 'nothing_new', out: settings.out });
  return settings.nothingNewStatus;
}

/** Fetches what is due; without seeds, what an earlier run left. No report when this run has no web. */
async function crawl(settings: Settings, work: Work): Station<CrawlSummary | undefined> {
  const { sample, crawlPreset } = settings;
  const given = { ...crawlSettings(settings), delayMs: settings.delayMs };
  const outDir = join(settings.out, 'crawl');
  if (!sample && given.seeds.length === 0 && !existsSync(outDir)) return { outcome: 'nothing_new', report: undefined };
  if (crawlPreset) work.report.note(presetNote(crawlPreset));
  const { runCrawl } = await import('./crawlers/run-crawl.ts');
  const { startSampleWeb } = await import('./crawlers/sample/server.ts');
  const web = sample ? await startSampleWeb() : undefined;
  try {
    const seeds = [...given.seeds, ...(web?.seeds ?? [])];
    return await runCrawl({ ...given, outDir, seeds, connectTo: { ...web?.connectTo, ...given.connectTo } }, work);
  } finally {
    await web?.close();
  }
}

function inputsOf({ out, input }: Settings): string[] {
  const crawled = join(out, 'crawl', 'warc');
  return existsSync(crawled) ? [crawled, ...input] : input;
}

async function clean(settings: Settings, faults: ToolkitError[], work: Work): Station<CleanSummary> {
  const { out } = settings;
  const inputs = inputsOf(settings);
  if (inputs.length === 0) {
    throw badInput(
      'NO_INPUT',
      'vua run: nothing to read, expected --sample, --input or --seed',
      'vua run --help shows examples',
    );
  }
  const { cleanInputs } = await import('./shards/documents/clean-inputs.ts');
  const { cleanOptionsOf } = await import('./shards/commands/clean.ts');
  const onFault = (fault: ToolkitError): void => {
    faults.push(fault);
    work.report.note(`${fault.code}: ${fault.message}`);
  };
  const options = await cleanOptionsOf(cleanSettings(settings));
  const { passedOverIn } = await import('./shards/nights/ask.ts');
  const where = { inputs, outDir: foldersOf(settings).documents, passedOver: passedOverIn(out), compacts: true };
  const { removedFrom } = await import('./shards/removal/list.ts');
  const removed = removedFrom(out);
  const cleaned = await cleanInputs({ ...options, ...where, removed, onFault }, work);
  if (faults.length > 0 && existsSync(join(out, 'crawl'))) {
    const { suspect } = await import('./crawlers/settle-damage.ts');
    suspect(
      join(out, 'crawl'),
      faults.map(({ message }) => message),
    );
  }
  return cleaned;
}

/** Another tokenizer is another model: it stays while it serves. No report when the one that stands there is kept. */
async function trainTokenizer(settings: Settings, work: Work): Station<TrainedTokenizer | undefined> {
  const { vocabSize, validShare } = settings;
  const { tokenizerDue, tokenizerNight, tokenizerNote } = await import('./tokenizer/train/retrain.ts');
  const { documents, tokenizer: out, tokens } = foldersOf(settings);
  const night = await tokenizerNight({ documents, tokenizer: out, tokens }, vocabSize, validShare);
  const due = tokenizerDue(night, settings);
  const note = tokenizerNote(night, due);
  if (note !== undefined) work.report.note(`${settings.out}: ${note}`);
  if (!due.trains) return { outcome: 'nothing_new', report: undefined };
  const { trainTokenizer: train } = await import('./tokenizer/train/train-files.ts');
  return train({ ...tokenizerSettings(settings), documents: [documents], vocabSize, validShare, out }, work);
}

async function encode(settings: Settings, work: Work): Station<TokenManifest, undefined> {
  const { writeTokenShards } = await import('./tokenizer/write-tokens.ts');
  const { tokens, ...from } = foldersOf(settings);
  const { validShare, contaminated, dropout, dropoutSeed } = settings;
  return writeTokenShards({ ...from, validShare, contaminated, dropout, dropoutSeed, out: tokens }, work);
}

/** What the night made becomes what OUT shows, by one rename. Whether that is new. */
async function publish(settings: Settings, { report }: Work): Promise<boolean> {
  const { publishNight } = await import('./shards/snapshots/work.ts');
  const { forgetProfile } = await import('./shards/nights/ask.ts');
  const { snapshot, isNew, waits, mends } = publishNight(settings.out, await nightFacts(settings));
  if (isNew) forgetProfile(settings.out);
  if (isNew) report.note(`${snapshot?.dir}: published${mends ? `, for what is damaged: ${mends}` : ''}`);
  if (waits) report.note(`${waits}: documents wait there, unpublished, until a run makes their tokens`);
  return isNew;
}

async function nightFacts(settings: Settings): Promise<NightFacts> {
  const { factsOf } = await import('./shards/snapshots/facts.ts');
  return factsOf(recipeSettings(settings), inputsOf(settings));
}

/** Where the night works. */
const foldersOf = ({ out }: Settings) => ({
  ...{ documents: join(out, 'work', 'documents'), tokenizer: join(out, 'work', 'tokenizer') },
  tokens: join(out, 'work', 'tokens'),
});

async function trainModel(settings: Settings, work: Work): Station<Night, undefined> {
  const { trainNight } = await import('./trainer/run/night.ts');
  const options = { ...trainingSettings(settings), tokens: [join(settings.out, 'tokens')] };
  return trainNight(settings.out, options, settings, work);
}

/** Table, curve and a text of the model in force; the exit status. */
async function summarise(
  settings: Settings,
  { crawled, trained }: Told,
  log: NightLog,
  { report, signal }: Work,
): Promise<number> {
  const { crawlRows } = await import('./crawlers/run-crawl.ts');
  const { statsOf, statsRows } = await import('./shards/stats.ts');
  const { trainingRows } = await import('./trainer/run/rows.ts');
  const { showModel } = await import('./trainer/run/show.ts');
  const { out, prompt } = settings;
  // A model that stays was shown on its night.
  const shown = trained && !isTold(out, trained) ? await showModel(settings, signal) : undefined;
  if (signal.aborted) return INTERRUPTED;
  const { seconds } = log;
  const stats = settings.until === 'crawl' ? {} : await statsOf(out, signal);
  const rows = [
    ...(crawled ? crawlRows(crawled) : []),
    ...statsRows(stats),
    ...(trained ? trainingRows(trained) : []),
    ['time of this run', formatSeconds(seconds)],
  ];
  const ofModel = trained ? [`sample --checkpoint ${join(out, 'model')} --prompt "${prompt}"`, `plot ${out}`] : [];
  const ofShards = settings.until === 'crawl' ? [] : [`stats ${out}`];
  const next = [...ofModel, ...ofShards, `verify ${out}`].map(commandLine);
  const summary = { event: 'summary', crawled, ...stats, trained, ...shown, seconds, next };
  writeSummary(out, summary);
  const steps = next.map((line) => `  ${line}`).join('\n');
  const ofText = shown ? `\n\nsample: ${shown.sample}\n\ncurve: ${shown.curve}` : '';
  report.result(`\n${formatTable(rows)}${ofText}\nnext:\n${steps}`, summary);
  return 0;
}

/** A night that was held, accepted or rejected by hand. */
export const heldLine: Line = {
  goOn: (settings, log, work) => goOn(heldSettings(settings), log, work),
  facts: (settings) => nightFacts(heldSettings(settings)),
};

/** Another version of vua may have held it: what it did not know is as where nothing is said. */
const heldSettings = (settings: object): Settings => settingsOf(runOptions.parse(settings));
