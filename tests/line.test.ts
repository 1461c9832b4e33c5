/**
 * The whole line in its short form: the sample web from crawl to model, as a process; a second run that finds nothing
 * new, a refusal while one is going, an interruption that leaves valid state, files as input.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GATES } from '../shards/nights/gates.ts';
import { startProgram } from './program.ts';
import { IS_LONG, temporaryFolder } from './support.ts';
import { lendGpu } from './trainer/device.ts';

const MAIN = resolve('dist/main.js');
const folder = temporaryFolder('file');
const TOY = ['--depth', '1', '--width', '32', '--context', '32', '--batch', '4', '--evaluate-tokens', '600'];
const SHORT = [...TOY, '--steps', '8', '--evaluate-every', '8', '--final-tokens', '600', '--json'];

// biome-ignore lint/suspicious/noExplicitAny: lines of JSON, asserted on below
type Line = Record<string, any>;

interface Result {
  readonly status: number | null;
  readonly results: Line[];
  readonly events: Line[];
}

const lines = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

/** A run in this process, on the device that is lent. */
function start(...args: string[]) {
  const { ended, ...running } = startProgram(folder, args);
  const result = ended.then(
    ({ status, stdout, stderr }): Result => ({ status, results: lines(stdout), events: lines(stderr) }),
  );
  return { ...running, ended: result };
}

const vua = (...args: string[]): Promise<Result> => start(...args).ended;

function asProcess(...args: string[]): Result {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, results: lines(stdout), events: lines(stderr) };
}

/** Path, size and time of every file: what "nothing is rewritten" means. The crawl's database checkpoints itself. */
/** But for the line of each night in the history. */
function fingerprint(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes('.sqlite') && entry.name !== 'history.jsonl')
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const { size, mtimeMs } = statSync(path);
      return `${path} ${size} ${mtimeMs}`;
    })
    .sort();
}

/** A shard of this kind. */
const arrowIn = (dir: string, kind: string): string =>
  readdirSync(dir).find((name) => name.startsWith(kind) && name.endsWith('.arrow'))!;

/** The line run once, and a second run tried meanwhile: every test reads it, none changes it. */
const sample = join(folder, 'sample');
let first: Result;
let meanwhile: Result;
let takeBack: () => void;
beforeAll(async () => {
  takeBack = await lendGpu();
  const running = start('run', '--sample', '--out', sample, ...SHORT);
  await running.said(/"stage":"crawl"/);
  meanwhile = asProcess('run', '--sample', '--out', sample, ...SHORT);
  first = await running.ended;
});
afterAll(() => takeBack());

it('crawls, cleans, shards, trains tokenizer and model; then there is nothing new', async () => {
  expect(first.status).toBe(0);
  const [summary] = first.results;
  expect(summary.event).toBe('summary');
  expect(summary.crawled.pages.fetched).toBeGreaterThan(80);
  const { kept, dropped } = summary.documents.report;
  expect(kept).toBeGreaterThan(100);
  expect(dropped).toMatchObject({
    consent: { no_train: expect.any(Number) },
    decode: { too_large: 1, cut_short: 1 }, // one over the limit, one that its server cut
    language: { not_vietnamese: 2, no_diacritics: 1 },
    exact: { exact_duplicate: expect.any(Number) },
    near: { near_duplicate: expect.any(Number) },
  });
  expect(summary.tokens.vocabSize).toBe(2048);
  expect(summary.tokens.total.bytesPerToken).toBeGreaterThan(3.5);
  const { heldOut } = summary.trained;
  expect(heldOut.bitsPerByte).toBe(summary.trained.heldOutBitsPerByte);
  expect(heldOut.bitsPerByte).toBeLessThan(heldOut.untrainedBitsPerByte ?? heldOut.curve.untrainedBitsPerByte);
  expect(readFileSync(summary.curve, 'utf8')).toContain('<svg');
  expect(summary.sample.startsWith('Buổi sáng trên sông')).toBe(true);

  const before = fingerprint(sample);
  const again = await vua('run', '--sample', '--out', 'sample', ...SHORT); // the same folder in other words
  expect(again.results).toEqual([{ event: 'nothing_new', out: 'sample' }]);
  expect(again.status).toBe(99);
  expect(again.events).toContainEqual(expect.objectContaining({ event: 'done', stage: 'crawl', done: 0 }));
  expect(fingerprint(sample)).toEqual(before);

  const verified = await vua('verify', sample, '--json');
  expect(verified.results[0]).toMatchObject({ event: 'verified', faults: [], checkpoints: 2 });
  expect(verified.results[0].records).toBeGreaterThan(100);
  expect(verified.status).toBe(0);
});

it('a second process is refused while the folder is worked in', () => {
  expect(meanwhile.status).toBe(75);
  expect(meanwhile.events.at(-1)).toMatchObject({
    code: 'FOLDER_LOCKED',
    message: expect.stringContaining(`pid ${process.pid}`),
  });
});

it('Ctrl-C in the crawl (with VUA_LONG in the training too) leaves valid state, and the same command goes on', async () => {
  const out = join(folder, 'interrupted');
  const first = start('run', '--sample', '--out', out, ...SHORT);
  await first.said(/"stage":"crawl","done":([3-9]\d|1\d\d)/);
  first.stop();
  expect((await first.ended).status).toBe(130);
  if (IS_LONG) {
    const second = start('run', '--sample', '--out', out, ...SHORT);
    await second.said(/"stage":"train","done":[1-9]/);
    second.stop();
    expect((await second.ended).status).toBe(130);
  }
  const third = await vua('run', '--sample', '--out', out, ...SHORT, ...(IS_LONG ? [] : ['--model', 'never']));
  expect(third.status).toBe(0);
  const [a, b] = [third.results[0], (await vua('stats', sample, '--json')).results[0]];
  expect(a.documents.report.kept).toBe(b.documents.report.kept);
  const { crawled } = JSON.parse(readFileSync(join(sample, 'summary.json'), 'utf8'));
  expect(a.crawled.folder).toEqual(crawled.folder); // pages of both runs
  const resumed = expect.objectContaining({ event: 'note', text: expect.stringMatching(/^resuming/) });
  if (IS_LONG) expect(third.events).toContainEqual(resumed);
});

it('takes files, keeps what was read before a fault, and goes on when the file is mended', async () => {
  const warc = join(sample, 'crawl', 'warc', 'crawl-00000.warc.gz');
  const whole = join(folder, 'pages.warc.gz');
  copyFileSync(warc, whole);
  const torn = join(folder, 'torn.warc.gz');
  copyFileSync(warc, torn);
  truncateSync(torn, Math.floor(statSync(warc).size / 2));
  const lines = join(folder, 'more.jsonl');
  writeFileSync(
    lines,
    `${JSON.stringify({ id: 'x1', url: 'http://a.test/', title: 'Một', text: 'Sáng nay trời mưa, cả nhà ngồi bên bếp.' })}\n`,
  );
  const out = join(folder, 'files');

  // Halves of a crawl differ as nights should not.
  const open = GATES.map(({ name }) => `${name}=off`);
  const small = ['--gate', ...open, '--vocab-size', '1024', '--valid-share', '0.2', ...SHORT];
  const broken = await vua('run', '--input', torn, lines, '--out', out, '--model', 'never', ...small);
  expect(broken.status).toBe(5);
  expect(broken.events.at(-1)).toMatchObject({
    event: 'error',
    code: 'TRUNCATED_GZIP',
    message: expect.stringContaining('torn.warc.gz'),
  });
  const { kept } = broken.results[0].documents.report; // the line went on with what was read
  expect(kept).toBeGreaterThan(20);
  expect(broken.results[0].tokens.total.documents).toBeGreaterThan(20);

  const mended = await vua('run', '--input', whole, lines, '--out', out, '--model', 'never', ...small);
  expect(mended.status).toBe(0);
  expect(mended.results[0].documents.report.kept).toBeGreaterThan(kept);

  const shard = join(out, 'documents', arrowIn(join(out, 'documents'), 'documents'));
  truncateSync(shard, statSync(shard).size - 1000);
  const damaged = await vua('verify', out, '--json');
  expect(damaged.status).toBe(3);
  expect(JSON.stringify(damaged.results[0].faults)).toContain(basename(shard));
});

it('verify finds what is damaged at any station', async () => {
  const harmedRun = join(folder, 'harmed');
  cpSync(sample, harmedRun, { recursive: true, verbatimSymlinks: true });
  const model = join(harmedRun, 'model', 'step-000008');
  const harmed = [
    join(harmedRun, 'crawl', 'warc', 'crawl-00000.warc.gz'),
    join(harmedRun, 'tokenizer', 'tokenizer.json'),
    join(model, 'model.safetensors'),
    join(model, 'optimizer.safetensors'),
    join(model, 'state.json'),
    realpathSync(join(harmedRun, 'tokens', arrowIn(join(harmedRun, 'tokens'), 'train'))),
  ];
  for (const path of harmed) truncateSync(path, Math.floor(statSync(path).size / 2));
  const { status, results } = await vua('verify', harmedRun, '--json');
  expect(status).toBe(3);
  const ofSnapshot = realpathSync(harmed[1]);
  expect(new Set(results[0].faults.map(({ file }: Line) => file))).toEqual(new Set([...harmed, ofSnapshot]));
});
