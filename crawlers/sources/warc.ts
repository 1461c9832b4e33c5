/** Pages out of WARC files: ours, where the consent stands in the record, and foreign ones, where it is derived. */
import { resolve } from 'node:path';
import { wideEncodingOf } from '../bytes/encoding.ts';
import { mediaTypeOf, typeOf } from '../bytes/media-type.ts';
import { decodeMarkup } from '../links/links.ts';
import { parseUrl } from '../links/url.ts';
import {
  addressOf,
  CONSENT_UNKNOWN,
  type Consent,
  type ConsentConclusion,
  type ConsentTable,
  type Page,
} from '../page.ts';
import { concludeAgain, consentOf, PRODUCT_TOKEN } from '../polite/consent.ts';
import { RULES_FILES, wholeLines } from '../polite/site-rules.ts';
import { badInput } from '../shell/errors.ts';
import { recordFrom } from '../warc/gzip.ts';
import { headerRecord, isPart } from '../warc/http-message.ts';
import { readArc } from '../warc/read-arc.ts';
import { readWarc } from '../warc/read-warc.ts';
import type { WarcRecord } from '../warc/warc.ts';
import { zipParts } from '../warc/zip-parts.ts';
import { kindOfAnswer, missingFor, passUnread } from './binary-kinds.ts';
import { countSkip, isGivenAlone, type ReadContext, type Source } from './source.ts';

const TEXT_TYPES = new Set(['text/html', 'application/xhtml+xml', 'text/plain']);
/** Files for crawlers, not for readers. */
const FOR_CRAWLERS = /^\/(robots\.txt|ai\.txt|\.well-known\/.*)$/;
const CONCLUSIONS: ReadonlySet<string> = new Set<ConsentConclusion>(['open', 'no-train', 'no-index', 'unknown']);

export const warc: Source = {
  // Common Crawl's text and what it says of pages, what Heritrix has open, ArchiveTeam's; before WARC; Browsertrix.
  endings: [
    ...['.warc', '.warc.gz', '.wet', '.wet.gz', '.warc.gz.open', '.warc.open', '.warc.zst'],
    ...['.arc', '.arc.gz', '.wacz', '.wat', '.wat.gz'],
  ],
  async *read(file, context) {
    const { path } = file;
    if (/\.wat(?:\.gz)?$/i.test(path)) {
      const fact = 'links and headers of pages, without their text';
      if (isGivenAlone(file))
        throw badInput('BAD_INPUT', `${path}: ${fact}`, 'give the .warc or .wet file of the same name');
      countSkip(context, `.wat: ${fact}`);
      return;
    }
    for await (const record of recordsOf(path, context)) {
      const page = pageOf(record, context);
      if (typeof page === 'object') {
        yield record.at === undefined ? page : { ...page, place: { path: resolve(path), at: record.at } };
        continue;
      }
      if (typeof page === 'string') countSkip(context, page);
      const notice = context.withNotices ? noticeOf(record, context.consent) : undefined;
      if (notice !== undefined) yield notice;
    }
  },
};

/** Only those of WARC files can be read by themselves. */
export const isAppended = (path: string): boolean => !/\.(?:arc|arc\.gz|wacz)$/i.test(path);

async function* recordsOf(path: string, context: ReadContext): AsyncGenerator<WarcRecord> {
  const { signal, skipped, onRead, from, to } = context;
  const options = { skipped, onRead, withHeads: true };
  if (/\.arc(?:\.gz)?$/i.test(path)) yield* readArc(path, signal, options);
  else if (/\.wacz$/i.test(path)) {
    for (const { name, isPacked, ...within } of zipParts(path)) {
      if (!/\.warc(?:\.gz)?$/i.test(name)) continue;
      if (isPacked)
        throw badInput('BAD_INPUT', `${path}: ${name} is packed, expected stored as it is`, 'unzip it, and read that');
      for await (const record of readWarc(path, signal, { ...options, within })) yield { ...record, at: undefined };
    }
  } else if (from === undefined || to === undefined || from === 0)
    yield* readWarc(path, signal, { ...options, from, to });
  else {
    const first = await recordFrom(path, from, signal);
    if (first !== undefined && first < to) yield* readWarc(path, signal, { ...options, from: first, to });
  }
}

/** The page of a record, or the reason why it is none; nothing where that was counted. */
function pageOf(record: WarcRecord, context: ReadContext): Page | string | undefined {
  const { consent: table, withBinary } = context;
  if (record.type === 'revisit') return 'record type revisit';
  if (record.status < 200 || record.status > 299) return `status ${record.status}`;
  const headers = headerRecord(record.headers);
  const contentType = headers['content-type'] ?? '';
  const mediaType = typeOf(contentType, record.body);
  const isSilent = contentType === '' && mediaType === 'text/plain'; // such text is a program's more often than not
  const kind = withBinary ? kindOfAnswer(contentType, record.url) : undefined;
  if (kind !== undefined) {
    if (missingFor(kind).length > 0) {
      passUnread(kind, context);
      return undefined;
    }
    headers['content-type'] = kind.types[0];
  } else if (isSilent || !TEXT_TYPES.has(mediaType)) return `content type ${isSilent ? 'missing' : mediaType}`;
  // What does not parse is written so that it does; its charset stays.
  if (kind === undefined && contentType !== '' && mediaTypeOf(contentType) === undefined) {
    headers['content-type'] = [mediaType, /charset=[\w:.-]+/i.exec(contentType)?.[0]].filter(Boolean).join('; ');
  }
  const url = parseUrl(record.url);
  if (!url || !/^https?:$/.test(url.protocol)) return 'no web address';
  // Also what robots.txt was redirected to: it was asked for without asking its own host's rules.
  if (FOR_CRAWLERS.test(url.pathname) || valuesOf(record, 'vua-resource').length > 0) return 'file for crawlers';
  return {
    url: record.url,
    source: valuesOf(record, 'vua-source')[0] ?? url.hostname,
    fetchedAt: record.fetchedAt,
    status: record.status,
    headers,
    body: record.body,
    truncated: record.truncated !== undefined || isPart(record.status, record.headers),
    ...(record.wholeBytes !== undefined && { wholeBytes: record.wholeBytes }),
    consent:
      statedConsent(record, table) ??
      consentOf({
        headers: record.headers,
        ...(kind === undefined && { html: markupOf(record.body, headers['content-type']) }),
        table,
      }),
  };
}

/** What a record that is no page tells of its address. */
function noticeOf(record: WarcRecord, table?: ConsentTable): Page | undefined {
  const { type, status, fetchedAt } = record;
  const url = valuesOf(record, 'vua-rules-of')[0] ?? record.url;
  if (parseUrl(url) === undefined || !/^https?:/i.test(url)) return undefined;
  const headers = headerRecord(record.headers);
  const nothing = { source: '', headers, consent: CONSENT_UNKNOWN, body: new Uint8Array(), truncated: false };
  const told = { ...nothing, url, fetchedAt, status };
  if (type === 'revisit') {
    const consent = statedConsent(record, table) ?? consentOf({ headers: record.headers, table });
    const { refersTo } = record;
    const isOfIt = refersTo !== undefined && addressOf(refersTo.url ?? url) === addressOf(url);
    return { ...told, consent, notice: 'unchanged', ...(isOfIt && { confirms: refersTo.date }) };
  }
  if ((RULES_FILES as readonly string[]).includes(new URL(url).pathname)) {
    const body = Buffer.from(wholeLines(record));
    const source = valuesOf(record, 'vua-rules-for')[0] ?? PRODUCT_TOKEN;
    if (status >= 200 && status < 300) return { ...told, notice: 'rules', source, body };
    return status >= 400 && status < 500 && status !== 429 ? { ...told, notice: 'rules', source } : undefined;
  }
  return status === 404 || status === 410 ? { ...told, notice: 'gone' } : undefined;
}

const valuesOf = ({ extra }: WarcRecord, name: string): string[] =>
  extra.filter(([candidate]) => candidate.toLowerCase() === name).map(([, value]) => value);

function statedConsent(record: WarcRecord, table?: ConsentTable): Consent | undefined {
  const conclusion = valuesOf(record, 'vua-consent')[0];
  if (conclusion === undefined || !CONCLUSIONS.has(conclusion)) return undefined;
  const statements = valuesOf(record, 'vua-consent-statement');
  return concludeAgain({ conclusion: conclusion as ConsentConclusion, statements }, table);
}

/** A page as far as meta tags go: they are ASCII, so that its charset does not matter, but for UTF-16. */
export function markupOf(body: Uint8Array, contentType = ''): string {
  const isWide = wideEncodingOf(body) !== undefined || /charset\s*=\s*["']?utf-?16/i.test(contentType);
  if (isWide) return decodeMarkup(body, contentType).html;
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
}
