/** Small shards become few: same rows in the same order, departures still find them, and few files after many nights. */
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDedupStore } from '../../cleaning/index.ts';
import { type Page, pageOf } from '../../crawlers/page.ts';
import { packageVersion } from '../../crawlers/shell/assets.ts';
import { NumberColumns, TextColumn } from '../../shards/arrow/columns.ts';
import { DOCUMENT_COLUMNS_2 } from '../../shards/arrow/schemas.ts';
import { ShardWriter } from '../../shards/arrow/write-shard.ts';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { readRows, readShard, rowsOf } from '../../shards/documents/read.ts';
import { manifestPath, readDocumentManifest } from '../../shards/manifest.ts';
import { currentSnapshot, readSnapshots } from '../../shards/snapshots/read.ts';
import { verify } from '../../shards/verify/verify.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { night, rowsFile, rowsIn, textsIn } from './nights.ts';

/** A page of a site each night, and those that are fetched anew, with another text. */
async function* pagesOf(night: number, anew: readonly number[]): AsyncGenerator<Page> {
  for (const n of [night, ...anew]) {
    const lines = range(30).map(
      (i) => `<p>Câu ${i} của bài ${n} nói về việc số ${(n * 97 + i * 31 + night * 7) % 1009}.</p>`,
    );
    const html = `<title>Bài ${n}</title><article>${lines.join('')}</article>`;
    yield pageOf(`http://a.test/${n}`, html, { fetchedAt: new Date(Date.UTC(2026, 0, 1 + night)).toISOString() });
  }
}

it('many nights are few shards, with the rows of one that never compacts', async () => {
  const [compact, plain] = [true, false].map((compacts) => ({ dir: join(temporaryFolder(), 'documents'), compacts }));
  for (const n of range(9)) {
    for (const { dir, compacts } of [compact, plain]) {
      const pages = pagesOf(n, n > 6 && n % 2 === 0 ? [n - 6] : []);
      const options = { pages, outDir: dir, preset: 'keep-all', threads: 0, compacts } as const;
      await cleanInputs(options, context());
    }
  }
  const counts = [compact, plain].map(({ dir }) => readDocumentManifest(dir).documents.length);
  expect(counts[0]).toBeLessThanOrEqual(5);
  expect(counts[1]).toBeGreaterThan(7);
  const [a, b] = [await rowsIn(compact.dir), await rowsIn(plain.dir)];
  expect(a.filter((row) => row.startsWith('documents'))).toEqual(b.filter((row) => row.startsWith('documents')));
  expect(a.filter((row) => row.startsWith('rejects')).length).toBe(1); // superseded
  expect([...a].sort()).toEqual([...b].sort());
  expect((await verify(compact.dir, context())).faults).toEqual([]);
  const files = readdirSync(compact.dir).filter((name) => name.endsWith('.arrow'));
  const { documents, rejects } = readDocumentManifest(compact.dir);
  expect(files.sort()).toEqual([...documents, ...rejects].map(({ file }) => file).sort());
});

it('six nights of a run: few files, the last equals a fresh build, tokens too', async () => {
  const out = join(temporaryFolder(), 'run');
  const files = range(6).map((n) => rowsFile(range(3 * n + 3).slice(3 * n)));
  for (const n of range(6)) await night(out, [files[n]], { keep: 3 });
  const fresh = join(temporaryFolder(), 'run');
  await night(fresh, files);
  for (const part of ['documents', 'tokens'] as const) {
    const read = part === 'documents' ? rowsIn : textsIn;
    expect(await read(join(out, part))).toEqual(await read(join(fresh, part)));
  }
  expect((await verify(out, context())).faults).toEqual([]);
  expect(readSnapshots(out)).toHaveLength(3);
  const inSnapshot = readdirSync(currentSnapshot(out)!.dir, { recursive: true, withFileTypes: true });
  expect(inSnapshot.filter((entry) => entry.isFile()).length).toBeLessThanOrEqual(40);
  expect(statSync(join(out, 'documents')).isDirectory()).toBe(true);
});

/** What stands there as version 3 had it, in shards of its columns. */
function asVersion3(dir: string): void {
  const manifest = readDocumentManifest(dir);
  const { texts, numbers, schema } = DOCUMENT_COLUMNS_2;
  const documents = manifest.documents.map((entry) => {
    const shard = new ShardWriter(dir, entry.file, schema);
    for (const batch of readShard(dir, 'documents', entry)) {
      const held = texts.map(() => new TextColumn());
      const figures = new NumberColumns(numbers.map(() => false));
      for (const row of rowsOf('documents', batch)) {
        for (const [i, name] of texts.entries()) held[i].append(row.string(name));
        figures.append((into, at) => {
          for (const [i, name] of numbers.entries()) into[at + i] = row.number(name);
        });
      }
      shard.write(batch.rows, [...held.map((column) => column.data()), ...figures.data()]);
    }
    return { ...shard.finish(), textBytes: entry.textBytes };
  });
  const json = JSON.stringify({ ...manifest, version: 3, documents });
  writeFileSync(manifestPath(dir), json);
  const store = openDedupStore(join(dir, 'dedup.sqlite'));
  store.commit(json);
  store.close();
}

it('a folder of version 3 goes on: its shards stay, those of new nights become few', async () => {
  const dir = join(temporaryFolder(), 'documents');
  const clean = (n: number) =>
    cleanInputs({ pages: pagesOf(n, []), outDir: dir, preset: 'keep-all', threads: 0, compacts: true }, context());
  for (const n of range(2)) await clean(n);
  asVersion3(dir);
  for (const n of range(8)) await clean(2 + n);
  expect(readDocumentManifest(dir).documents.length).toBeLessThanOrEqual(7);
  expect((await verify(dir, context())).faults).toEqual([]);
  const rows: string[] = [];
  for await (const row of readRows(dir)) rows.push(`${row.string('id')} ${row.string('tool')}`);
  expect(rows.map((row) => row.slice(17))).toEqual([
    ...range(2).map(() => ''),
    ...range(8).map(() => `vua ${packageVersion()}`),
  ]);
});
