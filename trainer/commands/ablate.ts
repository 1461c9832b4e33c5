import { join } from 'node:path';
import { z } from 'zod';
import { defineCommand, INTERRUPTED, parseOptions } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { readJsonIfPresent, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { TRAINING } from './train.ts';

/** What an arm may say: all that `vua train` takes, but what the protocol sets for all of them. */
const {
  seed: _seed,
  evaluateEvery: _every,
  evaluateTokens: _tokens,
  finalTokens: _final,
  samplePrompts: _prompts,
  checkpointEvery: _checkpoints,
  checkpointMinutes: _minutes,
  keep: _keep,
  noTune: _tune,
  ...ARM
} = TRAINING;

const config = z.strictObject({
  tokens: z.string(),
  out: z.string(),
  train: z.record(z.string(), z.unknown()).default({}),
  arms: z.record(z.string().regex(/^[\w.-]+$/), z.record(z.string(), z.unknown())),
  baseline: z.string().optional(),
  seeds: z.array(z.int().min(0)).min(1).default([1, 2, 3, 4, 5]),
  rates: z.array(z.number().gt(0)).min(1).default([0.5, 1, 2]),
  draws: z.int().min(100).default(10_000),
  textBytes: z.int().min(100).default(16_000),
  textDocuments: z.int().min(1).default(1_000),
});

export const ablateCommand = defineCommand({
  name: 'ablate',
  summary:
    'arms of a training recipe beside each other: equal FLOPs, rates, seeds, intervals, and what the design sees',
  examples: ['vua ablate ablation.config.json'],
  positional: 'file',
  options: z.object({
    file: z
      .string()
      .describe(
        'JSON: tokens, out, train (options of vua train for all), arms (NAME: what differs), and baseline, seeds, rates, draws, textBytes, textDocuments',
      ),
  }),
  async run({ file }, work) {
    const { ablate } = await import('../run/ablate.ts');
    const { ablationChart, ablationText } = await import('../run/ablation-text.ts');
    const options = readAblation(file);
    const { outcome, report } = await ablate(options, work);
    if (outcome === 'interrupted') {
      work.report.note(`stopped: what was trained stays in ${options.out}/runs, the same command goes on`);
      return INTERRUPTED;
    }
    const path = join(options.out, 'ablation.svg');
    writeFileAtomic(path, ablationChart(report));
    writeFileAtomic(join(options.out, 'ablation.txt'), `${ablationText(report)}\n`);
    const { table, arms } = report;
    work.report.result([ablationText(report), '', join(options.out, 'ablation.json'), path].join('\n'), {
      ...{ event: 'ablation', table, path: join(options.out, 'ablation.json') },
      rates: Object.fromEntries(Object.entries(arms).map(([name, { rate }]) => [name, rate])),
    });
  },
});

/** @throws ToolkitError BAD_CONFIG, BAD_JSON (exit 2) naming file and key */
export function readAblation(file: string) {
  const hint = 'expected {"tokens", "out", "train": {…}, "arms": {"NAME": {…}, …}}';
  const given = readJsonIfPresent<unknown>(file);
  const parsed = config.safeParse(given);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    throw badInput(
      'BAD_CONFIG',
      `${file}: ${path.join('.') || (given === undefined ? 'no such file' : 'top level')}: ${message}`,
      hint,
    );
  }
  const { train, arms, baseline = Object.keys(arms)[0], ...rest } = parsed.data;
  const names = Object.keys(arms);
  if (!names.includes(baseline)) {
    throw badInput('BAD_CONFIG', `${file}: baseline ${baseline}, arms are ${names.join(', ') || 'none'}`, hint);
  }
  const inOrder = [baseline, ...names.filter((name) => name !== baseline)];
  return {
    ...rest,
    arms: inOrder.map((name) => {
      const options = z.object(ARM);
      const values = { ...camelKeys(train), ...camelKeys(arms[name]) };
      const read = parseOptions({ name: `${file}: arm ${name}`, options }, values, (key) => key) as z.infer<
        typeof options
      >;
      return { name, options: { ...read, seed: 0, evaluateEvery: 1, evaluateTokens: 1, checkpointEvery: 1 } };
    }),
  };
}

const camelKeys = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
