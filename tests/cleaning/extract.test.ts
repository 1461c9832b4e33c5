/** The article out of a page's HTML: body, verse, tables, title; pages made to cost much. */
import { describe, expect, test } from 'vitest';
import { extract } from '../../cleaning/html/extract.ts';
import { isFurnitureLine } from '../../cleaning/html/furniture.ts';
import { isoDate } from '../../cleaning/html/metadata.ts';
import { expectLinear } from '../growth.ts';

const PARAGRAPHS = [
  'Con kênh đào từ thời ông cố tôi nay chỉ còn rộng bằng hai sải tay, nhưng mùa nước lên thì vẫn đủ cho chiếc xuồng ba lá đi lọt.',
  'Người trong xóm bảo nhau dọn rác mỗi chủ nhật, ai có cuốc thì mang cuốc, ai có xuồng thì chở bùn ra đầu vàm, không ai đứng ra làm trưởng.',
  'Đến tháng mười, nước trong lại tới mức thấy được đáy, và tụi nhỏ lại nhảy xuống tắm như thể chưa từng có mười năm đen đặc ở giữa.',
];
const BODY = PARAGRAPHS.join('\n\n');
const paragraphs = PARAGRAPHS.map((text) => `<p>${text}</p>`).join('\n');

/** A page as a Vietnamese news site builds it, around `main`. */
const newsPage = (main: string): string => `<!DOCTYPE html>
<html lang="vi"><head><meta charset="utf-8"><title>Con kênh nhỏ - Báo Xóm</title>
<meta property="og:title" content="Con kênh nhỏ | Báo Xóm"><style>p { color: red }</style></head>
<body class="has-sidebar">
<div class="topbar"><a href="/">Trang chủ</a> <a href="/moi">Mới nhất</a> <a href="/video">Video</a></div>
<header class="site-header"><nav><ul><li><a href="/a">Thời sự</a></li><li><a href="/b">Đời sống</a></li></ul></nav></header>
<div class="wrap">
${main}
<div class="sidebar"><h3>Đọc nhiều</h3><ul><li><a href="/1">Giá cá lóc tăng trở lại sau ba tháng đứng yên</a></li>
<li><a href="/2">Bến phà cũ sắp thành chợ đêm, người bán lo chỗ đậu ghe</a></li></ul></div>
</div>
<div class="comment-box"><h3>Bình luận (2)</h3><div class="comment"><p>Đọc mà nhớ hồi nhỏ quá, ngày nào tụi tôi cũng tắm ở khúc sông ấy.</p></div>
<p>Đăng nhập để gửi bình luận của bạn, ý kiến được biên tập trước khi đăng lên trang.</p></div>
<footer><p>Giấy phép số 12/GP-BTTTT. Chịu trách nhiệm nội dung: ban biên tập. Hotline: 0900 000 000, email: toasoan tại báo.</p></footer>
<script>document.write('<p>quảng cáo</p>')</script></body></html>`;

const article = `<div class="breadcrumb"><a href="/">Trang chủ</a> / <a href="/b">Đời sống</a></div>
<article class="detail"><h1>Con kênh nhỏ</h1><div class="meta"><span class="time">Thứ hai, 12/5/2025, 07:30 (GMT+7)</span></div>
<div class="share">Chia sẻ: <a href="#">Facebook</a> <a href="#">Zalo</a></div>
<div class="fck_detail">${paragraphs}
<figure><img src="x.jpg"><figcaption>Ảnh: Ban biên tập</figcaption></figure>
<p>Xem thêm: <a href="/3">Dọn kênh ở xóm trên</a></p>
<p><em>Theo Báo Xóm</em></p></div>
<div class="box-tinlienquan"><h3>Tin liên quan</h3><ul><li><a href="/4">Mùa lúa nổi</a></li><li><a href="/5">Cây cầu khỉ cuối cùng của xóm</a></li></ul></div>
<div class="tags">Từ khóa: <a href="/t/1">kênh</a>, <a href="/t/2">môi trường</a></div></article>`;

describe('extract', () => {
  test('takes the article out of a news page', () => {
    expect(extract(newsPage(article))).toMatchObject({ title: 'Con kênh nhỏ', text: BODY });
  });

  test('without any name or element that tells, by the text alone', () => {
    const page = `<html><body><div><div><a href=1>Một</a><a href=2>Hai</a></div><div><div>${paragraphs}</div></div>
      <div><a href=3>Bài trước nói về chuyện gì</a> <a href=4>Bài sau nói về chuyện khác</a></div></div></body></html>`;
    expect(extract(page).text).toBe(BODY);
  });

  test('reads pages laid out with tables and <font>, tags in capitals and unclosed', () => {
    const page = `<HTML><TITLE>Góc nhỏ - Con kênh của xóm tôi</TITLE><BODY><TABLE><TR><TD COLSPAN=2>Góc nhỏ</TD></TR><TR>
      <TD><A HREF=a>Thơ</A><BR><A HREF=b>Truyện</A><BR><A HREF=c>Lưu bút</A></TD>
      <TD><FONT SIZE=2><P>${PARAGRAPHS.join('<P>')}</FONT></TD></TR></TABLE></BODY></HTML>`;
    expect(extract(page)).toMatchObject({ title: 'Con kênh của xóm tôi', text: BODY });
  });

  test('keeps headings set in an anchor that leads nowhere, as laws do', () => {
    const page = `<html><body><div>${paragraphs}<p><a name="dieu_1"><b>Điều 1. Dọn kênh mỗi chủ nhật</b></a></p>${paragraphs.replaceAll('con', 'cái')}</div></body></html>`;
    expect(extract(page).text).toContain('\n\nĐiều 1. Dọn kênh mỗi chủ nhật\n\n');
  });

  test('keeps the lines of verse', () => {
    const stanzas = [
      [
        'Ai về bến cũ mà coi',
        'Con đò gác mái, mảnh vôi bám đầy',
        'Nước ròng để lộ gốc cây',
        'Nước lên che hết, như ngày còn đưa',
      ],
      [
        'Mẹ ngồi vá lưới qua trưa',
        'Tay luồn mắt nhỏ, miệng thưa dạ hoài',
        'Chiều ra đứng ngó sông dài',
        'Bóng mình với bóng một vài cánh chim',
      ],
    ];
    const html = stanzas.map((lines) => `<p>${lines.join('<br>\n')}</p>`).join('');
    expect(extract(newsPage(`<article><h1>Bến cũ</h1>${html}</article>`)).text).toContain(
      stanzas.map((lines) => lines.join('\n')).join('\n\n'),
    );
    expect(extract(`<div>${stanzas.map((lines) => lines.join('<br/>')).join('<br><br>')}</div>`).text).toBe(
      stanzas.map((lines) => lines.join('\n')).join('\n\n'),
    );
  });

  test('lists are lines of one block, headings and paragraphs blocks, rows of data lines with tabs', () => {
    const page = `<main><h1>Phân bón</h1><p>${PARAGRAPHS[0]}</p><h2>Cách ủ</h2><ul><li>Lá khô</li><li>Rơm <b>mục</b></li></ul>
      <table><tr><th>Tuần</th><th>Nhiệt độ</th></tr><tr><td>1</td><td><p>55</p></td></tr><tr><td>2</td><td>60</td></tr></table>
      <p>${PARAGRAPHS[1]}</p></main>`;
    expect(extract(page).text).toBe(
      `Phân bón\n\n${PARAGRAPHS[0]}\n\nCách ủ\n\nLá khô\nRơm mục\n\nTuần\tNhiệt độ\n1\t55\n2\t60\n\n${PARAGRAPHS[1]}`,
    );
  });

  test('a paragraph full of links stays, a list of links goes, and so does its heading at the end', () => {
    const links = [1, 2, 3].map((n) => `<a href="/${n}">một con rạch khác trong vùng</a>`);
    const page = `<article>${paragraphs}<p>Xem: ${links.join(', ')}.</p><h2>Đọc tiếp</h2><ul>${links.map((a) => `<li>${a}</li>`).join('')}</ul></article>`;
    const { text } = extract(page);
    expect(text.endsWith('trong vùng.')).toBe(true);
    expect(text).not.toContain('Đọc tiếp');
  });

  test('a box named as furniture that holds the article is the article', () => {
    expect(extract(`<body><div class="main-sidebar-right">${paragraphs}</div></body>`).text).toBe(BODY);
  });

  test('an unclosed box of related links does not swallow the rest', () => {
    const page = newsPage(
      `<article><div class="body"><p>${PARAGRAPHS[0]}<div class="box-related"><strong>Đọc thêm<ul><li><a href=/a>Mùa lúa nổi</a></li></ul>
       <p>${PARAGRAPHS[1]}<p>${PARAGRAPHS[2]}`,
    ).replace(/<\/(?:div|body|html)>/g, '');
    const { text } = extract(page);
    for (const paragraph of PARAGRAPHS) expect(text).toContain(paragraph);
    expect(text).not.toMatch(/Đọc thêm|Mùa lúa nổi/);
  });

  test('an article that scripts would reveal is read all the same', () => {
    const long = paragraphs.repeat(3);
    expect(extract(`<body><div style="display: none">${long}</div><p>Đang tải…</p></body>`).text).toContain(
      PARAGRAPHS[2],
    );
  });

  const LEAD = 'Mỗi chủ nhật, cả xóm lại mang cuốc xẻng ra đầu vàm, và con kênh chết đã chảy trở lại sau mười năm.';

  test.each([
    [
      'a sapo in a heading',
      `<h1>Con kênh nhỏ</h1><h2 class="detail-sapo">${LEAD}</h2><div class="detail-content">${paragraphs}</div>`,
    ],
    [
      'a summary with another name',
      `<h1>Con kênh nhỏ</h1><div class="chappeau"><p>${LEAD}</p></div><div class="art-body">${paragraphs}</div>`,
    ],
    [
      'no name at all',
      `<div><h1>Con kênh nhỏ</h1><p>${LEAD}</p></div><div class="article__body cms-body">${paragraphs}</div>`,
    ],
    [
      'a box named teaser inside the text',
      `<h1>Con kênh nhỏ</h1><article class="singular-content"><div class="teaser-text"><p>${LEAD}</p></div>${paragraphs}</article>`,
    ],
  ])('the lead above the text belongs to it: %s', (_, body) => {
    const { text } = extract(newsPage(body));
    expect(text.replace(/^Con kênh nhỏ\n\n/, '')).toBe(`${LEAD}\n\n${BODY}`); // the title may stand above it
  });

  test.each([
    [
      'a box of a builder',
      `<div class="elementor-widget-wrap"><div class="elementor-widget elementor-widget-text-editor"><div class="elementor-widget-container">${paragraphs}</div></div></div>`,
    ],
    [
      'a post whose tags stand in its class',
      `<article class="post-12 type-post hentry tag-quang-cao category-share">${paragraphs}</article>`,
    ],
    [
      'two boxes of one kind',
      `<section class="part"><p>${PARAGRAPHS[0]}</p><p>${PARAGRAPHS[1]}</p></section><section class="part"><p>${PARAGRAPHS[2]}</p></section>`,
    ],
  ])('names that look like furniture and are not: %s', (_, body) => {
    expect(extract(`<html><body>${body}</body></html>`).text).toBe(BODY);
  });

  test.each([
    [
      'in the text',
      `<div class="detail-content">${paragraphs}<div class="VCSortableInPreviewMode" type="RelatedOneNews"><a href="/x">Mùa lúa nổi</a><p>Vụ này nước về sớm, lúa nổi chưa kịp trổ thì đồng đã trắng xóa.</p></div></div>`,
    ],
    [
      'under a picture',
      `<div class="detail-content">${paragraphs}<div class="PhotoCMS_Caption"><p>Con kênh sau khi được nạo vét, nhìn từ cầu khỉ đầu xóm.</p></div></div>`,
    ],
    [
      'as a paragraph that is one link',
      `<div class="detail-content">${paragraphs}<p><a href="/y">Cây cầu khỉ cuối cùng của xóm</a></p></div>`,
    ],
    [
      'behind a label',
      `<div class="detail-content">${paragraphs}<p>Có thể bạn chưa biết: <a href="/y">Cây cầu khỉ cuối cùng của xóm</a></p></div>`,
    ],
    [
      'comments longer than the article',
      `<div class="detail-content">${paragraphs}</div><div id="comments"><ol class="comment-list">${paragraphs.repeat(3)}</ol></div>`,
    ],
  ])('what others wrote goes: %s', (_, body) => {
    expect(extract(newsPage(`<h1>Con kênh nhỏ</h1>${body}`)).text).toBe(BODY);
  });

  test('a cell stands in its column, whatever is empty or spans before it', () => {
    const marks = `<table><tr><th></th><th></th><th>Toán</th><th>Anh</th><th>Văn</th></tr>
      <tr><td><img src="a.png"></td><td>Hòa</td><td>8</td><td></td><td>9</td></tr>
      <tr><td></td><td rowspan=2>Nam</td><td colspan="2">7</td><td>6</td></tr>
      <tr><td></td><td>1</td><td>2</td><td>3</td></tr><tr><td></td><td>Lan</td><td> </td><td>5</td></tr></table>`;
    const { text } = extract(`<main>${paragraphs}${marks}${paragraphs}</main>`);
    expect(text).toContain('\n\n\tToán\tAnh\tVăn\nHòa\t8\t\t9\nNam\t7\t\t6\n\t1\t2\t3\nLan\t\t5\n\n');
  });

  test('MediaWiki: headings and formulas stay, links to edit, numbers of notes and notes go', () => {
    const edit = '<span class="mw-editsection"><span>[</span><a>sửa</a> | <a>sửa mã nguồn</a><span>]</span></span>';
    const note = '<sup id="r1" class="reference"><a href="#n1">[1]</a></sup>';
    const formula =
      '<span class="mwe-math-element"><span style="display: none;"><math><mi>Q</mi></math></span><img class="mwe-math-fallback-image-inline" alt="{\\displaystyle Q=vA}"></span>';
    const { text } = extract(
      `<main><p>${PARAGRAPHS[0]}${note}</p><div class="mw-heading mw-heading2"><h2>Lịch sử</h2>${edit}</div><p>${PARAGRAPHS[1]}</p>
       <h2><span class="mw-headline">Dòng chảy</span>${edit}</h2><p>Lưu lượng là ${formula}, đổi theo mùa mưa và mùa khô trong năm.</p>
       <h2>Tham khảo</h2><ol class="references"><li>^ Nguyễn Văn A (2010). Sông nước, tập một, trang 12.</li></ol></main>`,
    );
    expect(text).toBe(
      `${PARAGRAPHS[0]}\n\nLịch sử\n\n${PARAGRAPHS[1]}\n\nDòng chảy\n\nLưu lượng là Q=vA, đổi theo mùa mưa và mùa khô trong năm.`,
    );
  });

  test('a mail address that is hidden from scrapers is read, text that is hidden from readers is not', () => {
    const { text } = extract(`<main>${paragraphs}
      <p>Thư gửi về <a class="__cf_email__" data-cfemail="5d3c1d3f733e">[email&#160;protected]</a> trước ngày rằm tháng bảy này.</p>
      <p style="position:absolute;left:-9999px">Đoạn bị đẩy ra ngoài màn hình để lừa máy tìm kiếm khắp nơi.</p>
      <p style="font-size:0">Đoạn có cỡ chữ bằng không cũng để lừa máy tìm kiếm khắp nơi.</p>
      <p style="font-size: 0.9em; margin-left: -12px">Đoạn chữ nhỏ ở mép này thì người đọc vẫn thấy rõ.</p></main>`);
    expect(text).toContain('Thư gửi về a@b.c trước');
    expect(text).not.toContain('lừa máy');
    expect(text).toContain('vẫn thấy rõ');
  });

  test('the letterhead of a decree is lines, a table of figures rows', () => {
    const head =
      '<table><tr><td>ỦY BAN NHÂN DÂN<br>XÃ VÀM CŨ<br>-------</td><td>CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM<br>Độc lập - Tự do - Hạnh phúc</td></tr></table>';
    const { text } = extract(`<div>${head}${paragraphs}</div>`);
    expect(text.split('\n').slice(0, 5)).toEqual([
      'ỦY BAN NHÂN DÂN',
      'XÃ VÀM CŨ',
      '-------',
      '',
      'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM',
    ]);
  });

  test('what the page says of itself', () => {
    const data = {
      '@graph': [
        {
          '@type': 'NewsArticle',
          datePublished: '2025-05-12T07:30:00+0700',
          author: [{ name: 'Bà Sáu' }, { name: 'Ông Tư' }],
          articleSection: 'Đời sống',
        },
      ],
    };
    const page = `<html lang="vi-VN"><head><title>Con kênh - Báo Xóm</title><meta property="og:site_name" content="Báo Xóm"><link rel="canonical" href="https://bao.test/kenh">
      <script type="application/ld+json">${JSON.stringify(data)}</script></head><body>${paragraphs}</body></html>`;
    expect(extract(page)).toMatchObject({
      title: 'Con kênh',
      author: 'Bà Sáu, Ông Tư',
      published: '2025-05-12T07:30:00+07:00',
      canonical: 'https://bao.test/kenh',
      section: 'Đời sống',
      lang: 'vi-vn',
    });
    const shown = `<body><div class="breadcrumb"><a href="/">Trang chủ</a><a href="/b">Đời sống</a></div><h1>Con kênh</h1><span class="time">Thứ hai, 12/5/2025, 07:30 (GMT+7)</span><p class="author">Bà Sáu</p>${paragraphs}</body>`;
    const marked = `<body><div class="detail-time"><div data-role="publishdate">02/04/2024 09:12 GMT+7</div></div><h1>Bến</h1>${paragraphs}<p>Ngày 05/05/2020</p></body>`;
    expect(extract(marked).published).toBe('2024-04-02T09:12:00');
    expect(extract(shown)).toMatchObject({ author: 'Bà Sáu', published: '2025-05-12T07:30:00', section: 'Đời sống' });
    expect(extract(`<script type="application/ld+json">{torn</script>${paragraphs}`)).toMatchObject({
      author: '',
      published: '',
    });
  });

  test.each([
    ['2024-05-12', '2024-05-12'],
    ['2024-05-12T07:30:15.123Z', '2024-05-12T07:30:15Z'],
    ['2024-05-12 07:30 +0700', '2024-05-12T07:30:00+07:00'],
    ['12/05/2024 7h30', '2024-05-12T07:30:00'],
    ['Cập nhật 1.2.2024', '2024-02-01'],
    ['31/13/2024', ''],
    ['hôm qua', ''],
  ])('date %s', (text, expected) => {
    expect(isoDate(text)).toBe(expected);
  });

  test('a page of teasers is a listing', () => {
    const teasers = [1, 2, 3, 4, 5].map(
      (n) =>
        `<div class="item"><h3><a href="/bai-${n}">Bài viết số ${n} về con kênh</a></h3><p>${PARAGRAPHS[n % 3].slice(0, 90)}…</p></div>`,
    );
    expect(extract(newsPage(`<div class="stream">${teasers.join('')}</div>`)).flaw).toMatchObject({
      reason: 'listing',
      threshold: 300,
    });
    expect(extract(newsPage(article)).flaw).toBeUndefined();
  });

  test.each([
    ['nothing', ''],
    ['links only', '<ul><li><a href=a>Một trang khác</a><li><a href=b>Một trang khác nữa</a></ul>'],
    ['scripts only', '<script>let a = "<p>x</p>"</script><style>p{}</style>'],
    ['an unclosed comment', '<p><!-- hết'],
  ])('finds no text in %s', (_, html) => {
    expect(extract(html).text).toBe('');
  });

  test.each([
    ['og:title over <title>', '<title>Trang</title><meta property="og:title" content="Con kênh">', 'Con kênh'],
    [
      '<h1> that og:title repeats',
      '<meta property="og:title" content="Con kênh | Báo Xóm"><h1>Con  kênh</h1>',
      'Con kênh',
    ],
    ['the only <h1>', '<title>Trang chủ</title><h1>Con <i>kênh</i></h1>', 'Con kênh'],
    ['<title> without the site', '<title>Con kênh nhỏ của xóm - Báo Xóm</title>', 'Con kênh nhỏ của xóm'],
    ['a title with a dash of its own', '<title>Việt Nam - Thái Lan</title>', 'Việt Nam - Thái Lan'],
    ['entities', '<title>A &amp; B &#7871;</title>', 'A & B ế'],
    ['none', '<p>x</p>', ''],
  ])('title: %s', (_, html, title) => {
    expect(extract(html).title).toBe(title);
  });

  test.each([
    ['100,000 nested elements', '<div>'.repeat(100_000), 'too_nested'],
    ['cells that never close', '<p><td>'.repeat(100_000), 'too_nested'],
    ['a million list items', '<li>x'.repeat(1_000_000), 'too_many_tags'],
  ])('refuses %s', (_, html, reason) => {
    expect(extract(html).flaw?.reason).toBe(reason);
  });

  test.each<[string, (n: number) => string]>([
    ['<', (n) => '<'.repeat(n)],
    ['entities', (n) => `<p>${'&amp;lt;&#7871;'.repeat(n / 15)}`],
    ['one tag', (n) => `<div ${'a="b" '.repeat(n / 6)}>`],
    ['spaces', (n) => `<p>${' \t\n'.repeat(n / 3)}x`],
    ['open comments', (n) => '<!--'.repeat(n / 4)],
    ['open scripts', (n) => '<script>'.repeat(n / 8)],
    ['elements that are refused', (n) => '<div>'.repeat(n / 5)],
    ['list items', (n) => '<li>x'.repeat(n / 5)],
  ])('the cost of %s grows evenly', (_, html) => expectLinear(html, (given) => extract(given), { from: 100_000 }));

  test('tables in tables end', () => {
    extract(`<table><tr><td>${'x '.repeat(50)}`.repeat(300));
  });
});

describe('isFurnitureLine', () => {
  test.each([
    'Xem thêm',
    'Đọc thêm: Mùa lúa nổi',
    'Tin liên quan',
    'Tin liên quan:',
    'Chia sẻ',
    'Bình luận (12)',
    'Đăng nhập để gửi bình luận',
    'Giấy phép hoạt động báo điện tử số 12/GP-BTTTT',
    'Chịu trách nhiệm nội dung: ban biên tập',
    'Hotline: 0900 000 000',
    'Bản quyền thuộc về Báo Xóm',
    '® Ghi rõ nguồn khi phát hành lại',
    'Theo VnExpress',
    '(Theo Tuổi Trẻ)',
    'Ảnh: Ban biên tập',
    'Tag: kênh, môi trường',
    'Từ khóa: kênh',
    'Thứ hai, 12/5/2025, 07:30 (GMT+7)',
    '12/05/2025',
    'Bình luận'.normalize('NFD'),
  ])('%s', (line) => {
    expect(isFurnitureLine(line)).toBe(true);
  });

  test.each([
    'Chia sẻ với chúng tôi, bà kể lại những năm tháng ấy.',
    'Theo ông, nước sẽ rút trước rằm.',
    'Theo Luật Đất đai thì thửa ruộng ấy vẫn thuộc về người đang canh tác.',
    'Bình luận về trận đấu, ông nói đội nhà gặp may.',
    'Xem thêm một lần nữa, anh mới nhận ra.',
    'Chủ nhật, cả xóm đi dọn kênh.',
    'Ngày 12/5/2025, con kênh được nạo vét xong.',
    'Ảnh hưởng của nước mặn',
  ])('not: %s', (line) => {
    expect(isFurnitureLine(line)).toBe(false);
  });
});
