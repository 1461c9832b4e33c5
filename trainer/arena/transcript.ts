/** Files of a quiz: questions before, a transcript after. */
import { readFileSync } from 'node:fs';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { readVmlu } from '../tasks/vmlu-items.ts';
import type { SealedQuestion, Transcript } from './sealed.ts';

/** @throws ToolkitError BAD_ITEMS (exit 2): a row that is none, or has no answer */
export function readQuestions(path: string): SealedQuestion[] {
  return readVmlu(path).items.map(({ id, question, choices, answer }) => {
    if (answer !== undefined) return { id, question, choices, answer };
    throw badInput('BAD_ITEMS', `${path}: item ${id} has no answer, expected a letter`, 'a quiz needs what is right');
  });
}

/** @throws ToolkitError BAD_INPUT (exit 2): no such file, or none of a quiz */
export function readTranscript(path: string): Transcript {
  let read: Partial<Transcript>;
  try {
    read = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw badInput('BAD_INPUT', `${path}: ${reasonOf(error)}`, 'a transcript that `vua arena --out` wrote', error);
  }
  const { format, version, rounds, opened, players } = read ?? {};
  if (
    format === 'vua-arena' &&
    version === 1 &&
    Array.isArray(rounds) &&
    Array.isArray(opened?.questions) &&
    Array.isArray(players)
  )
    return read as Transcript;
  throw badInput('BAD_INPUT', `${path}: expected a transcript of format vua-arena, version 1`);
}
