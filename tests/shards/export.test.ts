/** Documents for other programs: what is written is what the shards hold, for our reader and for those of Python. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { snappyUncompress } from 'hysnappy';
import { expect, test } from 'vitest';
import { fileRanges, openParquet, readColumns } from '../../crawlers/bytes/parquet.ts';
import { exportDocumentsCommand } from '../../shards/commands/documents.ts';
import { writeCard } from '../../shards/documents/card.ts';
import { exportDocuments } from '../../shards/export/documents.ts';
import { packSnappy } from '../../shards/export/snappy.ts';
import { DOCUMENT_NUMBERS, DOCUMENT_TEXTS } from '../../shards/format.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { document, writeFolder } from './support.ts';

const TEXTS = range(120).map((n) => `${n} Sông nước miền Tây, ${'ghe xuồng đi lại '.repeat(n)}`);

function folder(): string {
  const dir = join(temporaryFolder(), 'documents');
  mkdirSync(dir);
  const manifest = writeFolder(
    dir,
    TEXTS.map((text, n) => document(n, { text })),
    { shardBytes: 40_000 },
  );
  expect(manifest.documents.length).toBeGreaterThan(2);
  writeCard(dir, manifest);
  return dir;
}

const hashOf = (texts: Iterable<string>): string =>
  createHash('sha256')
    .update([...texts].join('\0'))
    .digest('hex');

test('what snappy packs is unpacked to the same bytes', () => {
  const back = (bytes: Uint8Array): void => {
    expect(Buffer.compare(snappyUncompress(packSnappy(bytes).slice(), bytes.length), bytes)).toBe(0);
  };
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), back), { numRuns: 40 });
  const words = fc.array(fc.constantFrom('nước', 'đi', ' ', 'aaaaaaaaaaaaaaaa', 'xuồng ghe'), { maxLength: 400 });
  fc.assert(
    fc.property(words, fc.nat(3), (parts, n) => back(Buffer.from(parts.join('').repeat(40 ** (n / 2))))),
    {
      numRuns: 30,
    },
  );
  const long = Buffer.from(TEXTS.join('\n'));
  back(long);
  expect(packSnappy(long).length).toBeLessThan(long.length / 4);
});

test.each(['snappy', 'none'] as const)('Parquet (%s) holds every column of every row', async (compression) => {
  const dir = folder();
  const out = join(dir, '..', 'out');
  const { report } = await exportDocuments({ dir, out, to: 'parquet', compression, fileBytes: 60_000 });
  expect(report).toMatchObject({ rows: 120, textBytes: Buffer.byteLength(TEXTS.join('')) });
  expect(report.files.length).toBeGreaterThan(compression === 'none' ? 2 : 1);
  const read: unknown[][] = [];
  for (const { name, bytes, rows } of report.files) {
    const file = fileRanges(join(out, name));
    const table = await openParquet(file);
    expect([file.size, table.rows]).toEqual([bytes, rows]);
    expect(table.columns).toEqual([...DOCUMENT_TEXTS, ...DOCUMENT_NUMBERS]);
    for await (const { columns, rows: count } of readColumns(table, ['id', 'text', 'source', 'bytes'])) {
      for (let row = 0; row < count; row++)
        read.push(
          [...columns.values()].map((values) =>
            typeof values[row] === 'number' ? values[row] : String(Buffer.from(values[row] as Uint8Array)),
          ),
        );
    }
    file.close();
  }
  expect(read.map(([id, text]) => [id, text])).toEqual(TEXTS.map((text, n) => [`d${n}`, text]));
  expect(read[3].slice(2)).toEqual(['sotay.vua.test', document(3, { text: TEXTS[3] }).measurements.bytes]);
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain('data_files: "documents-*.parquet"');
  const facts = JSON.parse(readFileSync(join(out, 'croissant.json'), 'utf8'));
  expect(facts.recordSet[0].field).toHaveLength(DOCUMENT_TEXTS.length + DOCUMENT_NUMBERS.length);
});

test('the command writes JSON lines into a new folder, and leaves no half of one', async () => {
  const dir = folder();
  const out = join(dir, '..', 'lines');
  const told = context();
  const options = exportDocumentsCommand.options.parse({ dir, out, to: 'jsonl' });
  expect(await exportDocumentsCommand.run(options, told)).toBe(0);
  const rows = readFileSync(join(out, 'documents-00000.jsonl'), 'utf8').trimEnd().split('\n');
  expect(rows.map((row) => JSON.parse(row).text)).toEqual(TEXTS);
  await expect(exportDocumentsCommand.run(options, told)).rejects.toMatchObject({ code: 'BAD_OPTION', exitStatus: 2 });
  writeFileSync(join(dir, readdirSync(dir).find((name) => name.endsWith('.arrow'))!), 'x');
  const other = { dir, out: join(dir, '..', 'other'), to: 'parquet' } as const;
  await expect(exportDocuments(other)).rejects.toMatchObject({ code: expect.stringMatching(/SHARD/) });
  expect(readdirSync(join(dir, '..')).sort()).toEqual(['documents', 'lines']);
  expect(existsSync(other.out)).toBe(false);
});

/** Rows and hash of the texts, by reader: of the folder as it stands, of Parquet, JSON lines and `save_to_disk`. */
const READERS = `
import glob, hashlib, json, sys
import datasets, duckdb, pandas as pd, polars as pl, pyarrow.dataset as ds, pyarrow.parquet as pq
folder, parquet, lines, disk = sys.argv[1:]
arrow = sorted(glob.glob(folder + '/documents-*.arrow'))
rows = ds.dataset(arrow, format='arrow').to_table()
found = {
  'datasets folder': datasets.load_dataset(folder, 'documents', split='train')['text'],
  'pyarrow folder': rows['text'].to_pylist(),
  'polars folder': pl.concat([pl.read_ipc(f) for f in arrow])['text'].to_list(),
  'pandas folder': pd.concat([pd.read_feather(f) for f in arrow])['text'],
  'duckdb folder': [r[0] for r in duckdb.sql('select text from rows').fetchall()],
  'datasets parquet': datasets.load_dataset(parquet, split='train')['text'],
  'pyarrow parquet': pq.read_table(glob.glob(parquet + '/*.parquet')[0], page_checksum_verification=True)['text'].to_pylist(),
  'polars parquet': pl.read_parquet(parquet + '/*.parquet')['text'].to_list(),
  'pandas parquet': pd.read_parquet(glob.glob(parquet + '/*.parquet')[0])['text'],
  'duckdb parquet': [r[0] for r in duckdb.sql(f"select text from '{parquet}/*.parquet'").fetchall()],
  'datasets lines': datasets.load_dataset(lines, split='train')['text'],
  'datasets disk': datasets.load_from_disk(disk)['text'],
}
print(json.dumps({name: hashlib.sha256('\\0'.join(texts).encode()).hexdigest() for name, texts in found.items()}))
`;

test('datasets, pyarrow, Polars, pandas and DuckDB read the same rows (VUA_PYTHON)', async ({ skip }) => {
  const python = process.env.VUA_PYTHON;
  if (!python) return skip('set VUA_PYTHON to a Python with datasets, pyarrow, polars, pandas and duckdb');
  const dir = folder();
  const outs = [];
  for (const to of ['parquet', 'jsonl', 'datasets'] as const) {
    const out = join(dir, '..', to);
    await exportDocuments({ dir, out, to });
    outs.push(out);
  }
  const env = { ...process.env, HF_HOME: join(dir, '..', 'hf'), HF_HUB_OFFLINE: '1' };
  const said = execFileSync(python, ['-c', READERS, dir, ...outs], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const found = JSON.parse(said.trim().split('\n').at(-1)!) as Record<string, string>;
  expect(Object.keys(found)).toHaveLength(12);
  expect(new Set(Object.values(found))).toEqual(new Set([hashOf(TEXTS)]));
});
