/**
 * Bytes → text. What the bytes prove comes before what somebody said about them:
 * byte order mark, valid UTF-8, words of a legacy Vietnamese encoding, then HTTP's charset, `<meta>`, windows-1252.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { decodeLegacy, detectLegacy, type LegacyCharset } from './legacy.ts';

export interface Decoded {
  readonly text: string;
  /** Name of the encoding, lower case. */
  readonly charset: string;
  readonly decidedBy: 'bom' | 'content' | 'words' | 'http' | 'meta' | 'default';
  /** The same where it is an old Vietnamese encoding, known by its words. */
  readonly legacy?: LegacyCharset;
}

/**
 * @param contentType value of the HTTP header, if there was one
 * @returns text that may hold U+FFFD where bytes fit no character; never throws
 */
export function decode(body: Uint8Array, contentType?: string): Decoded {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const marked = byteOrderMark(bytes);
  if (marked !== undefined) return { text: new TextDecoder(marked).decode(bytes), charset: marked, decidedBy: 'bom' };
  const wide = zeroPattern(bytes);
  if (wide !== undefined) return { text: new TextDecoder(wide).decode(bytes), charset: wide, decidedBy: 'content' };
  const http = charsetIn(contentType ?? '');
  if (isUtf8(bytes) || isUtf8(withoutCutCharacter(bytes))) {
    // ISO-2022 and HZ write in ASCII bytes what only their name tells.
    const escaped = isAscii(bytes) ? (decoderOf(http, /^(?:iso-2022|hz)/) ?? undefined) : undefined;
    if (escaped !== undefined) return { text: escaped.decode(bytes), charset: escaped.encoding, decidedBy: 'http' };
    return { text: withoutCutCharacter(bytes).toString('utf8'), charset: 'utf-8', decidedBy: 'content' };
  }
  if (isMostlyUtf8(bytes)) return { text: bytes.toString('utf8'), charset: 'utf-8', decidedBy: 'content' };
  const byteString = bytes.toString('latin1');
  const legacy = detectLegacy(byteString);
  if (legacy !== undefined)
    return { text: decodeLegacy(byteString, legacy), charset: legacy, decidedBy: 'words', legacy };
  const fromHttp = decoderOf(http);
  if (fromHttp !== undefined) return { text: fromHttp.decode(bytes), charset: fromHttp.encoding, decidedBy: 'http' };
  const fromMeta = decoderOf(charsetIn(metaOf(byteString)));
  if (fromMeta !== undefined) return { text: fromMeta.decode(bytes), charset: fromMeta.encoding, decidedBy: 'meta' };
  return { text: new TextDecoder('windows-1252').decode(bytes), charset: 'windows-1252', decidedBy: 'default' };
}

function byteOrderMark(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

/** UTF-16 without a mark: in markup and Latin text every other byte is zero. */
function zeroPattern(bytes: Buffer): string | undefined {
  const head = bytes.subarray(0, 512);
  let even = 0;
  let odd = 0;
  for (let i = 0; i < head.length; i++) if (head[i] === 0) i % 2 === 0 ? even++ : odd++;
  const enough = head.length / 5;
  if (even > enough && odd < even / 4) return 'utf-16be';
  if (odd > enough && even < odd / 4) return 'utf-16le';
  return undefined;
}

/** Without the torn character at the end of a body that was cut. */
function withoutCutCharacter(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if (byte < 0x80) return bytes;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? bytes.subarray(0, bytes.length - back) : bytes;
    }
  }
  return bytes;
}

/** A page in UTF-8 with a few foreign bytes in it: most bytes above ASCII stand in whole characters. */
function isMostlyUtf8(bytes: Buffer): boolean {
  let whole = 0;
  let stray = 0;
  for (let i = 0; i < bytes.length; ) {
    const byte = bytes[i];
    const length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 0;
    let isWhole = length > 0 && i + length <= bytes.length;
    for (let k = 1; isWhole && k < length; k++) isWhole = (bytes[i + k] & 0xc0) === 0x80;
    if (!isWhole) stray++;
    else if (length > 1) whole++;
    i += isWhole ? length : 1;
  }
  return whole > 10 * stray;
}

/** `charset=` of a header value or of markup, lower case. */
const charsetIn = (text: string): string => /charset\s*=\s*["']?\s*([\w.:-]+)/i.exec(text)?.[1]?.toLowerCase() ?? '';

/** The `<meta>` elements of the head that speak of a charset. */
const metaOf = (byteString: string): string =>
  /<meta[^>]{0,300}charset[^>]{0,100}>/i.exec(byteString.slice(0, 4096))?.[0] ?? '';

/** A decoder for a label that the platform knows; UTF-8 was already ruled out by the bytes. */
function decoderOf(label: string, only?: RegExp): TextDecoder | undefined {
  if (label === '' || (only !== undefined && !only.test(label))) return undefined;
  try {
    const decoder = new TextDecoder(label);
    return decoder.encoding === 'utf-8' ? undefined : decoder;
  } catch {
    return undefined; // an unknown label: x-user-defined fonts, misspellings
  }
}
