/**
 * The model and the tokenizer of several nights: the model in force stays whole whatever becomes of the next one. Each
 * test goes on with the folder that the one before it left. With VUA_LONG each night is a process of its own, which may
 * be killed; else all are in this one, with one device.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startProgram } from './program.ts';
import { IS_LONG, range, temporaryFolder } from './support.ts';
import { lendGpu } from './trainer/device.ts';

const folder = temporaryFolder('file');
const OUT = join(folder, 'night');
const WORDS =
  'nước nhà sông núi biển trời đất người làng phố chợ đường xe thuyền sách trường thầy bạn mẹ cha anh chị em ông bà'.split(
    ' ',
  );

/** Documents of words that a formula picks: enough for a tokenizer of some hundred ids and a toy model. */
function corpus(name: string, begin: number, count: number): string {
  const text = (d: number): string =>
    range(40)
      .map((s) =>
        range(9)
          .map((w) => WORDS[(d * 31 + s * 17 + w * w * 7 + s * w) % WORDS.length])
          .join(' '),
      )
      .join('. ');
  const lines = range(count).map((i) => JSON.stringify({ id: `d${begin + i}`, text: text(begin + i) }));
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  return join(folder, name);
}
const few = corpus('few.jsonl', 0, 20);
const many = corpus('many.jsonl', 100, 40);

interface Result {
  readonly status: number | null;
  readonly notes: string;
}
interface StopAt {
  readonly when: () => boolean;
  readonly signal: 'SIGINT' | 'SIGKILL';
}
/** `stopAt`: when it holds, the run gets the signal. */
async function run(options: string[], stopAt?: StopAt): Promise<Result> {
  const recipe = ['--vocab-size', '400', '--valid-share', '0.2', '--preset', 'keep-all', '--adapter', 'embedded'];
  const model = ['--depth', '1', '--width', '32', '--context', '16', '--batch', '2', '--checkpoint-every', '4'];
  const evaluated = ['--evaluate-tokens', '400', '--final-tokens', '400'];
  const words = ['run', '--out', OUT, '--json', ...recipe, ...model, ...evaluated, ...options];
  const { ended, stop } = IS_LONG ? startProcess(words) : startProgram(folder, words);
  const watch = setInterval(() => {
    if (!stopAt?.when()) return;
    clearInterval(watch);
    stop(stopAt.signal);
  }, 10);
  const { status, stderr } = await ended.finally(() => clearInterval(watch));
  return { status, notes: stderr };
}

function startProcess(words: string[]) {
  const child = spawn(process.execPath, [resolve('dist/main.js'), ...words], { cwd: folder });
  const stop = (signal: NodeJS.Signals) => child.kill(signal);
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += chunk));
  child.stdout.resume();
  const ended = new Promise<{ status: number | null; stderr: string }>((done) =>
    child.on('close', (status) => done({ status, stderr })),
  );
  return { ended, stop };
}

const checkpoints = (...path: string[]): string[] =>
  existsSync(join(OUT, ...path)) ? readdirSync(join(OUT, ...path)).filter((name) => name.startsWith('step-')) : [];
const inForce = (): string => readlinkSync(join(OUT, 'model'));
const night = (name: string) => JSON.parse(readFileSync(join(OUT, 'models', name, 'night.json'), 'utf8'));
const evaluation = (): string => readFileSync(join(OUT, 'model', 'evaluation.json'), 'utf8');
const SHORT = ['--steps', '10', '--evaluate-every', '10'];
let first: string;
let takeBack: (() => void) | undefined;
beforeAll(async () => {
  if (!IS_LONG) takeBack = await lendGpu();
});
afterAll(() => takeBack?.());

it('the first night puts its model in force', async () => {
  const { status } = await run(['--input', few, ...SHORT]);
  expect(status).toBe(0);
  expect(inForce()).toBe('models/000001');
  expect(checkpoints('model')).toEqual(['step-000005', 'step-000008', 'step-000010']);
  first = evaluation();
});

it('Ctrl-C in the second night leaves the model of the first', async () => {
  const stopAt = { when: () => checkpoints('models', '000002').length > 0, signal: 'SIGINT' } as const;
  const { status } = await run(['--input', few, '--steps', '100000'], stopAt);
  expect(status).toBe(130);
  expect(inForce()).toBe('models/000001');
  expect(checkpoints('model')).toEqual(['step-000005', 'step-000008', 'step-000010']);
  expect(evaluation()).toBe(first);
});

it('more text: the tokenizer is trained anew, the growing model begins anew, passes its gate and is in force', async () => {
  const { status, notes } = await run(['--input', few, many, ...SHORT, '--model-tolerance', '1']);
  expect(status).toBe(0);
  expect(notes).toMatch(/the tokenizer learned from [\d.]+ kB, now there are [\d.]+ kB: it is trained anew, all/);
  expect(notes).toMatch(/000002\/step-\d+: was trained on other tokens: it begins anew/);
  expect(notes).toContain('"stage":"compare"'); // the first model, in its own tokens, on tonight's text
  expect(inForce()).toBe('models/000002');
  const { verdict } = night('000002');
  expect(verdict).toMatchObject({ accepted: true, beforeName: '000001', tolerance: 1 });
  expect(verdict.before / JSON.parse(first).bitsPerByte).toBeCloseTo(1, 0); // text of the same kind
  expect(checkpoints('models', '000001')).toEqual(['step-000005', 'step-000008', 'step-000010']);
});

it('killed before its gate was asked, a finished model is put in force by the next run', async () => {
  const { verdict: _, ...record } = night('000002');
  writeFileSync(join(OUT, 'models', '000002', 'night.json'), JSON.stringify(record));
  rmSync(join(OUT, 'model'));
  symlinkSync('models/000001', join(OUT, 'model'));
  const { status, notes } = await run(['--input', few, many, ...SHORT, '--model-tolerance', '1']);
  expect(status).toBe(0);
  expect(notes).not.toContain('"stage":"train"');
  expect(inForce()).toBe('models/000002');
});

it('a worse model stays beside the one in force; killed, it goes on; a larger tolerance lets it through', async ({
  skip,
}) => {
  skip(!IS_LONG, 'set VUA_LONG: eight more runs');
  const worse = ['--input', few, many, '--steps', '30', '--evaluate-every', '30', '--learning-rate', '1e-9'];
  const stopAt = { when: () => checkpoints('models', '000003').length > 0, signal: 'SIGKILL' } as const;
  expect((await run(worse, stopAt)).status).toBe(null);
  expect(inForce()).toBe('models/000002');
  const refused = await run(worse);
  expect(refused.status).toBe(4);
  expect(refused.notes).toMatch(/resuming .*models\/000003\/step-/);
  expect(refused.notes).toMatch(
    /000003: refused, the old model stays in force: [\d.]+ bits per byte held out, the one before [\d.]+/,
  );
  expect(inForce()).toBe('models/000002');
  expect(checkpoints('models', '000003')).toContain('step-000030');
  expect((await run(worse)).status).toBe(99);
  expect((await run([...worse, '--model-tolerance', '9'])).status).toBe(0);
  expect(inForce()).toBe('models/000003');
});

it('says when no model is due, and trains none', async ({ skip }) => {
  skip(!IS_LONG, 'set VUA_LONG: eight more runs');
  const more = corpus('more.jsonl', 200, 2);
  const options = ['--input', few, many, more, ...SHORT, '--learning-rate', '1e-9', '--steps', '30'];
  const kept = await run([...options, '--model-every', '7']);
  expect(kept.status).toBe(0);
  expect(kept.notes).toMatch(/the model in force stays: begun 0\.0 days ago, --model-every asks for 7 nights/);
  const never = await run([...options, '--model', 'never']);
  expect(never.status).toBe(99);
  expect(inForce()).toBe('models/000003');
  const continued = await run([...options, '--model', 'continue']);
  expect(continued.status).toBe(0);
  expect(continued.notes).toMatch(/going on from the weights of .*model\/step-000030/);
  expect(continued.notes).toMatch(/in force: [\d.]+ bits per byte/);
});
