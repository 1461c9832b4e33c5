/** What every stage of a rank is given, and how work is shared out. */
import type { ConsentTable } from '../../crawlers/page.ts';
import type { Rank } from '../../crawlers/shell/work.ts';
import type { DedupStore } from '../dedup/store.ts';
import type { Recipe } from '../recipe.ts';

export interface RankWork {
  /** In which all ranks write. */
  readonly dir: string;
  readonly rank: Rank;
  readonly recipe: Recipe;
  /** Files of benchmark items, and of scorers. */
  readonly contamination: readonly string[];
  readonly scorers: readonly string[];
  readonly threads: number;
  readonly consent?: ConsentTable;
  /** Tells a memory who opted out beside the pages. */
  readonly hearOptOuts: (store: DedupStore) => void;
  readonly signal: AbortSignal;
  readonly progress: (done: number) => void;
}

/** Buckets of keys: each is in memory alone, whatever the number of ranks. */
const BUCKETS = 64;
export const bucketsOf = ({ of }: Rank): number => BUCKETS * Math.ceil(of / BUCKETS);

/** The buckets that a rank deals with. */
export function ownBuckets(rank: Rank): number[] {
  return Array.from({ length: bucketsOf(rank) }, (_, i) => i).filter((bucket) => bucket % rank.of === rank.index);
}

/** The bucket of a hash; a number of 52 bits, or a signed integer of 64. */
export const bucketOf = (key: number | bigint, rank: Rank): number =>
  typeof key === 'bigint' ? Number(BigInt.asUintN(32, key)) % bucketsOf(rank) : (key % 0x1_0000_0000) % bucketsOf(rank);
