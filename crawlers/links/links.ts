/** The links of an HTML page. */
import { tagsOf } from './tags.ts';
import { canonicalUrl } from './url.ts';

const LINKING = new Set(['a', 'area', 'base', 'link']);

/**
 * The page as text. Decoded by the charset of its Content-Type, else UTF-8: good enough for markup and addresses; the
 * prose is decoded with more care in cleaning.
 */
export function decodeMarkup(body: Uint8Array, contentType: string): string {
  const label = /charset\s*=\s*["']?([\w:-]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  return decoderOf(label).decode(body);
}

function decoderOf(label: string): TextDecoder {
  try {
    return new TextDecoder(label);
  } catch {
    return new TextDecoder(); // a name that no standard knows, `x-tcvn` and the like
  }
}

/** Canonical URLs of `<a href>` and `<link rel=canonical>`, each once, in document order. `rel=nofollow` is left out. */
export function linksOf(html: string, url: string): string[] {
  const links: string[] = [];
  let base: string | undefined;
  for (const { name, attributes } of tagsOf(html, LINKING)) {
    const href = attributes.get('href');
    const rel = attributes.get('rel') ?? '';
    if (href === undefined || /\bnofollow\b/i.test(rel)) continue;
    if (name === 'base') base ??= canonicalUrl(href.trim(), url);
    else if (name !== 'link' || /\bcanonical\b/i.test(rel)) links.push(href.trim());
  }
  return [...new Set(links.flatMap((href) => canonicalUrl(href, base ?? url) ?? []))];
}
