/**
 * Which boxes of a page are its text.
 *
 * From the leaves up, boxes named as furniture and lists of links are left out, each judged by what is left in it.
 * The main content is then found from above: as long as one child holds nearly all of the prose, the child is the
 * better answer; a box that the site itself names as the article wins at once. What stands between the title and the
 * main box and reads like prose is the article's lead.
 */
import { captionsIn } from './captions.ts';
import { type Element, type Node, textBelow, traverse } from './dom.ts';
import { isUnread, looksLikeLead, looksLikeMainText } from './furniture.ts';
import { render, type TextBlock } from './render.ts';
import { add, type Block, MIN_PARAGRAPH, survey } from './survey.ts';

/** How far names are trusted: `bold` for a page in which they hid the article. */
export type Trust = 'usual' | 'broken' | 'bold';

/** Why a box was left out. */
export type Reason =
  | 'end of the page'
  | 'comments'
  | 'named as furniture'
  | 'labels only'
  | 'teasers'
  | 'list of links';

export interface MainText {
  readonly blocks: readonly TextBlock[];
  /** The box that holds the text, and the boxes that were left out, in it and around it. */
  readonly box: Element;
  readonly leftOut: ReadonlyMap<Element, Reason>;
  readonly captions: ReadonlySet<Element>;
  /** What no reader sees was read as well. */
  readonly readHidden: boolean;
  /** Prose and entries (survey.ts) of the main box, without what was left out. */
  readonly prose: number;
  readonly entries: number;
}

/** A box with the first share of the page's prose is never furniture; a child with the second replaces its parent. */
const SHARES = { most: 0.4, nearlyAll: 0.8 };
/** Where elements stay open, boxes swallow the text behind them: none is trusted far. */
const BROKEN_SHARES = { most: 0.15, nearlyAll: 0.95 };
/** Comments often outweigh the article: only a page of nothing else is its comments. */
const ALL_COMMENTS = 0.9;
/** A box is a list of links when more than this share of its text stands in links. */
const LINK_LIST = 0.5;
/** A weakly named box is text when so much of it are sentences, and no more than that stands in links. */
const SENTENCES = 0.5;
const FEW_LINKS = 0.2;
/** So many headings that are links, with less prose for each, are teasers of other pages. */
const MIN_CARDS = 3;
const CARD_PROSE = 300;
/** A box that lost so much that only this share is left, none of it sentences, was furniture as a whole. */
const LABELS = 0.4;
/** A box named as the article must hold this share of the prose. */
const NAMED = 0.6;
/** A twin of the main box (same tag and class) with so much of its prose is a part of the same text. */
const TWIN = 0.05;

/** Parts of an article: even one that holds nearly all of its text is not the whole. */
const PARTS = new Set('p pre blockquote ul ol li dl dt dd figure h1 h2 h3 h4 h5 h6'.split(' '));

export function mainText(root: Element, trust: Trust): MainText {
  const readHidden = trust === 'bold';
  const shares = trust === 'broken' ? BROKEN_SHARES : SHARES;
  const blocks = survey(root, readHidden, trust !== 'broken');
  const { skipped, gaps } = leaveOut(blocks, trust, shares.most);
  const main = withTwins(mainBlock(blocks, skipped, shares.nearlyAll), blocks, skipped);
  const captions = captionsIn(main.element);
  const isSkipped = (element: Element): 'gap' | boolean => {
    if (captions.has(element)) return true;
    if (skipped.has(element)) return gaps.has(element) ? 'gap' : true;
    return isUnread(element, readHidden);
  };
  const lead = leadOf(root, main.element, isSkipped);
  const { prose, entries } = main.left;
  const rendered = [...lead, ...render(main.element, isSkipped)];
  return { blocks: rendered, box: main.element, leftOut: skipped, captions, readHidden, prose, entries };
}

interface LeftOut {
  readonly skipped: Map<Element, Reason>;
  /** Those that held links. */
  readonly gaps: Set<Element>;
}

/** Decides from the leaves up, and leaves in every block's `left` what remains of it. */
function leaveOut(blocks: readonly Block[], trust: Trust, most: number): LeftOut {
  const skipped = new Map<Element, Reason>();
  const gaps = new Set<Element>();
  const total = blocks[0].all.prose;
  for (let i = blocks.length - 1; i > 0; i--) {
    const block = blocks[i];
    const reason = whyBeside(block, trust, most * total, total);
    if (reason === undefined) add(block.parent!.left, block.left);
    else {
      skipped.set(block.element, reason);
      if (block.all.linked > 0) gaps.add(block.element);
    }
  }
  return { skipped, gaps };
}

/** Why a block stands beside the text; `undefined` when it does not. */
function whyBeside(block: Block, trust: Trust, most: number, total: number): Reason | undefined {
  const { element, all, left, furniture } = block;
  if (furniture === 'page end' && trust !== 'broken') {
    return trust === 'usual' || all.prose < ALL_COMMENTS * total ? 'end of the page' : undefined;
  }
  if (total > 0 && furniture === 'comments' && trust !== 'bold') {
    return all.prose < ALL_COMMENTS * total ? 'comments' : undefined;
  }
  if (total > 0 && left.prose >= most) return undefined;
  if (trust !== 'bold') {
    const isWeak = furniture === 'weak' || (furniture === 'boxed' && standsInProse(block));
    if (furniture !== 'none' && !isWeak) return 'named as furniture';
    const isText = left.sentences >= SENTENCES * left.text || (furniture === 'boxed' && endsLikeOne(element));
    if (isWeak && (!isText || left.linked > FEW_LINKS * left.text)) return 'named as furniture';
  }
  // What is left of a box of links is its labels.
  if (left.text < LABELS * all.text && left.sentences === 0) return 'labels only';
  if (left.cards >= MIN_CARDS && left.prose < CARD_PROSE * left.cards) return 'teasers';
  // A paragraph with many links is still a paragraph; a box may be one link, a list may not.
  const { name } = element;
  const isList =
    left.links > 1
      ? left.linked > LINK_LIST * left.text && name !== 'p'
      : left.text > 0 && left.linked === left.text && (name === 'ul' || name === 'ol');
  return isList ? 'list of links' : undefined;
}

/**
 * Paragraphs stand before it and behind it, in the same box: it belongs to their text. In a box that is named as a part of
 * a text one side is enough.
 */
function standsInProse({ element }: Block): boolean {
  const isParagraph = (node: Node): boolean => PROSE.has(node.name) && textBelow(node).trim().length >= MIN_PARAGRAPH;
  let [before, behind] = [false, false];
  for (let node = element.previous; node !== undefined && !before; node = node.previous) before = isParagraph(node);
  for (let node = element.next; node !== undefined && !behind; node = node.next) behind = isParagraph(node);
  const isPart = SECTION.test(element.parent?.attribute('class') ?? '');
  return isPart ? before || behind : before && behind;
}

/** As the DocBook stylesheets name them. */
const SECTION = /(?:^|\s)(?:section|sect[1-5]|chapter|appendix|preface|simplesect)(?:\s|$)/;

/** A box of one short sentence. */
const endsLikeOne = (element: Element): boolean => ENDS_SENTENCE.test(textBelow(element).trimEnd());

const PROSE = new Set(['p', 'pre', 'blockquote', 'ul', 'ol', 'dl']);

function mainBlock(blocks: readonly Block[], skipped: ReadonlyMap<Element, Reason>, nearlyAll: number): Block {
  /** The child with most of the prose. */
  const richest = new Map<Block, Block>();
  for (let i = blocks.length - 1; i > 0; i--) {
    const block = blocks[i];
    if (skipped.has(block.element)) continue;
    const rival = richest.get(block.parent!);
    if (rival === undefined || block.left.prose >= rival.left.prose) richest.set(block.parent!, block);
  }
  const page = blocks[0];
  const least = NAMED * page.left.prose;
  let best = page;
  let named: Block | undefined;
  for (let next = richest.get(page); next !== undefined; next = richest.get(next)) {
    const { prose } = next.left;
    if (prose <= least || PARTS.has(next.element.name)) break;
    if (looksLikeMainText(next.element)) named = next;
    if (best === next.parent && prose >= nearlyAll * best.left.prose) best = next;
  }
  return named ?? best;
}

/** Sites cut one article into boxes of the same kind: then their parent is the main box. */
function withTwins(main: Block, blocks: readonly Block[], skipped: ReadonlyMap<Element, Reason>): Block {
  const { parent, element } = main;
  if (parent === undefined || parent.parent === undefined) return main;
  const kind = element.attribute('class') ?? '';
  if (kind === '' && element.name !== 'section') return main;
  let twins = 0;
  for (const { element: twin, parent: above, left } of blocks) {
    if (above !== parent || twin === element || skipped.has(twin)) continue;
    const isTwin = twin.name === element.name && (twin.attribute('class') ?? '') === kind && left.entries === 0;
    if (isTwin && left.sentences >= SENTENCES * left.text) twins += left.sentences;
    else if (left.prose > TWIN * main.left.prose) return main; // another box of weight: the parent holds more than this text
  }
  return twins > TWIN * main.left.sentences ? parent : main;
}

/** A lead is at least this long, and no longer: longer text above the main box is another article. */
const MIN_LEAD = 40;
const MAX_LEAD = 1_500;
const MAX_LEAD_BLOCKS = 3;
const ENDS_SENTENCE = /[.!?…:;"”»)]$/;

/**
 * Prose between the page's title and its main box: blocks that the site names as a lead, or that read like one.
 * Nothing when the main box holds the title itself.
 */
function leadOf(root: Element, main: Element, isSkipped: (element: Element) => 'gap' | boolean): TextBlock[] {
  const ancestors = new Set<Element>();
  for (let element = main.parent; element !== undefined; element = element.parent) ancestors.add(element);
  if (ancestors.size === 0) return [];
  /** Boxes before the main one, in document order, with where the last title among them stands. */
  const before: Element[] = [];
  let title = -1;
  let seen = 0;
  let isOver = false;
  traverse(root, {
    enter(element) {
      if (isOver || element === main) {
        isOver = true;
        return false;
      }
      if (element.name === 'h1') title = seen;
      if (ancestors.has(element)) return true;
      if (isSkipped(element) !== false) return false;
      if (holdsMore(element)) return true;
      before.push(element);
      seen = before.length;
      return false;
    },
  });
  const found: TextBlock[] = [];
  for (const [i, element] of before.entries()) {
    const named = looksLikeLead(element) || (element.parent !== undefined && looksLikeLead(element.parent));
    if (!named && (title < 0 || i < title)) continue;
    const blocks = render(element, isSkipped).filter(
      ({ text, linked }) =>
        linked < text.length / 4 &&
        text.length >= (named ? MIN_LEAD : MIN_PARAGRAPH) &&
        (named || ENDS_SENTENCE.test(text)),
    );
    found.push(...blocks);
  }
  const length = found.reduce((sum, { text }) => sum + text.length, 0);
  return found.length <= MAX_LEAD_BLOCKS && length <= MAX_LEAD ? found : [];
}

/** Whether an element holds boxes of its own, so that those are looked at one by one. */
function holdsMore(element: Element): boolean {
  if (PARTS.has(element.name) || element.tag.isHeading) return false;
  for (let child = element.first; child !== undefined; child = child.next) {
    if (child.name !== '' && (child.name === 'h1' || child.name === 'p' || child.first?.name !== undefined)) {
      if (BOXES.has(child.name)) return true;
    }
  }
  return false;
}

const BOXES = new Set(
  'div section article header hgroup p h1 h2 h3 h4 main ul ol table tbody tr td center form'.split(' '),
);
