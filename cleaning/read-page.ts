/**
 * A page read without being cleaned: its text as it stands, for a tokenizer; and what extraction left out of it, and why,
 * for whoever misses a paragraph, or finds a menu: as a list, and marked in the page itself.
 */

import { isUtf8 } from 'node:buffer';
import type { Page } from '../crawlers/page.ts';
import { badInput } from '../crawlers/shell/errors.ts';
import type { ParagraphRule } from './choices.ts';
import { decode } from './decode/charset.ts';
import { repairMojibake } from './decode/mojibake.ts';
import { cutsOf, looksLikeHtml, openedPage } from './engine/work.ts';
import { type Element, oneLine, textBelow, traverse } from './html/dom.ts';
import { extract, type PageTree, readTree } from './html/extract.ts';
import { isUnread } from './html/furniture.ts';
import type { Reason } from './html/main-text.ts';
import { render } from './html/render.ts';
import { setOf } from './html/tags.ts';
import type { Cut } from './vietnamese/cuts.ts';

/**
 * The text of a page: decoded, of HTML the main text; neither repaired nor normalised.
 * @param path names the page's file in errors
 * @returns UTF-8; the body itself where that is proper Vietnamese already
 * @throws ToolkitError NOT_TEXT (exit 2)
 */
export function textOf({ url, headers, body }: Page, path: string): Uint8Array {
  const type = headers['content-type'] ?? '';
  const isHtml = /html/i.test(type);
  if (!isHtml && isCleanVietnamese(body)) return body;
  const { text } = decode(body, type);
  const refuse = (fact: string, hint: string): never => {
    throw badInput('NOT_TEXT', `${path}: ${url}: ${fact}, expected text`, hint);
  };
  if (text.includes('\0')) refuse('holds NUL bytes', 'leave this file out');
  const noise = text.match(NOISE)?.length ?? 0;
  if (noise > MAX_NOISE && noise > MAX_NOISE_SHARE * text.length) {
    refuse(`${noise} of ${text.length} characters are control characters or U+FFFD`, 'leave this file out');
  }
  if (isMojibake(text)) refuse('a legacy Vietnamese encoding read as another one', 'mend it with `vua clean` first');
  return Buffer.from(isHtml ? extract(text).text : text);
}

/** Most texts are: what is asked of others need not be asked, and nothing is decoded. */
function isCleanVietnamese(body: Uint8Array): boolean {
  if (!isUtf8(body) || (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf)) return false;
  let isVietnamese = false;
  for (let i = 0; i < body.length; i++) {
    const kind = BYTE_KINDS[body[i]];
    if (kind === 0) continue;
    if (kind === MAY_BE_NOISE) return false;
    isVietnamese ||= body[i] !== 0xe1 || (body[i + 1] & 0xfe) === 0xba;
  }
  return isVietnamese;
}

/** Control characters but for those of layout, leads of those from U+0080 on and of U+FFFD; leads of letters of Latin. */
const MAY_BE_NOISE = 1;
const MAY_BE_VIETNAMESE = 2;
const BYTE_KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if ((byte < 0x20 && (byte < 0x09 || byte > 0x0d)) || byte === 0x7f || byte === 0xc2 || byte === 0xef)
    return MAY_BE_NOISE;
  return (byte >= 0xc4 && byte <= 0xc8) || byte === 0xe1 ? MAY_BE_VIETNAMESE : 0;
});

/** No text: control characters but for those of layout, and what could not be decoded. Of random bytes a tenth. */
const NOISE = /[^\P{Cc}\s]|\ufffd/gu;
const MAX_NOISE = 8;
const MAX_NOISE_SHARE = 0.05;

/** TCVN3 and others shown as Latin-1, known by their words; text with one proper Vietnamese letter is taken as it is. */
function isMojibake(text: string): boolean {
  if (/[\u0100-\u024f\u1ea0-\u1ef9]/.test(text) || !/[\x80-\xff]/.test(text)) return false;
  return repairMojibake(text.slice(0, SAMPLE)).lines > 0;
}
const SAMPLE = 100_000;

export interface LeftOut {
  /** Name of the element with its id and classes, `div#sidebar.widget`; of a line that went alone `line`; a `paragraph`. */
  readonly box: string;
  readonly reason:
    | Reason
    | 'outside the main box'
    | 'caption'
    | 'hidden'
    | 'label or link'
    | 'residue'
    | `in ${string}`;
  /** In one line. */
  readonly text: string;
}

/** Elements that never hold running text, and yet text; those of the page's machinery hold none. */
const HOLDS_TEXT: ReadonlyMap<string, LeftOut['reason']> = new Map([
  ['figcaption', 'caption'],
  ['nav', 'named as furniture'],
  ['menu', 'named as furniture'],
  ['noscript', 'hidden'],
  ['dialog', 'hidden'],
]);

/** A page of any kind as `leftOutOf` takes it: a file of a program is opened. */
export const readable = async (page: Page): Promise<Page> => ({ ...page, ...(await openedPage(page)) });

/**
 * Boxes in the order of the page, an outer one for all that it holds, then lines, then what `--paragraphs` takes out;
 * without those of which nothing is missing. Lines that the host repeats are not among them: they are known only while its pages are cleaned.
 * @returns a word why nothing can be said: `too_nested`, `too_many_tags`
 */
export function leftOutOf(page: Page, paragraphs: ParagraphRule): LeftOut[] | string {
  const cuts = paragraphs === 'keep' ? [] : cutsOf(page).map(leftOutAs);
  if (!looksLikeHtml(page)) return cuts;
  const tree = treeOf(page);
  if ('flaw' in tree) return tree.flaw.reason;
  const boxes = Array.from(boxesBeside(tree), ([element, beside]) => ({ box: nameOf(element), ...beside }));
  return [...boxes, ...linesBeside(tree), ...cuts];
}

/** An element of a page as it may be shown anywhere: its name is of SHOWN, `div` or `img`, of whose picture it holds the words. */
export interface Marked {
  readonly tag: string;
  readonly children: readonly (Marked | string)[];
  /** Of what was left out. */
  readonly box?: string;
  readonly reason?: LeftOut['reason'];
}

export interface MarkedPage {
  readonly children: readonly (Marked | string)[];
  /** The page is longer than what is shown of it. */
  readonly isCut: boolean;
}

/** Names that are kept; other blocks become `div`, and of what stands in a line the content alone is left. */
const SHOWN = setOf(`h1 h2 h3 h4 h5 h6 p ul ol li dl dt dd table caption tr td th blockquote pre figure figcaption
  b strong i em u s code sub sup br hr`);
const ROWS = setOf('thead tbody tfoot colgroup');
const MOST_ELEMENTS = 20_000;
const MOST_CHARACTERS = 500_000;
const MOST_NESTED = 100;

/**
 * The page without scripts, styles, addresses and attributes, with a mark at each box and paragraph that was left out.
 * @returns as `leftOutOf`; `no_html` of other pages
 */
export function markedPage(page: Page, paragraphs: ParagraphRule): MarkedPage | string {
  if (!looksLikeHtml(page)) return 'no_html';
  const tree = treeOf(page);
  if ('flaw' in tree) return tree.flaw.reason;
  const boxes = boxesBeside(tree);
  const lines = new Map(linesBeside(tree).map((line) => [line.text, line]));
  if (paragraphs !== 'keep') for (const cut of cutsOf(page).map(leftOutAs)) lines.set(cut.text, cut);
  const root: Open = { tag: 'div', children: [] };
  const open: Open[] = [root];
  let [elements, characters, isCut] = [0, 0, false];
  traverse(tree.root, {
    enter(element) {
      if (element.tag.isUnreadable && !HOLDS_TEXT.has(element.name)) return false;
      isCut ||= elements > MOST_ELEMENTS || characters > MOST_CHARACTERS;
      if (isCut) return false;
      elements++;
      // Links of a menu stand apart though nothing stands between them.
      if (element.name === 'a' && element.previous?.name === 'a') open.at(-1)!.children.push(' ');
      const made = shownAs(element, boxes, lines);
      if (made === undefined || open.length > MOST_NESTED) open.push(open.at(-1)!);
      else {
        open.at(-1)!.children.push(made);
        open.push(made);
      }
      return true;
    },
    text(data) {
      const text = open.some(({ tag }) => tag === 'pre') ? data : data.replace(/[ \t\r\n]+/g, ' ');
      characters += text.length;
      if (text !== '' && !isCut) open.at(-1)!.children.push(text);
    },
    leave: () => void open.pop(),
  });
  return { children: tidy(root.children), isCut };
}

/** Being filled. */
interface Open extends Marked {
  readonly children: (Marked | string)[];
}

function shownAs(
  element: Element,
  boxes: ReturnType<typeof boxesBeside>,
  lines: ReadonlyMap<string, LeftOut>,
): Open | undefined {
  const { name, tag } = element;
  const beside = boxes.get(element);
  const mark = beside && { box: nameOf(element), reason: beside.reason };
  if (name === 'img') return { tag: 'img', children: [element.attribute('alt') ?? ''] };
  if (ROWS.has(name)) return mark && { tag: 'div', children: [], ...mark };
  if (SHOWN.has(name)) return { tag: name, children: [], ...(mark ?? lineMark(element, lines)) };
  if (tag.isBlock || mark) return { tag: 'div', children: [], ...(mark ?? lineMark(element, lines)) };
  return undefined;
}

/** A line or paragraph that went alone stands in a box of its own. */
const LONGEST_LINE = 5000;
function lineMark(element: Element, lines: ReadonlyMap<string, LeftOut>): Pick<Marked, 'box' | 'reason'> | undefined {
  if (lines.size === 0) return undefined;
  const line = lines.get(oneLine(textBelow(element, LONGEST_LINE)));
  return line && { box: line.box, reason: line.reason };
}

/** Without boxes that hold nothing, or one box alone. */
function tidy(children: readonly (Marked | string)[]): (Marked | string)[] {
  return children.flatMap((child, i): (Marked | string)[] => {
    if (typeof child === 'string') return child.trim() === '' && (i === 0 || i === children.length - 1) ? [] : [child];
    const inner = tidy(child.children);
    const isBox = child.tag === 'div' && child.reason === undefined;
    if (inner.length === 0 && child.tag !== 'br' && child.tag !== 'hr') return [];
    if (isBox && inner.length === 1 && typeof inner[0] !== 'string') return inner;
    return [{ ...child, children: inner }];
  });
}

function treeOf(page: Page): ReturnType<typeof readTree> {
  const { text, legacy } = decode(page.body, page.headers['content-type']);
  return readTree(text, legacy);
}

/** Boxes of which a line is missing, in the order of the page, an outer one for all that it holds. */
function boxesBeside({ root, main, text }: PageTree): Map<Element, Pick<LeftOut, 'reason' | 'text'>> {
  const found = new Map<Element, Pick<LeftOut, 'reason' | 'text'>>();
  const around = new Set<Element>();
  for (let box: Element | undefined = main.box; box !== undefined; box = box.parent) around.add(box);
  const shown = linesOf(text);
  const add = (element: Element, reason: LeftOut['reason']): false => {
    const lines = [...linesOf(textIn(element))];
    if (lines.some((line) => !shown.has(line))) found.set(element, { reason, text: lines.join(' ') });
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
    leave(element) {
      if (element === main.box) inside = false;
    },
  });
  return found;
}

/** Lines of the text's own boxes that are not in the text. */
function linesBeside({ main, text }: PageTree): LeftOut[] {
  const shown = linesOf(text);
  return main.blocks.flatMap((block) =>
    [...linesOf(block.text)]
      .filter((line) => !shown.has(line))
      .map((line) => ({ box: 'line', reason: 'label or link' as const, text: line })),
  );
}

const leftOutAs = ({ reason, language, text }: Cut): LeftOut => ({
  box: reason === 'residue' ? 'line' : 'paragraph',
  reason: reason === 'residue' ? reason : `in ${language}`,
  text: oneLine(text),
});

const textIn = (element: Element): string =>
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
