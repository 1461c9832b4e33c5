/** VMLU: multiple choice over 58 subjects, by four ways to read an answer out of a model. */
import type { Likelihood } from '../score/scorer.ts';
import type { Item } from '../score/tree.ts';
import type { VmluScorer } from './names.ts';
import { type Answering, bytesIn, continuation, prompted, type Question, type Result, type Task } from './task.ts';
import { LETTERS, type VmluData, type VmluItem } from './vmlu-items.ts';
import { choiceText, type PromptName, promptOf, promptText, shotsFor } from './vmlu-prompts.ts';

const PROMPT_OF: Readonly<Record<VmluScorer, PromptName>> = {
  ...{ 'official-hf': 'hf', 'official-api': 'api', 'letter-ll': 'hf', 'choice-ll': 'text' },
};

interface VmluQuestion extends Question {
  readonly item: VmluItem;
}

export interface VmluOptions {
  readonly scorer: VmluScorer;
  /** Examples of its subject before a question, at most. */
  readonly shots?: number;
  readonly limit?: number;
}

export function vmluTask(data: VmluData, { scorer, shots = 0, limit }: VmluOptions): Task<VmluQuestion> {
  const name = PROMPT_OF[scorer];
  // By subject, so that neighbours share their examples.
  const items = data.items
    .slice(0, limit)
    .toSorted((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0));
  return {
    ...{ name: 'vmlu', unit: 'share', scorer, prompt: promptText(name), data, seed: 0, shots },
    questions: items.map((item) => ({
      ...{ id: item.id, group: item.subject, item, chance: 1 / item.choices.length },
      text: [item.question, ...item.choices].join(' '),
    })),
    async *answer(questions, model) {
      const shown = shownBySubject(questions, data.dev, shots, name, model);
      const prompts = questions.map(({ item }) => promptOf(name, item, shown(item)));
      const asked = questions.map(({ item }, i) => textsOf(scorer, item, prompts[i], model));
      let at = 0;
      for await (const found of model.likelihoods(asked)) {
        const { id, group, chance, item } = questions[at];
        const answer = READ[scorer](found, item, prompts[at], model);
        const value = item.answer && Number(answer.toUpperCase() === item.answer);
        const isCut = asked[at].some(({ tokens, greedy }) => tokens.length - (greedy ? 0 : 1) > model.context);
        const beside = { shots: shown(item).length, ...(isCut && { cut: 1 }) };
        yield { id, group, chance, answer, ...(item.answer && { value }), beside };
        at++;
      }
    },
    notes: vmluNotes,
  };
}

/** As many examples as leave room for the longest question of the subject in the context. */
function shownBySubject(
  questions: readonly VmluQuestion[],
  dev: readonly VmluItem[],
  shots: number,
  name: PromptName,
  { tokenizer, context }: Answering,
): (item: VmluItem) => VmluItem[] {
  const counts = new Map<string, number>();
  const room = (item: VmluItem, count: number): boolean => {
    const longest = Math.max(...item.choices.map(bytesIn));
    return tokenizer.encode(promptOf(name, item, shotsFor(item, dev, count))).length + Math.min(longest, 16) < context;
  };
  for (const { item } of questions) {
    let count = Math.min(counts.get(item.subject) ?? shots, shots);
    while (count > 0 && !room(item, count)) count--;
    counts.set(item.subject, count);
  }
  return (item) => shotsFor(item, dev, counts.get(item.subject) ?? 0);
}

const lettersOf = ({ choices }: VmluItem) => LETTERS.slice(0, choices.length);

function textsOf(scorer: VmluScorer, item: VmluItem, prompt: string, model: Answering): Item {
  if (scorer === 'official-hf' || scorer === 'official-api') return [prompted(model, prompt)];
  if (scorer === 'choice-ll')
    return item.choices.map((choice) => continuation(model, prompt, ` ${choiceText(choice)}`));
  return lettersOf(item).flatMap((letter) => [` ${letter}`, letter].map((text) => continuation(model, prompt, text)));
}

type Read = (found: readonly Likelihood[], item: VmluItem, prompt: string, model: Answering) => string;

const READ: Readonly<Record<VmluScorer, Read>> = {
  // What stands behind the last white space of prompt and token: `án:A` where the token has no space, which no key has.
  'official-hf': ([{ greedy }], _item, prompt, { tokenizer }) =>
    `${prompt}${tokenizer.decode([greedy!])}`.trim().split(/\s+/).at(-1)!,
  'official-api': ([{ greedy }], _item, _prompt, { tokenizer }) =>
    (tokenizer.decode([greedy!])[0] ?? '').toLowerCase().replace(/[^abcde]/g, ''),
  'letter-ll': (found, item) => best(lettersOf(item), (i) => logOfSum(-found[2 * i].nats, -found[2 * i + 1].nats)),
  'choice-ll': (found, item) => best(lettersOf(item), (i) => -found[i].nats / bytesIn(choiceText(item.choices[i]))),
};

const logOfSum = (a: number, b: number): number => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));

/** The first of the best. */
function best(letters: readonly string[], of: (index: number) => number): string {
  const scores = letters.map((_, i) => of(i));
  return letters[scores.indexOf(Math.max(...scores))];
}

function vmluNotes(results: readonly Result[]): string[] {
  const notes: string[] = [];
  const open = results.filter(({ value }) => value === undefined).length;
  if (open > 0 && open < results.length)
    notes.push(`${open} of ${results.length} questions have no answer in the data and count in no figure`);
  const cut = results.filter(({ beside }) => beside?.cut).length;
  if (cut > 0)
    notes.push(`${cut} of ${results.length} questions are longer than what the model sees: it read their ends`);
  const unread = results.filter(({ answer }) => !/^[a-e]$/i.test(answer ?? '')).length;
  if (unread > 0) notes.push(`${unread} of ${results.length} answers are no letter and count as wrong`);
  const counts = new Map<string, number>();
  for (const { answer = '' } of results) counts.set(answer.toUpperCase(), (counts.get(answer.toUpperCase()) ?? 0) + 1);
  const [letter, most] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? ['', 0];
  if (results.length > 9 && most > 0.9 * results.length)
    notes.push(`${most} of ${results.length} answers are ${letter || 'empty'}: the model answers without reading`);
  const shots = results.map(({ beside }) => beside?.shots ?? 0);
  if (shots.some((count) => count > 0)) notes.push(`examples shown: ${Math.min(...shots)} to ${Math.max(...shots)}`);
  return notes;
}

/**
 * The file that vmlu.ai takes: `id,answer`, a line for each item in the order of the data; upper case, or as VMLU's program
 * for APIs writes it.
 */
export function submissionCsv(data: VmluData, results: readonly Result[], lower = false): string {
  const answers = new Map(results.map(({ id, answer = '' }) => [id, answer]));
  const cased = (text: string): string => (lower ? text.toLowerCase() : text.toUpperCase());
  return `id,answer\n${data.items.map(({ id }) => `${id},${cased(answers.get(id) ?? '')}\n`).join('')}`;
}
