/**
 * What kind of file an answer is: by its Content-Type, and where that says nothing or does not parse, by its first bytes,
 * as browsers do it (WHATWG MIME Sniffing §4.4 and §7.1).
 */
import { wideEncodingOf } from './encoding.ts';

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9a-z]+";
const MEDIA_TYPE = new RegExp(`^[\\t\\n\\r ]*(${TOKEN}/${TOKEN})[\\t\\n\\r ]*(?:;|$)`, 'i');
/** Such as servers write where they know nothing. */
const UNKNOWN = /^(unknown\/unknown|application\/unknown|\*\/\*)$/;

/** `text/html` of `Text/HTML; charset=utf-8`; `undefined` for what does not parse, and for what means "unknown". */
export function mediaTypeOf(contentType: string): string | undefined {
  const essence = MEDIA_TYPE.exec(contentType)?.[1].toLowerCase();
  return essence === undefined || UNKNOWN.test(essence) ? undefined : essence;
}

/** The same, by the bytes where there is no other way. */
export const typeOf = (contentType: string, body: Uint8Array): string => mediaTypeOf(contentType) ?? sniffed(body);

const SNIFFED_BYTES = 1445;
/** Servers that type nothing send what browsers take for a page: a tag behind white space. */
const PAGE =
  /^[\t\n\f\r ]*(?:<!doctype html|<(?:html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|meta|frameset|link)(?=[\s>/])|<!--)/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what no text holds
const BINARY = /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]/;

function sniffed(body: Uint8Array): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, SNIFFED_BYTES));
  const wide = wideEncodingOf(bytes);
  const head = wide === undefined ? bytes.toString('latin1').replace(/^\xef\xbb\xbf/, '') : decodeWide(bytes, wide);
  if (PAGE.test(head)) return 'text/html';
  if (/^[\t\n\f\r ]*<\?xml/.test(head)) return 'text/xml';
  return wide === undefined && BINARY.test(head) ? 'application/octet-stream' : 'text/plain';
}

const decodeWide = (bytes: Uint8Array, encoding: string): string => new TextDecoder(encoding).decode(bytes);
