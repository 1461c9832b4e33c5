/** Sites of the sealed half: written, hashed (`seal.ts`), and opened once, at the end. */
import type { Site, Story } from './pages.ts';

const gold = (paragraphs: readonly string[]): string => paragraphs.map((text) => `<p@>${text}</p>`).join('\n');
const cards = (titles: readonly string[]): string =>
  titles
    .map(
      (title) =>
        `<div class="card"><a href="#"><img src="t.jpg" alt=""></a><h4><a href="#">${title}</a></h4><p class="sapo">${title.slice(0, 40)}...</p></div>`,
    )
    .join('');
const list = (titles: readonly string[]): string =>
  titles.map((title) => `<li><a href="/${title.length}">${title}</a></li>`).join('');
const NAV = ['Mới nhất', 'Xã hội', 'Pháp luật', 'Văn hóa', 'Bạn đọc', 'Ảnh', 'Video', 'Podcast', 'Đăng nhập'];
const nav = `<nav role="navigation"><ul>${list(NAV)}</ul></nav>`;
const legal = `<div class="foot"><p>Cơ quan chủ quản: Hội Nhà Vườn Bến Sông. Giấy phép hoạt động số 45/GP-TTĐT cấp ngày 12/3/2020.</p><p>Tổng biên tập: Trần Thị C. Điện thoại: 0290 000 0000. Email: toasoan@bensong.example</p><p>® Ghi rõ nguồn "Bến Sông" khi phát hành lại thông tin từ trang này.</p></div>`;
const doc = (title: string, body: string, head = ''): string =>
  `<!doctype html>\n<html lang=vi>\n<head><meta charset=utf-8><title>${title}</title>${head}</head>\n<body>${body}</body></html>`;
const when = ({ date }: Story): string => `Thứ ba, ${date.split('-').reverse().join('/')}, 14:20 (GMT+7)`;

export const sealedSites: readonly Site[] = [
  {
    name: 'magazine',
    page: (s) =>
      doc(
        s.title,
        `<div class="skip"><a href="#main">Bỏ qua đến nội dung</a></div><div class="mega-menu">${nav}</div><section class="hero"><h1! class="headline">${s.title}</h1><p! class="meta">${when(s)}</p></section><section class="body-text" id="main">${gold(s.paragraphs.slice(0, 2))}<blockquote@ class="pull">${s.paragraphs[2]}</blockquote>${gold(s.paragraphs.slice(3))}</section><section class="more"><h2>Đọc tiếp</h2>${cards(s.others)}</section>${legal}`,
      ),
  },
  {
    name: 'radio-text',
    page: (s) =>
      doc(
        s.title,
        `<div class="wrapper">${nav}<div class="player"><button>Nghe bài viết</button><span>Giọng nữ miền Nam</span><span>1x</span></div><div class="article__header"><h1! class="article__title">${s.title}</h1><div! class="article__meta">${when(s)}</div></div><div class="article__sapo"><p@><b>${s.paragraphs[0]}</b></p></div><div class="article__body">${gold(s.paragraphs.slice(1))}<p><em>&gt;&gt; Mời độc giả xem thêm video: <a href="/v">${s.others[0]}</a></em></p></div><div class="article__author"><p!>Ngọc Lan</p></div></div><div class="zone"><h3>Tin cùng chuyên mục</h3><ul>${list(s.others)}</ul></div><div class="popup">Cho phép gửi thông báo tin tức mới nhất đến bạn? <button>Để sau</button><button>Đồng ý</button></div>`,
      ),
  },
  {
    name: 'sections',
    page: (s) =>
      doc(
        s.title,
        `<header>${nav}</header><main><article><header><h1!>${s.title}</h1></header><section><h2@>Chuyện hôm trước</h2>${gold(s.paragraphs.slice(0, 2))}</section><section><h2@>Chuyện bây giờ</h2>${gold(s.paragraphs.slice(2))}</section><footer><p>Chuyên mục: <a href="/x">${s.section}</a> | Lượt xem: 1.024</p></footer></article></main><aside><h2>Nhiều người đọc</h2><ol>${list(s.others)}</ol></aside>`,
      ),
  },
  {
    name: 'medium-like',
    page: (s) =>
      doc(
        s.title,
        `<div id="root"><div class="u-nav"><a>Mở trong ứng dụng</a><a>Đăng ký</a><a>Viết</a></div><div class="pw-post"><h1! class="pw-post-title">${s.title}</h1><div class="pw-author"><a>Bảy Nổ</a> · <button>Theo dõi</button> · 4 phút đọc · ${s.date}</div><div class="pw-multi-vote"><button>128</button><button>7</button></div>${s.paragraphs.map((text) => `<p@ class="pw-post-body-paragraph">${text}</p>`).join('')}</div><div class="tags"><a>Miền quê</a><a>Ký ức</a></div><div class="author-card"><h2>Viết bởi Bảy Nổ</h2><p>1,2K người theo dõi. Kể chuyện xóm nhỏ bên sông, mỗi tuần một bài.</p></div><div class="recs"><h2>Gợi ý cho bạn</h2>${cards(s.others)}</div></div>`,
      ),
  },
  {
    name: 'next-shell',
    hard: true,
    page: (s) =>
      doc(
        s.title,
        `<div id="__next"><div class="spinner">Đang tải...</div></div><noscript><div@>${s.paragraphs.map((text) => `<p>${text}</p>`).join('')}</div></noscript>`,
        `<script type="application/ld+json">${JSON.stringify({ '@context': 'https://schema.org', '@type': 'NewsArticle', headline: s.title, articleBody: s.paragraphs.join('\n') })}</script>`,
      ),
  },
  {
    name: 'live-blog',
    hard: true,
    page: (s) =>
      doc(
        s.title,
        `${nav}<div class="live"><h1!>${s.title}</h1><div class="live-tools"><button>Cập nhật</button><span>Tự động tải lại sau 30 giây</span></div>${s.paragraphs
          .slice(0, 5)
          .map(
            (text, i) =>
              `<div class="live-item"><time class="stamp">1${i}:05</time><div class="live-body"><p@>${text}</p><div class="share"><a>Chia sẻ</a></div></div></div>`,
          )
          .join(
            '',
          )}<button>Xem thêm cập nhật</button></div><div class="box"><h3>Tin nóng</h3><ul>${list(s.others)}</ul></div>${legal}`,
      ),
  },
  {
    name: 'forum-vbulletin',
    hard: true,
    page: (s) =>
      doc(
        s.title,
        `<div id="header">${nav}</div><div id="pagetitle"><h1!><span class="threadtitle">${s.title}</span></h1></div><ol id="posts">${s.paragraphs
          .slice(0, 5)
          .map(
            (text, i) =>
              `<li class="postbitlegacy" id="post_${i}"><div class="posthead"><span class="date">0${i + 1}-05-2012, 20:1${i}</span><a class="postcounter">#${i + 1}</a></div><div class="postdetails"><div class="userinfo"><a class="username">lang_tu_${i}</a><span class="usertitle">Junior Member</span><dl class="userstats"><dt>Ngày tham gia</dt><dd>Mar 2011</dd><dt>Bài viết</dt><dd>${i + 11}</dd></dl></div><div class="postbody"><div class="content"><blockquote@ class="postcontent restore">${text}</blockquote></div><div class="signature">Một câu nhịn chín câu lành</div></div></div><div class="postfoot"><a>Trả lời với trích dẫn</a></div></li>`,
          )
          .join(
            '',
          )}</ol><div id="similar"><h4>Chủ đề tương tự</h4><ol>${list(s.others)}</ol></div><div class="rules">Quyền viết bài: Bạn không thể gửi chủ đề mới. Bạn không thể gửi trả lời.</div>`,
      ),
  },
  {
    name: 'comments-thread',
    hard: true,
    page: (s) =>
      doc(
        s.title,
        `<div class="bar">${nav}</div><div class="thread"><div class="op"><h1!>${s.title}</h1><div class="md"><p@>${s.paragraphs[0]}</p><p@>${s.paragraphs[1]}</p></div><div class="actions"><a>15 bình luận</a><a>chia sẻ</a><a>lưu</a></div></div><div class="replies">${s.paragraphs
          .slice(2, 5)
          .map(
            (text) =>
              `<div class="reply"><p class="tagline"><a>ban_doc</a> 12 điểm 3 năm trước</p><div class="md"><p@>${text}</p></div><ul class="buttons"><li>liên kết</li><li>trả lời</li></ul></div>`,
          )
          .join(
            '',
          )}</div></div><div class="side"><h3>Nội quy</h3><p>Không đăng quảng cáo, không công kích cá nhân.</p></div>`,
      ),
  },
  {
    name: 'shop',
    hard: true,
    page: (s) =>
      doc(
        'Nước mắm nhỉ',
        `${nav}<div class="breadcrumbs"><a>Trang chủ</a> / <a>Thực phẩm</a></div><div class="product"><h1! class="product_title">Nước mắm nhỉ Bến Sông, chai 500 ml</h1><p class="price"><del>95.000 ₫</del> <ins>79.000 ₫</ins></p><form class="cart"><input value="1"><button>Thêm vào giỏ hàng</button></form><div class="woocommerce-tabs"><ul class="tabs"><li>Mô tả</li><li>Thông tin bổ sung</li><li>Đánh giá (0)</li></ul><div class="panel" id="tab-description"><h2@>Chai mắm từ cá cơm và muối hột</h2>${gold(s.paragraphs.slice(0, 3))}<h3@>Cách bảo quản</h3><ul@><li>Để nơi thoáng mát, tránh nắng chiếu thẳng vào chai.</li><li>Mở nắp rồi thì dùng trong ba tháng cho thơm.</li></ul></div></div><section class="related products"><h2>Sản phẩm tương tự</h2><ul><li>Mắm ruốc <span>35.000 ₫</span></li><li>Muối hột <span>12.000 ₫</span></li></ul></section></div>${legal}`,
      ),
  },
  {
    name: 'circular',
    hard: true,
    page: (s) =>
      doc(
        'Thông tư',
        `${nav}<div class="vb-tabs"><a>Toàn văn</a><a>Lược đồ</a><a>VB liên quan</a></div><div class="toanvancontent"><p@ align="center"><strong>THÔNG TƯ</strong></p><p@ align="center"><strong>Hướng dẫn ghi chép sổ nước của tổ thủy nông</strong></p><p@><strong>Chương I. QUY ĐỊNH CHUNG</strong></p><p@>Điều 1. Phạm vi điều chỉnh</p><p@>Thông tư này hướng dẫn việc ghi chép mực nước, giờ bơm và tiền công của các tổ thủy nông trong tỉnh.</p><p@>Điều 2. Giải thích từ ngữ</p><p@>1. Sổ nước là sổ do tổ trưởng giữ, ghi theo ngày.</p><p@>2. Giờ bơm là thời gian máy chạy có tải, tính tròn đến mười phút.</p><p@>a) Không tính thời gian mồi nước và thời gian chờ điện;</p><p@>b) Mỗi máy ghi một cột riêng.</p><p@>${s.paragraphs[0]}</p><table@ border=1><tr><td>Ngày</td><td>Mực nước (cm)</td><td>Giờ bơm</td></tr><tr><td>....../......</td><td>..............</td><td>..............</td></tr></table></div><div class="box-vb"><h3>Văn bản cùng lĩnh vực</h3><ul>${list(s.others)}</ul></div>${legal}`,
      ),
  },
  {
    name: 'luc-bat',
    hard: true,
    page: (s) =>
      doc(
        'Ru em',
        `${nav}<div class="content-tho"><h1!>Ru em</h1><div class="tools"><a>Bản in</a><a>Gửi bạn bè</a></div><div@ class="kho"><p>Ru em em ngủ cho say,<br/>Mẹ đi cấy lúa ruộng dài chưa xong.</p><p>Ru em bên nước đôi dòng,<br/>Dòng trong mẹ gánh, dòng đục chị mang.</p><p>Ru em gió thổi mây ngàn,<br/>Con cò lặn lội qua hàng tre xanh.</p><p>Bao giờ lúa chín đầy quanh,<br/>Mẹ về mua vải may thành áo em.</p></div><p class="note">Chép theo lời bà ngoại, năm ${s.date.slice(0, 4)}.</p></div><div class="r"><h4>Bài khác</h4><ul>${list(s.others)}</ul></div>`,
      ),
  },
  {
    name: 'docs',
    hard: true,
    page: (s) =>
      doc(
        'Lệnh sắp xếp',
        `<div class="navbar">${nav}</div><div class="doc-container"><div class="doc-sidebar"><ul class="menu__list"><li><a>Cài đặt</a></li><li><a>Lệnh cơ bản</a></li><li><a>Lệnh sắp xếp</a></li></ul></div><div class="doc-main"><div class="theme-doc-markdown markdown"><h1!>Lệnh sắp xếp</h1><p@>Lệnh này đọc từng dòng của tệp, so theo bảng chữ cái tiếng Việt rồi ghi kết quả ra màn hình hoặc vào một tệp khác.</p><pre@><code>sapxep --theo ten ds.csv &gt; ds-moi.csv
sapxep --nguoc diem.csv</code></pre><div@ class="admonition tip"><p>Nếu tệp có dòng đầu là tên cột, hãy thêm tùy chọn giữ dòng đầu, kẻo tên cột bị trộn vào giữa.</p></div><p@>${s.paragraphs[0]}</p><table@><thead><tr><th>Tùy chọn</th><th>Ý nghĩa</th></tr></thead><tbody><tr><td>--theo</td><td>Tên cột dùng để so, mặc định là cột đầu</td></tr><tr><td>--nguoc</td><td>Từ lớn xuống nhỏ thay vì từ nhỏ lên lớn</td></tr></tbody></table></div><a class="edit">Sửa trang này</a><nav class="pagination-nav"><a>Trước: Lệnh cơ bản</a><a>Sau: Lệnh lọc</a></nav></div><div class="toc-right"><ul><li><a>Tùy chọn</a></li></ul></div></div>`,
      ),
  },
  {
    name: 'recipe',
    hard: true,
    page: (s) =>
      doc(
        s.title,
        `${nav}<div class="jump"><a href="#r">Đi đến công thức</a><a>In</a></div><h1!>${s.title}</h1>${gold(s.paragraphs.slice(0, 2))}<div class="ad-slot">Quảng cáo</div><div class="recipe-card" id="r"><h2@>Nguyên liệu cho bốn người</h2><ul@><li>Một con cá lóc chừng tám lạng</li><li>Hai trái cà chua chín, một nắm giá</li><li>Me vắt, nước mắm, ớt, rau om</li></ul><h2@>Cách làm từng bước</h2><ol@><li>Làm sạch cá, cắt khúc dày hai lóng tay, ướp nước mắm mười phút.</li><li>Nấu nước sôi, dầm me, cho cá vào khi nước reo rồi hớt bọt.</li><li>Thêm cà chua, giá, nêm lại cho vừa miệng và tắt bếp.</li></ol></div><div class="rating">★★★★☆ 4,5 từ 20 lượt</div><div class="more-recipes"><h3>Món khác</h3>${cards(s.others)}</div>${legal}`,
      ),
  },
  {
    name: 'listing-events',
    hard: true,
    page: (s) =>
      doc(
        'Lịch sinh hoạt tháng này',
        `${nav}<h1!>Lịch sinh hoạt tháng này</h1><p@>Nhà văn hóa xã mở cửa các ngày trong tuần, bà con đến dự không phải đóng tiền, chỉ cần ghi tên trước một hôm.</p><table@ class="events">${s.paragraphs
          .slice(0, 4)
          .map(
            (text, i) =>
              `<tr><td>Ngày ${5 + 6 * i}</td><td>${text.slice(0, 180).replace(/\s\S*$/, '')}</td><td>Hội trường ${i + 1}</td></tr>`,
          )
          .join('')}</table><div class="cal"><a>‹ Tháng trước</a><a>Tháng sau ›</a></div>${legal}`,
      ),
  },
  {
    name: 'frames-90s',
    hard: true,
    page: (s) =>
      `<HTML><HEAD><TITLE>${s.title}</TITLE></HEAD><BODY BACKGROUND="bg.gif"><CENTER><FONT SIZE=+2><h2!>${s.title}</h2></FONT></CENTER><HR>${s.paragraphs.map((text) => `<div@>&nbsp;&nbsp;&nbsp;${text}</div><P>`).join('\n')}<HR><CENTER>[ <A HREF="index.htm">Trang đầu</A> | <A HREF="truoc.htm">Trang trước</A> | <A HREF="sau.htm">Trang sau</A> ]<BR>Cập nhật lần cuối: ${s.date}. Mọi góp ý xin gửi về chủ trang.</CENTER></BODY></HTML>`,
  },
  {
    name: 'school',
    page: (s) =>
      doc(
        s.title,
        `<div class="banner"><h2>Trường Tiểu học Bến Sông</h2></div>${nav}<div class="col-left"><h3>Thông báo</h3><ul>${list(s.others)}</ul><h3>Thống kê truy cập</h3><p>Đang truy cập: 12</p><p>Hôm nay: 345</p></div><div class="col-main"><div class="news-detail"><h1!>${s.title}</h1><em!>${when(s)}</em><div class="hometext">${`<p@>${s.paragraphs[0]}</p>`}</div><div class="bodytext">${gold(s.paragraphs.slice(1))}</div><p! class="author">Tác giả bài viết: Cô Sương</p><div class="rating">Tổng số điểm của bài viết là: 5 trong 1 đánh giá. Click để đánh giá bài viết</div></div><div class="others"><h4>Những tin cũ hơn</h4><ul>${list(s.others)}</ul></div></div>`,
      ),
  },
];
