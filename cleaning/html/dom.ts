/** The few DOM words that extraction needs, over the tree that cheerio's slim parser builds. */
import type { CheerioAPI } from 'cheerio/slim';
import { load } from 'cheerio/slim';

export type Node = ReturnType<CheerioAPI['root']>[0]['children'][number];
export type Element = Extract<Node, { attribs: unknown }>;

/** Parses tag soup in linear time (htmlparser2: no document is refused, unclosed elements close at the end). */
export function parseHtml(html: string): Element {
  return load(html).root()[0] as unknown as Element;
}

export const isElement = (node: Node | null): node is Element =>
  node !== null && (node.type === 'tag' || node.type === 'script' || node.type === 'style');

export interface Visitor {
  /** Return false to skip the element's children (`leave` is then not called). */
  enter(element: Element): boolean;
  text(data: string): void;
  leave(element: Element): void;
}

/** Visits everything below `root` in document order; no recursion, so nesting costs no stack. */
export function traverse(root: Element, { enter, text, leave }: Visitor): void {
  let node: Node | null = root.children[0] ?? null;
  while (node !== null) {
    if (node.type === 'text') text(node.data);
    else if (isElement(node) && enter(node)) {
      const child: Node | undefined = node.children[0];
      if (child !== undefined) {
        node = child;
        continue;
      }
      leave(node);
    }
    while (node !== null && node.next === null) {
      const parent: Element = node.parent as Element;
      if (parent === root) return;
      leave(parent);
      node = parent;
    }
    node = node.next;
  }
}

export interface Outline {
  /** Levels of the deepest element, and tags: each counted to one beyond its limit. */
  readonly deepest: number;
  readonly tags: number;
  /** Elements still open at the end that should have been closed. */
  readonly unclosed: number;
}

/**
 * The shape of a page, told from its tags alone: building a tree takes quadratic time in its depth, so a hostile page
 * must be known before. Opens and closes elements as the parser does.
 */
export function outline(html: string, maxDepth: number, maxTags: number): Outline {
  const open: string[] = [];
  let deepest = 0;
  let tags = 0;
  TAG.lastIndex = 0;
  for (let tag = TAG.exec(html); tag !== null && deepest <= maxDepth && tags <= maxTags; tag = TAG.exec(html)) {
    tags++;
    const name = tag[2]!.toLowerCase();
    if (VOID.has(name)) continue;
    if (tag[1] === '/') {
      const at = open.lastIndexOf(name);
      if (at >= 0) open.length = at;
      continue;
    }
    while (CLOSED_BY.get(open.at(-1)!)?.has(name)) open.pop();
    if (RAW.has(name)) {
      const end = html.indexOf('</', TAG.lastIndex);
      if (end < 0) break;
      TAG.lastIndex = end;
    }
    open.push(name);
    if (open.length > deepest) deepest = open.length;
  }
  return { deepest, tags, unclosed: open.filter((name) => !CLOSED_BY.has(name) && !OPTIONAL_END.has(name)).length };
}

const TAG = /<(\/?)([a-z][a-z\d-]*)/gi;
const setOf = (names: string): ReadonlySet<string> => new Set(names.split(' '));
const VOID = setOf('area base br col embed frame hr img input link meta param source track wbr');
const RAW = setOf('script style textarea title xmp');
const OPTIONAL_END = setOf('html body head tbody thead tfoot colgroup');
/** An open element of this name ends where one of those begins. */
const CLOSED_BY: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'p',
    setOf(
      'address article aside blockquote details div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header ' +
        'hr main nav ol p pre section table ul',
    ),
  ],
  ['li', setOf('li')],
  ['dt', setOf('dt dd')],
  ['dd', setOf('dt dd')],
  ['option', setOf('option optgroup')],
  ['td', setOf('td th tr')],
  ['th', setOf('td th tr')],
  ['tr', setOf('tr')],
]);
