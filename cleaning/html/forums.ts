/**
 * What a thread of vBulletin 3 shows beside its posts: tables whose cells have no names, but for the one of the message.
 * The cell of the poster, the head with the date, the quotation of another post and the signature are hidden.
 */
import { type Element, type Node, textBelow, traverse } from './dom.ts';

const MESSAGE = /^post_message_\d+$/;
const QUOTED = /^(?:trích(?: dẫn)?|quote|nguyên văn)\s*:?$/i;
const SIGNATURE = /^\s*_{6,}/;
/** A heading of a quotation is shorter. */
const MAX_LABEL = 40;

/** @returns whether the page is such a thread */
export function hideForumFurniture(root: Element): boolean {
  const messages: Element[] = [];
  traverse(root, {
    enter(element) {
      if (MESSAGE.test(element.attribute('id') ?? '')) messages.push(element);
      return true;
    },
  });
  for (const message of messages) {
    hideQuotations(message);
    for (const beside of siblingsOf(message)) if (SIGNATURE.test(textBelow(beside))) beside.hide();
    const cell = ancestor(message, 'td');
    const row = cell && ancestor(cell, 'tr');
    const table = row && ancestor(row, 'table');
    if (cell === undefined || table === undefined) continue;
    traverse(table, {
      enter(element) {
        if (element === cell) return false;
        if (element.name === 'td' && !holds(element, message)) element.hide();
        return true;
      },
    });
  }
  return messages.length > 0;
}

/** A box in the message whose first line is the label: box and label go with what stands below it. */
function hideQuotations(message: Element): void {
  const found: Element[] = [];
  traverse(message, {
    enter(element) {
      if (element.name === 'div' && QUOTED.test(textBelow(element, MAX_LABEL).trim())) found.push(element);
      return true;
    },
  });
  for (const label of found) {
    const box = label.parent === message ? label : label.parent!;
    box.hide();
    if (box === label)
      siblingsBehind(label)
        .find(({ name }) => name === 'table' || name === 'blockquote')
        ?.hide();
  }
}

function siblingsOf(element: Element): Element[] {
  const found: Element[] = [];
  for (let node = element.parent?.first; node !== undefined; node = node.next)
    if (node.name !== '' && node !== element) found.push(node);
  return found;
}

function siblingsBehind(element: Element): Element[] {
  const found: Element[] = [];
  for (let node = element.next; node !== undefined; node = node.next) if (node.name !== '') found.push(node);
  return found;
}

function ancestor(element: Element, name: string): Element | undefined {
  let above = element.parent;
  while (above !== undefined && above.name !== name) above = above.parent;
  return above;
}

function holds(box: Element, node: Node): boolean {
  let above: Node | undefined = node;
  while (above !== undefined && above !== box) above = above.parent;
  return above === box;
}
