/** Dumps of MediaWiki, plain and packed, whole and damaged; wikitext as its readers see it; saved feeds. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BadBzip2, unpackBzip2 } from '../../crawlers/bytes/bzip2.ts';
import { openInput } from '../../crawlers/sources/index.ts';
import { textOfWikitext } from '../../crawlers/sources/wikitext.ts';
import { expectLinear } from '../growth.ts';
import { collect, temporaryFolder, thrownBy } from '../support.ts';
import { f1, WIKI_PAGES } from './wiki-set.ts';

it.each([
  [
    'headings',
    'Mở đầu.\n== Lịch sử ==\nXưa.\n=== Cổ đại ===\nRất xưa.',
    'Mở đầu.\n\nLịch sử\n\nXưa.\n\nCổ đại\n\nRất xưa.',
  ],
  ['a heading without text', '== Trống ==\n== Đầy ==\nCó chữ.', 'Đầy\n\nCó chữ.'],
  ['links', "'''Huế''' là [[thành phố|đô thị]] bên [[sông Hương]].", 'Huế là đô thị bên sông Hương.'],
  ['links with the pipe trick', '[[Huế (thành phố)|]] và [[:Thể loại:Huế]]', 'Huế và Thể loại:Huế'],
  ['links out', 'Xem [https://a.example/x trang này] và [https://a.example/y].', 'Xem trang này và.'],
  [
    'files and categories',
    'Trước.[[Tập tin:A.jpg|nhỏ|Ảnh [[Huế]] xưa]] Sau.\n[[Thể loại:Huế]]\n[[en:Hue]]',
    'Trước. Sau.',
  ],
  [
    'references',
    'Một.<ref name="a">Sách {{x}}</ref> Hai.<ref name="a" /> Ba.\n== Tham khảo ==\n{{tham khảo}}\n* Sách',
    'Một. Hai. Ba.',
  ],
  ['sections behind notes', 'A.\n== Chú thích ==\n=== Con ===\nx\n== Văn hóa ==\nB.', 'A.\n\nVăn hóa\n\nB.'],
  [
    'templates',
    '{{Hộp thông tin\n| tên = {{lang|vi|X}}\n| ảnh = [[Tập tin:a.png]]\n}}Chữ {{lang|fr|pho}} và {{convert|5|km|mi}}.',
    'Chữ pho và 5 km.',
  ],
  ['a template that ends in a bar', '{{a|b|}}Chữ.', 'Chữ.'],
  ['lists', '* một\n** hai\n# ba\n: thụt\n; từ', '- một\n- hai\n- ba\nthụt\ntừ'],
  [
    'tables',
    'Dân số:\n{| class="wikitable"\n|+ Bảng\n! Năm !! Dân\n|-\n| style="color:red" | 1999 || [[Huế|12]]\n|-\n| 2009\n| 15 {{x|y}}\n|}\nHết.',
    'Dân số:\n\nBảng\nNăm | Dân\n1999 | 12\n2009 | 15\n\nHết.',
  ],
  ['formulas', 'Công thức <math>E = mc^{2}</math> của ông.', 'Công thức $E = mc^{2}$ của ông.'],
  ['what is no markup', "<nowiki>''[[a]]''</nowiki> và <code>x[[1]]</code>", "''[[a]]'' và x[[1]]"],
  ['comments, tags, entities', 'A<!-- ẩn -->&nbsp;B<br/>C<sub>2</sub> &ndash; D __NOTOC__', 'A B C2 – D'],
  ['what never closes', 'Một {{hai [[ba <ref>bốn', 'Một hai ba bốn'],
])('wikitext: %s', (_name, source, text) => expect(textOfWikitext(source)).toBe(text));

it('thirty articles: every word of the text and no other, line by line', () => {
  const lines = (text: string): string => text.replace(/^= /gm, '').replace(/\n+/g, '\n');
  expect(WIKI_PAGES.length).toBe(30);
  for (const { title, wikitext, text } of WIKI_PAGES) {
    const found = textOfWikitext(wikitext);
    expect(f1(found, text), title).toBeGreaterThan(0.97);
    expect(lines(found), title).toBe(lines(text));
  }
});

it('costs as much as it is long, however it nests', () =>
  expectLinear(
    (n) => `${'{{a|[[b|'.repeat(n)}${'<ref>x '.repeat(n)}${'{|\n|'.repeat(n)}${']]}}'.repeat(n)}`,
    textOfWikitext,
    { from: 2000 },
  ));

const page = (title: string, text: string, more = '<ns>0</ns>', id = 7): string =>
  `<page><title>${title}</title>${more}<id>${id}</id><revision><id>99</id><timestamp>2026-01-02T03:04:05Z</timestamp><text bytes="9" xml:space="preserve">${text}</text></revision></page>`;
const dump = (...pages: readonly string[]): string =>
  `<mediawiki xml:lang="vi"><siteinfo><sitename>Wikipedia</sitename><dbname>viwiki</dbname><base>https://vi.wikipedia.org/wiki/Trang_Ch%C3%ADnh</base></siteinfo>\n${pages.join('\n')}</mediawiki>`;
const whole = dump(
  page('Sông Hương', '&lt;b&gt;Sông&lt;/b&gt; ở &quot;Huế&quot;.'),
  page('Thảo luận:X', 'Không.', '<ns>1</ns>'),
  page('Hương Giang', '#đổi [[Sông Hương]]', '<ns>0</ns><redirect title="Sông Hương" />'),
  page('A/B', 'Hai.', '<ns>0</ns>', 8),
);
const bzip2 = (data: string | Uint8Array): Buffer => execFileSync('bzip2', ['-c'], { input: data });
let hasBzip2 = true;
try {
  bzip2('');
} catch {
  hasBzip2 = false;
}

async function read(name: string, data: string | Uint8Array) {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, data);
  const skipped = new Map<string, number>();
  const pages = await collect(openInput(path, { skipped }));
  return {
    pages: pages.map(({ url, title, body }) => [url, title, Buffer.from(body).toString()]),
    skipped,
    first: pages[0],
  };
}

describe('a dump', () => {
  const pages = [
    ['https://vi.wikipedia.org/wiki/S%C3%B4ng_H%C6%B0%C6%A1ng', 'Sông Hương', 'Sông ở "Huế".'],
    ['https://vi.wikipedia.org/wiki/A/B', 'A/B', 'Hai.'],
  ];
  it.each([
    ['a.xml', whole],
    ['a.xml.gz', gzipSync(whole)],
  ])('%s gives its articles', async (name, data) => {
    const found = await read(name, data);
    expect(found.pages).toEqual(pages);
    expect(Object.fromEntries(found.skipped)).toEqual({ 'namespace 1': 1, redirect: 1 });
    expect(found.first).toMatchObject({
      id: '7',
      source: 'viwiki',
      licence: 'CC-BY-SA-4.0',
      fetchedAt: '2026-01-02T03:04:05Z',
    });
  });

  it('in bzip2 of many streams is the same; damage ends it behind what is whole', async (context) => {
    if (!hasBzip2) return context.skip('there is no bzip2 program here');
    const middle = whole.indexOf('<page><title>A/B');
    const streams = [bzip2(whole.slice(0, middle)), bzip2(whole.slice(middle))];
    expect((await read('a.xml.bz2', Buffer.concat(streams))).pages).toEqual(pages);
    const broken = Buffer.concat(streams);
    broken[streams[0].length + 40] ^= 0x55;
    const path = join(temporaryFolder(), 'b.xml.bz2');
    writeFileSync(path, broken);
    const read1: string[] = [];
    const fault = await thrownBy(async () => {
      for await (const { title } of openInput(path)) read1.push(title!);
    });
    expect(read1).toEqual(['Sông Hương']);
    expect(fault).toMatchObject({ code: 'BAD_INPUT', exitStatus: 2 });
  });

  it('that is cut says so behind the pages that are whole', async () => {
    expect(await thrownBy(() => read('a.xml', whole.slice(0, -40)))).toMatchObject({ code: 'BAD_INPUT' });
  });
});

it('unpacks what bzip2 packs', async (context) => {
  if (!hasBzip2) return context.skip('there is no bzip2 program here');
  const noise = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * i * 31 + (i >> 3)) & 0xff));
  const cases = ['', 'a', 'aaaa', `${'a'.repeat(1000)}${'b'.repeat(259)}`, 'Con kênh đào. '.repeat(9000), noise];
  for (const data of cases) {
    const packed = bzip2(data);
    async function* slices() {
      for (let at = 0; at < packed.length; at += 777) yield packed.subarray(at, at + 777);
    }
    expect(Buffer.concat(await collect(unpackBzip2(slices()))).equals(Buffer.from(data))).toBe(true);
  }
  const packed = bzip2(noise);
  async function* cut() {
    yield packed.subarray(0, packed.length - 200);
  }
  await expect(collect(unpackBzip2(cut()))).rejects.toThrow(BadBzip2);
});

it.each([
  [
    'a.rss',
    '<?xml version="1.0"?><rss version="2.0"><channel><title>x</title><item><title>Bài &amp; một</title><link>https://bao.example/1</link><pubDate>Fri, 02 Jan 2026 07:00:00 +0700</pubDate><description><![CDATA[<p>Chữ một.</p>]]></description></item><item><title>Trống</title></item></channel></rss>',
  ],
  [
    'a.xml',
    '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Bài &amp; một</title><link href="https://bao.example/1"/><updated>2026-01-02T00:00:00Z</updated><content type="html">&lt;p&gt;Chữ một.&lt;/p&gt;</content></entry><entry><id>2</id></entry></feed>',
  ],
])('a saved feed %s gives its entries', async (name, data) => {
  const { pages, skipped, first } = await read(name, data);
  expect(pages).toEqual([['https://bao.example/1', 'Bài & một', '<!doctype html><article><p>Chữ một.</p></article>']]);
  expect(first.fetchedAt).toBe('2026-01-02T00:00:00.000Z');
  expect(Object.fromEntries(skipped)).toEqual({ 'entry without text': 1 });
});

it('passes over XML of another kind', async () => {
  const { pages, skipped } = await read('a.xml', '<urlset><url><loc>https://a.example/</loc></url></urlset>');
  expect([pages, Object.fromEntries(skipped)]).toEqual([[], { 'XML of urlset': 1 }]);
});
