/** A whole crawl with its progress and its sums: what `vua crawl` and `vua run` do. */
import { join } from 'node:path';
import { crawl } from './crawl.ts';
import { Frontier, STATE_FILE, type Tally } from './frontier.ts';
import type { CrawlOptions, Ending, Limits } from './options.ts';
import { flagOf } from './shell/command.ts';
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
  /** URLs that wait for a later run, because they failed. */
  readonly waiting: number;
  /** Why the run made no further request, and what remains. */
  readonly ending: Ending;
  /** Pages of all runs so far, by their last visit. */
  readonly folder: Tally;
}

/**
 * `nothing_new`: no page was due.
 * @throws ToolkitError FOLDER_LOCKED (exit 75) and as `crawl`
 */
export async function runCrawl(
  options: Omit<CrawlOptions, 'note' | 'onEnd'>,
  work = unattended(),
): Promise<Outcome<CrawlSummary>> {
  return holding(options.outDir, [], () => runLocked(options, work));
}

async function runLocked(
  options: Omit<CrawlOptions, 'note' | 'onEnd'>,
  { signal, report }: Work,
): Promise<Outcome<CrawlSummary>> {
  const progress = report.stage('crawl', 'pages');
  const pages = { fetched: 0, unchanged: 0, redirect: 0, refused: 0, failed: 0 };
  const reasons = new Map<string, number>();
  const waiting = new Set<string>();
  let bytes = 0;
  let ending!: Ending; // heard before the steps end
  const onEnd = (told: Ending): void => {
    ending = told;
  };
  try {
    for await (const step of crawl({ ...options, onEnd, note: (text) => report.note(text) }, signal)) {
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
  for (const line of endingLines(ending)) report.note(line);
  const isCut = ending.endedBy !== 'nothing_due' || ending.spentHosts.length > 0;
  const isNew = pages.fetched > 0 || pages.failed > 0 || waiting.size > 0 || isCut;
  return {
    outcome: signal.aborted ? 'interrupted' : isNew ? 'written' : 'nothing_new',
    report: { pages, bytes, reasons: byFrequency, waiting: waiting.size, ending, folder: tallyOf(options.outDir) },
  };
}

/** What ended a run before everything due was asked for, for people. */
function endingLines({ endedBy, spentHosts, limits, requests, remaining }: Ending): string[] {
  const reached = (limit: keyof Limits): string => `${flagOf(limit)} ${formatCount(limits[limit])} is reached`;
  const lines = spentHosts.map(([host, limit]) => `${host}: ${reached(limit)}`);
  if (endedBy !== 'nothing_due' && endedBy !== 'signal') lines.push(`the run: ${reached(endedBy)}`);
  if (lines.length === 0) return [];
  return [
    ...lines,
    `${formatCount(requests)} requests were made; ${formatCount(remaining)} URLs remain, the next run goes on with them`,
  ];
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
