/** Errors of SQLite as errors of ours. */
import Database from 'better-sqlite3';
import { badInput, reasonOf, type ToolkitError } from '../shell/errors.ts';
import { writeFault } from '../shell/folder.ts';

/**
 * What SQLite had to say while a frontier was used, as an error of ours; `undefined` for any other error.
 * @returns WRITE_FAILED, UNWRITABLE_FOLDER, FOLDER_LOCKED, BAD_FRONTIER
 */
export function frontierFault(path: string, error: unknown): ToolkitError | undefined {
  if (!(error instanceof Database.SqliteError)) return undefined;
  const isDamage = /CORRUPT|NOTADB/.test(error.code);
  return writeFault(path, error) ?? (isDamage ? badFrontier(path, reasonOf(error), error) : undefined);
}

export const badFrontier = (path: string, fact: string, error: unknown): ToolkitError =>
  badInput(
    'BAD_FRONTIER',
    `${path}: ${fact}`,
    'restore the file from a copy, or move it away: the crawl then starts again from its seeds, beside the pages it has',
    error,
  );
