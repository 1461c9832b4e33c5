/** Our own set of pages: what extraction gives of it, and that the sealed half is what was sealed. */
import { expect, test } from 'vitest';
import { decode } from '../../cleaning/decode/charset.ts';
import { extract } from '../../cleaning/html/extract.ts';
import { f1, htmlOf, WIKI_PAGES } from '../crawlers/wiki-set.ts';
import { meanOf, openPages, rouge5, type SetPage, sealedPages, sealOf } from './extraction-set/pages.ts';

/** Of the sealed half, before anything had been run on it. */
const SEAL = 'dafa47ff80507f1bff9ef5c01ec9a6b57a87bf4faa97a6aace9746437bcbfc09';

const scoreOf = (page: SetPage): number => rouge5(page, extract(decode(Buffer.from(page.html)).text).text);

test('pages of sixteen sites', () => {
  const pages = openPages();
  expect(pages.length).toBe(32);
  expect(meanOf(pages.map(scoreOf))).toBeGreaterThan(0.985);
  expect(meanOf(pages.filter(({ hard }) => hard).map(scoreOf))).toBeGreaterThan(0.98);
});

test('the sealed half is as it was written, and reads as it did when it was opened', () => {
  const pages = sealedPages();
  expect(pages.filter(({ gold }) => gold.length < 100)).toEqual([]);
  expect(sealOf(pages)).toBe(SEAL);
  // Opened once: 0.955, of the hard ones 0.934.
  expect(meanOf(pages.map(scoreOf))).toBeGreaterThan(0.95);
  expect(meanOf(pages.filter(({ hard }) => hard).map(scoreOf))).toBeGreaterThan(0.93);
});

test('thirty articles of a wiki, as it serves them', () => {
  for (const skin of ['old', 'new'] as const) {
    const read = WIKI_PAGES.map((page) => ({ page, text: extract(htmlOf(page, skin)).text }));
    expect(meanOf(read.map(({ page, text }) => f1(text, page.text)))).toBeGreaterThan(0.99);
    for (const { page, text } of read) {
      const lines = text.split('\n');
      const headings = page.text.match(/(?<=^= ).*$/gm) ?? [];
      expect(lines, page.title).toEqual(expect.arrayContaining(headings));
      expect(text, page.title).not.toMatch(/sửa|Nguồn|Thể loại|Wikipedia/);
    }
  }
});
