/**
 * What an engine that trains elsewhere wants tokens to look like: one file of this folder each. A split is written in
 * parts, each a run of token shards; a part knows its tokens and documents before the first of them is read, so files
 * that begin with a count are streamed like the others.
 */
import type { TokenType } from '../../format.ts';
import type { Split } from '../../split.ts';
import type { TokenArray } from '../../tokens/source.ts';

/** Whole documents, end to end; views that the next ones replace. */
export interface TokenDocuments {
  readonly tokens: TokenArray;
  readonly count: number;
  /** Document i is `tokens[ends[i - 1] … ends[i]]`. */
  readonly ends: Uint32Array;
  source(document: number): string;
  /** Checksum of its text; empty where an older folder does not say. */
  textHash(document: number): string;
}

export interface TokenPart {
  readonly split: Split;
  readonly index: number;
  /** Parts of the split. */
  readonly of: number;
  readonly documents: number;
  /** As written, ends of documents included. */
  readonly tokens: number;
}

/** What is the same in all parts. */
export interface TokenShape {
  readonly dtype: TokenType;
  readonly vocabSize: number;
  /** Tokens of a row, of engines that know rows; 0: a document is one. */
  readonly context: number;
}

/** A file of a part, written from its first byte to its last; `end` puts it in place. */
export interface PartFile {
  readonly bytes: number;
  write(data: string | ArrayBufferView): void;
  end(): void;
}

export interface PartWriter {
  add(documents: TokenDocuments): void;
  /** Ends every file. @returns what `Engine.index` wants to know of the part, as JSON */
  finish(): unknown;
}

export interface PartFacts {
  readonly part: TokenPart;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** Of `PartWriter.finish`. */
  readonly facts: unknown;
}

export interface Engine {
  /** Tokens after which a part ends with its shard. */
  readonly partTokens: number;
  /** Tokens of a row, unless it is said. */
  readonly context?: number;
  /** Whether rows of a fixed length can be had. */
  readonly rows?: boolean;
  dtype(vocabSize: number): TokenType;
  /** `open` makes a file below the folder. */
  writer(part: TokenPart, shape: TokenShape, open: (name: string) => PartFile): PartWriter;
  /** Files that speak of a whole split, by name. */
  index?(split: Split, parts: readonly PartFacts[], shape: TokenShape): Readonly<Record<string, string>>;
  /** Files that speak of all splits. */
  root?(splits: readonly Split[]): Readonly<Record<string, string>>;
}

export const TOKEN_BYTES: Readonly<Record<TokenType, number>> = { uint16: 2, uint32: 4 };

/** `00007` */
export const digits = (index: number): string => String(index).padStart(5, '0');

/** Numbers that there is no end of, four bytes each. */
export class Lengths {
  #values = new Uint32Array(1 << 12);
  #count = 0;

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Uint32Array(2 * this.#count);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = value;
  }

  get values(): Uint32Array {
    return this.#values.subarray(0, this.#count);
  }

  clear(): void {
    this.#count = 0;
  }
}

/** Calls `each` with the length of every document. */
export function eachLength({ ends, count }: TokenDocuments, each: (length: number, document: number) => void): void {
  for (let i = 0, from = 0; i < count; i++) {
    each(ends[i] - from, i);
    from = ends[i];
  }
}
