import { z } from 'zod';
import { defineCommand } from '../shell/command.ts';
import { formatBytes, formatCount, formatTable } from '../shell/reporter.ts';

export const crawlReportCommand = defineCommand({
  name: 'crawl report',
  summary: 'hosts of a crawl, what became of their pages, how the last run ended and what remains',
  examples: ['vua crawl report crawl', 'vua crawl report vua-out --hosts 50 --json'],
  positional: 'dir',
  options: z.object({
    dir: z.string().describe('folder of a crawl, or of vua run'),
    hosts: z.int().min(1).default(20).describe('hosts to show, those with most pages first'),
  }),
  async run({ dir, hosts: shown }, { report }) {
    const { reportOf } = await import('../report.ts');
    const { endingLines } = await import('../run-crawl.ts');
    const told = reportOf(dir);
    const { hosts, reasons, lastRun } = told;
    const head = ['host', 'fetched', 'redirect', 'refused', 'failed', 'queued', 'vietnamese'];
    const rows = hosts.slice(0, shown).map(({ host, pages, vietnamese, ...counts }) => {
      const share = pages === 0 ? '' : `${Math.round((100 * vietnamese) / pages)} %`;
      const { fetched, redirect, refused, failed, queued } = counts;
      return [host, ...[fetched, redirect, refused, failed, queued].map(formatCount), share];
    });
    const parts = [formatTable([head, ...rows])];
    if (hosts.length > shown) parts.push(`and ${formatCount(hosts.length - shown)} more hosts`);
    if (reasons.length > 0) parts.push(formatTable(reasons.map(({ reason, urls }) => [reason, formatCount(urls)])));
    if (lastRun !== undefined) {
      const { endedAt, bytes, ending, pages } = lastRun;
      const { endedBy, requests, receivedBytes, remaining, closedPatterns } = ending;
      const counts = Object.entries(pages).map(([name, times]) => `${name} ${formatCount(times)}`);
      parts.push(
        [
          `last run: ended ${endedAt} by ${endedBy}; ${formatCount(remaining)} URLs remain`,
          `${counts.join(', ')}; ${formatBytes(bytes)} of bodies`,
          `${formatCount(requests)} requests, ${formatBytes(receivedBytes)} received`,
          ...endingLines(ending).slice(0, -1),
          ...closedPatterns.map((pattern) => `closed: ${pattern}`),
        ].join('\n'),
      );
    }
    report.result(parts.join('\n\n'), { event: 'crawl_report', ...told });
    return undefined;
  },
});
