/**
 * The page of `vua inspect` as files: from the package as `npm run build` left them, from a checkout bundled on the fly.
 *
 *   index.html, page.css, icon.svg
 *   main.js            the shell: address, navigation, kit
 *   NAME.js            a view, loaded when it is first shown
 *
 * No framework: all that a view shows follows from its address and one or two answers of the server, so it is drawn anew
 * when the address changes; what is typed into is not.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import type { Site } from './server.ts';
import type { View } from './view.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** Where the build leaves it, beside this file. */
const BUILT = join(HERE, 'site');
const PLAIN = ['index.html', 'icon.svg'];

export async function inspectorSite(views: readonly View[]): Promise<Site> {
  if (import.meta.url.endsWith('.ts')) return bundleSite(views);
  if (existsSync(BUILT)) return new Map(readdirSync(BUILT).map((name) => [name, readFileSync(join(BUILT, name))]));
  throw new ToolkitError({ code: 'PAGE_MISSING', message: `${BUILT}: not there`, hint: 'run `npm run build` first' });
}

export async function bundleSite(views: readonly View[]): Promise<Map<string, Uint8Array>> {
  const { build } = await import('esbuild'); // of the checkout: the package brings the page built
  const entries = views.flatMap(({ name, page }): [string, string][] =>
    page === undefined ? [] : [[name, fileURLToPath(page)]],
  );
  const { outputFiles } = await build({
    entryPoints: {
      main: join(HERE, 'kit', 'main.ts'),
      page: join(HERE, 'kit', 'page.css'),
      ...Object.fromEntries(entries),
    },
    outdir: BUILT,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    write: false,
  });
  const made = outputFiles.map(({ path, contents }): [string, Uint8Array] => [path.slice(BUILT.length + 1), contents]);
  return new Map([
    ...made,
    ...PLAIN.map((name): [string, Uint8Array] => [name, readFileSync(join(HERE, 'kit', name))]),
  ]);
}

/** Of the build: writes the page to a folder, in place of what was there. */
export async function writeSite(views: readonly View[], dir: string): Promise<void> {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  for (const [name, bytes] of await bundleSite(views)) writeFileSync(join(dir, name), bytes);
}
