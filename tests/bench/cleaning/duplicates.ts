/**
 * Which documents are duplicates: precision by the labels of a pool (tests/cleaning/duplicate-pool.ts), recall by exact
 * containment, the same documents for any order of input, and datatrove's MinHash on the same texts where VUA_PYTHON has
 * it.
 *
 *   node --import tsx tests/bench/cleaning/duplicates.ts [DOCUMENTS]     default 20,000
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clean } from '../../../cleaning/clean.ts';
import { openDedupStore } from '../../../cleaning/dedup/store.ts';
import { readSyllables } from '../../../cleaning/vietnamese/lexicon.ts';
import { formatCount, formatTable } from '../../../crawlers/shell/reporter.ts';
import { duplicatePool, type Pool, type PoolDocument, shuffled } from '../../cleaning/duplicate-pool.ts';
import { makeTemporaryFolder } from '../../folder.ts';
import { hasPack, machine, pythonPeer } from './data.ts';
import { packDocuments, pageOf } from './filters.ts';

/** What a tool did with the pool: of each document that went, the kept one that it was taken for. */
export type Dropped = ReadonlyMap<string, string>;

export interface Scores {
  readonly drops: number;
  readonly precision: number;
  readonly pairs: number;
  readonly recall: number;
  /** `form: taken for form`, and how often. */
  readonly wrong: ReadonlyMap<string, number>;
  /** Pairs that stay both, by their kinds. */
  readonly missed: ReadonlyMap<string, number>;
}

/** By the whole line: pages in, documents out. */
export async function droppedBy(
  documents: readonly PoolDocument[],
  dedupOrder: 'given' | 'stable' = 'given',
): Promise<Dropped> {
  const store = openDedupStore(':memory:');
  const dropped = new Map<string, string>();
  try {
    const pages = documents.map(({ id, text }) => ({ ...pageOf(text, undefined, `file:${id}`), id }));
    for await (const outcome of clean(pages, { store, dedupOrder })) {
      const { id, stage, reason, other } = outcome.dropped ?? {};
      if (id !== undefined && (stage === 'exact' || stage === 'near')) dropped.set(id, other!);
      else if (id !== undefined) throw new Error(`${id} was dropped by ${stage}: ${reason}`);
    }
    store.placeInShard(0);
    for (const { id, other } of store.departures().documents) dropped.set(id, other);
    return dropped;
  } finally {
    store.close();
  }
}

export function scoresOf({ documents }: Pool, pairs: readonly Pair[], dropped: Dropped): Scores {
  const byId = new Map(documents.map((document) => [document.id, document]));
  const wrong = new Map<string, number>();
  const missed = new Map<string, number>();
  const count = (counts: Map<string, number>, what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  for (const [id, other] of dropped) {
    const [it, kept] = [byId.get(id)!, byId.get(other)];
    if (!it.families.some((family) => kept?.families.includes(family)))
      count(wrong, `${it.kind}, taken for ${kept?.kind}`);
  }
  for (const [a, b] of pairs) {
    if (!dropped.has(documents[a].id) && !dropped.has(documents[b].id)) {
      count(missed, [documents[a].kind, documents[b].kind].sort().join(' and '));
    }
  }
  const sum = (counts: Map<string, number>): number => [...counts.values()].reduce((all, one) => all + one, 0);
  const [drops, found] = [dropped.size, pairs.length - sum(missed)];
  return {
    ...{ drops, precision: drops === 0 ? 1 : 1 - sum(wrong) / drops },
    ...{ pairs: pairs.length, recall: pairs.length === 0 ? 1 : found / pairs.length },
    ...{ wrong, missed },
  };
}

/** Places of two documents in the pool. */
type Pair = readonly [number, number];
/** The share of the shorter text's shingles that makes a pair, and the shingle. */
const CONTAINED = 0.8;
const SHINGLE = 5;
/** A shingle of more documents makes no candidate; those of planted boilerplate do not count anyway. */
const MAX_DOCUMENTS = 80;

/** All pairs of which the one stands in the other, by comparing strings; boilerplate apart. */
export function containedPairs({ documents, boilerplate }: Pool): Pair[] {
  const numbers = new Map<string, number>();
  const shinglesOf = (text: string): Set<number> => {
    const folded = readSyllables(text).flatMap((one) => (one.folded === '' ? [] : [one.folded]));
    const shingles = new Set<number>();
    for (let i = 0; i + SHINGLE <= folded.length; i++) {
      const shingle = folded.slice(i, i + SHINGLE).join(' ');
      let number = numbers.get(shingle);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(shingle, number);
      }
      shingles.add(number);
    }
    return shingles;
  };
  const common = new Set(boilerplate.flatMap((text) => [...shinglesOf(text)]));
  const sets = documents.map(({ text }) => [...shinglesOf(text)].filter((number) => !common.has(number)));
  const holders = Array.from(numbers, (): number[] => []);
  for (const [i, set] of sets.entries()) for (const number of set) holders[number].push(i);
  const shared = new Map<number, number>();
  for (const list of holders) {
    if (list.length < 2 || list.length > MAX_DOCUMENTS) continue;
    for (let b = 1; b < list.length; b++) {
      for (let a = 0; a < b; a++) {
        const pair = list[a] * documents.length + list[b];
        shared.set(pair, (shared.get(pair) ?? 0) + 1);
      }
    }
  }
  const pairs: Pair[] = [];
  for (const [pair, count] of shared) {
    const [a, b] = [Math.floor(pair / documents.length), pair % documents.length];
    if (count >= CONTAINED * Math.min(sets[a].length, sets[b].length)) pairs.push([a, b]);
  }
  return pairs;
}

/** Texts of the pack: none of a pair that is the same as it stands, so that the labels of planting hold. */
async function packTexts(): Promise<string[]> {
  if (!hasPack) return [];
  const pages = [...packDocuments()].flatMap(([kind, its]) => (kind === 'web' ? [] : its));
  const store = openDedupStore(':memory:');
  const texts: string[] = [];
  for await (const { kept } of clean(pages, { store })) {
    if (kept !== undefined && kept.measurements.syllables < 3_000) texts.push(kept.text);
  }
  store.close();
  return texts;
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const listed = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 8)
    .map(([what, times]) => `${times} × ${what}`)
    .join('; ');

function datatrove(pool: Pool): Dropped | undefined {
  const dir = makeTemporaryFolder();
  try {
    const input = join(dir, 'input');
    mkdirSync(input);
    const lines = pool.documents.map(({ id, text }) => `${JSON.stringify({ id, text })}\n`);
    writeFileSync(join(input, 'pool.jsonl'), lines.join(''));
    const found = pythonPeer<[string, string][]>('duplicates', { input, work: join(dir, 'work') });
    return found && new Map(found);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export async function duplicatesBench(size = 20_000): Promise<void> {
  const pool = duplicatePool(size, await packTexts());
  const pairs = containedPairs(pool);
  const rows: string[][] = [];
  const add = (name: string, dropped: Dropped): void => {
    const scores = scoresOf(pool, pairs, dropped);
    rows.push([name, formatCount(scores.drops), percent(scores.precision), percent(scores.recall)]);
    rows.push(['  wrong', listed(scores.wrong)], ['  missed', listed(scores.missed)]);
  };
  add('vua', await droppedBy(pool.documents));
  add('vua, another order', await droppedBy(shuffled(pool.documents, 2)));
  const orders = [pool.documents, shuffled(pool.documents, 3), [...pool.documents].reverse()];
  const stable: Dropped[] = [];
  for (const documents of orders) stable.push(await droppedBy(documents, 'stable'));
  add('vua --dedup-order stable', stable[0]);
  const gone = stable.map((dropped) => JSON.stringify([...dropped].sort()));
  rows.push([
    '  three orders of input',
    gone.every((one) => one === gone[0]) ? 'the same documents' : 'OTHER DOCUMENTS',
  ]);
  const peer = datatrove(pool);
  if (peer !== undefined) add('datatrove, MinHash of 14 bands of 8 and clusters', peer);
  const head = ['', 'dropped', 'precision', 'recall'];
  process.stdout.write(
    `${formatCount(pool.documents.length)} documents, ${formatCount(pairs.length)} pairs of which one holds 80 % of the other; ${machine()}\n${formatTable([head, ...rows])}\n`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await duplicatesBench(Number(process.argv[2] ?? 20_000));
