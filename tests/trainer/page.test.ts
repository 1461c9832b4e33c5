/**
 * `vua inspect` end to end: the page in a headless Chromium (npm @sparticuz/chromium, its WebGPU on SwiftShader) trains a
 * small model, beside the same run in Node on the same driver. The server alone: tests/shards/inspector.test.ts.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import chromium from '@sparticuz/chromium';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { reasonOf } from '../../crawlers/shell/errors.ts';
import { inspectCommand } from '../../shards/commands/inspect.ts';
import { type RunningServer, startServer } from '../../shards/inspector/server.ts';
import { openTokens } from '../../shards/tokens/source.ts';
import { writeTokens } from '../../shards/tokens/write.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { exportCheckpoint } from '../../trainer/export/export.ts';
import { openLoader } from '../../trainer/loader/loader.ts';
import { Trainer } from '../../trainer/model/trainer.ts';
import { trainingPage } from '../../trainer/page/bundle.ts';
import { CHECKPOINT_VERSION, openCheckpoint } from '../../trainer/record/checkpoint.ts';
import { readCurve } from '../../trainer/record/curve.ts';
import { TensorFile } from '../../trainer/record/tensor-file.ts';
import { recipeOf } from '../../trainer/run/recipe.ts';
import { type TrainStep, train } from '../../trainer/run/train.ts';
import { drawHeldOut, halfOf } from '../../trainer/score/draw.ts';
import { heldOutOf, textFacts, textOf } from '../../trainer/score/held-out.ts';
import { countByReading, evaluateUnigram } from '../../trainer/score/unigram.ts';
import { document as documentOf, writeFolder } from '../shards/support.ts';
import { context, type HeardContext, IS_LONG, temporaryFolder } from '../support.ts';
import { sampleTexts } from '../tokenizer/support.ts';
import { sharedGpu } from './device.ts';
import { writeTokenizer } from './support.ts';

const PROMPT = 'Buổi sáng';
const LIBRARY = resolve('dist/browser.js');
const RUN = {
  ...{ depth: 1, width: 32, context: 32, batch: 4, steps: 16, learningRate: 0 },
  ...{ seed: 3, evaluateEvery: 8, evaluateTokens: 400, finalTokens: 100_000 },
};

let root: string;
let server: RunningServer;

/** `corpus/tokens`; the same in `damaged` with a bit of its training shard flipped; in `rotting` in small batches. */
beforeAll(async () => {
  root = temporaryFolder('file');
  const [documentsDir, tokenizerDir] = [0, 1].map(() => temporaryFolder('file'));
  const texts = sampleTexts().slice(0, 40);
  writeFolder(
    documentsDir,
    texts.map((text, n) => documentOf(n, { text, cluster: `c${n}` })),
  );
  const vocabSize = await writeTokenizer(tokenizerDir, 400);
  const tokenizer = await Tokenizer.load(tokenizerDir);
  const encode = (text: Uint8Array) => tokenizer.encode(text);
  const facts = { documentsDir, tokenizerDir, encode, vocabSize, bosId: tokenizer.bosId, validShare: 0.05 };
  for (const [name, batchTokens] of [
    ['corpus', 4096],
    ['damaged', 4096],
    ['rotting', 128],
  ] as const) {
    await writeTokens({ ...facts, outDir: join(root, name, 'tokens'), batchTokens }, context());
  }
  const { manifest } = await openTokens(join(root, 'damaged/tokens'));
  const { batches } = manifest.shards.find(({ split }) => split === 'train')!;
  spoil('damaged', (bytes) => {
    bytes[batches[2].offset + 100] ^= 4;
  });
  server = await startServer({ dir: root, host: '127.0.0.1', port: 0, pages: { train: await trainingPage() } });
});
afterAll(async () => {
  await server.close();
});

/** Changes a training shard where it lies. */
function spoil(name: string, change: (bytes: Buffer) => void): void {
  const path = join(root, name, 'tokens/train-00000.arrow');
  const bytes = readFileSync(path);
  change(bytes);
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path); // at once: what is read is the old file or the new one
}

describe('vua inspect', () => {
  const run = (options: Record<string, unknown>, heard: HeardContext) =>
    inspectCommand(async () => ({ views: [], pages: async () => ({ train: await trainingPage() }) })).run(
      { host: '127.0.0.1', port: 0, dir: root, ...options },
      heard,
    );

  it('says where it serves, and ends when it is told to', async () => {
    const heard = context(true);
    const ended = run({}, heard);
    await expect.poll(() => heard.out.length, { timeout: 300_000 }).toBe(1);
    const { event, url, folders } = JSON.parse(heard.out[0]);
    expect({ event, folders }).toEqual({
      event: 'serving',
      folders: ['corpus/tokens', 'damaged/tokens', 'rotting/tokens'],
    });
    expect(await (await fetch(url)).text()).toContain('<title>Vựa');
    heard.abort();
    expect(await ended).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  it.each([
    ['a file', () => ({ dir: join(root, 'corpus/tokens/tokenizer.json') }), /tokenizer\.json: not a folder/],
    ['no folder', () => ({ dir: join(root, 'absent') }), /absent: ENOENT/],
    ['a port in use', () => ({ port: Number(new URL(server.address).port) }), /EADDRINUSE/],
  ])('refuses %s', async (_name, options, message) => {
    await expect(run(options(), context())).rejects.toMatchObject({
      code: 'BAD_INPUT',
      exitStatus: 2,
      message: expect.stringMatching(message),
    });
  });
});

const STORY = `Sáng sớm trên sông Hậu, ghe thuyền tấp nập chở trái cây ra chợ nổi, người mua kẻ bán gọi nhau í ới. Mùi cà
phê thơm lừng trong làn gió mát, tiếng máy nổ giòn lẫn với tiếng cười của mấy đứa trẻ đi theo mẹ. Đến gần trưa, nước rút
dần, những chiếc xuồng nhỏ lại tản về các con rạch, để lại mặt sông phẳng lặng như tờ.`;

describe('the page', () => {
  const WEBGPU = ['--enable-unsafe-webgpu', '--enable-features=Vulkan,WebGPU', '--use-webgpu-adapter=swiftshader'];
  let browser: Browser | undefined;
  let refused = '';
  let page: Page;
  let workers: string[];
  const faults: string[] = [];
  const downloads = temporaryFolder('file');

  async function launch(args: readonly string[]): Promise<Browser> {
    const quiet = ['--no-sandbox', '--disable-vulkan-surface', '--no-first-run', '--disable-background-networking'];
    const executablePath = await chromium.executablePath();
    // Chromium brings its own SwiftShader, which these would hide from it.
    const { VK_DRIVER_FILES: _driver, VK_ICD_FILENAMES: _icd, ...env } = process.env;
    return puppeteer.launch({ executablePath, headless: 'shell', args: [...quiet, '--disable-sync', ...args], env });
  }

  beforeAll(async () => {
    try {
      browser = await launch(WEBGPU);
    } catch (error) {
      refused = `Chromium does not start here: ${reasonOf(error).split('\n').slice(0, 4).join(' ')}`;
    }
  });
  beforeEach(async (test: TestContext) => {
    if (!browser) return test.skip(refused);
    page = await browser.newPage();
    workers = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(server.address) && !/^(blob|data):/.test(request.url())) faults.push(request.url());
    });
    page.on('workercreated', (worker) => workers.push(worker.url()));
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  });
  afterEach(async () => {
    await page?.close();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it('has the library: a page cleaned, a language named, tokens read and turned back', async () => {
    await page.setBypassCSP(true); // a module of this test, not of the server
    await page.goto(server.address);
    const code = readFileSync(LIBRARY, 'utf8');
    // As text: what builds the tests would make another import of it.
    const program = `(async () => {
      const module = new Blob([${JSON.stringify(code)}], { type: 'text/javascript' });
      const { cleanHtml, identify, openTokens, Tokenizer } = await import(URL.createObjectURL(module));
      const story = ${JSON.stringify(STORY)};
      const { title, text, isKept } = await cleanHtml('<title>Chợ nổi</title><article><p>' + story + '</article>');
      const tokens = await openTokens(location.origin + '/tokens/corpus/tokens');
      const json = await (await fetch('/tokens/corpus/tokens/tokenizer.json')).arrayBuffer();
      const tokenizer = Tokenizer.parse(new Uint8Array(json), 'tokenizer.json');
      const batch = await tokens.source('train').load(0);
      const read = tokenizer.decode(batch.subarray(0, 60));
      return [title, text, isKept, identify(story).code, read, tokenizer.decode(tokenizer.encode(story))];
    })()`;
    const [title, text, isKept, language, read, back] = (await page.evaluate(program)) as string[];
    expect([title, isKept, language, back]).toEqual(['Chợ nổi', true, 'vie', STORY]);
    expect(text).toContain('sông Hậu');
    expect(read).toMatch(/\p{L}{3}/u);
  });

  const text = (selector: string): Promise<string> => page.$eval(selector, (element) => element.textContent ?? '');
  const until = (selector: string, pattern: RegExp, where = page): Promise<unknown> =>
    where.waitForFunction(
      (at, source) => new RegExp(source).test(document.querySelector(at)?.textContent ?? ''),
      { timeout: 300_000, polling: 100 },
      selector,
      pattern.source,
    );
  async function fill(values: Readonly<Record<string, number | string>>): Promise<void> {
    for (const [name, value] of Object.entries(values)) {
      await page.$eval(
        `[name=${name}]`,
        (element, value) => {
          (element as HTMLInputElement).value = value;
          element.dispatchEvent(new Event('input', { bubbles: true }));
        },
        String(value),
      );
    }
    await until('#estimate', /Parameters/);
    await page.waitForSelector('#start:enabled');
  }
  async function open(folder: string, values: Readonly<Record<string, number | string>>): Promise<void> {
    await page.goto(server.address);
    await until('#adapter', /WebGPU: .*swiftshader/i);
    await page.waitForSelector('input[name=folder]');
    await page.$$eval(
      'input[name=folder]',
      (boxes, folder) => {
        for (const box of boxes) if (box.checked !== (box.value === folder)) box.click();
      },
      folder,
    );
    await fill(values);
  }

  it('trains as Node does on the same driver, shows it, and leaves a model that Node opens', async () => {
    const expected = await trainInNode();
    await open('corpus/tokens', { ...RUN, learningRate: '', prompt: PROMPT, sampleTokens: 6 });
    await until('#estimate', /Tokens a step128/);
    await page.focus('[name=steps]');
    await page.keyboard.press('Enter'); // no mouse needed
    await until('#doing', /^done: 16 steps/);

    expect(workers.map((url) => url.split('/').at(-1))).toEqual(['train-worker.js', 'loader-worker.js']);
    expect(await text('#problem')).toBe('');
    expect(await text('#now')).toMatch(/Step16 \/ 16.*Held-out.*Unigram.*Tokens\/s.*Data wait[\d.]+ ms/);
    expect(await text('#chart svg')).toContain(`unigram: ${expected.unigram.bitsPerByte.toFixed(3)}`);
    const samples = await page.$$eval('#samples p', (all) => all.map(({ textContent }) => textContent ?? ''));
    expect(samples).toHaveLength(2);
    for (const sample of samples) expect(sample.length, sample).toBeGreaterThan(PROMPT.length);
    expect(samples.every((sample) => sample.startsWith(PROMPT))).toBe(true);

    const run = untar(await download('vua-page.tar'));
    const { points, head } = readCurve(run);
    expect(head).toMatchObject({ heldOut: expected.unigram.text, unigramBitsPerByte: expected.unigram.bitsPerByte });
    expect(expected.unigram.text.tokens).toBeLessThan(expected.unigram.text.split.tokens);
    // Closing figures are of the half that is published: a table on the page, a file beside the curve, rows of the exported card.
    const all = textOf(expected.heldOut);
    expect(await text('#sources')).toContain(`held out: ${textFacts(all)}`);
    const evaluation = JSON.parse(readFileSync(join(run, 'evaluation.json'), 'utf8'));
    expect(evaluation).toMatchObject({ step: 16, text: all });
    expect(await text('#sources')).toContain(`in all${evaluation.bitsPerByte.toFixed(4)}`);
    expect(points.map(({ loss }) => loss)).toEqual(expected.steps.map(({ loss }) => loss)); // the same driver: to the bit
    expect(points.at(-1)!.loss).toBeLessThan(points[0].loss - 0.5);
    const evaluated = points.filter((point) => point.heldOutBitsPerByte !== undefined);
    expect(evaluated.map(({ step }) => step)).toEqual([8, 16]);
    const { dir, state } = openCheckpoint(run, { need: 'parameters' });
    expect(state).toMatchObject({
      step: 16,
      version: CHECKPOINT_VERSION,
      heldOutBitsPerByte: evaluated[1].heldOutBitsPerByte,
    });
    expect(await expected.weightsEqual(dir)).toBe(true);
    expect((await Tokenizer.load(dir)).vocabSize).toBe(400);
    const out = join(downloads, 'exported');
    const form = { checkpoint: run, out, format: 'hf', ggufType: 'f32', name: 'page', best: false } as const;
    const { files } = await exportCheckpoint(form, new AbortController().signal);
    expect(files.map(({ path }) => path.slice(out.length + 1))).toContain('config.json');
    const card = readFileSync(join(out, 'README.md'), 'utf8');
    expect(card).toContain(`| held-out bits per byte | ${evaluation.bitsPerByte.toFixed(4)} `);
    expect(card).toContain(`| held-out text | ${textFacts(all)} |`);
  });

  it('pauses, goes on, and stops with what was learnt', async () => {
    await open('corpus/tokens', { ...RUN, steps: 5000, evaluateEvery: 5000, prompt: '', learningRate: 0.01 });
    await page.click('#start');
    await until('#now', /Step[1-9]/);
    await page.click('#pause');
    await until('#doing', /^paused/);
    const stepNow = async (): Promise<number> => Number(/Step([\d,]+)/.exec(await text('#now'))![1].replace(',', ''));
    await new Promise((resolve) => setTimeout(resolve, 600)); // the figures are drawn late, not the steps
    const paused = await stepNow();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(await stepNow()).toBe(paused);
    await page.click('#pause');
    await until('#now', new RegExp(`Step(?!${paused} )`));
    await page.click('#stop');
    await until('#doing', /^stopped behind step/);
    expect(await text('#files')).toContain('model.safetensors');
    expect(await page.$('#start:enabled')).not.toBeNull();
  });

  // The corpus is not read before the first step: what was learnt before the damage is kept.
  it('names the damaged shard, and what to do', async () => {
    await open('damaged/tokens', { ...RUN, learningRate: '' });
    await page.click('#start');
    await until('#problem', /BAD_SHARD .*damaged\/tokens\/train-00000\.arrow: batch 2: checksum .*vua verify/);
    expect(await text('#doing')).toContain('stopped behind step');
    expect(faults).toEqual([]);
  });

  it('stops before a shard that rots on the way, and keeps what was learnt', async ({ skip }) => {
    skip(!IS_LONG, 'set VUA_LONG: a training in the page more');
    await open('rotting/tokens', { ...RUN, steps: 5000, evaluateEvery: 5000, prompt: '', learningRate: 0.01 });
    await page.click('#start');
    await until('#now', /Step[1-9]/);
    spoil('rotting', (bytes) => {
      for (let i = 0; i < bytes.length; i++) bytes[i] ^= 1;
    });
    await until('#problem', /BAD_SHARD .*rotting\/tokens\/train-00000\.arrow: batch \d+: checksum/);
    expect(await text('#doing')).toMatch(/^stopped behind step/);
    expect(await text('#files')).toContain('model.safetensors');
  });

  it('says what is missing where there is no WebGPU', async () => {
    const bare = await launch(['--disable-features=WebGPU']);
    try {
      const [bad] = await bare.pages();
      await bad.goto(server.address);
      await until('#problem', /NO_ADAPTER this browser has .*Chrome/, bad);
      expect(await bad.$('#start:disabled')).not.toBeNull();
    } finally {
      await bare.close();
    }
  });

  async function download(name: string): Promise<string> {
    const session = await page.createCDPSession();
    await session.send('Browser.setDownloadBehavior', {
      behavior: 'allow',
      downloadPath: downloads,
      eventsEnabled: true,
    });
    const done = new Promise<void>((resolve) => {
      session.on('Browser.downloadProgress', ({ state }) => state === 'completed' && resolve());
    });
    await page.click(`a[download="${name}"]`);
    await done;
    return join(downloads, name);
  }
});

/** The run of the page, in Node on the embedded driver. */
async function trainInNode() {
  const gpu = await sharedGpu('embedded');
  const folder = await openTokens(join(root, 'corpus/tokens'));
  const { config, trainer: options, schedule, accumulate } = recipeOf(RUN, folder.manifest.vocabSize, gpu.facts);
  const trainer = await Trainer.create(gpu, config, options);
  trainer.arena.initialise(config, RUN.seed);
  const tokens = folder.source('train');
  const { rows } = options;
  const plan = { rows, length: config.context, seed: RUN.seed, paddedVocab: config.paddedVocab } as const;
  const loader = openLoader([tokens], { ...plan, layout: 'stream', maskDocuments: false });
  const heldOut = await heldOutOf([folder]);
  const every = { evaluateEvery: RUN.evaluateEvery, checkpointEvery: 1000, readEvery: 16 };
  const steps: TrainStep[] = [];
  const [select, test] = (['select', 'test'] as const).map((half) => halfOf(heldOut, half));
  const subset = await drawHeldOut(select, RUN.evaluateTokens);
  for await (const step of train(trainer, { loader, heldOut: subset, schedule, accumulate, ...every }))
    steps.push(step);
  return {
    steps,
    unigram: await evaluateUnigram(await countByReading(tokens), subset),
    heldOut: test,
    /** To the bit. */
    async weightsEqual(dir: string): Promise<boolean> {
      const own = await trainer.arena.read('params');
      const theirs = new TensorFile(join(dir, 'model.safetensors'));
      const equal = [...own].every(([name, values]) => {
        const other = theirs.read(name);
        return other.length > 0 && other.every((value, i) => Object.is(value, values[i]));
      });
      theirs.close();
      trainer.release();
      return equal;
    },
  };
}

/** Unpacks beside the archive. */
function untar(path: string): string {
  const tar = readFileSync(path);
  const dir = dirname(path);
  for (let at = 0; tar[at] !== 0; ) {
    const name = tar.toString('latin1', at, tar.indexOf(0, at));
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8);
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), tar.subarray(at + 512, at + 512 + size));
    at += 512 * (1 + Math.ceil(size / 512));
  }
  return join(dir, 'vua-page');
}
