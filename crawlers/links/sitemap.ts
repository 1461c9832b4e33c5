/** Sitemaps: XML (`urlset`, `sitemapindex`) or one address per line, gzip or not. sitemaps.org protocol 0.9. */
import { promisify } from 'node:util';
import { constants, gunzip } from 'node:zlib';
import { decodeEntities } from './tags.ts';

/** What the protocol allows, unpacked; also the limit for a download. */
export const MAX_SITEMAP_BYTES = 50 * 2 ** 20;
/** What the protocol allows. */
const MAX_LOCATIONS = 50_000;

export interface Sitemap {
  /** Addresses as written; may be relative or not http. */
  readonly pages: readonly string[];
  readonly sitemaps: readonly string[];
}

const unzip = promisify(gunzip);

/** Reads what can be read; damaged or foreign data gives empty lists. */
export async function parseSitemap(body: Uint8Array): Promise<Sitemap> {
  const isGzip = body[0] === 0x1f && body[1] === 0x8b;
  const text = new TextDecoder().decode(isGzip ? await unzipOrNothing(body) : body);
  if (!text.trimStart().startsWith('<')) {
    return { pages: text.split(/\s+/, MAX_LOCATIONS).filter((line) => /^https?:/.test(line)), sitemaps: [] };
  }
  const locations = text
    .split(/<loc\b[^<>]*>/, MAX_LOCATIONS + 1) // the locations of images and videos have a prefix
    .slice(1)
    .map(textBeforeTag);
  return text.includes('<sitemapindex') ? { pages: [], sitemaps: locations } : { pages: locations, sitemaps: [] };
}

function textBeforeTag(xml: string): string {
  const cdata = /^\s*<!\[CDATA\[/.exec(xml)?.[0].length;
  return cdata === undefined ? decodeEntities(xml.split('<', 1)[0]).trim() : xml.slice(cdata).split(']]>', 1)[0].trim();
}

async function unzipOrNothing(body: Uint8Array): Promise<Uint8Array> {
  try {
    return await unzip(body, { maxOutputLength: MAX_SITEMAP_BYTES, finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array(); // not gzip after all, or larger than any sitemap may be
  }
}
