/**
 * Captions that no element names: the cell below a picture in a table of pictures, and the line in italics below a
 * picture in the middle of the page.
 */
import { type Element, type Node, textBelow, traverse } from './dom.ts';

/** A caption has at most so many characters, and a table of pictures so many for each picture. */
const MAX_CAPTION = 300;

/** Elements that hold nothing but a caption. */
export function captionsIn(root: Element): ReadonlySet<Element> {
  const captions = new Set<Element>();
  let areRead = false; // parse.ts was asked for them
  traverse(root, {
    enter(element) {
      areRead ||= element.name === 'photo-caption';
      if (element.name === 'table') for (const row of captionRows(element)) captions.add(row);
      else if (SLANTED.has(element.name) && isLineBelowPicture(element)) captions.add(element);
      return true;
    },
  });
  return areRead ? new Set() : captions;
}

const SLANTED = new Set(['i', 'em']);
const LINES = new Set(['p', 'div', 'center']);

/** Rows of text of a table in which every row is pictures, or the text below a row of pictures. */
function captionRows(table: Element): Element[] {
  const rows = rowsOf(table);
  if (rows === undefined) return [];
  const captions: Element[] = [];
  let follows = false;
  for (const row of rows) {
    const hasPicture = holdsPicture(row);
    const { length } = textBelow(row).trim();
    if (hasPicture === length > 0 || length > MAX_CAPTION || (!hasPicture && !follows)) return [];
    if (!hasPicture) captions.push(row);
    follows = hasPicture;
  }
  return captions;
}

const MAX_ROWS = 20;

/** Rows that are not empty; `undefined` where there are many, or tables inside. */
function rowsOf(table: Element): Element[] | undefined {
  const rows: Element[] = [];
  let isPlain = true;
  traverse(table, {
    enter(element) {
      if (element.name === 'table' || rows.length > MAX_ROWS) isPlain = false;
      if (element.name !== 'tr') return isPlain;
      rows.push(element);
      return true;
    },
  });
  return isPlain && rows.length > 1 ? rows : undefined;
}

/** All that its centred line says, with a picture before it in the line or as the line before. */
function isLineBelowPicture(slanted: Element): boolean {
  const line = slanted.parent;
  if (line === undefined || !LINES.has(line.name) || !isCentred(line)) return false;
  if (slanted.first === undefined || slanted.last?.name === 'br') return false;
  for (let node = slanted.next; node !== undefined; node = node.next) if (!isBlank(node)) return false;
  for (let node = slanted.previous; node !== undefined; node = node.previous) {
    if (holdsPicture(node)) return textBelow(line).trim().length <= MAX_CAPTION;
    if (!isBlank(node)) return false;
  }
  let above = line.previous;
  while (above !== undefined && above.name === '' && isBlank(above)) above = above.previous;
  if (above === undefined || !holdsPicture(above) || textBelow(above).trim() !== '') return false;
  return textBelow(line).trim().length <= MAX_CAPTION;
}

const isCentred = (element: Element): boolean =>
  element.name === 'center' ||
  element.attribute('align') === 'center' ||
  /text-align\s*:\s*center/i.test(element.attribute('style') ?? '') ||
  element.parent?.name === 'center';

const isBlank = (node: Node): boolean => (node.name === '' ? node.data.trim() === '' : node.name === 'br');

function holdsPicture(node: Node): boolean {
  if (node.name === 'img') return true;
  let found = false;
  if (node.name !== '') {
    traverse(node, {
      enter(element) {
        found ||= element.name === 'img';
        return !found;
      },
    });
  }
  return found;
}
