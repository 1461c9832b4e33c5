/**
 * DOM → lines of text: a block for each paragraph and heading, `<br>` and neighbouring list items as lines of one
 * block, a row of a data table as one line with tabs between its cells. Tables used for layout are plain boxes.
 */
import { type Element, isElement, type Node, traverse } from './dom.ts';
import { HEADINGS, isBlock } from './furniture.ts';

export interface TextBlock {
  /** Lines separated by `\n`, trimmed, never empty. */
  readonly text: string;
  readonly heading: boolean;
}

/** A cell with more characters than this holds paragraphs: its table arranges the page. */
const MAX_CELL = 300;
const MAX_TABLE_NODES = 5_000;

export function render(root: Element, isSkipped: (element: Element) => boolean): TextBlock[] {
  const blocks: TextBlock[] = [];
  let current = '';
  let joinsPrevious = false;
  let preDepth = 0;
  /** The data table that is being read, if any: inside it only rows end lines. */
  let table: Element | undefined;

  const endBlock = (heading: boolean): void => {
    const text = tidy(current);
    current = '';
    if (text === '') return;
    const previous = blocks.at(-1);
    if (joinsPrevious && previous !== undefined) {
      blocks[blocks.length - 1] = { text: `${previous.text}\n${text}`, heading: false };
    } else {
      for (const part of text.split('\n\n')) blocks.push({ text: part, heading });
    }
    joinsPrevious = false;
  };
  const borderInTable = (name: string): void => {
    if (name === 'tr') current += '\n';
    else if (CELLS.has(name)) current += current.endsWith('\n') || current === '' ? '' : '\t';
    else current += ' ';
  };

  traverse(root, {
    enter(element) {
      if (isSkipped(element)) return false;
      const { name } = element;
      if (name === 'br') current += table === undefined ? '\n' : ' ';
      else if (name === 'pre') preDepth++;
      if (table !== undefined) {
        if (isBlock(element)) borderInTable(name);
      } else if (isBlock(element)) {
        endBlock(false);
        if (name === 'table' && isDataTable(element)) table = element;
        joinsPrevious = name === 'li' && previousElement(element)?.name === 'li';
      }
      return true;
    },
    text(data) {
      current += preDepth > 0 ? data.replace(/\t/g, ' ') : data.replace(/[ \t\r\n\f]+/g, ' ');
    },
    leave(element) {
      if (element.name === 'pre') preDepth--;
      if (element === table) table = undefined;
      if (table !== undefined) {
        if (isBlock(element) && !CELLS.has(element.name) && element.name !== 'tr') current += ' ';
      } else if (isBlock(element)) endBlock(HEADINGS.has(element.name));
    },
  });
  endBlock(false);
  return blocks;
}

const CELLS: ReadonlySet<string> = new Set(['td', 'th']);

/** Two or more cells in some row, every cell short, no table inside. */
function isDataTable(table: Element): boolean {
  let nodes = 0;
  let cellText = 0;
  let cells = 0;
  let widest = 0;
  let isData = true;
  traverse(table, {
    enter({ name }) {
      if (name === 'table' || HEADINGS.has(name) || ++nodes > MAX_TABLE_NODES) isData = false;
      if (name === 'tr') cells = 0;
      else if (CELLS.has(name)) {
        cellText = 0;
        widest = Math.max(widest, ++cells);
      }
      return isData;
    },
    text(data) {
      cellText += data.trim().length;
      if (cellText > MAX_CELL) isData = false;
    },
    leave() {},
  });
  return isData && widest > 1;
}

function previousElement(element: Element): Element | undefined {
  let node: Node | null = element.prev;
  while (node !== null && !isElement(node)) node = node.prev;
  return node ?? undefined;
}

/** Spaces collapsed, spaces and tabs at line ends gone, at most one blank line. */
const tidy = (text: string): string =>
  text
    .replace(/ {2,}/g, ' ')
    .replace(/ ?\t[ \t]*/g, '\t')
    .replace(/[ \t]*\n[ \t]*/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
