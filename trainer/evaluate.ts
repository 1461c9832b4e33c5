/**
 * Bits per byte of held-out whole documents: the nats of all their tokens over ln 2 and the raw bytes they stand for.
 * Document separators stand for no bytes and count in neither. Comparable between tokenizers and with the unigram model.
 */
import type { TokenArray } from '../shards/format.ts';
import { tiles } from './loader.ts';
import type { Trainer } from './trainer.ts';

export interface HeldOut {
  readonly shards: readonly TokenArray[];
  /** Raw UTF-8 bytes of the documents. */
  readonly textBytes: number;
  readonly bosId: number;
}

export async function bitsPerByte(trainer: Trainer, { shards, textBytes, bosId }: HeldOut): Promise<number> {
  let nats = 0;
  for (const tile of tiles(shards, trainer.rows, trainer.config.context, (token) => token !== bosId)) {
    for (const loss of await trainer.losses(tile)) nats += loss;
  }
  return nats / Math.LN2 / textBytes;
}

/** The same figure for token frequencies of the training split, each count raised by one. */
export function unigramBitsPerByte(train: readonly TokenArray[], heldOut: HeldOut, vocabSize: number): number {
  const counts = new Float64Array(vocabSize).fill(1);
  for (const shard of train) for (const token of shard) if (token !== heldOut.bosId) counts[token]++;
  counts[heldOut.bosId] = 0;
  const total = counts.reduce((a, b) => a + b);
  let bits = 0;
  for (const shard of heldOut.shards) {
    for (const token of shard) if (token !== heldOut.bosId) bits -= Math.log2(counts[token] / total);
  }
  return bits / heldOut.textBytes;
}
