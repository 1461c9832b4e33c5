/**
 * HTML → title and main text.
 *
 * Every block of the page is measured (html/survey.ts). Boxes named as furniture and lists of links are left out,
 * unless most of the page's prose stands in them. The main content is found from above: as long as one child holds
 * nearly all of the prose, the child is the better answer; a box that the site itself names as the article wins at once.
 * Linear in the size of the page; pages too large or nested too deeply for that are refused by name.
 */
import { type Element, outline, parseHtml, traverse } from './html/dom.ts';
import { isFurnitureLine, isHidden, looksLikeMainText, UNREADABLE } from './html/furniture.ts';
import { render, type TextBlock } from './html/render.ts';
import { type Block, survey } from './html/survey.ts';

export interface Extraction {
  /** May be empty. */
  readonly title: string;
  /** Blocks separated by one blank line; empty when the page holds no running text. */
  readonly text: string;
  /** Why the page goes no further: it cannot be parsed in bounded time (then `text` is empty), or it lists other pages. */
  readonly flaw?: {
    readonly reason: 'too_nested' | 'too_many_tags' | 'listing';
    readonly value: number;
    readonly threshold: number;
  };
}

/** Beyond either a page is broken or hostile: the deepest and the largest of real pages have a tenth of this. */
const MAX_NESTING = 2_000;
const MAX_TAGS = 400_000;

/** So many entries that open with a link, with less prose for each than the second figure, make a list of pages… */
const LISTING_ENTRIES = 3;
const LISTING_PROSE = 300;
/** …when this share of them shows a date or a teaser that breaks off. */
const LISTING_TEASERS = 1 / 3;

/** A box with the first share of the page's prose is never furniture; a child with the second replaces its parent. */
const WHOLE = { most: 0.4, nearlyAll: 0.8 };
/** Where elements stay open, boxes swallow the text behind them: none is trusted far. */
const BROKEN = { most: 0.15, nearlyAll: 0.95 };
const MAX_UNCLOSED = 3;
/** A box is a list of links when more than this share of its text stands in links. */
const LINK_LIST = 0.5;
/** A box named as the article must hold this share of the prose. */
const HALF = 0.5;
/** With fewer characters the page is read once more, hidden and misnamed boxes included… */
const TOO_LITTLE = 200;
/** …which counts when that finds so many. */
const WHOLE_ARTICLE = 1_000;

/** @param html decoded text of any quality */
export function extract(html: string): Extraction {
  const { deepest, tags, unclosed } = outline(html, MAX_NESTING, MAX_TAGS);
  if (deepest > MAX_NESTING) {
    return { title: '', text: '', flaw: { reason: 'too_nested', value: deepest, threshold: MAX_NESTING } };
  }
  if (tags > MAX_TAGS) {
    return { title: '', text: '', flaw: { reason: 'too_many_tags', value: tags, threshold: MAX_TAGS } };
  }
  const shares = unclosed > MAX_UNCLOSED ? BROKEN : WHOLE;
  const root = parseHtml(html);
  let main = mainText(root, shares, false);
  if (main.text.length < TOO_LITTLE) {
    const lenient = mainText(root, shares, true);
    if (lenient.text.length >= WHOLE_ARTICLE) main = lenient;
  }
  return { title: titleOf(root), ...main };
}

function mainText(root: Element, shares: typeof WHOLE, lenient: boolean): Pick<Extraction, 'text' | 'flaw'> {
  const blocks = survey(root, lenient);
  const skipped = new Set<Element>();
  const total = blocks[0]!.prose;
  for (const block of blocks) {
    if (block.parent === undefined || (total > 0 && block.prose >= shares.most * total)) continue;
    if ((block.furniture && !lenient) || isLinkList(block)) skipped.add(block.element);
  }
  const { element, prose, entries } = mainBlock(blocks, skipped, shares.nearlyAll);
  const isSkipped = (inner: Element): boolean =>
    UNREADABLE.has(inner.name) || skipped.has(inner) || (!lenient && isHidden(inner));
  const rendered = render(element, isSkipped);
  const text = joinBlocks(rendered);
  const isListing =
    entries >= LISTING_ENTRIES &&
    prose < LISTING_PROSE * entries &&
    rendered.filter((block) => TEASER.test(block.text)).length >= LISTING_TEASERS * entries;
  if (!isListing) return { text };
  return { text, flaw: { reason: 'listing', value: prose / entries, threshold: LISTING_PROSE } };
}

/** A line that breaks off, or that holds little but a date. */
const TEASER = /(?:…|\.\.\.)$|^.{0,24}\b\d{1,2}[/.-]\d{1,2}[/.-]\d{4}\b/m;

/** A paragraph with many links is still a paragraph; a box may be one link, a list may not. */
const isLinkList = ({ links, linked, text, element: { name } }: Block): boolean =>
  links > 1 ? linked > LINK_LIST * text && name !== 'p' : linked === text && (name === 'ul' || name === 'ol');

/** Parts of an article: even one that holds nearly all of its text is not the whole. */
const PARTS = new Set('p pre blockquote ul ol li dl dt dd figure h1 h2 h3 h4 h5 h6'.split(' '));

/** The block to render, with the prose and the entries that remain in it without the skipped boxes. */
function mainBlock(
  blocks: readonly Block[],
  skipped: ReadonlySet<Element>,
  nearlyAll: number,
): { element: Element; prose: number; entries: number } {
  const remaining = new Map(blocks.map((block) => [block, { prose: block.prose, entries: block.entries }]));
  /** The child with most of the prose. */
  const richest = new Map<Block, Block>();
  for (let i = blocks.length - 1; i > 0; i--) {
    const block = blocks[i]!;
    const own = remaining.get(block)!;
    const parent = remaining.get(block.parent!)!;
    const isSkipped = skipped.has(block.element);
    parent.prose -= block.prose - (isSkipped ? 0 : own.prose);
    parent.entries -= block.entries - (isSkipped ? 0 : own.entries);
    const rival = richest.get(block.parent!);
    if (!isSkipped && (rival === undefined || own.prose >= remaining.get(rival)!.prose))
      richest.set(block.parent!, block);
  }
  const page = blocks[0]!;
  const half = HALF * remaining.get(page)!.prose;
  let best = page;
  let named: Block | undefined;
  for (let next = richest.get(page); next !== undefined; next = richest.get(next)) {
    const { prose } = remaining.get(next)!;
    if (prose <= half || PARTS.has(next.element.name)) break;
    if (looksLikeMainText(next.element)) named = next;
    if (best === next.parent && prose >= nearlyAll * remaining.get(best)!.prose) best = next;
  }
  const main = named ?? best;
  return { element: main.element, ...remaining.get(main)! };
}

/** Furniture lines go, and headings with nothing left below them at the end. */
function joinBlocks(blocks: readonly TextBlock[]): string {
  const kept: TextBlock[] = [];
  for (const block of blocks) {
    const text = block.text
      .split('\n')
      .filter((line) => !isFurnitureLine(line))
      .join('\n');
    if (text !== '') kept.push({ ...block, text });
  }
  while (kept.length > 1 && kept.at(-1)!.heading) kept.pop();
  return kept.map((block) => block.text).join('\n\n');
}

/** What the page calls itself: the `<h1>` that its `og:title` or `<title>` repeats, else these without the site's name. */
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
  const heading = headings.find((text) => given.includes(text)) ?? (headings.length === 1 ? headings[0] : undefined);
  if (heading !== undefined && (shared === '' || given.includes(heading))) return heading;
  return withoutSiteName(given);
}

/** Of `Title - Site` and `Site - Title` the part that is clearly longer; a title that holds a dash stays whole. */
function withoutSiteName(title: string): string {
  const parts = title.split(/ [|»·–—-] /);
  if (parts.length !== 2) return title;
  const [first, second] = parts as [string, string];
  if (second.length <= SITE_NAME * first.length) return first;
  return first.length <= SITE_NAME * second.length ? second : title;
}

/** A site's name is at most this share of the title beside it. */
const SITE_NAME = 0.6;

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
