/** Which parts a zip archive holds and where they stand in the file: for those that are stored as they are (WACZ). */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { badInput } from '../shell/errors.ts';

export interface ZipPart {
  readonly name: string;
  /** Bytes of the file. */
  readonly start: number;
  readonly end: number;
  readonly isPacked: boolean;
}

const END_BYTES = 22;
const MOST_COMMENT = 65_535;
const WIDE = 0xffffffff;

/** @throws ToolkitError BAD_INPUT (exit 2): no zip archive, or one that was cut */
export function zipParts(path: string): ZipPart[] {
  const file = openSync(path, 'r');
  const { size } = fstatSync(file);
  const read = (start: number, length: number): Buffer => {
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - start)));
    readSync(file, bytes, 0, bytes.length, start);
    return bytes;
  };
  try {
    const tailStart = Math.max(0, size - END_BYTES - MOST_COMMENT);
    const tail = read(tailStart, END_BYTES + MOST_COMMENT);
    const end = tail.lastIndexOf('PK\x05\x06', undefined, 'latin1');
    if (end < 0) throw new Error('the list of its parts is missing');
    let [count, length, start] = [
      tail.readUInt16LE(end + 10),
      tail.readUInt32LE(end + 12),
      tail.readUInt32LE(end + 16),
    ];
    if (start === WIDE || count === 0xffff) {
      const wide = read(Number(tail.readBigUInt64LE(end - 12)), 56);
      [count, length, start] = [24 + 8, 40, 48].map((at) => Number(wide.readBigUInt64LE(at)));
    }
    const directory = read(start, length);
    const parts: ZipPart[] = [];
    for (let at = 0; parts.length < count; ) {
      if (directory.readUInt32LE(at) !== 0x02014b50) throw new Error('the list of its parts is damaged');
      const [nameLength, extraLength, noteLength] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field));
      const extra = directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
      const sizes = [24, 20, 42].map((field) => directory.readUInt32LE(at + field));
      const [, packed, local] = widened(sizes, extra);
      const head = read(local, 30);
      const first = local + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
      const name = directory.toString('utf8', at + 46, at + 46 + nameLength);
      parts.push({ name, start: first, end: first + packed, isPacked: directory.readUInt16LE(at + 10) !== 0 });
      at += 46 + nameLength + extraLength + noteLength;
    }
    return parts;
  } catch (error) {
    throw badInput(
      'BAD_INPUT',
      `${path}: no whole zip archive: ${(error as Error).message}`,
      'fetch the file again',
      error,
    );
  } finally {
    closeSync(file);
  }
}

/** Sizes and place that 32 bits do not hold stand in a field of their own, in this order. */
function widened(sizes: readonly number[], extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let next = at + 4;
    return sizes.map((size) => {
      if (size !== WIDE) return size;
      next += 8;
      return Number(extra.readBigUInt64LE(next - 8));
    });
  }
  return [...sizes];
}
