/** Rows of a file that cannot be used: the first, why, and how many. */
import { printable } from '../shell/errors.ts';
import type { InputFile } from './source.ts';

export const ROW_HINT = 'each line must be {"id": …, "url": …, "title": …, "text": "…"}; the other lines were read';

export class BadRows {
  count = 0;
  first = 0;
  readonly #noun: string;
  #fact = '';

  constructor(noun: 'line' | 'row') {
    this.#noun = noun;
  }

  add(number: number, fact: string): void {
    if (this.count++ > 0) return;
    this.first = number;
    this.#fact = fact;
  }

  said({ path }: InputFile): string {
    const more = this.count > 1 ? ` (and ${this.count - 1} more bad ${this.#noun}s)` : '';
    return `${path}: ${this.#noun} ${this.first}: ${printable(this.#fact)}${more}`;
  }
}
