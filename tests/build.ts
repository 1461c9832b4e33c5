/** Before all tests: the program is built once, so that the tests of the command line run what a user runs. */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';

/** What the last build knew: files that did not change are not built again. */
const KNOWN = 'node_modules/.cache/vua.tsbuildinfo';

export function setup(): void {
  if (!existsSync('dist/main.js')) rmSync(KNOWN, { force: true });
  const incremental = ['--incremental', '--tsBuildInfoFile', KNOWN];
  const tsc = 'node_modules/typescript/bin/tsc';
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...incremental], { stdio: 'inherit' });
}
