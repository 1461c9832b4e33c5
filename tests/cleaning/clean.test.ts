import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clean } from '../../cleaning/clean.ts';
import { openDedupStore } from '../../cleaning/dedup/store.ts';
import type { Outcome } from '../../cleaning/document.ts';
import type { Preset } from '../../cleaning/filters/index.ts';
import { droppedPages, EMPTY_REPORT, mergeReports, reportOf, reportRows } from '../../cleaning/report.ts';
import { removeDiacritics } from '../../cleaning/syllables.ts';
import { CONSENT_UNKNOWN, type Page } from '../../crawlers/page.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vua-clean-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const SUBJECTS = [
  'bến đò',
  'lò gạch',
  'vườn quýt',
  'ruộng muối',
  'gánh chè',
  'trạm bơm',
  'xưởng mộc',
  'chợ nổi',
  'lớp học',
  'giàn bầu',
];
const VERBS = [
  'nằm im dưới nắng',
  'chưa kịp sửa lại',
  'đã đổi chủ ba lần',
  'vẫn đông người ghé',
  'lặng lẽ qua mùa mưa',
  'bị nước cuốn mất một góc',
];

/** Prose that only `seed` repeats: sentences of made-up combinations. */
function story(seed: number, sentences = 12): string {
  let state = seed * 2654435761 + 1;
  const pick = <T>(list: readonly T[]): T => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return list[(state >>> 8) % list.length]!;
  };
  const names = ['ông Tư', 'bà Sáu', 'chị Hạnh', 'anh Lâm', 'thằng Cò', 'cô giáo', 'người thợ già', 'hai đứa nhỏ'];
  return Array.from(
    { length: sentences },
    () =>
      `Năm ấy ${pick(SUBJECTS)} của ${pick(names)} ${pick(VERBS)}, còn ${pick(names)} thì nói rằng ${pick(SUBJECTS)} bên kia sông ${pick(VERBS)}.`,
  ).join(' ');
}

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

async function cleanAll(list: readonly Page[], preset: Preset = 'recommended', path = ':memory:'): Promise<Outcome[]> {
  const store = openDedupStore(path);
  const outcomes: Outcome[] = [];
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
    const [{ kept }] = (await cleanAll([source])) as [Outcome];
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
    ['cut at the crawler’s limit', page(story(2), { truncated: true }), 'decode/too_large'],
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
    const [{ dropped }] = (await cleanAll([source])) as [Outcome];
    expect(`${dropped!.stage}/${dropped!.reason}`).toBe(expected);
    expect(Number.isFinite(dropped!.value) && Number.isFinite(dropped!.threshold)).toBe(true);
    expect(dropped!.url).toBe(source.url);
  });

  test('HTML without a declared type is read as HTML', async () => {
    const [{ kept }] = (await cleanAll([page(`<!doctype html><p>${story(3)}</p>`, { headers: {} })])) as [Outcome];
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
    expect(outcomes[2]!.dropped!.value).toBeGreaterThan(0.85);
    expect(outcomes[2]!.dropped!.threshold).toBe(0.6);
  });

  test('a title at the head of one of two copies makes no difference', async () => {
    const text = story(6);
    const body = (inner: string): string => `<html><title>Chuyện bến đò</title><body>${inner}</body></html>`;
    const outcomes = await cleanAll([
      page(body(`<article><p>${text}</p></article>`), html),
      page(body(`<article><h1>Chuyện bến đò</h1><p>${text}</p></article>`), html),
    ]);
    expect(outcomes[1]!.dropped?.reason).toBe('exact_duplicate');
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
    expect(outcomes[1]!.kept!.id).toBe(`${outcomes[0]!.kept!.id}~2`);
  });

  test('seven nights give what one run gives, and no night decides a page twice', async () => {
    const list = Array.from({ length: 70 }, (_, n) =>
      page(story(100 + (n % 50), 20) + (n % 50 === n ? '' : ' Bản in lại.'), { id: `d${n}` }),
    );
    const whole = await cleanAll(list);
    const nights: Outcome[] = [];
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

  test('learns the furniture of a host from its pages', async () => {
    const list = Array.from({ length: 12 }, (_, n) =>
      page(
        `<div><p>Bản tin khu dân cư ven sông</p><p>${story(200 + n)}</p><p>Phòng trực mở cửa cả tuần</p></div>`,
        html,
      ),
    );
    const outcomes = await cleanAll(list);
    expect(outcomes[0]!.kept!.text).toContain('Bản tin khu dân cư');
    expect(outcomes[11]!.kept!.text).toBe(story(211));
  });
});

describe('reports', () => {
  test('count outcomes by station and reason, and add up in any order', async () => {
    const outcomes = await cleanAll([
      page(story(14)),
      page('ngắn'),
      page('cụt'),
      page('The captain decides when it is full and leaves at once.'),
    ]);
    const reports = outcomes.map(reportOf);
    const sum = reports.reduce(mergeReports, EMPTY_REPORT);
    expect(sum).toMatchObject({ pages: 4, kept: 1, keptBytes: Buffer.byteLength(story(14)), skipped: 0 });
    expect(reports.reduceRight((sum, report) => mergeReports(report, sum), EMPTY_REPORT)).toEqual(sum);
    expect(droppedPages(sum)).toBe(3);
    expect(reportRows(sum).reduce((total, [, , count]) => total + count, 0)).toBe(3);
    expect(reportRows(mergeReports(sum, sum)).at(-1)).toEqual(
      reportRows(sum)
        .at(-1)!
        .map((cell) => (typeof cell === 'number' ? cell * 2 : cell)),
    );
    expect(EMPTY_REPORT.dropped).toEqual({});
  });
});
