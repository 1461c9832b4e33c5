/** Thirty nights of a news site in virtual time: what is new, changed and gone is met in time, and at what price. */
import { expect, it, vi } from 'vitest';
import { again, NIGHT_MS } from '../../crawlers/frontier/revisit.ts';
import type { UrlRow } from '../../crawlers/frontier/row.ts';
import { range } from '../support.ts';
import { HOST, run, serve, web } from './crawl-fixture.ts';
import type { Answer, Handler } from './web.ts';

const NIGHTS = 30;
const DAY_MS = 86_400_000;
const FIRST = Date.parse('2026-03-01T19:00:00Z');
const SECTIONS = ['thoi-su', 'kinh-te', 'van-hoa'];
const KNOWN = 60;
const NEW_A_NIGHT = 4;
const LETTERS = 'abcdefghij';

/** What changes in the article of a number, and when. */
const isLive = (n: number): boolean => n === 3 || n === 4; // every night
const changeOf = (n: number): number => (n % 9 === 5 ? (n * 7) % NIGHTS : Number.POSITIVE_INFINITY); // once
const isGone = (n: number, night: number): boolean => n % 13 === 7 && night >= (n * 5) % NIGHTS;
const bornOf = (n: number): number => (n < KNOWN ? 0 : Math.floor((n - KNOWN) / NEW_A_NIGHT) + 1);

/** Digits are no text, letters are. */
const words = (n: number): string => [...String(n)].map((digit) => LETTERS[Number(digit)]).join('');
const versionOf = (n: number, night: number): number => (isLive(n) ? night : Number(night >= changeOf(n)));
const paragraph =
  'Con kênh đào từ thời ông cố nay chỉ còn rộng bằng hai sải tay, nhưng mùa nước lên vẫn đủ cho chiếc xuồng đi lọt. ';

function article(n: number, night: number, latest: readonly number[]): string {
  const aside = latest.map((one) => `<li><a href="/bai-${one}.html">Bài ${words(one)} vừa đăng</a></li>`).join('');
  const text = `<p>${paragraph.repeat(3)}</p><p>Bài ${words(n)}, bản ${words(versionOf(n, night))}: ${paragraph}</p>`;
  return `<title>Bài ${n}</title><h1>Bài ${words(n)}</h1>${text}<ul>${aside}</ul><a href="/">Trang chủ</a>`;
}
const list = (numbers: readonly number[], more: string): string =>
  `<title>Báo</title><link rel="alternate" type="application/rss+xml" href="/rss.xml">${SECTIONS.map((name) => `<a href="/${name}">${name}</a> `).join('')}${numbers.map((n) => `<h3><a href="/bai-${n}.html">Bài ${words(n)} của báo hôm nay</a></h3>`).join('')}${more}`;

function site(nightOf: () => number): Handler {
  return ({ path, headers }): Answer => {
    const night = nightOf();
    const all = range(KNOWN + NEW_A_NIGHT * NIGHTS).filter((n) => bornOf(n) <= night && !isGone(n, night));
    const latest = all.slice(-10).reverse();
    if (path === '/robots.txt') return { headers: { 'content-type': 'text/plain' }, body: 'Sitemap: /sitemap.xml\n' };
    if (path === '/') return { body: list(latest, '') };
    if (path === '/rss.xml') {
      const items = latest.slice(0, 3).map((n) => `<item><link>http://${HOST}/bai-${n}.html</link></item>`);
      return {
        headers: { 'content-type': 'application/rss+xml' },
        body: `<rss><channel>${items.join('')}</channel></rss>`,
      };
    }
    if (path === '/sitemap.xml') {
      const urls = all.filter((n) => n % 3 === 0).map((n) => `<url><loc>/bai-${n}.html</loc></url>`);
      return { headers: { 'content-type': 'application/xml' }, body: `<urlset>${urls.join('')}</urlset>` };
    }
    const [, name, page = '1'] = /^\/([a-z-]+)(?:\/trang-(\d))?$/.exec(path) ?? [];
    const own = all.filter((n) => SECTIONS[n % 3] === name).reverse();
    if (own.length > 0) {
      const at = Number(page);
      const more = at * 20 < own.length ? `<a href="/${name}/trang-${at + 1}">Trang sau</a>` : '';
      return { body: list(own.slice((at - 1) * 20, at * 20), more) };
    }
    const n = Number(/^\/bai-(\d+)\.html$/.exec(path)?.[1] ?? -1);
    if (!all.includes(n)) return { status: 404 };
    const etag = `"${n}-${versionOf(n, night)}-${latest[0]}"`; // the list beside the text changes as well
    return headers['if-none-match'] === etag
      ? { status: 304 }
      : { headers: { etag }, body: article(n, night, latest.slice(0, 4)) };
  };
}

it('meets what is new in a night, what changed or went in seven, for little more than that takes', async () => {
  let night = 0;
  await serve({ [HOST]: { '*': site(() => night) } });
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const asked = new Map<string, number[]>();
    let allowed = 0;
    for (; night < NIGHTS; night++) {
      vi.setSystemTime(FIRST + night * DAY_MS);
      const before = web.requests.length;
      await run({ maxPages: 1000 });
      const paths = web.requests.slice(before).map(({ path }) => path);
      for (const path of paths) asked.set(path, [...(asked.get(path) ?? []), night]);
      const lists = [...asked.keys()].filter((path) => !/^\/(bai-|ai\.txt|\.well-known)/.test(path)).length;
      const known = range(KNOWN + NEW_A_NIGHT * NIGHTS).filter((n) => bornOf(n) < night).length;
      const news = night === 0 ? KNOWN : NEW_A_NIGHT;
      allowed += lists + news + known / 7;
    }
    const visits = (n: number): number[] => asked.get(`/bai-${n}.html`) ?? [];
    const all = range(KNOWN + NEW_A_NIGHT * (NIGHTS - 1));
    expect(all.filter((n) => visits(n)[0] !== bornOf(n) && !isGone(n, bornOf(n)))).toEqual([]);
    const met = (n: number, at: number): boolean => visits(n).some((one) => one >= at && one <= at + 7);
    const changed = all.filter(
      (n) => changeOf(n) > bornOf(n) && changeOf(n) + 7 < NIGHTS && !isGone(n, changeOf(n) + 7),
    );
    expect(changed.length).toBeGreaterThan(5);
    expect(changed.filter((n) => !met(n, changeOf(n)))).toEqual([]);
    const gone = all.filter((n) => isGone(n, NIGHTS - 8) && !isGone(n, bornOf(n)));
    expect(gone.length).toBeGreaterThan(3);
    expect(gone.filter((n) => !met(n, (n * 5) % NIGHTS))).toEqual([]);
    for (const path of ['/', '/rss.xml', '/sitemap.xml', ...SECTIONS.map((name) => `/${name}`)]) {
      expect([path, asked.get(path)]).toEqual([path, range(NIGHTS)]);
    }
    // What changes every night is looked at every night once that is known; what never does, once in seven.
    expect(visits(3).filter((one) => one >= 14).length).toBe(NIGHTS - 14);
    expect(visits(0).length).toBeLessThanOrEqual(5);
    const requests = web.requests.length;
    expect(requests).toBeLessThanOrEqual(1.3 * allowed);
  } finally {
    vi.useRealTimers();
  }
});

it('what never changes is left alone twice as long each time, until the time that the options say', () => {
  const nightsAfter = (nights: number): number => {
    const row = { url: `http://${HOST}/1`, kind: 'page', depth: 1, quiet: 0, dated: null, nights } as UrlRow;
    return again(row, { isList: false, isBare: false, news: 0, hasChanged: false }, 90 * NIGHT_MS).nights;
  };
  expect([7, 14, 28, 56, 90].map(nightsAfter)).toEqual([14, 28, 56, 90, 90]);
});
