/** What a page of a foreign WARC file says about its use, and what kind of file it is. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Page } from '../../crawlers/page.ts';
import { openInput } from '../../crawlers/sources/index.ts';
import { type WarcRecord, WarcWriter } from '../../crawlers/warc/warc.ts';
import { temporaryFolder } from '../support.ts';
import { record } from './inputs.ts';

async function pagesOf(path: string): Promise<Page[]> {
  const pages: Page[] = [];
  for await (const page of openInput(path)) pages.push(page);
  return pages;
}

async function read(records: readonly WarcRecord[]): Promise<{ pages: Page[] }> {
  const dir = temporaryFolder();
  const writer = WarcWriter.open(dir, 'x');
  for (const one of records) await writer.write(one);
  await writer.close();
  return { pages: await pagesOf(dir) };
}

const meta = (content: string, css = 0): string =>
  `<html><head><style>${'.a{color:red}'.repeat(css)}</style><meta name=robots content="${content}"></head><p>Đò`;
test.each<[name: string, body: Uint8Array, conclusion: string]>([
  ['behind 70 kB of CSS', Buffer.from(meta('noai', 5500)), 'no-train'],
  ['in UTF-16 with a mark', Buffer.from(`\uFEFF${meta('noindex')}`, 'utf16le'), 'no-index'],
  ['in UTF-16 without one', Buffer.from(meta('noai'), 'utf16le').swap16(), 'no-train'],
  ['of a day that is past', Buffer.from(meta('unavailable_after: 25 Jun 2010 15:00:00 PST')), 'no-index'],
])('a foreign record says its consent %s, and so does a saved page', async (_name, body, conclusion) => {
  const { pages } = await read([record({ body })]);
  expect(pages[0].consent.conclusion).toBe(conclusion);
  const path = join(temporaryFolder(), 'x.html');
  writeFileSync(path, body);
  expect((await pagesOf(path))[0].consent).toEqual(pages[0].consent);
});

test('a type that does not parse is looked at, and written so that it does', async () => {
  const of = async (type: string, body = '<p>Đò') =>
    (await read([record({ headers: [['Content-Type', type]], body: Buffer.from(body) })])).pages.at(-1)?.headers[
      'content-type'
    ];
  expect(await of('"text/html; charset=utf-8"')).toBe('text/html; charset=utf-8');
  expect(await of('text/html,charset=tcvn')).toBe('text/html; charset=tcvn');
  expect(await of('html')).toBe('text/html');
  expect(await of('Text/HTML ;x')).toBe('Text/HTML ;x');
});

test('a part of a page is marked', async () => {
  const part = (range: string) =>
    record({
      status: 206,
      headers: [
        ['Content-Type', 'text/html'],
        ['Content-Range', range],
      ],
    });
  const { pages } = await read([part('bytes 0-7/900'), part('bytes 0-7/8'), part('bytes 8-15/16')]);
  expect(pages.map(({ truncated }) => truncated)).toEqual([true, false, true]);
});
