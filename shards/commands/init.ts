import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { SCHEDULERS } from '../nights/schedules.ts';

export const initCommand = defineCommand({
  name: 'init',
  summary: 'write the files that let systemd, cron, Airflow or Dagster run every night',
  examples: [
    'vua init systemd',
    'vua init cron --folder /srv/corpus --at 02:30 --wait 60',
    'vua init airflow --to dags',
  ],
  positional: 'scheduler',
  options: z.object({
    scheduler: z.enum(SCHEDULERS).describe(`what runs the nights: ${SCHEDULERS.join(', ')}`),
    folder: z.string().default('.').describe('folder with vua.config.json, in which the night runs'),
    at: z.string().default('02:30').describe('time of the day, HH:MM'),
    wait: z.number().min(0).default(60).describe('minutes that a night waits for a busy folder'),
    to: z.string().default('.').describe('folder to write the files into'),
  }),
  async run({ scheduler, folder, at, wait, to }, { report }) {
    const { makeFolder, writeFileAtomic } = await import('../../crawlers/shell/folder.ts');
    const { scheduleFor } = await import('../nights/schedules.ts');
    const [, hour, minute] = (/^([01]?\d|2[0-3]):([0-5]\d)$/.exec(at) ?? []).map(Number);
    if (minute === undefined) throw badInput('BAD_OPTION', `--at was given ${JSON.stringify(at)}: expected HH:MM`);
    const program = resolve(process.argv[1]);
    const options = ['run', '--log-json', '--wait', String(wait)];
    const command = [process.execPath, ...process.execArgv, program, ...options];
    const { files, next } = scheduleFor[scheduler]({ command, folder: resolve(folder), hour, minute });
    const paths = Object.keys(files).map((name) => join(to, name));
    const taken = paths.find((path) => existsSync(path));
    if (taken !== undefined)
      throw badInput('BAD_OPTION', `${taken}: there is such a file`, 'choose another folder with --to');
    makeFolder(to);
    for (const [i, text] of Object.values(files).entries()) writeFileAtomic(paths[i], text);
    if (program.endsWith('.ts'))
      report.note('it runs this checkout: `npm run build`, and `node dist/main.js init` again');
    const steps = next.map((line) => `  ${line}`).join('\n');
    report.result(`${paths.join('\n')}\n\nnext, in ${resolve(to)}:\n${steps}`, { event: 'scheduled', paths, next });
    return 0;
  },
});
