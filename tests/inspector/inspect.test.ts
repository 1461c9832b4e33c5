/**
 * `vua inspect` over a corpus of the sample's pages, with what a hostile web would put in: its JSON beside `vua stats`,
 * `--what-if` and `vua explain`, who is refused, and its pages in a headless Chromium. Pictures: `npm run inspect:look`.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { reasonOf } from '../../crawlers/shell/errors.ts';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { explain } from '../../shards/explain/explain.ts';
import { whatIf } from '../../shards/explain/what-if.ts';
import { tokenizerView } from '../../shards/inspector/api/tokenizer.ts';
import { trainingView } from '../../shards/inspector/api/training.ts';
import { inspectorSite } from '../../shards/inspector/bundle.ts';
import { labelsPath } from '../../shards/inspector/labels.ts';
import { type RunningServer, startServer } from '../../shards/inspector/server.ts';
import { documentViews } from '../../shards/inspector/views.ts';
import { statsOf } from '../../shards/stats.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { readCurve } from '../../trainer/record/curve.ts';
import { document as documentOf, drop, writeFolder } from '../shards/support.ts';
import { context, temporaryFolder } from '../support.ts';
import { writeTokenizer } from '../trainer/support.ts';
import { openBrowser } from './browser.ts';

/** What strangers put into texts, titles and addresses. */
const HOSTILE = [
  '<script>window.broken = true</script><img src=x onerror="window.broken = true">',
  `"><svg onload="window.broken=true">${'\u202e'}đảo ngược${'\u2066'}${'\u0000'}\ud800 lẻ`,
  'javascript:alert(1) &lt;b&gt; {{constructor.constructor("window.broken=true")()}}',
  `${'a'.repeat(3_000_000)} một dòng rất dài`,
];

const HEAD = {
  unigramBitsPerByte: 2.4,
  untrainedBitsPerByte: 2.8,
  adapter: 'none',
  parameters: 1000,
  tokensPerStep: 64,
  trainBytesPerToken: 4,
};
const CURVE = [
  HEAD,
  ...Array.from({ length: 4000 }, (_, i) => ({
    ...{ step: i + 1, loss: 7 - i / 1000, gradNorm: 1, learningRate: 0.001, tokensPerSecond: 100, dataWaitMs: 1 },
    ...(i % 999 === 0 && { heldOutBitsPerByte: 2.5 - i / 10_000, heldOutBySource: { 'bao.vua.test': 2 } }),
  })),
];

let root: string;
let sample: string;
let server: RunningServer;
const api = async (path: string) => (await fetch(`${server.address}/api/${path}`)).json();

beforeAll(async () => {
  root = temporaryFolder('file');
  sample = join(root, 'sample');
  const again = join(root, 'again.jsonl'); // a story told again with another end, and word for word
  const story = readFileSync('crawlers/sample/pages/vanhoc/ruoc-dau-nuoc-rong.md', 'utf8').replace(
    /^---.*?---\s*/s,
    '',
  );
  const told = [`${story.trim()} Chuyện đến đây là hết.`, story.trim()];
  writeFileSync(again, told.map((text, n) => JSON.stringify({ id: `again-${n}`, text })).join('\n'));
  await cleanInputs({ inputs: ['crawlers/sample/pages', again], outDir: sample, threads: 0 }, context());
  mkdirSync(join(root, 'hostile'));
  writeFolder(
    join(root, 'hostile'),
    HOSTILE.map((text, n) =>
      documentOf(n, { text, title: text.slice(0, 90), url: `http://x.test/${text.slice(0, 40)}`, id: `h${n} <b>` }),
    ),
    { drops: [drop(1, { text: HOSTILE[0], title: HOSTILE[0], reason: 'too_short' })] },
  );
  await writeTokenizer(join(root, 'tokenizer'), 400);
  mkdirSync(join(root, 'run/model'), { recursive: true });
  writeFileSync(join(root, 'run/model/curve.jsonl'), CURVE.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const views = [...documentViews, tokenizerView((dir) => Tokenizer.load(dir)), trainingView(async () => readCurve)];
  server = await startServer({
    dir: root,
    host: '127.0.0.1',
    port: 0,
    views,
    site: await inspectorSite(views),
    pages: {},
  });
});
afterAll(async () => {
  await server.close();
});

describe('its JSON', () => {
  it('says what vua stats says', async () => {
    const { documents } = await statsOf(sample);
    const { kept, dropped, textBytes, flow, selection } = await api('overview?corpus=sample');
    const byReason = Object.fromEntries(
      flow.map(({ stage, reasons }: { stage: string; reasons: { reason: string; documents: number }[] }) => [
        stage,
        Object.fromEntries(reasons.map(({ reason, documents }) => [reason, documents])),
      ]),
    );
    expect({ kept, textBytes, dropped: byReason }).toEqual({
      kept: documents?.report.kept,
      textBytes: documents?.report.keptBytes,
      dropped: documents?.report.dropped,
    });
    expect(dropped).toBeGreaterThan(3);
    const sources = selection.facets.source.words.map(({ word, documents, bytes }: Record<string, unknown>) => [
      word,
      documents,
      bytes,
    ]);
    expect(sources.sort()).toEqual(
      documents?.sources.map(({ source, documents, bytes }) => [source, documents, bytes]).sort(),
    );
    expect(selection.syllables).toBe(documents?.sources.reduce((sum, { syllables }) => sum + syllables, 0));
  });

  it('counts in every bar of a histogram what a click on it finds', async () => {
    const { histograms } = await api('histograms?corpus=sample');
    expect(histograms.length).toBeGreaterThan(50);
    for (const name of ['diacritic_ratio']) {
      const { edges, all, count } = histograms.find(({ measurement }: { measurement: string }) => measurement === name);
      expect(all.reduce((a: number, b: number) => a + b, 0)).toBe(count);
      for (let i = 0; i < all.length; i++) {
        if (all[i] === 0) continue;
        const range = `${edges[i]}..${i === all.length - 1 ? '' : edges[i + 1]}`;
        expect((await api(`documents?corpus=sample&limit=1&${name}=${range}`)).total, `${name} ${range}`).toBe(all[i]);
      }
    }
  });

  it.each([['too_short=90'], ['too_short=0', 'not_vietnamese=0.2'], ['no_diacritics=0.95'], ['short_lines=0.3']])(
    'moves thresholds as --what-if does: %s',
    async (...moved) => {
      const thresholds = Object.fromEntries(
        moved.map((each) => each.split('=')).map(([name, value]) => [name, Number(value)]),
      );
      const { lost, gained, lostBytes, gainedBytes, kept, unmeasured } = await whatIf(
        sample,
        thresholds,
        new AbortController().signal,
      );
      const found = await api(`what-if?corpus=sample&${moved.map((each) => `threshold=${each}`).join('&')}`);
      expect(found).toMatchObject({ kept, lostBy: lost, gainedBy: gained, lostBytes, gainedBytes, unmeasured });
    },
  );

  it('shows a document as vua explain does, and what repeats it', async () => {
    const { documents } = await api('documents?corpus=sample&kind=rejects&stage=near&stage=exact');
    const [{ id }] = documents;
    const [expected] = await explain(sample, id, new AbortController().signal);
    const [found] = (await api(`document?corpus=sample&id=${encodeURIComponent(id)}`)).found;
    expect(found).toMatchObject(JSON.parse(JSON.stringify(expected)));
    const [{ id: other }] = found.repeats;
    expect(other).toBe(expected.said.other);
    const [original] = (await api(`document?corpus=sample&id=${encodeURIComponent(other)}`)).found;
    expect(original.repeatedBy.map(({ id }: { id: string }) => id)).toContain(id);
  });

  it('finds with and without diacritics, and draws the same sample from the same seed', async () => {
    const of = async (q: string): Promise<number> =>
      (await api(`documents?corpus=sample&q=${encodeURIComponent(q)}`)).total;
    const [loose, exact, marked, phrase] = [
      await of('viet nam'),
      await of('Việt Nam'),
      await of('Vịet Nảm'),
      await of('"Việt Nam"'),
    ];
    expect([loose >= exact, exact >= phrase, phrase > 0, marked === 0]).toEqual([true, true, true, true]);
    const draw = async (query: string): Promise<string[]> =>
      (await api(`documents?corpus=sample&${query}`)).documents.map(({ id }: { id: string }) => id);
    const ten = await draw('sample=10&seed=4');
    expect(new Set(ten).size).toBe(10);
    expect(await draw('sample=5&seed=4')).toEqual(ten.slice(0, 5));
    expect(await draw('sample=10&seed=5')).not.toEqual(ten);
    const all = (await api('documents?corpus=sample&order=-syllables&limit=200')).documents.map(
      ({ syllables }: { syllables: number }) => syllables,
    );
    expect(all).toEqual([...all].sort((a, b) => b - a));
    const paged = await draw('order=-syllables&offset=7&limit=5');
    expect(paged).toEqual((await draw('order=-syllables&limit=200')).slice(7, 12));
  });

  it('keeps labels beside the folder, and nothing else', async () => {
    const id = (await api('documents?corpus=sample&limit=1')).documents[0].id;
    const post = (body: unknown, headers: Record<string, string> = { origin: server.address }) =>
      fetch(`${server.address}/api/label`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      });
    expect((await post({ corpus: 'sample', id, label: 'good' })).status).toBe(200);
    expect((await post({ corpus: 'sample', id, label: 'good' }, {})).status).toBe(403);
    expect((await post({ corpus: 'sample', id, label: 'good' }, { origin: 'http://elsewhere.example' })).status).toBe(
      403,
    );
    expect((await post({ corpus: 'sample', id: 'absent', label: 'good' })).status).toBe(404);
    const { labelled, outcome, rules } = await api('labels?corpus=sample');
    expect({ labelled, outcome }).toEqual({
      labelled: 1,
      outcome: { goodPass: 1, goodFail: 0, badPass: 0, badFail: 0 },
    });
    expect(rules.find(({ reason }: { reason: string }) => reason === 'too_short')).toMatchObject({
      goodPass: 1,
      goodFail: 0,
    });
    expect(readFileSync(labelsPath(root), 'utf8').trim().split('\n').length).toBe(1);
    expect((await post({ corpus: 'sample', id, label: 'none' })).status).toBe(200);
    expect((await api('labels?corpus=sample')).labelled).toBe(0);
    expect(existsSync(join(root, 'labels.jsonl'))).toBe(false);
  });

  it.each([
    ['document?id=absent', 404, 'UNKNOWN_DOCUMENT'],
    ['overview?corpus=../..', 404, 'NO_SNAPSHOT'],
    ['documents?limit=1e9', 400, 'BAD_OPTION'],
    ['documents?nonsense=1', 400, 'BAD_OPTION'],
    ['documents?syllables=x..y', 400, 'BAD_OPTION'],
    ['what-if?threshold=nonsense%3D1', 400, 'BAD_THRESHOLD'],
    ['diff?from=sample&to=/etc', 404, 'NO_SNAPSHOT'],
    ['absent', 404, 'BAD_INPUT'],
    ['label', 405, 'BAD_INPUT'],
  ])('refuses %s', async (path, status, code) => {
    const answer = await fetch(`${server.address}/api/${path}`);
    expect([answer.status, (await answer.json()).error.code]).toEqual([status, code]);
  });

  it('lists its endpoints with what each takes', async () => {
    const { endpoints, views } = await api('');
    const paths = endpoints.map(({ path }: { path: string }) => path);
    expect(paths).toEqual(expect.arrayContaining(['/api/overview', '/api/documents', '/api/what-if', '/api/label']));
    expect(
      endpoints.every(({ about, query }: { about: string; query: object }) => about !== '' && query !== undefined),
    ).toBe(true);
    expect(views.map(({ name }: { name: string }) => name)).toEqual([
      'overview',
      'documents',
      'rejects',
      'nights',
      'tokenizer',
      'training',
    ]);
  });
});

describe('views of rooms to the right', () => {
  it('cuts a text into the pieces that the tokenizer makes, and reads what sources cost', async () => {
    const { tokenizers } = await api('tokenizers');
    const tokenizer = await Tokenizer.load(join(root, 'tokenizer'));
    expect(tokenizers).toEqual([
      { path: 'tokenizer', vocabSize: tokenizer.vocabSize, fingerprint: tokenizer.fingerprint },
    ]);
    const text = 'Nước mắm Phú Quốc 🐟 <b>\n';
    const { pieces } = await api(`pieces?text=${encodeURIComponent(text)}`);
    expect(pieces.map(({ id }: { id: number }) => id)).toEqual([...tokenizer.encode(text)]);
    const bytes = pieces.map(({ text, hex }: { text: string | null; hex?: string }) =>
      text === null ? Buffer.from(hex!, 'hex') : Buffer.from(text),
    );
    expect(Buffer.concat(bytes).toString()).toBe(text);
    const { sources } = await api('fertility?corpus=sample');
    const [first] = sources;
    expect([first.documents > 10, first.bytes / first.tokens > 1.5, first.tokens / first.syllables > 1]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('thins a long curve and keeps every evaluation of it', async () => {
    const { runs } = await api('runs');
    expect(runs).toMatchObject([{ run: 'run/model', steps: 4000, parameters: 1000, isLive: true }]);
    const { points, head } = await api('curve?run=run/model');
    expect(head).toEqual(HEAD);
    expect(points.length).toBeLessThan(1600);
    expect(
      points.filter((point: object) => 'heldOutBitsPerByte' in point).map(({ step }: { step: number }) => step),
    ).toEqual([1, 1000, 1999, 2998, 3997]);
    expect((await api('curve?run=run/model&after=3990')).points.map(({ step }: { step: number }) => step).at(0)).toBe(
      3991,
    );
    expect((await fetch(`${server.address}/api/curve?run=../../etc`)).status).toBe(404);
  });
});

/** As it is written: `fetch` would set Host itself. */
const statusOf = (
  to: RunningServer,
  path: string,
  headers: Record<string, string>,
): Promise<[number, string[] | undefined]> =>
  new Promise((resolve, reject) => {
    const asked = request(`${to.address}/`, { path, headers }, (response) => {
      response.resume();
      resolve([response.statusCode!, response.headers['set-cookie']]);
    });
    asked.on('error', reject).end();
  });

it('answers no page from elsewhere, and beyond this machine nobody without the token', async () => {
  for (const [headers, status] of [
    [{}, 200],
    [{ host: 'rebound.example' }, 403],
    [{ host: '127.0.0.1.example.com' }, 403],
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
    [{ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }, 200],
  ] as const) {
    expect(
      (await statusOf(server, '/api/corpora', headers as Record<string, string>))[0],
      JSON.stringify(headers),
    ).toBe(status);
  }
  const token = 'abcdefghijklmnop';
  const open = await startServer({ dir: root, host: '127.0.0.1', port: 0, token, views: documentViews, pages: {} });
  const ask = (path: string, headers = {}) => statusOf(open, path, headers);
  expect(await ask('/api/corpora')).toEqual([401, undefined]);
  expect(await ask('/api/corpora?token=abcdefghijklmnoq')).toEqual([401, undefined]);
  const [status, cookies] = await ask(`/overview?token=${token}&q=x`);
  expect([status, cookies?.[0]]).toEqual([302, expect.stringMatching(/HttpOnly; SameSite=Strict/)]);
  expect((await ask('/api/corpora', { cookie: cookies![0].split(';')[0] }))[0]).toBe(200);
  expect((await ask('/api/corpora', { authorization: `Bearer ${token}` }))[0]).toBe(200);
  await open.close();
});

describe('its pages', () => {
  let browser: Browser | undefined;
  let refused = '';
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    try {
      browser = await openBrowser();
    } catch (error) {
      refused = `Chromium does not start here: ${reasonOf(error).split('\n')[0]}`;
    }
  });
  beforeEach(async (test: TestContext) => {
    if (!browser) return test.skip(refused);
    faults.length = 0;
    page = await browser.newPage();
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    page.on('request', (asked) => !asked.url().startsWith(server.address) && faults.push(asked.url()));
    await page.evaluateOnNewDocument(() => localStorage.setItem('vua-tongue', 'en'));
  });
  afterEach(async () => {
    await page?.close();
  });
  afterAll(async () => {
    await browser?.close();
  });

  const open = async (address: string): Promise<void> => {
    await page.goto(server.address + address);
    await page.waitForSelector('#view > *, #problem:not([hidden])');
  };
  const text = (selector: string): Promise<string> => page.$eval(selector, (element) => element.textContent ?? '');
  const until = (selector: string, pattern: RegExp): Promise<unknown> =>
    page.waitForFunction(
      (at, source) => new RegExp(source).test(document.querySelector(at)?.textContent ?? ''),
      { polling: 50 },
      ...([selector, pattern.source] as const),
    );

  it('leads by keys from the overview to a document, and labels it', async () => {
    await open('/overview?corpus=sample');
    const { kept, corpus } = await api('overview?corpus=sample');
    expect(await text('.tile')).toContain(kept.toLocaleString('en'));
    expect(await text('.flow')).toMatch(/language.*near.*kept/s);
    expect(await page.$$eval('.histogram', (all) => all.length)).toBe(12);
    await page.focus('#bins-diacritic_ratio');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await until('.chips', /diacritic_ratio/);
    expect(page.url()).toMatch(/diacritic_ratio=/);
    await page.keyboard.press('2');
    await page.waitForSelector('.documents .line');
    await page.keyboard.press('/');
    await page.keyboard.type('viet nam');
    await until('.documents mark', /[Vv]iệt|[Nn]am|[Vv]iết|[Nn]ăm/);
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.document-head h1');
    expect(await text('.decisions')).toContain('too_short');
    await page.keyboard.press('g');
    await page.waitForSelector('#label-good[aria-pressed=true]');
    expect(readFileSync(labelsPath(root), 'utf8')).toContain(`"corpus":"${corpus.id}"`);
    expect(faults).toEqual([]);
  });

  it('moves a threshold and shows who changes side; sets near duplicates beside each other', async () => {
    await open('/rejects?corpus=sample&rule=too_short');
    await page.$eval('#threshold', (slider) => {
      (slider as HTMLInputElement).value = String(Number((slider as HTMLInputElement).max));
      slider.dispatchEvent(new Event('input'));
    });
    await until('.tile.lost', /−[1-9]/);
    const threshold = new URL(page.url()).searchParams.get('threshold')!;
    const { lost } = await api(`what-if?corpus=sample&threshold=${threshold}`);
    await until('.tile.lost', new RegExp(`−${lost}`));
    const { documents } = await api('documents?corpus=sample&kind=rejects&stage=near');
    const [{ repeats }] = (await api(`document?corpus=sample&id=${documents[0].id}`)).found;
    await open(`/rejects?corpus=sample&id=${documents[0].id}&with=${repeats[0].id}`);
    expect(await text('.view > p')).toMatch(/of the words are in both/);
    expect(
      await page.$$eval('.sides .text', (texts) => texts.every((each) => (each.textContent ?? '').length > 100)),
    ).toBe(true);
    expect(faults).toEqual([]);
  });

  it('runs nothing of what a corpus says, and nothing of it breaks the page', async () => {
    for (const id of ['h0 <b>', 'h1 <b>', 'h2 <b>', 'h3 <b>']) {
      await open(`/documents?corpus=hostile&id=${encodeURIComponent(id)}`);
      expect(
        await page.evaluate(
          '[window.broken, document.querySelectorAll("#view img, #view script, #view svg[onload]").length]',
        ),
      ).toEqual([null, 0]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth + 1'), id).toBe(true);
    }
    await open('/documents?corpus=hostile');
    expect(await text('.documents')).toContain('<script>window.broken');
    await open('/rejects?corpus=hostile');
    await open('/overview?corpus=hostile');
    expect(await page.evaluate('[window.broken, document.documentElement.scrollWidth <= innerWidth + 1]')).toEqual([
      null,
      true,
    ]);
    expect(faults).toEqual([]);
  });

  it('shows pieces of what is typed, and curves with their values', async () => {
    await open('/tokenizer?corpus=sample');
    await page.waitForSelector('.piece');
    await page.$eval('#text', (field) => {
      (field as HTMLTextAreaElement).value = '<i>Cần Thơ</i>';
      field.dispatchEvent(new Event('input'));
    });
    await until('.pieces', /^<i>Cần Thơ<\/i>$/);
    expect(await page.$$eval('.piece', (all) => all.length)).toBeGreaterThan(4);
    await until('table', /\d \/ \d/);
    await open('/training');
    await page.waitForSelector('.lines canvas');
    expect(await text('table')).toContain('run/model');
    expect(await page.$$eval('.lines', (all) => all.length)).toBe(6);
    await page.hover('.lines .u-over');
    await until('.u-legend', /training-?\d/);
    expect(faults).toEqual([]);
  });

  it('has no serious fault of accessibility, on a desk and on a phone', async () => {
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const { documents } = await api('documents?corpus=sample&limit=1');
    for (const [address, scheme, width] of [
      ['/overview?corpus=sample', 'light', 1300],
      [`/documents?corpus=sample&id=${documents[0].id}`, 'dark', 390],
      ['/rejects?corpus=sample&rule=too_short', 'light', 390],
      ['/tokenizer?corpus=sample', 'dark', 1300],
      ['/training', 'light', 390],
    ] as const) {
      await page.setViewport({ width, height: 900 });
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await open(address);
      await page.evaluate(axe);
      const found = (await page.evaluate(
        `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, impact, nodes }) => [id, impact, nodes[0].html.slice(0, 200)]))`,
      )) as [string, string, string][];
      expect(
        found.filter(([, impact]) => impact === 'serious' || impact === 'critical'),
        address,
      ).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth + 1'), address).toBe(true);
    }
  });
});
