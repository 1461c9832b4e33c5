/** Sitemaps and indexes, as XML, text and gzip, whole, cut and hostile. */
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { MAX_SITEMAP_BYTES, parseSitemap } from '../../crawlers/links/sitemap.ts';
import { expectLinear } from '../growth.ts';

const urlset = `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url><loc> http://a.example/?a=1&amp;b=2 </loc><image:image><image:loc>http://a.example/x.jpg</image:loc></image:image></url>
  <url><lastmod>2026-01-01</lastmod><loc><![CDATA[http://a.example/phở]]></loc></url>
</urlset>`;
const pages = ['http://a.example/?a=1&b=2', 'http://a.example/phở'];
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it.each([
  ['urlset', bytes(urlset), { pages, sitemaps: [] }],
  ['byte order mark', bytes(`\uFEFF${urlset}`), { pages, sitemaps: [] }],
  ['gzip', gzipSync(urlset), { pages, sitemaps: [] }],
  [
    'index',
    bytes(
      '<sitemapindex><sitemap><loc>http://a.example/1.xml.gz</loc></sitemap><sitemap><loc>/2.xml</loc></sitemap></sitemapindex>',
    ),
    { pages: [], sitemaps: ['http://a.example/1.xml.gz', '/2.xml'] },
  ],
  [
    'text',
    bytes('http://a.example/1\r\nnot this\nhttps://a.example/2\n'),
    { pages: ['http://a.example/1', 'https://a.example/2'], sitemaps: [] },
  ],
  ['cut XML', bytes(urlset.slice(0, 300)), { pages: pages.slice(0, 1), sitemaps: [] }],
  ['a web page', bytes('<!doctype html><p>Không tìm thấy'), undefined],
  ['broken gzip', new Uint8Array([0x1f, 0x8b, 1, 2, 3]), { pages: [], sitemaps: [] }],
  ['nothing', new Uint8Array(), { pages: [], sitemaps: [] }],
])('%s', async (_name, body, expected) => {
  const found = await parseSitemap(body);
  expect(found && { pages: found.pages, sitemaps: found.sitemaps }).toEqual(expected);
});

it('reads what stands before the cut of a gzip file', async () => {
  const long = gzipSync(
    `<urlset>${Array.from({ length: 3000 }, (_, i) => `<url><loc>http://a.example/${i * i}</loc></url>`).join('')}</urlset>`,
  );
  const found = (await parseSitemap(long.subarray(0, long.length / 2)))!.pages.length;
  expect(found).toBeGreaterThan(100);
  expect(found).toBeLessThan(3000);
});

it('does not unpack a gzip bomb', async () => {
  expect(await parseSitemap(gzipSync(Buffer.alloc(MAX_SITEMAP_BYTES + 1, 60)))).toBeUndefined();
});

const found = ['http://a.example/0', 'http://a.example/1?x&y'];
const locs = (prefix: string): string =>
  `<${prefix}url><${prefix}loc>http://a.example/0</${prefix}loc></${prefix}url><${prefix}url><${prefix}loc> http://a.example/1?x&amp;y </${prefix}loc></${prefix}url>`;
it.each<[name: string, xml: string | Uint8Array]>([
  [
    'a prefix',
    `<!-- > --><?x ?><sm:urlset xmlns:sm="http://www.sitemaps.org/schemas/sitemap/0.9">${locs('sm:')}</sm:urlset>`,
  ],
  [
    'RSS',
    `<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>t</title><link>http://a.example/</link>
     <atom:link href="http://a.example/rss" rel="self"/><item><title>B</title><link>http://a.example/0</link><description><![CDATA[<link>no</link>]]></description></item>
     <item><guid isPermaLink="false">7</guid><link><![CDATA[http://a.example/1?x&y]]></link></item><item><guid isPermaLink="false">8</guid></item></channel></rss>`,
  ],
  [
    'RSS with guids alone',
    `<rss><channel><item><guid>http://a.example/0</guid></item><item><link/><guid isPermaLink="true">http://a.example/1?x&amp;y</guid></item></channel></rss>`,
  ],
  [
    'RSS 1.0',
    `<rdf:RDF xmlns:rdf="x"><channel><link>http://a.example/</link></channel><item rdf:about="x"><link>http://a.example/0</link></item><item><link>http://a.example/1?x&amp;y</link></item></rdf:RDF>`,
  ],
  [
    'Atom',
    `<feed xmlns="http://www.w3.org/2005/Atom"><link href="/"/><entry><link rel="self" href="/self"/><link href="http://a.example/0"/></entry><entry><link rel='alternate' type="text/html" href='http://a.example/1?x&amp;y'/></entry></feed>`,
  ],
  [
    'prefixed Atom',
    `<a:feed xmlns:a="x"><a:entry><a:link href="http://a.example/0"/></a:entry><a:entry><a:link href="http://a.example/1?x&amp;y"/></a:entry></a:feed>`,
  ],
  [
    'UTF-16 with a mark',
    Buffer.from(`\uFEFF<?xml version="1.0" encoding="UTF-16"?><urlset>${locs('')}</urlset>`, 'utf16le'),
  ],
  ['UTF-16 without one', Buffer.from(`<urlset>${locs('')}</urlset>`, 'utf16le').swap16()],
  [
    'an old encoding',
    Buffer.from(`<?xml version="1.0" encoding="windows-1252"?><urlset><!-- \xe0 -->${locs('')}</urlset>`, 'latin1'),
  ],
])('reads %s', async (_name, xml) => {
  const body = typeof xml === 'string' ? bytes(xml) : xml;
  expect(await parseSitemap(body)).toMatchObject({ pages: found, sitemaps: [] });
});

it('reads of a file that is too large what the protocol allows, and no half address', async () => {
  const entry = (i: number): string => `<url><loc>http://a.example/bai-${i}</loc><n:t>${'x'.repeat(2000)}</n:t></url>`;
  const xml = `<urlset>${Array.from({ length: 28_000 }, (_, i) => entry(i)).join('')}</urlset>`;
  const { pages = [] } = (await parseSitemap(gzipSync(xml, { level: 1 }))) ?? {};
  const whole = xml.slice(0, MAX_SITEMAP_BYTES).split('</loc>').length - 1;
  expect([pages.length, pages.at(-1)]).toEqual([whole, `http://a.example/bai-${whole - 1}`]);
  expect((await parseSitemap(bytes('<urlset><loc>http://a.example/0</loc><loc>http://a.exam')))?.pages).toHaveLength(1);
});

it('looks for the first element once', () =>
  expectLinear(
    (n) => bytes('<!-- -->'.repeat(n)),
    (body) => parseSitemap(body),
    { from: 20_000 },
  ));

it.each([
  ['a sitemap', urlset, { 'http://a.example/phở': '2026-01-01' }],
  [
    'an index',
    '<x:sitemapindex><x:sitemap><x:loc>/1.xml</x:loc><x:lastmod>2026-01-02T03:04:05+07:00</x:lastmod></x:sitemap></x:sitemapindex>',
    { '/1.xml': '2026-01-01T20:04:05Z' },
  ],
  [
    'news',
    '<urlset><url><loc>/1</loc><news:news><news:publication_date>2026-01-02</news:publication_date></news:news></url></urlset>',
    { '/1': '2026-01-02' },
  ],
  [
    'RSS',
    '<rss><channel><pubDate>Thu, 01 Jan 2026 00:00:00 GMT</pubDate><item><link>/1</link><pubDate>Fri, 02 Jan 2026 07:00:00 +0700</pubDate></item><item><link>/2</link></item></channel></rss>',
    { '/1': '2026-01-02' },
  ],
  [
    'Atom',
    '<feed><entry><link href="/1"/><updated>2026-01-02T00:00:00Z</updated></entry></feed>',
    { '/1': '2026-01-02' },
  ],
  [
    'no date, and one that is to come',
    '<urlset><url><loc>/1</loc><lastmod>hôm qua</lastmod></url><url><loc>/2</loc><lastmod>2999-01-01</lastmod></url></urlset>',
    {},
  ],
])('reads when %s calls its addresses changed', async (_name, xml, expected) => {
  const { dates } = (await parseSitemap(bytes(xml)))!;
  expect(Object.fromEntries(dates)).toEqual(
    Object.fromEntries(Object.entries(expected).map(([url, date]) => [url, Date.parse(date)])),
  );
});
