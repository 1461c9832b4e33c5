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
    const attributes = new Map<string, string>();
    opener.lastIndex = readAttributes(html, opener.lastIndex, attributes);
    if (names.has(name) && html[opener.lastIndex - 1] === '>') yield { name, attributes };
    if (RAW_TEXT.test(name)) {
      const closer = new RegExp(`</${name}`, 'gi');
      closer.lastIndex = opener.lastIndex;
      opener.lastIndex = endOf(html, closer.exec(html)?.index ?? -1);
    }
  }
}

const endOf = (html: string, index: number): number => (index < 0 ? html.length : index);

/** Fills `attributes` from `from` on; returns the offset behind the tag. */
function readAttributes(html: string, from: number, attributes: Map<string, string>): number {
  const attribute = new RegExp(ATTRIBUTE);
  attribute.lastIndex = from;
  for (let found = attribute.exec(html); found; found = attribute.exec(html)) {
    const [, end, name, double, single, bare] = found;
    if (end !== undefined) return attribute.lastIndex;
    const key = name!.toLowerCase();
    if (!attributes.has(key)) attributes.set(key, decodeEntities(double ?? single ?? bare ?? ''));
  }
  return html.length;
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
