/** Budgets hold to the request, for whatever a request is and whatever comes of it; what ended a run is said. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { CrawlOptions, Ending } from '../../crawlers/options.ts';
import { Budget, BudgetSpent, budgetsOf } from '../../crawlers/polite/budget.ts';
import { crawlRows, runCrawl } from '../../crawlers/run-crawl.ts';
import { context } from '../support.ts';
import { HOST, optionsOf, run, SEED, serve, web } from './crawl-fixture.ts';
import { type Answer, type Handler, page, type Sites } from './web.ts';

async function ended(options: Partial<CrawlOptions>): Promise<Ending> {
  let ending: Ending | undefined;
  const onEnd = (told: Ending): void => {
    ending = told;
  };
  await run({ ...options, onEnd });
  return ending!;
}
const many = Array.from({ length: 200 }, (_, i) => `/${i}`);
const index: Handler = ({ path }) => ({
  headers: { 'content-type': 'application/xml' },
  body: `<sitemapindex>${many.map((name) => `<sitemap><loc>${path.slice(0, -4)}${name}.xml</loc></sitemap>`).join('')}</sitemapindex>`,
});

describe('a run makes as many requests as it may, of', () => {
  const hub = page(...many);
  it.each<[string, Sites[string]]>([
    ['indexes of indexes', { '/robots.txt': { body: 'Sitemap: /s.xml' }, '/': page(), '*': index }],
    ['dead links', { '/': hub }],
    ['redirects', { '/': hub, '*': ({ path }): Answer => ({ status: 302, headers: { location: `${path}/x` } }) }],
    ['servers that fail', { '/': hub, '*': { status: 500 } }],
    ['connections that are lost', { '/': hub, '*': (_request, response) => void response.destroy() }],
    ['pages', { '/': hub, '*': page('/') }],
  ])('%s', async (_name, site) => {
    await serve({ [HOST]: { '/robots.txt': { status: 404 }, ...site } });
    for (const maxRequests of [1, 2, 4, 17]) {
      const before = web.requests.length;
      const ending = await ended({ maxRequests, refreshAfterMs: 1e9 });
      expect(web.requests.length - before).toBe(maxRequests);
      expect(ending).toMatchObject({ endedBy: 'maxRequests', requests: maxRequests, spentHosts: [] });
      expect(ending.remaining).toBeGreaterThan(0);
    }
  });

  it('unchanged pages', async () => {
    const conditional: Handler = ({ path, headers }) =>
      headers['if-none-match']
        ? { status: 304 }
        : { headers: { etag: '"1"' }, body: path === '/' ? page(...many.slice(0, 20)) : page() };
    await serve({ [HOST]: { '/robots.txt': { status: 404 }, '*': conditional } });
    expect(await ended({})).toMatchObject({ endedBy: 'nothing_due', remaining: 0, requests: 24 });
    const before = web.requests.length;
    expect(await ended({ refreshAfterMs: 0, maxRequests: 10 })).toMatchObject({ endedBy: 'maxRequests', requests: 10 });
    expect(web.requests.slice(before).filter(({ headers }) => headers['if-none-match'])).toHaveLength(7);
  });

  it('several hosts at once', async () => {
    const site = { '/': page(...many), '*': page() };
    const hosts = ['a.vua.test', 'b.vua.test', 'c.vua.test', 'd.vua.test'];
    await serve(Object.fromEntries(hosts.map((host) => [host, site])));
    const seeds = hosts.map((host) => `http://${host}/`);
    expect((await ended({ seeds, maxRequests: 37 })).requests).toBe(37);
    expect(web.requests).toHaveLength(37);
  });
});

it('with nothing said, a few pages are a few requests: no index of indexes, no dead end takes more', async () => {
  await serve({
    [HOST]: { '/robots.txt': { body: 'Sitemap: /s.xml' }, '/': page('/bai'), '/bai': page(), '*': index },
  });
  const ending = await ended({ maxPages: 5 });
  expect(web.requests.length).toBe(ending.requests);
  expect(ending.requests).toBeLessThanOrEqual(120);
  expect(budgetsOf(5, 1, {})).toMatchObject({ maxRequests: 120, maxHostRequests: 120 });
  expect(budgetsOf(5, 2, {})).toMatchObject({ maxRequests: 120, maxHostRequests: 60 });
});

it('sitemaps leave requests to pages that are due', async () => {
  const sitemap: Handler = ({ path }) =>
    path === '/s.xml'
      ? index({ path } as never, undefined as never)
      : {
          headers: { 'content-type': 'application/xml' },
          body: `<urlset>${many.slice(0, 5).map((name) => `<url><loc>/bai${path.slice(0, -4)}${name}</loc></url>`)}</urlset>`,
        };
  const bai: Sites[string] = { '/robots.txt': { body: 'Sitemap: /s.xml' }, '/': page() };
  await serve({
    [HOST]: {
      ...bai,
      '*': (seen, response) => (seen.path.startsWith('/bai') ? { body: page() } : sitemap(seen, response)),
    },
  });
  const steps = await run({ maxPages: 20 });
  expect(steps.filter(({ kind, resource }) => kind === 'fetched' && resource === 'page')).toHaveLength(20);
  expect(web.requests.filter(({ path }) => path.endsWith('.xml')).length).toBeLessThan(10);
});

describe('a host', () => {
  const site = { '/': page(...many), '*': page() };
  it('gets its requests, the others go on, and the next run goes on with it', async () => {
    await serve({ [HOST]: site, 'b.vua.test': { '/': page('/1'), '/1': page() } });
    const seeds = [SEED, 'http://b.vua.test/'];
    const ending = await ended({ seeds, maxHostRequests: 9 });
    expect(ending).toMatchObject({ endedBy: 'nothing_due', spentHosts: [[HOST, 'maxHostRequests']] });
    expect(ending.remaining).toBe(201 - 6);
    const asked = (host: string) => web.requests.filter((seen) => seen.host === host).length;
    expect([asked(HOST), asked('b.vua.test')]).toEqual([9, 5]);
    await ended({ seeds, maxHostRequests: 9 });
    expect([asked(HOST), asked('b.vua.test')]).toEqual([18, 5]);
  });

  it('that a robots.txt of another leads to counts as itself, and nothing goes in circles', async () => {
    const to = { '/robots.txt': { status: 302, headers: { location: `http://${HOST}/r` } }, '/': page() };
    await serve({ [HOST]: site, 'b.vua.test': to });
    const ending = await ended({ seeds: [SEED, 'http://b.vua.test/'], maxHostRequests: 1 });
    expect(web.requests.map(({ host, path }) => host + path).sort()).toEqual([
      `${HOST}/robots.txt`,
      'b.vua.test/robots.txt',
    ]);
    expect(ending.spentHosts.map(([host]) => host).sort()).toEqual([HOST, 'b.vua.test']);
  });
});

it('counts the bytes of the wire, packed and with their headers', async () => {
  const body = gzipSync('Xin chào. '.repeat(100_000));
  const noise = Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 251));
  const packed: Handler = ({ path }) =>
    path === '/'
      ? { body: page(...many) }
      : { headers: { 'content-encoding': 'gzip', 'x-pad': 'x'.repeat(2000) }, body };
  await serve({ [HOST]: { '/robots.txt': { status: 404 }, '*': packed } });
  const ending = await ended({ maxPages: 4 });
  const expected = Buffer.byteLength(page(...many)) + 5 * (body.length + 2000);
  expect(ending.receivedBytes).toBeGreaterThan(expected - body.length);
  expect(ending.receivedBytes).toBeLessThan(expected + 7 * 500);
  await web.close();
  await serve({ 'b.vua.test': { '/robots.txt': { status: 404 }, '/': page(...many), '*': { body: noise } } });
  const cut = await ended({ seeds: ['http://b.vua.test/'], maxTotalBytes: 60_000, maxHostBytes: 1e9 });
  expect(cut).toMatchObject({ endedBy: 'maxTotalBytes' });
});

describe('minutes', () => {
  it('of a run: no request later, and no wait for one', async () => {
    await serve({ [HOST]: { '/': page(...many), '*': page() } });
    const ending = await ended({ maxMinutes: 1 / 600, delayMs: 30_000 });
    expect(ending).toMatchObject({ endedBy: 'maxMinutes', spentHosts: [] });
    expect(web.requests.length).toBeLessThan(5);
  });

  it('are of a clock that nobody sets; those of a host, of its requests', async () => {
    let now = 5;
    const limits = budgetsOf(100, 1, { maxMinutes: 10, maxHostMinutes: 2 });
    const budget = new Budget(limits, () => now);
    const ask = (host: string, ms: number): Promise<void> =>
      budget.request(
        host,
        () => 0,
        async () => {
          now += ms;
        },
      );
    await ask('a', 119_999);
    expect([budget.spentBy('a'), budget.msLeft()]).toEqual([undefined, 10 * 60_000 - 119_999]);
    await ask('a', 1);
    expect(budget.spentBy('a')).toBe('maxHostMinutes');
    await expect(ask('a', 1)).rejects.toThrow(BudgetSpent);
    await ask('b', 60_000);
    now += 7 * 60_000;
    await expect(ask('b', 1)).rejects.toMatchObject({ limit: 'maxMinutes' });
    expect(budget.requests).toBe(3);
  });
});

it('says in its report what ended the run and what remains', async () => {
  await serve({ [HOST]: { '/': page(...many), '*': { status: 404 } } });
  const heard = context(true);
  const told = await runCrawl({ ...optionsOf(), maxRequests: 30 }, heard);
  expect(told.outcome).toBe('written');
  expect(told.report.ending).toMatchObject({ endedBy: 'maxRequests', requests: 30, remaining: 174 });
  const said = heard.err.map((line) => JSON.parse(line));
  const notes = said.filter(({ event }) => event === 'note').map(({ text }) => text);
  expect(notes).toEqual([
    'the run: --max-requests 30 is reached',
    '30 requests were made; 174 URLs remain, the next run goes on with them',
  ]);
  expect(crawlRows(told.report)).toContainEqual(['pages fetched', '1']);
});
