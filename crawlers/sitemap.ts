/** Sitemaps: XML (`urlset`, `sitemapindex`) or one address per line, gzip or not. sitemaps.org protocol 0.9. */
import { promisify } from 'node:util';
import { constants, gunzip } from 'node:zlib';
import { load } from 'cheerio/slim';

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
  const plain = isGzip ? await unzipOrNothing(body) : body;
  const text = new TextDecoder().decode(plain);
  if (!text.trimStart().startsWith('<')) {
    return {
      pages: text
        .split(/\s+/)
        .filter((line) => /^https?:/.test(line))
        .slice(0, MAX_LOCATIONS),
      sitemaps: [],
    };
  }
  const $ = load(text, { xml: true });
  const locations = (parent: string): string[] =>
    $(`${parent} > loc`)
      .toArray()
      .slice(0, MAX_LOCATIONS)
      .map((element) => $(element).text().trim());
  return { pages: locations('url'), sitemaps: locations('sitemap') };
}

async function unzipOrNothing(body: Uint8Array): Promise<Uint8Array> {
  try {
    return await unzip(body, { maxOutputLength: MAX_SITEMAP_BYTES, finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array(); // not gzip after all, or larger than any sitemap may be
  }
}
