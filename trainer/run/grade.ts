/** Answers to VMLU that another program gave, against the right ones. */
import { readFileSync } from 'node:fs';
import { packageVersion } from '../../crawlers/shell/assets.ts';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { utf8Of } from '../../crawlers/shell/folder.ts';
import { checksumOf } from '../../shards/checksum.ts';
import { cardOf } from '../tasks/card.ts';
import type { Measurement } from '../tasks/results.ts';
import type { Result } from '../tasks/task.ts';
import { vmluTask } from '../tasks/vmlu.ts';
import { readVmlu } from '../tasks/vmlu-items.ts';

/** @throws ToolkitError BAD_ITEMS naming file and line */
export function gradeAnswers(file: string, vmlu: string): { measurement: Measurement; notes: readonly string[] } {
  const data = readVmlu(vmlu);
  const task = { ...vmluTask(data, { scorer: 'letter-ll' }), scorer: 'answers', prompt: '' };
  const { answers, hash } = readAnswers(file);
  const results = task.questions.map(({ id, group, chance, item }): Result => {
    const answer = answers.get(id) ?? '';
    return { id, group, chance, answer, ...(item.answer && { value: Number(answer.toUpperCase() === item.answer) }) };
  });
  const model = { dir: file, fingerprint: hash, tokenizer: '', parameters: 0, context: 0 };
  const versions = { vua: packageVersion(), node: process.versions.node };
  const missing = task.questions.filter(({ id }) => !answers.has(id)).length;
  const others = answers.size + missing - task.questions.length;
  const notes = [
    ...(missing > 0
      ? [`${missing} of ${task.questions.length} questions have no answer in ${file}: they count as wrong`]
      : []),
    ...(others > 0 ? [`${others} answers are to questions that ${data.name} does not have`] : []),
    ...(task.notes?.(results) ?? []),
  ];
  return { measurement: { card: cardOf(task, { model, versions, adapter: 'none' }), results }, notes };
}

/** Header and spaces as they come: the example of VMLU has a space behind its commas. */
function readAnswers(file: string): { answers: Map<string, string>; hash: string } {
  const format = 'a line for each answer: id,answer';
  let [bytes, text] = [Buffer.of(), ''];
  try {
    bytes = readFileSync(file);
    text = utf8Of(bytes);
  } catch (error) {
    throw badInput('BAD_ITEMS', `${file}: ${reasonOf(error)}`, format, error);
  }
  const answers = new Map<string, string>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const cells = line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    if (line.trim() === '' || (i === 0 && cells[0].toLowerCase() === 'id')) continue;
    if (cells.length !== 2)
      throw badInput('BAD_ITEMS', `${file}, line ${i + 1}: ${cells.length} columns, expected id and answer`, format);
    if (answers.has(cells[0]))
      throw badInput('BAD_ITEMS', `${file}, line ${i + 1}: id ${cells[0]} stands there twice`, format);
    answers.set(cells[0], cells[1]);
  }
  return { answers, hash: checksumOf(bytes) };
}
