/** What `vua run` is told: the options of its stations, from their own objects, and those of a night. */
import { z } from 'zod';
import { CRAWLING, crawlOptionsOf } from '../crawlers/commands/crawl.ts';
import { NOTHING_NEW } from '../crawlers/shell/command.ts';
import { CLEANING } from '../shards/commands/clean.ts';
import { KEEP_NIGHTS } from '../shards/format.ts';
import { LEARNING, validShare, vocabSize } from '../tokenizer/commands/train.ts';
import { DEFAULT_VOCAB_SIZE, TOKENIZER_GROWN_BY, TOKENIZER_POLICIES } from '../tokenizer/train/defaults.ts';
import { TRAINING } from '../trainer/commands/train.ts';
import { MODEL_POLICIES, MODEL_TOLERANCE } from '../trainer/run/model-gates.ts';
import { EVALUATE_TOKENS } from '../trainer/run/recipe-options.ts';
import { GATES } from './gates.ts';
import { saidOf, unsaid } from './shapes.ts';

/** What a run does when nothing is said: a small model that two CPU cores train in half an hour. */
const STANDARD = {
  out: 'vua-out',
  delayMs: 1000,
  vocabSize: DEFAULT_VOCAB_SIZE,
  maxSyllables: 1, // learned from a first night's text, merges across spaces lose
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
/** A known size says these itself. */
const OF_PRESET = { depth: 0, width: 0, context: 0, batch: 0 };

/** Stations in their order, as `--until` has them. */
export const STATIONS = ['crawl', 'clean', 'tokenizer', 'tokens', 'model'] as const;
export type StationName = (typeof STATIONS)[number];

/** Names of options that two stations have, or that would say too little here. */
const RENAMED = {
  crawl: { source: 'crawlSource' },
  clean: {},
  tokenizer: { maxBytes: 'tokenizerMaxBytes', seed: 'tokenizerSeed', threads: 'tokenizerThreads' },
  training: { preset: 'modelPreset', seed: 'trainingSeed' },
} as const;

const standardOf = (key: string): string | undefined => {
  if (!Object.hasOwn(STANDARD, key)) return undefined;
  const name = key as keyof typeof STANDARD;
  const ofSample = SAMPLE[name];
  return `${STANDARD[name]}${ofSample === undefined ? '' : `; with --sample: ${ofSample}`}`;
};
const said = (key: string, text: string): string => `${text} (default: ${standardOf(key)})`;

const gateNames = (): string => GATES.map(({ name, allows }) => `${name}=${allows}`).join(', ');

export const runOptions = z.object({
  sample: z.boolean().default(false).describe('use the bundled sample web, served on this machine'),
  input: z.array(z.string()).default([]).describe('WARC, JSONL, text and HTML files or folders'),
  until: z.enum(STATIONS).default('model').describe('the last station of this run'),
  ...unsaid(CRAWLING, RENAMED.crawl, standardOf),
  ...unsaid(CLEANING, RENAMED.clean),
  ...unsaid({ vocabSize, validShare, ...LEARNING }, RENAMED.tokenizer, standardOf),
  tokenizer: z
    .enum(TOKENIZER_POLICIES)
    .default('grow')
    .describe('train it anew: grow, when the text has grown and was too little for the vocabulary; never; always'),
  tokenizerGrownBy: z
    .number()
    .min(1)
    .default(TOKENIZER_GROWN_BY)
    .describe('with --tokenizer grow: factor by which the text has to have grown since it was trained'),
  model: z
    .enum(MODEL_POLICIES)
    .default('restart')
    .describe('restart: a new one grows beside the one in force; never: none is trained; continue: not yet'),
  modelGrownBy: z.number().min(0).default(0).describe('train when the text grew by this share, 0: any new tokens'),
  modelEvery: z.int().min(1).default(1).describe('train every so many nights, where there are new tokens'),
  modelTolerance: z
    .number()
    .min(0)
    .default(MODEL_TOLERANCE)
    .describe(
      'share of held-out bits per byte that a new model may be worse than the one in force; else exit status 4',
    ),
  ...unsaid(TRAINING, RENAMED.training, standardOf),
  gate: z
    .array(z.string())
    .default([])
    .describe(
      `how far a night may be from the last 7 before it is held back: NAME=NUMBER, NAME.first=NUMBER, NAME=off; ${gateNames()}`,
    ),
  dryRun: z.boolean().default(false).describe('write nothing: say pages, bytes and minutes, from the last nights'),
  wait: z.number().min(0).default(0).describe('minutes to wait for a folder in which another run works'),
  verifyNights: z
    .int()
    .min(0)
    .default(30)
    .describe('nights in which every file of documents and tokens is read back once, a part each night; 0: none'),
  metricsFile: z.string().optional().describe('file for Prometheus (textfile collector), replaced whole at the end'),
  metricsPort: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('port of this machine that answers /metrics during the run'),
  onFailure: z
    .array(z.string())
    .optional()
    .describe('address that gets a POST, or command that gets JSON on its stdin, when a night fails or is held'),
  prompt: z.string().optional().describe(said('prompt', 'what the trained model continues at the end')),
  out: z.string().optional().describe(said('out', 'folder of the run')),
  keepSnapshots: z
    .int()
    .min(1)
    .default(KEEP_NIGHTS)
    .describe('nights whose documents and tokens stay, beside pinned ones and what the model in force was trained on'),
  nothingNewStatus: z.int().min(0).max(255).default(NOTHING_NEW).describe('exit status when there is nothing new'),
  config: z.string().optional().describe('JSON file with these options (default: vua.config.json where there is one)'),
});

/** Headings of `vua run --help`, by the first option of each. */
export const RUN_HEADINGS = {
  sample: 'Input',
  crawlSource: 'Crawl',
  source: 'Cleaning',
  vocabSize: 'Tokenizer',
  tokenizer: 'Tokenizer',
  model: 'Model',
  layout: 'Training',
  gate: 'Gates and operation',
  prompt: 'Output',
} as const;

export type RunOptions = z.infer<typeof runOptions>;
export type Settings = ReturnType<typeof settingsOf>;

/** Options with what holds where nothing was said. */
export function settingsOf(given: RunOptions) {
  const standard = { ...STANDARD, ...(given.sample && SAMPLE), ...(given.modelPreset !== undefined && OF_PRESET) };
  return { ...given, ...standard, ...withoutUndefined(given) };
}

/** What does not change what a night makes. */
const OF_OPERATION = [
  'out',
  'config',
  'until',
  'dryRun',
  'wait',
  'verifyNights',
  'metricsFile',
  'metricsPort',
  'onFailure',
];

/** What a snapshot's checksum of the config is of: the folder may move, and who is told may change. */
export const recipeSettings = (settings: Settings): object =>
  Object.fromEntries(Object.entries(settings).filter(([key]) => !OF_OPERATION.includes(key)));

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

function withoutUndefined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
