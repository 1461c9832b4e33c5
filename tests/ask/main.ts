/**
 * What the assistant answers, measured on a set that makes itself:
 *
 *   npm run ask -- [FOLDER [SEED]]    FOLDER: documents of `vua run` among which the planted ones are put, laws among them
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holding } from '../../crawlers/shell/lock.ts';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { readDocuments } from '../../shards/documents/read.ts';
import { remove } from '../../shards/removal/remove.ts';
import { openSearch } from '../../shards/search/search.ts';
import { Assistant } from '../../trainer/ask/assistant.ts';
import { night } from '../shards/nights.ts';
import { type Asked, lawQuestions, type Planted, plantedSet } from './questions.ts';

const [folder, seed = '1'] = process.argv.slice(2);
const dir = mkdtempSync(join(tmpdir(), 'vua-ask-'));
try {
  const others: Planted[] = [];
  if (folder !== undefined)
    for await (const batch of readDocuments(folder))
      for (let row = 0; row < batch.rows; row++)
        others.push({
          id: batch.string('id', row),
          title: batch.string('title', row),
          text: batch.string('text', row),
        });
  const { documents, questions } = plantedSet(150, Number(seed));
  const asked = [...questions, ...lawQuestions(others, 100)];
  const rows = [...others, ...documents].map((each) =>
    JSON.stringify({ ...each, url: `https://vua.test/${encodeURIComponent(each.id)}` }),
  );
  writeFileSync(join(dir, 'rows.jsonl'), `${rows.join('\n')}\n`);
  const outDir = join(dir, 'documents');
  await cleanInputs({ inputs: [join(dir, 'rows.jsonl')], outDir, preset: 'off' } as never);
  await measure(outDir, asked);
  await measureRemoved(documents, questions);
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** The planted documents as a run, of which every second one is taken down while somebody asks. */
async function measureRemoved(documents: readonly Planted[], questions: readonly Asked[]): Promise<void> {
  const [out, file] = [join(dir, 'run'), join(dir, 'planted.jsonl')];
  const urlOf = ({ id }: Planted): string => `https://vua.test/${encodeURIComponent(id)}`;
  writeFileSync(file, documents.map((each) => `${JSON.stringify({ ...each, url: urlOf(each) })}\n`).join(''));
  await night(out, [file]);
  const assistant = await Assistant.open(out, (path) => openSearch(path));
  for (const { question } of questions.slice(0, 20)) await assistant.ask(question);
  const taken = documents.filter((_, at) => at % 2 === 0).map(urlOf);
  await holding(out, [], () => remove(out, taken, 'measured'));
  let [citations, ofRemoved] = [0, 0];
  for (const { question } of questions) {
    const { citations: cited } = await assistant.ask(question);
    citations += cited.length;
    ofRemoved += cited.filter(({ url }) => taken.includes(url)).length;
  }
  assistant.close();
  console.log(
    `${taken.length} of ${documents.length} documents taken down: ${ofRemoved} of ${citations} citations are of them`,
  );
}

async function measure(outDir: string, asked: readonly Asked[]): Promise<void> {
  const texts = new Map<string, string>();
  for await (const batch of readDocuments(outDir))
    for (let row = 0; row < batch.rows; row++) texts.set(batch.string('id', row), batch.string('text', row));
  const assistant = await Assistant.open(outDir, (path) => openSearch(path));
  const table = new Map<string, { asked: number; right: number }>();
  const cited = { all: 0, right: 0, misquoted: 0 };
  const wrong: string[] = [];
  const started = performance.now();
  for (const { kind, question, expected, documents } of asked) {
    const answer = await assistant.ask(question);
    const isRight =
      expected.length === 0 ? !answer.known : answer.known && expected.every((part) => answer.text.includes(part));
    const row = table.get(kind) ?? { asked: 0, right: 0 };
    table.set(kind, { asked: row.asked + 1, right: row.right + Number(isRight) });
    for (const { id, start, end, quote } of answer.citations) {
      cited.all++;
      cited.right += Number(documents.includes(id) && expected.some((part) => quote.includes(part)));
      cited.misquoted += Number(texts.get(id)?.slice(start, end) !== quote);
    }
    if (!isRight)
      wrong.push(
        `${kind}: ${question} → ${answer.score.toFixed(2)} ${answer.text.slice(0, 160)} (expected ${expected.join(', ') || 'không biết'})`,
      );
  }
  assistant.close();
  const seconds = (performance.now() - started) / 1000;
  for (const line of wrong.slice(0, 12)) console.log(line);
  const right = [...table.values()].reduce((sum, each) => sum + each.right, 0);
  for (const [kind, { asked: all, right: own }] of table) console.log(`${kind}: ${own} of ${all}`);
  console.log(
    `${asked.length} questions over ${texts.size} documents: ${((100 * right) / asked.length).toFixed(1)} % right; ${cited.right} of ${cited.all} citations hold what was asked (${((100 * cited.right) / cited.all).toFixed(1)} %), ${cited.misquoted} misquoted; ${((1000 * seconds) / asked.length).toFixed(0)} ms a question`,
  );
}
