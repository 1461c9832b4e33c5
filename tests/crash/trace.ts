/**
 * A process seen from outside by strace: what it did to files below a folder, byte for byte, and one operation of it
 * killed or failed. It reaches native SQLite as well.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The way of a file from a call to the disk. Paths are absolute; `file` is the same for all names of one file. */
export type Operation =
  | { readonly kind: 'stands' | 'create'; readonly path: string; readonly file: number }
  | { readonly kind: 'write'; readonly file: number; readonly at: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly file: number; readonly size: number }
  | {
      readonly kind: 'copy';
      readonly file: number;
      readonly at: number;
      readonly length: number;
      readonly source: number;
    }
  | { readonly kind: 'sync'; readonly file: number }
  | { readonly kind: 'rename' | 'link'; readonly from: string; readonly to: string }
  | { readonly kind: 'symlink'; readonly target: string; readonly to: string }
  | { readonly kind: 'unlink' | 'mkdir'; readonly path: string };

/** Calls that change files; of each the one that fails is counted by itself. */
export const CHANGING = [
  ...['write', 'pwrite64', 'fsync', 'fdatasync', 'ftruncate', 'rename', 'unlink', 'rmdir', 'mkdir', 'link', 'symlink'],
] as const;
const FOLLOWED = [
  ...CHANGING,
  'openat',
  'close',
  'lseek',
  'writev',
  'pwritev',
  'sendfile',
  'copy_file_range',
  'fallocate',
];

export const hasStrace = (): boolean => spawnSync('strace', ['-V']).status === 0;

export interface Traced {
  readonly operations: readonly Operation[];
  /** How often each call was made by the thread that changes files, below the folder or not. */
  readonly calls: Readonly<Record<string, number>>;
}

/**
 * Runs `vua` to its end.
 * @param before the folder as it was, elsewhere
 * @throws Error when it fails, or does what is not followed here
 */
export function trace(args: readonly string[], folder: string, before: string, cwd: string): Traced {
  const log = join(cwd, 'trace');
  const options = [
    '-ff',
    '--seccomp-bpf',
    '-y',
    '-xx',
    '-s',
    '16000000',
    '-e',
    `trace=${FOLLOWED.join(',')}`,
    '-o',
    log,
  ];
  const { status, stderr } = spawnSync('strace', [...options, process.execPath, resolve('dist/main.js'), ...args], {
    cwd,
  });
  if (status !== 0) throw new Error(`status ${status}: ${stderr}`);
  const files = readdirSync(cwd)
    .filter((name) => name.startsWith('trace.'))
    .map((name) => join(cwd, name));
  const largest = files.toSorted((a, b) => statSync(b).size - statSync(a).size)[0];
  const lines = readFileSync(largest, 'latin1').split('\n');
  for (const file of files) rmSync(file);
  const calls: Record<string, number> = {};
  for (const line of lines) {
    const name = /^(\w+)\(/.exec(line)?.[1];
    if (name !== undefined) calls[name] = (calls[name] ?? 0) + 1;
  }
  const standing = readdirSync(before, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  return { operations: operationsIn(lines, folder, new Set(standing)), calls };
}

/** Runs `vua` with the call of that number killed or failed; what it said, and what became of it. */
export async function traceFault(
  args: readonly string[],
  cwd: string,
  { call, at, fault }: { readonly call: string; readonly at: number; readonly fault: 'KILL' | 'ENOSPC' | 'EIO' },
): Promise<{ readonly status: number | null; readonly said: string; readonly hit: string }> {
  const log = join(cwd, 'fault');
  const inject = `inject=${call}:${fault === 'KILL' ? 'signal=KILL' : `error=${fault}`}:when=${at}`;
  const options = ['-f', '--seccomp-bpf', '-y', '-e', `trace=${call}`, '-e', inject, '-o', log];
  const command = [...options, process.execPath, resolve('dist/main.js'), ...args, '--json'];
  const child = spawn('strace', command, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  const status = await new Promise<number | null>((done) => child.on('close', done));
  const hit =
    readFileSync(log, 'latin1')
      .split('\n')
      .find((line) => line.includes('INJECTED')) ?? '';
  rmSync(log);
  return { status, said, hit };
}

const unhexed = (hex: string): Buffer => Buffer.from(hex.replaceAll('\\x', ''), 'hex');

/** @param standing what is there when the log begins */
function operationsIn(lines: readonly string[], folder: string, standing: Set<string>): Operation[] {
  const operations: Operation[] = [];
  /** Of open descriptors below the folder: their file, and where the next write goes. */
  const open = new Map<number, { file: number; path: string; at: number }>();
  const files = new Map<string, number>();
  let next = 1;
  const isBelow = (path: string): boolean => path === folder || path.startsWith(`${folder}/`);
  const fileAt = (path: string): number => {
    if (!files.has(path)) files.set(path, next++);
    return files.get(path)!;
  };
  for (const line of lines) {
    const [, call, args, result] = /^(\w+)\((.*)\) += (-?\d+)/s.exec(line) ?? [];
    if (call === undefined || Number(result) < 0) continue;
    const strings = [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex]) => unhexed(hex));
    const path = strings[0]?.toString() ?? '';
    const descriptor = Number(/^\d+/.exec(args)?.[0] ?? -1);
    const handle = open.get(descriptor);
    if (call === 'openat') {
      if (!isBelow(path)) continue;
      const isNew = !files.has(path);
      const file = fileAt(path);
      if (isNew) operations.push({ kind: standing.has(path) || path === folder ? 'stands' : 'create', path, file });
      if (/O_TRUNC/.test(args)) operations.push({ kind: 'truncate', file, size: 0 });
      open.set(Number(result), { file, path, at: 0 });
    } else if (call === 'close') open.delete(descriptor);
    else if (['rename', 'link', 'symlink'].includes(call)) {
      const to = strings[1].toString();
      if (!isBelow(to)) continue;
      if (call === 'symlink') operations.push({ kind: 'symlink', target: path, to });
      else {
        operations.push({ kind: call as 'rename', from: path, to });
        files.delete(to);
        standing.delete(to);
        if (call === 'rename') standing.delete(path);
        move(files, path, to, call === 'rename');
      }
    } else if (['unlink', 'rmdir'].includes(call)) {
      if (!isBelow(path)) continue;
      operations.push({ kind: 'unlink', path });
      files.delete(path);
      standing.delete(path);
    } else if (call === 'mkdir') {
      if (!isBelow(path)) continue;
      operations.push({ kind: 'mkdir', path });
      standing.add(path); // it is opened to be synced
    } else if (handle === undefined) continue;
    else if (call === 'write') {
      operations.push({ kind: 'write', file: handle.file, at: handle.at, data: strings[0] });
      handle.at += strings[0].length;
    } else if (call === 'pwrite64') {
      const at = Number(/(\d+)$/.exec(args)![1]);
      operations.push({ kind: 'write', file: handle.file, at, data: strings[0] });
    } else if (call === 'ftruncate') {
      operations.push({ kind: 'truncate', file: handle.file, size: Number(/(\d+)$/.exec(args)![1]) });
    } else if (call === 'fsync' || call === 'fdatasync') {
      operations.push({ kind: 'sync', file: handle.file });
    } else if (call === 'sendfile' || call === 'copy_file_range') {
      const [first, second] = [...args.matchAll(/(?:^|, )(\d+)</g)].map(([, fd]) => open.get(Number(fd)));
      const [from, to] = call === 'sendfile' ? [second, first] : [first, second];
      if (from === undefined || to === undefined) throw new Error(`${call} from elsewhere: ${handle.path}`);
      operations.push({ kind: 'copy', file: to.file, at: to.at, length: Number(result), source: from.file });
      to.at += Number(result);
    } else if (call !== 'lseek') throw new Error(`${call} is not followed: ${dirname(handle.path)}`);
  }
  return operations;
}

/** A file, or all that stands below a folder, goes by another name. */
function move(files: Map<string, number>, from: string, to: string, isGone: boolean): void {
  for (const [path, file] of [...files]) {
    if (path !== from && !path.startsWith(`${from}/`)) continue;
    files.set(to + path.slice(from.length), file);
    if (isGone) files.delete(path);
  }
}
