/** SQL over the side copy of a folder, asked of a process of its own (`process.ts`) that is begun anew when it was ended. */
import type { ChildProcess } from 'node:child_process';
import {
  fetchPackageMeanwhile,
  installedPackage,
  type LargePackage,
  startProcess,
} from '../../crawlers/shell/assets.ts';
import { badInput, ToolkitError } from '../../crawlers/shell/errors.ts';
import type { SqlFiles } from './copy.ts';
import { type SqlQuestion, type SqlReply, type SqlRows, TOO_MUCH } from './protocol.ts';

export const DUCKDB: LargePackage = {
  ...{ name: '@duckdb/node-api', megabytes: 72, code: 'NO_PACKAGE' },
  ...{ who: 'SQL needs', without: 'all other views' },
};

export interface SqlLimits {
  /** Of one query, in milliseconds. */
  readonly time: number;
  /** Megabytes that a query may hold. */
  readonly megabytes: number;
}
export const SQL_LIMITS: SqlLimits = { time: 20_000, megabytes: 512 };
/** After an interrupt a query has so long to end. */
const GRACE_MS = 1000;
/** Of a CSV file. */
const CSV_BYTES = 64 * 2 ** 20;

export const hasDuckDb = (): boolean => installedPackage(DUCKDB.name) !== undefined;
/** @throws ToolkitError NO_PACKAGE where it cannot be fetched */
export const fetchDuckDb = (): Promise<void> => (hasDuckDb() ? Promise.resolve() : fetchPackageMeanwhile(DUCKDB));

export class SqlEngine {
  readonly #files: SqlFiles;
  readonly #limits: SqlLimits;
  #child: ChildProcess | undefined;
  #asked = 0;
  /** One query at a time: those behind it wait. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(files: SqlFiles, limits = SQL_LIMITS) {
    this.#files = files;
    this.#limits = limits;
  }

  /** @throws ToolkitError BAD_INPUT (exit 2): what DuckDB says, a limit; NO_PACKAGE */
  rows(sql: string, most: number, signal?: AbortSignal): Promise<SqlRows> {
    return this.#ask({ sql, most, as: 'rows' }, signal) as Promise<SqlRows>;
  }

  /** A whole result as CSV. @throws ToolkitError as `rows` */
  csv(sql: string, signal?: AbortSignal): Promise<string> {
    return this.#ask({ sql, most: CSV_BYTES, as: 'csv' }, signal) as Promise<string>;
  }

  close(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #ask(question: Omit<SqlQuestion, 'id'>, signal: AbortSignal | undefined): Promise<SqlRows | string> {
    const next = this.#last.then(() => this.#askNow(question, signal));
    this.#last = next.catch(() => {});
    return next;
  }

  async #askNow(question: Omit<SqlQuestion, 'id'>, signal: AbortSignal | undefined): Promise<SqlRows | string> {
    signal?.throwIfAborted();
    const child = await this.#process();
    const id = ++this.#asked;
    const { time, megabytes } = this.#limits;
    return new Promise((resolve, reject) => {
      let why = `the query took longer than ${time / 1000} s`;
      const stop = (): void => {
        child.send('interrupt', () => {});
        ending = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      };
      const left = (): void => {
        why = 'nobody waits for the answer';
        stop();
      };
      let ending: NodeJS.Timeout | undefined;
      const limit = setTimeout(stop, time);
      const settle = (): void => {
        clearTimeout(limit);
        clearTimeout(ending);
        signal?.removeEventListener('abort', left);
        child.off('message', told).off('exit', ended);
      };
      const told = (reply: SqlReply): void => {
        if (reply.id !== id) return;
        settle();
        if ('answer' in reply) resolve(reply.answer);
        else if (reply.isTooLarge) reject(refused(`more than ${CSV_BYTES / 2 ** 20} MB of CSV`, ASK_LESS));
        else if (ending !== undefined) reject(refused(why, ASK_LESS));
        else reject(refused(reply.fault));
      };
      const ended = (status: number | null): void => {
        settle();
        this.#child = undefined;
        const fact = ending !== undefined ? why : `the process that asks DuckDB ended with ${status}`;
        reject(refused(status === TOO_MUCH ? `the query held more than ${megabytes} MB` : fact, ASK_LESS));
      };
      child.on('message', told).once('exit', ended);
      signal?.addEventListener('abort', left, { once: true });
      child.send({ ...question, id });
    });
  }

  /** When it has opened the tables: no query waits for that in its own time. */
  async #process(): Promise<ChildProcess> {
    if (this.#child !== undefined) return this.#child;
    const duckdb = installedPackage(DUCKDB.name);
    if (duckdb === undefined)
      throw new ToolkitError({
        code: DUCKDB.code,
        message: `${DUCKDB.name}: not installed, and SQL needs it (${DUCKDB.megabytes} MB)`,
        hint: `fetch it by the button of the view, or \`npm install ${DUCKDB.name}\` beside vua`,
        exitStatus: 2,
      });
    const { PATH, HOME, SystemRoot } = process.env; // no tokens, no keys
    const env = { PATH, HOME, SystemRoot };
    const child = startProcess(new URL('./process.ts', import.meta.url), {
      env,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const opened = new Promise((resolve) => child.once('message', resolve).once('exit', resolve));
    child.on('error', () => child.kill('SIGKILL')); // then it ends, and that is heard
    child.send({ duckdb, files: this.#files, megabytes: this.#limits.megabytes });
    child.unref();
    child.channel?.unref();
    await opened;
    if (child.exitCode !== null) throw refused(`the process that asks DuckDB ended with ${child.exitCode}`);
    this.#child = child;
    return child;
  }
}

const ASK_LESS =
  'ask for less: fewer columns, a LIMIT, a WHERE; or `vua export documents --to parquet` and DuckDB by itself';
const refused = (fact: string, hint?: string): ToolkitError => badInput('BAD_INPUT', `SQL: ${fact}`, hint);
