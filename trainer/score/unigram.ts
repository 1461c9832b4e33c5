/** The unigram model: how often each token stands in the training split, and held-out text under these frequencies. */
import { joinSources, type TokenFolder, type TokenSource } from '../../shards/tokens/source.ts';
import { permutation } from '../loader/shuffle.ts';
import { type Evaluation, evaluationOf } from './bits-per-byte.ts';
import { type HeldOut, stretches } from './held-out.ts';

/** Plain data: a run keeps it beside its checkpoints and does not count again. */
export interface UnigramCounts {
  /** Fingerprint of the tokens that were counted. */
  readonly tokens: string;
  /** Of each id. */
  readonly counts: readonly number[];
}

/** Tokens of the training split that are counted, at most, where no counts stand beside them. */
const COUNTED_TOKENS = 2 ** 28;

/** As the folders say it; of folders that do not, record batches are read in a seeded order until 2^28 tokens are counted. */
export async function countTokens(folders: readonly TokenFolder[]): Promise<UnigramCounts> {
  const train = joinSources(folders.map((folder) => folder.source('train')));
  const each = await Promise.all(folders.map((folder) => folder.counts()));
  if (each.some((counts) => counts === undefined)) return countByReading(train);
  const sums = Array.from({ length: train.vocabSize }, (_, id) => each.reduce((sum, counts) => sum + counts![id], 0));
  return { tokens: train.fingerprint, counts: sums };
}

export async function countByReading(train: TokenSource): Promise<UnigramCounts> {
  const counts = new Float64Array(train.vocabSize);
  const batchAt = permutation(train.batchTokens.length, 0, 0);
  for (let i = 0, tokens = 0; i < train.batchTokens.length && tokens < COUNTED_TOKENS; i++) {
    const batch = await train.load(batchAt(i));
    for (let k = 0; k < batch.length; k++) counts[batch[k]]++;
    tokens += batch.length;
  }
  return { tokens: train.fingerprint, counts: Array.from(counts) };
}

/** Bits per byte under the frequencies, each count raised by one, separators left out. */
export async function evaluateUnigram({ counts }: UnigramCounts, heldOut: HeldOut): Promise<Evaluation> {
  const { bosId } = heldOut.tokens;
  const total = counts.reduce((sum, count) => sum + count + 1, 0) - counts[bosId] - 1;
  const natsOf = Float64Array.from(counts, (count) => -Math.log((count + 1) / total));
  const nats = new Float64Array(heldOut.pieces.length);
  const lengths = heldOut.pieces.map(({ length }) => length);
  for await (const { index, at, stretch } of stretches(heldOut.tokens, lengths)) {
    for (let i = at === 0 ? 1 : 0; i < stretch.length; i++) nats[index] += natsOf[stretch[i]];
  }
  return evaluationOf(heldOut, nats);
}
