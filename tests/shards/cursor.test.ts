/** What an earlier run read is not read again; what it must read again it does. */
import { appendFileSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ToolkitError } from '../../crawlers/shell/errors.ts';
import { packMember } from '../../crawlers/warc/gzip.ts';
import { type CleanSummary, cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { readMarks } from '../../shards/documents/marks.ts';
import { readDocuments } from '../../shards/documents/read.ts';
import { expectSteady } from '../growth.ts';
import { collect, context, range, temporaryFolder } from '../support.ts';

const sentence = (n: number): string =>
  `Người thứ ${n} kể rằng con sông chảy qua làng ${n * 7919} năm nay nước lên sớm hơn mọi năm, mùa gặt cũng đến sớm. `;
const textOf = (n: number): string => `${sentence(n)}${sentence(n + 100_000)}${sentence(n + 200_000)}`;

/** A record of a page, as a gzip member; a later hour for a later version. */
function record(url: string, text: string, { hour = 0, headers = '' } = {}): Promise<Uint8Array> {
  const body = `HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\n${headers}\r\n<p>${text}</p>`;
  const length = Buffer.byteLength(body);
  const date = `2026-11-01T${String(hour).padStart(2, '0')}:00:00Z`;
  const head = `WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: ${url}\r\nWARC-Date: ${date}\r\nContent-Length: ${length}\r\n`;
  return packMember(Buffer.from(`${head}\r\n${body}\r\n\r\n`));
}

const pages = async (numbers: readonly number[]): Promise<Buffer> =>
  Buffer.concat(await Promise.all(numbers.map((n) => record(`http://a.test/${n}`, textOf(n)))));

/** An input folder, and a call that cleans it; faults of its files are collected. */
function setUp() {
  const dir = temporaryFolder();
  const [input, outDir] = [join(dir, 'in'), join(dir, 'documents')];
  mkdirSync(input);
  const faults: ToolkitError[] = [];
  const clean = async (changes = {}): Promise<CleanSummary & { readonly outcome: string }> => {
    const onFault = (fault: ToolkitError): void => void faults.push(fault);
    const { outcome, report } = await cleanInputs(
      { inputs: [input], outDir, threads: 0, onFault, ...changes },
      context(),
    );
    return { ...report, outcome };
  };
  const ids = async (): Promise<string[]> =>
    (await collect(readDocuments(outDir))).flatMap((batch) => range(batch.rows).map((row) => batch.string('id', row)));
  return { input, outDir, faults, clean, ids };
}

/** Destroys what a file holds from `at` on, so that its size and time say nothing of it. */
function spoil(path: string, at: number, bytes: number): void {
  const { atime, mtimeNs } = statSync(path, { bigint: true });
  const all = readFileSync(path);
  all.fill(0x55, at, at + bytes);
  writeFileSync(path, all);
  utimesSync(path, atime, new Date(Number(mtimeNs / 1_000_000n)));
}

it('captures that are known are not read again, what was appended is', async () => {
  const { input, clean, faults } = setUp();
  const path = join(input, 'a.warc.gz');
  writeFileSync(path, await pages(range(20)));
  utimesSync(path, 1000, 1000);
  expect(await clean()).toMatchObject({ outcome: 'written', kept: 20, skipped: 0 });
  spoil(path, 100, 300);
  expect(await clean()).toMatchObject({ outcome: 'nothing_new', pages: 20, skipped: 20, kept: 0 });
  appendFileSync(path, await pages([20, 21]));
  expect(await clean()).toMatchObject({ outcome: 'written', pages: 22, skipped: 20, kept: 2 });
  expect(await clean()).toMatchObject({ outcome: 'nothing_new', skipped: 22 });
  expect(faults).toEqual([]);
  utimesSync(path, 2000, 2000); // another file may have taken its place
  await clean();
  expect(faults).toMatchObject([{ code: 'BAD_GZIP' }]);
});

it('a file with a fault is read again, also when nothing else is new', async () => {
  const { input, clean, faults } = setUp();
  writeFileSync(join(input, 'a.warc.gz'), await pages(range(3)));
  writeFileSync(join(input, 'b.jsonl'), `{"id":"x","text":${JSON.stringify(textOf(50))}}\n{"id":1\n`);
  expect(await clean()).toMatchObject({ kept: 4 });
  expect(await clean()).toMatchObject({ outcome: 'nothing_new', skipped: 4 });
  expect(faults).toMatchObject([{ code: 'BAD_JSON_LINE' }, { code: 'BAD_JSON_LINE' }]);
});

it('rows that stay are not gone, rows that go are; files of an input are read together', async () => {
  const { input, clean, outDir, ids } = setUp();
  const rows = (numbers: readonly number[]): string =>
    numbers.map((n) => `${JSON.stringify({ id: `d${n}`, text: textOf(n) })}\n`).join('');
  writeFileSync(join(input, 'a.jsonl'), rows([1, 2, 3]));
  writeFileSync(join(input, 'b.jsonl'), rows([4, 5]));
  expect(await clean()).toMatchObject({ kept: 5 });
  expect(await clean()).toMatchObject({ outcome: 'nothing_new', skipped: 5 });
  writeFileSync(join(input, 'a.jsonl'), rows([1, 3, 6]));
  expect(await clean()).toMatchObject({ outcome: 'written', kept: 1, skipped: 4, marked: { gone: 1 } });
  expect([...readMarks(outDir).keys()]).toEqual(['d2']);
  expect(await clean()).toMatchObject({ outcome: 'nothing_new', skipped: 5, marked: { gone: 1 } });
  expect(await ids()).toEqual(['d1', 'd2', 'd3', 'd4', 'd5', 'd6']);
  // Under another key for consent the same rows say something else.
  expect(await clean({ consentField: 'may' })).toMatchObject({ skipped: 5 });
});

it('a copy whose original leaves is judged anew from its record alone', async () => {
  const { input, clean, ids, faults } = setUp();
  const path = join(input, 'a.warc.gz');
  const original = await record('http://a.test/1', textOf(1));
  const others = await pages(range(10).map((n) => n + 10));
  writeFileSync(path, Buffer.concat([original, others, await record('http://b.test/copy', textOf(1))]));
  utimesSync(path, 1000, 1000);
  expect(await clean()).toMatchObject({ kept: 11, dropped: { exact: { exact_duplicate: 1 } } });
  const before = await ids();
  spoil(path, original.length + 40, 200);
  const refusal = await record('http://a.test/1', textOf(1), { hour: 5, headers: 'x-robots-tag: noai\r\n' });
  writeFileSync(join(input, 'b.warc.gz'), refusal);
  expect(await clean()).toMatchObject({ kept: 1, left: 1 });
  expect(faults).toEqual([]);
  expect((await ids()).filter((id) => !before.includes(id))).toHaveLength(1);
});

it('a night with nothing new costs the same, however much is known', () =>
  expectSteady(
    async (n) => {
      const folder = setUp();
      writeFileSync(join(folder.input, 'a.warc.gz'), await pages(range(n)));
      await folder.clean();
      return folder;
    },
    ({ clean }) => clean(),
    { from: 100 },
  ));
