/**
 * The whole line, readable from top to bottom: crawl → clean → document shards → tokenizer → token shards → model.
 * Each station keeps what it has done in its own folder and does only what is new, so the same command runs every
 * night, continues after a kill, and answers "nothing new" when there is nothing to do. A station loads what it needs
 * when it runs.
 *
 *   OUT/crawl  OUT/documents  OUT/tokenizer  OUT/tokens  OUT/model, the one in force, and OUT/models
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { RECIPE_OPTIONS } from './cleaning/recipe.ts';
import type { CrawlSummary } from './crawlers/run-crawl.ts';
import {
  commandLine,
  defineCommand,
  FAULTS_IN_INPUTS,
  gravest,
  HELD_BY_GATE,
  INTERRUPTED,
  NOTHING_NEW,
  TRY_AGAIN,
  UNUSABLE,
} from './crawlers/shell/command.ts';
import { badInput, type ToolkitError, together } from './crawlers/shell/errors.ts';
import { readJsonIfPresent, writeFileAtomic } from './crawlers/shell/folder.ts';
import { formatBytes, formatSeconds, formatTable } from './crawlers/shell/reporter.ts';
import type { Outcome, Work } from './crawlers/shell/work.ts';
import type { CleanSummary } from './shards/documents/clean-inputs.ts';
import type { TokenManifest } from './shards/manifest-shape.ts';
import { DEFAULT_VOCAB_SIZE, TOKENIZER_GROWN_BY, TOKENIZER_POLICIES } from './tokenizer/train/defaults.ts';
import type { TrainedTokenizer } from './tokenizer/train/train-files.ts';
import { TRAINING } from './trainer/commands/train.ts';
import { checkPolicy, MODEL_POLICIES, MODEL_TOLERANCE } from './trainer/run/model-gates.ts';
import type { Night } from './trainer/run/night.ts';
import type { TrainingSummary } from './trainer/run/options.ts';
import { EVALUATE_TOKENS } from './trainer/run/recipe-options.ts';

/** What a run does when nothing is said: a small model that two CPU cores train in half an hour. */
const STANDARD = {
  out: 'vua-out',
  delayMs: 1000,
  vocabSize: DEFAULT_VOCAB_SIZE,
  validShare: 0.05,
  depth: 2,
  width: 128,
  context: 128,
  batch: 8,
  steps: 500,
  evaluateEvery: 100,
  checkpointEvery: 100,
  prompt: 'Việt Nam',
};
/** The bundled sample web: everything in minutes on two cores and the embedded adapter. */
const SAMPLE: Partial<typeof STANDARD> = {
  out: 'vua-sample',
  delayMs: 20,
  vocabSize: 2048,
  validShare: 0.1,
  depth: 2,
  width: 64,
  context: 64,
  batch: 8,
  steps: 300,
  evaluateEvery: 60,
  checkpointEvery: 100,
  prompt: 'Buổi sáng trên sông',
};

const described = (key: keyof typeof STANDARD, text: string): string =>
  `${text} (default: ${STANDARD[key]}; with --sample: ${SAMPLE[key] ?? STANDARD[key]})`;
const integer = z.number().int();
const options = z.object({
  sample: z.boolean().default(false).describe('use the bundled sample web, served on this machine'),
  input: z.array(z.string()).default([]).describe('WARC, JSONL, text and HTML files or folders'),
  seed: z.array(z.string()).default([]).describe('URLs to crawl from'),
  allowHost: z.array(z.string()).default([]).describe('further hosts that links may lead to'),
  allowAddress: z.array(z.string()).default([]).describe('private addresses or networks that may be crawled'),
  maxPages: integer.min(1).default(10_000).describe('pages to fetch in one run'),
  maxRequests: integer.min(1).optional().describe('requests of one run (default: 100 + 4 × --max-pages)'),
  maxMinutes: z.number().gt(0).optional().describe('no request later in a run than this (default: no limit)'),
  delayMs: integer.min(0).optional().describe(described('delayMs', 'pause between requests to a host')),
  preset: RECIPE_OPTIONS.preset,
  vocabSize: integer.min(272).optional().describe(described('vocabSize', 'tokens of the vocabulary')),
  tokenizer: z
    .enum(TOKENIZER_POLICIES)
    .default('grow')
    .describe('train it anew: grow, when the text has grown and was too little for the vocabulary; never; always'),
  tokenizerGrownBy: z
    .number()
    .min(1)
    .default(TOKENIZER_GROWN_BY)
    .describe('with --tokenizer grow: factor by which the text has to have grown since it was trained'),
  validShare: z.number().gt(0).lt(1).optional().describe(described('validShare', 'share of documents held out')),
  model: z
    .enum(MODEL_POLICIES)
    .default('restart')
    .describe('restart: a new one grows beside the one in force; never: none is trained; continue: not yet'),
  modelGrownBy: z.number().min(0).default(0).describe('train when the text grew by this share, 0: any new tokens'),
  modelEvery: integer.min(1).default(1).describe('train every so many nights, where there are new tokens'),
  modelTolerance: z
    .number()
    .min(0)
    .default(MODEL_TOLERANCE)
    .describe(
      'share of held-out bits per byte that a new model may be worse than the one in force; else exit status 4',
    ),
  depth: integer.min(1).max(48).optional().describe(described('depth', 'layers of the model')),
  width: integer.min(0).optional().describe(described('width', 'model width')),
  context: integer.min(0).optional().describe(described('context', 'tokens the model sees')),
  batch: integer.min(1).optional().describe(described('batch', 'rows of --context tokens in a step')),
  steps: integer.min(1).optional().describe(described('steps', 'optimizer steps')),
  evaluateEvery: integer.min(1).optional().describe(described('evaluateEvery', 'steps between held-out evaluations')),
  checkpointEvery: integer.min(1).optional().describe(described('checkpointEvery', 'steps between checkpoints')),
  finalTokens: TRAINING.finalTokens,
  learningRate: TRAINING.learningRate,
  trainingSeed: TRAINING.seed,
  adapter: TRAINING.adapter,
  prompt: z.string().optional().describe(described('prompt', 'what the trained model continues at the end')),
  out: z.string().optional().describe(described('out', 'folder of the run')),
  nothingNewStatus: integer.min(0).max(255).default(NOTHING_NEW).describe('exit status when there is nothing new'),
  config: z.string().optional().describe('JSON file with these options (default: vua.config.json where there is one)'),
});

export const runCommand = defineCommand({
  name: 'run',
  summary: 'the whole line: crawl or read, clean, shard, train tokenizer and model; only what is new',
  examples: [
    'vua run --sample',
    'vua run --input pages.warc.gz wiki.jsonl notes/ --out corpus',
    'vua run --seed https://vi.wikipedia.org/wiki/C%C3%A0_ph%C3%AA --max-pages 500',
  ],
  options,
  headings: {
    sample: 'Input',
    seed: 'Crawl',
    preset: 'Cleaning',
    vocabSize: 'Tokenizer',
    model: 'Model',
    batch: 'Training',
    prompt: 'Output',
  },
  async run(given, work) {
    const settings = { ...STANDARD, ...(given.sample && SAMPLE), ...withoutUndefined(given) };
    checkPolicy(settings);
    const { holding } = await import('./crawlers/shell/lock.ts');
    const faults: Faults = { errors: [], isAllThereIs: false };
    const status = await holding(settings.out, [], () => runLine(settings, faults, work));
    const { errors, outage } = faults;
    const faulty = faults.isAllThereIs ? UNUSABLE : FAULTS_IN_INPUTS;
    const worst = gravest(status, ...(errors.length > 0 ? [faulty] : []), ...(outage ? [TRY_AGAIN] : []));
    if (outage !== undefined && worst === TRY_AGAIN) throw outage;
    if (worst === status) return status; // they were told when they were found
    throw together(errors, faulty);
  },
});

type Settings = typeof STANDARD & Omit<z.infer<typeof options>, keyof typeof STANDARD>;
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
async function runLine(settings: Settings, faults: Faults, work: Work): Promise<number> {
  const started = performance.now();

  const crawled = await crawl(settings, work);
  if (crawled.outcome === 'interrupted') return INTERRUPTED;
  faults.outage = crawled.report?.outage;

  const cleaned = await clean(settings, faults.errors, work);
  if (cleaned.outcome === 'interrupted') return INTERRUPTED;
  const { pages, manifest } = cleaned.report;
  faults.isAllThereIs = pages === 0;
  if (faults.outage !== undefined && manifest.documents.length === 0) throw faults.outage;
  if (faults.errors.length > 0 && manifest.documents.length === 0) throw together(faults.errors, UNUSABLE);

  const tokenizer = await trainTokenizer(settings, work);
  if (tokenizer.outcome === 'interrupted') return INTERRUPTED;

  const tokens = await encode(settings, work);
  if (tokens.outcome === 'interrupted') return INTERRUPTED;

  const trained = await trainModel(settings, work);
  if (trained.outcome === 'interrupted') return INTERRUPTED;
  const { inForce, refused } = trained.report;

  const isNew =
    (crawled.report?.pages.fetched ?? 0) > 0 ||
    [cleaned, tokens, trained].some(({ outcome }) => outcome === 'written') ||
    !isTold(settings, inForce);
  if (!isNew && faults.outage !== undefined) return TRY_AGAIN;
  if (!isNew) {
    work.report.result(`nothing new in ${settings.out}`, { event: 'nothing_new', out: settings.out });
    return settings.nothingNewStatus;
  }
  const told = await summarise(settings, crawled.report, inForce, started, work);
  return refused ? gravest(told, HELD_BY_GATE) : told;
}

/** Fetches what is due; without seeds, what an earlier run left. No report when this run has no web. */
async function crawl(settings: Settings, work: Work): Station<CrawlSummary | undefined> {
  const { sample, seed, allowHost: allowedHosts, allowAddress: allowedAddresses } = settings;
  const { maxPages, maxRequests, maxMinutes, delayMs } = settings;
  const outDir = join(settings.out, 'crawl');
  if (!sample && seed.length === 0 && !existsSync(outDir)) return { outcome: 'nothing_new', report: undefined };
  const { runCrawl } = await import('./crawlers/run-crawl.ts');
  const { startSampleWeb } = await import('./crawlers/sample/server.ts');
  const web = sample ? await startSampleWeb() : undefined;
  try {
    const seeds = [...seed, ...(web?.seeds ?? [])];
    const connectTo = web?.connectTo;
    const where = { outDir, seeds, allowedHosts, allowedAddresses, connectTo };
    return await runCrawl({ ...where, maxPages, maxRequests, maxMinutes, delayMs }, work);
  } finally {
    await web?.close();
  }
}

async function clean({ out, input, preset }: Settings, faults: ToolkitError[], work: Work): Station<CleanSummary> {
  const crawled = join(out, 'crawl', 'warc');
  const inputs = existsSync(crawled) ? [crawled, ...input] : input;
  if (inputs.length === 0) {
    throw badInput(
      'NO_INPUT',
      'vua run: nothing to read, expected --sample, --input or --seed',
      'vua run --help shows examples',
    );
  }
  const { cleanInputs } = await import('./shards/documents/clean-inputs.ts');
  const onFault = (fault: ToolkitError): void => {
    faults.push(fault);
    work.report.note(`${fault.code}: ${fault.message}`);
  };
  const cleaned = await cleanInputs({ inputs, outDir: join(out, 'documents'), preset, onFault }, work);
  if (faults.length > 0 && existsSync(crawled)) {
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
  const { tokenizerDue, tokenizerNight } = await import('./tokenizer/train/retrain.ts');
  const [documents, out, tokens] = ['documents', 'tokenizer', 'tokens'].map((name) => join(settings.out, name));
  const night = await tokenizerNight({ documents, tokenizer: out, tokens }, vocabSize, validShare);
  const { trains, why } = tokenizerDue(night, settings);
  if (!trains) {
    const { askedVocab = vocabSize } = night;
    const kept = `the tokenizer of ${settings.out} was trained for ${askedVocab} tokens`;
    if (askedVocab !== vocabSize) work.report.note(`${kept}; another --vocab-size needs --tokenizer always`);
    return { outcome: 'nothing_new', report: undefined };
  }
  if (why !== undefined) {
    const cost = `all ${formatBytes(night.textBytes)} are encoded again, and a model of the new tokens begins`;
    work.report.note(`${why}: it is trained anew, ${cost}; --tokenizer never keeps the old one`);
  }
  const { trainTokenizer: train } = await import('./tokenizer/train/train-files.ts');
  return train({ documents: [documents], vocabSize, validShare, out }, work);
}

async function encode({ out, validShare }: Settings, work: Work): Station<TokenManifest, undefined> {
  const { writeTokenShards } = await import('./tokenizer/write-tokens.ts');
  const [documents, tokenizer] = [join(out, 'documents'), join(out, 'tokenizer')];
  return writeTokenShards({ documents, tokenizer, validShare, out: join(out, 'tokens') }, work);
}

async function trainModel(settings: Settings, work: Work): Station<Night, undefined> {
  const { trainNight } = await import('./trainer/run/night.ts');
  const { depth, width, context, batch, steps, learningRate, trainingSeed: seed, adapter } = settings;
  const { evaluateEvery, finalTokens, checkpointEvery } = settings;
  const recipe = { depth, width, context, batch, steps, learningRate };
  return trainNight(
    settings.out,
    {
      ...recipe,
      tokens: [join(settings.out, 'tokens')],
      weights: [],
      layout: 'stream',
      seed,
      evaluateEvery,
      checkpointEvery,
      evaluateTokens: EVALUATE_TOKENS,
      finalTokens,
      adapter,
    },
    settings,
    work,
  );
}

const summaryPath = ({ out }: Settings): string => join(out, 'summary.json');

/** Whether the last summary is of this very model: not when a run was killed before its table. */
function isTold(settings: Settings, trained: TrainingSummary | undefined): boolean {
  const told = readJsonIfPresent<{ trained?: TrainingSummary }>(summaryPath(settings));
  const { checkpoint = '', heldOutBitsPerByte } = told?.trained ?? {};
  const isSame = basename(checkpoint) === basename(trained?.checkpoint ?? ''); // the folder may have moved
  return told !== undefined && isSame && heldOutBitsPerByte === trained?.heldOutBitsPerByte;
}

/** Table, curve and a text of the model in force; the exit status. */
async function summarise(
  settings: Settings,
  crawled: CrawlSummary | undefined,
  trained: TrainingSummary | undefined,
  started: number,
  { report, signal }: Work,
): Promise<number> {
  const { crawlRows } = await import('./crawlers/run-crawl.ts');
  const { statsOf, statsRows } = await import('./shards/stats.ts');
  const { trainingRows } = await import('./trainer/run/rows.ts');
  const { out, prompt } = settings;
  const shown = trained && (await showModel(settings, signal));
  if (signal.aborted) return INTERRUPTED;
  const seconds = (performance.now() - started) / 1000;
  const stats = await statsOf(out, signal);
  const rows = [
    ...(crawled ? crawlRows(crawled) : []),
    ...statsRows(stats),
    ...(trained ? trainingRows(trained) : []),
    ['time of this run', formatSeconds(seconds)],
  ];
  const ofModel = trained ? [`sample --checkpoint ${join(out, 'model')} --prompt "${prompt}"`, `plot ${out}`] : [];
  const next = [...ofModel, `stats ${out}`, `verify ${out}`].map(commandLine);
  const summary = { event: 'summary', crawled, ...stats, trained, ...shown, seconds, next };
  writeFileAtomic(summaryPath(settings), `${JSON.stringify(summary, null, 1)}\n`);
  const steps = next.map((line) => `  ${line}`).join('\n');
  const ofText = shown ? `\n\nsample: ${shown.sample}\n\ncurve: ${shown.curve}` : '';
  report.result(`\n${formatTable(rows)}${ofText}\nnext:\n${steps}`, summary);
  return 0;
}

/** What the model writes, and where its curve is drawn. */
async function showModel({ out, prompt, adapter }: Settings, signal: AbortSignal) {
  const { generateText } = await import('./trainer/generate/text.ts');
  const { writePlot } = await import('./trainer/record/write-plot.ts');
  const curve = writePlot(out, 'Bits per byte while training', join(out, 'model', 'curve.svg')).path;
  const sampling = { tokens: 80, temperature: 0.8, topK: 40, seed: 1, adapter };
  return { sample: await generateText({ checkpoint: join(out, 'model'), prompt, ...sampling }, signal), curve };
}

function withoutUndefined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
