/** Boxes within a text and beside it: DocBook's sidebars, teasers in cards, posts of old forums; text in odd places. */
import { describe, expect, test } from 'vitest';
import { clean } from '../../cleaning/clean.ts';
import { extract } from '../../cleaning/html/extract.ts';
import { pageOf } from '../../crawlers/page.ts';
import { story } from './support.ts';

const TEXTS = Array.from({ length: 12 }, (_, i) => story(i + 1, 2));
const p = (i: number): string => `<p>${TEXTS[i]}</p>`;
const page = (body: string, head = ''): string =>
  `<!DOCTYPE html><html lang="vi"><head><title>Sổ tay</title>${head}</head><body>${body}</body></html>`;
const CODE = 'def chia(a, b):\n    if b == 0:\n        return None\n\n    return a / b';

/** A page of a handbook as the DocBook stylesheets write it. */
const docbook = (content: string): string =>
  page(`<div class="navheader"><table width="100%"><tr><th colspan="3">Chương 3. Cài đặt</th></tr><tr><td><a href="a.html">Lùi</a></td>
  <th width="60%">&nbsp;</th><td><a href="b.html">Tiếp</a></td></tr></table><hr></div><div class="section"><div class="titlepage"><div><div>
  <h2 class="title"><a id="s1"></a>3.1. Chuẩn bị</h2></div></div></div>${content}</div><div class="navfooter"><hr><table><tr><td>
  <a href="a.html">Lùi</a></td><td><a href="index.html">Mục lục</a></td></tr></table></div>`);

describe('a handbook in DocBook’s HTML keeps its boxes', () => {
  test.each([
    ['a sidebar', `${p(0)}<div class="sidebar"><div class="titlepage"></div><p class="title"><b>Lịch sử</b></p>${p(1)}</div>${p(2)}`, [0, 'Lịch sử', 1, 2]],
    ['a sidebar before a list', `${p(0)}<div class="sidebar">${p(1)}${p(2)}</div><ul><li>${TEXTS[3]}</li></ul>`, [0, 1, 2, 3]],
    ['a sidebar of one sentence', `${p(0)}<div class="sidebar"><p>Kênh này đào năm 1936.</p></div>${p(1)}`, [0, 'Kênh này đào năm 1936.', 1]],
    ['a sidebar of one sentence with its title', `${p(0)}<div class="sidebar"><div class="titlepage"></div><p class="title"><b>Ghi chú</b></p><p>Nhớ <a href="c.html">lưu</a> tệp trước!</p></div>${p(1)}`, [0, 'Ghi chú', 'Nhớ lưu tệp trước!', 1]],
    ['a sidebar that opens the section, and one that closes it', `<div class="sidebar"><p>Đọc kỹ trước khi làm.</p></div>${p(0)}${p(1)}<div class="sidebar">${p(2)}</div>`, ['Đọc kỹ trước khi làm.', 0, 1, 2]],
    ['an aside of one sentence', `${p(0)}<aside><p>Giá này chưa gồm thuế.</p></aside>${p(1)}`, [0, 'Giá này chưa gồm thuế.', 1]],
    ['an aside', `${p(0)}<aside>${p(1)}</aside>${p(2)}`, [0, 1, 2]],
    ['a note', `${p(0)}<div class="note"><h3 class="title">Lưu ý</h3>${p(1)}</div>${p(2)}`, [0, 'Lưu ý', 1, 2]],
    ['a tip and a warning', `${p(0)}<div class="tip">${p(1)}</div><div class="warning">${p(2)}</div>${p(3)}`, [0, 1, 2, 3]],
    ['an example', `${p(0)}<div class="example"><p class="title"><b>Ví dụ 3.1. Phép chia</b></p><div class="example-contents"><pre class="programlisting">${CODE}</pre></div></div>${p(1)}`, [0, 'Ví dụ 3.1. Phép chia', CODE, 1]],
    ['what is folded up', `${p(0)}<details><summary>${TEXTS[1]}</summary>${p(2)}</details><div hidden="until-found">${p(3)}</div>${p(4)}`, [0, 1, 2, 3, 4]],
    ['a figure of text', `${p(0)}<figure><blockquote>${p(1)}</blockquote></figure>${p(2)}`, [0, 1, 2]],
    ['questions and answers', `${p(0)}<div class="qandaset"><dl><dt>${TEXTS[1]}</dt><dd>${p(2)}</dd></dl></div>${p(3)}`, [0, 1, 2, 3]],
    ['an informal example', `${p(0)}<div class="informalexample"><pre class="screen">$ apt install nano\n  Đọc danh sách gói…\n  (xong)</pre></div>${p(1)}`, [0, '$ apt install nano\nĐọc danh sách gói…\n(xong)', 1]],
  ])('%s', (_, content, expected) => {
    const lines = expected.map((each) => (typeof each === 'number' ? TEXTS[each] : each));
    expect(extract(docbook(content)).text.replaceAll('\n\n', '\n')).toBe(['3.1. Chuẩn bị', ...lines].join('\n').replaceAll('\n\n', '\n'));
  });
}); // biome-ignore format: a table

test.each([
  ['Hải Yến', true],
  ['HẢI YẾN - MINH TÚ', true],
  ['Bài, ảnh: Hải Yến', true],
  ['H.Y', true],
  ['Hết rồi nghen', false],
  ['Sông Hậu vẫn chảy.', false],
])('a line of names behind the last paragraph goes, nothing else: %s', (line, goes) => {
  const prose =
    'Con kênh đào từ thời ông cố nay chỉ còn rộng bằng hai sải tay, mùa nước lên vẫn đủ cho chiếc xuồng qua.';
  const article = `<article>${`<p>${prose}</p>`.repeat(2)}<p>${line}</p></article>`;
  const last = (html: string): string => extract(html).text.split('\n\n').at(-1)!;
  expect(last(article)).toBe(goes ? prose : line);
  expect(last(article.replace('<article>', '<article><p>Điều 1. Kênh do xã giữ.</p>'))).toBe(line);
});

test('a sidebar beside the text, and an aside of links within it, go', () => {
  const aside = `<aside><p><a href="/1">${TEXTS[5]}</a></p></aside>`;
  const html = page(`<div id="w"><div>${p(0)}${p(1)}${aside}${p(2)}</div><div class="sidebar">${p(3)}</div></div>`);
  expect(extract(html).text).toBe([TEXTS[0], TEXTS[1], TEXTS[2]].join('\n\n'));
});

test.each([
  ['an offer', '<div class="sidebar"><h4>Đăng ký nhận tin</h4><input name="mail"><button>Gửi</button></div>'],
  ['a sentence that is a link', '<div class="sidebar"><p><a href="/7">Xem thêm chuyện con kênh cũ.</a></p></div>'],
  ['labels', '<aside><b>Cỡ chữ</b> A- A+</aside>'],
])('a box within the text that says nothing goes: %s', (_, box) => {
  expect(extract(page(`<div>${p(0)}${box}${p(1)}${p(2)}</div>`)).text).toBe(TEXTS.slice(0, 3).join('\n\n'));
});

test('teasers in cards behind the article go, whatever their summaries say', () => {
  const card = (i: number) => `<article class="card"><h3><a href="/${i}">Tin khác số ${i} nói về ruộng lúa</a></h3>
    <p>Tóm tắt của tin khác số ${i} mà không ai cần đọc trong bài này đâu.</p></article>`;
  const cards = `<section><h2>Mời xem</h2>${[1, 2, 3, 4].map(card).join('')}</section>`;
  const body = [0, 1, 2, 3].map(p).join('');
  expect(extract(page(`<main><article><h1>Tin</h1>${body}</article>${cards}</main>`)).text).toBe(
    ['Tin', ...TEXTS.slice(0, 4)].join('\n\n'),
  );
});

test('of a thread of vBulletin 3 the posts stay, without posters, quotations and signatures', () => {
  const post = (i: number) => `<table id="post${i}" class="tborder"><tr><td class="thead">12-05-2008</td></tr><tr>
    <td class="alt2">nguoixom${i}<br>Bài gửi: 12</td><td class="alt1" id="td_post_${i}"><div id="post_message_${i}">
    <div style="margin:20px"><div class="smallfont">Trích:</div><table><tr><td class="alt2">${TEXTS[9]}</td></tr></table></div>
    ${TEXTS[i]}</div><div>__________________<br>${TEXTS[8]}</div></td></tr></table>`;
  expect(extract(page([0, 1, 2].map(post).join(''))).text).toBe(TEXTS.slice(0, 3).join('\n\n'));
});

describe('text that stands elsewhere', () => {
  const short = `<h1>Kênh</h1><p>${TEXTS[0]}</p>`;
  const long = TEXTS.slice(1, 8).join('\n');

  test.each([
    ['plain', JSON.stringify({ '@type': 'NewsArticle', articleBody: long })],
    ['in a graph', JSON.stringify({ '@graph': [{ '@type': 'WebPage' }, { articleBody: long }] })],
    [
      'as HTML',
      JSON.stringify({
        articleBody: TEXTS.slice(1, 8)
          .map((text) => `<p>${text}</p>`)
          .join(''),
      }),
    ],
  ])('articleBody, %s', (_, json) => {
    const html = page(short, `<script type="application/ld+json">${json}</script>`);
    expect(extract(html).text).toBe(TEXTS.slice(1, 8).join('\n\n'));
  });

  test('articleBody that says no more than the page is not asked', () => {
    const json = JSON.stringify({ articleBody: TEXTS.slice(0, 3).join(' ') });
    const html = page(
      `<h1>Kênh</h1>${[0, 1, 2, 3].map(p).join('')}`,
      `<script type="application/ld+json">${json}</script>`,
    );
    expect(extract(html).text).toBe(['Kênh', ...TEXTS.slice(0, 4)].join('\n\n'));
  });

  test('a sentence of articleBody is the text of a page that has none', () => {
    const json = JSON.stringify({ articleBody: TEXTS[1] });
    const ofApp = (own: string) =>
      page(`<div id="app">${own}</div>`, `<script type="application/ld+json">${json}</script>`);
    expect([extract(ofApp('')).text, extract(ofApp('Đang tải…')).text]).toEqual([TEXTS[1], TEXTS[1]]);
  });

  test('declarative shadow DOM is shown, other templates are not', () => {
    const html = page(
      `<x-doc><template shadowrootmode="open"><div>${p(0)}${p(1)}${p(2)}</div></template></x-doc><template>${p(3)}</template>`,
    );
    expect(extract(html).text).toBe(TEXTS.slice(0, 3).join('\n\n'));
  });

  test('XHTML ends elements with a slash', () => {
    const html = `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>Kênh</title><script src="a.js"/></head>
      <body><a id="dau"/><div>${p(0)}${p(1)}<iframe src="b"/></div></body></html>`;
    expect(extract(html)).toMatchObject({ title: 'Kênh', text: TEXTS.slice(0, 2).join('\n\n') });
  });

  test('captions are the text of a photo story, and of no other page', () => {
    const picture = (i: number) => `<figure><img src="${i}.jpg"><figcaption>${TEXTS[i]}</figcaption></figure>`;
    const old = (i: number) =>
      `<table><tr><td><img src="${i}.jpg"></td></tr><tr><td class="pCaption caption">${TEXTS[i]}</td></tr></table>`;
    for (const each of [picture, old])
      expect(extract(page(`<article>${short}${[1, 2, 3, 4, 5].map(each).join('')}</article>`)).text).toBe(
        ['Kênh', ...TEXTS.slice(0, 6)].join('\n\n'),
      );
    expect(extract(page(`<article>${[0, 1, 2, 3].map(p).join('')}${picture(4)}</article>`)).text).not.toContain(
      TEXTS[4],
    );
  });
});

test('UTF-8 shown as Latin-1 is dropped where its controls were lost, repaired where they are there', async () => {
  const shown = (text: string, isLost: boolean) =>
    String.fromCharCode(...Buffer.from(text).filter((byte) => !isLost || byte < 0x80 || byte >= 0xa0));
  const text = story(3);
  for (const isLost of [false, true]) {
    const body = Buffer.from(shown(text, isLost));
    for await (const { kept, dropped } of clean([
      { ...pageOf('http://kenh.test/a', '', { headers: { 'content-type': 'text/plain' } }), body },
    ]))
      expect(isLost ? dropped?.reason : kept?.text).toBe(isLost ? 'undecodable' : text);
  }
});
