/** bao.vua.test, "Báo Bến Sông": a news site of today. <article>, breadcrumb, boxes, tags, a heavy footer. */
import { type Block, blocksOf } from './page-file.ts';
import { type ArticleView, type Design, dayOf, escapeHtml, type Link, type ListView, slugOf } from './site.ts';

export const bao: Design = {
  hostname: 'bao.vua.test',
  coding: 'gzip',
  contentType: 'text/html; charset=utf-8',
  entriesPerPage: 5,
  pathOf: ({ section, slug }) => `/${slugOf(section)}/${slug}.html`,
  listPath: (section, number) => `/${slugOf(section)}/${number === 1 ? '' : `trang-${number}.html`}`,
  article(view) {
    const { page } = view;
    const crumb = `<nav class="breadcrumb" aria-label="Đường dẫn">${anchor({ href: '/', text: 'Trang chủ' })} <span>›</span> ${anchor(view.section)}</nav>`;
    return layout(
      page.title,
      `${view.head}${structuredData(view)}`,
      view.sections,
      `<main class="container">
  ${crumb}
  <div class="row">
    <article class="article">
      <h1 class="article__title">${escapeHtml(page.title)}</h1>
      <div class="article__meta"><time datetime="${page.date}">${longDate(page.date)}</time> <span class="author">Nhóm phóng viên</span>
        <div class="share">Chia sẻ: <a href="#" rel="nofollow">Facebook</a> <a href="#" rel="nofollow">Zalo</a> <a href="#" rel="nofollow">Sao chép liên kết</a></div>
      </div>
      <div class="article__body">
${withBox(blocksOf(page).map(block), readMore(view.related.slice(0, 2)))}
      </div>
      <p class="source-note">Báo Bến Sông</p>
      <div class="tags"><span>Chủ đề:</span> ${anchor(view.section)} <a href="/">bến sông</a> <a href="/">đời sống</a></div>
    </article>
    <aside class="sidebar">
      <h3>Tin liên quan</h3>
      <ul>${view.related.map((link) => `<li>${anchor(link)}</li>`).join('')}</ul>
      <div class="ad" aria-hidden="true">Quảng cáo</div>
    </aside>
  </div>
  <section class="comments"><h3>Bình luận (0)</h3><p>Vui lòng đăng nhập để gửi bình luận. Ý kiến của bạn sẽ được biên tập trước khi đăng.</p>
    <form action="#" method="post"><textarea name="y-kien" placeholder="Ý kiến của bạn"></textarea><button>Gửi</button></form></section>
  ${view.older ? `<p class="next-read">Đọc tiếp: ${anchor(view.older)}</p>` : ''}
</main>`,
    );
  },
  list({ section, entries, numbers, current, sections, elsewhere }) {
    return layout(
      section?.text ?? 'Tin tức ven sông, cập nhật mỗi ngày',
      '',
      sections,
      `<main class="container">
  ${section ? `<nav class="breadcrumb"><a href="/">Trang chủ</a> <span>›</span> ${anchor(section)}</nav><h1>${section.text}</h1>` : '<h1 class="visually-hidden">Báo Bến Sông</h1><h2>Mới nhất</h2>'}
  <div class="stream">${entries.map(teaser).join('\n')}</div>
  ${numbers.length > 1 ? pagination(numbers, current) : ''}
  ${elsewhere.length > 0 ? `<aside class="box"><h3>Đọc nhiều</h3><ol>${elsewhere.map((link) => `<li>${anchor(link)}</li>`).join('')}</ol></aside>` : ''}
</main>`,
    );
  },
};

/** The version for printers: the same text with nothing around it. */
export const printVersion = ({ page }: Pick<ArticleView, 'page'>): string => `<!DOCTYPE html>
<html lang="vi"><head><meta charset="utf-8"><title>${escapeHtml(page.title)} - Bản in</title></head>
<body onload="window.print()"><article><h1>${escapeHtml(page.title)}</h1>
${blocksOf(page).map(block).join('\n')}
</article></body></html>
`;

function layout(title: string, head: string, sections: readonly Link[], main: string): string {
  return `<!DOCTYPE html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} - Báo Bến Sông</title>
<meta property="og:site_name" content="Báo Bến Sông">
<meta property="og:title" content="${escapeHtml(title)}">
<link rel="icon" href="data:,">
<style>body{font-family:system-ui;margin:0}.container{max-width:1100px;margin:auto}.row{display:flex;gap:2rem}.visually-hidden{position:absolute;left:-9999px}</style>
<script>window.dataLayer=window.dataLayer||[];dataLayer.push({trang:"bao",ngay:"hôm nay"});</script>
${head}
</head>
<body>
<a class="visually-hidden" href="#noi-dung">Bỏ qua, tới nội dung chính</a>
<header class="site-header">
  <div class="top-bar"><span class="weather">Bến Sông 29°C</span> <a href="/hom-nay">Tin hôm nay</a> <a href="/gioi-thieu.html">Giới thiệu</a> <a href="http://kin.vua.test/">Kho kín</a></div>
  <div class="logo"><a href="/"><strong>BÁO BẾN SÔNG</strong></a> <em>Tiếng nói hai bên bờ</em></div>
  <form class="search" role="search"><input name="q" placeholder="Tìm kiếm"><button>Tìm</button></form>
  <nav class="menu"><ul><li><a href="/">Trang chủ</a></li>${sections.map((link) => `<li>${anchor(link)}</li>`).join('')}</ul></nav>
</header>
<div id="noi-dung"></div>
${main}
<div class="newsletter"><strong>Nhận bản tin sáng</strong> <span>Mỗi ngày một thư, đọc trong ba phút.</span> <input type="email" placeholder="Thư điện tử"><button>Đăng ký</button></div>
<footer class="site-footer">
  <ul class="footer-menu">${sections.map((link) => `<li>${anchor(link)}</li>`).join('')}</ul>
  <p>Báo Bến Sông – trang báo mẫu của dự án Vựa. Giấy phép mẫu số 00/GP-MAU, không có giá trị ngoài trang này.</p>
  <p>Chịu trách nhiệm nội dung: Ban biên tập mẫu. Tòa soạn: Bến số 0, đường Ven Sông.</p>
  <p>® Ghi rõ nguồn “Báo Bến Sông” khi đăng lại thông tin từ trang này.</p>
</footer>
<div class="cookie" role="dialog">Trang này dùng cookie để ghi nhớ lựa chọn của bạn. <button>Đồng ý</button> <button>Từ chối</button></div>
</body>
</html>
`;
}

const anchor = ({ href, text }: Link): string => `<a href="${href}">${escapeHtml(text)}</a>`;

const longDate = (date: string): string => {
  const { weekday, day, month, year } = dayOf(date);
  return `${weekday}, ${day}/${month}/${year}, 07:${String(day).padStart(2, '0')} (GMT+7)`;
};

function block(item: Block): string {
  switch (item.kind) {
    case 'heading':
      return `<h2>${escapeHtml(item.text)}</h2>`;
    case 'list':
      return `<ul>\n${item.lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('\n')}\n</ul>`;
    case 'stanza':
      return `<p class="verse">${item.lines.map(escapeHtml).join('<br>\n')}</p>`;
    case 'paragraph':
      return `<p>${escapeHtml(item.text)}</p>`;
  }
}

/** News sites put a box of links into the running text. */
const withBox = (blocks: readonly string[], box: string): string =>
  blocks.length < 4 ? blocks.join('\n') : [...blocks.slice(0, 2), box, ...blocks.slice(2)].join('\n');

const readMore = (links: readonly Link[]): string =>
  `<div class="box-related"><strong>Đọc thêm</strong><ul>${links.map((link) => `<li>${anchor(link)}</li>`).join('')}</ul></div>`;

const teaser = ({ page, link, teaser: text }: ListView['entries'][number]): string =>
  `<div class="story"><h3>${anchor(link)}</h3><p class="sapo">${escapeHtml(text)}</p><span class="time">${longDate(page.date)}</span></div>`;

function pagination(numbers: readonly Link[], current: number): string {
  const shown = numbers.map((link, i) => (i + 1 === current ? `<b>${link.text}</b>` : anchor(link)));
  const next = numbers[current];
  return `<div class="pagination">Trang: ${shown.join(' ')} ${next ? `<a rel="next" href="${next.href}">Xem thêm</a>` : ''}</div>`;
}

const structuredData = ({ page }: ArticleView): string =>
  `<script type="application/ld+json">${JSON.stringify({
    '@context': 'https://schema.org',
    '@type': 'NewsArticle',
    headline: page.title,
    datePublished: page.date,
    inLanguage: 'vi',
    publisher: { '@type': 'Organization', name: 'Báo Bến Sông (báo mẫu)' },
  })}</script>`;
