/**
 * What training together costs in held-out loss, at equal tokens.
 *
 *   npm run elastic                        a small grammar, workers of one process: by workers and by inner steps, elastic.svg
 *   npm run elastic -- TOKENS [train options]  `vua train` in processes: alone, 1, 2 and 4 workers, one that comes late, one killed
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { formatTable } from '../../crawlers/shell/reporter.ts';
import { openGpu } from '../../trainer/gpu/adapter.ts';
import { COLOURS, chartSvg } from '../../trainer/record/chart.ts';
import { alone, makeTrainer, type TogetherOptions, trainTogether } from './together.ts';

const percent = (now: number, before: number): string => `${((now / before - 1) * 100).toFixed(2)} %`;

async function ofGrammar(steps: number): Promise<void> {
  const gpu = await openGpu('embedded');
  const trainers = await Promise.all(Array.from({ length: 4 }, () => makeTrainer(gpu, 2)));
  const single = await alone(gpu, steps, trainers[0]);
  const rows: string[][] = [['', 'nats per token', 'of one alone', 'bytes up a round and worker']];
  rows.push(['alone', single.toFixed(4), '', '']);
  const run = async (name: string, options: Omit<TogetherOptions, 'steps'>): Promise<number> => {
    const { loss, rounds } = await trainTogether(gpu, {
      ...options,
      steps,
      trainers: trainers.slice(0, options.workers),
    });
    const [{ bytes, parts }] = rounds;
    rows.push([name, loss.toFixed(4), percent(loss, single), String(Math.round(bytes.up / parts.length))]);
    console.log(rows.at(-1)!.join('  '));
    return loss;
  };
  const innerSteps = 5;
  for (const workers of [1, 2, 4]) await run(`${workers} workers, H = ${innerSteps}`, { workers, innerSteps });
  await run('4 workers, int8', { workers: 4, innerSteps, payload: 'int8' });
  const half = Math.floor(steps / innerSteps / 2);
  await run('4 workers, one late', { workers: 4, innerSteps, comes: { 3: half } });
  await run('4 workers, one killed', { workers: 4, innerSteps, dies: { 3: half } });
  const points: [number, number][] = [];
  for (const H of [1, 2, 5, 10, 20, 40])
    points.push([H, await run(`2 workers, H = ${H}`, { workers: 2, innerSteps: H })]);
  console.log(formatTable(rows));
  const chart = {
    ...{ title: `Two workers, ${steps} steps`, xLabel: 'inner steps', yLabel: 'held-out nats per token', logX: true },
    series: [
      { name: 'two workers', colour: COLOURS[0], points, dots: true },
      { name: 'alone', colour: COLOURS[1], dashed: true, points: points.map(([H]) => [H, single] as const) },
    ],
  };
  writeFileSync('elastic.svg', chartSvg(chart));
  process.exit(0); // the device stays open
}

interface Arm {
  readonly name: string;
  readonly flags: readonly string[];
  /** Other processes: when they come, and when they are killed, in rounds. */
  readonly helpers?: readonly { readonly behind: number; readonly killed?: number }[];
}

function arms(innerSteps: string): Arm[] {
  const together = (minWorkers: number): string[] => [
    '--inner-steps',
    innerSteps,
    '--min-workers',
    String(minWorkers),
    '--worker-timeout',
    '30',
  ];
  const from = (behind: number) => ({ behind });
  return [
    { name: 'alone', flags: [] },
    { name: '1 worker', flags: together(1) },
    { name: '2 workers', flags: together(2), helpers: [from(0)] },
    { name: '4 workers', flags: together(4), helpers: [from(0), from(0), from(0)] },
    { name: '2, one comes late', flags: together(1), helpers: [from(2)] },
    { name: '2, one killed', flags: together(1), helpers: [{ behind: 0, killed: 2 }] },
  ];
}

const vua = (args: readonly string[]) =>
  spawn(process.execPath, [resolve('dist/main.js'), ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
const ended = (child: ReturnType<typeof vua>): Promise<unknown> => new Promise((end) => child.on('close', end));

async function ofTokens(tokens: string, given: readonly string[]): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'vua-elastic-'));
  const rows: string[][] = [['', 'bits per byte', 'of one alone', 'rounds', 'bytes up a round']];
  let single = Number.NaN;
  for (const [i, { name, flags, helpers = [] }] of arms('10').entries()) {
    const [out, place] = [join(dir, `out-${i}`), join(dir, `meet-${i}`)];
    const rounds = (): { up: number }[] =>
      existsSync(join(out, 'rounds.jsonl'))
        ? readFileSync(join(out, 'rounds.jsonl'), 'utf8')
            .trim()
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line))
        : [];
    const meets = flags.length > 0 ? ['--join', place] : [];
    const director = ended(vua(['train', '--tokens', tokens, '--out', out, ...given, ...flags, ...meets]));
    let over = false;
    void director.then(() => {
      over = true;
    });
    const until = async (behind: number): Promise<void> => {
      while (!over && rounds().length < behind) await new Promise((wait) => setTimeout(wait, 200));
    };
    const helping = helpers.map(async ({ behind, killed }) => {
      await until(behind);
      const child = vua(['train', '--join', place]);
      if (killed !== undefined) void until(killed).then(() => child.kill('SIGKILL'));
      await ended(child);
    });
    await Promise.all([director, ...helping]);
    const { bitsPerByte } = JSON.parse(readFileSync(join(out, 'evaluation.json'), 'utf8'));
    if (i === 0) single = bitsPerByte;
    const done = rounds();
    const up = done.reduce((sum, round) => sum + round.up, 0) / Math.max(1, done.length);
    rows.push([
      name,
      bitsPerByte.toFixed(4),
      percent(bitsPerByte, single),
      String(done.length),
      String(Math.round(up)),
    ]);
    console.log(rows.at(-1)!.join('  '));
  }
  rmSync(dir, { recursive: true, force: true });
  console.log(formatTable(rows));
}

const [tokens, ...given] = process.argv.slice(2);
if (tokens === undefined || /^\d+$/.test(tokens)) await ofGrammar(Number(tokens ?? 160));
else await ofTokens(tokens, given);
