/**
 * What stands beside the code: files that the package ships, modules that run as threads or processes, and large packages
 * that are fetched when they are first needed. Not for a page.
 */
import { type ChildProcess, type ForkOptions, fork, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { reasonOf, ToolkitError } from './errors.ts';
import { logLine } from './reporter.ts';

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

/** Starts a process on a module of this package, as `startWorker` a thread: for what may have to be ended from outside. */
export function startProcess(source: URL, options: ForkOptions = {}): ChildProcess {
  if (!FROM_SOURCES) return fork(fileURLToPath(source.href.replace(/\.ts$/, '.js')), { execArgv: [], ...options });
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return fork(fileURLToPath(source), { execArgv: ['--import', tsx], ...options });
}

/**
 * A package that `npm install vua` does not bring: taken from where it is installed (a checkout, a project that names it),
 * else from the user's cache, into which npm fetches it:
 *
 *   $XDG_CACHE_HOME/vua/webgpu-0.6.2/node_modules/…     one folder for each package and version
 */
export interface LargePackage {
  readonly name: string;
  readonly megabytes: number;
  /** `training needs` it. */
  readonly who: string;
  /** What does without it: `cleaning and tokenizing`. */
  readonly without: string;
  /** Of the error where it cannot be fetched. */
  readonly code: string;
}

/** Where what was fetched or made once is kept. */
const cacheFolder = (): string => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'vua');
export const packageCache = (name: string): string =>
  join(cacheFolder(), `${name.replace(/^@|\//g, '')}-${versionOf(name)}`);

/** The file that `import` loads of a package, where it is there already. */
export const installedPackage = (name: string): string | undefined =>
  resolvedFrom(import.meta.url, name) ?? resolvedFrom(join(packageCache(name), 'package.json'), name);

function resolvedFrom(from: string, name: string): string | undefined {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return undefined;
  }
}

function versionOf(name: string): string {
  const path = assetPath('package.json');
  const { devDependencies = {} } = path === undefined ? {} : JSON.parse(readFileSync(path, 'utf8'));
  return devDependencies[name] ?? 'latest';
}

const NPM = ['install', '--no-audit', '--no-fund', '--loglevel=error', '--no-package-lock'];
const asShell = { shell: process.platform === 'win32' };

/** Waits for npm. @throws ToolkitError of its code where it cannot be fetched */
export function fetchPackage(wanted: LargePackage): void {
  const fetch = beginFetch(wanted);
  const { status, error, stderr } = spawnSync('npm', NPM, { cwd: fetch.folder, encoding: 'utf8', ...asShell });
  fetch.end(status, stderr, error);
}

/** The same beside other work. @throws ToolkitError of its code where it cannot be fetched */
export async function fetchPackageMeanwhile(wanted: LargePackage): Promise<void> {
  const fetch = beginFetch(wanted);
  const child = spawn('npm', NPM, { cwd: fetch.folder, stdio: ['ignore', 'ignore', 'pipe'], ...asShell });
  let said = '';
  child.stderr.on('data', (part: Buffer) => {
    said = (said + part).slice(0, 10_000);
  });
  const [status, error] = await new Promise<[number | null, Error?]>((resolve) => {
    child.once('error', (fault) => resolve([null, fault]));
    child.once('close', (code) => resolve([code]));
  });
  fetch.end(status, said, error);
}

/** Into a folder of its own, which takes its name when it is whole: another process may fetch the same. */
function beginFetch(wanted: LargePackage) {
  const { name, megabytes, who } = wanted;
  const [target, version] = [packageCache(name), versionOf(name)];
  say(`fetching ${name} ${version} (${megabytes} MB) with npm into ${target}: ${who} it, once`);
  let folder: string;
  try {
    mkdirSync(dirname(target), { recursive: true });
    folder = mkdtempSync(`${target}.`);
    const own = { private: true, dependencies: { [name]: version }, allowScripts: { [name]: true } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(own));
  } catch (error) {
    throw notFetched(wanted, reasonOf(error), error);
  }
  const end = (status: number | null, said: string, fault?: Error): void => {
    try {
      if (fault !== undefined) throw fault;
      if (status !== 0) throw new Error(said.trim().split('\n').slice(0, 3).join(' ') || `npm ended with ${status}`);
      renameSync(folder, target);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      if (!existsSync(join(target, 'node_modules', name))) throw notFetched(wanted, reasonOf(error), error);
    }
  };
  return { folder, end };
}

export const notFetched = ({ name, code, without }: LargePackage, fact: string, cause?: unknown): ToolkitError =>
  new ToolkitError({
    code,
    message: `${name} ${versionOf(name)} is not installed, and npm could not fetch it: ${fact}`,
    hint: `npm install ${name}@${versionOf(name)} beside vua, where there is a network; ${without} do without`,
    cause,
  });

/** Beside the progress, in the form that was asked for. */
function say(text: string): void {
  const isJson = process.argv.includes('--json') || process.argv.includes('--log-json') || !process.stderr.isTTY;
  process.stderr.write(isJson ? logLine({ event: 'note', text }) : `note: ${text}\n`);
}
