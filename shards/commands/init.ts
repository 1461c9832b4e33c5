import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { CONFIG_FILES, commandLine, defineCommand } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { CONFIGS, type Config, type ConfigFiles, configSchema, configText, filesOf } from '../nights/configs.ts';
import { RANK_RUNNERS, type RankRunner } from '../nights/rank-jobs.ts';
import { SCHEDULERS, type Scheduler } from '../nights/schedules.ts';

type What = Config | Scheduler | RankRunner;
const isConfig = (what: What): what is Config => (CONFIGS as readonly string[]).includes(what);
const isOfRanks = (what: What): what is RankRunner => (RANK_RUNNERS as readonly string[]).includes(what);

/** `optionsOf`: the options of commands to the right of this room; `commands.ts` knows both. */
export const initCommand = (optionsOf: (command: ConfigFiles['command']) => Promise<z.ZodObject>) =>
  defineCommand({
    name: 'init',
    summary:
      'write a config with comments, the files that let systemd, cron, Airflow or Dagster run every night, or those of ranks under Slurm and Kubernetes',
    examples: [
      'vua init nightly',
      'vua init clean --to my-corpus',
      'vua init serve',
      'vua init systemd',
      'vua init cron --folder /srv/corpus --at 02:30 --wait 60',
      'vua init airflow --to dags',
      'vua init slurm --ranks 8 --line "clean --input warc --out documents"',
      'vua init k8s --ranks 8 --line "tokens --documents documents --tokenizer tokenizer --out tokens"',
    ],
    positional: 'what',
    options: z.object({
      what: z
        .enum([...CONFIGS, ...SCHEDULERS, ...RANK_RUNNERS])
        .describe(
          `a config: ${CONFIGS.join(', ')}; or what runs the nights: ${SCHEDULERS.join(', ')}; or ranks of one command: ${RANK_RUNNERS.join(', ')}`,
        ),
      folder: z.string().default('.').describe('folder with the config, in which the night runs'),
      at: z.string().default('02:30').describe('time of the day, HH:MM'),
      wait: z.number().min(0).default(60).describe('minutes that a night waits for a busy folder'),
      ranks: z.int().min(2).default(8).describe('processes that share a command (slurm, k8s)'),
      line: z
        .string()
        .default('clean --input warc --out documents')
        .describe('the command that ranks share, with its --out (slurm, k8s)'),
      to: z.string().default('.').describe('folder to write the files into'),
    }),
    async run({ what, folder, at, wait, ranks, line, to }, { report }) {
      const { makeFolder, writeFileAtomic } = await import('../../crawlers/shell/folder.ts');
      const program = resolve(process.argv[1]);
      const { files, next } = isConfig(what)
        ? configFiles(what, (await optionsOf(filesOf(what).command)).shape)
        : isOfRanks(what)
          ? await rankFiles(what, { program, folder, ranks, line })
          : await scheduleFiles(what, { program, folder, at, wait });
      const taken = [
        ...Object.keys(files),
        ...(isConfig(what) && filesOf(what).command === 'run' ? CONFIG_FILES : []),
      ].find((name) => existsSync(join(to, name)));
      if (taken !== undefined)
        throw badInput('BAD_OPTION', `${join(to, taken)}: there is such a file`, 'choose another folder with --to');
      makeFolder(to);
      const paths = Object.keys(files).map((name) => join(to, name));
      for (const [i, text] of Object.values(files).entries()) writeFileAtomic(paths[i], text);
      if (program.endsWith('.ts') && !isConfig(what))
        report.note('it runs this checkout: `npm run build`, and `node dist/main.js init` again');
      const steps = next.map((line) => `  ${line}`).join('\n');
      report.result(`${paths.join('\n')}\n\nnext, in ${resolve(to)}:\n${steps}`, { event: 'scheduled', paths, next });
      return 0;
    },
  });

function configFiles(what: Config, shape: z.ZodRawShape) {
  const { config, schema, command, line } = filesOf(what);
  const files = {
    [config]: configText(what, shape),
    [schema]: `${JSON.stringify(configSchema(shape, command), undefined, 1)}\n`,
  };
  const lines = command === 'run' ? ['run --dry-run', line] : [line];
  return { files, next: [`edit ${config}`, ...lines.map(commandLine)] };
}

async function rankFiles(
  what: RankRunner,
  {
    program,
    folder,
    ranks,
    line,
  }: Pick<When, 'program' | 'folder'> & { readonly ranks: number; readonly line: string },
) {
  const { rankJobFor } = await import('../nights/rank-jobs.ts');
  const words = line.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  const plain = words.map((word) => word.replace(/^(["'])(.*)\1$/, '$2'));
  const start = [process.execPath, ...process.execArgv, program];
  return rankJobFor[what]({ program: start, line: plain, ranks, folder: resolve(folder) });
}

interface When {
  readonly program: string;
  readonly folder: string;
  readonly at: string;
  readonly wait: number;
}

async function scheduleFiles(scheduler: Scheduler, { program, folder, at, wait }: When) {
  const { scheduleFor } = await import('../nights/schedules.ts');
  const [, hour, minute] = (/^([01]?\d|2[0-3]):([0-5]\d)$/.exec(at) ?? []).map(Number);
  if (minute === undefined) throw badInput('BAD_OPTION', `--at was given ${JSON.stringify(at)}: expected HH:MM`);
  const options = ['run', '--log-json', '--wait', String(wait)];
  const command = [process.execPath, ...process.execArgv, program, ...options];
  return scheduleFor[scheduler]({ command, folder: resolve(folder), hour, minute });
}
