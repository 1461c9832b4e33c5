/** Large files in pieces, for ranks: whatever their size, all pages, once, in order and under the same names. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import type { Page } from '../../crawlers/page.ts';
import { openInput, type Piece, piecesOf } from '../../crawlers/sources/index.ts';
import { range } from '../support.ts';
import { dir, put } from './inputs.ts';
import { fileName, record, writeAll } from './warc-records.ts';

const given = { withNotices: true, onFault: () => {} };

async function read(path: string, only?: Piece): Promise<string[]> {
  const pages: string[] = [];
  const said = ({ url, row, place, body }: Page): string => JSON.stringify([url, row?.key, place?.at, String(body)]);
  for await (const page of openInput(path, { ...given, only })) pages.push(said(page));
  return pages;
}

const LINES = `{"text":"một"}\n\n\n{"text":"hai","id":"b"}\r\n{"bad\n${range(9)
  .map((n) => JSON.stringify({ text: 'đò '.repeat(n * n) }))
  .join('\n')}\n{"text":"cuối"}`;

async function files(): Promise<string[]> {
  await writeAll(
    dir,
    range(12).map((n) => record(n)),
  );
  const columnData = [{ name: 'text', data: range(300).map((n) => `văn bản số ${n}`), type: 'STRING' as const }];
  const table = Buffer.from(parquetWriteBuffer({ columnData, rowGroupSize: 40 }));
  return [put('rows.jsonl', LINES), join(dir, fileName), put('rows.parquet', table)];
}

test('every page stands in one piece, for any size of pieces', async () => {
  for (const path of await files()) {
    const whole = await read(path);
    expect(whole.length, path).toBeGreaterThan(10);
    const { length } = readFileSync(path);
    for (const bytes of [40, Math.ceil(length / 3), length]) {
      const pieces = piecesOf([path], given, bytes);
      expect(pieces.length, path).toBe(Math.ceil(length / bytes));
      const parts: string[] = [];
      for (const piece of pieces) parts.push(...(await read(path, piece)));
      expect(parts, `${path} by ${bytes}`).toEqual(whole);
    }
  }
});

test('what is packed as a whole is one piece', () => {
  const path = put('rows.jsonl.gz', gzipSync(LINES));
  expect(piecesOf([path], given, 10)).toEqual([{ input: path, file: 0, path, bytes: readFileSync(path).length }]);
  const renamed = join(dir, 'packed.jsonl'); // whatever it is called
  writeFileSync(renamed, gzipSync(LINES));
  expect(piecesOf([renamed], given, 10)).toHaveLength(1);
});
