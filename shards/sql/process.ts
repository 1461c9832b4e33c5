/**
 * The process in which SQL runs, apart from the server: a query that does not end, or grows, is ended with it. DuckDB is
 * shown the files of the side copy and nothing else, its settings are locked, and each query runs in a transaction that
 * cannot write.
 */
import { pathToFileURL } from 'node:url';
import { SQL_COLUMNS, SQL_KINDS } from './copy.ts';
import { csvLine } from './csv.ts';
import { type SqlQuestion, type SqlReply, type SqlStart, TOO_MUCH } from './protocol.ts';

type DuckDb = typeof import('@duckdb/node-api');
type Connection = Awaited<ReturnType<Awaited<ReturnType<DuckDb['DuckDBInstance']['create']>>['connect']>>;

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** DuckDB reads patterns where files are named. */
const asPattern = (path: string): string => path.replace(/[[*?]/g, '[$&]');

async function open({ duckdb, files, megabytes }: SqlStart) {
  const module: DuckDb = await import(pathToFileURL(duckdb).href);
  const instance = await module.DuckDBInstance.create(':memory:', {
    ...{ threads: '2', memory_limit: `${megabytes}MB`, temp_directory: '', preserve_insertion_order: 'true' },
    ...{ autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' },
    ...{ allow_community_extensions: 'false', allow_unsigned_extensions: 'false' },
  });
  const connection = await instance.connect();
  const all = SQL_KINDS.flatMap((kind) => files[kind]);
  await connection.run(`SET allowed_paths = [${[...all, ...all.map(asPattern)].map(quoted).join(', ')}]`);
  await connection.run('SET enable_external_access = false');
  for (const kind of SQL_KINDS) await connection.run(viewOf(kind, files[kind]));
  await connection.run('SET lock_configuration = true');
  connection.closeSync();
  return { instance, types: module.StatementType };
}

/** What was not measured is NULL, as SQL has it. */
function viewOf(kind: (typeof SQL_KINDS)[number], files: readonly string[]): string {
  const columns = SQL_COLUMNS[kind].map(([name, type]) =>
    type === 'text' ? `"${name}"` : `nullif("${name}", 'nan'::${type.toUpperCase()}) AS "${name}"`,
  );
  const none = SQL_COLUMNS[kind].map(
    ([name, type]) => `NULL::${type === 'text' ? 'VARCHAR' : type.toUpperCase()} AS "${name}"`,
  );
  const source =
    files.length === 0
      ? `(SELECT ${none.join(', ')} WHERE false)`
      : `read_parquet([${files.map(asPattern).map(quoted).join(', ')}])`;
  return `CREATE VIEW ${kind} AS SELECT ${columns.join(', ')} FROM ${source}`;
}

/** Of the query at work. */
let asked: Connection | undefined;
const PRAGMA = /^(?:\s|--[^\n]*\n|\/\*.*?\*\/)*pragma\b/is;
const ONE = 'one SELECT at a time is answered (or DESCRIBE, SUMMARIZE, SHOW, EXPLAIN); PIVOT needs its values: IN (…)';

async function answer({ instance, types }: Awaited<ReturnType<typeof open>>, { sql, as, most }: SqlQuestion) {
  const connection = await instance.connect();
  asked = connection;
  try {
    await connection.run('BEGIN TRANSACTION READ ONLY');
    const statements = await connection.extractStatements(sql);
    if (PRAGMA.test(sql)) throw new Error(`PRAGMA is refused: ${ONE}`); // some are made a SELECT
    if (statements.count !== 1) throw new Error(`${statements.count} statements: ${ONE}`);
    const statement = await statements.prepare(0);
    const kind = statement.statementType;
    if (kind !== types.SELECT && kind !== types.EXPLAIN) throw new Error(`${types[kind]} is refused: ${ONE}`);
    const result = await statement.stream();
    const names = result.columnNames();
    const kinds = result.columnTypes().map(String);
    const rows: unknown[][] = [];
    const lines: string[] = [csvLine(names)];
    let bytes = lines[0].length;
    for await (const part of result.yieldRowsJson()) {
      for (const row of part) {
        if (as === 'rows') {
          if (rows.length === most) return { columns: columnsOf(names, kinds), rows, isCut: true };
          rows.push(row.map((value, i) => plain(value, kinds[i])));
          continue;
        }
        const line = csvLine(row.map((value, i) => plain(value, kinds[i])));
        bytes += Buffer.byteLength(line);
        if (bytes > most) throw new Error(TOO_LARGE);
        lines.push(line);
      }
    }
    return as === 'csv' ? lines.join('') : { columns: columnsOf(names, kinds), rows, isCut: false };
  } finally {
    asked = undefined;
    connection.closeSync();
  }
}

const TOO_LARGE = 'too large';
const columnsOf = (names: readonly string[], types: readonly string[]) =>
  names.map((name, i) => ({ name, type: types[i] }));

const WHOLE = /^(U?BIGINT|U?HUGEINT|DECIMAL)/;
/** Whole numbers as numbers where they are exact, single precision in as many digits as it has. */
function plain(value: unknown, type: string): unknown {
  if (typeof value === 'number' && type === 'FLOAT') {
    for (let digits = 6; digits < 9; digits++) {
      const short = Number(value.toPrecision(digits));
      if (Math.fround(short) === value) return short;
    }
  }
  if (typeof value !== 'string' || !WHOLE.test(type)) return value;
  return Math.abs(Number(value)) <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/** DuckDB counts most of what it holds, not all. */
const LOOK_MS = 100;
const ROOM = 2;

let database: ReturnType<typeof open> | undefined;
process.on('message', async (message: SqlStart | SqlQuestion | 'interrupt') => {
  if (message === 'interrupt') return asked?.interrupt();
  if ('duckdb' in message) {
    database = open(message);
    const most = ROOM * message.megabytes * 1e6;
    await database.catch(() => {}); // said to whoever asks
    process.send?.('open');
    setInterval(() => process.memoryUsage.rss() > most && process.exit(TOO_MUCH), LOOK_MS).unref();
    return;
  }
  let reply: SqlReply;
  try {
    reply = { id: message.id, answer: await answer(await database!, message) };
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    reply = { id: message.id, fault, isTooLarge: fault === TOO_LARGE };
  }
  process.send?.(reply);
});
process.on('disconnect', () => process.exit());
