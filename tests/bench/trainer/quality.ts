/**
 * Does the better half of a pool by `quality` teach more than any half of it? The yardstick of trainer/ABLATION.md that
 * has no tokenizer and no seed: a byte 5-gram with Witten–Bell smoothing, trained on each arm, on held-out documents of
 * each source apart. Halves are of equal bytes. It is no transformer: what it says holds for short contexts.
 *
 *   node --import tsx tests/bench/trainer/quality.ts DOCUMENTS QUALITY.json [MEGABYTES]
 */
import { readScorer, scoresOf } from '../../../cleaning/quality/scorer.ts';
import { chanceOf, checksumOf } from '../../../shards/checksum.ts';
import { readTexts } from '../../../shards/documents/read.ts';
import { VALID_SHARE } from '../../../tokenizer/train/defaults.ts';

const ORDER = 5;
const BITS = 24;
/** Bytes of each document that are read: none speaks for all. */
const MOST_BYTES = 16_000;

interface Text {
  readonly source: string;
  readonly bytes: Buffer;
  readonly quality: number;
  readonly hash: string;
}

/** Counts of all contexts up to ORDER − 1 bytes and what followed, in tables by hash. */
class Grams {
  readonly #follows = new Uint32Array(1 << BITS);
  readonly #totals = new Uint32Array(1 << BITS);
  readonly #kinds = new Uint32Array(1 << BITS);

  add(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) {
      for (let length = 0; length < ORDER && length <= i; length++) {
        const context = hashOf(bytes, i - length, i);
        const next = slot(context, bytes[i] + 1);
        if (this.#follows[next]++ === 0) this.#kinds[slot(context, 0)]++;
        this.#totals[slot(context, 0)]++;
      }
    }
  }

  bits(bytes: Uint8Array): number {
    let bits = 0;
    for (let i = 0; i < bytes.length; i++) {
      let p = 1 / 256;
      for (let length = 0; length < ORDER && length <= i; length++) {
        const context = hashOf(bytes, i - length, i);
        const total = this.#totals[slot(context, 0)];
        const kinds = Math.max(1, this.#kinds[slot(context, 0)]); // a first occurrence may have found its slot taken
        if (total > 0) p = (this.#follows[slot(context, bytes[i] + 1)] + kinds * p) / (total + kinds);
      }
      bits -= Math.log2(Math.min(1, p));
    }
    return bits;
  }
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from + 1;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193) ^ (hash >>> 15);
  return hash;
}

const slot = (context: number, follows: number): number => {
  const mixed = Math.imul(context ^ Math.imul(follows + 1, 0x9e3779b1), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 15)) >>> (32 - BITS);
};

const [dir, file, megabytes = '4'] = process.argv.slice(2);
const { heads } = readScorer(file);

async function textsOf(side: 'train' | 'valid'): Promise<Text[]> {
  const texts: Text[] = [];
  for await (const { source, text } of readTexts(dir, VALID_SHARE, undefined, side)) {
    const bytes = Buffer.from(text.subarray(0, MOST_BYTES));
    const { quality } = scoresOf(bytes.toString(), heads);
    if (!Number.isNaN(quality)) texts.push({ source, bytes, quality, hash: checksumOf(bytes) });
  }
  return texts.sort((a, b) => (a.hash < b.hash ? -1 : 1));
}

/** The first of a list that come to so many bytes. */
function headOf(texts: readonly Text[], most: number): Text[] {
  let sum = 0;
  return texts.filter(({ bytes }) => {
    sum += bytes.length;
    return sum <= most;
  });
}

const pool = headOf(await textsOf('train'), 1e6 * Number(megabytes));
const held = await textsOf('valid');
const half = pool.reduce((sum, { bytes }) => sum + bytes.length, 0) / 2;
const byQuality = pool.toSorted((a, b) => b.quality - a.quality);
const drawn = (seed: number) => pool.toSorted((a, b) => chanceOf(`${seed} ${a.hash}`) - chanceOf(`${seed} ${b.hash}`));
const arms: Record<string, readonly Text[]> = {
  'keep-all': pool,
  'better half': headOf(byQuality, half),
  'worse half': headOf(byQuality.toReversed(), half),
  ...Object.fromEntries([1, 2, 3].map((seed) => [`any half ${seed}`, headOf(drawn(seed), half)])),
};
const sources = [...new Set(held.map(({ source }) => source))].sort();
const rows = Object.entries(arms).map(([arm, texts]) => {
  const grams = new Grams();
  for (const { bytes } of texts) grams.add(bytes);
  const bits = held.map((one) => grams.bits(one.bytes));
  const perByte = (of: readonly string[]): string => {
    const own = held.map((one, i) => ({ ...one, bits: bits[i] })).filter(({ source }) => of.includes(source));
    const bytes = own.reduce((sum, one) => sum + one.bytes.length, 0);
    return (own.reduce((sum, one) => sum + one.bits, 0) / bytes).toFixed(4);
  };
  const size = texts.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const each = sources.map((source) => [source, perByte([source])]);
  const mean = each.reduce((sum, [, figure]) => sum + Number(figure), 0) / each.length;
  return { arm, MB: (size / 1e6).toFixed(2), ...Object.fromEntries(each), mean: mean.toFixed(4) };
});
console.table(Object.fromEntries(sources.map((name) => [name, held.filter(({ source }) => source === name).length])));
console.table(rows);
