/**
 * HTML → title and main text.
 *
 * Every block of the page is measured (html/survey.ts). Boxes named as furniture and lists of links are left out,
 * unless most of the page's prose stands in them. The main content is found from above: as long as one child holds
 * nearly all of the prose, the child is the better answer; a box that the site itself names as the article wins at once.
 * Linear in the size of the page; pages too large or nested too deeply for that are refused by name.
 */
import { type Element, nestingDepth, parseHtml, traverse } from './html/dom.ts';
import { isFurnitureLine, isHidden, looksLikeMainText, UNREADABLE } from './html/furniture.ts';
import { render, type TextBlock } from './html/render.ts';
import { type Block, survey } from './html/survey.ts';

export interface Extraction {
  /** May be empty. */
  readonly title: string;
  /** Blocks separated by one blank line; empty when the page holds no running text. */
  readonly text: string;
}

/** Elements nested deeper than this are a broken or hostile page. */
export const MAX_NESTING = 2_000;

/** A box with this share of the page's prose is never furniture. */
const MOST = 0.4;
/** A box is a list of links when more than this share of its text stands in links. */
const LINK_LIST = 0.5;
/** A child with this share of the prose takes the place of its parent. */
const NEARLY_ALL = 0.85;
/** A box named as the article must hold this share of the prose. */
const HALF = 0.5;
/** With less text than this the page is read once more, hidden and misnamed boxes included. */
const TOO_LITTLE = 200;

/** `undefined` when elements nest deeper than MAX_NESTING. `html` is decoded text of any quality. */
export function extract(html: string): Extraction | undefined {
  if (nestingDepth(html, MAX_NESTING) > MAX_NESTING) return undefined;
  const root = parseHtml(html);
  let text = mainText(root, false);
  if (text.length < TOO_LITTLE) {
    const lenient = mainText(root, true);
    if (lenient.length >= TOO_LITTLE) text = lenient;
  }
  return { title: titleOf(root), text };
}

function mainText(root: Element, lenient: boolean): string {
  const blocks = survey(root, lenient);
  const skipped = new Set<Element>();
  const total = blocks[0]!.prose;
  for (const block of blocks) {
    if (block.parent === undefined || block.prose >= MOST * total) continue;
    if ((block.furniture && !lenient) || isLinkList(block)) skipped.add(block.element);
  }
  const { element } = mainBlock(blocks, skipped);
  const isSkipped = (inner: Element): boolean =>
    UNREADABLE.has(inner.name) || skipped.has(inner) || (!lenient && isHidden(inner));
  return joinBlocks(render(element, isSkipped));
}

/** A paragraph with many links is still a paragraph. */
const isLinkList = ({ links, linked, text, element }: Block): boolean =>
  links > 1 && linked > LINK_LIST * text && element.name !== 'p';

function mainBlock(blocks: readonly Block[], skipped: ReadonlySet<Element>): Block {
  /** Prose below each block without the skipped boxes; and its child with most of it. */
  const remaining = new Map<Block, number>();
  const richest = new Map<Block, Block>();
  for (const block of blocks) remaining.set(block, block.prose);
  for (let i = blocks.length - 1; i > 0; i--) {
    const block = blocks[i]!;
    const parent = block.parent!;
    const kept = skipped.has(block.element) ? 0 : remaining.get(block)!;
    remaining.set(parent, remaining.get(parent)! - block.prose + kept);
    const rival = richest.get(parent);
    if (kept > 0 && (rival === undefined || kept >= remaining.get(rival)!)) richest.set(parent, block);
  }
  const page = blocks[0]!;
  const half = HALF * remaining.get(page)!;
  let best = page;
  let named: Block | undefined;
  for (let next = richest.get(page); next !== undefined && remaining.get(next)! > half; next = richest.get(next)) {
    if (looksLikeMainText(next.element)) named = next;
    if (best === next.parent && remaining.get(next)! >= NEARLY_ALL * remaining.get(best)!) best = next;
  }
  return named ?? best;
}

/** Furniture lines go, and headings with nothing left below them at the end. */
function joinBlocks(blocks: readonly TextBlock[]): string {
  const kept: TextBlock[] = [];
  for (const block of blocks) {
    const text = block.text
      .split('\n')
      .filter((line) => !isFurnitureLine(line.normalize()))
      .join('\n');
    if (text !== '') kept.push({ ...block, text });
  }
  while (kept.length > 1 && kept.at(-1)!.heading) kept.pop();
  return kept.map((block) => block.text).join('\n\n');
}

/** What the page calls itself: `og:title`, else its only `<h1>`, else `<title>`; without the site's name behind it. */
function titleOf(root: Element): string {
  let shared = '';
  let document = '';
  const headings: string[] = [];
  let open: Element | undefined;
  let current = '';
  traverse(root, {
    enter(element) {
      const { name, attribs } = element;
      if (name === 'meta' && attribs.property === 'og:title') shared ||= attribs.content ?? '';
      if (open === undefined && (name === 'h1' || (name === 'title' && document === ''))) {
        open = element;
        current = '';
      }
      return name !== 'script' && name !== 'style' && name !== 'svg';
    },
    text(data) {
      if (open !== undefined) current += data;
    },
    leave(element) {
      if (element !== open) return;
      if (element.name === 'title') document = oneLine(current);
      else if (oneLine(current) !== '') headings.push(oneLine(current));
      open = undefined;
    },
  });
  const given = oneLine(shared) || document;
  const heading = headings.find((text) => given.startsWith(text)) ?? (headings.length === 1 ? headings[0] : undefined);
  if (heading !== undefined && (given === '' || given.startsWith(heading) || shared === '')) return heading;
  return given.replace(/\s+[|»·–—-]\s+[^|»·–—]{1,40}$/u, '') || given;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
