/**
 * Before all tests: the program and its pages are built, so that tests run what a user runs; and trainings
 * on the embedded driver get products that compile quickly, as `vua tune` would leave them: a process compiles for 3
 * seconds instead of 6. The kernels' own tests and the demo take the defaults.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where tests keep what commands keep in the user's cache. */
export const CACHE = resolve('node_modules/.cache/vua-tests');

const ROOMS = ['crawlers', 'cleaning', 'shards', 'tokenizer', 'trainer'];

/** What the last build knew: files that did not change are not built again. */
const KNOWN = 'node_modules/.cache/vua.tsbuildinfo';

export function setup(): void {
  if (!existsSync('dist/main.js')) rmSync(KNOWN, { force: true });
  const incremental = ['--incremental', '--tsBuildInfoFile', KNOWN];
  const tsc = 'node_modules/typescript/bin/tsc';
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...incremental], { stdio: 'inherit' });
  if (arePagesOld()) execFileSync(process.execPath, ['--import', 'tsx', '--eval', WRITE_PAGES], { stdio: 'inherit' });
  const env = { ...process.env, XDG_CACHE_HOME: CACHE };
  execFileSync(process.execPath, ['--input-type=module', '--eval', KEEP_QUICK], { stdio: 'inherit', env });
}

const WRITE_PAGES = "import('./commands.ts').then((vua) => vua.writePages('dist'))";

/** Whether a source is newer than the page that was written last. */
function arePagesOld(): boolean {
  const page = 'dist/shards/inspector/site/index.html';
  if (!existsSync(page)) return true;
  const { mtimeMs } = statSync(page);
  const sources = ROOMS.flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: 'utf8' }).map((name) => join(room, name)),
  );
  sources.push('commands.ts', 'nightly.ts');
  return sources.some((path) => /\.(ts|html|css|svg)$/.test(path) && statSync(path).mtimeMs > mtimeMs);
}

/** The SwiftShader driver has subgroups of four. */
const KEEP_QUICK = `
import { openGpu } from './dist/trainer/gpu/adapter.js';
import { saveChoice } from './dist/trainer/kernels/tuned.js';
const gpu = await openGpu('embedded');
const tile = { kind: 'broadcast', lanes: 4, rows: 4, vectors: 1 };
saveChoice(gpu.facts, { matmul: { nn: tile, nt: tile, tn: tile }, attention: {} });
process.exit(0);
`;
