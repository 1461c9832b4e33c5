/** The sample web: its prose is real, and every kind of answer that it promises comes over the wire. */
import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadPages, type PageFile, parsePageFile } from '../../crawlers/sample/page-file.ts';
import { type SampleWeb, startSampleWeb } from '../../crawlers/sample/server.ts';
import { encodeTcvn3 } from '../../crawlers/sample/tcvn3.ts';

const HOSTS = ['bao', 'sotay', 'vanhoc'] as const;
const syllablesOf = (text: string): string[] => text.split(/\s+/).filter((part) => /[\p{L}\d]/u.test(part));

describe('the prose', () => {
  const pages = HOSTS.flatMap((host) => loadPages(host));

  test('is enough, and in NFC', () => {
    expect(pages.length).toBeGreaterThanOrEqual(80);
    expect(pages.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)).toBeGreaterThanOrEqual(150_000);
    for (const { slug, title, text, date } of [...pages, ...loadPages('dac-biet')]) {
      expect(text, slug).toBe(text.normalize('NFC'));
      expect(title, slug).toBe(title.normalize('NFC'));
      expect(date, slug).toMatch(/^20\d\d-\d\d-\d\d$/);
    }
  });

  test('shares no sentence of eight syllables or more between two pages', () => {
    const seen = new Map<string, string>();
    for (const { slug, text } of pages) {
      for (const sentence of new Set(text.split(/(?<=[.!?…:;][”"’)]*)\s+|\n+/))) {
        const syllables = syllablesOf(sentence.toLowerCase().replace(/[^\p{L}\p{N}\s]/gu, ''));
        if (syllables.length < 8) continue;
        const key = syllables.join(' ');
        expect(seen.get(key), `"${sentence}" in ${slug}`).toBeUndefined();
        seen.set(key, slug);
      }
    }
    expect(seen.size).toBeGreaterThan(1500);
  });

  test('has lục bát: six syllables, eight syllables, and the rhyme from one to the other', () => {
    const lucBat = pages.filter(({ section, kind, text }) => section === 'Thơ' && kind === 'verse' && isLucBat(text));
    expect(lucBat.length).toBeGreaterThanOrEqual(5);
    for (const { slug, text } of lucBat) {
      const lines = text
        .split('\n')
        .filter((line) => line !== '')
        .map(syllablesOf);
      const levels = lines.filter((line) => isLevel(line[5]) && (line.length === 6 || isLevel(line[7])));
      expect(levels.length / lines.length, slug).toBeGreaterThan(0.9); // syllables 6 and 8 carry a level tone
    }
  });

  const isLucBat = (text: string): boolean =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .every((line, i) => syllablesOf(line).length === (i % 2 === 0 ? 6 : 8));
  const isLevel = (syllable: string): boolean => !/[\u0301\u0303\u0309\u0323]/.test(syllable.normalize('NFD'));
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** False when the connection ended before Content-Length was reached. */
  readonly complete: boolean;
}

let web: SampleWeb;
beforeAll(async () => {
  web = await startSampleWeb();
});
afterAll(() => web.close());

function get(url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> {
  const { hostname, pathname, search } = new URL(url);
  const [address, port] = (web.connectTo[hostname] ?? web.connectTo['bao.vua.test']).split(':');
  return new Promise((resolve, reject) => {
    const options = {
      host: address,
      port,
      method,
      path: pathname + search,
      headers: { host: hostname, ...headers },
      agent: false,
    };
    request(options, (response) => {
      const chunks: Buffer[] = [];
      const finish = (): void =>
        resolve({
          status: response.statusCode!,
          headers: response.headers as Record<string, string>,
          body: Buffer.concat(chunks),
          complete: response.complete,
        });
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', finish)
        .on('error', finish);
    })
      .on('error', reject)
      .end();
  });
}

const BAO = 'http://bao.vua.test';
const SOTAY = 'http://sotay.vua.test';
const VANHOC = 'http://vanhoc.vua.test';

describe('the server', () => {
  test.each([
    ['gzip', `${BAO}/kinh-te/cho-dem.html`, gunzipSync],
    ['br', `${SOTAY}/bai/thuy-trieu`, brotliDecompressSync],
    ['deflate', `${VANHOC}/doc.htm?bai=ben-do-cu`, inflateSync],
  ] as const)('compresses with %s when the client takes it', async (coding, url, decompress) => {
    const plain = await get(url);
    expect(plain.headers['content-encoding']).toBeUndefined();
    const packed = await get(url, { 'accept-encoding': `zstd, ${coding};q=0.9` });
    expect(packed.headers['content-encoding']).toBe(coding);
    expect(packed.body.length).toBeLessThan(plain.body.length / 2);
    expect(decompress(packed.body).equals(plain.body)).toBe(true);
  });

  test.each([
    `${BAO}/`,
    `${BAO}/do-thi/`,
    `${BAO}/so-lieu/muc-nuoc.html`,
    `${SOTAY}/bai/cat-tra-kho`,
    `${VANHOC}/cu/may-in-kim.htm`,
    `${BAO}/sitemap.xml`,
  ])('answers 304 to both validators of %s', async (url) => {
    const { status, headers } = await get(url, {}, 'HEAD');
    expect(status).toBe(200);
    expect(await get(url, { 'if-none-match': headers.etag! })).toMatchObject({ status: 304, body: Buffer.alloc(0) });
    expect((await get(url, { 'if-modified-since': headers['last-modified'] })).status).toBe(304);
    const other = { 'if-none-match': '"other"', 'if-modified-since': headers['last-modified'] };
    expect((await get(url, other, 'HEAD')).status).toBe(200);
    expect(web.requests.at(-1)).toEqual({
      host: new URL(url).hostname,
      path: new URL(url).pathname,
      status: 200,
      ifNoneMatch: '"other"',
    });
  });

  test.each([
    [`${BAO}/bai/118`, 301, '/do-thi/cay-xanh-do-thi.html'],
    [`${BAO}/hom-nay`, 302, '/phong-su/'],
    [`${BAO}/kinh-te`, 301, '/kinh-te/'],
    [`${BAO}/vong-1`, 302, '/vong-2'],
    [`${BAO}/vong-2`, 302, '/vong-1'],
    [`${SOTAY}/bai/thuy-trieu/`, 301, '/bai/thuy-trieu'],
    [`${SOTAY}/bai/lien-he`, 302, `${BAO}/gioi-thieu.html`],
  ])('redirects %s (%i) to %s', async (url, status, location) => {
    expect(await get(url)).toMatchObject({ status, headers: { location } });
  });

  test.each([
    [`${BAO}/kinh-te/bai-da-mat.html`, 404],
    [`${BAO}/the-thao/giai-cu.html`, 410],
    ['http://kin.vua.test/robots.txt', 503],
    ['http://kin.vua.test/so-kho.html', 200],
    ['http://la.vua.test/', 421],
    [`${SOTAY}/tim-kiem?q=nuoc`, 200],
    [`${SOTAY}/t%C3%ACm-ki%E1%BA%BFm?q=n%E1%BA%AFng`, 200],
  ])('answers %s with %i', async (url, status) => {
    expect((await get(url)).status).toBe(status);
  });

  test('has a robots.txt of its own on each host', async () => {
    expect((await get(`${BAO}/robots.txt`)).body.toString()).toMatch(
      /^Allow: \/$.*^Sitemap: http:\/\/bao\.vua\.test\/sitemap\.xml$/ms,
    );
    expect((await get(`${SOTAY}/robots.txt`)).body.toString()).toMatch(
      /Disallow: \/tim-kiem\nDisallow: \/tìm-kiếm\nCrawl-delay: 0\.1\n/,
    );
    expect((await get(`${VANHOC}/robots.txt`)).body.toString()).not.toMatch(/Content-Signal|Disallow: \//i);
  });

  test('lists its articles in a sitemap of sitemaps, one of them gzip', async () => {
    const locations = (xml: string): string[] => [...xml.matchAll(/<loc>(.*?)<\/loc>/g)].map((match) => match[1]);
    const children = locations((await get(`${BAO}/sitemap.xml`)).body.toString());
    expect(children).toEqual([`${BAO}/sitemap/chuyen-muc.xml`, `${BAO}/sitemap/bai-viet.xml.gz`]);
    const child = await get(children[1], { 'accept-encoding': 'gzip' });
    expect(child.headers['content-encoding']).toBeUndefined();
    expect(locations(gunzipSync(child.body).toString())).toHaveLength(loadPages('bao').length);
  });
});

describe('links', () => {
  test('lead to every page but the one that stands in the sitemap only, and to no unknown address', async () => {
    const queue = [...web.seeds];
    const found = new Map(queue.map((url) => [url, 0]));
    for (let url = queue.shift(); url !== undefined; url = queue.shift()) {
      const isLarge = url.endsWith('/muc-nuoc.html');
      const { status, headers, body } = await get(url, {}, isLarge ? 'HEAD' : 'GET');
      found.set(url, status);
      const links = [...body.toString('latin1').matchAll(/<a [^>]*?href="([^"#]+)/gi)].map((match) =>
        Buffer.from(match[1], 'latin1').toString(),
      );
      for (const href of [...links, headers.location ?? url]) {
        const next = new URL(href.replaceAll('&amp;', '&'), url).href;
        if (!found.has(next)) queue.push(next);
        if (!found.has(next)) found.set(next, 0);
      }
    }
    const prose = HOSTS.flatMap((host) => loadPages(host).map(({ slug }) => slug));
    const reached = [...found.keys()].join('\n');
    expect(prose.filter((slug) => !new RegExp(`[/=]${slug}(\\.html)?$`, 'm').test(reached))).toEqual(['xe-buyt-noi-o']);
    const failures = [...found].filter(([, status]) => status >= 400);
    expect(failures).toEqual([
      [`${BAO}/kinh-te/bai-da-mat.html`, 404],
      [`${BAO}/the-thao/giai-cu.html`, 410],
    ]);
    // At 0.1 s a page, the whole host must take less than 25 s.
    expect([...found.keys()].filter((url) => url.startsWith(SOTAY)).length * 0.1).toBeLessThan(10);
  });
});

describe('odd pages', () => {
  const textOf = (body: Buffer): string => body.toString();
  const special = (slug: string): PageFile => loadPages('dac-biet').find((page) => page.slug === slug)!;
  const firstLine = (slug: string): string => special(slug).text.split('\n')[0];

  test('exact duplicates: a print version and second addresses', async () => {
    const article = textOf((await get(`${BAO}/kinh-te/cho-dem.html`)).body);
    const printed = textOf((await get(`${BAO}/kinh-te/cho-dem.html?print=1`)).body);
    const paragraphs = (html: string): string[] => [...html.matchAll(/<p>(.+?)<\/p>/g)].map((match) => match[1]);
    expect(paragraphs(printed).length).toBeGreaterThan(5);
    for (const paragraph of paragraphs(printed)) expect(article).toContain(paragraph);
    expect(printed).not.toMatch(/<nav|<footer|Đọc thêm/);
    for (const [first, second] of [
      [`${BAO}/moi-truong/man-len-som.html`, `${BAO}/tin-nhanh/man-len-som.html`],
      [`${VANHOC}/doc.htm?bai=ben-do-cu`, `${VANHOC}/doc.htm?bai=ben-do-cu&tu=trang-nha`],
    ] as const) {
      expect((await get(second)).body.equals((await get(first)).body)).toBe(true);
    }
  });

  test.each([
    [`${SOTAY}/bai/thuy-trieu`, `${BAO}/moi-truong/vi-sao-co-nuoc-lon-nuoc-rong.html`],
    [`${VANHOC}/doc.htm?bai=nha-go-ba-gian`, `${BAO}/lang-nghe/vach-muc-tren-xa-nha.html`],
    [`${BAO}/phong-su/cho-noi-thua-ghe.html`, `${VANHOC}/doc.htm?bai=cay-beo-cuoi-cung`],
  ])('near duplicates: %s and %s', async (original, copy) => {
    const shinglesOf = async (url: string): Promise<Set<string>> => {
      const html = textOf((await get(url)).body);
      const main = /(?:article__body|post-body-inner|CELLPADDING="8").*?(?:source-note|post-foot|<HR WIDTH)/s.exec(
        html,
      )![0];
      const text = [...main.matchAll(/<p(?: align="justify")?>([^<]+)/gi)].map((match) => match[1]).join('\n');
      const syllables = syllablesOf(text);
      return new Set(syllables.slice(4).map((_, i) => syllables.slice(i, i + 5).join(' ')));
    };
    const [a, b] = [await shinglesOf(original), await shinglesOf(copy)];
    const common = [...a].filter((shingle) => b.has(shingle)).length;
    const similarity = common / (a.size + b.size - common);
    expect(similarity).toBeGreaterThan(0.84);
    expect(similarity).toBeLessThan(0.97);
  });

  test('TCVN3 bytes under a .VnTime font, no charset declared', async () => {
    const { headers, body } = await get(`${VANHOC}/cu/may-in-kim.htm`);
    expect(headers['content-type']).toBe('text/html');
    const latin1 = body.toString('latin1');
    expect(latin1).toContain('face=".VnTime"');
    expect(latin1).not.toMatch(/charset/i);
    expect(latin1).toContain('ChiÕc m¸y in kim ë phßng v¨n th­');
  });

  test('TCVN3 as iconv writes it (TCVN5712-1)', () => {
    const letters = [...'aăâeêioôơuưy'].flatMap((vowel) =>
      ['', '\u0300', '\u0309', '\u0303', '\u0301', '\u0323'].map((tone) => vowel + tone),
    );
    expect(Buffer.from(encodeTcvn3(`${letters.join('')}đĐĂÂÊÔƠƯ`)).toString('hex')).toBe(
      '61b5b6b7b8b9a8bbbcbdbec6a9c7c8c9cacb65cccecfd0d1aad2d3d4d5d669d7d8dcddde6fdfe1e2e3e4abe5e6e7e8e9aceaebecedee75eff1f2f3f4adf5f6f7f8f979fafbfcfdfeaea7a1a2a3a4a5a6',
    );
    expect(() => encodeTcvn3('Ở đây')).toThrow('TCVN3 has no "Ở"');
  });

  test('NFD and no diacritics', async () => {
    const decomposed = textOf((await get(`${SOTAY}/bai/cat-tra-kho`)).body);
    expect(decomposed).not.toBe(decomposed.normalize('NFC'));
    expect(decomposed.normalize('NFC')).toContain(firstLine('cat-tra-kho'));
    expect(textOf((await get(`${SOTAY}/bai/voi-nuoc-ri`)).body)).toContain(firstLine('voi-nuoc-ri'));
    expect(special('voi-nuoc-ri').text).toMatch(/^[\x20-\x7e\n]+$/);
  });

  test('opting out of training and of indexes', async () => {
    const withheld = await get(`${SOTAY}/bai/nhung-la-thu-khong-gui`);
    expect(withheld.headers).toMatchObject({ 'x-robots-tag': 'noai, noimageai', 'tdm-reservation': '1' });
    expect(textOf(withheld.body)).toContain('<meta name="robots" content="noai, noimageai">');
    expect(textOf((await get(`${SOTAY}/bai/ban-nhap-phoi-chan`)).body)).toContain(
      '<meta name="robots" content="noindex, follow">',
    );
  });

  test('English, spam, a login wall, a single sentence', async () => {
    const english = textOf((await get(`${BAO}/en/crossing-by-ferry.html`)).body);
    expect(english).toContain('<html lang="en">');
    expect(english).toContain(firstLine('crossing-by-ferry'));
    expect(textOf((await get(`${VANHOC}/doc.htm?bai=reading-verse-aloud`)).body)).toContain(
      firstLine('reading-verse-aloud'),
    );
    expect(
      textOf((await get(`${VANHOC}/doc.htm?bai=chia-se-lien-ket`)).body).match(/giá rẻ/gi)!.length,
    ).toBeGreaterThan(15);
    expect(textOf((await get(`${BAO}/phong-su/ho-so-ben-cang.html`)).body)).toMatch(/type="password".*<\/article>/);
    expect(syllablesOf(special('tin-ngan').text).length).toBeLessThan(12);
    expect(textOf((await get(`${BAO}/do-thi/tin-ngan.html`)).body)).toContain(special('tin-ngan').text);
  });

  test('a broken page: tags open, bytes that are not UTF-8, an end within a tag', async () => {
    const { body, complete } = await get(`${BAO}/nong-thon/cau-may-dap-nuoc.html`);
    expect(complete).toBe(true);
    expect(body.filter((byte) => byte === 0xff)).toHaveLength(3);
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(body)).toThrow();
    expect(body.toString('latin1')).toMatch(/<article.*<p>.*<div class="chan-trang$/s);
    expect(body.includes('</p>')).toBe(false);
  });

  test('a body that ends before its Content-Length', async () => {
    const { headers, body, complete } = await get(`${BAO}/do-thi/tin-dut-quang.html`, { 'accept-encoding': 'gzip' });
    expect(complete).toBe(false);
    expect(body.toString()).toContain(firstLine('tin-dut-quang'));
    expect(Number(headers['content-length'])).toBe(body.length + 4000);
  });

  test('a page over 8 MiB, streamed, and the server survives a client that has had enough', async () => {
    const { headers, body } = await get(`${BAO}/so-lieu/muc-nuoc.html`);
    expect(headers['transfer-encoding']).toBe('chunked');
    expect(body.length).toBeGreaterThan(8 * 2 ** 20);
    expect(body.length).toBeLessThan(16 * 2 ** 20);
    await new Promise<void>((resolve) => {
      const [host, port] = web.connectTo['bao.vua.test'].split(':');
      const options = { host, port, path: '/so-lieu/muc-nuoc.html', headers: { host: 'bao.vua.test' }, agent: false };
      request(options, (response) => {
        response.once('data', () => response.destroy());
        response.on('close', resolve);
      }).end();
    });
    expect((await get(`${BAO}/`)).status).toBe(200);
  });
});

test('a page file without a field is named', () => {
  expect(() => parsePageFile('thieu', 'title: Một\ndate: 2026-01-01\n\nThân bài.')).toThrow(
    'thieu.md: the front matter has no "section: …" line',
  );
});
