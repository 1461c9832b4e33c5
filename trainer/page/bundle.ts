/**
 * The training page as files: from the package as `npm run build` left them, from a checkout bundled on the fly.
 *
 *   page.js           main.ts, the page itself
 *   train-worker.js   the trainer
 *   loader-worker.js  ../loader-page-worker.ts
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

/**
 * The library as a browser loads it, one module: what it has of Node's buffers is that of npm `buffer`, and what only reads
 * files is left out.
 */
export async function bundleLibrary(): Promise<Uint8Array> {
  const { build } = await import('esbuild');
  const stub = { path: 'node', namespace: 'node' };
  const { outputFiles } = await build({
    entryPoints: [join(HERE, 'library.ts')],
    inject: [join(HERE, 'buffer.ts')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    write: false,
    plugins: [
      {
        name: 'without Node',
        setup(plugin) {
          plugin.onResolve({ filter: /^node:/ }, () => stub);
          plugin.onLoad({ filter: /.*/, namespace: 'node' }, () => ({ contents: WITHOUT_NODE, loader: 'js' }));
        },
      },
    ],
  });
  return outputFiles[0].contents;
}

/** In place of every module of Node: what text needs of them. */
const WITHOUT_NODE = `module.exports = {
  isUtf8(bytes) {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      return true;
    } catch {
      return false;
    }
  },
  isAscii: (bytes) => bytes.every((byte) => byte < 128),
  createRequire: () => () => ({}),
};`;

/** Of the build: writes the library for browsers. */
export async function writeLibrary(path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, await bundleLibrary());
}

/** Of the build: writes the page to a folder, in place of what was there. */
export async function writePage(dir: string): Promise<void> {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  for (const [name, bytes] of await bundle()) writeFileSync(join(dir, name), bytes);
}
