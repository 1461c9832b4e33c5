/**
 * The second stage of encoding with merges across spaces: joins the tokens of neighbouring syllables.
 *
 *   ids of syllables   ▏Việt▕· Nam▕· là▕ một▕          ·  a merge may cross here: `joinable`
 *   pieces             ▏Việt Nam là▕ một▕                 each merged by itself, most are one token or two
 *
 * Merges across spaces come after all others in the list and begin their right part with a space, so that they apply
 * when a syllable is all done, and never within one: both stages together give what one pass over the whole run gives.
 */

import { JOINABLE_BITS } from '../kernel/join.ts';
import { type BpeModel, BYTE_TOKENS, firstMergeAcross, mergeCount } from '../model.ts';
import { hashOfPair } from '../text/pair-table.ts';
import { NONE, type WordMerger } from './merge-word.ts';

/** On the first id of a syllable that follows another, with nothing but one space between. */
export const CONTINUES = 1 << 30;

/** Ids that were joined, and the ids they made. */
export interface Joined {
  read: number;
  write: number;
}

export class SyllableJoiner {
  /**
   * A bit for each hash of the last token of one syllable and the first of the next that some merge joins. Where others
   * share a bit, a piece is longer than it need be, and its tokens are the same.
   */
  readonly joinable = new Int32Array(JOINABLE_BITS / 32);
  #piece = new Int32Array(64);

  readonly #merger: WordMerger;

  constructor(model: BpeModel, merger: WordMerger) {
    this.#merger = merger;
    const first = firstMergeAcross(model);
    const count = mergeCount(model);
    const firstPart = Int32Array.from({ length: BYTE_TOKENS + count }, (_, id) => id);
    const lastPart = firstPart.slice();
    for (let merge = first; merge < count; merge++) {
      const [left, right] = [model.merges[2 * merge], model.merges[2 * merge + 1]];
      firstPart[BYTE_TOKENS + merge] = firstPart[left];
      lastPart[BYTE_TOKENS + merge] = lastPart[right];
      const bit = hashOfPair(lastPart[left], firstPart[right]) & (JOINABLE_BITS - 1);
      this.joinable[bit >> 5] |= 1 << bit;
    }
  }

  /**
   * Joins `ids[0, count)` in place and takes the flags off.
   * @param skip Joins from `read` on, as long as that is simple, and says how far it came.
   * @returns how many are left, at the front.
   */
  join(ids: Int32Array, count: number, skip: (at: Joined) => void = () => {}): number {
    const { joinable } = this;
    const at = { read: 0, write: 0 };
    for (;;) {
      skip(at);
      if (at.read === count) return at.write;
      const start = at.read;
      let last = ids[start] & ~CONTINUES;
      let end = start + 1;
      while (end < count && (ids[end] & CONTINUES) !== 0) {
        const id = ids[end] & ~CONTINUES;
        const bit = hashOfPair(last, id) & (JOINABLE_BITS - 1);
        if (((joinable[bit >> 5] >> bit) & 1) === 0) break;
        last = id;
        end++;
      }
      if (end === start + 1) ids[at.write++] = last;
      else at.write = this.#mergePiece(ids, start, end, at.write);
      at.read = end;
    }
  }

  #mergePiece(ids: Int32Array, start: number, end: number, write: number): number {
    const length = end - start;
    if (length === 2) {
      const [left, right] = [ids[start] & ~CONTINUES, ids[start + 1] & ~CONTINUES];
      const made = this.#merger.madeBy(left, right);
      ids[write] = made === NONE ? left : made;
      if (made !== NONE) return write + 1;
      ids[write + 1] = right;
      return write + 2;
    }
    if (length > this.#piece.length) this.#piece = new Int32Array(2 * length);
    const piece = this.#piece;
    for (let i = 0; i < length; i++) piece[i] = ids[start + i] & ~CONTINUES;
    const count = this.#merger.merge(piece, length);
    for (let i = 0; i < count; i++) ids[write + i] = piece[i];
    return write + count;
  }
}
