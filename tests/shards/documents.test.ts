/** Document shards give back every column of what was written, batch by batch. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MEASUREMENTS } from '../../cleaning/document.ts';
import { packageVersion } from '../../crawlers/shell/assets.ts';
import { ShardReader } from '../../shards/arrow/read-shard.ts';
import { DOCUMENT_COLUMNS } from '../../shards/arrow/schemas.ts';
import { checksumOf } from '../../shards/checksum.ts';
import { licenceClassOf } from '../../shards/documents/licence.ts';
import { readDocuments, readRejects, readTexts } from '../../shards/documents/read.ts';
import { DocumentWriter } from '../../shards/documents/write.ts';
import { DOCUMENT_TEXTS, REJECT_TEXTS } from '../../shards/format.ts';
import { collect, range, temporaryFolder, thrownBy } from '../support.ts';
import { document, drop, writeFolder } from './support.ts';

const texts = async (path: string): Promise<string[]> =>
  (await collect(readTexts(path))).map(({ text }) => Buffer.from(text).toString('utf8'));

describe('document shards', () => {
  it('gives back every column of every document', async () => {
    const dir = temporaryFolder();
    const written = range(40).map((n) => document(n));
    writeFolder(dir, written);
    let n = 0;
    for await (const batch of readDocuments(dir)) {
      for (let row = 0; row < batch.rows; row++, n++) {
        const { id, url, title, text, author, published, canonical, section, lang, source, fetchedAt } = written[n];
        const { consent, licence, charset, language, paragraphLanguages, diacritics, cluster, contamination } =
          written[n];
        const expected = [id, url, title, text, author, published, canonical, section, lang, source, fetchedAt];
        expected.push(
          consent.conclusion,
          consent.statements.join('\n'),
          licence,
          charset,
          language,
          paragraphLanguages,
        );
        expected.push(diacritics, cluster, contamination);
        expected.push('bao.vua.test', '0123456789abcdef', checksumOf(Buffer.from(text)), `vua ${packageVersion()}`);
        expected.push('unknown', 'strict');
        expect(DOCUMENT_TEXTS.map((name) => batch.string(name, row))).toEqual(expected);
        expect(batch.values('http_status')[row]).toBe(200);
        for (const name of MEASUREMENTS) {
          expect(batch.values(name)[row]).toBe(Math.fround(written[n].measurements[name]));
        }
      }
    }
    expect(n).toBe(40);
  });

  it('gives back every column of every dropped document', async () => {
    const dir = temporaryFolder();
    writeFolder(dir, [], { drops: range(5).map((n) => drop(n, { value: n / 3, other: `d${n}` })) });
    const [batch] = await collect(readRejects(dir));
    expect(batch.rows).toBe(5);
    expect(REJECT_TEXTS.map((name) => batch.string(name, 4))).toEqual([
      ...['x4', 'http://bao.vua.test/x-4', '', 'bao.vua.test', '2026-11-01T00:00:00.000Z'],
      ...['filter', 'too_short', 'd4', 'utf-8 (content)', 'vie', 'Ngắn quá.'],
    ]);
    expect(batch.values('value')[4]).toBe(4 / 3);
    expect(batch.values('threshold')[4]).toBe(30);
  });

  it('keeps any text, byte for byte, whatever the batch size', async () => {
    const odd = ['', '\uFEFFđầu', 'a\0b', '🌾🌾', 'ế'.repeat(3000), '\n\n', 'e\u0302\u0301'];
    const anyTexts = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...odd)), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(anyTexts, fc.integer({ min: 1, max: 5000 }), async (values, batchBytes) => {
        const dir = temporaryFolder();
        writeFolder(
          dir,
          values.map((text, n) => document(n, { text })),
          { batchBytes },
        );
        const read = await collect(readTexts(dir));
        expect(read.map(({ text }) => Buffer.from(text))).toEqual(values.map((text) => Buffer.from(text)));
      }),
      { numRuns: 25 },
    );
  });

  it('repairs lone surrogates, which UTF-8 cannot hold', async () => {
    const dir = temporaryFolder();
    writeFolder(dir, [document(0, { text: 'a\uD800b' })]);
    expect(await texts(dir)).toEqual(['a\uFFFDb']);
  });

  it('keeps views valid after the reader has moved on', async () => {
    const dir = temporaryFolder();
    writeFolder(
      dir,
      range(200).map((n) => document(n)),
      { batchBytes: 500 },
    );
    const views = await collect(readTexts(dir));
    expect(views.map(({ text }) => Buffer.from(text).toString())).toEqual(range(200).map((n) => document(n).text));
  });

  it('bounds record batches and shards by bytes', () => {
    const dir = temporaryFolder();
    const { documents } = writeFolder(
      dir,
      range(400).map((n) => document(n)),
      { shardBytes: 100_000, batchBytes: 10_000 },
    );
    expect(documents.length).toBeGreaterThan(2);
    const largest = Math.max(...documents.slice(0, -1).map(({ bytes }) => bytes));
    expect(largest).toBeGreaterThan(100_000);
    expect(largest).toBeLessThan(200_000); // rows count; what Arrow says of such small batches is as much again
    for (const { batches } of documents) for (const { rows } of batches) expect(rows).toBeLessThan(30);
    expect(documents.map(({ file }) => file).slice(0, 2)).toEqual(['documents-00000.arrow', 'documents-00001.arrow']);
    expect(documents.reduce((sum, { rows }) => sum + rows, 0)).toBe(400);
  });

  it('writes what apache-arrow reads: file format, no dictionaries, constant schema', () => {
    const dir = temporaryFolder();
    const [shard] = writeFolder(
      dir,
      range(50).map((n) => document(n)),
    ).documents;
    const table = tableFromIPC(readFileSync(join(dir, shard.file)));
    expect(table.batches.length).toBe(shard.batches.length);
    expect(table.schema.toString()).toBe(DOCUMENT_COLUMNS.schema.toString());
    expect(table.schema.metadata.get('vua.version')).toBe('4');
    expect(table.getChild('text')!.get(49)).toBe(document(49).text);
    expect(table.getChild('cluster')!.toArray()).toEqual(range(50).map((n) => `d${n}`));
  });

  it('reads record batches in any order', () => {
    const dir = temporaryFolder();
    const [shard] = writeFolder(
      dir,
      range(100).map((n) => document(n)),
    ).documents;
    const reader = ShardReader.open(join(dir, shard.file), DOCUMENT_COLUMNS.schema, shard);
    const forward = range(reader.batchCount).map((i) => Buffer.from(reader.readBatch(i).body));
    for (const i of range(reader.batchCount).reverse()) {
      expect(Buffer.from(reader.readBatch(i).body).equals(forward[i])).toBe(true);
    }
    reader.close();
  });

  it('reads one shard file alone', async () => {
    const dir = temporaryFolder();
    writeFolder(
      dir,
      range(100).map((n) => document(n)),
      { shardBytes: 8000 },
    );
    const alone = await texts(join(dir, 'documents-00001.arrow'));
    const all = await texts(dir);
    const start = all.indexOf(alone[0]);
    expect(start).toBeGreaterThan(0);
    expect(all.slice(start, start + alone.length)).toEqual(alone);
  });

  it('leaves no file behind when nothing was added or all was discarded', () => {
    const dir = temporaryFolder();
    const writer = new DocumentWriter(dir, { firstIndex: 0 });
    expect(writer.finish()).toEqual({ documents: [], rejects: [] });
    writer.add(document(1));
    expect(readdirSync(dir)).toEqual(['documents-00001.arrow.tmp']);
    writer.discard();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('says which folder cannot be written', async () => {
    const writer = new DocumentWriter(join(temporaryFolder(), 'none'), { firstIndex: 0 });
    const error = await thrownBy(() => writer.add(document(1)));
    expect(error).toMatchObject({ code: 'WRITE_FAILED', exitStatus: 1 });
    expect(error.message).toContain('documents-00000.arrow');
  });

  it('ends early when the signal is aborted', async () => {
    const dir = temporaryFolder();
    writeFolder(
      dir,
      range(100).map((n) => document(n)),
      { batchBytes: 500 },
    );
    const controller = new AbortController();
    let batches = 0;
    for await (const _ of readDocuments(dir, controller.signal)) if (++batches === 2) controller.abort();
    expect(batches).toBe(2);
  });
});

it.each([
  ['', 'unknown'],
  ['unknown', 'unknown'],
  ['CC0-1.0', 'public-domain'],
  ['https://creativecommons.org/publicdomain/mark/1.0/', 'public-domain'],
  ['CC-BY-4.0', 'attribution'],
  ['CC BY 3.0', 'attribution'],
  ['https://creativecommons.org/licenses/by/4.0/', 'attribution'],
  ['Apache-2.0', 'attribution'],
  ['CC-BY-SA-4.0', 'share-alike'],
  ['http://creativecommons.org/licenses/by-sa/4.0/deed.vi', 'share-alike'],
  ['GFDL-1.3', 'share-alike'],
  ['CC BY-NC-SA 4.0', 'non-commercial'],
  ['cc-by-nc-nd-4.0', 'non-commercial'],
  ['CC-BY-ND-4.0', 'no-derivatives'],
  ['© 2024 Báo Mới. All rights reserved', 'reserved'],
  ['Bản quyền thuộc về báo', 'reserved'],
  ['theo thoả thuận riêng', 'other'],
])('the class of the licence %j is %s', (stated, expected) => {
  expect(licenceClassOf(stated)).toBe(expected);
});
