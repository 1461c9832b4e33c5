/** Takedown: the text is in no file afterwards, whatever is unpacked, and it does not come back. */

import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import BetterSqlite3 from 'better-sqlite3';
import { expect, it } from 'vitest';
import { signText } from '../../cleaning/clean.ts';
import { eraseRecords } from '../../crawlers/erase-records.ts';
import { runCrawl } from '../../crawlers/run-crawl.ts';
import { holding, shareFolder } from '../../crawlers/shell/lock.ts';
import { readWarc } from '../../crawlers/warc/read-warc.ts';
import { type WarcRecord, WarcWriter } from '../../crawlers/warc/warc.ts';
import { checksumOf } from '../../shards/checksum.ts';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { readRows } from '../../shards/documents/read.ts';
import { readDocumentManifest } from '../../shards/manifest.ts';
import { addToList, namesOf, removedFrom } from '../../shards/removal/list.ts';
import { Purge } from '../../shards/removal/purge.ts';
import { remove } from '../../shards/removal/remove.ts';
import { openTrace } from '../../shards/search/open-trace.ts';
import { openSearch } from '../../shards/search/search.ts';
import { factsOf } from '../../shards/snapshots/facts.ts';
import { currentSnapshot, readSnapshots, snapshotNamed } from '../../shards/snapshots/read.ts';
import { pin } from '../../shards/snapshots/retention.ts';
import { rollBack } from '../../shards/snapshots/rollback.ts';
import { beginNight, endNight } from '../../shards/snapshots/work.ts';
import { copyForSql } from '../../shards/sql/copy.ts';
import { verify } from '../../shards/verify/verify.ts';
import { prose, Random } from '../cleaning/duplicate-pool.ts';
import { page, startWeb } from '../crawlers/web.ts';
import { expectSteady } from '../growth.ts';
import { collect, context, range, temporaryFolder, thrownBy } from '../support.ts';
import { BOS, night, rowsFile, rowsIn, textsIn } from './nights.ts';
import { document, writeFolder } from './support.ts';

const SECRET =
  'Bà Lụa ở xóm Đình kể rằng đêm mưa ấy cả nhà thức trắng bên bếp lửa, nghe nước sông dâng qua bờ tre rồi tràn vào sân gạch, ' +
  'con trâu già đứng giữa chuồng ngập đến bụng mà không kêu một tiếng nào, chỉ nhìn ngọn đèn bão treo trên cột nhà.';
/** Of tests/shards/nights.ts. */
const byteTokens = (json: Uint8Array) => ({
  ...{ fingerprint: checksumOf(json), vocabSize: 257, bosId: BOS },
  bytesOf: (id: number) => Uint8Array.of(id),
});
const SENTENCE = 'đêm mưa ấy cả nhà thức trắng bên bếp lửa';
const lines = (rows: readonly object[]): string => {
  const path = join(temporaryFolder('file'), 'rows.jsonl');
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
};
const secret = lines([
  { id: 'secret', url: 'http://b.test/lua', text: SECRET },
  { id: 'echo', url: 'http://c.test/chep', text: `${SECRET} Đăng lại theo bạn đọc gửi.` },
]);
const [first, second, third] = [range(12), range(20).slice(12), range(26).slice(20)].map(rowsFile);

/** Files below that hold the sentence, as bytes, unpacked, or as what their tables and tokens say. */
async function filesWith(out: string): Promise<string[]> {
  const found: string[] = [];
  const wanted = Buffer.from(SENTENCE);
  for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    let bytes = readFileSync(path);
    if (path.endsWith('.gz')) bytes = gunzipSync(bytes);
    if (bytes.includes(wanted)) found.push(path);
  }
  for (const { tokens, name } of readSnapshots(out)) {
    if ((await textsIn(tokens)).some((text) => text.includes(SENTENCE))) found.push(`tokens of ${name}`);
  }
  return found;
}

const memories = (out: string): string[] =>
  readdirSync(out, { recursive: true, withFileTypes: true })
    .filter(({ name }) => /^dedup\.sqlite/.test(name))
    .map(({ parentPath, name }) => join(parentPath, name));

/** What a memory has of the syllables of the text, as bytes: the middle of it, which is in one page. */
function sequenceIn(path: string): Buffer {
  const database = new BetterSqlite3(path);
  const sequence = database
    .prepare<[], Buffer>("SELECT sequence FROM texts JOIN documents ON number = document WHERE id = 'secret'")
    .pluck()
    .get()!;
  database.close();
  return sequence.subarray(20, 100);
}

let made: string | undefined;
/** A run of two nights with an archive, a copy of its own. */
async function run(): Promise<string> {
  made ??= await twoNights();
  const out = join(temporaryFolder(), 'run');
  cpSync(made, out, { recursive: true, verbatimSymlinks: true });
  return out;
}

async function twoNights(): Promise<string> {
  const out = join(temporaryFolder('file'), 'run');
  await night(out, [first, secret]);
  pin(out, '000001', 'a paper');
  await night(out, [first, secret, second]);
  const warc = WarcWriter.open(join(out, 'crawl', 'warc'), 'vua');
  for (const n of ['lua', 'khac']) {
    await warc.write(record(`http://b.test/${n}`, n === 'lua' ? SECRET : 'Bài khác của nhà.'));
  }
  await warc.close();
  return out;
}
const record = (url: string, text: string): WarcRecord => ({
  type: 'response',
  url,
  fetchedAt: '2026-05-01T00:00:00Z',
  status: 200,
  statusText: 'OK',
  headers: [['Content-Type', 'text/plain']],
  body: Buffer.from(text),
  extra: [],
});
const take = (out: string, isDry = false) =>
  holding(out, [], () => remove(out, ['http://b.test/lua'], 'asked for', { isDry, erase: eraseRecords }));

it('takes a text out of everything, and what repeats it; other shards stay as they are', async () => {
  const out = await run();
  // What a writer of the archive that was killed had begun.
  writeFileSync(join(out, 'crawl', 'warc', 'vua-00000.warc.gz.4711.tmp'), SECRET);
  const before = await filesWith(out);
  const sequence = sequenceIn(join(out, 'snapshots', '000001', 'state', 'dedup.sqlite'));
  const remembering = (): string[] => memories(out).filter((path) => readFileSync(path).includes(sequence));
  expect(remembering().length).toBeGreaterThan(2);
  expect(before.length).toBeGreaterThan(5);
  const sums = (name: string) => snapshotNamed(out, name).record.files.documents.map(({ checksum }) => checksum);
  const { documents, record: was } = snapshotNamed(out, '000002');
  const untouched = was.files.documents.filter(
    ({ file }) => file.endsWith('.arrow') && !readFileSync(join(documents, file)).includes(SENTENCE),
  );
  expect(untouched.length).toBeGreaterThan(0);
  expect((await take(out, true)).taken).toContainEqual({ place: 'snapshots/000001', documents: 2, rejects: 0 });
  expect(await filesWith(out)).toEqual(before);
  const warcs = ['vua-00000.warc.gz'].map((name) => join(out, 'crawl', 'warc', name));
  const sizes = warcs.map((path) => statSync(path).size);

  const found = async (): Promise<number> => {
    const index = await openSearch(out);
    const { total } = index.search({ text: SENTENCE, phrase: true });
    index.close();
    return total;
  };
  const traced = async (): Promise<number> => (await openTrace(out, byteTokens)).count(SENTENCE);
  expect([await found(), await traced()]).toEqual([2, 2]);
  await copyForSql(join(out, 'documents'));
  const indexed = readdirSync(join(out, 'search'));
  const copied = indexed.filter((name) => name.endsWith('.parquet'));
  const { taken, records, isNew } = await take(out);
  expect({ records, isNew }).toEqual({ records: 1, isNew: true });
  expect(readdirSync(join(out, 'search')).length).toBeLessThan(indexed.length);
  expect(copied.length).toBeGreaterThan(0);
  expect(copied.filter((name) => existsSync(join(out, 'search', name))).length).toBeLessThan(copied.length);
  expect([await found(), await traced()]).toEqual([0, 0]);
  expect(taken).toContainEqual({ place: 'snapshots/000002', documents: 2, rejects: 0 });
  expect(await filesWith(out)).toEqual([]);
  expect(remembering()).toEqual([]);
  expect(memories(out).filter((path) => path.endsWith('-wal'))).toEqual([]);
  expect(warcs.map((path) => statSync(path).size)).toEqual(sizes);
  expect((await collect(readWarc(warcs[0]))).map(({ url }) => url)).toEqual(['http://b.test/khac']);
  expect(currentSnapshot(out)!.name).toBe('000003');
  expect(snapshotNamed(out, '000001').pinned?.reason).toBe('a paper');
  expect(sums('000003')).toEqual(expect.arrayContaining(untouched.map(({ checksum }) => checksum)));
  expect((await rowsIn(join(out, 'documents'))).length).toBe(20);
  expect((await textsIn(join(out, 'tokens'))).length).toBe(20);
  expect((await verify(out, context())).faults).toEqual([]);
  expect((await take(out)).isNew).toBe(false);
});

it('does not come back: by a new address, by a night, by going back', async () => {
  const out = await run();
  await take(out);
  const again = lines([{ id: 'other', url: 'http://d.test/9', text: SECRET }]);
  const outDir = join(out, 'work', 'documents');
  await cleanInputs({ inputs: [again], outDir, preset: 'keep-all', threads: 0, removed: removedFrom(out) }, context());
  const rows = (await collect(readRows(outDir))).filter((row) => row.string('url') === 'http://d.test/9');
  expect(rows.map((row) => [row.kind, row.string('stage'), row.string('reason'), row.string('text')])).toEqual([
    ['rejects', 'consent', 'removed', ''],
  ]);
  await night(out, [first, second, third]);
  rollBack(out, '000001');
  beginNight(out, factsOf({}, []));
  expect(await filesWith(out)).toEqual([]);
});

it('ends what was killed: each snapshot is as it was or without it', async () => {
  const out = await run();
  const copy = join(temporaryFolder(), 'copy');
  cpSync(out, copy, { recursive: true, verbatimSymlinks: true });
  const killed = holding(out, [], () =>
    remove(out, ['http://b.test/lua'], 'asked for', {
      erase: async () => {
        throw new Error('killed');
      },
    }),
  );
  await expect(killed).rejects.toThrow('killed');
  // One snapshot as before, another between its two renames.
  rmSync(join(out, 'snapshots', '000002'), { recursive: true });
  cpSync(join(copy, 'snapshots', '000002'), join(out, 'snapshots', '000002'), { recursive: true });
  renameSync(join(out, 'snapshots', '000001'), join(out, 'snapshots', '000001.next'));
  // The night at work likewise, and what was replaced is still there.
  renameSync(join(out, 'work'), join(out, 'work.next'));
  cpSync(join(copy, 'work'), join(out, 'work.old.tmp'), { recursive: true });
  expect((await filesWith(out)).length).toBeGreaterThan(2);
  expect(await take(out)).toMatchObject({ isNew: true, records: 1 });
  expect(readdirSync(out).filter((name) => /\.(next|tmp)$/.test(name))).toEqual([]);
  expect(readSnapshots(out).map(({ name }) => name)).toEqual(['000001', '000002', '000003']);
  expect(await filesWith(out)).toEqual([]);
});

it('waits for those who read a snapshot, refuses the text from then on, and names the models that had it', async () => {
  const out = await run();
  endNight(out, { name: 'of-two-nights', tokens: currentSnapshot(out)!.record.tokens! }, 7);
  const leave = shareFolder(snapshotNamed(out, '000001').tokens);
  expect(await thrownBy(() => take(out))).toMatchObject({ code: 'FOLDER_LOCKED', exitStatus: 75 });
  expect(removedFrom(out)?.addresses).toEqual(['//b.test/lua']);
  leave();
  expect(await take(out)).toMatchObject({ isNew: true, models: ['of-two-nights'] });
  expect(currentSnapshot(out)?.record.model?.name).toBe('of-two-nights');
  expect(await filesWith(out)).toEqual([]);
});

it('takes an address without its scheme, and says which names nothing stands under', async () => {
  const out = await run();
  const names = ['b.test/lua?utm_source=mail', 'https://b.test:443/khong', 'd7', 'c.test.'];
  const { unknown, taken } = await holding(out, [], () => remove(out, names, 'asked for', { isDry: true }));
  expect(unknown).toEqual(['https://b.test:443/khong']);
  for (const name of ['com.vn', 'GOV.VN.'])
    await expect(holding(out, [], () => remove(out, [name], 'asked for', { isDry: true }))).rejects.toThrow(
      /everybody's sites stand below it/,
    );
  expect(taken).toContainEqual({ place: 'snapshots/000001', documents: 3, rejects: 0 });
  expect(namesOf(['b.test:8080', 'b.test:8080/a', 'urn:x:1', '//b.test/a'])).toMatchObject({
    addresses: ['//b.test:8080/a', 'urn:x:1', '//b.test/a'],
    hosts: [],
  });
});

it('looks at a text once, in however many nights and merged shards it stands', async () => {
  const texts = range(60).map((n) => document(n, { text: prose(new Random(n), 500) }));
  const nights = (count: number): string[] =>
    range(count).map((n) => {
      const dir = temporaryFolder();
      writeFolder(dir, [...texts, document(100 + n)]);
      return dir;
    });
  const names = { addresses: [], hosts: ['nowhere.test'], ids: [], texts: [signText('', SECRET)!] };
  const look = (dirs: readonly string[]): number => {
    const purge = new Purge(names, temporaryFolder());
    return dirs.flatMap((dir) => purge.rowsIn(dir, readDocumentManifest(dir))).length;
  };
  await expectSteady(nights, look, { from: 2, most: 2.5 }); // files are read, texts are not
});

it('an archive is gone through by the heads of its records, whatever they hold', async () => {
  const archive = async (bytes: number): Promise<string> => {
    const crawl = join(temporaryFolder(), 'crawl');
    const warc = WarcWriter.open(join(crawl, 'warc'), 'vua');
    for (const n of range(40)) await warc.write(record(`http://b.test/${n}`, randomBytes(bytes).toString('hex')));
    await warc.write(record('http://b.test/lua', SECRET));
    await warc.close();
    return crawl;
  };
  await expectSteady(archive, (crawl) => eraseRecords(crawl, () => false), { from: 40_000 });
  const crawl = await archive(1000);
  const path = join(crawl, 'warc', readdirSync(join(crawl, 'warc'))[0]);
  const isLua = (address: string): boolean => address.endsWith('/lua');
  expect(await eraseRecords(crawl, isLua)).toBe(1);
  expect(await eraseRecords(crawl, isLua)).toBe(0);
  expect(await eraseRecords(crawl, (address) => /\/[12]\d$/.test(address))).toBe(20);
  expect((await collect(readWarc(path))).length).toBe(20);
});

it('is not asked for by a crawl, nor is a host below the one that was named', async () => {
  const out = temporaryFolder();
  const list = { addresses: ['//a.vua.test/2'], hosts: ['b.vua.test'], ids: [], texts: [], copies: [] };
  addToList(out, { ...list, time: '2026-05-01T00:00:00Z', reason: 'asked for' });
  const links = page('/2', '/3');
  const web = await startWeb({ 'a.vua.test': { '/': { body: links }, '/3': { body: page() } }, 'w.b.vua.test': {} });
  const seeds = ['http://a.vua.test/', 'http://w.b.vua.test/'];
  const options = { outDir: join(out, 'crawl'), seeds, connectTo: web.connectTo, delayMs: 0 };
  const { report } = await runCrawl(options, context());
  await web.close();
  expect(web.requests.map(({ path }) => path)).not.toContain('/2');
  expect(report.reasons).toContainEqual(['removed', 2]);
  expect(report.pages.fetched).toBe(2);
});
