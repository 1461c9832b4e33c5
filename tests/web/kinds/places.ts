/** Where addresses stand, and how they are written. */
import { gzipSync } from 'node:zlib';
import type { Kind } from '../kinds.ts';
import { pageOf } from '../text.ts';

const xml = (body: string | Uint8Array, type = 'application/xml') => ({ headers: { 'content-type': type }, body });
const urlset = (...locations: readonly string[]): string =>
  `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${locations
    .map((location) => `<url><loc>${location}</loc></url>`)
    .join('')}</urlset>`;
const indexOf = (...locations: readonly string[]): string =>
  `<sitemapindex>${locations.map((location) => `<sitemap><loc>${location}</loc></sitemap>`).join('')}</sitemapindex>`;
const utf16 = (text: string): Buffer => Buffer.from(`\uFEFF${text}`, 'utf16le');

export const places: readonly Kind[] = [
  {
    name: 'plain',
    site: ({ host }) => {
      const names = Array.from({ length: 12 }, (_, i) => `/bai-${i}`);
      const own = names.map((name, i) => [name, pageOf(host + name, names.slice(i + 1, i + 3))] as const);
      return { routes: { '/': pageOf(host, names.slice(0, 2)), ...Object.fromEntries(own) }, must: ['/', ...names] };
    },
  },
  {
    name: 'spellings of one address',
    site: ({ host, origin }) => ({
      routes: {
        '/': pageOf(host, [
          ...[
            '/t%c3%acm',
            '/tìm',
            '/t%C3%ACm#dau',
            '/tìm?utm_source=x',
            `${origin.toUpperCase().replace('HTTP', 'http')}/tìm`,
          ],
          ...[
            './a/../tìm',
            `//${origin.slice(7)}/tìm`,
            'mailto:a@b.vn',
            'javascript:void(0)',
            'tel:0901234567',
            'ftp://x.vn/',
          ],
        ]),
        '/t%C3%ACm': pageOf(`${host} t`),
      },
      must: ['/', '/t%C3%ACm'],
    }),
  },
  {
    name: 'base, frames, refresh, canonical',
    site: ({ host }) => ({
      routes: {
        '/': {
          headers: { refresh: '0; url=/tiep' },
          body: pageOf(host, ['mot'], {
            head: '<base href="/sau/"><link rel="canonical" href="/chinh"><meta http-equiv="refresh" content="5;URL=\'/doi\'">',
            body: '<iframe src="/khung"></iframe><map><area href="/vung"></map><a rel="nofollow" href="/cam">x</a>',
          }),
        },
        ...Object.fromEntries(
          ['/sau/mot', '/chinh', '/doi', '/khung', '/vung', '/tiep', '/cam'].map((path) => [path, pageOf(host + path)]),
        ),
      },
      must: ['/', '/sau/mot', '/chinh', '/doi', '/khung', '/vung', '/tiep'],
    }),
  },
  {
    name: 'a chain of meta refreshes',
    site: ({ host }) => ({
      routes: Object.fromEntries(
        ['/', '/r1', '/r2', '/r3', '/r4'].map((path, i) => [
          path,
          `<!doctype html><meta http-equiv=refresh content="0;url=/r${i + 1}"><p>${host} chuyển trang ${'abcde'[i]}`,
        ]),
      ),
      must: ['/', '/r1', '/r2', '/r3', '/r4'],
      may: ['/r5'],
    }),
  },
  {
    name: 'old encodings',
    site: ({ host }) => {
      const query = '/tim?q=%D0%E0'; // Đà in windows-1258, as browsers send it
      const page = Buffer.from(`<meta charset=windows-1258><p>Xin chào ${host}</p><a href="/tim?q=Đà">x</a>`, 'latin1');
      for (const [i, byte] of page.entries()) if (byte === 0x10) page[i] = 0xd0; // Đ is U+0110
      return {
        routes: { '/': { headers: { 'content-type': 'text/html' }, body: page }, [query]: pageOf(`${host} q`) },
        must: ['/', query],
      };
    },
  },
  {
    name: 'UTF-16 pages',
    site: ({ host }) => ({
      routes: {
        '/': { headers: { 'content-type': 'text/html; charset=utf-16' }, body: utf16(pageOf(host, ['/sau'])) },
        '/sau': { headers: { 'content-type': 'text/html' }, body: utf16(pageOf(`${host} sau`)) },
      },
      must: ['/', '/sau'],
    }),
  },
  {
    name: 'sitemaps nested, packed, of wrong types',
    site: ({ host, origin }) => ({
      routes: {
        '/robots.txt': `Sitemap: ${origin}/muc.xml\nSITEMAP:/la.txt`,
        '/': pageOf(host),
        '/muc.xml': xml(indexOf(`${origin}/a.xml.gz`, `${origin}/b.php`, '/c.xml', '/d.xml')),
        '/a.xml.gz': { headers: { 'content-type': 'text/html' }, body: gzipSync(urlset(`${origin}/a1`, '/a2')) },
        '/b.php': { headers: { 'content-type': 'text/plain' }, body: urlset(`${origin}/b1`).replaceAll('<', '\n <') },
        '/c.xml': xml(utf16(urlset(`${origin}/c1`)), 'application/octet-stream'),
        '/d.xml': xml(urlset('http://noi-khac.vua.test/').replaceAll('<url', '<x:url').replaceAll('</url', '</x:url')),
        '/la.txt': { headers: { 'content-type': 'text/plain' }, body: `\uFEFF${origin}/t1\r\n${origin}/t2\r\n` },
        ...Object.fromEntries(['/a1', '/a2', '/b1', '/c1', '/t1', '/t2'].map((path) => [path, pageOf(host + path)])),
      },
      must: ['/', '/a1', '/a2', '/b1', '/c1', '/t1', '/t2'],
      may: ['/muc.xml', '/a.xml.gz', '/b.php', '/c.xml', '/d.xml', '/la.txt'],
    }),
  },
  {
    name: 'feeds',
    site: ({ host, origin }) => ({
      routes: {
        '/': pageOf(
          host,
          Array.from({ length: 12 }, (_, i) => `/muc-${i}`),
          {
            head: '<link rel="alternate" type="application/rss+xml" href="/tin.rss"><link rel="alternate" type="application/atom+xml" href="/tin.atom">',
          },
        ),
        '/tin.rss': xml(`<rss><channel><item><link>${origin}/r1</link></item></channel></rss>`, 'application/rss+xml'),
        '/tin.atom': xml(`<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="/m1"/></entry></feed>`),
        '/r1': pageOf(`${host} r`),
        '/m1': pageOf(`${host} m`),
      },
      must: ['/', '/r1', '/m1'],
      may: ['/tin.rss', '/tin.atom', ...Array.from({ length: 12 }, (_, i) => `/muc-${i}`)],
    }),
  },
  {
    name: 'a sitemap that is a page, one that is nothing',
    site: ({ host }) => ({
      routes: {
        '/robots.txt': 'Sitemap: /s1.xml\nSitemap: /s2.xml\nSitemap: /s3.xml',
        '/': pageOf(host),
        '/s1.xml': pageOf(`${host} s`),
        '/s2.xml': xml(''),
        '/s3.xml': { status: 410 },
      },
      may: ['/s1.xml', '/s2.xml', '/s3.xml'],
    }),
  },
  {
    name: 'a name in Vietnamese',
    site: ({ host, port }) => ({
      seed: `http://trà.${host}:${port}/bài`,
      subs: { 'xn--tr-kia': { '/b%C3%A0i': pageOf('trà', ['/sau']), '/sau': pageOf('trà sau') } },
      routes: {},
      must: ['//xn--tr-kia/b%C3%A0i', '//xn--tr-kia/sau'],
    }),
  },
  {
    name: 'a seed that moves to www',
    site: ({ host, sub, port }) => ({
      routes: { '/': { status: 301, headers: { location: `http://${sub('www')}:${port}/` } } },
      subs: { www: { '/': pageOf(sub('www'), ['/hai']), '/hai': pageOf(`${host} hai`) } },
      must: ['//www/', '//www/hai'],
      may: ['/'],
    }),
  },
  {
    name: 'a secure seed',
    site: ({ host, securePort }) => ({
      seed: `https://${host}:${securePort}/`,
      routes: { '/': pageOf(host, ['/hai']), '/hai': pageOf(`${host} hai`) },
      must: ['/', '/hai'],
    }),
  },
  {
    name: 'to https and back in the same name',
    site: ({ host, origin, securePort }) => ({
      routes: {
        '/': { status: 302, headers: { location: `https://${host}:${securePort}/an-toan` } },
        '/an-toan': pageOf(host, [`${origin}/thuong`]),
        '/thuong': pageOf(`${host} t`),
      },
      must: ['/an-toan', '/thuong'],
      may: ['/'],
      most: 9, // two origins, two robots.txt
      times: { '/robots.txt': 2, '/ai.txt': 2, '/.well-known/tdmrep.json': 2 },
    }),
  },
  {
    name: 'other hosts are not entered',
    site: ({ host, port, sub }) => ({
      routes: {
        '/': pageOf(host, [`http://${sub('la')}:${port}/`, '/di', 'http://khong-co.vua.test/']),
        '/di': { status: 302, headers: { location: `http://${sub('la')}:${port}/di` } },
      },
      subs: { la: { '*': pageOf('la') } },
      may: ['/di'],
    }),
  },
];
