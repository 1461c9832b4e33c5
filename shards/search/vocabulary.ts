/** Tokens by their bytes: which end with given bytes, which hold them. */
import { lowerBound } from './segment.ts';

/** What an index asks of a tokenizer. */
export interface Pieces {
  /** Checksum of tokenizer.json. */
  readonly fingerprint: string;
  readonly vocabSize: number;
  readonly bosId: number;
  /** Text of an id. */
  bytesOf(id: number): Uint8Array;
}

export class Vocabulary {
  readonly size: number;
  readonly bosId: number;
  readonly fingerprint: string;
  /** Bytes of every id end to end: those of `id` are `starts[id]` to `starts[id + 1]`; none of the BOS. */
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly longest: number;
  /** Ids sorted by their bytes read backwards. */
  readonly #backwards: Uint32Array;

  constructor(pieces: Pieces) {
    [this.size, this.bosId, this.fingerprint] = [pieces.vocabSize, pieces.bosId, pieces.fingerprint];
    this.starts = new Uint32Array(this.size + 1);
    const all: Uint8Array[] = [];
    let longest = 0;
    for (let id = 0; id < this.size; id++) {
      const bytes = id === this.bosId ? new Uint8Array() : pieces.bytesOf(id);
      all.push(bytes);
      longest = Math.max(longest, bytes.length);
      this.starts[id + 1] = this.starts[id] + bytes.length;
    }
    this.bytes = Buffer.concat(all);
    this.longest = longest;
    this.#backwards = Uint32Array.from({ length: this.size }, (_, id) => id).sort((a, b) => this.#order(a, b));
  }

  bytesOf(id: number): Uint8Array {
    return this.bytes.subarray(this.starts[id], this.starts[id + 1]);
  }

  /** A 1 for each token that ends with these bytes and is longer; `undefined` where none of them occurs. */
  endingWith(bytes: Uint8Array, counts: Uint32Array): Uint8Array | undefined {
    const order = (rank: number): number => this.#orderOfEnd(this.#backwards[rank], bytes);
    const from = lowerBound(this.size, (rank) => order(rank) < 0);
    const to = lowerBound(this.size, (rank) => order(rank) <= 0);
    let mask: Uint8Array | undefined;
    for (let rank = from; rank < to; rank++) {
      const id = this.#backwards[rank];
      if (counts[id] === 0 || this.starts[id + 1] - this.starts[id] <= bytes.length) continue;
      mask ??= new Uint8Array(this.size);
      mask[id] = 1;
    }
    return mask;
  }

  /** How often a token holds these bytes, not at its beginning. */
  *holding(bytes: Uint8Array): Generator<{ id: number; offset: number }> {
    const all = Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
    let id = 0;
    for (let at = all.indexOf(bytes); at >= 0; at = all.indexOf(bytes, at + 1)) {
      while (this.starts[id + 1] <= at) id++;
      const offset = at - this.starts[id];
      if (offset > 0 && at + bytes.length <= this.starts[id + 1]) yield { id, offset };
    }
  }

  #order(a: number, b: number): number {
    const { bytes, starts } = this;
    let [x, y] = [starts[a + 1] - 1, starts[b + 1] - 1];
    for (; x >= starts[a] && y >= starts[b]; x--, y--) if (bytes[x] !== bytes[y]) return bytes[x] - bytes[y];
    return x - starts[a] - (y - starts[b]);
  }

  /** 0 where the token ends with these bytes. */
  #orderOfEnd(id: number, wanted: Uint8Array): number {
    const { bytes, starts } = this;
    let x = starts[id + 1] - 1;
    for (let y = wanted.length - 1; y >= 0; x--, y--) {
      if (x < starts[id]) return -1;
      if (bytes[x] !== wanted[y]) return bytes[x] - wanted[y];
    }
    return 0;
  }
}
