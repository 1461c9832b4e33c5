/**
 * What `npm install vua` puts on a disk, by package.
 *
 *   npm run size     packs, installs from the registry into an empty folder, and prints it
 */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What is allowed. */
export const MOST_MEGABYTES = 80;

/** Bytes of files below a folder; folders of packages inside it are others'. */
function sizeOf(dir: string): number {
  let bytes = 0;
  for (const entry of readdirSync(dir)) {
    const path = join(dir, entry);
    const stat = lstatSync(path);
    if (!stat.isDirectory()) bytes += stat.size;
    else if (entry !== 'node_modules') bytes += sizeOf(path);
  }
  return bytes;
}

/** By the lock file: all that is no development dependency, as it stands in a checkout, largest first. */
export function dependencySizes(): [name: string, bytes: number][] {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  return Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional && existsSync(path))
    .map(([path]): [string, number] => [path.replace('node_modules/', ''), sizeOf(path)])
    .sort(([, a], [, b]) => b - a);
}

interface Packed {
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** What npm packs. It was built before. */
export function packed(): Packed {
  const listed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' });
  return Object.values(JSON.parse(listed) as Record<string, Packed>)[0];
}

export const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10;

function installAndPrint(): void {
  const work = mkdtempSync(join(tmpdir(), 'vua-size-'));
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', work], { stdio: ['ignore', 'ignore', 'inherit'] });
    const tarball = readdirSync(work).find((name) => name.endsWith('.tgz'))!;
    const own = { private: true, allowScripts: { 'better-sqlite3': true } };
    writeFileSync(join(work, 'package.json'), JSON.stringify(own));
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `./${tarball}`], {
      cwd: work,
      stdio: 'inherit',
    });
    const root = join(work, 'node_modules');
    const names = readdirSync(root)
      .filter((name) => !name.startsWith('.'))
      .flatMap((name) =>
        name.startsWith('@') ? readdirSync(join(root, name)).map((inner) => `${name}/${inner}`) : [name],
      );
    const sizes = names.map((name) => [name, wholeSize(join(root, name))] as const).sort(([, a], [, b]) => b - a);
    for (const [name, bytes] of sizes.slice(0, 12)) process.stdout.write(`${name.padEnd(28)} ${megabytes(bytes)} MB\n`);
    const whole = megabytes(sizes.reduce((sum, [, bytes]) => sum + bytes, 0));
    process.stdout.write(`${'all'.padEnd(28)} ${whole} MB, expected ${MOST_MEGABYTES} at most\n`);
    process.exitCode = whole <= MOST_MEGABYTES ? 0 : 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const wholeSize = (dir: string): number =>
  sizeOf(dir) +
  (existsSync(join(dir, 'node_modules'))
    ? readdirSync(join(dir, 'node_modules')).reduce((sum, name) => sum + wholeSize(join(dir, 'node_modules', name)), 0)
    : 0);

if (import.meta.url === pathToFileURL(resolve(process.argv[1] ?? '')).href) installAndPrint();
