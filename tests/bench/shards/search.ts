/**
 * What the side index costs: `npm run bench:search`.
 *
 *   npm run bench:search                    100,000 documents
 *   npm run bench:search -- 1000000         more; 5 GB on the disk
 *   npm run bench:search -- 20000 fts5      the same texts and words in SQLite's FTS5 beside it
 *
 * Documents are made of the sample's own sentences and of words by their frequency, about 400 each, of 500 hosts.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { recipeOf } from '../../../cleaning/recipe.ts';
import { removeDiacritics } from '../../../cleaning/vietnamese/syllables.ts';
import { DocumentWriter } from '../../../shards/documents/write.ts';
import { DOCUMENTS } from '../../../shards/format.ts';
import { writeManifest } from '../../../shards/manifest.ts';
import type { DocumentManifest } from '../../../shards/manifest-shape.ts';
import { openSearch, type SearchIndex } from '../../../shards/search/search.ts';
import { makeTemporaryFolder } from '../../folder.ts';
import { document } from '../../shards/support.ts';
import { dice, sentences } from './texts.ts';

const [count = 100_000, beside] = [Number(process.argv[2] ?? 100_000), process.argv[3]];

function write(dir: string, texts: Generator<string>): void {
  const writer = new DocumentWriter(dir, { firstIndex: 0 });
  const manifest: DocumentManifest = { ...DOCUMENTS, recipe: recipeOf({}), documents: [], rejects: [] };
  const take = (): void => void manifest.documents.push(...writer.finish().documents);
  let n = 0;
  for (const text of texts) {
    const day = String(1 + (n % 28)).padStart(2, '0');
    writer.add(document(n, { text, url: `https://bao${n % 500}.vua.test/bai-${n}`, published: `2026-10-${day}` }));
    if (writer.isFull) take();
    n++;
  }
  take();
  writeManifest(dir, manifest);
}

const textsOf = function* (): Generator<string> {
  const next = sentences(7);
  for (let n = 0; n < count; n++) yield Array.from({ length: 24 }, next).join(' ');
};

/** Queries that people type: words of a text, one to five, plain or with diacritics, phrases, filters. */
function queriesOf(): Parameters<SearchIndex['search']>[0][] {
  const roll = dice(3);
  const next = sentences(11);
  return Array.from({ length: 200 }, (_, n) => {
    const words = next().replace(/[.,]/g, '').split(' ');
    const from = roll(Math.max(1, words.length - 5));
    const some = words.slice(from, from + 1 + (n % 5)).join(' ');
    const text = n % 3 === 0 ? removeDiacritics(some) : some;
    if (n % 10 === 4) return { text, phrase: true };
    if (n % 10 === 5) return { text: words.join(' '), match: 'any' as const };
    if (n % 10 === 6) return { text, host: `bao${roll(500)}.vua.test` };
    if (n % 10 === 7) return { text, ranges: { bytes: [0, 2000] as const }, from: '2026-10-10' };
    return { text };
  });
}

const quantile = (sorted: readonly number[], share: number): string =>
  sorted[Math.floor(share * (sorted.length - 1))].toFixed(1);

function ask(name: string, queries: readonly (() => number)[]): void {
  const times: number[] = [];
  let found = 0;
  for (const query of queries) {
    const before = process.cpuUsage();
    found += query();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  times.sort((a, b) => a - b);
  const hits = Math.round(found / queries.length);
  console.log(
    `${name}: CPU ms median ${quantile(times, 0.5)}, p95 ${quantile(times, 0.95)}, most ${quantile(times, 1)}; ${hits} hits each`,
  );
}

const cpuOf = async (name: string, work: () => unknown): Promise<void> => {
  const [before, clock] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(before);
  console.log(
    `${name}: ${((user + system) / 1e6).toFixed(1)} s of CPU, ${((performance.now() - clock) / 1000).toFixed(1)} s`,
  );
};

const dir = makeTemporaryFolder();
try {
  await cpuOf(`${count} documents written`, () => write(dir, textsOf()));
  const bytes = (folder: string): number =>
    readdirSync(folder, { withFileTypes: true }).reduce(
      (sum, each) => sum + (each.isFile() ? statSync(join(folder, each.name)).size : 0),
      0,
    );
  await cpuOf('index made', async () => (await openSearch(dir)).close());
  console.log(
    `${(bytes(dir) / 1e6).toFixed(0)} MB of shards, ${(bytes(join(dir, 'search')) / 1e6).toFixed(0)} MB of index`,
  );
  let index: SearchIndex | undefined;
  await cpuOf('opened', async () => {
    index = await openSearch(dir);
  });
  ask(
    'first',
    queriesOf()
      .slice(0, 20)
      .map((query) => () => index!.search(query).total),
  );
  ask(
    'search',
    queriesOf().map((query) => () => index!.search(query).total),
  );
  console.log(`memory: ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`);
  index!.close();
  if (beside === 'fts5') {
    const database = new Database(join(dir, 'fts5.sqlite'));
    database.exec(`create virtual table t using fts5(a, f, content='', tokenize="unicode61 remove_diacritics 0")`);
    const insert = database.prepare('insert into t(rowid, a, f) values (?, ?, ?)');
    await cpuOf('FTS5 made', () => {
      let n = 0;
      database.transaction(() => {
        for (const text of textsOf()) insert.run(n++, text, removeDiacritics(text));
      })();
    });
    const find = database.prepare('select rowid from t where t match ? order by rank limit 20');
    const total = database.prepare('select count(*) from t where t match ?').pluck();
    ask(
      'FTS5',
      queriesOf().map(({ text = '', phrase, match }) => () => {
        const words = text.split(/[^\p{L}\p{M}\p{N}]+/u).filter(Boolean);
        const column = removeDiacritics(text) === text ? 'f' : 'a';
        const wanted = `${column} : (${phrase ? `"${words.join(' ')}"` : words.map((word) => `"${word}"`).join(match === 'any' ? ' OR ' : ' AND ')})`;
        find.all(wanted);
        return total.get(wanted) as number;
      }),
    );
    console.log(`${(statSync(join(dir, 'fts5.sqlite')).size / 1e6).toFixed(0)} MB`);
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
