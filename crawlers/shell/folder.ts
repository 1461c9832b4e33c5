/** Folders, and files in them that appear whole or not at all. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { badInput, reasonOf, ToolkitError } from './errors.ts';

/**
 * Makes a folder and those above it. Not `mkdirSync(…, { recursive: true })`, which never returns below /proc.
 * @returns the folders that were not there, the outermost first.
 * @throws ToolkitError UNWRITABLE_FOLDER (exit 2).
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
    throw unwritable(dir, error);
  }
  return made;
}

export const unwritable = (dir: string, error: unknown): ToolkitError =>
  badInput('UNWRITABLE_FOLDER', `${dir}: ${reasonOf(error)}`, 'choose a folder that you may write to', error);

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
    });
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

  #orDiscard<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      this.discard();
      if (/^(EACCES|EPERM|EROFS|EISDIR)$/.test((error as NodeJS.ErrnoException).code ?? ''))
        throw unwritable(this.path, error);
      throw new ToolkitError({
        code: 'WRITE_FAILED',
        message: `${this.path}: ${reasonOf(error)}`,
        hint: 'free some disk space and run again: what was written stays valid',
        cause: error,
      });
    }
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
export function readJsonIfPresent<T>(
  path: string,
  hint = 'restore the file, or delete it to rebuild it',
): T | undefined {
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
