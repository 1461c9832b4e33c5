/** Token files that other engines wrote → their documents, one at a time, in the order of the files. */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { badInput } from '../../../crawlers/shell/errors.ts';
import { badShard, checkSize } from '../../arrow/ranges.ts';
import type { ForeignTokens } from '../formats.ts';

/** A pair of files. */
export interface ForeignFile {
  readonly tokens: string;
  readonly index: string;
}

const ENDINGS: Readonly<Record<ForeignTokens, readonly [tokens: string, index: string]>> = {
  megatron: ['.bin', '.idx'],
  datatrove: ['.ds', '.ds.index'],
};
/** Bytes by the `DType` of Megatron-core. */
const MEGATRON_TYPES: Readonly<Record<number, number>> = { 1: 1, 4: 4, 5: 8, 8: 2 };
const MEGATRON_HEAD = 34;
/** Numbers of an index that are in memory at once. */
const STRETCH = 1 << 14;

/** All pairs below a folder, or the one of a prefix. @throws ToolkitError NO_DOCUMENTS (exit 2) where there is none */
export function foreignFiles(from: ForeignTokens, path: string): ForeignFile[] {
  const [tokens, index] = ENDINGS[from];
  const pair = (prefix: string): ForeignFile => ({ tokens: prefix + tokens, index: prefix + index });
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory();
  const prefixes = isFolder
    ? readdirSync(path, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith(index))
        .sort()
        .map((name) => join(path, name.slice(0, -index.length)))
    : [path.replace(/(\.ds\.index|\.ds|\.bin|\.idx)$/, '')];
  const pairs = prefixes.map(pair);
  const missing = pairs.flatMap((files) => Object.values(files) as string[]).find((file) => !existsSync(file));
  if (pairs.length > 0 && missing === undefined) return pairs;
  throw badInput(
    'NO_DOCUMENTS',
    missing === undefined ? `${path}: no *${index} here` : `${missing}: not there`,
    `expected pairs of *${tokens} and *${index}, or the common part of their names`,
  );
}

/**
 * Ids of each document: a view that the next one replaces.
 * @throws ToolkitError BAD_SHARD where the two files do not belong together
 */
export function* foreignDocuments(from: ForeignTokens, file: ForeignFile): Generator<Uint32Array> {
  const [width, lengths] = from === 'megatron' ? megatronLengths(file) : datatroveLengths(file);
  const bin = openSync(file.tokens, 'r');
  let room = Buffer.alloc(1 << 20);
  let ids = new Uint32Array(1 << 16);
  let at = 0;
  try {
    for (const length of lengths) {
      const bytes = length * width;
      if (bytes > room.length) room = Buffer.alloc(2 * bytes);
      if (length > ids.length) ids = new Uint32Array(2 * length);
      readWhole(bin, room.subarray(0, bytes), at, file.tokens);
      at += bytes;
      for (let i = 0; i < length; i++) {
        const id = width === 2 ? room.readUInt16LE(2 * i) : width === 1 ? room[i] : room.readUInt32LE(width * i);
        if (width === 8 && room.readUInt32LE(8 * i + 4) !== 0) throw badShard(file.tokens, `token ${i} is no token`);
        ids[i] = id;
      }
      yield ids.subarray(0, length);
    }
    checkSize(file.tokens, fstatSync(bin).size, at);
  } finally {
    closeSync(bin);
  }
}

type Lengths = readonly [width: number, lengths: Generator<number>];

/** Sequences that belong to one document are joined. */
function megatronLengths({ index }: ForeignFile): Lengths {
  const head = Buffer.alloc(MEGATRON_HEAD);
  const file = openSync(index, 'r');
  readWhole(file, head, 0, index);
  const width = MEGATRON_TYPES[head.readUInt8(17)];
  if (
    head.subarray(0, 9).toString('latin1') !== 'MMIDIDX\0\0' ||
    head.readBigUInt64LE(9) !== 1n ||
    width === undefined
  ) {
    closeSync(file);
    throw badShard(index, 'no index of Megatron, version 1, of whole numbers');
  }
  const [sequences, documents] = [Number(head.readBigUInt64LE(18)), Number(head.readBigUInt64LE(26))];
  const offsetsAt = MEGATRON_HEAD + 4 * sequences;
  return [width, all()];

  function* all(): Generator<number> {
    try {
      checkSize(
        index,
        Math.min(fstatSync(file).size, offsetsAt + 8 * (sequences + documents)),
        offsetsAt + 8 * (sequences + documents),
      );
      const lengths = numbersOf(file, index, MEGATRON_HEAD, sequences, 4);
      const offsets = numbersOf(file, index, offsetsAt, sequences, 8);
      let [sequence, expected] = [0, 0];
      for (const end of numbersOf(file, index, offsetsAt + 8 * sequences + 8, documents - 1, 8)) {
        let length = 0;
        for (; sequence < end; sequence++) {
          const offset = offsets.next().value;
          if (offset !== expected)
            throw badShard(index, `sequence ${sequence} is at byte ${offset}, expected ${expected}`);
          const more = lengths.next().value as number;
          length += more;
          expected += more * width;
        }
        yield length;
      }
      if (sequence !== sequences) throw badShard(index, `${sequence} sequences in documents, expected ${sequences}`);
    } finally {
      closeSync(file);
    }
  }
}

function datatroveLengths({ tokens, index }: ForeignFile): Lengths {
  const file = openSync(index, 'r');
  const [bytes, size] = [fstatSync(file).size, statSync(tokens).size];
  const last = Buffer.alloc(8);
  if (bytes > 0) readWhole(file, last, bytes - 8, index);
  const total = Number(last.readBigUInt64LE(0));
  const width = total === 0 ? 2 : size / total;
  if (bytes % 8 !== 0 || (width !== 2 && width !== 4)) {
    closeSync(file);
    throw badShard(index, `${total} tokens, but ${tokens} has ${size} bytes`);
  }
  return [width, all()];

  function* all(): Generator<number> {
    try {
      let from = 0;
      for (const end of numbersOf(file, index, 0, bytes / 8, 8)) {
        if (end < from) throw badShard(index, `a document ends at ${end}, the one before it at ${from}`);
        yield end - from;
        from = end;
      }
    } finally {
      closeSync(file);
    }
  }
}

function* numbersOf(file: number, path: string, position: number, count: number, width: 4 | 8): Generator<number> {
  const room = Buffer.alloc(STRETCH * width);
  for (let done = 0; done < count; done += STRETCH) {
    const part = room.subarray(0, Math.min(STRETCH, count - done) * width);
    readWhole(file, part, position + done * width, path);
    for (let at = 0; at < part.length; at += width)
      yield width === 4 ? part.readUInt32LE(at) : Number(part.readBigUInt64LE(at));
  }
}

function readWhole(file: number, target: Buffer, position: number, path: string): void {
  for (let at = 0; at < target.length; ) {
    const read = readSync(file, target, at, target.length - at, position + at);
    if (read === 0) throw badShard(path, `ends at byte ${position + at}: it was cut`);
    at += read;
  }
}

/** Held out by its name: `valid-00000.bin`, `validation/00000.ds`. */
export const isHeldOut = ({ tokens }: ForeignFile): boolean =>
  /(^|[^a-z])(valid|validation|val|dev|test)([^a-z]|$)/i.test(tokens.split(/[\\/]/).slice(-2).join('/'));
