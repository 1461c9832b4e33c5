/**
 * The merge loop of BPE training: repeatedly joins the most frequent pair of neighbouring symbols into a new one.
 * Sennrich et al. 2016, arXiv:1508.07909, over word types with counts.
 *
 *   symbols  │ n h à │ n ư ớ c │ …     one run per word type; a merge closes the gap, the rest of the run is unused
 *   pairs    (left, right), count, list of the words in which the pair was when it came to be
 *   heap     pairs by count; an entry whose count has fallen meanwhile goes back with the true one
 *
 * A pair comes to be in the step that makes the younger of its symbols and only loses from then on: its list of words is
 * complete after that step, and a count in the heap is never too low.
 *
 * Ties go by count (down), left id (up), right id (up), so that ids never depend on the order of the words.
 */
import { BYTE_TOKENS } from './model.ts';
import { PairHeap } from './pair-heap.ts';
import { PairTable } from './pair-table.ts';

/** Word types as runs of symbols: word w is `symbols[starts[w], starts[w + 1])` and stands `counts[w]` times. */
export interface Words {
  readonly symbols: Int32Array;
  readonly starts: Int32Array;
  readonly counts: Float64Array;
}

export interface MergeLimits {
  readonly merges: number;
  /** Pairs that stand fewer times are not merged. */
  readonly minFrequency: number;
  readonly maxTokenBytes: number;
}

const NIL = -1;

export class Merger {
  /** Merges made. */
  done = 0;
  private readonly merges: Int32Array;
  private readonly tokenBytes: Int32Array;
  private readonly symbols: Int32Array;
  private readonly starts: Int32Array;
  private readonly lengths: Int32Array;
  private readonly counts: Float64Array;

  private readonly pairs = new PairTable(1 << 16);
  private left = new Int32Array(1 << 16);
  private right = new Int32Array(1 << 16);
  private pairCounts = new Float64Array(1 << 16);
  /** First node of the list of words of each pair. */
  private heads = new Int32Array(1 << 16);
  /** Nodes: word, next node. */
  private nodes: Int32Array;
  private nodesEnd = 0;
  private freeNode = NIL;
  private readonly heap = new PairHeap(
    (a, b) => this.left[a]! < this.left[b]! || (this.left[a]! === this.left[b]! && this.right[a]! < this.right[b]!),
  );

  /** Takes `words.symbols` over. */
  constructor(
    words: Words,
    private readonly limits: MergeLimits,
  ) {
    const wordCount = words.counts.length;
    this.symbols = words.symbols;
    this.starts = words.starts;
    this.counts = words.counts;
    this.lengths = new Int32Array(wordCount);
    this.merges = new Int32Array(limits.merges * 2);
    this.tokenBytes = new Int32Array(BYTE_TOKENS + limits.merges).fill(1, 0, BYTE_TOKENS);
    this.nodes = new Int32Array(Math.max(16, 2 * words.symbols.length));
    for (let word = 0; word < wordCount; word++) {
      const [start, end] = [words.starts[word]!, words.starts[word + 1]!];
      this.lengths[word] = end - start;
      for (let i = start + 1; i < end; i++) {
        this.gain(words.symbols[i - 1]!, words.symbols[i]!, words.counts[word]!, word);
      }
    }
    this.offerPairsFrom(0);
  }

  /** Makes one merge; false when no pair is left that may be merged. */
  step(): boolean {
    if (this.done >= this.limits.merges) return false;
    const pair = this.popMostFrequent();
    if (pair === NIL) return false;
    const [left, right] = [this.left[pair]!, this.right[pair]!];
    const made = BYTE_TOKENS + this.done;
    this.merges[2 * this.done] = left;
    this.merges[2 * this.done + 1] = right;
    this.tokenBytes[made] = this.tokenBytes[left]! + this.tokenBytes[right]!;
    this.done++;

    const firstNewPair = this.pairs.size;
    for (let node = this.heads[pair]!; node !== NIL; ) {
      this.mergeInWord(this.nodes[2 * node]!, left, right, made);
      const next = this.nodes[2 * node + 1]!;
      this.nodes[2 * node + 1] = this.freeNode;
      this.freeNode = node;
      node = next;
    }
    this.heads[pair] = NIL;
    this.pairCounts[pair] = 0;
    this.offerPairsFrom(firstNewPair);
    return true;
  }

  /** Left and right id of each merge made. */
  result(): Int32Array {
    return this.merges.slice(0, 2 * this.done);
  }

  private mergeInWord(word: number, left: number, right: number, made: number): void {
    const { symbols } = this;
    const start = this.starts[word]!;
    const end = start + this.lengths[word]!;
    const count = this.counts[word]!;
    let write = start;
    for (let read = start; read < end; write++) {
      if (symbols[read] !== left || read + 1 >= end || symbols[read + 1] !== right) {
        symbols[write] = symbols[read++]!;
        continue;
      }
      if (write > start) {
        const before = symbols[write - 1]!;
        this.lose(before, left, count);
        this.gain(before, made, count, word);
      }
      if (read + 2 < end) {
        const after = symbols[read + 2]!;
        this.lose(right, after, count);
        this.gain(made, after, count, word);
      }
      symbols[write] = made;
      read += 2;
    }
    this.lengths[word] = write - start;
  }

  private lose(left: number, right: number, count: number): void {
    this.pairCounts[this.pairs.get(left, right)]! -= count;
  }

  private gain(left: number, right: number, count: number, word: number): void {
    let pair = this.pairs.get(left, right);
    if (pair === NIL) pair = this.addPair(left, right);
    this.pairCounts[pair]! += count;
    const head = this.heads[pair]!;
    // A word's gains come one after another: if it is in the list, it is the head.
    if (head !== NIL && this.nodes[2 * head] === word) return;
    const node = this.takeNode();
    this.nodes[2 * node] = word;
    this.nodes[2 * node + 1] = head;
    this.heads[pair] = node;
  }

  private addPair(left: number, right: number): number {
    const pair = this.pairs.size;
    if (pair === this.left.length) {
      this.left = grown(this.left, new Int32Array(pair * 2));
      this.right = grown(this.right, new Int32Array(pair * 2));
      this.heads = grown(this.heads, new Int32Array(pair * 2));
      this.pairCounts = grown(this.pairCounts, new Float64Array(pair * 2));
    }
    this.pairs.add(left, right, pair);
    this.left[pair] = left;
    this.right[pair] = right;
    this.heads[pair] = NIL;
    return pair;
  }

  private takeNode(): number {
    const node = this.freeNode;
    if (node !== NIL) {
      this.freeNode = this.nodes[2 * node + 1]!;
      return node;
    }
    if (2 * this.nodesEnd === this.nodes.length) this.nodes = grown(this.nodes, new Int32Array(this.nodes.length * 2));
    return this.nodesEnd++;
  }

  /** Puts the pairs that came to be in this step on the heap, if they may ever be merged. */
  private offerPairsFrom(first: number): void {
    for (let pair = first; pair < this.pairs.size; pair++) {
      const [left, right] = [this.left[pair]!, this.right[pair]!];
      const tooLong = this.tokenBytes[left]! + this.tokenBytes[right]! > this.limits.maxTokenBytes;
      if (tooLong || this.pairCounts[pair]! < this.limits.minFrequency) continue;
      this.heap.push(this.pairCounts[pair]!, pair);
    }
  }

  private popMostFrequent(): number {
    const { heap, pairCounts } = this;
    while (heap.size > 0) {
      const count = heap.topCount;
      const pair = heap.pop();
      const actual = pairCounts[pair]!;
      if (actual === count) return pair;
      if (actual >= this.limits.minFrequency) heap.push(actual, pair);
    }
    return NIL;
  }
}

function grown<T extends Int32Array | Float64Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
