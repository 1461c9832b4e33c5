/** What the rows of the tokenizer benchmark share: options, corpus, our built code, and the peers in Python. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatTable } from '../../../crawlers/shell/reporter.ts';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PEERS = fileURLToPath(new URL('peers.py', import.meta.url));

export const { values: options, positionals: rows } = parseArgs({
  allowPositionals: true,
  options: {
    /** Folder to train on: .txt files and .jsonl files with `text`, in its folders too. */
    corpus: { type: 'string' },
    /** Folders and files of other sources: `NAME=PATH`, read as `vua tokenizer evaluate` reads them. */
    other: { type: 'string', multiple: true, default: [] },
    /** Python with tokenizers, tiktoken, sentencepiece, rustbpe, youtokentome, as far as they are to be measured. */
    python: { type: 'string', default: 'python3' },
    /** Folder in whose node_modules npm peers are looked for. */
    packages: { type: 'string', default: ROOT },
    /** Folder whose node_modules has node-llama-cpp. */
    llama: { type: 'string' },
    scratch: { type: 'string', default: join(ROOT, 'node_modules/.cache/bench-tokenizer') },
    runs: { type: 'string', default: '3' },
    gigabytes: { type: 'string', default: '2' },
    /** Most syllables of a token, one mode after the other. */
    modes: { type: 'string', multiple: true, default: ['1', '4'] },
  },
});
export const RUNS = Number(options.runs);

/** Our code as it ships: what tsx would add to the start of a thread is no part of it. */
export async function built<Module>(name: string): Promise<Module> {
  return (await import(join(ROOT, 'dist', `${name}.js`))) as Module;
}

export function build(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
  mkdirSync(options.scratch, { recursive: true });
}

export function machine(): string {
  return `${cpus()[0].model}, ${availableParallelism()} cores; Node ${process.version}`;
}

/** Documents of the corpus in NFC, with `\n` and no space before it, as `vua clean` keeps them; identical ones once. */
export function corpus(): Buffer[] {
  if (options.corpus === undefined) throw new Error('--corpus DIR is needed: a folder of .txt and .jsonl files');
  const names = readdirSync(options.corpus, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:txt|md|jsonl)$/.test(name))
    .sort();
  const texts = names.flatMap((name) => {
    const text = readFileSync(join(options.corpus!, name), 'utf8');
    if (!name.endsWith('.jsonl')) return text;
    const lines = text.split('\n').filter(Boolean);
    return lines.map((line) => (JSON.parse(line) as { text: string }).text);
  });
  const cleaned = texts
    .map((text) => text.normalize('NFC'))
    .map((text) => text.replaceAll('\0', '').replaceAll(/[^\S\n]+\n/g, '\n'));
  return [...new Set(cleaned)].map((text) => Buffer.from(text));
}

export const bytesOf = (texts: readonly Uint8Array[]): number => texts.reduce((sum, text) => sum + text.length, 0);

/** Writes texts for the peers: one after the other, NUL between. @returns the file. */
export function forPeers(name: string, texts: readonly Uint8Array[]): string {
  const file = join(options.scratch, name);
  const separated = texts.flatMap((text, i) => (i === 0 ? [text] : [Buffer.of(0), text]));
  writeFileSync(file, Buffer.concat(separated));
  return file;
}

/** Runs one command of peers.py; undefined when its package is not installed. */
export function peer<Result>(command: string, ...args: string[]): Result | undefined {
  const { stdout, stderr, status } = spawnSync(options.python, [PEERS, command, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const line = stdout?.trim().split('\n').at(-1) ?? '';
  if (status === 0 && line.startsWith('{')) return JSON.parse(line) as Result;
  const reason = stderr?.trim().split('\n').at(-1) ?? 'no python';
  console.log(`  ${command}: left out: ${reason}`);
  return undefined;
}

export interface Elapsed {
  readonly seconds: number;
  /** CPU seconds of the process, all threads. */
  readonly cpu: number;
}

/** Wall and CPU seconds since the call. */
export function clock(): () => Elapsed {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { seconds: (performance.now() - wall) / 1000, cpu: (user + system) / 1e6 };
  };
}

export const seconds = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(2));
export const times = (ratio: number): string => `${ratio.toFixed(1)} ×`;
export const best = (values: readonly number[]): number => Math.min(...values);

export function print(title: string, table: readonly (readonly string[])[], ...notes: string[]): void {
  console.log(`\n## ${title}\n\n${formatTable(table)}${notes.map((note) => `\n${note}`).join('')}`);
}

export const sizeOf = (path: string): number => statSync(path).size;
