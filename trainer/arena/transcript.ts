/** Files of a quiz: questions before, a transcript after. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import type { Asked } from '../../shards/inspector/shapes.ts';
import { readVmlu } from '../tasks/vmlu-items.ts';
import { boardOf, faultsOf, type Transcript } from './sealed.ts';

/** @throws ToolkitError BAD_ITEMS (exit 2): a row that is none, or has no answer */
export function readQuestions(path: string): Asked[] {
  return readVmlu(path).items.map(({ id, question, choices, answer }) => {
    if (answer !== undefined) return { id, question, choices, answer };
    throw badInput('BAD_ITEMS', `${path}: item ${id} has no answer, expected a letter`, 'a quiz needs what is right');
  });
}

const question = z.object({ id: z.string(), question: z.string(), choices: z.array(z.string()), answer: z.string() });
const attempt = z.object({
  ...{ player: z.string(), answer: z.string(), seconds: z.number().min(0), right: z.boolean(), points: z.number() },
  fault: z.string().optional(),
});
const transcriptShape = z.object({
  ...{ format: z.literal('vua-arena'), version: z.literal(1), sealed: z.string(), limit: z.number().positive() },
  ...{ players: z.array(z.string()), startedAt: z.string() },
  rounds: z.array(z.object({ question: z.string(), tries: z.array(attempt), hash: z.string() })),
  opened: z.object({ salt: z.string(), questions: z.array(question) }),
});

/** @throws ToolkitError BAD_INPUT (exit 2): no such file, or none of a quiz */
export function readTranscript(path: string): Transcript {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw badInput('BAD_INPUT', `${path}: ${reasonOf(error)}`, 'a transcript that `vua arena --out` wrote', error);
  }
  const known = transcriptShape.safeParse(read);
  if (known.success) return known.data;
  const [{ path: place, message }] = known.error.issues;
  throw badInput(
    'BAD_INPUT',
    `${path}: ${place.join('.') || 'it'}: ${message}, expected a transcript of format vua-arena, version 1`,
  );
}

/** For the page of quizzes in `vua inspect`. */
export const arenaDoor = {
  faultsAt(path: string): readonly string[] {
    try {
      return faultsOf(readTranscript(path));
    } catch (error) {
      return [reasonOf(error)];
    }
  },
  boardOf,
};
