/** What a score is made of: questions, how a model answers them, and what came of each. */
import type { Tokenizer } from '../../tokenizer/load.ts';
import type { Likelihood } from '../score/scorer.ts';
import type { Item, Text } from '../score/tree.ts';

/** A model that answers. */
export interface Answering {
  readonly tokenizer: Pick<Tokenizer, 'encode' | 'decode' | 'bosId'>;
  /** Tokens that it sees. */
  readonly context: number;
  /** Of each item in its order; ends early when the signal is aborted. */
  likelihoods(items: readonly Item[]): AsyncGenerator<readonly Likelihood[]>;
  /** Likeliest tokens one after the other, at most so many: the first line of them. */
  write(prompt: string, most: number): Promise<string>;
  /** The signal was aborted: what is in hand does not count. */
  isStopped(): boolean;
}

export interface Question {
  readonly id: string;
  /** Subject, phenomenon, source: figures are told for each. */
  readonly group: string;
  /** What is looked for in training text. */
  readonly text: string;
  /** What a guess is worth, 0…1; none where nothing can be guessed. */
  readonly chance?: number;
}

/** What came of a question. */
export interface Result {
  readonly id: string;
  readonly group: string;
  /** 0…1, or bits of `weight` bytes. */
  readonly value?: number;
  /** Bytes; 1 where nothing is said. */
  readonly weight?: number;
  readonly chance?: number;
  /** Whatever was answered. */
  readonly answer?: string;
  /** Other figures, by name: F1, what a floor would have answered. */
  readonly beside?: Readonly<Record<string, number>>;
  /** The question stands in the training text. */
  readonly seen?: boolean;
}

export interface Task<Q extends Question = Question> {
  /** As the table has it: `vmlu`, `viblimp`. */
  readonly name: string;
  /** Of how values are made; `bits` are per byte, lower is better. */
  readonly unit: 'share' | 'bits';
  readonly scorer: string;
  /** What is put around the questions, to the byte. */
  readonly prompt: string;
  readonly data: { readonly name: string; readonly hash: string };
  readonly seed: number;
  readonly shots?: number;
  readonly questions: readonly Q[];
  /** Results in the order of the questions. */
  answer(questions: readonly Q[], model: Answering): AsyncGenerator<Result>;
  /** What is remarkable in all of them, for the table. */
  readonly notes?: (results: readonly Result[]) => readonly string[];
}

/**
 * A continuation behind a context, cut as lm-evaluation-harness cuts them: spaces at the end of the context belong to the
 * continuation, and its tokens are those of both behind as many as the context has alone.
 */
export function continuation(model: Pick<Answering, 'tokenizer'>, context: string, text: string): Text {
  const { tokenizer } = model;
  const bare = context.trimEnd();
  const whole = [tokenizer.bosId, ...tokenizer.encode(bare + context.slice(bare.length) + text)];
  return { tokens: whole, from: Math.min(1 + tokenizer.encode(bare).length, whole.length - 1) };
}

/** A prompt whose likeliest next token is wanted. */
export function prompted({ tokenizer }: Pick<Answering, 'tokenizer'>, prompt: string): Text {
  const tokens = [tokenizer.bosId, ...tokenizer.encode(prompt)];
  return { tokens, from: tokens.length, greedy: true };
}

/** UTF-8 bytes. */
export const bytesIn = (text: string): number => Buffer.byteLength(text);
