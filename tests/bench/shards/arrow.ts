/**
 * How fast documents and tokens are written and read, in bytes of their Arrow files, beside pyarrow on the same rows in the same
 * run: `npm run bench:arrow`.
 *
 *   npm run bench:arrow -- 512                       MiB of each; 256 where nothing is said
 *   VUA_PYTHON=venv/bin/python npm run bench:arrow   a Python with pyarrow; without one its lines are left out, by name
 *
 * One thread. Seconds of CPU (user and system), the best of the rounds: what the disk takes is no part of it. Ours writes as
 * a night does: checksums, an fsync for each file, and all of it read back before it gets its name. pyarrow does none of that.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeData, Uint16 } from 'apache-arrow';
import { type Document, MEASUREMENTS, type Measurements } from '../../../cleaning/document.ts';
import { recipeOf } from '../../../cleaning/recipe.ts';
import { TOKEN_SCHEMAS } from '../../../shards/arrow/schemas.ts';
import { ShardWriter } from '../../../shards/arrow/write-shard.ts';
import { readDocuments } from '../../../shards/documents/read.ts';
import { DocumentWriter, type ShardPair } from '../../../shards/documents/write.ts';
import { DOCUMENTS, shardFile, TOKENS } from '../../../shards/format.ts';
import { writeManifest } from '../../../shards/manifest.ts';
import { openTokens } from '../../../shards/tokens/source.ts';
import { makeTemporaryFolder } from '../../folder.ts';
import { machine } from '../cleaning/data.ts';
import { leastCpuSeconds } from '../cpu.ts';

const ROUNDS = 5;
const SENTENCES = 400;
const WORDS =
  'sông núi biển trời đất người làng phố chợ đường thuyền sách trường bạn mẹ cha gió mưa nắng lúa và của là được trong khi đã'.split(
    ' ',
  );
const BATCH = 1 << 20;
const BATCHES_A_SHARD = 64;

const wordsOf = (n: number, count: number): string =>
  Array.from({ length: count }, (_, i) => WORDS[((n + 1) * (i * i + 7) * 2654435761) % WORDS.length]).join(' ');
const SENTENCE = Array.from({ length: SENTENCES }, (_, n) => `Câu ${n}: ${wordsOf(n, 14)}.`);
const MEASURED = Object.fromEntries(MEASUREMENTS.map((name, i) => [name, i / 7])) as unknown as Measurements;

/** Of 3 kB or so; the text is flat, as one that was cleaned is. */
function documentOf(n: number): Document {
  const sentences = Array.from({ length: 36 }, (_, i) => SENTENCE[(n * 31 + i * i) % SENTENCES]);
  const id = (n * 2654435761).toString(16).padStart(16, '0');
  return {
    ...{ id, text: sentences.join('\n'), url: `https://bao${n % 97}.example.vn/muc-${n % 7}/bai-${n}.html` },
    ...{
      title: SENTENCE[n % SENTENCES],
      author: 'Nguyễn Văn A',
      published: '2026-11-20',
      canonical: '',
      section: 'Xã hội',
    },
    ...{ lang: 'vi', source: `bao${n % 97}.example.vn`, fetchedAt: '2026-11-20T08:30:00.000Z', licence: 'unknown' },
    ...{
      consent: { conclusion: 'unknown', statements: [] },
      charset: 'utf-8',
      language: 'vie',
      paragraphLanguages: 'vie*36',
    },
    ...{ diacritics: 'present', cluster: id, contamination: '', httpStatus: 200, rawHash: id, personalData: 'basic' },
    measurements: MEASURED,
  };
}

interface Rate {
  readonly bytes: number;
  readonly seconds: number;
}

/** The best of the rounds, by seconds of CPU. */
const best = async (bytes: number, round: () => unknown): Promise<Rate> => ({
  ...{ bytes, seconds: await leastCpuSeconds(ROUNDS, round) },
});

const bytesIn = (dir: string): number =>
  readdirSync(dir).reduce((sum, file) => sum + (file.endsWith('.arrow') ? statSync(join(dir, file)).size : 0), 0);

async function documents(dir: string, bytes: number): Promise<Record<string, Rate>> {
  const made = Array.from({ length: Math.ceil(bytes / 4600) }, (_, n) => documentOf(n));
  for (const { text } of made) Buffer.byteLength(text);
  let shards: ShardPair['documents'] = [];
  const write = (): void => {
    for (const file of readdirSync(dir)) rmSync(join(dir, file));
    const writer = new DocumentWriter(dir, { firstIndex: 0 });
    shards = [];
    for (const document of made) {
      writer.add(document);
      if (writer.isFull) shards = [...shards, ...writer.finish().documents];
    }
    shards = [...shards, ...writer.finish().documents];
  };
  write();
  const size = bytesIn(dir);
  const written = await best(size, write);
  writeManifest(dir, { ...DOCUMENTS, recipe: recipeOf({}), documents: [...shards], rejects: [] });
  let sum = 0;
  const read = await best(size, async () => {
    for await (const batch of readDocuments(dir)) {
      for (const name of batch.columns.numbers) for (const value of batch.values(name as never)) sum += value;
      for (let row = 0; row < batch.rows; row++) sum += batch.bytes('text', row).length;
    }
  });
  if (!(sum > 0)) throw new Error(`the sum of all values is ${sum}, expected more than 0`);
  return { 'write documents': written, 'read values of documents': read };
}

async function tokens(dir: string, bytes: number): Promise<Record<string, Rate>> {
  const batches = Math.ceil(bytes / BATCH / 2);
  const ids = Uint16Array.from({ length: BATCH }, (_, i) => (i * 2654435761) % 32_768);
  let shards: ReturnType<ShardWriter['finish']>[] = [];
  const write = (): void => {
    for (const file of readdirSync(dir)) rmSync(join(dir, file));
    shards = [];
    for (let first = 0; first < batches; first += BATCHES_A_SHARD) {
      const writer = new ShardWriter(dir, shardFile('train', shards.length), TOKEN_SCHEMAS.uint16);
      const column = makeData({ type: new Uint16(), length: BATCH, nullCount: 0, data: ids });
      for (let n = first; n < Math.min(batches, first + BATCHES_A_SHARD); n++) writer.write(BATCH, [column]);
      shards.push(writer.finish());
    }
  };
  write();
  const size = bytesIn(dir);
  const written = await best(size, write);
  const none = '0'.repeat(16);
  const figures = { split: 'train', documents: 1, textBytes: 1, clusters: none } as const;
  writeManifest(dir, {
    ...{ ...TOKENS, version: 2, dtype: 'uint16', vocabSize: 32_768, bosId: 0, tokenizer: none, documents: none },
    ...{ validShare: 0, sources: [], shards: shards.map((shard) => ({ ...shard, ...figures })) },
  });
  const source = (await openTokens(dir)).source('train');
  const read = await best(size, async () => {
    for (let n = 0; n < source.batchTokens.length; n++) await source.load(n);
  });
  return { 'write tokens': written, 'read tokens': read };
}

/** The same by pyarrow; nothing where there is none. */
function peer(folders: readonly string[]): Record<string, Rate> | undefined {
  const python = process.env.VUA_PYTHON ?? '';
  if (python === '') return undefined;
  const script = join(import.meta.dirname, 'arrow.py');
  const { status, stdout, stderr } = spawnSync(python, [script, String(ROUNDS), ...folders], { encoding: 'utf8' });
  if (status === 0) return JSON.parse(stdout) as Record<string, Rate>;
  console.error(`arrow.py did not run: ${stderr.trim().split('\n').at(-1)}`);
  return undefined;
}

const bytes = Number(process.argv[2] ?? 256) * 2 ** 20;
const folders = [makeTemporaryFolder(), makeTemporaryFolder()];
try {
  const ours = { ...(await documents(folders[0], bytes)), ...(await tokens(folders[1], bytes)) };
  const theirs = peer(folders);
  console.log(machine());
  const told = (rate: Rate | undefined): string =>
    (rate === undefined ? '-' : (rate.bytes / rate.seconds / 1e6).toFixed(0)).padStart(10);
  console.log(`${'MB of the file per second of CPU'.padEnd(44)}${'vua'.padStart(10)}${'pyarrow'.padStart(10)}`);
  for (const name of new Set([...Object.keys(ours), ...Object.keys(theirs ?? {})])) {
    console.log(`${name.padEnd(44)}${told((ours as Record<string, Rate>)[name])}${told(theirs?.[name])}`);
  }
  if (theirs === undefined) console.log('pyarrow: left out; VUA_PYTHON names a Python that has it');
} finally {
  for (const dir of folders) rmSync(dir, { recursive: true, force: true });
}
