/** Folders, files in them that appear whole or not at all, and what is said of a write that fails. */
import {
  appendFileSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { uptime } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { badInput, reasonOf, ToolkitError, tryAgain } from './errors.ts';
import { formatBytes } from './reporter.ts';

/**
 * Makes a folder and those above it. Not `mkdirSync(…, { recursive: true })`, which never returns below /proc.
 * @returns the folders that were not there, the outermost first.
 * @throws ToolkitError UNWRITABLE_FOLDER (exit 2), WRITE_FAILED.
 */
export function makeFolder(dir: string): string[] {
  const made: string[] = [];
  const make = (path: string): void => {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    if (dirname(path) !== path) make(dirname(path));
    try {
      mkdirSync(path);
      made.push(path);
    } catch (error) {
      if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error; // else another process made it
    }
  };
  try {
    make(resolve(dir));
  } catch (error) {
    throw writeFault(dir, error) ?? unwritable(dir, error);
  }
  return made;
}

export const unwritable = (dir: string, error: unknown): ToolkitError =>
  badInput('UNWRITABLE_FOLDER', `${dir}: ${reasonOf(error)}`, 'choose a folder that you may write to', error);

/** What stays true after a write that found no room: nothing is published before it is whole. */
const MAKE_ROOM = 'free some disk space and run again: what was written stays valid';

/** By the code of a file system's error or of SQLite's: what it says, and what to do. */
const WRITE_FAULTS: readonly (readonly [code: RegExp, says: string, hint: string])[] = [
  [/^(ENOSPC|SQLITE_FULL)$/, 'no space left on the device', MAKE_ROOM],
  [/^EDQUOT$/, 'the disk quota is used up', 'make room within the quota and run again: what was written stays valid'],
  [/^EFBIG$/, 'larger than the file system or `ulimit -f` allows', 'raise the limit, or choose another file system'],
  [
    /^(EIO|ENXIO|ENODEV|ESTALE|ETIMEDOUT|SQLITE_IOERR.*)$/,
    'the device or its file system failed',
    'look at the disk and its mount (dmesg) and run again; `vua verify` says what is whole',
  ],
];
const FORBIDDEN = /^(EACCES|EPERM|EROFS|EISDIR|SQLITE_(PERM|READONLY.*|CANTOPEN.*|AUTH))$/;
/** With less than this a file system is full, whatever SQLite calls it: its index in shared memory takes as much. */
const SQLITE_NEEDS_BYTES = 65_536;

/**
 * The error of a file system or of SQLite where something was being written, as one of ours that says what, where and
 * how much room there is; `undefined` for any other error.
 * @param path what was being written
 * @param bytes how many were to be written, where that is known
 * @returns WRITE_FAILED, UNWRITABLE_FOLDER (exit 2), FOLDER_LOCKED (exit 75)
 */
export function writeFault(path: string, error: unknown, bytes?: number): ToolkitError | undefined {
  let { code = '' } = (error ?? {}) as NodeJS.ErrnoException;
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return tryAgain('FOLDER_LOCKED', `${path}: another process is writing to it`, 'run again when it has ended', error);
  }
  const room = roomAt(path);
  const isFull = room !== undefined && (room.free < SQLITE_NEEDS_BYTES || room.files === 0);
  if (isFull && /^SQLITE_(IOERR|CANTOPEN)/.test(code)) code = 'SQLITE_FULL';
  if (FORBIDDEN.test(code)) return unwritable(path, error);
  const known = WRITE_FAULTS.find(([pattern]) => pattern.test(code));
  if (known === undefined) return undefined;
  const [, says, hint] = known;
  const left = room === undefined ? '' : `; ${formatBytes(room.free)} of ${formatBytes(room.total)} are free there`;
  const files = room?.files === 0 ? ', and no further file fits' : '';
  const wanted = bytes === undefined ? '' : `, ${formatBytes(bytes)} were to be written`;
  return new ToolkitError({
    code: 'WRITE_FAILED',
    message: `${path}: ${code}: ${says}${left}${files}${wanted}`,
    hint,
    cause: error,
  });
}

/** Bytes of the file system around a path that its user may still fill, and how many more files it takes, if it counts. */
export function roomAt(path: string): { free: number; total: number; files: number | undefined } | undefined {
  for (let at = resolve(path); ; at = dirname(at)) {
    try {
      const { bavail, blocks, bsize, files, ffree } = statfsSync(at);
      return { free: bavail * bsize, total: blocks * bsize, files: files === 0 ? undefined : ffree };
    } catch {
      if (dirname(at) === at) return undefined;
    }
  }
}

/** Before much is written: says where the room for it is, by an estimate, not there. */
export function foreseeRoom(dir: string, bytes: number, what: string, note: (text: string) => void): void {
  const room = roomAt(dir);
  if (room === undefined || room.total === 0 || room.free >= bytes) return;
  const there = `${formatBytes(room.free)} of ${formatBytes(room.total)} are free there`;
  note(`${dir}: ${what} need about ${formatBytes(bytes)}, ${there}: make room, or the run ends when the disk is full`);
}

/** Adds to the end of a file. @throws ToolkitError as `writeFileAtomic` does. */
export function appendToFile(path: string, data: string | Uint8Array): void {
  try {
    appendFileSync(path, data);
  } catch (error) {
    throw writeFault(path, error, Buffer.byteLength(data)) ?? writeFailed(path, error);
  }
}

const writeFailed = (path: string, error: unknown): ToolkitError =>
  new ToolkitError({
    code: 'WRITE_FAILED',
    message: `${path}: ${reasonOf(error)}`,
    hint: 'look what became of its folder and run again: what was written before stays valid',
    cause: error,
  });

/**
 * Writes a file so that a reader sees the old bytes or the new ones, also after a power cut. Makes the folder.
 * @throws ToolkitError UNWRITABLE_FOLDER (exit 2), WRITE_FAILED.
 */
export function writeFileAtomic(path: string, data: string | Uint8Array): void {
  makeFolder(dirname(path));
  const file = new AtomicFile(path);
  file.write(data);
  file.commit();
}

/** Values of a file of JSON lines; none where there is no file. @throws ToolkitError BAD_JSON (exit 2) */
export function readJsonLines<T>(path: string): T[] {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line) as T];
    } catch (error) {
      const fact = `${path}: line ${i + 1}: not valid JSON: ${reasonOf(error)}`;
      throw badInput('BAD_JSON', fact, 'restore the file from a copy', error);
    }
  });
}

/** What a call writes at most: many systems take 2 GiB and no more. */
const WRITE_BYTES = 1 << 24;

export interface AtomicFileOptions {
  /** Where the bytes stand until `commit`, in the same folder. Default: a name that no other process takes. */
  readonly temporary?: string;
  /** Sees all that is written. */
  readonly checksum?: { update(bytes: Uint8Array): void };
}

/**
 * A file that is written bit by bit: it stands under its name only after `commit`, whole, and survives a power cut. Its
 * folder must exist. What fails leaves nothing behind; all throw as `writeFileAtomic` does.
 */
export class AtomicFile {
  readonly path: string;
  readonly temporary: string;
  readonly #checksum: AtomicFileOptions['checksum'];
  #file: number | undefined;
  #bytes = 0;

  constructor(path: string, { temporary = `${path}.${process.pid}.tmp`, checksum }: AtomicFileOptions = {}) {
    this.path = path;
    this.temporary = temporary;
    this.#checksum = checksum;
    this.#file = this.#orDiscard(() => openSync(temporary, 'w'));
  }

  /** Written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  write(data: string | ArrayBufferView): void {
    const bytes =
      typeof data === 'string' ? Buffer.from(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#checksum?.update(bytes);
    this.#orDiscard(() => {
      for (let at = 0; at < bytes.length; ) {
        at += writeSync(this.#file!, bytes, at, Math.min(WRITE_BYTES, bytes.length - at));
      }
    }, bytes.length);
    this.#bytes += bytes.length;
  }

  /** Ends the writing: the bytes are durable in `temporary`, for whoever reads them back before `commit`. */
  end(): void {
    this.#orDiscard(() => fsyncSync(this.#file!));
    this.#close();
  }

  commit(): void {
    if (this.#file !== undefined) this.end();
    this.#orDiscard(() => {
      renameSync(this.temporary, this.path);
      syncFolder(dirname(this.path));
    });
  }

  /** Leaves nothing; after `commit` it does nothing. */
  discard(): void {
    this.#close();
    rmSync(this.temporary, { force: true });
  }

  #close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) closeSync(file);
  }

  #orDiscard<Result>(work: () => Result, bytes?: number): Result {
    try {
      return work();
    } catch (error) {
      this.discard();
      throw writeFault(this.path, error, bytes) ?? writeFailed(this.path, error);
    }
  }
}

/** What file systems say that have no links of a kind, or none to another disk. */
const NO_LINKS = /^(EPERM|ENOSYS|ENOTSUP|EOPNOTSUPP|EINVAL|EXDEV|EMLINK)$/;
const hasNoLinks = (error: unknown): boolean => NO_LINKS.test((error as NodeJS.ErrnoException).code ?? '');

/** The same file in two folders; a copy where the file system has no hard links. Its folder must exist. */
export function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!hasNoLinks(error)) throw error;
    copyFile(from, to);
  }
}

/** A copy of its own, durable; where the file system can, it shares blocks until one of the two changes. */
export function copyFile(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    const file = openSync(to, 'r+');
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const bytes = statSync(from, { throwIfNoEntry: false })?.size;
    throw writeFault(to, error, bytes) ?? writeFailed(to, error);
  }
}

/**
 * A link that waits beside `path` for its rename. `undefined` on Windows, where none replaces another, and where a file
 * system has none.
 */
export function waitingLink(path: string, target: string): string | undefined {
  if (process.platform === 'win32') return undefined;
  const link = join(dirname(path), `.${basename(path)}.next`);
  rmSync(link, { force: true });
  try {
    symlinkSync(target, link);
    return link;
  } catch (error) {
    if (hasNoLinks(error)) return undefined;
    throw error;
  }
}

/** Removes what a writer that was killed had begun: of a process that is gone, or from before this machine started. */
export function removeUnfinished(dir: string): void {
  const booted = Date.now() - 1000 * uptime();
  for (const name of readdirSync(dir)) {
    const pid = /\.(\d+)\.tmp$/.exec(name)?.[1];
    if (pid === undefined) continue;
    const path = join(dir, name);
    const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (changed < booted || !isRunning(Number(pid))) rmSync(path, { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Makes renames in a folder last through a power cut. Not every system lets a folder be opened, or synced. */
export function syncFolder(dir: string): void {
  let folder: number | undefined;
  try {
    folder = openSync(dir, 'r');
    fsyncSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EIO') throw error;
  } finally {
    if (folder !== undefined) closeSync(folder);
  }
}

/**
 * `undefined` when there is no file.
 * @throws ToolkitError BAD_JSON (exit 2) naming the file when it cannot be read or is not JSON.
 */
export function readJsonIfPresent<T>(path: string, hint = 'restore the file from a copy'): T | undefined {
  if (!existsSync(path)) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw badInput('BAD_JSON', `${path}: ${reasonOf(error)}`, 'expected a JSON file that can be read', error);
  }
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw badInput('BAD_JSON', `${path}: not valid JSON: ${reasonOf(error)}`, hint, error);
  }
}

/** Text of a file that somebody brings, without a byte order mark. @throws Error where it is no UTF-8 */
export function utf8Of(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error('no UTF-8', { cause });
  }
}
