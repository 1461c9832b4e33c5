/** Writing WARC: what is written comes back, also after a crash. */
import { appendFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { type WarcRecord, WarcWriter } from '../../crawlers/warc/warc.ts';
import { temporaryFolder } from '../support.ts';
import { fileName, membersOf, readAll, record, urls, urlsOf, writeAll } from './warc-records.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

describe('writing', () => {
  test('a record comes back as it was given', async () => {
    const given: WarcRecord[] = [
      record(1, {
        status: 404,
        statusText: 'Không thấy'.normalize('NFD').replace(/[^ -~]/g, ''),
        headers: [
          ['Set-Cookie', 'a=1'],
          ['set-cookie', 'b=2'],
          ['X-Latin', 'caf\xe9'],
        ],
        body: Uint8Array.from({ length: 256 }, (_, i) => i),
        truncated: 'length',
        extra: [
          ['Vua-Consent', 'no-train'],
          ['Vua-Consent-Statement', 'meta robots: noai'],
          ['Vua-Consent-Statement', 'x-robots-tag: noai'],
          ['Vua-Source', 'Báo Bến Sông'],
        ],
      }),
      record(2, {
        type: 'revisit',
        status: 304,
        statusText: 'Not Modified',
        headers: [['ETag', '"x"']],
        body: new Uint8Array(),
      }),
    ];
    await writeAll(dir, given);
    const { records, error } = await readAll(join(dir, fileName));
    expect(error).toBeUndefined();
    expect(records).toHaveLength(2);
    for (const [i, read] of records.entries()) {
      const { headers, body, truncated, ...rest } = given[i];
      expect(read).toMatchObject(rest);
      expect(Buffer.from(read.body)).toEqual(Buffer.from(body));
      expect(read.truncated).toBe(truncated);
      expect(read.headers.slice(0, headers.length)).toEqual(headers);
    }
  });

  test('each record is a gzip member of its own, after a warcinfo', async () => {
    await writeAll(dir, [record(0), record(1), record(2)]);
    const texts = membersOf(readFileSync(join(dir, fileName))).map((member) => gunzipSync(member).toString());
    expect(texts.map((text) => /WARC-Type: (\w+)/.exec(text)![1])).toEqual([
      'warcinfo',
      'response',
      'response',
      'response',
    ]);
    for (const text of texts) {
      expect(text).toMatch(/^WARC\/1\.1\r\n/);
      const [head, block] = [text.slice(0, text.indexOf('\r\n\r\n')), text.slice(text.indexOf('\r\n\r\n') + 4, -4)];
      expect(Buffer.byteLength(block)).toBe(Number(/Content-Length: (\d+)/.exec(head)![1]));
      expect(text.endsWith('\r\n\r\n')).toBe(true);
    }
    expect(texts[1]).toContain('WARC-Payload-Digest: sha1:XJZHAXMQRWVOLFD7YTTSBLZYY6QREJXG');
  });

  test('the stored message is true of the stored body', async () => {
    const headers = [
      ['Content-Encoding', 'br'],
      ['Transfer-Encoding', 'chunked'],
      ['Content-Length', '17'],
    ] as const;
    await writeAll(dir, [record(3, { headers })]);
    const text = gunzipSync(readFileSync(join(dir, fileName))).toString();
    expect(text).toContain(
      'X-Orig-Content-Encoding: br\r\nX-Orig-Transfer-Encoding: chunked\r\nX-Orig-Content-Length: 17\r\n',
    );
    const [read] = (await readAll(join(dir, fileName))).records;
    expect(Buffer.from(read!.body)).toEqual(Buffer.from(record(3).body));
    expect(text).toContain(`\r\nContent-Length: ${read!.body.length}\r\n\r\n`);
  });

  test('a line break in a value cannot make a line of its own', async () => {
    const evil = 'x\r\nWARC-Type: evil\r\n\r\n';
    await writeAll(dir, [
      record(1, {
        statusText: evil,
        headers: [['X-A', `${evil}\u010a`]],
        extra: [['Vua-Source', evil]],
        url: `http://a/${evil}`,
      }),
    ]);
    const { records, error } = await readAll(join(dir, fileName));
    expect(error).toBeUndefined();
    expect(records[0]).toMatchObject({ type: 'response', status: 200 });
    expect(Buffer.from(records[0].body)).toEqual(Buffer.from(record(1).body));
  });

  test('overlapping writes keep the order of the calls', async () => {
    const writer = WarcWriter.open(dir, 'sample');
    const order = [9, 1, 8, 2, 7, 3];
    await Promise.all(order.map((number) => writer.write(record(number, { body: Buffer.alloc(number * 50_000, 65) }))));
    await writer.close();
    const { records } = await readAll(join(dir, fileName));
    expect(urlsOf(records)).toEqual(order.map((number) => `http://bao.vua.test/${number}`));
  });

  test('a full file is followed by the next, and a later run continues the last', async () => {
    await writeAll(
      dir,
      urls(6).map((_, i) => record(i)),
      900,
    );
    const files = readdirSync(dir).sort();
    expect(files.length).toBeGreaterThan(1);
    await writeAll(dir, [record(6)], 900);
    const read: string[] = [];
    for (const file of readdirSync(dir).sort()) {
      const { records, error } = await readAll(join(dir, file));
      expect(error).toBeUndefined();
      expect(records.length).toBeGreaterThan(0);
      read.push(...urlsOf(records));
    }
    expect(read).toEqual(urls(7));
  });

  test('after a crash the torn member is cut off, wherever it was torn', async () => {
    await writeAll(dir, [record(0), record(1)]);
    const whole = readFileSync(join(dir, fileName));
    const ends = membersOf(whole).map((member) => member.byteOffset - whole.byteOffset + member.length);
    for (let size = 0; size <= whole.length; size += size > 40 ? 37 : 7) {
      writeFileSync(join(dir, fileName), whole);
      truncateSync(join(dir, fileName), size);
      await writeAll(dir, [record(2)]);
      const { records, error } = await readAll(join(dir, fileName));
      expect(error, `cut at ${size}`).toBeUndefined();
      const before = Math.max(0, ends.filter((end) => end <= size).length - 1); // the first is the warcinfo
      expect(urlsOf(records), `cut at ${size}`).toEqual([...urls(before), 'http://bao.vua.test/2']);
    }
  });

  test.each([
    ['zero bytes', Buffer.alloc(500)],
    ['noise', Buffer.from('không phải gzip '.repeat(20))],
  ])('%s behind the last member are cut off', async (_name, tail) => {
    await writeAll(dir, [record(0)]);
    appendFileSync(join(dir, fileName), tail);
    await writeAll(dir, [record(1)]);
    expect(urlsOf((await readAll(join(dir, fileName))).records)).toEqual(urls(2));
  });

  test('a last member of the right length and wrong content is cut off', async () => {
    await writeAll(dir, [record(0), record(1)]);
    const file = readFileSync(join(dir, fileName));
    const last = membersOf(file).at(-1)!;
    last.fill(0, 60, last.length - 8);
    writeFileSync(join(dir, fileName), file);
    await writeAll(dir, [record(2)]);
    expect(urlsOf((await readAll(join(dir, fileName))).records)).toEqual([
      'http://bao.vua.test/0',
      'http://bao.vua.test/2',
    ]);
  });

  test('a folder that cannot be written is named', () => {
    writeFileSync(join(dir, 'file'), '');
    expect(() => WarcWriter.open(join(dir, 'file'), 'x')).toThrow(
      expect.objectContaining({ code: 'UNWRITABLE_FOLDER', message: expect.stringContaining('file') }),
    );
  });
});
