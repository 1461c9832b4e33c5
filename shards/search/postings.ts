/**
 * Which rows of a segment hold a term, and how often: gathered as (term, row) pairs, sorted by term, packed.
 *
 *   list     │ rows: varint │ per row: varint(step × 2 + more), where more is 1 also varint(times) │
 *            step: to the row before it, of the first one its number
 *   entry    the place of a list, or where a single row has it: ONE │ times (15 bits) │ row (16 bits)
 */
const FIRST = 1 << 16;
/** Rows of a segment at most: a row fits into 16 bits. */
export const MOST_ROWS = 1 << 16;
const ONE = 0x80000000;
const MOST_TIMES = 0x7fff;

/** Occurrences: of a term, by number or hash, in a row. Rows come in order. */
export class Occurrences {
  length = 0;
  #terms = new Uint32Array(FIRST);
  #rows = new Uint16Array(FIRST);

  add(term: number, row: number): void {
    if (this.length === this.#terms.length) {
      this.#terms = larger(this.#terms, new Uint32Array(2 * this.length));
      this.#rows = larger(this.#rows, new Uint16Array(2 * this.length));
    }
    this.#terms[this.length] = term;
    this.#rows[this.length++] = row;
  }

  /** Gives every term another number: `numbers[term]`. */
  renumber(numbers: Uint32Array): void {
    for (let i = 0; i < this.length; i++) this.#terms[i] = numbers[this.#terms[i]];
  }

  /** Calls `take` for every term, in ascending order, with its place among the sorted rows. */
  pack(take: (term: number, value: number) => void): Uint8Array {
    const { terms, rows } = sorted(this.#terms.subarray(0, this.length), this.#rows.subarray(0, this.length));
    const lists = new Packer();
    for (let start = 0; start < terms.length; ) {
      let end = start;
      let distinct = 0;
      for (let before = -1; end < terms.length && terms[end] === terms[start]; end++) {
        if (rows[end] !== before) distinct++;
        before = rows[end];
      }
      if (distinct === 1) take(terms[start], (ONE | (Math.min(end - start, MOST_TIMES) << 16) | rows[start]) >>> 0);
      else {
        take(terms[start], lists.length);
        lists.varint(distinct);
        packRows(lists, rows, start, end);
      }
      start = end;
    }
    return lists.bytes();
  }
}

function packRows(lists: Packer, rows: Uint16Array, start: number, end: number): void {
  let last = 0;
  for (let at = start; at < end; ) {
    const row = rows[at];
    let next = at + 1;
    while (next < end && rows[next] === row) next++;
    const times = next - at;
    lists.varint((row - last) * 2 + (times > 1 ? 1 : 0));
    if (times > 1) lists.varint(times);
    last = row;
    at = next;
  }
}

/** By term; stable, so that rows stay in order: two passes over 16 bits. */
function sorted(terms: Uint32Array, rows: Uint16Array): { terms: Uint32Array; rows: Uint16Array } {
  let from = { terms, rows };
  for (const shift of [0, 16]) {
    const places = new Uint32Array((1 << 16) + 1);
    for (let i = 0; i < terms.length; i++) places[((from.terms[i] >>> shift) & 0xffff) + 1]++;
    for (let digit = 0; digit < 1 << 16; digit++) places[digit + 1] += places[digit];
    const to = { terms: new Uint32Array(terms.length), rows: new Uint16Array(terms.length) };
    for (let i = 0; i < terms.length; i++) {
      const place = places[(from.terms[i] >>> shift) & 0xffff]++;
      to.terms[place] = from.terms[i];
      to.rows[place] = from.rows[i];
    }
    from = to;
  }
  return from;
}

class Packer {
  length = 0;
  #bytes = new Uint8Array(FIRST);

  varint(value: number): void {
    if (this.length + 5 > this.#bytes.length) this.#bytes = larger(this.#bytes, new Uint8Array(2 * this.#bytes.length));
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) this.#bytes[this.length++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.length++] = rest;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }
}

function larger<T extends Uint8Array | Uint16Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Rows that hold a term, ascending, and how often. */
export interface Posting {
  readonly rows: Uint16Array;
  readonly times: Uint16Array;
}

export class DamagedIndex extends Error {}

/**
 * @param value an entry, @param lists where its list stands
 * @throws DamagedIndex when a row is none of `rows`
 */
export function unpack(value: number, lists: (place: number) => Uint8Array, rows: number): Posting {
  if (value >= ONE) {
    const posting = { rows: Uint16Array.of(value & 0xffff), times: Uint16Array.of((value >>> 16) & MOST_TIMES) };
    if (posting.rows[0] >= rows) throw new DamagedIndex(`row ${posting.rows[0]} of ${rows}`);
    return posting;
  }
  return unpackList(lists(value), rows);
}

function unpackList(bytes: Uint8Array, most: number): Posting {
  let at = 0;
  /** What follows a byte of 0x80 and more. */
  const longer = (first: number): number => {
    let result = first & 0x7f;
    for (let shift = 7; shift <= 28; shift += 7) {
      const byte = bytes[at++];
      result |= (byte & 0x7f) << shift;
      if (!(byte >= 0x80)) return result >>> 0;
    }
    throw new DamagedIndex('a number that does not end');
  };
  let byte = bytes[at++];
  const count = byte < 0x80 ? byte : longer(byte);
  if (count > most) throw new DamagedIndex(`${count} rows of ${most}`);
  const [rows, times] = [new Uint16Array(count), new Uint16Array(count)];
  let row = 0;
  for (let i = 0; i < count; i++) {
    byte = bytes[at++];
    const step = byte < 0x80 ? byte : longer(byte);
    row += step >>> 1;
    rows[i] = row;
    if ((step & 1) === 0) times[i] = 1;
    else {
      byte = bytes[at++];
      times[i] = byte < 0x80 ? byte : longer(byte);
    }
  }
  if (row >= most || at > bytes.length) throw new DamagedIndex(`row ${row} of ${most}`);
  return { rows, times };
}

/** Whether an entry says all, without a list. */
export const isSingle = (value: number): boolean => value >= ONE;
