/**
 * DOM → lines of text: a block for each paragraph and heading, `<br>` and neighbouring list items as lines of one
 * block, a row of a data table as one line with tabs between its cells, empty ones as well: a cell stands in its column
 * whatever spans rows and columns before it. Tables used for layout are plain boxes.
 */
import { isCode } from '../vietnamese/code.ts';
import { tidyLine } from '../vietnamese/normalize.ts';
import { ATTRIBUTE } from './attributes.ts';
import { type Element, isLink, type Node, traverse } from './dom.ts';

export interface TextBlock {
  /** Lines separated by `\n`, trimmed, never empty. */
  readonly text: string;
  readonly heading: boolean;
  /** Characters of it that stand in links, how many stand before the first link, and the number of links. */
  readonly linked: number;
  readonly label: number;
  readonly links: number;
  /** A box was left out directly behind it. */
  readonly beforeGap: boolean;
  /** The innermost box that holds it. */
  readonly box: Element;
}

/** A cell with more characters than this holds paragraphs: its table arranges the page. */
const MAX_CELL = 300;
const MAX_TABLE_NODES = 5_000;

/** @param isSkipped of an element that is left out; one that held text leaves a gap. */
export function render(root: Element, isSkipped: (element: Element) => 'gap' | boolean): TextBlock[] {
  const blocks: TextBlock[] = [];
  let current = '';
  let joinsPrevious = false;
  let preDepth = 0;
  let isPreformatted = false;
  let linkDepth = 0;
  let linked = 0;
  let label = -1;
  let links = 0;
  /** The data table that is being read, if any: inside it only rows end lines. */
  let table: Element | undefined;
  let grid = new Grid();

  const endBlock = (box: Element, heading: boolean): void => {
    const text = isPreformatted && isCode(current.split('\n')) ? tidyCode(current) : tidy(current);
    isPreformatted = false;
    const figures = { linked, label: label < 0 ? text.length : label, links, beforeGap: false, box };
    current = '';
    linked = 0;
    label = -1;
    links = 0;
    if (text === '') return;
    const previous = blocks.at(-1);
    if (joinsPrevious && previous !== undefined) {
      blocks[blocks.length - 1] = {
        ...previous,
        text: `${previous.text}\n${text}`,
        linked: previous.linked + figures.linked,
        heading: false,
      };
    } else {
      for (const part of text.split('\n\n')) blocks.push({ ...figures, text: part, heading });
    }
    joinsPrevious = false;
  };
  const borderInTable = (element: Element): void => {
    if (element.name === 'tr') {
      grid.endRow();
      current += '\n';
    } else if (CELLS.has(element.name)) current += '\t'.repeat(grid.tabsBefore(element));
    else current += ' ';
  };

  traverse(root, {
    enter(element) {
      const { name } = element;
      const skip = isSkipped(element);
      if (skip !== false) {
        if (skip !== 'gap') return false;
        if (table === undefined) endBlock(element.parent!, false);
        const previous = blocks.at(-1);
        if (previous !== undefined) blocks[blocks.length - 1] = { ...previous, beforeGap: true };
        return false;
      }
      const stands = standsFor(element);
      if (stands !== '') {
        current += stands;
        return false;
      }
      if (name === 'br') current += table === undefined ? '\n' : ' ';
      else if (name === 'pre') preDepth++;
      else if (isLink(element)) {
        linkDepth++;
        links++;
        if (label < 0) label = current.trim().length;
      }
      if (table !== undefined) {
        if (element.tag.isBlock) borderInTable(element);
      } else if (element.tag.isBlock) {
        endBlock(element.parent!, false);
        if (name === 'table' && isDataTable(element)) {
          table = element;
          grid = new Grid();
        }
        joinsPrevious = name === 'li' && previousElement(element)?.name === 'li';
      }
      return true;
    },
    text(data) {
      const text = preDepth > 0 ? data.replace(/\t/g, '    ') : collapse(data);
      isPreformatted ||= preDepth > 0;
      current += text;
      if (linkDepth > 0) linked += text.length;
    },
    leave(element) {
      if (element.name === 'pre') preDepth--;
      else if (isLink(element)) linkDepth--;
      if (element === table) {
        table = undefined;
        current = withoutMargin(current);
      }
      if (table !== undefined) {
        if (element.tag.isBlock && !CELLS.has(element.name) && element.name !== 'tr') current += ' ';
      } else if (element.tag.isBlock) endBlock(element, element.tag.isHeading);
    },
  });
  endBlock(root, root.tag.isHeading);
  return blocks;
}

/** What an element shows that is not its text: a mail address that Cloudflare hides, a formula that is a picture. */
function standsFor(element: Element): string {
  if (element.carries(ATTRIBUTE['data-cfemail'])) return hiddenAddress(element.attribute('data-cfemail')!);
  if (element.name !== 'img' || !FORMULA.test(element.attribute('class') ?? '')) return '';
  return (element.attribute('alt') ?? '').replace(/^\{\\(?:display|text)style\s*(.*)\}$/s, '$1').trim();
}
const FORMULA = /(?:^|\s)(?:mwe-math-fallback-image|tex|latex)/;

/** Bytes in hexadecimal digits, the first the key that is XORed into the others. */
function hiddenAddress(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  return Buffer.from(bytes.subarray(1).map((byte) => byte ^ bytes[0])).toString();
}

const CELLS: ReadonlySet<string> = new Set(['td', 'th']);

/** A cell spans at most so many rows and columns; pages ask for a thousand to be sure. */
const MAX_SPAN = 50;

/** Columns of a table that is being read row by row. */
class Grid {
  /** How many rows below still belong to a cell above, by column. */
  #below: number[] = [];
  /** Column of the next cell, and of the last tab. */
  #next = 0;
  #at = 0;

  endRow(): void {
    for (let column = this.#next; column < this.#below.length; column++) {
      if (this.#below[column] > 0) this.#below[column]--;
    }
    this.#next = 0;
    this.#at = 0;
  }

  /** How many tabs stand between the cell before and this one. */
  tabsBefore(cell: Element): number {
    let column = this.#next;
    for (; this.#below[column] > 0; column++) this.#below[column]--;
    const width = spanOf(cell, 'colspan');
    const below = spanOf(cell, 'rowspan') - 1;
    this.#next = column + width;
    for (let covered = column; covered < this.#next; covered++) this.#below[covered] = below;
    const tabs = column - this.#at;
    this.#at = column;
    return tabs;
  }
}

const spanOf = (cell: Element, name: 'colspan' | 'rowspan'): number =>
  Math.min(MAX_SPAN, Math.max(1, Number.parseInt(cell.attribute(name) ?? '1', 10) || 1));

/** Columns of nothing (pictures, boxes to tick) at the head of every row go. */
function withoutMargin(table: string): string {
  const rows = table.split('\n').filter((row) => row.trim() !== '');
  const margin = Math.min(...rows.map((row) => /^[\t ]*/.exec(row)![0].replaceAll(' ', '').length));
  return margin === 0 ? table : rows.map((row) => row.replaceAll(/ *\t */g, '\t').slice(margin)).join('\n');
}

/** Runs of white space as one space; most text of a tidy page has none. */
const collapse = (data: string): string => (RUNS.test(data) ? data.replace(/[ \t\r\n\f]+/g, ' ') : data);
const RUNS = /[\t\r\n\f]| {2}/;

/** A table of so few rows whose cells break into lines arranges a letterhead: the head of a decree. */
const LETTERHEAD_ROWS = 2;

/** Two or more cells in some row, every cell short, no table inside, and no letterhead. */
function isDataTable(table: Element): boolean {
  let nodes = 0;
  let cellText = 0;
  let cells = 0;
  let widest = 0;
  let rows = 0;
  let breaks = 0;
  let isData = true;
  traverse(table, {
    enter({ name, tag }) {
      if (name === 'table' || tag.isHeading || ++nodes > MAX_TABLE_NODES) isData = false;
      if (name === 'br') breaks++;
      if (name === 'tr') {
        cells = 0;
        rows++;
      } else if (CELLS.has(name)) {
        cellText = 0;
        widest = Math.max(widest, ++cells);
      }
      return isData;
    },
    text(data) {
      cellText += data.trim().length;
      if (cellText > MAX_CELL) isData = false;
    },
  });
  return isData && widest > 1 && !(rows <= LETTERHEAD_ROWS && breaks > 1);
}

function previousElement(element: Element): Element | undefined {
  let node: Node | undefined = element.previous;
  while (node !== undefined && node.name === '') node = node.previous;
  return node;
}

/** Spaces collapsed, spaces at line ends gone, at most one blank line. */
const tidy = (text: string): string => {
  const spaced = text.replace(/ {2,}/g, ' ');
  if (!spaced.includes('\t')) return closeUp(spaced.replace(/ ?\n ?/g, '\n')).trim();
  return closeUp(
    spaced
      .replace(/ ?\t ?/g, '\t')
      .split('\n')
      .map(tidyLine)
      .join('\n'),
  );
};
/** Code keeps its indentation. */
const tidyCode = (text: string): string => closeUp(text.replace(/\r\n?/g, '\n').replace(/[ \t]+$/gm, ''));
const closeUp = (text: string): string => text.replace(/\n{3,}/g, '\n\n').replace(/^\n+|\n{1,2}$/g, '');
