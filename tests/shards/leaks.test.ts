/** Held-out documents have no copy in training: planted ones, in any order of inputs, and when a later night brings one. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Page, pageOf } from '../../crawlers/page.ts';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { Sides } from '../../shards/documents/groups.ts';
import { readDocuments, sideOf } from '../../shards/documents/read.ts';
import { readDocumentManifest, readTokenManifest } from '../../shards/manifest.ts';
import { documentKey, splitOf, splitOfKey } from '../../shards/split.ts';
import { openTokens } from '../../shards/tokens/source.ts';
import { writeTokens } from '../../shards/tokens/write.ts';
import { verify } from '../../shards/verify/verify.ts';
import { runTraining } from '../../trainer/run/run.ts';
import { leaksIn } from '../../trainer/score/leaks.ts';
import { prose, Random, shuffled } from '../cleaning/duplicate-pool.ts';
import { context, range, temporaryFolder, thrownBy } from '../support.ts';
import { document, writeFolder } from './support.ts';

const SHARE = 0.3;
const random = new Random(5);
const TEXTS = range(40).map(() => prose(random, 150));
const day = (n: number): string => `2026-11-0${n}T00:00:00.000Z`;
const page = (url: string, text: string, fetchedAt = day(1)): Page =>
  pageOf(url, text, { fetchedAt, source: 'bao.vua.test', headers: { 'content-type': 'text/plain; charset=utf-8' } });
const address = (n: number, host = 'bao'): string => `https://${host}.vua.test/bai-${n}`;
const keyOf = (url: string): number => documentKey(url, () => new Uint8Array());
const isHeld = (n: number, host = 'bao'): boolean => splitOfKey(keyOf(address(n, host)), SHARE) === 'valid';
/** Another version of a text: one sentence more, one word less. */
const changed = (text: string): string => `${text.replace(/ \S+/, '')} ${TEXTS[39].slice(0, 60)}.`;

async function clean(outDir: string, pages: readonly Page[], preset: 'keep-all' | 'recommended' = 'keep-all') {
  const source = async function* (): AsyncGenerator<Page> {
    yield* pages;
  };
  await cleanInputs({ pages: source(), outDir, preset, threads: 0, thresholds: {} });
  return outDir;
}

/** Side of each document by its URL, and its text. */
async function sidesOf(dir: string): Promise<Map<string, string>> {
  const sides = Sides.of(dir, readDocumentManifest(dir));
  const found = new Map<string, string>();
  for await (const batch of readDocuments(dir)) {
    for (let row = 0; row < batch.rows; row++) {
      found.set(`${batch.string('url', row)} ${batch.string('text', row)}`, sideOf(sides, batch, row, SHARE));
    }
  }
  return found;
}

/** Texts on their own, copies elsewhere, copies of copies, and pages of one moment under one URL. */
const PLANTED = range(30).flatMap((n) => [
  page(address(n), TEXTS[n]),
  ...(n % 2 === 0 ? [page(address(n, 'khac'), changed(TEXTS[n]))] : []),
  ...(n % 3 === 0 ? [page(address(n, 'nua'), TEXTS[n])] : []),
  ...(n % 5 === 0 ? [page(address(n), `${changed(TEXTS[n])}\n\nCập nhật.`)] : []),
]);

describe('a document is held out only with all that it belongs to', () => {
  it('two versions of a page, near copies and copies stand on one side, in any order and number of nights', async () => {
    const dirs = range(3).map(() => temporaryFolder());
    await clean(dirs[0], PLANTED);
    await clean(dirs[1], PLANTED.toReversed());
    const other = shuffled(PLANTED, 3);
    for (const night of [other.slice(0, 20), other.slice(20)]) await clean(dirs[2], night);
    const [first, ...others] = await Promise.all(dirs.map(sidesOf));
    expect(first.size).toBe(PLANTED.length);
    for (const sides of others) expect(sides).toEqual(new Map([...sides.keys()].map((key) => [key, first.get(key)])));
    const byNumber = grouped(first);
    expect([...byNumber.values()].filter((all) => new Set(all.map(([, side]) => side)).size > 1)).toEqual([]);
    const held = range(30).filter((n) =>
      [...first].some(([name, side]) => name.startsWith(`${address(n)} `) && side === 'valid'),
    );
    const own = (n: number): boolean =>
      isHeld(n) && (n % 2 > 0 || isHeld(n, 'khac')) && (n % 3 > 0 || isHeld(n, 'nua'));
    expect(held).toEqual(range(30).filter(own));
    expect(held.length).toBeGreaterThan(2);
  });

  it('a copy that comes later takes a held-out text into training, its tokens with it, and nothing out of it', async () => {
    const [documentsDir, outDir] = [temporaryFolder(), join(temporaryFolder(), 'tokens')];
    const tokenizerDir = temporaryFolder();
    for (const name of ['tokenizer.json', 'tokenizer_config.json']) writeFileSync(join(tokenizerDir, name), '{}');
    let encoded = 0;
    const encode = (text: Uint8Array): Uint16Array => {
      encoded++;
      return Uint16Array.from(text);
    };
    const tokens = () =>
      writeTokens({ documentsDir, tokenizerDir, outDir, encode, vocabSize: 257, bosId: 256, validShare: SHARE });
    await clean(
      documentsDir,
      range(20).map((n) => page(address(n), TEXTS[n])),
      'recommended',
    );
    await tokens();
    const before = await sidesOf(documentsDir);
    const held = range(20).find((n) => isHeld(n))!;
    const train = range(99).find((n) => !isHeld(n, 'khac'))!;
    encoded = 0;
    // The copy is dropped: it belongs to the text all the same, though no document is new.
    await clean(documentsDir, [page(address(train, 'khac'), changed(TEXTS[held]), day(2))], 'recommended');
    expect((await tokens()).outcome).toBe('written');
    const after = await sidesOf(documentsDir);
    const moved = [...before].filter(([name, side]) => after.get(name) !== side);
    expect(moved.map(([name, side]) => [name.split(' ')[0], side])).toEqual([[address(held), 'valid']]);
    expect(encoded).toBe(0); // what moved was copied
    expect((await tokens()).outcome).toBe('nothing_new');
    const folder = await openTokens(outDir);
    const hashes = { train: [] as string[], valid: [] as string[] };
    for (const shard of folder.manifest.shards) hashes[shard.split].push(...(await folder.documents(shard))!.textHash!);
    expect(hashes.train.length).toBe([...after.values()].filter((side) => side === 'train').length);
    expect(hashes.valid.filter((hash) => hashes.train.includes(hash))).toEqual([]);
    const { file } = readTokenManifest(outDir).groups!;
    expect(file).toBe(readDocumentManifest(documentsDir).groups!.file);
    const [found] = [await verify(documentsDir), await verify(outDir)].flatMap(({ faults }) => faults);
    expect(found).toBeUndefined();
  });
});

it('documents with benchmark items are left out where that is asked for, and come back where it is not', async () => {
  const [dir, tokenizerDir] = [temporaryFolder(), temporaryFolder()];
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) writeFileSync(join(tokenizerDir, name), '{}');
  const [documentsDir, outDir] = [join(dir, 'documents'), join(dir, 'tokens')];
  mkdirSync(documentsDir);
  writeFolder(
    documentsDir,
    range(20).map((n) => document(n, { contamination: n % 5 === 0 ? 'vmlu:7' : '' })),
  );
  const encode = (text: Uint8Array): Uint16Array => Uint16Array.from(text);
  const tokens = async (contaminated?: 'drop' | 'keep'): Promise<number> => {
    const options = { documentsDir, tokenizerDir, outDir, encode, vocabSize: 257, bosId: 256, validShare: SHARE };
    const { outcome, report } = await writeTokens({ ...options, contaminated });
    expect(outcome).toBe('written');
    expect((await verify(dir)).faults.filter(({ check }) => check !== 'checksum' && check !== 'measurements')).toEqual(
      [],
    );
    return report!.shards.reduce((sum, shard) => sum + shard.documents, 0);
  };
  expect([await tokens('drop'), await tokens(), await tokens('drop')]).toEqual([16, 20, 16]);
});

it('passages of held-out text that stand in train are counted, and said by tokens and by verify', async () => {
  const [dir, tokenizerDir] = [temporaryFolder(), temporaryFolder()];
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) writeFileSync(join(tokenizerDir, name), '{}');
  const [documentsDir, outDir] = [join(dir, 'documents'), join(dir, 'tokens')];
  mkdirSync(documentsDir);
  const idOf = (side: string): string =>
    range(99)
      .map((n) => `c${n}`)
      .find((name) => splitOf(name, SHARE) === side)!;
  const quoted = range(20)
    .map((n) => `chữ${n}`)
    .join(' ');
  const rows = [
    document(0, {
      text: `${quoted} ${range(60)
        .map((n) => `riêng${n}`)
        .join(' ')}`,
      cluster: idOf('valid'),
    }),
    document(1, { text: `Trước đó ${quoted.toUpperCase()}, sau đó.`, cluster: idOf('train') }),
  ];
  writeFolder(documentsDir, rows);
  const encode = (text: Uint8Array): Uint16Array => Uint16Array.from(text);
  const heard = context();
  const options = { documentsDir, tokenizerDir, outDir, encode, vocabSize: 257, bosId: 256, validShare: SHARE };
  await writeTokens(options, heard);
  const said = 'held out: of its words stand in train 25.0 % in runs of 13, 0.0 % in runs of 50';
  expect(heard.err.join('')).toContain(said);
  expect((await verify(dir)).notes.join()).toContain(said);
});

describe('several folders of tokens', () => {
  const tokenizerDir = temporaryFolder('file');
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) writeFileSync(join(tokenizerDir, name), '{}');
  const folderOf = async (prefix: string, validShare: number): Promise<string> => {
    const [documentsDir, outDir] = [temporaryFolder(), join(temporaryFolder(), 'tokens')];
    const rows = range(40).map((n) => document(n, { id: `${prefix}${n}`, cluster: `${prefix}${n}` }));
    writeFolder(documentsDir, rows);
    const encode = (text: Uint8Array): Uint16Array => Uint16Array.from(text);
    await writeTokens({ documentsDir, tokenizerDir, outDir, encode, vocabSize: 257, bosId: 256, validShare });
    return outDir;
  };
  const train = (tokens: readonly string[]) =>
    runTraining({ tokens, weights: [], out: join(temporaryFolder(), 'model'), start: 'new' } as never);

  it('the same texts under other ids are told by name, and not trained on', async () => {
    const [a, b] = [await folderOf('a', SHARE), await folderOf('b', SHARE)];
    const leaks = await leaksIn(await Promise.all([a, b].map((dir) => openTokens(dir))));
    const count = (own: string, other: string): number =>
      range(40).filter((n) => splitOf(`${own}${n}`, SHARE) === 'valid' && splitOf(`${other}${n}`, SHARE) === 'train')
        .length;
    expect(leaks.map(({ documents }) => documents).sort()).toEqual([count('a', 'b'), count('b', 'a')].sort());
    expect(await thrownBy(() => train([a, b]))).toMatchObject({
      ...{ code: 'HELD_OUT_IN_TRAIN', exitStatus: 2, message: expect.stringMatching(/word for word in train of/) },
    });
    expect(await leaksIn([await openTokens(a)])).toEqual([]);
  });

  it('other shares of the same texts are told with both shares', async () => {
    const folders = [await folderOf('a', 0.1), await folderOf('a', 0.5)];
    expect(await thrownBy(() => train(folders))).toMatchObject({
      message: expect.stringContaining('(made with --valid-share 0.5 and 0.1)'),
    });
  });
});

const grouped = (sides: ReadonlyMap<string, string>): Map<string, [string, string][]> => {
  const groups = new Map<string, [string, string][]>();
  for (const one of sides) {
    const name = /bai-\d+/.exec(one[0])![0];
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return groups;
};
