/** Damage in the archive of a crawl costs one night: it is set aside, its page fetched again, and nobody hears of it more. */
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { suspect } from '../../crawlers/settle-damage.ts';
import { verifyCrawl } from '../../crawlers/verify.ts';
import { verify } from '../../shards/verify/verify.ts';
import { context } from '../support.ts';
import { HOST, outDir, records, run, serve, summary, web } from './crawl-fixture.ts';
import { membersOf } from './warc-records.ts';
import { page } from './web.ts';

const FILE = 'crawl-00000.warc.gz';
const faults = async () => (await verify(outDir, context(), [verifyCrawl])).faults.map(({ check }) => check);

async function crawled(): Promise<{ path: string; at: (url: string) => number }> {
  const links = ['/1', '/2', '/3', '/4'];
  const body = (n: string) => ({ body: `${page()}<p>${n.repeat(500)}</p>`, headers: { etag: `"${n}"` } });
  await serve({ [HOST]: { '/': page(...links), ...Object.fromEntries(links.map((link) => [link, body(link)])) } });
  await run();
  const path = join(outDir, 'warc', FILE);
  const members = membersOf(readFileSync(path));
  const heads = members.map((member) => gunzipSync(member).toString('latin1', 0, 300));
  const isAnswer = (head: string, url: string): boolean =>
    head.includes('WARC-Type: response\r\n') && head.includes(`WARC-Target-URI: ${url}\r\n`);
  const indexOf = (url: string): number => heads.findIndex((head) => isAnswer(head, url));
  return { path, at: (url) => members.slice(0, indexOf(url)).reduce((sum, { length }) => sum + length, 0) };
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] ^= 0x10;
  writeFileSync(path, bytes);
}

it.each([
  ['in the data', 60],
  ['in the header', 1],
])('a flipped byte %s', async (_, inside) => {
  const { path, at } = await crawled();
  const before = (await records()).length;
  flip(path, at(`http://${HOST}/2`) + inside);
  expect(await faults()).toContain('warc');
  const notes: string[] = [];
  expect(summary(await run({ note: (text) => notes.push(text) }))).toEqual([`fetched ${HOST}/2`]);
  expect(notes).toEqual([
    expect.stringMatching(/damaged at bytes \d+-\d+: set aside in .*damaged; asked for again: 1$/),
  ]);
  expect(await faults()).toEqual([]);
  expect((await records()).filter(({ url }) => url.endsWith('/2'))).toHaveLength(1);
  expect((await records()).length).toBeGreaterThanOrEqual(before);
  expect(readdirSync(join(outDir, 'damaged'))).toHaveLength(1);
  // Told once; the next nights find nothing.
  expect(await run({ note: (text) => notes.push(text) })).toEqual([]);
  expect(notes).toHaveLength(1);
  expect(web.paths().filter((path) => path.endsWith('/2'))).toHaveLength(2);
});

it('a byte that changed without the clock: found when a reader met it', async () => {
  const { path, at } = await crawled();
  const { atime, mtime, mtimeMs } = statSync(path);
  flip(path, at(`http://${HOST}/3`) + 60);
  utimesSync(path, atime, mtime);
  if (statSync(path).mtimeMs === mtimeMs) expect(await run()).toEqual([]);
  suspect(outDir, [`${path}: damaged gzip data`]);
  expect(summary(await run())).toEqual([`fetched ${HOST}/3`]);
  expect(await faults()).toEqual([]);
});
