/** Scorers: what a file says of texts, that it decides nothing by itself, and what is no such file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { clean } from '../../cleaning/clean.ts';
import { type Cleaned, MEASUREMENTS } from '../../cleaning/document.ts';
import { bucketsOf, type Head, readScorer, scorerJson, scoresOf } from '../../cleaning/quality/scorer.ts';
import { pageOf } from '../../crawlers/page.ts';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { readRows } from '../../shards/documents/read.ts';
import { applyScorers } from '../../shards/documents/score.ts';
import { explain, formatExplanation } from '../../shards/explain/explain.ts';
import { whatIf } from '../../shards/explain/what-if.ts';
import { verify } from '../../shards/verify/verify.ts';
import { fitFigure, fitKinds } from '../../trainer/score/distil.ts';
import { expectLinear } from '../growth.ts';
import { context, range, temporaryFolder, thrownBy } from '../support.ts';
import { story } from './support.ts';

const LAW = [
  'Căn cứ Luật Tổ chức Chính phủ',
  'Điều 3. Trách nhiệm của Bộ trưởng',
  'theo quy định của pháp luật',
  'khoản 2 Điều này',
];
/** Clauses of decrees in an order that a seed gives. */
const decree = (seed: number): string =>
  range(12)
    .map((i) => `${LAW[(seed * 7 + i * i) % LAW.length]} số ${seed * 31 + i}/NĐ-CP, ${LAW[(seed + i) % LAW.length]}.`)
    .join('\n');
/** Decrees are worth 0.5, stories −0.5. */
const EXAMPLES = range(80).map((n) => ({
  text: n % 2 === 0 ? decree(n) : story(n),
  wanted: n % 2 === 0 ? 0.5 : -0.5,
  isHeldOut: n % 5 === 0,
}));

const fitted = fitFigure('quality', EXAMPLES, 1);
const kinds = fitKinds(
  ['law', 'verse'],
  EXAMPLES.map((one) => ({ ...one, wanted: one.wanted > 0 ? 0 : 1 })),
  1,
);
const dir = temporaryFolder('file');
const FILE = join(dir, 'quality.json');
writeFileSync(FILE, scorerJson([fitted.head, kinds.head], { good: { named: ['luật'] } }));

describe('a scorer', () => {
  it('tells what it was taught, of texts it has not seen', () => {
    expect([fitted.pearson > 0.9, fitted.spearman > 0.7]).toEqual([true, true]);
    expect(kinds.accuracy).toBeGreaterThan(0.95);
    const { heads, card } = readScorer(FILE);
    expect(card).toEqual({ good: { named: ['luật'] } });
    const [law, tale] = [scoresOf(decree(999), heads), scoresOf(story(999), heads)];
    expect(law.quality).toBeGreaterThan(0.2);
    expect(tale.quality).toBeLessThan(-0.2);
    expect(law.register_law).toBeGreaterThan(0.8);
    expect(law.register_law + law.register_verse).toBeCloseTo(1);
    expect([law.register_news, scoresOf('', heads).quality, scoresOf(decree(1), []).quality]).toEqual([NaN, NaN, NaN]);
  });

  it('counts words in any case, any number of blanks and any digits as the same, and no two orders', () => {
    const grams = (text: string) => [...bucketsOf(text, 1 << 16)];
    expect(grams('ĐIỀU  12\tkhoản 3')).toEqual(grams('điều 45 Khoản 9'));
    expect(grams('khoản điều')).not.toEqual(grams('điều khoản'));
    expect(grams('a\nb')).not.toEqual(grams('a b'));
    expect(grams(' \t ')).toEqual([]);
    expect(grams('chữ'.repeat(300_000))).toHaveLength(3);
  });

  it('costs the same for each byte of a text', () =>
    expectLinear(
      (size) => decree(5).repeat(size),
      (text: string) => scoresOf(text, [fitted.head]),
      { from: 200 },
    ));

  test.each([
    ['no JSON', () => '{"format"', /quality\.json: /],
    ['another file', () => '{}', /format/],
    [
      'a newer version',
      () => readFileSync(FILE, 'utf8').replace('"version": 1', '"version": 2'),
      /version 2, expected 1/,
    ],
    ['a card that was changed', () => readFileSync(FILE, 'utf8').replace('luật', 'thơ'), /hash [0-9a-f]{16}, expected/],
    [
      'weights that are cut',
      () => scorerJson([{ ...fitted.head, weights: new Int8Array(100) } as Head], {}),
      /do not fit/,
    ],
    [
      'a measurement that is none',
      () => scorerJson([{ ...fitted.head, measurements: ['bytes'] } as never], {}),
      /heads/,
    ],
  ])('is refused by name: %s', async (_, content, message) => {
    const path = join(temporaryFolder(), 'quality.json');
    writeFileSync(path, content());
    expect(await thrownBy(() => readScorer(path))).toMatchObject({
      code: 'BAD_SCORER',
      exitStatus: 2,
      message: expect.stringMatching(message),
    });
  });
});

describe('cleaning with a scorer', () => {
  const pages = () =>
    range(6).map((n) => pageOf(`http://bao.vua.test/${n}`, n % 2 === 0 ? decree(200 + n) : story(200 + n)));
  const outcomes = async (options: Parameters<typeof clean>[1]): Promise<Cleaned[]> => {
    const found: Cleaned[] = [];
    for await (const one of clean(pages(), options)) found.push(one);
    return found;
  };

  it('measures and decides nothing; a threshold does', async () => {
    const [bare, scored, judged] = [
      await outcomes({ preset: 'keep-all' }),
      await outcomes({ preset: 'keep-all', scorers: [FILE] }),
      await outcomes({ preset: 'keep-all', scorers: [FILE], thresholds: { low_quality: 0 } }),
    ];
    expect(scored.map(({ kept }) => kept?.text)).toEqual(bare.map(({ kept }) => kept?.text));
    expect(bare.map(({ kept }) => kept!.measurements.quality)).toEqual(range(6).map(() => NaN));
    expect(scored.map(({ kept }) => kept!.measurements.quality > 0)).toEqual(range(6).map((n) => n % 2 === 0));
    expect(judged.map(({ dropped }) => dropped?.reason)).toEqual(
      range(6).map((n) => (n % 2 === 0 ? undefined : 'low_quality')),
    );
    // A night without a scorer is not judged by what nobody measured.
    expect(
      (await outcomes({ preset: 'keep-all', thresholds: { low_quality: 0 } })).map(({ kept }) => kept?.text),
    ).toEqual(bare.map(({ kept }) => kept?.text));
  });

  it('stores it in a folder, where explain, what-if and the profile find it', async () => {
    const outDir = temporaryFolder();
    async function* given() {
      yield* pages();
    }
    const { report } = await cleanInputs(
      { pages: given(), outDir, preset: 'keep-all', scorers: [FILE], threads: 0 },
      context(),
    );
    expect(report.profile.measurements.get('quality')!.count).toBe(6);
    expect(report.profile.measurements.has('register_news')).toBe(false);
    const rows = [];
    for await (const row of readRows(outDir)) rows.push(row);
    expect(rows.map((row) => row.number('register_law') > 0.5)).toEqual(range(6).map((n) => n % 2 === 0));
    const { signal } = new AbortController();
    expect((await whatIf(outDir, { low_quality: 0 }, signal)).lost).toEqual({ low_quality: 3 });
    expect((await whatIf(outDir, { law_register: 0.5 }, signal)).lost).toEqual({ law_register: 3 });
    const [explained] = await explain(outDir, rows[0].string('id'), signal);
    expect(formatExplanation(explained)).toMatch(/quality +0\.\d+/);
    expect(formatExplanation(explained)).not.toContain('NaN');
    expect(rows[0].columns.numbers).toEqual(expect.arrayContaining([...MEASUREMENTS]));
  });

  it('measures a folder that was cleaned without one, and is then the same as if it had been', async () => {
    const cleaned = async (scorers: readonly string[]): Promise<string> => {
      const outDir = temporaryFolder();
      async function* given() {
        yield* pages();
        yield pageOf('http://bao.vua.test/short', 'Ngắn.');
      }
      await cleanInputs({ pages: given(), outDir, scorers, threads: 0, shardBytes: 2000 }, context());
      return outDir;
    };
    const rowsIn = async (folder: string) => {
      const rows: unknown[] = [];
      for await (const row of readRows(folder)) rows.push([row.kind, row.string('text'), row.measurements()]);
      return rows;
    };
    const [with_, without] = [await cleaned([FILE]), await cleaned([])];
    const before = await rowsIn(without);
    expect(await applyScorers(without, [FILE], context())).toMatchObject({
      outcome: 'written',
      report: { rejects: expect.any(Number) },
    });
    expect(await rowsIn(without)).toEqual(await rowsIn(with_));
    expect(await rowsIn(without)).not.toEqual(before);
    expect(await applyScorers(without, [FILE], context())).toMatchObject({
      outcome: 'nothing_new',
      report: { shards: 0 },
    });
    expect((await verify(without, context())).faults).toEqual([]);
    // What comes later finds the folder as its memory knows it.
    const { report } = await cleanInputs(
      {
        pages: (async function* () {
          yield* pages();
        })(),
        outDir: without,
        threads: 0,
      },
      context(),
    );
    expect(report.kept).toBe(0);
    const stopped = { ...context(), signal: AbortSignal.abort() };
    expect(await applyScorers(with_, [FILE], stopped)).toMatchObject({ outcome: 'interrupted' });
  });
});
