/**
 * Items of benchmarks (items.ts) that stand in a document: flagged with their ids, not deleted.
 *
 * An item is its question and choices, letters of the choices left out, cut into shingles of eight syllables, because
 * 13-grams miss a quarter of VMLU's questions. A document holds an item when it holds half of the shingles, of an item
 * with few shingles all; or most of its question and of its choices, each by itself, in whatever order; or most of a long
 * question alone, all of a shorter one that no other item asks. An item of fewer than eight syllables must stand there whole.
 */
import { basename } from 'node:path';
import { mix32, readSyllables, type Syllable } from '../vietnamese/lexicon.ts';
import { normalize } from '../vietnamese/normalize.ts';
import { readItems } from './items.ts';

const SHINGLE = 8;
const SHARE = 0.5;
/** A question of so many syllables is looked for without its choices too, and more of it must be found. */
const MIN_QUESTION = 12;
const QUESTION_SHARE = 0.8;
/** One of so many syllables too, where all of it is found and no other item has the like. */
const SHORT_QUESTION = 8;
/** Shorter questions and choices are of any text; question and choices of fewer together too. */
const MIN_PART = 3;
const MIN_PARTS = 8;
/** With fewer shingles than this all must be found. */
const FEW = 4;
/** Shorter items say nothing. */
const MIN_SYLLABLES = 4;
/** A document with more items is a copy of the benchmark: the first ones say so. */
const MAX_IDS = 100;

export interface ContaminationIndex {
  /** Of what is looked for: an item, or its question alone under the same id. */
  readonly ids: readonly string[];
  /** Shingles that each item needs. */
  readonly needed: readonly number[];
  /** Length of shingle → hash → items. */
  readonly items: ReadonlyMap<number, ReadonlyMap<number, readonly number[]>>;
}

/**
 * @param files JSONL with `{"id","question","choices"}` in every line
 * @throws ToolkitError BAD_ITEMS (exit 2) naming file and line.
 */
export function readContaminationIndex(files: readonly string[]): ContaminationIndex {
  return contaminationIndex(
    (function* () {
      for (const file of files) {
        for (const [line, { id, question, choices }] of readItems(file)) {
          const name = `${basename(file).replace(/\.jsonl$/, '')}:${id ?? line}`;
          yield { id: name, whole: [question, ...choices].join(' '), question, choices };
        }
      }
    })(),
  );
}

interface Looked {
  readonly id: string;
  readonly whole: string;
  readonly question?: string;
  readonly choices?: readonly string[];
}

/** What is looked for: an item as a whole, in parts, and its question alone where it has one. */
export function contaminationIndex(looked: Iterable<Looked>): ContaminationIndex {
  const ids: string[] = [];
  const needed: number[] = [];
  const items = new Map<number, Map<number, number[]>>();
  const add = (name: string, parts: readonly (readonly number[])[], share: number): void => {
    const number = ids.push(name) - 1;
    let size = 0;
    for (const [length, shingles] of shinglesOf(parts)) {
      size += shingles.size;
      const byHash = items.get(length) ?? new Map<number, number[]>();
      items.set(length, byHash);
      for (const hash of shingles) {
        const holders = byHash.get(hash);
        if (holders === undefined) byHash.set(hash, [number]);
        else holders.push(number);
      }
    }
    needed.push(size < FEW ? size : Math.ceil(share * size));
  };
  const short: { readonly id: string; readonly question: readonly number[] }[] = [];
  for (const { id, whole, question, choices = [] } of looked) {
    const all = hashesOf(whole);
    if (all.length >= MIN_SYLLABLES) add(id, [all], SHARE);
    if (question === undefined) continue;
    const alone = hashesOf(question);
    if (alone.length >= MIN_QUESTION) add(id, [alone], QUESTION_SHARE);
    else if (alone.length >= SHORT_QUESTION) short.push({ id, question: alone });
    const parts = [alone, ...choices.map(hashesOf)].filter(({ length }) => length >= MIN_PART);
    const isEnough = parts.reduce((sum, { length }) => sum + length, 0) >= MIN_PARTS;
    if (isEnough && parts[0] === alone && parts.length > 1) add(id, parts, QUESTION_SHARE);
  }
  const asked = new Map<number, number>();
  for (const { question } of short) for (const hash of eights(question)) asked.set(hash, (asked.get(hash) ?? 0) + 1);
  for (const { id, question } of short) {
    const known = items.get(SHINGLE);
    const isOwn = eights(question).every((hash) => asked.get(hash) === 1 && holdersOf(known?.get(hash), ids) <= 1);
    if (isOwn) add(id, [question], 1);
  }
  return { ids, needed, items };
}

/** Distinct shingles of each length: of eight syllables, of a shorter part as many as it has. */
function shinglesOf(parts: readonly (readonly number[])[]): Map<number, Set<number>> {
  const found = new Map<number, Set<number>>();
  for (const part of parts) {
    const length = Math.min(SHINGLE, part.length);
    const shingles = found.get(length) ?? new Set();
    found.set(length, shingles);
    for (const hash of shingleHashes(part, length)) shingles.add(hash);
  }
  return found;
}

const eights = (hashes: readonly number[]): number[] => [...new Set(shingleHashes(hashes, SHINGLE))];
const holdersOf = (holders: readonly number[] = [], ids: readonly string[]): number =>
  new Set(holders.map((holder) => ids[holder])).size;

const hashesOf = (text: string): number[] => significant(readSyllables(normalize(text)));

/** Hashes of what counts: no punctuation, no letters of choices. */
function significant(syllables: readonly Syllable[]): number[] {
  const hashes: number[] = [];
  for (const { hash, folded } of syllables) {
    if (hash !== 0 && !(folded.length === 1 && folded >= 'a' && folded <= 'e')) hashes.push(hash);
  }
  return hashes;
}

const BASE = 0x01000193;

function shingleHashes(hashes: readonly number[], length: number): number[] {
  const shingles: number[] = [];
  let oldest = 1;
  for (let i = 1; i < length; i++) oldest = Math.imul(oldest, BASE);
  let rolling = 0;
  for (let i = 0; i < hashes.length; i++) {
    if (i >= length) rolling = (rolling - Math.imul(hashes[i - length], oldest)) | 0;
    rolling = (Math.imul(rolling, BASE) + hashes[i]) | 0;
    if (i >= length - 1) shingles.push(mix32(rolling));
  }
  return shingles;
}

/** Ids of the items that the document holds, separated by spaces. */
export const contaminationOf = (syllables: readonly Syllable[], index: ContaminationIndex): string =>
  itemsIn(syllables, index).slice(0, MAX_IDS).join(' ');

/** The same of a text, all of them. */
export const itemsInText = (text: string, index: ContaminationIndex): string[] =>
  itemsIn(readSyllables(normalize(text)), index);

function itemsIn(syllables: readonly Syllable[], { ids, needed, items }: ContaminationIndex): string[] {
  const hashes = significant(syllables);
  const found = new Map<number, Set<number>>();
  for (const [length, byHash] of items) {
    for (const hash of shingleHashes(hashes, length)) {
      for (const item of byHash.get(hash) ?? []) {
        const hits = found.get(item) ?? new Set();
        found.set(item, hits.add(hash));
      }
    }
  }
  const held = [...found].filter(([item, hits]) => hits.size >= needed[item]).map(([item]) => item);
  return [...new Set(held.sort((a, b) => a - b).map((item) => ids[item]))];
}
