/**
 * Texts that share their beginnings as rows of one table, each token once: what the texts of neighbouring items begin with,
 * what the texts of one item begin with, and how each goes on.
 *
 *   family   [ examples of the subject   ]                         p0 … p1
 *   item                                  [ question … ]           a0 … a1
 *   text                                                [ choice ] b0 …
 *
 * Tokens stand in rows one behind the other and are cut into tiles of N wherever that falls: what a token sees are rows
 * before it. When the table is full it begins again, and the family's beginning is laid once more.
 */
import { SEEN } from '../kernels/attention-rows.ts';

/** A text whose tokens `from` … are scored, each behind all that stand before it; `from` ≥ 1. */
export interface Text {
  readonly tokens: readonly number[];
  readonly from: number;
  /** The likeliest token behind the last one is wanted too. */
  readonly greedy?: boolean;
}

/** Texts of one question. */
export type Item = readonly Text[];

/** A token to be scored at position n of a tile. No target: the likeliest token is wanted. */
export interface Scored {
  readonly n: number;
  readonly target?: number;
  readonly item: number;
  readonly text: number;
}

export interface Tile {
  /** Row of its first position; the others follow. */
  readonly base: number;
  /** [N]; positions from `count` on are padding. */
  readonly tokens: Uint32Array<ArrayBuffer>;
  /** [N], within the text. */
  readonly positions: Uint32Array<ArrayBuffer>;
  /** [N, 5]: rows that each sees (kernels/attention-rows.ts). */
  readonly seen: Uint32Array<ArrayBuffer>;
  readonly count: number;
  readonly scored: readonly Scored[];
  /** So many items are whole behind this tile, at least; behind the last tile all are. */
  readonly done: number;
}

export interface TreeOptions {
  /** Positions of a tile, N. */
  readonly tile: number;
  /** Rows of the table: a multiple of the tile that holds the longest text three times. */
  readonly rows: number;
  /** False: every text is laid whole, for comparison. */
  readonly share?: boolean;
}

/** What fewer tokens begin with is not worth a stretch of its own. */
const LEAST = 4;

/** Tokens that are read: behind the last one nothing is predicted, unless its likeliest is wanted. */
const readOf = ({ tokens, greedy }: Text): number => (greedy ? tokens.length : tokens.length - 1);

/** How many tokens all texts of an item begin with, none of them scored. */
function sharedBy(item: Item): number {
  const [first] = item;
  return item.reduce(
    (most, text) => Math.min(common(first.tokens, text.tokens, most), readOf(text), text.from),
    Number.POSITIVE_INFINITY,
  );
}

function common(a: readonly number[], b: readonly number[], most: number): number {
  const end = Math.min(a.length, b.length, most);
  let at = 0;
  while (at < end && a[at] === b[at]) at++;
  return at;
}

/** Neighbours that begin alike, and with how many tokens: the last token of an item's beginning is its own. */
function* familiesOf(
  items: readonly Item[],
  lengths: readonly number[],
): Generator<{ first: number; end: number; shared: number }> {
  for (let first = 0; first < items.length; ) {
    let [end, shared] = [first + 1, 0];
    for (; end < items.length; end++) {
      const most = Math.min(lengths[first], lengths[end]) - 1;
      const next = common(items[first][0].tokens, items[end][0].tokens, shared ? Math.min(shared, most) : most);
      if (next < LEAST || next < shared / 2) break;
      shared = next;
    }
    yield { first, end, shared };
    first = end;
  }
}

/** @param items each with at least one text, of at most `rows / 3` tokens */
export function* tilesOf(items: readonly Item[], { tile, rows, share = true }: TreeOptions): Generator<Tile> {
  const laid = new Rows(tile);
  const lengths = items.map((item) => (share ? sharedBy(item) : 0));
  for (const { first, end, shared } of familiesOf(items, lengths)) {
    let family: Stretch = [0, 0];
    for (let item = first; item < end; item++) {
      const own = lengths[item];
      const { tokens } = items[item][0];
      for (const texts of portions(items[item], own, rows - tile - own)) {
        const needed = own + texts.reduce((sum, { text }) => sum + readOf(text) - own, 0);
        if (laid.row + needed > rows) {
          yield* laid.restart();
          family = [0, 0];
        }
        if (shared > 0 && family[1] === 0) {
          const from = laid.row;
          yield* laid.lay(tokens, [0, shared], [0, 0, 0, 0, from]);
          family = [from, laid.row];
        }
        const begin = laid.row;
        // What stands behind the last token of the beginning is predicted at its row, for every text.
        const ends = texts.flatMap(({ text, index }) =>
          endsAt(text, own - 1).map((end) => ({ ...end, item, text: index })),
        );
        yield* laid.lay(tokens, [shared, own], [...family, 0, 0, begin], (at) => (at === own - 1 ? ends : []));
        const question: Stretch = [begin, laid.row];
        for (const { text, index } of texts) {
          const seen = [...family, ...question, laid.row];
          const scored = (at: number) => endsAt(text, at).map((end) => ({ ...end, item, text: index }));
          yield* laid.lay(text.tokens, [own, readOf(text)], seen, scored);
        }
      }
      laid.done = item + 1;
    }
  }
  yield* laid.restart();
}

type Stretch = readonly [from: number, to: number];

/** What is wanted behind the token at `at`. */
function endsAt({ tokens, from, greedy }: Text, at: number): { target?: number }[] {
  if (at === tokens.length - 1) return greedy ? [{}] : [];
  return at >= from - 1 ? [{ target: tokens[at + 1] }] : [];
}

/** As many texts at a time as there are rows for. */
function* portions(item: Item, own: number, rows: number): Generator<{ text: Text; index: number }[]> {
  let [texts, taken]: [{ text: Text; index: number }[], number] = [[], 0];
  for (const [index, text] of item.entries()) {
    const more = readOf(text) - own;
    if (taken + more > rows && texts.length > 0) {
      yield texts;
      [texts, taken] = [[], 0];
    }
    texts.push({ text, index });
    taken += more;
  }
  yield texts;
}

/** The rows as they fill, and the tile that holds the last of them. */
class Rows {
  /** Items that are laid whole. */
  done = 0;
  readonly #N: number;
  #base = 0;
  #count = 0;
  #tile: Omit<Tile, 'base' | 'count' | 'done' | 'scored'> & { scored: Scored[] };

  constructor(N: number) {
    this.#N = N;
    this.#tile = this.#empty();
  }

  /** The next one. */
  get row(): number {
    return this.#base + this.#count;
  }

  *lay(
    tokens: readonly number[],
    [from, to]: Stretch,
    seen: readonly number[],
    scored: (at: number) => readonly Omit<Scored, 'n'>[] = () => [],
  ): Generator<Tile> {
    for (let at = from; at < to; at++) {
      const n = this.#count;
      this.#tile.tokens[n] = tokens[at];
      this.#tile.positions[n] = at;
      this.#tile.seen.set(seen, n * SEEN);
      for (const one of scored(at)) this.#tile.scored.push({ n, ...one });
      this.#count++;
      if (this.#count === this.#N) yield this.#end(this.#base + this.#N);
    }
  }

  /** Ends the tile in hand; the next row is the first one. */
  *restart(): Generator<Tile> {
    if (this.#count > 0) yield this.#end(0);
    this.#base = 0;
  }

  #end(next: number): Tile {
    const [count, base] = [this.#count, this.#base];
    for (let n = count; n < this.#N; n++) this.#tile.seen.set([0, 0, 0, 0, base + n], n * SEEN);
    const tile = { ...this.#tile, base, count, done: this.done };
    [this.#base, this.#count, this.#tile] = [next, 0, this.#empty()];
    return tile;
  }

  #empty() {
    const N = this.#N;
    return {
      tokens: new Uint32Array(N),
      positions: new Uint32Array(N),
      seen: new Uint32Array(N * SEEN),
      scored: [] as Scored[],
    };
  }
}
