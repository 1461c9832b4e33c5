import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { formatCount } from '../../crawlers/shell/reporter.ts';

const names = z.array(z.string()).optional();

export const searchCommand = defineCommand({
  name: 'search',
  summary: 'find documents by words, with and without diacritics, phrases, hosts, dates and measurements',
  examples: [
    'vua search hà nội',
    'vua search "ha noi" out --host bao.example.vn --from 2026-11-01',
    `vua search '"ủy ban nhân dân"' --out out --where "syllables=100..500"`,
    'vua search --rejects --reason repeated_lines --seed 1 --limit 5',
  ],
  positional: 'words',
  options: z.object({
    words: z
      .array(z.string())
      .default([])
      .describe('words that a document holds, "…" for a phrase; without any every document; a folder may stand behind'),
    out: z.string().default('vua-out').describe('folder of `vua run` or `vua clean`'),
    rejects: z.boolean().default(false).describe('among what was dropped'),
    any: z.boolean().default(false).describe('documents that hold any of the words, the best first'),
    host: names.describe('of these hosts'),
    source: names.describe('of these sources'),
    reason: names.describe('dropped for these reasons'),
    cluster: z.string().optional().describe('near duplicates of this document'),
    from: z.string().optional().describe('published, else fetched, on this day or later'),
    to: z.string().optional().describe('published, else fetched, before this day'),
    where: z.array(z.string()).default([]).describe('ranges of measurements: NAME=LOW..HIGH'),
    seed: z.string().optional().describe('a sample: in an order that follows from it'),
    limit: z.int().min(1).default(10).describe('hits that are shown'),
    offset: z.int().min(0).default(0).describe('hits that are left out before them'),
  }),
  async run({ words, out: folder, rejects, any, where, ...options }, work) {
    const { openSearch } = await import('../search/search.ts');
    const { paintMarks, paintsFor, readWords } = await import('../search/typed.ts');
    const { text, out } = readWords(words, folder);
    const index = await openSearch(out, work);
    try {
      const [side, match] = [rejects ? 'rejects' : 'documents', any ? 'any' : 'all'] as const;
      const { total, isExact, hits } = index.search({ text, side, match, ranges: rangesOf(where), ...options });
      const paints = paintsFor();
      const lines = hits.flatMap(({ id, url, title, host, reason, date, snippet }) => [
        `${paints.head(title || url || id)}  ${paints.aside([host, date.slice(0, 10), reason].filter(Boolean).join(' · '))}`,
        `  ${paintMarks(snippet.text, snippet.marks, paints)}`,
        `  ${paints.aside(`vua show ${id}`)}`,
      ]);
      const most = isExact ? '' : 'at most ';
      const count = `${most}${formatCount(total)} of ${formatCount(index.count(side))} ${side}`;
      const painted = [...lines, count].join('\n');
      work.report.result(painted, { event: 'found', text, side, total, isExact, hits }, 'painted');
    } finally {
      index.close();
    }
    return 0;
  },
});

function rangesOf(given: readonly string[]): Record<string, readonly [number, number]> {
  return Object.fromEntries(
    given.map((each) => {
      const [, name, low, high] = /^(\w+)=(-?[\d.]*?)\.\.(-?[\d.]*)$/.exec(each) ?? [];
      const [least, most] = [
        low === '' ? Number.NEGATIVE_INFINITY : Number(low),
        high === '' ? Number.POSITIVE_INFINITY : Number(high),
      ];
      if (name !== undefined && !Number.isNaN(least) && !Number.isNaN(most)) return [name, [least, most] as const];
      throw badInput(
        'BAD_OPTION',
        `--where was given ${JSON.stringify(each)}, expected NAME=LOW..HIGH`,
        'either end may be left out: syllables=100..',
      );
    }),
  );
}
