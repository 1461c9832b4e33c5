/** How extraction is scored: as Scrapinghub's article benchmark does, and as trafilatura's evaluation does. */

export interface Score {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

const scoreOf = (precision: number, recall: number): Score => ({
  precision,
  recall,
  f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
});

/** Mean precision and recall of 4-gram shingles over pages, and the F1 of the two means. */
export function shingleScore(pairs: readonly (readonly [expected: string, got: string])[]): Score {
  const scores = pairs.map(([expected, got]) => pageScore(expected, got));
  const mean = (key: 'precision' | 'recall'): number =>
    scores.reduce((sum, score) => sum + score[key], 0) / Math.max(1, scores.length);
  return scoreOf(mean('precision'), mean('recall'));
}

export function pageScore(expected: string, got: string): { precision: number; recall: number } {
  const [wanted, found] = [countShingles(expected), countShingles(got)];
  const total = (counts: Map<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
  let common = 0;
  for (const [shingle, times] of wanted) common += Math.min(times, found.get(shingle) ?? 0);
  const share = (whole: number): number => (whole === 0 ? Number(total(wanted) === total(found)) : common / whole);
  return { precision: share(total(found)), recall: share(total(wanted)) };
}

function countShingles(text: string): Map<string, number> {
  const tokens = text.match(/[\p{L}\p{N}\p{M}_]+/gu) ?? [];
  const counts = new Map<string, number>();
  for (let i = 0; i < Math.max(1, tokens.length - 3); i++) {
    const shingle = tokens.slice(i, i + 4).join(' ');
    if (shingle !== '') counts.set(shingle, (counts.get(shingle) ?? 0) + 1);
  }
  return counts;
}

/** Segments that must and must not stand in the text, white space folded, counted over all pages. */
export function segmentScore(
  pages: readonly { readonly wanted: readonly string[]; readonly unwanted: readonly string[]; readonly text: string }[],
): Score {
  let [hits, misses, wrong] = [0, 0, 0];
  for (const { wanted, unwanted, text } of pages) {
    const folded = foldSpaces(text);
    for (const segment of wanted) folded.includes(foldSpaces(segment)) ? hits++ : misses++;
    for (const segment of unwanted) if (folded.includes(foldSpaces(segment))) wrong++;
  }
  return scoreOf(hits / Math.max(1, hits + wrong), hits / Math.max(1, hits + misses));
}

export const foldSpaces = (text: string): string => text.replace(/\s+/g, ' ').trim();
