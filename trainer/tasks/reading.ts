/**
 * Reading: a passage, a question, an answer in a few words. Sets that the user brings, in the formats of SQuAD (Vi-SQuAD), of
 * DROP (Vi-DROP), or JSON lines with context, question and answers.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { utf8Of } from '../../crawlers/shell/folder.ts';
import { checksumOf } from '../../shards/checksum.ts';
import { bestMatch } from './answers.ts';
import type { Question, Result, Task } from './task.ts';

interface ReadingQuestion extends Question {
  readonly passage: string;
  readonly asked: string;
  /** Right ones; none where the passage has no answer. */
  readonly answers: readonly string[];
}

/** Tokens of an answer, at most. */
const ANSWER_TOKENS = 32;
export const READING_PROMPT = ({ passage, asked }: { readonly passage: string; readonly asked: string }): string =>
  `Đoạn văn: ${passage}\nCâu hỏi: ${asked}\nTrả lời:`;

export function readingTask(file: string, limit?: number): Task<ReadingQuestion> {
  const { bytes, text } = contentOf(file);
  const questions = readReading(text, file).slice(0, limit);
  return {
    ...{ name: basename(file).replace(/\.\w+$/, ''), unit: 'share', scorer: 'f1', seed: 0 },
    prompt: READING_PROMPT({ passage: '{passage}', asked: '{question}' }),
    data: { name: basename(file), hash: checksumOf(bytes) },
    questions,
    async *answer(asked, model) {
      for (const question of asked) {
        const answer = await model.write(READING_PROMPT(question), ANSWER_TOKENS);
        if (model.isStopped()) return;
        const { exact, f1 } = bestMatch(answer, question.answers);
        yield { id: question.id, group: question.group, value: f1, answer, beside: { exact } };
      }
    },
    notes: exactOf,
  };
}

function exactOf(results: readonly Result[]): string[] {
  const mean = (of: (one: Result) => number): string =>
    ((100 * results.reduce((sum, one) => sum + of(one), 0)) / results.length).toFixed(2);
  return results.length > 0
    ? [`exact match ${mean(({ beside }) => beside!.exact)} %, F1 ${mean(({ value = 0 }) => value)} %`]
    : [];
}

const FORMAT = 'SQuAD\'s or DROP\'s JSON, or lines of {"context", "question", "answers": ["…"]}';

function contentOf(file: string): { bytes: Uint8Array; text: string } {
  try {
    const bytes = readFileSync(file);
    return { bytes, text: utf8Of(bytes) };
  } catch (error) {
    throw badInput('BAD_ITEMS', `${file}: ${reasonOf(error)}`, FORMAT, error);
  }
}

type Json = Readonly<Record<string, unknown>>;

/** @throws ToolkitError BAD_ITEMS naming file and place */
export function readReading(text: string, file: string): ReadingQuestion[] {
  const whole = parsed(text);
  const found = Array.isArray(whole)
    ? whole.map((one, i) => flat(one, `${file}: entry ${i + 1}`))
    : whole && Array.isArray(whole.data)
      ? squad(whole.data as Json[], file)
      : whole && Object.values(whole).every((one) => typeof one === 'object' && one !== null && 'qa_pairs' in one)
        ? drop(whole as Readonly<Record<string, Json>>, file)
        : lines(text, file);
  if (found.length === 0) throw badInput('BAD_ITEMS', `${file}: no questions`, FORMAT);
  const met = new Map<string, number>();
  return found.map((one) => {
    const before = met.get(one.id) ?? 0;
    met.set(one.id, before + 1);
    return before === 0 ? one : { ...one, id: `${one.id}#${before + 1}` };
  });
}

function parsed(text: string): Json | Json[] | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function lines(text: string, file: string): ReadingQuestion[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const value = parsed(line);
    if (value === undefined || Array.isArray(value))
      throw badInput('BAD_ITEMS', `${file}, line ${i + 1}: no JSON object`, FORMAT);
    return [flat(value, `${file}, line ${i + 1}`)];
  });
}

const textIn = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';

/** SQuAD's `{text: […]}` of Hugging Face, a list of texts or of `{text}`, or one text. */
function answersIn(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value))
    return value
      .flatMap((one) => (typeof one === 'object' && one !== null ? answersIn((one as Json).text) : [textIn(one)]))
      .filter(Boolean);
  if (typeof value === 'object') return answersIn((value as Json).text);
  return [textIn(value)].filter(Boolean);
}

function flat(value: Json, where: string): ReadingQuestion {
  const [passage, asked] = [textIn(value.context ?? value.passage ?? value.paragraph), textIn(value.question)];
  if (passage === '' || asked === '')
    throw badInput('BAD_ITEMS', `${where}: no ${passage === '' ? 'context' : 'question'}`, FORMAT);
  const answers = answersIn(value.answers ?? value.answer);
  const isNone = value.is_impossible === true;
  return questionOf(textIn(value.id ?? value.qid) || where, passage, asked, isNone ? [] : answers, 'reading');
}

const questionOf = (
  id: string,
  passage: string,
  asked: string,
  answers: readonly string[],
  group: string,
): ReadingQuestion => ({
  ...{ id, group: answers.length === 0 ? 'no answer' : group, text: `${asked} ${passage.slice(0, 400)}` },
  ...{ passage, asked, answers: [...new Set(answers)] },
});

function squad(data: readonly Json[], file: string): ReadingQuestion[] {
  return data.flatMap((article, a) =>
    ((article.paragraphs ?? []) as Json[]).flatMap((paragraph, p) =>
      ((paragraph.qas ?? []) as Json[]).map((qa, q) =>
        flat({ ...qa, context: paragraph.context }, `${file}: article ${a + 1}, paragraph ${p + 1}, question ${q + 1}`),
      ),
    ),
  );
}

function drop(passages: Readonly<Record<string, Json>>, file: string): ReadingQuestion[] {
  return Object.entries(passages).flatMap(([name, { passage, qa_pairs: pairs }]) =>
    (pairs as Json[]).map((pair, i) => {
      const own = dropAnswers((pair.answer ?? {}) as Json);
      const validated = ((pair.validated_answers ?? []) as Json[]).flatMap(({ ...one }) => dropAnswers(one).answers);
      const where = textIn(pair.query_id) || `${name}-${i + 1}`;
      if (textIn(passage) === '' || textIn(pair.question) === '')
        throw badInput('BAD_ITEMS', `${file}: ${where}: no passage or question`, FORMAT);
      return questionOf(where, textIn(passage), textIn(pair.question), [...own.answers, ...validated], own.kind);
    }),
  );
}

/** A number, a date, or spans, which are one answer together. */
function dropAnswers({ number, date, spans }: Json): { answers: string[]; kind: string } {
  if (textIn(number) !== '') return { answers: [textIn(number)], kind: 'number' };
  const { day, month, year } = (date ?? {}) as Json;
  const parts = [day, month, year].map(textIn).filter(Boolean);
  if (parts.length > 0) return { answers: dateForms(textIn(day), textIn(month), textIn(year)), kind: 'date' };
  const list = answersIn(spans);
  return { answers: list.length === 0 ? [] : [list.join(', ')], kind: list.length > 1 ? 'spans' : 'span' };
}

/** `ngày 2 tháng 9 năm 1945`, `2/9/1945`. */
function dateForms(day: string, month: string, year: string): string[] {
  const said = [day && `ngày ${day}`, month && `tháng ${month}`, year && `năm ${year}`].filter(Boolean).join(' ');
  return [said, [day, month, year].filter(Boolean).join('/')];
}
