/** Which files an input holds, by which names, and what becomes of those that cannot be read. */
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ToolkitError } from '../../crawlers/shell/errors.ts';
import { openInput } from '../../crawlers/sources/index.ts';
import { dir, known, put, readAll, textOf } from './inputs.ts';

describe('paths', () => {
  test('a folder is read in order, with stable names; other files are counted', async () => {
    put('b/2.txt', 'hai');
    put('b/10.TXT', 'mười');
    put('a.jsonl', '{"text":"một"}');
    put('anh.png', 'x');
    put('.an/an.txt', 'ẩn');
    const { pages, skipped, error } = await readAll(dir);
    expect(error).toBeUndefined();
    expect(pages.map(({ url }) => url)).toEqual(
      ['a.jsonl#1', 'b/10.TXT', 'b/2.txt'].map((name) => `file:${known(name)}`),
    );
    expect(new Set(pages.map(({ source }) => source))).toEqual(new Set([basename(dir)])); // a folder is one source
    expect(skipped).toEqual({ 'not an input file: .png': 1 });
  });

  test('is known by its last folder and name, or by the given folder and the path below, from wherever it is read', async () => {
    const [a, b] = [put('2023/part.jsonl', '{"text":"một"}'), put('2024/part.jsonl', '{"text":"hai"}')];
    const urls = async (path: string): Promise<string[]> => (await readAll(path)).pages.map(({ url }) => url);
    expect([...(await urls(a)), ...(await urls(b))]).toEqual(['file:2023/part.jsonl#1', 'file:2024/part.jsonl#1']);
    expect(await urls(dirname(a))).toEqual(['file:2023/part.jsonl#1']);
    expect(await urls(relative(process.cwd(), `${dirname(b)}/`))).toEqual(['file:2024/part.jsonl#1']);
  });

  test('one entry at fault ends that entry: a link to nowhere, a name that is not UTF-8; a folder is followed once', async () => {
    put('x/a.txt', 'một');
    put('x/z.txt', 'hai');
    symlinkSync('/nonexistent/x.txt', join(dir, 'x', 'm.txt'));
    symlinkSync('.', join(dir, 'x', 'again'));
    writeFileSync(
      Buffer.concat([Buffer.from(`${join(dir, 'x')}/Nguy`), Buffer.from([0xea]), Buffer.from('n.txt')]),
      'ba',
    );
    const faults: ToolkitError[] = [];
    const urls: string[] = [];
    for await (const { url } of openInput(join(dir, 'x'), { onFault: (fault) => faults.push(fault) })) urls.push(url);
    expect(urls).toEqual(['file:x/a.txt', 'file:x/z.txt']);
    expect(faults.map(({ code, message }) => [code, message])).toEqual([
      ['BAD_INPUT', expect.stringMatching(/x\/Nguyên\.txt: a file name that is not UTF-8/)],
      ['BAD_INPUT', expect.stringMatching(/x\/m\.txt: ENOENT/)],
    ]);
    await expect(readAll(join(dir, 'x'))).resolves.toMatchObject({ error: { code: 'BAD_INPUT' } });
  });

  test.each<[string, () => string, RegExp]>([
    ['an unknown ending', () => put('a.docx', 'x'), /a\.docx: cannot read this kind of file/],
    ['an empty file', () => put('rong.txt', ''), /rong\.txt: the file is empty/],
    ['an empty gzip file name', () => put('rong.jsonl.gz', ''), /rong\.jsonl\.gz: the file is empty/],
    ['a folder without input', () => dirname(put('chi/co.png', 'x')), /chi: no file in this folder can be read/],
    ['a missing path', () => join(dir, 'mat.txt'), /mat\.txt: ENOENT/],
  ])('%s is refused with what is allowed', async (_name, path, message) => {
    const { pages, error } = await readAll(path());
    expect(pages).toHaveLength(0);
    expect(error).toMatchObject({ code: 'BAD_INPUT', exitStatus: 2, message: expect.stringMatching(message) });
    expect(error!.hint).toBeDefined();
    if (/ending|without/.test(_name))
      expect(error!.hint).toContain(
        '.jsonl.zst, .ndjson, .ndjson.gz, .ndjson.zst, .txt, .md, .markdown, .txt.gz, .txt.zst, .html, .htm',
      );
  });

  test('of a text file larger than a document can be only the head is read', async () => {
    const { pages, error } = await readAll(put('to.txt.gz', gzipSync(Buffer.alloc(65 * 2 ** 20, 'a'))));
    expect(error).toBeUndefined();
    expect(pages).toHaveLength(1);
    expect(pages[0].body.length).toBe(65_536);
    expect(pages[0].wholeBytes).toBeGreaterThan(64 * 2 ** 20);
  });

  test('an empty text in a folder is a page, an empty archive is none', async () => {
    put('f/a.txt', '');
    put('f/b.warc', '');
    const { pages, skipped } = await readAll(dirname(put('f/c.html', '')));
    expect(pages.map(({ url, body }) => [url, body.length])).toEqual([
      ['file:f/a.txt', 0],
      ['file:f/c.html', 0],
    ]);
    expect(skipped).toEqual({ 'empty file': 1 });
  });

  test('an aborted signal ends the reading between two files', async () => {
    for (const name of ['1', '2', '3']) put(`${name}.txt`, name);
    const stop = new AbortController();
    const read: string[] = [];
    for await (const page of openInput(dir, { signal: stop.signal })) {
      read.push(textOf(page));
      stop.abort();
    }
    expect(read).toEqual(['1']);
  });
});

const pack = process.env.VUA_PACK ?? '';
const hasPack = pack !== '' && existsSync(join(pack, 'text'));

test.for([
  ['warc/vi_pages.warc.gz', 84],
  ['text/viwiki.jsonl', 951],
  ['text/law_2010.jsonl', 46],
  ['text/lit_namcao/sau-cach-mang', 16],
] as const)('real input %s gives %i pages (VUA_PACK)', async ([path, count], { skip }) => {
  skip(!hasPack, 'set VUA_PACK to the folder of the data pack');
  const { pages, error } = await readAll(join(pack, path));
  expect(error).toBeUndefined();
  expect(pages).toHaveLength(count);
  const empty = pages.filter(({ body }) => body.length === 0).map(({ url }) => url);
  expect(empty).toEqual(path.includes('viwiki') ? ['https://vi.wikipedia.org/wiki/Đúc_tiền'] : []);
});
