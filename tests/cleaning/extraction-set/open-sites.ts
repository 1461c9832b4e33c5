/** Sites of the open half, each as its kind of program writes pages. */
import type { Site, Story } from './pages.ts';

const gold = (paragraphs: readonly string[]): string => paragraphs.map((text) => `<p@>${text}</p>`).join('\n');
const links = (titles: readonly string[], item = 'li'): string =>
  titles.map((title, i) => `<${item}><a href="/tin/${i}.html" title="${title}">${title}</a></${item}>`).join('');
const MENU = ['Trang chủ', 'Thời sự', 'Kinh tế', 'Đời sống', 'Giáo dục', 'Thể thao', 'Sức khỏe', 'Công nghệ'];
const menu = `<ul class="menu">${links(MENU)}</ul>`;
const cookies = `<div id="cookie-consent" class="cookie-bar"><p>Trang web này dùng cookie để mang lại trải nghiệm tốt hơn. Khi tiếp tục sử dụng, bạn đồng ý với chính sách của chúng tôi.</p><button>Đồng ý</button></div>`;
const comments = (name: string): string =>
  `<div class="${name}"><h3>Bình luận (3)</h3><div class="item"><b>Minh Tú</b><p>Bài viết hay quá, quê tôi cũng vậy, đọc mà nhớ nhà ghê.</p><a>Thích</a> <a>Trả lời</a></div><div class="item"><b>Lê Hoa</b><p>Mong địa phương sớm có cách giải quyết cho bà con đỡ khổ.</p></div><form><textarea placeholder="Ý kiến của bạn"></textarea><button>Gửi bình luận</button></form></div>`;
const footer = `<footer><p>© 2024 Báo Ven Sông. Giấy phép số 12/GP-BTTTT. Chịu trách nhiệm nội dung: Nguyễn Văn A. Ghi rõ nguồn khi phát hành lại thông tin từ website này.</p><p>Hotline: 1900 0000 - Tòa soạn: 12 đường Bờ Kè</p></footer>`;
const page = (title: string, body: string, head = ''): string =>
  `<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>${title}</title>${head}</head><body>${body}</body></html>`;
const dateOf = ({ date }: Story): string => date.split('-').reverse().join('/');

const RULES = [
  'Ủy ban nhân dân xã chịu trách nhiệm lập danh sách hộ có diện tích bị ngập, niêm yết tại trụ sở trong mười ngày làm việc.',
  'Mức hỗ trợ tính theo diện tích gieo trồng thực tế, nhưng không quá hai hec-ta cho mỗi hộ trong một vụ.',
  'Hộ kê khai không đúng diện tích phải hoàn trả toàn bộ số tiền đã nhận trong thời hạn ba mươi ngày.',
];

export const openSites: readonly Site[] = [
  {
    name: 'newspaper',
    page: (story) =>
      page(
        story.title,
        `${cookies}<header class="site-header"><a href="/"><img src="logo.png" alt="Báo Ven Sông"></a><nav>${menu}</nav><form class="search"><input placeholder="Tìm kiếm"></form></header>
<div class="container"><ul class="breadcrumb"><li><a href="/">Trang chủ</a></li><li><a href="/x">${story.section}</a></li></ul>
<h1! class="title-detail">${story.title}</h1><span! class="date">${dateOf(story)} 08:15</span>
<p@ class="description">${story.paragraphs[0]}</p>
<article class="fck_detail">${gold(story.paragraphs.slice(1))}<p! class="author"><strong>Hải Yến</strong></p></article>
<div class="social_share"><a>Chia sẻ Facebook</a><a>Twitter</a><a>Lưu bài</a></div>
<div class="box-tag"><span>Từ khóa:</span><a href="/t/1">miền Tây</a><a href="/t/2">mùa nước</a></div>
${comments('box_comment_vne')}<div class="box-tinlienquan"><h2>Tin liên quan</h2><ul>${links(story.others)}</ul></div></div>${footer}`,
      ),
  },
  {
    name: 'wordpress',
    page: (story) =>
      page(
        `${story.title} - Góc vườn`,
        `<div id="page" class="site"><header id="masthead"><p class="site-title"><a href="/">Góc vườn</a></p><p class="site-description">Chuyện nhà, chuyện vườn, chuyện bếp</p><nav id="site-navigation">${menu}</nav></header>
<div id="content"><main id="main"><article id="post-12" class="post type-post"><header class="entry-header"><h1! class="entry-title">${story.title}</h1><div! class="entry-meta">Đăng ngày ${dateOf(story)} bởi Hạnh</div></header>
<div class="entry-content">${gold(story.paragraphs.slice(0, 2))}<div class="wp-block-group related-inline"><strong>Xem thêm:</strong> <a href="/b">${story.others[0]}</a></div>${gold(story.paragraphs.slice(2))}
<div class="sharedaddy sd-sharing-enabled"><h3 class="sd-title">Chia sẻ:</h3><ul><li><a>Twitter</a></li><li><a>Facebook</a></li></ul></div><div id="jp-relatedposts" class="jp-relatedposts"><h3>Có liên quan</h3>${links(story.others, 'div')}</div></div>
<footer class="entry-footer">Chuyên mục: <a href="/c">${story.section}</a></footer></article>
<nav class="post-navigation"><a rel="prev">Bài trước: ${story.others[1]}</a><a rel="next">Bài sau: ${story.others[2]}</a></nav>${comments('comments-area')}</main>
<aside id="secondary" class="widget-area"><section class="widget"><h2>Bài mới</h2><ul>${links(story.others)}</ul></section><section class="widget"><h2>Lưu trữ</h2><ul><li>Tháng Năm 2024</li><li>Tháng Tư 2024</li></ul></section></aside></div></div>`,
      ),
  },
  {
    name: 'blogger',
    page: (story) =>
      page(
        story.title,
        `<div class='header section'><h1 class='title'>Nhật ký bờ kênh</h1><p class='description'>Ghi lại kẻo quên</p></div><div id='main-wrapper'><div class='blog-posts hfeed'><h2! class='date-header'>${dateOf(story)}</h2><div class='post hentry'><h3! class='post-title entry-title'>${story.title}</h3><div@ class='post-body entry-content'>${story.paragraphs.join('<br /><br />\n')}</div><div class='post-footer'>Người đăng: Tư Mắt Kiếng vào lúc 21:04 <a href='#c'>4 nhận xét:</a> <a>Gửi email bài đăng này</a> <a>BlogThis!</a></div></div></div>
<div class='comments' id='comments'><h4>2 nhận xét:</h4><dl><dt>Nặc danh nói...</dt><dd>Đọc thấy thương quá chú Tư ơi, hồi nhỏ con cũng lội ruộng vậy.</dd><dt>Út Lành nói...</dt><dd>Chừng nào về quê ghé con chơi nghen chú.</dd></dl></div></div><div class='sidebar'><div class='widget BlogArchive'><h2>Lưu trữ Blog</h2><ul><li>▼ 2024 (12)</li><li>► 2023 (40)</li></ul></div><div class='widget'><h2>Về tôi</h2><p>Sinh ra ở xứ nước mặn, thích câu cá và ghi chép.</p></div></div><div class='footer'>Chủ đề Đơn giản. Được tạo bởi Blogger.</div>`,
      ),
  },
  {
    name: 'div-soup',
    page: (story) =>
      page(
        story.title,
        `<div class="a1"><div class="b2">${links(MENU, 'span')}</div></div><div class="c3"><div class="d4"><div class="e5"><h1!>${story.title}</h1>${story.paragraphs.map((text) => `<div@ class="f6">${text}</div>`).join('')}</div></div><div class="g7"><div class="h8">Đọc nhiều</div>${links(story.others, 'div')}</div></div><div class="z9">Bản quyền thuộc về Ven Sông Media. Mọi hình thức sao chép phải được sự đồng ý bằng văn bản.</div>`,
      ),
  },
  {
    name: 'amp',
    page: (story) =>
      page(
        story.title,
        `<amp-sidebar id="menu">${menu}</amp-sidebar><main><h1!>${story.title}</h1><p! class="time">${dateOf(story)}</p>${gold(story.paragraphs.slice(0, 3))}<amp-ad width="300" height="250" type="x"><div placeholder>Quảng cáo</div></amp-ad>${gold(story.paragraphs.slice(3))}<amp-list class="related"><h4>Cùng chuyên mục</h4>${links(story.others, 'p')}</amp-list></main>${footer}`,
      ),
  },
  {
    name: 'interrupted',
    hard: true,
    page: (story) =>
      page(
        story.title,
        `<header>${menu}</header><div class="detail"><h1!>${story.title}</h1>${story.paragraphs
          .map((text, i) =>
            i % 2 === 1
              ? `<p@>${text}</p><div class="ads-inline"><p>Quảng cáo</p><a href="/mua">Máy bơm nước giá tốt, giao tận nơi trong ngày</a></div>`
              : `<p@>${text}</p><figure><img src="a.jpg"><figcaption>Ảnh: CTV</figcaption></figure>`,
          )
          .join(
            '',
          )}<div class="newsletter"><h4>Đăng ký nhận tin</h4><p>Nhận bản tin mỗi sáng qua thư điện tử, miễn phí và hủy bất cứ lúc nào.</p><input type="email"></div></div>${comments('comment-list')}${footer}`,
      ),
  },
  {
    name: 'forum-xenforo',
    hard: true,
    page: (story) =>
      page(
        `${story.title} | Diễn đàn nhà nông`,
        `<div class="p-nav">${menu}</div><div class="p-body"><h1! class="p-title-value">${story.title}</h1><div class="p-description"><ul><li>Người khởi tạo Ba Lúa</li><li>Ngày bắt đầu ${dateOf(story)}</li></ul></div><div class="block-body">${story.paragraphs
          .slice(0, 5)
          .map(
            (text, i) =>
              `<article class="message message--post" id="post-${i}"><div class="message-cell--user"><h4 class="message-name"><a>thanhvien${i}</a></h4><h5 class="userTitle">Thành viên tích cực</h5><dl><dt>Tham gia</dt><dd>12/3/19</dd><dt>Bài viết</dt><dd>${230 + i}</dd></dl></div><div class="message-cell--main"><header class="message-attribution"><ul><li><time>${dateOf(story)}</time></li><li>#${i + 1}</li></ul></header><div@ class="message-body"><div class="bbWrapper">${text}</div></div><footer class="message-footer"><a>Báo cáo</a><a>Thích</a><a>Trả lời</a></footer><aside class="message-signature">Chữ ký: sống là phải biết cho đi</aside></div></article>`,
          )
          .join(
            '',
          )}</div><div class="block"><h3>Chủ đề tương tự</h3>${links(story.others, 'div')}</div><p>Bạn phải đăng nhập hoặc đăng ký để trả lời.</p></div>`,
      ),
  },
  {
    name: 'question',
    hard: true,
    page: (story) =>
      page(
        story.title,
        `<div class="top-bar">${menu}</div><div id="question-header"><h1!>${story.title}?</h1></div><div class="question" id="question"><div class="votecell">12</div><div@ class="post-text"><p>${story.paragraphs[0]}</p><p>${story.paragraphs[1]}</p></div><div class="post-taglist"><a>lúa</a><a>nước-mặn</a></div><div class="comments"><span>Bạn tưới mấy lần một ngày?</span> – <a>bao-nam</a></div></div><div id="answers"><h2>2 câu trả lời</h2><div class="answer"><div class="votecell">8</div><div@ class="post-text"><p>${story.paragraphs[2]}</p></div></div><div class="answer"><div class="votecell">3</div><div@ class="post-text"><p>${story.paragraphs[3]}</p></div></div></div><div id="sidebar"><h4>Câu hỏi liên quan</h4>${links(story.others, 'div')}</div>`,
      ),
  },
  {
    name: 'product',
    hard: true,
    page: (story) =>
      page(
        `Máy bơm chìm ${story.title}`,
        `<header>${menu}<div class="cart">Giỏ hàng (0)</div></header><div class="product-page"><div class="gallery"><img src="1.jpg"></div><div class="summary"><h1!>Máy bơm chìm VS-200</h1><div class="price">1.236.000₫</div><button>Thêm vào giỏ</button><button>Mua ngay</button><ul class="promo"><li>Miễn phí vận chuyển đơn từ 300.000₫</li><li>Đổi trả trong 7 ngày</li></ul></div><div class="tabs"><a>Mô tả</a><a>Đánh giá (2)</a></div><div id="tab-description" class="description"><h2@>Mô tả sản phẩm</h2>${gold(story.paragraphs.slice(0, 3))}<table@ class="specs"><tr><th>Công suất</th><td>750 W, dùng điện hai pha trong nhà</td></tr><tr><th>Lưu lượng</th><td>12 mét khối một giờ</td></tr><tr><th>Bảo hành</th><td>Mười hai tháng tại cửa hàng</td></tr></table></div><div class="reviews"><h3>Đánh giá</h3><div class="review"><b>Anh Sáu</b> ★★★★★<p>Máy chạy êm, giao hàng nhanh, sẽ ủng hộ tiếp.</p></div></div><div class="related-products"><h3>Sản phẩm tương tự</h3><ul><li><a>Máy bơm VS-300</a> 2.100.000₫</li><li><a>Ống nhựa mềm</a> 45.000₫</li></ul></div></div>${footer}`,
      ),
  },
  {
    name: 'decree',
    hard: true,
    page: (story) =>
      page(
        `Nghị quyết về ${story.title}`,
        `<div class="top">${menu}</div><div class="left-col"><h3>Thuộc tính văn bản</h3><ul><li>Số hiệu: 12/2024/NQ-HĐND</li><li>Người ký: Nguyễn Văn B</li></ul></div><div class="content1" id="divContentDoc"><table@><tr><td>HỘI ĐỒNG NHÂN DÂN<br>XÃ BẾN SÔNG</td><td>CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM<br>Độc lập - Tự do - Hạnh phúc</td></tr></table><p@><b>NGHỊ QUYẾT</b></p><p@>Căn cứ Luật Tổ chức chính quyền địa phương; theo đề nghị của Ủy ban nhân dân xã về hỗ trợ hộ bị ngập.</p>${RULES.map((rule, i) => `<p@><b>Điều ${i + 1}.</b> ${rule}</p>`).join('')}<p@>${story.paragraphs[0]}</p><table@><tr><td>Nơi nhận:<br>- Như Điều 3;<br>- Lưu: VT.</td><td>CHỦ TỊCH<br>Nguyễn Văn B</td></tr></table></div><div class="right-col"><h3>Văn bản liên quan</h3>${links(story.others, 'div')}</div><div>Bạn chưa đăng nhập thành viên. Vui lòng đăng nhập để xem lược đồ.</div>`,
      ),
  },
  {
    name: 'verse',
    hard: true,
    page: (story) =>
      page(
        'Bến cũ',
        `<div class="nav">${menu}</div><div class="poem-wrap"><h1!>Bến cũ</h1><h4!>Khuyết danh</h4><div@ class="poem-content">Chiều nay bến cũ vắng người,<br>Con đò gác mái, bãi bồi ngủ yên.<br>Ai về hỏi lại con thuyền,<br>Dòng sông có nhớ câu nguyền năm xưa?<br><br>Gió đưa hương bưởi sang mùa,<br>Trăng treo đầu ngõ, tiếng khua mái chèo.<br>Người đi để lại con kèo,<br>Nhà xưa lá mục, mái nghèo nắng soi.<br><br>Ngồi đây đếm hạt sương rơi,<br>Mà nghe con nước ngậm ngùi chảy qua.</div><p class="source">Nguồn: sưu tầm, ${story.date.slice(0, 4)}</p></div><div class="same-author"><h4>Cùng tác giả</h4>${links(story.others, 'p')}</div>`,
      ),
  },
  {
    name: 'code',
    hard: true,
    page: (story) =>
      page(
        'Đọc tệp trong Python',
        `<header>${menu}</header><div class="layout"><nav class="toc"><ul><li><a href="#a">Mở tệp</a></li><li><a href="#b">Đọc dòng</a></li></ul></nav><main class="markdown-body"><h1!>Đọc tệp trong Python</h1><p@>Bài này chỉ cách mở một tệp văn bản, đọc từng dòng và đóng lại cho đúng, kể cả khi có lỗi xảy ra giữa chừng.</p><h2@ id="a">Mở tệp bằng câu lệnh with</h2><pre@><code>with open("so-tay.txt", encoding="utf-8") as tep:
    for dong in tep:
        print(dong.strip())</code></pre><p@>${story.paragraphs[0]}</p><h2@ id="b">Đọc từng dòng một</h2><ul@><li>Dùng vòng lặp thay vì readlines để khỏi tốn bộ nhớ.</li><li>Luôn ghi rõ bảng mã, đừng để hệ điều hành đoán.</li></ul><pre@><code>def dem_dong(ten):
    return sum(1 for _ in open(ten, encoding="utf-8"))</code></pre></main></div><div class="pager"><a>← Bài trước</a><a>Bài sau →</a></div>${comments('disqus')}`,
      ),
  },
  {
    name: 'table',
    hard: true,
    page: (story) =>
      page(
        story.title,
        `<header>${menu}</header><article><h1!>${story.title}</h1>${gold(story.paragraphs.slice(0, 2))}<table@ class="data"><thead><tr><th>Tháng</th><th>Giá lúa (đồng/kg)</th><th>Ghi chú</th></tr></thead><tbody><tr><td>Giêng</td><td>6.200</td><td>Đầu vụ, ít người bán</td></tr><tr><td>Hai</td><td>6.850</td><td>Thương lái tới tận ruộng</td></tr><tr><td>Ba</td><td>7.100</td><td>Cuối vụ, lúa khô</td></tr></tbody></table>${gold(story.paragraphs.slice(2, 4))}</article><aside class="right"><h3>Giá vàng hôm nay</h3><table><tr><td>SJC</td><td>82,1</td></tr></table>${links(story.others)}</aside>${footer}`,
      ),
  },
  {
    name: 'classifieds',
    hard: true,
    page: (story) =>
      page(
        'Việc làm tại Bến Sông',
        `<header>${menu}</header><div class="filters"><label>Lương</label><select><option>Tất cả</option></select></div><h1!>Việc làm tại Bến Sông</h1><p@>Danh sách dưới đây do các cơ sở trong xã gửi về, mỗi việc đều có người liên hệ và đã được hợp tác xã xem qua trước khi đăng.</p><div class="jobs">${story.paragraphs
          .slice(0, 4)
          .map(
            (text, i) =>
              `<div class="job"><h3@>Cần người phụ việc số ${i + 1}, làm từ sáng tới trưa</h3><p@>${text}</p><span class="save">Lưu tin</span></div>`,
          )
          .join('')}</div><ul class="pagination"><li>1</li><li>2</li><li>Trang sau</li></ul>${footer}`,
      ),
  },
  {
    name: 'layout-table',
    hard: true,
    page: (story) =>
      `<html><head><title>${story.title}</title></head><body bgcolor=white><table width=760 border=0 align=center><tr><td colspan=3><img src=banner.gif></td></tr><tr><td width=150 valign=top bgcolor=#eeeeee><font size=2><a href=1.htm>Trang chủ</a><br><a href=2.htm>Giới thiệu</a><br><a href=3.htm>Liên hệ</a><br><a href=4.htm>Sổ lưu niệm</a></font></td><td valign=top><p! align=center><font size=4 color=navy><b>${story.title}</b></font></p>${story.paragraphs.map((text) => `<p@ align=justify><font face=Arial size=2>${text}</font>`).join('\n')}</td><td width=130 valign=top><font size=1><b>Liên kết</b><br><a href=a>Báo bạn</a><br><a href=b>Hội nhà vườn</a><br>Số lượt truy cập: 12345</font></td></tr><tr><td colspan=3 align=center><font size=1>Trang nhà Bến Sông - thiết kế: Út Tin</font></td></tr></table></body></html>`,
  },
  {
    name: 'wiki',
    page: (story) =>
      page(
        `${story.title} – Bách khoa`,
        `<div id="mw-navigation">${menu}</div><div id="content" class="mw-body"><h1! id="firstHeading">${story.title}</h1><div id="siteSub">Bách khoa toàn thư mở</div><div id="mw-content-text"><div class="mw-parser-output"><div class="hatnote">Bài này cần thêm nguồn tham khảo.</div><p@>${story.paragraphs[0]}</p><div id="toc" class="toc"><h2>Mục lục</h2><ul><li><a href="#1">1 Lịch sử</a></li><li><a href="#2">2 Ngày nay</a></li></ul></div><h2@><span class="mw-headline">Lịch sử</span></h2>${gold(story.paragraphs.slice(1, 3))}<h2@><span class="mw-headline">Ngày nay</span></h2>${gold(story.paragraphs.slice(3))}<div class="navbox"><a>Xã</a> · <a>Huyện</a> · <a>Tỉnh</a></div></div></div><div id="catlinks">Thể loại: <a>Miền Tây</a></div></div><div id="footer"><li>Trang này được sửa đổi lần cuối vào ngày 3 tháng 5 năm 2024.</li></div>`,
      ),
  },
];
