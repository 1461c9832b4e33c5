/**
 * Prompts of VMLU to the byte, as its two programs write them (code_benchmark/test_prompt.py for local models, test_gpt.py
 * for those behind an API), and one of ours that names no letters. Choices carry their letters already and are never
 * shuffled: one in ten refers to others.
 */
import { LETTER, LETTERS, type VmluItem } from './vmlu-items.ts';

const PREAMBLE = 'Chỉ đưa ra chữ cái đứng trước câu trả lời đúng (A, B, C, D hoặc E) của câu hỏi trắc nghiệm sau: \n';

export interface Prompt {
  /** Once, before all. */
  readonly preamble: string;
  /** A question up to where its answer begins. */
  question(item: VmluItem): string;
  /** The right answer behind it, of an example. */
  answer(item: VmluItem): string;
}

export const PROMPTS = {
  /** A choice that is missing leaves a line with one space. */
  hf: {
    preamble: `${PREAMBLE}\n`,
    question: ({ question, choices }) =>
      `${question}\n\n${LETTERS.map((_, i) => ` ${choices[i] ?? ''}\n`).join('')}Đáp án:`,
    answer: ({ answer }) => ` ${answer}`,
  },
  /** Ends in a space. */
  api: {
    preamble: PREAMBLE,
    question: ({ question, choices }) => `${question}\n\n${choices.join('\n')}\nĐáp án: `,
    answer: ({ answer }) => `${answer}`,
  },
  /** The answer is the text of a choice: for models that know no letters yet. */
  text: {
    preamble: '',
    question: ({ question }) => `${question}\nĐáp án:`,
    answer: (item) => ` ${choiceText(item.choices[LETTERS.indexOf(item.answer!)])}`,
  },
} as const satisfies Record<string, Prompt>;
export type PromptName = keyof typeof PROMPTS;

/** A choice without its letter. */
export const choiceText = (choice: string): string => choice.replace(LETTER, '').trim() || choice.trim();

/** A question behind the examples that are shown for it. With none of them it is what VMLU's programs send. */
export function promptOf(name: PromptName, item: VmluItem, shots: readonly VmluItem[]): string {
  const { preamble, question, answer }: Prompt = PROMPTS[name];
  const shown = shots.map((shot) => `${question(shot)}${answer(shot)}\n\n`).join('');
  return `${preamble}${shown}${question(item)}`;
}

/** Prompts as they are, for the hash in the measurement card: of an item with three choices and of one with five. */
export function promptText(name: PromptName): string {
  const choices = LETTERS.map((letter) => `${letter}. ${letter.toLowerCase()}`);
  const made = (count: number): VmluItem => ({
    id: '01-0001',
    subject: '01',
    question: 'q',
    choices: choices.slice(0, count),
    answer: 'B',
  });
  return [3, 5].map((count) => promptOf(name, made(count), [made(4)])).join('\n--\n');
}

/** Examples for a question: of its subject, in the order of dev, without itself, whatever its id there. */
export function shotsFor(item: VmluItem, dev: readonly VmluItem[], count: number): VmluItem[] {
  const others = dev.filter(({ subject, answer, id, question }) => {
    return subject === item.subject && answer !== undefined && id !== item.id && question !== item.question;
  });
  return others.slice(0, count);
}
