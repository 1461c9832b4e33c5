/** Damage in the archive of a crawl costs one night: it is set aside, its page fetched again, and nobody hears of it more. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gunzipSync, inflateRawSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { eraseRecords } from '../../crawlers/erase-records.ts';
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

it.each([
  ['in the data', 900],
  ['in the header', 1],
])('a page that was taken down goes, also where its record is damaged %s', async (_, inside) => {
  // Chars that hardly pack: what stands before the damage could be read.
  const secret = Array.from({ length: 400 }, (_, i) => `xóm ${(i * 2_654_435_761).toString(36)}`).join(' ');
  await serve({ [HOST]: { '/': page('/1', '/2'), '/1': `${page()}<p>${secret}</p>`, '/2': page() } });
  await run();
  const path = join(outDir, 'warc', FILE);
  const members = membersOf(readFileSync(path));
  const own = members.findIndex((member) => gunzipSync(member).includes(secret.slice(0, 40)));
  const from = members.slice(0, own).reduce((sum, { length }) => sum + length, 0);
  const read = (bytes: Uint8Array): string => {
    const head = Buffer.from(bytes.subarray(20, Math.min(bytes.length, 880)));
    return inflateRawSync(head, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
  };
  flip(path, from + inside);
  const damaged = readFileSync(path).subarray(from, from + members[own].length);
  expect(read(damaged)).toContain(secret.slice(0, 40));
  const piece = join(outDir, 'damaged', `${FILE}.${from}-${from + damaged.length}`);
  mkdirSync(join(outDir, 'damaged'), { recursive: true });
  writeFileSync(piece, damaged);
  expect(await eraseRecords(outDir, (address) => address.endsWith('/1'))).toBeGreaterThanOrEqual(2);
  expect(existsSync(piece)).toBe(false);
  const after = readFileSync(path);
  expect(after.length).toBe(members.reduce((sum, { length }) => sum + length, 0));
  expect(gunzipSync(after).toString()).not.toContain(secret.slice(0, 40));
  expect((await records()).map(({ url }) => new URL(url).pathname)).toEqual(expect.arrayContaining(['/', '/2']));
});
