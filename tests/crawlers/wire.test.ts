/** What servers send that is not quite HTTP, byte for byte, and HTTP/2: read as curl and browsers read it. */
import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Fetcher } from '../../crawlers/fetch.ts';
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.ts';

const never = new AbortController().signal;
let server: Server;
let fetcher: Fetcher;
let answer: readonly (string | Uint8Array)[];
/** Keeps the connection open behind the answer. */
let stays = false;
let connections: number;
let heard: string[];

beforeAll(async () => {
  server = createServer((socket: Socket) => {
    connections++;
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      heard.push(bytes.toString());
      for (const piece of answer) socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
      if (!stays) socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  fetcher = newFetcher();
});
afterEach(() => {
  stays = false;
});
afterAll(async () => {
  await fetcher.close();
  await new Promise((resolve) => server.close(resolve));
});

function newFetcher(): Fetcher {
  const { port } = server.address() as AddressInfo;
  return new Fetcher({ connectTo: { 'a.vua.test': `127.0.0.1:${port}` }, userAgent: 'T', timeoutMs: 5000 });
}

async function get(...pieces: readonly (string | Uint8Array)[]) {
  [answer, connections, heard] = [pieces, 0, []];
  if (!stays) {
    await fetcher.close();
    fetcher = newFetcher(); // one that has been lenient stays so
  }
  const got = await fetcher.fetch('http://a.vua.test/x?y=1', { maxBytes: 1e6 }, never);
  return { ...got, truncated: got.truncated, text: Buffer.from(got.body).toString() };
}
const OK = 'HTTP/1.1 200 OK\r\n';

describe('heads that are read', () => {
  it.each<[name: string, head: string]>([
    ['a length beside chunks', `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
    ['the same length twice', `${OK}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
    ['the same length in one line', `${OK}Content-Length: 5, 5\r\n\r\nhello`],
    ['a length that is none', `${OK}Content-Length: five\r\n\r\nhello`],
    ['a space in a name', `${OK}X Powered By: PHP\r\nContent-Length: 5\r\n\r\nhello`],
    ['a space before the colon', `${OK}Content-Length : 5\r\n\r\nhello`],
    ['a line without a colon', `${OK}what is this\r\nContent-Length: 5\r\n\r\nhello`],
    ['a control byte', `${OK}Set-Cookie: a=\x01\r\nContent-Length: 5\r\n\r\nhello`],
    ['lines that end in LF', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello'],
    ['80 kB of headers', `${OK}${'Set-Cookie: a=b; path=/\r\n'.repeat(3500)}Content-Length: 5\r\n\r\nhello`],
    ['100 that nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 5\r\n\r\nhello`],
    ['early hints', `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${OK}Content-Length: 5\r\n\r\nhello`],
    ['blank lines first', `\r\n\r\n${OK}Content-Length: 5\r\n\r\nhello`],
    ['no reason', 'HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello'],
    ['HTTP/1.0 until the end', 'HTTP/1.0 200 OK\r\n\r\nhello'],
    ['ICY', 'ICY 200 OK\r\n\r\nhello'],
    ['a folded line', `${OK}X: a\r\n b\r\nContent-Length: 5\r\n\r\nhello`],
    ['more than its length', `${OK}Content-Length: 5\r\n\r\nhello, and more`],
  ])('%s', async (_name, raw) => {
    expect(await get(raw)).toMatchObject({ status: 200, text: 'hello', truncated: undefined });
  });

  it('comes in pieces of a byte', async () => {
    const raw = `${OK}Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nTrailer: 1\r\n\r\n`;
    [answer, connections, heard] = [[], 0, []];
    const slow = createServer(async (socket) => {
      socket.resume();
      for (const byte of Buffer.from(raw)) {
        socket.write(Uint8Array.of(byte));
        await new Promise(setImmediate);
      }
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const { port } = slow.address() as AddressInfo;
    const other = new Fetcher({ connectTo: { b: `127.0.0.1:${port}` }, userAgent: 'T', timeoutMs: 5000 });
    const { body } = await other.fetch('http://b/', { maxBytes: 9 }, never);
    await other.close();
    await new Promise((resolve) => slow.close(resolve));
    expect(Buffer.from(body).toString()).toBe('hello');
  });
});

describe('heads that are refused', () => {
  it.each<[name: string, head: string, reason: string]>([
    ['two lengths', `${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`, 'bad_response'],
    ['no HTTP', '<html>hello', 'connection_lost'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'bad_response'],
    ['a status that is none', 'HTTP/1.1 OK\r\n\r\n', 'bad_response'],
    ['a change of protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n', 'bad_response'],
    ['endless interim answers', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(50), 'bad_response'],
    ['endless headers', `${OK}${'X: yyyyyyyyyyyy\r\n'.repeat(30_000)}`, 'bad_response'],
    ['a line without end', `${OK}X: ${'y'.repeat(300_000)}`, 'bad_response'],
    ['chunks that are none', `${OK}Transfer-Encoding: chunked\r\n\r\n<html>hello\r\n`, 'bad_response'],
    ['nothing', '', 'connection_lost'],
  ])('%s', (_name, raw, reason) => expect(get(raw)).rejects.toMatchObject({ code: 'REQUEST_FAILED', reason }));
});

describe('bodies', () => {
  const chunked = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
  it.each<[name: string, raw: string, text: string, truncated: string | undefined]>([
    [
      'a long chunk size',
      `${chunked}${'0'.repeat(400)}5;${'x'.repeat(3000)}\r\nhello\r\n0\r\n\r\n`,
      'hello',
      undefined,
    ],
    ['chunks without line ends', `${chunked}5\nhello2\nho0\n\n`, 'helloho', undefined],
    ['no last blank line', `${chunked}5\r\nhello\r\n0\r\n`, 'hello', 'disconnect'],
    ['no last chunk', `${chunked}5\r\nhello\r\n`, 'hello', 'disconnect'],
    ['half a chunk', `${chunked}9\r\nhello`, 'hello', 'disconnect'],
    ['noise behind a chunk', `${chunked}5\r\nhello\r\n<html>`, 'hello', 'disconnect'],
    ['less than its length', `${OK}Content-Length: 500\r\n\r\nhello`, 'hello', 'disconnect'],
    [
      'a part',
      'HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-4/9\r\nContent-Length: 5\r\n\r\nhello',
      'hello',
      'unspecified',
    ],
    [
      'a part that is all',
      'HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-4/5\r\nContent-Length: 5\r\n\r\nhello',
      'hello',
      undefined,
    ],
    ['a coding that is none', `${OK}Content-Encoding: utf-8\r\n\r\nhello`, 'hello', undefined],
    ['none as a coding', `${OK}Content-Encoding: none, identity\r\n\r\nhello`, 'hello', undefined],
  ])('%s', async (_name, raw, text, truncated) => {
    expect(await get(raw)).toMatchObject({ text, truncated });
  });

  it.each<[name: string, coding: string, body: Uint8Array]>([
    ['bare deflate', 'deflate', deflateRawSync('hello')],
    ['x-gzip', 'X-GZip', gzipSync('hello')],
    [
      'five codings',
      'gzip, br, gzip, br, gzip',
      [1, 2].reduce((body) => gzipSync(brotliCompressSync(body)), gzipSync('hello')),
    ],
    // zstd --no-check: one frame, one raw block
    ['zstd', 'zstd', Buffer.from('28b52ffd00582900006' + '8656c6c6f', 'hex')],
  ])('%s', async (_name, coding, body) => {
    expect(await get(`${OK}Content-Encoding: ${coding}\r\n\r\n`, body)).toMatchObject({ text: 'hello' });
  });

  it('refuses a sixth coding, and what is not coded as it says', async () => {
    const six = `${OK}Content-Encoding: ${'gzip, '.repeat(5)}gzip\r\n\r\nhello`;
    await expect(get(six)).rejects.toMatchObject({
      reason: 'bad_encoding',
      detail: expect.stringContaining('6 codings'),
    });
    await expect(get(`${OK}Content-Encoding: gzip\r\n\r\nhello`)).rejects.toMatchObject({ reason: 'bad_encoding' });
    await expect(get(`${OK}Content-Encoding: zstd\r\n\r\nhello`)).rejects.toMatchObject({ reason: 'bad_encoding' });
  });

  it('gives what is there of a coded body that was cut', async () => {
    const body = gzipSync('Tiếng Việt '.repeat(50_000) + Math.random()).subarray(0, 1500);
    const { text, truncated } = await get(`${OK}Content-Encoding: gzip\r\nContent-Length: 9999\r\n\r\n`, body);
    expect(truncated).toBe('disconnect');
    expect(text.startsWith('Tiếng Việt Tiếng')).toBe(true);
  });
});

describe('connections', () => {
  it('are used again where the answer ends by itself, and not where it does not', async () => {
    stays = true;
    const whole = `${OK}Content-Length: 5\r\n\r\nhello`;
    await get(`${OK}X Powered By: PHP\r\nContent-Length: 5\r\n\r\nhello`); // read leniently from here on
    await get(whole);
    await get(whole);
    expect(connections).toBe(0);
    expect(heard).toEqual([
      'GET /x?y=1 HTTP/1.1\r\nhost: a.vua.test\r\nconnection: keep-alive\r\nUser-Agent: T\r\nAccept: text/html,application/xhtml+xml;q=0.9,text/plain;q=0.8,application/xml;q=0.7,*/*;q=0.1\r\nAccept-Language: vi,en;q=0.3\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n',
    ]);
    for (const unclear of [
      `${OK}Connection: close\r\nContent-Length: 5\r\n\r\nhello`,
      `${whole}more`,
      `${OK}Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    ]) {
      await get(unclear);
      await get(whole);
      expect(connections).toBe(1);
    }
  });

  it('are undici’s where answers are HTTP, and ask once more, counted, where they are not; the request is told as it was sent', async () => {
    const { port } = server.address() as AddressInfo;
    const other = new Fetcher({ connectTo: { 'b.vua.test': `127.0.0.1:${port}` }, userAgent: 'T', timeoutMs: 5000 });
    let again = 0;
    const ask = () => other.fetch('http://b.vua.test/x', { maxBytes: 1e6, again: () => again++ }, never);
    [answer, heard] = [[`${OK}Content-Length: 5\r\n\r\nhello`], []];
    expect((await ask()).request).toBe(heard[0]);
    expect([heard.length, again]).toEqual([1, 0]);
    [answer, heard] = [[`${OK}X Powered By: PHP\r\nContent-Length: 5\r\n\r\nhello`], []];
    const { request, body } = await ask();
    expect([heard, again, Buffer.from(body).toString()]).toEqual([[request, request], 1, 'hello']);
    [answer, heard, again] = [[`${OK}Transfer-Encoding: chunked\r\n\r\n 5\r\nhello\r\n0\r\n\r\n`], [], 0];
    await ask();
    expect([heard.length, again]).toEqual([1, 0]); // of this origin it is known
    await other.close();
  });

  it('that were closed at rest are opened anew, counted', async () => {
    stays = true;
    const whole = `${OK}Content-Length: 5\r\n\r\nhello`;
    await get(whole);
    await new Promise((resolve) => setTimeout(resolve, 550));
    [answer, stays, connections] = [[], false, 0];
    let again = 0;
    const asked = fetcher.fetch('http://a.vua.test/', { maxBytes: 9, again: () => again++ }, never);
    await expect(asked).rejects.toMatchObject({ reason: 'connection_lost' });
    expect([again, connections]).toEqual([1, 1]);
  });
});

describe('TLS', () => {
  const connectTo = (port: number) => ({ 'a.vua.test': `127.0.0.1:${port}`, 'other.test': `127.0.0.1:${port}` });
  const options = { userAgent: 'T', timeoutMs: 5000 };
  let h2: Http2SecureServer;
  let port: number;
  let asked: string[];
  beforeAll(async () => {
    asked = [];
    h2 = createSecureServer({ key: TEST_KEY, cert: TEST_CERTIFICATE });
    h2.on('session', () => asked.push('session'));
    h2.on('stream', (stream: ServerHttp2Stream, headers) => {
      asked.push(`${headers[':authority']}${headers[':path']} ${headers['user-agent']}`);
      stream.on('error', () => {});
      if (headers[':path'] === '/cut') {
        stream.respond({ ':status': 200, 'content-type': 'text/html' });
        stream.write('hel', () => stream.destroy(new Error('lost')));
      } else if (headers[':path'] === '/refused') stream.close(7);
      else if (headers[':path'] === '/silent') return;
      else {
        stream.respond({
          ':status': headers[':path'] === '/304' ? 304 : 200,
          'set-cookie': ['a=1', 'b=2'],
          'X-A': '1',
        });
        stream.end(headers[':path'] === '/304' ? undefined : 'hello');
      }
    });
    await new Promise<void>((resolve) => h2.listen(0, '127.0.0.1', resolve));
    port = (h2.address() as AddressInfo).port;
  });
  afterAll(async () => {
    await new Promise<void>((resolve) => h2.close(() => resolve()));
  });

  it('speaks HTTP/2 where that is agreed on, on one connection', async () => {
    const own = new Fetcher({ ...options, connectTo: connectTo(port), ca: TEST_CERTIFICATE });
    const ask = (path: string) => own.fetch(`https://a.vua.test${path}`, { maxBytes: 1000 }, never);
    const first = await ask('/x?y=1');
    expect(first).toMatchObject({
      status: 200,
      headers: [['set-cookie', 'a=1'], ['set-cookie', 'b=2'], ['x-a', '1'], expect.anything()],
    });
    expect(Buffer.from(first.body).toString()).toBe('hello');
    expect((await ask('/304')).status).toBe(304);
    expect(await ask('/cut')).toMatchObject({ body: Buffer.from('hel'), truncated: 'disconnect' });
    await expect(ask('/refused')).rejects.toMatchObject({ code: 'REQUEST_FAILED' });
    const hasty = new Fetcher({ ...options, connectTo: connectTo(port), ca: TEST_CERTIFICATE, timeoutMs: 300 });
    await expect(hasty.fetch('https://a.vua.test/silent', { maxBytes: 9 }, never)).rejects.toMatchObject({
      reason: 'timeout',
    });
    await hasty.close();
    expect(asked.filter((each) => each !== 'session').slice(0, 2)).toEqual(['a.vua.test/x?y=1 T', 'a.vua.test/304 T']);
    expect(asked.indexOf('session', 1)).toBeGreaterThan(2);
    expect(own.received('a.vua.test')).toBeGreaterThan(100);
    await own.close();
  });

  it('says why a host is closed', async () => {
    const plain = new Fetcher({ ...options, connectTo: connectTo(port) });
    const ask = (url: string) => plain.fetch(url, { maxBytes: 9 }, never);
    await expect(ask('https://a.vua.test/')).rejects.toMatchObject({
      reason: 'tls',
      detail: expect.stringContaining('self-signed'),
    });
    await plain.close();
    const trusting = new Fetcher({ ...options, connectTo: connectTo(port), ca: TEST_CERTIFICATE });
    await expect(trusting.fetch('https://other.test/', { maxBytes: 9 }, never)).rejects.toMatchObject({
      reason: 'tls',
      detail: expect.stringContaining('other.test'),
    });
    await trusting.close();
    const old = createTlsServer({
      key: TEST_KEY,
      cert: TEST_CERTIFICATE,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    });
    old.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    const to = new Fetcher({
      ...options,
      connectTo: connectTo((old.address() as AddressInfo).port),
      ca: TEST_CERTIFICATE,
    });
    await expect(to.fetch('https://a.vua.test/', { maxBytes: 9 }, never)).rejects.toMatchObject({
      reason: 'tls',
      detail: expect.stringMatching(/version/),
    });
    await to.close();
    await new Promise((resolve) => old.close(resolve));
  });
});
