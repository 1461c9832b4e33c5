/**
 * Disks that fill up: small file systems in memory, filled at many sizes. Whatever could not be written is said with its
 * place and the room there is; after making room the same call goes on, and nothing is lost or doubled.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, type TestContext } from 'vitest';
import { runCrawl } from '../crawlers/run-crawl.ts';
import { appendToFile, writeFault } from '../crawlers/shell/folder.ts';
import { openInput } from '../crawlers/sources/index.ts';
import { verifyCrawl } from '../crawlers/verify.ts';
import { cleanInputs } from '../shards/documents/clean-inputs.ts';
import { readRows } from '../shards/documents/read.ts';
import { verify } from '../shards/verify/verify.ts';
import { trainTokenizer } from '../tokenizer/train/train-files.ts';
import { writeTokenShards } from '../tokenizer/write-tokens.ts';
import { startWeb } from './crawlers/web.ts';
import { collect, context, range, temporaryFolder, thrownBy } from './support.ts';

const mounts: string[] = [];
afterEach(() => {
  for (const dir of mounts.splice(0)) spawnSync('umount', ['-l', dir]);
});

/** A file system of `kilobytes` in memory; the test is skipped where the system gives none. */
function disk(kilobytes: number, { skip }: TestContext): { dir: string; grow: () => void } {
  const dir = temporaryFolder();
  const mount = (options: string): number | null =>
    spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir]).status;
  if (mount(`size=${kilobytes}k`) !== 0) skip('a tmpfs cannot be mounted here');
  mounts.push(dir);
  return { dir, grow: () => void expect(mount('remount,size=256m')).toBe(0) };
}

const fullAt = (dir: string) => ({
  code: 'WRITE_FAILED',
  exitStatus: 1,
  message: expect.stringMatching(new RegExp(`^${dir}/.*: no space left on the device; .* of .* are free there`)),
  hint: 'free some disk space and run again: what was written stays valid',
});

const SENTENCES = [
  'Con sông chảy qua làng tôi',
  'Mùa gặt năm nay đến sớm',
  'Cô giáo kể chuyện ngày xưa',
  'Chợ họp từ lúc tinh mơ',
];
const text = (n: number): string =>
  range(12)
    .map((i) => {
      const [who, what] = [n * 31 + i, (n * 7919 + i * 104_729) % 10_007];
      return `${SENTENCES[(n + i) % 4]}, người thứ ${who} nói rằng việc số ${what} đã xong.`;
    })
    .join(' ');

const faults = async (dir: string): Promise<readonly unknown[]> => (await verify(dir, context(), [verifyCrawl])).faults;

it.for([40, 80, 120, 200])('a crawl on %i kB: says so, goes on, every page once', async (kilobytes, test) => {
  const { dir, grow } = disk(kilobytes, test);
  const paths = range(60).map((n) => `/${n}`);
  const links = paths.map((path) => `<a href="${path}">x</a>`).join('');
  // Bytes that do not shrink: a page is 3 kB in the WARC, too.
  const noise = (n: number): string =>
    range(1200)
      .map((i) => Math.imul(n * 1200 + i + 1, 2_654_435_761).toString(36))
      .join(' ');
  const site = Object.fromEntries(paths.map((path, n) => [path, `<title>Trang</title><p>${text(n)} ${noise(n)}</p>`]));
  const web = await startWeb({ 'a.vua.test': { '/': `<p>${links}</p>`, ...site } });
  try {
    const options = {
      ...{
        outDir: join(dir, 'crawl'),
        seeds: ['http://a.vua.test/'],
        connectTo: web.connectTo,
        delayMs: 0,
        maxForeignPages: 100,
      }, // its noise is not Vietnamese
    };
    expect(await thrownBy(() => runCrawl(options, context()))).toMatchObject(fullAt(dir));
    grow();
    await runCrawl(options, context());
    expect(await faults(dir)).toEqual([]);
    const urls = new Set(
      (await collect(openInput(join(dir, 'crawl', 'warc')))).map(({ url }) => new URL(url).pathname),
    );
    expect([...urls].sort()).toEqual(['/', ...paths].sort());
  } finally {
    await web.close();
  }
});

const inputOf = (documents: number, lifetime?: 'file'): string => {
  const input = join(temporaryFolder(lifetime), 'in.jsonl');
  writeFileSync(
    input,
    range(documents)
      .map((n) => `${JSON.stringify({ id: `d${n}`, text: text(n) })}\n`)
      .join(''),
  );
  return input;
};

let input: string | undefined;
const cleaned = async (outDir: string): Promise<string[]> => {
  input ??= inputOf(300, 'file');
  await cleanInputs({ inputs: [input], outDir, shardBytes: 100_000, threads: 0 }, context());
  return (await collect(readRows(outDir))).map((row) => row.string('id'));
};
/** The ids on a disk with room. */
let sound: Promise<string[]> | undefined;

it.for([100, 300, 700, 1000])('cleaning on %i kB: says so, goes on, the same documents', async (kilobytes, test) => {
  const { dir, grow } = disk(kilobytes, test);
  const documents = join(dir, 'documents');
  expect(await thrownBy(() => cleaned(documents))).toMatchObject(fullAt(dir));
  grow();
  const ids = await cleaned(documents);
  expect(ids.length).toBeGreaterThan(200);
  sound ??= cleaned(temporaryFolder());
  expect(ids).toEqual(await sound);
  expect(await faults(dir)).toEqual([]);
  expect(readdirSync(documents).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

it('a tokenizer and tokens on 60 kB: say so, go on', async (test) => {
  const { dir, grow } = disk(60, test);
  const documents = join(temporaryFolder(), 'documents');
  await cleanInputs({ inputs: [inputOf(200)], outDir: documents, threads: 0 }, context());
  const tokenizer = join(temporaryFolder(), 'tokenizer');
  await trainTokenizer({ documents: [documents], vocabSize: 300, validShare: 0.1, out: tokenizer }, context());
  const encode = () => writeTokenShards({ documents, tokenizer, validShare: 0.1, out: join(dir, 'tokens') }, context());
  expect(await thrownBy(encode)).toMatchObject(fullAt(dir));
  grow();
  await encode();
  expect(await faults(join(dir, 'tokens'))).toEqual([]);
  writeFileSync(join(dir, 'much'), Buffer.alloc(240 << 20));
  writeFileSync(join(dir, 'more'), '');
  const full = () => trainTokenizer({ documents: [documents], vocabSize: 300, out: join(dir, 'tokenizer') }, context());
  for (let size = 16 << 20; size > 0; size = Math.floor(size / 2)) {
    try {
      appendFileSync(join(dir, 'more'), Buffer.alloc(size));
    } catch {} // the rest is smaller
  }
  expect(await thrownBy(full)).toMatchObject(fullAt(dir));
});

it.skipIf(!existsSync('/dev/full'))('a line that is appended to a full disk', async () => {
  const path = join(temporaryFolder(), 'curve.jsonl');
  symlinkSync('/dev/full', path);
  expect(await thrownBy(() => appendToFile(path, '{"step":1}\n'))).toMatchObject({
    code: 'WRITE_FAILED',
    message: expect.stringMatching(/curve\.jsonl: ENOSPC: no space left.*, 11 B were to be written/),
  });
});

it.each([
  ['ENOSPC', 'WRITE_FAILED', 1, /no space left/],
  ['SQLITE_FULL', 'WRITE_FAILED', 1, /no space left/],
  ['EDQUOT', 'WRITE_FAILED', 1, /quota/],
  ['EFBIG', 'WRITE_FAILED', 1, /larger than/],
  ['EIO', 'WRITE_FAILED', 1, /device or its file system failed/],
  ['SQLITE_IOERR_WRITE', 'WRITE_FAILED', 1, /device or its file system failed/],
  ['EROFS', 'UNWRITABLE_FOLDER', 2, /./],
  ['EACCES', 'UNWRITABLE_FOLDER', 2, /./],
  ['SQLITE_READONLY_DBMOVED', 'UNWRITABLE_FOLDER', 2, /./],
  ['SQLITE_CANTOPEN', 'UNWRITABLE_FOLDER', 2, /./],
  ['SQLITE_BUSY', 'FOLDER_LOCKED', 75, /another process/],
])('%s is %s, exit %i', (code, expected, exitStatus, message) => {
  const path = join(temporaryFolder(), 'x.sqlite');
  const fault = writeFault(path, Object.assign(new Error('it went wrong'), { code }));
  expect(fault).toMatchObject({ code: expected, exitStatus, message: expect.stringMatching(message) });
  expect(fault?.message).toContain(path);
});

it('what is no matter of the disk stays what it is', () => {
  for (const error of [new TypeError('x'), Object.assign(new Error('x'), { code: 'SQLITE_CONSTRAINT' }), undefined]) {
    expect(writeFault('x', error)).toBeUndefined();
  }
});

it('a read-only disk is named, and the folder on it is still whole', async (test) => {
  const { dir } = disk(5000, test);
  const clean = () => cleanInputs({ inputs: [inputOf(20)], outDir: join(dir, 'documents'), threads: 0 }, context());
  await clean();
  expect(spawnSync('mount', ['-o', 'remount,ro', dir]).status).toBe(0);
  expect(await thrownBy(clean)).toMatchObject({ code: 'UNWRITABLE_FOLDER', exitStatus: 2 });
  expect(await faults(dir)).toEqual([]);
});

it('what will not fit is foreseen: what, where and how much', async (test) => {
  const heard = context();
  const tried = async (work: () => Promise<unknown>): Promise<string> => {
    await work().catch(() => {}); // it is full before the end
    return heard.err.splice(0).join('');
  };
  const input = inputOf(450);
  const documents = join(temporaryFolder(), 'documents');
  await cleanInputs({ inputs: [input], outDir: documents, threads: 0 }, context());
  const tokenizer = join(temporaryFolder(), 'tokenizer');
  await trainTokenizer({ documents: [documents], vocabSize: 300, validShare: 0.1, out: tokenizer }, context());
  const clean = () =>
    cleanInputs({ inputs: [input], outDir: join(disk(400, test).dir, 'documents'), threads: 0 }, heard);
  expect(await tried(clean)).toMatch(
    /documents: documents of what is new need about [\d.]+ kB, [\d.]+ kB of [\d.]+ kB are free/,
  );
  const encode = () =>
    writeTokenShards({ documents, tokenizer, validShare: 0.1, out: join(disk(120, test).dir, 'tokens') }, heard);
  expect(await tried(encode)).toMatch(
    /tokens: tokens of [\d,]+ documents need about [\d.]+ kB, .* are free there: make room/,
  );
  const crawl = () =>
    runCrawl(
      {
        outDir: join(disk(400, test).dir, 'crawl'),
        seeds: ['http://a.vua.test/'],
        connectTo: { 'a.vua.test': '127.0.0.1:9' },
        retryDelayMs: 1,
      },
      heard,
    );
  expect(await tried(crawl)).toMatch(/crawl: 10,000 pages need about 300.0 MB, .* are free there/);
  const little = () =>
    cleanInputs({ inputs: [inputOf(2)], outDir: join(disk(400, test).dir, 'few'), threads: 0 }, heard);
  expect(await tried(little)).not.toContain('need about');
});
