/** The links of an HTML page. */
import { type CheerioAPI, load } from 'cheerio/slim';
import { canonicalUrl } from './url.ts';

/**
 * The page as a tree. Decoded by the charset of its Content-Type, else UTF-8: good enough for markup and addresses;
 * the text itself is decoded with more care in cleaning.
 */
export function parseHtml(body: Uint8Array, contentType: string): CheerioAPI {
  const label = /charset\s*=\s*["']?([\w:-]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  return load(decoderOf(label).decode(body));
}

function decoderOf(label: string): TextDecoder {
  try {
    return new TextDecoder(label);
  } catch {
    return new TextDecoder(); // a name that no standard knows, `x-tcvn` and the like
  }
}

/** Canonical URLs of `<a href>` and `<link rel=canonical>`, each once, in document order. `rel=nofollow` is left out. */
export function linksOf($: CheerioAPI, url: string): string[] {
  const base = canonicalUrl($('base[href]').first().attr('href') ?? url, url) ?? url;
  const links = $('a[href], area[href], link[rel~="canonical" i][href]')
    .toArray()
    .filter(({ attribs }) => !/\bnofollow\b/i.test(attribs.rel ?? ''))
    .flatMap(({ attribs }) => canonicalUrl(attribs.href!.trim(), base) ?? []);
  return [...new Set(links)];
}
