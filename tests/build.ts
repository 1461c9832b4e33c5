/** Before all tests: the program is built once, so that the tests of the command line run what a user runs. */
import { execFileSync } from 'node:child_process';

export function setup(): void {
  const tsc = 'node_modules/typescript/bin/tsc';
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
}
