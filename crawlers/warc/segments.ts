/**
 * Records in segments (WARC 1.1, record segmentation): the first holds the beginning of a block, `continuation` records
 * behind it the rest, and the last of them says how long it is.
 *
 *   response      WARC-Segment-Number: 1
 *   continuation  WARC-Segment-Number: 2   WARC-Segment-Origin-ID: of the first; without it the same address
 *   continuation  WARC-Segment-Number: 3   WARC-Segment-Total-Length: of the block
 */
import { type HeaderPairs, headerOf } from './http-message.ts';

export interface Segmented {
  readonly type: string;
  readonly fields: HeaderPairs;
  readonly block: Buffer;
  /** Where the first segment begins. */
  readonly at: number | undefined;
}

interface Open extends Segmented {
  readonly parts: Buffer[];
  length: number;
}

/** Records that wait for their rest at once; the oldest is left as it is. */
const MOST_OPEN = 8;

const numberOf = (fields: HeaderPairs): number => Number(headerOf(fields, 'warc-segment-number') ?? 0);
const addressOf = (fields: HeaderPairs): string => `address ${headerOf(fields, 'warc-target-uri')}`;

export const isFirstSegment = (fields: HeaderPairs): boolean => numberOf(fields) === 1;

export class Segments {
  readonly #open = new Map<string, Open>();
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Waits for the rest of a record. Returns one that waits no longer. */
  begin(first: Segmented): Segmented | undefined {
    const key = headerOf(first.fields, 'warc-record-id') ?? addressOf(first.fields);
    this.#open.set(key, { ...first, parts: [first.block], length: first.block.length });
    return this.#open.size > MOST_OPEN ? this.rest(1)[0] : undefined;
  }

  /** Whether a continuation is of a record that waits for it. */
  expects(fields: HeaderPairs): boolean {
    return this.#of(fields) !== undefined;
  }

  /** Takes a continuation that is expected. Returns the record when it is whole. */
  add(fields: HeaderPairs, block: Buffer): Segmented | undefined {
    const [key, open] = this.#of(fields)!;
    open.parts.push(block);
    open.length += block.length;
    const total = headerOf(fields, 'warc-segment-total-length');
    if (total === undefined) return undefined;
    this.#open.delete(key);
    if (Number(total) !== open.length) return open; // some of it is missing: its beginning stays, marked
    const isWhole = ([name]: readonly [string, string]): boolean => !/^warc-segment-/i.test(name);
    return { ...open, fields: open.fields.filter(isWhole), block: Buffer.concat(open.parts) };
  }

  /** Those that wait, the oldest first; they wait no longer. */
  rest(most = Number.POSITIVE_INFINITY): Segmented[] {
    const left = [...this.#open].slice(0, most);
    for (const [key] of left) this.#open.delete(key);
    return left.map(([, open]) => open);
  }

  #of(fields: HeaderPairs): [key: string, open: Open] | undefined {
    const origin = headerOf(fields, 'warc-segment-origin-id');
    const found = [...this.#open].find(([key, open]) =>
      origin === undefined ? addressOf(open.fields) === addressOf(fields) : key === origin,
    );
    if (found === undefined) return undefined;
    const { parts, length } = found[1];
    const more = Number(headerOf(fields, 'content-length') ?? 0);
    return numberOf(fields) === parts.length + 1 && length + more <= this.#maxBytes ? found : undefined;
  }
}
