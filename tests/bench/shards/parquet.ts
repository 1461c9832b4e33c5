/**
 * Parquet in and out, in seconds of CPU of one thread, beside pyarrow on the same rows in the same run: `npm run bench:parquet`.
 *
 *   npm run bench:parquet -- 64                       MB of text; 64 where nothing is said
 *   npm run bench:parquet -- 64 wiki.jsonl pages/     of files at hand, which are repeated or cut; else of the sample web
 *   VUA_PYTHON=venv/bin/python npm run bench:parquet  a Python with pyarrow; without one its lines are left out, by name
 *
 * Out: `exportDocuments`, which compares every batch with its checksum, packs pages with snappy, takes a CRC of each, and
 * ends with an fsync. In: rows as pages, in documents per second, beside the cleaning stage on the same pages.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { clean } from '../../../cleaning/clean.ts';
import { recipeOf } from '../../../cleaning/recipe.ts';
import type { Page } from '../../../crawlers/page.ts';
import { openInput } from '../../../crawlers/sources/index.ts';
import { DocumentWriter, type ShardPair } from '../../../shards/documents/write.ts';
import { exportDocuments } from '../../../shards/export/documents.ts';
import { DOCUMENTS } from '../../../shards/format.ts';
import { writeManifest } from '../../../shards/manifest.ts';
import { makeTemporaryFolder } from '../../folder.ts';
import { document } from '../../shards/support.ts';
import { sampleTexts } from '../../tokenizer/support.ts';
import { machine } from '../cleaning/data.ts';
import { leastCpuSeconds } from '../cpu.ts';

const ROUNDS = 3;
/** Documents that the cleaning stage takes: enough for its figure. */
const CLEANED = 2000;

/** So many bytes of text; what stands twice has another number in front. */
async function textsOf(inputs: readonly string[], bytes: number): Promise<string[]> {
  const given = inputs.length > 0 ? [] : sampleTexts();
  for (const input of inputs) {
    for await (const { kept } of clean(openInput(input), { preset: 'keep-all' })) {
      if (kept) given.push(kept.text);
      if (given.length >= 20_000) break;
    }
  }
  const texts: string[] = [];
  for (let [n, sum] = [0, 0]; sum < bytes; n++) {
    const text = n < given.length ? given[n] : `${n}. ${given[n % given.length]}`;
    texts.push(text);
    sum += Buffer.byteLength(text);
  }
  return texts;
}

function writeDocuments(dir: string, texts: readonly string[]): void {
  mkdirSync(dir);
  const writer = new DocumentWriter(dir, { firstIndex: 0 });
  const shards: ShardPair['documents'][] = [];
  for (const [n, text] of texts.entries()) {
    writer.add(document(n, { text }));
    if (writer.isFull) shards.push(writer.finish().documents);
  }
  shards.push(writer.finish().documents);
  writeManifest(dir, { ...DOCUMENTS, recipe: recipeOf({}), documents: shards.flat(), rejects: [] });
}

/** Not the card beside them. */
async function* rowsIn(dir: string): AsyncGenerator<Page> {
  for (const name of readdirSync(dir)) if (name.endsWith('.parquet')) yield* openInput(join(dir, name));
}

const sizeOf = (dir: string, ending: string): number =>
  readdirSync(dir).reduce((sum, name) => sum + (name.endsWith(ending) ? statSync(join(dir, name)).size : 0), 0);

/** The same by pyarrow; nothing where there is none. */
function peer(documents: string, parquet: string): Record<string, number> | undefined {
  const python = process.env.VUA_PYTHON ?? '';
  if (python === '') return undefined;
  const script = join(import.meta.dirname, 'parquet.py');
  const { status, stdout, stderr } = spawnSync(python, [script, String(ROUNDS), documents, parquet], {
    encoding: 'utf8',
  });
  if (status === 0) return JSON.parse(stdout) as Record<string, number>;
  console.error(`parquet.py did not run: ${stderr.trim().split('\n').at(-1)}`);
  return undefined;
}

const [megabytes = '64', ...inputs] = process.argv.slice(2);
const root = makeTemporaryFolder();
try {
  const [documents, out] = [join(root, 'documents'), join(root, 'parquet')];
  const texts = await textsOf(inputs, Number(megabytes) * 1e6);
  writeDocuments(documents, texts);
  const written = await leastCpuSeconds(ROUNDS, async () => {
    rmSync(out, { recursive: true, force: true });
    await exportDocuments({ dir: documents, out, to: 'parquet' });
  });
  const read = await leastCpuSeconds(ROUNDS, async () => {
    let rows = 0;
    for await (const { body } of rowsIn(out)) rows += body.length > 0 ? 1 : 0;
    if (rows !== texts.length) throw new Error(`${rows} rows were read, expected ${texts.length}`);
  });
  const pages: Page[] = [];
  for await (const page of rowsIn(out)) {
    pages.push(page);
    if (pages.length === CLEANED) break;
  }
  const cleaned = await leastCpuSeconds(ROUNDS, async () => {
    for await (const _ of clean(pages, { threads: 0 }));
  });
  const theirs = peer(documents, out);
  const bytes = sizeOf(documents, '.arrow');
  console.log(machine());
  console.log(
    `${texts.length} documents, ${(bytes / 1e6).toFixed(0)} MB as Arrow, ${(sizeOf(out, '.parquet') / 1e6).toFixed(0)} MB as Parquet\n`,
  );
  const row = (name: string, ours: string, other?: string): void =>
    console.log(`${name.padEnd(52)}${ours.padStart(10)}${(other ?? '-').padStart(10)}`);
  const rate = (seconds?: number): string | undefined =>
    seconds === undefined ? undefined : (bytes / seconds / 1e6).toFixed(0);
  const perSecond = (seconds?: number): string | undefined =>
    seconds === undefined ? undefined : (texts.length / seconds).toFixed(0);
  row('', 'vua', 'pyarrow');
  row('out: MB of Arrow per second of CPU', rate(written)!, rate(theirs?.written));
  row('out, pyarrow with dictionaries as by default', '', rate(theirs?.writtenByDefault));
  row('in: documents per second of CPU', perSecond(read)!, perSecond(theirs?.read));
  row('the cleaning stage: documents per second of CPU', (pages.length / cleaned).toFixed(0));
  row('in beside cleaning', `${(texts.length / read / (pages.length / cleaned)).toFixed(1)} ×`);
  if (theirs === undefined) console.log('pyarrow: left out; VUA_PYTHON names a Python that has it');
} finally {
  rmSync(root, { recursive: true, force: true });
}
