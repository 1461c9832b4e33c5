/** A filter is a pure function: `true`, or the reason why a document is dropped, with what was measured and allowed. */
import type { Measurements } from './document.ts';
import type { Language } from './language.ts';
import type { Token } from './lexicon.ts';

/** What a filter may look at. */
export interface Subject {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly language: Language;
  readonly measurements: Measurements;
}

export interface Rejection {
  /** snake_case, stable: the reject store is searched by it. */
  readonly reason: string;
  readonly value: number;
  readonly threshold: number;
}

export type Verdict = true | Rejection;
export type Filter = (subject: Subject, threshold: number) => Verdict;

type Value = (subject: Subject) => number;

export const atLeast =
  (reason: string, valueIn: Value): Filter =>
  (subject, threshold) => {
    const value = valueIn(subject);
    return value >= threshold || { reason, value, threshold };
  };

export const atMost =
  (reason: string, valueIn: Value): Filter =>
  (subject, threshold) => {
    const value = valueIn(subject);
    return value <= threshold || { reason, value, threshold };
  };
