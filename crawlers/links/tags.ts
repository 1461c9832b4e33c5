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
/** Elements whose content is text, whatever it looks like. */
const RAW_TEXT = /^(script|style|textarea|title|xmp|iframe|noembed|noframes)$/;

/** Tags with one of the names, in document order. A tag that does not end is none. */
export function* tagsOf(html: string, names: ReadonlySet<string>): Generator<Tag> {
  const opener = new RegExp(OPENER);
  for (let found = opener.exec(html); found; found = opener.exec(html)) {
    const name = found[1].toLowerCase();
    if (name === '!--') {
      opener.lastIndex = endOf(html, html.indexOf('-->', opener.lastIndex));
      continue;
    }
    const attributes = names.has(name) ? new Map<string, string>() : undefined;
    opener.lastIndex = readTag(html, opener.lastIndex, attributes);
    if (attributes !== undefined && html[opener.lastIndex - 1] === '>') yield { name, attributes };
    if (RAW_TEXT.test(name)) {
      const closer = new RegExp(`</${name}`, 'gi');
      closer.lastIndex = opener.lastIndex;
      opener.lastIndex = endOf(html, closer.exec(html)?.index ?? -1);
    }
  }
}

const endOf = (html: string, index: number): number => (index < 0 ? html.length : index);

/**
 * Offset behind the tag whose name ends at `from`; its attributes go into the map, if there is one. Quotes that never
 * close are part of a bare value.
 */
function readTag(html: string, from: number, attributes?: Map<string, string>): number {
  let at = from;
  for (;;) {
    while (at < html.length && (html[at] === '/' || isSpace(html.charCodeAt(at)))) at++;
    if (at >= html.length) return html.length;
    if (html[at] === '>') return at + 1;
    const name = at;
    if (html[at] === '=') at++;
    else while (at < html.length && !endsName(html.charCodeAt(at))) at++;
    const nameEnd = at;
    let [start, end] = [at, at];
    const equals = skipSpace(html, at);
    if (html[equals] === '=') {
      start = skipSpace(html, equals + 1);
      const quote = html[start];
      const close = quote === '"' || quote === "'" ? html.indexOf(quote, start + 1) : -1;
      if (close >= 0) [start, end, at] = [start + 1, close, close + 1];
      else {
        at = start;
        while (at < html.length && html[at] !== '>' && !isSpace(html.charCodeAt(at))) at++;
        end = at;
      }
    }
    const key = attributes && html.slice(name, nameEnd).toLowerCase();
    if (key !== undefined && !attributes!.has(key)) attributes!.set(key, decodeEntities(html.slice(start, end)));
  }
}

/** `\s` of regular expressions, of a UTF-16 code unit. */
const isSpace = (code: number): boolean =>
  code <= 0x20 ? code === 0x20 || (code >= 9 && code <= 13) : code >= 0xa0 && /\s/.test(String.fromCharCode(code));

/** Space, `/`, `>` and `=`. */
const endsName = (code: number): boolean => code === 0x2f || code === 0x3e || code === 0x3d || isSpace(code);

/** Offset of the first character from `from` on that is no space. */
function skipSpace(html: string, from: number): number {
  let at = from;
  while (at < html.length && isSpace(html.charCodeAt(at))) at++;
  return at;
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', quot: '"', apos: "'", lt: '<', gt: '>', nbsp: '\u00A0' };

/** Undoes the entities of XML, `&nbsp;` and numeric references; others do not occur in addresses. */
export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|quot|apos|lt|gt|nbsp));/gi,
    (found, decimal, hex, name) => {
      if (name !== undefined) return NAMED[name.toLowerCase()];
      const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : found;
    },
  );
}
