/**
 * Texts that were taken down, by what tells them again and gives nothing of them away: a hash, and the set of their
 * shingles, without their order. A text that is equal, that stands in one of them or that holds one is refused.
 */
import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { readSyllables } from '../vietnamese/lexicon.ts';
import { exactBytes } from './exact.ts';
import { withoutTitle } from './near.ts';
import { STATE } from './schema.ts';
import { sequenceOf, shinglesIn } from './sequence.ts';

export interface TextSignature {
  /** SHA-256 of what exact duplicates have in common. */
  readonly exact: string;
  /** Hashes of its shingles, each once, sorted: int32, little endian, base64. */
  readonly shingles: string;
}

/** Shingles of the shortest text that is looked for in others, and of the shortest that is looked for in it. */
const MIN_HELD = 16;
const MIN_EXCERPT = 4;
/** Of so short a text nearly all must stand there. */
const ALL_EQUAL = 0.95;

export function signatureOfText(title: string, text: string): TextSignature | undefined {
  const { exact, shingles, isEmpty } = read(title, text);
  if (isEmpty) return undefined;
  const sorted = shingles.toSorted();
  return { exact, shingles: Buffer.from(sorted.buffer, sorted.byteOffset, sorted.byteLength).toString('base64') };
}

function read(title: string, text: string) {
  const body = withoutTitle(readSyllables(text), title);
  const sequence = sequenceOf(body);
  return {
    exact: createHash('sha256').update(exactBytes(body)).digest('hex').slice(0, 32),
    shingles: Int32Array.from(new Set(shinglesIn(sequence))),
    isEmpty: sequence.length === 0,
  };
}

export class RemovedTexts {
  readonly #exact = new Set<string>();
  readonly #sizes: number[] = [];
  readonly #byShingle = new Map<number, number[]>();
  readonly #least: number;

  /** @param least containment that decides (`leastContainment`) */
  constructor(signatures: Iterable<TextSignature>, least: number) {
    this.#least = least;
    for (const { exact, shingles } of signatures) {
      if (this.#exact.has(exact)) continue;
      this.#exact.add(exact);
      const bytes = Uint8Array.from(Buffer.from(shingles, 'base64'));
      const hashes = new Int32Array(bytes.buffer);
      const number = this.#sizes.push(hashes.length) - 1;
      for (const hash of hashes) {
        const known = this.#byShingle.get(hash);
        if (known === undefined) this.#byShingle.set(hash, [number]);
        else known.push(number);
      }
    }
  }

  holds(title: string, text: string): boolean {
    if (this.#sizes.length === 0 || text === '') return false;
    const { exact, shingles, isEmpty } = read(title, text);
    if (isEmpty) return false;
    if (this.#exact.has(exact)) return true;
    const shared = new Map<number, number>();
    for (const hash of shingles) {
      for (const number of this.#byShingle.get(hash) ?? []) shared.set(number, (shared.get(number) ?? 0) + 1);
    }
    const own = shingles.length;
    return [...shared].some(([number, count]) => {
      const shorter = Math.min(own, this.#sizes[number]);
      if (shorter >= MIN_HELD) return count >= this.#least * shorter;
      return own === shorter && own >= MIN_EXCERPT && count >= ALL_EQUAL * own;
    });
  }
}

const IS_BLANK = `state = ${STATE.left} AND key = 0 AND content IS NULL AND address = ''`;

/** Which documents the memory forgets. */
export type IsTakenDown = (document: {
  readonly id: string;
  readonly address: string;
  readonly fetchedAt: string;
  /** Whether it stands among the documents, where no other has its id. */
  readonly stands: boolean;
}) => boolean;

/** Their numbers stay, for those that follow, and the hashes by which their pages are known. */
export function takeOut(database: Database, isTakenDown: IsTakenDown): number[] {
  const gone: number[] = [];
  const rows = database.prepare<[], { number: number; id: string; address: string; fetchedAt: string; state: number }>(
    `SELECT number, id, address, fetched_at AS fetchedAt, state FROM documents WHERE NOT (${IS_BLANK})`,
  );
  for (const row of rows.iterate()) {
    if (isTakenDown({ ...row, stands: row.state === STATE.stands })) gone.push(row.number);
  }
  const blank = database.prepare<[number]>(
    `UPDATE documents SET state = ${STATE.left}, key = 0, content = NULL, address = '', fetched_at = '', other = ''
     WHERE number = ?`,
  );
  const forget = ['DELETE FROM exact WHERE document = ?', 'DELETE FROM marks WHERE document = ?'].map((sql) =>
    database.prepare<[number]>(sql),
  );
  for (const number of gone) for (const statement of [blank, ...forget]) statement.run(number);
  return gone;
}
