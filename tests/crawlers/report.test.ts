/** What is told of a crawl: `vua crawl --dry-run URL`, `vua crawl report DIR`. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { crawlCommand } from '../../crawlers/commands/crawl.ts';
import { crawlReportCommand } from '../../crawlers/commands/report.ts';
import { reportOf } from '../../crawlers/report.ts';
import { runCrawl } from '../../crawlers/run-crawl.ts';
import { parseOptions } from '../../crawlers/shell/command.ts';
import { createReporter } from '../../crawlers/shell/reporter.ts';
import { context, temporaryFolder, thrownBy } from '../support.ts';
import { HOST, optionsOf, outDir, SEED, serve, web } from './crawl-fixture.ts';
import type { Handler } from './web.ts';

const text =
  'Con kênh đào từ thời ông cố nay chỉ còn rộng bằng hai sải tay, nhưng mùa nước lên vẫn đủ cho xuồng đi lọt. ';
const site = {
  '/robots.txt': { body: 'User-agent: *\nDisallow: /kin\nSitemap: /sitemap.xml\n' },
  '/': `<meta name=robots content=noai><p>${text.repeat(4)}</p><a href=/1>a</a><a href=/kin>b</a><a href=/4>c</a>`,
  '/1': `<p>One canal was dug in the time of the great-grandfather and is two arms wide now.</p>`,
};
const asked = (given: object) =>
  parseOptions(
    crawlCommand,
    { delayMs: 0, connectTo: Object.entries(web.connectTo).map((pair) => pair.join('=')), ...given },
    (key) => key,
  );

it('says what a crawl would make of an address, and keeps nothing', async () => {
  await serve({ [HOST]: site });
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('vua-dry-run'));
  const heard = context(true);
  expect(await crawlCommand.run(asked({ dryRun: SEED }), heard)).toBe(0);
  expect(JSON.parse(heard.out.join(''))).toMatchObject({
    ...{ event: 'dry_run', kind: 'fetched', status: 200, consent: 'no-train', statements: ['meta robots: noai'] },
    ...{ isVietnamese: true, nights: 1, pages: 3, sitemaps: 1 },
  });
  expect(web.paths()).toEqual([`${HOST}/`]);
  const closed = context();
  expect(await crawlCommand.run(asked({ dryRun: `${SEED}kin/x` }), closed)).toBe(0);
  expect(closed.out.join('')).toContain('refused: robots_disallow');
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('vua-dry-run'))).toEqual(before);
  expect(readdirSync(outDir)).toEqual([]);
});

it('says what a crawl has, and how its last run ended', async () => {
  await serve({ [HOST]: site, 'b.vua.test': { '/': { status: 500 } } });
  await runCrawl(optionsOf({ seeds: [SEED, 'http://b.vua.test/'], maxPages: 2 }));
  const told = reportOf(outDir);
  expect(told.hosts[0]).toMatchObject({ host: HOST, fetched: 2, pages: 2, vietnamese: 1 });
  expect(told.lastRun).toMatchObject({ pages: { fetched: 2 }, ending: { endedBy: 'maxPages' } });
  const heard = context();
  await crawlReportCommand.run({ dir: outDir, hosts: 1 }, heard);
  const shown = heard.out.join('');
  expect(shown).toMatch(/a\.vua\.test +2 +0 +\d +0 +\d +50 %/);
  expect(shown).toContain('and 1 more hosts');
  expect(shown).toMatch(/ended \d{4}-.* by maxPages; \d+ URLs remain/);
  expect(shown).toContain('the run: --max-pages 2 is reached');
  expect(await thrownBy(() => reportOf(temporaryFolder()))).toMatchObject({ code: 'BAD_INPUT', exitStatus: 2 });
});

it('is nothing new where a server without validators sends again what it had sent', async () => {
  await serve({ [HOST]: site });
  await runCrawl(optionsOf());
  const again = await runCrawl(optionsOf({ refreshAfterMs: 0 }));
  expect(again).toMatchObject({ outcome: 'nothing_new', report: { pages: { fetched: 2 }, same: 2 } });
});

it('shows a terminal who is waited for, yield and budget; Ctrl-C leaves what the next run goes on with', async () => {
  const stop = new AbortController();
  let isStopped = false;
  const slow: Handler = (_request, response) => {
    if (isStopped) return { body: `<p>${text.repeat(2)}</p>` };
    isStopped = true;
    setTimeout(() => stop.abort(), 700);
    response.on('close', () => {});
    return undefined;
  };
  await serve({ [HOST]: { ...site, '/1': slow } });
  const shown: string[] = [];
  const stderr = { isTTY: true, columns: 200, write: (line: string) => shown.push(line) };
  const report = createReporter({ json: false }, { write: () => {} }, stderr);
  const { outcome } = await runCrawl(optionsOf({ timeoutMs: 60_000 }), { signal: stop.signal, report });
  expect(outcome).toBe('interrupted');
  const seen = shown.find((line) => line.includes('/1\x1b'))!;
  expect(seen).toMatch(/yield +100 % of pages Vietnamese\n/);
  expect(seen).toMatch(
    /budget +\d+ of 40,100 requests, [\d.]+ kB of 10\.\d GB, 1 of 10,000 pages, .* until it is spent/,
  );
  expect(seen).toMatch(new RegExp(`hosts +1 in flight\\n +[\\d.]+ s  http://${HOST}/1\x1b\\[4A$`));
  const next = await runCrawl(optionsOf());
  expect([next.outcome, next.report.folder.fetched]).toEqual(['written', 2]);
});
