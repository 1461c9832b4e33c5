/** Endless addresses end by what they gave; addresses that differ and pages that differ are all fetched. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Traps, textDigest } from '../../crawlers/links/trap.ts';
import type { CrawlOptions, Ending } from '../../crawlers/options.ts';
import { expectLinear } from '../growth.ts';
import { range } from '../support.ts';
import { HOST, run, serve, web } from './crawl-fixture.ts';
import { article, type Handler, page, type Sites } from './web.ts';

const token = (): string => `${randomBytes(15).toString('hex')}a1`;
const UUID = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/;
const asked = (pattern: RegExp): string[] => web.requests.map(({ path }) => path).filter((path) => pattern.test(path));

async function crawlOf(site: Sites[string], options: Partial<CrawlOptions> = {}) {
  await serve({
    [HOST]: {
      '/robots.txt': { status: 404 },
      '/ai.txt': { status: 404 },
      '/.well-known/tdmrep.json': { status: 404 },
      ...site,
    },
  });
  return again(options);
}
async function again(options: Partial<CrawlOptions> = {}) {
  let ending: Ending | undefined;
  const notes: string[] = [];
  const onEnd = (told: Ending): void => {
    ending = told;
  };
  const steps = await run({ onEnd, note: (text) => notes.push(text), ...options });
  const fetched = steps.filter(({ kind }) => kind === 'fetched').map(({ url }) => url);
  return { steps, fetched, notes, ending: ending! };
}

describe('a parameter that names the visitor', () => {
  /** A forum of three threads, each page linking to all of them with a fresh token. */
  const forum =
    (link: (thread: number, token: string) => string): Handler =>
    ({ path }) => {
      const fresh = token();
      const thread = /t=(\d)/.exec(path)?.[1] ?? /bai(\d)/.exec(path)?.[1] ?? '0';
      return { body: article(thread, ...[1, 2, 3].map((one) => link(one, fresh))) };
    };

  it.each<[string, (thread: number, token: string) => string, number]>([
    ['s in the query', (thread, fresh) => `/showthread.php?s=${fresh}&t=${thread}`, 4],
    ['sid behind it', (thread, fresh) => `/viewtopic.php?t=${thread}&sid=${fresh}`, 4],
    ['PHPSESSID', (thread, fresh) => `/showthread.php?PHPSESSID=${fresh}&t=${thread}`, 4],
    ['jsessionid in the path', (thread, fresh) => `/bai${thread}.jsp;jsessionid=${fresh.toUpperCase()}.node1`, 4],
    ['a session beside a query', (thread, fresh) => `/doc.jsp;jsessionid=${fresh}?t=${thread}`, 4],
    ['a name that nobody knows', (thread, fresh) => `/xem?khach=${fresh}&t=${thread}`, 8],
    ['a UUID', (thread, fresh) => `/xem?u=${fresh.replace(UUID, '$1-$2-$3-$4-$5')}&t=${thread}`, 8],
  ])('%s: every page once, and an end', async (_name, link, most) => {
    const { fetched, notes, ending } = await crawlOf({ '*': forum(link) }, { maxPages: 60 });
    expect(ending).toMatchObject({ endedBy: 'nothing_due', remaining: 0 });
    expect(fetched.length).toBeGreaterThanOrEqual(4);
    expect(fetched.length).toBeLessThanOrEqual(most);
    expect(notes).toEqual([expect.stringMatching(/^a\.vua\.test: [\w]+=… in links names a visitor/)]);
    const before = web.requests.length;
    expect((await again({})).fetched).toEqual([]);
    const night = await again({ refreshAfterMs: 0, maxPages: 60 });
    expect(night.fetched).toHaveLength(4);
    expect(night.notes).toEqual([]);
    expect(web.requests.length - before).toBe(4 + 3);
  });

  it('is none where pages differ by it, or one page has several', async () => {
    const stories = range(12).map(() => token());
    const story: Handler = ({ path }) => ({
      body: article(
        path.replace(/[a-f]/g, (c) => c + c),
        ...LINKS,
      ),
    });
    const LINKS = stories.map((sid) => `/story?sid=${sid}`);
    const { fetched } = await crawlOf({ '/': page(...LINKS), '*': story });
    expect(fetched).toHaveLength(13);
  });

  it('is none where each page links to the next alone', async () => {
    const chain = range(15).map(() => `/doc?sid=${token()}`);
    const next: Handler = ({ path }) => {
      const at = chain.indexOf(path);
      return { body: article(`số ${at}`, ...chain.slice(at + 1, at + 2)) };
    };
    const { fetched } = await crawlOf({ '/': page(chain[0]), '*': next });
    expect(fetched).toHaveLength(16);
  });

  it('is none where it says something: languages, orders, versions', async () => {
    const some: Handler = ({ path }) => {
      const lang = /lang=(\w+)/.exec(path)?.[1] ?? 'vi';
      return {
        body: article(
          path,
          ...range(3).map((n) => `/bai?lang=${lang}&n=${n}`),
          ...(path === '/' ? ['/bai?lang=en&n=0'] : []),
        ),
      };
    };
    expect((await crawlOf({ '*': some })).fetched).toHaveLength(7);
  });
});

describe('an endless space', () => {
  const articles = range(30).map((n) => `/bai/${n}`);
  const bai: Handler = ({ path }) => ({ body: article(path) });
  const month = (year: number, one: number): string => `/lich/${year}/${one}`;
  const next = (path: string): [number, number] => {
    const [year, one] = (path.match(/\d+/g) ?? ['2026', '1']).map(Number) as [number, number];
    return one === 12 ? [year + 1, 1] : [year, one + 1];
  };
  const spaces: [string, string, Handler, RegExp][] = [
    [
      'calendar by path',
      month(2026, 1),
      ({ path }) => ({ body: `<title>${path}</title><h1>Tháng ${next(path)}</h1>${page(month(...next(path)))}` }),
      /^\/lich/,
    ],
    [
      'calendar by query',
      '/lich?nam=2026&thang=1',
      ({ path }) => ({
        body: page(
          `/lich?nam=${next(path)[0]}&thang=${next(path)[1]}`,
          `/lich?thang=${next(path)[1]}&nam=${next(path)[0]}&xem=ngay`,
        ),
      }),
      /^\/lich/,
    ],
    [
      'facets',
      '/hang?mau=xanh',
      ({ path }) => ({
        body: page(...['mau=do', 'co=m', 'gia=tang', 'hieu=la', 'chat=lua'].map((facet) => `${path}&${facet}`)),
      }),
      /^\/hang/,
    ],
    [
      'paths that repeat themselves',
      '/a/b/',
      ({ path }) => ({ body: page(`${path}a/`, `${path}b/`, `${path}c/`) }),
      /^\/a\//,
    ],
    [
      'a wall for all that is not there',
      '/x/bat-dau',
      ({ path }) => ({ body: page(...range(9).map((n) => `${path}-${'abcdefghi'[n]}`)) }),
      /^\/x/,
    ],
    [
      'tokens in the path',
      '/phien/0',
      () => ({ body: page(`/phien/${token()}/muc`, `/phien/${token()}/muc`) }),
      /^\/phien/,
    ],
  ];
  it.each(spaces)('%s: ends, and the articles are all there', async (_name, start, handler, pattern) => {
    const site = {
      '/': page(start, ...articles),
      '*': ((seen, response) => (pattern.test(seen.path) ? handler : bai)(seen, response)) as Handler,
    };
    const { fetched, steps, notes, ending } = await crawlOf(site, { maxPages: 500, maxDepth: 500 });
    expect(fetched.filter((url) => url.includes('/bai/'))).toHaveLength(30);
    expect(asked(pattern).length).toBeGreaterThan(15);
    expect(asked(pattern).length).toBeLessThan(65);
    expect(ending).toMatchObject({ endedBy: 'nothing_due', remaining: 0 });
    expect(ending.closedPatterns.length).toBeGreaterThan(0);
    expect(notes.length).toBe(ending.closedPatterns.length);
    expect(notes[0]).toMatch(/^a\.vua\.test \/.* gives the same text again and again/);
    expect(steps.every(({ kind, reason }) => kind === 'fetched' || reason === 'duplicate_pattern')).toBe(true);
    const before = asked(pattern).length;
    await again();
    expect(asked(pattern).length).toBe(before);
  });

  it('of sitemaps without pages ends too; sitemaps that name new ones are all read', async () => {
    const sitemap = (...lines: string[]) => ({ headers: { 'content-type': 'application/xml' }, body: lines.join('') });
    const named = (path: string): string => `<sitemap><loc>${path}</loc></sitemap>`;
    const index: Handler = ({ path }) =>
      sitemap('<sitemapindex>', ...range(50).map((n) => named(`${path.slice(0, -4)}-${n}.xml`)));
    const good: Handler = ({ path }) => sitemap('<urlset>', `<url><loc>/bai/${path.match(/\d+/)}</loc></url>`);
    const { ending } = await crawlOf({
      '/robots.txt': { body: 'Sitemap: /rong.xml\nSitemap: /tot.xml' },
      '/': page(),
      '/tot.xml': sitemap('<sitemapindex>', ...range(40).map((n) => named(`/tot-${n}.xml`))),
      '*': (seen, response) =>
        (/^\/tot-/.test(seen.path) ? good : /xml$/.test(seen.path) ? index : bai)(seen, response),
    });
    expect(asked(/^\/tot-/)).toHaveLength(40);
    expect(asked(/^\/bai\//)).toHaveLength(40);
    expect(asked(/^\/rong/).length).toBeLessThan(70);
    expect(ending).toMatchObject({ endedBy: 'nothing_due', remaining: 0 });
  });

  it('is none where pages differ, however many there are, and beside some that do not', async () => {
    const many = range(120).map((n) => `/tin/${n}?trang=${n}`);
    const some: Handler = ({ path }) => ({ body: Number(/\d+/.exec(path)) % 3 === 0 ? page() : article(path) });
    expect((await crawlOf({ '/': page(...many), '*': some })).fetched).toHaveLength(121);
  });
});

describe('the text of a page', () => {
  const same = [
    '<p>Ngày 1</p>',
    '<p class="x">Ngày  22</p>',
    'Ngày<br>',
    '<script>a<b</script><STYLE>x</STYLE >Ngày',
    '<!-- <p>khác -->Ngày',
  ];
  it.each(same)('%s says the same', (html) => expect(textDigest(html)).toBe(textDigest('Ngày')));
  it.each(['Ngay', 'Ngày khác', '<p>Ngày</p><p>khác'])('%s says something else', (html) =>
    expect(textDigest(html)).not.toBe(textDigest('Ngày')),
  );
  it('is read once', () =>
    expectLinear((n) => '<b>x</b><script>a<b</script><!-- y -->'.repeat(n), textDigest, { from: 1000 }));
});

it('keeps patterns of hosts apart', () => {
  const traps = new Traps();
  const closed = range(50).flatMap((n) => traps.page(`http://a.test/lich/${n}`, 'same'));
  expect(closed).toEqual(['a.test /lich/9', 'a.test /lich/**']);
  expect(traps.holds('http://a.test/lich/99', 'page')).toBe(true);
  expect(traps.holds('http://a.test/lich/bai-moi', 'page')).toBe(true);
  expect(traps.holds('http://b.test/lich/99', 'page')).toBe(false);
  expect(traps.holds('http://a.test/lich/99', 'sitemap')).toBe(false);
  expect(traps.holds('http://a.test/tin/99', 'page')).toBe(false);
});
