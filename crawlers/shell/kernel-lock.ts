/**
 * Locks of the kernel, by way of SQLite, which has them on every system: who writes in a folder holds an exclusive
 * transaction on `vua.lock.db`, who reads there a shared one. They end with their process, however it ends, so a free
 * file means that its holder is dead.
 *
 *   writer   BEGIN EXCLUSIVE ─ write: SQLite refuses when the file is no longer at its path ─ … ─ unlink ─ close
 *   reader   BEGIN IMMEDIATE ─ write, as above ─ second connection: BEGIN, SELECT ─ close the first ─ … ─ close
 *
 * The refusal (SQLITE_READONLY_DBMOVED) makes it safe that the last holder removes the file: who opened the file before
 * and locks it afterwards sees that it is another one. What the database holds does not matter. On POSIX any other
 * opening and closing of the file in the holding process would end its lock: nothing here reads it.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, statSync, truncateSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { HOLDER_FILE, type Holder, readerFile, sweep, writeHolder } from './holder.ts';

export type Mode = 'write' | 'read';
/** One way to hold a folder. */
export interface Locking {
  /** `undefined`: another holds it. The result lets go, and leaves nothing behind. @throws what the system throws */
  take(dir: string, mode: Mode, holder: Holder): (() => void) | undefined;
  /** Whether somebody writes there. Removes what a dead writer left. */
  isWritten(dir: string): boolean;
}

const LOCK_FILE = `${HOLDER_FILE}.db`;
/** How often a file that was replaced or damaged meanwhile is opened again. */
const TRIES = 10;

export const kernelLocking: Locking = {
  take(dir, mode, holder) {
    const path = join(dir, LOCK_FILE);
    const claimed = claim(path, mode === 'write' ? 'EXCLUSIVE' : 'IMMEDIATE');
    if (claimed === undefined) return undefined;
    if (mode === 'write') {
      sweep(dir);
      writeHolder(join(dir, HOLDER_FILE), holder);
      return () => letGo(dir, claimed);
    }
    const shared = share(path);
    claimed.database.close();
    if (shared === undefined) return undefined;
    const own = join(dir, readerFile(holder));
    writeHolder(own, holder);
    return () => {
      rmSync(own, { force: true });
      shared.close();
      clear(dir);
    };
  },

  isWritten(dir) {
    const path = join(dir, LOCK_FILE);
    if (identityOf(path) === undefined) return false;
    try {
      const looked = share(path);
      if (looked === undefined) return true;
      looked.close();
      clear(dir);
    } catch {} // a file that this process may not open: it says nothing
    return false;
  },
};

/** Whether the file system of a folder has locks that hold: tried on a file of its own, with a second process. */
export function hasKernelLocks(dir: string, { token }: Holder): boolean {
  const path = join(dir, `${HOLDER_FILE}.trial-${token}`);
  try {
    const claimed = claim(path, 'EXCLUSIVE');
    if (claimed === undefined) return false; // busy, though nobody else knows the file: ENOLCK
    try {
      return !isTakenTwice(path);
    } finally {
      claimed.database.close();
    }
  } catch (error) {
    if (/^SQLITE_(IOERR|PROTOCOL|NOLFS)/.test(codeOf(error))) return false;
    throw error;
  } finally {
    removeFiles(path);
  }
}

function isTakenTwice(path: string): boolean {
  const take = 'new (require(process.argv[1]))(process.argv[2], { fileMustExist: true }).exec("BEGIN EXCLUSIVE")';
  const { status } = spawnSync(process.execPath, ['-e', take, require.resolve('better-sqlite3'), path], {
    stdio: 'ignore',
  });
  return status === 0;
}

const require = createRequire(import.meta.url);

/** Loaded when a folder is locked, not when the program starts. `timeout`: others hold a lock for a moment to look. */
function open(path: string, timeout = 50): BetterSqlite3.Database {
  return new (require('better-sqlite3') as typeof BetterSqlite3)(path, { timeout });
}

interface Claim {
  readonly database: BetterSqlite3.Database;
  readonly identity: string | undefined;
}

/**
 * A lock on the file that stands at `path`; `undefined` when another has one. The file is made. SQLite looks for it at its
 * path when it opens a journal for a database that is not empty, so that is made to happen, under a lock that outlives
 * transactions: the first may have found open the journal of a dead holder.
 */
function claim(path: string, how: 'EXCLUSIVE' | 'IMMEDIATE', timeout?: number): Claim | undefined {
  return whileItMoves(path, timeout, (database) => {
    database.exec(`PRAGMA synchronous = OFF; BEGIN ${how}; PRAGMA locking_mode = EXCLUSIVE`);
    const isNew = database.pragma('user_version', { simple: true }) === 0;
    database.exec(isNew ? 'PRAGMA user_version = 1; COMMIT' : 'ROLLBACK');
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA journal_mode = DELETE');
    database.exec(`BEGIN ${how}; PRAGMA user_version = 2; ROLLBACK; PRAGMA journal_mode = MEMORY`);
    rmSync(`${path}-journal`, { force: true });
    return { database, identity: identityOf(path) };
  });
}

/** A shared lock on the file, wherever it is now; `undefined` when another writes. */
const share = (path: string) =>
  whileItMoves(path, undefined, (database) => database.exec('BEGIN; SELECT * FROM sqlite_master'));

/** What `use` makes of an open database; `undefined` when it is busy. Closed unless `use` was done. */
function whileItMoves<T>(path: string, timeout: number | undefined, use: (database: BetterSqlite3.Database) => T) {
  for (let tries = 1; ; tries++) {
    let database: BetterSqlite3.Database | undefined;
    try {
      database = open(path, timeout);
      return use(database);
    } catch (error) {
      database?.close();
      if (isBusy(error) || (tries === TRIES && MOVED.test(codeOf(error)))) return undefined;
      if (tries === TRIES) throw error; // else another removes the file, or the journal, in this very moment
      // Emptied in place: a lock that another took meanwhile holds on.
      if (/^SQLITE_(NOTADB|CORRUPT)/.test(codeOf(error))) truncateSync(path, 0);
    }
  }
}

/** Removes the file and then lets go, so that who waits for it opens a new one. Not when the folder was replaced. */
function letGo(dir: string, { database, identity }: Claim): void {
  const path = join(dir, LOCK_FILE);
  const remove = (): void => {
    try {
      if (identity === undefined || identityOf(path) !== identity) return;
      rmSync(join(dir, HOLDER_FILE), { force: true });
      removeFiles(path);
    } catch {} // a disk that fails: what stays there stops nobody
  };
  if (process.platform !== 'win32') remove();
  database.close();
  if (process.platform === 'win32') remove(); // there a file that is open cannot be removed, so no other loses it
}

/** Removes what a dead holder left, unless somebody holds the folder. */
function clear(dir: string): void {
  const path = join(dir, LOCK_FILE);
  if (identityOf(path) === undefined) return;
  try {
    const claimed = claim(path, 'EXCLUSIVE', 0);
    if (claimed === undefined) return;
    sweep(dir);
    letGo(dir, claimed);
  } catch {} // a folder that others own: what is left there stops nobody
}

const removeFiles = (path: string): void => {
  for (const file of [`${path}-journal`, path]) rmSync(file, { force: true });
};

/** Device and inode of the file; `undefined` when there is none. */
function identityOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat && `${stat.dev}:${stat.ino}`;
}

/** The file, or its journal, was removed by another. */
const MOVED = /^SQLITE_(READONLY_DBMOVED|IOERR_DELETE_NOENT)/;
const codeOf = (error: unknown): string => String((error as { code?: unknown }).code);
const isBusy = (error: unknown): boolean => codeOf(error).startsWith('SQLITE_BUSY');
