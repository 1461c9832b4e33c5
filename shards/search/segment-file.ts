/**
 * The file of a segment: what a search wants to know of up to 65,536 rows of one shard.
 *
 *   "VUASRCH1" │ length of head: u32 │ head: JSON │ sections, each at a multiple of 8 │ xxhash64 of all before: 8 bytes
 *
 *   columns        one value a row: hashes of id, address and text, words, date, place in the lists of names of the head
 *   words          hash without diacritics, hash, entry (postings.ts): sorted, u32 each; then their lists
 *   pairs          of words next to each other, without diacritics: hash and entry, sorted; where each 64th or so begins; lists
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { AtomicFile } from '../../crawlers/shell/folder.ts';
import { createChecksum } from '../checksum.ts';
import { DamagedIndex } from './postings.ts';

const MAGIC = 'VUASRCH1';
const PREFIX = MAGIC.length + 4;
const TAIL = 8;
const MOST_HEAD = 1 << 26;
/** A segment of another version is made anew. */
export const SEGMENT_VERSION = 2;

export interface SegmentHead {
  readonly version: number;
  /** Of the shard, its first row in it, how many, and whether these are its last. */
  readonly kind: 'documents' | 'rejects';
  readonly checksum: string;
  readonly first: number;
  readonly rows: number;
  readonly isLast: boolean;
  /** Words of all rows. */
  readonly words: number;
  /** Hosts, sources, days, reasons … that occur. */
  readonly names: Readonly<Record<string, readonly string[]>>;
  /** Offset, from the end of the head on, and length of each section. */
  readonly sections: Readonly<Record<string, readonly [number, number]>>;
}

export type Sections = Readonly<Record<string, Uint8Array | Uint16Array | Uint32Array | Float64Array>>;

const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;

export function writeSegment(path: string, head: Omit<SegmentHead, 'sections' | 'version'>, sections: Sections): void {
  const places: Record<string, [number, number]> = {};
  let end = 0;
  for (const [name, { byteLength }] of Object.entries(sections)) {
    places[name] = [end, byteLength];
    end += padded(byteLength);
  }
  const json = Buffer.from(JSON.stringify({ version: SEGMENT_VERSION, ...head, sections: places }));
  const prefix = Buffer.alloc(padded(PREFIX + json.length));
  prefix.write(MAGIC, 'latin1');
  prefix.writeUInt32LE(json.length, MAGIC.length);
  json.copy(prefix, PREFIX);
  const checksum = createChecksum();
  const file = new AtomicFile(path, { checksum });
  try {
    file.write(prefix);
    for (const section of Object.values(sections)) {
      file.write(section);
      file.write(new Uint8Array(padded(section.byteLength) - section.byteLength));
    }
    file.write(Buffer.from(checksum.digest(), 'hex'));
    file.commit();
  } finally {
    file.discard();
  }
}

/** An open segment. Every method throws DamagedIndex where the file is not what its head says. */
export class SegmentFile {
  readonly head: SegmentHead;
  readonly bytes: number;
  readonly #path: string;
  readonly #file: number;
  readonly #body: number;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'r');
    try {
      this.bytes = fstatSync(this.#file).size;
      const prefix = this.#read(new Uint8Array(PREFIX), 0);
      const length = prefix.readUInt32LE(MAGIC.length);
      if (prefix.toString('latin1', 0, MAGIC.length) !== MAGIC || length > MOST_HEAD) throw this.#damage('no segment');
      this.#body = padded(PREFIX + length);
      this.head = this.#parse(this.#read(new Uint8Array(length), PREFIX).toString());
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  /** A whole section, as values of 2, 4 or 8 bytes where `Kind` says so. */
  section<T>(name: string, Kind: new (memory: ArrayBuffer) => T): T {
    const [offset, length] = this.#place(name);
    const bytes = new Uint8Array(new ArrayBuffer(length));
    this.#read(bytes, this.#body + offset);
    return new Kind(bytes.buffer);
  }

  /** Bytes of a section, or what it has of them. */
  part(name: string, start: number, end: number): Uint8Array<ArrayBuffer> {
    const [offset, length] = this.#place(name);
    if (start > length || end < start) throw this.#damage(`${name} has no byte ${start}`);
    const bytes = new Uint8Array(Math.min(end, length) - start);
    this.#read(bytes, this.#body + offset + start);
    return bytes;
  }

  sectionLength(name: string): number {
    return this.#place(name)[1];
  }

  /** Reads all of it. */
  verify(): void {
    const checksum = createChecksum();
    const slice = new Uint8Array(1 << 20);
    const end = this.bytes - TAIL;
    for (let at = 0; at < end; at += slice.length) {
      const part = slice.subarray(0, Math.min(slice.length, end - at));
      this.#read(part, at);
      checksum.update(part);
    }
    const expected = this.#read(new Uint8Array(TAIL), end).toString('hex');
    const found = checksum.digest();
    if (found !== expected) throw this.#damage(`checksum ${found}, expected ${expected}`);
  }

  #parse(json: string): SegmentHead {
    let head: SegmentHead;
    try {
      head = JSON.parse(json);
    } catch {
      throw this.#damage('its head is no JSON');
    }
    if (head?.version !== SEGMENT_VERSION) throw this.#damage(`version ${head?.version}`);
    const end = Math.max(0, ...Object.values(head.sections).map(([offset, length]) => offset + padded(length)));
    const expected = this.#body + end + TAIL;
    if (this.bytes !== expected) throw this.#damage(`${this.bytes} bytes, expected ${expected}`);
    return head;
  }

  #place(name: string): readonly [number, number] {
    const place = this.head.sections[name];
    if (place === undefined) throw this.#damage(`no section ${name}`);
    return place;
  }

  #read(target: Uint8Array, position: number): Buffer {
    for (let done = 0; done < target.length; ) {
      const read = readSync(this.#file, target, done, target.length - done, position + done);
      if (read === 0) throw this.#damage(`ends at byte ${position + done}`);
      done += read;
    }
    return Buffer.from(target.buffer, target.byteOffset, target.length);
  }

  #damage(fact: string): DamagedIndex {
    return new DamagedIndex(`${this.#path}: ${fact}`);
  }
}
