/** Items in the format of VMLU (github.com/ZaloAI-Jaist/VMLU), from files that the user brings; none of them is ours to give. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { utf8Of } from '../../crawlers/shell/folder.ts';
import { checksumOf } from '../../shards/checksum.ts';

export const LETTERS = ['A', 'B', 'C', 'D', 'E'] as const;
/** The letter that a choice begins with, and what stands between it and the text: `A. `, not the A of `Anh`. */
export const LETTER = /^\s*([A-E])(?![\p{L}\p{M}\p{N}])\s*[.:)]?\s*/u;
export type Letter = (typeof LETTERS)[number];

export interface VmluItem {
  /** `28-0021`: its first two digits are the subject. */
  readonly id: string;
  readonly subject: string;
  readonly question: string;
  /** As they stand in the file, each behind its letter: `A. …`. */
  readonly choices: readonly string[];
  /** None in the test split. */
  readonly answer?: Letter;
}

/** Subjects of each category, first and last. */
export const CATEGORIES = { STEM: [1, 21], 'Social Science': [22, 31], Humanity: [32, 49], Other: [50, 58] } as const;
export type Category = keyof typeof CATEGORIES;
export const SUBJECTS = 58;

const subjectsIn = (category: Category): number => CATEGORIES[category][1] - CATEGORIES[category][0] + 1;

/** The mean over subjects, of the means of the four categories. */
export const vmluAverage = (means: Readonly<Record<Category, number>>): number =>
  Object.entries(means).reduce((sum, [category, mean]) => sum + mean * subjectsIn(category as Category), 0) / SUBJECTS;

export function categoryOf(subject: string): Category | undefined {
  const found = Object.entries(CATEGORIES).find(
    ([, [first, last]]) => Number(subject) >= first && Number(subject) <= last,
  );
  return found?.[0] as Category | undefined;
}

export interface VmluData {
  readonly name: string;
  /** Of the bytes of the files. */
  readonly hash: string;
  readonly items: readonly VmluItem[];
  /** Items with answers to show before a question. */
  readonly dev: readonly VmluItem[];
}

/**
 * @param path A JSONL file, with dev.jsonl beside it for examples; or a folder, of which valid.jsonl and dev.jsonl are taken
 * (with `shots` valid.jsonl alone: what is shown is not asked).
 * @throws ToolkitError BAD_ITEMS (exit 2) naming file and line
 */
export function readVmlu(path: string, shots = 0): VmluData {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory();
  const dir = isFolder ? path : dirname(path);
  const devFile = join(dir, 'dev.jsonl');
  const dev = existsSync(devFile) ? readFile(devFile) : undefined;
  const names = isFolder ? [...(shots > 0 ? [] : ['dev.jsonl']), 'valid.jsonl'].map((name) => join(dir, name)) : [path];
  const files = names.filter((name) => !isFolder || existsSync(name)).map(readFile);
  const items = files.flatMap((file) => file.items);
  if (items.length === 0) {
    throw badInput(
      'BAD_ITEMS',
      `${path}: no items, expected ${isFolder ? 'dev.jsonl or valid.jsonl' : 'lines'}`,
      FORMAT,
    );
  }
  if (shots > 0 && dev === undefined) {
    throw badInput(
      'BAD_ITEMS',
      `${devFile}: missing, --shots ${shots} shows items of it`,
      'put dev.jsonl beside the items',
    );
  }
  const name = files.map((file) => file.name).join('+');
  const hashed = [...files, ...(shots > 0 ? [dev!] : [])].map(({ hash }) => hash);
  return { name, hash: hashed.join(' '), items, dev: dev?.items ?? [] };
}

const FORMAT =
  'every line is {"id":"28-0021","question","choices":["A. …", …],"answer"}, with 3 to 5 choices, as in VMLU';

function readFile(path: string) {
  let [bytes, text] = [Buffer.of(), ''];
  try {
    bytes = readFileSync(path);
    text = utf8Of(bytes);
  } catch (error) {
    throw badInput('BAD_ITEMS', `${path}: ${reasonOf(error)}`, FORMAT, error);
  }
  const items: VmluItem[] = [];
  const known = new Map<string, number>();
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const item = itemOf(line, `${path}, line ${i + 1}`);
    const before = known.get(item.id);
    if (before !== undefined)
      throw badInput('BAD_ITEMS', `${path}, line ${i + 1}: id ${item.id} stands in line ${before} too`, FORMAT);
    known.set(item.id, i + 1);
    items.push(item);
  }
  return { name: basename(path), hash: checksumOf(bytes), items };
}

function itemOf(line: string, where: string): VmluItem {
  const fail = (reason: string): never => {
    throw badInput('BAD_ITEMS', `${where}: ${reason}`, FORMAT);
  };
  let read: Record<string, unknown> = {};
  try {
    read = JSON.parse(line);
  } catch (error) {
    fail(reasonOf(error));
  }
  const { id, question, choices, answer } = read ?? {};
  if (typeof id !== 'string' || !/^\d\d-/.test(id) || !categoryOf(id.slice(0, 2)))
    fail(`id ${JSON.stringify(id)}, expected 01- to 58-`);
  if (typeof question !== 'string' || question === '') fail('no question');
  if (!Array.isArray(choices) || choices.length < 2 || choices.length > LETTERS.length) {
    fail(`${Array.isArray(choices) ? choices.length : 'no'} choices, expected 2 to ${LETTERS.length}`);
  }
  for (const [i, choice] of (choices as unknown[]).entries()) {
    if (typeof choice === 'string' && LETTER.exec(choice)?.[1] === LETTERS[i]) continue;
    fail(`choice ${i + 1} is ${JSON.stringify(choice)}, expected it behind its letter: "${LETTERS[i]}. …"`);
  }
  const letter =
    answer === undefined || answer === null || answer === '' ? undefined : String(answer).trim().toUpperCase();
  if (letter !== undefined && !LETTERS.slice(0, (choices as string[]).length).includes(letter as Letter)) {
    fail(
      `answer ${JSON.stringify(answer)}, expected one of ${LETTERS.slice(0, (choices as string[]).length).join('')}`,
    );
  }
  return {
    ...{ id: id as string, subject: (id as string).slice(0, 2), question: question as string },
    ...{ choices: choices as string[], answer: letter as Letter | undefined },
  };
}
