/** What the help of the main commands says in English alone: for tests/house.test.ts. */
import type { z } from 'zod';
import { allCommands } from '../commands.ts';
import { factsOf } from '../crawlers/shell/command.ts';
import { inVietnamese, VIETNAMESE } from '../crawlers/shell/lang-vi.ts';

/** Whose options are translated; of the others what they do. */
export const MAIN = ['run', 'crawl', 'clean', 'explain', 'tokenizer train', 'tokens', 'train', 'sample', 'stats'];

const isLeft = (text: string): boolean => {
  const [, before = text, standard = ''] = /^(.*?) \(default: (.*)\)$/s.exec(text) ?? [];
  const isSentence = /[a-z] [a-z]/.test(standard) && !/with --sample|^VuaBot/.test(standard);
  return (before !== '' && inVietnamese(before) === before) || (isSentence && !(standard in VIETNAMESE));
};

export const leftInEnglish = async (): Promise<string[]> =>
  (await allCommands()).flatMap(({ name, summary, headings = {}, options: { shape } }) => {
    const own = Object.values(shape).map((type) => factsOf(type as z.ZodType).description);
    const titles = Object.values(headings).map((title) => `${title}:`);
    return [summary, ...(MAIN.includes(name) ? [...own, ...titles] : [])].filter(isLeft);
  });
