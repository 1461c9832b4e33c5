/** Sitemaps and indexes, as XML, text and gzip, whole, cut and hostile. */
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { MAX_SITEMAP_BYTES, parseSitemap } from '../../crawlers/links/sitemap.ts';

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
  ['a web page', bytes('<!doctype html><p>Không tìm thấy'), { pages: [], sitemaps: [] }],
  ['broken gzip', new Uint8Array([0x1f, 0x8b, 1, 2, 3]), { pages: [], sitemaps: [] }],
  ['nothing', new Uint8Array(), { pages: [], sitemaps: [] }],
])('%s', async (_name, body, expected) => expect(await parseSitemap(body)).toEqual(expected));

it('reads what stands before the cut of a gzip file', async () => {
  const long = gzipSync(
    `<urlset>${Array.from({ length: 3000 }, (_, i) => `<url><loc>http://a.example/${i * i}</loc></url>`).join('')}</urlset>`,
  );
  const found = (await parseSitemap(long.subarray(0, long.length / 2))).pages.length;
  expect(found).toBeGreaterThan(100);
  expect(found).toBeLessThan(3000);
});

it('does not unpack a gzip bomb', async () => {
  expect(await parseSitemap(gzipSync(Buffer.alloc(MAX_SITEMAP_BYTES + 1, 60)))).toEqual({ pages: [], sitemaps: [] });
});
