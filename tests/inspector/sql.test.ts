/** SQL in `vua inspect`: what it refuses, what it answers, and DuckDB beside the figures of the other views. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { installedPackage } from '../../crawlers/shell/assets.ts';
import { exportDocuments } from '../../shards/export/documents.ts';
import type { Histogram } from '../../shards/inspector/bins.ts';
import type { RunningServer } from '../../shards/inspector/server.ts';
import { copyForSql } from '../../shards/sql/copy.ts';
import { DUCKDB, SqlEngine } from '../../shards/sql/engine.ts';
import { document, writeFolder } from '../shards/support.ts';
import { context, temporaryFolder } from '../support.ts';
import { inspected } from './corpus.ts';

let root: string;
let sample: string;
let server: RunningServer;
const api = async (path: string) => (await fetch(`${server.address}/api/${path}`)).json();
/** Asked until the side copy is there. */
async function sql(q: string): Promise<{ rows: unknown[][]; columns: { name: string; type: string }[] }> {
  for (;;) {
    const answer = await api(`sql?corpus=sample&most=10000&q=${encodeURIComponent(q)}`);
    if (answer.error) throw new Error(answer.error.message);
    if (!answer.isMaking) return answer;
  }
}
const needsDuckDb = (test: TestContext): void => {
  if (installedPackage(DUCKDB.name) === undefined) test.skip(`${DUCKDB.name} is not installed`);
};
beforeAll(async () => {
  ({ root, sample, server } = await inspected());
});
afterAll(async () => {
  await server.close();
});

it('reads the two tables and nothing else, and writes nothing', async (test) => {
  needsDuckDb(test);
  await sql('select 1');
  const other = join(root, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'a.csv'), 'a\n1\n');
  await exportDocuments({ dir: sample, out: join(other, 'out'), to: 'parquet' });
  const parquet = join(other, 'out/documents-00000.parquet');
  const out = join(other, 'written');
  for (const refused of [
    `select * from read_csv('${join(other, 'a.csv')}')`,
    `select * from '${join(other, 'a.csv')}'`,
    `select * from read_text('/etc/hostname')`,
    `select * from read_parquet('${parquet}')`,
    `select * from parquet_metadata('${parquet}')`,
    `select * from glob('${other}/*')`,
    `select * from read_blob('${join(sample, 'manifest.json')}')`,
    `select * from read_csv('https://127.0.0.1:9/a.csv')`,
    `select * from query('copy documents to ''${out}''')`,
    `copy documents to '${out}'`,
    `copy (select 1) to '${out}' (format parquet)`,
    `export database '${out}'`,
    `attach '${out}'`,
    `attach ':memory:' as other`,
    'install httpfs',
    'load httpfs',
    'set threads = 8',
    'set enable_external_access = true',
    'reset lock_configuration',
    'pragma enable_profiling',
    '/* so */ pragma database_list',
    'call pragma_version()',
    'create table t as select 1',
    'create temp view v as select 1',
    'insert into documents (id) values (1)',
    'drop view documents',
    'explain analyze drop view documents',
    'prepare p as select 1',
    'begin',
    'checkpoint',
    'select 1; drop view documents',
    '-- nothing',
    "select getenv('HOME')",
    'select * from duckdb_secrets()',
  ])
    await expect(sql(refused).then(() => refused)).rejects.toThrow(/SQL: /);
  expect(existsSync(out)).toBe(false);
  const { kept, dropped } = await api('overview?corpus=sample');
  for (const allowed of ['describe documents', 'summarize rejects', 'show tables', 'explain select 1', 'values (1)'])
    expect((await sql(allowed)).rows.length, allowed).toBeGreaterThan(0);
  expect((await sql('select (select count(*) from documents), (select count(*) from rejects)')).rows).toEqual([
    [kept, dropped],
  ]);
});

it('gives values as they are: null where nothing was measured, texts whole in the CSV file', async (test) => {
  needsDuckDb(test);
  const [[longest, text]] = (await sql('select id, text from documents order by length(text) desc limit 1')).rows;
  expect(String(text).length).toBe(2001);
  const csv = await fetch(
    `${server.address}/api/sql-csv?corpus=sample&q=${encodeURIComponent(`select id, text, 'a"b,c', null x, '' y, [1, 2] z, syllables from documents where id = '${longest}'`)}`,
  );
  expect([csv.status, csv.headers.get('content-type'), csv.headers.get('content-disposition')]).toEqual([
    200,
    'text/csv; charset=utf-8',
    'attachment; filename="vua.csv"',
  ]);
  const [{ found }] = [await api(`document?corpus=sample&whole=1&id=${longest}`)];
  const quoted = `"${found[0].text.replaceAll('"', '""')}"`;
  const { syllables } = (await api(`documents?corpus=sample&order=-syllables&limit=200`)).documents.find(
    ({ id }: { id: string }) => id === longest,
  );
  expect((await csv.text()).split('\r\n')[1]).toBe(`${longest},${quoted},"a""b,c",,"","[1,2]",${syllables}`);
  expect(
    (await sql('select count(*), count(syllables), sum(syllables) from rejects where stage = $$empty$$')).rows,
  ).toEqual([[expect.any(Number), 0, null]]);
});

it('ends what takes too long or holds too much, and goes on', async (test) => {
  needsDuckDb(test);
  const engine = new SqlEngine(await copyForSql(sample), { time: 400, megabytes: 100 });
  const endless = 'select count(*) from range(1000000000000) t(i) where sin(i) > 2';
  await expect(engine.rows(endless, 1)).rejects.toThrow(/longer than 0.4 s/);
  await expect(engine.rows('select list(i) from range(100000000) t(i)', 1)).rejects.toThrow(/memory|longer|held/i);
  const left = new AbortController();
  const waiting = engine.rows(endless, 1, left.signal);
  left.abort();
  await expect(waiting).rejects.toThrow();
  let rows: unknown;
  while (rows === undefined)
    // a busy machine may need longer than the limit for this too
    rows = await engine.rows('select 1 as one from documents limit 1', 1).then(
      (answer) => answer.rows,
      () => undefined,
    );
  expect(rows).toEqual([[1]]);
  engine.close();
});

it('reads a folder whatever its name, with no rejects in it', async () => {
  const dir = join(temporaryFolder('file'), "it's [1] *");
  mkdirSync(dir);
  writeFolder(dir, [document(1, { text: 'một', url: 'https://a.test/1' })]);
  const copies = (): string[] => readdirSync(join(dir, 'search')).filter((name) => name.endsWith('.parquet'));
  await copyForSql(dir, context());
  const [first] = copies();
  expect(first).toMatch(/^documents-[0-9a-f]{16}\.1\.parquet$/);
  if (installedPackage(DUCKDB.name) !== undefined) {
    const engine = new SqlEngine(await copyForSql(dir));
    expect((await engine.rows('select host, text from documents', 9)).rows).toEqual([['a.test', 'một']]);
    expect((await engine.rows('select count(*) from rejects', 9)).rows).toEqual([[0]]);
    engine.close();
  }
});

it('says in every bar, count and sum of the overview what DuckDB says of the Parquet export', async (test) => {
  needsDuckDb(test);
  const out = join(root, 'export');
  await exportDocuments({ dir: sample, out, to: 'parquet' });
  const duckdb: typeof import('@duckdb/node-api') = await import('@duckdb/node-api');
  const connection = await (await duckdb.DuckDBInstance.create(':memory:')).connect();
  const engine = new SqlEngine(await copyForSql(sample)); // of rejects there is no export
  const of = { documents: `'${join(out, '*.parquet')}'`, rejects: 'rejects' };
  const ask = async (kind: 'documents' | 'rejects', select: string): Promise<readonly (readonly unknown[])[]> =>
    kind === 'documents'
      ? (await connection.runAndReadAll(`select ${select.replace('TABLE', of.documents)}`)).getRowsJson()
      : (await engine.rows(`select ${select.replace('TABLE', of.rejects)}`, 1000)).rows;
  for (const kind of ['documents', 'rejects'] as const) {
    const { histograms } = (await api(`histograms?corpus=sample&kind=${kind}`)) as { histograms: Histogram[] };
    const measured = histograms.filter(({ count }) => count > 0);
    expect(measured.length).toBeGreaterThan(50);
    const value = (name: string): string => `nullif("${name}", 'nan'::float)`;
    const list = (of: (value: string) => string): string =>
      measured.map(({ measurement }) => of(value(measurement))).join(', ');
    const rows = await ask(kind, `${list((of) => of)} from TABLE`);
    const [counts, least, most, middle] = await Promise.all(
      ['count', 'min', 'max', 'median'].map((name) => ask(kind, `${list((of) => `${name}(${of})`)} from TABLE`)),
    );
    for (const [i, { measurement, edges, selected, ...said }] of measured.entries()) {
      const bounds = edges.map(Math.fround);
      const values = rows.flatMap((row) => (row[i] === null ? [] : [Math.fround(Number(row[i]))]));
      const isIn = (at: number, bin: number): boolean =>
        at >= bounds[bin] && (at < bounds[bin + 1] || (bin === selected.length - 1 && at === bounds[bin + 1]));
      expect(selected, measurement).toEqual(selected.map((_, bin) => values.filter((at) => isIn(at, bin)).length));
      expect(
        [said.count, said.min, said.max, said.median].map((figure) => Math.fround(figure!)),
        measurement,
      ).toEqual([counts, least, most, middle].map(([figures]) => Math.fround(Number(figures[i]))));
    }
    const { selection } = await api(`overview?corpus=sample&kind=${kind}`);
    for (const facet of ['source', 'day', 'host', 'stage', 'reason'].filter((name) => name in selection.facets)) {
      const word =
        facet === 'day' && kind === 'documents' ? "coalesce(nullif(fetched_at[:10], ''), 'unknown')" : `"${facet}"`;
      const rows = await ask(kind, `${word} as word, count(*), sum(bytes) from TABLE group by word`);
      const words = selection.facets[facet].words.map(({ word, documents, bytes }: Record<string, number>) => [
        ...[word, documents, bytes],
      ]);
      const said = rows.map(([word, documents, bytes]) => [word, Number(documents), Number(bytes)]);
      expect([...said].sort(), `${kind} ${facet}`).toEqual(words.sort());
    }
  }
  engine.close();
});
