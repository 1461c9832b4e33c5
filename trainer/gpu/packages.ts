/**
 * What only training needs, and is large: Dawn (webgpu, 132 MB), koffi, the embedded driver (@sparticuz/chromium, 66 MB).
 * Who cleans text installs none of them. They are taken from where they are installed (a checkout, a project that names
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

function resolved(from: string, name: string): string | undefined {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return undefined;
  }
}

function versionOf(name: GpuPackage): string {
  const path = assetPath('package.json');
  const { devDependencies = {} } = path === undefined ? {} : JSON.parse(readFileSync(path, 'utf8'));
  return devDependencies[name] ?? 'latest';
}

function cacheOf(name: GpuPackage): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'vua', `${name.replace(/^@|\//g, '')}-${versionOf(name)}`);
}

/** Into a folder of its own, which takes its name when it is whole: another process may fetch the same. */
function fetchPackage(name: GpuPackage): void {
  const folder = cacheOf(name);
  const version = versionOf(name);
  say(`fetching ${name} ${version} (${MEGABYTES[name]} MB) with npm into ${folder}: training needs it, once`);
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

const notFetched = (name: GpuPackage, fact: string, cause?: unknown): ToolkitError =>
  new ToolkitError({
    code: 'NO_ADAPTER',
    message: `${name} ${versionOf(name)} is not installed, and npm could not fetch it: ${fact}`,
    hint: `npm install ${name}@${versionOf(name)} beside vua, where there is a network; cleaning and tokenizing do without`,
    cause,
  });

/** Beside the progress, in the form that was asked for. */
function say(text: string): void {
  const isJson = process.argv.includes('--json') || process.argv.includes('--log-json') || !process.stderr.isTTY;
  process.stderr.write(isJson ? logLine({ event: 'note', text }) : `note: ${text}\n`);
}
