/**
 * Figures on real Vietnamese data, as `npm run bench:cleaning` measures them. The data is not part of this repository: VUA_PACK
 * names a folder that holds it, VUA_TRAFILATURA the tests of trafilatura; without them these tests are skipped.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { clean } from '../../cleaning/clean.ts';
import { decode } from '../../cleaning/decode/charset.ts';
import { openDedupStore } from '../../cleaning/dedup/store.ts';
import { extract } from '../../cleaning/html/extract.ts';
import { identify } from '../../cleaning/vietnamese/language.ts';
import { readSyllables } from '../../cleaning/vietnamese/lexicon.ts';
import { normalize } from '../../cleaning/vietnamese/normalize.ts';
import { removeDiacritics } from '../../cleaning/vietnamese/syllables.ts';
import type { Page } from '../../crawlers/page.ts';
import {
  articleBenchmark,
  hasPack,
  pack,
  readPack,
  trafilaturaEvaluation,
  vietnamesePages,
} from '../bench/cleaning/data.ts';
import { restore } from '../bench/cleaning/encodings.ts';
import { packDocuments } from '../bench/cleaning/filters.ts';
import { segmentScore, shingleScore } from '../bench/cleaning/scores.ts';

const textOf = (body: Buffer): string => extract(decode(body).text).text;

describe('on the data of VUA_PACK', () => {
  beforeEach(({ skip }) => skip(!hasPack, 'set VUA_PACK to the folder of the data pack'));

  test('extracts the Vietnamese pages with F1 of at least 0.95', () => {
    const pages = vietnamesePages();
    expect(pages.length).toBeGreaterThan(150);
    expect(shingleScore(pages.map(({ reference, body }) => [reference, textOf(body)])).f1).toBeGreaterThan(0.95);
  });

  test('extracts the pages of the article benchmark with F1 of at least 0.958', () => {
    const pages = articleBenchmark();
    expect(shingleScore(pages.map(({ reference, body }) => [reference, textOf(body)])).f1).toBeGreaterThan(0.958);
  });

  test('restores twelve encodings and damages', () => {
    const dir = 'encoding/derived';
    for (const file of readdirSync(join(pack, dir))) {
      const [id, kind] = [file.slice(0, 2), file.slice(3)];
      const reference = normalize(readPack(`${dir}/${id}.utf8.txt`));
      const expected = kind === 'nodiacritics.txt' ? removeDiacritics(reference) : reference;
      expect(restore(readFileSync(join(pack, dir, file))) === expected, file).toBe(true);
    }
  });

  test('tells Vietnamese lines from those in other languages with F1 of at least 0.995', () => {
    const dir = 'langid/ntrex';
    let [right, wrong] = [0, 0];
    for (const file of readdirSync(join(pack, dir)).filter((name) => name.endsWith('.txt'))) {
      for (const line of readPack(`${dir}/${file}`).split('\n')) {
        if (line.length < 40) continue;
        const text = normalize(line);
        const isVietnamese = identify(readSyllables(text), text).code === 'vie';
        if (isVietnamese && file.startsWith('vie')) right++;
        else if (isVietnamese !== file.startsWith('vie')) wrong++;
      }
    }
    expect((2 * right) / (2 * right + wrong)).toBeGreaterThan(0.995);
  });

  test('keeps nearly all of Wikipedia, decrees, prose and the poem', async () => {
    const kinds = [...packDocuments()].filter(([kind]) => ['wiki', 'law', 'prose', 'verse'].includes(kind));
    async function* pages(): AsyncGenerator<Page> {
      for (const [source, documents] of kinds) {
        for (const [i, page] of documents.entries()) if (source !== 'wiki' || i % 3 === 0) yield { ...page, source };
      }
    }
    const store = openDedupStore(':memory:');
    const shares = new Map<string, { kept: number; all: number }>();
    for await (const { kept, dropped } of clean(pages(), { preset: 'recommended', store })) {
      const share = shares.get((kept ?? dropped)!.source) ?? { kept: 0, all: 0 };
      shares.set((kept ?? dropped)!.source, { kept: share.kept + (kept ? 1 : 0), all: share.all + 1 });
    }
    store.close();
    expect(shares.size).toBe(4);
    for (const [source, { kept, all }] of shares) expect(kept / all, source).toBeGreaterThan(0.95);
  });
});

test('scores at least 0.924 in the evaluation of VUA_TRAFILATURA', ({ skip }) => {
  const evaluation = trafilaturaEvaluation();
  skip(evaluation.length === 0, 'set VUA_TRAFILATURA to the folder of its tests');
  const pages = evaluation.map((page) => ({ ...page, text: textOf(page.body) }));
  expect(segmentScore(pages).f1).toBeGreaterThan(0.924);
});
