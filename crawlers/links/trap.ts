/**
 * Endless address spaces, closed by what they gave. A calendar, a shop's facets, a wall for all that is not there: their
 * addresses differ, their pages do not. Pages are compared by their text without tags, digits and spaces, within a host;
 * addresses are counted under patterns, from narrow to wide. Of
 *
 *   /lich/2031/03/ngay?xem=tuần    →   /lich/9/9/ngay?xem   /lich/9/9/ngay?…   ?xem **   /lich/**   /lich/9/**
 *   /a/b/a/b                       →   /a|b (a path that repeats itself)       /a/**      /a/b/**
 *   /bai;v=1f3a                    →   /bai;…
 *
 * the pattern that gave the same again in `CLOSES_AT` pages (a folder, `**`, in twice as many), and in most of all that
 * it gave, is closed until the run ends. Pages of the same pattern that differ keep it open, however many they are.
 */
import { createHash } from 'node:crypto';
import { hostOf, placeOf } from './url.ts';

const CLOSES_AT = 20;
const SHARE = 0.8;
/** Texts and patterns remembered of a host. */
const MOST = 200_000;

interface HostEvidence {
  readonly texts: Set<string>;
  readonly patterns: Map<string, { given: number; again: number }>;
  readonly closed: Set<string>;
}

type Kind = 'page' | 'sitemap';

export class Traps {
  readonly #hosts = new Map<string, HostEvidence>();
  #isAnyClosed = false;

  /** `host pattern` of all that are closed. */
  closed(): string[] {
    return [...this.#hosts].flatMap(([host, { closed }]) => [...closed].map((pattern) => `${host} ${pattern}`));
  }

  /** Is the address of a pattern that is closed? Takes canonical URLs. */
  holds(url: string, kind: Kind): boolean {
    if (!this.#isAnyClosed) return false;
    const closed = this.#hosts.get(hostOf(url))?.closed;
    if (closed === undefined || closed.size === 0) return false;
    const { pathname, search } = placeOf(url);
    return patternsOf(pathname, search, kind).some((one) => closed.has(one));
  }

  /** A page was fetched for the first time. Returns the patterns that this closes. */
  page(url: string, digest: string): string[] {
    const { texts } = this.#of(url);
    const isKnown = texts.has(digest);
    if (texts.size < MOST) texts.add(digest);
    return this.#count(url, 'page', isKnown);
  }

  /** A sitemap was fetched for the first time, and named so many pages that were not known. */
  sitemap(url: string, newPages: number): string[] {
    return this.#count(url, 'sitemap', newPages === 0);
  }

  #count(url: string, kind: Kind, isAgain: boolean): string[] {
    const { patterns, closed } = this.#of(url);
    const hostname = hostOf(url);
    const { pathname, search } = placeOf(url);
    const news: string[] = [];
    for (const pattern of patternsOf(pathname, search, kind)) {
      const counted = patterns.get(pattern) ?? { given: 0, again: 0 };
      counted.given++;
      counted.again += Number(isAgain);
      if (patterns.size < MOST) patterns.set(pattern, counted);
      const least = pattern.endsWith('**') ? 2 * CLOSES_AT : CLOSES_AT;
      if (counted.again < least || counted.again < SHARE * counted.given || closed.has(pattern)) continue;
      closed.add(pattern);
      this.#isAnyClosed = true;
      news.push(`${hostname} ${pattern}`);
    }
    return news;
  }

  #of(url: string): HostEvidence {
    const hostname = hostOf(url);
    const known = this.#hosts.get(hostname);
    if (known) return known;
    const evidence = { texts: new Set<string>(), patterns: new Map(), closed: new Set<string>() };
    this.#hosts.set(hostname, evidence);
    return evidence;
  }
}

/** Narrow ones first. What no other address can share (a path of words alone) is none. */
function patternsOf(pathname: string, search: string, kind: Kind): string[] {
  const segments = pathname
    .split('/')
    .slice(1)
    .map((segment) => segment.replace(/;.*/, ';…'));
  const shapes = segments.map(shapeOf);
  const shape = `/${shapes.join('/')}`;
  const named = segments.filter((segment) => segment !== '');
  const patterns: string[] = [];
  if (search !== '') {
    const names = search.slice(1).split('&');
    const parameters = [...new Set(names.map((pair) => pair.split('=', 1)[0]))].sort().join('&');
    patterns.push(`${shape}?${parameters}`, `${shape}?…`, `?${parameters} **`);
  } else if (/[9*;]/.test(shape)) patterns.push(shape);
  const distinct = new Set(named);
  if (distinct.size < named.length) patterns.push(`/${[...distinct].sort().join('|')}`);
  for (let depth = 1; depth <= 2 && depth < named.length; depth++)
    patterns.push(`/${shapes.slice(0, depth).join('/')}/**`);
  return kind === 'page' ? patterns : patterns.map((pattern) => `sitemap ${pattern}`);
}

/** Digits are alike, and so are long tokens. */
const shapeOf = (segment: string): string =>
  /^[\da-f-]{16,}$|^(?=\D*\d)(?=[^a-z]*[a-z])\w{20,}$/i.test(segment) ? '*' : segment.replace(/\d+/g, '9');

/** What a page says, as a hash: equal for pages that differ in markup, digits and spaces alone. Linear in the markup. */
export const textDigest = (html: string): string =>
  createHash('sha1')
    .update(textOf(html).replace(/[\d\s]+/g, ''))
    .digest('base64');

const WITHOUT_TEXT: Readonly<Record<string, string>> = { '!--': '-->', script: '</script', style: '</style' };

function textOf(html: string): string {
  let text = '';
  let at = 0;
  for (;;) {
    const open = html.indexOf('<', at);
    text += html.slice(at, open < 0 ? html.length : open);
    if (open < 0) return text;
    const name = /[!s]/i.test(html[open + 1] ?? '') && /^<(!--|script\b|style\b)/i.exec(html.slice(open, open + 8));
    const inside = name ? endOf(html, WITHOUT_TEXT[name[1].toLowerCase()], open) : open;
    const end = inside < 0 ? -1 : html.indexOf('>', inside);
    if (end < 0) return text;
    at = end + 1;
  }
}

function endOf(html: string, closing: string, from: number): number {
  const closer = new RegExp(closing, 'gi');
  closer.lastIndex = from;
  return closer.exec(html)?.index ?? -1;
}
