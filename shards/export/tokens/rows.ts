/** Tokens dealt into rows of one length; what is left behind the last whole row is dropped. */
import type { TokenArray } from '../../tokens/source.ts';

export class Rows {
  readonly #context: number;
  readonly #emit: (tokens: TokenArray, rows: number) => void;
  #begun: TokenArray | undefined;
  #filled = 0;

  /** `emit` takes some whole rows, end to end: a view that is gone when it returns. */
  constructor(context: number, emit: (tokens: TokenArray, rows: number) => void) {
    this.#context = context;
    this.#emit = emit;
  }

  add(tokens: TokenArray): void {
    let at = 0;
    if (this.#filled > 0) {
      const part = tokens.subarray(0, this.#context - this.#filled);
      this.#begun!.set(part, this.#filled);
      this.#filled += part.length;
      at = part.length;
      if (this.#filled < this.#context) return;
      this.#emit(this.#begun!, 1);
      this.#filled = 0;
    }
    const rows = Math.floor((tokens.length - at) / this.#context);
    if (rows > 0) this.#emit(tokens.subarray(at, at + rows * this.#context), rows);
    const rest = tokens.subarray(at + rows * this.#context);
    this.#begun ??=
      tokens.slice(0, 0).constructor === Uint16Array ? new Uint16Array(this.#context) : new Uint32Array(this.#context);
    this.#begun.set(rest);
    this.#filled = rest.length;
  }
}
