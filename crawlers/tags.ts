/**
 * The start tags of a page, without a tree: all that links and meta tags need. Linear in the markup, where the cost of
 * a tree grows with its depth and a hostile page of nested `<div>`s takes minutes. Comments and the contents of script,
 * style and the like are passed over.
 */
export interface Tag {
  /** Lower case, as are the names of attributes. */
  readonly name: string;
  /** Entities undone; the first of two attributes of one name counts. */
  readonly attributes: ReadonlyMap<string, string>;
}

const OPENER = /<(!--|[a-z][^\s/>]*)/gi;
/** One attribute, or the end of the tag. Quotes that never close are taken as part of a bare value. */
const ATTRIBUTE = /[\s/]*(?:(>)|([^\s/>=]+|=)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?)/y;
/** Elements whose content is text, whatever it looks like. */
const RAW_TEXT = /^(script|style|textarea|title|xmp|iframe|noembed|noframes)$/;

/** Tags with one of the names, in document order. A tag that does not end is none. */
export function* tagsOf(html: string, names: ReadonlySet<string>): Generator<Tag> {
  const opener = new RegExp(OPENER);
  for (let found = opener.exec(html); found; found = opener.exec(html)) {
    const name = found[1]!.toLowerCase();
    if (name === '!--') {
      opener.lastIndex = endOf(html, html.indexOf('-->', opener.lastIndex));
      continue;
    }
    const end = endOfTag(html, opener.lastIndex);
    if (names.has(name) && html[end - 1] === '>') yield { name, attributes: readAttributes(html, opener.lastIndex) };
    opener.lastIndex = end;
    if (RAW_TEXT.test(name)) {
      const closer = new RegExp(`</${name}`, 'gi');
      closer.lastIndex = opener.lastIndex;
      opener.lastIndex = endOf(html, closer.exec(html)?.index ?? -1);
    }
  }
}

const endOf = (html: string, index: number): number => (index < 0 ? html.length : index);

/** Offset behind the tag whose name ends at `from`: by the grammar of ATTRIBUTE, without cutting anything out. */
function endOfTag(html: string, from: number): number {
  let at = from;
  for (;;) {
    while (at < html.length && (html[at] === '/' || isSpace(html.charCodeAt(at)))) at++;
    if (at >= html.length) return html.length;
    if (html[at] === '>') return at + 1;
    if (html[at] === '=') at++;
    else while (at < html.length && !endsName(html.charCodeAt(at))) at++;
    let value = skipSpace(html, at);
    if (html[value] !== '=') continue;
    value = skipSpace(html, value + 1);
    const quote = html[value];
    const close = quote === '"' || quote === "'" ? html.indexOf(quote, value + 1) : -1;
    at = close < 0 ? value : close + 1;
    if (close < 0) while (at < html.length && html[at] !== '>' && !isSpace(html.charCodeAt(at))) at++;
  }
}

/** `\s` of regular expressions, of a UTF-16 code unit. */
export const isSpace = (code: number): boolean =>
  code <= 0x20 ? code === 0x20 || (code >= 9 && code <= 13) : code >= 0xa0 && /\s/.test(String.fromCharCode(code));

/** Space, `/`, `>` and `=`. */
const endsName = (code: number): boolean => code === 0x2f || code === 0x3e || code === 0x3d || isSpace(code);

/** Offset of the first character from `from` on that is no space. */
export function skipSpace(html: string, from: number): number {
  let at = from;
  while (at < html.length && isSpace(html.charCodeAt(at))) at++;
  return at;
}

/** Attributes of the tag whose name ends at `from`. */
function readAttributes(html: string, from: number): Map<string, string> {
  const attributes = new Map<string, string>();
  const attribute = new RegExp(ATTRIBUTE);
  attribute.lastIndex = from;
  for (let found = attribute.exec(html); found; found = attribute.exec(html)) {
    const [, end, name, double, single, bare] = found;
    if (end !== undefined) break;
    const key = name!.toLowerCase();
    if (!attributes.has(key)) attributes.set(key, decodeEntities(double ?? single ?? bare ?? ''));
  }
  return attributes;
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', quot: '"', apos: "'", lt: '<', gt: '>', nbsp: '\u00A0' };

/** Undoes the entities of XML, `&nbsp;` and numeric references; others do not occur in addresses. */
export function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|quot|apos|lt|gt|nbsp));/gi,
    (found, decimal, hex, name) => {
      if (name !== undefined) return NAMED[name.toLowerCase()]!;
      const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : found;
    },
  );
}
