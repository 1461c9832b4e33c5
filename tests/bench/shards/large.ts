/**
 * How much memory a snapshot of many gigabytes takes, station by station: `npm run bench:large`.
 *
 *   npm run bench:large            10 GB of document shards
 *   npm run bench:large -- 0.2     as many as there is time and disk for
 *
 * Documents are made up, each another, and written as a night writes them; a token stands for four bytes. After each station
 * the most memory that the process has held so far: it must not follow the size.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, MEASUREMENTS, type Measurements } from '../../../cleaning/document.ts';
import { recipeOf } from '../../../cleaning/recipe.ts';
import { unattended } from '../../../crawlers/shell/work.ts';
import { readDocuments } from '../../../shards/documents/read.ts';
import { DocumentWriter, type ShardPair } from '../../../shards/documents/write.ts';
import { DOCUMENTS } from '../../../shards/format.ts';
import { writeManifest } from '../../../shards/manifest.ts';
import { factsOf } from '../../../shards/snapshots/facts.ts';
import { beginNight, publishNight } from '../../../shards/snapshots/work.ts';
import { statsOf } from '../../../shards/stats.ts';
import { eachBatch, openTokens } from '../../../shards/tokens/source.ts';
import { writeTokens } from '../../../shards/tokens/write.ts';
import { verify } from '../../../shards/verify/verify.ts';
import { makeTemporaryFolder } from '../../folder.ts';
import { cpuSeconds } from '../cpu.ts';

const WORDS =
  'sông núi biển trời đất người làng phố chợ đường thuyền sách trường bạn mẹ cha gió mưa nắng lúa và của là được trong khi đã'.split(
    ' ',
  );
const SENTENCES = Array.from(
  { length: 997 },
  (_, n) => `${Array.from({ length: 14 }, (_, i) => WORDS[((n + 1) * (i * i + 7) * 31) % WORDS.length]).join(' ')}.`,
);
const MEASURED = Object.fromEntries(MEASUREMENTS.map((name, i) => [name, i / 7])) as unknown as Measurements;
const BOS = 0xffff;
const BYTES_A_TOKEN = 4;

function documentOf(n: number): Document {
  const id = (n * 2654435761).toString(16).padStart(16, '0');
  const text = `${n}. ${Array.from({ length: 36 }, (_, i) => SENTENCES[(n * 31 + i * i) % SENTENCES.length]).join('\n')}`;
  return {
    ...{ id, text, url: `https://bao${n % 997}.example.vn/muc-${n % 7}/bai-${n}.html`, title: `Bài ${n}`, author: '' },
    ...{ published: '2026-11-20', canonical: '', section: '', lang: 'vi', source: `bao${n % 997}.example.vn` },
    ...{ fetchedAt: '2026-11-20T08:30:00.000Z', licence: 'unknown', charset: 'utf-8', language: 'vie' },
    ...{ consent: { conclusion: 'unknown', statements: [] }, paragraphLanguages: 'vie*36', diacritics: 'present' },
    ...{ cluster: id, contamination: '', httpStatus: 200, rawHash: id, personalData: 'basic' },
    measurements: { ...MEASURED, bytes: Buffer.byteLength(text) },
  };
}

/** Documents until the shards have so many bytes. */
function writeDocuments(dir: string, bytes: number): number {
  const writer = new DocumentWriter(dir, { firstIndex: 0 });
  const shards: ShardPair['documents'][number][] = [];
  let [count, written] = [0, 0];
  while (written < bytes) {
    writer.add(documentOf(count++));
    if (!writer.isFull) continue;
    for (const shard of writer.finish().documents) written += shards[shards.push(shard) - 1].bytes;
  }
  shards.push(...writer.finish().documents);
  writeManifest(dir, { ...DOCUMENTS, recipe: recipeOf({}), documents: shards, rejects: [] });
  return count;
}

const scratch = new Uint16Array(1 << 16);
function encode(text: Uint8Array): Uint16Array {
  const length = Math.floor(text.length / BYTES_A_TOKEN);
  for (let i = 0; i < length; i++) scratch[i] = text[BYTES_A_TOKEN * i] | ((text[BYTES_A_TOKEN * i + 1] & 0x7f) << 8);
  return scratch.subarray(0, length);
}

async function station(name: string, work: () => unknown): Promise<void> {
  const seconds = await cpuSeconds(work);
  const most = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(`${name.padEnd(28)}${seconds.toFixed(1).padStart(9)} s of CPU${String(most).padStart(7)} MiB`);
}

const gigabytes = Number(process.argv[2] ?? 10);
const out = makeTemporaryFolder();
try {
  const facts = factsOf({ bench: 'large' }, []);
  const dir = beginNight(out, facts);
  const [documents, tokenizer, tokens] = ['documents', 'tokenizer', 'tokens'].map((name) => join(dir, name));
  for (const each of [documents, tokenizer]) mkdirSync(each, { recursive: true });
  writeFileSync(join(tokenizer, 'tokenizer.json'), '{"name":"bytes"}');
  writeFileSync(join(tokenizer, 'tokenizer_config.json'), '{}');
  console.log(`${gigabytes} GB of documents; at the start ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`);
  await station('write documents', () => writeDocuments(documents, gigabytes * 1e9));
  const made = { documentsDir: documents, tokenizerDir: tokenizer, outDir: tokens };
  const ids = { encode, vocabSize: 2 ** 16, bosId: BOS, validShare: 0.01 };
  await station('write tokens', () => writeTokens({ ...made, ...ids }));
  await station('publish', () => publishNight(out, facts));
  await station('read documents', async () => {
    let bytes = 0;
    for await (const batch of readDocuments(join(out, 'documents')))
      for (let row = 0; row < batch.rows; row++) bytes += batch.bytes('text', row).length;
    if (bytes < gigabytes * 5e8) throw new Error(`${bytes} bytes of text, expected more than half of the shards`);
  });
  await station('read tokens', async () => {
    let count = 0;
    for await (const batch of eachBatch((await openTokens(join(out, 'tokens'))).source('train'))) count += batch.length;
    if (count === 0) throw new Error('no tokens');
  });
  await station('stats', () => statsOf(join(out, 'documents')));
  await station('verify', async () => {
    const { faults } = await verify(out, unattended());
    if (faults.length > 0) throw new Error(faults[0].message);
  });
} finally {
  rmSync(out, { recursive: true, force: true });
}
