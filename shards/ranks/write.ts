/**
 * Shards of documents that ranks write together: where each begins and ends follows from the sizes of all rows, as one
 * writer would find it, so every rank writes whole shards of its own.
 */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Settled } from '../../cleaning/ranks/stages.ts';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import type { Rank } from '../../crawlers/shell/work.ts';
import { DocumentWriter, type ShardPair } from '../documents/write.ts';

/** Rows of a pair of shards, by their numbers. */
export interface Stretch {
  readonly index: number;
  readonly from: number;
  /** Behind the last. */
  readonly to: number;
}

/** Of all rows: a pair ends with the row by which either file is full. */
export function stretchesOf(settled: Pick<Settled<unknown>, 'sizes'>, shardBytes: number): Stretch[] {
  const stretches: Stretch[] = [];
  let [from, to, documents, rejects] = [0, 0, 0, 0];
  const end = (): void => {
    stretches.push({ index: stretches.length, from, to });
    [from, documents, rejects] = [to, 0, 0];
  };
  for (const { number, bytes, isReject } of settled.sizes()) {
    to = number + 1;
    if (isReject) rejects += bytes;
    else documents += bytes;
    if (Math.max(documents, rejects) >= shardBytes) end();
  }
  if (to > from) end();
  return stretches;
}

export interface WrittenPair extends Stretch {
  readonly pair: ShardPair;
}

export const writtenFile = (dir: string, rank: number): string => join(dir, `write-${rank}.json`);

/** @returns false when interrupted */
export function writeStretches(
  dir: string,
  rank: Rank,
  settled: Settled<unknown>,
  shardBytes: number,
  signal: AbortSignal,
): boolean {
  const own = stretchesOf(settled, shardBytes).filter(({ index }) => index % rank.of === rank.index);
  // Of its own: the same rank may have been started twice.
  const apart = mkdtempSync(join(dir, `writing-${rank.index}-`));
  try {
    const pairs: WrittenPair[] = [];
    for (const stretch of own) {
      const writer = new DocumentWriter(apart, { firstIndex: stretch.index, shardBytes });
      try {
        for (const { kept, dropped } of settled.rows(stretch.from, stretch.to)) {
          if (signal.aborted) return false;
          if (kept !== undefined) writer.add(kept);
          else writer.drop(dropped);
        }
        pairs.push({ ...stretch, pair: writer.finish() });
      } finally {
        writer.discard();
      }
    }
    for (const { pair } of pairs) {
      for (const { file } of [...pair.documents, ...pair.rejects]) renameSync(join(apart, file), join(dir, file));
    }
    writeFileAtomic(writtenFile(dir, rank.index), `${JSON.stringify({ pairs })}\n`);
    return true;
  } finally {
    rmSync(apart, { recursive: true, force: true });
  }
}
