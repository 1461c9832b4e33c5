import { z } from 'zod';
import { defineCommand } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';

export const showCommand = defineCommand({
  name: 'show',
  summary: 'the text of a document or reject, and where it is from',
  examples: [
    'vua show 6f1b0c2a9d3e4f50',
    'vua show https://bao.example.vn/bai-1 out',
    'vua show 6f1b0c2a9d3e4f50 --json',
  ],
  positional: 'document',
  options: z.object({
    document: z.array(z.string()).min(1).describe('id or URL; a folder may stand behind it'),
    out: z.string().default('vua-out').describe('folder of `vua run` or `vua clean`'),
  }),
  async run({ document, out: folder }, work) {
    const { openSearch } = await import('../search/search.ts');
    const { paintsFor, readWords } = await import('../search/typed.ts');
    const { text: wanted, out } = readWords(document, folder);
    const index = await openSearch(out, work);
    try {
      const places = index.find(wanted);
      if (places.length === 0) {
        const fact = `${out}: no document and no reject with id or URL ${wanted}`;
        throw badInput('UNKNOWN_DOCUMENT', fact, 'find it by its words: `vua search`');
      }
      const paints = paintsFor();
      for (const place of places) {
        const hit = index.hit(place)!;
        const text = index.text(place);
        const { id, url, title, source, date, reason } = hit;
        const facts = [id, url, source, date, place.side === 'rejects' ? `dropped: ${reason}` : ''];
        const rows = [
          paints.head(title || url || id),
          ...facts.filter((fact) => fact !== '' && fact !== title).map(paints.aside),
          ...['', paints.plain(text), '', paints.aside(`vua explain ${id}`)],
        ];
        const { snippet: _snippet, score: _score, ...told } = hit;
        work.report.result(rows.join('\n'), { event: 'document', ...told, text }, 'painted');
      }
    } finally {
      index.close();
    }
    return 0;
  },
});
