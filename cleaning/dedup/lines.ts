/**
 * Furniture that no rule knows: a line that stands at the edge of many pages of one host, and the name of the site in
 * its titles. Counts live in the store, so a host is known better from night to night.
 *
 * A line in the middle is text whatever the host repeats: lines go from the edges inwards, up to the first one that is
 * the page's own, the title at its head apart. A page of which half would go keeps everything.
 */
import type { Database } from 'better-sqlite3';
import { isCodeLine } from '../vietnamese/code.ts';
import { hash32, mix32 } from '../vietnamese/lexicon.ts';

/** Lines looked at from the top and from the end of a page. */
const HEAD_LINES = 6;
const TAIL_LINES = 10;
const MAX_LINE = 300;
/** A line is furniture once it stood on so many pages, and on this share of the host's pages. */
export const MIN_PAGES = 6;
const MIN_SHARE = 0.4;
/** At most this share of a page's characters goes. */
const MAX_SHARE = 0.5;
/** The head of Vietnamese laws and letters stands on every page of a site of laws, and is theirs. */
const OWN = /cộng h(?:òa|oà) xã hội chủ nghĩa việt nam|độc lập\s*[-–—]\s*tự do\s*[-–—]\s*hạnh phúc/i;

export const LINES_SCHEMA = `
  CREATE TABLE IF NOT EXISTS hosts (host INTEGER PRIMARY KEY, pages INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS host_lines (line INTEGER PRIMARY KEY, pages INTEGER NOT NULL);
`;

export class HostLines {
  readonly #countPage;
  readonly #countLine;
  readonly #pagesOf;
  readonly #countOf;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    const counter = (table: string): string =>
      `INSERT INTO ${table} VALUES (?, 1) ON CONFLICT DO UPDATE SET pages = pages + 1 RETURNING pages`;
    this.#countPage = database.prepare<[number], number>(counter('hosts')).pluck();
    this.#countLine = database.prepare<[number], number>(counter('host_lines')).pluck();
    this.#pagesOf = database.prepare<[number], number>('SELECT pages FROM hosts WHERE host = ?').pluck();
    this.#countOf = database.prepare<[number], number>('SELECT pages FROM host_lines WHERE line = ?').pluck();
  }

  /** Hashes of hosts, or of lines of hosts, each with its pages. */
  counts(of: 'hosts' | 'host_lines'): Iterable<[key: number, pages: number]> {
    return this.#database.prepare<[], [number, number]>(`SELECT * FROM ${of}`).raw().iterate();
  }

  /** Adds what was counted elsewhere. */
  load(of: 'hosts' | 'host_lines', counts: Iterable<readonly [key: number, pages: number]>): void {
    const add = this.#database.prepare<[number, number]>(
      `INSERT INTO ${of} VALUES (?, ?) ON CONFLICT DO UPDATE SET pages = pages + excluded.pages`,
    );
    for (const [key, pages] of counts) add.run(key, pages);
  }

  /**
   * Counts the page's title and lines; both without what the host repeats. `text` is normalised.
   * @param isCounted they were counted before
   */
  strip(
    host: string,
    page: { readonly title: string; readonly text: string },
    isCounted = false,
  ): { title: string; text: string } {
    const hostHash = hash32(host);
    const pages = (isCounted ? this.#pagesOf : this.#countPage).get(hostHash) ?? 0;
    const counted = new Map<number, number>();
    const isRepeated = (line: string): boolean => {
      const key = lineKey(hostHash, line);
      let count = counted.get(key);
      if (count === undefined) {
        count = (isCounted ? this.#countOf : this.#countLine).get(key) ?? 0;
        counted.set(key, count);
      }
      return count >= MIN_PAGES && count >= MIN_SHARE * pages;
    };
    return { title: withoutSite(page.title, isRepeated), text: withoutEdges(page.text, isRepeated) };
  }
}

function withoutEdges(text: string, isRepeated: (line: string) => boolean): string {
  const lines = text.split('\n');
  const filled = lines.flatMap((line, i) => (line === '' ? [] : [i]));
  // `End Sub` stands at the foot of many pages, and belongs to the code above it.
  const isOfCode = (i: number): boolean =>
    isCodeLine(lines[i]) && (isCodeLine(lines[i - 1] ?? '') || isCodeLine(lines[i + 1] ?? ''));
  const edge = (i: number): boolean =>
    lines[i].length <= MAX_LINE && isRepeated(lines[i]) && !OWN.test(lines[i]) && !isOfCode(i);
  const head = filled.slice(0, HEAD_LINES);
  const tail = filled.slice(-TAIL_LINES).reverse();
  // Every line of the edges is counted, also where the run of repeated ones has ended.
  const repeated = new Set([...head, ...tail].filter(edge));
  if (repeated.size === 0) return text;
  const gone = new Set([...run(repeated.has(head[0]) ? head : head.slice(1), repeated), ...run(tail, repeated)]);
  const lost = [...gone].reduce((sum, i) => sum + lines[i].length, 0);
  if (gone.size === 0 || lost > MAX_SHARE * text.length) return text;
  return lines
    .filter((_, i) => !gone.has(i))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** The elements of `order` up to the first that is not repeated. */
function run(order: readonly number[], repeated: ReadonlySet<number>): number[] {
  const end = order.findIndex((i) => !repeated.has(i));
  return order.slice(0, end < 0 ? order.length : end);
}

/** Of `Title | Site` and `Site - Title` the part that the host does not repeat. */
function withoutSite(title: string, isRepeated: (line: string) => boolean): string {
  const separators = [...title.matchAll(/ [|»·–—-] /g)];
  if (separators.length === 0) return title;
  const [first, last] = [separators[0], separators.at(-1)!];
  const [head, tail] = [title.slice(0, first.index), title.slice(last.index + last[0].length)];
  // A title is no line: counted apart.
  const isHead = isRepeated(`\n${head}`);
  const isTail = isRepeated(`\n${tail}`);
  if (isTail && !isHead) return title.slice(0, last.index);
  if (isHead && !isTail) return title.slice(first.index + first[0].length);
  return title;
}

/** 52 bits of host and line; figures in a line do not tell lines apart (`Bình luận (12)`). */
function lineKey(hostHash: number, line: string): number {
  const folded = line.toLowerCase().replace(/\p{N}+/gu, '0');
  const low = hash32(folded);
  const high = mix32(hash32(`${folded}\n`) ^ hostHash);
  return (high & 0xfffff) * 0x100000000 + (mix32(low ^ hostHash) >>> 0);
}
