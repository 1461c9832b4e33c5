/** The whole of cleaning on pages made for it: what becomes a document, what is dropped, and why. */
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { clean } from '../../cleaning/clean.ts';
import type { NearRule } from '../../cleaning/dedup/near-rule.ts';
import { openDedupStore } from '../../cleaning/dedup/store.ts';
import type { Cleaned } from '../../cleaning/document.ts';
import type { Preset } from '../../cleaning/filters/index.ts';
import { removeDiacritics } from '../../cleaning/vietnamese/syllables.ts';
import { CONSENT_UNKNOWN, type Page } from '../../crawlers/page.ts';
import { temporaryFolder } from '../support.ts';
import { story } from './support.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

let pages = 0;
const page = (body: string | Uint8Array, fields: Partial<Page> = {}): Page => ({
  url: `http://xom.test/${pages++}`,
  source: 'xom.test',
  fetchedAt: '2025-05-12T00:00:00Z',
  status: 200,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: typeof body === 'string' ? Buffer.from(body) : body,
  truncated: false,
  consent: CONSENT_UNKNOWN,
  ...fields,
});
const html = { headers: { 'content-type': 'text/html' } };

async function* iterate(list: readonly Page[]): AsyncGenerator<Page> {
  yield* list;
}

async function cleanAll(list: readonly Page[], preset: Preset = 'recommended', path = ':memory:'): Promise<Cleaned[]> {
  const store = openDedupStore(path);
  const outcomes: Cleaned[] = [];
  try {
    for await (const outcome of clean(iterate(list), { preset, store })) outcomes.push(outcome);
    store.commit('{}');
  } finally {
    store.close();
  }
  return outcomes;
}

describe('clean', () => {
  test('makes a document of a page', async () => {
    const text = story(1);
    const source = page(
      `<html><head><title>Chuyện xóm</title></head><body><article><p>${text.normalize('NFD')}</p></article></body></html>`,
      {
        ...html,
        licence: 'CC0-1.0',
        consent: { conclusion: 'open', statements: ['meta robots: index'] },
      },
    );
    const [{ kept }] = (await cleanAll([source])) as [Cleaned];
    expect(kept).toMatchObject({
      text,
      title: 'Chuyện xóm',
      url: source.url,
      source: 'xom.test',
      fetchedAt: '2025-05-12T00:00:00Z',
      licence: 'CC0-1.0',
      consent: { conclusion: 'open' },
      language: 'vie',
      diacritics: 'present',
    });
    expect(kept!.id).toMatch(/^[0-9a-f]{16}$/);
    expect(kept!.cluster).toBe(kept!.id);
    expect(kept!.measurements.bytes).toBe(Buffer.byteLength(text));
  });

  test('checks consent once more before it keeps, and tells what decided', async () => {
    const said = (conclusion: 'open' | 'no-train', ...statements: string[]) => ({
      consent: { conclusion, statements },
    });
    const outcomes = await cleanAll([
      page(story(2), said('open', 'meta robots: all', 'meta robots: unavailable_after: 2010-06-25')),
      page(story(2), said('no-train', 'tdm-reservation: 0', 'x-robots-tag: noai')),
      page(story(2), said('no-train')),
      page(story(2), said('open', 'tdm-reservation: 0')),
    ]);
    expect(outcomes.map(({ kept, dropped }) => (kept ? 'kept' : `${dropped.reason}: ${dropped.other}`))).toEqual([
      'opted_out_later: meta robots: unavailable_after: 2010-06-25',
      'no_train: x-robots-tag: noai',
      'no_train: no-train, as its record says',
      'kept',
    ]);
  });

  const binary = Uint8Array.from({ length: 4000 }, (_, i) => (i * 37) % 23);
  test.each<[string, Page, string]>([
    [
      'opted out of training',
      page(story(2), { consent: { conclusion: 'no-train', statements: ['x-robots-tag: noai'] } }),
      'consent/no_train',
    ],
    [
      'opted out of indexes',
      page(story(2), { consent: { conclusion: 'no-index', statements: ['meta robots: noindex'] } }),
      'consent/no_index',
    ],
    ['empty', page(''), 'decode/empty'],
    ['spaces only', page(' \n\u200b'), 'extract/no_text'],
    ['cut before its end', page(story(2), { truncated: true }), 'decode/cut_short'],
    ['nine megabytes of HTML', page('<p>x</p>'.repeat(1_125_000), html), 'decode/too_large'],
    ['a picture', page(binary, { headers: { 'content-type': 'image/png' } }), 'decode/not_text'],
    [
      'a picture that says it is text',
      page(binary, { headers: { 'content-type': 'text/plain' } }),
      'decode/undecodable',
    ],
    ['100,000 nested elements', page('<div>'.repeat(100_000), html), 'extract/too_nested'],
    ['links only', page('<ul><li><a href=a>Một trang</a><li><a href=b>Trang nữa</a></ul>', html), 'extract/no_text'],
    [
      'English',
      page('The ferry leaves when the captain decides that it is full, whatever the timetable says about it.'),
      'language/not_vietnamese',
    ],
    ['without diacritics', page(removeDiacritics(story(2))), 'language/no_diacritics'],
    ['one sentence', page('Chiều nay bến nghỉ một chuyến vì gió lớn.'), 'filter/too_short'],
  ])('drops a page that is %s', async (_, source, expected) => {
    const [{ dropped }] = (await cleanAll([source])) as [Cleaned];
    expect(`${dropped!.stage}/${dropped!.reason}`).toBe(expected);
    expect(Number.isFinite(dropped!.value) && Number.isFinite(dropped!.threshold)).toBe(true);
    expect(dropped!.url).toBe(source.url);
  });

  test('HTML without a declared type is read as HTML', async () => {
    const [{ kept }] = (await cleanAll([page(`<!doctype html><p>${story(3)}</p>`, { headers: {} })])) as [Cleaned];
    expect(kept!.text).toBe(story(3));
  });

  test('names the kept one for exact and near duplicates, and keeps different texts apart', async () => {
    const text = story(4, 30);
    const outcomes = await cleanAll([
      page(text, { id: 'first' }),
      page(text.toLowerCase().replace(/[.,]/g, ' '), { id: 'exact' }),
      page(`${text} Thêm một câu cuối cùng cho khác đi một chút.`, { id: 'near' }),
      page(story(5, 30), { id: 'other' }),
    ]);
    expect(outcomes.map(({ kept, dropped }) => kept?.id ?? `${dropped!.reason} of ${dropped!.other}`)).toEqual([
      'first',
      'exact_duplicate of first',
      'near_duplicate of first',
      'other',
    ]);
    expect(outcomes[2].dropped!.value).toBeGreaterThan(0.85);
    expect(outcomes[2].dropped!.threshold).toBe(0.75);
  });

  test('a title at the head of one of two copies makes no difference', async () => {
    const text = story(6);
    const body = (inner: string): string => `<html><title>Chuyện bến đò</title><body>${inner}</body></html>`;
    const outcomes = await cleanAll([
      page(body(`<article><p>${text}</p></article>`), html),
      page(body(`<article><h1>Chuyện bến đò</h1><p>${text}</p></article>`), html),
    ]);
    expect(outcomes[1].dropped?.reason).toBe('exact_duplicate');
  });

  test('keep-all keeps duplicates, with the cluster of the first', async () => {
    const text = story(7, 30);
    const outcomes = await cleanAll(
      [page(text, { id: 'a' }), page(text, { id: 'b' }), page(`${text} Hết.`, { id: 'c' })],
      'keep-all',
    );
    expect(outcomes.map(({ kept }) => [kept!.id, kept!.cluster])).toEqual([
      ['a', 'a'],
      ['b', 'a'],
      ['c', 'a'],
    ]);
  });

  test('keep-all keeps what is readable and honours consent', async () => {
    const outcomes = await cleanAll(
      [
        page('hello there'),
        page('x', { consent: { conclusion: 'no-train', statements: [] } }),
        page(removeDiacritics(story(8))),
      ],
      'keep-all',
    );
    expect(outcomes.map(({ kept, dropped }) => kept?.diacritics ?? dropped!.reason)).toEqual([
      'absent',
      'no_train',
      'absent',
    ]);
  });

  test('a page that changed gets an id of its own', async () => {
    const url = 'http://xom.test/doi';
    const outcomes = await cleanAll([page(story(9), { url }), page(story(10), { url })]);
    expect(outcomes[1].kept!.id).toBe(`${outcomes[0].kept!.id}~2`);
  });

  test('seven nights give what one run gives, and no night decides a page twice', async () => {
    const list = Array.from({ length: 70 }, (_, n) =>
      page(story(100 + (n % 50), 20) + (n % 50 === n ? '' : ' Bản in lại.'), { id: `d${n}` }),
    );
    const whole = await cleanAll(list);
    const nights: Cleaned[] = [];
    for (let night = 0; night < 7; night++) {
      nights.push(...(await cleanAll(list.slice(0, (night + 1) * 10), 'recommended', join(dir, 'dedup.sqlite'))));
    }
    expect(nights).toEqual(whole);
    expect(whole.filter(({ dropped }) => dropped?.stage === 'near')).toHaveLength(20);
  });

  test('pages dealt with before are skipped and counted; uncommitted ones are not', async () => {
    const list = [page(story(11)), page(story(12)), page('ngắn')];
    const path = join(dir, 'dedup.sqlite');
    const interrupted = openDedupStore(path);
    for await (const _ of clean(iterate(list), { preset: 'recommended', store: interrupted }));
    interrupted.close(); // without a commit: as after a crash
    expect(await cleanAll(list, 'recommended', path)).toHaveLength(3);
    const store = openDedupStore(path);
    for await (const outcome of clean(iterate([...list, page(story(13))]), { preset: 'recommended', store })) {
      expect(outcome.kept!.text).toBe(story(13));
    }
    expect(store.skipped).toBe(3);
    store.close();
  });

  test('an opt-out reaches back: the document goes, a copy elsewhere may stand, older pages of the URL are refused', async () => {
    const path = join(dir, 'dedup.sqlite');
    const url = 'http://xom.test/rut-lai';
    const text = story(40, 30);
    const optedOut = { conclusion: 'no-train', statements: ['x-robots-tag: noai'] } as const;
    const copy = page(text, { url: 'http://khac.test/ban-sao' });
    const older = page(story(41), { url, fetchedAt: '2025-01-01T00:00:00Z' });
    const first = await cleanAll([page(text, { url }), copy], 'recommended', path);
    expect(first.map(({ kept, dropped }) => kept?.url ?? dropped!.reason)).toEqual([url, 'exact_duplicate']);

    const night = [
      page(text, { url, consent: optedOut, fetchedAt: '2025-06-01T00:00:00Z' }),
      page(text, { url }),
      copy,
      older,
    ];
    const second = await cleanAll(night, 'recommended', path);
    expect(second.map(({ kept, dropped }) => kept?.url ?? `${dropped!.stage}/${dropped!.reason}`)).toEqual([
      'consent/no_train',
      copy.url, // the same page as the first night is known; its copy is looked at again
      'consent/opted_out_later',
    ]);
    expect(await cleanAll(night, 'recommended', path)).toEqual([]);

    const later = page(story(42), { url, fetchedAt: '2025-07-01T00:00:00Z' });
    expect((await cleanAll([later], 'recommended', path))[0].kept?.url).toBe(url);
  });

  test('a source that gives one id to everything costs no more than the others', async () => {
    const outcomes = await cleanAll(Array.from({ length: 40 }, (_, n) => page(story(300 + n), { id: 'x' })));
    expect(outcomes.map(({ kept }) => kept!.id)).toEqual(['x', ...Array.from({ length: 39 }, (_, n) => `x~${n + 2}`)]);
  });

  test('keeps what the page says of itself, what was repaired and what was masked', async () => {
    const body = `<html lang="vi"><head><title>Chuyện xóm</title><link rel="canonical" href="http://xom.test/chuyen">
      <meta property="article:section" content="Đời sống"><meta name="author" content="Bà Sáu">
      <meta property="article:published_time" content="2025-05-12T07:30:00+07:00"></head><body><article><p>${story(50)}</p>
      <p>Hoà bình và Ðất nước, gọi 0912 345 678 hoặc viết cho basau@example.com.</p></article></body></html>`;
    const [{ kept }] = (await cleanAll([page(body, html)])) as [Cleaned];
    expect(kept).toMatchObject({
      author: 'Bà Sáu',
      published: '2025-05-12T07:30:00+07:00',
      canonical: 'http://xom.test/chuyen',
      section: 'Đời sống',
      lang: 'vi',
      charset: 'utf-8 (content)',
      paragraphLanguages: 'vie*2',
    });
    expect(kept!.text).toContain('Hoà bình và Đất nước, gọi [SODIENTHOAI] hoặc viết cho [EMAIL].');
    expect(kept!.measurements).toMatchObject({
      repaired_tones: 0,
      repaired_stroked_d: 1,
      masked_phone: 1,
      masked_email: 1,
      vietnamese_para_frac: 1,
      bytes: Buffer.byteLength(kept!.text),
    });
  });

  test('without a store remembers one call, and finds near duplicates by the bands of its recipe', async () => {
    const list = [2, 3].map((n) => page(`${story(1)}\n\n${story(n)}`)); // a third of their shingles is shared
    const reasons = async (near?: NearRule) => {
      const found: string[] = [];
      for await (const { dropped } of clean(list, near && { near })) found.push(dropped?.reason ?? 'kept');
      return found;
    };
    expect(await reasons()).toEqual(['kept', 'kept']);
    expect(await reasons({ bands: 112, rows: 1, similarity: 0.1 })).toEqual(['kept', 'near_duplicate']);
  });

  test('in the stable order the moments of a crawl decide nothing between texts of one length', async () => {
    const stories = [1, 2, 3, 4, 5].map((n) => story(n).split(' ').slice(0, 150).join(' '));
    const orderOf = async (seconds: readonly number[]) => {
      const list = seconds.map((second, i) => page(stories[i], { fetchedAt: `2025-05-12T00:00:0${second}Z` }));
      const found: string[] = [];
      for await (const { kept } of clean(list, { dedupOrder: 'stable', preset: 'keep-all' })) found.push(kept!.text);
      return found;
    };
    const order = await orderOf([1, 2, 3, 4, 5]);
    expect(order.toSorted()).toEqual(stories.toSorted());
    expect(await orderOf([5, 3, 1, 2, 4])).toEqual(order);
  });

  test('learns the furniture of a host from its pages', async () => {
    const list = Array.from({ length: 12 }, (_, n) =>
      page(
        `<div><p>Bản tin khu dân cư ven sông</p><p>${story(200 + n)}</p><p>Phòng trực mở cửa cả tuần</p></div>`,
        html,
      ),
    );
    const outcomes = await cleanAll(list);
    expect(outcomes[0].kept!.text).toContain('Bản tin khu dân cư');
    expect(outcomes[11].kept!.text).toBe(story(211));
  });
});
