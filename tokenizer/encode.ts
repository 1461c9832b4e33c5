/**
 * Text → ids. Each pretoken is looked up in a cache of those met before (in Vietnamese more than 99 % are); what is new
 * is merged by BPE. Needs nothing of Node: runs in workers and in the browser as well.
 */
import { ID_OF_BYTE } from './byte-level.ts';
import { ByteTable } from './byte-table.ts';
import { CONTINUES, SyllableJoiner } from './join.ts';
import { SCAN_LIMIT, WordMerger } from './merge-word.ts';
import { type BpeModel, BYTE_TOKENS, mergeCount, vocabSizeOf } from './model.ts';
import { PaddedText } from './padded-text.ts';
import { PairTable } from './pair-table.ts';
import { Pretokenizer } from './pretokenize.ts';
import { toWellFormed } from './well-formed.ts';

/** Uint16Array while the vocabulary has at most 65,536 ids. */
export type TokenIds = Uint16Array | Uint32Array;

/** The cache starts anew when it holds so many pretokens or ids: at most 40 MB, whatever the text. */
const CACHED_PRETOKENS = 1 << 18;
const CACHED_IDS = 1 << 20;
/** Longer pretokens are rare, and merged each time. */
const CACHED_BYTES = 64;
/** A larger buffer for the ids of one text is not kept for the next. */
const LARGEST_KEPT = 1 << 20;

export class Encoder {
  private readonly pretokenizer: Pretokenizer;
  private readonly merger: WordMerger;
  private readonly joiner: SyllableJoiner | undefined;
  private readonly TokenArray: Uint16ArrayConstructor | Uint32ArrayConstructor;
  private readonly text = new PaddedText();
  private readonly word = new Int32Array(SCAN_LIMIT);
  private ids = new Int32Array(1 << 12);
  /** Value of a pretoken: the number of its tokens (0 when new), and the only one, or where they begin in `pool`. */
  private readonly cache = new ByteTable();
  private pool = new Int32Array(1 << 12);
  private poolEnd = 0;

  constructor(model: BpeModel) {
    const pairs = new PairTable(mergeCount(model));
    for (let i = 0; i < model.merges.length; i += 2) {
      pairs.add(model.merges[i]!, model.merges[i + 1]!, BYTE_TOKENS + i / 2);
    }
    this.pretokenizer = new Pretokenizer(model.split.digits);
    this.merger = new WordMerger(pairs);
    this.joiner = model.split.acrossSpaces ? new SyllableJoiner(model, this.merger) : undefined;
    this.TokenArray = vocabSizeOf(model) <= 1 << 16 ? Uint16Array : Uint32Array;
  }

  /**
   * Ids of a text, in an array of its own. The text is brought to NFC first; bytes that are not UTF-8 and lone
   * surrogates become U+FFFD. The names of special tokens are text like any other.
   */
  encode(text: Uint8Array | string): TokenIds {
    const ids = this.encodeSyllables(text);
    const count = this.joiner === undefined ? ids.length : this.joiner.join(ids, ids.length);
    return new this.TokenArray(ids.subarray(0, count));
  }

  /**
   * Ids before any merge across spaces; valid until the next call. The first id of a syllable that follows another,
   * with one space between, bears the flag CONTINUES.
   */
  encodeSyllables(text: Uint8Array | string): Int32Array {
    const { pretokenizer } = this;
    const wellFormed = toWellFormed(text);
    const marksRuns = this.joiner !== undefined;
    this.text.set(wellFormed);
    const ids = this.room(wellFormed.length); // no token is shorter than a byte
    let count = 0;
    let wasSyllable = false;
    for (let start = 0, end = 0; start < wellFormed.length; start = end) {
      end = pretokenizer.next(this.text, start);
      const first = count;
      count =
        end - start > CACHED_BYTES ? this.appendMerged(ids, count, start, end) : this.append(ids, count, start, end);
      if (marksRuns) {
        if (wasSyllable && pretokenizer.isSyllable) ids[first]! |= CONTINUES;
        wasSyllable = pretokenizer.isSyllable;
      }
    }
    return ids.subarray(0, count);
  }

  /** Writes the ids of a short pretoken at `at`. @returns the end of what is written. */
  private append(ids: Int32Array, at: number, start: number, end: number): number {
    const { cache } = this;
    if (cache.size >= CACHED_PRETOKENS || this.poolEnd >= CACHED_IDS) {
      cache.clear();
      this.poolEnd = 0;
    }
    const slot = cache.slotOf(this.text, start, end) << 3;
    const tokens = cache.i32[slot]!;
    const first = cache.i32[slot + 1]!;
    if (tokens === 1) {
      ids[at] = first;
      return at + 1;
    }
    if (tokens > 1) {
      for (let i = 0; i < tokens; i++) ids[at + i] = this.pool[first + i]!;
      return at + tokens;
    }
    const written = this.appendMerged(ids, at, start, end);
    cache.i32[slot] = written - at;
    cache.i32[slot + 1] = written - at === 1 ? ids[at]! : this.keep(ids.subarray(at, written));
    return written;
  }

  private appendMerged(ids: Int32Array, at: number, start: number, end: number): number {
    const { bytes } = this.text;
    const length = end - start;
    const word = length <= SCAN_LIMIT ? this.word : new Int32Array(length);
    for (let i = 0; i < length; i++) word[i] = ID_OF_BYTE[bytes[start + i]!]!;
    const count = this.merger.merge(word, length);
    for (let i = 0; i < count; i++) ids[at + i] = word[i]!;
    return at + count;
  }

  private keep(ids: Int32Array): number {
    const offset = this.poolEnd;
    if (offset + ids.length > this.pool.length) {
      const larger = new Int32Array(this.pool.length * 2);
      larger.set(this.pool);
      this.pool = larger;
    }
    this.pool.set(ids, offset);
    this.poolEnd += ids.length;
    return offset;
  }

  private room(count: number): Int32Array {
    if (count <= this.ids.length) return this.ids;
    const ids = new Int32Array(count * 2);
    if (ids.length <= LARGEST_KEPT) this.ids = ids;
    return ids;
  }
}
