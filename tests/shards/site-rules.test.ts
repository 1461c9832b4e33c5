/** A site that is crawled twice and says something else the second time, by each channel: what reaches its documents. */
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runCrawl } from '../../crawlers/run-crawl.ts';
import { cleanCommand } from '../../shards/commands/clean.ts';
import { explainCommand } from '../../shards/commands/explain.ts';
import { readDocuments, readRejects } from '../../shards/documents/read.ts';
import { readDocumentManifest } from '../../shards/manifest.ts';
import { verify } from '../../shards/verify/verify.ts';
import { story } from '../cleaning/support.ts';
import { type Answer, type Sites, startWeb, type TestWeb } from '../crawlers/web.ts';
import { context, range, temporaryFolder } from '../support.ts';

const HOST = 'b.vua.test';
let web: TestWeb | undefined;
afterEach(async () => {
  await web?.close();
  web = undefined;
});

type Site = Record<string, string | Answer>;
const pages = range(4).map((n) => `/tin/${n}`);
const html = (n: number, head = ''): string =>
  `<html><head><title>Tin</title>${head}</head><body><article><p>${story(n)}</p></article></body></html>`;
/** Pages with a validator: asked for again, they answer 304 with what `headers` say then. */
const site = (): Site => ({
  '/': { body: pages.map((path) => `<a href="${path}">tin</a>`).join(''), headers: { 'x-robots-tag': 'noindex' } },
  ...Object.fromEntries(pages.map((path, n) => [path, { body: html(n), headers: { etag: `"${n}"` } }])),
});

/** A night of crawl and clean; `changes` are what the site says from now on. */
async function night(dir: string, state: Site, changes: Site = {}, flags: object = {}): Promise<string> {
  Object.assign(state, changes);
  const answers = Object.fromEntries(
    ['/robots.txt', '/ai.txt', '/.well-known/tdmrep.json', ...Object.keys(state)].map((path) => [
      path,
      ({ headers }: { headers: Record<string, unknown> }): Answer => {
        const answer = state[path] ?? { status: 404 };
        if (typeof answer === 'string') return { body: answer };
        const isSame = answer.headers?.etag !== undefined && headers['if-none-match'] === answer.headers.etag;
        return isSame ? { status: 304, headers: answer.headers } : answer;
      },
    ]),
  );
  web = await startWeb({ [HOST]: answers } as Sites);
  const options = { outDir: join(dir, 'crawl'), seeds: [`http://${HOST}/`], delayMs: 0, refreshAfterMs: 0 };
  await runCrawl({ ...options, connectTo: web.connectTo }, context());
  await web.close();
  web = undefined;
  const heard = context();
  const input = [join(dir, 'crawl', 'warc')];
  const out = join(dir, 'documents');
  await cleanCommand.run(cleanCommand.options.parse({ input, out, workers: 0, ...flags }), heard);
  expect((await verify(dir, context())).faults).toEqual([]);
  return heard.out.join('');
}

async function standing(dir: string): Promise<string[]> {
  const urls: string[] = [];
  for await (const batch of readDocuments(join(dir, 'documents'))) {
    for (const row of range(batch.rows)) urls.push(new URL(batch.string('url', row)).pathname);
  }
  return urls.sort();
}

async function rejectedTexts(dir: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const batch of readRejects(join(dir, 'documents'))) {
    for (const row of range(batch.rows)) texts.push(batch.string('text', row));
  }
  return texts.filter((text) => text !== '');
}

const tagged = (n: number): Answer => ({ body: html(n), headers: { etag: `"${n}"`, 'x-robots-tag': 'noai' } });

describe('a site that says later that its pages are not for training', () => {
  it.each<[channel: string, changes: Site, left: string[]]>([
    ['a header of a 304', { '/tin/1': tagged(1) }, ['/tin/1']],
    ['a meta tag', { '/tin/1': { body: html(1, '<meta name="robots" content="noai">') } }, ['/tin/1']],
    ['robots.txt', { '/robots.txt': 'User-agent: *\nContent-Signal: ai-train=no\nAllow: /' }, pages],
    [
      'robots.txt, a path of it',
      { '/robots.txt': 'User-agent: *\nContent-Usage: /tin/2 train-ai=n\nAllow: /' },
      ['/tin/2'],
    ],
    [
      'robots.txt that was redirected',
      {
        '/robots.txt': { status: 301, headers: { location: '/luat.txt' } },
        '/luat.txt': 'User-agent: *\nContent-Signal: ai-train=no\nAllow: /',
      },
      pages,
    ],
    ['ai.txt', { '/ai.txt': 'User-Agent: *\nDisallow: /tin/3' }, ['/tin/3']],
    ['tdmrep.json', { '/.well-known/tdmrep.json': '[{"location": "/tin/*", "tdm-reservation": 1}]' }, pages],
  ])('by %s', async (_, changes, left) => {
    const dir = temporaryFolder();
    const state = site();
    await night(dir, state);
    expect(await standing(dir)).toEqual(pages);
    await night(dir, state, changes);
    expect(await standing(dir)).toEqual(pages.filter((path) => !left.includes(path)));
    expect(await rejectedTexts(dir)).toEqual([]);
  });

  it('in the next night, without a page that is asked for again; taken back, later pages are welcome', async () => {
    const dir = temporaryFolder();
    const state = site();
    await night(dir, state, {
      '/tin/ngan': { body: '<p>Ngắn quá.</p>', headers: { etag: '"n"' } },
      '/': { body: [...pages, '/tin/ngan'].map((path) => `<a href="${path}">x</a>`).join('') },
    });
    expect(await rejectedTexts(dir)).toContain('Ngắn quá.');
    const closed = { '/robots.txt': 'User-agent: *\nDisallow: /tin\nContent-Signal: ai-train=no' };
    expect(await night(dir, state, closed)).toMatch(/^left: superseded or opted out +4$/m);
    expect(await standing(dir)).toEqual([]);
    expect(await rejectedTexts(dir)).not.toContain('Ngắn quá.');
    const open = {
      '/robots.txt': '',
      ...Object.fromEntries(pages.map((path, n) => [path, { body: html(n, '<!-- -->') }])),
    };
    await night(dir, state, open);
    expect(await standing(dir)).toEqual(pages);
  });
});

describe('a page whose place is not there any more', () => {
  it('is marked when robots.txt forbids it later, and leaves where that is the policy', async () => {
    const dir = temporaryFolder();
    const state = site();
    await night(dir, state);
    const closed = { '/robots.txt': 'User-agent: *\nDisallow: /tin/1' };
    expect(await night(dir, state, closed)).toMatch(/^marked: forbidden +1$/m);
    expect(await standing(dir)).toEqual(pages);
    const heard = context();
    const document = `http://${HOST}:80/tin/1#x`;
    await explainCommand.run(explainCommand.options.parse({ document, out: join(dir, 'documents') }), heard);
    expect(heard.out.join('')).toMatch(/^kept, forbidden since run 2 /);
    await night(dir, state, {}, { dropForbidden: true });
    expect(await standing(dir)).toEqual(pages.filter((path) => path !== '/tin/1'));
    expect(readDocumentManifest(join(dir, 'documents')).marked).toBeUndefined();
  });

  it('is marked after 404 and 410, no longer when it is back, and leaves after so many nights', async () => {
    const dir = temporaryFolder();
    const state = site();
    await night(dir, state);
    const gone = { '/tin/0': { status: 404 }, '/tin/1': { status: 410 } };
    expect(await night(dir, state, gone)).toMatch(/^marked: vanished +2$/m);
    expect(await standing(dir)).toEqual(pages);
    await night(dir, state, { '/tin/0': { body: html(0), headers: { etag: '"0"' } } });
    expect(readDocumentManifest(join(dir, 'documents')).marked).toEqual({ vanished: 1 });
    await night(dir, state, {}, { dropVanished: 3 });
    expect(await standing(dir)).toEqual(pages);
    await night(dir, state, {}, { dropVanished: 3 });
    expect(await standing(dir)).toEqual(pages.filter((path) => path !== '/tin/1'));
    await night(dir, state, { '/tin/1': { body: html(1) } });
    expect(await standing(dir)).toEqual(pages);
  });
});
