/** A whole crawl with its progress and its sums: what `vua crawl` and `vua run` do. */
import { join } from 'node:path';
import { crawl } from './crawl.ts';
import { Frontier, STATE_FILE } from './frontier/frontier.ts';
import type { Tally } from './frontier/row.ts';
import { viewLines } from './live-view.ts';
import { CRAWL_DEFAULTS, type CrawlOptions, type Ending, type Limits, type View } from './options.ts';
import { flagOf } from './shell/command.ts';
import { type ToolkitError, tryAgain } from './shell/errors.ts';
import { foreseeRoom } from './shell/folder.ts';
import { holding } from './shell/lock.ts';
import { formatBytes, formatCount, type Reporter } from './shell/reporter.ts';
import { type Outcome, unattended, type Work } from './shell/work.ts';
import type { CrawlStep } from './visit.ts';

export interface CrawlSummary {
  /** Pages by what became of them; sitemaps are not counted. */
  readonly pages: Readonly<Record<CrawlStep['kind'], number>>;
  /** Of the pages fetched, those that said what they had said before. */
  readonly same: number;
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
  /** OUTAGE (exit 75), where hosts were asked and none served anything: for the caller to throw. */
  readonly outage?: ToolkitError;
}

/** Of the run that was last. */
export type LastRun = Pick<CrawlSummary, 'pages' | 'bytes' | 'reasons' | 'ending'>;

/**
 * `nothing_new`: no page was due.
 * @throws ToolkitError FOLDER_LOCKED (exit 75) and as `crawl`
 */
export async function runCrawl(
  options: Omit<CrawlOptions, 'note' | 'onEnd' | 'onStart'>,
  work = unattended(),
): Promise<Outcome<CrawlSummary>> {
  return holding(options.outDir, [], () => runLocked(options, work));
}

/** How often a terminal is shown what is under way. */
const VIEW_MS = 500;
/** What a page takes in the archive, packed and with what is known of it, or so. */
const PAGE_BYTES = 30_000;

async function runLocked(
  options: Omit<CrawlOptions, 'note' | 'onEnd' | 'onStart'>,
  { signal, report }: Work,
): Promise<Outcome<CrawlSummary>> {
  const progress = report.stage('crawl', 'pages');
  const pages = { fetched: 0, unchanged: 0, redirect: 0, refused: 0, failed: 0 };
  const reasons = new Map<string, number>();
  const waiting = new Set<string>();
  const hosts = new Map<string, Heard>();
  let bytes = 0;
  let same = 0;
  let ending!: Ending; // heard before the steps end
  const onEnd = (told: Ending): void => {
    ending = told;
  };
  const bound = options.maxPages ?? CRAWL_DEFAULTS.maxPages;
  let look: (() => View) | undefined;
  const onStart = (given: () => View): void => {
    look = given;
  };
  const texts = { vietnamese: 0, told: 0 };
  const started = performance.now();
  const show = (): void => {
    const figures = { refused: pages.refused, failed: pages.failed, bytes: formatBytes(bytes) };
    const seconds = (performance.now() - started) / 1000;
    const counts = { maxPages: bound, fetched: pages.fetched, ...texts, seconds };
    progress.update(pages.fetched, figures, () => (look === undefined ? [] : viewLines(look(), counts)));
  };
  const clock = report.isLive ? setInterval(show, VIEW_MS) : undefined; // also while hosts are silent
  foreseeRoom(options.outDir, bound * PAGE_BYTES, `${formatCount(bound)} pages`, (text) => report.note(text));
  try {
    for await (const step of crawl({ ...options, onStart, onEnd, note: (text) => report.note(text) }, signal)) {
      hear(hosts, step);
      if (step.retryAt !== undefined) {
        report.note(`${step.url}: ${step.reason}; again at ${step.retryAt}`);
        waiting.add(step.url);
        continue;
      }
      waiting.delete(step.url);
      if (step.resource === 'page') {
        pages[step.kind]++;
        same += Number(step.isSame ?? false);
        texts.told += Number(step.isVietnamese !== undefined);
        texts.vietnamese += Number(step.isVietnamese ?? false);
      }
      if (step.reason !== undefined) reasons.set(step.reason, (reasons.get(step.reason) ?? 0) + 1);
      bytes += step.bytes;
      show();
    }
  } finally {
    clearInterval(clock);
    progress.finish({ refused: pages.refused, failed: pages.failed });
  }
  const byFrequency = [...reasons].sort(([, a], [, b]) => b - a);
  for (const line of endingLines(ending)) report.note(line);
  const isCut = ending.endedBy !== 'nothing_due' || ending.spentHosts.length > 0;
  const isNew = pages.fetched > same || pages.failed > 0 || waiting.size > 0 || isCut;
  const outage = signal.aborted ? undefined : tellSilence(hosts, report);
  return {
    outcome: signal.aborted ? 'interrupted' : isNew ? 'written' : 'nothing_new',
    report: {
      ...{ pages, same, bytes, reasons: byFrequency, waiting: waiting.size, ending, outage },
      folder: leave(options.outDir, outage !== undefined, { pages, bytes, reasons: byFrequency, ending }),
    },
  };
}

/** What ended a run before everything due was asked for, for people. */
export function endingLines({ endedBy, spentHosts, limits, requests, remaining }: Ending): string[] {
  const reached = (limit: keyof Limits): string => `${flagOf(limit)} ${formatCount(limits[limit])} is reached`;
  const lines = spentHosts.map(([host, limit]) => `${host}: ${reached(limit)}`);
  if (endedBy !== 'nothing_due' && endedBy !== 'signal') lines.push(`the run: ${reached(endedBy)}`);
  if (lines.length === 0) return [];
  return [
    ...lines,
    `${formatCount(requests)} requests were made; ${formatCount(remaining)} URLs remain, the next run goes on with them`,
  ];
}

/** What was heard of a host: whether it served anything, and why not, by reason. */
interface Heard {
  isServing: boolean;
  readonly silences: Map<string, number>;
}

function hear(hosts: Map<string, Heard>, { url, silence, isOldFailure }: CrawlStep): void {
  if (isOldFailure) return;
  const { host } = new URL(url);
  const heard = hosts.get(host) ?? { isServing: false, silences: new Map<string, number>() };
  hosts.set(host, heard);
  if (silence === undefined) heard.isServing = true;
  else heard.silences.set(silence, (heard.silences.get(silence) ?? 0) + 1);
}

/** Silent hosts that are named one by one. */
const SHOWN_HOSTS = 5;

/** A note for each host of many that was silent; the error of an outage where all were. */
function tellSilence(hosts: ReadonlyMap<string, Heard>, report: Reporter): ToolkitError | undefined {
  const silent = [...hosts].filter(([, { isServing }]) => !isServing);
  const shown = silent.slice(0, SHOWN_HOSTS).map(([host, { silences }]) => {
    const times = [...silences].map(([reason, count]) => (count > 1 ? `${reason}, ${count} times` : reason));
    return `${host} (${times.join('; ')})`;
  });
  if (silent.length > SHOWN_HOSTS) shown.push(`${silent.length - SHOWN_HOSTS} more`);
  if (silent.length === 0) return undefined;
  if (silent.length < hosts.size) {
    report.note(`silent: ${shown.join(', ')}; asked for again in a later run`);
    return undefined;
  }
  return tryAgain(
    'OUTAGE',
    `no host served anything: ${shown.join(', ')}`,
    'look at the network and run again later: pages, validators and rules of before are kept',
  );
}

/** What the run did is kept for `vua crawl report`. After an outage the next need not wait: what failed is due at once. */
function leave(outDir: string, isOutage: boolean, told: LastRun): Tally {
  const frontier = new Frontier(join(outDir, STATE_FILE));
  frontier.memory.endRun(told);
  if (isOutage) frontier.wakeFailed();
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
