/** The pages of `vua inspect` in a headless Chromium. Their JSON: api.test.ts; pictures: `npm run inspect:look`. */
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { installedPackage } from '../../crawlers/shell/assets.ts';
import { reasonOf } from '../../crawlers/shell/errors.ts';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { labelsPath } from '../../shards/inspector/labels.ts';
import type { RunningServer } from '../../shards/inspector/server.ts';
import { DUCKDB } from '../../shards/sql/engine.ts';
import { openBrowser } from './browser.ts';
import { inspected } from './corpus.ts';

let root: string;
let server: RunningServer;
const api = async (path: string) => (await fetch(`${server.address}/api/${path}`)).json();
beforeAll(async () => {
  ({ root, server } = await inspected({ withPages: true }));
});
afterAll(async () => {
  await server.close();
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
    const plain = (await text('article.text')).replace(/\s/g, '');
    await page.keyboard.press('t');
    await page.waitForSelector('article .piece.hue-3');
    const pieces = await page.$$eval('.piece', (all) =>
      all.map(({ className, textContent }) => [className, textContent]),
    );
    const bytes = pieces.map(([kind, said = '']) =>
      Buffer.from(said!.replace(/[⟨⟩↵]/g, ''), /raw/.test(kind!) ? 'hex' : 'utf8'),
    );
    expect(Buffer.concat(bytes).toString().replace(/\s/g, '')).toBe(plain);
    await page.keyboard.press('t');
    await page.waitForSelector('article.text > p');
    await page.keyboard.press('g');
    await page.waitForSelector('#label-good[aria-pressed=true]');
    expect(readFileSync(labelsPath(root), 'utf8')).toContain(`"corpus":"${corpus.id}"`);

    // Whoever opens a document while still typing stays with it.
    await page.keyboard.press('Escape');
    await page.waitForSelector('#view a[data-item]');
    await page.evaluate(() => {
      const field = document.querySelector<HTMLInputElement>('#q')!;
      field.value = 'nam';
      field.dispatchEvent(new Event('input', { bubbles: true }));
      document.querySelector<HTMLElement>('#view a[data-item]')!.click();
    });
    await page.waitForSelector('.document-head h1');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(page.url()).toMatch(/[?&]id=/);
    expect(await page.$('.document-head h1')).not.toBeNull();
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
    expect(await text('#view')).toMatch(/Label documents|Beside labels/);
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
    const { documents } = await api('documents?corpus=archived&kind=rejects');
    await open(`/rejects?corpus=archived&id=${encodeURIComponent(documents[0].id)}`);
    await page.click('#original summary');
    await until('.original', /Chuyện thứ 8 của xóm/);
    expect(await text('.original .gone')).toMatch(/nav#menu\.nav: left out: .*Trang chủ/s);
    expect(
      await page.$$eval('.original *', (all) => all.every(({ tagName }) => !/^(A|IMG|SCRIPT|IFRAME)$/.test(tagName))),
    ).toBe(true);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth + 1')).toBe(true);
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

  it('answers SQL with a table and a chart, and says what is wrong with it', async (test) => {
    if (installedPackage(DUCKDB.name) === undefined) return test.skip(`${DUCKDB.name} is not installed`);
    await open('/sql?corpus=sample');
    await page.focus('#q');
    await page.keyboard.type(
      'select id as name, syllables as n, 0.5::float half from documents order by n desc limit 9',
    );
    await page.keyboard.down('Control');
    await page.keyboard.press('Enter');
    await page.keyboard.up('Control');
    await until('.sql-result', /rows/);
    expect(await text('.sql-table thead')).toBe('namenhalf');
    expect(await page.$$eval('.sql-bars li', (all) => all.length)).toBeGreaterThan(1);
    expect(new URL(page.url()).searchParams.get('q')).toMatch(/^select id as name/);
    await open(`/sql?corpus=hostile&q=${encodeURIComponent('select id, title, text from documents')}`);
    await until('.sql-table', /<script>window.broken/);
    expect(await page.evaluate('[window.broken, document.querySelectorAll("#view script, #view img").length]')).toEqual(
      [null, 0],
    );
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth + 1')).toBe(true);
    expect(faults).toEqual([]);
    await open(`/sql?q=${encodeURIComponent("select * from read_csv('/etc/passwd')")}`);
    await until('.sql-result [role=alert]', /disabled by configuration/);
  });

  it('answers questions with their source, or says that it does not know', async () => {
    const { documents } = await api('documents?corpus=sample&q=g%E1%BA%A1o%20n%E1%BA%BFp&limit=1');
    await open('/ask?corpus=sample');
    const asks = async (question: string): Promise<void> => {
      await page.focus('#question');
      await page.keyboard.type(question);
      await page.keyboard.press('Enter');
    };
    await asks('Gạo nếp ngâm mấy tiếng?');
    await until('.told', /ngâm tám tiếng.*\[1\]$/);
    await page.waitForSelector('.sources a');
    expect(await page.$eval('.sources a', (link) => (link as HTMLAnchorElement).href)).toContain(documents[0].id);
    await asks('<img src=x onerror="window.broken = true"> Thủ đô của Pháp là gì?');
    await until('.turn.unknown .told', /Không biết/);
    expect(await page.evaluate('[window.broken, document.querySelectorAll("#view img").length]')).toEqual([null, 0]);
    expect(faults).toEqual([]);
  });

  it('shows cards in five designs, and a quiz while it is played', async () => {
    await open(`/cards?corpus=sample&from=em&to=${encodeURIComponent('thầy cô')}&occasion=20-11&signed=Nam`);
    const drawn = (): Promise<number[]> =>
      page.$$eval('.gallery img', (all) => all.map((img) => (img as HTMLImageElement).naturalWidth));
    await page.waitForFunction(() =>
      [...document.querySelectorAll('.gallery img')].every((img) => (img as HTMLImageElement).complete),
    );
    expect(await drawn()).toEqual([1080, 1080, 1080, 1080, 1080]);
    const first = await page.$eval('.gallery img', (img) => (img as HTMLImageElement).alt);
    expect(first).toMatch(/Nhà giáo.*thầy cô/is);
    await page.click('#another');
    await page.waitForFunction(
      (before) => document.querySelector('.gallery img')?.getAttribute('alt') !== before,
      {},
      first,
    );
    const file = join(root, 'tran.json.playing');
    const game = {
      format: 'vua-arena-playing',
      sealed: 'ab',
      limit: 30,
      players: ['lon', '<b>nho'],
      startedAt: '2027-01-01T00:00:00Z',
      questions: 2,
    };
    const asked = [{ id: '01-0001', question: 'Hỏi <i>gì</i>?', choices: ['A. một', 'B. hai'], answer: 'B' }];
    const tries = game.players.map((player, at) => ({
      player,
      answer: 'AB'[at],
      seconds: 1.5,
      right: at === 1,
      points: 975 * at,
    }));
    writeFileAtomic(file, JSON.stringify({ ...game, rounds: [], asked: [] }));
    await open('/quiz?corpus=sample');
    await until('.quiz-state', /live.*round 0 of 2/);
    writeFileAtomic(file, JSON.stringify({ ...game, rounds: [{ question: '01-0001', tries }], asked }));
    await until('.quiz-state', /round 1 of 2/);
    expect(await text('.board li')).toMatch(/1<b>nho975/);
    expect(await text('.round')).toContain('Hỏi <i>gì</i>?');
    rmSync(file);
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
      [`/ask?corpus=sample&question=${encodeURIComponent('Gạo nếp ngâm mấy tiếng?')}`, 'light', 390],
      ['/cards?corpus=sample', 'dark', 390],
      ['/sql?corpus=sample&q=select%20id%2C%20url%20from%20documents', 'dark', 390],
      ['/trace?corpus=sample&text=n%C6%B0%E1%BB%9Bc', 'light', 390],
      ['/nights', 'dark', 1300],
      ['/quiz', 'light', 390],
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
