/**
 * The measurement card: all that a score depends on. No score is told without one, and two are compared only where their
 * cards agree in everything but the model and the machine. The same model moved from 51.0 to 46.4 on VMLU with another
 * prompt and another version of the data.
 */
import { checksumOf } from '../../shards/checksum.ts';
import type { Task } from './task.ts';

/** Raised when values of the same answers change. */
export const METHOD = 1;

export interface ModelFacts {
  /** As it was given. */
  readonly dir: string;
  /** Of the weights. */
  readonly fingerprint: string;
  readonly tokenizer: string;
  readonly parameters: number;
  readonly context: number;
  readonly step?: number;
}

export interface Card {
  readonly format: 'vua-score';
  readonly method: number;
  readonly task: string;
  readonly data: { readonly name: string; readonly hash: string; readonly items: number };
  /** Checksum of all that is put around the questions. */
  readonly prompt: string;
  readonly scorer: string;
  readonly shots: number;
  readonly seed: number;
  /** The model reads no more than so many tokens of a prompt. */
  readonly model: ModelFacts;
  /** Fingerprint of the training text in which questions were looked for. */
  readonly train?: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly adapter: string;
}

export interface CardFacts extends Pick<Card, 'model' | 'train' | 'versions' | 'adapter'> {}

/** 16 hex digits of UTF-8. */
export const hashOf = (text: string): string => checksumOf(new TextEncoder().encode(text));

export const cardOf = ({ name, data, prompt, scorer, shots = 0, seed, questions }: Task, facts: CardFacts): Card => ({
  ...{ format: 'vua-score', method: METHOD, task: name },
  data: { name: data.name, hash: data.hash, items: questions.length },
  ...{ prompt: hashOf(prompt), scorer, shots, seed, ...facts },
});

/** Short name of all that decides a figure, the model included. */
export const cardId = ({ adapter: _adapter, versions: _versions, train: _train, model, ...matters }: Card): string =>
  hashOf(JSON.stringify([matters, model.fingerprint, model.tokenizer, model.context]));

/** What must be equal for two scores to stand beside each other. */
const MATTERS = ['method', 'task', 'scorer', 'prompt', 'shots', 'seed'] as const;

/** What two cards differ in that matters: `shots: 0 and 5`. Empty: their scores may be compared. */
export function otherwise(a: Card, b: Card): string[] {
  const differing = MATTERS.filter((key) => a[key] !== b[key]).map((key) => `${key}: ${a[key]} and ${b[key]}`);
  if (a.data.hash !== b.data.hash)
    differing.push(`data: ${a.data.name} (${a.data.hash}) and ${b.data.name} (${b.data.hash})`);
  else if (a.data.items !== b.data.items) differing.push(`items: ${a.data.items} and ${b.data.items}`);
  return differing;
}
