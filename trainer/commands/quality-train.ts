import { z } from 'zod';
import { REGISTERS, type Register } from '../../cleaning/document.ts';
import { commandLine, defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { formatTable } from '../../crawlers/shell/reporter.ts';
import { adapterOption } from '../gpu/choice.ts';
import { MAX_SEED } from '../run/recipe-options.ts';

export const qualityTrainCommand = defineCommand({
  name: 'quality train',
  summary: 'make a scorer: which text a model of good text reads better than one of all text, and what kind a text is',
  examples: [
    'vua quality train --tokens vua-out/tokens --good vi.wikipedia.org,luat --out quality.json',
    'vua quality train --tokens vua-out/tokens --good sach/tokens --register law=luat verse=tho --out quality.json',
    'vua clean --input out/crawl/warc --out out/documents --quality quality.json --threshold low_quality=0.02',
  ],
  options: z.object({
    tokens: z.string().describe('folder of tokens (vua tokens): the pool, of which what is held out is not read'),
    good: z
      .array(z.string())
      .min(1)
      .describe(
        'sources of the pool whose text is good (textbooks, encyclopedia, law), or folders of tokens of such text',
      ),
    register: z
      .array(z.string())
      .default([])
      .describe(`kinds of text by the sources that are of them, KIND=SOURCE,SOURCE: ${REGISTERS.join(', ')}`),
    out: z.string().describe('file to write'),
    bytes: z.int().min(10_000).default(4_000_000).describe('bytes of text drawn from the pool, and from what is good'),
    depth: z.int().min(1).max(12).default(2).describe('layers of the two models'),
    width: z.int().min(0).default(0).describe('their width, 0: 64 x depth'),
    context: z.int().min(0).default(0).describe('tokens that they see, 0: from depth'),
    batch: z.int().min(0).default(0).describe('rows of a step, 0: from depth'),
    steps: z.int().min(1).default(300).describe('of each, at most: none sees its text more than four times'),
    seed: z.int().min(0).max(MAX_SEED).default(1).describe('of weights and order'),
    adapter: adapterOption,
  }),
  async run({ out, register, good, ...options }, work) {
    const { trainScorer } = await import('../run/quality.ts');
    const named = good.flatMap((names) => names.split(',')).filter((name) => name !== '');
    const asked = { ...options, good: named, registers: registersOf(register) };
    const { outcome, report } = await trainScorer(asked, work);
    if (outcome === 'interrupted') return INTERRUPTED;
    const { scorerJson } = await import('../../cleaning/quality/scorer.ts');
    writeFileAtomic(out, scorerJson(report.heads, report.card));
    work.report.result(cardText(report.card, out), { event: 'scorer', path: out, card: report.card });
  },
});

/** `law=luat,nghi-dinh` @throws ToolkitError BAD_OPTION (exit 2) */
function registersOf(texts: readonly string[]): Partial<Record<Register, readonly string[]>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, kind = '', sources = ''] = /^(\w+)=(.+)$/.exec(text) ?? [];
      if ((REGISTERS as readonly string[]).includes(kind)) return [kind, sources.split(',')];
      throw badInput(
        'BAD_OPTION',
        `--register ${text}: expected KIND=SOURCE,SOURCE with one of ${REGISTERS.join(', ')}`,
      );
    }),
  );
}

/** A card as a table: a row for each figure, by its path. */
function cardText(card: Readonly<Record<string, unknown>>, out: string): string {
  const rows = (value: unknown, path: string): string[][] =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, one]) => rows(one, path === '' ? key : `${path} ${key}`))
      : [[path, typeof value === 'number' ? String(Number(value.toPrecision(4))) : String(value)]];
  return `${formatTable(rows(card, ''))}\n\nnext: ${commandLine(`clean --input INPUT --out DIR --quality ${out}`)}`;
}
