/** Config files of `vua run` and `vua ask --serve`: those that `vua init` writes, the schema by which editors complete them, what is in force. */
import { z } from 'zod';
import { factsOf, flagOf } from '../../crawlers/shell/command.ts';
import type { Reporter } from '../../crawlers/shell/reporter.ts';

export const CONFIGS = ['nightly', 'clean', 'train', 'serve'] as const;
export type Config = (typeof CONFIGS)[number];

/** The files of a config, and the command that takes it. A folder has one of each command. */
export interface ConfigFiles {
  readonly config: string;
  readonly schema: string;
  readonly command: 'run' | 'ask';
  /** Words of the command that takes it, after `vua`. */
  readonly line: string;
}

const OF_RUN: ConfigFiles = {
  config: 'vua.config.jsonc',
  schema: 'vua.config.schema.json',
  command: 'run',
  line: 'run',
};
const OF_ASK: ConfigFiles = {
  ...{ config: 'vua.serve.jsonc', schema: 'vua.serve.schema.json', command: 'ask' },
  line: 'ask --config vua.serve.jsonc',
};
export const filesOf = (name: Config): ConfigFiles => (name === 'serve' ? OF_ASK : OF_RUN);

/** What a config says, and what it shows behind `//` for whoever wants to change it. */
interface Template {
  readonly head: string;
  readonly says: Readonly<Record<string, unknown>>;
  readonly shows: Readonly<Record<string, unknown>>;
}

const TEMPLATES: Readonly<Record<Config, Template>> = {
  nightly: {
    head: 'A crawl every night, cleaned and published. `vua run` in this folder is a night.',
    says: {
      seed: ['https://bao.example.vn/'],
      contact: 'me@example.org',
      maxPages: 2000,
      maxMinutes: 120,
      until: 'tokens',
    },
    shows: {
      allowHost: ['www.bao.example.vn'],
      delayMs: 1000,
      threshold: { too_short: 28 },
      optOut: ['takedown.txt'],
      gate: { language: 0.2 },
      metricsFile: '/var/lib/node_exporter/vua.prom',
      onFailure: ['https://chat.example.org/hooks/vua'],
      keepSnapshots: 7,
    },
  },
  clean: {
    head: 'Files become clean, deduplicated documents. `vua run` in this folder reads what is new in them.',
    says: { input: ['texts'], until: 'clean', preset: 'recommended' },
    shows: {
      threshold: { too_short: 28 },
      personalData: 'basic',
      tones: 'keep',
      paragraphs: 'vietnamese',
      passages: 'cut',
      dedupOrder: 'given',
      flag: ['vmlu/valid.jsonl'],
      licence: 'CC-BY-SA-4.0',
    },
  },
  train: {
    head: 'Files become documents, a tokenizer, tokens and a model. `vua run` in this folder does what is new.',
    says: { input: ['texts'], vocabSize: 8192, modelPreset: '1M', steps: 500 },
    shows: {
      context: 512,
      learningRate: 0,
      precision: 'auto',
      memoryGb: 0,
      evaluateEvery: 100,
      checkpointEvery: 100,
      samplePrompts: ['Hà Nội'],
      model: 'restart',
    },
  },
  serve: {
    head: 'Answers over HTTP as OpenAI does, word for word from documents: `vua ask --config vua.serve.jsonc`.',
    says: { serve: true, documents: 'vua-out/documents', port: 8471 },
    shows: { host: '0.0.0.0', token: 'choose-your-own', checkpoint: 'vua-out/model', adapter: 'auto' },
  },
};

const kebab = (key: string): string => flagOf(key).slice(2);

/** A config with a comment above each key, which is what `--help` says of it. */
export function configText(name: Config, shape: z.ZodRawShape): string {
  const { head, says, shows } = TEMPLATES[name];
  const { schema, command } = filesOf(name);
  const last: readonly [string, unknown][] = command === 'run' ? [['out', 'vua-out']] : [];
  const commented = (key: string): string[] =>
    wrapped(factsOf(shape[key] as z.ZodType).description).map((line) => `  // ${line}`);
  const line = (key: string, value: unknown): string => `"${kebab(key)}": ${JSON.stringify(value)},`;
  return [
    `// ${head}`,
    `// Every option of \`vua ${command} --help\` may stand here; behind // are some more. Flags win.`,
    '{',
    `  "$schema": "./${schema}",`,
    ...[...Object.entries(says), ...last].flatMap(([key, value]) => ['', ...commented(key), `  ${line(key, value)}`]),
    ...Object.entries(shows).flatMap(([key, value]) => ['', ...commented(key), `  // ${line(key, value)}`]),
    '}\n',
  ].join('\n');
}

function wrapped(text: string): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    if (lines.at(-1)!.length + word.length > 100) lines.push('');
    lines.push(`${lines.pop()} ${word}`.trim());
  }
  return lines;
}

/** JSON schema of a config: keys written either way, a list of NAME=VALUE also as an object. */
export function configSchema(shape: z.ZodRawShape, command: string): object {
  const properties = Object.entries(shape).flatMap(([key, type]) => {
    const { $schema: _schema, ...own } = z.toJSONSchema(type as z.ZodType, { io: 'input', unrepresentable: 'any' });
    const { isArray, description } = factsOf(type as z.ZodType);
    const table = { type: 'object', additionalProperties: { type: ['string', 'number'] } };
    const allowed = isArray ? { description, anyOf: [own, table] } : { ...own, description };
    return [...new Set([kebab(key), key])].map((name) => [name, allowed]);
  });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `options of vua ${command}`,
    type: 'object',
    additionalProperties: false,
    properties: { $schema: { type: 'string' }, ...Object.fromEntries(properties) },
  };
}

/** Options in force as a config that says the same again. */
export function printConfig(settings: object, report: Reporter): undefined {
  const said = Object.entries(settings).filter(([key, value]) => value !== undefined && !NOT_OF_A_CONFIG.includes(key));
  const config = Object.fromEntries(said.map(([key, value]) => [kebab(key), value]));
  report.result(JSON.stringify(config, undefined, 2), { event: 'config', config });
}

const NOT_OF_A_CONFIG = ['config', 'printConfig', 'dryRun'];
