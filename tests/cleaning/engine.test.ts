/** Cleaning on threads gives what one thread gives, in the same order. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clean } from '../../cleaning/clean.ts';
import { openDedupStore } from '../../cleaning/dedup/store.ts';
import type { Cleaned } from '../../cleaning/document.ts';
import { CONSENT_UNKNOWN, type Page } from '../../crawlers/page.ts';
import { temporaryFolder } from '../support.ts';
import { story } from './support.ts';

const dir = temporaryFolder('file');

const page = (n: number, body: string, type = 'text/html'): Page => ({
  url: `http://xom.test/${n}`,
  source: 'xom.test',
  fetchedAt: '2026-11-01T00:00:00Z',
  status: 200,
  headers: { 'content-type': type },
  body: Buffer.from(body),
  truncated: false,
  consent: CONSENT_UNKNOWN,
});

const html = (title: string, text: string): string =>
  `<html><title>${title} | Báo Xóm</title><body><p>Báo Xóm, tờ báo của xóm</p><article><h1>${title}</h1><p>${text}</p></article><p>Bản in ngày 1</p></body></html>`;

const QUESTION = 'Giống lúa nào chịu được nước mặn tốt nhất ở vùng cửa sông này?';
const CHOICES = ['A. Lúa mùa cao cây', 'B. Lúa ngắn ngày', 'C. Cả hai đều không'];

/** Enough for several batches on threads, with duplicates, furniture, a page that breaks off and one that is hostile. */
const PAGES: readonly Page[] = Array.from({ length: 150 }, (_, n) =>
  n === 40
    ? page(n, '<div>'.repeat(200_000))
    : n === 60
      ? page(n, '')
      : page(
          n,
          html(
            `Bài ${n % 120}`,
            `${story(n % 120, 20)} ${n % 120 === 7 ? `${QUESTION} ${CHOICES.join(' ')}` : ''} ${'<!-- rất dài -->'.repeat(3000)}`,
          ),
        ),
);

async function* stream(pages: readonly Page[]): AsyncGenerator<Page> {
  yield* pages;
}

async function outcomes(threads: number, contamination: string[] = []): Promise<Cleaned[]> {
  const store = openDedupStore(':memory:');
  const all: Cleaned[] = [];
  for await (const outcome of clean(stream(PAGES), { preset: 'recommended', threads, contamination, store })) {
    all.push(outcome);
  }
  store.close();
  return all;
}

describe('engine', () => {
  test('any number of threads gives the same documents in the same order, benchmark items flagged', async () => {
    const file = join(dir, 'items.jsonl');
    const items = [
      { id: '01-0001', question: QUESTION, choices: CHOICES, answer: 'A' },
      { id: '01-0002', question: 'Câu hỏi này có nằm trong bài viết nào ở đây không?', choices: ['A. Có', 'B. Không'] },
    ];
    writeFileSync(file, items.map((item) => JSON.stringify(item)).join('\n'));
    const here = await outcomes(0, [file]);
    expect(here).toHaveLength(150);
    expect(here.filter(({ kept }) => kept)).toHaveLength(118);
    expect(here[40].dropped).toMatchObject({ stage: 'extract', reason: 'too_nested' });
    expect(here[149].dropped).toMatchObject({ stage: 'exact', reason: 'exact_duplicate' });
    const flagged = here.flatMap(({ kept }) => (kept?.contamination ? [`${kept.url} ${kept.contamination}`] : []));
    expect(flagged).toEqual(['http://xom.test/7 items:01-0001']);
    expect(await outcomes(2, [file])).toEqual(here);
  });
});
