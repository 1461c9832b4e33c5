/** What hosts ask for: robots.txt in every state, delays, complaints. */
import { gzipSync } from 'node:zlib';
import type { Kind, Site } from '../kinds.ts';
import type { Answer, Handler } from '../server.ts';
import { pageOf } from '../text.ts';

const RULES = 'User-agent: *\nDisallow: /cam/\nAllow: /cam/ngoai-le\nDisallow: /*.tam$\n';
const plain = (body: string | Uint8Array, type = 'text/plain'): Answer => ({ headers: { 'content-type': type }, body });

/** A site of a few pages, of which the rules forbid some. */
const ruled = (host: string, robots: Answer | Handler | string, more: Partial<Site> = {}): Site => {
  const links = ['/mo', '/cam/mot', '/cam/ngoai-le', '/trang.tam', '/trang.tam?x=1', '/%63am/hai', '/cam/../mo'];
  return {
    routes: {
      '/': pageOf(host, links),
      ...Object.fromEntries(['/mo', '/cam/ngoai-le', '/trang.tam?x=1'].map((path) => [path, pageOf(host + path)])),
      '*': pageOf(`${host} *`),
      '/ai.txt': { status: 404 },
      '/.well-known/tdmrep.json': { status: 404 },
      '/robots.txt': robots,
      ...more.routes,
    },
    must: ['/', '/mo', '/cam/ngoai-le', '/trang.tam?x=1'],
    ...more,
  };
};
const closed = (reason: string, robots: Answer | Handler, times = 1): Site => ({
  routes: { '/': pageOf('closed'), '/robots.txt': robots, '*': { status: 404 } },
  must: [],
  times: { '/robots.txt': times },
  most: times,
  reason,
});
const open = (host: string, robots: Answer | Handler): Site => ({
  routes: { '/': pageOf(host, ['/cam/mot']), '/cam/mot': pageOf(`${host} 1`), '/robots.txt': robots },
  must: ['/', '/cam/mot'],
});

export const manners: readonly Kind[] = [
  { name: 'robots.txt', site: ({ host }) => ruled(host, plain(RULES)) },
  { name: 'robots.txt with a byte order mark', site: ({ host }) => ruled(host, plain(`\uFEFF${RULES}`)) },
  { name: 'robots.txt in UTF-16', site: ({ host }) => ruled(host, plain(Buffer.from(`\uFEFF${RULES}`, 'utf16le'))) },
  {
    name: 'robots.txt in UTF-16, big-endian',
    site: ({ host }) => ruled(host, plain(Buffer.from(`\uFEFF${RULES}`, 'utf16le').swap16())),
  },
  { name: 'robots.txt of old Macs', site: ({ host }) => ruled(host, plain(RULES.replaceAll('\n', '\r'))) },
  {
    name: 'robots.txt packed and called HTML',
    site: ({ host }) =>
      ruled(host, { headers: { 'content-type': 'text/html', 'content-encoding': 'gzip' }, body: gzipSync(RULES) }),
  },
  {
    name: 'robots.txt of 700 KiB',
    site: ({ host }) =>
      ruled(host, plain(`${RULES}${'# ghi chú dài để lấp đầy tệp luật này\n'.repeat(14_000)}Disallow: /mo\n`)),
  },
  {
    name: 'robots.txt behind redirects',
    site: ({ host }) =>
      ruled(
        host,
        { status: 301, headers: { location: '/luat1' } },
        {
          routes: {
            ...ruled(host, '').routes,
            '/robots.txt': { status: 301, headers: { location: '/luat1' } },
            '/luat1': { status: 302, headers: { location: '/luat2' } },
            '/luat2': plain(RULES),
          },
          may: ['/luat1', '/luat2'],
        },
      ),
  },
  {
    name: 'robots.txt that names the crawler',
    site: ({ host }) => ruled(host, plain(`User-agent: *\nDisallow: /\n\nUser-agent: vuabot\n${RULES.slice(14)}`)),
  },
  { name: 'robots.txt 404', site: ({ host }) => open(host, { status: 404 }) },
  { name: 'robots.txt 403', site: ({ host }) => open(host, { status: 403, body: 'Disallow: /' }) },
  { name: 'robots.txt 401', site: ({ host }) => open(host, { status: 401 }) },
  { name: 'robots.txt that is a page', site: ({ host }) => open(host, { body: pageOf('nothing') }) },
  { name: 'robots.txt empty', site: ({ host }) => open(host, plain('')) },
  { name: 'robots.txt 500', site: () => closed('robots_unreachable', { status: 500 }) },
  {
    name: 'robots.txt 503',
    site: () => closed('robots_unreachable', { status: 503, headers: { 'retry-after': '9' } }),
  },
  { name: 'robots.txt 429', site: () => closed('robots_unreachable', { status: 429 }) },
  {
    name: 'robots.txt hangs up',
    site: () => closed('robots_unreachable', (_path, _request, response) => void response.destroy()),
  },
  {
    name: 'robots.txt never ends',
    isSlow: true,
    site: () => closed('robots_unreachable', (_path, _request, response) => void response.write('User')),
  },
  {
    name: 'robots.txt cut',
    site: () => closed('robots_unreachable', { raw: 'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nUser-agent: *\n' }),
  },
  {
    name: 'robots.txt in a circle',
    site: () => closed('robots_unreachable', { status: 301, headers: { location: '/robots.txt' } }, 6),
  },
  {
    name: 'all forbidden',
    site: () => ({ ...closed('robots_disallow', plain('User-agent: *\nDisallow: /')), most: 1 }),
  },
  {
    name: 'a long delay',
    isSlow: true,
    site: ({ host }) => ({
      routes: {
        '/': pageOf(host, ['/1', '/2']),
        '/1': pageOf(`${host} 1`),
        '/2': pageOf(`${host} 2`),
        '/robots.txt': plain('User-agent: *\nCrawl-delay: 0.3'),
      },
      must: ['/', '/1', '/2'],
    }),
  },
  {
    name: '429, then well',
    site: ({ host }) => {
      let times = 0;
      return {
        routes: {
          '/': () => (times++ === 0 ? { status: 429, headers: { 'retry-after': '0' } } : { body: pageOf(host) }),
        },
        times: { '/': 2 },
        most: 5,
      };
    },
  },
  {
    name: 'Retry-After far in the future',
    site: ({ host }) => ({
      routes: {
        '/': pageOf(host, ['/ban', '/sau']),
        '/ban': { status: 503, headers: { 'retry-after': 'Fri, 31 Dec 2399 23:59:59 GMT' } },
        '/sau': pageOf(`${host} s`),
      },
      may: ['/ban', '/sau'],
    }),
  },
  {
    name: 'Retry-After of nonsense',
    site: ({ host }) => ({
      routes: { '/': pageOf(host, ['/ban']), '/ban': { status: 503, headers: { 'retry-after': 'mai' } } },
      may: ['/ban'],
      times: { '/ban': 3 },
      most: 7,
    }),
  },
  ...['a', 'b', 'c'].map(
    (name): Kind => ({
      name: `neighbours at one address: ${name}`,
      site: ({ host }) => ({
        sharesAddress: name !== 'a',
        routes: { '/': pageOf(host, ['/1', '/2']), '/1': pageOf(`${host} 1`), '/2': pageOf(`${host} 2`) },
        must: ['/', '/1', '/2'],
      }),
    }),
  ),
];
