/** What servers and the lines to them get wrong. */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { Kind, Site } from '../kinds.ts';
import type { Answer, Handler } from '../server.ts';
import { pageOf } from '../text.ts';

const hangUp: Handler = (_path, _request, response) => void response.destroy();
/** A site whose page `/loi` fails three times; the others are there. */
const failing = (host: string, fault: Answer | Handler, times = 3): Site => ({
  routes: { '/': pageOf(host, ['/loi', '/sau']), '/loi': fault, '/sau': pageOf(`${host} sau`) },
  must: ['/', '/sau'],
  may: ['/loi'],
  times: { '/loi': times },
  most: 5 + times,
});
/** The page `/le` comes in a way that browsers read. */
const read = (host: string, answer: (body: string) => Answer, most = 7): Site => {
  const body = pageOf(`${host} le`);
  const lenient = most > 7; // what the strict parser refuses is asked for once more
  return {
    routes: { '/': pageOf(host, ['/le']), '/le': answer(body) },
    must: ['/', '/le'],
    most,
    ...(lenient && { times: { '/le': 2 } }),
  };
};
const head = (lines: string, body: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n${lines}\r\n${body}`;
const coded = (host: string, coding: string, pack: (body: string) => Uint8Array): Site =>
  read(host, (body) => ({ headers: { 'content-encoding': coding }, body: pack(body) }));
const bytesOf = (text: string): number => Buffer.byteLength(text);
const raw =
  (lines: (body: string) => string, wrap = (body: string): string => body) =>
  (body: string): Answer => ({ raw: head(lines(body), wrap(body)) });

const kind = (name: string, make: (host: string) => Site, isSlow = false): Kind => ({
  name,
  isSlow,
  site: ({ host }) => make(host),
});

export const badAnswers: readonly Kind[] = [
  kind('404, 410, 451', (host) => ({
    routes: {
      '/': pageOf(host, ['/a', '/b', '/c', '/d']),
      '/a': { status: 404 },
      '/b': { status: 410 },
      '/c': { status: 451 },
      '/d': { status: 403 },
    },
    may: ['/a', '/b', '/c', '/d'],
  })),
  kind('500', (host) => failing(host, { status: 500 })),
  kind('hangs up', (host) => failing(host, hangUp, 6)), // a connection at rest may have been closed before: once more
  kind('an empty answer', (host) => failing(host, { raw: '' }, 6)),
  kind('no HTTP', (host) => failing(host, { raw: 'SSH-2.0-OpenSSH_9.2\r\n' }, 6)),
  kind('gzip that is none', (host) =>
    failing(host, { headers: { 'content-encoding': 'gzip' }, body: pageOf(`${host} le`) }),
  ),
  kind('six codings', (host) =>
    failing(host, { headers: { 'content-encoding': 'gzip, gzip, gzip, gzip, gzip, gzip' }, body: 'x' }),
  ),
  kind('two lengths', (host) =>
    failing(host, { raw: head('Content-Length: 3\r\nContent-Length: 5\r\n', 'abcdef') }, 6),
  ),
  kind('headers without an end', (host) => failing(host, { raw: head(`X: ${'x'.repeat(400_000)}\r\n`, '') }, 6)),
  kind('never answers', (host) => failing(host, () => undefined), true),
  kind(
    'a body that stops',
    (host) => ({
      routes: {
        '/': pageOf(host, ['/cham']),
        '/cham': (_path, _request, response) =>
          void response.writeHead(200, { 'content-type': 'text/html' }).write(pageOf(`${host} cham`)),
      },
      cut: ['/cham'],
    }),
    true,
  ),
  kind(
    'a trickle',
    (host) => ({
      routes: {
        '/': pageOf(host, ['/nho']),
        '/nho': (_path, _request, response) => {
          response.writeHead(200, { 'content-type': 'text/html' });
          response.write(pageOf(`${host} nho`).slice(0, 200));
          const timer = setInterval(() => response.write('x'), 50);
          response.on('close', () => clearInterval(timer));
          return undefined;
        },
      },
      cut: ['/nho'],
    }),
    true,
  ),
  kind('shorter than its length', (host) => ({
    routes: {
      '/': pageOf(host, ['/ngan']),
      '/ngan': { raw: head('Content-Length: 90000\r\n', pageOf(`${host} ngan`)) },
    },
    cut: ['/ngan'],
    times: { '/ngan': 2 },
    most: 7,
  })),
  kind('chunks without the last', (host) => ({
    routes: {
      '/': pageOf(host, ['/ngan']),
      '/ngan': { raw: head('Transfer-Encoding: chunked\r\n', `190\r\n${'x'.repeat(0x190)}\r\n`) },
    },
    cut: ['/ngan'],
    times: { '/ngan': 2 },
    most: 7,
  })),
  kind('gzip cut', (host) => ({
    routes: {
      '/': pageOf(host, ['/ngan']),
      '/ngan': { headers: { 'content-encoding': 'gzip' }, body: gzipSync(pageOf(`${host} ngan`)).subarray(0, 150) },
    },
    cut: ['/ngan'],
  })),
  kind('206 that nobody asked for', (host) => ({
    routes: {
      '/': pageOf(host, ['/phan']),
      '/phan': { status: 206, headers: { 'content-range': 'bytes 0-699/9000' }, body: pageOf(`${host} phan`) },
    },
    cut: ['/phan'],
  })),
  kind('longer than its length', (host) =>
    read(host, (body) => ({ raw: head(`Content-Length: ${bytesOf(body)}\r\n`, `${body}and more`) })),
  ),
  kind(
    'too large',
    (host) => ({
      routes: { '/': pageOf(host, ['/to']), '/to': pageOf(`${host} to`) + 'x'.repeat(9 * 2 ** 20) },
      cut: ['/to'],
    }),
    true,
  ),
  kind(
    'a bomb',
    (host) => ({
      routes: {
        '/': pageOf(host, ['/bom']),
        '/bom': { headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(64 * 2 ** 20, 32)) },
      },
      cut: ['/bom'],
    }),
    true,
  ),
  kind('lines that end in LF', (host) =>
    read(host, (body) => ({ raw: head(`Content-Length: ${bytesOf(body)}\r\n`, '').replaceAll('\r', '') + body }), 8),
  ),
  kind('a length beside chunks', (host) =>
    read(
      host,
      raw(
        (body) => `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n${body.slice(0, 0)}`,
        (body) => `${bytesOf(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`,
      ),
      8,
    ),
  ),
  kind('the same length twice', (host) =>
    read(
      host,
      raw((body) => `Content-Length: ${bytesOf(body)}\r\n`.repeat(2)),
      8,
    ),
  ),
  kind('spaces and control bytes in headers', (host) =>
    read(
      host,
      raw((body) => `X Powered By: PHP\r\nSet-Cookie: a=\u0001\r\nContent-Length: ${bytesOf(body)}\r\n`),
      8,
    ),
  ),
  kind('80 kB of headers', (host) =>
    read(
      host,
      raw((body) => `${'Set-Cookie: x=yyyyyyyyyyyyyyyy\r\n'.repeat(2600)}Content-Length: ${bytesOf(body)}\r\n`),
    ),
  ),
  kind('100 before the answer', (host) =>
    read(
      host,
      (body) => ({ raw: `HTTP/1.1 100 Continue\r\n\r\n${head(`Content-Length: ${bytesOf(body)}\r\n`, body)}` }),
      8,
    ),
  ),
  kind('no headers but the status', (host) => read(host, (body) => ({ raw: `HTTP/1.0 200\r\n\r\n${body}` }), 8)),
  kind('content types of nonsense', (host) => ({
    routes: Object.fromEntries(
      ['/', '/a', '/b', '/c'].map((path, i) => [
        path,
        {
          headers: {
            'content-type': ['text/html;charset=utf-8;;', 'html', ';charset=utf-8', 'text/html, text/html'][i]!,
          },
          body: pageOf(host + path, ['/a', '/b', '/c']),
        },
      ]),
    ),
    must: ['/', '/a', '/b', '/c'],
  })),
  kind('gzip', (host) => coded(host, 'gzip', gzipSync)),
  kind('x-gzip twice', (host) => coded(host, 'x-gzip, gzip', (body) => gzipSync(gzipSync(body)))),
  kind('deflate', (host) => coded(host, 'deflate', deflateSync)),
  kind('raw deflate', (host) => coded(host, 'deflate', deflateRawSync)),
  kind('br', (host) => coded(host, 'br', brotliCompressSync)),
  kind('a coding that is none', (host) => coded(host, 'utf-8', Buffer.from)),
  kind('Content-Location of another page', (host) => ({
    routes: {
      '/': { headers: { 'content-location': '/khac/' }, body: pageOf(host, ['sau']) },
      '/sau': pageOf(`${host} sau`),
      '*': { status: 404 },
    },
    must: ['/', '/sau'], // links are of the address itself (RFC 9110 has no base of it)
  })),
  {
    name: 'a certificate for another name',
    site: ({ sub, securePort }) => ({
      ...{ routes: {}, must: [], most: 0, reason: 'robots_unreachable' },
      seed: `https://${sub('khac')}:${securePort}/`,
    }),
  },
  kind('no such name', (host) => ({
    routes: {},
    must: [],
    most: 0,
    means: () => undefined,
    reason: 'robots_unreachable',
    seed: `http://${host}/`,
  })),
  kind('nobody listens', (host) => ({
    routes: {},
    must: [],
    most: 0,
    seed: `http://${host}:1/`,
    reason: 'robots_unreachable',
  })),
];
