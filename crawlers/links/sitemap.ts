/**
 * Lists of addresses for crawlers: sitemaps (sitemaps.org protocol 0.9: XML, or an address per line), RSS and Atom, which
 * the protocol allows as well. gzip or not, in any encoding that XML may have, with any prefix.
 */
import { BadCoding, undoCodings } from '../bytes/codings.ts';
import { wideEncodingOf } from '../bytes/encoding.ts';
import { decodeEntities, tagsOf } from './tags.ts';

/** What the protocol allows, unpacked; also the limit for a download. What stands behind it is not read. */
export const MAX_SITEMAP_BYTES = 50 * 2 ** 20;
/** What the protocol allows. */
const MAX_LOCATIONS = 50_000;

export interface Sitemap {
  /** Addresses as written; may be relative or not http. */
  readonly pages: readonly string[];
  readonly sitemaps: readonly string[];
  /** When an address was changed, where that is said; milliseconds since 1970. */
  readonly dates: ReadonlyMap<string, number>;
}

/** Reads what can be read; `undefined` for what is no such list. */
export async function parseSitemap(body: Uint8Array): Promise<Sitemap | undefined> {
  const isGzip = body[0] === 0x1f && body[1] === 0x8b;
  const text = decodeXml(isGzip ? await unzipped(body) : body);
  const root = rootOf(text);
  if (root === undefined) return text.trimStart().startsWith('<') ? undefined : listed(text);
  const [prefix, kind] = root;
  const dates = new Map<string, number>();
  if (kind === 'rss' || kind === 'rdf')
    return { pages: dated(elementsOf(text, 'item'), linkOfItem, dates), ...NONE, dates };
  if (kind === 'feed') {
    const linkOf = (entry: string): string[] => linkOfEntry(entry, prefix);
    return { pages: dated(elementsOf(text, `${prefix}entry`), linkOf, dates), ...NONE, dates };
  }
  const locations = elementsOf(text, `${prefix}loc`).flatMap(textOf); // images and videos have theirs under other prefixes
  const location = startOf(`${prefix}loc`);
  const locationOf = (entry: string): string[] => textBehind(location, entry);
  dated(elementsOf(text, `${prefix}${kind === 'sitemapindex' ? 'sitemap' : 'url'}`), locationOf, dates);
  return kind === 'sitemapindex' ? { pages: [], sitemaps: locations, dates } : { pages: locations, ...NONE, dates };
}

const NONE = { sitemaps: [] };

/** Addresses of entries; `dates` takes what they say of their last change. */
function dated(entries: readonly string[], linkOf: (entry: string) => string[], dates: Map<string, number>): string[] {
  const latest = Date.now() + CLOCK_SKEW_MS;
  return entries.flatMap((entry) => {
    const links = linkOf(entry);
    const [stated = ''] = links.length > 0 ? textBehind(DATE, entry) : [];
    const date = Date.parse(stated);
    if (date > 0 && date <= latest) for (const link of links) dates.set(link, date);
    return links;
  });
}

/** Of sitemaps, their extension for news, RSS, its Dublin Core, Atom. */
const DATE = /<(?:[\w.-]+:)?(?:lastmod|publication_date|pubDate|date|updated)(?=[\s/>])[^<>]*>/;
/** What lies further ahead is no date of a change. */
const CLOCK_SKEW_MS = 24 * 3_600_000;

const startOf = (name: string): RegExp => new RegExp(`<${name.replace('.', '\\.')}(?=[\\s/>])[^<>]*>`);

function textBehind(start: RegExp, xml: string): string[] {
  const found = start.exec(xml);
  return found === null ? [] : textOf(xml.slice(found.index + found[0].length));
}

/** Prefix with its colon, and name, of the first element; `undefined` where it is none of these. */
function rootOf(text: string): readonly [prefix: string, name: string] | undefined {
  let at = 0;
  for (;;) {
    while (/\s|\uFEFF/.test(text[at] ?? '')) at++;
    const [opener, closer] = OUTSIDE.find(([opener]) => text.startsWith(opener, at)) ?? [];
    if (opener === undefined) break;
    const end = text.indexOf(closer!, at);
    if (end < 0) return undefined;
    at = end + closer!.length;
  }
  const [, prefix = '', name] =
    /^<([\w.-]+:)?(urlset|sitemapindex|rss|rdf|feed)(?=[\s/>])/i.exec(text.slice(at, at + 200)) ?? [];
  return name === undefined ? undefined : [prefix, name.toLowerCase()];
}

/** What may stand before the first element. */
const OUTSIDE = [
  ['<?', '?>'],
  ['<!--', '-->'],
  ['<!', '>'],
] as const;

function listed(text: string): Sitemap | undefined {
  const words = text.split(/\s+/, MAX_LOCATIONS).filter((word) => word !== '');
  const pages = words.filter((word) => /^https?:/i.test(word));
  return pages.length > 0 || words.length === 0 ? { pages, ...NONE, dates: new Map() } : undefined;
}

function decodeXml(body: Uint8Array): string {
  const wide = wideEncodingOf(body);
  if (wide !== undefined) return new TextDecoder(wide).decode(body);
  const head = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, 256)).toString('latin1');
  const label = /^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)/.exec(head)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(/^utf-?16/i.test(label) ? 'utf-8' : label).decode(body);
  } catch {
    return new TextDecoder().decode(body);
  }
}

/** What stands behind each start tag of the name, up to the next one. */
const elementsOf = (xml: string, name: string): string[] => xml.split(startOf(name), MAX_LOCATIONS + 1).slice(1);

/** Text up to the next tag; nothing where a cut file ends before that. */
function textOf(xml: string): string[] {
  const cdata = /^\s*<!\[CDATA\[/.exec(xml)?.[0].length;
  const end = cdata === undefined ? xml.indexOf('<') : xml.indexOf(']]>', cdata);
  const text = end < 0 ? '' : xml.slice(cdata ?? 0, end);
  const address = (cdata === undefined ? decodeEntities(text) : text).trim();
  return address === '' ? [] : [address];
}

function linkOfItem(item: string): string[] {
  const [own] = item.split('</item>', 1);
  const [link] = elementsOf(own, 'link').flatMap(textOf);
  if (link !== undefined) return [link];
  const isAddress = !/<guid[^<>]*isPermaLink\s*=\s*["']false/i.test(own);
  return isAddress ? elementsOf(own, 'guid').flatMap(textOf).slice(0, 1) : [];
}

function linkOfEntry(entry: string, prefix: string): string[] {
  const name = `${prefix}link`.toLowerCase();
  const [own] = entry.split(`</${prefix}entry`, 1);
  const links = [...tagsOf(own, new Set([name]))].map(({ attributes }) => attributes);
  const wanted = links.find((link) => (link.get('rel') ?? 'alternate') === 'alternate') ?? links[0];
  const href = wanted?.get('href')?.trim();
  return href ? [href] : [];
}

/** Up to the limit; nothing of what is no gzip after all. */
async function unzipped(body: Uint8Array): Promise<Uint8Array> {
  try {
    return (await undoCodings(['gzip'], body, MAX_SITEMAP_BYTES)).body;
  } catch (error) {
    if (error instanceof BadCoding) return new Uint8Array();
    throw error;
  }
}
