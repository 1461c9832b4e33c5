/** Counts word types: the distinct pretokens of a corpus. What training sees of the text; memory grows with types only. */
import { ByteTable } from './byte-table.ts';
import { PaddedText } from './padded-text.ts';
import { Pretokenizer } from './pretokenize.ts';
import { toWellFormed } from './well-formed.ts';

/** What is longer is no word, and would be walked through again for every merge in it. It is passed over. */
const MAX_WORD_BYTES = 1024;

export class WordCounter {
  /** Word types; `f64` holds the counts, exact to 2^53. */
  readonly words = new ByteTable();
  /** Bytes counted, after normalization. */
  bytes = 0;
  private readonly pretokenizer = new Pretokenizer();
  private readonly text = new PaddedText();

  add(text: Uint8Array): void {
    const { words, pretokenizer } = this;
    const padded = this.text;
    padded.set(toWellFormed(text));
    const end = padded.length;
    for (let start = 0, next = 0; start < end; start = next) {
      next = pretokenizer.next(padded, start);
      if (next - start > MAX_WORD_BYTES) continue;
      const slot = words.slotOf(padded, start, next);
      words.f64[slot * 4]! += 1;
    }
    this.bytes += end;
  }
}
