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
export function openLoader(sources: readonly TokenSource[], plan: LoaderPlan): Loader {
  return new InProcessLoader(sources, plan);
}

class InProcessLoader implements Loader {
  readonly sequence: RowSequence;
  readonly #sources: readonly TokenSource[];
  readonly #plan: LoaderPlan;
  readonly #arrays: Required<BatchArrays>;
  /** Of each folder the record batches in memory or on their way, by index. */
  readonly #loaded: Map<number, Loaded | Promise<Loaded>>[];
  /** Rows handed out, on all devices. */
  #number: number;

  constructor(sources: readonly TokenSource[], plan: LoaderPlan) {
    this.#sources = sources;
    this.#plan = plan;
    this.sequence = new RowSequence(sources, plan);
    this.#number = this.sequence.numberAt(plan.state);
    this.#loaded = sources.map(() => new Map());
    const [from, to] = rowsOf(plan);
    this.#arrays = batchArrays((to - from) * plan.length, plan.paddedVocab);
  }

  async next(): Promise<Batch> {
    const { rows: allRows, length, maskDocuments } = this.#plan;
    const [from, to] = rowsOf(this.#plan);
    const rows = to - from;
    const places = Array.from({ length: rows }, (_, row) => this.sequence.at(this.#number + from + row));
    await Promise.all(places.map(({ folder, batch }) => this.#load(folder, batch)));
    const arrays = this.#arrays;
    let counted = 0;
    for (let row = 0; row < rows; row++) {
      const place = places[row];
      const { tokens, packing } = this.#loaded[place.folder].get(place.batch) as Loaded;
      if (packing) {
        counted += writePacked(arrays, row, length, tokens, packing, place.row);
        if (maskDocuments) markPieces(arrays, row, length, packing, place.row);
      } else {
        counted += writeStretch(arrays, row, length, tokens, place.row * length);
        if (maskDocuments) markDocuments(arrays, row, length, this.#sources[place.folder].bosId);
      }
    }
    if (this.#plan.paddedVocab > 0) sortByToken(arrays.tokens, arrays.order, arrays.starts);
    this.#number += allRows;
    this.#turn(places);
    return { ...arrays, rows, length, counted, state: this.sequence.state(this.#number) };
  }

  async close(): Promise<void> {
    for (const loaded of this.#loaded) loaded.clear();
  }

  #load(folder: number, batch: number): Loaded | Promise<Loaded> {
    const known = this.#loaded[folder].get(batch);
    if (known) return known;
    const { layout, length } = this.#plan;
    const { bosId } = this.#sources[folder];
    const loading = this.#sources[folder].load(batch).then((tokens) => {
      const loaded = layout === 'packed' ? { tokens, packing: pack(tokens, bosId, length) } : { tokens };
      if (this.#loaded[folder].get(batch) === loading) this.#loaded[folder].set(batch, loaded);
      return loaded;
    });
    loading.catch(() => {}); // whoever needs a row of it hears of it; it may have been fetched ahead
    this.#loaded[folder].set(batch, loading);
    return loading;
  }

  /** Lets go of groups that are done and fetches the next one at the pace at which this one is used. */
  #turn(places: readonly RowPlace[]): void {
    for (const [folder, loaded] of this.#loaded.entries()) {
      const last = places.findLast((place) => place.folder === folder);
      if (!last) continue;
      const now = this.sequence.batchesOf(folder, last.epoch, last.group);
      const after = this.sequence.groupAfter(folder, last.epoch, last.group);
      const next = this.sequence.batchesOf(folder, after.epoch, after.group);
      for (const batch of loaded.keys()) if (!now.includes(batch) && !next.includes(batch)) loaded.delete(batch);
      for (const batch of next.slice(0, Math.ceil(last.progress * next.length))) void this.#load(folder, batch);
    }
  }
}

/** Arrays of a batch of `N` tokens. */
export function batchArrays(N: number, paddedVocab: number): Required<BatchArrays> {
  const make = (elements: number): Uint32Array<ArrayBuffer> => new Uint32Array(elements);
  return { tokens: make(N), targets: make(N), documentStarts: make(N), order: make(N), starts: make(paddedVocab + 1) };
}
