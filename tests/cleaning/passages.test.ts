/** Passages that a kept text has said: cut from later prose, kept in verse, code and law, the same for any nights. */
import { describe, expect, test } from 'vitest';
import { type CleanOptions, clean } from '../../cleaning/clean.ts';
import { passagesIn } from '../../cleaning/dedup/passages.ts';
import { sequenceOf } from '../../cleaning/dedup/sequence.ts';
import { openDedupStore } from '../../cleaning/dedup/store.ts';
import type { Cleaned } from '../../cleaning/document.ts';
import { readSyllables } from '../../cleaning/vietnamese/lexicon.ts';
import { type Page, pageOf } from '../../crawlers/page.ts';
import { expectLinear } from '../growth.ts';
import { prose, Random, shuffled } from './duplicate-pool.ts';
import { story } from './support.ts';

const passage = story(900, 3);
const host = (seed: number, middle: string): string => `${story(seed, 9)}\n\n${middle}\n\n${story(seed + 1, 8)}`;
const pagesOf = (texts: readonly string[]): Page[] =>
  texts.map((text, i) =>
    pageOf(`file:${i}`, text, {
      id: `${i}`,
      fetchedAt: '2026-11-01T00:00:00Z',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    }),
  );

async function outcomes(texts: readonly string[], options: CleanOptions = {}): Promise<Cleaned[]> {
  const found: Cleaned[] = [];
  for await (const outcome of clean(pagesOf(texts), options)) found.push(outcome);
  return found;
}

describe('passages of fifty syllables and more', () => {
  test('stay where they stood first, and are cut later, with a mark in the measurements', async () => {
    const [first, later, inLine] = await outcomes([
      host(10, passage),
      host(20, passage),
      `${story(30, 9)} ${passage} ${story(31, 8)}`,
    ]);
    expect(first.kept).toMatchObject({ text: host(10, passage), measurements: { cut_repeated: 0 } });
    expect(later.kept!.text).toBe(`${story(20, 9)}\n\n${story(21, 8)}`);
    expect(later.kept!.measurements.cut_repeated).toBe(passage.length + 2);
    expect(later.kept!.measurements.bytes).toBe(Buffer.byteLength(later.kept!.text));
    expect(inLine.kept!.text).toBe(`${story(30, 9)} ${story(31, 8)}`);
  });

  test('are the ends of sentences, where what stands beside them is the same by chance', async () => {
    const [, later] = await outcomes([
      `Rồi sau đó ${passage} Từ đấy họ đi. ${story(40, 9)}`,
      `${story(50, 9)} Và sau đó ${passage} Từ đấy thôi. ${story(51, 4)}`,
    ]);
    expect(later.kept!.text).toBe(
      `${story(50, 9)} Và sau đó ${passage.slice(0, passage.indexOf('.') + 1)} Từ đấy thôi. ${story(51, 4)}`,
    );
  });

  test('hyphenated syllables before them move nothing', async () => {
    const old = 'Hà-nội có xe-lửa và tàu-thủy, thư-viện thì đóng cửa. ';
    const [, later] = await outcomes([host(10, passage), `${old.repeat(3)}${story(60, 9)}\n\n${passage}`]);
    expect(later.kept!.text).toBe(`${old.repeat(3)}${story(60, 9)}`);
  });

  test.each<[string, CleanOptions]>([
    ['--passages keep', { passages: 'keep' }],
    ['keep-all', { preset: 'keep-all' }],
  ])('stay with %s', async (_, options) => {
    const [, later] = await outcomes([host(10, passage), host(20, passage)], options);
    expect(later.kept!.text).toBe(host(20, passage));
  });

  const verse = Array.from({ length: 14 }, (_, n) =>
    story(700 + n, 1)
      .split(' ')
      .slice(0, n % 2 === 0 ? 6 : 8)
      .join(' '),
  ).join('\n');
  const code = Array.from({ length: 16 }, (_, n) => `ket_qua_${n} = tinh_tong(so_${n}, dem_${n}); // cộng ${n}`).join(
    '\n',
  );
  const article = `Điều 12. Trách nhiệm của người đứng đầu\n${story(800, 4)}`;
  test.each([
    ['verse', verse],
    ['code', code],
    ['code in fences', `\`\`\`\n${story(801, 4)}\n\`\`\``],
    ['an article of a law', article],
  ])('stay in %s', async (_, text) => {
    const [, later] = await outcomes([host(10, text), host(20, text)]);
    expect(later.kept!.text).toBe(host(20, text));
    expect(later.kept!.measurements.cut_repeated).toBe(0);
  });

  test('a text of which too little is left goes, and names the kept one', async () => {
    const [a, b] = [story(901, 3), story(902, 3)];
    const found = await outcomes([host(10, a), host(20, b), `${a}\n\n${b}\n\nHết chuyện ấy rồi.`]);
    expect(found[2].dropped).toMatchObject({ stage: 'near', reason: 'repeated_passages' });
    expect(['0', '1']).toContain(found[2].dropped!.other);
  });

  test.each([0, 1])('such a text is judged anew when either of the kept ones leaves (%i)', async (gone) => {
    const store = openDedupStore(':memory:');
    const [a, b] = [story(901, 3), story(902, 3)];
    const texts = [host(10, a), host(20, b), `${a}\n\n${b}\n\nHết chuyện ấy rồi.`];
    for await (const _ of clean(pagesOf(texts), { store }));
    expect(store.copies.anew().pages).toBe(0);
    store.leave(gone + 1, 'opted_out_later');
    expect(store.copies.anew().pages).toBe(1);
    store.close();
  });

  test('a copy of a text that was cut is its copy', async () => {
    const found = await outcomes([host(10, passage), host(20, passage), `${host(20, passage)} Hết chuyện.`]);
    expect(found[2].dropped).toMatchObject({ reason: 'near_duplicate', other: '1' });
  });

  test('are the same in three nights', async () => {
    const texts = shuffled(
      Array.from({ length: 24 }, (_, n) => host(100 + 3 * n, story(900 + (n % 4), 3))),
      5,
    );
    const whole = await outcomes(texts);
    const store = openDedupStore(':memory:');
    const nights: Cleaned[] = [];
    for (const end of [8, 16, 24]) {
      for await (const outcome of clean(pagesOf(texts).slice(0, end), { store })) nights.push(outcome);
      store.commit('{}');
    }
    store.close();
    expect(nights).toEqual(whole);
    expect(whole.filter(({ kept }) => kept!.measurements.cut_repeated > 0)).toHaveLength(20);
  });
});

test('every run of fifty is found, and its neighbours are not', () => {
  const random = new Random(4);
  const words = (count: number): string[] => prose(random, count).split(/\s+/);
  for (let n = 0; n < 40; n++) {
    const [run, left, right] = [words(50 + (n % 3)), words(n), words(n + 1)];
    const sequences = [
      [...left, 'một', ...run, 'hai'],
      [...right, 'ba', ...run, 'bốn', ...left],
    ].map((all) => sequenceOf(readSyllables(all.join(' '))));
    expect(passagesIn(sequences[0], sequences[1], 1)).toContainEqual({
      from: n + 1,
      to: n + 1 + run.length,
      document: 1,
    });
  }
});

test.each<[string, (n: number) => string]>([
  ['one syllable', (n) => 'la '.repeat(n)],
  ['sentences that come again', (n) => `${story(1, 4)} `.repeat(n / 100)],
])('the cost of finding them in %s grows evenly', (_, text) =>
  expectLinear(
    (n) => sequenceOf(readSyllables(text(n))),
    (sequence) => passagesIn(sequence, sequence, 1),
    { from: 40_000 },
  ),
);
