/**
 * What real sites have besides articles: copies, old addresses, loops, dead ends, pages that opt out, foreign and
 * broken ones. Each host's list gives address, answer and the text of the link that leads there.
 */
import { gzipSync } from 'node:zlib';
import { ToolkitError } from '../shell/errors.ts';
import { bao, printVersion } from './bao.ts';
import { blocksOf, type PageFile } from './page-file.ts';
import { articleResource, type Design, escapeHtml, type Link, type Resource, redirect } from './site.ts';
import { sotay } from './sotay.ts';
import { SYNDICATED, syndicate } from './syndicated.ts';
import { encodeTcvn3 } from './tcvn3.ts';
import { vanhoc } from './vanhoc.ts';

export interface Extra {
  readonly href: string;
  /** Text of the link on the home page; without it no link leads there from home. */
  readonly text?: string;
  /** Without it the address answers 404. */
  readonly resource?: Resource;
}

/** The pages by folder. */
export interface Library {
  readonly bao: readonly PageFile[];
  readonly sotay: readonly PageFile[];
  readonly vanhoc: readonly PageFile[];
  /** Pages that are special in some way, of all hosts. */
  readonly special: readonly PageFile[];
}

/** Stands in bao's sitemap, and no page links to it. */
export const ONLY_IN_SITEMAP = 'xe-buyt-noi-o';

const HTML_UTF8 = 'text/html; charset=utf-8';
/** Stands where `broken` puts a byte that is not UTF-8. */
const BAD_BYTE_MARK = '\x01';

function baoExtras({ bao: articles, sotay: reference, vanhoc: literature, special }: Library): Extra[] {
  const listed = articles.filter(({ slug }) => slug !== ONLY_IN_SITEMAP);
  const article = (slug: string): PageFile => pageOf(articles, slug);
  const own = (slug: string): PageFile => pageOf(special, slug);
  const show = (page: PageFile): Resource => articleResource(bao, page, listed);
  const printed = (slug: string): Extra => ({
    href: `${bao.pathOf(article(slug))}?print=1`,
    text: `${article(slug).title} (bản in)`,
    resource: {
      headers: { 'content-type': HTML_UTF8 },
      body: printVersion({ page: article(slug) }),
      changed: article(slug).date,
    },
  });
  const wall =
    '<div class="paywall"><p>Mời bạn đăng nhập để đọc tiếp bài này.</p><form method="post" action="#"><input name="ten"><input type="password" name="mat-khau"><button>Đăng nhập</button></form></div></article>';
  return [
    printed('cho-dem'),
    printed('ruong-muoi-dau-mua'),
    { href: '/tin-nhanh/man-len-som.html', text: 'Tin nhanh: mặn lên sớm', resource: show(article('man-len-som')) },
    ...SYNDICATED.bao.map((copy) => {
      const page = syndicate(copy, pageOf([...reference, ...literature], copy.of.split('/')[1]));
      return { href: bao.pathOf(page), text: page.title, resource: show(page) };
    }),
    { href: '/bai/118', text: 'Bài cũ số 118', resource: redirect(bao.pathOf(article('cay-xanh-do-thi'))) },
    { href: '/hom-nay', resource: redirect('/phong-su/', 302) },
    { href: '/kinh-te', text: 'Chuyên mục kinh tế (địa chỉ cũ)', resource: redirect('/kinh-te/') },
    { href: '/vong-1', text: 'Đi vòng', resource: redirect('/vong-2', 302) },
    { href: '/vong-2', resource: redirect('/vong-1', 302) },
    { href: '/kinh-te/bai-da-mat.html', text: 'Bài đã mất' },
    {
      href: '/the-thao/giai-cu.html',
      text: 'Giải cũ (đã gỡ)',
      resource: {
        status: 410,
        headers: { 'content-type': HTML_UTF8 },
        body: '<html><body><h1>Bài đã được gỡ</h1></body></html>',
      },
    },
    { href: '/gioi-thieu.html', resource: show(own('gioi-thieu')) },
    {
      href: '/en/crossing-by-ferry.html',
      text: 'In English: Crossing the river',
      resource: altered(show(own('crossing-by-ferry')), (html) => html.replace('lang="vi"', 'lang="en"')),
    },
    { href: '/do-thi/tin-ngan.html', text: 'Bến nghỉ một chuyến', resource: show(own('tin-ngan')) },
    {
      href: '/phong-su/ho-so-ben-cang.html',
      text: 'Hồ sơ: Mười năm dời bến cảng',
      resource: altered(show(own('ho-so-ben-cang')), (html) => html.replace('</article>', wall)),
    },
    {
      href: '/nong-thon/cau-may-dap-nuoc.html',
      text: 'Cỗ máy đạp nước',
      resource: broken(show(own('cau-may-dap-nuoc'))),
    },
    {
      href: '/do-thi/tin-dut-quang.html',
      text: 'Đường dây qua sông',
      resource: { ...show(own('tin-dut-quang')), missingBytes: 4000 },
    },
    {
      href: '/so-lieu/muc-nuoc.html',
      text: 'Số liệu mực nước',
      resource: { headers: { 'content-type': HTML_UTF8 }, body: gigantic, changed: '2026-01-01' },
    },
    { href: 'http://kin.vua.test/so-kho.html', text: 'Sổ kho của người gác bến' },
    { href: 'http://sotay.vua.test/', text: 'Sổ tay Mở' },
    { href: 'http://vanhoc.vua.test/', text: 'Góc Văn' },
    ...baoSitemaps(articles),
    { href: '/robots.txt', resource: plain('User-agent: *\nAllow: /\n\nSitemap: http://bao.vua.test/sitemap.xml\n') },
  ];
}

function sotayExtras({ sotay: articles, special }: Library): Extra[] {
  const show = (slug: string, head = ''): Extra & { resource: Resource } => {
    const page = pageOf(special, slug);
    return { href: sotay.pathOf(page), text: page.title, resource: articleResource(sotay, page, articles, head) };
  };
  const decomposed = show('cat-tra-kho');
  const withheld = show(
    'nhung-la-thu-khong-gui',
    '<meta name="robots" content="noai, noimageai">\n<meta name="tdm-reservation" content="1">\n',
  );
  const results = {
    headers: { 'content-type': HTML_UTF8 },
    body: '<html><body><h1>Kết quả tìm kiếm</h1><p>Trang này không dành cho máy.</p></body></html>',
  };
  return [
    {
      ...decomposed, // the text only: another spelling of a link would be another address
      resource: altered(decomposed.resource, (html) => html.replace(/>[^<]+/g, (text) => text.normalize('NFD'))),
    },
    show('voi-nuoc-ri'),
    {
      ...withheld,
      resource: {
        ...withheld.resource,
        headers: { ...withheld.resource.headers, 'x-robots-tag': 'noai, noimageai', 'tdm-reservation': '1' },
      },
    },
    show('ban-nhap-phoi-chan', '<meta name="robots" content="noindex, follow">\n'),
    { href: '/bai/thuy-trieu/', text: 'Thủy triều (địa chỉ cũ)', resource: redirect('/bai/thuy-trieu') },
    { href: '/bai/lien-he', resource: redirect('http://bao.vua.test/gioi-thieu.html', 302) },
    ...['/tim-kiem?q=nuoc', '/tim-kiem?q=gao', encodeURI('/tìm-kiếm?q=nắng')].map((href) => ({
      href,
      resource: results,
    })),
    {
      href: '/robots.txt',
      resource: plain('# Sổ tay Mở\nUser-agent: *\nDisallow: /tim-kiem\nDisallow: /tìm-kiếm\nCrawl-delay: 0.1\n'),
    },
  ];
}

function vanhocExtras({ vanhoc: articles, bao: news, special }: Library): Extra[] {
  const own = (slug: string): PageFile => pageOf(special, slug);
  const show = (page: PageFile): Extra & { resource: Resource } => ({
    href: vanhoc.pathOf(page),
    text: page.title,
    resource: articleResource(vanhoc, page, articles),
  });
  const poem = pageOf(articles, 'ben-do-cu');
  return [
    { href: `${vanhoc.pathOf(poem)}&tu=trang-nha`, text: 'Bài thơ trong ngày', resource: show(poem).resource },
    ...SYNDICATED.vanhoc.map((copy) => show(syndicate(copy, pageOf(news, copy.of.split('/')[1])))),
    show(own('reading-verse-aloud')),
    show(own('chia-se-lien-ket')),
    { href: '/cu/may-in-kim.htm', text: 'Trang cũ: chiếc máy in kim', resource: oldPage(own('may-in-kim')) },
    { href: '/robots.txt', resource: plain('# Goc Van\r\nUser-agent: *\r\nDisallow:\r\n') },
  ];
}

/** kin.vua.test does not say what is allowed (503), so none of its pages may be fetched. */
export function kinResources({ special }: Library): Map<string, Resource> {
  const page = (slug: string): Resource => {
    const { title, text, date } = pageOf(special, slug);
    return {
      headers: { 'content-type': HTML_UTF8 },
      body: `<html lang="vi"><head><title>${title}</title></head><body><h1>${title}</h1><p>${text}</p><p><a href="/noi-quy.html">Nội quy</a></p></body></html>`,
      changed: date,
    };
  };
  return new Map([
    ['/robots.txt', { status: 503, headers: { 'content-type': 'text/plain' }, body: 'Máy chủ đang bận.\n' }],
    ['/', page('kin-so-kho')],
    ['/so-kho.html', page('kin-so-kho')],
    ['/noi-quy.html', page('kin-bang-noi-quy')],
  ]);
}

export const linksOf = (extras: readonly Extra[]): Link[] =>
  extras.flatMap(({ href, text }) => (text === undefined ? [] : [{ href, text }]));

function pageOf(pages: readonly PageFile[], slug: string): PageFile {
  const page = pages.find((candidate) => candidate.slug === slug);
  if (page) return page;
  throw new ToolkitError({ code: 'SAMPLE_PAGES_MISSING', message: `the sample web has no page ${slug}.md` });
}

const plain = (body: string): Resource => ({
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body,
  changed: '2026-01-01',
});

const altered = (resource: Resource, alter: (html: string) => string): Resource => ({
  ...resource,
  body: alter(String(resource.body)),
});

/** Tags that nobody closes, bytes that are not UTF-8, an end in the middle of a tag. */
function broken(resource: Resource): Resource {
  const html = String(resource.body)
    .replace(/<\/(p|div|article|h1|ul|strong)>/g, '')
    .replaceAll('. Đạp phải', `.${BAD_BYTE_MARK} Đạp phải`)
    .replaceAll('. Một buổi', `.${BAD_BYTE_MARK}${BAD_BYTE_MARK} Một buổi`);
  const end = html.indexOf('<footer');
  const body = Buffer.from(`${html.slice(0, end)}<div class="chan-trang`);
  return { ...resource, body: body.map((byte) => (byte === BAD_BYTE_MARK.charCodeAt(0) ? 0xff : byte)) };
}

/** A page of 2001: the encoding is that of its font, and nothing says so. */
function oldPage(page: PageFile): Resource {
  const paragraphs = blocksOf(page).map(
    (block) => `<p align="justify">${'text' in block ? escapeHtml(block.text) : ''}</p>`,
  );
  const html = `<html>
<head><title>${page.title}</title></head>
<body bgcolor="#ffffff"><font face=".VnTime" size="3">
<table width="600" align="center"><tr><td><a href="/">Trang nhà</a> | Mục lục | Lưu bút</td></tr>
<tr><td><h2>${page.title}</h2>
${paragraphs.join('\n')}
</td></tr>
<tr><td align="center">Trang làm năm 2001, xem bằng phông .VnTime</td></tr></table>
</font></body></html>
`;
  return { headers: { 'content-type': 'text/html' }, body: encodeTcvn3(html), changed: page.date };
}

const GIGANTIC_ROWS = 135_000;

/** Some 12 MB of hourly water levels: a page larger than any crawler wants whole. */
function* gigantic(): Generator<string> {
  yield '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>Số liệu mực nước từng giờ</title></head><body>';
  yield '<h1>Số liệu mực nước từng giờ</h1><p>Bảng này do máy sinh ra, dài để thử giới hạn.</p><table>';
  for (let row = 0; row < GIGANTIC_ROWS; row++) {
    const when = new Date(Date.UTC(2005, 0, 1, row)).toISOString();
    const level = Math.round(150 + 90 * Math.sin(row / 1.97) + 40 * Math.sin(row / 56.4));
    yield `<tr><td>Trạm bến số 0</td><td>${when.slice(0, 10)}</td><td>${when.slice(11, 13)} giờ</td><td>${level} cm</td></tr>\n`;
  }
  yield '</table></body></html>';
}

/** An index with one plain and one gzip child, as large news sites have. */
function baoSitemaps(articles: readonly PageFile[]): Extra[] {
  const origin = `http://${bao.hostname}`;
  const day = articles[0].date;
  const urls = (entries: readonly (readonly [path: string, date: string])[]): string =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${entries
      .map(([path, date]) => `<url><loc>${origin}${path}</loc><lastmod>${date}</lastmod></url>`)
      .join('\n')}\n</urlset>\n`;
  const index = ['chuyen-muc.xml', 'bai-viet.xml.gz'].map(
    (file) => `<sitemap><loc>${origin}/sitemap/${file}</loc><lastmod>${day}</lastmod></sitemap>`,
  );
  const sections = [...new Set(articles.map(({ section }) => section))];
  const xml = { 'content-type': 'application/xml; charset=utf-8' };
  return [
    {
      href: '/sitemap.xml',
      resource: {
        headers: xml,
        body: `<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${index.join('\n')}\n</sitemapindex>\n`,
        changed: day,
      },
    },
    {
      href: '/sitemap/chuyen-muc.xml',
      resource: { headers: xml, body: urls(sections.map((section) => [bao.listPath(section, 1), day])), changed: day },
    },
    {
      href: '/sitemap/bai-viet.xml.gz',
      resource: {
        headers: { 'content-type': 'application/gzip' },
        body: gzipSync(urls(articles.map((page) => [bao.pathOf(page), page.date]))),
        changed: day,
      },
    },
  ];
}

/** For `buildSite`: all hosts that have a design, with their pages and extras. */
export function hostsOf(
  library: Library,
): { readonly design: Design; readonly pages: readonly PageFile[]; readonly extras: readonly Extra[] }[] {
  return [
    { design: bao, pages: library.bao, extras: baoExtras(library) },
    { design: sotay, pages: library.sotay, extras: sotayExtras(library) },
    { design: vanhoc, pages: library.vanhoc, extras: vanhocExtras(library) },
  ];
}
