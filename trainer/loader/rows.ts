/** Writes rows into a batch: a stretch of the stream, or the pieces of a packed row. Copies, never a loop over tokens. */
import type { TokenArray } from '../../shards/tokens/source.ts';
import type { Batch } from '../batch.ts';
import { IGNORED } from '../kernels/cross-entropy.ts';
import type { Packing } from './pack.ts';

export type RowArrays = Pick<Batch, 'tokens' | 'targets' | 'documentStarts'>;

/** Tokens at … at + T − 1 of a record batch into row `to` (in rows). @returns targets that count */
export function writeStretch(arrays: RowArrays, to: number, T: number, source: TokenArray, at: number): number {
  const first = to * T;
  arrays.tokens.set(source.subarray(at, at + T), first);
  // From the source again: shifted by one out of `tokens`, loads would wait for stores 4 KiB behind (4× slower).
  arrays.targets.set(source.subarray(at + 1, at + 1 + T), first);
  if (at + T < source.length) return T;
  arrays.targets[first + T - 1] = IGNORED; // the row ends with its record batch, and nobody knows what comes
  return T - 1;
}

/** Where documents start in row `to`, by the BOS that opens them. */
export function markDocuments({ tokens, documentStarts }: RowArrays, to: number, T: number, bosId: number): void {
  const row = tokens.subarray(to * T, (to + 1) * T);
  const starts = documentStarts.subarray(to * T, (to + 1) * T);
  let at = 0;
  for (let next = row.indexOf(bosId); next >= 0; next = row.indexOf(bosId, next + 1)) {
    starts.fill(at, at, next);
    at = next;
  }
  starts.fill(at, at);
}

/** Row `row` of a packed record batch into row `to`. @returns targets that count */
export function writePacked(
  arrays: RowArrays,
  to: number,
  T: number,
  source: TokenArray,
  packing: Packing,
  row: number,
): number {
  const { rowStarts, begins, lengths } = packing;
  let at = to * T;
  let counted = T;
  for (let piece = rowStarts[row]; piece < rowStarts[row + 1]; piece++) {
    const [begin, end] = [begins[piece], begins[piece] + lengths[piece]];
    arrays.tokens.set(source.subarray(begin, end), at);
    arrays.targets.set(source.subarray(begin + 1, end + 1), at);
    at += end - begin;
    if (end < source.length) continue;
    arrays.targets[at - 1] = IGNORED;
    counted--;
  }
  return counted;
}

/** Where the pieces of a packed row start: each is of one document. */
export function markPieces({ documentStarts }: RowArrays, to: number, T: number, packing: Packing, row: number): void {
  const { rowStarts, lengths } = packing;
  let at = to * T;
  for (let piece = rowStarts[row]; piece < rowStarts[row + 1]; piece++) {
    documentStarts.fill(at - to * T, at, at + lengths[piece]);
    at += lengths[piece];
  }
}
