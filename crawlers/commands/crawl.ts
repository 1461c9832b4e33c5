import { z } from 'zod';
import { CRAWL_DEFAULTS } from '../options.ts';
import { PRESETS, presetNamed, presetNote } from '../presets.ts';
import { DONE, defineCommand, statusOf, TRY_AGAIN } from '../shell/command.ts';
import { formatCount, formatTable } from '../shell/reporter.ts';
import type { Work } from '../shell/work.ts';

const HOUR_MS = 3_600_000;
const count = z.int();

/** Options of a crawl that `vua run` takes too. */
export const CRAWLING = {
  source: z
    .string()
    .optional()
    .describe('name of the WARC files and source of the pages; default: crawl, and the host'),
  seed: z.array(z.string()).default([]).describe('URL to start from; may be repeated, and left out to go on'),
  preset: z
    .string()
    .optional()
    .describe('a well-known source by its name: seeds, paths and what is known of its use; "list" tells of all'),
  allowHost: z.array(z.string()).default([]).describe('further host that links may lead to; may be repeated'),
  allowPath: z
    .array(z.string())
    .default([])
    .describe('HOST/PATTERN, as in robots.txt: what links may lead to on that host, and nothing else there'),
  denyPath: z.array(z.string()).default([]).describe('HOST/PATTERN that links may not lead to'),
  connectTo: z
    .array(z.string())
    .default([])
    .describe('host=address:port, where connections to a host go; may be repeated'),
  allowAddress: z
    .array(z.string())
    .default([])
    .describe('address or network (10.1.0.0/16) to connect to although it is private; may be repeated'),
  userAgent: z.string().default(CRAWL_DEFAULTS.userAgent).describe('name sent to servers and looked up in robots.txt'),
  contact: z
    .string()
    .optional()
    .describe('mail address or URL that tells site owners whom to reach; needed for hosts outside this machine'),
  concurrency: count.min(1).max(256).default(CRAWL_DEFAULTS.concurrency).describe('hosts asked at the same time'),
  delayMs: count
    .min(0)
    .default(CRAWL_DEFAULTS.delayMs)
    .describe('pause between requests to a host or IP address; Crawl-delay, slow answers, 429 and 503 lengthen it'),
  maxPerSecond: z.number().gt(0).optional().describe('requests that start in a second; default: no limit over hosts'),
  maxPages: count.min(1).default(CRAWL_DEFAULTS.maxPages).describe('pages to fetch in this run'),
  maxRequests: count
    .min(1)
    .optional()
    .describe('requests of this run, for whatever and whatever came of them; default: 100 + 4 × --max-pages'),
  maxTotalBytes: count.min(1).optional().describe('bytes received in this run; default: 256 MiB + 1 MiB × --max-pages'),
  maxMinutes: z.number().gt(0).optional().describe('no request later than this; default: no limit'),
  maxHostRequests: count
    .min(1)
    .optional()
    .describe('requests to one host; default: as --max-requests, of several half'),
  maxHostBytes: count
    .min(1)
    .optional()
    .describe('bytes received from one host; default: as --max-total-bytes, of several half'),
  maxHostMinutes: z.number().gt(0).optional().describe('minutes of requests to one host; default: no limit'),
  maxForeignPages: count
    .min(1)
    .default(CRAWL_DEFAULTS.maxForeignPages)
    .describe('pages of a host that may be without Vietnamese text before it is left'),
  maxDepth: count.min(0).default(CRAWL_DEFAULTS.maxDepth).describe('links from the nearest seed'),
  maxBytes: count.min(1).default(CRAWL_DEFAULTS.maxBytes).describe('where a response is cut'),
  timeoutMs: count.min(1).default(CRAWL_DEFAULTS.timeoutMs).describe('for a whole request'),
  refreshAfterHours: z
    .number()
    .min(0)
    .default(CRAWL_DEFAULTS.refreshAfterMs / HOUR_MS)
    .describe(
      'the longest time until a page is asked for again: one that never changes comes to it by doubling, from a week; lists, and pages that change, are asked for sooner',
    ),
} as const;

type Given = Partial<z.infer<z.ZodObject<typeof CRAWLING>>>;

/**
 * What `runCrawl` takes of them, behind what a preset says: what is not said stays unsaid.
 * @throws ToolkitError BAD_OPTION (exit 2) when there is no such preset
 */
export function crawlOptionsOf(given: Given) {
  const { preset, seed, allowHost, allowPath, denyPath, connectTo, allowAddress, refreshAfterHours, ...options } =
    given;
  const known = preset === undefined ? undefined : presetNamed(preset);
  return {
    ...options,
    seeds: [...(known?.seeds ?? []), ...(seed ?? [])],
    allowedHosts: allowHost,
    allowedPaths: known ? [...known.allowPath, ...(allowPath ?? [])] : allowPath,
    deniedPaths: known ? [...known.denyPath, ...(denyPath ?? [])] : denyPath,
    allowedAddresses: allowAddress,
    connectTo: connectTo && Object.fromEntries(connectTo.map(splitRoute)),
    refreshAfterMs: refreshAfterHours === undefined ? undefined : refreshAfterHours * HOUR_MS,
  };
}

export const crawlCommand = defineCommand({
  name: 'crawl',
  summary: 'fetch web pages into WARC files, politely, and go on where the last run ended',
  examples: [
    'vua crawl --out crawl --seed https://vi.wikipedia.org/wiki/C%C3%A0_ph%C3%AA --contact me@example.org',
    'vua crawl --out crawl --user-agent "MyBot/1.0 (+https://example.org/bot)"',
    'vua crawl --preset list',
    'vua crawl --out crawl --preset wikisource --max-pages 200 --contact me@example.org',
    'vua crawl --dry-run https://vi.wikipedia.org/wiki/C%C3%A0_ph%C3%AA',
    'vua crawl --out crawl --seed http://bao.vua.test/ --connect-to bao.vua.test=127.0.0.1:8080',
  ],
  options: z.object({
    out: z.string().default('crawl').describe('folder for state.sqlite and warc/'),
    dryRun: z.string().optional().describe('URL of which is said what a crawl would make of it; nothing is kept'),
    ...CRAWLING,
  }),
  headings: { out: 'Output', seed: 'Where', userAgent: 'Manners', maxPages: 'Limits' },
  async run({ out, dryRun, ...given }, work) {
    if (given.preset === 'list') return tellPresets(work);
    if (given.preset !== undefined) work.report.note(presetNote(given.preset));
    if (dryRun !== undefined) return tellDryRun(dryRun, given, work);
    const { runCrawl } = await import('../run-crawl.ts');
    const done = await runCrawl({ ...crawlOptionsOf(given), outDir: out }, work);
    const { pages, bytes, reasons, waiting, ending, folder, outage } = done.report;
    const { limits: _limits, ...ended } = ending;
    work.report.result(
      formatTable(
        [...Object.entries(pages), ...reasons, ['requests', ending.requests] as const].map(([name, times]) => [
          name,
          formatCount(times),
        ]),
      ),
      { event: 'crawled', ...pages, bytes, reasons: Object.fromEntries(reasons), waiting, ...ended, folder },
    );
    if (done.outcome === 'written' && waiting > 0) work.report.note(`${waiting} URLs wait for a later run`);
    if (outage !== undefined) throw outage;
    if (done.outcome === 'nothing_new') work.report.note('nothing new');
    return statusOf(done);
  },
});

function tellPresets(work: Work): number {
  const rows = PRESETS.map(({ name, title, rights, seeds }) => [name, title, rights, new URL(seeds[0]!).hostname]);
  work.report.result(formatTable([['preset', 'source', 'rights', 'host'], ...rows]), {
    event: 'presets',
    presets: PRESETS,
  });
  return DONE;
}

async function tellDryRun(url: string, given: Given, work: Work): Promise<number> {
  const { dryRun } = await import('../dry-run.ts');
  const told = await dryRun(url, crawlOptionsOf(given), work.signal);
  const { kind, reason, status, bytes, contentType, consent, statements, isVietnamese, nights, pages, sitemaps } = told;
  const rows: [string, string][] = [
    ['what becomes of it', reason === undefined ? kind : `${kind}: ${reason}`],
    ['status', status === 0 ? 'none' : String(status)],
    ['type, bytes', `${contentType ?? 'none'}, ${formatCount(bytes)}`],
    ['consent', consent === undefined ? 'none' : [consent, ...statements].join(' · ')],
    ['Vietnamese', isVietnamese === undefined ? 'too little text to tell' : isVietnamese ? 'yes' : 'no'],
    ['next: pages, sitemaps and feeds', `${formatCount(pages)}, ${formatCount(sitemaps)}`],
    ['looked at again', nights === null ? 'in the next run' : `in ${nights === 1 ? 'a night' : `${nights} nights`}`],
  ];
  for (const note of told.notes) work.report.note(note);
  work.report.result(formatTable(rows), { event: 'dry_run', url, ...told });
  return kind === 'failed' ? TRY_AGAIN : DONE;
}

/** `host=address:port`; the fetcher checks both sides. */
function splitRoute(route: string): [host: string, target: string] {
  const [host, target = ''] = route.split('=', 2) as [string, string?];
  return [host, target];
}
