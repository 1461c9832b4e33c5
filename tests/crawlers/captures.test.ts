/** Pages of an archive by its index: from a folder and from a server that gives ranges, in every form of an index. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Taken, type TakeOptions, takeCaptures } from '../../crawlers/captures/take.ts';
import { openInput } from '../../crawlers/sources/index.ts';
import { collect, temporaryFolder, thrownBy } from '../support.ts';
import { fileName, membersOf, record, writeAll } from './warc-records.ts';

const FILE = 'crawl-data/CC-MAIN-2026-40/segments/1.2/warc/CC-0.warc.gz';
let dir: string;
let base: string;
let rows: Row[];

interface Row {
  readonly url: string;
  readonly offset: number;
  readonly length: number;
  readonly languages: string;
}

beforeEach(async () => {
  dir = temporaryFolder();
  base = join(dir, 'base');
  await writeAll(
    join(dir, 'made'),
    [0, 1, 2, 3, 4].map((number) => record(number)),
  );
  const file = readFileSync(join(dir, 'made', fileName));
  mkdirSync(dirname(join(base, FILE)), { recursive: true });
  writeFileSync(join(base, FILE), file);
  let offset = 0;
  rows = [];
  for (const member of membersOf(file)) {
    const languages = ['vie', 'eng', 'eng,vie', 'vie', 'vie'][rows.length]!;
    if (offset > 0) {
      rows.push({ url: `http://bao.vua.test/${rows.length}`, offset, length: member.length, languages });
    }
    offset += member.length;
  }
});

const INDEXES: Readonly<Record<string, (of: readonly Row[]) => string | Uint8Array>> = {
  'a.cdxj': (of) =>
    of
      .map(
        (row, i) =>
          `test,vua,bao)/${i} 20261120083000 ${JSON.stringify({ ...texts(row), filename: FILE, status: '200' })}\n`,
      )
      .join(''),
  'a.cdxj.gz': (of) => gzipSync(INDEXES['a.cdxj']!(of)),
  'a.jsonl': (of) =>
    of.map((row) => `${JSON.stringify({ urlkey: 'x', mime: 'text/html', filename: FILE, ...texts(row) })}\n`).join(''),
  'a.csv': (of) =>
    `url,content_languages,warc_filename,warc_record_offset,warc_record_length\n${of.map(({ url, languages, offset, length }) => `"${url}","${languages}",${FILE},${offset},${length}\r\n`).join('')}`,
  'a.parquet': (of) =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'url', data: of.map(({ url }) => url), type: 'STRING' },
          { name: 'content_languages', data: of.map(({ languages }) => languages), type: 'STRING' },
          { name: 'warc_filename', data: of.map(() => FILE), type: 'STRING' },
          { name: 'warc_record_offset', data: of.map(({ offset }) => offset), type: 'INT32' },
          { name: 'warc_record_length', data: of.map(({ length }) => length), type: 'INT32' },
        ],
      }),
    ),
};
const texts = ({ url, offset, length, languages }: Row) => ({
  url,
  offset: `${offset}`,
  length: `${length}`,
  languages,
});

function indexed(name = 'a.cdxj', of: readonly Row[] = rows, more: string | Uint8Array = ''): string {
  const path = join(dir, name);
  writeFileSync(path, INDEXES[name]!(of));
  appendFileSync(path, more);
  return path;
}

async function take(index: string, more: Partial<TakeOptions> = {}): Promise<{ outcome: string; report: Taken }> {
  const limits = { language: 'vie', maxPages: 100, delayMs: 0, timeoutMs: 5000, userAgent: 'T' };
  return takeCaptures({ index, base, outDir: join(dir, 'out'), ...limits, ...more });
}
const pages = async (): Promise<string[]> => (await collect(openInput(join(dir, 'out', 'warc')))).map(({ url }) => url);
const url = (number: number): string => `http://bao.vua.test/${number}`;

describe('from a folder', () => {
  it.each(Object.keys(INDEXES))('by %s, without those of other languages', async (name) => {
    const { outcome, report } = await take(indexed(name));
    expect([outcome, report.pages, report.faulty, [...report.skipped]]).toEqual([
      'written',
      4,
      0,
      [['language eng', 1]],
    ]);
    expect(await pages()).toEqual([url(0), url(2), url(3), url(4)]);
  });

  it('by CDX of eleven columns', async () => {
    const lines = rows.map(
      ({ offset, length }, i) => `x 20261120083000 ${url(i)} text/html 200 SHA - - ${length} ${offset} ${FILE}\n`,
    );
    writeFileSync(join(dir, 'a.cdx'), ` CDX N b a m s k r M S V g\n${lines.join('')}`);
    expect((await take(join(dir, 'a.cdx'))).report.pages).toBe(5);
  });

  it('goes on where it was, also behind a record that a crash cut', async () => {
    const index = indexed();
    expect((await take(index, { maxPages: 2 })).report.pages).toBe(2);
    const warc = join(dir, 'out', 'warc', 'captures-00000.warc.gz');
    const whole = readFileSync(warc).length;
    appendFileSync(warc, readFileSync(join(base, FILE)).subarray(rows[3]!.offset, rows[3]!.offset + 100));
    const again = await take(index);
    expect([again.report.pages, again.report.skipped.get('taken before')]).toEqual([2, 2]);
    expect(await pages()).toEqual([url(0), url(2), url(3), url(4)]);
    expect((await take(index)).outcome).toBe('nothing_new');
    expect(whole).toBeGreaterThan(100);
  });

  it('says of each row what is wrong, and takes the others', async () => {
    const [first, second, third, ...others] = rows as [Row, Row, Row, ...Row[]];
    const wrong = [
      { ...first, url: 'http://bao.vua.test/other' },
      { ...second, languages: 'vie', offset: second.offset + 3 },
      { ...third, length: third.length - 9 },
      { ...others[0]!, offset: 10 ** 9 },
      others[1]!,
    ];
    const lines = '{"url":"http://x/","filename":"../../etc/passwd","offset":0,"length":9}\nnothing\n{"url":\n';
    const { report } = await take(indexed('a.cdxj', wrong, lines));
    expect([report.pages, report.faulty]).toEqual([1, 7]);
    expect(report.faults[0]).toBe(
      `${FILE}: at byte ${first.offset}: the page is ${url(0)}, the index says ${wrong[0]!.url}`,
    );
    expect(report.faults[3]).toBe(`${FILE}: 0 of ${others[0]!.length} bytes are there at byte 1000000000`);
    expect(report.faults[4]).toMatch(/row 6 does not say where its record stands$/);
    expect(await pages()).toEqual([url(4)]);
  });

  it('names what is no index', async () => {
    writeFileSync(join(dir, 'a.txt'), 'x');
    expect(await thrownBy(() => take(join(dir, 'a.txt')))).toMatchObject({ code: 'BAD_INPUT', exitStatus: 2 });
    writeFileSync(join(dir, 'b.csv'), 'url,offset\n');
    expect((await thrownBy(() => take(join(dir, 'b.csv')))).message).toMatch(
      /no column warc_filename or filename, found url, offset$/,
    );
  });
});

describe('from a server', () => {
  let server: Server;
  let seen: (string | undefined)[];
  let answers: (
    range: readonly [number, number],
    file: Buffer,
  ) => { status: number; headers?: Record<string, string>; body?: Uint8Array };
  const part: typeof answers = ([first, last], file) => ({
    status: 206,
    headers: { 'content-range': `bytes ${first}-${last}/${file.length}` },
    body: file.subarray(first, last + 1),
  });
  beforeEach(async () => {
    seen = [];
    answers = part;
    server = createServer((request, response) => {
      seen.push(`${request.url} ${request.headers.range} ${request.headers['accept-encoding']}`);
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
      const { status, headers, body } = answers([Number(first), Number(last)], readFileSync(join(base, FILE)));
      response.writeHead(status, { 'content-type': 'application/octet-stream', ...headers }).end(body);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    base = join(dir, 'base');
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  const fromThere = (more: Partial<TakeOptions> = {}) =>
    take(indexed(), {
      base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror`,
      allowedAddresses: ['127.0.0.1'],
      ...more,
    });

  it('asks for each range once, one after another, and for nothing else', async () => {
    expect((await fromThere()).report.pages).toBe(4);
    expect(seen).toEqual(
      [0, 2, 3, 4].map(
        (i) => `/mirror/${FILE} bytes=${rows[i]!.offset}-${rows[i]!.offset + rows[i]!.length - 1} undefined`,
      ),
    );
    expect(await pages()).toEqual([url(0), url(2), url(3), url(4)]);
    expect((await fromThere()).outcome).toBe('nothing_new');
    expect(seen).toHaveLength(4);
  });

  it('reads what a server calls packed and is', async () => {
    answers = (range, file) => {
      const { headers, ...rest } = part(range, file);
      return { ...rest, headers: { ...headers, 'content-encoding': 'gzip' } };
    };
    expect((await fromThere()).report.faults).toEqual([]);
    expect(await pages()).toHaveLength(4);
  });

  it('does not take the whole file for a part', async () => {
    answers = (_range, body) => ({ status: 200, body });
    const { report } = await fromThere();
    expect([report.pages, report.faulty]).toEqual([0, 4]);
    expect(report.faults[0]).toMatch(/the whole file comes where bytes \d+-\d+ were asked for$/);
  });

  it('ends where the server is in trouble, keeps what it has and comes again', async () => {
    answers = (range, file) => (seen.length > 2 ? { status: 503 } : part(range, file));
    expect(await thrownBy(() => fromThere())).toMatchObject({ code: 'REQUEST_FAILED', exitStatus: 75 });
    expect(await pages()).toHaveLength(2);
    answers = part;
    expect((await fromThere()).report.pages).toBe(2);
  });

  it('enters no private address unasked', async () => {
    expect(await thrownBy(() => fromThere({ allowedAddresses: [] }))).toMatchObject({ code: 'BAD_INPUT' });
    expect(seen).toEqual([]);
  });
});
