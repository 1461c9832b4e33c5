/**
 * Thirty pages of a wiki, written by us as its editors write, each beside what a reader reads (wiki-set.txt): headings, lists,
 * tables and formulas; no boxes, references, edit links, files or categories. Of the text `= ` begins a heading, `- ` an
 * item, and a line with ` | ` is the row of a table.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface WikiPage {
  readonly title: string;
  readonly wikitext: string;
  readonly text: string;
}

const PAGE = /^>>> (.*)\n([\s\S]*?)\n<<<\n([\s\S]*?)\n*(?=^>>> |(?![\s\S]))/gm;

export const WIKI_PAGES: readonly WikiPage[] = [
  ...readFileSync(join(import.meta.dirname, 'wiki-set.txt'), 'utf8').matchAll(PAGE),
].map(([, title, wikitext, text]) => ({ title, wikitext, text }));

/** Precision and recall of words, in one. */
export function f1(found: string, right: string): number {
  const wordsOf = (text: string): string[] => text.replace(/^[=-] /gm, '').match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
  const [have, want] = [wordsOf(found), wordsOf(right)];
  const left = new Map<string, number>();
  for (const word of want) left.set(word, (left.get(word) ?? 0) + 1);
  let same = 0;
  for (const word of have) {
    const count = left.get(word) ?? 0;
    if (count > 0) same++;
    left.set(word, count - 1);
  }
  return have.length + want.length === 0 ? 1 : (2 * same) / (have.length + want.length);
}

const EDIT =
  '<span class="mw-editsection"><span class="mw-editsection-bracket">[</span><a href="/w/index.php?veaction=edit" class="mw-editsection-visualeditor"><span>sửa</span></a><span class="mw-editsection-divider"> | </span><a href="/w/index.php?action=edit"><span>sửa mã nguồn</span></a><span class="mw-editsection-bracket">]</span></span>';
const NOTE = (n: number): string =>
  `<sup id="cite_ref-${n}" class="reference"><a href="#cite_note-${n}"><span class="cite-bracket">[</span>${n}<span class="cite-bracket">]</span></a></sup>`;
const OLD_HEADING = (text: string): string => `<h2><span class="mw-headline" id="h">${text}</span>${EDIT}</h2>`;
const HEADING = (text: string): string => `<div class="mw-heading mw-heading2"><h2 id="h">${text}</h2>${EDIT}</div>`;
const FORMULA =
  '<span class="mwe-math-element"><span class="mwe-math-mathml-inline mwe-math-mathml-a11y" style="display: none;"><math><mi>x</mi></math></span><img class="mwe-math-fallback-image-inline" alt="{\\displaystyle $1}"></span>';

/** The page as the wiki serves it: in the skin of before 2024, or that of since. */
export function htmlOf({ title, text }: WikiPage, skin: 'old' | 'new'): string {
  const escaped = text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/\$([^$\n]+)\$/g, FORMULA);
  let notes = 0;
  const blocks: string[] = [];
  for (const block of escaped.split(/\n(?=- )|(?<=^- .*)\n(?!- )|\n(?=[^\n]* \| )|\n/m)) {
    if (block.startsWith('= ')) blocks.push((skin === 'old' ? OLD_HEADING : HEADING)(block.slice(2)));
    else if (block.startsWith('- ')) blocks.push(`<ul><li>${block.slice(2)}</li></ul>`);
    else if (block.includes(' | ')) blocks.push(`<tr><td>${block.split(' | ').join('\n</td><td>')}\n</td></tr>`);
    else blocks.push(`<p>${block}${NOTE(++notes)}\n</p>`);
  }
  const content = blocks
    .join('\n')
    .replace(/<\/ul>\n<ul>/g, '\n')
    .replace(/(?:<tr>[\s\S]*?<\/tr>\n?)+/g, (rows) => `<table class="wikitable"><tbody>${rows}</tbody></table>`);
  const items = Array.from({ length: notes }, (_, n) => {
    const back = `<span class="mw-cite-backlink"><b><a href="#cite_ref-${n + 1}">^</a></b></span>`;
    return `<li id="cite_note-${n + 1}">${back} <span class="reference-text"><cite class="citation web">Trần Văn B (2010). <i>Nguồn</i>. Truy cập ngày 2 tháng 3.</cite></span></li>`;
  });
  const box =
    '<table class="infobox"><tbody><tr><th colspan="2">Hộp</th></tr><tr><th>Cao</th><td>12 m</td></tr></tbody></table>';
  const foot = `${(skin === 'old' ? OLD_HEADING : HEADING)('Tham khảo')}<div class="reflist"><ol class="references">${items.join('')}</ol></div>
    <div class="navbox"><table class="nowraplinks navbox-inner"><tbody><tr><th class="navbox-title">Bài cùng loại</th></tr><tr><td class="navbox-list"><ul><li><a>Một</a></li><li><a>Hai</a></li></ul></td></tr></tbody></table></div>`;
  const menu =
    '<header class="vector-header mw-header"><nav><ul><li><a>Trang Chính</a></li><li><a>Thay đổi gần đây</a></li></ul></nav></header>';
  const footer = `<footer id="footer" class="mw-footer"><ul><li>Trang này được sửa đổi lần cuối lúc 05:44 ngày 7 tháng 5 năm 2025.</li><li>Văn bản được phát hành theo Giấy phép Creative Commons.</li></ul></footer>`;
  return `<!DOCTYPE html><html class="client-nojs" lang="vi"><head><meta charset="UTF-8"><title>${title} – Wikipedia tiếng Việt</title></head>
<body class="skin-vector mediawiki ltr ns-0 ns-subject">${menu}<main id="content" class="mw-body"><h1 id="firstHeading" class="firstHeading mw-first-heading">${title}</h1>
<div id="p-lang-btn" class="vector-dropdown mw-portlet"><ul><li><a>English</a></li></ul></div><div id="bodyContent" class="vector-body"><div id="siteSub" class="noprint">Bách khoa toàn thư mở Wikipedia</div>
<div id="mw-content-text" class="mw-body-content"><div class="mw-content-ltr mw-parser-output" lang="vi" dir="ltr">${box}${content}${foot}</div></div>
<div id="catlinks" class="catlinks"><a>Thể loại</a>: <ul><li><a>Sông Việt Nam</a></li></ul></div></div></main>${footer}</body></html>`;
}
