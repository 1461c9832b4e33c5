/** What the threads of suffix-build.ts do together: each takes the next part that nobody has. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { BLOCK, Block, blockBytes, INNER_BYTES, SAMPLE_BYTES, STRIDE } from './suffix-file.ts';
import { SuffixSorter } from './suffix-sort.ts';

/** In shared memory, but for the numbers. */
export interface SuffixTask {
  /** Text of the shard, a SEPARATOR for each BOS, BEHIND of them behind it. */
  readonly text: Uint8Array;
  readonly tokens: Uint16Array | Uint32Array;
  /** A bit for each byte of the text: whether a token begins there. */
  readonly begins: Uint32Array;
  /** Suffixes that begin with each pair of bytes: from one place to the next. */
  readonly places: Uint32Array;
  readonly suffixes: Uint32Array;
  readonly samples: Uint8Array;
  /** Pairs of bytes, and runs of blocks, that were taken. */
  readonly turns: Int32Array;
  readonly placeBits: number;
  readonly tokenBits: number;
  readonly moreBits: number;
  /** File of the blocks, which is there. */
  readonly path: string;
}

const PAIRS = 1 << 16;
/** Blocks that are packed and written at a time. */
const RUN = 256;

export class SuffixWork {
  readonly #task: SuffixTask;
  readonly #file: number;
  readonly #places = new Uint32Array(BLOCK);

  constructor(task: SuffixTask) {
    this.#task = task;
    this.#file = openSync(task.path, 'r+');
  }

  close(): void {
    closeSync(this.#file);
  }

  sort(): void {
    const { text, suffixes, places, turns } = this.#task;
    const sorter = new SuffixSorter(text, suffixes);
    for (let pair = Atomics.add(turns, 0, 1); pair < PAIRS; pair = Atomics.add(turns, 0, 1)) {
      if (places[pair + 1] - places[pair] > 1) sorter.sort(places[pair], places[pair + 1], 2);
    }
  }

  /** When all is sorted. */
  pack(): void {
    const { suffixes, turns, moreBits } = this.#task;
    const blocks = Math.ceil(suffixes.length / BLOCK);
    const ranked = rankedOf(this.#task.begins);
    const bytes = blockBytes(moreBits);
    const run = new Uint8Array(RUN * bytes);
    for (let first = RUN * Atomics.add(turns, 1, 1); first < blocks; first = RUN * Atomics.add(turns, 1, 1)) {
      const count = Math.min(RUN, blocks - first);
      run.fill(0);
      for (let i = 0; i < count; i++) this.#pack(first + i, run.subarray(i * bytes, (i + 1) * bytes), ranked);
      for (let done = 0; done < count * bytes; ) {
        done += writeSync(this.#file, run, done, count * bytes - done, first * bytes + done);
      }
    }
  }

  #pack(number: number, bytes: Uint8Array, ranked: Uint32Array): void {
    const { text, tokens, suffixes, samples } = this.#task;
    const block = new Block(bytes, this.#task);
    const [start, end] = [number * BLOCK, Math.min(suffixes.length, (number + 1) * BLOCK)];
    const sample = (at: number): Uint8Array => text.subarray(suffixes[at], suffixes[at] + SAMPLE_BYTES);
    samples.set(sample(start), number * SAMPLE_BYTES);
    const shared = end < suffixes.length ? sharedBytes(sample(start), sample(end)) : 0;
    // One kind of look at a time: the processor then waits for many of them at once.
    const places = this.#places;
    for (let at = start; at < end; at++) {
      const suffix = suffixes[at];
      const word = (suffix >>> 5) << 1;
      places[at - start] = ranked[word] + ones(ranked[word + 1] & ((1 << (suffix & 31)) - 1));
    }
    for (let i = 0; i < end - start; i++) block.set(i, places[i], tokens[places[i] - 1]);
    for (let at = start; at < end; at += STRIDE) {
      const from = suffixes[at] + shared;
      block.inner((at - start) / STRIDE).set(text.subarray(from, from + INNER_BYTES));
    }
  }
}

/** How many bytes two samples share. */
export function sharedBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a[at] === b[at]) at++;
  return at;
}

/** Each word behind the number of bits set before it: both come with one look. */
function rankedOf(bits: Uint32Array): Uint32Array {
  const ranked = new Uint32Array(2 * bits.length);
  for (let i = 0, rank = 0; i < bits.length; i++) {
    ranked[2 * i] = rank;
    ranked[2 * i + 1] = bits[i];
    rank += ones(bits[i]);
  }
  return ranked;
}

function ones(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
