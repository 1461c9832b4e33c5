/** What stands beside the code: files that the package ships, and modules that run as threads. Not for a page. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Whether the TypeScript of a checkout runs, not what was built from it. */
const FROM_SOURCES = import.meta.url.endsWith('.ts');

/**
 * The path of a file or folder that ships with the code, or nothing when it is missing.
 *
 *   ROOT/crawlers/shell/assets.ts         ROOT/trainer/bench/pytorch.py         a checkout: two folders up
 *   ROOT/dist/crawlers/shell/assets.js    ROOT/trainer/bench/pytorch.py         the package: three
 *   ROOT/dist/program.mjs                 ROOT/dist/trainer/bench/pytorch.py    a bundle: beside it, too
 *
 * @param place from the root of the package: `crawlers/sample/pages`
 */
export function assetPath(place: string): string | undefined {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, place))) {
    if (folder === dirname(folder)) return undefined;
    folder = dirname(folder);
  }
  return join(folder, place);
}

/** The version that package.json has. */
export function packageVersion(): string {
  const path = assetPath('package.json');
  return path === undefined ? 'unknown' : (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/**
 * Starts a thread on a module of this package.
 * @param source `new URL('./worker.ts', import.meta.url)`, also where the code is built: the file is then worker.js
 */
export function startWorker(source: URL, options: WorkerOptions): Worker {
  const settings = { execArgv: [], ...options };
  if (!FROM_SOURCES) return new Worker(new URL(source.href.replace(/\.ts$/, '.js')), settings);
  // First what lets the thread read TypeScript. `resolve` finds the CommonJS build, beside the one that is wanted;
  // import.meta.resolve is not there under vitest.
  const tsx = new URL('./index.mjs', pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm/api')));
  const script = `import('${tsx}').then(({ register }) => { register(); return import('${source}'); })`;
  return new Worker(script, { ...settings, eval: true });
}
