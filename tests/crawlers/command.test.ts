import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { crawlCommand } from '../../crawlers/command.ts';
import { INTERRUPTED, NOTHING_NEW, parseOptions } from '../../crawlers/shell/command.ts';
import { lockFolder, makeFolder, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { createReporter } from '../../crawlers/shell/reporter.ts';
import { page, startWeb, type TestWeb } from './web.ts';

let out: string;
let web: TestWeb;
beforeEach(async () => {
  out = mkdtempSync(join(tmpdir(), 'crawl-command-'));
  web = await startWeb({
    'a.vua.test': { '/': page('/2', '/3'), '/2': page() },
    'b.vua.test': { '/': { status: 503, headers: { 'retry-after': '7200' } } },
  });
});
afterEach(async () => {
  await web.close();
  rmSync(out, { recursive: true });
});

async function vuaCrawl(given: object, signal = new AbortController().signal) {
  const printed: string[] = [];
  const stream = { write: (text: string) => printed.push(text) };
  const connectTo = Object.entries(web.connectTo).map(([host, target]) => `${host}=${target}`);
  const options = parseOptions(crawlCommand, { out, delayMs: '0', connectTo, ...given }, (key) => key);
  const status = await crawlCommand.run(options, { signal, report: createReporter(true, stream, { write: () => {} }) });
  return { status, result: JSON.parse(printed.join('') || 'null') };
}

it('reports, and says 99 when there is nothing new', async () => {
  expect(await vuaCrawl({ seed: ['http://a.vua.test/'] })).toEqual({
    status: undefined,
    result: {
      event: 'crawled',
      fetched: 2,
      unchanged: 0,
      redirect: 0,
      refused: 1,
      failed: 0,
      bytes: expect.any(Number),
      reasons: { http_404: 1 },
      waiting: 0,
    },
  });
  const asked = web.requests.length;
  expect((await vuaCrawl({})).status).toBe(NOTHING_NEW);
  expect(web.requests.length).toBe(asked);
  expect(existsSync(join(out, 'vua.lock'))).toBe(false);
});

it('what waits for a later run is not "nothing new"', async () => {
  const { status, result } = await vuaCrawl({ seed: ['http://b.vua.test/'] });
  expect(status).toBeUndefined();
  expect(result).toMatchObject({ fetched: 0, failed: 0 });
});

it('says so when it was interrupted, and gives the folder back', async () => {
  const aborted = await vuaCrawl({ seed: ['http://a.vua.test/'] }, AbortSignal.abort());
  expect(aborted.status).toBe(INTERRUPTED);
  lockFolder(out)();
});

it('one crawl per folder', async () => {
  const release = lockFolder(out);
  await expect(vuaCrawl({ seed: ['http://a.vua.test/'] })).rejects.toMatchObject({ code: 'FOLDER_LOCKED' });
  release();
});

it('a lock of an earlier process is taken over, also one with the same pid', async () => {
  writeFileSync(join(out, 'vua.lock'), String(process.pid));
  await vuaCrawl({ seed: ['http://a.vua.test/'] });
  expect(existsSync(join(out, 'vua.lock'))).toBe(false);
});

it.each([
  ['BAD_CONNECT_TO', { connectTo: ['a.vua.test'] }],
  ['BAD_OPTION', { maxPages: 'many' }],
  ['BAD_OPTION', { depth: '3' }],
])('%s', async (code, given) => {
  await expect((async () => vuaCrawl({ seed: ['http://a.vua.test/'], ...given }))()).rejects.toMatchObject({
    code,
    exitStatus: 2,
  });
});

it.each(['file', 'file/below', '/proc/vua', '/proc/vua/below'])('%s cannot be a folder: said, and soon', (name) => {
  writeFileSync(join(out, 'file'), '');
  const error = expect.objectContaining({ code: 'UNWRITABLE_FOLDER', exitStatus: 2 });
  const dir = name.startsWith('/') ? name : join(out, name);
  for (const use of [makeFolder, lockFolder]) expect(() => use(dir)).toThrow(error);
  expect(() => writeFileAtomic(join(dir, 'x.json'), '{}')).toThrow(error);
});

it('a folder is no file to write', () => {
  mkdirSync(join(out, 'x.svg'));
  expect(() => writeFileAtomic(join(out, 'x.svg'), '')).toThrow(expect.objectContaining({ code: 'UNWRITABLE_FOLDER' }));
  expect(readdirSync(out)).toEqual(['x.svg']);
});

it('a run that comes to nothing leaves no folder behind', async () => {
  const fresh = join(out, 'a', 'b');
  await expect(vuaCrawl({ out: fresh })).rejects.toMatchObject({ code: 'NO_SEEDS' });
  expect(readdirSync(out)).toEqual([]);
});
