/**
 * A loader of the tests: what this process does to files is counted, and one operation fails as a disk would fail it. It
 * reaches what Node does; SQLite is reached from outside (trace.ts).
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** Calls that change something on the disk. */
const CHANGING = [
  ...['writeSync', 'fsyncSync', 'renameSync', 'unlinkSync', 'rmSync', 'mkdirSync', 'ftruncateSync', 'truncateSync'],
  ...['appendFileSync', 'writeFileSync', 'copyFileSync', 'linkSync', 'symlinkSync', 'utimesSync'],
] as const;

export interface Failing {
  /** Operations so far. */
  count: number;
  /** Number of the one that fails; those behind it work again. */
  readonly at?: number;
  readonly code?: 'ENOSPC' | 'EIO';
}

/** Runs `work` while the operation of that number fails. Returns how many operations there were. */
export async function failing(given: Omit<Failing, 'count'>, work: () => Promise<unknown>): Promise<number> {
  const own = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
  const originals = new Map<string, (...args: unknown[]) => unknown>();
  const state: Failing = { ...given, count: 0 };
  for (const name of CHANGING) {
    const original = own[name];
    originals.set(name, original);
    own[name] = (...args) => {
      if (++state.count === state.at) throw faultOf(name, state.code!, args[0]);
      return original(...args);
    };
  }
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    for (const [name, original] of originals) own[name] = original;
    syncBuiltinESMExports();
  }
  return state.count;
}

function faultOf(call: string, code: 'ENOSPC' | 'EIO', target: unknown): Error {
  const says = code === 'EIO' ? 'i/o error' : 'no space left on device';
  const syscall = call.replace(/Sync$/, '');
  const path = typeof target === 'string' ? { path: target } : {};
  return Object.assign(new Error(`${code}: ${says}, ${syscall}`), { code, syscall, ...path });
}
