/** What extraction left out of a page, and why: for whoever misses a paragraph, or finds a menu. */
import type { Page } from '../crawlers/page.ts';
import { decode } from './charset.ts';
import { readTree } from './extract.ts';
import { type Element, textBelow, traverse } from './html/dom.ts';
import type { Reason } from './html/main-text.ts';
import { looksLikeHtml } from './work.ts';

export interface LeftOut {
  /** Name of the element with its id and classes, `div#sidebar.widget`; of a line that went alone `line`. */
  readonly box: string;
  readonly reason: Reason | 'outside the main box' | 'label or link';
  /** In one line. */
  readonly text: string;
}

/** Boxes in the order of the page, an outer one for all that it holds, then lines; without those that hold no text. */
export function leftOutOf(page: Page): LeftOut[] {
  if (!looksLikeHtml(page)) return [];
  const { text: html, legacy } = decode(page.body, page.headers['content-type']);
  const tree = readTree(html, legacy);
  if ('flaw' in tree) return [];
  const { root, main, text } = tree;
  const found: LeftOut[] = [];
  const around = new Set<Element>();
  for (let box: Element | undefined = main.box; box !== undefined; box = box.parent) around.add(box);
  const shown = linesOf(text);
  const add = (element: Element, reason: LeftOut['reason']): false => {
    const below = oneLine(textBelow(element));
    if (below !== '' && !shown.has(below)) found.push({ box: nameOf(element), reason, text: below });
    return false;
  };
  let inside = false;
  traverse(root, {
    enter(element) {
      if (element.tag.isUnreadable) return false;
      const reason = main.leftOut.get(element);
      if (reason !== undefined) return add(element, reason);
      if (element === main.box) inside = true;
      return inside || around.has(element) || add(element, 'outside the main box');
    },
    text() {},
    leave(element) {
      if (element === main.box) inside = false;
    },
  });
  for (const block of main.blocks) {
    for (const line of linesOf(block.text)) {
      if (!shown.has(line)) found.push({ box: 'line', reason: 'label or link', text: line });
    }
  }
  return found;
}

const linesOf = (text: string): ReadonlySet<string> => new Set(text.split('\n').map(oneLine));

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

function nameOf(element: Element): string {
  const id = element.attribute('id')?.trim();
  const classes = (element.attribute('class') ?? '').trim().split(/\s+/).filter(Boolean);
  return `${element.name}${id ? `#${id}` : ''}${classes.map((name) => `.${name}`).join('')}`;
}
