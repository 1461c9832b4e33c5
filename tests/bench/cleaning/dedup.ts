/**
 * Near-duplicates: planted pairs at known similarity against the S-curve; nights one by one against one rebuild; the index
 * at many millions of signatures.
 *
 *   node --import tsx tests/bench/cleaning/dedup.ts [SIGNATURES]     default 300,000; the row of RESULTS.md: 10000000
 */
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import BetterSqlite3 from 'better-sqlite3';
import { clean } from '../../../cleaning/clean.ts';
import { bandKeys, minima, type Signature, signatureOf, similarityToBytes } from '../../../cleaning/dedup/minhash.ts';
import { type Fingerprint, NEAR_SCHEMA, NearIndex } from '../../../cleaning/dedup/near.ts';
import { matchProbability, SIGNATURE_LENGTH } from '../../../cleaning/dedup/near-rule.ts';
import { anchorsOf } from '../../../cleaning/dedup/sequence.ts';
import { openDedupStore } from '../../../cleaning/dedup/store.ts';
import { mix32 } from '../../../cleaning/vietnamese/lexicon.ts';
import type { Page } from '../../../crawlers/page.ts';
import { formatBytes, formatCount, formatTable } from '../../../crawlers/shell/reporter.ts';
import { story } from '../../cleaning/support.ts';
import { makeTemporaryFolder } from '../../folder.ts';
import { machine } from './data.ts';
import { pageOf } from './filters.ts';

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint16Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Two sets of `union` shingle hashes in all, of which a share of `jaccard` is common. */
function plantedPair(union: number, jaccard: number, seed: number): [Signature, Signature] {
  const common = Math.round(union * jaccard);
  const hashes = Int32Array.from({ length: union }, (_, i) => mix32(mix32(seed * 7919 + 1) + i));
  const middle = common + Math.floor((union - common) / 2);
  const sets = [
    hashes.slice(0, middle),
    Int32Array.from([...hashes.subarray(0, common), ...hashes.subarray(middle)]),
  ] as const;
  return [signatureOf(minima(sets[0])), signatureOf(minima(sets[1]))];
}

const PAIRS = 2_000;

function plantedPairs(): void {
  const rows = [0.5, 0.6, 0.7, 0.8, 0.9].map((jaccard) => {
    let [found, estimates] = [0, 0];
    for (let seed = 0; seed < PAIRS; seed++) {
      const [a, b] = plantedPair(300, jaccard, seed + Math.round(jaccard * 1e6));
      const keys = new Set(bandKeys(a));
      if (bandKeys(b).some((key) => keys.has(key))) found++;
      estimates += similarityToBytes(a, bytesOf(b));
    }
    return [
      jaccard.toFixed(1),
      ...againstExpected(found / PAIRS, matchProbability(jaccard)),
      (estimates / PAIRS).toFixed(3),
    ];
  });
  const head = ['similarity', 'candidates', '95 % interval of 1−(1−s⁸)¹⁴', '', 'estimated'];
  process.stdout.write(`planted pairs, ${PAIRS} of each\n${formatTable([head, ...rows])}\n\n`);
}

function againstExpected(share: number, expected: number): string[] {
  const margin = Math.max(1 / PAIRS, 1.96 * Math.sqrt((expected * (1 - expected)) / PAIRS));
  const [from, to] = [Math.max(0, expected - margin), Math.min(1, expected + margin)];
  const interval = `${from.toFixed(4)}…${to.toFixed(4)}`;
  return [share.toFixed(4), interval, share >= from && share <= to ? 'inside' : 'OUTSIDE'];
}

/** 400 stories, a third of them twice and some three times, slightly changed. */
function corpus(): Page[] {
  const pages: Page[] = [];
  for (let n = 0; n < 700; n++) {
    const story_ = story(n % 400, 30);
    const text = n < 400 ? story_ : `${story_} Bản in lại lần ${n % 9}, có sửa một câu ở cuối.`;
    pages.push(pageOf(text, undefined, `file:story#${n}`));
  }
  return pages;
}

const shuffled = <T>(list: readonly T[], seed: number): T[] =>
  list
    .map((item, i) => ({ item, key: mix32(mix32(seed) + i) }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);

async function cleanNights(pages: readonly Page[], nights: number, dir: string): Promise<string[]> {
  const outcomes: string[] = [];
  const path = nights === 1 ? ':memory:' : join(dir, `nights-${nights}.sqlite`);
  const size = Math.ceil(pages.length / nights);
  for (let night = 0; night < nights; night++) {
    const store = openDedupStore(path);
    const stream = (async function* () {
      yield* pages.slice(night * size, (night + 1) * size);
    })();
    for await (const { kept, dropped } of clean(stream, { preset: 'recommended', store })) {
      outcomes.push(kept ? `${kept.url} kept` : `${dropped!.url} ${dropped!.reason} ${dropped!.other}`);
    }
    store.commit('{}');
    store.close();
  }
  rmSync(path, { force: true });
  return outcomes;
}

async function nights(dir: string): Promise<void> {
  const pages = corpus();
  const rows: string[][] = [];
  for (const [name, order] of [
    ['as written', pages],
    ['backwards', [...pages].reverse()],
    ['shuffled', shuffled(pages, 1)],
    ['shuffled again', shuffled(pages, 2)],
  ] as const) {
    const whole = await cleanNights(order, 1, dir);
    const seven = await cleanNights(order, 7, dir);
    const same = whole.length === seven.length && whole.every((outcome, i) => outcome === seven[i]);
    rows.push([
      name,
      same ? 'equal' : 'DIFFERENT',
      `${whole.filter((outcome) => outcome.endsWith('kept')).length} kept of ${pages.length}`,
    ]);
  }
  process.stdout.write(`seven nights against one rebuild\n${formatTable(rows)}\n\n`);
}

const COMMIT = 50_000;
const LOOKUPS = 20_000;

/** Syllables of a made-up text: as many as a page has. */
const SYLLABLES = 500;

function randomPrint(seed: number): Fingerprint {
  let state = mix32(seed + 1);
  const random = (length: number): Uint16Array =>
    Uint16Array.from({ length }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state & 0xffff;
    });
  const [signature, sequence] = [random(SIGNATURE_LENGTH), random(SYLLABLES)];
  return { signature, sequence, anchors: anchorsOf(sequence) };
}

/** By the clock, and by the processor: on a busy machine the second is the steady one. */
function rate(count: number, started: number, before: NodeJS.CpuUsage): string {
  const { user, system } = process.cpuUsage(before);
  const clock = (count * 1000) / (performance.now() - started);
  return `${formatCount(Math.round(clock))} a second (${formatCount(Math.round((count * 1e6) / (user + system)))} of processor time)`;
}

function indexAt(size: number, dir: string): void {
  const path = join(dir, 'index.sqlite');
  const open = () => {
    const database = new BetterSqlite3(path);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('cache_size = -65536');
    database.exec(NEAR_SCHEMA);
    return database;
  };
  let database = open();
  let index = new NearIndex(database);
  const rows: string[][] = [];
  database.exec('BEGIN');
  const before = process.cpuUsage();
  let started = performance.now();
  let [slowest, mark] = [0, started];
  for (let document = 1; document <= size; document++) {
    index.add(document, randomPrint(document));
    if (document % COMMIT > 0) continue;
    database.exec('COMMIT; BEGIN');
    slowest = Math.max(slowest, performance.now() - mark);
    mark = performance.now();
    if (document % 1_000_000 === 0)
      process.stderr.write(`${formatCount(document)} in ${((mark - started) / 1000).toFixed(0)} s\n`);
  }
  database.exec('COMMIT');
  rows.push(['inserts', rate(size, started, before)]);
  rows.push(['slowest commit of 50,000', `${(slowest / 1000).toFixed(1)} s (merges included)`]);
  const lookups = (name: string, seedOf: (n: number) => number, isThere: boolean): void => {
    const cpu = process.cpuUsage();
    started = performance.now();
    let hits = 0;
    for (let n = 0; n < LOOKUPS; n++) if (index.find(randomPrint(seedOf(n)), 0.6).relations.length > 0) hits++;
    const right = hits === (isThere ? LOOKUPS : 0) ? 'all right' : `${hits} found`;
    rows.push([`lookups of ${name} documents`, `${rate(LOOKUPS, started, cpu)}, ${right}`]);
  };
  lookups('new', (n) => size + 1 + n, false);
  lookups('known', (n) => 1 + Math.floor((n * size) / LOOKUPS), true);
  rows.push(['memory of the process', formatBytes(process.memoryUsage().rss)]);
  database.close();
  started = performance.now();
  database = open();
  index = new NearIndex(database);
  rows.push(['opened again in', `${((performance.now() - started) / 1000).toFixed(2)} s, without a rebuild`]);
  lookups('known', (n) => 1 + Math.floor((n * size) / LOOKUPS), true);
  database.close();
  rows.push(['on the disk', formatBytes(statSync(path).size)]);
  process.stdout.write(`index of ${formatCount(size)} texts; ${machine()}\n${formatTable(rows)}\n`);
}

export async function dedupBench(size = 300_000): Promise<void> {
  const dir = makeTemporaryFolder();
  try {
    plantedPairs();
    await nights(dir);
    indexAt(size, dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await dedupBench(Number(process.argv[2] ?? 300_000));
