/**
 * Best-fit packing of one record batch (after Ding et al. 2024, "Fewer Truncations"): a document that fits in a row stands
 * whole in one, longest first. What then is left of a row is filled with the rests of documents that are longer than a
 * row, which are cut anyway; the rest of a rest goes back into the pool. So rows are always full, a batch of n tokens
 * gives ⌊n / T⌋ of them, as many as when it is cut end to end, every token but fewer than T is used, and the number of a
 * row says where it is without knowing any other batch.
 *
 *   stream   │aaaaabbb│bbbccccc│ccdddddd│ddddd…       cut where a row ends
 *   packed   │dddddddd│cccccccd│bbbbbbdd│aaaaad…      d is longer than a row
 */

/** The pieces of each row: row r is the pieces rowStarts[r] … rowStarts[r + 1] − 1, lengths adding up to T. */
export interface Packing {
  /** rows + 1 */
  readonly rowStarts: Int32Array;
  /** Of each piece its first token in the record batch, and how many. */
  readonly begins: Int32Array;
  readonly lengths: Int32Array;
}

/** Documents begin with `bosId`; what stands before the first one belongs to a document of the batch before. */
export function pack(
  tokens: ArrayLike<number> & { indexOf(token: number, from: number): number },
  bosId: number,
  T: number,
): Packing {
  const rows = Math.floor(tokens.length / T);
  const rowStarts = new Int32Array(rows + 1);
  const begins: number[] = [];
  const lengths: number[] = [];
  let row = 0;
  const place = (begin: number, length: number): void => {
    begins.push(begin);
    lengths.push(length);
  };
  const endRow = (): void => {
    rowStarts[++row] = begins.length;
  };

  const whole = new Pool(T);
  const rests = new Pool(T);
  for (let begin = 0; begin < tokens.length; ) {
    const next = tokens.indexOf(bosId, begin + 1);
    const end = next < 0 ? tokens.length : next;
    const isWhole = end - begin < T && tokens[begin] === bosId;
    for (; end - begin >= T; begin += T) {
      place(begin, T);
      endRow();
    }
    if (end > begin) (isWhole ? whole : rests).add(begin, end - begin);
    begin = end;
  }
  while (row < rows) {
    for (let space = T; space > 0; ) {
      const piece = whole.takeLongest(space) ?? rests.takeLongest(space);
      if (piece) {
        place(piece.begin, piece.length);
        space -= piece.length;
        continue;
      }
      const { begin, length } = rests.takeShortest() ?? whole.takeShortest()!;
      place(begin, space);
      rests.add(begin + space, length - space);
      space = 0;
    }
    endRow();
  }
  return { rowStarts, begins: Int32Array.from(begins), lengths: Int32Array.from(lengths) };
}

interface Piece {
  readonly begin: number;
  readonly length: number;
}

/** Pieces shorter than T by length: one stack for each length, one bit for each stack that holds something. */
class Pool {
  readonly #stacks: number[][];
  readonly #bits: Int32Array;

  constructor(T: number) {
    this.#stacks = Array.from({ length: T + 1 }, () => []);
    this.#bits = new Int32Array(Math.ceil((T + 1) / 32));
  }

  add(begin: number, length: number): void {
    this.#stacks[length].push(begin);
    this.#bits[length >> 5] |= 1 << (length & 31);
  }

  /** The longest piece of at most `limit` tokens. */
  takeLongest(limit: number): Piece | undefined {
    let word = limit >> 5;
    let bits = this.#bits[word] & (0xffffffff >>> (31 - (limit & 31)));
    while (bits === 0 && word > 0) bits = this.#bits[--word];
    return bits === 0 ? undefined : this.#take(word * 32 + 31 - Math.clz32(bits));
  }

  takeShortest(): Piece | undefined {
    const word = this.#bits.findIndex((bits) => bits !== 0);
    if (word < 0) return undefined;
    const bits = this.#bits[word];
    return this.#take(word * 32 + 31 - Math.clz32(bits & -bits));
  }

  #take(length: number): Piece {
    const stack = this.#stacks[length];
    const begin = stack.pop()!;
    if (stack.length === 0) this.#bits[length >> 5] &= ~(1 << (length & 31));
    return { begin, length };
  }
}
