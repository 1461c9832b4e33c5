import { z } from 'zod';
import { DONE, defineCommand, INTERRUPTED } from '../../crawlers/shell/command.ts';
import { formatBytes, formatCount, formatTable } from '../../crawlers/shell/reporter.ts';
import { COMPRESSIONS, DOCUMENT_FORMATS } from '../export/formats.ts';

export const exportDocumentsCommand = defineCommand({
  name: 'export documents',
  summary: 'write documents for other programs: Parquet, JSON lines, a folder for datasets.load_from_disk',
  examples: [
    'vua export documents vua-out/documents --out corpus',
    'vua export documents vua-out/documents --out corpus --to jsonl',
  ],
  positional: 'dir',
  options: z.object({
    dir: z.string().describe('folder of document shards'),
    out: z.string().describe('folder to make'),
    to: z
      .enum(DOCUMENT_FORMATS)
      .default('parquet')
      .describe(`what to write: ${DOCUMENT_FORMATS.join(', ')}`),
    compression: z
      .enum(COMPRESSIONS)
      .default('snappy')
      .describe(`of Parquet: ${COMPRESSIONS.join(', ')}`),
    fileBytes: z.int().min(1).default(268_435_456).describe('a file ends with the batch that reaches this many bytes'),
  }),
  async run(options, work) {
    const { exportDocuments } = await import('../export/documents.ts');
    const { outcome, report } = await exportDocuments(options, work);
    if (outcome === 'interrupted') return INTERRUPTED;
    const { files, rows, textBytes } = report;
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const table = [
      ['documents', formatCount(rows)],
      ['text', formatBytes(textBytes)],
      ['files', `${formatCount(files.length)} (${formatBytes(bytes)})`],
    ];
    work.report.result(formatTable(table), { event: 'exported', rows, textBytes, files });
    return DONE;
  },
});
