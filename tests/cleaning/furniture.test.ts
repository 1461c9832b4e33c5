/** What stands around the text of a page and is none of it. */
import { describe, expect, test } from 'vitest';
import { extract } from '../../cleaning/html/extract.ts';

const PARAGRAPHS = [
  'Con đường đất ven rạch năm nay được rải đá, xe chở lúa không còn lún bánh mỗi khi mưa xuống, tụi nhỏ đi học cũng đỡ lấm.',
  'Đá do mấy nhà có ghe chở về từ bến trên, còn công thì cả xóm chia nhau, nhà nào vắng người thì góp nồi cháo hoặc bình nước.',
  'Đến cuối vụ, con đường đã nối tới tận chợ, và người ta bắt đầu tính chuyện trồng lại hàng dừa ở hai bên cho mát.',
];
const BODY = PARAGRAPHS.join('\n\n');
const paragraphs = PARAGRAPHS.map((text) => `<p>${text}</p>`).join('\n');

/** What stands at the end of a Vietnamese paper's pages. */
const NOTICE =
  'Giấy phép số 12/GP-BTTTT do cơ quan quản lý cấp năm 2019. Tổng biên tập: ban biên tập của báo xóm Vàm Cũ, tòa soạn ở đầu chợ. Mọi sự sao chép phải ghi rõ nguồn.';

describe('the end of a page is never its text', () => {
  test.each([
    [
      'a table of prices',
      '<table><tr><th>Món</th><th>Giá</th></tr><tr><td>Chè bưởi</td><td>15.000</td></tr><tr><td>Bánh bò</td><td>5.000</td></tr></table>',
      'Chè bưởi\t15.000',
    ],
    ['verse', '<p>Ai về bến cũ mà coi<br>Con đò gác mái mảnh vôi bám đầy</p>', 'Con đò gác mái mảnh vôi bám đầy'],
    ['a list', '<ul><li>Cuốc nhỏ một cái</li><li>Bình tưới năm lít</li></ul>', 'Cuốc nhỏ một cái\nBình tưới năm lít'],
    ['one paragraph', '<p>Chợ nghỉ phiên ngày mai vì nước lớn.</p>', 'Chợ nghỉ phiên ngày mai vì nước lớn.'],
  ])('%s', (_, main, expected) => {
    for (const end of [
      `<footer><p>${NOTICE}</p></footer>`,
      `<div class="page-footer"><p>${NOTICE}</p></div>`,
      `<div id="chan-trang">${NOTICE}</div>`,
      `<div role="contentinfo">${NOTICE}</div>`,
    ]) {
      const { text } = extract(`<body><div><h1>Tin xóm</h1>${main}</div>${end}</body>`);
      expect(text).toContain(expected);
      expect(text).not.toContain('GP-BTTTT');
    }
  });

  test('a box for the whole page that is only named after its footer is none', () => {
    const page = `<body><div class="sticky-footer"><h1>Đường đất</h1>${paragraphs}<div class="footer">${NOTICE}</div></div></body>`;
    expect(extract(page).text).toContain(BODY);
    expect(extract(page).text).not.toContain('GP-BTTTT');
  });

  test('a page of nothing else has no text', () => {
    expect(extract(`<body><footer><p>${NOTICE}</p></footer></body>`).text).toBe('');
  });
});

describe('captions that no element names', () => {
  const caption = 'Bến đò xóm Vàm một sáng nước ròng, nhìn từ phía chợ.';
  test.each([
    ['below the picture in a table', `<table><tr><td><img src=a></td></tr><tr><td>${caption}</td></tr></table>`],
    [
      'below two pictures',
      `<table><tbody><tr><td><img src=a></td><td><img src=b></td></tr><tr><td colspan=2>${caption}</td></tr></tbody></table>`,
    ],
    ['in italics below it', `<p style="text-align: center"><img src=a><br><em>${caption}</em></p>`],
    ['in italics on the next line', `<p align="center"><img src=a></p>\n<p align="center"><i>${caption}</i></p>`],
  ])('%s', (_, html) => {
    const { text } = extract(`<article>${paragraphs.replace('</p>', `</p>${html}`)}</article>`);
    expect(text).toBe(BODY);
  });
  test.each([
    [
      'a table of goods',
      `<table><tr><td><img src=a></td><td>${caption}</td></tr><tr><td><img src=b></td><td>Ba mươi nghìn</td></tr></table>`,
    ],
    ['a line in italics that no picture stands above', `<p align="center"><i>${caption}</i></p>`],
    [
      'a paragraph with words in italics',
      `<p align="center"><img src=a></p><p align="center"><i>${caption}</i> Ai cũng nhớ.</p>`,
    ],
  ])('%s is text', (_, html) => {
    expect(extract(`<article>${paragraphs.replace('</p>', `</p>${html}`)}</article>`).text).toContain(caption);
  });
});

describe('posts of a forum', () => {
  test('keep their words, not their writers and quotations', () => {
    const post = (n: number, words: string, quote = ''): string =>
      `<div class="message"><div class="message-cell message-cell--user"><a class="username" href="/u">lai_do_${n}</a><em class="userTitle">Thành viên tích cực</em></div>
       <div class="message-main"><header class="message-attribution">Hôm qua lúc 10:2${n}#${n}</header><div class="bbWrapper">${quote}<p>${words}</p></div></div></div>`;
    const quote = `<blockquote class="bbCodeBlock bbCodeBlock--quote">lai_do_1 đã viết: ${PARAGRAPHS[0]}</blockquote>`;
    const page = `<body><h1>Dọn kênh</h1><div class="thread">${post(1, PARAGRAPHS[0])}${post(2, PARAGRAPHS[1], quote)}${post(3, PARAGRAPHS[2])}</div></body>`;
    const { text } = extract(page);
    for (const words of PARAGRAPHS) expect(text.split(words)).toHaveLength(2);
    expect(text).not.toMatch(/lai_do|Thành viên|Hôm qua lúc/);
  });
});

describe('bylines', () => {
  test('the author at the end, and a date with a name', () => {
    const head = '<meta name="author" content="Hoài Phương">';
    const page = `<head>${head}</head><article><h1>Con kênh nhỏ</h1><p><span>Thứ hai, 12/5/2025, 07:30 (GMT+7)</span><span>Hoài Phương</span></p>${paragraphs}<p><b>Hoài Phương</b></p></article>`;
    expect(extract(page).text.replace('Con kênh nhỏ\n\n', '')).toBe(BODY);
  });
});
