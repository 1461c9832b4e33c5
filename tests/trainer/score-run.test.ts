/** A score from its command's options to its files: stopped and gone on with, beside another one, chart and alarms. */
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { splitOf } from '../../shards/split.ts';
import { writeTokenShards } from '../../tokenizer/write-tokens.ts';
import { compareScores } from '../../trainer/run/compare-scores.ts';
import { gradeAnswers } from '../../trainer/run/grade.ts';
import { type ScoreOptions, score } from '../../trainer/run/score.ts';
import { scoreTable } from '../../trainer/run/score-text.ts';
import { measurementsIn } from '../../trainer/tasks/results.ts';
import { document, writeFolder } from '../shards/support.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { sampleTexts } from '../tokenizer/support.ts';
import { lendGpu } from './device.ts';
import { randomCheckpoint, writeTokenizer } from './support.ts';

let takeBack: () => void;
beforeAll(async () => {
  takeBack = await lendGpu();
});
afterAll(() => takeBack());

const VMLU = range(6).map((i) => ({
  id: `${String(1 + 11 * i).padStart(2, '0')}-0001`,
  question: `Câu hỏi số ${i} về chợ nổi trên sông?`,
  choices: ['A. Buổi sáng', 'B. Buổi chiều', 'C. Cả A và B'],
  answer: 'ABC'[i % 3],
}));

it('measures, goes on where it was stopped, and compares what was measured alike', async () => {
  const root = temporaryFolder('file');
  const documents = temporaryFolder('file');
  const [tokenizer, tokens, model] = ['tokenizer', 'tokens', 'model'].map((name) => join(root, name));
  const clusters = range(100).map((n) => `d${n}`);
  const [held, trained] = (['valid', 'train'] as const).map((split) =>
    clusters.filter((cluster) => splitOf(cluster, 0.3) === split),
  );
  const texts = sampleTexts().slice(0, 24);
  const seen = `${texts[9]} ${VMLU[0].question} Buổi sáng hay buổi chiều, cả A và B.`;
  writeFolder(documents, [
    ...texts.slice(0, 8).map((text, i) => document(i, { text, cluster: held[i] })),
    ...texts.slice(8).map((text, i) => document(10 + i, { text: i === 1 ? seen : text, cluster: trained[i] })),
  ]);
  const vocabSize = await writeTokenizer(tokenizer, 500);
  await writeTokenShards({ documents, tokenizer, out: tokens, validShare: 0.3 }, context());
  const { dir } = await randomCheckpoint(model, tokens, vocabSize, { context: 64 });
  const vmlu = join(root, 'items.jsonl');
  writeFileSync(vmlu, VMLU.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const reading = join(root, 'doc.jsonl');
  writeFileSync(
    reading,
    `${JSON.stringify({ context: 'Chợ họp buổi sáng.', question: 'Chợ họp khi nào?', answer: 'buổi sáng' })}\n`,
  );
  const options: ScoreOptions = {
    ...{ dir, suite: 'small', vmlu, scorers: ['official-hf', 'letter-ll', 'choice-ll'], shots: 0, reading: [reading] },
    ...{ limit: 6, seed: 1, adapter: 'embedded' },
  };
  const { outcome, report } = await score(options, context());
  expect(outcome).toBe('written');
  expect(report.measured.map(({ card, results }) => [card.task, card.scorer, results.length])).toEqual([
    ['viblimp', 'sentence-ll', expect.any(Number)],
    ['cloze', 'sentence-ll', expect.any(Number)],
    ['diacritics', 'beam-3', expect.any(Number)],
    ['text', 'bits-per-byte', 6],
    ['vmlu', 'official-hf', 6],
    ['vmlu', 'letter-ll', 6],
    ['vmlu', 'choice-ll', 6],
    ['doc', 'f1', 1],
  ]);
  expect(report.measured[4].results.filter((one) => one.seen).map(({ id }) => id)).toEqual([VMLU[0].id]);
  expect(scoreTable(report.measured)).toMatch(/vmlu letter-ll +6 +\d/);
  expect(report.notes.join()).toMatch(/floors: \d+\.\d\d % without marks/);

  // Cut off within a line: it goes on behind the last whole one, and finds the same.
  const out = join(model, 'scores');
  const file = join(out, readdirSync(out).find((name) => name.startsWith('vmlu-choice-ll'))!);
  const whole = readFileSync(file, 'utf8');
  writeFileSync(file, whole.slice(0, whole.length - 90));
  expect(measurementsIn(out)).toHaveLength(7);
  const again = await score({ ...options, suite: 'none', reading: [], scorers: ['choice-ll'] }, context());
  expect(readFileSync(file, 'utf8')).toBe(whole);
  expect(again.report.measured[0].results).toEqual(report.measured[6].results);

  const apart = join(root, 'apart');
  await score({ ...options, suite: 'none', reading: [], scorers: ['choice-ll'], share: false, out: apart }, context());
  const { list, left } = compareScores(out, apart);
  expect(list.map(({ task, difference }) => [task, difference.difference])).toEqual([['vmlu choice-ll', 0]]);
  expect(left).toContain('viblimp sentence-ll: only in '.concat(out));
  await score(
    { ...options, suite: 'none', reading: [], scorers: ['choice-ll'], limit: 5, out: join(root, 'five') },
    context(),
  );
  expect(() => compareScores(file, join(root, 'five'))).toThrow(/vmlu choice-ll: not measured alike: items: 6 and 5/);
  appendFileSync(file, '{');
  expect(compareScores(file, file).list).toHaveLength(1);
  writeFileSync(join(root, 'bare.jsonl'), '{"id":"01-0001","value":1}\n');
  expect(() => compareScores(file, join(root, 'bare.jsonl'))).toThrow(/no measurement card/);
}, 240_000);

it('grades answers of any program: an oracle, one letter, what is missing', () => {
  const dir = temporaryFolder('file');
  const vmlu = join(dir, 'dev.jsonl');
  writeFileSync(vmlu, VMLU.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const graded = (lines: string) => {
    writeFileSync(join(dir, 'a.csv'), `id, answer\n${lines}`);
    const { measurement, notes } = gradeAnswers(join(dir, 'a.csv'), vmlu);
    return { right: measurement.results.map(({ value }) => value), notes };
  };
  expect(graded(VMLU.map(({ id, answer }) => `${id}, ${answer}\n`).join('')).right).toEqual([1, 1, 1, 1, 1, 1]);
  expect(graded(VMLU.map(({ id }) => `${id},a\n`).join('')).right).toEqual([1, 0, 0, 1, 0, 0]);
  expect(graded(`${VMLU[0].id},A\n99-0001,A\n`).notes.slice(0, 2)).toEqual([
    expect.stringMatching(/^5 of 6 questions have no answer/),
    expect.stringMatching(/^1 answers are to questions/),
  ]);
  expect(() => graded('01-0001\n')).toThrow(/line 2: 1 columns/);
});
