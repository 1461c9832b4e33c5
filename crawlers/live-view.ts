/** What a terminal shows of a crawl below its line: yield, budget, and who is being waited for. */
import type { View } from './options.ts';
import { formatBytes, formatCount, formatSeconds } from './shell/reporter.ts';

/** Requests under way that are named. */
const SHOWN = 4;

export interface Counts {
  readonly maxPages: number;
  readonly fetched: number;
  readonly vietnamese: number;
  /** Pages of which it could be told. */
  readonly told: number;
  readonly seconds: number;
}

export function viewLines({ underWay, requests, receivedBytes, limits, msLeft }: View, counts: Counts): string[] {
  const { fetched, vietnamese, told, maxPages, seconds } = counts;
  const yielded = told === 0 ? 'no text yet' : `${Math.round((100 * vietnamese) / told)} % of pages Vietnamese`;
  const used = [fetched / maxPages, requests / limits.maxRequests, receivedBytes / limits.maxTotalBytes];
  const share = Math.max(...used);
  const bySpeed = share > 0 ? (seconds * (1 - share)) / share : Number.POSITIVE_INFINITY;
  const left = Math.max(0, Math.min(bySpeed, msLeft / 1000));
  const until = Number.isFinite(left) && fetched > 0 ? `, ${formatSeconds(left)} until it is spent at this rate` : '';
  const budget = [
    `${formatCount(requests)} of ${formatCount(limits.maxRequests)} requests`,
    `${formatBytes(receivedBytes)} of ${formatBytes(limits.maxTotalBytes)}`,
    `${formatCount(fetched)} of ${formatCount(maxPages)} pages`,
  ];
  const shown = underWay.slice(0, SHOWN).map(({ what, ms }) => `    ${formatSeconds(ms / 1000).padStart(8)}  ${what}`);
  const more = underWay.length > SHOWN ? [`    and ${underWay.length - SHOWN} more`] : [];
  return [
    `  yield   ${yielded}`,
    `  budget  ${budget.join(', ')}${until}`,
    `  hosts   ${underWay.length} in flight`,
    ...shown,
    ...more,
  ];
}
