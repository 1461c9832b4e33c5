/** Cleaning into a folder of shards: a second run, new input, Ctrl-C, kill -9, a folder in another state. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDedupStore } from '../../cleaning/dedup/store.ts';
import { recipeOf } from '../../cleaning/recipe.ts';
import { NOTHING_NEW } from '../../crawlers/shell/command.ts';
import { lockFolder } from '../../crawlers/shell/lock.ts';
import { openInput } from '../../crawlers/sources/index.ts';
import { checksumOf } from '../../shards/checksum.ts';
import { cleanCommand } from '../../shards/commands/clean.ts';
import { type CleanInputsOptions, cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { readDocuments, readRejects } from '../../shards/documents/read.ts';
import { manifestPath, readDocumentManifest } from '../../shards/manifest.ts';
import type { DocumentManifest } from '../../shards/manifest-shape.ts';
import { verify } from '../../shards/verify/verify.ts';
import { context, temporaryFolder, thrownBy } from '../support.ts';

const PAGES = fileURLToPath(new URL('../../crawlers/sample/pages', import.meta.url));
const CHILD = fileURLToPath(new URL('clean-child.mjs', import.meta.url));
const SHARD_BYTES = 30_000;

const clean = (outDir: string, options: Partial<CleanInputsOptions> = {}, heard = context()) =>
  cleanInputs({ inputs: [PAGES], outDir, shardBytes: SHARD_BYTES, ...options }, heard);

/** What a folder holds, in order: every kept and every dropped document with its shard left out. */
async function contentsOf(dir: string): Promise<{ kept: string[]; dropped: string[] }> {
  const kept: string[] = [];
  const dropped: string[] = [];
  for await (const batch of readDocuments(dir)) {
    for (let row = 0; row < batch.rows; row++) {
      kept.push([batch.string('id', row), batch.string('cluster', row), batch.string('text', row)].join('\n'));
    }
  }
  for await (const batch of readRejects(dir)) {
    for (let row = 0; row < batch.rows; row++)
      dropped.push(`${batch.string('id', row)} ${batch.string('reason', row)}`);
  }
  return { kept, dropped };
}

const shardFiles = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => name.includes('.arrow'))
    .sort();
const listedFiles = (dir: string): string[] => {
  const { documents, rejects } = readDocumentManifest(dir);
  return [...documents, ...rejects].map(({ file }) => file).sort();
};

async function expectValid(dir: string): Promise<void> {
  expect((await verify(dir, context())).faults).toEqual([]);
  expect(shardFiles(dir)).toEqual(listedFiles(dir));
}

/** The folder that an undisturbed run makes. */
let reference: { kept: string[]; dropped: string[] };
let referenceDir: string;

beforeAll(async () => {
  referenceDir = temporaryFolder('file');
  const { report } = await clean(referenceDir);
  reference = await contentsOf(referenceDir);
  expect(reference.kept.length).toBe(report.kept);
  expect(reference.kept.length).toBeGreaterThan(80);
  expect(reference.dropped.length).toBeGreaterThan(0);
});

describe('cleanInputs', () => {
  it('writes several valid shard pairs with one manifest', async () => {
    await expectValid(referenceDir);
    const { documents, recipe } = readDocumentManifest(referenceDir);
    expect(documents.length).toBeGreaterThan(3);
    expect(recipe).toEqual(recipeOf({}));
  });

  it('a second run finds nothing new and changes no byte', async () => {
    const stateOf = () => shardFiles(referenceDir).map((name) => checksumOf(readFileSync(join(referenceDir, name))));
    const [before, manifest] = [stateOf(), readFileSync(manifestPath(referenceDir))];
    const { report } = await clean(referenceDir);
    expect(report).toMatchObject({ kept: 0, dropped: {}, pages: report.skipped });
    expect(report.skipped).toBe(reference.kept.length + reference.dropped.length);
    expect(stateOf()).toEqual(before);
    expect(readFileSync(manifestPath(referenceDir))).toEqual(manifest);
  });

  it('adds new input behind the old, duplicates seen across runs', async () => {
    const out = temporaryFolder();
    await clean(out, { inputs: [join(PAGES, 'bao')] });
    const first = await contentsOf(out);
    const files = shardFiles(out);
    const { report } = await clean(out, { inputs: [join(PAGES, 'bao'), join(PAGES, 'sotay')] });
    const second = await contentsOf(out);
    expect(report.kept).toBeGreaterThan(20);
    expect(second.kept.slice(0, first.kept.length)).toEqual(first.kept);
    expect(shardFiles(out)).toEqual(expect.arrayContaining(files));
    await expectValid(out);
  });

  it('stops on Ctrl-C with what was read, and continues', async () => {
    const out = temporaryFolder();
    const heard = context();
    async function* pages() {
      let n = 0;
      for await (const page of openInput(PAGES)) {
        if (++n === 41) heard.abort();
        yield page;
      }
    }
    const { outcome, report } = await clean(out, { inputs: undefined, pages: pages() }, heard);
    expect(outcome).toBe('interrupted');
    expect(report.pages).toBe(40);
    await expectValid(out);
    expect((await clean(out)).report.skipped).toBe(40);
    expect(await contentsOf(out)).toEqual(reference);
  });

  it('reads the files behind a faulty one, and then names the fault', async () => {
    const out = temporaryFolder();
    const dir = temporaryFolder();
    const line = (text: string): string => `${JSON.stringify({ text })}\n`;
    writeFileSync(join(dir, 'a.jsonl'), `${line('Trời mưa.')}{torn\n`);
    writeFileSync(join(dir, 'b.jsonl'), line('Nước lên.'));
    writeFileSync(join(dir, 'c.jsonl'), 'none\n');
    writeFileSync(join(dir, 'd.jsonl'), line('Chợ vãn.'));
    const heard = context();
    const taken: string[] = [];
    await clean(temporaryFolder(), {
      inputs: [dir],
      preset: 'keep-all',
      onFault: ({ message }) => taken.push(message),
    });
    expect(taken).toEqual([expect.stringContaining('a.jsonl: line 2'), expect.stringContaining('c.jsonl: line 1')]);
    const error = await thrownBy(() => clean(out, { inputs: [dir], preset: 'keep-all' }, heard));
    expect(error).toMatchObject({ code: 'BAD_JSON_LINE', message: expect.stringContaining('c.jsonl: line 1') });
    expect(heard.err).toContainEqual(expect.stringContaining('a.jsonl: line 2'));
    const texts = (await contentsOf(out)).kept.map((document) => document.split('\n').at(-1));
    expect(texts).toEqual(['Trời mưa.', 'Nước lên.', 'Chợ vãn.']);
    await expectValid(out);
  });

  it('puts empty and too large inputs into the reject store, and the table before the fault', async () => {
    const out = temporaryFolder();
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'a.txt'), '');
    writeFileSync(join(dir, 'b.txt'), Buffer.alloc(65 * 2 ** 20, 'a'));
    writeFileSync(join(dir, 'c.jsonl'), 'none\n');
    const heard = context();
    const options = cleanCommand.options.parse({ input: [dir], out });
    const error = await thrownBy(() => cleanCommand.run(options, heard));
    expect(error).toMatchObject({ code: 'BAD_JSON_LINE' });
    expect(heard.out.join('\n')).toMatch(/decode\/empty[^\n]*1[\s\S]*decode\/too_large[^\n]*1/);
    expect((await contentsOf(out)).dropped).toHaveLength(2);
  });

  it('keeps what stood before a fault of the input, and continues when it is mended', async () => {
    const out = temporaryFolder();
    const texts = readdirSync(join(PAGES, 'bao')).map((name) => readFileSync(join(PAGES, 'bao', name), 'utf8'));
    const lines = gzipSync(texts.map((text, id) => JSON.stringify({ id, text })).join('\n'));
    const input = join(temporaryFolder(), 'bao.jsonl.gz');
    writeFileSync(input, lines.subarray(0, lines.length / 2));
    const error = await thrownBy(() => clean(out, { inputs: [input] }));
    expect(error.message).toContain('bao.jsonl.gz');
    expect(error.exitStatus).toBe(2);
    const before = await contentsOf(out);
    expect(before.kept.length).toBeGreaterThan(5);
    await expectValid(out);
    writeFileSync(input, lines);
    const { report } = await clean(out, { inputs: [input] });
    expect(report.skipped).toBe(before.kept.length + before.dropped.length);
    expect(report.pages).toBe(texts.length);
    expect((await contentsOf(out)).kept.slice(0, before.kept.length)).toEqual(before.kept);
    await expectValid(out);
  });

  it('ends with 5 beside other pages, new or known, and with 2 when nothing could be used', async () => {
    const [dir, out] = [temporaryFolder(), temporaryFolder()];
    const [bad, good] = [join(dir, 'bad.jsonl'), join(dir, 'good.txt')];
    writeFileSync(bad, '{');
    writeFileSync(good, 'Sáng nay trời mưa');
    const statusOf = async (...inputs: string[]): Promise<number> =>
      (await thrownBy(() => cleanCommand.run(cleanCommand.options.parse({ input: inputs, out }), context())))
        .exitStatus;
    expect(await statusOf(bad)).toBe(2);
    expect(await statusOf(bad, good)).toBe(5);
    expect(await statusOf(bad, good)).toBe(5);
  });

  it('says which files are not UTF-8, the first five by name', async () => {
    const dir = temporaryFolder();
    for (let n = 0; n < 7; n++) writeFileSync(join(dir, `${n}.txt`), Buffer.from(`b\xd5n ${n}`, 'latin1'));
    const heard = context();
    await clean(temporaryFolder(), { inputs: [dir] }, heard);
    const notes = heard.err.filter((line) => line.includes('"note"'));
    expect(notes).toHaveLength(6);
    expect(notes[0]).toContain(`${join(dir, '0.txt')}: not UTF-8 from byte 1 on`);
    expect(notes[5]).toContain('… and 2 more such files');
  });

  it('refuses a missing input before it makes anything', async () => {
    const out = join(temporaryFolder(), 'out');
    const error = await thrownBy(() => clean(out, { inputs: [PAGES, join(PAGES, 'none.jsonl')] }));
    expect(error).toMatchObject({ code: 'BAD_INPUT', exitStatus: 2 });
    expect(existsSync(out)).toBe(false);
  });

  it('makes a valid empty folder when no page is fit', async () => {
    const out = temporaryFolder();
    const input = join(temporaryFolder(), 'a.txt');
    writeFileSync(input, 'too short');
    await clean(out, { inputs: [input] });
    expect(readDocumentManifest(out)).toMatchObject({ documents: [], rejects: [{ rows: 1 }] });
    await expectValid(out);
  });
});

describe('a folder in another state', () => {
  const small = (out: string, options: Partial<CleanInputsOptions> = {}) =>
    clean(out, { inputs: [join(PAGES, 'vanhoc')], ...options });

  it('another preset is refused', async () => {
    const out = temporaryFolder();
    await small(out);
    const error = await thrownBy(() => small(out, { preset: 'keep-all' }));
    expect(error).toMatchObject({ code: 'OTHER_PRESET', exitStatus: 2 });
    expect(error.message).toMatch(/--preset recommended, this run was given keep-all/);
  });

  it('version 2, its recipe a sentence: gone on with, and of the newest once something is added', async () => {
    const out = temporaryFolder();
    const options = { thresholds: { too_short: 30, top_phrase: 0.3 }, personalData: 'strict' } as const;
    await small(out, { ...options, tones: 'old', paragraphs: 'keep', passages: 'keep' });
    const {
      recipe,
      groups: _groups,
      ...newest
    } = JSON.parse(readFileSync(manifestPath(out), 'utf8')) as DocumentManifest;
    const preset = 'recommended too_short=30 top_phrase=0.3 personal-data=strict';
    const { format, documents, rejects } = newest;
    const old = `${JSON.stringify({ format, version: 2, preset, documents, rejects }, null, 1)}\n`;
    writeFileSync(manifestPath(out), old);
    const store = openDedupStore(join(out, 'dedup.sqlite'));
    store.commit(old);
    store.close();

    expect(readDocumentManifest(out)).toEqual({ ...newest, recipe });
    expect(await thrownBy(() => small(out))).toMatchObject({
      code: 'OTHER_PRESET',
      message: expect.stringContaining(preset),
    });
    const { report } = await small(out, options);
    expect(report.pages).toBe(report.skipped);
    expect(readFileSync(manifestPath(out), 'utf8')).toBe(old);

    const input = join(temporaryFolder(), 'a.txt');
    writeFileSync(input, 'too short');
    expect((await clean(out, { inputs: [input], ...options })).report).toMatchObject({ pages: 1, skipped: 0 });
    const grown = JSON.parse(readFileSync(manifestPath(out), 'utf8')) as DocumentManifest;
    expect(grown).toMatchObject({ version: 4, recipe, documents, rejects: [...rejects, { rows: 1 }] });
    expect(grown).not.toHaveProperty('preset');
    await expectValid(out);
  });

  it('a run in progress is refused with its pid', async () => {
    const out = temporaryFolder();
    const unlock = lockFolder(out);
    const error = await thrownBy(() => small(out));
    expect(error.code).toBe('FOLDER_LOCKED');
    expect(error.message).toContain(String(process.pid));
    unlock();
  });

  it('manifest.json gone or old: written again from the store', async () => {
    const out = temporaryFolder();
    await small(out);
    const manifest = readFileSync(manifestPath(out));
    rmSync(manifestPath(out));
    await small(out);
    expect(readFileSync(manifestPath(out))).toEqual(manifest);
    const old = JSON.parse(manifest.toString()) as { documents: unknown[] };
    old.documents.pop();
    writeFileSync(manifestPath(out), JSON.stringify(old));
    await small(out);
    expect(readFileSync(manifestPath(out))).toEqual(manifest);
  });

  it('left-overs of a killed run: removed, also when there is nothing new', async () => {
    const out = temporaryFolder();
    await small(out);
    const files = shardFiles(out);
    for (const name of ['documents-00099.arrow', 'rejects-00099.arrow', 'documents-00100.arrow.tmp']) {
      writeFileSync(join(out, name), 'half');
    }
    await small(out);
    expect(shardFiles(out)).toEqual(files);
  });

  it('a shard cut: refused before anything is read, with the way on', async () => {
    const out = temporaryFolder();
    await small(out);
    truncateSync(join(out, 'documents-00000.arrow'), 1000);
    const error = await thrownBy(() => small(out));
    expect(error).toMatchObject({ code: 'BAD_SHARD', exitStatus: 2, hint: expect.stringContaining('new --out') });
    expect(error.message).toMatch(/documents-00000\.arrow: 1000 bytes, expected \d+ bytes$/);
  });

  it('dedup state gone: refused, and no shard is taken for a left-over', async () => {
    const out = temporaryFolder();
    await small(out);
    const files = shardFiles(out);
    rmSync(join(out, 'dedup.sqlite'));
    const error = await thrownBy(() => small(out));
    expect(error).toMatchObject({ code: 'LOST_DEDUP_STATE', exitStatus: 2 });
    expect(shardFiles(out)).toEqual(files);
  });

  it('a newer manifest: refused, and nothing is touched', async () => {
    const out = temporaryFolder();
    await small(out);
    const newer = readFileSync(manifestPath(out), 'utf8').replace('"version": 4', '"version": 9');
    writeFileSync(manifestPath(out), newer);
    expect((await thrownBy(() => small(out))).code).toBe('NEWER_FORMAT');
    expect(readFileSync(manifestPath(out), 'utf8')).toBe(newer);
  });
});

describe('kill -9', () => {
  const MOMENTS = [
    ['page', 50],
    ['after-commit', 1],
    ['before-commit', 3],
  ] as const;

  /** Resolves with the signal that ended the child. */
  const run = (out: string, moment: string, count: number): Promise<string | null | undefined> =>
    new Promise((resolve) => {
      const words = [CHILD, PAGES, out, moment, String(count), ...(moment === 'page' ? [] : ['0'])];
      execFile(process.execPath, words, (error) => resolve(error?.signal ?? null));
    });

  it('again and again, at every kind of moment: nothing is lost, nothing stands twice', async () => {
    const out = join(temporaryFolder(), 'documents');
    mkdirSync(out);
    let committed = 0;
    for (const [moment, count] of MOMENTS) {
      expect(await run(out, moment, count), `${moment} ${count}`).toBe('SIGKILL');
      if (!existsSync(manifestPath(out))) continue;
      const { faults } = await verify(out, context()); // manifest.json may be behind the store, never ahead of the files
      expect(faults, `${moment} ${count}`).toEqual([]);
      const { kept } = await contentsOf(out);
      expect(kept).toEqual(reference.kept.slice(0, kept.length));
      expect(kept.length).toBeGreaterThanOrEqual(committed);
      committed = kept.length;
    }
    expect(committed).toBeGreaterThan(0);
    expect(committed).toBeLessThan(reference.kept.length);
    const { report } = await clean(out);
    expect(report.skipped).toBeGreaterThanOrEqual(committed);
    expect(await contentsOf(out)).toEqual(reference);
    await expectValid(out);
  });
});

describe('vua clean', () => {
  const run = (out: string, input: string[], heard = context()) =>
    cleanCommand.run(cleanCommand.options.parse({ input, out }), heard);

  it('prints what was kept and dropped, then 99 when nothing is new', async () => {
    const out = temporaryFolder();
    const first = context();
    expect(await run(out, [join(PAGES, 'dac-biet')], first)).toBe(0);
    expect(first.out.join('')).toMatch(/^pages read +\d+$/m);
    expect(first.out.join('')).toMatch(/^ {2}language\/not_vietnamese +\d+$/m);
    const second = context();
    expect(await run(out, [join(PAGES, 'dac-biet')], second)).toBe(NOTHING_NEW);
    expect(second.out.join('')).toMatch(/^nothing new: \d+ pages read/);
  });

  it('gives one JSON line with --json', async () => {
    const heard = context(true);
    await run(temporaryFolder(), [join(PAGES, 'vanhoc', 'ben-do-cu.md')], heard);
    expect(JSON.parse(heard.out.join(''))).toMatchObject({
      pages: 1,
      skipped: 0,
      kept: 1,
      shards: 1,
      interrupted: false,
    });
  });
});
