/**
 * Before all tests: the program is built once, so that the tests of the command line run what a user runs; and trainings
 * on the embedded driver get products that compile quickly, as `vua tune` would leave them: a process compiles for 3
 * seconds instead of 6. The kernels' own tests and the demo take the defaults.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';

/** Where tests keep what commands keep in the user's cache. */
export const CACHE = resolve('node_modules/.cache/vua-tests');

/** What the last build knew: files that did not change are not built again. */
const KNOWN = 'node_modules/.cache/vua.tsbuildinfo';

export function setup(): void {
  if (!existsSync('dist/main.js')) rmSync(KNOWN, { force: true });
  const incremental = ['--incremental', '--tsBuildInfoFile', KNOWN];
  const tsc = 'node_modules/typescript/bin/tsc';
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...incremental], { stdio: 'inherit' });
  const env = { ...process.env, XDG_CACHE_HOME: CACHE };
  execFileSync(process.execPath, ['--input-type=module', '--eval', KEEP_QUICK], { stdio: 'inherit', env });
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
