import { z } from 'zod';
import { defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';
import { hasColour } from '../../crawlers/shell/reporter.ts';

export const explainCommand = defineCommand({
  name: 'explain',
  summary: 'every decision over one document: where it came from, what was repaired, measured, passed and failed',
  examples: [
    'vua explain https://example.vn/bai-viet --out out/documents',
    'vua explain 6f1b0c2a9d3e4f50 --out out/documents --json',
    'vua explain https://example.vn/bai-viet --out out --input out/crawl/warc',
    'vua explain',
  ],
  positional: 'document',
  options: z.object({
    document: z
      .string()
      .optional()
      .describe(
        'id or URL of a kept or dropped document; without one: what follows from what publishers say about use',
      ),
    out: z.string().default('vua-out/documents').describe('folder of documents'),
    input: z
      .array(z.string())
      .default([])
      .describe('files and folders that hold its page: shows as well what extraction left out of it'),
    consent: z.array(z.string()).default([]).describe('rows of the table, as `vua clean` was given them'),
  }),
  async run({ document, out, input, consent }, { report, signal }) {
    if (document === undefined) {
      const { consentLines } = await import('../../crawlers/polite/site-rules.ts');
      const { formatConsent } = await import('../explain/consent.ts');
      const lines = consentLines(consent);
      report.result(`${formatConsent(lines)}\n`, { event: 'consent_table', rows: lines });
      return 0;
    }
    const { explain, formatExplanation, painted } = await import('../explain/explain.ts');
    const { findFolders, manifestPath, readDocumentManifest } = await import('../manifest.ts');
    const folder = findFolders(out).documents ?? out;
    const found = await explain(folder, document, signal);
    for (const each of found) {
      const text = `${formatExplanation(each, consent)}\n`;
      const isColoured = hasColour();
      report.result(
        isColoured ? painted(text) : text,
        { event: 'explained', ...each },
        isColoured ? 'painted' : 'plain',
      );
    }
    if (input.length > 0) {
      const { leftOutOf } = await import('../../cleaning/read-page.ts');
      const { knownRecipe } = await import('../../cleaning/recipe.ts');
      const { formatLeftOut, pageOf } = await import('../explain/left-out.ts');
      const { url = '', fetched_at: fetchedAt = '' } = found[0]?.said ?? {};
      const { paragraphs } = knownRecipe(readDocumentManifest(folder).recipe, manifestPath(folder));
      const page = await pageOf(url, fetchedAt, input, signal);
      if (page !== undefined) {
        const told = { url, fetchedAt: page.fetchedAt, leftOut: leftOutOf(page, paragraphs) };
        report.result(`${formatLeftOut(told)}\n`, { event: 'left_out', ...told });
      }
    }
    return signal.aborted ? INTERRUPTED : 0;
  },
});
