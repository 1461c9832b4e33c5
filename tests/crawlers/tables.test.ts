/** Rows as other programs write them: JSON, CSV, Parquet; which field is what; and archives of other names. */
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import type { Page } from '../../crawlers/page.ts';
import { hubFolder } from '../../crawlers/sources/hub.ts';
import { type InputContext, openInput, pathOf } from '../../crawlers/sources/index.ts';
import { dir, known, put, readAll, record, textOf } from './inputs.ts';
import { fileName, writeAll } from './warc-records.ts';

type Column = Parameters<typeof parquetWriteBuffer>[0]['columnData'][number];
const parquet = (...columnData: Column[]): Uint8Array =>
  new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 2 }));
const facts = (page: Page) => [textOf(page), page.id, page.url, page.title, page.licence, page.source, page.fetchedAt];
const text = (name: string, ...data: (string | null)[]): Column => ({ name, data, type: 'STRING' });

async function pagesOf(path: string, context: InputContext = {}): Promise<Page[]> {
  const pages: Page[] = [];
  for await (const page of openInput(path, context)) pages.push(page);
  return pages;
}

describe('the fields of usual corpora are found', () => {
  const TIME = '2024-05-18T03:07:12.000Z';
  const URL = 'https://bao.example/1';

  test.each<[string, string, () => string | Uint8Array]>([
    [
      'FineWeb-2',
      'a.parquet',
      () => parquet(text('text', 'Đò'), text('id', '<urn:1>'), text('url', URL), text('date', '2024-05-18T03:07:12Z')),
    ],
    [
      'CulturaX',
      'a.parquet',
      () => parquet(text('text', 'Đò'), text('timestamp', '2024/05'), text('url', URL), text('source', 'mC4')),
    ],
    ['HPLT', 'a.jsonl', () => `{"u":"${URL}","ts":"2024-05-18 03:07:12","text":"Đò","prob":[0.9]}`],
    [
      'datatrove',
      'a.jsonl',
      () => `{"text":"Đò","id":"<urn:1>","metadata":{"url":"${URL}","date":"2024-05-18T03:07:12"}}`,
    ],
    [
      'RedPajama',
      'a.parquet',
      () => parquet(text('text', 'Đò'), text('meta', `{"url":"${URL}","timestamp":"${TIME}"}`)),
    ],
    [
      'OSCAR',
      'a.jsonl',
      () => `{"content":"Đò","warc_headers":{"warc-target-uri":"${URL}","warc-date":"2024-05-18T03:07:12Z"}}`,
    ],
    ['C4', 'a.json.gz', () => gzipSync(`{"text":"Đò","url":"${URL}","timestamp":"2024-05-18 03:07:12 UTC"}\n`)],
    ['CSV', 'a.csv', () => `\uFEFFURL,Text,ts\n${URL},Đò,1716001632\n`],
  ])('%s', async (corpus, name, content) => {
    const [page] = await pagesOf(put(name, content()));
    const [body, id, url, , , source, time] = facts(page);
    expect([body, url]).toEqual(['Đò', URL]);
    expect(id).toBe(/FineWeb|datatrove/.test(corpus) ? '<urn:1>' : undefined);
    expect(source).toBe(corpus === 'CulturaX' ? 'mC4' : known(name));
    if (corpus === 'CulturaX') expect(time).not.toMatch(/^2024-05/);
    else expect(new Date(time!).toISOString()).toBe(TIME);
  });

  test('others are named, and a licence is given to rows that state none', async () => {
    const context = { fields: { text: 'body.vi', id: 'key', url: 'link' }, licence: 'CC0-1.0', source: 'kho' };
    const rows = [
      { key: 1, link: 'https://x.vn/', body: { vi: 'Đò' }, text: 'no' },
      { body: { vi: 'Ghe' }, licence: 'MIT' },
    ];
    const [a, b] = await pagesOf(put('a.json', JSON.stringify(rows)), context);
    expect(facts(a).slice(0, 6)).toEqual(['Đò', '1', 'https://x.vn/', undefined, 'CC0-1.0', 'kho']);
    expect(facts(b).slice(0, 6)).toEqual(['Ghe', undefined, `file:${known('a.json')}#2`, undefined, 'MIT', 'kho']);
    for (const [name, content] of [
      ['b.csv', 'a,b\n1,2\n'],
      ['b.parquet', parquet(text('a', '1'), text('b', '2'))],
    ] as const)
      await expect(pagesOf(put(name, content))).rejects.toMatchObject({
        code: 'BAD_INPUT',
        message: expect.stringContaining(`${name}: no column "text", found a, b`),
      });
  });
});

test('Parquet: every row with a text, long ids exact, rows of a damaged group named', async () => {
  const columns = [
    { name: 'id', data: [2n ** 60n + 1n, 2n ** 60n + 2n, 3n, 4n, 5n, 6n] },
    text('text', 'a', null, 'c', 'd', 'e', 'f'),
  ];
  const bytes = parquet(...columns);
  const { pages, skipped, error } = await readAll(put('a.parquet', bytes));
  expect(error).toBeUndefined();
  expect(pages.map(({ id }) => id)).toEqual(['1152921504606846977', '3', '4', '5', '6']);
  expect(pages.at(-1)).toMatchObject({
    url: `file:${known('a.parquet')}#6`,
    row: { key: expect.stringMatching(/\n6$/) },
  });
  expect(skipped).toEqual({ 'row without text': 1 });
  const torn = Uint8Array.from(bytes);
  torn.fill(0xff, 4, 12); // the first group
  const faulty = await readAll(put('b.parquet', torn));
  expect(faulty.pages.map(textOf)).toEqual(['c', 'd', 'e', 'f']);
  expect(faulty.error).toMatchObject({
    code: 'BAD_PARQUET',
    message: expect.stringMatching(/b\.parquet: row group 1 of 3/),
  });
  await expect(pagesOf(put('c.parquet', bytes.slice(0, -20)))).rejects.toMatchObject({ code: 'BAD_PARQUET' });
  expect(await pagesOf(put('d.parquet', parquet(text('text'))))).toEqual([]);
});

describe('JSON', () => {
  test.each<[string, string]>([
    ['an array', '[{"text":"một"},\n {"text":"hai [}\\"{", "id": 9007199254740993}]'],
    ['an array under a key', '{"version":1,"data":[{"text":"một"},{"text":"hai [}\\"{","id":9007199254740993}]}'],
    [
      'objects over several lines',
      '{\n "text": "một"\n}\n{ "text":\n "hai [}\\"{", "id":9007199254740993, "s":NaN }\n',
    ],
  ])('as %s', async (_name, content) => {
    const pages = await pagesOf(put('a.json', content));
    expect(pages.map(textOf)).toEqual(['một', 'hai [}"{']);
    expect(pages[1].id).toBe('9007199254740993');
  });

  test('that is cut, wrong or no text says where; a config in a folder is passed over', async () => {
    const cut = await readAll(put('a.json', '[{"text":"một"},\n{"text":"ha'));
    expect(cut.pages).toHaveLength(1);
    expect(cut.error).toMatchObject({
      code: 'BAD_JSON',
      message: expect.stringMatching(/line 2: the file ends inside/),
    });
    const wrong = await readAll(put('b.json', '[{"text":"một"},\n{"text":7}]'));
    expect(wrong.error).toMatchObject({
      code: 'BAD_ROW',
      message: expect.stringMatching(/line 2: "text" is a number/),
    });
    await expect(pagesOf(put('c.json', '<html>'))).rejects.toMatchObject({ code: 'BAD_JSON' });
    await expect(pagesOf(put('x/config.json', '{"layers":4}'))).rejects.toMatchObject({ code: 'BAD_ROW' });
    put('x/a.txt', 'một');
    expect(await readAll(join(dir, 'x'))).toMatchObject({ error: undefined, skipped: { 'JSON without "text"': 1 } });
  });
});

describe('CSV', () => {
  test('quotes, lines in fields, other separators and encodings', async () => {
    const rows = 'id;title;text\n1;"a;b";"dòng một\ndòng ""hai"""\n\n2;;ba\n';
    expect((await pagesOf(put('a.csv', rows))).map((page) => facts(page).slice(0, 4))).toEqual([
      ['dòng một\ndòng "hai"', '1', `file:${known('a.csv')}#1`, 'a;b'],
      ['ba', '2', `file:${known('a.csv')}#2`, undefined],
    ]);
    const wide = Buffer.from(`\uFEFFtext\tid\nmột, hai\t7\n`, 'utf16le');
    expect((await pagesOf(put('b.tsv', wide))).map((page) => facts(page).slice(0, 2))).toEqual([['một, hai', '7']]);
    const foreign = await readAll(put('c.csv', Buffer.from('text,id\nc\xe0 ph\xea,1\n', 'latin1')));
    expect(foreign.pages[0].headers).toEqual({ 'content-type': 'text/plain' });
    expect(foreign.pages[0].body).toEqual(Buffer.from('c\xe0 ph\xea', 'latin1'));
    expect(foreign.notes[0]).toMatch(/c\.csv: rows with bytes that are not UTF-8: 1, first line 2/);
  });

  test('rows of another width and quotes without end are named, the others read', async () => {
    const wide = await readAll(put('a.csv', 'id,text\n1,một\n2,hai, ba\n3,bốn,\n'));
    expect(wide.pages.map(textOf)).toEqual(['một', 'bốn']);
    expect(wide.error).toMatchObject({
      code: 'BAD_ROW',
      message: expect.stringMatching(/a\.csv: line 3: 3 fields, expected 2/),
    });
    const open = await readAll(put('b.csv', 'id,text\n1,một\n2,"hai\n3,ba\n'));
    expect(open.pages.map(textOf)).toEqual(['một']);
    expect(open.error).toMatchObject({ code: 'BAD_ROW', message: expect.stringMatching(/b\.csv: line 3: a quote/) });
  });
});

describe('archives', () => {
  const HTTP = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>Đò ơi';
  const arc = (url: string): string => `${url} 10.0.0.1 20050304121530 text/html ${Buffer.byteLength(HTTP)}\n${HTTP}\n`;
  const FILEDESC = '1 0 IA\nURL IP-address Archive-date Content-type Archive-length\n';

  test('ARC, a member for each record or none at all; one that is cut says where', async () => {
    const first = `filedesc://a.arc 0.0.0.0 20050304121530 text/plain ${FILEDESC.length}\n${FILEDESC}\n`;
    const records = [first, arc('http://x.vn/a'), arc('http://x.vn/b c')];
    for (const [name, bytes] of [
      ['a.arc', Buffer.from(records.join(''))],
      ['a.arc.gz', Buffer.concat(records.map((each) => gzipSync(each)))],
    ] as const) {
      const pages = await pagesOf(put(name, bytes));
      expect(pages.map(({ url, fetchedAt }) => [url, fetchedAt])).toEqual([
        ['http://x.vn/a', '2005-03-04T12:15:30Z'],
        ['http://x.vn/b c', '2005-03-04T12:15:30Z'],
      ]);
      expect(pages.map(textOf)).toEqual(['<p>Đò ơi', '<p>Đò ơi']);
    }
    const cut = await readAll(put('b.arc', records.join('').slice(0, -20)));
    expect(cut.pages).toHaveLength(1);
    expect(cut.error).toMatchObject({ code: 'BAD_ARC' });
  });

  test('WACZ: the archives in it, where they stand', async () => {
    await writeAll(dir, [record({}), record({ url: 'http://bao.vua.test/b' })]);
    const warc = readFileSync(join(dir, fileName));
    const parts = {
      'datapackage.json': Buffer.from('{}'),
      'archive/data.warc.gz': warc,
      'pages/pages.jsonl': Buffer.from('{}'),
    };
    const wacz = zipSync(parts, { level: 0 });
    const urls = async (bytes: Uint8Array) =>
      (await pagesOf(put('x.wacz', bytes))).map(({ url, place }) => [url, place]);
    const two = ['http://bao.vua.test/a', 'http://bao.vua.test/b'].map((url) => [url, undefined]);
    expect(await urls(wacz)).toEqual(two);
    await expect(urls(zipSync(parts))).rejects.toMatchObject({
      message: expect.stringMatching(/data\.warc\.gz is packed/),
    });
    await expect(urls(wacz.slice(0, -30))).rejects.toMatchObject({ message: expect.stringMatching(/no whole zip/) });
  });

  test('WAT holds no text', async () => {
    await expect(pagesOf(put('a.warc.wat.gz', gzipSync('WARC/1.0\r\n')))).rejects.toMatchObject({ code: 'BAD_INPUT' });
    put('a.txt', 'một');
    expect((await readAll(dir)).skipped).toEqual({ '.wat: links and headers of pages, without their text': 1 });
  });
});

test('a data set of the Hub is read where the user has fetched it, by its name', async () => {
  const hub = join(dir, 'hub', 'datasets--HuggingFaceFW--fineweb-2');
  put('hub/datasets--HuggingFaceFW--fineweb-2/refs/main', 'abc123\n');
  const blob = put('hub/datasets--HuggingFaceFW--fineweb-2/blobs/9f', parquet(text('text', 'Đò')));
  mkdirSync(join(hub, 'snapshots', 'abc123', 'data', 'vie_Latn'), { recursive: true });
  symlinkSync(blob, join(hub, 'snapshots', 'abc123', 'data', 'vie_Latn', '000.parquet'));
  const before = process.env.HF_HUB_CACHE;
  process.env.HF_HUB_CACHE = join(dir, 'hub');
  try {
    const name = 'hf://datasets/HuggingFaceFW/fineweb-2';
    expect((await pagesOf(name)).map(({ url, source }) => [url, source])).toEqual([
      ['file:fineweb-2/data/vie_Latn/000.parquet#1', 'fineweb-2'],
    ]);
    expect((await pagesOf(`${name}@abc/data/vie_Latn`))[0].url).toBe('file:fineweb-2/data/vie_Latn/000.parquet#1');
    expect(pathOf(`${name}/data`)).toBe(join(hub, 'snapshots', 'abc123', 'data'));
    expect(() => hubFolder('hf://datasets/HuggingFaceFW/fineweb')).toThrow(/not on this disk/);
    expect(() => hubFolder('hf://fineweb')).toThrow(/expected hf:\/\/datasets/);
  } finally {
    if (before === undefined) delete process.env.HF_HUB_CACHE;
    else process.env.HF_HUB_CACHE = before;
  }
});
