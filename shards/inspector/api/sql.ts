/** SQL over the columns of a corpus: DuckDB reads a side copy of them and nothing else (shards/sql/). */
import { z } from 'zod';
import { copyForSql, SQL_COLUMNS } from '../../sql/copy.ts';
import { DUCKDB, fetchDuckDb, hasDuckDb, SQL_LIMITS, SqlEngine } from '../../sql/engine.ts';
import { type Table, tableOf } from '../table.ts';
import { endpoint, Raw, type Root } from '../view.ts';

/** How long an answer waits for the side copy, in milliseconds. */
const PATIENCE = 800;
/** Characters of a value that an answer brings. */
const MOST_TEXT = 2000;
const engines = new WeakMap<Table, Promise<SqlEngine>>();

/** `undefined` while the side copy is being written. */
async function engineOf(root: Root, corpus: string | undefined): Promise<SqlEngine | undefined> {
  const table = tableOf(root.corpus(corpus));
  const known = engines.get(table);
  const opening = known ?? copyForSql(table.dir).then((files) => new SqlEngine(files));
  engines.set(table, opening);
  if (known === undefined) opened(table, opening);
  const waited = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE));
  return Promise.race([opening, waited]);
}

function opened(table: Table, opening: Promise<SqlEngine>): void {
  opening.then(
    (engine) => table.whenClosed(() => engine.close()),
    () => engines.delete(table),
  );
}

const query = z.object({ corpus: z.string().optional(), q: z.string().min(1).max(8000).describe('one SELECT') });

export const sql = endpoint({
  path: 'sql',
  about: 'the rows of a SELECT over the tables documents and rejects; long texts are cut, isMaking: ask again',
  query: query.extend({ most: z.int().min(1).max(10_000).default(1000).describe('rows') }),
  async answer({ corpus, q, most }, root, signal) {
    if (!hasDuckDb()) return { isAbsent: true, package: DUCKDB.name, megabytes: DUCKDB.megabytes };
    const engine = await engineOf(root, corpus);
    if (engine === undefined) return { isMaking: true };
    const begun = performance.now();
    const { columns, rows, isCut } = await engine.rows(q, most, signal);
    return { columns, rows: rows.map((row) => row.map(shortened)), isCut, ms: Math.round(performance.now() - begun) };
  },
});

const shortened = (value: unknown): unknown =>
  typeof value === 'string' && value.length > MOST_TEXT ? `${value.slice(0, MOST_TEXT)}…` : value;

export const sqlCsv = endpoint({
  path: 'sql-csv',
  about: 'the whole result of a SELECT as a CSV file',
  query,
  async answer({ corpus, q }, root, signal) {
    const engine = await engineOf(root, corpus);
    if (engine === undefined) return { isMaking: true };
    const disposition = { 'content-disposition': 'attachment; filename="vua.csv"' };
    return new Raw('text/csv; charset=utf-8', await engine.csv(q, signal), disposition);
  },
});

export const sqlTables = endpoint({
  path: 'sql-tables',
  about: 'the tables that SQL is asked of, with their columns, and what limits a query',
  query: z.object({ corpus: z.string().optional() }),
  async answer({ corpus }, root) {
    tableOf(root.corpus(corpus));
    if (hasDuckDb()) void engineOf(root, corpus).catch(() => {}); // said to whoever asks
    const tables = Object.entries(SQL_COLUMNS).map(([name, columns]) => ({
      name,
      columns: columns.map(([column, type]) => ({
        name: column,
        type: type === 'text' ? 'VARCHAR' : type.toUpperCase(),
      })),
    }));
    return { isAbsent: !hasDuckDb(), package: DUCKDB.name, megabytes: DUCKDB.megabytes, limits: SQL_LIMITS, tables };
  },
});

export const sqlPackage = endpoint({
  path: 'sql-package',
  method: 'POST',
  about: 'fetches DuckDB with npm into the cache of the user, once',
  query: z.object({ corpus: z.string().optional() }),
  async answer() {
    await fetchDuckDb();
    return { isAbsent: !hasDuckDb() };
  },
});
