/**
 * Batches of a row sequence, read in this thread. `ring.ts` runs the same loader in a worker and gives the same batches.
 *
 *   row-sequence.ts   which row of which record batch comes next
 *   tokens/source.ts  reads that record batch and verifies it (this file keeps those of the group in hand, and fetches
 *                     those of the next group while rows of this one are handed out)
 *   rows.ts, pack.ts  writes the row
 */
import type { TokenArray, TokenSource } from '../../shards/tokens/source.ts';
import type { Batch, BatchArrays, LoaderState } from '../batch.ts';
import { sortByToken } from '../kernels/embedding.ts';
import { type Packing, pack } from './pack.ts';
import { type RowPlace, RowSequence, type SequenceOptions } from './row-sequence.ts';
import { markDocuments, markPieces, writePacked, writeStretch } from './rows.ts';

/** Everything that batches depend on beside the tokens: goes to a worker as it is. */
export interface LoaderPlan extends SequenceOptions {
  /** Rows of a batch, over all devices together. */
  readonly rows: number;
  /** Entries of `starts` less one; 0: whoever reads needs no `order` and `starts`. */
  readonly paddedVocab: number;
  /** Fill `documentStarts`, so that attention ends where a document does. */
  readonly maskDocuments: boolean;
  /** Which of how many equal devices this is: it gets its stretch of every batch. The state is of all of them. */
  readonly device?: { readonly rank: number; readonly of: number };
  /** Continue behind this state. */
  readonly state?: LoaderState;
}

export interface Loader {
  readonly sequence: RowSequence;
  /**
   * The next batch; the arrays of the one before are free again.
   * @throws ToolkitError BAD_SHARD, BAD_TOKEN, REQUEST_FAILED: of the first batch that needs what could not be read
   */
  next(): Promise<Batch>;
  close(): Promise<void>;
}

/** One that a lease of rows is read from. */
export interface SeekableLoader extends Loader {
  /** The next batch begins behind so many rows. */
  seek(number: number): void;
}

/** Rows of every batch that a device gets: [from, to). */
export function rowsOf({ rows, device = { rank: 0, of: 1 } }: Pick<LoaderPlan, 'rows' | 'device'>): [number, number] {
  return [Math.floor((rows * device.rank) / device.of), Math.floor((rows * (device.rank + 1)) / device.of)];
}

interface Loaded {
  readonly tokens: TokenArray;
  readonly packing?: Packing;
}

/**
 * One folder of tokens or several. Memory: the record batches of two groups, and one batch.
 * @throws ToolkitError (exit 2) TOO_FEW_TOKENS, BAD_WEIGHTS, or OTHER_TOKENS when the state belongs to other rows.
 */
export function openLoader(sources: readonly TokenSource[], plan: LoaderPlan): SeekableLoader {
  const { rows: allRows, length, layout, maskDocuments, paddedVocab } = plan;
  const sequence = new RowSequence(sources, plan);
  const [from, to] = rowsOf(plan);
  const rows = to - from;
  const arrays = batchArrays(rows * length, paddedVocab);
  /** Of each folder the record batches in memory or on their way, by index. */
  const loads = sources.map(() => new Map<number, Loaded | Promise<Loaded>>());
  /** Rows handed out, on all devices. */
  let number = sequence.numberAt(plan.state);

  function load(folder: number, batch: number): Loaded | Promise<Loaded> {
    const known = loads[folder].get(batch);
    if (known) return known;
    const { bosId } = sources[folder];
    const loading = sources[folder].load(batch).then((tokens) => {
      const loaded = layout === 'packed' ? { tokens, packing: pack(tokens, bosId, length) } : { tokens };
      if (loads[folder].get(batch) === loading) loads[folder].set(batch, loaded);
      return loaded;
    });
    loading.catch(() => {}); // whoever needs a row of it hears of it; it may have been fetched ahead
    loads[folder].set(batch, loading);
    return loading;
  }

  /** Lets go of groups that are done and fetches the next one at the pace at which this one is used. */
  function turn(places: readonly RowPlace[]): void {
    for (const [folder, loaded] of loads.entries()) {
      const last = places.findLast((place) => place.folder === folder);
      if (!last) continue;
      const now = sequence.batchesOf(folder, last.epoch, last.group);
      const after = sequence.groupAfter(folder, last.epoch, last.group);
      const next = sequence.batchesOf(folder, after.epoch, after.group);
      for (const batch of loaded.keys()) if (!now.includes(batch) && !next.includes(batch)) loaded.delete(batch);
      for (const batch of next.slice(0, Math.ceil(last.progress * next.length))) void load(folder, batch);
    }
  }

  return {
    sequence,
    seek(to) {
      number = to;
    },
    async next() {
      const places = Array.from({ length: rows }, (_, row) => sequence.at(number + from + row));
      await Promise.all(places.map(({ folder, batch }) => load(folder, batch)));
      let counted = 0;
      for (const [row, place] of places.entries()) {
        const { tokens, packing } = loads[place.folder].get(place.batch) as Loaded;
        if (packing) {
          counted += writePacked(arrays, row, length, tokens, packing, place.row);
          if (maskDocuments) markPieces(arrays, row, length, packing, place.row);
        } else {
          counted += writeStretch(arrays, row, length, tokens, beginOf(place, length, tokens.length));
          if (maskDocuments) markDocuments(arrays, row, length, sources[place.folder].bosId);
        }
      }
      if (paddedVocab > 0) sortByToken(arrays.tokens, arrays.order, arrays.starts);
      number += allRows;
      turn(places);
      return { ...arrays, rows, length, counted, state: sequence.state(number) };
    },
    async close() {
      for (const loaded of loads) loaded.clear();
    },
  };
}

/** A shifted batch's last row ends where the batch does, over a part of the row before it. */
const beginOf = ({ row, shift }: RowPlace, T: number, tokens: number): number => Math.min(shift + row * T, tokens - T);

/** Arrays of a batch of `N` tokens. */
export function batchArrays(N: number, paddedVocab: number): Required<BatchArrays> {
  const make = (elements: number): Uint32Array<ArrayBuffer> => new Uint32Array(elements);
  return { tokens: make(N), targets: make(N), documentStarts: make(N), order: make(N), starts: make(paddedVocab + 1) };
}
