/** What the tests of all rooms share: temporary folders, a context that keeps what was said, what a call throws. */
import { rmSync } from 'node:fs';
import { ToolkitError } from '../crawlers/shell/errors.ts';
import { createReporter } from '../crawlers/shell/reporter.ts';
import type { Work } from '../crawlers/shell/work.ts';
import { makeTemporaryFolder } from './folder.ts';

const folders = { test: [] as string[], file: [] as string[] };

/** A new folder, removed after the test that makes it, or after the last test of the file. */
export function temporaryFolder(lifetime: keyof typeof folders = 'test'): string {
  const folder = makeTemporaryFolder();
  folders[lifetime].push(folder);
  return folder;
}

export function removeFolders(lifetime: keyof typeof folders): void {
  for (const folder of folders[lifetime].splice(0)) rmSync(folder, { recursive: true, force: true });
}

interface Fixture {
  readonly before?: () => void;
  readonly after?: () => unknown;
}

/**
 * What is done around every test by modules that tests share. Files of tests share a process, in which such a module is
 * loaded once: hooks of its own would be those of the first file alone (setup.ts calls these in each).
 */
export const fixtures: Fixture[] = [];

export interface HeardContext extends Work {
  /** Everything that went to stdout. */
  readonly out: string[];
  /** Everything that went to stderr. */
  readonly err: string[];
  readonly abort: () => void;
}

export function context(json = false): HeardContext {
  const controller = new AbortController();
  const out: string[] = [];
  const err: string[] = [];
  const report = createReporter({ json }, { write: (text) => out.push(text) }, { write: (text) => err.push(text) });
  return { signal: controller.signal, report, out, err, abort: () => controller.abort() };
}

/** `npm run test:long`: what takes minutes, and where a shorter form stands in `npm test`. */
export const IS_LONG = process.env.VUA_LONG !== undefined;

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** What a call throws, which must be a ToolkitError. */
export async function thrownBy(action: () => unknown): Promise<ToolkitError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof ToolkitError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
