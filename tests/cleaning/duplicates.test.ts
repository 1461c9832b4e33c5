/** Duplicates that are duplicates: what stands in a kept text, and what only shares a licence, a preamble or a form. */

import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { fingerprint, NEAR_SCHEMA, NearIndex, type Relation } from '../../cleaning/dedup/near.ts';
import { anchorsOf, sequenceOf } from '../../cleaning/dedup/sequence.ts';
import { readSyllables } from '../../cleaning/vietnamese/lexicon.ts';
import { containedPairs, droppedBy, scoresOf } from '../bench/cleaning/duplicates.ts';
import { duplicatePool, prose, Random } from './duplicate-pool.ts';

const random = new Random(3);
const text = (syllables: number): string => prose(random, syllables);

/** How the last text is related to those before it. */
function relations(...texts: readonly string[]): readonly Relation[] {
  const database = new BetterSqlite3(':memory:');
  database.exec(NEAR_SCHEMA);
  const index = new NearIndex(database);
  const prints = texts.map((each) => fingerprint(readSyllables(each)));
  const last = prints.pop()!;
  for (const [i, print] of prints.entries()) index.add(i + 1, print);
  const found = index.find(last, 0.6).relations;
  database.close();
  return found;
}

const kinds = (found: readonly Relation[]): string[] => found.map(({ kind, document }) => `${kind} of ${document}`);

describe('how texts are related', () => {
  const [long, story, other] = [text(1_200), text(200), text(150)];

  test('a copy with its own head and foot is a copy, and says how much of it stands in the other', () => {
    const [found] = relations(other, story, `${text(8)}\n\n${story}\n\n${text(10)}`);
    expect(found).toMatchObject({ kind: 'copy', document: 2 });
    expect(found.containment).toBe(1);
  });

  test('a passage of a longer text is an excerpt of it, wherever it stands', () => {
    const sentences = long.split(/(?<=\.)\s/);
    for (const from of [0, 20, sentences.length - 7]) {
      expect(kinds(relations(long, sentences.slice(from, from + 7).join(' ')))).toEqual(['excerpt of 1']);
    }
  });

  test('a text that holds kept ones and more is no duplicate of them: they are its excerpts', () => {
    expect(kinds(relations(story, other, `${text(300)}\n\n${story}\n\n${other}`))).toEqual([
      'superset of 1',
      'superset of 2',
    ]);
  });

  test('a text that quotes another is none', () => {
    expect(relations(long, `${text(200)}\n\n${long.slice(0, 900)}\n\n${text(200)}`)).toEqual([]);
  });

  test('what is like a kept text through a third only is none', () => {
    const words = (edited: string, from: number): string =>
      edited
        .split(' ')
        .map((word, i) => (i % 27 === from ? 'khác' : word))
        .join(' ');
    const b = words(story, 3);
    const c = words(b, 13);
    expect(kinds(relations(story, b))).toEqual(['copy of 1']);
    expect(kinds(relations(b, c))).toEqual(['copy of 1']);
    expect(relations(story, c)).toEqual([]);
  });

  test('forms that are filled in with other names and figures say other things', () => {
    const frame = [text(14), text(16), text(12), text(15)].map((part) => part.replace(/\.$/, ''));
    const filled = (name: string, day: string, sum: string): string =>
      `${frame[0]}: ${name}.\n${frame[1]}: ngày ${day}.\n${frame[2]}: ${sum} đồng.\n${frame[3]}.`;
    const first = filled('Trần Thị Lành', '3/4/2019', '250.000');
    expect(relations(first, filled('Nguyễn Văn Tư', '17/11/2021', '1.400.000'))).toEqual([]);
    expect(kinds(relations(first, `${first}\nHết`))).toEqual(['copy of 1']);
  });

  test('a licence that is most of two texts makes them no duplicates, nor excerpts of a book that has it', () => {
    const licence = text(400);
    const [a, b] = [text(90), text(70)];
    expect(relations(`${a}\n\n${licence}`, `${b}\n\n${licence}`)).toEqual([]);
    expect(relations(`${text(3_000)}\n\n${licence}`, `${b}\n\n${licence}`)).toEqual([]);
  });

  test('what five kept texts share does not count, a copy of one of them does', () => {
    const preamble = text(300);
    const decrees = Array.from({ length: 7 }, () => `${preamble}\n\n${text(110)}\n\n${text(20)}`);
    expect(relations(...decrees)).toEqual([]);
    expect(kinds(relations(...decrees, `${decrees[4]} Hết.`))).toEqual(['copy of 5']);
  });
});

test('texts with 47 syllables in a row in common have an anchor in common', () => {
  for (let n = 0; n < 60; n++) {
    const passage = text(47).replace(/\s+/g, ' ');
    const [a, b] = [`${text(60)} ${passage} ${text(90)}`, `${text(random.whole(1, 80))} ${passage} ${text(30)}`];
    const anchors = new Set(anchorsOf(sequenceOf(readSyllables(a))));
    expect(anchorsOf(sequenceOf(readSyllables(b))).some((key) => anchors.has(key))).toBe(true);
  }
});

test('of a pool of copies, excerpts, chains, forms, decrees and books only duplicates go', async () => {
  const pool = duplicatePool(300);
  const pairs = containedPairs(pool);
  const scores = scoresOf(pool, pairs, await droppedBy(pool.documents));
  expect(pairs.length).toBeGreaterThan(30);
  expect({ ...scores, precision: scores.precision >= 0.995, recall: scores.recall >= 0.97 }).toMatchObject({
    precision: true,
    recall: true,
  });
});
