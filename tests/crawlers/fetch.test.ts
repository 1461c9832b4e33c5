/** One request: bodies unpacked and cut, headers, and every way in which it fails. */
import { createServer as createTcpServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fetcher } from '../../crawlers/fetch.ts';
import { headerOf } from '../../crawlers/warc/http-message.ts';
import { type Handler, startWeb, type TestWeb } from './web.ts';

const TEXT = 'Tiếng Việt có dấu. '.repeat(2000);
const coded = (encoding: string, body: Uint8Array) => ({ headers: { 'content-encoding': encoding }, body });
const trickle: Handler = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/html' });
  const timer = setInterval(() => response.write('.'), 20);
  response.on('close', () => clearInterval(timer));
  return undefined;
};
const hangUp: Handler = (_request, response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('half');
  setTimeout(() => response.destroy(), 20);
  return undefined;
};

let web: TestWeb;
let fetcher: Fetcher;
let hasty: Fetcher;
const never = new AbortController().signal;
const get = (path: string, options: object = {}, signal = never, by = fetcher) =>
  by.fetch(`http://a.vua.test${path}`, { maxBytes: 1e6, ...options }, signal);

beforeAll(async () => {
  web = await startWeb({
    'a.vua.test': {
      '/plain': TEXT,
      '/gzip': coded('gzip', gzipSync(TEXT)),
      '/gzip-cut': coded('gzip', gzipSync(TEXT).subarray(0, -4)),
      '/br': coded('br', brotliCompressSync(TEXT)),
      '/deflate': coded('deflate', deflateSync(TEXT)),
      '/twice': coded('gzip, br', brotliCompressSync(gzipSync(TEXT))),
      '/bomb': coded('gzip', gzipSync(Buffer.alloc(50e6))),
      '/lie': coded('gzip', Buffer.from('not gzip')),
      '/unknown': coded('zstd', Buffer.from('?')),
      '/empty-gzip': coded('gzip', new Uint8Array()),
      '/latin': {
        headers: { 'content-type': 'text/html; charset=windows-1258' },
        body: new Uint8Array([0xd0, 0xec, 0x00]),
      },
      '/repeated': { headers: { 'X-Robots-Tag': ['noai', 'googlebot: noindex'] } },
      '/moved': { status: 302, headers: { location: '/plain' } },
      '/teapot': { status: 418, body: 'ấm trà' },
      '/trickle': trickle,
      '/hang-up': hangUp,
      '/silent': () => undefined,
      '/conditional': ({ headers }) =>
        headers['if-none-match'] === '"1"' ? { status: 304 } : { headers: { etag: '"1"' } },
      '/headers': { headers: { 'x-long': 'x'.repeat(300_000) } },
    },
  });
  fetcher = new Fetcher({ connectTo: web.connectTo, userAgent: 'TestBot/1.0', timeoutMs: 60_000 });
  hasty = new Fetcher({ connectTo: web.connectTo, userAgent: 'TestBot/1.0', timeoutMs: 200 });
});
afterAll(async () => {
  await fetcher.close();
  await hasty.close();
  await web.close();
});

describe('bodies', () => {
  it.each(['/plain', '/gzip', '/gzip-cut', '/br', '/deflate', '/twice'])('%s is unpacked', async (path) => {
    const { body, truncated, status } = await get(path);
    expect(Buffer.from(body).toString() === TEXT).toBe(true);
    expect({ truncated, status }).toEqual({ truncated: undefined, status: 200 });
  });

  it.each(['/plain', '/gzip', '/bomb'])('%s is cut at the limit', async (path) => {
    const { body, truncated } = await get(path, { maxBytes: 1000 });
    expect({ length: body.length, truncated }).toEqual({ length: 1000, truncated: 'length' });
    expect((await get('/plain', { maxBytes: Buffer.byteLength(TEXT) })).truncated).toBeUndefined();
  });

  it('come as bytes, whatever their charset', async () => {
    expect([...(await get('/latin')).body]).toEqual([0xd0, 0xec, 0x00]);
  });

  it('stay where they are when their type is not wanted', async () => {
    const { body, truncated, status } = await get('/plain', { accepts: (type: string) => type === 'image/png' });
    expect({ length: body.length, truncated, status }).toEqual({ length: 0, truncated: 'length', status: 200 });
  });

  it('may be empty', async () => expect((await get('/empty-gzip')).body.length).toBe(0));
});

describe('answers', () => {
  it.each([
    ['/moved', 302],
    ['/teapot', 418],
    ['/nowhere', 404],
  ])('%s is %i, neither followed nor thrown', async (path, status) => expect((await get(path)).status).toBe(status));

  it('keep repeated headers apart and names in their case', async () => {
    const { headers } = await get('/repeated');
    expect(headers.filter(([name]) => name === 'X-Robots-Tag').map(([, value]) => value)).toEqual([
      'noai',
      'googlebot: noindex',
    ]);
  });

  it('may be 304 when a validator is sent', async () => {
    const etag = headerOf((await get('/conditional')).headers, 'etag');
    expect((await get('/conditional', { etag })).status).toBe(304);
  });

  it('are asked for under the name of the URL and of the crawler', async () => {
    await get('/plain');
    const { host, headers } = web.requests.at(-1)!;
    expect([host, headers['user-agent']]).toEqual(['a.vua.test', 'TestBot/1.0']);
  });
});

describe('failures', () => {
  it('/silent: timeout; what came of a trickle until then is kept', async () => {
    const silent = get('/silent', {}, never, hasty);
    await expect(silent).rejects.toMatchObject({ code: 'REQUEST_FAILED', reason: 'timeout' });
    const { truncated, body } = await get('/trickle', {}, never, hasty);
    expect([truncated, /^\.+$/.test(Buffer.from(body).toString())]).toEqual(['time', true]);
  });

  it.each([
    ['/lie', 'bad_encoding'],
    ['/unknown', 'bad_encoding'],
    ['/headers', 'bad_response'],
  ])('%s: %s', async (path, reason) => {
    await expect(get(path)).rejects.toMatchObject({ code: 'REQUEST_FAILED', reason });
  });

  it('a closed port: connection_refused; noise: bad_response', async () => {
    const server = createTcpServer((socket) => socket.resume().end('this is not HTTP\r\n\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = (server.address() as { port: number }).port;
    const other = new Fetcher({ connectTo: { 'b.vua.test': `127.0.0.1:${port}` }, userAgent: 'T', timeoutMs: 1000 });
    const ask = () => other.fetch('http://b.vua.test/', { maxBytes: 10 }, never);
    await expect(ask()).rejects.toMatchObject({ reason: 'bad_response' });
    await new Promise((resolve) => server.close(resolve));
    await expect(ask()).rejects.toMatchObject({ reason: 'connection_refused' });
    await other.close();
  });

  it('an abort ends the request with its own reason', async () => {
    const abort = new AbortController();
    const patient = new Fetcher({ connectTo: web.connectTo, userAgent: 'T', timeoutMs: 60_000 });
    const request = patient.fetch('http://a.vua.test/trickle', { maxBytes: 1e6 }, abort.signal);
    setTimeout(() => abort.abort(new Error('enough')), 50);
    await expect(request).rejects.toThrowError('enough');
    await patient.close();
    await expect(get('/plain', {}, abort.signal)).rejects.toThrowError('enough');
  });

  it('goes on working after all of that', async () => expect((await get('/plain')).status).toBe(200));
});

it.each(['8080', '127.0.0.1', '127.0.0.1:99999', 'host:'])('refuses to connect to %s', (target) => {
  expect(() => new Fetcher({ connectTo: { 'a.vua.test': target }, userAgent: 'T', timeoutMs: 1 })).toThrowError(
    expect.objectContaining({ code: 'BAD_CONNECT_TO', exitStatus: 2 }),
  );
});

it('says whom to reach to every host outside this machine', async (context) => {
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === 'IPv4' && !each.internal)?.address;
  if (outside === undefined) return context.skip('this machine has the loopback alone');
  const server = await startWeb({ 'a.vua.test': { '/': 'x' } }, '0.0.0.0');
  const to = (userAgent: string) =>
    new Fetcher({ connectTo: { 'a.vua.test': `${outside}:${server.port}` }, userAgent, timeoutMs: 5000 });
  for (const userAgent of ['VuaBot/0.1 (collects Vietnamese text)', 'VuaBot/0.1 (a@b)', 'VuaBot/0.1 (http://)']) {
    const nobody = to(userAgent);
    const asked = nobody.fetch('http://a.vua.test/', { maxBytes: 9 }, never);
    await expect(asked).rejects.toMatchObject({ code: 'BAD_USER_AGENT', exitStatus: 2 });
    await nobody.close();
  }
  expect(server.requests).toEqual([]);
  for (const userAgent of ['VuaBot/0.1 (me@example.org)', 'VuaBot/0.1 (+https://example.org/bot)']) {
    const somebody = to(userAgent);
    expect((await somebody.fetch('http://a.vua.test/', { maxBytes: 9 }, never)).status).toBe(200);
    await somebody.close();
  }
  await server.close();
});

it('routes an IPv6 address, with brackets or without', async () => {
  for (const host of ['[::1]', '::1']) {
    const routed = new Fetcher({ connectTo: { [host]: `127.0.0.1:${web.port}` }, userAgent: 'T', timeoutMs: 5000 });
    expect((await routed.fetch('http://[::1]/', { maxBytes: 9 }, never)).status).toBe(404);
    await routed.close();
  }
});
