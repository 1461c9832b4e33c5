/** The tokens that training has made so far, and the merges that made them. */

import { BYTE_TOKENS } from '../model.ts';
import { BYTE_OF_ID } from '../text/byte-level.ts';

export class Vocabulary {
  /** Bytes of each token, one character a byte. */
  readonly #tokens: string[] = Array.from(BYTE_OF_ID, (byte) => String.fromCharCode(byte));
  readonly #known = new Set(this.#tokens);

  readonly merges: number[];

  /** @param merges Left and right id of each merge made before. */
  constructor(merges: number[] = []) {
    this.merges = merges;
    for (let i = 0; i < merges.length; i += 2) this.#append(this.#tokens[merges[i]] + this.#tokens[merges[i + 1]]);
  }

  clone(): Vocabulary {
    return new Vocabulary([...this.merges]);
  }

  get size(): number {
    return this.#tokens.length;
  }

  /** Bytes of a token, one character a byte. */
  bytesOf(id: number): string {
    return this.#tokens[id];
  }

  /**
   * Adds what a pair makes, under the next id. False when a token of these bytes exists: a vocabulary holds each byte
   * string once, so that pair is never merged. (It takes runs of one letter to get there.)
   */
  add(left: number, right: number): boolean {
    const token = this.#tokens[left] + this.#tokens[right];
    if (this.#known.has(token)) return false;
    this.#append(token);
    this.merges.push(left, right);
    return true;
  }

  #append(token: string): void {
    this.#known.add(token);
    this.#tokens.push(token);
  }

  /** Tokens beside single bytes. */
  get mergeCount(): number {
    return this.#tokens.length - BYTE_TOKENS;
  }
}
