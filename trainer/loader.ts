/**
 * Cuts the token stream of a split into rows of T + 1 tokens (input and next-token target overlap by T) and hands them
 * out in shuffled order. The order is a pure function of (fingerprint, seed, epoch); state is four numbers.
 * Rows do not cross shards; a shard's tail shorter than T + 1 is left out of training.
 */
import { badInput, ToolkitError } from '../crawlers/errors.ts';
import type { TokenArray } from '../shards/format.ts';
import type { Batch, LoaderState } from './batch.ts';
import { IGNORED } from './kernels/cross-entropy.ts';
import { permutation } from './shuffle.ts';

export interface LoaderOptions {
  readonly shards: readonly TokenArray[];
  readonly fingerprint: string;
  readonly vocabSize: number;
  readonly rows: number;
  /** T */
  readonly length: number;
  readonly seed: number;
  /** Continue after this batch. */
  readonly state?: LoaderState;
}

/** @throws ToolkitError when there is less than one row, or the state belongs to other tokens. */
export function* batches(options: LoaderOptions): Generator<Batch, never> {
  const { shards, fingerprint, vocabSize, rows, length, seed, state } = options;
  const rowsBefore = [0];
  for (const shard of shards)
    rowsBefore.push(rowsBefore.at(-1)! + Math.max(0, Math.floor((shard.length - 1) / length)));
  const size = rowsBefore.at(-1)!;
  if (size === 0) {
    const tokens = shards.reduce((sum, shard) => sum + shard.length, 0);
    throw badInput(
      'TOO_FEW_TOKENS',
      `training split: ${tokens} tokens, expected at least ${length + 1}`,
      'add text, or lower --context',
    );
  }
  if (state && (state.fingerprint !== fingerprint || state.seed !== seed)) {
    throw badInput(
      'OTHER_TOKENS',
      `resume: the checkpoint was trained on tokens ${state.fingerprint} with seed ${state.seed}, this folder holds ${fingerprint} with seed ${seed}`,
      'give the same --tokens and --seed, or start a new --out folder',
    );
  }
  let epoch = state?.epoch ?? 0;
  let position = state?.position ?? 0;
  let order = permutation(size, seed, epoch);
  for (;;) {
    const tokens = new Uint32Array(rows * length);
    const targets = new Uint32Array(rows * length);
    for (let row = 0; row < rows; row++) {
      if (position === size) {
        position = 0;
        order = permutation(size, seed, ++epoch);
      }
      const index = order(position++);
      const shard = rowsBefore.findLastIndex((before) => before <= index);
      const at = (index - rowsBefore[shard]) * length;
      tokens.set(shards[shard].subarray(at, at + length), row * length);
      targets.set(shards[shard].subarray(at + 1, at + 1 + length), row * length);
    }
    checkVocabulary(tokens, vocabSize);
    checkVocabulary(targets, vocabSize);
    yield { tokens, targets, rows, length, counted: targets.length, state: { fingerprint, seed, epoch, position } };
  }
}

/**
 * The whole split once, in order, for evaluation: every token but a shard's first is a target exactly once. Targets for
 * which `isCounted` is false (document separators, which stand for no bytes) and the padding of the last batch are ignored.
 */
export function* tiles(
  shards: readonly TokenArray[],
  rows: number,
  length: number,
  isCounted: (token: number) => boolean,
): Generator<Pick<Batch, 'tokens' | 'targets' | 'counted'>> {
  let tokens = new Uint32Array(rows * length);
  let targets = new Uint32Array(rows * length).fill(IGNORED);
  let row = 0;
  let counted = 0;
  for (const shard of shards) {
    for (let at = 0; at + 1 < shard.length; at += length) {
      const count = Math.min(length, shard.length - 1 - at);
      for (let t = 0; t < count; t++) {
        const target = shard[at + t + 1];
        tokens[row * length + t] = shard[at + t];
        if (!isCounted(target)) continue;
        targets[row * length + t] = target;
        counted++;
      }
      if (++row < rows) continue;
      yield { tokens, targets, counted };
      tokens = new Uint32Array(rows * length);
      targets = new Uint32Array(rows * length).fill(IGNORED);
      row = 0;
      counted = 0;
    }
  }
  if (row > 0) yield { tokens, targets, counted };
}

/** A token outside the vocabulary would read behind the embedding on the GPU. */
function checkVocabulary(tokens: Uint32Array, vocabSize: number): void {
  for (const token of tokens) {
    if (token >= vocabSize) {
      throw new ToolkitError({
        code: 'BAD_TOKEN',
        message: `tokens: id ${token}, expected less than the vocabulary of ${vocabSize}`,
        hint: 'the token shards do not belong to this tokenizer: run `vua tokens` again',
      });
    }
  }
}
