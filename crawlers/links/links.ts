/** The links of an HTML page, and the encoding in which it writes them. */
import { isUtf8 } from 'node:buffer';
import { wideEncodingOf } from '../bytes/encoding.ts';
import { tagsOf } from './tags.ts';
import { canonicalUrl } from './url.ts';

export interface Markup {
  readonly html: string;
  /** Name of the WHATWG Encoding Standard. */
  readonly encoding: string;
}

/** Browsers look for `<meta charset>` in so many bytes; pages have it later, behind scripts. */
const HEAD_BYTES = 16_384;

/**
 * The page as text: by its byte order mark, as UTF-8 where its bytes are that, by the charset of its Content-Type, by its
 * `<meta>`, as windows-1252. Good enough for markup and addresses; the prose is decoded with more care in cleaning.
 */
export function decodeMarkup(body: Uint8Array, contentType = ''): Markup {
  const wide = wideEncodingOf(body);
  const decoder =
    wide !== undefined ? new TextDecoder(wide) : isUtf8(body) ? new TextDecoder() : declared(body, contentType);
  return { html: decoder.decode(body), encoding: decoder.encoding };
}

const CHARSET = /charset\s*=\s*["']?\s*([\w:.-]+)/i;

function declared(body: Uint8Array, contentType: string): TextDecoder {
  const head = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, HEAD_BYTES)).toString('latin1');
  const meta = /<meta\b[^>]*?charset\s*=[^>]*/i.exec(head)?.[0] ?? '';
  for (const label of [CHARSET.exec(contentType)?.[1], CHARSET.exec(meta)?.[1]]) {
    if (label === undefined) continue;
    try {
      const decoder = new TextDecoder(label);
      return decoder.encoding.startsWith('utf-16') ? new TextDecoder() : decoder; // it could be read so far
    } catch {} // a name that no standard knows, `x-tcvn` and the like
  }
  return new TextDecoder('windows-1252');
}

const LINKING = new Set(['a', 'area', 'base', 'link', 'frame', 'iframe', 'meta']);

/**
 * Canonical URLs of `<a href>`, `<link rel=canonical>`, frames and `<meta http-equiv=refresh>`, each once, in document
 * order. `rel=nofollow` is left out.
 */
export function linksOf(html: string, url: string, encoding = 'utf-8'): string[] {
  const links: string[] = [];
  let base: string | undefined;
  for (const { name, attributes } of tagsOf(html, LINKING)) {
    if (name === 'meta') {
      const isRefresh = attributes.get('http-equiv')?.trim().toLowerCase() === 'refresh';
      const target = isRefresh ? refreshTarget(attributes.get('content') ?? '') : undefined;
      if (target !== undefined) links.push(target);
      continue;
    }
    const href = attributes.get(name.endsWith('frame') ? 'src' : 'href')?.trim();
    const rel = attributes.get('rel') ?? '';
    if (href === undefined || /\bnofollow\b/i.test(rel)) continue;
    if (name === 'base') base ??= canonicalUrl(href, url);
    else if (name.endsWith('frame') ? href !== '' : name !== 'link' || /\bcanonical\b/i.test(rel)) links.push(href);
  }
  return [...new Set(links.flatMap((href) => canonicalUrl(withQueryIn(encoding, href), base ?? url) ?? []))];
}

/** Where `5; url=/x` leads, of a Refresh header or `<meta>` (HTML §4.2.5.3); `undefined` where a page renews itself. */
export function refreshTarget(content: string): string | undefined {
  const [, bare = ''] = /^\s*[\d.]*\s*(?:[;,]\s*|\s+|$)(.*)$/s.exec(content) ?? [];
  const rest = bare.replace(/^url\s*=\s*/i, '').trim();
  const quote = /^["']/.exec(rest)?.[0];
  const target = quote === undefined ? rest : rest.slice(1).split(quote, 1)[0].trim();
  return target === '' ? undefined : target;
}

/**
 * A path is sent in UTF-8 whatever the page is written in, a query in the page's encoding (WHATWG URL, "query state").
 * Encodings of one byte are written so; the others of Asia are not.
 */
function withQueryIn(encoding: string, href: string): string {
  const start = href.indexOf('?');
  if (start < 0 || /^utf-/.test(encoding)) return href;
  const [query] = href.slice(start).split('#', 1);
  const bytes = query.search(BEYOND_ASCII) >= 0 ? bytesOf(encoding) : NO_BYTES;
  if (bytes.size === 0) return href;
  const written = query.replace(BEYOND_ASCII, (character) => {
    const byte = bytes.get(character);
    return byte === undefined ? `%26%23${character.codePointAt(0)}%3B` : `%${byte.toString(16).toUpperCase()}`;
  });
  return href.slice(0, start) + written + href.slice(start + query.length);
}

const BEYOND_ASCII = /[\u0080-\u{10ffff}]/gu;
const NO_BYTES: ReadonlyMap<string, number> = new Map();
const BYTES = new Map<string, ReadonlyMap<string, number>>();

/** Characters beyond ASCII of an encoding of one byte; empty for others. */
function bytesOf(encoding: string): ReadonlyMap<string, number> {
  const known = BYTES.get(encoding);
  if (known) return known;
  const high = Uint8Array.from({ length: 128 }, (_, i) => 128 + i);
  const characters = [...new TextDecoder(encoding).decode(high)];
  const isSingle = characters.length === 128 && !characters.every((character) => character === '\uFFFD');
  const bytes = new Map(isSingle ? characters.map((character, i) => [character, 128 + i] as const) : []);
  BYTES.set(encoding, bytes);
  return bytes;
}
