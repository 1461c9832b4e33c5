/** `vua run` takes what its stations take, by their own objects, from flags and from its config. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command as Commander } from 'commander';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { crawlCommand } from '../../crawlers/commands/crawl.ts';
import { addCommand, type Command, sayWhatIsAllowed } from '../../crawlers/shell/command.ts';
import {
  cleanSettings,
  crawlSettings,
  runCommand,
  runOptions,
  settingsOf,
  tokenizerSettings,
  trainingSettings,
} from '../../nightly.ts';
import { cleanCommand } from '../../shards/commands/clean.ts';
import { tokensCommand } from '../../tokenizer/commands/tokens.ts';
import { tokenizerTrainCommand } from '../../tokenizer/commands/train.ts';
import { trainCommand } from '../../trainer/commands/train.ts';
import { temporaryFolder } from '../support.ts';

const inner = (type: unknown): unknown => {
  let at = type;
  while (at instanceof z.ZodDefault || at instanceof z.ZodOptional) at = at.unwrap();
  return at;
};

/** A night trains alone. */
const TOGETHER = [
  ...[
    'join',
    'workers',
    'workerName',
    'minWorkers',
    'workerTimeout',
    'innerSteps',
    'outerLearningRate',
    'outerMomentum',
  ],
  ...['outerClip', 'payload', 'even'],
];

it.each<[Command, Record<string, string>, string[]]>([
  [crawlCommand, { source: 'crawlSource', preset: 'crawlPreset' }, ['out', 'dryRun']],
  [cleanCommand, {}, ['out', 'whatIf', 'input']],
  [
    tokenizerTrainCommand,
    { maxBytes: 'tokenizerMaxBytes', seed: 'tokenizerSeed', threads: 'tokenizerThreads' },
    ['out', 'documents'],
  ],
  [tokensCommand, {}, ['out', 'documents', 'tokenizer']],
  [
    trainCommand,
    { preset: 'modelPreset', seed: 'trainingSeed' },
    ['out', 'tokens', 'weights', 'resume', 'rewind', 'initFrom', 'phases', 'minutes', ...TOGETHER],
  ],
])('all options of $name are those of the run, but for where the run puts things', (command, names, without) => {
  const shape: Record<string, unknown> = runOptions.shape;
  const keys = Object.keys(command.options.shape).filter((key) => !without.includes(key));
  expect(keys.filter((key) => !((names[key] ?? key) in shape))).toEqual([]);
  for (const key of keys) {
    const [ours, theirs] = [shape[names[key] ?? key], command.options.shape[key]].map(inner) as z.ZodType[];
    expect(z.toJSONSchema(ours), key).toEqual(z.toJSONSchema(theirs));
  }
});

/** The options as `run` gets them. */
async function parsed(config: object, ...flags: string[]): Promise<z.infer<typeof runOptions> | string> {
  const path = join(temporaryFolder(), 'vua.config.json');
  writeFileSync(path, JSON.stringify(config));
  const program = sayWhatIsAllowed(new Commander('vua').configureOutput({ writeErr: () => {} }));
  let options: unknown;
  addCommand(program, runCommand, '', async (_, given) => {
    options = given;
  });
  try {
    await program.parseAsync(['run', '--config', path, ...flags], { from: 'user' });
  } catch (error) {
    return String(error).replace(path, 'CONFIG');
  }
  return options as z.infer<typeof runOptions>;
}

it('reaches every station under the names of the stations', async () => {
  const config = {
    'user-agent': 'Bot/1',
    refreshAfterHours: 2,
    crawlSource: 'báo',
    'drop-vanished': 3,
    'consent-field': 'consent',
    threshold: { too_short: 60 },
    'max-syllables': 4,
    'tokenizer-seed': 7,
    modelPreset: '1M',
    'training-seed': 9,
    'memory-gb': 1,
  };
  const given = await parsed(config, '--drop-forbidden', '--source', 'wiki');
  if (typeof given === 'string') throw new Error(given);
  const settings = settingsOf(given);
  expect(crawlSettings(settings)).toMatchObject({ userAgent: 'Bot/1', refreshAfterMs: 7_200_000, source: 'báo' });
  expect(cleanSettings(settings)).toMatchObject({
    ...{ source: 'wiki', dropVanished: 3, dropForbidden: true, consentField: 'consent', threshold: ['too_short=60'] },
    preset: 'recommended',
  });
  expect(tokenizerSettings(settings)).toMatchObject({ maxSyllables: 4, seed: 7 });
  expect(trainingSettings(settings)).toMatchObject({
    preset: '1M',
    depth: 0,
    width: 0,
    seed: 9,
    memoryGb: 1,
    steps: 500,
  });
});

it('says nothing of what was not said: a folder of before goes on as it was', () => {
  const settings = settingsOf(runOptions.parse({}));
  expect(Object.keys(trainingSettings(settings)).sort()).toEqual(
    'adapter batch checkpointEvery context depth evaluateEvery evaluateTokens layout learningRate seed steps weights width'.split(
      ' ',
    ),
  );
  expect(tokenizerSettings(settings)).toEqual({ maxSyllables: 1, digits: undefined });
});

it.each([
  [{ maxPages: 3, 'max-pages': 4 }, 'maxPages and max-pages are one key, expected it once'],
  [{ 'max-pages': 'a' }, 'max-pages was given "a": expected an integer ≥ 1'],
  [{ 'max-page': 1 }, 'unknown key max-page, allowed: '],
])('config %j is refused by the names that it has', async (config, said) => {
  expect(await parsed(config)).toContain(said);
});

it('begins a sample whose documents come in the same order each time, and goes on with one of before as it began', () => {
  const dir = temporaryFolder();
  const orderIn = (out: string, more: object = {}): unknown =>
    cleanSettings(settingsOf(runOptions.parse({ sample: true, out, ...more }))).dedupOrder;
  expect(orderIn(join(dir, 'new'))).toBe('stable');
  expect(orderIn(join(dir, 'new'), { dedupOrder: 'given' })).toBe('given');
  mkdirSync(join(dir, 'old', 'documents'), { recursive: true });
  writeFileSync(join(dir, 'old', 'documents', 'manifest.json'), '{}');
  expect(orderIn(join(dir, 'old'))).toBeUndefined();
  expect(cleanSettings(settingsOf(runOptions.parse({ out: dir }))).dedupOrder).toBeUndefined();
});
