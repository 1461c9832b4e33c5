/** Feeds that a page offers to readers. */
import { tagsOf } from './tags.ts';
import { canonicalUrl } from './url.ts';

const LINK = new Set(['link', 'base']);
const FEED_TYPE = /^application\/(rss|atom|rdf)\+xml\b/i;
/** What readers say, not what is published. */
const COMMENTS = /comment|binh-?luan/i;
const MOST = 8;

/** Canonical URLs of `<link rel=alternate>` of the types of RSS and Atom, without those of comments; eight at most. */
export function feedsOf(html: string, url: string): string[] {
  const feeds = new Set<string>();
  let base: string | undefined;
  for (const { name, attributes } of tagsOf(html, LINK)) {
    const href = attributes.get('href')?.trim();
    if (href === undefined) continue;
    if (name === 'base') base ??= canonicalUrl(href, url);
    const isFeed =
      /\balternate\b/i.test(attributes.get('rel') ?? '') && FEED_TYPE.test(attributes.get('type')?.trim() ?? '');
    const feed = isFeed && !COMMENTS.test(href) ? canonicalUrl(href, base ?? url) : undefined;
    if (feed !== undefined) feeds.add(feed);
  }
  return [...feeds].slice(0, MOST);
}
