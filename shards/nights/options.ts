/** Options of a night itself, beside those of its stations (`nightly.ts`), and what holds where nothing is said. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { NOTHING_NEW } from '../../crawlers/shell/command.ts';
import { KEEP_NIGHTS, MANIFEST_FILE } from '../format.ts';
import { GATES } from './gates.ts';
import { STATIONS } from './settings.ts';

/** What a run does when nothing is said: a small model that two CPU cores train in half an hour. */
export const STANDARD = {
  out: 'vua-out',
  delayMs: 1000,
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
export const SAMPLE: Partial<typeof STANDARD> & { readonly vocabSize: number } = {
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

/** What holds beside STANDARD for these options. */
export const standardsOf = ({ sample, out, modelPreset }: { sample: boolean; out?: string; modelPreset?: string }) => ({
  ...(sample && SAMPLE),
  // A folder that begins holds the same documents in the same order each time; one of before goes on as it began.
  ...(sample && !hasBegun(out ?? `${SAMPLE.out}`) && { dedupOrder: 'stable' as const }),
  ...(modelPreset !== undefined && OF_PRESET),
});
const hasBegun = (out: string): boolean =>
  ['work', ''].some((state) => existsSync(join(out, state, 'documents', MANIFEST_FILE)));

/** The default of an option, as the help tells it. */
export const standardIn =
  (standard: Readonly<Record<string, unknown>>) =>
  (key: string): string | undefined => {
    if (!Object.hasOwn(standard, key)) return undefined;
    const ofSample = SAMPLE[key as keyof typeof SAMPLE];
    return `${standard[key]}${ofSample === undefined ? '' : `; with --sample: ${ofSample}`}`;
  };
const said = (key: string, text: string): string => `${text} (default: ${standardIn(STANDARD)(key)})`;

const gateNames = (): string => GATES.map(({ name, allows }) => `${name}=${allows}`).join(', ');

/** What is read, and how far the night goes. */
export const READING = {
  sample: z.boolean().default(false).describe('use the bundled sample web, served on this machine'),
  input: z.array(z.string()).default([]).describe('files or folders: WARC, Parquet, JSON, CSV, text, HTML'),
  until: z.enum(STATIONS).default('model').describe('the last station of this run'),
} as const;

/** How it is judged, told of and kept. */
export const OPERATION = {
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
  config: z
    .string()
    .optional()
    .describe('JSON file with these options (default: vua.config.json or vua.config.jsonc where there is one)'),
  printConfig: z.boolean().default(false).describe('write nothing: print the options in force as a config file'),
} as const;

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

/** What does not change what a night makes. */
const OF_OPERATION = 'out config printConfig until dryRun wait verifyNights metricsFile metricsPort onFailure'.split(
  ' ',
);

/** What a snapshot's checksum of the config is of: the folder may move, and who is told may change. */
export const recipeSettings = (settings: object): object =>
  Object.fromEntries(Object.entries(settings).filter(([key]) => !OF_OPERATION.includes(key)));

export function withoutUndefined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
