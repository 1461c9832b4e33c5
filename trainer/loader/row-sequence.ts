/**
 * Which rows are trained on, in which order: a pure function of (fingerprint, seed, row number). Nobody keeps a list, a
 * device or a worker that joins at any row continues the same sequence, and numbers of devices do not enter.
 *
 * A row is T tokens of one record batch, so it may be trained on as soon as that batch is verified. An epoch permutes
 * the record batches, takes them in groups of GROUP_BATCHES, and permutes the rows of a group:
 *
 *   batches      │0│1│2│3│4│5│            permuted by (key, epoch)
 *   groups       │4 1 2│0 5 3│            alike in size, held in memory one at a time, the next on its way
 *   rows         │one permutation│…       within the group, by (key, epoch, group)
 *   tokens       ·│row│row│row            a batch's rows begin at another token each epoch, by (key, epoch, batch)
 *
 * So a corpus that fits in one group (32 M tokens) is shuffled whole, and one that is larger than memory, or far away,
 * is read once an epoch in pieces of a record batch. Memory: one number a group.
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import { checksumOf } from '../../shards/checksum.ts';
import type { TokenSource } from '../../shards/tokens/source.ts';
import type { LoaderState } from '../batch.ts';
import { Mixture } from './mixture.ts';
import { drawOf, permutation, shuffleKey } from './shuffle.ts';

/** Record batches that rows are drawn from at one time, over all folders: 64 MiB of uint16 as `vua tokens` writes them. */
const GROUP_BATCHES = 32;
/** Of each folder, at least: of many folders too, rows come from more than one place. */
const FEWEST_BATCHES = 8;
/**
 * Raised when another order comes from the same seed; a run goes on in the one in which it began. Version 1 had a
 * remainder of batches for its last group, at least 2 of each folder, and rows that began at the same token each epoch.
 */
const ORDER_VERSION = 2;

export interface SequenceOptions {
  /** T */
  readonly length: number;
  readonly seed: number;
  /** `stream`: rows are cut end to end. `packed`: documents are put whole into rows where they fit (`pack.ts`). */
  readonly layout: 'stream' | 'packed';
  /** One for each folder; when not given each gives its rows once an epoch. */
  readonly weights?: readonly number[];
  /** Of a run that goes on: its order is kept. */
  readonly state?: LoaderState;
}

export interface RowPlace {
  readonly folder: number;
  /** Index of the record batch in its folder, and of the row in the batch. */
  readonly batch: number;
  readonly row: number;
  /** Tokens before the first row of its batch in this epoch, where rows are cut end to end: 0 … T − 1. */
  readonly shift: number;
  readonly epoch: number;
  readonly group: number;
  /** 0…1: how far the folder is through the group. */
  readonly progress: number;
}

export interface FolderShare {
  readonly where: string;
  /** Share of the rows asked for and given, 0…1. */
  readonly wanted: number;
  readonly given: number;
  /** Times that the folder's rows have been seen. */
  readonly epochs: number;
}

type SourceFacts = Pick<TokenSource, 'where' | 'fingerprint' | 'batchTokens'>;

export class RowSequence {
  /** Rows of all folders: what `epoch` and `position` of a state count in. */
  readonly size: number;
  /** Record batches of fewer than T tokens, from which no row comes, and their tokens; of all folders. */
  readonly short: { readonly batches: number; readonly tokens: number };
  /** Of everything that the order depends on but the seed. */
  readonly fingerprint: string;
  readonly #seed: number;
  readonly #sources: readonly SourceFacts[];
  readonly #weights: readonly number[];
  readonly #mixture: Mixture;
  readonly #orders: readonly FolderOrder[];

  /** @throws ToolkitError (exit 2) TOO_FEW_TOKENS when a folder has no row; BAD_WEIGHTS */
  constructor(sources: readonly SourceFacts[], options: SequenceOptions) {
    const { length, seed, layout, state } = options;
    const rows = sources.map(({ batchTokens }) => batchTokens.map((tokens) => Math.floor(tokens / length)));
    const weights = options.weights ?? rows.map(sum);
    const tooShort = sources.flatMap(({ batchTokens }) => batchTokens.filter((tokens) => tokens < length));
    this.short = { batches: tooShort.length, tokens: sum(tooShort) };
    this.#sources = sources;
    this.#weights = weights;
    this.#seed = seed;
    if (weights.length !== sources.length) {
      throw badInput('BAD_WEIGHTS', `${weights.length} weights, expected one for each of ${sources.length} folders`);
    }
    const prints = sources.map(({ fingerprint }) => fingerprint);
    const printOf = (version: number): string => {
      const identity = JSON.stringify([version, prints, length, layout, sources.length > 1 ? weights : []]);
      return checksumOf(new TextEncoder().encode(identity));
    };
    const version = state?.fingerprint === printOf(1) ? 1 : ORDER_VERSION;
    this.fingerprint = printOf(version);
    const fewest = version === 1 ? 2 : FEWEST_BATCHES;
    const how: OrderOptions = {
      ...{ version, length: layout === 'stream' ? length : 1 },
      groupBatches: Math.max(fewest, Math.floor(GROUP_BATCHES / sources.length)),
    };
    this.#orders = sources.map(({ where, fingerprint, batchTokens }, folder) => {
      const order = new FolderOrder(rows[folder], how, shuffleKey(fingerprint, seed));
      if (order.size > 0) return order;
      const tokens = sum(batchTokens);
      throw badInput(
        'TOO_FEW_TOKENS',
        `${where}: training split: ${tokens} tokens, expected at least ${length} in one record batch`,
        'add text, or lower --context',
      );
    });
    this.#mixture = new Mixture(weights);
    this.size = sum(this.#orders.map((order) => order.size));
  }

  /** The row that comes after `number` others. */
  at(number: number): RowPlace {
    const { folder, before } = this.#mixture.at(number);
    const order = this.#orders[folder];
    return order.at(folder, Math.floor(before / order.size), before % order.size);
  }

  /** Record batches that the rows of a group come from. */
  batchesOf(folder: number, epoch: number, group: number): readonly number[] {
    return this.#orders[folder].batchesOf(epoch, group);
  }

  /** The group behind one: of the next epoch behind the last. */
  groupAfter(folder: number, epoch: number, group: number): { epoch: number; group: number } {
    return group + 1 < this.#orders[folder].groups ? { epoch, group: group + 1 } : { epoch: epoch + 1, group: 0 };
  }

  /** State when `number` rows have been handed out. */
  state(number: number): LoaderState {
    const { fingerprint, size } = this;
    return { fingerprint, seed: this.#seed, epoch: Math.floor(number / size), position: number % size };
  }

  /** Rows handed out at a state. @throws ToolkitError OTHER_TOKENS (exit 2) when it belongs to another sequence */
  numberAt(state: LoaderState | undefined): number {
    if (!state) return 0;
    if (state.fingerprint === this.fingerprint && state.seed === this.#seed) {
      return state.epoch * this.size + state.position;
    }
    throw badInput(
      'OTHER_TOKENS',
      `resume: the checkpoint was trained on rows ${state.fingerprint} with seed ${state.seed}, these are ${this.fingerprint} with seed ${this.#seed}`,
      'give the same --tokens, weights, --context, layout and --seed, or start a new --out folder',
    );
  }

  /** What each folder has given of the first `number` rows. */
  shares(number: number): FolderShare[] {
    const total = sum(this.#weights);
    return this.#mixture.counts(number).map((rows, folder) => ({
      where: this.#sources[folder].where,
      wanted: this.#weights[folder] / total,
      given: rows / Math.max(1, number),
      epochs: rows / this.#orders[folder].size,
    }));
  }
}

interface OpenGroup {
  readonly epoch: number;
  readonly group: number;
  /** Rows of the epoch before it, and in it. */
  readonly first: number;
  readonly size: number;
  readonly batches: readonly number[];
  readonly rowAt: (index: number) => number;
}

interface OrderOptions {
  readonly version: number;
  /** T where rows may be shifted, 1 where not. */
  readonly length: number;
  readonly groupBatches: number;
}

/** The order of one folder. */
class FolderOrder {
  readonly size: number;
  readonly groups: number;
  readonly #rows: readonly number[];
  /** Batches before each group. */
  readonly #firsts: readonly number[];
  readonly #version: number;
  readonly #length: number;
  readonly #key: number;
  #epoch = -1;
  /** Rows of the epoch before each group. */
  readonly #rowsBefore: Float64Array;
  #open: OpenGroup | undefined;

  constructor(rows: readonly number[], { version, length, groupBatches }: OrderOptions, key: number) {
    this.size = sum(rows);
    this.groups = Math.ceil(rows.length / groupBatches);
    this.#firsts = Array.from({ length: this.groups + 1 }, (_, group) =>
      version === 1 ? Math.min(rows.length, group * groupBatches) : Math.floor((group * rows.length) / this.groups),
    );
    this.#version = version;
    this.#length = length;
    this.#rows = rows;
    this.#key = key;
    this.#rowsBefore = new Float64Array(this.groups + 1);
  }

  at(folder: number, epoch: number, position: number): RowPlace {
    this.#turnTo(epoch);
    const { group, first, size, batches, rowAt } = this.#openAt(epoch, position);
    let row = rowAt(position - first);
    let i = 0;
    for (; row >= this.#rows[batches[i]]; i++) row -= this.#rows[batches[i]];
    const batch = batches[i];
    return { folder, batch, row, shift: this.#shift(epoch, batch), epoch, group, progress: (position - first) / size };
  }

  /** None in the first epoch: text that is read once is read whole. */
  #shift(epoch: number, batch: number): number {
    if (this.#version === 1 || epoch === 0) return 0;
    return drawOf(this.#key, epoch, batch) % this.#length;
  }

  /** The group that holds a position; the last one is remembered. */
  #openAt(epoch: number, position: number): OpenGroup {
    const open = this.#open;
    if (open?.epoch === epoch && position >= open.first && position < open.first + open.size) return open;
    const before = this.#rowsBefore;
    let [group, end] = [0, this.groups];
    while (end - group > 1) {
      const middle = (group + end) >> 1;
      if (before[middle] <= position) group = middle;
      else end = middle;
    }
    const first = before[group];
    const size = before[group + 1] - first;
    // Another key than the permutation of the batches has.
    const rowAt = permutation(size, this.#key ^ 0x5bd1e995 ^ Math.imul(group, 0x9e3779b1), epoch);
    this.#open = { epoch, group, first, size, batches: this.batchesOf(epoch, group), rowAt };
    return this.#open;
  }

  batchesOf(epoch: number, group: number): number[] {
    const batchAt = permutation(this.#rows.length, this.#key, epoch);
    const [first, end] = [this.#firsts[group], this.#firsts[group + 1]];
    return Array.from({ length: end - first }, (_, i) => batchAt(first + i));
  }

  #turnTo(epoch: number): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    const batchAt = permutation(this.#rows.length, this.#key, epoch);
    for (let group = 0, at = 0; group < this.groups; group++) {
      let rows = 0;
      for (; at < this.#firsts[group + 1]; at++) rows += this.#rows[batchAt(at)];
      this.#rowsBefore[group + 1] = this.#rowsBefore[group] + rows;
    }
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
