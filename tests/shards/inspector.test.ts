/** The server of `vua inspect` over a socket: pages, token folders by range, and nothing else. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../shards/inspector/server.ts';
import { writeTokens } from '../../shards/tokens/write.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { document, writeFolder } from './support.ts';

let root: string;
let server: RunningServer;
const site = new Map([
  ['index.html', Buffer.from('<title>Vựa</title>')],
  ['page.js', Buffer.from('1')],
]);

/** `run/tokens`, and in `worn` a manifest that cannot be read. */
beforeAll(async () => {
  root = temporaryFolder('file');
  const [documentsDir, tokenizerDir] = [0, 1].map(() => temporaryFolder('file'));
  writeFolder(
    documentsDir,
    range(60).map((n) => document(n)),
  );
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) writeFileSync(join(tokenizerDir, name), '{}');
  const encode = (text: Uint8Array): Uint16Array => Uint16Array.from(text);
  const facts = { documentsDir, tokenizerDir, encode, vocabSize: 257, bosId: 256, validShare: 0.1 };
  await writeTokens({ ...facts, outDir: join(root, 'run/tokens') }, context());
  mkdirSync(join(root, 'worn'));
  writeFileSync(join(root, 'worn/manifest.json'), '{"format": "vua-tokens", "version": 2, "dtype": "uint7"}');
  for (const hidden of ['.git', 'node_modules']) {
    mkdirSync(join(root, hidden));
    writeFileSync(join(root, hidden, 'manifest.json'), readFileSync(join(root, 'run/tokens/manifest.json')));
  }
  writeFileSync(join(root, 'secret.json'), '{}');
  writeFileSync(join(root, 'run/tokens/notes.txt'), 'not of the folder');
  server = await startServer({ dir: root, host: '127.0.0.1', port: 0, pages: { train: site } });
});
afterAll(async () => {
  await server.close();
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** As it is written: `fetch` would mend a path before it leaves. */
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = get(`${server.address}/`, { path, headers, method }, async (response) => {
      const parts = await response.toArray();
      resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts as Buffer[]) });
    });
    request.on('error', reject);
  });

it('serves the page isolated, and what token folders there are', async () => {
  expect(await ask('/')).toMatchObject({ status: 302, headers: { location: '/train/' } });
  const page = await ask('/train/');
  expect(page.body.toString()).toBe('<title>Vựa</title>');
  expect((await ask('/train/page.js')).headers['content-type']).toBe('text/javascript; charset=utf-8');
  expect(await ask('/train')).toMatchObject({ status: 302, headers: { location: '/train/' } });
  expect(page.headers).toMatchObject({
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  });
  const { folders } = JSON.parse((await ask('/folders.json')).body.toString());
  expect(folders.map(({ path }: { path: string }) => path)).toEqual(['run/tokens', 'worn']);
  expect(folders[0]).toMatchObject({ documents: 60, vocabSize: 257 });
  expect(folders[1].problem).toMatch(/worn\/manifest\.json: dtype: /);
});

it('serves shards by range, with an entity tag', async () => {
  const url = '/tokens/run/tokens/train-00000.arrow';
  const bytes = readFileSync(join(root, 'run/tokens/train-00000.arrow'));
  const whole = await ask(url);
  expect(whole.body.equals(bytes)).toBe(true);
  const etag = String(whole.headers.etag);
  for (const [range, from, to] of [
    ['bytes=0-0', 0, 0],
    ['bytes=100-299', 100, 299],
    ['bytes=100-', 100, bytes.length - 1],
    ['bytes=-7', bytes.length - 7, bytes.length - 1],
    [`bytes=5-${bytes.length + 9}`, 5, bytes.length - 1],
  ] as const) {
    const part = await ask(url, { range, 'if-range': etag });
    expect(part).toMatchObject({
      status: 206,
      headers: { 'content-range': `bytes ${from}-${to}/${bytes.length}`, etag },
    });
    expect(part.body.equals(bytes.subarray(from, to + 1))).toBe(true);
  }
  expect(await ask(url, { range: `bytes=${bytes.length}-` })).toMatchObject({
    status: 416,
    headers: { 'content-range': `bytes */${bytes.length}` },
  });
  expect(await ask(url, { 'if-none-match': `"x", ${etag}` })).toMatchObject({ status: 304, body: Buffer.alloc(0) });
  for (const headers of [{ range: 'bytes=1-2,4-5' }, { range: 'bytes=0-9', 'if-range': '"other"' }]) {
    expect((await ask(url, headers as Record<string, string>)).status).toBe(200);
  }
  const head = await ask(url, {}, 'HEAD');
  expect(head).toMatchObject({ status: 200, headers: { 'content-length': String(bytes.length) } });
  expect(head.body.length).toBe(0);
});

it('opens nothing but the files of token folders', async () => {
  symlinkSync('/etc/hostname', join(root, 'run/tokens/train-00009.arrow'));
  for (const path of [
    '/tokens/secret.json',
    '/tokens/../secret.json',
    '/tokens/run/tokens/../../secret.json',
    '/tokens/run/tokens/%2e%2e/%2e%2e/secret.json',
    '/tokens/run/tokens/..%2f..%2fsecret.json',
    '/tokens/run/tokens/..%5c..%5csecret.json',
    '/tokens/run/tokens/notes.txt',
    '/tokens/run/tokens/train-00009.arrow',
    '/tokens/run/tokens/',
    '/tokens/etc/manifest.json',
    '/tokens//etc/manifest.json',
    '/train/../../package.json',
    '/train/main.ts',
    '/__proto__/x',
    '/tokens/%00/manifest.json',
    '/%',
  ]) {
    expect((await ask(path)).status, path).toBeOneOf([400, 404]);
  }
  expect((await ask('/folders.json', { host: 'elsewhere.example' })).status).toBe(403);
  expect((await ask('/folders.json', { host: 'localhost:1' })).status).toBe(200);
  expect((await ask('/folders.json', {}, 'POST')).status).toBe(403);
  const post = { origin: server.address, 'content-type': 'application/json' };
  expect((await ask('/folders.json', post, 'POST')).status).toBe(405);
});
