/**
 * gzip by members, for files that grow record by record and must survive a crash.
 *
 *   file    [member][member][member]…            each member can be read alone
 *   member  1f 8b 08 FLG mtime×4 XFL OS │ extra │ name │ comment │ hcrc │ deflate data │ crc32×4 length×4
 *   extra   "sl" 4 │ bytes of the whole member × 4      (skip-lengths; written here, ignored by other readers)
 *
 * The skip length lets `endOfLastWholeMember` (members.ts) hop from header to header, so that a writer can cut a torn tail off
 * without unpacking the file. `unpack` reads any gzip file, and unlike `zlib.createGunzip` hands out everything that
 * stands before a damage. Called by warc.ts and sources/.
 */
import { promisify } from 'node:util';
import { constants, crc32, createInflateRaw, deflateRaw, deflateRawSync } from 'node:zlib';
import { badInput, reasonOf, ToolkitError } from '../shell/errors.ts';
import { fileInput, type Window } from './file-input.ts';
import { EndOfInput, Input } from './input.ts';

const deflate = promisify<Uint8Array, object, Buffer>(deflateRaw);
/** Level 4 makes pages 2.7 % larger in 0.78 of the time (295 pages), a hundredth of what a page costs: the default stays. */
const LEVEL = {} as const;
/** What is short needs no large window, and making one takes longer than packing. */
const SHORT = { windowBits: 10, memLevel: 3 } as const;
const SHORT_BYTES = 1024;
/** What is longer is packed in a thread: until here waking one costs more. */
const AT_ONCE_BYTES = 262_144;

export const MAGIC = [0x1f, 0x8b, 0x08] as const;
const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16 } as const;
const FIXED_BYTES = 10;
export const TRAILER_BYTES = 8;
/** Header of our own members: fixed part, extra length, one `sl` subfield with four bytes. */
export const OWN_HEADER_BYTES = FIXED_BYTES + 2 + 4 + 4;

/** How they begin. */
export const OWN_SIGNATURE = Buffer.from([...MAGIC, FLAG.extra]);

/** One gzip member that holds `data` and its own length. */
export async function packMember(data: Uint8Array): Promise<Uint8Array> {
  return memberOf(
    data,
    data.length > AT_ONCE_BYTES
      ? await deflate(data, LEVEL)
      : deflateRawSync(data, data.length > SHORT_BYTES ? LEVEL : SHORT),
  );
}

/** A member of so many bytes with `data`: a comment of spaces fills it up. Without `data` where that is too long. */
export function memberOfLength(data: Uint8Array, length: number): Uint8Array {
  const deflated = deflateRawSync(data);
  const comment = length - OWN_HEADER_BYTES - deflated.length - TRAILER_BYTES;
  if (comment <= 0) return memberOfLength(new Uint8Array(), length);
  return memberOf(data, deflated, Buffer.alloc(comment, ' ').fill(0, comment - 1));
}

function memberOf(data: Uint8Array, deflated: Uint8Array, comment = new Uint8Array()): Uint8Array {
  const member = Buffer.alloc(OWN_HEADER_BYTES + comment.length + deflated.length + TRAILER_BYTES);
  member.set(MAGIC);
  member[3] = FLAG.extra | (comment.length > 0 ? FLAG.comment : 0);
  member[9] = 255; // operating system: unknown
  member.writeUInt16LE(8, 10);
  member.write('sl', 12, 'latin1');
  member.writeUInt16LE(4, 14);
  member.writeUInt32LE(member.length, 16);
  member.set(comment, OWN_HEADER_BYTES);
  member.set(deflated, OWN_HEADER_BYTES + comment.length);
  member.writeUInt32LE(crc32(data), member.length - 8);
  member.writeUInt32LE(data.length, member.length - 4);
  return member;
}

/** Whether bytes begin as gzip does. */
export const isGzip = (bytes: Uint8Array): boolean => MAGIC.every((byte, i) => bytes[i] === byte);

/**
 * The bytes of a file in order, gzip or zstd undone when it starts with their magic (whatever the file is called).
 * Ends early, without an error, when `signal` is aborted.
 * @param onRead Hears how many bytes were read, as they are stored.
 * @throws ToolkitError BAD_INPUT (missing, unreadable or empty), TRUNCATED_GZIP, BAD_GZIP (exit 2), after everything
 * that stands before the damage was yielded.
 */
export async function* unpack(
  path: string,
  signal?: AbortSignal,
  onRead?: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const input = fileInput(path, signal, onRead);
  try {
    if (!(await input.fill(1)) && !signal?.aborted) {
      throw isEmpty(path);
    }
    await input.fill(MAGIC.length);
    yield* isGzip(input.pending) ? inflateFile(input, path, signal) : input.rest(signal);
  } finally {
    await input.close();
  }
}

/** Between the bytes of `unpackRecords`: what follows begins a record. */
export interface RecordStart {
  /** Of the gzip member, in the file. */
  readonly at: number;
  /** What stood from `lostFrom` to `at` could not be unpacked; nothing need follow. */
  readonly damage?: ToolkitError;
  readonly lostFrom?: number;
}

/**
 * The same for files of records (WARC): says where a gzip member begins with one, and after damage goes on with the next
 * such member instead of throwing.
 * @param from a byte at which a record begins
 * @param within the part of the file that holds them
 * @throws ToolkitError BAD_INPUT (exit 2)
 */
export async function* unpackRecords(
  path: string,
  signal?: AbortSignal,
  onRead?: (bytes: number) => void,
  from = 0,
  within?: Window,
): AsyncGenerator<Buffer | RecordStart> {
  const input = fileInput(path, signal, onRead, within);
  try {
    if (from > 0) await input.rewind(from);
    await input.fill(MAGIC.length);
    if (input.pending.length > 0 && !isGzip(input.pending)) yield* input.rest(signal);
    else if (input.pending.length > 0) yield* inflateRecords(input, path, signal);
    else if (!signal?.aborted) throw isEmpty(path);
  } finally {
    await input.close();
  }
}

async function* inflateRecords(
  input: Input,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer | RecordStart> {
  for (;;) {
    const start = input.offset;
    let isFirst = true;
    try {
      if (!(await hasMember(input, signal))) return;
      for await (const piece of inflateMember(input)) {
        if (isFirst && beginsRecord(piece)) yield { at: start };
        isFirst = false;
        yield piece;
      }
    } catch (error) {
      if (signal?.aborted) return;
      const isCut = error instanceof EndOfInput;
      const end = input.offset;
      const at = await findRecord(input, start + 1, signal);
      if (error instanceof ToolkitError) throw error;
      const damage =
        isCut && at !== undefined ? badMember(path, start, 'it does not end') : faultOf(path, start, end, error);
      yield { at: at ?? input.offset, damage, lostFrom: start };
      if (at === undefined) return;
    }
  }
}

const RECORD = 'WARC/';
const beginsRecord = (bytes: Buffer): boolean => bytes.toString('latin1', 0, RECORD.length) === RECORD;
/** A record shows itself in so many bytes of its member. */
const TRIAL_BYTES = 4096;

/** The first member at a byte or behind it that begins with a record; `undefined` where none does. */
export async function recordFrom(path: string, from: number, signal?: AbortSignal): Promise<number | undefined> {
  const input = fileInput(path, signal);
  try {
    return await findRecord(input, from, signal);
  } finally {
    await input.close();
  }
}

/** Moves to the next member that begins with a record. `undefined` at the end of the file. */
async function findRecord(input: Input, from: number, signal: AbortSignal | undefined): Promise<number | undefined> {
  await input.rewind(from);
  const magic = Buffer.from(MAGIC);
  while (!signal?.aborted && (await input.fill(magic.length))) {
    const found = input.pending.indexOf(magic);
    input.take(found >= 0 ? found : input.pending.length - magic.length + 1);
    if (found < 0) continue;
    await input.fill(TRIAL_BYTES);
    if (await isRecordMember(input.pending.subarray(0, TRIAL_BYTES))) return input.offset;
    input.take(1);
  }
  return undefined;
}

async function isRecordMember(bytes: Buffer): Promise<boolean> {
  if ((bytes[3] & 0xe0) !== 0) return false; // reserved flags
  const opened = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  try {
    const trial = new Input(() => [bytes].values());
    await skipHeader(trial);
    opened.end(trial.pending);
    for await (const piece of opened) return beginsRecord(piece as Buffer);
  } catch {} // no member
  opened.destroy();
  return false;
}

async function* inflateFile(input: Input, path: string, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  for (;;) {
    const start = input.offset;
    try {
      if (!(await hasMember(input, signal))) return;
      yield* inflateMember(input);
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof ToolkitError) throw error;
      throw faultOf(path, start, input.offset, error);
    }
  }
}

/** Whether another member follows; padding is passed over. */
async function hasMember(input: Input, signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted || !(await input.fill(1))) return false;
  return input.pending[0] !== 0 || !(await isPadding(input));
}

const isEmpty = (path: string): ToolkitError =>
  badInput('BAD_INPUT', `${path}: the file is empty`, 'leave it out of the input, or fetch it again');

const badMember = (path: string, start: number, fact: string, error?: unknown): ToolkitError =>
  badInput(
    'BAD_GZIP',
    `${path}: damaged gzip data in the member at byte ${start}: ${fact}`,
    'fetch or copy the file again; what is whole was read',
    error,
  );

function faultOf(path: string, start: number, end: number, error: unknown): ToolkitError {
  if (!(error instanceof EndOfInput)) return badMember(path, start, reasonOf(error), error);
  return badInput(
    'TRUNCATED_GZIP',
    `${path}: the gzip data ends inside the member at byte ${start}; the file has ${end} bytes`,
    'fetch or copy the file again; what stands before the cut was read',
  );
}

/** Tape blocks and some download tools fill up the end of a file with zero bytes. */
async function isPadding(input: Input): Promise<boolean> {
  while (input.pending.every((byte) => byte === 0)) {
    input.take(input.pending.length);
    if (!(await input.fill(1))) return true;
  }
  return false;
}

/** The end of a member goes out when its checksum is known: a record in a damaged member is never whole. */
const HELD_BYTES = 16;

async function* inflateMember(input: Input): AsyncGenerator<Buffer> {
  await skipHeader(input);
  let held: Buffer = Buffer.alloc(0);
  const inflate = createInflateRaw();
  const unpacked: Buffer[] = [];
  let damage: Error | undefined;
  inflate.on('data', (chunk: Buffer) => unpacked.push(chunk));
  let wake = (): void => {};
  inflate.on('error', (error) => {
    damage = error;
    wake(); // a write that fails does not call back
  });
  let crc = 0;
  let length = 0;
  try {
    for (let ended = false; !ended; ) {
      if (!(await input.fill(1))) {
        yield held; // a cut leaves what stands before it good
        await input.need(1);
      }
      const chunk = input.pending;
      const before = inflate.bytesWritten;
      await new Promise<void>((resolve) => {
        wake = resolve;
        inflate.write(chunk, () => resolve());
      });
      // Output that was complete before the damage is still good: hand it out first.
      for (const piece of unpacked.splice(0)) {
        crc = crc32(piece, crc);
        length += piece.length;
        if (piece.length < HELD_BYTES) held = Buffer.concat([held, piece]);
        else {
          if (held.length > 0) yield held;
          held = piece;
        }
      }
      if (damage) throw damage;
      const consumed = inflate.bytesWritten - before;
      input.take(consumed);
      ended = consumed < chunk.length; // deflate knows its end; the trailer always follows
    }
  } finally {
    inflate.destroy();
  }
  if (!(await input.fill(TRAILER_BYTES))) {
    yield held;
    await input.need(TRAILER_BYTES);
  }
  const trailer = input.take(TRAILER_BYTES);
  if (trailer.readUInt32LE(0) !== crc) throw new Error('wrong checksum');
  if (trailer.readUInt32LE(4) !== length % 2 ** 32) throw new Error('wrong length');
  if (held.length > 0) yield held;
}

async function skipHeader(input: Input): Promise<void> {
  await input.need(MAGIC.length);
  if (!isGzip(input.pending)) throw new Error('no gzip header');
  await input.need(FIXED_BYTES);
  const flags = input.take(FIXED_BYTES)[3];
  if (flags & FLAG.extra) {
    await input.need(2);
    const length = input.take(2).readUInt16LE(0);
    await input.need(length);
    input.take(length);
  }
  for (const flag of [FLAG.name, FLAG.comment]) {
    if (!(flags & flag)) continue;
    do await input.need(1);
    while (input.take(1)[0] !== 0);
  }
  if (flags & FLAG.headerCrc) {
    await input.need(2);
    input.take(2);
  }
}
