/**
 * Band key → documents, for many millions of documents on a disk: a log-structured merge index in the store's SQLite.
 * A B-tree would rewrite a page for each of a document's 14 keys, 200 times the bytes that are new.
 *
 *   add ─▶ memory (4,096 documents) ─▶ run of level 0, sorted ─▶ eight runs of a level become one of the next ─▶ …
 *
 *   run     blocks of 256 entries in order of (key, document), and in memory: the first key of every block, and a
 *           Bloom filter of 10 bits for each entry, which keeps most questions off the disk
 *   block   │ key: f64 × entries │ document: u32 × entries │
 *
 * What stands in memory is not lost: signatures of documents behind the last run are read again when the store opens,
 * which is most of what opening costs: with runs eight times as long a night after 12,000 documents took 1.4 s more.
 */
import type { Database } from 'better-sqlite3';
import { mix32 } from '../vietnamese/lexicon.ts';
import { BloomFilter } from './bloom.ts';

/** Its tables: a store has several such indexes, by the first letters of their names. */
export const bandsSchema = (prefix: string): string => `
  CREATE TABLE IF NOT EXISTS ${prefix}runs (
    run INTEGER PRIMARY KEY, level INTEGER NOT NULL, entries INTEGER NOT NULL, last_document INTEGER NOT NULL,
    fences BLOB NOT NULL, filter BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS ${prefix}blocks (block INTEGER PRIMARY KEY, data BLOB NOT NULL);
`;

export interface BandOptions {
  readonly prefix: string;
  /** Documents in memory before they become a run. */
  readonly runDocuments: number;
  /** Runs of a level before they become one. */
  readonly fan: number;
  /** Entries of a block. */
  readonly block: number;
}

const STANDARD: BandOptions = { prefix: '', runDocuments: 4096, fan: 8, block: 256 };
const ENTRY_BYTES = 12;
/** Blocks of a run are numbered from run × this. */
const BLOCKS_PER_RUN = 2 ** 32;

interface Run {
  readonly run: number;
  readonly level: number;
  readonly entries: number;
  readonly lastDocument: number;
  /** First key of each block. */
  readonly fences: Float64Array;
  readonly filter: BloomFilter;
}

export class BandIndex {
  readonly #database: Database;
  readonly #options: BandOptions;
  readonly #block;
  readonly #addBlock;
  readonly #addRun;
  readonly #memory = new Memory();
  /** Oldest documents first. */
  #runs: Run[] = [];
  #documents = 0;
  #nextRun: number;

  constructor(database: Database, options: Partial<BandOptions> = {}) {
    this.#database = database;
    this.#options = { ...STANDARD, ...options };
    const { prefix } = this.#options;
    this.#block = database.prepare<[number], Buffer>(`SELECT data FROM ${prefix}blocks WHERE block = ?`).pluck();
    this.#addBlock = database.prepare<[number, Buffer]>(`INSERT INTO ${prefix}blocks VALUES (?, ?)`);
    this.#addRun = database.prepare<[number, number, number, number, Buffer, Buffer]>(
      `INSERT INTO ${prefix}runs VALUES (?, ?, ?, ?, ?, ?)`,
    );
    const rows = database.prepare<[], RunRow>(`SELECT * FROM ${prefix}runs ORDER BY last_document`).all();
    this.#runs = rows.map(({ run, level, entries, last_document, fences, filter }) => ({
      run,
      level,
      entries,
      lastDocument: last_document,
      fences: new Float64Array(copyOf(fences)),
      filter: new BloomFilter(new Int32Array(copyOf(filter))),
    }));
    this.#nextRun = Math.max(0, ...rows.map(({ run }) => run)) + 1;
  }

  /** Documents up to this one stand in runs; later ones must be added again after opening. */
  get lastDocument(): number {
    return this.#runs.at(-1)?.lastDocument ?? 0;
  }

  /** The last that was added, here or before. */
  get lastAdded(): number {
    return Math.max(this.lastDocument, this.#memory.lastDocument);
  }

  /** Up to `limit` documents with the key, earliest first, into `found`. */
  find(key: number, limit: number, found: Set<number>): void {
    let left = limit;
    for (const run of this.#runs) {
      if (left <= 0) return;
      if (run.filter.has(key)) left -= this.#findInRun(run, key, left, found);
    }
    if (left > 0) this.#memory.find(key, left, found);
  }

  /** Documents must come in order of their numbers. */
  add(document: number, keys: Iterable<number>): void {
    this.restore(document, keys);
    if (this.#documents >= this.#options.runDocuments) this.#flush(document);
  }

  /** One behind `lastDocument`, when a store opens: nothing is written. */
  restore(document: number, keys: Iterable<number>): void {
    for (const key of keys) this.#memory.add(key, document);
    this.#documents++;
  }

  #flush(lastDocument: number): void {
    const { keys, documents } = this.#memory.sorted();
    const writer = this.#startRun(0, keys.length, lastDocument);
    for (let i = 0; i < keys.length; i++) writer.add(keys[i], documents[i]);
    this.#runs.push(writer.finish());
    this.#memory.clear();
    this.#documents = 0;
    for (;;) {
      const { level } = this.#runs.at(-1)!;
      const peers = this.#runs.filter((run) => run.level === level);
      if (peers.length < this.#options.fan) return;
      this.#merge(peers, level + 1);
    }
  }

  #merge(parts: readonly Run[], level: number): void {
    const entries = parts.reduce((sum, part) => sum + part.entries, 0);
    const writer = this.#startRun(level, entries, parts.at(-1)!.lastDocument);
    const heads = parts.map((part) => new RunReader(part, (block) => this.#read(part, block)));
    for (let left = entries; left > 0; left--) {
      let least = -1;
      // Equal keys: earlier runs hold earlier documents.
      for (let i = 0; i < heads.length; i++) {
        if (heads[i].key < Number.POSITIVE_INFINITY && (least < 0 || heads[i].key < heads[least].key)) least = i;
      }
      const head = heads[least];
      writer.add(head.key, head.document);
      head.next();
    }
    const merged = writer.finish();
    for (const { run } of parts) {
      this.#database
        .prepare(`DELETE FROM ${this.#options.prefix}blocks WHERE block >= ? AND block < ?`)
        .run(run * BLOCKS_PER_RUN, (run + 1) * BLOCKS_PER_RUN);
      this.#database.prepare(`DELETE FROM ${this.#options.prefix}runs WHERE run = ?`).run(run);
    }
    this.#runs = [...this.#runs.filter((run) => !parts.includes(run)), merged].sort(
      (a, b) => a.lastDocument - b.lastDocument,
    );
  }

  #startRun(level: number, entries: number, lastDocument: number) {
    const run = this.#nextRun++;
    const { block } = this.#options;
    const fences = new Float64Array(Math.ceil(entries / block));
    const filter = BloomFilter.for(entries);
    const keys = new Float64Array(block);
    const documents = new Uint32Array(block);
    let [filled, written] = [0, 0];
    const end = (): void => {
      const data = Buffer.alloc(filled * ENTRY_BYTES);
      data.set(new Uint8Array(keys.buffer, 0, filled * 8));
      data.set(new Uint8Array(documents.buffer, 0, filled * 4), filled * 8);
      this.#addBlock.run(run * BLOCKS_PER_RUN + written++, data);
      filled = 0;
    };
    return {
      add(key: number, document: number): void {
        if (filled === 0) fences[written] = key;
        keys[filled] = key;
        documents[filled++] = document;
        filter.add(key);
        if (filled === block) end();
      },
      finish: (): Run => {
        if (filled > 0) end();
        this.#addRun.run(run, level, entries, lastDocument, bytesOf(fences), bytesOf(filter.words));
        return { run, level, entries, lastDocument, fences, filter };
      },
    };
  }

  #findInRun(run: Run, key: number, limit: number, found: Set<number>): number {
    let count = 0;
    // Entries of one key may have begun in the block before its first fence.
    const first = Math.max(0, firstAtLeast(run.fences, key) - 1);
    for (let block = first; block < run.fences.length && run.fences[block] <= key; block++) {
      const { keys, documents } = this.#read(run, block);
      for (let i = firstAtLeast(keys, key); i < keys.length && keys[i] === key; i++) {
        found.add(documents[i]);
        if (++count === limit) return count;
      }
    }
    return count;
  }

  #read({ run }: Run, block: number): { keys: Float64Array; documents: Uint32Array } {
    const data = copyOf(this.#block.get(run * BLOCKS_PER_RUN + block)!);
    const entries = data.byteLength / ENTRY_BYTES;
    return { keys: new Float64Array(data, 0, entries), documents: new Uint32Array(data, entries * 8, entries) };
  }
}

interface RunRow {
  readonly run: number;
  readonly level: number;
  readonly entries: number;
  readonly last_document: number;
  readonly fences: Buffer;
  readonly filter: Buffer;
}

/** Memory of its own, aligned for any typed array. */
const copyOf = ({ buffer, byteOffset, byteLength }: Buffer): ArrayBuffer =>
  buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array | Int32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** Index of the first element that is at least `key`. */
function firstAtLeast(sorted: Float64Array, key: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A run from its first entry to its last, one block in memory. */
class RunReader {
  key = Number.POSITIVE_INFINITY;
  document = 0;
  readonly #blocks: number;
  readonly #read: (block: number) => { keys: Float64Array; documents: Uint32Array };
  #current: { keys: Float64Array; documents: Uint32Array } | undefined;
  #block = 0;
  #at = 0;

  constructor({ fences }: Run, read: (block: number) => { keys: Float64Array; documents: Uint32Array }) {
    this.#blocks = fences.length;
    this.#read = read;
    this.next();
  }

  next(): void {
    if (this.#current === undefined || this.#at === this.#current.keys.length) {
      if (this.#block === this.#blocks) {
        this.key = Number.POSITIVE_INFINITY;
        return;
      }
      this.#current = this.#read(this.#block++);
      this.#at = 0;
    }
    this.key = this.#current.keys[this.#at];
    this.document = this.#current.documents[this.#at++];
  }
}

/** Entries not yet in a run: a log in order of documents, and an open hash table of places in it. */
class Memory {
  #keys = new Float64Array(1 << 12);
  #documents = new Uint32Array(1 << 12);
  /** Place in the log + 1; 0 where the slot is free. Entries of one key are probed in the order of the log. */
  #slots = new Int32Array(1 << 13);
  #size = 0;

  get lastDocument(): number {
    return this.#size === 0 ? 0 : this.#documents[this.#size - 1];
  }

  add(key: number, document: number): void {
    if (this.#size === this.#keys.length) this.#grow();
    this.#keys[this.#size] = key;
    this.#documents[this.#size] = document;
    this.#place(this.#size++);
  }

  find(key: number, limit: number, found: Set<number>): void {
    const mask = this.#slots.length - 1;
    let left = limit;
    for (let slot = hashOf(key) & mask; this.#slots[slot] !== 0 && left > 0; slot = (slot + 1) & mask) {
      const place = this.#slots[slot] - 1;
      if (this.#keys[place] !== key) continue;
      found.add(this.#documents[place]);
      left--;
    }
  }

  sorted(): { keys: Float64Array; documents: Uint32Array } {
    const keys = this.#keys.slice(0, this.#size).sort();
    const documents = new Uint32Array(this.#size);
    let filled = 0;
    for (let i = 0; i < keys.length; i++) {
      if (i > 0 && keys[i] === keys[i - 1]) continue;
      this.#eachOf(keys[i], (document) => {
        documents[filled++] = document;
        return true;
      });
    }
    return { keys, documents };
  }

  clear(): void {
    this.#slots.fill(0);
    this.#size = 0;
  }

  /** Documents of a key, earliest first, as long as `visit` says so. */
  #eachOf(key: number, visit: (document: number) => boolean): void {
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(key) & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const place = this.#slots[slot] - 1;
      if (this.#keys[place] === key && !visit(this.#documents[place])) return;
    }
  }

  #place(place: number): void {
    const mask = this.#slots.length - 1;
    let slot = hashOf(this.#keys[place]) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = place + 1;
  }

  #grow(): void {
    const [keys, documents] = [this.#keys, this.#documents];
    this.#keys = new Float64Array(2 * keys.length);
    this.#keys.set(keys);
    this.#documents = new Uint32Array(2 * documents.length);
    this.#documents.set(documents);
    this.#slots = new Int32Array(2 * this.#slots.length);
    for (let place = 0; place < this.#size; place++) this.#place(place);
  }
}

/** Of its low 32 bits. */
const hashOf = (key: number): number => mix32((key - Math.floor(key / 0x100000000) * 0x100000000) | 0);
