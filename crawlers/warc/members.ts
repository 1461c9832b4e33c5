/** Where the members of a file of `packMember` begin and end, by the lengths in their headers: what a crash left is found so. */
import { fstatSync, readSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { MAGIC, OWN_HEADER_BYTES, OWN_SIGNATURE, TRAILER_BYTES } from './gzip.ts';

/** Read at once where a file is hopped through: records of pages are a few kilobytes. */
const HOP_BYTES = 2 ** 20;
/** Behind a member that is larger the next header is read alone. */
const LARGE_BYTES = 2 ** 16;
const SUBFIELD = Buffer.from('sl');

/**
 * Offset behind the last member that is whole, in a file of `packMember` members; bytes behind it are a torn write.
 * The checksum is verified for the last member only: the ones before it were followed by another write.
 * Returns 0 for a file that does not start with such a member.
 */
export function endOfLastWholeMember(file: number): number {
  const size = fstatSync(file).size;
  const starts: number[] = [];
  let end = 0;
  const window = Buffer.allocUnsafe(HOP_BYTES);
  let [read, from, last]: [Buffer, number, number] = [window.subarray(0, 0), 0, 0];
  for (;;) {
    if (end + OWN_HEADER_BYTES > from + read.length) {
      from = end;
      const bytes = last > LARGE_BYTES ? OWN_HEADER_BYTES : HOP_BYTES;
      read = window.subarray(0, readSync(file, window, 0, bytes, end));
    }
    const length = memberLengthIn(read, end - from);
    if (length === undefined || end + length > size) break;
    starts.push(end);
    end += length;
    last = length;
  }
  while (starts.length > 0) {
    const start = starts.pop()!;
    const member = Buffer.alloc(end - start);
    readSync(file, member, 0, member.length, start);
    try {
      gunzipSync(member);
      return end;
    } catch {
      end = start;
    }
  }
  return 0;
}

/**
 * True when what stands behind the last whole member is a write that a crash cut off or left as noise: no further member
 * of ours begins in it. Damage in the middle of a file, and another program's file, are no torn writes.
 */
export function isTornWrite(file: number, offset: number): boolean {
  const { size } = fstatSync(file);
  const length = memberLengthAt(file, offset);
  if (length !== undefined && offset + length >= size) return true;
  const head = Buffer.alloc(Math.min(size - offset, MAGIC.length));
  readSync(file, head, 0, head.length, offset);
  if (size - offset < OWN_HEADER_BYTES && head.every((byte, i) => byte === MAGIC[i])) return true;
  if (offset === 0 || size - offset > MAX_TORN_BYTES) return false;
  const tail = Buffer.alloc(size - offset);
  readSync(file, tail, 0, tail.length, offset);
  for (let at = tail.indexOf(OWN_SIGNATURE, 1); at >= 0; at = tail.indexOf(OWN_SIGNATURE, at + 1)) {
    if (memberLengthAt(file, offset + at) !== undefined) return false;
  }
  return true;
}

/** No write is longer. */
const MAX_TORN_BYTES = 256 * 2 ** 20;

/** Of a member of `packMember`; `undefined` where none begins. */
export function memberLengthAt(file: number, offset: number): number | undefined {
  return memberLengthIn(bytesAt(file, offset, OWN_HEADER_BYTES), 0);
}

/** So many bytes of a file, fewer at its end. */
function bytesAt(file: number, offset: number, bytes: number): Buffer {
  const found = Buffer.alloc(bytes);
  return found.subarray(0, readSync(file, found, 0, bytes, offset));
}

/** Of the member that begins there: asked of every member of a file whenever a crawl begins. */
export function memberLengthIn(bytes: Buffer, at: number): number | undefined {
  if (at + OWN_HEADER_BYTES > bytes.length) return undefined;
  for (let i = 0; i < MAGIC.length; i++) if (bytes[at + i] !== MAGIC[i]) return undefined;
  if (bytes[at + 12] !== SUBFIELD[0] || bytes[at + 13] !== SUBFIELD[1]) return undefined;
  const length = bytes.readUInt32LE(at + 16);
  return length > OWN_HEADER_BYTES + TRAILER_BYTES ? length : undefined;
}
