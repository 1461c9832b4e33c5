/**
 * The doors as a stranger meets them: the packed package stands in the node_modules of a folder of its own, and one
 * program for each room (tests/doors) is checked there with a strict tsconfig, declaration files included, and run.
 * VUA_INSTALLED names a folder where the package was really installed (packed-demo.sh).
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dependencySizes, MOST_MEGABYTES, megabytes, packed } from './install-size.ts';

const { VUA_INSTALLED: installed } = process.env;
const folder = installed ?? mkdtempSync(join(tmpdir(), 'vua-doors-'));
const node = (...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  return status === 0 ? stdout : expect.unreachable(`${args.join(' ')}: exit status ${status}\n${stdout}${stderr}`);
};

const { files, unpackedSize } = packed();

/** What npm packs (a machine with Node may have no tar), beside links to what it depends on and to Node's types. */
function install(): void {
  const vua = join(folder, 'node_modules/vua');
  for (const { path } of files) {
    mkdirSync(dirname(join(vua, path)), { recursive: true });
    copyFileSync(path, join(vua, path));
  }
  for (const name of readdirSync('node_modules')) {
    if (!name.startsWith('.')) symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name));
  }
}

beforeAll(() => {
  if (installed === undefined) install();
  for (const site of ['bao', 'dac-biet']) {
    cpSync(join('crawlers/sample/pages', site), join(folder, 'pages', site), { recursive: true });
  }
  for (const name of readdirSync('tests/doors')) copyFileSync(join('tests/doors', name), join(folder, name));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2023',
    lib: ['es2023'],
    types: ['node'],
    strict: true,
    outDir: 'out',
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  node(resolve('node_modules/typescript/bin/tsc'), '-p', '.');
});
afterAll(() => installed ?? rmSync(folder, { recursive: true, force: true }));

/** In this order: each works on what those before it left. */
const SAYS: Readonly<Record<string, RegExp>> = {
  crawlers: /^55 pages, more than 10 kB, passed over: 0\nBAD_INPUT 2\n$/,
  cleaning: /^kept: 73 syllables of vie\ndropped: not_vietnamese, 0\.21, expected 0\.35\nvie\n$/,
  shards: /^true true .*\bnot_vietnamese\b/,
  tokenizer: /^1024 Buổi sáng trên sông true\n[1-9]\d\n$/,
  vua: /^Chợ nổi true true not_vietnamese vie\n1 1 1\nREADME\.md,croissant\.json,documents-00000\.parquet\ntrue function\n$/,
  trainer: /^loss [67]\.\d, then lower: true\n.*prompt: 'Buổi sáng', text: '/s,
};

it('lets a program through the door of every room', () => {
  // One behind the other in one process, which loads the package once.
  const rooms = Object.keys(SAYS);
  const program = rooms.map((room) => `await import('./out/${room}.js');\nconsole.log('--');\n`).join('');
  writeFileSync(join(folder, 'all.mjs'), `${program}process.exit();\n`);
  const said = node('all.mjs').split('--\n');
  for (const [i, room] of rooms.entries()) expect(said[i], room).toMatch(SAYS[room]);
});

it(`is installed in ${MOST_MEGABYTES} MB: what only training needs is fetched when it is first needed`, () => {
  const dependencies = dependencySizes();
  const names = dependencies.map(([name]) => name);
  expect(names).toContain('better-sqlite3');
  for (const name of ['webgpu', 'koffi', '@sparticuz/chromium']) expect(names).not.toContain(name);
  const bytes = dependencies.reduce((sum, [, size]) => sum + size, unpackedSize);
  expect(megabytes(bytes)).toBeLessThanOrEqual(MOST_MEGABYTES);
  expect(megabytes(bytes)).toBeGreaterThan(20);
});
