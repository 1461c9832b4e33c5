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

/**
 * How deep elements nest, before a tree is built (building one takes quadratic time in its depth).
 * Elements that HTML closes by itself (`<p>`, `<li>`, table parts, …) and void elements do not count.
 */
export function nestingDepth(html: string, limit: number): number {
  let depth = 0;
  let deepest = 0;
  for (let at = html.indexOf('<'); at >= 0 && deepest <= limit; at = html.indexOf('<', at + 1)) {
    const closing = html.charCodeAt(at + 1) === 0x2f;
    const start = closing ? at + 2 : at + 1;
    let end = start;
    while (isNameCode(html.charCodeAt(end))) end++;
    if (end === start || SELF_CLOSING.has(html.slice(start, end).toLowerCase())) continue;
    depth = closing ? Math.max(0, depth - 1) : depth + 1;
    if (depth > deepest) deepest = depth;
  }
  return deepest;
}

const isNameCode = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39) || code === 0x2d;

const SELF_CLOSING = new Set(
  ('area base br col embed frame hr img input link meta param source track wbr path use rect circle ' +
    'p li dt dd tr td th thead tbody tfoot option optgroup colgroup').split(' '),
);
