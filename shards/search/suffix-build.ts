/**
 * Tokens of a shard → its index (suffix-file.ts). The text of the shard stands in memory once, with the places at which its
 * tokens begin; threads sort what begins with the same two bytes, then pack blocks and write each where it belongs.
 *
 *   memory    5 + 4 + 2 bytes a token, or so: 0.8 GB of the largest shard, 2²⁶ tokens
 */
import { availableParallelism } from 'node:os';
import { startWorker } from '../../crawlers/shell/assets.ts';
import { AtomicFile, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import type { TokenManifest, TokenShard } from '../manifest-shape.ts';
import { TOKEN_ARRAYS, type TokenFolder } from '../tokens/source.ts';
import { BLOCK, layoutOf, packSamples, SAMPLE_BYTES, SEPARATOR, SUFFIX_VERSION } from './suffix-file.ts';
import { BEHIND } from './suffix-sort.ts';
import { type SuffixTask, SuffixWork } from './suffix-work.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Fewer tokens are sorted before a thread would have started. */
const START_TOKENS = 1 << 20;

/**
 * Writes both files, that of the samples last.
 * @param threads how many in all, this one included
 * @throws ToolkitError BAD_SHARD, WRITE_FAILED
 */
export async function buildSuffixes(
  folder: TokenFolder,
  shard: TokenShard,
  vocabulary: Vocabulary,
  paths: { readonly suffixes: string; readonly samples: string },
  threads = availableParallelism(),
): Promise<void> {
  const { task, entries, counts } = await layOut(folder, shard, vocabulary);
  const layout = layoutOf(shard.rows, entries, vocabulary.size);
  const file = new AtomicFile(paths.suffixes);
  try {
    const work: SuffixTask = { ...task, ...layout, path: file.temporary };
    const team = shard.rows < START_TOKENS ? [] : Array.from({ length: threads - 1 }, () => memberOf(work));
    const own = new SuffixWork(work);
    try {
      own.sort();
      await Promise.all(team.map((member) => member.next()));
      own.pack();
      await Promise.all(team.map((member) => member.next()));
    } finally {
      own.close();
      await Promise.all(team.map((member) => member.close()));
    }
    file.end();
    const { placeBits, tokenBits, moreBits, bytes } = layout;
    const head = {
      ...{ version: SUFFIX_VERSION, shard: shard.checksum, tokenizer: vocabulary.fingerprint },
      ...{ tokens: shard.rows, entries, placeBits, tokenBits, moreBits, bytes },
    };
    file.commit();
    writeFileAtomic(paths.samples, packSamples({ head, counts, samples: work.samples }));
  } finally {
    file.discard();
  }
}

/** Another thread: told to go on, it answers when it has done its part. */
function memberOf(work: SuffixTask) {
  const worker = startWorker(new URL('./suffix-thread.ts', import.meta.url), { workerData: work });
  const waiting: (() => void)[] = [];
  let done = 0;
  let failure: unknown;
  worker.on('message', () => {
    done++;
    waiting.shift()?.();
  });
  worker.on('error', (error) => {
    failure = error;
    for (const resolve of waiting.splice(0)) resolve();
  });
  let asked = 0;
  return {
    /** Waits until the next part is done: sorting, then packing. */
    async next(): Promise<void> {
      if (asked > 0) worker.postMessage('pack');
      asked++;
      if (done < asked && failure === undefined) await new Promise<void>((resolve) => waiting.push(resolve));
      if (failure !== undefined) throw failure;
    },
    close: () => worker.terminate(),
  };
}

/** Text, tokens and places of a shard, in memory that threads share; suffixes by their first two bytes. */
async function layOut(folder: TokenFolder, shard: TokenShard, vocabulary: Vocabulary) {
  const { bosId, size: vocabSize, bytes, starts } = vocabulary;
  const tokens = await tokensOf(folder.manifest, folder, shard);
  const counts = new Uint32Array(vocabSize);
  for (let i = 0; i < tokens.length; i++) counts[tokens[i]]++;
  const documents = counts[bosId];
  let length = documents;
  for (let id = 0; id < vocabSize; id++) if (id !== bosId) length += counts[id] * (starts[id + 1] - starts[id]);
  const entries = tokens.length - documents;
  const text = new Uint8Array(new SharedArrayBuffer(length + BEHIND)).fill(SEPARATOR, length);
  const begins = new Uint32Array(new SharedArrayBuffer(4 * Math.ceil((length + 1) / 32)));
  let at = 0;
  for (let i = 0; i < tokens.length; i++) {
    begins[at >>> 5] |= 1 << (at & 31);
    const id = tokens[i];
    if (id === bosId) text[at++] = SEPARATOR;
    else for (let byte = starts[id]; byte < starts[id + 1]; byte++) text[at++] = bytes[byte];
  }
  const places = placesByPair(text, tokens, starts, bosId);
  const suffixes = new Uint32Array(new SharedArrayBuffer(4 * entries));
  const next = places.slice();
  at = 0;
  for (let i = 0; i < tokens.length; i++) {
    const id = tokens[i];
    if (id === bosId) at++;
    else {
      suffixes[next[(text[at] << 8) | text[at + 1]]++] = at;
      at += starts[id + 1] - starts[id];
    }
  }
  const samples = new Uint8Array(new SharedArrayBuffer(SAMPLE_BYTES * Math.ceil(entries / BLOCK)));
  const turns = new Int32Array(new SharedArrayBuffer(8));
  counts[bosId] = 0;
  return { task: { text, tokens, begins, places, suffixes, samples, turns }, entries, counts };
}

/** Where suffixes that begin with each pair of bytes stand, sorted by it. */
function placesByPair(text: Uint8Array, tokens: Uint16Array | Uint32Array, starts: Uint32Array, bosId: number) {
  const places = new Uint32Array(new SharedArrayBuffer(4 * ((1 << 16) + 1)));
  let at = 0;
  for (let i = 0; i < tokens.length; i++) {
    const id = tokens[i];
    if (id === bosId) at++;
    else {
      places[((text[at] << 8) | text[at + 1]) + 1]++;
      at += starts[id + 1] - starts[id];
    }
  }
  for (let pair = 0; pair < 1 << 16; pair++) places[pair + 1] += places[pair];
  return places;
}

async function tokensOf(manifest: TokenManifest, folder: TokenFolder, shard: TokenShard) {
  const TokenArray = TOKEN_ARRAYS[manifest.dtype];
  const tokens = new TokenArray(new SharedArrayBuffer(shard.rows * TokenArray.BYTES_PER_ELEMENT), 0, shard.rows);
  const source = folder.source(shard.split);
  const before = manifest.shards.slice(0, manifest.shards.indexOf(shard)).filter(({ split }) => split === shard.split);
  let batch = before.reduce((sum, { batches }) => sum + batches.length, 0);
  for (let at = 0; at < shard.rows; batch++) {
    const part = await source.load(batch);
    tokens.set(part, at);
    at += part.length;
  }
  return tokens;
}
