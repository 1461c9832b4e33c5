/**
 * Wikitext as the text that a reader sees: headings, lists, tables, formulas and the words of links stay; templates,
 * references, files, categories and markup go. One pass for what nests, one for lines; linear in the source.
 *
 *   == Lịch sử ==                                    Lịch sử
 *   '''Huế''' là [[thành phố|đô thị]]{{sfn|A}}.<ref>B</ref>   Huế là đô thị.
 *   * một                                            - một
 *   {| ! Năm !! Dân |- | 1999 || 12 |}               Năm | Dân ⏎ 1999 | 12
 */
import { decodeEntities } from '../links/tags.ts';

export function textOfWikitext(source: string): string {
  const unix = source.includes('\r') ? source.replace(/\r\n?/g, '\n') : source;
  return linesOf(nested(tablesOfTags(withoutElements(unix))));
}

/** Tables that are written in HTML: a row is a line. */
function tablesOfTags(source: string): string {
  if (!/<td\b/i.test(source)) return source;
  return source
    .replace(/\s*<\/t[dh]\s*>\s*/gi, '')
    .replace(/\s*<\/?(?:table|tbody|thead|tr|caption)\b[^<>]*>\s*/gi, '\n')
    .replace(/(\n?)<t[dh]\b[^<>]*>\s*/gi, (_, start) => start || ` ${ESCAPED.get('|')} `);
}

/** Elements that go with what is in them. */
const GONE =
  'ref references gallery timeline imagemap templatestyles score mapframe maplink graph inputbox categorytree section'.split(
    ' ',
  );
/** Elements whose content is no markup. */
const PLAIN = 'nowiki pre code syntaxhighlight source math chem'.split(' ');
const ELEMENT = new RegExp(`<!--|<(${[...GONE, ...PLAIN].join('|')})(?=[\\s/>])([^<>]*)>`, 'gi');
/** Stand for characters of text that would be markup. */
const ESCAPES: readonly (readonly [string, string])[] = [..."{}[]|*#=;:'!("].map((character, i) => [
  character,
  String.fromCharCode(0xe000 + i),
]);
const ESCAPED = new Map(ESCAPES);
const PLAIN_AGAIN = new Map(ESCAPES.map(([character, sign]) => [sign, character]));

function withoutElements(source: string): string {
  const element = new RegExp(ELEMENT);
  /** Names that are not closed any more. */
  const open = new Set<string>();
  let text = '';
  let at = 0;
  for (let found = element.exec(source); found; found = element.exec(source)) {
    text += source.slice(at, found.index);
    at = element.lastIndex;
    if (found[0] === '<!--') {
      const end = source.indexOf('-->', at);
      at = end < 0 ? source.length : end + 3;
    } else {
      const name = found[1].toLowerCase();
      if (!found[2].endsWith('/') && !open.has(name)) {
        const closer = new RegExp(`</${name}\\s*>`, 'gi');
        closer.lastIndex = at;
        const end = closer.exec(source);
        if (end === null) open.add(name);
        else {
          if (PLAIN.includes(name)) text += plain(source.slice(at, end.index), name);
          at = closer.lastIndex;
        }
      }
    }
    element.lastIndex = at;
  }
  return text + source.slice(at);
}

function plain(content: string, name: string): string {
  const escaped = content.replace(/[{}[\]|*#=;:'!(]/g, (character) => ESCAPED.get(character)!);
  return name === 'math' || name === 'chem' ? `$${escaped.replace(/\s+/g, ' ').trim()}$` : escaped;
}

interface Frame {
  readonly opener: '{{' | '[[' | '{|' | '';
  text: string;
}

/** What nests deeper is no text of a reader. */
const MOST_DEPTH = 40;
const BRACES = /\{\{|\}\}|\[\[|\]\]|\{\||\|\}/g;
const CLOSERS: Readonly<Record<string, string>> = { '}}': '{{', ']]': '[[', '|}': '{|' };

function nested(source: string): string {
  const braces = new RegExp(BRACES);
  const frames: Frame[] = [{ opener: '', text: '' }];
  let at = 0;
  while (braces.test(source)) {
    const index = braces.lastIndex - 2;
    let brace = source.slice(index, index + 2);
    const top = frames[frames.length - 1];
    if (at < index) top.text += source.slice(at, index);
    // `{{a|}}` ends a template; a table begins and ends at the start of a line
    const isBar = brace === '|}' && (source[index + 2] === '}' || top.opener !== '{|');
    const isWord = brace === '{|' && !/(^|\n)[ :*]*$/.test(source.slice(Math.max(0, index - 8), index));
    if (isBar || isWord) {
      brace = brace[0];
      braces.lastIndex = index + 1;
    }
    at = braces.lastIndex;
    const opener = CLOSERS[brace];
    if (brace.length === 1) top.text += brace;
    else if (opener === undefined) {
      if (frames.length <= MOST_DEPTH) frames.push({ opener: brace as Frame['opener'], text: '' });
    } else {
      const place = frames.findLastIndex((frame) => frame.opener === opener);
      if (place <= 0) continue;
      while (frames.length - 1 > place) drop(frames);
      const { text } = frames.pop()!;
      frames.at(-1)!.text +=
        opener === '{{' ? textOfTemplate(text) : opener === '[[' ? textOfLink(text) : textOfTable(text);
    }
  }
  while (frames.length > 1) drop(frames);
  return frames[0].text + source.slice(at);
}

/** What was never closed is text. */
function drop(frames: Frame[]): void {
  const { text } = frames.pop()!;
  frames.at(-1)!.text += text;
}

/** Templates that hold text of the page, and in which of their arguments; 0: all of them. */
const KEPT: Readonly<Record<string, number>> = {
  ...Object.fromEntries('lang chữ ngôn_ngữ color màu abbr_text'.split(' ').map((name) => [name, 2])),
  ...Object.fromEntries(
    'nowrap small big nobr quote cquote blockquote trích_dẫn thơ poem math mvar val formatnum sub sup em strong abbr viết_tắt circa khoảng nihongo zh chữ_nho hán_nôm vie nhỏ lớn center giữa'
      .split(' ')
      .map((name) => [name, 1]),
  ),
  ...Object.fromEntries('ill interlanguage_link liên_kết_ngôn_ngữ_khác'.split(' ').map((name) => [name, 1])),
  convert: 0,
  đổi: 0,
};
/** Templates whose one argument is a list. */
const LISTS = new Set('columns-list columnslist div_col plainlist flatlist danh_sách_cột'.split(' '));
const FRACTIONS = new Set(['frac', 'sfrac', 'phân_số']);
/** `{{lang-fr|pluie}}`: tiếng Pháp: pluie. */
const LANGUAGES: Readonly<Record<string, string>> = {
  ...{ en: 'Anh', fr: 'Pháp', de: 'Đức', ru: 'Nga', es: 'Tây Ban Nha', it: 'Ý', pt: 'Bồ Đào Nha', la: 'Latinh' },
  ...{ zh: 'Trung', ja: 'Nhật', ko: 'Triều Tiên', th: 'Thái', lo: 'Lào', km: 'Khmer', ar: 'Ả Rập', el: 'Hy Lạp' },
};
const SIGNS: Readonly<Record<string, string>> = {
  '!': '|',
  '=': '=',
  '·': '·',
  '•': '•',
  '-': '–',
  ndash: '–',
  mdash: '—',
  snd: ' – ',
  chấm: '·',
  bullet: '•',
};

function textOfTemplate(inner: string): string {
  const [head, ...parts] = inner.split('|');
  const name = head
    .trim()
    .toLowerCase()
    .replace(/^(?:bản mẫu|template):/, '')
    .replace(/\s+/g, '_');
  const number = /^formatnum:(.*)$/.exec(name)?.[1];
  if (number !== undefined) return number;
  if (SIGNS[name] !== undefined) return SIGNS[name];
  const ofTwo = /^(lang|link)-([a-z]{2,3})$/.exec(name);
  const isKept = ofTwo !== null || KEPT[name] !== undefined || LISTS.has(name) || FRACTIONS.has(name);
  if (!isKept) return '';
  const positional = parts
    .filter((part) => !/^\s*[\p{L}_][\p{L}\d_ -]*=/u.test(part))
    .map((part) => part.replace(/^\s*\d\s*=/, '').trim());
  if (ofTwo !== null) {
    const language = ofTwo[1] === 'lang' ? LANGUAGES[ofTwo[2]] : undefined;
    return (language === undefined ? '' : `tiếng ${language}: `) + (positional[0] ?? '');
  }
  if (LISTS.has(name)) return positional[0]?.startsWith('*') ? `\n${positional[0]}\n` : '';
  if (FRACTIONS.has(name)) return [...positional.slice(0, -2), positional.slice(-2).join('/')].join(' ');
  const wanted = KEPT[name];
  return wanted === 0 ? positional.slice(0, 2).join(' ') : (positional[wanted - 1] ?? '');
}

const MEDIA = /^\s*(?:file|image|media|tập tin|tập_tin|hình|hình ảnh|thể loại|category)\s*:/i;
/** Where editors speak to each other. */
const ABOUT = /^\s*(?:wikipedia|wp|project)\s*:/i;
const INTERWIKI = /^\s*[a-z]{2,3}(?:-[a-z-]+)?:/;

function textOfLink(inner: string): string {
  if (inner.includes(':') && (MEDIA.test(inner) || INTERWIKI.test(inner) || ABOUT.test(inner))) return '';
  const bar = inner.indexOf('|');
  const target = (bar < 0 ? inner : inner.slice(0, bar)).trim().replace(/^:/, '');
  const said = bar < 0 ? target : inner.slice(bar + 1);
  return said.trim() === '' ? target.replace(/\s*\([^()]*\)$/, '').replace(/^[^:]*:/, '') : said;
}

/** A row is a line, cells stand between bars. What stands before the first row are attributes. */
function textOfTable(inner: string): string {
  const rows: string[][] = [[]];
  let caption = '';
  const [attributes, ...content] = inner.split('\n');
  if (BOX.test(attributes)) return '';
  for (const line of content) {
    const trimmed = line.trim();
    if (trimmed.startsWith('|-')) rows.push([]);
    else if (trimmed.startsWith('|+')) caption = cellOf(trimmed.slice(2));
    else if (trimmed.startsWith('|') || trimmed.startsWith('!')) {
      const cells = trimmed.slice(1).split(trimmed.startsWith('!') ? /!!|\|\|/ : '||');
      rows.at(-1)!.push(...cells.map(cellOf));
    } else if (trimmed !== '') {
      const row = rows.at(-1)!;
      const isItem = /^[*#]/.test(trimmed);
      const said = isItem ? trimmed.replace(/^[*#:]+\s*/, '') : trimmed;
      row.push([row.pop(), said].filter(Boolean).join(isItem ? '; ' : ' '));
    }
  }
  const lines = rows.filter((row) => row.some((cell) => cell !== '')).map((row) => row.join(` ${ESCAPED.get('|')} `));
  return ['', caption, ...lines, ''].filter((line, i) => line !== '' || i !== 1).join('\n');
}

/** Beside the text. */
const BOX = /\bclass\s*=\s*["']?[^"'\n]*\b(?:infobox|navbox|metadata|ambox|sidebar)\b/i;

/** Without `style="…" |` before it. */
const cellOf = (cell: string): string =>
  (cell.includes('|') ? cell.replace(/^[^|[\]{}]*\w\s*=[^|]*\|/, '') : cell).trim();

/** Sections of which nothing is text: notes, sources, links. */
const NO_TEXT =
  /^(?:tham khảo|chú thích|chú giải|ghi chú|nguồn|nguồn tham khảo|liên kết ngoài|xem thêm|đọc thêm|thư mục|references|external links|see also|notes)$/i;
const SWITCH = /__[A-ZĐ_]{3,}__/g;

function linesOf(text: string): string {
  const lines: string[] = [];
  /** Headings under which no text stands yet, by level. */
  let headings: { level: number; text: string }[] = [];
  let leftOut = Number.POSITIVE_INFINITY;
  for (const line of text.split('\n')) {
    const [, marks, heading] = (line.startsWith('=') && /^(={1,6})\s*(.+?)\s*\1\s*$/.exec(line)) || [];
    if (heading !== undefined) {
      const level = marks.length;
      if (level > leftOut) continue;
      const title = inline(heading);
      leftOut = NO_TEXT.test(title) ? level : Number.POSITIVE_INFINITY;
      headings = headings.filter((one) => one.level < level);
      if (leftOut !== level) headings.push({ level, text: title });
      continue;
    }
    if (leftOut !== Number.POSITIVE_INFINITY || /^-{4,}\s*$/.test(line)) continue;
    const [list] = /^[*#:;]*/.exec(line)!;
    const said = inline(list === '' ? line : line.slice(list.length));
    if (said === '') {
      if (lines.at(-1) !== '') lines.push('');
      continue;
    }
    for (const one of headings.splice(0)) lines.push('', one.text, '');
    lines.push(/[*#]$/.test(list) ? `- ${said}` : said);
  }
  return lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** Each step looks first whether there is anything for it: most lines have little markup left. */
function inline(line: string): string {
  let text = line;
  if (text.includes('__')) text = text.replace(SWITCH, '');
  if (text.includes("''")) text = text.replace(/'{2,5}/g, '');
  if (text.includes('[')) text = text.replace(/\[(?:https?:|ftp:|mailto:|\/\/)[^\s\]]*\s*([^\]]*)\]/gi, '$1');
  if (text.includes('<')) text = text.replace(/<br\s*\/?>/gi, ' ').replace(/<\/?[a-z][^<>]*>/gi, '');
  if (text.includes('&')) text = decodeEntities(decodeNamed(text));
  if (OTHER_SPACE.test(text)) text = text.replace(/\s+/g, ' ');
  if (text.includes('[')) text = text.replace(/\[\s*\]/g, '');
  if (text.includes('(')) text = text.replace(/\(\s*[;,]?\s*\)/g, '').replace(/\(\s*[;,]\s*/g, '(');
  if (/ [,.;:) ]/.test(text)) text = text.replace(/ ([,.;:)])/g, '$1').replace(/ {2,}/g, ' ');
  return text.trim().replace(/[\ue000-\ue00c]/g, (sign) => PLAIN_AGAIN.get(sign)!);
}

const OTHER_SPACE = /[\t\v\f\u00a0\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]| {2}/;

const NAMED: Readonly<Record<string, string>> = {
  ndash: '–',
  mdash: '—',
  hellip: '…',
  times: '×',
  minus: '−',
  thinsp: ' ',
  ensp: ' ',
  middot: '·',
  deg: '°',
  plusmn: '±',
  rarr: '→',
  laquo: '«',
  raquo: '»',
  ldquo: '“',
  rdquo: '”',
};
const decodeNamed = (text: string): string =>
  text.replace(/&([a-z]+);/gi, (found, name) => NAMED[name.toLowerCase()] ?? found);
