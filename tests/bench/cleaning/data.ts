/**
 * Where the benchmarks of cleaning find their data and peers. None of it is part of this repository:
 *
 *   VUA_PACK         the Vietnamese development pack (html/, gold/, text/, encoding/, langid/)
 *   VUA_TRAFILATURA  `tests/` of a checkout of trafilatura: evaldata.json, eval/, cache/
 *   VUA_PEERS        a folder where `npm install @mozilla/readability linkedom` was run
 *   VUA_PYTHON       a Python with trafilatura (extraction) or datatrove (stage)
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

export const pack = process.env.VUA_PACK ?? '';
export const hasPack = pack !== '' && existsSync(join(pack, 'gold', 'html_pages.tsv'));
export const readPack = (path: string): string => readFileSync(join(pack, path), 'utf8');

/** A page with what its extraction is held against. */
export interface Case {
  readonly name: string;
  readonly body: Buffer;
}

export interface ReferenceCase extends Case {
  readonly reference: string;
}

/** The 181 pages of Scrapinghub's article extraction benchmark. */
export function articleBenchmark(): ReferenceCase[] {
  const dir = 'html/scrapinghub_aeb';
  const truth = JSON.parse(readPack(`${dir}/ground-truth.json`)) as Record<string, { articleBody?: string }>;
  return Object.entries(truth).map(([name, { articleBody = '' }]) => ({
    name,
    body: gunzipSync(readFileSync(join(pack, dir, 'html', `${name}.html.gz`))),
    reference: articleBody,
  }));
}

/** Pages of the pack that are mostly Vietnamese, with the text of the site's own content container. */
export function vietnamesePages(): ReferenceCase[] {
  const rows = readPack('gold/html_pages.tsv').trim().split('\n').slice(1);
  return rows
    .map((row) => row.split('\t'))
    .filter(([, , , share]) => Number(share) >= 0.35)
    .map(([path]) => ({
      name: path!,
      body: readFileSync(join(pack, path!)),
      reference: readPack(`${path}.gold.txt`),
    }));
}

export interface SegmentCase extends Case {
  /** Segments that must stand in the text, and that must not. */
  readonly wanted: readonly string[];
  readonly unwanted: readonly string[];
}

/** trafilatura's own evaluation; empty when VUA_TRAFILATURA is not set. */
export function trafilaturaEvaluation(): SegmentCase[] {
  const dir = process.env.VUA_TRAFILATURA ?? '';
  if (dir === '' || !existsSync(join(dir, 'evaldata.json'))) return [];
  const truth = JSON.parse(readFileSync(join(dir, 'evaldata.json'), 'utf8')) as Record<
    string,
    { file: string; with: string[]; without: string[] }
  >;
  return Object.values(truth).map(({ file, with: wanted, without: unwanted }) => {
    const path = [join(dir, 'cache', file), join(dir, 'eval', file)].find(existsSync);
    if (path === undefined) throw new Error(`${file}: neither in ${dir}/cache nor in ${dir}/eval`);
    return { name: file, body: readFileSync(path), wanted, unwanted };
  });
}

/** Readability over linkedom, as its README says; `undefined` when VUA_PEERS does not hold it. */
export function readability(): ((html: string) => string) | undefined {
  const dir = process.env.VUA_PEERS ?? '';
  if (dir === '') return undefined;
  try {
    const require = createRequire(join(dir, 'package.json'));
    const { Readability } = require('@mozilla/readability');
    const { parseHTML } = require('linkedom');
    return (html) => new Readability(parseHTML(html).document).parse()?.textContent ?? '';
  } catch {
    return undefined;
  }
}

/** Runs peers.py with one argument and JSON on its input; `undefined` without VUA_PYTHON or when a package is missing. */
export function pythonPeer<T>(task: string, input: unknown): T | undefined {
  const python = process.env.VUA_PYTHON ?? '';
  if (python === '') return undefined;
  const script = fileURLToPath(new URL('peers.py', import.meta.url));
  const { status, stdout, stderr } = spawnSync(python, [script, task], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status === 0) return JSON.parse(stdout) as T;
  process.stderr.write(`${task} of peers.py did not run: ${stderr.trim().split('\n').at(-1)}\n`);
  return undefined;
}

/** "2 cores of Intel(R) Xeon(R) …, Node v20.20.2" */
export function machine(): string {
  const cores = Number(execFileSync('nproc', { encoding: 'utf8' }));
  return `${cores} cores of ${cpus()[0]?.model ?? 'an unnamed processor'}, Node ${process.version}`;
}

/** Seconds of processor time that `work` takes: on a shared machine steadier than the clock on the wall. */
export function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
