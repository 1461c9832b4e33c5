/** What extraction left out of a page, and why: for whoever misses a paragraph, or finds a menu. */
import type { Page } from '../crawlers/page.ts';
import { decode } from './decode/charset.ts';
import { looksLikeHtml } from './engine/work.ts';
import { type Element, oneLine, traverse } from './html/dom.ts';
import { readTree } from './html/extract.ts';
import { isUnread } from './html/furniture.ts';
import type { Reason } from './html/main-text.ts';
import { render } from './html/render.ts';

export interface LeftOut {
  /** Name of the element with its id and classes, `div#sidebar.widget`; of a line that went alone `line`. */
  readonly box: string;
  readonly reason: Reason | 'outside the main box' | 'caption' | 'hidden' | 'label or link';
  /** In one line. */
  readonly text: string;
}

/** Elements whose text no reader sees as such; those of the page's machinery hold none. */
const HOLDS_TEXT: ReadonlyMap<string, LeftOut['reason']> = new Map([
  ['figcaption', 'caption'],
  ['noscript', 'hidden'],
]);

/**
 * Boxes in the order of the page, an outer one for all that it holds, then lines; without those of which nothing is
 * missing. Lines that the host repeats are not among them: they are known only while its pages are cleaned.
 * @returns a word why nothing can be said: `no HTML`, `too_nested`, `too_many_tags`
 */
export function leftOutOf(page: Page): LeftOut[] | string {
  if (!looksLikeHtml(page)) return 'no HTML';
  const { text: html, legacy } = decode(page.body, page.headers['content-type']);
  const tree = readTree(html, legacy);
  if ('flaw' in tree) return tree.flaw.reason;
  const { root, main, text } = tree;
  const found: LeftOut[] = [];
  const around = new Set<Element>();
  for (let box: Element | undefined = main.box; box !== undefined; box = box.parent) around.add(box);
  const shown = linesOf(text);
  const add = (element: Element, reason: LeftOut['reason']): false => {
    const lines = [...linesOf(textOf(element))];
    if (lines.some((line) => !shown.has(line))) found.push({ box: nameOf(element), reason, text: lines.join(' ') });
    return false;
  };
  let inside = main.box === root;
  traverse(root, {
    enter(element) {
      const reason = main.captions.has(element) ? 'caption' : main.leftOut.get(element);
      if (reason !== undefined) return add(element, reason);
      if (isUnread(element, main.readHidden)) {
        const why = element.tag.isUnreadable ? HOLDS_TEXT.get(element.name) : 'hidden';
        return why !== undefined && add(element, why);
      }
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

const textOf = (element: Element): string =>
  render(element, (inner) => inner !== element && isUnread(inner, true))
    .map(({ text }) => text)
    .join('\n');

const linesOf = (text: string): ReadonlySet<string> =>
  new Set(
    text
      .split('\n')
      .map(oneLine)
      .filter((line) => line !== ''),
  );

function nameOf(element: Element): string {
  const id = element.attribute('id')?.trim();
  const classes = (element.attribute('class') ?? '').trim().split(/\s+/).filter(Boolean);
  return `${element.name}${id ? `#${id}` : ''}${classes.map((name) => `.${name}`).join('')}`;
}
