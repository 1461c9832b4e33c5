/**
 * Which documents are held out. The split is a pure function of the near-duplicate cluster, so that near copies of a
 * training document never stand in validation, and a document keeps its side when the corpus grows.
 */
import { hash64 } from './checksum.ts';

export const SPLITS = ['train', 'valid'] as const;
export type Split = (typeof SPLITS)[number];

/** `valid` for the share of clusters (0…1) with the lowest hashes: a larger share keeps what a smaller one held out. */
export function splitOf(cluster: string, validShare: number): Split {
  return Number(hash64(cluster) >> 11n) / 2 ** 53 < validShare ? 'valid' : 'train';
}
