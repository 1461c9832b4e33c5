/** sotay.vua.test, "Sổ tay Mở": a reference site. Boxes in boxes, a table of contents, a sidebar before the text. */
import { type Block, blocksOf } from './page-file.ts';
import { type Design, dayOf, escapeHtml, type Link, slugOf } from './site.ts';

export const sotay: Design = {
  hostname: 'sotay.vua.test',
  coding: 'br',
  contentType: 'text/html; charset=UTF-8',
  entriesPerPage: 6,
  pathOf: ({ slug }) => `/bai/${slug}`,
  listPath: (section, number) => `/muc/${slugOf(section)}${number === 1 ? '' : `?trang=${number}`}`,
  article({ page, head, section, sections, related, older }) {
    const blocks = blocksOf(page);
    const { day, month, year } = dayOf(page.date);
    return layout(
      page.title,
      head,
      sections,
      `<div class="crumbs"><a href="/">Sổ tay</a> / ${anchor(section)}</div>
<div class="columns">
  <div class="column column-small">
    <div class="widget"><div class="widget-title">Có thể bạn quan tâm</div><div class="widget-body">${related.map((link) => `<div>${anchor(link)}</div>`).join('')}</div></div>
    <div class="widget"><div class="widget-title">Từ khóa được tìm nhiều</div><div class="widget-body"><a href="/tim-kiem?q=nuoc">nước</a>, <a href="/tim-kiem?q=gao">gạo</a>, <a href="/tìm-kiếm?q=nắng">nắng</a></div></div>
  </div>
  <div class="column column-main">
    <div class="post" id="bai">
      <div class="post-head"><div class="post-title"><h1>${escapeHtml(page.title)}</h1></div>
        <div class="post-info">Cập nhật lần cuối: ngày ${day} tháng ${month} năm ${year} · Mục: ${anchor(section)} · Người viết: nhóm Sổ tay</div></div>
      ${contents(blocks)}
      <div class="post-body"><div class="post-body-inner">
${blocks.map(block).join('\n')}
      </div></div>
      <div class="post-foot">
        <div class="vote">Bài này có ích cho bạn không? <a href="#co" rel="nofollow">Có</a> <a href="#khong" rel="nofollow">Không</a></div>
        <div class="share">Chia sẻ bài này: <span>Facebook</span> <span>Zalo</span> <span>Thư điện tử</span> <span>In trang</span></div>
        ${older ? `<div class="pager">Bài trước: ${anchor(older)}</div>` : ''}
        <div class="comment-hint">Đăng nhập để góp ý hoặc báo lỗi cho bài này.</div>
      </div>
    </div>
  </div>
</div>`,
    );
  },
  list({ section, entries, numbers, current, sections, elsewhere }) {
    const items = entries
      .map(
        ({ link, teaser }) =>
          `<div class="card"><div class="card-title">${anchor(link)}</div><div class="card-text">${escapeHtml(teaser)}</div></div>`,
      )
      .join('\n');
    const pages = numbers.map((link, i) => (i + 1 === current ? `<span>${link.text}</span>` : anchor(link)));
    return layout(
      section ? `Mục ${section.text}` : 'Sổ tay Mở: hỏi gì cũng có người chép lại',
      '',
      sections,
      `<div class="crumbs"><a href="/">Sổ tay</a>${section ? ` / ${anchor(section)}` : ''}</div>
<div class="cards">${items}</div>
${pages.length > 1 ? `<div class="pager">Trang ${pages.join(' | ')}</div>` : ''}
${elsewhere.length > 0 ? `<div class="widget"><div class="widget-title">Xem thêm</div><div class="widget-body">${elsewhere.map((link) => `<div>${anchor(link)}</div>`).join('')}</div></div>` : ''}`,
    );
  },
};

function layout(title: string, head: string, sections: readonly Link[], main: string): string {
  return `<!doctype html>
<html lang="vi"><head>
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
<title>${escapeHtml(title)} | Sổ tay Mở</title>
<meta name="viewport" content="width=device-width">
<style>.columns{display:flex}.column-small{width:220px}.post-body-inner{line-height:1.6}</style>
${head}</head>
<body class="trang-so-tay">
<div id="wrap"><div id="top"><div class="brand"><a href="/">Sổ tay Mở</a></div><div class="slogan">Chép lại điều nhỏ, dùng được lâu</div>
<div class="search"><form action="/tim-kiem" method="get"><input type="text" name="q" value=""><input type="submit" value="Tìm kiếm"></form></div>
<div class="nav">${sections.map(anchor).join(' | ')}</div></div>
<div id="middle">
${main}
</div>
<div id="bottom"><div class="bottom-links"><a href="/">Trang đầu</a> · <a href="/bai/lien-he">Liên hệ</a> · <a href="http://bao.vua.test/">Báo Bến Sông</a> · <a href="http://vanhoc.vua.test/">Góc Văn</a></div>
<div class="legal">Sổ tay Mở là trang mẫu của dự án Vựa. Nội dung chỉ để tham khảo, không thay lời khuyên của người có chuyên môn.</div>
<div class="legal">Bản quyền thuộc về nhóm Sổ tay mẫu. Trang chạy thử, không thu thập thông tin người đọc.</div></div>
</div>
<script>document.querySelectorAll('.vote a').forEach(function (a) { a.onclick = function () { alert('Cảm ơn bạn!'); }; });</script>
</body></html>
`;
}

const anchor = ({ href, text }: Link): string => `<a href="${href}">${escapeHtml(text)}</a>`;
const anchorId = (heading: string): string => slugOf(heading);

function contents(blocks: readonly Block[]): string {
  const headings = blocks.flatMap((item) => (item.kind === 'heading' ? [item.text] : []));
  if (headings.length < 2) return '';
  const lines = headings.map((text, i) => `<div>${i + 1}. <a href="#${anchorId(text)}">${escapeHtml(text)}</a></div>`);
  return `<div class="toc"><div class="toc-title">Trong bài này</div>${lines.join('')}</div>`;
}

function block(item: Block): string {
  switch (item.kind) {
    case 'heading':
      return `<div class="h"><h3 id="${anchorId(item.text)}">${escapeHtml(item.text)}</h3></div>`;
    case 'list':
      return `<div class="list"><ol>${item.lines.map((line) => `<li><span>${escapeHtml(line)}</span></li>`).join('')}</ol></div>`;
    case 'stanza':
      return `<div class="verse">${item.lines.map((line) => `<div>${escapeHtml(line)}</div>`).join('')}</div>`;
    case 'paragraph':
      return `<div class="para"><p>${escapeHtml(item.text)}</p></div>`;
  }
}
