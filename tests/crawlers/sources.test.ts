/** What `--input` reads: each format as pages, faults named after the good pages before them. */
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeEscaped, encodeEscaped, firstForeignByte } from '../../crawlers/sources/escaped-utf8.ts';
import { type WarcRecord, WarcWriter } from '../../crawlers/warc/warc.ts';
import { dir, known, put, type Read, readAll, record, textOf } from './inputs.ts';

const ZSTD = [
  '28b52ffd00588900007b2274657874223a226de1bb9974227d0a',
  '28b52ffd00587900007b2274657874223a22686169227d0a',
];

describe('plain text', () => {
  const typeOf = (file: string): string => {
    if (file === 'f.txt') return 'text/plain'; // not UTF-8
    return file.endsWith('.md') ? 'text/markdown; charset=utf-8' : 'text/plain; charset=utf-8';
  };
  test.each<[string, string, string | Uint8Array, string]>([
    ['a title and a blank line', 'a.txt', 'Bến sông chiều nay\n\nĐò đã về.', 'Bến sông chiều nay'],
    ['front matter', 'm.md', '---\nhash: 9f\ntitle: "Bến sông"\n---\nĐò đã về.', 'Bến sông'],
    ['Markdown, a BOM and CRLF', 'b.md', '\uFEFF# Bến sông\r\n\r\nĐò đã về.', 'Bến sông'],
    ['no blank line behind the first', 'c.txt', 'Bến sông chiều nay\nĐò đã về.', 'c'],
    ['a first line that is too long', 'd.txt', `${'sông '.repeat(25)}\n\nĐò.`, 'd'],
    ['a single line', 'e.txt', 'Đò đã về.', 'e'],
    ['bytes that are not UTF-8', 'f.txt', Buffer.from('B\xd5n s\xabng\n\n\xae\xdf.', 'latin1'), 'f'],
    ['gzip', 'g.txt.gz', gzipSync('Bến sông\n\nĐò.'), 'Bến sông'],
  ])('%s', async (_name, file, content, title) => {
    const { pages, notes, error } = await readAll(put(file, content));
    expect(error).toBeUndefined();
    expect(notes).toEqual(
      file === 'f.txt'
        ? [`${join(dir, file)}: not UTF-8 from byte 1 on; the encoding of such text is guessed from its bytes`]
        : [],
    );
    expect(pages).toHaveLength(1);
    expect(pages[0]).toMatchObject({
      url: `file:${known(file)}`,
      source: known(file),
      status: 200,
      title,
      truncated: false,
    });
    expect(pages[0].headers['content-type']).toBe(typeOf(file));
    if (!file.endsWith('.gz')) expect(Buffer.from(pages[0].body)).toEqual(Buffer.from(content as string));
    else expect(textOf(pages[0])).toBe('Bến sông\n\nĐò.');
  });

  test('the time of the last change stands for the time of the fetch', async () => {
    const path = put('a.txt', 'Đò.');
    utimesSync(path, new Date('2024-05-06T07:08:09Z'), new Date('2024-05-06T07:08:09Z'));
    expect((await readAll(path)).pages[0].fetchedAt).toBe('2024-05-06T07:08:09.000Z');
  });
});

test('a saved web page keeps its bytes and its wishes', async () => {
  const html = Buffer.from(
    '<html><head><meta name="robots" content="noai"></head><body>Bến \xff</body></html>',
    'latin1',
  );
  const { pages } = await readAll(put('luu/trang.html', html));
  expect(pages[0]).toMatchObject({
    url: 'file:luu/trang.html',
    headers: { 'content-type': 'text/html' },
    consent: { conclusion: 'no-train' },
  });
  expect(Buffer.from(pages[0].body)).toEqual(html);
});

describe('JSON lines', () => {
  const row = {
    id: 'vi/1',
    url: 'http://a.test/1',
    title: 'Một',
    text: 'Đò đã về.\n\nChợ tan.',
    licence: 'CC0',
    source: 'kho',
  };

  test.each([
    ['plain', 'x.jsonl', (text: string) => text],
    ['gzip', 'x.jsonl.gz', gzipSync],
  ])('every key that is known is used: %s', async (_name, file, pack) => {
    const { pages, error } = await readAll(
      put(file, pack(`\uFEFF${JSON.stringify(row)}\r\n\n${JSON.stringify({ text: 'Chợ.', id: 7 })}\n{"text":"Bến."}`)),
    );
    expect(error).toBeUndefined();
    expect(pages[0]).toMatchObject({ id: 'vi/1', url: 'http://a.test/1', title: 'Một', licence: 'CC0', source: 'kho' });
    expect(textOf(pages[0])).toBe(row.text);
    expect(pages[0].headers).toEqual({ 'content-type': 'text/plain; charset=utf-8' });
    expect(pages[1]).toMatchObject({ id: '7', url: `file:${known(file)}#7`, title: undefined, source: known(file) });
    expect(pages[2]).toMatchObject({ id: undefined, url: `file:${known(file)}#4` });
  });

  test('ids of 64 bits keep every digit; what Python writes for no number is passed over where it is not read', async () => {
    const path = put(
      'ids.jsonl',
      [
        '{"id": 1344800117571260417, "text": "số 1344800117571260417, \\" 12345678901234567"}',
        '{"id":1344800117571260418,"score":-1.5e-7,"n":[12345678901234567890],"text":"hai"}',
        '{"id":"n0","score":NaN,"text":"NaN, Infinity: ba"}',
        '{"id":"n1","score":-Infinity,"s":[Infinity,NaN],"text":"bốn"}',
      ].join('\n'),
    );
    const { pages, error } = await readAll(path);
    expect(error).toBeUndefined();
    expect(pages.map(({ id }) => id)).toEqual(['1344800117571260417', '1344800117571260418', 'n0', 'n1']);
    expect(textOf(pages[0])).toBe('số 1344800117571260417, " 12345678901234567');
    expect(textOf(pages[2])).toBe('NaN, Infinity: ba');
  });

  test('zstd, in frames one behind the other; a cut file gives what stands before', async () => {
    // `zstd` of {"text":"một"}\n and {"text":"hai"}\n, one frame each.
    const frames = ZSTD.map((hex) => Buffer.from(hex, 'hex'));
    const { pages, error } = await readAll(put('x.ndjson.zst', Buffer.concat(frames)));
    expect(error).toBeUndefined();
    expect(pages.map(textOf)).toEqual(['một', 'hai']);
    const cut = await readAll(put('y.ndjson.zst', Buffer.concat([frames[0], frames[1].subarray(0, 9)])));
    expect(cut.pages.map(textOf)).toEqual(['một']);
    expect(cut.error).toMatchObject({ code: 'BAD_ZSTD', exitStatus: 2 });
  });

  test('a line that is not UTF-8 keeps its bytes, and is said', async () => {
    const line = Buffer.from('{"text":"b\xd5n \\"s\xabng\\""}\n{"text":"Ben"}\n{"text":"\xab"}', 'latin1');
    const path = put('x.jsonl', line);
    const { pages, notes } = await readAll(path);
    expect(Buffer.from(pages[0].body)).toEqual(Buffer.from('b\xd5n "s\xabng"', 'latin1'));
    expect(pages.map(({ headers }) => headers['content-type'])).toEqual([
      'text/plain',
      'text/plain; charset=utf-8',
      'text/plain',
    ]);
    expect(notes).toEqual([
      `${path}: lines with bytes that are not UTF-8: 2, first line 1; the encoding of such text is guessed from its bytes`,
    ]);
  });

  const UTF8 = 'text/plain; charset=utf-8';
  const given = { id: 'bài/1', url: 'http://a.test/bến', title: 'Bến', text: 'Đò \\u0111ã về.' };
  const same = { ...given, text: 'Đò đã về.' };
  test.each<[key: keyof typeof given, value: string, type: string]>([
    ['text', 'Đò \\u0111ã về.\xff', 'text/plain'],
    ['title', 'Bến\uFFFD', UTF8],
    ['id', 'bài/1%FF', UTF8],
    ['url', 'http://a.test/bến%FF', UTF8],
  ])('one foreign byte in %s leaves the other fields alone', async (key, value, type) => {
    const json = JSON.stringify({ ...given, [key]: `${given[key]}@` }).replaceAll('\\\\u', '\\u');
    const line = Buffer.from(json);
    line[line.indexOf('@')] = 0xff;
    const { pages, notes } = await readAll(put('x.jsonl', line));
    const { id, url, title, headers } = pages[0];
    const found = { id, url, title, text: Buffer.from(pages[0].body).toString('latin1') };
    const utf8 = (text: string): string => Buffer.from(text).toString('latin1');
    const expected = { ...same, text: utf8(same.text), [key]: key === 'text' ? `${utf8(same.text)}\xff` : value };
    expect(found).toEqual(expected);
    expect(headers['content-type']).toBe(type);
    expect(notes).toHaveLength(1);
  });

  test.each([
    ['not JSON', '{"text": ', 'JSON'],
    ['not JSON, with a control character', '{"text": \x1b[31m', "token '\\u{1b}'"],
    ['no text', '{"title":"Một"}', '"text" is missing, expected a string'],
    ['text of another type', '{"text":["a"]}', '"text" is an array, expected a string'],
    ['not an object', '"Đò"', 'a string, expected an object'],
  ])('a bad line is named after all good ones were read: %s', async (_name, line, fact) => {
    const good = JSON.stringify(row);
    const path = put('x.jsonl', `${good}\n\n${good}\n${line}\n${good}`);
    const { pages, error } = await readAll(path);
    expect(pages).toHaveLength(3);
    expect(error).toMatchObject({ code: 'BAD_JSON_LINE', exitStatus: 2 });
    expect(error!.message).toContain(`${path}: line 4: `);
    expect(error!.message).toContain(fact);
    expect(error!.message).toMatch(/^[^\p{C}]*$/u);
    const worse = await readAll(put('y.jsonl', `{\n${good}\n}\n${good}\n[`));
    expect(worse.pages).toHaveLength(2);
    expect(worse.error!.message).toMatch(/y\.jsonl: line 1: .* \(and 2 more bad lines\)$/);
  });

  test('any bytes come back, and many', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.string({ unit: 'grapheme' }), (noise, text) => {
        const bytes = Buffer.concat([noise, Buffer.from(text), noise]);
        return encodeEscaped(decodeEscaped(bytes)).equals(bytes);
      }),
    );
    const long = Buffer.from(`${'Nước lên. '.repeat(500_000)}\xff`, 'utf8');
    long[long.length - 2] = 0xff;
    expect(encodeEscaped(decodeEscaped(long)).equals(long)).toBe(true);
    expect(firstForeignByte(long)).toBe(long.length - 2);
  });

  test('gzip that ends too early is named after the good lines were read', async () => {
    const rows = Array.from({ length: 2000 }, (_, i) => JSON.stringify({ text: `Dòng ${i} ${Math.sin(i)}` })).join(
      '\n',
    );
    const packed = gzipSync(rows);
    const { pages, error } = await readAll(put('x.jsonl.gz', packed.subarray(0, packed.length / 2)));
    expect(error).toMatchObject({ code: 'TRUNCATED_GZIP', exitStatus: 2 });
    expect(pages.length).toBeGreaterThan(500);
    expect(textOf(pages.at(-1)!)).toMatch(new RegExp(`^Dòng ${pages.length - 1} `));
  });
});

describe('WARC', () => {
  async function read(records: readonly WarcRecord[]): Promise<Read> {
    const writer = WarcWriter.open(dir, 'x');
    for (const one of records) await writer.write(one);
    await writer.close();
    return readAll(join(dir, 'x-00000.warc.gz'));
  }

  test('a record of ours says its consent and source', async () => {
    const extra = [
      ['Vua-Consent', 'no-train'],
      ['Vua-Consent-Statement', 'meta robots: noai'],
      ['Vua-Consent-Statement', 'tdm-reservation: 1'],
      ['Vua-Source', 'bao'],
    ] as const;
    const { pages } = await read([
      record({
        extra,
        truncated: 'length',
        headers: [
          ['Content-Type', 'text/html'],
          ['ETag', '"a"'],
          ['X-A', '1'],
          ['x-a', '2'],
        ],
      }),
    ]);
    expect(pages[0]).toMatchObject({
      url: 'http://bao.vua.test/a',
      source: 'bao',
      fetchedAt: '2026-11-20T08:30:00Z',
      truncated: true,
      consent: { conclusion: 'no-train', statements: ['meta robots: noai', 'tdm-reservation: 1'] },
    });
    expect(pages[0].headers).toMatchObject({ 'content-type': 'text/html', etag: '"a"', 'x-a': '1, 2' });
  });

  test('a foreign record has its consent derived, and its host as source', async () => {
    const { pages } = await read([
      record({
        headers: [
          ['content-type', 'text/html'],
          ['X-Robots-Tag', 'noai'],
        ],
      }),
      record({ body: Buffer.from('<meta name="robots" content="noindex"><p>Đò') }),
      record({ extra: [['Vua-Consent', 'maybe']] }),
    ]);
    expect(pages.map(({ consent }) => consent.conclusion)).toEqual(['no-train', 'no-index', 'unknown']);
    expect(pages[0].source).toBe('bao.vua.test');
  });

  test('what is no page is counted by reason', async () => {
    const typed = (type: string): Partial<WarcRecord> => ({ headers: [['Content-Type', type]] });
    const { pages, skipped } = await read([
      record({ status: 404 }),
      record({ status: 301 }),
      record({ type: 'revisit', status: 304, body: new Uint8Array() }),
      record(typed('image/png; q=1')),
      record(typed('Application/XHTML+XML')),
      record({ ...typed('text/plain'), url: 'http://bao.vua.test/robots.txt' }),
      record({ ...typed('text/plain'), url: 'metadata://nhat-ky' }),
      record({ headers: [] }),
      record({ headers: [], body: Buffer.from('%PDF') }),
    ]);
    expect(pages.map(({ headers }) => headers['content-type'])).toEqual(['Application/XHTML+XML', undefined]);
    expect(skipped).toEqual({
      'status 404': 1,
      'status 301': 1,
      'record type revisit': 1,
      'record type warcinfo': 1,
      'content type image/png': 1,
      'file for crawlers': 1,
      'no web address': 1,
      'content type missing': 1,
    });
  });
});
