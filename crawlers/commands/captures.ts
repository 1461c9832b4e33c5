import { z } from 'zod';
import { CRAWL_DEFAULTS, withContact } from '../options.ts';
import { defineCommand, FAULTS_IN_INPUTS, gravest, statusOf } from '../shell/command.ts';
import { formatCount, formatTable } from '../shell/reporter.ts';

export const crawlCapturesCommand = defineCommand({
  name: 'crawl captures',
  summary: 'take pages out of an archive (Common Crawl) by an index at hand, record by record',
  examples: [
    'vua crawl captures part-00000.parquet --base https://data.commoncrawl.org/ --contact me@example.org --out cc',
    'vua crawl captures vnexpress.cdxj --base /archive/warcs --out archive --language ""',
    'vua run --input cc/warc',
  ],
  positional: 'index',
  options: z.object({
    index: z
      .string()
      .describe(
        'index of the archive: CDXJ, CDX, JSON lines of an index server, CSV or Parquet with the columns of Common Crawl (url, warc_filename, warc_record_offset, warc_record_length)',
      ),
    base: z.string().describe('folder or http(s) URL below which its WARC files stand; a server must give ranges'),
    out: z.string().default('captures').describe('folder for warc/ and the list of what was taken'),
    language: z
      .string()
      .default('vie')
      .describe('rows of other languages are passed over, by content_languages (ISO 639-3); "" takes all'),
    maxPages: z.int().min(1).default(CRAWL_DEFAULTS.maxPages).describe('pages to take in this run'),
    delayMs: z.int().min(0).default(100).describe('pause between two requests; there is never more than one'),
    userAgent: z.string().default(CRAWL_DEFAULTS.userAgent).describe('name sent to the server'),
    contact: z.string().optional().describe('mail address or URL that tells the server whom to reach'),
    timeoutMs: z.int().min(1).default(CRAWL_DEFAULTS.timeoutMs).describe('for a request'),
    allowAddress: z.array(z.string()).default([]).describe('address or network to connect to although it is private'),
  }),
  async run({ out, allowAddress, ...given }, work) {
    const { takeCaptures } = await import('../captures/take.ts');
    const options = { ...withContact(given), outDir: out, allowedAddresses: allowAddress };
    const done = await takeCaptures(options, work);
    const { pages, bytes, skipped, faults, faulty } = done.report;
    const rows = [['pages', pages], ...skipped, ['faulty rows', faulty]] as [string, number][];
    work.report.result(formatTable(rows.map(([name, count]) => [name, formatCount(count)])), {
      ...{ event: 'captured', pages, bytes, faulty, faults },
      skipped: Object.fromEntries(skipped),
    });
    for (const fault of faults) work.report.note(fault);
    return faulty > 0 ? gravest(statusOf(done), FAULTS_IN_INPUTS) : statusOf(done);
  },
});
