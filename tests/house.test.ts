/** The walls of the house: imports point upstream, files stay small, the page-side of the trainer knows no Node. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';

const ROOMS = ['crawlers', 'cleaning', 'shards', 'tokenizer', 'trainer'];
const SEES_ALL = ['main.ts', 'nightly.ts', 'index.ts'];
/** In trainer/, only these may import `node:` modules: the rest also runs in a page. */
const NODE_SIDE = [
  'adapter.ts',
  'bench-clock.ts',
  'bench-command.ts',
  'checkpoint.ts',
  'commands.ts',
  'curve.ts',
  'probe.ts',
  'run.ts',
  'tune-cache.ts',
].map((name) => `trainer/${name}`);
const NODE_SHELL = /^crawlers\/(shell\/(folder|command)|sources\/|sample\/)/;

const below = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return path;
    return /^(\.|node_modules$|dist$|vua-)/.test(entry.name) ? [] : below(path);
  });
const files = below('.').filter((file) => file.endsWith('.ts'));
/** What a file loads; types are gone when it runs. */
const imports = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^(?!import type)(?:import|export|\}| *await import\().*?'([^']+)'/gm)].map(
    ([, target]) => target,
  );
const resolved = (file: string, target: string): string => normalize(join(dirname(file), target));

it('finds the rooms', () => {
  expect(new Set(files.map((file) => file.split('/')[0]))).toEqual(
    new Set([...ROOMS, 'tests', ...SEES_ALL.filter((file) => files.includes(file))]),
  );
});

it('holds every file under 400 lines', () => {
  const long = files
    .map((file) => [file, readFileSync(file, 'utf8').split('\n').length] as const)
    .filter(([, lines]) => lines > 400);
  expect(long).toEqual([]);
});

it('imports only upstream: crawlers → cleaning → shards → tokenizer → trainer', () => {
  const wrong = files
    .filter((file) => ROOMS.includes(file.split('/')[0]))
    .flatMap((file) =>
      imports(file)
        .filter((target) => target.startsWith('.'))
        .map((target) => resolved(file, target))
        .filter(
          (target) =>
            !(
              ROOMS.indexOf(target.split('/')[0]) <= ROOMS.indexOf(file.split('/')[0]) &&
              ROOMS.includes(target.split('/')[0])
            ),
        )
        .map((target) => `${file} → ${target}`),
    );
  expect(wrong).toEqual([]);
});

it('keeps Node out of the part of the trainer that runs in a page', () => {
  const wrong = files
    .filter((file) => file.startsWith('trainer/') && !NODE_SIDE.includes(file))
    .flatMap((file) =>
      imports(file)
        .filter(
          (target) =>
            target.startsWith('node:') ||
            NODE_SIDE.includes(resolved(file, target)) ||
            NODE_SHELL.test(resolved(file, target)),
        )
        .map((target) => `${file} → ${target}`),
    );
  expect(wrong).toEqual([]);
});

it('lists every error code in CONTRIBUTING.md', () => {
  const listed = readFileSync('CONTRIBUTING.md', 'utf8');
  const used = files
    .filter((file) => !file.startsWith('tests/'))
    .flatMap((file) => [
      ...readFileSync(file, 'utf8').matchAll(/(?:code: |badInput\(\s*|printError\(\s*)'([A-Z]+_[A-Z_]+)'/g),
    ])
    .map(([, code]) => code);
  expect(used.length).toBeGreaterThan(20);
  expect([...new Set(used)].filter((code) => !listed.includes(`\`${code}\``))).toEqual([]);
});
