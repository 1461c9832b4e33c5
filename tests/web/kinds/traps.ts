/** Address spaces without an end, circles, and hosts that give nothing. */
import { createHash } from 'node:crypto';
import type { Kind } from '../kinds.ts';
import type { Answer } from '../server.ts';
import { pageOf, sentenceOf } from '../text.ts';

const articles = (host: string) => {
  const names = Array.from({ length: 8 }, (_, i) => `/bai-${'abcdefgh'[i]}`);
  return { names, routes: Object.fromEntries(names.map((name) => [name, pageOf(host + name)])) };
};
const NO_RULES = {
  '/robots.txt': { status: 404 },
  '/ai.txt': { status: 404 },
  '/.well-known/tdmrep.json': { status: 404 },
};
const foreign = (name: string): string =>
  `<!doctype html><html lang="en"><title>Page</title><p>The harbour master wrote ${name.replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)])} in the ledger before the ferry left with the morning mail, and nobody on the pier asked what it was about.</p>`;

export const trapKinds: readonly Kind[] = [
  {
    name: 'a calendar',
    site: ({ host }) => {
      const { names, routes } = articles(host);
      return {
        routes: {
          ...routes,
          ...NO_RULES,
          '/': pageOf(host, [...names, '/lich/2026/1']),
          '*': (path) => {
            const [, year, month] = /^\/lich\/(\d+)\/(\d+)$/.exec(path)?.map(Number) ?? [];
            if (year === undefined) return { status: 404 };
            const next = [`/lich/${year}/${month! + 1}`, `/lich/${year + 1}/${month}`, `/lich/${year - 1}/${month}`];
            return {
              body: `<p>Tháng ${month} năm ${year}: không có sự kiện nào.</p>${next.map((href) => `<a href="${href}">tiếp</a>`)}`,
            };
          },
        },
        must: ['/', ...names],
        may: ['*'],
        most: 60,
      };
    },
  },
  {
    name: 'facets',
    site: ({ host }) => {
      const { names, routes } = articles(host);
      const colours = ['do', 'xanh', 'vang', 'tim'];
      return {
        routes: {
          ...routes,
          ...NO_RULES,
          '/': pageOf(host, [...names, '/hang?mau=do']),
          '*': (path) => {
            const query = path.split('?')[1] ?? '';
            const links = colours.flatMap((one) => [
              `/hang?${query}&mau=${one}`,
              `/hang?co=${query.length}&${query}`,
              `/hang?${query}&sap=${one}`,
            ]);
            return {
              body: `<p>Cửa hàng có mười mặt hàng đang bán ở đây.</p>${links.map((href) => `<a href="${href}">lọc</a>`)}`,
            };
          },
        },
        must: ['/', ...names],
        may: ['*'],
        most: 90,
      };
    },
  },
  ...(['one for a page', 'another in every link'] as const).map(
    (how): Kind => ({
      name: `visitor ids, ${how}`,
      site: ({ host }) => {
        const { names } = articles(host);
        let visitor = 1;
        const token = (): string => createHash('md5').update(`${visitor++}`).digest('hex');
        const linked = (): string[] => {
          const own = token();
          const id = (): string => (how === 'one for a page' ? own : token());
          return names.map((name) => `${name};jsessionid=${id()}?sid=${id()}`);
        };
        const page = (path: string): Answer => {
          const bare = path.replace(/[;?].*/, '');
          return bare === '/' || names.includes(bare) ? { body: pageOf(host + bare, linked()) } : { status: 404 };
        };
        const most = how === 'one for a page' ? 40 : 70;
        return { routes: { ...NO_RULES, '/': page, '*': page }, must: ['/'], may: ['*'], most };
      },
    }),
  ),
  {
    name: 'a wall for all that is not there',
    site: ({ host }) => {
      const { names, routes } = articles(host);
      let serial = 0;
      return {
        routes: {
          ...routes,
          ...NO_RULES,
          '/': pageOf(host, [...names, '/x/1']),
          '*': () => ({
            body: pageOf(
              `${host} wall`,
              Array.from({ length: 6 }, () => `/x/${++serial * 7919}`),
            ),
          }),
        },
        must: ['/', ...names],
        may: ['*'],
        most: 60,
      };
    },
  },
  {
    name: 'paths that repeat',
    site: ({ host }) => ({
      routes: {
        ...NO_RULES,
        '/': pageOf(host, ['/a/']),
        '*': (path) => ({ body: pageOf(`${host} path`, [`${path}a/`, `${path}b/`, '/']) }),
      },
      must: ['/'],
      may: ['*'],
      most: 70,
    }),
  },
  {
    name: 'sitemaps of sitemaps',
    site: ({ host }) => {
      const { names, routes } = articles(host);
      return {
        routes: {
          ...routes,
          ...NO_RULES,
          '/robots.txt': 'Sitemap: /s.xml',
          '/': pageOf(host, names),
          '*': (path) => ({
            headers: { 'content-type': 'application/xml' },
            body: `<sitemapindex>${Array.from({ length: 50 }, (_, i) => `<sitemap><loc>${path.slice(0, -4)}-${i}.xml</loc></sitemap>`).join('')}</sitemapindex>`,
          }),
        },
        must: ['/', ...names],
        may: ['*'],
        most: 80, // twenty of each of three depths
      };
    },
  },
  {
    name: 'circles of redirects',
    site: ({ host }) => ({
      routes: {
        '/': pageOf(host, ['/v1', '/minh']),
        '/v1': { status: 301, headers: { location: '/v2' } },
        '/v2': { status: 302, headers: { location: '/v3' } },
        '/v3': { status: 307, headers: { location: '/v1' } },
        '/minh': { status: 308, headers: { location: '/minh' } },
      },
      may: ['/v1', '/v2', '/v3', '/minh'],
    }),
  },
  {
    name: 'redirects without an end',
    site: ({ host }) => ({
      routes: {
        ...NO_RULES,
        '/': pageOf(host, ['/r?n=1']),
        '*': (path) => ({ status: 302, headers: { location: `/r?n=${Number(path.slice(5)) + 1}` } }),
      },
      may: ['*'],
      most: 20,
    }),
  },
  {
    name: 'a wall that wants its cookie',
    site: ({ host }) => {
      const guard = (path: string, request: { headers: { cookie?: string } }): Answer =>
        request.headers.cookie?.includes('qua=1')
          ? { body: pageOf(host + path, path === '/' ? ['/hai'] : []) }
          : { status: 302, headers: { location: path, 'set-cookie': 'qua=1; path=/' } };
      return { routes: { '/': guard, '/hai': guard }, must: ['/', '/hai'], times: { '/': 3, '/hai': 2 }, most: 8 };
    },
  },
  {
    name: 'no Vietnamese',
    site: ({ host }) => ({
      routes: {
        ...NO_RULES,
        '/': foreign(host) + Array.from({ length: 200 }, (_, i) => `<a href="/p${i}">x</a>`).join(''),
        '*': (path) => ({ body: foreign(host + path) }),
      },
      must: ['/'],
      may: ['*'],
      most: 60,
    }),
  },
  {
    name: 'other media',
    site: ({ host }) => ({
      routes: {
        ...NO_RULES,
        '/': pageOf(host, ['/anh.jpg', '/phim.mp4', '/kieu.css', '/anh']),
        '/anh': { headers: { 'content-type': 'image/png' }, body: Buffer.alloc(100_000, 7) },
        '*': sentenceOf('x'),
      },
      may: ['/anh'],
    }),
  },
];
