/** A crawl of a small web: what is followed, robots.txt, redirects, answers that are no page. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { extra, HOST, outDir, records, run, SEED, serve, summary, web } from './crawl-fixture.ts';
import { type Answer, type Handler, page, type Sites } from './web.ts';

it('follows links, canonical links and sitemaps, within its hosts and its rules', async () => {
  await serve({
    [HOST]: {
      '/robots.txt': {
        headers: { 'content-type': 'text/plain' },
        body: 'User-agent: *\nDisallow: /tìm-kiếm\nSitemap: /sitemap-index.xml\nSitemap: http://b.vua.test/s.xml\n',
      },
      '/sitemap-index.xml': {
        headers: { 'content-type': 'application/xml' },
        body: '<sitemapindex><sitemap><loc>/s.xml.gz</loc></sitemap></sitemapindex>',
      },
      '/s.xml.gz': {
        headers: { 'content-type': 'application/x-gzip' },
        body: gzipSync(
          '<urlset><url><loc>http://a.vua.test/from-sitemap</loc></url><url><loc>http://c.vua.test/</loc></url></urlset>',
        ),
      },
      '/': `<link rel="Canonical" href="/chính"><base href="/x/">${page(
        '/một?utm_source=fb#đầu',
        'hai',
        '/t%c3%acm-ki%e1%ba%bfm?q=1',
        'http://b.vua.test/',
        'mailto:a@b.test',
        '/bia.jpg',
        '/m/m/m/m/m',
      )}<a rel="ugc nofollow" href="/quảng-cáo">`,
      '/ch%C3%ADnh': page('/'),
      '/m%E1%BB%99t': page('/x/hai'),
      '/x/hai': '<meta name="robots" content="nofollow"><a href="/never">',
      '/from-sitemap': { headers: { 'content-type': 'text/plain' }, body: 'Chữ trơn. <a href="/never">' },
    },
    'b.vua.test': { '/': page() },
  });
  const steps = await run();
  expect(summary(steps)).toEqual([
    'fetched a.vua.test/',
    'fetched a.vua.test/ch%C3%ADnh',
    'fetched a.vua.test/from-sitemap',
    'fetched a.vua.test/m%E1%BB%99t',
    'fetched a.vua.test/s.xml.gz',
    'fetched a.vua.test/sitemap-index.xml',
    'fetched a.vua.test/x/hai',
    'refused a.vua.test/t%C3%ACm-ki%E1%BA%BFm?q=1 robots_disallow',
  ]);
  expect(new Set(web.paths()).size).toBe(web.paths().length);
  expect(web.paths().some((path) => path.startsWith('b.vua.test') || path.includes('never'))).toBe(false);
  const stored = await records();
  expect(stored.map(({ url }) => url).filter((url) => url.endsWith('/robots.txt'))).toHaveLength(1);
  expect(stored.find(({ url }) => url === SEED)).toMatchObject({ type: 'response', status: 200 });
});

it('asks for nothing on a second run, and conditionally once pages are stale', async () => {
  const conditional: Handler = ({ headers }) =>
    headers['if-none-match'] === '"v1"' ? { status: 304 } : { headers: { etag: '"v1"' }, body: page('/2') };
  const dated: Handler = ({ headers }) =>
    headers['if-modified-since'] ? { status: 304 } : { headers: { 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' } };
  await serve({ [HOST]: { '/': conditional, '/2': dated } });
  expect((await run()).map(({ kind }) => kind)).toEqual(['fetched', 'fetched']);
  const asked = web.requests.length;
  expect(await run()).toEqual([]);
  expect(web.requests.length).toBe(asked);
  expect(summary(await run({ refreshAfterMs: 0 }))).toEqual(['unchanged a.vua.test/', 'unchanged a.vua.test/2']);
  const revisits = (await records()).filter(({ type }) => type === 'revisit');
  expect(revisits.map(({ url, status }) => [url, status])).toEqual([
    [SEED, 304],
    [`${SEED}2`, 304],
  ]);
  expect(summary(await run({ refreshAfterMs: 0 }))).toHaveLength(2);
});

describe('robots.txt that answers', () => {
  const robots = 'User-agent: *\nDisallow: /2';
  const unreachable = ['refused a.vua.test/ robots_unreachable'];
  const open = ['fetched a.vua.test/', 'fetched a.vua.test/2'];
  const ruled = ['fetched a.vua.test/', 'refused a.vua.test/2 robots_disallow'];
  const to = (location: string): Answer => ({ status: 301, headers: { location } });
  /** A file of rules whose text up to `rule` fills the 500 KiB that are read. */
  const filled = (rule: string, rest: string): string => {
    const head = 'User-agent: *\n';
    return `${head}${'#'.repeat(500 * 1024 - head.length - rule.length - 1)}\n${rule}${rest}`;
  };
  it.each<[name: string, answer: Answer | Handler, expected: readonly string[]]>([
    ['200', { body: robots }, ruled],
    ['404', { status: 404, body: robots }, open],
    ['401', { status: 401 }, open],
    ['403', { status: 403 }, open],
    ['429', { status: 429 }, unreachable],
    ['500', { status: 500, body: robots }, unreachable],
    ['503', { status: 503 }, unreachable],
    ['by hanging up', (_request, response) => void response.destroy(), unreachable],
    ['a redirect to another host', to('http://b.vua.test/r1'), ruled],
    ['a redirect to itself', to('/robots.txt'), unreachable],
    ['a redirect to nowhere', to('ftp://x'), unreachable],
    ['a rule that ends with 500 KiB', { body: filled('Disallow: /2\n', 'Disallow: /\n') }, ruled],
    ['a rule cut at 500 KiB', { body: filled('Disallow: /2', '345678\n') }, open],
  ])('%s', async (_name, answer, expected) => {
    await serve({
      [HOST]: { '/robots.txt': answer, '/': page('/2'), '/2': page() },
      'b.vua.test': { '/r1': to('/r2'), '/r2': { body: robots } },
    });
    expect(summary(await run())).toEqual(expected);
    if (expected === unreachable) expect(web.paths().filter((path) => path.startsWith(HOST))).toEqual([]);
  });
});

it('writes what publishers say about use, and what follows, beside each page', async () => {
  await serve({
    [HOST]: {
      '/robots.txt': { body: 'User-agent: *\nContent-Signal: search=yes\nContent-Usage: /a train-ai=n\n' },
      '/.well-known/tdmrep.json': { body: '[{"location":"/t*","tdm-reservation":1,"tdm-policy":"https://p.test"}, 7]' },
      '/ai.txt': { body: 'User-Agent: *\nDisallow: *.htm$' },
      '/': page('/a', '/t', '/x.htm', '/h', '/m'),
      '/a': page(),
      '/t': page(),
      '/x.htm': page(),
      '/h': { headers: { 'X-Robots-Tag': ['otherbot: noindex', 'noai'] } },
      '/m': '<meta name="robots" content="noindex">',
    },
  });
  await run({ source: 'báo'.normalize('NFD').replace(/\p{M}/gu, '') });
  const pages = Object.fromEntries(
    (await records())
      .filter(({ extra: fields }) => fields.some(([name]) => name === 'Vua-Consent'))
      .map((record) => [
        new URL(record.url).pathname,
        [...extra(record, 'Vua-Consent'), ...extra(record, 'Vua-Consent-Statement')],
      ]),
  );
  const always = 'robots.txt content-signal: search=yes';
  expect(pages).toEqual({
    '/': ['unknown', always],
    '/a': ['no-train', always, 'robots.txt content-usage: /a train-ai=n'],
    '/t': ['no-train', always, 'tdmrep.json tdm-reservation: 1', 'tdmrep.json tdm-policy: https://p.test'],
    '/x.htm': ['no-train', always, 'ai.txt disallow: *.htm$'],
    '/h': ['no-train', always, 'x-robots-tag: otherbot: noindex', 'x-robots-tag: noai'],
    '/m': ['no-index', always, 'meta robots: noindex'],
  });
  expect(readdirSync(join(outDir, 'warc'))).toEqual(['bao-00000.warc.gz']);
  expect((await records()).flatMap((record) => extra(record, 'Vua-Source'))).toEqual(Array(6).fill('bao'));
});

it('takes redirects one hop at a time, each by the rules', async () => {
  const to = (location: string): Answer => ({ status: 302, headers: { location } });
  await serve({
    [HOST]: {
      '/robots.txt': { body: 'User-agent: *\nDisallow: /cấm' },
      '/': page('/1', '/loop1', '/self', '/out', '/no', '/long0', '/nowhere'),
      '/1': to('/2'),
      '/2': to('/3'),
      '/3': page('/'),
      '/loop1': to('/loop2'),
      '/loop2': to('/loop1'),
      '/self': to('/self?utm_source=x'),
      '/out': to('http://b.vua.test/'),
      '/no': to(Buffer.from('/cấm/a').toString('latin1')),
      '/nowhere': { status: 301 },
      ...Object.fromEntries(Array.from({ length: 13 }, (_, i) => [`/long${i}`, to(`/long${i + 1}`)])),
    },
    'b.vua.test': { '/': page() },
  });
  const steps = summary(await run()).map((line) => line.replace('a.vua.test', ''));
  expect(steps.filter((line) => !line.includes('/long'))).toEqual([
    'fetched /',
    'fetched /3',
    'redirect /1',
    'redirect /2',
    'redirect /loop1',
    'redirect /no',
    'refused /c%E1%BA%A5m/a robots_disallow',
    'refused /loop2 redirect_loop',
    'refused /nowhere bad_redirect',
    'refused /out redirect_to_other_host',
    'refused /self redirect_loop',
  ]);
  expect(steps.filter((line) => line.includes('/long')).at(-1)).toBe('refused /long10 too_many_redirects');
  expect(web.requests.some(({ host }) => host === 'b.vua.test')).toBe(false);
});

describe('answers that are no page', () => {
  it.each([401, 403, 404, 410, 429, 451])('%i is an answer', async (status) => {
    await serve({ [HOST]: { '/': { status } } });
    expect(summary(await run())).toEqual([`refused a.vua.test/ http_${status}`]);
    expect(web.paths()).toHaveLength(1);
    expect((await records()).at(-1)?.status).toBe(status);
  });

  it.each([429, 503])('%i with Retry-After is obeyed, by the whole host', async (status) => {
    let asked = 0;
    const busy: Handler = () => (++asked === 1 ? { status, headers: { 'retry-after': '1' } } : {});
    await serve({ [HOST]: { '/': page('/busy', '/2'), '/busy': busy, '/2': page() } });
    expect((await run()).map(({ kind, reason, retryAt }) => [kind, reason, retryAt !== undefined])).toEqual([
      ['fetched', undefined, false],
      ['failed', `http_${status}`, true],
      ['fetched', undefined, false],
      ['fetched', undefined, false],
    ]);
    const times = web.requests.filter(({ path }) => path === '/busy' || path === '/2').map(({ at }) => at);
    expect(times[1] - times[0]).toBeGreaterThanOrEqual(950);
  });

  it('a Retry-After of hours is left to a later run', async () => {
    await serve({ [HOST]: { '/': { status: 503, headers: { 'retry-after': '7200' } } } });
    expect(await run()).toMatchObject([{ kind: 'failed', retryAt: expect.any(String) }]);
    expect(await run({ refreshAfterMs: 0 })).toEqual([]);
    expect(web.paths()).toHaveLength(1);
  });

  it.each<[string, Answer | Handler, string]>([
    ['500', { status: 500 }, 'http_500'],
    ['a lost connection', (_request, response) => void response.destroy(), 'connection_lost'],
    ['503 that always asks to wait', { status: 503, headers: { 'retry-after': '0' } }, 'http_503'],
  ])('%s is tried three times, then failed', async (_name, answer, reason) => {
    await serve({ [HOST]: { '/': answer } });
    const steps = await run();
    expect(steps.map((step) => [step.kind, step.reason, step.retryAt !== undefined])).toEqual([
      ['failed', reason, true],
      ['failed', reason, true],
      ['failed', reason, false],
    ]);
    expect(web.paths()).toHaveLength(3);
    expect(await run()).toEqual([]);
  });

  it('other content is not read', async () => {
    await serve({
      [HOST]: {
        '/': page('/anh', '/rss'),
        '/anh': { headers: { 'content-type': 'image/png' }, body: 'png' },
        '/rss': { headers: { 'content-type': 'application/rss+xml' } },
      },
    });
    expect(summary(await run())).toEqual([
      'fetched a.vua.test/',
      'refused a.vua.test/anh content_type',
      'refused a.vua.test/rss content_type',
    ]);
    expect((await records()).find(({ url }) => url.endsWith('/anh'))).toMatchObject({
      truncated: 'length',
      body: Buffer.alloc(0),
    });
  });
});

it('keeps what a server cut short, marked, and asks for it again the next night', async () => {
  const halved: Handler = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'content-length': '1000', etag: '"1"' });
    response.write(page('/2'), () => response.destroy());
    return undefined;
  };
  const part = { status: 206, headers: { 'content-range': 'bytes 0-9/100', etag: '"2"' }, body: page() };
  await serve({ [HOST]: { '/': halved, '/2': part, '/robots.txt': { status: 404 } } });
  expect(summary(await run())).toEqual(['fetched a.vua.test/ cut_short', 'fetched a.vua.test/2 cut_short']);
  const stored = (await records()).filter(({ url }) => /\/2?$/.test(url));
  expect(stored.map(({ truncated }) => truncated)).toEqual(['disconnect', 'unspecified']);
  expect(await run()).toEqual([]);
  web.requests.length = 0;
  expect(await run({ refreshAfterMs: 0 })).toHaveLength(2);
  expect(web.requests.filter(({ headers }) => headers['if-none-match'])).toEqual([]);
});

it('takes a robots.txt that is cut short for none', async () => {
  const cut: Handler = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '1000' });
    response.write('User-agent: *\n', () => response.destroy());
    return undefined;
  };
  await serve({ [HOST]: { '/robots.txt': cut, '/': page() } });
  expect(summary(await run())).toEqual(['refused a.vua.test/ robots_unreachable']);
});

describe('a seed that has moved', () => {
  const moved = (location: string): Sites[string] => ({ '/': { status: 301, headers: { location } } });
  it('is followed to its name with or without www, also the next night', async () => {
    await serve({
      [HOST]: moved('http://www.a.vua.test/'),
      'www.a.vua.test': { '/': page('/1', 'http://b.vua.test/'), '/1': page() },
    });
    const notes: string[] = [];
    const note = (text: string) => void notes.push(text);
    expect(summary(await run({ note }))).toEqual([
      'fetched www.a.vua.test/',
      'fetched www.a.vua.test/1',
      'redirect a.vua.test/',
    ]);
    expect(notes).toEqual(['the seed http://a.vua.test/ has moved to www.a.vua.test: the crawl goes on there']);
    expect(summary(await run({ seeds: [], refreshAfterMs: 0 }))).toHaveLength(3);
  });

  it('is not followed to another site, and that is said', async () => {
    await serve({ [HOST]: moved('http://b.vua.test/'), 'b.vua.test': { '/': page() } });
    const notes: string[] = [];
    expect(summary(await run({ note: (text) => notes.push(text) }))).toEqual([
      'refused a.vua.test/ redirect_to_other_host',
    ]);
    expect(notes).toEqual([
      'the seed http://a.vua.test/ leads to b.vua.test: --allow-host b.vua.test lets the crawl go there',
    ]);
  });

  it('may circle', async () => {
    await serve({ [HOST]: moved('http://www.a.vua.test/'), 'www.a.vua.test': moved('http://a.vua.test/') });
    expect(summary(await run())).toEqual(['redirect a.vua.test/', 'redirect www.a.vua.test/']);
  });
});

it('reads the rules of a host once in 24 hours, whatever runs', async () => {
  const rules = () => web.requests.filter(({ path }) => /robots|ai\.txt|tdmrep/.test(path)).map(({ path }) => path);
  await serve({
    [HOST]: { '/robots.txt': { body: 'User-agent: *\nDisallow: /2' }, '/': page('/1'), '/1': page('/2') },
  });
  expect(await run({ maxPages: 1 })).toHaveLength(1);
  expect(rules()).toHaveLength(3);
  expect(summary(await run())).toEqual(['fetched a.vua.test/1', 'refused a.vua.test/2 robots_disallow']);
  expect(rules()).toHaveLength(3);
  vi.useFakeTimers({ now: Date.now() + 24 * 3_600_000, toFake: ['Date'] });
  await run({ maxPages: 1 });
  vi.useRealTimers();
  expect(rules()).toHaveLength(6);
});
