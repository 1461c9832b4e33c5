/** Items of benchmarks in the format of VMLU: JSONL with `{"id","question","choices"}` in every line. */
import { readFileSync } from 'node:fs';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';

export interface Item {
  readonly id?: string;
  readonly question: string;
  readonly choices: readonly string[];
}

/**
 * Items of a JSONL file, each with the number of its line.
 * @throws ToolkitError BAD_ITEMS (exit 2) naming file and line.
 */
export function* readItems(file: string): Generator<[line: number, item: Item]> {
  const fail = (line: number, reason: string) =>
    badInput('BAD_ITEMS', `${file}, line ${line}: ${reason}`, 'every line is {"id","question","choices"} as in VMLU');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw badInput('BAD_ITEMS', `${file}: ${reasonOf(error)}`, 'give a JSONL file in the format of VMLU', error);
  }
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    let item: Partial<Item>;
    try {
      item = JSON.parse(line) as Partial<Item>;
    } catch (error) {
      throw fail(i + 1, reasonOf(error));
    }
    if (typeof item.question !== 'string') throw fail(i + 1, 'no question');
    const choices = Array.isArray(item.choices) ? item.choices.map(String) : [];
    yield [i + 1, { id: item.id, question: item.question, choices }];
  }
}
