/**
 * A page read without being cleaned: its text as it stands, for a tokenizer; and what extraction left out of it, and why,
 * for whoever misses a paragraph, or finds a menu.
 */

import { isUtf8 } from 'node:buffer';
import type { Page } from '../crawlers/page.ts';
import { badInput } from '../crawlers/shell/errors.ts';
import type { ParagraphRule } from './choices.ts';
import { decode } from './decode/charset.ts';
import { repairMojibake } from './decode/mojibake.ts';
import { cutsOf, looksLikeHtml, openedPage } from './engine/work.ts';
import { type Element, oneLine, traverse } from './html/dom.ts';
import { extract, readTree } from './html/extract.ts';
import { isUnread } from './html/furniture.ts';
import type { Reason } from './html/main-text.ts';
import { render } from './html/render.ts';
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

/** Elements whose text no reader sees as such; those of the page's machinery hold none. */
const HOLDS_TEXT: ReadonlyMap<string, LeftOut['reason']> = new Map([
  ['figcaption', 'caption'],
  ['noscript', 'hidden'],
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
  const { text: html, legacy } = decode(page.body, page.headers['content-type']);
  const tree = readTree(html, legacy);
  if ('flaw' in tree) return tree.flaw.reason;
  const { root, main, text } = tree;
  const found: LeftOut[] = [];
  const around = new Set<Element>();
  for (let box: Element | undefined = main.box; box !== undefined; box = box.parent) around.add(box);
  const shown = linesOf(text);
  const add = (element: Element, reason: LeftOut['reason']): false => {
    const lines = [...linesOf(textIn(element))];
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
    leave(element) {
      if (element === main.box) inside = false;
    },
  });
  for (const block of main.blocks) {
    for (const line of linesOf(block.text)) {
      if (!shown.has(line)) found.push({ box: 'line', reason: 'label or link', text: line });
    }
  }
  return [...found, ...cuts];
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
