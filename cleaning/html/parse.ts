/**
 * Tag soup → tree, in one pass and in linear time whatever the page holds: every search for a character that may be
 * missing is remembered. The few rules of HTML that change what a reader sees are kept (elements that close each other,
 * raw text, content that ends `<head>`); an element that nobody closes ends with its parent.
 */
import { decodeText, type Element, Node } from './dom.ts';

export interface ParsedPage {
  readonly root: Element;
  /** Levels of the deepest element, and elements: parsing ends one beyond its limit. */
  readonly deepest: number;
  readonly elements: number;
  /** Elements still open at the end that should have been closed. */
  readonly unclosed: number;
}

const setOf = (names: string): ReadonlySet<string> => new Set(names.trim().split(/\s+/));
const VOID = setOf('area base br col embed frame hr img input link meta param source track wbr');
/** Their content is text up to the tag that closes them. */
const RAW = setOf('script style textarea title xmp iframe noembed noframes');
const OPTIONAL_END = setOf('html body head tbody thead tfoot colgroup p li dt dd option td th tr');
/** What may stand in `<head>`; anything else ends it. */
const HEAD_CONTENT = setOf('meta link script style title base noscript template object');
/** Closing one of these does not close the boxes that were opened inside it. */
const FORMATTING = setOf('b i u s em strong span font small big tt center');
const PARAGRAPH_ENDS =
  'address article aside blockquote center details div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header ' +
  'hgroup hr main menu nav ol p pre section table ul';
/** An open element of this name ends where one of those begins. */
const CLOSED_BY: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['p', setOf(PARAGRAPH_ENDS)],
  ['a', setOf('a')],
  ['li', setOf('li')],
  ['dt', setOf('dt dd')],
  ['dd', setOf('dt dd')],
  ['option', setOf('option optgroup')],
  ['td', setOf('td th tr tbody tfoot')],
  ['th', setOf('td th tr tbody tfoot')],
  ['tr', setOf('tr tbody tfoot')],
]);

export function parseHtml(html: string, maxDepth: number, maxElements: number): ParsedPage {
  const root = new Node('#page', '', undefined);
  const open: Element[] = [root];
  /** How many elements of a name are open: a stray closing tag costs nothing. */
  const openOf = new Map<string, number>();
  const find = finder(html);
  let deepest = 0;
  let elements = 0;
  /** Where the text in hand began, and how far the page is read. */
  let textFrom = 0;
  let at = 0;

  const endText = (end: number): void => {
    if (textFrom < end) new Node('', decodeText(html.slice(textFrom, end)), open.at(-1)!);
  };
  const pop = (): void => {
    const { name } = open.pop()!;
    openOf.set(name, openOf.get(name)! - 1);
  };
  const push = (name: string, attributes: string): void => {
    if (ONLY_ONCE.has(name) && (openOf.get(name) ?? 0) > 0) return;
    while (CLOSED_BY.get(open.at(-1)!.name)?.has(name) === true) pop();
    if (open.at(-1)!.name === 'head' && !HEAD_CONTENT.has(name)) pop();
    elements++;
    const element = new Node(name, attributes, open.at(-1)!);
    if (VOID.has(name)) return;
    open.push(element);
    openOf.set(name, (openOf.get(name) ?? 0) + 1);
    deepest = Math.max(deepest, open.length - 1);
  };
  const close = (name: string): void => {
    if (NEVER_CLOSED.has(name) || (openOf.get(name) ?? 0) === 0) return;
    if (FORMATTING.has(name)) {
      for (let i = open.length - 1; open[i]!.name !== name; i--) if (!FORMATTING.has(open[i]!.name)) return;
    }
    while (open.at(-1)!.name !== name) pop();
    pop();
  };

  const withinLimits = (): boolean => deepest <= maxDepth && elements <= maxElements;
  while (at < html.length && withinLimits()) {
    const tag = find('<', at);
    if (tag < 0) break;
    const code = html.charCodeAt(tag + 1);
    at = tag + 1;
    if (isLetter(code)) {
      endText(tag);
      const nameEnd = endOfName(html, at);
      const name = tagName(html, at, nameEnd);
      const end = endOfTag(html, nameEnd, find);
      push(name, attributesIn(html, nameEnd, end));
      at = end + 1;
      if (RAW.has(name)) {
        const rawEnd = endOfRaw(html, name, at, find);
        if (at < rawEnd)
          new Node('', name === 'title' ? decodeText(html.slice(at, rawEnd)) : html.slice(at, rawEnd), open.at(-1)!);
        at = rawEnd;
      }
      textFrom = at;
    } else if (code === SLASH && isLetter(html.charCodeAt(tag + 2))) {
      endText(tag);
      const nameEnd = endOfName(html, tag + 2);
      close(tagName(html, tag + 2, nameEnd));
      at = after(find('>', nameEnd), 1);
      textFrom = at;
    } else if (code === EXCLAMATION || code === QUESTION || code === SLASH) {
      endText(tag);
      at = html.startsWith('<!--', tag) ? after(find('-->', tag + 2), 3) : after(find('>', at), 1);
      textFrom = at;
    }
  }
  if (withinLimits()) endText(html.length);
  const unclosed = open.slice(1).filter(({ name }) => !OPTIONAL_END.has(name)).length;
  return { root, deepest, elements, unclosed };

  function after(found: number, length: number): number {
    return found < 0 ? html.length : found + length;
  }
}

const ONLY_ONCE = setOf('html head body');
/** Text behind `</body>` is still text of the page. */
const NEVER_CLOSED = setOf('html body');

const SLASH = 0x2f;
const EXCLAMATION = 0x21;
const QUESTION = 0x3f;
const isLetter = (code: number): boolean => (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);

/** `indexOf` for a few needles, each remembered: a page of a million `<!` without one `>` is searched once. */
function finder(html: string): (needle: string, from: number) => number {
  const found = new Map<string, number>();
  return (needle, from) => {
    const before = found.get(needle);
    if (before !== undefined && (before < 0 || before >= from)) return before;
    const at = html.indexOf(needle, from);
    found.set(needle, at);
    return at;
  };
}

function endOfName(html: string, from: number): number {
  let at = from;
  for (let code = html.charCodeAt(at); code > 0x20 && code !== SLASH && code !== 0x3e && code !== 0x3c; ) {
    code = html.charCodeAt(++at);
  }
  return at;
}

/** Names come again and again: each spelling is lowered once. */
const names = new Map<string, string>();
const MAX_NAMES = 5_000;

function tagName(html: string, start: number, end: number): string {
  const written = html.slice(start, Math.min(end, start + 64));
  const known = names.get(written);
  if (known !== undefined) return known;
  if (names.size >= MAX_NAMES) names.clear();
  const name = written.toLowerCase();
  names.set(written, name);
  return name;
}

/** Position of the `>` that ends a tag; one inside a quoted value does not. */
function endOfTag(html: string, from: number, find: (needle: string, from: number) => number): number {
  let at = from;
  for (;;) {
    const code = html.charCodeAt(at);
    if (Number.isNaN(code)) return html.length;
    if (code === 0x3e) return at;
    at++;
    if (code !== 0x3d) continue;
    while (html.charCodeAt(at) <= 0x20) at++;
    const quote = html.charCodeAt(at);
    if (quote !== 0x22 && quote !== 0x27) continue;
    const end = find(quote === 0x22 ? '"' : "'", at + 1);
    if (end >= 0) at = end + 1;
    else at++;
  }
}

function attributesIn(html: string, start: number, end: number): string {
  while (start < end && html.charCodeAt(start) <= 0x20) start++;
  return start < end ? html.slice(start, end) : '';
}

/** Where raw text ends: at `</name`, whatever its case; a title that nobody closes is empty, else the page is over. */
function endOfRaw(html: string, name: string, from: number, find: (needle: string, from: number) => number): number {
  if (name === 'title') {
    const end = html.slice(from, from + MAX_TITLE).search(/<\/title/i);
    return end < 0 ? from : from + end;
  }
  for (let at = find('</', from); at >= 0; at = find('</', at + 2)) {
    if (html.slice(at + 2, at + 2 + name.length).toLowerCase() === name) return at;
  }
  return html.length;
}

const MAX_TITLE = 10_000;
