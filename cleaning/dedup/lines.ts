/**
 * Furniture that no rule knows: a line that stands at the edge of many pages of one host. Counts live in the store, so
 * a host is known better from night to night. Only the first and last lines of a page are counted, which keeps the
 * table small and leaves a refrain in the middle of a text alone.
 */
import type { Database } from 'better-sqlite3';
import { hash32, mix32 } from '../lexicon.ts';

/** Lines looked at from the top and from the end of a page. */
const HEAD_LINES = 6;
const TAIL_LINES = 10;
const MAX_LINE = 300;
/** A line is furniture once it stood on so many pages, and on this share of the host's pages. */
const MIN_PAGES = 6;
const MIN_SHARE = 0.25;

export const LINES_SCHEMA = `
  CREATE TABLE IF NOT EXISTS hosts (host INTEGER PRIMARY KEY, pages INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS host_lines (line INTEGER PRIMARY KEY, pages INTEGER NOT NULL);
`;

export class HostLines {
  readonly #countPage;
  readonly #countLine;

  constructor(database: Database) {
    const counter = (table: string): string =>
      `INSERT INTO ${table} VALUES (?, 1) ON CONFLICT DO UPDATE SET pages = pages + 1 RETURNING pages`;
    this.#countPage = database.prepare<[number], number>(counter('hosts')).pluck();
    this.#countLine = database.prepare<[number], number>(counter('host_lines')).pluck();
  }

  /** Counts the page's lines and returns its text without those that the host repeats. `text` is normalised. */
  strip(host: string, text: string): string {
    const hostHash = hash32(host);
    const pages = this.#countPage.get(hostHash)!;
    const lines = text.split('\n');
    const filled = lines.flatMap((line, i) => (line === '' ? [] : [i]));
    const edges = new Set([...filled.slice(0, HEAD_LINES), ...filled.slice(-TAIL_LINES)]);
    const counted = new Map<number, number>();
    const repeated = new Set<number>();
    for (const i of edges) {
      if (lines[i]!.length > MAX_LINE) continue;
      const key = lineKey(hostHash, lines[i]!);
      let count = counted.get(key);
      if (count === undefined) {
        count = this.#countLine.get(key)!;
        counted.set(key, count);
      }
      if (count >= MIN_PAGES && count >= MIN_SHARE * pages) repeated.add(i);
    }
    if (repeated.size === 0) return text;
    return lines
      .filter((_, i) => !repeated.has(i))
      .join('\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim();
  }
}

/** 52 bits of host and line; figures in a line do not tell lines apart (`Bình luận (12)`). */
function lineKey(hostHash: number, line: string): number {
  const folded = line.toLowerCase().replace(/\p{N}+/gu, '0');
  const low = hash32(folded);
  const high = mix32(hash32(`${folded}\n`) ^ hostHash);
  return (high & 0xfffff) * 0x100000000 + (mix32(low ^ hostHash) >>> 0);
}
