/**
 * What a page gives, told from its markup alone: whether it is a list of links or has a text of its own, what that text
 * says without what stands around it, whether it is Vietnamese. One pass, linear in the markup.
 *
 *   <div><a>Tin mới</a></div>   <p>Con kênh đào từ <a>thời</a> ông cố …</p><p>…</p>   <a>Xem thêm</a>
 *   links                       prose, one stretch: its length is what makes a text     links
 */
import { createHash } from 'node:crypto';
import { tagsOf } from './tags.ts';

export interface Prose {
  /** Mostly links, among which a page that is new may stand tomorrow. */
  readonly isList: boolean;
  /** A list that has no text of its own at all. */
  readonly isBare: boolean;
  /** Undefined where there is too little text to tell. */
  readonly isVietnamese: boolean | undefined;
  /** Of the prose: menus, teasers of other pages and digits are no part of it. For a list, of nothing. */
  readonly digest: string;
}

const TAG = /<(!--|\/?[a-z][a-z0-9]*)/gi;
/** What does not end a run of text. */
const INLINE = new Set(
  'a abbr b bdi bdo br cite code data del dfn em font i img ins kbd mark q s samp small span strike strong sub sup time tt u var wbr'.split(
    ' ',
  ),
);
/** What holds no prose of the page. */
const ASIDE = new Set(
  'script style noscript template svg select button nav footer aside title textarea iframe'.split(' '),
);
/** A run as short as this is a date or a name, wherever it stands. */
const SHORT_RUN = 40;
const LEAST_LINKS = 3;
/** Characters of the longest stretch of prose below which a page is no text. */
const SHORT_STRETCH = 300;
const PARAGRAPH = 140;
/** The same, as a share of the characters of its links. */
const LINK_SHARE = 0.15;

class Stretches {
  links = 0;
  linkCharacters = 0;
  proseCharacters = 0;
  longest = 0;
  readonly prose: string[] = [];
  #stretch = 0;
  #own = '';
  #linked = 0;

  add(text: string, isLink: boolean): void {
    if (isLink) this.#linked += text.trim().length;
    else this.#own += text;
  }

  endRun(): void {
    const own = this.#own.trim();
    if (this.#linked > own.length) {
      this.#stretch = 0;
      this.linkCharacters += this.#linked;
    } else if (own.length > 0) {
      this.#stretch += own.length;
      this.longest = Math.max(this.longest, this.#stretch);
      this.proseCharacters += own.length;
      if (own.length >= SHORT_RUN) this.prose.push(own);
    }
    this.#own = '';
    this.#linked = 0;
  }
}

export function proseOf(html: string): Prose {
  const found = new Stretches();
  const tag = new RegExp(TAG);
  let [at, isLink] = [0, false];
  for (let match = tag.exec(html); match; match = tag.exec(html)) {
    if (match.index > at) found.add(html.slice(at, match.index), isLink);
    const name = match[1].toLowerCase();
    const own = name.replace('/', '');
    if (!INLINE.has(own)) found.endRun();
    if (own === 'a') {
      isLink = name === 'a';
      if (isLink) found.links++;
    }
    const closing = name === '!--' ? '-->' : ASIDE.has(name) ? `</${name}` : '>';
    const end =
      closing === '>' || closing === '-->'
        ? html.indexOf(closing, tag.lastIndex)
        : indexOf(html, closing, tag.lastIndex);
    if (end < 0) {
      at = html.length;
      break;
    }
    at = html.indexOf('>', end) + 1 || html.length;
    tag.lastIndex = at;
    if (closing !== '>' && name !== '!--') found.endRun();
  }
  found.add(html.slice(at), isLink);
  found.endRun();
  const { links, linkCharacters, longest, proseCharacters } = found;
  const isStated = statesArticle(html);
  const isList = !isStated && links >= LEAST_LINKS && longest < Math.max(SHORT_STRETCH, LINK_SHARE * linkCharacters);
  return {
    isList,
    isBare: isList && longest < PARAGRAPH && 2 * proseCharacters < linkCharacters,
    isVietnamese: isVietnamese(html),
    digest: createHash('sha1')
      .update(found.prose.join('\n').replace(/[\d\s]+/g, ''))
      .digest('base64')
      .slice(0, 12),
  };
}

function indexOf(html: string, closing: string, from: number): number {
  const closer = new RegExp(closing, 'gi');
  closer.lastIndex = from;
  return closer.exec(html)?.index ?? -1;
}

const META = new Set(['meta']);

/** By the vocabulary that previews are made from. */
function statesArticle(html: string): boolean {
  const head = html.slice(0, HEAD_CHARACTERS);
  if (!/og:type|article:published/i.test(head)) return false;
  for (const { attributes } of tagsOf(head, META)) {
    const property = attributes.get('property') ?? attributes.get('name') ?? '';
    if (/^og:type$/i.test(property)) return /^article$/i.test(attributes.get('content')?.trim() ?? '');
    if (/^article:published_time$/i.test(property)) return true;
  }
  return false;
}

const HEAD_CHARACTERS = 65_536;
const SAMPLE_CHARACTERS = 60_000;
const LEAST_LETTERS = 40;
const MOST_LETTERS = 6000;
/** Of the letters of Vietnamese text a quarter has a mark; a page may have menus and code in English. */
const MARKED_SHARE = 0.04;
/** Letters that few other languages have: ă đ ơ ư and those with two marks; in old encodings, signs. */
const OWN_SHARE = 0.015;
/** So many marks there are in no other language, whatever the encoding makes of them. */
const ANY_SHARE = 0.18;

function isVietnamese(html: string): boolean | undefined {
  let [letters, marked, own, isTag] = [0, 0, 0, false];
  const start = Math.max(0, html.search(/<body\b/i));
  const end = Math.min(html.length, start + SAMPLE_CHARACTERS);
  for (let at = start; at < end && letters < MOST_LETTERS; at++) {
    const code = html.charCodeAt(at);
    if (code === 0x3c) {
      if ((html.charCodeAt(at + 1) | 0x20) === 0x73 && /^<(script|style)\b/i.test(html.slice(at, at + 8))) {
        const closed = indexOf(html, '</(script|style)', at + 1);
        if (closed < 0) break;
        at = closed;
      }
      isTag = true;
    } else if (code === 0x3e) isTag = false;
    else if (!isTag) {
      if (code === 0x26) {
        const [entity, number] = /^&(?:#(\d+)|[a-z]+);/i.exec(html.slice(at, at + 10)) ?? [];
        if (entity !== undefined) {
          at += entity.length - 1;
          if (!/^&(nbsp|amp|lt|gt|quot|[lr]aquo|copy);$/i.test(entity)) {
            letters++;
            marked++;
            own += Number(Number(number) >= 0x100);
          }
          continue;
        }
      }
      if ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) letters++;
      else if (code >= 0xa1 && isMark(code)) {
        letters++;
        marked++;
        own += Number(isOwn(code));
      }
    }
  }
  if (letters < LEAST_LETTERS) return undefined;
  return (marked >= MARKED_SHARE * letters && own >= OWN_SHARE * letters) || marked >= ANY_SHARE * letters;
}

const isOwn = (code: number): boolean =>
  (code >= 0x1ea0 && code <= 0x1ef9) ||
  code < 0xc0 ||
  [0x102, 0x103, 0x110, 0x111, 0x1a0, 0x1a1, 0x1af, 0x1b0].includes(code);

const isMark = (code: number): boolean =>
  (code <= 0xff && code !== 0xab && code !== 0xbb && code !== 0xad) ||
  isOwn(code) ||
  [0x128, 0x129, 0x168, 0x169].includes(code) ||
  (code >= 0x300 && code <= 0x323);
