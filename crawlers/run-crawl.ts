/** A whole crawl with its progress and its sums: what `vua crawl` and `vua run` do. */
import { join } from 'node:path';
import { crawl } from './crawl.ts';
import { Frontier, STATE_FILE, type Tally } from './frontier.ts';
import type { CrawlOptions } from './options.ts';
import { holding } from './shell/lock.ts';
import { formatBytes, formatCount } from './shell/reporter.ts';
import { type Outcome, unattended, type Work } from './shell/work.ts';
import type { CrawlStep } from './visit.ts';

export interface CrawlSummary {
  /** Pages by what became of them; sitemaps are not counted. */
  readonly pages: Readonly<Record<CrawlStep['kind'], number>>;
  /** Bodies, unpacked. */
  readonly bytes: number;
  /** Why pages were refused, failed or cut, most frequent first. */
  readonly reasons: readonly (readonly [reason: string, times: number])[];
  /** URLs that wait for a later run. */
  readonly waiting: number;
  /** Pages of all runs so far, by their last visit. */
  readonly folder: Tally;
}

/**
 * `nothing_new`: no page was due.
 * @throws ToolkitError FOLDER_LOCKED (exit 75) and as `crawl`
 */
export async function runCrawl(
  options: Omit<CrawlOptions, 'note'>,
  work = unattended(),
): Promise<Outcome<CrawlSummary>> {
  return holding(options.outDir, [], () => runLocked(options, work));
}

async function runLocked(
  options: Omit<CrawlOptions, 'note'>,
  { signal, report }: Work,
): Promise<Outcome<CrawlSummary>> {
  const progress = report.stage('crawl', 'pages');
  const pages = { fetched: 0, unchanged: 0, redirect: 0, refused: 0, failed: 0 };
  const reasons = new Map<string, number>();
  const waiting = new Set<string>();
  let bytes = 0;
  try {
    for await (const step of crawl({ ...options, note: (text) => report.note(text) }, signal)) {
      if (step.retryAt !== undefined) {
        report.note(`${step.url}: ${step.reason}; again at ${step.retryAt}`);
        waiting.add(step.url);
        continue;
      }
      waiting.delete(step.url);
      if (step.resource === 'page') pages[step.kind]++;
      if (step.reason !== undefined) reasons.set(step.reason, (reasons.get(step.reason) ?? 0) + 1);
      bytes += step.bytes;
      progress.update(pages.fetched, { refused: pages.refused, failed: pages.failed, bytes: formatBytes(bytes) });
    }
  } finally {
    progress.finish({ refused: pages.refused, failed: pages.failed });
  }
  const byFrequency = [...reasons].sort(([, a], [, b]) => b - a);
  const isNew = pages.fetched > 0 || pages.failed > 0 || waiting.size > 0;
  return {
    outcome: signal.aborted ? 'interrupted' : isNew ? 'written' : 'nothing_new',
    report: { pages, bytes, reasons: byFrequency, waiting: waiting.size, folder: tallyOf(options.outDir) },
  };
}

function tallyOf(outDir: string): Tally {
  const frontier = new Frontier(join(outDir, STATE_FILE));
  const tally = frontier.tally('page');
  frontier.close();
  return tally;
}

/** Rows of a table: of all runs, for an interrupted or a nightly run fetches only a part. */
export function crawlRows({ folder, pages }: CrawlSummary): string[][] {
  const others = [folder.redirect, folder.refused, folder.failed];
  return [
    ['pages fetched', formatCount(folder.fetched)],
    ...(pages.fetched === folder.fetched ? [] : [['  in this run', formatCount(pages.fetched)]]),
    ['pages redirected, refused, failed', others.map(formatCount).join(', ')],
  ];
}
