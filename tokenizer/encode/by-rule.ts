/**
 * The ids that an engine gives that has the merges but another split rule, and no normaliser: the text is taken as it is,
 * and each pretoken merged by itself. Plain code, for samples of text: it tells what would differ elsewhere.
 */
import { type BpeModel, BYTE_TOKENS, mergeCount } from '../model.ts';
import { ID_OF_BYTE } from '../text/byte-level.ts';
import { PaddedText } from '../text/padded-text.ts';
import { PairTable } from '../text/pair-table.ts';
import { Pretokenizer } from '../text/pretokenize.ts';
import type { SplitRule } from '../text/split.ts';
import { WordMerger } from './merge-word.ts';

const ENCODER = new TextEncoder();

export class RuleEncoder {
  readonly #rule: SplitRule;
  readonly #pretokenizer: Pretokenizer;
  readonly #merger: WordMerger;

  constructor(model: BpeModel, rule: SplitRule) {
    this.#rule = rule;
    this.#pretokenizer = new Pretokenizer(rule);
    const pairs = new PairTable(mergeCount(model));
    for (let i = 0; i < model.merges.length; i += 2) {
      pairs.add(model.merges[i], model.merges[i + 1], BYTE_TOKENS + i / 2);
    }
    this.#merger = new WordMerger(pairs);
  }

  encode(text: string): number[] {
    const bytes = ENCODER.encode(text);
    const padded = new PaddedText(bytes.length);
    padded.set(bytes);
    const ids: number[] = [];
    for (let start = 0, end = 0; start < bytes.length; start = end) {
      end = this.#pretokenizer.next(padded, start);
      while (this.#goesOn(padded, end)) end = this.#pretokenizer.next(padded, end);
      const word = Int32Array.from(bytes.subarray(start, end), (byte) => ID_OF_BYTE[byte]);
      const count = this.#merger.merge(word, word.length);
      for (let i = 0; i < count; i++) ids.push(word[i]);
    }
    return ids;
  }

  /** Whether the pretoken goes on with the next piece: of whole runs all but numbers are one. */
  #goesOn(text: PaddedText, end: number): boolean {
    if (!this.#rule.wholeRuns || !this.#pretokenizer.joins || end >= text.length) return false;
    this.#pretokenizer.next(text, end);
    const joins = this.#pretokenizer.joins;
    this.#pretokenizer.joins = true; // as it was
    return joins;
  }
}
