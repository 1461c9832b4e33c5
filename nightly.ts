/**
 * The whole line, readable from top to bottom: crawl → clean → document shards → tokenizer → token shards → model.
 * Each station keeps what it has done in its own folder and does only what is new, so the same command runs every
 * night, continues after a kill, and answers "nothing new" when there is nothing to do.
 *
 *   OUT/crawl  OUT/documents  OUT/tokenizer  OUT/tokens  OUT/model
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { RECIPE_OPTIONS } from './cleaning/recipe.ts';
import { type CrawlSummary, runCrawl } from './crawlers/run-crawl.ts';
import { startSampleWeb } from './crawlers/sample/server.ts';
import { commandLine, defineCommand, INTERRUPTED, NOTHING_NEW } from './crawlers/shell/command.ts';
import { badInput, type ToolkitError, together } from './crawlers/shell/errors.ts';
import { readJsonIfPresent, writeFileAtomic } from './crawlers/shell/folder.ts';
import { lockFolder } from './crawlers/shell/lock.ts';
import { formatBytes, formatCount, formatSeconds, formatTable } from './crawlers/shell/reporter.ts';
import type { Work } from './crawlers/shell/work.ts';
import { cleanInputs } from './shards/documents/clean-inputs.ts';
import { droppedPages, reportRows } from './shards/documents/report.ts';
import { statsOf } from './shards/stats.ts';
import { DEFAULT_VOCAB_SIZE } from './tokenizer/train/defaults.ts';
import { trainTokenizer } from './tokenizer/train/train-files.ts';
import { writeTokenShards } from './tokenizer/write-tokens.ts';
import { TRAINING } from './trainer/commands/train.ts';
import { generateText } from './trainer/generate/text.ts';
import { writePlot } from './trainer/record/write-plot.ts';
import type { TrainingSummary } from './trainer/run/options.ts';
import { EVALUATE_TOKENS } from './trainer/run/recipe-options.ts';
import { trainingRows } from './trainer/run/rows.ts';
import { runTraining } from './trainer/run/run.ts';

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
  maxPages: integer.min(1).default(10_000).describe('pages to fetch in one run'),
  delayMs: integer.min(0).optional().describe(described('delayMs', 'pause between requests to a host')),
  preset: RECIPE_OPTIONS.preset,
  vocabSize: integer.min(272).optional().describe(described('vocabSize', 'tokens of the vocabulary')),
  retrainTokenizer: z.boolean().default(false).describe('train the tokenizer anew although there is one'),
  validShare: z.number().gt(0).lt(1).optional().describe(described('validShare', 'share of documents held out')),
  depth: integer.min(1).max(48).optional().describe(described('depth', 'layers of the model')),
  width: integer.min(0).optional().describe(described('width', 'model width')),
  context: integer.min(0).optional().describe(described('context', 'tokens the model sees')),
  batch: integer.min(1).optional().describe(described('batch', 'rows of --context tokens in a step')),
  steps: integer.min(1).optional().describe(described('steps', 'optimizer steps')),
  evaluateEvery: integer.min(1).optional().describe(described('evaluateEvery', 'steps between held-out evaluations')),
  checkpointEvery: integer.min(1).optional().describe(described('checkpointEvery', 'steps between checkpoints')),
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
  async run(given, context) {
    const settings = { ...STANDARD, ...(given.sample && SAMPLE), ...withoutUndefined(given) };
    const unlock = lockFolder(settings.out);
    try {
      const faults: ToolkitError[] = [];
      const status = await runLine(settings, faults, context);
      if (status !== INTERRUPTED && faults.length > 0) throw together(faults);
      return status;
    } finally {
      unlock();
    }
  },
});

type Settings = typeof STANDARD & Omit<z.infer<typeof options>, keyof typeof STANDARD>;

/** `faults` takes those of input files: the line goes on with the others. */
async function runLine(settings: Settings, faults: ToolkitError[], context: Work): Promise<number> {
  const { out, report, signal } = { ...settings, ...context };
  const folder = (name: string): string => join(out, name);
  const started = performance.now();

  const crawled = await crawlStation(settings, folder('crawl'), context);
  if (signal.aborted) return INTERRUPTED;

  const inputs = existsSync(join(folder('crawl'), 'warc'))
    ? [join(folder('crawl'), 'warc'), ...settings.input]
    : settings.input;
  if (inputs.length === 0) {
    throw badInput(
      'NO_INPUT',
      'vua run: nothing to read, expected --sample, --input or --seed',
      'vua run --help shows examples',
    );
  }
  const onFault = (fault: ToolkitError): void => {
    faults.push(fault);
    report.note(`${fault.code}: ${fault.message}`);
  };
  const { preset } = settings;
  const cleaned = await cleanInputs({ inputs, outDir: folder('documents'), preset, onFault }, context);
  if (cleaned.outcome === 'interrupted') return INTERRUPTED;
  if (faults.length > 0 && cleaned.report.manifest.documents.length === 0) throw together(faults);

  const tokenizerIsNew = settings.retrainTokenizer || !existsSync(join(folder('tokenizer'), 'tokenizer.json'));
  if (tokenizerIsNew) {
    const { vocabSize, validShare } = settings;
    const documents = [folder('documents')];
    await trainTokenizer({ documents, vocabSize, validShare, out: folder('tokenizer') }, context);
    if (signal.aborted) return INTERRUPTED;
  }

  const tokens = await writeTokenShards(
    {
      documents: folder('documents'),
      tokenizer: folder('tokenizer'),
      validShare: settings.validShare,
      out: folder('tokens'),
    },
    context,
  );
  if (tokens.outcome === 'interrupted') return INTERRUPTED;
  const { vocabSize } = tokens.report;
  if (!tokenizerIsNew && vocabSize !== settings.vocabSize) {
    report.note(`the tokenizer of ${out} has ${vocabSize} tokens; another --vocab-size needs --retrain-tokenizer`);
  }

  const { depth, width, context: length, batch, steps, learningRate, trainingSeed: seed, adapter } = settings;
  const { evaluateEvery, checkpointEvery } = settings;
  const { outcome, report: trained } = await runTraining(
    {
      tokens: [folder('tokens')],
      weights: [],
      layout: 'stream',
      out: folder('model'),
      depth,
      width,
      context: length,
      batch,
      steps,
      learningRate,
      seed,
      evaluateEvery,
      checkpointEvery,
      evaluateTokens: EVALUATE_TOKENS,
      adapter,
      start: 'restart',
    },
    context,
  );
  if (outcome === 'interrupted') return INTERRUPTED;

  const summaryPath = folder('summary.json');
  const told = readJsonIfPresent<{ trained: TrainingSummary }>(summaryPath)?.trained;
  const isNew =
    basename(told?.checkpoint ?? '') !== basename(trained.checkpoint) || // the folder may have moved
    told?.heldOutBitsPerByte !== trained.heldOutBitsPerByte || // killed before the table
    (crawled?.pages.fetched ?? 0) > 0 ||
    cleaned.outcome === 'written' ||
    tokens.outcome === 'written' ||
    outcome === 'written';
  if (!isNew) {
    report.result(`nothing new in ${out}`, { event: 'nothing_new', out });
    return settings.nothingNewStatus;
  }
  const curve = writePlot(out, 'Bits per byte while training').path;
  const text = await generateText(
    { checkpoint: folder('model'), prompt: settings.prompt, tokens: 80, temperature: 0.8, topK: 40, seed: 1, adapter },
    signal,
  );
  if (signal.aborted) return INTERRUPTED;
  await summarise(settings, crawled, trained, text, curve, (performance.now() - started) / 1000, context);
  return 0;
}

/** Fetches what is due; without seeds, what an earlier run left. `undefined` when this run has no web. */
async function crawlStation(settings: Settings, outDir: string, context: Work): Promise<CrawlSummary | undefined> {
  const { sample, seed, allowHost, maxPages, delayMs } = settings;
  if (!sample && seed.length === 0 && !existsSync(outDir)) return undefined;
  const web = sample ? await startSampleWeb() : undefined;
  try {
    const seeds = [...seed, ...(web?.seeds ?? [])];
    const crawled = await runCrawl(
      { outDir, seeds, allowedHosts: allowHost, connectTo: web?.connectTo, maxPages, delayMs },
      context,
    );
    return crawled.report;
  } finally {
    await web?.close();
  }
}

async function summarise(
  { out, prompt }: Settings,
  crawled: CrawlSummary | undefined,
  trained: TrainingSummary,
  text: string,
  curve: string,
  seconds: number,
  { report, signal }: Work,
): Promise<void> {
  const { documents, tokens } = await statsOf(out, signal);
  const rows = [
    ...(crawled ? crawlRows(crawled) : []),
    ['documents kept', formatCount(documents!.report.kept)],
    ['documents dropped', formatCount(droppedPages(documents!.report))],
    ...reportRows(documents!.report).map(([stage, reason, count]) => [`  ${stage}: ${reason}`, formatCount(count)]),
    ['document shards', `${documents!.shards} (${formatBytes(documents!.fileBytes)})`],
    ['text', formatBytes(documents!.report.keptBytes)],
    ['token shards', `${tokens!.total.shards} (${formatBytes(tokens!.fileBytes)})`],
    ['tokens', formatCount(tokens!.total.tokens)],
    ['vocabulary', formatCount(tokens!.vocabSize)],
    ['bytes per token', tokens!.total.bytesPerToken.toFixed(2)],
    ...trainingRows(trained),
    ['time of this run', formatSeconds(seconds)],
  ];
  const next = [
    `sample --checkpoint ${join(out, 'model')} --prompt "${prompt}"`,
    `stats ${out}`,
    `verify ${out}`,
    `plot ${out}`,
  ].map(commandLine);
  const summary = { event: 'summary', crawled, documents, tokens, trained, sample: text, curve, seconds, next };
  writeFileAtomic(join(out, 'summary.json'), `${JSON.stringify(summary, null, 1)}\n`);
  report.result(
    `\n${formatTable(rows)}\n\nsample: ${text}\n\ncurve: ${curve}\nnext:\n${next.map((line) => `  ${line}`).join('\n')}`,
    summary,
  );
}

/** Of all runs, as the rows below them; an interrupted or a nightly run fetches only a part. */
function crawlRows({ folder, pages }: CrawlSummary): string[][] {
  const others = [folder.redirect, folder.refused, folder.failed];
  return [
    ['pages fetched', formatCount(folder.fetched)],
    ...(pages.fetched === folder.fetched ? [] : [['  in this run', formatCount(pages.fetched)]]),
    ['pages redirected, refused, failed', others.map(formatCount).join(', ')],
  ];
}

function withoutUndefined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
