/**
 * Trains byte-level BPE in two phases.
 *
 *   1  counts pretokens, then merges within them                                  (all there is unless maxSyllables > 1)
 *   2  counts runs of syllables as tokens of phase 1, then merges across spaces   (arXiv:2503.13423, with a limit)
 *
 * Phase 2 needs runs only where tokens meet as often as its last merge does: elsewhere no merge crosses, and a run is cut
 * there into pieces, of which there are few kinds. How often two tokens meet is known from a pass of its own; how often
 * the last merge does is guessed, and seen at the end: a guess too high is made again, lower. The cuts change nothing.
 *
 * The same documents in any order, over any number of workers, give the same model.
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import { breather } from '../../crawlers/shell/work.ts';
import {
  type BpeModel,
  BYTE_TOKENS,
  endsWithLetter,
  keepsCharacters,
  MIN_VOCAB_SIZE,
  SPECIAL_TOKENS,
} from '../model.ts';
import { ID_OF_BYTE } from '../text/byte-level.ts';
import { type SplitRule, type SplitWish, splitFor } from '../text/split.ts';
import { MAX_SYLLABLES, MAX_TOKEN_BYTES, MAX_VOCAB_SIZE, MIN_FREQUENCY, SYLLABLE_SHARE } from './defaults.ts';
import { type MergeRule, Merger, type Words } from './merge.ts';
import { type CountedKeys, idsOfPieces, type TallyResult, type TallyTask, thresholdFor } from './tally.ts';
import { type TallyTeam, tallyTexts } from './tally-texts.ts';
import { Vocabulary } from './vocabulary.ts';

export interface TrainOptions {
  /** Bytes, merges and special tokens together; the model is smaller when the corpus gives fewer merges. */
  readonly vocabSize: number;
  /** A pair that stands fewer times is not merged. */
  readonly minFrequency?: number;
  /** Longest token, in bytes. */
  readonly maxTokenBytes?: number;
  /** Most syllables in a token; more than 1: merges across spaces. */
  readonly maxSyllables?: number;
  /** Share of the merges that are made within syllables before any crosses a space. */
  readonly syllableShare?: number;
  /** The split rule; by default one that gives the same ids in other engines. */
  readonly split?: SplitWish['split'];
  /** Most digits in a token, of the rule `vua`. */
  readonly digits?: SplitWish['digits'];
  /** Threads that count along. */
  readonly team?: TallyTeam;
  /** How errors call the texts. */
  readonly corpus?: string;
  /** Aborted: `trainBpe` throws the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainProgress) => void;
}

export type TrainStage = 'count' | 'merge' | 'count neighbours' | 'count pieces' | 'merge across spaces';

export interface TrainProgress {
  readonly stage: TrainStage;
  /** Bytes counted, or merges made. */
  readonly done: number;
  /** Merges to make; while counting again, bytes; unknown while counting first. */
  readonly total?: number;
  /** Distinct pretokens or pieces found. */
  readonly words: number;
}

/** A guess of the last merge's count that was too high is divided by this. */
const LOWER_GUESS = 4;

/**
 * @param texts The corpus, from its start at each call: read once, or three times for merges across spaces.
 * @throws ToolkitError BAD_VOCAB_SIZE, EMPTY_CORPUS (exit 2).
 */
export async function trainBpe(texts: () => AsyncIterable<Uint8Array>, options: TrainOptions): Promise<BpeModel> {
  return new Training(texts, options).run();
}

class Training {
  readonly #texts: () => AsyncIterable<Uint8Array>;
  readonly #options: TrainOptions;
  readonly #vocabulary = new Vocabulary();
  readonly #breathe: () => Promise<boolean>;
  readonly #split: SplitRule;
  readonly #minFrequency: number;
  readonly #maxTokenBytes: number;
  readonly #maxSyllables: number;
  /** Bytes of the corpus, once it has been read. */
  #bytes: number | undefined;

  constructor(texts: () => AsyncIterable<Uint8Array>, options: TrainOptions) {
    this.#texts = texts;
    this.#options = options;
    const { vocabSize, maxSyllables = MAX_SYLLABLES } = options;
    checkVocabSize(vocabSize);
    this.#breathe = breather(options.signal);
    this.#split = splitFor({ ...options, maxSyllables });
    this.#minFrequency = options.minFrequency ?? MIN_FREQUENCY;
    this.#maxTokenBytes = options.maxTokenBytes ?? MAX_TOKEN_BYTES;
    this.#maxSyllables = maxSyllables;
  }

  async run(): Promise<BpeModel> {
    const { vocabSize, corpus = 'the corpus', syllableShare = SYLLABLE_SHARE } = this.#options;
    const words = (await this.#tally('count', { kind: 'words', split: this.#split })) as CountedKeys;
    if (words.counts.length === 0) {
      throw badInput('EMPTY_CORPUS', `${corpus}: no text to train on`, 'give documents that hold text');
    }
    const merges = vocabSize - MIN_VOCAB_SIZE;
    const isAcross = this.#maxSyllables > 1;
    const within = isAcross ? Math.round(merges * syllableShare) : merges;
    await this.#merge('merge', wordsOf(words), within, this.#vocabulary, this.#ruleWithin());
    if (isAcross && within < merges) return this.#acrossSpaces(merges);
    return this.#modelOf(this.#vocabulary);
  }

  async #acrossSpaces(merges: number): Promise<BpeModel> {
    const model = this.#modelOf(this.#vocabulary);
    const neighbours = (await this.#tally('count neighbours', { kind: 'neighbours', model })) as Uint32Array;
    const wanted = merges - this.#vocabulary.mergeCount;
    let threshold = Math.max(this.#minFrequency, thresholdFor(neighbours, wanted));
    for (;;) {
      const task = { kind: 'pieces', model, neighbours, threshold } as const;
      const pieces = (await this.#tally('count pieces', task)) as CountedKeys;
      const vocabulary = this.#vocabulary.clone();
      const allows = this.#ruleAcross(vocabulary);
      const merger = await this.#merge('merge across spaces', wordsOfPieces(pieces), merges, vocabulary, allows);
      const isComplete = vocabulary.mergeCount === merges && merger.lastCount >= threshold;
      if (isComplete || threshold <= this.#minFrequency) return this.#modelOf(vocabulary);
      threshold = Math.max(this.#minFrequency, Math.floor(threshold / LOWER_GUESS));
    }
  }

  #isShort(left: number, right: number, vocabulary = this.#vocabulary): boolean {
    return vocabulary.bytesOf(left).length + vocabulary.bytesOf(right).length <= this.#maxTokenBytes;
  }

  #ruleWithin(): MergeRule['allows'] {
    if (!this.#split.wholeRuns) return (left, right) => this.#isShort(left, right);
    return (left, right) => {
      const bytes = this.#vocabulary.bytesOf(left) + this.#vocabulary.bytesOf(right);
      return bytes.length <= this.#maxTokenBytes && keepsCharacters(bytesOf(bytes));
    };
  }

  /**
   * The right part begins with a space, the left one ends with a whole letter, or of whole runs with a whole character: see
   * join.ts for what rests on this.
   */
  #ruleAcross(vocabulary: Vocabulary): MergeRule['allows'] {
    const endsWhole = this.#split.wholeRuns ? keepsCharacters : endsWithLetter;
    return (left, right) => {
      const [before, behind] = [vocabulary.bytesOf(left), vocabulary.bytesOf(right)];
      if (behind[0] !== ' ' || !this.#isShort(left, right, vocabulary)) return false;
      return syllablesIn(before) + syllablesIn(behind) <= this.#maxSyllables && endsWhole(bytesOf(before));
    };
  }

  async #merge(
    stage: TrainStage,
    words: Words,
    merges: number,
    vocabulary: Vocabulary,
    allows: MergeRule['allows'],
  ): Promise<Merger> {
    const { onProgress } = this.#options;
    const merger = new Merger(words, vocabulary, { minFrequency: this.#minFrequency, allows }, BYTE_TOKENS + merges);
    const from = vocabulary.mergeCount;
    const report = () =>
      onProgress?.({
        stage,
        done: vocabulary.mergeCount - from,
        total: merges - from,
        words: words.counts.length,
      });
    while (merger.step()) if (await this.#breathe()) report();
    report();
    return merger;
  }

  async #tally(stage: TrainStage, task: TallyTask): Promise<TallyResult> {
    const { team, signal, onProgress } = this.#options;
    const report = (done: number, words: number) => onProgress?.({ stage, done, total: this.#bytes, words });
    const { bytes, result } = await tallyTexts(this.#texts(), task, { team, signal, onProgress: report });
    this.#bytes = bytes;
    return result;
  }

  #modelOf({ merges }: Vocabulary): BpeModel {
    return { merges: Int32Array.from(merges), specialTokens: SPECIAL_TOKENS, split: this.#split };
  }
}

function checkVocabSize(vocabSize: number): void {
  if (Number.isInteger(vocabSize) && vocabSize >= MIN_VOCAB_SIZE && vocabSize <= MAX_VOCAB_SIZE) return;
  throw badInput(
    'BAD_VOCAB_SIZE',
    `vocabulary size ${vocabSize}, expected ${MIN_VOCAB_SIZE} to ${MAX_VOCAB_SIZE}: ${BYTE_TOKENS} bytes, ${SPECIAL_TOKENS.length} special tokens, and the merges`,
  );
}

const bytesOf = (token: string): Uint8Array => Uint8Array.from(token, (byte) => byte.charCodeAt(0));

/** Each syllable but one at the head of a run begins with a space. */
function syllablesIn(token: string): number {
  let count = token[0] === ' ' ? 0 : 1;
  for (const character of token) if (character === ' ') count++;
  return count;
}

function wordsOf({ bytes, lengths, counts }: CountedKeys): Words {
  const symbols = new Int32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) symbols[i] = ID_OF_BYTE[bytes[i]];
  return { symbols, starts: startsOf(lengths), counts };
}

function wordsOfPieces(pieces: CountedKeys): Words {
  const symbols = idsOfPieces(pieces);
  const bytesEach = pieces.bytes.length / symbols.length;
  return { symbols, starts: startsOf(pieces.lengths.map((length) => length / bytesEach)), counts: pieces.counts };
}

function startsOf(lengths: Uint32Array): Int32Array {
  const starts = new Int32Array(lengths.length + 1);
  for (let i = 0; i < lengths.length; i++) starts[i + 1] = starts[i] + lengths[i];
  return starts;
}
