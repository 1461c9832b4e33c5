/**
 * Page: what every source yields and cleaning consumes. The border crawlers → cleaning.
 * A JSONL or plain-text source yields pages of `text/plain` with the title and id that the file gave.
 */
export type ConsentConclusion = 'open' | 'no-train' | 'no-index' | 'unknown';

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
}

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
    source: (URL.canParse(url) && new URL(url).host) || url,
    fetchedAt: new Date().toISOString(),
    status: 200,
    headers: { 'content-type': typeof body === 'string' ? 'text/html; charset=utf-8' : 'text/html' },
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    truncated: false,
    consent: CONSENT_UNKNOWN,
    ...facts,
  };
}
