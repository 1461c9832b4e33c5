/**
 * Figures on real Vietnamese data. The data is not part of this repository: set VUA_PACK to a folder that holds it
 * (text/, html/ with gold/html_pages.tsv, encoding/derived/, langid/ntrex/); without it these tests are skipped.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decode } from '../../cleaning/charset.ts';
import { clean } from '../../cleaning/clean.ts';
import { openDedupStore } from '../../cleaning/dedup/store.ts';
import { extract } from '../../cleaning/extract.ts';
import { identify } from '../../cleaning/language.ts';
import { repairMojibake } from '../../cleaning/legacy.ts';
import { readTokens } from '../../cleaning/lexicon.ts';
import { normalize } from '../../cleaning/normalize.ts';
import { removeDiacritics } from '../../cleaning/syllables.ts';
import { decodeReferences } from '../../cleaning/written-marks.ts';
import { CONSENT_UNKNOWN, type Page } from '../../crawlers/page.ts';

const pack = process.env.VUA_PACK ?? '';
const isHere = pack !== '' && existsSync(join(pack, 'gold', 'html_pages.tsv'));
const read = (path: string): string => readFileSync(join(pack, path), 'utf8');

/** Precision and recall of 4-gram shingles, as the article extraction benchmark counts them. */
function shingleScore(expected: string, got: string): { precision: number; recall: number } {
  const count = (text: string): Map<string, number> => {
    const tokens = text.match(/[\p{L}\p{N}\p{M}_]+/gu) ?? [];
    const counts = new Map<string, number>();
    for (let i = 0; i < Math.max(1, tokens.length - 3); i++) {
      const shingle = tokens.slice(i, i + 4).join(' ');
      if (shingle !== '') counts.set(shingle, (counts.get(shingle) ?? 0) + 1);
    }
    return counts;
  };
  const [wanted, found] = [count(expected), count(got)];
  const total = (counts: Map<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
  let common = 0;
  for (const [shingle, times] of wanted) common += Math.min(times, found.get(shingle) ?? 0);
  const share = (whole: number): number => (whole === 0 ? Number(total(wanted) === total(found)) : common / whole);
  return { precision: share(total(found)), recall: share(total(wanted)) };
}

function meanF1(pairs: readonly (readonly [expected: string, got: string])[]): number {
  const scores = pairs.map(([expected, got]) => shingleScore(expected, got));
  const mean = (key: 'precision' | 'recall'): number =>
    scores.reduce((sum, score) => sum + score[key], 0) / scores.length;
  const [precision, recall] = [mean('precision'), mean('recall')];
  return (2 * precision * recall) / (precision + recall);
}

describe.skipIf(!isHere)('on the data of VUA_PACK (skipped where it is not set)', () => {
  test('extracts the Vietnamese pages with F1 of at least 0.95', () => {
    const rows = read('gold/html_pages.tsv')
      .trim()
      .split('\n')
      .slice(1)
      .map((row) => row.split('\t'));
    const vietnamese = rows.filter(([, , , share]) => Number(share) >= 0.35);
    expect(vietnamese.length).toBeGreaterThan(150);
    expect(meanF1(vietnamese.map(([path]) => [read(`${path}.gold.txt`), extract(read(path!)).text]))).toBeGreaterThan(
      0.95,
    );
  });

  test('extracts the pages of the article benchmark with F1 of at least 0.958', () => {
    const dir = 'html/scrapinghub_aeb';
    const truth = JSON.parse(read(`${dir}/ground-truth.json`)) as Record<string, { articleBody?: string }>;
    const pairs = Object.entries(truth).map(([key, { articleBody = '' }]) => {
      const html = gunzipSync(readFileSync(join(pack, dir, 'html', `${key}.html.gz`))).toString();
      return [articleBody, extract(html).text] as const;
    });
    expect(meanF1(pairs)).toBeGreaterThan(0.958);
  });

  test('restores twelve encodings and damages', () => {
    const dir = 'encoding/derived';
    for (const file of readdirSync(join(pack, dir))) {
      const [id, kind] = [file.slice(0, 2), file.slice(3)];
      const reference = normalize(read(`${dir}/${id}.utf8.txt`));
      const { text } = decode(readFileSync(join(pack, dir, file)));
      const expected = kind === 'nodiacritics.txt' ? removeDiacritics(reference) : reference;
      expect(normalize(decodeReferences(repairMojibake(text).text).text) === expected, file).toBe(true);
    }
  });

  test('tells Vietnamese lines from those in other languages with F1 of at least 0.995', () => {
    const dir = 'langid/ntrex';
    let [right, wrong] = [0, 0];
    for (const file of readdirSync(join(pack, dir)).filter((name) => name.endsWith('.txt'))) {
      for (const line of read(`${dir}/${file}`).split('\n')) {
        if (line.length < 40) continue;
        const text = normalize(line);
        const isVietnamese = identify(readTokens(text), text).code === 'vie';
        if (isVietnamese && file.startsWith('vie')) right++;
        else if (isVietnamese !== file.startsWith('vie')) wrong++;
      }
    }
    expect((2 * right) / (2 * right + wrong)).toBeGreaterThan(0.995);
  }, 60_000);

  test('keeps nearly all of Wikipedia, decrees and the poem', async () => {
    const jsonl = (path: string, source: string): Page[] =>
      read(path)
        .trim()
        .split('\n')
        .map((line) => {
          const { id, text } = JSON.parse(line) as { id: string; text: string };
          return pageOf(source, id, text);
        });
    const verses = read('text/truyen_kieu_poem.txt').split('\n');
    const poem = Array.from({ length: Math.floor(verses.length / 40) }, (_, n) =>
      pageOf('poem', `poem-${n}`, verses.slice(n * 40, n * 40 + 40).join('\n')),
    );
    const pages = [
      ...jsonl('text/viwiki.jsonl', 'wiki').filter((_, i) => i % 3 === 0),
      ...jsonl('text/law_2010.jsonl', 'law'),
      ...poem,
    ];
    const store = openDedupStore(':memory:');
    const shares = new Map<string, { kept: number; all: number }>();
    for await (const { kept, dropped } of clean(stream(pages), { preset: 'recommended', store })) {
      const share = shares.get((kept ?? dropped)!.source) ?? { kept: 0, all: 0 };
      shares.set((kept ?? dropped)!.source, { kept: share.kept + (kept ? 1 : 0), all: share.all + 1 });
    }
    store.close();
    for (const [source, { kept, all }] of shares) expect(kept / all, source).toBeGreaterThan(0.95);
  }, 30_000);
});

async function* stream(pages: readonly Page[]): AsyncGenerator<Page> {
  yield* pages;
}

const pageOf = (source: string, id: string, text: string): Page => ({
  url: `file:${source}#${id}`,
  source,
  id,
  fetchedAt: '2025-01-01T00:00:00Z',
  status: 200,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: Buffer.from(text),
  truncated: false,
  consent: CONSENT_UNKNOWN,
});
