/**
 * Nights on which nobody answers, sites whose rules are not to be had, and clocks that were wrong: what was known before
 * stays known, and the night says what was tried.
 */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runCrawl } from '../../crawlers/run-crawl.ts';
import { parseOptions } from '../../crawlers/shell/command.ts';
import { runCommand } from '../../nightly.ts';
import { context, thrownBy } from '../support.ts';
import { extra, HOST, optionsOf, outDir, records, run, SEED, serve, summary, web } from './crawl-fixture.ts';
import { page } from './web.ts';

const DAY = 24 * 3_600_000;
const B = 'b.vua.test';
const pages = { '/': { body: page('/2'), headers: { etag: '"1"' } }, '/2': { body: page(), headers: { etag: '"2"' } } };
const night = async (options = {}) => {
  const heard = context(true);
  return { ...(await runCrawl(optionsOf({ refreshAfterMs: 0, ...options }), heard)), err: heard.err.join('') };
};
/** A port on which nobody listens. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((ready) => server.once('listening', ready));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return `127.0.0.1:${port}`;
}

afterEach(() => {
  vi.useRealTimers();
});

describe('an outage', () => {
  it('is told with what was tried, and forgets nothing: the next night asks whether pages changed', async () => {
    await serve({ [HOST]: pages });
    await run();
    const away = { connectTo: { [HOST]: await closedPort() } };
    const { outage } = (await night(away)).report;
    expect(outage).toMatchObject({
      code: 'OUTAGE',
      exitStatus: 75,
      message: `no host served anything: ${HOST} (connection_refused, 2 times)`,
    });
    // At once again: the night is not "nothing new" because it was just tried.
    expect((await night({ ...away, refreshAfterMs: DAY })).report.outage).toMatchObject({ code: 'OUTAGE' });
    const asked = web.requests.length;
    expect(summary(await run())).toEqual([`fetched ${HOST}/`, `fetched ${HOST}/2`].map((line) => line));
    const etags = web.requests.slice(asked).flatMap(({ headers }) => headers['if-none-match'] ?? []);
    expect(etags.sort()).toEqual(['"1"', '"2"']);
  });

  it.each<[string, RegExp, () => Promise<object>]>([
    ['a name that is not', /host_not_found/, async () => ({ connectTo: { [HOST]: 'nowhere.invalid:80' } })],
    ['TLS that is none', /tls/, async () => ({ seeds: [`https://${HOST}/`] })],
    ['silence', /timeout/, async () => ({ seeds: [`http://${B}/`], timeoutMs: 300 })],
    ['503 for everything', /http_503/, async () => ({ seeds: ['http://c.vua.test/'] })],
  ])('%s', async (_, reason, options) => {
    await serve({
      [HOST]: pages,
      [B]: { '/robots.txt': () => undefined },
      'c.vua.test': { '/robots.txt': { status: 503 } },
    });
    const { outage } = (await night(await options())).report;
    expect(outage).toMatchObject({ exitStatus: 75, message: expect.stringMatching(reason) });
  });

  it('pages that fail behind rules that could be read', async () => {
    await serve({ [HOST]: { '/robots.txt': { body: '' }, '/': (_, response) => void response.destroy() } });
    expect((await night()).report.outage?.message).toBe(`no host served anything: ${HOST} (connection_lost, 3 times)`);
  });

  it('is none when all that is due again is a page that never came, of a host that served others', async () => {
    const broken = { '/2': (_: unknown, response: { destroy(): void }) => void response.destroy() };
    await serve({ [HOST]: { ...pages, ...broken } });
    await run();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + DAY / 12, shouldAdvanceTime: true });
    const again = await night({ refreshAfterMs: DAY });
    expect(again.report.outage).toBeUndefined();
    expect(again.report.pages).toMatchObject({ fetched: 0, failed: 1 });
  });

  it('is none when one host of many is silent: a note', async () => {
    await serve({ [HOST]: pages, [B]: pages });
    const connectTo = { ...web.connectTo, [B]: await closedPort() };
    const { outcome, report, err } = await night({ connectTo, seeds: [SEED, `http://${B}/`] });
    expect([outcome, report.outage]).toEqual(['written', undefined]);
    expect(err).toContain(`silent: ${B} (connection_refused); asked for again in a later run`);
  });

  it('a run of the whole line goes on with its other inputs, and ends with 75', async () => {
    await serve({ [HOST]: {} });
    const input = join(outDir, 'in.jsonl');
    const text = (n: number): string => `Con sông thứ ${n} chảy qua làng tôi, mùa gặt năm nay đến sớm. `.repeat(5);
    const lines = Array.from({ length: 40 }, (_, n) => JSON.stringify({ id: `d${n}`, text: text(n) }));
    writeFileSync(input, `${lines.join('\n')}\n`);
    const start = async (more: object) => {
      const given = {
        out: join(outDir, 'run'),
        seed: ['http://nowhere.invalid/'],
        model: 'never',
        vocabSize: 300,
        ...more,
      };
      return thrownBy(() =>
        runCommand.run(
          parseOptions(runCommand, given, (key) => key),
          context(true),
        ),
      );
    };
    expect(await start({})).toMatchObject({ code: 'OUTAGE', exitStatus: 75 });
    expect(await start({ input: [input], preset: 'keep-all' })).toMatchObject({ code: 'OUTAGE', exitStatus: 75 });
  });
});

describe('rules that are not to be had today', () => {
  it.each([500, 503, 429])('%i: those of before hold', async (status) => {
    let trouble = false;
    const rules = (body: string) => () => (trouble ? { status } : { body });
    await serve({
      [HOST]: {
        ...{ '/robots.txt': rules('User-agent: *\nDisallow: /2'), '/ai.txt': rules('User-agent: *\nDisallow: /') },
        ...{ '/': page('/2', '/3'), '/2': page(), '/3': page() },
      },
    });
    const ruled = [`fetched ${HOST}/`, `fetched ${HOST}/3`, `refused ${HOST}/2 robots_disallow`].sort();
    expect(summary(await run())).toEqual(ruled);
    trouble = true;
    expect(summary(await run({ refreshAfterMs: 0 }))).toEqual(ruled);
    const consent = (await records()).flatMap((record) => extra(record, 'Vua-Consent'));
    expect(consent).toEqual(['no-train', 'no-train', 'no-train', 'no-train']);
  });

  it('no answer at all closes the site for now, and the validators stay', async () => {
    let trouble = false;
    await serve({
      [HOST]: { ...pages, '/robots.txt': (_, response) => (trouble ? void response.destroy() : { body: '' }) },
    });
    await run();
    trouble = true;
    const asked = web.paths().length;
    expect(summary(await run({ refreshAfterMs: 0 }))).toEqual(
      ['/', '/2'].map((path) => `refused ${HOST}${path} robots_unreachable`),
    );
    expect(web.paths().length).toBe(asked);
    trouble = false;
    await run({ refreshAfterMs: 0 });
    expect(web.requests.flatMap(({ headers }) => headers['if-none-match'] ?? []).sort()).toEqual(['"1"', '"2"']);
  });
});

describe('a clock that was ahead', () => {
  it.each([1, 365])('%i nights, then set back: the folder is not frozen', async (nights) => {
    await serve({ [HOST]: pages });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + nights * DAY });
    await run();
    vi.useRealTimers();
    const asked = web.paths().length;
    expect(await run({ refreshAfterMs: 12 * 3_600_000 })).toHaveLength(2);
    expect(web.paths().length).toBe(asked + 2);
    expect(await run({ refreshAfterMs: 12 * 3_600_000 })).toEqual([]);
  });

  it('pauses that servers asked for then are over', async () => {
    let isBusy = true;
    const busy = { status: 503, headers: { 'retry-after': '7200' } };
    await serve({ [HOST]: { '/': () => (isBusy ? busy : { body: page() }) } });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 7 * DAY });
    expect(await run()).toMatchObject([{ kind: 'failed' }]);
    expect(await run()).toEqual([]); // by that clock the pause holds
    vi.useRealTimers();
    isBusy = false;
    expect(summary(await run())).toEqual([`fetched ${HOST}/`]);
  });

  it('a clock set back while a crawl runs does not stop it', async () => {
    await serve({ [HOST]: { '/': page('/2', '/3'), '/2': page(), '/3': page() } });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + DAY });
    setTimeout(() => void vi.setSystemTime(Date.now() - DAY), 50);
    expect(await run({ delayMs: 60 })).toHaveLength(3);
  });
});
