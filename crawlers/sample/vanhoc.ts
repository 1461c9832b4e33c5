/** vanhoc.vua.test, "Góc Văn": a literary site as they were built around 2003. Tables for layout, <font>, open <p>. */
import { type Block, blocksOf } from './page-file.ts';
import { type Design, dayOf, escapeHtml, type Link, slugOf } from './site.ts';

export const vanhoc: Design = {
  hostname: 'vanhoc.vua.test',
  coding: 'deflate',
  contentType: 'text/html', // the charset stands in the page only
  entriesPerPage: 8,
  pathOf: ({ slug }) => `/doc.htm?bai=${slug}`,
  listPath: (section, number) => `/muc.htm?ten=${slugOf(section)}${number === 1 ? '' : `&trang=${number}`}`,
  article({ page, head, section, sections, related, older }) {
    const { day, month, year } = dayOf(page.date);
    const more = related.map((link) => `<TR><TD><FONT SIZE="2">» ${anchor(link)}</FONT></TD></TR>`).join('\n');
    return layout(
      page.title,
      head,
      sections,
      `<FONT SIZE="2" COLOR="#666666"><A HREF="/">Trang nhà</A> &gt; ${anchor(section)}</FONT>
<CENTER><FONT SIZE="5" COLOR="#660000"><B>${escapeHtml(page.title)}</B></FONT><BR>
<FONT SIZE="2"><I>Đăng ngày ${day}/${month}/${year}</I></FONT></CENTER>
<TABLE WIDTH="100%" BORDER="0" CELLPADDING="8"><TR><TD>
${blocksOf(page).map(block).join('\n')}
</TD></TR></TABLE>
<HR WIDTH="60%">
<FONT SIZE="2">[ <A HREF="#dau">Lên đầu trang</A> ] [ Gửi cho bạn bè ] [ In bài này ]</FONT>
<TABLE BORDER="1" WIDTH="80%" ALIGN="center"><TR BGCOLOR="#EEDDCC"><TD><B>Bài cùng mục</B></TD></TR>
${more}
</TABLE>
${older ? `<P ALIGN="right"><FONT SIZE="2">Bài kế: ${anchor(older)}</FONT>` : ''}`,
    );
  },
  list({ section, entries, numbers, current, sections, elsewhere }) {
    const rows = entries.map(({ page, link, teaser }) => {
      const { day, month, year } = dayOf(page.date);
      return `<TR><TD WIDTH="70" VALIGN="top"><FONT SIZE="1">${day}/${month}/${year}</FONT></TD><TD><B>${anchor(link)}</B><BR><FONT SIZE="2">${escapeHtml(teaser)}</FONT></TD></TR>`;
    });
    const pages = numbers.map((link, i) => (i + 1 === current ? `[${link.text}]` : anchor(link)));
    const others = elsewhere.map((link) => `<LI>${anchor(link)}`).join('\n');
    return layout(
      section?.text ?? 'Trang nhà',
      '',
      sections,
      `<FONT SIZE="4"><B>${section?.text ?? 'Bài mới'}</B></FONT>
<TABLE BORDER="0" CELLSPACING="6">
${rows.join('\n')}
</TABLE>
${pages.length > 1 ? `<CENTER>Trang: ${pages.join(' ')}</CENTER>` : ''}
${others ? `<P><B>Lối đi khác</B><UL>\n${others}\n</UL>` : ''}`,
    );
  },
};

function layout(title: string, head: string, sections: readonly Link[], main: string): string {
  return `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">
<HTML>
<HEAD>
<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=utf-8">
<TITLE>Góc Văn - ${escapeHtml(title)}</TITLE>
${head}</HEAD>
<BODY BGCOLOR="#FFFFF0" TEXT="#000000" LINK="#660000" VLINK="#663333">
<A NAME="dau"></A>
<TABLE WIDTH="780" ALIGN="center" BORDER="0" CELLSPACING="0">
<TR><TD COLSPAN="2" BGCOLOR="#660000"><FONT COLOR="#FFFFFF" SIZE="6">Góc Văn</FONT> <FONT COLOR="#FFFFFF" SIZE="2">thơ, truyện, và những điều ngẫm nghĩ</FONT></TD></TR>
<TR>
<TD WIDTH="150" VALIGN="top" BGCOLOR="#EEDDCC"><FONT SIZE="2">
<B>Mục lục</B><BR>
<A HREF="/">Trang nhà</A><BR>
${sections.map((link) => `${anchor(link)}<BR>`).join('\n')}
<HR>
<B>Bạn đọc</B><BR>
Đăng nhập<BR>
Lưu bút<BR>
Khách đang xem: 3<BR>
<HR>
<A HREF="http://bao.vua.test/">Báo Bến Sông</A><BR>
<A HREF="http://sotay.vua.test/">Sổ tay Mở</A><BR>
</FONT></TD>
<TD VALIGN="top">
${main}
</TD>
</TR>
<TR><TD COLSPAN="2" ALIGN="center" BGCOLOR="#EEDDCC"><FONT SIZE="1">Góc Văn là trang mẫu của dự án Vựa, do nhóm bạn viết mẫu trông coi.<BR>
Xin ghi rõ nguồn Góc Văn khi trích đăng. Trang xem tốt nhất ở độ phân giải 800 x 600.</FONT></TD></TR>
</TABLE>
</BODY>
</HTML>
`;
}

const anchor = ({ href, text }: Link): string => `<A HREF="${escapeHtml(href)}">${escapeHtml(text)}</A>`;

function block(item: Block): string {
  switch (item.kind) {
    case 'heading':
      return `<P><B>${escapeHtml(item.text)}</B>`;
    case 'list':
      return `<UL>\n${item.lines.map((line) => `<LI>${escapeHtml(line)}`).join('\n')}\n</UL>`;
    case 'stanza':
      return `<P>${item.lines.map(escapeHtml).join('<BR>\n')}`;
    case 'paragraph':
      return `<P ALIGN="justify">${escapeHtml(item.text)}`;
  }
}
