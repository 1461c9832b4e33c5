/**
 * What only training needs, and is large: Dawn (webgpu, 132 MB), koffi, the embedded driver (@sparticuz/chromium, 66 MB);
 * and what pictures of cards need: resvg and two fonts. Who cleans text installs none of them. They are taken from where they are installed (a checkout, a project that names
 * them), else from the user's cache, into which npm fetches them when they are first needed:
 *
 *   $XDG_CACHE_HOME/vua/webgpu-0.6.2/node_modules/…     one folder for each package and version
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { assetPath } from '../../crawlers/shell/assets.ts';
import { reasonOf, ToolkitError } from '../../crawlers/shell/errors.ts';
import { logLine } from '../../crawlers/shell/reporter.ts';

const MEGABYTES = { webgpu: 132, koffi: 5, '@sparticuz/chromium': 66 } as const;
export type GpuPackage = keyof typeof MEGABYTES;
/** Of pictures. */
const PICTURE_MEGABYTES = {
  '@resvg/resvg-js': 5,
  '@expo-google-fonts/lora': 2,
  '@expo-google-fonts/dancing-script': 1,
} as const;
type PicturePackage = keyof typeof PICTURE_MEGABYTES;
type FetchedPackage = GpuPackage | PicturePackage;

/** By name, once found. */
const found = new Map<GpuPackage, string>();

/**
 * The file that `import` loads; fetched with npm, from the registry that the user has, where it is not there.
 * @throws ToolkitError NO_ADAPTER: it could not be fetched
 */
export function gpuPackage(name: GpuPackage): string {
  let path = found.get(name) ?? installed(name);
  if (path === undefined) {
    fetchPackage(name);
    path = resolved(join(cacheOf(name), 'package.json'), name);
    if (path === undefined) throw notFetched(name, 'npm left no such package');
  }
  found.set(name, path);
  return path;
}

/** Where it is, without fetching it. */
export const installed = (name: GpuPackage): string | undefined =>
  resolved(import.meta.url, name) ?? resolved(join(cacheOf(name), 'package.json'), name);

/** Dawn. @throws ToolkitError NO_ADAPTER: it could not be fetched */
export const importDawn = async (): Promise<{ create(flags: string[]): GPU }> =>
  await import(pathToFileURL(gpuPackage('webgpu')).href);

/** Folder of a package that pictures need. @throws ToolkitError NO_PACKAGE: it could not be fetched */
export function packageFolder(name: PicturePackage): string {
  const own = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const fetched = join(cacheOf(name), 'node_modules');
  const found = [...own, fetched].map((folder) => join(folder, name)).find((folder) => existsSync(folder));
  if (found === undefined) fetchPackage(name);
  return found ?? join(fetched, name);
}

function resolved(from: string, name: string): string | undefined {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return undefined;
  }
}

function versionOf(name: FetchedPackage): string {
  const path = assetPath('package.json');
  const { devDependencies = {} } = path === undefined ? {} : JSON.parse(readFileSync(path, 'utf8'));
  return devDependencies[name] ?? 'latest';
}

/** Where what was fetched or made once is kept. */
export const cacheFolder = (): string => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'vua');

function cacheOf(name: FetchedPackage): string {
  return join(cacheFolder(), `${name.replace(/^@|\//g, '')}-${versionOf(name)}`);
}

/** Into a folder of its own, which takes its name when it is whole: another process may fetch the same. */
function fetchPackage(name: FetchedPackage): void {
  const folder = cacheOf(name);
  const version = versionOf(name);
  const sizes: Readonly<Record<FetchedPackage, number>> = { ...MEGABYTES, ...PICTURE_MEGABYTES };
  const who = name in PICTURE_MEGABYTES ? 'pictures need' : 'training needs';
  say(`fetching ${name} ${version} (${sizes[name]} MB) with npm into ${folder}: ${who} it, once`);
  let fresh: string | undefined;
  try {
    mkdirSync(dirname(folder), { recursive: true });
    fresh = mkdtempSync(`${folder}.`);
    const own = { private: true, dependencies: { [name]: version }, allowScripts: { [name]: true } };
    writeFileSync(join(fresh, 'package.json'), JSON.stringify(own));
    const options = ['--no-audit', '--no-fund', '--loglevel=error', '--no-package-lock'];
    const { status, error, stderr } = spawnSync('npm', ['install', ...options], {
      cwd: fresh,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    if (error !== undefined) throw error;
    if (status !== 0) throw new Error(stderr.trim().split('\n').slice(0, 3).join(' ') || `npm ended with ${status}`);
    renameSync(fresh, folder);
  } catch (error) {
    if (fresh !== undefined) rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(join(folder, 'node_modules', name))) throw notFetched(name, reasonOf(error), error);
  }
}

const notFetched = (name: FetchedPackage, fact: string, cause?: unknown): ToolkitError =>
  new ToolkitError({
    ...(name in PICTURE_MEGABYTES ? { code: 'NO_PACKAGE' } : { code: 'NO_ADAPTER' }),
    message: `${name} ${versionOf(name)} is not installed, and npm could not fetch it: ${fact}`,
    hint: `npm install ${name}@${versionOf(name)} beside vua, where there is a network; ${name in PICTURE_MEGABYTES ? 'cards as text and SVG' : 'cleaning and tokenizing'} do without`,
    cause,
  });

/** Beside the progress, in the form that was asked for. */
function say(text: string): void {
  const isJson = process.argv.includes('--json') || process.argv.includes('--log-json') || !process.stderr.isTTY;
  process.stderr.write(isJson ? logLine({ event: 'note', text }) : `note: ${text}\n`);
}
