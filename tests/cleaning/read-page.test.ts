/** What of a page's text the extraction leaves out, for whoever asks. */
import { expect, test } from 'vitest';
import { leftOutOf } from '../../cleaning/read-page.ts';
import type { Page } from '../../crawlers/page.ts';

const page = (html: string, type = 'text/html'): Page => ({
  url: 'https://xom.example.vn/kenh',
  source: 'xom',
  fetchedAt: '2026-11-01T00:00:00Z',
  status: 200,
  headers: { 'content-type': type },
  body: Buffer.from(html),
  truncated: false,
  consent: { conclusion: 'unknown', statements: [] },
});

const SENTENCE =
  'Con kênh đào từ thời ông cố tôi nay chỉ còn rộng bằng hai sải tay, mùa nước lên vẫn đủ cho chiếc xuồng.';
const paragraphs = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `<p>${SENTENCE} Chuyện thứ ${from + i} của xóm.</p>`).join('');

test('nothing of a page without a body whose boxes are all kept', () => {
  expect(leftOutOf(page(`<div>${paragraphs(0, 3)}</div><div>${paragraphs(3, 6)}</div>`), 'keep')).toEqual([]);
});

test('not the lead above the main box, which is kept', () => {
  const html = `<html><body><div><h1>Con kênh</h1><p class="sapo">${SENTENCE} Ai cũng biết.</p></div><div>${paragraphs(0, 9)}</div></body></html>`;
  const found = leftOutOf(page(html), 'keep') as { text: string }[];
  expect(found.some(({ text }) => text === `${SENTENCE} Ai cũng biết.`)).toBe(false);
});

test.each([['too_nested', page('<div>'.repeat(3_000))]])('says why nothing can be said: %s', (reason, one) => {
  expect(leftOutOf(one, 'keep')).toBe(reason);
});
