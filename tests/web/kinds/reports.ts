/** What others' crawlers were reported to get wrong: Scrapy, Norconex, StormCrawler, browsertrix, Heritrix, wget. */
import { gzipSync } from 'node:zlib';
import type { Kind } from '../kinds.ts';
import { pageOf } from '../text.ts';

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');
const urlset = (...locations: readonly string[]): string =>
  `<urlset>${locations.map((location) => `<url><loc>${location}</loc></url>`).join('')}</urlset>`;

export const reports: readonly Kind[] = [
  {
    name: 'redirects with spaces, raw UTF-8, dots and nothing',
    site: ({ host, origin }) => ({
      routes: {
        '/': pageOf(host, ['/cach', '/dau', '/cham/x/y', '/rong', '/khong', '/nhieu', '/la']),
        '/cach': { status: 301, headers: { location: latin1('/lich thi đấu 2015') } },
        '/dau': { status: 302, headers: { location: latin1(`${origin}/tiếng-việt`) } },
        '/cham/x/y': { status: 303, headers: { location: '../../../ve' } },
        '/rong': { status: 302, headers: { location: '' } },
        '/khong': { status: 302 },
        '/nhieu': { status: 300, headers: { location: '/ve' } },
        '/la': { status: 302, headers: { location: 'javascript:alert(1)' } },
        ...Object.fromEntries(
          ['/lich%20thi%20%C4%91%E1%BA%A5u%202015', '/ti%E1%BA%BFng-vi%E1%BB%87t', '/ve'].map((path) => [
            path,
            pageOf(host + path),
          ]),
        ),
      },
      must: ['/', '/ti%E1%BA%BFng-vi%E1%BB%87t', '/ve', '/lich%20thi%20%C4%91%E1%BA%A5u%202015'],
      may: ['/cach', '/dau', '/cham/x/y', '/rong', '/khong', '/nhieu', '/la'],
    }),
  },
  {
    name: 'links with spaces, line breaks and entities',
    site: ({ host }) => ({
      routes: {
        '/': pageOf(host, [
          ' /hai  tu ',
          '/x?a=1&amp;b=2',
          '/xuo\nng',
          '/tab\t',
          '/&#273;en',
          'http:khac',
          '/c%ZZ',
          '?trang=2',
          '',
        ]),
        ...Object.fromEntries(
          ['/hai%20%20tu', '/x?a=1&b=2', '/xuong', '/tab', '/%C4%91en', '/khac', '/c%ZZ', '/?trang=2'].map((path) => [
            path,
            pageOf(host + path),
          ]),
        ),
      },
      must: ['/', '/hai%20%20tu', '/x?a=1&b=2', '/xuong', '/tab', '/%C4%91en', '/khac', '/c%ZZ', '/?trang=2'],
    }),
  },
  {
    name: 'sitemaps in CDATA, with entities, behind blanks, packed twice or not at all',
    site: ({ host, origin }) => ({
      routes: {
        '/robots.txt': 'Sitemap: /a.xml\nSitemap: /b.xml.gz\nSitemap: /c.txt.gz\nSitemap: /d.xml.gz\nSitemap:',
        '/': pageOf(host),
        '/a.xml': `\n\n  <?xml version="1.0"?><!DOCTYPE urlset>${urlset(`<![CDATA[ ${origin}/a1 ]]>`, `\n ${origin}/a2?x=1&amp;y=2 \n`)}`,
        '/b.xml.gz': {
          headers: { 'content-type': 'application/x-gzip', 'content-encoding': 'gzip' },
          body: gzipSync(gzipSync(urlset(`${origin}/b1`))),
        },
        '/c.txt.gz': { headers: { 'content-type': 'gzip' }, body: gzipSync(`${origin}/c1\n${origin}/c2\n`) },
        '/d.xml.gz': { headers: { 'content-type': 'application/gzip' }, body: urlset(`${origin}/d1`, 'http://[bad/') },
        ...Object.fromEntries(
          ['/a1', '/a2?x=1&y=2', '/b1', '/c1', '/c2', '/d1'].map((path) => [path, pageOf(host + path)]),
        ),
      },
      must: ['/', '/a1', '/a2?x=1&y=2', '/b1', '/c1', '/c2', '/d1'],
      may: ['/a.xml', '/b.xml.gz', '/c.txt.gz', '/d.xml.gz'],
    }),
  },
  {
    name: 'statuses that are rare',
    site: ({ host }) => ({
      routes: {
        '/': pageOf(host, ['/a', '/b', '/c', '/d', '/e', '/f', '/g']),
        '/a': { raw: Buffer.from('HTTP/1.1 404 Artículo no encontrado\r\nContent-Length: 0\r\n\r\n') },
        '/b': { status: 304 },
        '/c': { status: 204 },
        '/d': { status: 203, body: pageOf(`${host} d`) },
        '/e': { status: 999 },
        '/f': { raw: 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n' },
        '/g': { status: 418 },
      },
      must: ['/', '/d'],
      may: ['/a', '/b', '/c', '/e', '/f', '/g'],
    }),
  },
  {
    name: 'lengths of nonsense',
    site: ({ host }) => {
      const of = (length: string, name: string) => ({
        raw: `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${pageOf(host + name)}`,
      });
      return {
        routes: {
          '/': pageOf(host, ['/am', '/lon']),
          '/am': of('-1', '/am'),
          '/lon': of('99999999999999999999', '/lon'),
        },
        must: ['/', '/am'],
        cut: ['/lon'],
        times: { '/am': 2, '/lon': 2 },
        most: 9,
      };
    },
  },
  {
    name: 'a host that falls silent',
    isSlow: true,
    site: ({ host }) => ({
      routes: {
        '/robots.txt': { status: 404 },
        '/': pageOf(
          host,
          Array.from({ length: 60 }, (_, i) => `/${i}`),
        ),
        '/ai.txt': { status: 404 },
        '/.well-known/tdmrep.json': { status: 404 },
        '*': (_path, _request, response) => void response.socket?.resetAndDestroy(),
      },
      may: ['*'],
      most: 30,
    }),
  },
  {
    name: 'seeds that differ in nothing',
    site: ({ host, origin }) => ({
      routes: {
        '/': pageOf(host, ['/#a', '/#b', '/index', `${origin}`]),
        '/index': { status: 302, headers: { location: '/' } },
      },
      must: ['/'],
      may: ['/index'],
    }),
  },
];
