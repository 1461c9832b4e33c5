/**
 * HTML → what the page says of itself (metadata.ts) and its main text.
 *
 * parse.ts builds the tree, survey.ts measures every box, main-text.ts chooses, render.ts writes lines. Linear in the
 * size of the page; pages too large or nested too deeply are refused by name.
 */

import type { LegacyCharset } from '../decode/legacy.ts';
import type { Metadata } from '../document.ts';
import { decodeText, type Element } from './dom.ts';
import { capitalizeFonts, decodeFonts } from './fonts.ts';
import { hideForumFurniture } from './forums.ts';
import { isFurnitureLine } from './furniture.ts';
import { type MainText, mainText } from './main-text.ts';
import { NO_METADATA, readMetadata, statedText } from './metadata.ts';
import { CAPTION, parseHtml } from './parse.ts';
import { render, type TextBlock } from './render.ts';
import { MIN_PARAGRAPH } from './survey.ts';
import { hideWikiFurniture } from './wiki.ts';

export interface Extraction extends Metadata {
  /** Blocks separated by one blank line; empty when the page holds no running text. */
  readonly text: string;
  /** Pieces of text that stood in a font of their own encoding. */
  readonly fonts: number;
  /** Why the page goes no further: it cannot be parsed in bounded time (then `text` is empty), or it lists other pages. */
  readonly flaw?: {
    readonly reason: 'too_nested' | 'too_many_tags' | 'listing';
    readonly value: number;
    readonly threshold: number;
  };
}

/** Beyond either a page is broken or hostile: the deepest and the largest of real pages have a tenth of this. */
const MAX_NESTING = 2_000;
const MAX_ELEMENTS = 400_000;

/** With more elements left open than this a page is read as broken. */
const MAX_UNCLOSED = 3;
/** With fewer characters the page is read once more, hidden and misnamed boxes included… */
const TOO_LITTLE = 200;
/** …which counts when that finds so many. */
const WHOLE_ARTICLE = 1_000;

/**
 * Metadata and main text of a page, without its furniture: what `clean` reads before it normalises and judges.
 * @param html decoded text of any quality
 * @param from the old Vietnamese encoding of its bytes, if it was one: then fonts are no encoding any more, but of TCVN3
 * they still tell the capitals
 */
export function extract(html: string, from?: LegacyCharset): Extraction {
  const page = readTree(html, from);
  if ('flaw' in page) return { ...NO_METADATA, text: '', fonts: 0, flaw: page.flaw };
  const { main, metadata, text, fonts } = page;
  const flaw = listing(main);
  return flaw === undefined ? { ...metadata, text, fonts } : { ...metadata, text, fonts, flaw };
}

export interface PageTree {
  readonly root: Element;
  readonly metadata: Metadata;
  readonly main: MainText;
  readonly text: string;
  readonly fonts: number;
}

/** A page with what was chosen of it (see `extract`). */
export function readTree(html: string, from?: LegacyCharset): PageTree | Required<Pick<Extraction, 'flaw'>> {
  const page = readAs(html, from, false);
  if ('flaw' in page || page.text.length >= SHORT) return page;
  if ((html.match(CAPTIONS)?.length ?? 0) >= MIN_CAPTIONS) {
    const story = readAs(html, from, true);
    if (!('flaw' in story) && saysMore(story.text, page.text)) return story;
  }
  const stated = textOfStatement(statedText(page.root));
  return saysMore(stated, page.text) ? { ...page, text: stated } : page;
}

/** A page with less text than this may have it elsewhere: below its pictures, or in its statements for search engines. */
const SHORT = 1_500;
const MIN_CAPTIONS = 4;
const CAPTIONS = new RegExp(`<figcaption|${CAPTION.source}`, 'gi');
/** What is found there counts when it is so much, and so many times the rest. */
const MIN_ELSEWHERE = 400;
/** Of a page that has no more than a word of its own (`Đang tải…`) a sentence does. */
const [NO_TEXT, A_SENTENCE] = [20, 60];
const saysMore = (other: string, text: string): boolean =>
  other.length >= (text.length <= NO_TEXT ? A_SENTENCE : MIN_ELSEWHERE) && other.length >= 2 * text.length;

/** `articleBody` is plain text, or HTML. */
function textOfStatement(stated: string): string {
  if (!/<(?:p|br|div|li)\b/i.test(stated)) {
    const lines = decodeText(stated).split(/\s*\n\s*/);
    return lines.filter((line) => line !== '' && !isFurnitureLine(line)).join('\n\n');
  }
  const { root, deepest } = parseHtml(stated, MAX_NESTING, MAX_ELEMENTS);
  return deepest > MAX_NESTING ? '' : joinBlocks(render(root, ({ tag }) => tag.isUnreadable));
}

/** Blocks of markup that is text as a whole: a chapter, a word processor's document. */
export function blocksOfMarkup(html: string): readonly TextBlock[] {
  const { root, deepest, elements } = parseHtml(html, MAX_NESTING, MAX_ELEMENTS);
  if (deepest > MAX_NESTING || elements > MAX_ELEMENTS) return [];
  return render(root, ({ tag }) => tag.isUnreadable);
}

/** The same as text. */
export const textOfMarkup = (html: string): string =>
  blocksOfMarkup(html)
    .map(({ text }) => text)
    .join('\n\n');

function readAs(
  html: string,
  from: LegacyCharset | undefined,
  withCaptions: boolean,
): PageTree | Required<Pick<Extraction, 'flaw'>> {
  const { root, deepest, elements, unclosed } = parseHtml(html, MAX_NESTING, MAX_ELEMENTS, withCaptions);
  if (deepest > MAX_NESTING) return refused('too_nested', deepest, MAX_NESTING);
  if (elements > MAX_ELEMENTS) return refused('too_many_tags', elements, MAX_ELEMENTS);
  const fonts = from === undefined ? decodeFonts(root) : 0;
  if (from === 'tcvn3') capitalizeFonts(root);
  if (html.includes('post_message_')) hideForumFurniture(root);
  const metadata = readMetadata(root);
  const isWiki = html.includes('mw-parser-output') && hideWikiFurniture(root);
  const main = mainText(root, unclosed > MAX_UNCLOSED ? 'broken' : 'usual');
  const join = (blocks: readonly TextBlock[]): string => joinBlocks(withoutByline(blocks, metadata.author));
  const text = join(main.blocks);
  if (text.length < TOO_LITTLE && !isWiki) {
    const bold = mainText(root, 'bold');
    const whole = join(bold.blocks);
    if (whole.length >= WHOLE_ARTICLE) return { root, metadata, main: bold, text: whole, fonts };
  }
  return { root, metadata, main, text, fonts };
}

const refused = (reason: 'too_nested' | 'too_many_tags', value: number, threshold: number) => ({
  flaw: { reason, value, threshold },
});

/** Entries that open with a link, with less prose for each than this, make a list of pages… */
const LISTING_PROSE = 300;
/** …when this share of them shows a date or a teaser that breaks off. */
const LISTING_ENTRIES = 3;
const LISTING_TEASERS = 1 / 3;
/** A line that breaks off, or that holds little but a date. */
const TEASER = /(?:…|\.\.\.)$|^.{0,24}\b\d{1,2}[/.-]\d{1,2}[/.-]\d{4}\b/m;
const BREAKS_OFF = /(?:…|\.\.\.)$/;

function listing({ blocks, prose, entries }: MainText): Extraction['flaw'] {
  if (entries === 0) return undefined;
  const isList =
    entries >= LISTING_ENTRIES
      ? prose < LISTING_PROSE * entries &&
        blocks.filter(({ text }) => TEASER.test(text)).length >= LISTING_TEASERS * entries
      : holdsOnlyTeasers(blocks);
  return isList ? { reason: 'listing', value: prose / entries, threshold: LISTING_PROSE } : undefined;
}

/** With one or two entries: something breaks off, and what does not is no article. */
function holdsOnlyTeasers(blocks: readonly TextBlock[]): boolean {
  const paragraphs = blocks.filter(({ heading, text }) => !heading && text.length >= MIN_PARAGRAPH);
  const whole = paragraphs.filter(({ text }) => !BREAKS_OFF.test(text));
  return whole.length < paragraphs.length && whole.reduce((sum, { text }) => sum + text.length, 0) < LISTING_PROSE;
}

/** A label that announces what was left out behind it has at most so many characters. */
const MAX_LABEL = 40;
const ENDS_SENTENCE = /[.!?…;"”»)]$/;
/** `Read more: <a>`: a label so short before a link that takes the rest of the paragraph. */
const MAX_POINTER = 40;
const POINTER = 0.9;

/** So near to the head or the end of the text a line that is the author's name is no text. */
const BYLINE_BLOCKS = 3;

const withoutByline = (blocks: readonly TextBlock[], author: string): readonly TextBlock[] => {
  const kept = blocks.filter(
    ({ text }, i) => author === '' || text !== author || (i >= BYLINE_BLOCKS && i < blocks.length - BYLINE_BLOCKS),
  );
  // Behind prose; letters and decrees are signed.
  const prose = kept.at(-2)?.text ?? '';
  const isSigned = kept.some(({ text }) => SIGNED.test(text));
  return !isSigned && prose.length >= MIN_PARAGRAPH && ENDS_SENTENCE.test(prose) && BYLINE.test(kept.at(-1)!.text)
    ? kept.slice(0, -1)
    : kept;
};

const NAME = String.raw`\p{Lu}[\p{L}.]{0,7}(?: \p{Lu}[\p{L}.]{0,7}){1,4}`;
/** Names alone, or behind what they did: `Bài, ảnh: Hải Yến`, `HẢI YẾN - MINH TÚ`, `H.Y`. */
const BYLINE = new RegExp(
  String.raw`^(?:(?:(?:Bài|Ảnh|Tin|Thực hiện|Tác giả|Biên tập|Nguồn)(?:(?:,| và| &| -) ?(?:ảnh|bài|video))?: ?)${NAME}|${NAME})(?:(?: ?[-–,/] ?| và )${NAME}){0,3}$|^\p{Lu}\.? ?\p{Lu}\.?$`,
  'u',
);
const SIGNED =
  /^(?:Điều|Chương|Mục) \d|Nơi nhận|^(?:Kính (?:gửi|thưa)|Thân ái|Trân trọng)|(?:QUYẾT ĐỊNH|NGHỊ QUYẾT|THÔNG TƯ)$/m;

/** Furniture lines go, labels of what was left out, and headings with nothing left below them at the end. */
function joinBlocks(blocks: readonly TextBlock[]): string {
  const kept: TextBlock[] = [];
  for (const block of blocks) {
    if (isLabel(block) || isPointer(block) || isBareLink(block)) continue;
    const text = block.text
      .split('\n')
      .filter((line) => !isFurnitureLine(line))
      .join('\n');
    if (text !== '') kept.push({ ...block, text });
  }
  while (kept.length > 1 && kept.at(-1)!.heading) kept.pop();
  return kept.map((block) => block.text).join('\n\n');
}

const isLabel = ({ text, heading, beforeGap, box }: TextBlock): boolean =>
  beforeGap &&
  text.length <= MAX_LABEL &&
  (heading ? MINOR.has(box.name) && !ENDS_SENTENCE.test(text) : text.endsWith(':'));

/** Headings of chapters stand before tables of contents. */
const MINOR = new Set(['h3', 'h4', 'h5', 'h6']);

/** A paragraph that is one link points to another page. */
const isBareLink = ({ text, linked, label, heading, box }: TextBlock): boolean =>
  !heading && label === 0 && linked >= POINTER * text.length && box.name !== 'li' && !text.includes('\n');

const isPointer = ({ text, linked, label, links }: TextBlock): boolean =>
  links === 1 &&
  label > 0 &&
  label <= MAX_POINTER &&
  linked >= POINTER * (text.length - label) &&
  text[label - 1] === ':' &&
  !text.includes('\n');
