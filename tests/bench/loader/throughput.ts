/**
 * Tokens a second that the loader gives from the page cache, beside what the machine can copy at all:
 *
 *   npx tsx tests/bench/loader/throughput.ts [folder for 512 MiB of made-up tokens]
 *
 * Rows of 1,024 u16 tokens in batches of 64 rows, a vocabulary of 32,768. One thread unless the line says otherwise; the
 * best of many short rounds, so that other work on the machine shows little. `limit` copies the two bytes that a token has on the disk from memory to memory.
 */
import { existsSync, mkdirSync, openSync, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeData, Uint16 } from 'apache-arrow';
import { TOKEN_SCHEMAS } from '../../../shards/arrow/schemas.ts';
import { ShardWriter } from '../../../shards/arrow/write-shard.ts';
import { seededRandom } from '../../../shards/checksum.ts';
import { shardFile, TOKENS } from '../../../shards/format.ts';
import { manifestPath, writeManifest } from '../../../shards/manifest.ts';
import type { TokenManifest } from '../../../shards/manifest-shape.ts';
import { openTokens } from '../../../shards/tokens/source.ts';
import { type LoaderPlan, openLoader } from '../../../trainer/loader/loader.ts';
import { startLoaderThread } from '../../../trainer/loader/loader-thread.ts';
import { openRing } from '../../../trainer/loader/ring.ts';

const BATCH = 1 << 20;
const SHARDS = 4;
const BATCHES = 64;
const VOCABULARY = 32_768;
const ROUNDS = 300;
const BATCHES_A_ROUND = 64; // 4 Mi tokens: four record batches

const dir = process.argv[2] ?? join(tmpdir(), 'vua-bench-tokens');
if (!existsSync(manifestPath(dir))) makeTokens(dir);
const folder = await openTokens(dir);
const source = folder.source('train');
const plan: LoaderPlan = {
  rows: 64,
  length: 1024,
  paddedVocab: 0,
  seed: 1,
  layout: 'stream',
  maskDocuments: false,
};

const lines: [string, number][] = [];
async function measure(name: string, tokens: number, action: () => unknown): Promise<void> {
  await action();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await action();
    best = Math.min(best, performance.now() - started);
  }
  const rate = tokens / best / 1000;
  lines.push([name, rate]);
  console.log(
    `${name.padEnd(64)}${rate.toFixed(0).padStart(7)} M tokens/s ${((100 * rate) / lines[0][1]).toFixed(0).padStart(5)} %`,
  );
}

const from = new Uint8Array(64 << 20).fill(1);
const to = new Uint8Array(from.length);
await measure('limit: copy memory to memory', from.length / 2, () => to.set(from));

const [shard] = folder.manifest.shards;
const file = openSync(join(dir, shard.file), 'r');
const body = new Uint8Array(BATCH * 2);
let read = 0;
await measure('record batches read from the page cache, unverified', 4 * BATCH, () => {
  for (let i = 0; i < 4; i++) readSync(file, body, 0, body.length, shard.batches[read++ % BATCHES].offset);
});
let loaded = 0;
await measure('record batches read, checksum and vocabulary verified', 4 * BATCH, async () => {
  for (let i = 0; i < 4; i++) await source.load(loaded++ % source.batchTokens.length);
});

const plans: [string, Partial<LoaderPlan>][] = [
  ['batches: shuffled rows, tokens and targets as u32', {}],
  ['  and document starts', { maskDocuments: true }],
  ['  packed, and document starts', { layout: 'packed', maskDocuments: true }],
  ['  and positions sorted by token', { paddedVocab: VOCABULARY }],
];
for (const [name, change] of plans) {
  const loader = openLoader([source], { ...plan, ...change });
  await measure(name, BATCHES_A_ROUND * plan.rows * plan.length, async () => {
    for (let batch = 0; batch < BATCHES_A_ROUND; batch++) await loader.next();
  });
}

const ring = openRing([folder], { ...plan, paddedVocab: VOCABULARY }, startLoaderThread);
await measure('the same through the ring, two threads', BATCHES_A_ROUND * plan.rows * plan.length, async () => {
  for (let batch = 0; batch < BATCHES_A_ROUND; batch++) await ring.next();
});
let waited = 0;
let worst = 0;
const STEPS = 100;
const STEP_MS = 20;
const cpu = process.cpuUsage();
for (let step = 0; step < STEPS; step++) {
  const asked = performance.now();
  await ring.next();
  waited += performance.now() - asked;
  worst = Math.max(worst, performance.now() - asked);
  await sleep(STEP_MS);
}
const { user, system } = process.cpuUsage(cpu);
console.log(
  `\ndata wait of ${STEPS} steps of ${STEP_MS} ms and ${plan.rows * plan.length} tokens (3.3 M tokens/s): mean ${(waited / STEPS).toFixed(3)} ms (${((100 * waited) / STEPS / STEP_MS).toFixed(2)} %), worst ${worst.toFixed(2)} ms; both threads together ${((user + system) / 10 / STEPS / STEP_MS).toFixed(0)} % of a core`,
);
await ring.close();

/** Four shards of 64 record batches; low ids are frequent, a document has about 700 tokens. */
function makeTokens(dir: string): void {
  mkdirSync(dir, { recursive: true });
  const random = seededRandom(1);
  const shards: TokenManifest['shards'] = [];
  const tokens = new Uint16Array(BATCH);
  for (let index = 0; index < SHARDS; index++) {
    const writer = new ShardWriter(dir, shardFile('train', index), TOKEN_SCHEMAS.uint16);
    let documents = 0;
    for (let batch = 0; batch < BATCHES; batch++) {
      for (let i = 0; i < BATCH; i++) {
        const opens = (batch === 0 && i === 0) || random() < 1 / 700;
        if (opens) documents++;
        tokens[i] = opens ? 0 : 1 + Math.floor(random() ** 4 * (VOCABULARY - 1));
      }
      writer.write(BATCH, [makeData({ type: new Uint16(), length: BATCH, nullCount: 0, data: tokens })]);
    }
    shards.push({ ...writer.finish(), split: 'train', documents, textBytes: 0, clusters: '0'.repeat(16) });
  }
  const none = '0'.repeat(16);
  const made = { dtype: 'uint16', vocabSize: VOCABULARY, bosId: 0, tokenizer: none, documents: none } as const;
  writeManifest(dir, { ...TOKENS, version: 2, ...made, validShare: 0, sources: [], shards });
}
