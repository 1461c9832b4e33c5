import { mix32 } from '../vietnamese/lexicon.ts';

/** Ten bits and six probes for each key, all within 64 bytes: one look into memory. Wrong for one absent key in fifty. */
export class BloomFilter {
  readonly words: Int32Array;
  readonly #blocks: number;

  constructor(words: Int32Array) {
    this.words = words;
    this.#blocks = words.length / WORDS;
  }

  static for(entries: number): BloomFilter {
    return new BloomFilter(new Int32Array(Math.ceil((entries * BITS) / (WORDS * 32)) * WORDS));
  }

  add(key: number): void {
    const low = (key % 0x100000000) >>> 0;
    const start = this.#start(low);
    let bits = mix32(low ^ Math.imul(Math.floor(key / 0x100000000), 0x9e3779b1));
    for (let i = 0; i < PROBES; i++) {
      this.words[start + ((bits >>> 5) & (WORDS - 1))] |= 1 << (bits & 31);
      bits = Math.imul(bits, 0x2c1b3c6d) ^ (bits >>> 15);
    }
  }

  has(key: number): boolean {
    const low = (key % 0x100000000) >>> 0;
    const start = this.#start(low);
    let bits = mix32(low ^ Math.imul(Math.floor(key / 0x100000000), 0x9e3779b1));
    for (let i = 0; i < PROBES; i++) {
      if ((this.words[start + ((bits >>> 5) & (WORDS - 1))] & (1 << (bits & 31))) === 0) return false;
      bits = Math.imul(bits, 0x2c1b3c6d) ^ (bits >>> 15);
    }
    return true;
  }

  #start(low: number): number {
    return Math.floor((low / 0x100000000) * this.#blocks) * WORDS;
  }
}

const BITS = 10;
const PROBES = 6;
const WORDS = 16;
