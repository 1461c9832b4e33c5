/** The stored HTTP message of a WARC record: status line, header pairs, body with its codings undone. RFC 9112. */
import { BadCoding, codingsOf, MAX_CODINGS, undoCodings } from '../bytes/codings.ts';

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

export interface HttpResponse {
  readonly status: number;
  readonly statusText: string;
  /** As stored, in order, repeated names included. */
  readonly headers: HeaderPairs;
  /** After Transfer-Encoding and Content-Encoding were undone. */
  readonly body: Uint8Array;
}

/** The response in `message`, its body still coded. `undefined` when it is not an HTTP response. */
export function parseResponse(message: Buffer): HttpResponse | undefined {
  const lines: string[] = [];
  let offset = 0;
  for (;;) {
    const newline = message.indexOf(0x0a, offset);
    const line = message.toString('latin1', offset, newline < 0 ? message.length : newline).replace(/\r$/, '');
    offset = newline < 0 ? message.length : newline + 1;
    if (line === '') break;
    lines.push(line);
  }
  const statusLine = /^HTTP\/\d(?:\.\d)? +(\d{3})(?: +(.*))?$/.exec(lines[0] ?? '');
  if (!statusLine) return undefined;
  return {
    status: Number(statusLine[1]),
    statusText: statusLine[2] ?? '',
    headers: parseFields(lines.slice(1)),
    body: message.subarray(offset),
  };
}

/** `Name: value` lines as pairs; a line that starts with white space continues the one above; others are ignored. */
export function parseFields(lines: readonly string[]): HeaderPairs {
  const pairs: [string, string][] = [];
  for (const line of lines) {
    const last = pairs.at(-1);
    if (/^[ \t]/.test(line) && last) last[1] = `${last[1]} ${line.trim()}`.trim();
    else {
      const colon = line.indexOf(':');
      if (colon > 0) pairs.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
    }
  }
  return pairs;
}

/** First value of a header; names compare without case. */
export function headerOf(headers: HeaderPairs, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return headers.find(([candidate]) => candidate.toLowerCase() === wanted)?.[1];
}

/** A 206 that does not hold all of the file. */
export function isPart(status: number, headers: HeaderPairs): boolean {
  if (status !== 206) return false;
  const [, first, last, length] =
    /^bytes\s+(\d+)-(\d+)\/(\d+|\*)/i.exec(headerOf(headers, 'content-range') ?? '') ?? [];
  return first === undefined || Number(first) > 0 || Number(last) + 1 !== Number(length);
}

/** Names in lower case; values of a repeated name joined by `, `. */
export function headerRecord(headers: HeaderPairs): Record<string, string> {
  const record: Record<string, string> = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    record[key] = key in record ? `${record[key]}, ${value}` : value;
  }
  return record;
}

/**
 * Body of a stored response with chunks joined and compression undone. Tools disagree on what they store, so a body
 * that is not coded as its headers say is returned as it is; a cut one is returned as far as it can be read.
 * `undefined` when it would be larger than `maxBytes`.
 */
export async function decodeBody(
  headers: HeaderPairs,
  body: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const isChunked = headers.some(([name, value]) => /^transfer-encoding$/i.test(name) && /\bchunked\b/i.test(value));
  let decoded = isChunked ? (joinChunks(body) ?? body) : body;
  const codings = codingsOf(headers);
  for (const coding of codings.length > MAX_CODINGS ? [] : codings.reverse()) {
    try {
      const undone = await undoCodings([coding], decoded, maxBytes);
      if (undone.isOver) return undefined;
      decoded = undone.body;
    } catch (error) {
      if (!(error instanceof BadCoding)) throw error;
    }
  }
  return decoded.length > maxBytes ? undefined : decoded;
}

/** RFC 9112 §7.1. `undefined` when the body does not start with a chunk size; a cut body gives what is there. */
function joinChunks(body: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const chunks: Buffer[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, offset);
    const size = /^0*([0-9a-f]{1,13})[ \t]*(?:;.*)?\r?$/i.exec(
      bytes.toString('latin1', offset, Math.max(offset, newline)),
    );
    if (!size) return chunks.length > 0 ? Buffer.concat(chunks) : undefined;
    const start = newline + 1;
    const length = Number.parseInt(size[1], 16);
    if (length === 0) break;
    chunks.push(bytes.subarray(start, start + length));
    offset = start + length;
    if (bytes[offset] === 0x0d) offset++;
    if (bytes[offset] === 0x0a) offset++;
  }
  return Buffer.concat(chunks);
}
