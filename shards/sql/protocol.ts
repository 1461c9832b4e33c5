/** What is said between the server and the process in which SQL runs. */
import type { SqlFiles } from './copy.ts';

export interface SqlStart {
  /** File that `import` loads of DuckDB. */
  readonly duckdb: string;
  readonly files: SqlFiles;
  readonly megabytes: number;
}
export interface SqlQuestion {
  readonly id: number;
  readonly sql: string;
  readonly as: 'rows' | 'csv';
  /** Rows of an answer; bytes of a CSV file. */
  readonly most: number;
}
export interface SqlRows {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  /** There are more. */
  readonly isCut: boolean;
}
export type SqlReply = { readonly id: number } & (
  | { readonly answer: SqlRows | string }
  | { readonly fault: string; readonly isTooLarge?: boolean }
);

/** Exit status of the process where memory ran out. */
export const TOO_MUCH = 90;
