/** What a folder says of its decisions later: explain, what-if, opt-outs that reach back, folders of version 1. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { recipeOf } from '../../cleaning/recipe.ts';
import type { Page } from '../../crawlers/page.ts';
import { openInput } from '../../crawlers/sources/index.ts';
import { NumberColumns, TextColumn } from '../../shards/arrow/columns.ts';
import {
  type Columns,
  DOCUMENT_COLUMNS_1,
  DOCUMENT_COLUMNS_2,
  REJECT_COLUMNS,
  REJECT_COLUMNS_1,
} from '../../shards/arrow/schemas.ts';
import { ShardWriter } from '../../shards/arrow/write-shard.ts';
import { cleanCommand } from '../../shards/commands/clean.ts';
import { explainCommand } from '../../shards/commands/explain.ts';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { readDocuments, readRejects } from '../../shards/documents/read.ts';
import { explain } from '../../shards/explain/explain.ts';
import { whatIf } from '../../shards/explain/what-if.ts';
import { manifestJson, manifestPath, readDocumentManifest, writeManifest } from '../../shards/manifest.ts';
import { statsOf } from '../../shards/stats.ts';
import { verify } from '../../shards/verify/verify.ts';
import { collect, context, range, temporaryFolder, thrownBy } from '../support.ts';
import { document, drop, measurements, writeFolder } from './support.ts';

const PAGES = fileURLToPath(new URL('../../crawlers/sample/pages', import.meta.url));

describe('vua explain', () => {
  it('prints every rule with its figure, for kept and dropped documents, by id or URL', async () => {
    const out = temporaryFolder();
    await cleanInputs({ inputs: [join(PAGES, 'dac-biet')], outDir: out }, context());
    const [batch] = await collect(readRejects(out));
    const row = range(batch.rows).find((each) => batch.string('reason', each) === 'not_vietnamese')!;
    const heard = context();
    const wanted = batch.string('url', row);
    expect(await explainCommand.run(explainCommand.options.parse({ document: wanted, out }), heard)).toBe(0);
    const said = heard.out.join('');
    expect(said).toMatch(
      /^dropped by language: not_vietnamese \(0\.\d+, threshold 0\.350\) \(rejects-00000\.arrow\)$/m,
    );
    expect(said).toMatch(/^FAIL +not_vietnamese +language_score 0\.\d+ +at least 0\.350$/m);
    expect(said).toMatch(/^pass +repeated_lines +dup_line_frac [01]\S* +at most 0\.700$/m);
    expect(said).toContain(batch.string('id', row));

    const json = context(true);
    const id = (await collect(readDocuments(out)))[0].string('id', 0);
    await explainCommand.run(explainCommand.options.parse({ document: id, out }), json);
    expect(JSON.parse(json.out.join(''))).toMatchObject({ outcome: 'kept', said: { id, language: 'vie' } });
  });

  it('shows what extraction left out of the page, and why', async () => {
    const [out, pages] = [temporaryFolder(), temporaryFolder()];
    const sentence =
      'Con kênh đào từ thời ông cố tôi nay chỉ còn rộng bằng hai sải tay, mùa nước lên vẫn đủ cho chiếc xuồng.';
    const body = Array.from({ length: 8 }, (_, i) => `<p>${sentence} Chuyện thứ ${i + 1} là chuyện của xóm.</p>`).join(
      '',
    );
    writeFileSync(
      join(pages, 'kenh.html'),
      `<html><body><div class="menu"><a href="/">Trang chủ</a></div><div><h1>Con kênh</h1>${body}
       <figure><img src="k.jpg"><figcaption>Khúc kênh trước nhà</figcaption></figure><p style="display:none">Bài cũ</p>
       <div id="lq" class="box lien-quan"><a href="/2">Bài khác</a> <a href="/3">Bài nữa</a></div><p>Theo Báo Xóm</p></div>
       <div class="comments"><p>Hay quá, tôi cũng ở gần đó.</p></div></body></html>`,
    );
    await cleanInputs({ inputs: [pages], outDir: out, preset: 'keep-all' }, context());
    const heard = context();
    const options = explainCommand.options.parse({
      document: `file:${basename(pages)}/kenh.html`,
      out,
      input: [pages],
    });
    expect(await explainCommand.run(options, heard)).toBe(0);
    const [, leftOut] = heard.out.join('').split('lines that its host repeats\n');
    expect(leftOut?.trim().split('\n')).toEqual([
      'named as furniture  div.menu: Trang chủ',
      'caption             figcaption: Khúc kênh trước nhà',
      'hidden              p: Bài cũ',
      'named as furniture  div#lq.box.lien-quan: Bài khác Bài nữa',
      'comments            div.comments: Hay quá, tôi cũng ở gần đó.',
      'label or link       line: Theo Báo Xóm',
    ]);

    const elsewhere = explainCommand.options.parse({
      document: `file:${basename(pages)}/kenh.html`,
      out,
      input: [PAGES],
    });
    const error = await thrownBy(() => explainCommand.run(elsewhere, context()));
    expect(error).toMatchObject({ code: 'UNKNOWN_DOCUMENT', exitStatus: 2 });
  });

  it('says when there is no such document', async () => {
    const out = temporaryFolder();
    writeFolder(out, [document(0)]);
    const error = await thrownBy(() =>
      explainCommand.run(explainCommand.options.parse({ document: 'x', out }), context()),
    );
    expect(error).toMatchObject({ code: 'UNKNOWN_DOCUMENT', exitStatus: 2 });
  });
});

describe('vua clean --what-if', () => {
  const measured = (changes: object) => ({ ...measurements('Bài.'), ...PASSING, ...changes });
  /** Passes every row of the recommended preset. */
  const PASSING = {
    ...Object.fromEntries(Object.keys(measurements('')).map((name) => [name, 0])),
    ...{ syllables: 300, mean_syllable_length: 3.3, alphabetic_ratio: 0.97, language_score: 1, diacritic_ratio: 0.8 },
    ...{
      vietnamese_para_frac: 1,
      stopword_hits: 20,
      fineweb_stopwords: 9,
      function_word_frac: 0.2,
      line_punct_frac: 0.9,
      bytes: 100,
    },
  };

  it('counts what would change, from stored measurements alone, and changes nothing', async () => {
    const dir = temporaryFolder();
    const kept = range(10).map((n) => document(n, { measurements: measured({ dup_line_frac: n / 25 }) }));
    const drops = [
      drop(0, { reason: 'too_short', measurements: measured({ syllables: 20 }) }),
      drop(1, { reason: 'repeated_lines', measurements: measured({ dup_line_frac: 0.6 }) }),
      drop(2, { stage: 'decode', reason: 'empty' }),
    ];
    const before = manifestJson(writeFolder(dir, kept, { drops }));
    const { signal } = context();
    expect(await whatIf(dir, { repeated_lines: 0.2 }, signal)).toMatchObject({
      kept: 10,
      lost: { repeated_lines: 4 },
      gained: {},
      unmeasured: 1,
      lostBytes: 400,
    });
    expect(await whatIf(dir, { repeated_lines: 0.7, too_short: 10 }, signal)).toMatchObject({
      lost: {},
      gained: { repeated_lines: 1, too_short: 1 },
      examples: { gained: ['x0', 'x1'] },
    });
    expect(manifestJson(readDocumentManifest(dir))).toBe(before);
  });

  it('is a form of the command that needs no input; a wrong name is told what is allowed', async () => {
    const dir = temporaryFolder();
    writeFolder(dir, [document(0, { measurements: measured({}) })]);
    const heard = context();
    const run = (whatIfs: string[]) =>
      cleanCommand.run(cleanCommand.options.parse({ out: dir, whatIf: whatIfs }), heard) as Promise<number>;
    expect(await run(['dup_line_frac=0.4'])).toBe(0);
    expect(heard.out.join('')).toMatch(/^kept now +1$/m);
    expect(await thrownBy(() => run(['dup_lines=0.4']))).toMatchObject({ code: 'BAD_THRESHOLD', exitStatus: 2 });
  });
});

describe('a recipe of another version of vua', () => {
  it.each([
    [{ preset: 'tomorrow' }, /manifest\.json: preset "tomorrow", expected one of recommended, fineweb2, keep-all$/],
    [{ thresholds: { too_blue: 1 } }, /threshold "too_blue", expected one of endless_word, not_vietnamese, /],
    [{ personalData: 'none' }, /personal data "none", expected one of off, basic, strict$/],
  ])('is refused by name where its rules are asked for, and read elsewhere: %j', async (other, says) => {
    const dir = temporaryFolder();
    const manifest = writeFolder(dir, [document(0)]);
    writeManifest(dir, { ...manifest, recipe: { ...manifest.recipe, ...other } });
    const { signal } = context();
    for (const ask of [() => explain(dir, 'd0', signal), () => whatIf(dir, {}, signal)]) {
      const error = await thrownBy(ask);
      expect(error).toMatchObject({ code: 'UNKNOWN_RECIPE', exitStatus: 2, message: expect.stringMatching(says) });
      expect(error.hint).not.toMatch(/delete|remove|again/);
    }
    expect((await statsOf(dir)).documents?.report.kept).toBe(1);
  });
});

describe('an opt-out of a page that was kept', () => {
  it('takes the document out of its shard and the text of its rejects away', async () => {
    const out = temporaryFolder();
    const pages = await collect(openInput(join(PAGES, 'bao')));
    async function* stream(list: readonly Page[]) {
      yield* list;
    }
    const short = {
      ...pages[3],
      row: undefined,
      url: 'file:bao#ngan',
      body: Buffer.from('Chiều nay bến nghỉ một chuyến.'),
    };
    const clean = (list: readonly Page[]) =>
      cleanInputs({ pages: stream(list), outDir: out, shardBytes: 30_000 }, context());
    await clean([...pages, short]);
    const texts = async () => {
      const kept = new Map<string, string>();
      for await (const batch of readDocuments(out)) {
        for (const row of range(batch.rows)) kept.set(batch.string('url', row), batch.string('text', row));
      }
      return kept;
    };
    const before = await texts();
    expect(before.size).toBeGreaterThan(20);
    const fingerprint = readDocumentManifest(out).documents.map(({ file }) => file);

    const gone = [...before.keys()][5];
    const optOut = (url: string): Page => ({
      ...pages[0],
      row: undefined,
      url,
      body: Buffer.from('khác'),
      fetchedAt: '2099-01-01T00:00:00.000Z',
      consent: { conclusion: 'no-train', statements: ['x-robots-tag: noai'] },
    });
    await clean([optOut(gone), optOut(short.url)]);
    const after = await texts();
    expect(after.has(gone)).toBe(false);
    expect([...after]).toEqual([...before].filter(([url]) => url !== gone));
    const manifest = readDocumentManifest(out);
    expect(manifest.documents.map(({ file }) => file)).not.toEqual(fingerprint);
    expect((await verify(out, context())).faults).toEqual([]);
    const onDisk = readdirSync(out).filter((name) => name.endsWith('.arrow'));
    expect(onDisk.sort()).toEqual([...manifest.documents, ...manifest.rejects].map(({ file }) => file).sort());
    for (const file of onDisk) {
      const bytes = readFileSync(join(out, file));
      expect(bytes.includes(Buffer.from(before.get(gone)!.slice(0, 60)))).toBe(false);
      expect(bytes.includes(Buffer.from('Chiều nay bến nghỉ một chuyến.'))).toBe(false);
    }
    const files = readdirSync(out);
    await clean([optOut(gone), optOut(short.url)]);
    expect(readdirSync(out)).toEqual(files); // known: nothing is written again
  });
});

describe('an opt-out in the middle of a run', () => {
  it('of a page of the same run: the shards behind it are whole', async () => {
    const out = temporaryFolder();
    const pages = await collect(openInput(join(PAGES, 'bao')));
    const optOut: Page = {
      ...pages[0],
      body: Buffer.from('khác'),
      fetchedAt: '2099-01-01T00:00:00.000Z',
      consent: { conclusion: 'no-index', statements: ['meta robots: noindex'] },
    };
    async function* stream() {
      yield* pages.slice(0, 12);
      yield optOut;
      yield* pages.slice(12);
    }
    const { report } = await cleanInputs({ pages: stream(), outDir: out, shardBytes: 9_000 }, context());
    expect(report.manifest.documents.length).toBeGreaterThan(5);
    expect((await verify(out, context())).faults).toEqual([]);
    const urls: string[] = [];
    for await (const batch of readDocuments(out))
      for (const row of range(batch.rows)) urls.push(batch.string('url', row));
    expect(urls).not.toContain(optOut.url);
    expect(urls).toHaveLength(report.kept - 1);
    expect(new Set(urls).size).toBe(urls.length);
  });
});

describe('a folder of an older version', () => {
  it.each([
    { version: 1, columns: DOCUMENT_COLUMNS_1, ofRejects: REJECT_COLUMNS_1 },
    { version: 3, columns: DOCUMENT_COLUMNS_2, ofRejects: REJECT_COLUMNS },
  ])('$version is read: its columns as they were, the others empty', async ({ version, columns, ofRejects }) => {
    const dir = temporaryFolder();
    const write = (file: string, { texts, numbers, wide, schema }: Columns) => {
      const shard = new ShardWriter(dir, file, schema);
      const held = texts.map((name) => {
        const column = new TextColumn();
        column.append(`${name} 0`);
        return column.data();
      });
      const figures = new NumberColumns(numbers.map((name) => wide.includes(name)));
      figures.append((into, at) => into.set(range(numbers.length), at));
      shard.write(1, [...held, ...figures.data()]);
      return { ...shard.finish(), textBytes: 6 };
    };
    const documents = [write('documents-00000.arrow', columns)];
    const rejects = [write('rejects-00000.arrow', ofRejects)];
    const recipe = version === 1 ? { preset: 'recommended' } : { recipe: recipeOf({}) };
    const manifest = { format: 'vua-documents', version, ...recipe, documents, rejects };
    writeFileSync(manifestPath(dir), JSON.stringify(manifest));
    const [batch] = await collect(readDocuments(dir));
    expect([batch.string('text', 0), batch.string('cluster', 0)]).toEqual(['text 0', 'cluster 0']);
    expect([batch.string('author', 0), batch.string('tool', 0)]).toEqual([version === 1 ? '' : 'author 0', '']);
    expect([batch.values('syllables')[0], batch.values('http_status')[0]]).toEqual([1, Number.NaN]);
    expect(batch.values('dup_line_frac')[0]).toBe(
      version === 1 ? Number.NaN : columns.numbers.indexOf('dup_line_frac'),
    );
    const [reject] = await collect(readRejects(dir));
    expect([reject.string('reason', 0), reject.values('threshold')[0]]).toEqual(['reason 0', 1]);
    const unmeasured = version === 1 ? 2 : 0;
    expect(await whatIf(dir, { too_short: 5 }, context().signal)).toMatchObject({ unmeasured });
  });
});

it('the style of tones goes on as the folder began, unless another is asked for', async () => {
  const out = temporaryFolder();
  const small = (tones?: 'old' | 'keep') =>
    cleanInputs({ inputs: [join(PAGES, 'vanhoc')], outDir: out, threads: 0, tones }, context());
  await small('old');
  expect((await small()).report.kept).toBe(0);
  expect(await thrownBy(() => small('keep'))).toMatchObject({ code: 'OTHER_PRESET' });
  // Folders of before know one style and do not name it.
  const { recipe, ...manifest } = readDocumentManifest(out);
  writeFileSync(manifestPath(out), JSON.stringify({ ...manifest, recipe: { ...recipe, tones: undefined } }));
  expect(readDocumentManifest(out).recipe.tones).toBe('old');
});
