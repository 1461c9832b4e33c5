/**
 * Tag soup → tree, in one pass and in linear time whatever the page holds: every search for a character that may be
 * missing is remembered. The few rules of HTML that change what a reader sees are kept (elements that close each other,
 * raw text, content that ends `<head>`); an element that nobody closes ends with its parent.
 */
import { decodeText, type Element, Node } from './dom.ts';
import { type Tag, TEXT, tagNamed } from './tags.ts';

export interface ParsedPage {
  readonly root: Element;
  /** Levels of the deepest element, and elements: parsing ends one beyond its limit. */
  readonly deepest: number;
  readonly elements: number;
  /** Elements still open at the end that should have been closed. */
  readonly unclosed: number;
}

/** @param withCaptions captions of pictures are paragraphs */
export function parseHtml(
  html: string,
  maxDepth: number,
  maxElements: number,
  withCaptions: boolean = false,
): ParsedPage {
  const root = new Node(tagNamed('#page'), '', undefined);
  const open: Element[] = [root];
  /** How many elements of a name are open: a stray closing tag costs nothing. */
  const openOf = new Map<string, number>();
  const find = finder(html);
  const isXml = XML.test(html.slice(0, MAX_PROLOG));
  let deepest = 0;
  let elements = 0;
  /** Where the text in hand began, and how far the page is read. */
  let textFrom = 0;
  let at = 0;

  const endText = (end: number): void => {
    if (textFrom < end) new Node(TEXT, decodeText(html.slice(textFrom, end)), open.at(-1)!);
  };
  const pop = (): void => {
    const { name } = open.pop()!;
    openOf.set(name, openOf.get(name)! - 1);
  };
  const push = (tag: Tag, attributes: string, isEmpty: boolean): void => {
    const { name } = tag;
    if (tag.isOutline && (openOf.get(name) ?? 0) > 0) return;
    while (open.at(-1)!.tag.endedBy.has(name)) pop();
    if (!tag.isHeadContent && open.at(-1)!.name === 'head') pop();
    elements++;
    const element = new Node(tag, attributes, open.at(-1)!);
    if (tag.isVoid || isEmpty) return;
    open.push(element);
    openOf.set(name, (openOf.get(name) ?? 0) + 1);
    deepest = Math.max(deepest, open.length - 1);
  };
  const close = (tag: Tag): void => {
    if (tag.isOutline || (openOf.get(tag.name) ?? 0) === 0) return;
    if (tag.isFormatting) {
      for (let i = open.length - 1; open[i].name !== tag.name; i--) if (!open[i].tag.isFormatting) return;
    }
    while (open.at(-1)!.name !== tag.name) pop();
    pop();
  };

  const withinLimits = (): boolean => deepest <= maxDepth && elements <= maxElements;
  while (at < html.length && withinLimits()) {
    const tag = find('<', at);
    if (tag < 0) break;
    const code = html.charCodeAt(tag + 1);
    at = tag + 1;
    if (isLetter(code)) {
      endText(tag);
      const nameEnd = endOfName(html, at);
      const end = endOfTag(html, nameEnd, find);
      const attributes = attributesIn(html, nameEnd, end);
      const element = shownAs(tagAt(html, at, nameEnd), attributes, withCaptions);
      const isEmpty = isXml && html.charCodeAt(end - 1) === SLASH;
      push(element, attributes, isEmpty);
      at = end + 1;
      if (element.isRaw && !isEmpty) {
        const { name } = element;
        const rawEnd = endOfRaw(html, name, at, find);
        if (at < rawEnd)
          new Node(TEXT, name === 'title' ? decodeText(html.slice(at, rawEnd)) : html.slice(at, rawEnd), open.at(-1)!);
        at = rawEnd;
      }
      textFrom = at;
    } else if (code === SLASH && isLetter(html.charCodeAt(tag + 2))) {
      endText(tag);
      const nameEnd = endOfName(html, tag + 2);
      close(tagAt(html, tag + 2, nameEnd));
      at = after(find('>', nameEnd), 1);
      textFrom = at;
    } else if (code === EXCLAMATION || code === QUESTION || code === SLASH) {
      endText(tag);
      at = html.startsWith('<!--', tag) ? after(find('-->', tag + 2), 3) : after(find('>', at), 1);
      textFrom = at;
    }
  }
  if (withinLimits()) endText(html.length);
  const unclosed = open.slice(1).filter(({ tag }) => !tag.isOptionalEnd).length;
  return { root, deepest, elements, unclosed };

  function after(found: number, length: number): number {
    return found < 0 ? html.length : found + length;
  }
}

/** XHTML: there a slash ends an element, `<script src="a.js"/>` as well. */
const XML = /^[\s\ufeff]*<\?xml\b|<html\s[^>]*xmlns=/i;
const MAX_PROLOG = 1_000;

/** A template that the browser puts in place (declarative shadow DOM) is a box; captions where they are asked for. */
function shownAs(tag: Tag, attributes: string, withCaptions: boolean): Tag {
  if (tag.name === 'template' && SHADOW_ROOT.test(attributes)) return tagNamed('shadow-root');
  const isCaption = tag.name === 'figcaption' || (CAPTIONED.has(tag.name) && CAPTION.test(attributes));
  return withCaptions && isCaption ? tagNamed('photo-caption') : tag;
}

const SHADOW_ROOT = /\bshadowroot(?:mode)?\s*=\s*["']?open/i;
const CAPTIONED: ReadonlySet<string> = new Set(['p', 'div', 'td', 'span']);
export const CAPTION =
  /\bclass\s*=\s*["'](?:[^"']{0,200}[\s_-])?(?:p?caption|desc(?:ription)?_?image|image-?desc)[\s"']/i;

const SLASH = 0x2f;
const EXCLAMATION = 0x21;
const QUESTION = 0x3f;
const isLetter = (code: number): boolean => (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);

/** `indexOf` for a few needles, going forwards: one that is not found is not searched again. */
function finder(html: string): (needle: string, from: number) => number {
  const absent = new Set<string>();
  return (needle, from) => {
    if (absent.size > 0 && absent.has(needle)) return -1;
    const at = html.indexOf(needle, from);
    if (at < 0) absent.add(needle);
    return at;
  };
}

function endOfName(html: string, from: number): number {
  let at = from;
  for (let code = html.charCodeAt(at); code > 0x20 && code !== SLASH && code !== 0x3e && code !== 0x3c; ) {
    code = html.charCodeAt(++at);
  }
  return at;
}

/** Longer names are cut. */
const MAX_NAME = 64;
const tagAt = (html: string, start: number, end: number): Tag =>
  tagNamed(html.slice(start, Math.min(end, start + MAX_NAME)));

/** Position of the `>` that ends a tag; one inside a quoted value does not. */
function endOfTag(html: string, from: number, find: (needle: string, from: number) => number): number {
  let at = from;
  for (;;) {
    const code = html.charCodeAt(at);
    if (Number.isNaN(code)) return html.length;
    if (code === 0x3e) return at;
    at++;
    if (code !== 0x3d) continue;
    while (html.charCodeAt(at) <= 0x20) at++;
    const quote = html.charCodeAt(at);
    if (quote !== 0x22 && quote !== 0x27) continue;
    const end = find(quote === 0x22 ? '"' : "'", at + 1);
    if (end >= 0) at = end + 1;
    else at++;
  }
}

function attributesIn(html: string, start: number, end: number): string {
  while (start < end && html.charCodeAt(start) <= 0x20) start++;
  return start < end ? html.slice(start, end) : '';
}

/** Where raw text ends: at `</name`, whatever its case; a title that nobody closes is empty, else the page is over. */
function endOfRaw(html: string, name: string, from: number, find: (needle: string, from: number) => number): number {
  if (name === 'title') {
    const end = html.slice(from, from + MAX_TITLE).search(/<\/title/i);
    return end < 0 ? from : from + end;
  }
  for (let at = find('</', from); at >= 0; at = find('</', at + 2)) {
    if (html.slice(at + 2, at + 2 + name.length).toLowerCase() === name) return at;
  }
  return html.length;
}

const MAX_TITLE = 10_000;
