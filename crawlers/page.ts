/**
 * Page: what every source yields and cleaning consumes. The border crawlers → cleaning.
 * A JSONL or plain-text source yields pages of `text/plain` with the title and id that the file gave.
 */
import { canonicalUrl, parseUrl } from './links/url.ts';

export type ConsentConclusion = 'open' | 'no-train' | 'no-index' | 'unknown';

/** What follows from a statement, by its name (polite/consent-table.ts). */
export type ConsentTable = ReadonlyMap<string, ConsentConclusion>;

/** Such pages become no documents. */
export const isRefusal = (conclusion: ConsentConclusion): boolean =>
  conclusion === 'no-train' || conclusion === 'no-index';

export interface Consent {
  readonly conclusion: ConsentConclusion;
  /** What was said, word for word, with where: `x-robots-tag: noai`, `meta robots: noindex`, `tdm-reservation: 1`. */
  readonly statements: readonly string[];
}

export interface Page {
  /** Final URL after redirects; for files `file:NAME#ID`. */
  readonly url: string;
  /** Name of the source that yielded it: a host for web pages, a file's base name otherwise. */
  readonly source: string;
  /** ISO 8601, UTC. */
  readonly fetchedAt: string;
  readonly status: number;
  /** Response headers, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes as fetched, after Content-Encoding was undone; never decoded to text here. */
  readonly body: Uint8Array;
  /** True when the body was cut at the size limit. */
  readonly truncated: boolean;
  /** Where `body` is only the head of what is too large to be read: how many bytes were met, at least. */
  readonly wholeBytes?: number;
  readonly consent: Consent;
  /** Given by the source file (JSONL `id`), else absent. */
  readonly id?: string;
  /** Given by the source file (JSONL `title`), else absent. */
  readonly title?: string;
  /** Licence as the source states it (SPDX or short text); absent when unknown. */
  readonly licence?: string;
  /** Of a file: its place there. Pages of the web have their address instead. */
  readonly row?: Row;
  /** Of a record that can be read by itself: where it begins. */
  readonly place?: Place;
  /** It is no page but tells something of its address; sources yield such where they are asked to. */
  readonly notice?: Notice;
  /** Of `unchanged`: when the page that holds still was fetched, as its record says; absent where it does not. */
  readonly confirms?: string;
}

export interface Place {
  /** Of the file, absolute. */
  readonly path: string;
  /** Byte. */
  readonly at: number;
}

export interface Row {
  /** The input that holds it, as it was given: what stood in it once and does not any more is gone. */
  readonly input: string;
  /** What names it there from night to night: the same in a later run is a later version. Absent where nothing does. */
  readonly key?: string;
}

/**
 * `unchanged`: a 304 or another revisit, whose headers carry consent. `gone`: 404 or 410. `rules`: the body is the
 * robots.txt, ai.txt or tdmrep.json of the site at its URL, empty where there is none; `source` names the crawler that they
 * were read for.
 */
export type Notice = 'unchanged' | 'gone' | 'rules';

/** Files of programs that hold text: how they are named and typed, and the packages (optional) that cleaning reads them with. */
export const BINARY_KINDS = [
  { ending: '.pdf', types: ['application/pdf', 'application/x-pdf'], packages: ['unpdf'] },
  {
    ending: '.docx',
    types: ['application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
    packages: ['mammoth', 'fflate'],
  },
  { ending: '.epub', types: ['application/epub+zip'], packages: ['fflate'] },
  { ending: '.doc', types: ['application/msword', 'application/vnd.ms-word'], packages: ['word-extractor'] },
] as const;
export type BinaryKind = (typeof BINARY_KINDS)[number];

const typeAlone = (contentType: string): string => contentType.split(';')[0].trim().toLowerCase();

/** The kind of a content type; `undefined` for text, markup and all that is none of them. */
export const binaryKindOf = (contentType: string): BinaryKind | undefined =>
  BINARY_KINDS.find(({ types }) => (types as readonly string[]).includes(typeAlone(contentType)));

export const CONSENT_UNKNOWN: Consent = { conclusion: 'unknown', statements: [] };

/**
 * A page of text that a program has already, as if it had been fetched now from `url`.
 *
 *   pageOf('https://bao.example/1', '<html>…')                          // a string is taken for HTML
 *   pageOf('file:tho.txt', bytes, { headers: { 'content-type': 'text/plain' }, licence: 'CC0-1.0' })
 *
 * @param body HTML, or bytes whose encoding is found when they are cleaned
 * @param facts what else is known of it; `source` is the host of the URL where it has one
 */
export function pageOf(url: string, body: string | Uint8Array, facts: Partial<Omit<Page, 'url' | 'body'>> = {}): Page {
  return {
    url,
    source: parseUrl(url)?.host || url,
    fetchedAt: new Date().toISOString(),
    status: 200,
    headers: { 'content-type': typeof body === 'string' ? 'text/html; charset=utf-8' : 'text/html' },
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    truncated: false,
    consent: CONSENT_UNKNOWN,
    ...facts,
  };
}

/** The canonical spelling of a web address; what is none is as it is. */
export const spellingOf = (url: string): string => canonicalUrl(url) ?? url;

/**
 * The one name under which a page is known, whoever wrote its URL: `//host/path?query`, canonical, without the scheme
 * (as in the indices of web archives: a site that moves to https keeps its pages). What is no web address is as it is.
 */
export const addressOf = (url: string): string =>
  canonicalUrl(url)?.replace(/^https?:(\/\/[^/]*?)(?::(?:80|443))?\//, '$1/') ?? url;

/** The address that somebody names by a URL, or by host and path alone (`b.vn/bai-1`); `undefined` of any other name. */
export function namedAddress(name: string): string | undefined {
  if (/^([a-z][a-z0-9+.-]*:(?!\d+([/?#]|$))|\/\/)/i.test(name)) {
    return addressOf(name.startsWith('//') ? `https:${name}` : name);
  }
  return /^[^\s/:#?]+\.[^\s/:#?]+(:\d+)?[/?#]\S*$/.test(name) ? addressOf(`https://${name}`) : undefined;
}

/** The parts of an address; `undefined` when it is no URL. */
export const urlOf = (address: string): URL | undefined => parseUrl(address);

/** What was taken down, by its names. */
export interface RemovedNames {
  /** As `addressOf` has them. */
  readonly addresses: readonly string[];
  /** With all hosts below them. */
  readonly hosts: readonly string[];
  readonly ids: readonly string[];
}

/** In the folder of a run: what was taken down, a line for each time. */
export const REMOVED_FILE = 'removed.jsonl';

/** Lines of such a file together. */
export const removedNames = (lines: readonly RemovedNames[]): RemovedNames => ({
  addresses: lines.flatMap(({ addresses }) => addresses),
  hosts: lines.flatMap(({ hosts }) => hosts),
  ids: lines.flatMap(({ ids }) => ids),
});

/** Whether an address, or the id of a document, is one of those names. */
export function isNamedBy(names: RemovedNames): (address: string, id?: string) => boolean {
  const [addresses, hosts, ids] = [new Set(names.addresses), new Set(names.hosts), new Set(names.ids)];
  const isBelow = (host: string): boolean => {
    for (let name = host; ; name = name.slice(name.indexOf('.') + 1)) {
      if (hosts.has(name)) return true;
      if (!name.includes('.')) return false;
    }
  };
  return (address, id) => {
    if (addresses.has(address) || (id !== undefined && ids.has(id))) return true;
    const host = hosts.size === 0 ? undefined : /^\/\/([^/:]*)/.exec(address)?.[1];
    return host !== undefined && isBelow(host);
  };
}

/** `//host:port` of an address; of what is no web address all of it. */
export const siteOf = (address: string): string => /^\/\/[^/]*/.exec(address)?.[0] ?? address;
