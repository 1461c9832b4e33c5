/**
 * Which of a row of files to merge, so that many nights leave few files and no byte is written often: each file stays
 * larger than `RATIO` times all that came after it, until it is full.
 */

/** With 3, a thousand equal nights are at most six files, and each byte is written about as often. */
const RATIO = 3;

export interface MergeRule {
  /** A file does not grow beyond it by merging. */
  readonly full: number;
  /** So many of the newest stay as they are: what changes soon costs the writing of a small file. */
  readonly fresh: number;
}

/**
 * @param sizes oldest first
 * @returns first and last of those to become one; nothing when all is well
 */
export function toMerge(sizes: readonly number[], { full, fresh }: MergeRule): readonly [number, number] | undefined {
  const last = sizes.length - 1 - fresh;
  if (last < 1) return undefined;
  let first = last;
  let together = sizes[last];
  for (let i = last - 1; i >= 0 && sizes[i] + together <= full; i--) {
    if (sizes[i] < RATIO * together) first = i;
    together += sizes[i];
  }
  return first < last ? [first, last] : undefined;
}
