/**
 * The training page as files: from the package as `npm run build` left them, from a checkout bundled on the fly.
 *
 *   page.js           main.ts, the page itself
 *   train-worker.js   the trainer
 *   loader-worker.js  ../loader-page-worker.ts
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ToolkitError } from '../../crawlers/shell/errors.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ENTRIES = {
  page: join(HERE, 'main.ts'),
  'train-worker': join(HERE, 'train-worker.ts'),
  'loader-worker': join(HERE, '..', 'loader', 'loader-page-worker.ts'),
};
const PLAIN = ['index.html', 'page.css'];
/** Where the build leaves the page, beside this file. */
const BUILT = join(HERE, 'site');

export async function trainingPage(): Promise<Map<string, Uint8Array>> {
  if (import.meta.url.endsWith('.ts')) return bundle();
  if (existsSync(BUILT)) return new Map(readdirSync(BUILT).map((name) => [name, readFileSync(join(BUILT, name))]));
  throw new ToolkitError({ code: 'PAGE_MISSING', message: `${BUILT}: not there`, hint: 'run `npm run build` first' });
}

export async function bundle(): Promise<Map<string, Uint8Array>> {
  const { build } = await import('esbuild'); // of the checkout: the package brings the page built
  const { outputFiles } = await build({
    entryPoints: ENTRIES,
    outdir: BUILT,
    bundle: true,
    splitting: true, // what both workers need stands once, in a chunk
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    external: ['node:*'], // behind `await import`, never reached in a page
    write: false,
  });
  const scripts = outputFiles.map(({ path, contents }): [string, Uint8Array] => [
    path.slice(BUILT.length + 1),
    contents,
  ]);
  return new Map([...scripts, ...PLAIN.map((name): [string, Uint8Array] => [name, readFileSync(join(HERE, name))])]);
}

/** Of the build: writes the page to a folder, in place of what was there. */
export async function writePage(dir: string): Promise<void> {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  for (const [name, bytes] of await bundle()) writeFileSync(join(dir, name), bytes);
}
