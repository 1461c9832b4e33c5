/**
 * Search in the documents and rejects of a folder: by words, phrases, names, dates and measurements.
 *
 *   const index = await openSearch('vua-out');           // makes what is missing: of new shards alone
 *   const { total, hits } = index.search({ text: 'ha noi', host: 'bao.vn', limit: 10 });
 *   index.text(hits[0].place);                           // and index.document(id), index.numbers('documents', 'syllables')
 *   index.isCurrent || (index.close(), await openSearch('vua-out'));    // somebody published meanwhile
 *   index.close();
 */
import { statSync } from 'node:fs';
import { forEachTerm } from '../../cleaning/vietnamese/terms.ts';
import { addressOf } from '../../crawlers/page.ts';
import { badInput, tryAgain } from '../../crawlers/shell/errors.ts';
import type { Work } from '../../crawlers/shell/work.ts';
import { hash64 } from '../checksum.ts';
import { DOCUMENT_NUMBERS, REJECT_NUMBERS } from '../format.ts';
import { manifestPath, readDocumentManifest } from '../manifest.ts';
import type { DocumentManifest, DocumentShard } from '../manifest-shape.ts';
import { Best, type Scored } from './best.ts';
import { type Kind, pairHash } from './build-segment.ts';
import { type Cells, OpenCells } from './cells.ts';
import { maskOf } from './filter.ts';
import { openSegments, placeOf, removeDamaged } from './folder.ts';
import { DamagedIndex } from './postings.ts';
import type { Found, Hit, Place, SearchQuery } from './query.ts';
import { type Query, rank, readQuery } from './rank.ts';
import type { Hashed, Named, Segment } from './segment.ts';
import { MOST_SNIPPET_BYTES, SNIPPET_BYTES, type Snippet, snippetOf } from './snippet.ts';

/** Rows that are kept to be read for the phrases of a query, and words that are read behind those that are shown. */
const MOST_READ = 2000;
const MOST_WORDS_READ = 50_000;
const MOST_OPEN = 64;

interface Shard {
  readonly kind: Kind;
  readonly entry: DocumentShard;
}
/** A segment with what it is of. */
interface Member extends Shard {
  readonly segment: Segment;
}

/**
 * Opens the index of a folder of documents, or of the current snapshot of a run; makes first what is not there of it.
 * @throws ToolkitError NO_MANIFEST, BAD_MANIFEST, BAD_SHARD, UNWRITABLE_FOLDER (exit 2), WRITE_FAILED
 */
export async function openSearch(dir: string, work?: Work): Promise<SearchIndex> {
  const place = placeOf(dir);
  const manifest = readDocumentManifest(place.documents);
  const shards = await openSegments(place, manifest, work);
  const members = shards.flatMap(({ segments, ...shard }) => segments.map((segment) => ({ ...shard, segment })));
  return new SearchIndex(dir, place, manifest, members);
}

export class SearchIndex {
  /** Folder of documents that it is of: one snapshot, whatever is published meanwhile. */
  readonly documents: string;
  readonly manifest: DocumentManifest;
  readonly #dir: string;
  readonly #index: string;
  readonly #members: readonly Member[];
  readonly #state: string;
  readonly #cells: OpenCells;
  readonly #numbers = new Map<string, Float32Array | Float64Array>();

  constructor(dir: string, place: ReturnType<typeof placeOf>, manifest: DocumentManifest, members: readonly Member[]) {
    [this.#dir, this.documents, this.#index] = [dir, place.documents, place.index];
    this.manifest = manifest;
    this.#cells = new OpenCells(place.documents, MOST_OPEN);
    this.#members = members;
    this.#state = stateOf(dir);
  }

  /** Whether the folder still shows what was opened. */
  get isCurrent(): boolean {
    return stateOf(this.#dir) === this.#state;
  }

  close(): void {
    for (const { segment } of this.#members) segment.close();
    this.#cells.close();
  }

  /** Documents or rejects. */
  count(side: Kind): number {
    return this.#of(side).reduce((sum, { segment }) => sum + segment.rows, 0);
  }

  /**
   * @throws ToolkitError BAD_OPTION (exit 2) for what is no date or no column; BAD_SHARD; DAMAGED_INDEX (exit 75): what is
   *   damaged was removed, and the next `openSearch` makes it again
   */
  search(query: SearchQuery): Found {
    return this.#guarded(() => this.#search(query));
  }

  #guarded<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof DamagedIndex)) throw error;
      removeDamaged(this.#index);
      throw tryAgain(
        'DAMAGED_INDEX',
        `${this.#index}: a segment is damaged: ${error.message}`,
        'open it again: what was damaged is made anew',
        error,
      );
    }
  }

  #search({ text = '', phrase, match = 'all', side = 'documents', seed, ...rest }: SearchQuery): Found {
    const { limit = 20, offset = 0, ...filters } = rest;
    const members = this.#of(side);
    const all = members.map(({ segment }) => segment);
    const allows = maskOf(all, filters, (column) => this.numbers(side, column));
    const query = readQuery(text, phrase);
    const until = offset + limit;
    const best = new Best(query.phrases.length > 0 ? Math.max(MOST_READ, until) : until);
    const chance = seed === undefined ? undefined : chances(all, seed);
    const take = (segment: number, row: number, score: number): void =>
      best.offer(segment, row, chance?.(segment, row) ?? score);
    if (query.terms.length > 0) rank(all, query, { match, allowed: allows, take });
    else if (text.trim() === '') everyRow(all, allows, take);
    const { hits, unread, total } = this.#checked(best, members, query, until);
    return { total, isExact: unread === 0, hits: this.#hits(hits.slice(offset), members, query) };
  }

  /** The best rows, `until` at most, that hold the phrases of a query; of the others as many are read as a moment takes. */
  #checked(best: Best, members: readonly Member[], query: Query, until: number) {
    const inOrder = best.inOrder();
    if (query.phrases.length === 0) return { hits: inOrder.slice(0, until), unread: 0, total: best.total };
    const hits: Scored[] = [];
    let [words, read, holding] = [0, 0, 0];
    for (; read < inOrder.length && (hits.length < until || words < MOST_WORDS_READ); read++) {
      const { segment, row } = inOrder[read];
      if (hits.length >= until) words += members[segment].segment.lengths[row];
      if (!this.#holds(members[segment], row, query)) continue;
      holding++;
      if (hits.length < until) hits.push(inOrder[read]);
    }
    const unread = best.total - read;
    return { hits, unread, total: holding + unread };
  }

  /**
   * All rows of a side that match, by their place in the folder, with their scores. Of phrases so many are read as a moment
   * takes: where `isExact` is false some of the others may not hold them.
   * @throws as `search`
   */
  rows({
    text = '',
    phrase,
    match = 'all',
    side = 'documents',
  }: Pick<SearchQuery, 'text' | 'phrase' | 'match' | 'side'>) {
    return this.#guarded(() => {
      const members = this.#of(side);
      const query = readQuery(text, phrase);
      const most = this.count(side);
      const [rows, scores] = [new Uint32Array(most), new Float64Array(most)];
      const starts = [0];
      for (const { segment } of members) starts.push(starts.at(-1)! + segment.rows);
      let [count, words, isExact] = [0, 0, true];
      const take = (segment: number, row: number, score: number): void => {
        if (query.phrases.length > 0) {
          if (words < MOST_WORDS_READ && !this.#holds(members[segment], row, query)) return;
          isExact = words < MOST_WORDS_READ;
          words += members[segment].segment.lengths[row];
        }
        rows[count] = starts[segment] + row;
        scores[count++] = score;
      };
      const segments = members.map(({ segment }) => segment);
      // Signs alone stand in no document.
      if (query.terms.length > 0) rank(segments, query, { match, allowed: () => undefined, take });
      return { rows: rows.slice(0, count), scores: scores.slice(0, count), isExact };
    });
  }

  /** A text as it stands; empty where there is none. @throws ToolkitError BAD_SHARD */
  text(place: Place): string {
    return this.cell(place, 'text');
  }

  /** A text column of a row. @throws ToolkitError BAD_SHARD */
  cell({ side, shard, row }: Place, column: string): string {
    const member = this.#of(side).find(({ entry }) => entry.file === shard);
    if (member === undefined || row < 0 || row >= member.entry.rows) return '';
    return this.#cells.of(member.kind, member.entry).string(column, row);
  }

  /** Places of documents and rejects with this id or address, in whatever spelling. */
  find(idOrUrl: string): Place[] {
    return [...this.withHash('id', hash64(idOrUrl)), ...this.withHash('address', hash64(addressOf(idOrUrl)))].filter(
      (place, i, all) => all.findIndex((other) => other.shard === place.shard && other.row === place.row) === i,
    );
  }

  /** Places whose value has this hash; `text` is `text_hash`, `cluster` of a reject what it repeats. */
  withHash(column: Hashed, hash: bigint): Place[] {
    return this.#members.flatMap(({ kind, entry, segment }) =>
      segment.rowsWith(column, hash).map((row) => ({ side: kind, shard: entry.file, row: segment.first + row })),
    );
  }

  /** A document as a hit; of several with this id or address the first, kept ones before rejects. */
  document(idOrUrl: string): Hit | undefined {
    const [place] = this.find(idOrUrl);
    return place && this.hit(place);
  }

  hit(place: Place): Hit | undefined {
    const members = this.#of(place.side);
    const segment = members.findIndex(
      ({ entry, segment: { first, rows } }) =>
        entry.file === place.shard && place.row >= first && place.row < first + rows,
    );
    if (segment < 0) return undefined;
    const row = place.row - members[segment].segment.first;
    return this.#hits([{ segment, row, score: 0 }], members, readQuery(''))[0];
  }

  /**
   * A number column over all rows of a side, in the order of the folder; NaN where it was not measured. Kept in memory.
   * @throws ToolkitError BAD_OPTION (exit 2) where there is no such column, BAD_SHARD
   */
  numbers(side: Kind, column: string): Float32Array | Float64Array {
    const key = `${side} ${column}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const columns: readonly string[] = side === 'documents' ? DOCUMENT_NUMBERS : REJECT_NUMBERS;
    if (!columns.includes(column))
      throw badInput('BAD_OPTION', `no number column ${column} of ${side}, there are ${columns.join(', ')}`);
    const parts = this.#shards(side).map((member) => this.#cells.of(member.kind, member.entry).numbers(column));
    const isWide = parts.some((part) => part instanceof Float64Array);
    const all = new (isWide ? Float64Array : Float32Array)(this.count(side));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    // What was not asked for longest goes first.
    if (this.#numbers.size >= 24) this.#numbers.delete(this.#numbers.keys().next().value!);
    this.#numbers.set(key, all);
    return all;
  }

  /** Hosts, sources, days, reasons … of a side, or of both, and the number of each row's, in the order of the folder. */
  named(column: Named, side?: Kind): { readonly names: readonly string[]; readonly rows: Uint32Array } {
    const names = new Map<string, number>();
    const members = side === undefined ? this.#members : this.#of(side);
    const rows = new Uint32Array(members.reduce((sum, { segment }) => sum + segment.rows, 0));
    let at = 0;
    for (const { segment } of members) {
      const numbers = segment.names[column].map((name) => {
        if (!names.has(name)) names.set(name, names.size);
        return names.get(name)!;
      });
      const codes = segment.named(column);
      for (let row = 0; row < codes.length; row++) rows[at++] = numbers[codes[row]];
    }
    return { names: [...names.keys()], rows };
  }

  #of(side: Kind): readonly Member[] {
    return this.#members.filter(({ kind }) => kind === side);
  }

  #shards(side: Kind): readonly Shard[] {
    return this.manifest[side].map((entry) => ({ kind: side, entry }));
  }

  #hits(scored: readonly Scored[], members: readonly Member[], query: Query): Hit[] {
    return scored.map(({ segment: number, row, score }) => {
      const member = members[number];
      const { segment, kind, entry } = member;
      const at = segment.first + row;
      const cells = this.#cells.of(member.kind, member.entry);
      const name = (column: Named): string => segment.names[column][segment.named(column)[row]];
      const date = segment.dates[row];
      return {
        id: cells.string('id', at),
        url: cells.string('url', at),
        title: cells.string('title', at),
        ...{ host: name('host'), source: name('source'), reason: name('reason') },
        date: Number.isNaN(date) ? '' : new Date(date).toISOString(),
        score,
        place: { side: kind, shard: entry.file, row: at },
        snippet: this.#snippet(cells, at, query),
      };
    });
  }

  #snippet(cells: Cells, row: number, query: Query): Snippet {
    const snippet = snippetOf(cells.string('text', row, SNIPPET_BYTES), query);
    if (snippet.marks.length > 0 || query.terms.length === 0) return snippet;
    return snippetOf(cells.string('text', row, MOST_SNIPPET_BYTES), query);
  }

  /** Whether its title or text has every phrase, word by word. */
  #holds(member: Member, row: number, { phrases, isFolded }: Query): boolean {
    const cells = this.#cells.of(member.kind, member.entry);
    const at = member.segment.first + row;
    const read = [cells.string('title', at), cells.string('text', at)];
    return phrases.every((phrase) => {
      const wanted = phrase.map(({ folded, exact }) => (isFolded ? folded : exact));
      return read.some((text) => hasPhrase(text, wanted, isFolded));
    });
  }
}

function everyRow(
  segments: readonly Segment[],
  allowed: (segment: Segment) => Uint8Array | undefined,
  take: (segment: number, row: number, score: number) => void,
): void {
  for (const [number, segment] of segments.entries()) {
    const mask = allowed(segment);
    for (let row = 0; row < segment.rows; row++) {
      if (mask === undefined || mask[row] === 1) take(number, row, 0);
    }
  }
}

/** A number for each row that follows from its id and the seed. */
function chances(segments: readonly Segment[], seed: string): (segment: number, row: number) => number {
  const salt = hash64(seed);
  const [low, high] = [Number(salt & 0xffffffffn), Number(salt >> 32n)];
  return (segment, row) => {
    const [a, b] = segments[segment].halvesOf('id', row);
    const first = pairHash(a ^ low, b ^ high);
    return first * 2 ** 20 + (pairHash(first, a) >>> 12);
  };
}

function hasPhrase(text: string, wanted: readonly string[], isFolded: boolean): boolean {
  const last: string[] = [];
  let found = false;
  forEachTerm(text, (term) => {
    last.push(isFolded ? term.folded : term.exact);
    if (last.length > wanted.length) last.shift();
    found = last.length === wanted.length && wanted.every((word, i) => last[i] === word);
    return !found;
  });
  return found;
}

/** Changes when something else is published. */
function stateOf(dir: string): string {
  try {
    const { documents } = placeOf(dir);
    const { ino, mtimeMs, size } = statSync(manifestPath(documents));
    return [documents, ino, mtimeMs, size].join(' ');
  } catch {
    return '';
  }
}
