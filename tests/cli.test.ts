/** The command line as a user meets it: exit statuses, one-line errors, config files, a closed pipe. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Said, startProgram } from './program.ts';
import { temporaryFolder } from './support.ts';

const MAIN = resolve('dist/main.js');
const folder = temporaryFolder('file');

const asProcess = (...args: string[]): Said =>
  spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', cwd: folder });

const vua = (...args: string[]): Promise<Said> => startProgram(folder, args).ended;

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

it('shows help with examples for every command', async () => {
  const { stdout, status } = await vua('--help');
  expect(asProcess('--help')).toMatchObject({ status, stdout, stderr: '' });
  expect(status).toBe(0);
  for (const name of [
    'run',
    'crawl',
    'clean',
    'tokens',
    'plan',
    'lr-find',
    'train',
    'sample',
    'export',
    'verify',
    'stats',
    'diff',
    'gate',
    'init',
    'plot',
    'inspect',
    'doctor',
  ]) {
    expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  }
  const help = (await vua('tokenizer', 'train', '--help')).stdout;
  expect(help).toContain('--vocab-size');
  expect(help).toContain('$ vua tokenizer train');
  expect((await vua('help', 'tokenizer', 'train')).stdout).toBe(help);
});

it('says what a command does in groups', async () => {
  const train = (await vua('train', '--help')).stdout;
  for (const heading of ['Data', 'Model', 'Optimisation', 'Evaluation', 'Output', 'Options']) {
    expect(train).toMatch(new RegExp(`^${heading}:$`, 'm'));
  }
});

it('says so soon: at most 3 times the CPU time of `node -e 0`', () => {
  const told = file(
    'cpu.cjs',
    `process.on('exit', () => {
      const { user, system } = process.cpuUsage();
      require('node:fs').writeFileSync('cpu.txt', String(user + system));
    });`,
  );
  const cost = (args: readonly string[]): number => {
    spawnSync(process.execPath, ['--require', told, ...args], { cwd: folder });
    return Number(readFileSync(join(folder, 'cpu.txt'), 'utf8'));
  };
  // Beside node's own of the same turn: what else the machine does falls on both. The best turn counts.
  let best = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 8 && best >= 3; turn++) {
    const nothing = cost(['-e', '0']);
    expect(nothing).toBeGreaterThan(0);
    best = Math.min(best, cost([MAIN, '--help']) / nothing); // --version and what is no command take the same way
  }
  expect(best).toBeLessThan(3);
});

describe('bad input: one line that names what, where and what is allowed, exit 2', () => {
  it.each([
    [['run', '--stepz', '3'], /run: unknown option '--stepz' \(Did you mean --steps\?\), allowed: --sample, .*--debug/],
    [['fly'], /vua: unknown command 'fly', allowed: run, .*crawl, .*doctor/],
    [['help', 'fly'], /vua: unknown command 'fly', allowed: run, /],
    [['tokenizer'], /tokenizer: no command was given, allowed: train/],
    [
      ['train', '--tokens', 'x', '--out', 'y', '--depth', 'many'],
      /--depth .* "many": expected an integer ≥ 0 and ≤ 48/,
    ],
    [['train', '--tokens', 'x', '--out', 'y', '--adapter', 'abacus'], /--adapter was given "abacus".*"auto"\|"gpu"/],
    [['train', '--out', 'y'], /--tokens is missing/],
    [['run', '--config', 'absent.json'], /absent\.json: no such file/],
    [['run', '--config', file('list.json', '[1]')], /list\.json: found \[1\], expected an object/],
    [
      ['run', '--config', file('typo.json', '{"vocabSiz": 4}')],
      /typo\.json: unknown key vocabSiz, allowed: .*vocabSize/,
    ],
    [['run', '--config', file('torn.json', '{"depth":')], /torn\.json: not valid JSON/],
    [['run', '--out', join(folder, 'none')], /nothing to read, expected --sample, --input or --seed/],
    [['run', '--input', 'absent.warc', '--out', join(folder, 'a')], /absent\.warc: no such file/],
    [
      ['run', '--input', file('picture.png', 'x'), '--out', join(folder, 'b')],
      /picture\.png: cannot read this kind of file/,
    ],
    [['run', '--input', file('empty.jsonl', ''), '--out', join(folder, 'c')], /empty\.jsonl/],
    [['stats', folder], /no manifest\.json/],
    [['plot', folder], /no curve\.jsonl/],
    [['sample', '--checkpoint', folder], /no checkpoint/],
    [['run', '--out', file('taken', 'x'), '--input', file('a.txt', 'Chào.')], /UNWRITABLE_FOLDER: .*taken: EEXIST/],
  ])('vua %j', async (args, message) => {
    const { status, stderr, stdout } = await vua(...args);
    const lines = stderr.trimEnd().split('\n');
    const events = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    const failed = events.filter(({ event }) => event === 'error');
    const error = [
      ...lines.filter((line) => line.startsWith('error ')),
      ...failed.map((at) => `${at.code}: ${at.message}`),
    ];
    expect(error, stderr).toHaveLength(1);
    expect([0, lines.length], 'JSON lines and text beside them').toContain(events.length);
    expect(error[0]).toMatch(message);
    expect(status).toBe(2);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stdout).toBe('');
  });

  it.each([
    [['--json'], /no command was given/],
    [['--json', 'stats', folder], /no manifest/],
  ])('as JSON: %j', async (args, message) => {
    const { status, stderr, stdout } = await vua(...args);
    expect(JSON.parse(stderr)).toMatchObject({ event: 'error', message: expect.stringMatching(message) });
    expect([status, stdout]).toEqual([2, '']);
  });

  it('as a process: the same, with its exit status', async () => {
    const [process, here] = [asProcess('stats', folder), await vua('stats', folder)];
    expect([process.status, process.stdout, process.stderr]).toEqual([2, '', here.stderr]);
  });

  it('shows the stack with --debug, and errors as JSON with --json', async () => {
    expect((await vua('stats', folder, '--debug')).stderr).toMatch(/^ +at /m);
    const event = JSON.parse((await vua('stats', folder, '--json')).stderr.trim().split('\n').at(-1)!);
    expect(event).toMatchObject({ event: 'error', code: 'NO_MANIFEST', hint: expect.any(String) });
  });
});

it('takes vua.config.json from the current folder, flags win', async () => {
  file('vua.config.json', '{"input": ["from-config.txt"], "out": "from-config"}');
  expect((await vua('run')).stderr).toMatch(/from-config\.txt: no such file/);
  expect((await vua('run', '--input', 'from-flag.txt')).stderr).toMatch(/from-flag\.txt: no such file/);
  rmSync(join(folder, 'vua.config.json'));
});

it('a reader that goes away is success', async () => {
  const child = spawn(process.execPath, [MAIN, '--help'], { cwd: folder });
  child.stdout.destroy();
  const status = await new Promise((done) => child.on('close', done));
  expect(status).toBe(0);
});
