/**
 * Page → Document, or the reason why not. The stations, in order:
 *
 *   consent    what the site said about training and indexing
 *   decode     bytes → text                                   charset.ts, legacy.ts
 *   extract    HTML → title and main text                     extract.ts, html/, dedup/lines.ts (per host)
 *   normalise  one spelling                                   legacy.ts (mojibake), normalize.ts
 *   identify   Vietnamese? with diacritics?                   language.ts, syllables.ts
 *   filter     measurements against thresholds                measure.ts, filters/
 *   dedup      exact and near, against all nights before      dedup/
 *
 * Up to dedup a page is judged by itself: pure functions. Only `lines` and dedup ask the store, in the order of pages,
 * so the same pages in the same order give the same documents.
 */
import xxhash, { type XXHashAPI } from 'xxhash-wasm';
import type { Page } from '../crawlers/page.ts';
import { decode } from './charset.ts';
import { exactText } from './dedup/exact.ts';
import { type Fingerprint, fingerprint } from './dedup/near.ts';
import type { DedupStore } from './dedup/store.ts';
import type { Outcome } from './document.ts';
import { extract } from './extract.ts';
import type { Rejection } from './filter.ts';
import { judge, MAX_BYTES, MAX_UNDECODABLE, NEAR_SIMILARITY, type Preset } from './filters/index.ts';
import { identify } from './language.ts';
import { decodeReferences, repairMojibake } from './legacy.ts';
import { readTokens, type Token } from './lexicon.ts';
import { measure } from './measure.ts';
import { normalize } from './normalize.ts';

export interface CleanOptions {
  readonly preset: Preset;
  /** Remembers pages, documents and host lines; the caller commits it (`store.commit`) and closes it. */
  readonly store: DedupStore;
}

/** One outcome for each page, in order; pages that the store knows give none and are counted in `store.skipped`. */
export async function* clean(pages: AsyncIterable<Page>, options: CleanOptions): AsyncGenerator<Outcome> {
  const hash = await xxhash();
  const { store } = options;
  for await (const page of pages) {
    if (store.pages.add(pageKey(page, hash))) yield cleanPage(page, options, hash);
    else store.skipped++;
  }
}

function cleanPage(page: Page, { preset, store }: CleanOptions, hash: XXHashAPI): Outcome {
  const { url, source, fetchedAt, consent } = page;
  const id = page.id ?? hash.h64ToString(url);
  let title = page.title ?? '';
  let text = '';
  const drop = (stage: string, { reason, value, threshold }: Rejection, other = ''): Outcome => ({
    dropped: { id, url, title, source, fetchedAt, stage, reason, value, threshold, other, text },
  });

  // consent
  const refusal = refusedByConsent(page);
  if (refusal !== undefined) return drop('consent', refusal);

  // decode
  const contentType = page.headers['content-type'];
  const isHtml = looksLikeHtml(page);
  const unfit = unfitToRead(page, isHtml ? MAX_BYTES.html : MAX_BYTES.text);
  if (unfit !== undefined) {
    if (unfit.reason === 'too_large') text = decode(page.body.subarray(0, EXCERPT), contentType).text;
    return drop('decode', unfit);
  }
  text = decode(page.body, contentType).text;
  const damage = undecodable(text);
  if (damage !== undefined) return drop('decode', damage);

  // extract
  if (isHtml) {
    const extraction = extract(text);
    const { flaw } = extraction;
    title ||= extraction.title;
    text = flaw !== undefined && extraction.text === '' ? text.slice(0, EXCERPT) : extraction.text;
    if (flaw !== undefined && (preset !== 'keep-all' || extraction.text === '')) return drop('extract', flaw);
  }

  // normalise
  title = normalize(repair(title)).replace(/\s+/g, ' ');
  text = normalize(repair(text));
  if (isHtml) text = store.lines.strip(hostOf(page), text);
  if (text === '') return drop('extract', { reason: 'no_text', value: 0, threshold: 1 });

  // identify and filter
  const tokens = readTokens(text);
  const language = identify(tokens, text);
  const { code, diacritics } = language;
  const measurements = measure(text, tokens, diacritics === 'absent');
  const judgement = judge({ text, tokens, language, measurements }, preset);
  if (judgement !== true) return drop(judgement.stage, judgement.verdict);

  // dedup
  const body = withoutTitle(tokens, title);
  const key = BigInt.asIntN(64, hash.h64(exactText(body)));
  const print = fingerprint(body);
  const duplicate = findDuplicate(store, key, print);
  const relative = duplicate && store.document(duplicate.document);
  if (duplicate !== undefined && relative !== undefined && preset !== 'keep-all') {
    store.addCopy(relative.clusterNumber);
    return drop(duplicate.stage, duplicate.rejection, relative.id);
  }
  const keptId = store.freeId(id);
  const number = store.addDocument(keptId, relative?.clusterNumber);
  store.exact.add(key, number);
  store.near.add(number, print);

  const cluster = relative?.cluster ?? keptId;
  const licence = page.licence ?? 'unknown';
  const kept = {
    id: keptId,
    text,
    url,
    title,
    source,
    fetchedAt,
    consent,
    licence,
    language: code,
    diacritics,
    cluster,
    measurements,
  };
  return { kept };
}

interface Duplicate {
  readonly stage: 'exact' | 'near';
  /** Number of the document that was kept. */
  readonly document: number;
  readonly rejection: Rejection;
}

function findDuplicate(store: DedupStore, key: bigint, print: Fingerprint): Duplicate | undefined {
  const same = store.exact.find(key);
  if (same !== undefined) {
    return { stage: 'exact', document: same, rejection: { reason: 'exact_duplicate', value: 1, threshold: 1 } };
  }
  const match = store.near.find(print, NEAR_SIMILARITY);
  if (match === undefined) return undefined;
  const rejection = { reason: 'near_duplicate', value: match.similarity, threshold: NEAR_SIMILARITY };
  return { stage: 'near', document: match.document, rejection };
}

/** Whether a layout repeats the title at the head of the text makes no difference to dedup. */
function withoutTitle(tokens: readonly Token[], title: string): readonly Token[] {
  const heading = readTokens(title);
  const repeats = heading.length < tokens.length && heading.every(({ folded }, i) => folded === tokens[i]!.folded);
  return repeats ? tokens.slice(heading.length) : tokens;
}

/** Of a page that is refused unread the reject store keeps only its head. */
const EXCERPT = 2_000;

/** Signed 64-bit key of URL and body. */
function pageKey({ url, body }: Page, hash: XXHashAPI): bigint {
  return BigInt.asIntN(64, hash.h64(url, hash.h64Raw(body)));
}

function refusedByConsent({ consent }: Page): Rejection | undefined {
  if (consent.conclusion === 'no-train') return { reason: 'no_train', value: 1, threshold: 0 };
  if (consent.conclusion === 'no-index') return { reason: 'no_index', value: 1, threshold: 0 };
  return undefined;
}

/** By its declared type; undeclared or plain text only when it opens like a document. */
function looksLikeHtml({ headers, body }: Page): boolean {
  const type = headers['content-type'] ?? '';
  if (/\b(?:x?html|xhtml\+xml)\b/i.test(type)) return true;
  if (type !== '' && !/^text\/plain/i.test(type)) return false;
  const head = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, 512)).toString('latin1');
  return /^[^<]{0,16}<(?:!doctype\s+html|html|head|body)\b/i.test(head);
}

const READABLE = /^(?:text\/|application\/(?:xhtml\+xml|xml)|$)/i;

function unfitToRead({ headers, body, truncated }: Page, maxBytes: number): Rejection | undefined {
  if (!READABLE.test(headers['content-type'] ?? '')) return { reason: 'not_text', value: 0, threshold: 1 };
  if (body.byteLength === 0) return { reason: 'empty', value: 0, threshold: 1 };
  if (truncated || body.byteLength > maxBytes) {
    return { reason: 'too_large', value: body.byteLength, threshold: Math.min(maxBytes, body.byteLength) };
  }
  return undefined;
}

function undecodable(text: string): Rejection | undefined {
  const lost = text.match(/[^\P{Cc}\s\u0080-\u009f]|\ufffd/gu)?.length ?? 0;
  const value = lost / Math.max(1, text.length);
  return value > MAX_UNDECODABLE ? { reason: 'undecodable', value, threshold: MAX_UNDECODABLE } : undefined;
}

const repair = (text: string): string => decodeReferences(repairMojibake(text));

function hostOf({ url, source }: Page): string {
  return URL.canParse(url) ? new URL(url).host || source : source;
}
