/** Reading WARC and gzip, of ours and of others: whole, cut and damaged. */
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { readWarc } from '../../crawlers/warc/read-warc.ts';
import { temporaryFolder } from '../support.ts';
import { fileName, membersOf, readAll, record, urls, urlsOf, writeAll } from './warc-records.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

/** A record as foreign tools write it. */
function foreign(headers: readonly string[], body: Uint8Array, fields: readonly string[] = []): Buffer {
  const block = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${headers.map((h) => `${h}\r\n`).join('')}\r\n`), body]);
  const head = [
    'WARC/1.0',
    'WARC-Type: response',
    'WARC-Target-URI: <http://xa.vua.test/>',
    'WARC-Date: 2019-01-02T03:04:05Z',
    'Content-Type: application/http;msgtype=response',
    ...fields,
    `Content-Length: ${block.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), block, Buffer.from('\r\n\r\n')]);
}

const pageOf = (n: number): Buffer =>
  Buffer.from(Array.from({ length: 4000 }, (_, i) => `<p>Trang ${n}, dòng ${(i * 7919) % 1009}.</p>`).join(''));

test.each([
  ['in the deflate data', (member: Buffer) => member.length >> 1],
  ['in its checksum', (member: Buffer) => member.length - 6],
])('a page in a member that is damaged %s is not handed out', async (_where, at) => {
  const members = [1, 2, 3].map((n) => gzipSync(foreign([], pageOf(n))));
  members[1][at(members[1])] ^= 0x55;
  const file = join(dir, 'x.warc.gz');
  writeFileSync(file, Buffer.concat(members));
  const { records, error } = await readAll(file);
  expect(records.map(({ body }) => [1, 3].find((n) => pageOf(n).equals(body)))).toEqual([1, 3]);
  expect(error).toMatchObject({ exitStatus: 2, code: 'BAD_GZIP' });
});

describe('damage costs the record that it lies in', () => {
  const small = (n: number): Buffer =>
    Buffer.from(`<p>Trang số ${n}: ${'chợ họp từ bốn giờ sáng, '.repeat(3 + n)}</p>`);
  const four = [0, 1, 2, 3].map((n) => foreign([`X-Number: ${n}`], small(n)));
  const read = async (bytes: Uint8Array, name = 'x.warc.gz') => {
    writeFileSync(join(dir, name), bytes);
    const { records, error } = await readAll(join(dir, name));
    return { numbers: records.map(({ body }) => [0, 1, 2, 3].find((n) => small(n).equals(body)) ?? 'cut'), error };
  };
  /** The second says that its block is longer by this. */
  const withLength = (by: number): Buffer[] =>
    four.map((one, n) =>
      n === 1
        ? Buffer.from(
            one.toString('latin1').replace(/Content-Length: (\d+)/, (_, l) => `Content-Length: ${+l + by}`),
            'latin1',
          )
        : one,
    );

  test('a byte flipped anywhere, a member for each record', async () => {
    const members = four.map((one) => gzipSync(one));
    const whole = Buffer.concat(members);
    const ends = members.map((_, n) => members.slice(0, n + 1).reduce((sum, { length }) => sum + length, 0));
    for (let at = 10; at < whole.length; at += 7) {
      const bytes = Buffer.from(whole);
      bytes[at] ^= 1 << (at % 8);
      const hit = ends.findIndex((end) => at < end);
      const { numbers, error } = await read(bytes);
      const inHeader = at - (ends[hit - 1] ?? 0) < 10; // of which half the bytes mean nothing
      if (inHeader && error === undefined) expect(numbers).toEqual([0, 1, 2, 3]);
      else {
        expect(numbers, `byte ${at}`).toEqual([0, 1, 2, 3].filter((n) => n !== hit));
        expect(error).toMatchObject({ exitStatus: 2, message: expect.stringContaining('; 3 records were read') });
      }
    }
  });

  test.each([-300, -1])('a Content-Length too small by %i', async (by) => {
    const records = withLength(by);
    for (const [bytes, name] of [
      [Buffer.concat(records.map((one) => gzipSync(one))), 'x.warc.gz'],
      [Buffer.concat(records), 'x.warc'],
      [gzipSync(Buffer.concat(records)), 'x.warc.gz'],
    ] as const) {
      const { numbers, error } = await read(bytes, name);
      expect(numbers).toEqual([0, 2, 3]);
      expect(error).toMatchObject({ code: 'BAD_WARC', exitStatus: 2 });
    }
  });

  test.each([50, 5000])('a Content-Length too large by %i, a member for each record', async (by) => {
    const { numbers, error } = await read(Buffer.concat(withLength(by).map((one) => gzipSync(one))));
    expect(numbers).toEqual([0, 2, 3]);
    expect(error).toMatchObject({
      code: 'BAD_WARC',
      message: expect.stringMatching(/block of record 2: \d+ of \d+ bytes/),
    });
  });

  test('noise between members, and a magic number in it', async () => {
    const members = four.map((one) => gzipSync(one));
    const noise = Buffer.from([0x1f, 0x8b, 0x08, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const { numbers, error } = await read(Buffer.concat([members[0], noise, ...members.slice(1)]));
    expect(numbers).toEqual([0, 1, 2, 3]);
    expect(error).toMatchObject({ code: 'BAD_GZIP' });
  });

  test('several places: the first is told, and how many there are', async () => {
    const members = four.map((one) => gzipSync(one));
    for (const n of [0, 2]) members[n][40] ^= 0x10;
    const { numbers, error } = await read(Buffer.concat(members));
    expect(numbers).toEqual([1, 3]);
    expect(error!.message).toMatch(/member at byte 0: .*; 2 records were read, 2 places are damaged$/);
  });
});

describe('reading', () => {
  const page = Buffer.from('<p>Chợ họp từ bốn giờ sáng.</p>'.repeat(40));
  const chunks = (body: Buffer, size = 100): Buffer => {
    const parts: Buffer[] = [];
    for (let at = 0; at < body.length; at += size) {
      const part = body.subarray(at, at + size);
      parts.push(Buffer.from(`${part.length.toString(16)};ext=1\r\n`), part, Buffer.from('\r\n'));
    }
    return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
  };

  test.each<[string, string[], Buffer]>([
    ['plain', [], page],
    ['chunked', ['Transfer-Encoding: chunked'], chunks(page)],
    ['gzip', ['Content-Encoding: gzip'], gzipSync(page)],
    ['gzip in chunks', ['content-encoding: GZIP', 'transfer-encoding: Chunked'], chunks(gzipSync(page), 50)],
    ['deflate', ['Content-Encoding: deflate'], deflateSync(page)],
    ['bare deflate', ['Content-Encoding: deflate'], deflateRawSync(page)],
    ['br', ['Content-Encoding: br'], brotliCompressSync(page)],
    ['br over gzip', ['Content-Encoding: gzip, br'], brotliCompressSync(gzipSync(page))],
    ['said to be chunked and is not', ['Transfer-Encoding: chunked'], page],
    ['said to be gzip and is not', ['Content-Encoding: gzip'], page],
    ['an unknown coding', ['Content-Encoding: pack200'], page],
  ])('a body stored %s', async (_name, headers, stored) => {
    writeFileSync(join(dir, 'x.warc'), foreign(headers, stored));
    const { records, error } = await readAll(join(dir, 'x.warc'));
    expect(error).toBeUndefined();
    expect(Buffer.from(records[0].body).toString()).toBe(page.toString());
    expect(records[0].url).toBe('http://xa.vua.test/');
  });

  test('a compressed body that was cut gives what is there', async () => {
    writeFileSync(
      join(dir, 'x.warc'),
      foreign(['Content-Encoding: gzip'], gzipSync(page, { level: 0 }).subarray(0, 700), ['WARC-Truncated: length']),
    );
    const { records } = await readAll(join(dir, 'x.warc'));
    expect(records[0].truncated).toBe('length');
    expect(records[0].body.length).toBeGreaterThan(500);
    expect(page.toString()).toContain(Buffer.from(records[0].body).toString().slice(0, 500));
  });

  test('Content-Length decides, whatever the body looks like', async () => {
    const inside = foreign([], page);
    const file = Buffer.concat([
      foreign([], inside),
      foreign([], Buffer.from('WARC/1.0\r\n\r\n')),
      foreign([], Buffer.alloc(0)),
    ]);
    writeFileSync(join(dir, 'x.warc'), file);
    const { records, error } = await readAll(join(dir, 'x.warc'));
    expect(error).toBeUndefined();
    expect(records.map(({ body }) => body.length)).toEqual([inside.length, 12, 0]);
  });

  const foreignThree = [1, 2, 3].map((number) => foreign([`X-Number: ${number}`], page.subarray(0, number * 200)));
  const three = Buffer.concat(foreignThree);

  test.each<[string, Buffer]>([
    ['plain', three],
    ['one member for all', gzipSync(three)],
    [
      'a member per half, borders inside records',
      Buffer.concat([gzipSync(three.subarray(0, 777)), gzipSync(three.subarray(777))]),
    ],
    ['zero padding at the end', Buffer.concat([gzipSync(three), Buffer.alloc(3000)])],
    ['line feeds between records', Buffer.concat([Buffer.from('\n\n'), three, Buffer.from('\r\n\n')])],
  ])('three records, %s', async (_name, bytes) => {
    writeFileSync(join(dir, 'x.warc.gz'), bytes);
    const { records, error } = await readAll(join(dir, 'x.warc.gz'));
    expect(error).toBeUndefined();
    expect(records.map(({ body }) => body.length)).toEqual([200, 400, 600]);
  });

  test.each<[string, string, Buffer]>([
    ['plain', 'x.warc', three],
    ['gzip as a whole', 'x.warc.gz', gzipSync(three)],
  ])('a file cut anywhere gives the records before and names the place: %s', async (_name, name, bytes) => {
    const path = join(dir, name);
    const ends = [1, 2, 3].map((count) => foreignThree.slice(0, count).reduce((sum, one) => sum + one.length, 0));
    for (let size = 1; size < bytes.length; size += name.endsWith('gz') ? 13 : 97) {
      const part = bytes.subarray(0, size);
      writeFileSync(path, part);
      const { records, error } = await readAll(path);
      const present = name.endsWith('gz') ? gunzipSync(part, { finishFlush: constants.Z_SYNC_FLUSH }).length : size;
      expect(records.length, `cut at ${size}`).toBe(ends.filter((end) => end - 4 <= present).length);
      if (!name.endsWith('gz') && ends.some((end) => size >= end - 4 && size <= end)) continue; // between two records
      expect(error, `cut at ${size}`).toMatchObject({ exitStatus: 2 });
      expect(error!.code).toMatch(/^(TRUNCATED_WARC|TRUNCATED_GZIP|BAD_WARC)$/);
      expect(error!.message).toContain(path);
      expect(error!.message).toMatch(/at byte \d+/);
      expect(error!.message).toContain(`${records.length} records were read`);
    }
  });

  test('our own file cut inside the third record gives two', async () => {
    await writeAll(dir, [record(0), record(1), record(2)]);
    const path = join(dir, fileName);
    const start = membersOf(readFileSync(path))
      .slice(0, 3)
      .reduce((sum, member) => sum + member.length, 0);
    truncateSync(path, start + 90);
    const { records, error } = await readAll(path);
    expect(urlsOf(records)).toEqual(urls(2));
    expect(error).toMatchObject({ code: 'TRUNCATED_GZIP' });
    expect(error!.message).toContain(`the member at byte ${start}`);
  });

  test('a flipped byte is found by the checksum, after the records before it', async () => {
    await writeAll(dir, [
      record(0),
      record(1, { body: Buffer.from(Array.from({ length: 999 }, (_, i) => (i * 7919) % 251)) }),
    ]);
    const path = join(dir, fileName);
    const file = readFileSync(path);
    file[file.length - 300] ^= 1;
    writeFileSync(path, file);
    const { records, error } = await readAll(path);
    expect(urlsOf(records).slice(0, 1)).toEqual(urls(1));
    expect(error).toMatchObject({ code: 'BAD_GZIP' });
  });

  test.each<[string, string | Buffer, string]>([
    ['an empty file', '', 'BAD_INPUT'],
    ['a web page', '<html><body>Không phải WARC</body></html>', 'BAD_WARC'],
    ['no Content-Length', 'WARC/1.0\r\nWARC-Type: response\r\n\r\n', 'BAD_WARC'],
    ['a negative Content-Length', 'WARC/1.0\r\nWARC-Type: response\r\nContent-Length: -5\r\n\r\n', 'BAD_WARC'],
    ['a header without end', `WARC/1.0\r\nX: ${'a'.repeat(3_000_000)}`, 'BAD_WARC'],
    ['bytes behind the gzip data', Buffer.concat([gzipSync(three), Buffer.from('rác')]), 'BAD_GZIP'],
  ])('%s is refused', async (_name, content, code) => {
    writeFileSync(join(dir, 'x.warc'), content);
    const { error } = await readAll(join(dir, 'x.warc'));
    expect(error).toMatchObject({ code, exitStatus: 2 });
    expect(error!.message).toContain('x.warc');
  });

  test('a missing file is named', async () => {
    expect((await readAll(join(dir, 'khong-co.warc'))).error).toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('khong-co.warc'),
    });
  });

  test('what is too large or no page is skipped and counted', async () => {
    const bomb = gzipSync(Buffer.alloc(30_000_000));
    const file = Buffer.concat([
      foreign([], Buffer.alloc(2_000_000, 65)),
      foreign(['Content-Encoding: gzip'], bomb),
      Buffer.from('WARC/1.0\r\nWARC-Type: request\r\nContent-Length: 2\r\n\r\nxx\r\n\r\n'),
      Buffer.from('WARC/1.0\r\nWARC-Type: response\r\nContent-Type: text/dns\r\nContent-Length: 2\r\n\r\nxx\r\n\r\n'),
      foreign([], page),
    ]);
    writeFileSync(join(dir, 'x.warc.gz'), gzipSync(file));
    const skipped = new Map<string, number>();
    const { records, error } = await readAll(join(dir, 'x.warc.gz'), { maxRecordBytes: 1_000_000, skipped });
    expect(error).toBeUndefined();
    expect(records).toHaveLength(1);
    expect(Object.fromEntries(skipped)).toEqual({
      'larger than 1000000 bytes': 2,
      'no HTTP response': 1,
    });
    const heads = await readAll(join(dir, 'x.warc.gz'), { maxRecordBytes: 1_000_000, withHeads: true });
    expect(heads.records.map(({ wholeBytes }) => wholeBytes)).toEqual([expect.any(Number), 1_000_001, undefined]);
    expect(heads.records[0].wholeBytes).toBeGreaterThan(2_000_000);
    expect(heads.records[0].body.length).toBeLessThanOrEqual(65_536);
  });

  test('an aborted signal ends the reading without an error', async () => {
    await writeAll(
      dir,
      urls(5).map((_, i) => record(i)),
    );
    const stop = new AbortController();
    const read: string[] = [];
    for await (const { url } of readWarc(join(dir, fileName), stop.signal)) {
      read.push(url);
      if (read.length === 2) stop.abort();
    }
    expect(read).toEqual(urls(2));
  });
});

const pack = join(process.env.VUA_PACK ?? '', 'warc');
const hasPack = process.env.VUA_PACK !== undefined && existsSync(pack);

describe('real files (VUA_PACK)', () => {
  beforeEach(({ skip }) => skip(!hasPack, 'set VUA_PACK to the folder of the data pack'));

  test('the Vietnamese pages', async () => {
    const { records, error } = await readAll(join(pack, 'vi_pages.warc.gz'));
    expect(error).toBeUndefined();
    expect(records).toHaveLength(84);
    for (const { headers, body } of records) {
      expect(headers.find(([name]) => name === 'Content-Length')![1]).toBe(String(body.length));
    }
  });

  test.each([
    ['example.warc', 2, undefined],
    ['example.warc.gz', 2, undefined],
    ['example-iana.org-chunked.warc', 1, undefined],
    ['example-wrong-chunks.warc.gz', 1, undefined],
    ['example-bad-non-chunked.warc.gz', 2, undefined],
    ['example-wget-bad-target-uri.warc.gz', 3, undefined],
    ['example-trunc.warc', 1, 'BAD_WARC'],
  ])('warcio sample %s', async (name, count, code) => {
    const { records, error } = await readAll(join(pack, 'warcio', name));
    expect([records.length, error?.code]).toEqual([count, code]);
    for (const { body, type } of records) {
      if (type === 'response') expect(Buffer.from(body).toString()).toMatch(/^\s*<!doctype html>.*<\/html>\s*$/is);
    }
  });
});

describe('records in segments', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n';
  const block = Buffer.from(`${head}<p>Con đường làng chạy dọc bờ sông, mùa nước nổi người ta đi thuyền.</p>`);
  const part = (type: string, number: number, body: Buffer, more: string): Buffer =>
    Buffer.concat([
      Buffer.from(
        `WARC/1.1\r\nWARC-Type: ${type}\r\nWARC-Target-URI: http://a.test/1\r\nWARC-Date: 2026-11-01T00:00:00Z\r\n${more}WARC-Segment-Number: ${number}\r\nContent-Length: ${body.length}\r\n\r\n`,
      ),
      body,
      Buffer.from('\r\n\r\n'),
    ]);
  const cut = block.indexOf('đường') + 1; // inside of a letter
  const origin = 'WARC-Segment-Origin-ID: <urn:uuid:1>\r\n';
  const total = `WARC-Segment-Total-Length: ${block.length}\r\n`;
  const first = part('response', 1, block.subarray(0, cut), 'WARC-Record-ID: <urn:uuid:1>\r\n');
  const other = part('response', 0, block, '')
    .toString('latin1')
    .replace('WARC-Segment-Number: 0\r\n', '')
    .replace('a.test/1', 'a.test/2');
  const between = Buffer.from(other, 'latin1');
  const second = (more: string) => part('continuation', 2, block.subarray(cut, cut + 20), more);
  const third = (more: string) => part('continuation', 3, block.subarray(cut + 20), more);

  test.each<[name: string, parts: Buffer[], isWhole: boolean]>([
    ['named by their origin', [first, second(origin), between, third(origin + total)], true],
    ['of the same address', [first, second(''), third(total)], true],
    ['packed one by one', [first, second(origin), third(origin + total)].map((each) => gzipSync(each)), true],
    ['without the last', [first, second(origin), between], false],
    ['without one between', [first, third(origin + total)], false],
    ['of another record', [first, second('WARC-Segment-Origin-ID: <urn:uuid:2>\r\n')], false],
  ])('%s', async (_name, parts, isWhole) => {
    const path = join(temporaryFolder(), 'a.warc');
    writeFileSync(path, Buffer.concat(parts));
    const { records, error } = await readAll(path);
    const found = records.find(({ url }) => url === 'http://a.test/1');
    const text = block.subarray(head.length);
    expect([error, found?.truncated]).toEqual([undefined, isWhole ? undefined : 'unspecified']);
    expect(Buffer.from(found!.body).equals(isWhole ? text : text.subarray(0, cut - head.length))).toBe(true);
  });
});
