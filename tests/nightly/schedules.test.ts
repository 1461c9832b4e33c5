/** Files of schedulers, checked by the schedulers themselves where they are there. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Scheduler, scheduleFor } from '../../shards/nights/schedules.ts';
import { temporaryFolder } from '../support.ts';

const folder = temporaryFolder('file');
const schedule = {
  command: [process.execPath, '/opt/vựa 100%/main.js', 'run', '--user-agent', `Bot "1" $HOME 'x'`],
  ...{ folder, hour: 2, minute: 5 },
};

/** Writes the files; their folder. */
function written(scheduler: Scheduler): string {
  const dir = temporaryFolder();
  for (const [name, text] of Object.entries(scheduleFor[scheduler](schedule).files))
    writeFileSync(join(dir, name), text);
  return dir;
}

it('systemd takes its units', (context) => {
  const dir = written('systemd');
  const units = ['vua.service', 'vua.timer'].map((name) => join(dir, name));
  const { status, stderr, error } = spawnSync('systemd-analyze', ['verify', ...units], { encoding: 'utf8' });
  if (error) return context.skip('systemd-analyze is not here');
  const ours = stderr.split('\n').filter((line) => line.includes('vua.'));
  expect({ status, ours }).toEqual({ status: 0, ours: [] });
});

it("cron's line gives the shell the words as they were, and says what is a failure", () => {
  const said = scheduleFor.cron({ ...schedule, command: ['printf', '%s\\n', ...schedule.command.slice(1)] });
  const [when, line] = /^(5 2 \* \* \*) (.*)$/m.exec(said.files['vua.cron'])!.slice(1);
  expect(when).toBe('5 2 * * *');
  expect(line.replaceAll('\\%', '')).not.toContain('%');
  const shell = line.replaceAll('\\%', '%').replace('>>vua.log 2>&1', '');
  expect(spawnSync('/bin/sh', ['-c', shell], { encoding: 'utf8' }).stdout.split('\n').slice(0, -1)).toEqual(
    schedule.command.slice(1),
  );
  const ended = (status: number): number | null => {
    const { files } = scheduleFor.cron({ ...schedule, command: ['/bin/sh', '-c', `exit ${status}`] });
    const text = /^5 2 \* \* \* (.*)$/m.exec(files['vua.cron'])![1].replaceAll('\\%', '%');
    return spawnSync('/bin/sh', ['-c', text]).status;
  };
  expect([0, 5, 99, 75, 4].map(ended)).toEqual([0, 0, 0, 75, 4]);
});

it.for<[Scheduler, string]>([
  ['airflow', 'import vua_night as m; print(sorted(t.task_id for t in m.night.tasks))'],
  ['dagster', 'import vua_night as m; print(m.defs.get_job_def("vua_night").name)'],
])('%s imports its file', ([scheduler, script], { skip }) => {
  const dir = written(scheduler);
  const parsed = spawnSync('python3', ['-m', 'py_compile', join(dir, 'vua_night.py')], { encoding: 'utf8' });
  if (parsed.error === undefined) expect(parsed.stderr).toBe('');
  const python = process.env[`VUA_${scheduler.toUpperCase()}_PYTHON`] ?? 'python3';
  const find = `import importlib.util, sys; sys.exit(importlib.util.find_spec("${scheduler}") is None)`;
  if (spawnSync(python, ['-c', find]).status !== 0) skip(`no Python here has ${scheduler}`);
  const { stdout, stderr } = spawnSync(python, ['-c', script], { cwd: dir, encoding: 'utf8' });
  expect(stdout.trim().split('\n').at(-1), stderr).toBe(scheduler === 'airflow' ? "['run']" : 'vua_night');
});
