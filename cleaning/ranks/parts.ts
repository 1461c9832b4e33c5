/**
 * What one rank wrote in one stage, for ranks that read it in the next:
 *
 *   STAGE-RANK.bin    records, gathered by their buckets, a chunk of one bucket behind that of another
 *   STAGE-RANK.json   the manifest of completion, written last and by a rename: where the chunks stand, how many bytes, facts
 *
 * A part without its manifest is none. A rank that is run again writes the same bytes.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { AtomicFile, readJsonIfPresent, writeFileAtomic } from '../../crawlers/shell/folder.ts';

/** Bytes of a bucket before they are written: no record stands in two chunks. */
const CHUNK_BYTES = 1 << 16;

type Chunks = readonly (readonly [at: number, bytes: number])[];

interface Written<Facts> {
  readonly bytes: number;
  readonly buckets: Readonly<Record<string, Chunks>>;
  readonly facts: Facts;
}

const manifestOf = (dir: string, stage: string, rank: number): string => join(dir, `${stage}-${rank}.json`);
const dataOf = (dir: string, stage: string, rank: number): string => join(dir, `${stage}-${rank}.bin`);

/** Whether a rank has ended a stage. */
export const isWhole = (dir: string, stage: string, rank: number): boolean =>
  statSync(manifestOf(dir, stage, rank), { throwIfNoEntry: false }) !== undefined;

/** What a rank says of a stage that it ended. */
export const factsOf = <Facts>(dir: string, stage: string, rank: number): Facts =>
  readJsonIfPresent<Written<Facts>>(manifestOf(dir, stage, rank))!.facts;

interface Bucket {
  readonly chunks: [at: number, bytes: number][];
  waiting: Uint8Array[];
  waitingBytes: number;
  bytes: number;
}

export class PartWriter<Facts = unknown> {
  readonly #manifest: string;
  readonly #file: AtomicFile;
  readonly #buckets = new Map<string, Bucket>();

  /** @throws ToolkitError WRITE_FAILED, UNWRITABLE_FOLDER */
  constructor(dir: string, stage: string, rank: number) {
    this.#manifest = manifestOf(dir, stage, rank);
    this.#file = new AtomicFile(dataOf(dir, stage, rank));
  }

  /** Takes the bytes, which must not change any more. Returns their place in the bucket. */
  add(bucket: string, record: Uint8Array): number {
    let to = this.#buckets.get(bucket);
    if (to === undefined) {
      to = { chunks: [], waiting: [], waitingBytes: 0, bytes: 0 };
      this.#buckets.set(bucket, to);
    }
    const at = to.bytes;
    to.waiting.push(record);
    to.waitingBytes += record.length;
    to.bytes += record.length;
    if (to.waitingBytes >= CHUNK_BYTES) this.#flush(to);
    return at;
  }

  /** Any value that can be copied to a thread. Returns its place, for `Part.valueAt`. */
  put(bucket: string, value: unknown): number {
    const data = serialize(value);
    const record = Buffer.allocUnsafe(4 + data.length);
    record.writeUInt32LE(data.length);
    data.copy(record, 4);
    return this.add(bucket, record);
  }

  /** Numbers, read back by `Part.numbers`. */
  addNumbers(bucket: string, { buffer, byteOffset, byteLength }: Float64Array | Uint32Array | Uint8Array): void {
    this.add(bucket, new Uint8Array(buffer.slice(byteOffset, byteOffset + byteLength)));
  }

  #flush(bucket: Bucket): void {
    if (bucket.waitingBytes === 0) return;
    bucket.chunks.push([this.#file.bytes, bucket.waitingBytes]);
    this.#file.write(Buffer.concat(bucket.waiting));
    bucket.waiting = [];
    bucket.waitingBytes = 0;
  }

  finish(facts: Facts): void {
    for (const bucket of this.#buckets.values()) this.#flush(bucket);
    const buckets = Object.fromEntries([...this.#buckets].map(([name, { chunks }]) => [name, chunks]));
    this.#file.commit();
    const written: Written<Facts> = { bytes: this.#file.bytes, buckets, facts };
    writeFileAtomic(this.#manifest, `${JSON.stringify(written)}\n`);
  }

  /** After `finish` it does nothing. */
  discard(): void {
    this.#file.discard();
  }
}

export class Part<Facts = unknown> {
  readonly facts: Facts;
  readonly #file: number;
  readonly #buckets: Readonly<Record<string, Chunks>>;
  /** Where the chunks of a bucket begin in it. */
  readonly #starts = new Map<string, Float64Array>();

  private constructor(file: number, { buckets, facts }: Written<Facts>) {
    this.#file = file;
    this.#buckets = buckets;
    this.facts = facts;
  }

  /** @throws ToolkitError INCOMPLETE (exit 75) where the rank did not end the stage, or its file was cut since */
  static open<Facts>(dir: string, stage: string, rank: number): Part<Facts> {
    const written = readJsonIfPresent<Written<Facts>>(manifestOf(dir, stage, rank));
    const path = dataOf(dir, stage, rank);
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (written === undefined || size !== written.bytes) {
      const fact = written === undefined ? 'is not there yet' : `has ${size ?? 'no'} bytes, expected ${written.bytes}`;
      throw new ToolkitError({
        code: 'INCOMPLETE',
        message: `${path}: what rank ${rank} writes in stage ${stage} ${fact}`,
        hint: `run rank ${rank} again`,
        exitStatus: 75,
      });
    }
    return new Part(openSync(path, 'r'), written);
  }

  bytesOf(bucket: string): number {
    return (this.#buckets[bucket] ?? []).reduce((sum, [, bytes]) => sum + bytes, 0);
  }

  /** All of a bucket, in memory of its own. */
  read(bucket: string): Buffer {
    const whole = Buffer.allocUnsafeSlow(this.bytesOf(bucket));
    let filled = 0;
    for (const [at, bytes] of this.#buckets[bucket] ?? []) {
      this.#fill(whole.subarray(filled, filled + bytes), at);
      filled += bytes;
    }
    return whole;
  }

  /** One record by its place in the bucket. */
  readAt(bucket: string, place: number, bytes: number): Buffer {
    const chunks = this.#buckets[bucket];
    let starts = this.#starts.get(bucket);
    if (starts === undefined) {
      starts = new Float64Array(chunks.length);
      for (let i = 1; i < chunks.length; i++) starts[i] = starts[i - 1] + chunks[i - 1][1];
      this.#starts.set(bucket, starts);
    }
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= place) low = middle;
      else high = middle;
    }
    const record = Buffer.allocUnsafeSlow(bytes);
    this.#fill(record, chunks[low][0] + place - starts[low]);
    return record;
  }

  floats(bucket: string): Float64Array {
    return new Float64Array(this.read(bucket).buffer);
  }

  words(bucket: string): Uint32Array {
    return new Uint32Array(this.read(bucket).buffer);
  }

  /** One value by its place. */
  valueAt<Value>(bucket: string, place: number): Value {
    return deserialize(this.readAt(bucket, place + 4, this.readAt(bucket, place, 4).readUInt32LE())) as Value;
  }

  /** What was put into a bucket, in its order, a chunk in memory. */
  *values<Value>(bucket: string): Generator<Value> {
    for (const [at, bytes] of this.#buckets[bucket] ?? []) {
      const chunk = Buffer.allocUnsafe(bytes);
      this.#fill(chunk, at);
      for (let from = 0; from < bytes; ) {
        const to = from + 4 + chunk.readUInt32LE(from);
        yield deserialize(chunk.subarray(from + 4, to)) as Value;
        from = to;
      }
    }
  }

  #fill(into: Buffer, at: number): void {
    for (let filled = 0; filled < into.length; ) {
      const count = readSync(this.#file, into, filled, into.length - filled, at + filled);
      if (count === 0) throw new Error('a part ends before its last record');
      filled += count;
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Every rank's part of a stage, while `use` works with them. @throws as `Part.open` */
export async function withParts<Facts, Result>(
  dir: string,
  stage: string,
  of: number,
  use: (parts: readonly Part<Facts>[]) => Result | Promise<Result>,
): Promise<Result> {
  const parts: Part<Facts>[] = [];
  try {
    for (let rank = 0; rank < of; rank++) parts.push(Part.open<Facts>(dir, stage, rank));
    return await use(parts);
  } finally {
    for (const part of parts) part.close();
  }
}
