/**
 * `npm run crash`: a small night killed, failed and robbed of its power at every operation (night.ts), and ten thousand
 * nights of a crawl in virtual time (crawl-nights.ts). Prints how many points were tried and what was lost.
 *
 *   npm run crash                            all, ten minutes at most for each part
 *   npm run crash -- --minutes 1             less of each
 *   npm run crash -- power --seed 4711       one part; with its seed a failure is seen again
 */
import { execFileSync, fork } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { makeTemporaryFolder } from '../folder.ts';
import { type Case, casesOf, isPart, PARTS, type Part, prepare, tryCase } from './parts.ts';

interface Told {
  readonly case: Case;
  readonly wrong: readonly string[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' }, worker: { type: 'string' } },
});

if (values.worker !== undefined) await work(values.worker);
else process.exitCode = await conduct();

/** Takes cases from the parent until it hangs up. */
async function work(dir: string): Promise<void> {
  const own = makeTemporaryFolder();
  const stage = await prepare(dir);
  process.on('message', async (one: Case) => {
    process.send!({ case: one, wrong: await tryCase(one, stage, own) } satisfies Told);
  });
  process.on('disconnect', () => {
    rmSync(own, { recursive: true, force: true });
    process.exit();
  });
  process.send!('ready');
}

async function conduct(): Promise<number> {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
  const dir = makeTemporaryFolder();
  let failures = 0;
  try {
    mkdirSync(dir, { recursive: true });
    const stage = await prepare(dir);
    const chosen: readonly Part[] = positionals.length > 0 ? positionals.filter(isPart) : PARTS;
    for (const part of chosen) {
      const cases = values.seed === undefined ? casesOf(part, stage) : [{ part, at: Number(values.seed) } as Case];
      failures += await share(part, cases, dir, Number(values.minutes) * 60_000);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  return failures === 0 ? 0 : 1;
}

/** Deals cases out to a process for each core. Returns how many went wrong. */
async function share(part: Part, cases: readonly Case[], dir: string, ms: number): Promise<number> {
  const until = performance.now() + ms;
  let [next, tried, failed] = [0, 0, 0];
  const one = (): Promise<void> =>
    new Promise((done, fail) => {
      const child = fork(import.meta.filename, ['--worker', dir], { execArgv: ['--import', 'tsx'] });
      child.on('exit', (code) => (code === 0 ? done() : fail(new Error(`a worker ended with ${code}`))));
      child.on('message', (told: Told | 'ready') => {
        if (told !== 'ready') {
          tried++;
          if (told.wrong.length > 0) failed++;
          for (const fact of told.wrong) console.log(`${part}: ${JSON.stringify(told.case)}: ${fact}`);
        }
        const case_ = performance.now() < until ? cases[next++] : undefined;
        if (case_ === undefined) child.disconnect();
        else child.send(case_);
      });
    });
  await Promise.all(Array.from({ length: availableParallelism() }, one));
  console.log(`${part}: ${tried} of ${cases.length} tried, ${failed} went wrong`);
  return failed;
}
