/** What is told of a crawl: `vua crawl --dry-run URL`, `vua crawl report DIR`. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { crawlCommand } from '../../crawlers/commands/crawl.ts';
import { crawlReportCommand } from '../../crawlers/commands/report.ts';
import { reportOf } from '../../crawlers/report.ts';
import { runCrawl } from '../../crawlers/run-crawl.ts';
import { parseOptions } from '../../crawlers/shell/command.ts';
import { context, temporaryFolder, thrownBy } from '../support.ts';
import { HOST, optionsOf, outDir, SEED, serve, web } from './crawl-fixture.ts';

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
