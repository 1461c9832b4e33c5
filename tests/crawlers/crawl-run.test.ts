/** How a crawl runs: its pace, its limits, and what an interruption leaves. */
import { spawn } from 'node:child_process';
import { rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crawl } from '../../crawlers/crawl.ts';
import type { CrawlOptions } from '../../crawlers/options.ts';
import type { CrawlStep } from '../../crawlers/visit.ts';
import { extra, HOST, optionsOf, outDir, records, run, SEED, serve, summary, web } from './crawl-fixture.ts';
import { article, type Handler, page, type Sites } from './web.ts';

describe('pace', () => {
  it('one request per host at a time, with the pause between; hosts in parallel', async () => {
    const underWay = new Map<string, number>();
    const answers: (() => void)[] = [];
    const slow: Handler = ({ host, path }, response) => {
      const now = (underWay.get(host) ?? 0) + 1;
      underWay.set(host, now);
      const answer = (): void => {
        underWay.set(host, underWay.get(host)! - 1);
        response.writeHead(now > 1 ? 500 : 200, { 'content-type': 'text/html' }).end(page('/1', '/2'));
      };
      if (path !== '/') setTimeout(answer, 60);
      // In a row the first of these would wait for ever.
      else if (answers.push(answer) === 3) for (const each of answers) each();
      return undefined;
    };
    const site = { '/': slow, '/1': slow, '/2': slow };
    await serve({ [HOST]: site, 'b.vua.test': site, 'c.vua.test': site }, '0.0.0.0');
    const connectTo = Object.fromEntries(
      [HOST, 'b.vua.test', 'c.vua.test'].map((host, i) => [host, `127.0.0.${i + 1}:${web.port}`]),
    );
    const seeds = [SEED, 'http://b.vua.test/', 'http://c.vua.test/'];
    const steps = await run({ seeds, connectTo, delayMs: 50, timeoutMs: 60_000 });
    expect(steps.map(({ kind }) => kind)).toEqual(Array(9).fill('fetched'));
    const times = web.requests.filter(({ host }) => host === HOST).map(({ at }) => at);
    for (let i = 1; i < times.length; i++) expect(times[i] - times[i - 1]).toBeGreaterThanOrEqual(48);
  });

  it('hosts at one address take turns', async () => {
    await serve({ [HOST]: { '/': page() }, 'b.vua.test': { '/': page() } });
    await run({ seeds: [SEED, 'http://b.vua.test/'], delayMs: 30 });
    const times = web.requests.map(({ at }) => at);
    expect(new Set(web.requests.map(({ host }) => host)).size).toBe(2);
    for (let i = 1; i < times.length; i++) expect(times[i] - times[i - 1]).toBeGreaterThanOrEqual(28);
  });

  it('keeps a Crawl-delay, and says so', async () => {
    await serve({
      [HOST]: { '/robots.txt': { body: 'User-agent: VuaBot\nCrawl-delay: 0.2' }, '/': page('/1'), '/1': page() },
    });
    const notes: string[] = [];
    await run({ note: (text) => notes.push(text) });
    const times = web.requests.map(({ at }) => at);
    for (let i = 1; i < times.length; i++) expect(times[i] - times[i - 1]).toBeGreaterThanOrEqual(198);
    expect(notes).toEqual(['a.vua.test: robots.txt asks for 0.2 s between requests; 0.2 s are kept']);
  });

  it('caps a Crawl-delay, and says so', async () => {
    await serve({ [HOST]: { '/robots.txt': { body: 'User-agent: *\nCrawl-delay: 86400' }, '/': page() } });
    const abort = new AbortController();
    const notes: string[] = [];
    const note = (text: string): void => {
      notes.push(text);
      abort.abort();
    };
    expect(await run({ note }, abort.signal)).toEqual([]);
    expect(notes[0]).toContain('asks for 86400 s between requests; 60 s are kept, the longest pause');
  });
});

describe('limits', () => {
  const chain: Sites[string] = Object.fromEntries(
    Array.from({ length: 9 }, (_, i) => [i ? `/${i}` : '/', page(`/${i + 1}`)]),
  );

  it('maxPages ends a run, the next goes on', async () => {
    await serve({ [HOST]: chain });
    expect(summary(await run({ maxPages: 3 }))).toHaveLength(3);
    expect(summary(await run({ maxPages: 3, seeds: [] }))).toEqual(
      ['/3', '/4', '/5'].map((path) => `fetched a.vua.test${path}`),
    );
  });

  it('maxDepth counts links', async () => {
    await serve({ [HOST]: chain });
    expect(summary(await run({ maxDepth: 2 }))).toEqual(['/', '/1', '/2'].map((path) => `fetched a.vua.test${path}`));
  });

  it('maxBytes cuts and says so', async () => {
    await serve({
      [HOST]: {
        '/': { headers: { etag: '"x"' }, body: `${page('/1')}${'ữ'.repeat(5000)}<a href="/never">` },
        '/1': page(),
      },
    });
    expect(await run({ maxBytes: 1000 })).toMatchObject([
      { kind: 'fetched', bytes: 1000, reason: 'truncated' },
      { kind: 'fetched', reason: undefined },
    ]);
    expect((await records()).find(({ url }) => url === SEED)).toMatchObject({ truncated: 'length' });
    await run({ refreshAfterMs: 0 });
    expect(web.requests.filter(({ headers }) => headers['if-none-match'] !== undefined)).toEqual([]);
  });

  it('timeoutMs ends a trickle, which is kept as far as it came', async () => {
    const trickle: Handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      const timer = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(timer));
      return undefined;
    };
    await serve({ [HOST]: { '/': trickle } });
    expect((await run({ timeoutMs: 2000 })).map(({ reason }) => reason)).toEqual(['cut_short']);
    const stored = await records();
    expect(stored.find(({ url, type }) => url === SEED && type === 'response')?.truncated).toBe('time');
  });
});

describe('interrupted', () => {
  const size = 40;
  const late: Handler = ({ path }, response) => {
    const body = path === '/' ? page(...Array.from({ length: size }, (_, i) => `/${i}`)) : article(path);
    setTimeout(() => response.writeHead(200, { 'content-type': 'text/html' }).end(body), 15);
    return undefined;
  };
  const site: Sites[string] = Object.fromEntries(
    ['/', ...Array.from({ length: size }, (_, i) => `/${i}`)].map((path) => [path, late]),
  );
  const all = Object.keys(site).map((path) => `http://${HOST}${path}`);

  it('by its signal, it stops soon and goes on later, nothing twice', async () => {
    await serve({ [HOST]: site });
    const abort = new AbortController();
    const first: CrawlStep[] = [];
    for await (const step of crawl(optionsOf(), abort.signal)) {
      first.push(step);
      if (first.length === 10) abort.abort();
    }
    expect(first.length).toBeLessThan(size);
    const second = await run();
    expect([...first, ...second].map(({ url }) => url).sort()).toEqual([...all].sort());
  });

  it('by its reader, it lets go of everything', async () => {
    await serve({ [HOST]: site });
    for await (const _step of crawl(optionsOf(), new AbortController().signal)) break;
    expect(await run()).toHaveLength(size);
  });

  it('by kill -9, it loses at most the request in flight', async () => {
    await serve({ [HOST]: site });
    const seen = (): number => web.requests.length;
    for (const until of [5, 20]) {
      const before = seen();
      const script = join(import.meta.dirname, 'crawl-process.mjs');
      const child = spawn(process.execPath, [script, JSON.stringify(optionsOf())], {
        stdio: 'ignore',
      });
      const gone = new Promise((resolve) => child.on('exit', resolve));
      while (seen() - before < until && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
      child.kill('SIGKILL');
      await gone;
    }
    await run();
    const stored = (await records()).filter((record) => extra(record, 'Vua-Source').length > 0).map(({ url }) => url);
    expect([...new Set(stored)].sort()).toEqual([...all].sort());
    expect(stored.length - all.length).toBeLessThanOrEqual(2);
    expect(web.paths().length - all.length).toBeLessThanOrEqual(2);
  });
});

describe('a WARC file that lost something', () => {
  const paths = ['/', '/1', '/2', '/3', '/4', '/5'];
  const tagged =
    (body: string): Handler =>
    (request) =>
      request.headers['if-none-match'] ? { status: 304 } : { headers: { etag: '"1"' }, body };
  const site = Object.fromEntries(paths.map((path) => [path, tagged(path === '/' ? page(...paths.slice(1)) : page())]));
  const file = (): string => join(outDir, 'warc', 'crawl-00000.warc.gz');
  const size = (): number => statSync(file()).size;

  it.each<[string, () => void, Partial<CrawlOptions>, RegExp]>([
    ['cut', () => truncateSync(file(), size() >> 1), {}, /unfinished record, cut off/],
    [
      'cut, and not the last file',
      () => truncateSync(file(), size() >> 1),
      { source: 'khac' },
      /[2-5] URLs behind byte/,
    ],
    ['cut where a record ends', () => truncateSync(file(), 0), {}, /6 URLs behind byte 0 are lost/],
  ])('%s: it is said, and the pages are fetched again', async (_name, harm, options, said) => {
    await serve({ [HOST]: site });
    expect(await run()).toHaveLength(paths.length);
    harm();
    const notes: string[] = [];
    const again = await run({ ...options, note: (text) => notes.push(text) });
    expect(notes.join('\n')).toMatch(said);
    expect(notes.every((note) => note.startsWith(file()))).toBe(true);
    expect(notes.at(-1)).toContain(`answers for ${again.length} URLs`);
    expect(again.length).toBeGreaterThan(1);
    expect(again.every(({ kind }) => kind === 'fetched')).toBe(true);
    expect(await run({ note: (text) => notes.push(text) })).toEqual([]);
    const readable = new Set((await records({ damaged: true })).map(({ url }) => url));
    expect(paths.every((path) => readable.has(`http://${HOST}${path}`))).toBe(true);
  });

  it('taken away: it is said once, and nothing is fetched again', async () => {
    await serve({ [HOST]: site });
    await run();
    rmSync(file());
    const notes: string[] = [];
    for (let i = 0; i < 2; i++) expect(await run({ note: (text) => notes.push(text) })).toEqual([]);
    expect(notes).toEqual([`${file()}: is gone; its pages are asked for again when they are due`]);
  });
});

describe('bad input', () => {
  it.each<[string, Partial<CrawlOptions>]>([
    ['BAD_SEED', { seeds: ['a.vua.test'] }],
    ['BAD_SEED', { seeds: ['ftp://a.vua.test/'] }],
    ['NO_SEEDS', { seeds: [] }],
    ['BAD_HOST', { allowedHosts: ['http://b.vua.test/'] }],
    ['BAD_CONNECT_TO', { connectTo: { 'a.vua.test': 'nowhere' } }],
    ['BAD_USER_AGENT', { userAgent: '7/1' }],
    ['BAD_USER_AGENT', { userAgent: 'Bot/1\r\nX: y' }],
    ['BAD_SOURCE_NAME', { source: '../x' }],
  ])('%s', async (code, options) => {
    await serve({});
    await expect(run(options)).rejects.toMatchObject({ code, exitStatus: 2 });
  });
});
