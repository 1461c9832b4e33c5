/**
 * Trains byte-level BPE: counts word types (count.ts), then merges (merge.ts). The same documents in any order give the
 * same model.
 */
import { badInput } from '../crawlers/errors.ts';
import { ID_OF_BYTE } from './byte-level.ts';
import type { ByteTable } from './byte-table.ts';
import { WordCounter } from './count.ts';
import { Merger, type Words } from './merge.ts';
import { type BpeModel, BYTE_TOKENS, MIN_VOCAB_SIZE, SPECIAL_TOKENS } from './model.ts';

export interface TrainOptions {
  /** Bytes, merges and special tokens together; the model is smaller when the corpus gives fewer merges. */
  readonly vocabSize: number;
  /** A pair that stands fewer times is not merged. */
  readonly minFrequency?: number;
  /** Longest token, in bytes. */
  readonly maxTokenBytes?: number;
  /** How errors call the texts. */
  readonly corpus?: string;
  /** Aborted: `trainBpe` throws the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainProgress) => void;
}

export interface TrainProgress {
  readonly stage: 'count' | 'merge';
  /** Bytes counted, or merges made. */
  readonly done: number;
  /** Merges to make; unknown while counting. */
  readonly total?: number;
  /** Word types found. */
  readonly words: number;
}

export const MIN_FREQUENCY = 2;
export const MAX_TOKEN_BYTES = 64;
export const MAX_VOCAB_SIZE = 2 ** 20;

/** Work goes on for this long before the event loop, and with it Ctrl-C, has its turn. */
const BREATH_MS = 50;

/**
 * @throws ToolkitError BAD_VOCAB_SIZE, EMPTY_CORPUS (exit 2).
 */
export async function trainBpe(texts: AsyncIterable<Uint8Array>, options: TrainOptions): Promise<BpeModel> {
  const { vocabSize, minFrequency = MIN_FREQUENCY, maxTokenBytes = MAX_TOKEN_BYTES } = options;
  const { corpus = 'the corpus', signal, onProgress } = options;
  checkVocabSize(vocabSize);
  const breathe = breather(signal);
  const counter = new WordCounter();
  for await (const text of texts) {
    counter.add(text);
    if (await breathe()) onProgress?.({ stage: 'count', done: counter.bytes, words: counter.words.size });
  }
  signal?.throwIfAborted(); // sources end quietly
  const words = counter.words.size;
  onProgress?.({ stage: 'count', done: counter.bytes, words });
  if (words === 0) {
    throw badInput('EMPTY_CORPUS', `${corpus}: no text to train on`, 'give documents that hold text');
  }

  const merges = vocabSize - MIN_VOCAB_SIZE;
  const merger = new Merger(wordsOf(counter.words), { merges, minFrequency, maxTokenBytes });
  while (merger.step()) {
    if (await breathe()) onProgress?.({ stage: 'merge', done: merger.done, total: merges, words });
  }
  onProgress?.({ stage: 'merge', done: merger.done, total: merges, words });
  return { merges: merger.result(), specialTokens: SPECIAL_TOKENS };
}

function checkVocabSize(vocabSize: number): void {
  if (Number.isInteger(vocabSize) && vocabSize >= MIN_VOCAB_SIZE && vocabSize <= MAX_VOCAB_SIZE) return;
  throw badInput(
    'BAD_VOCAB_SIZE',
    `vocabulary size ${vocabSize}, expected ${MIN_VOCAB_SIZE} to ${MAX_VOCAB_SIZE}: ${BYTE_TOKENS} bytes, ${SPECIAL_TOKENS.length} special tokens, and the merges`,
  );
}

/** Gives the event loop its turn now and then: true when it did. Throws the reason of an aborted signal. */
function breather(signal: AbortSignal | undefined): () => Promise<boolean> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < BREATH_MS) return false;
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    last = performance.now();
    return true;
  };
}

/** Word types of two bytes and more as runs of byte ids; the others have no pair. */
function wordsOf(table: ByteTable): Words {
  const slots = [...table.slots()].filter((slot) => table.keyAt(slot).length > 1);
  const starts = new Int32Array(slots.length + 1);
  for (const [word, slot] of slots.entries()) starts[word + 1] = starts[word]! + table.keyAt(slot).length;
  const symbols = new Int32Array(starts[slots.length]!);
  const counts = new Float64Array(slots.length);
  for (const [word, slot] of slots.entries()) {
    symbols.set(table.keyAt(slot), starts[word]);
    counts[word] = table.f64[slot * 4]!;
  }
  for (let i = 0; i < symbols.length; i++) symbols[i] = ID_OF_BYTE[symbols[i]!]!;
  return { symbols, starts, counts };
}
