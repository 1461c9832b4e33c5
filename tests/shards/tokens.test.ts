/** Token shards: every document once, in its split; written again only where something changed. */
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { lockFolder, shareFolder } from '../../crawlers/shell/lock.ts';
import { checksumOf } from '../../shards/checksum.ts';
import { readTokenManifest } from '../../shards/manifest.ts';
import { type TokenManifest, tokenFiles, tokenFingerprint } from '../../shards/manifest-shape.ts';
import { SPLITS, splitOf } from '../../shards/split.ts';
import type { TokenOptions } from '../../shards/tokens/plan.ts';
import { eachBatch, openTokens, type TokenArray } from '../../shards/tokens/source.ts';
import { writeTokens } from '../../shards/tokens/write.ts';
import { context, range, temporaryFolder, thrownBy } from '../support.ts';
import { document, writeFolder } from './support.ts';

const BOS = 256;

/** One token per byte, in an array that the next call overwrites, as an encoder may do. */
function byteEncoder(): TokenOptions['encode'] {
  const scratch = new Uint16Array(100_000);
  return (text) => {
    scratch.set(text);
    return scratch.subarray(0, text.length);
  };
}

function tokenizerFolder(name = 'bytes'): string {
  const dir = temporaryFolder();
  writeFileSync(join(dir, 'tokenizer.json'), JSON.stringify({ name }));
  writeFileSync(join(dir, 'tokenizer_config.json'), '{}');
  return dir;
}

function setUp(count = 50, changes: Partial<TokenOptions> = {}): TokenOptions {
  const documentsDir = temporaryFolder();
  writeFolder(
    documentsDir,
    range(count).map((n) => document(n)),
  );
  return {
    documentsDir,
    tokenizerDir: tokenizerFolder(),
    outDir: join(temporaryFolder(), 'tokens'),
    encode: byteEncoder(),
    vocabSize: 257,
    bosId: BOS,
    validShare: 0.3,
    ...changes,
  };
}

/** Text of each document of a split, from the tokens. */
async function decoded(dir: string, split: 'train' | 'valid'): Promise<string[]> {
  const documents: number[][] = [];
  for await (const tokens of eachBatch((await openTokens(dir)).source(split))) {
    for (const token of tokens) {
      if (token === BOS) documents.push([]);
      else documents.at(-1)!.push(token);
    }
  }
  return documents.map((bytes) => Buffer.from(bytes).toString('utf8'));
}

const expected = (count: number, split: string, share = 0.3): string[] =>
  range(count)
    .map((n) => document(n))
    .filter(({ cluster }) => splitOf(cluster, share) === split)
    .map(({ text }) => text);

const BATCH_2 = /train-00000\.arrow: batch 2: /.source;
const DAMAGES: {
  name: string;
  harm: (path: string, tokens: TokenArray, dir: string) => void;
  code: string;
  says: RegExp;
}[] = [
  {
    name: 'a flipped bit',
    harm: (path, tokens) => {
      const bytes = readFileSync(path);
      bytes[bytes.indexOf(Buffer.from(tokens.slice().buffer)) + 20] ^= 1;
      writeFileSync(path, bytes);
    },
    code: 'BAD_SHARD',
    says: new RegExp(`${BATCH_2}checksum [0-9a-f]{16}, expected [0-9a-f]{16}`),
  },
  {
    name: 'cut',
    harm: (path) => truncateSync(path, 700),
    code: 'BAD_SHARD',
    says: /train-00000\.arrow: 700 bytes, expected \d+: it was cut/,
  },
  { name: 'missing', harm: (path) => rmSync(path), code: 'BAD_SHARD', says: /train-00000\.arrow: ENOENT/ },
  {
    name: 'another vocabulary',
    harm: (_path, _tokens, dir) => {
      const path = join(dir, 'manifest.json');
      writeFileSync(path, readFileSync(path, 'utf8').replace('"vocabSize": 257', '"vocabSize": 226'));
    },
    code: 'BAD_TOKEN',
    says: new RegExp(`${BATCH_2}token \\d+ is 2\\d\\d, expected less than the vocabulary of 226`),
  },
];

describe('token shards', () => {
  it('hold every document once, in the split of its cluster, in order', async () => {
    const options = setUp();
    const { outcome, report: manifest } = await writeTokens(options, context());
    expect(outcome).toBe('written');
    for (const split of SPLITS) expect(await decoded(options.outDir, split)).toEqual(expected(50, split));
    expect(manifest!.shards.reduce((sum, shard) => sum + shard.documents, 0)).toBe(50);
    const bytes = range(50).reduce((sum, n) => sum + Buffer.byteLength(document(n).text), 0);
    expect(manifest!.shards.reduce((sum, shard) => sum + shard.textBytes, 0)).toBe(bytes);
    expect(manifest!.shards.reduce((sum, shard) => sum + shard.rows, 0)).toBe(bytes + 50);
  });

  it.each([7, 64, 1000, 1 << 20])(
    'come out the same with %i tokens per record batch and many shards',
    async (batchTokens) => {
      const options = setUp(50, { batchTokens, shardTokens: 1500 });
      const { report: manifest } = await writeTokens(options, context());
      for (const split of SPLITS) expect(await decoded(options.outDir, split)).toEqual(expected(50, split));
      const train = manifest!.shards.filter(({ split }) => split === 'train');
      expect(train.length).toBeGreaterThan(1);
      for (const { batches } of train) {
        expect(batches.slice(0, -1).every(({ rows }) => rows === batchTokens)).toBe(true);
        expect(batches.at(-1)!.rows).toBeLessThanOrEqual(batchTokens);
      }
    },
  );

  it.each([
    { vocabSize: 65536, dtype: 'uint16', id: 65535 },
    { vocabSize: 65537, dtype: 'uint32', id: 65536 },
  ])('a vocabulary of $vocabSize is stored as $dtype', async ({ vocabSize, dtype, id }) => {
    const options = setUp(9, { vocabSize, encode: () => Uint32Array.of(7, id) });
    const { report: manifest } = await writeTokens(options, context());
    expect(manifest!.dtype).toBe(dtype);
    const tokens = await (await openTokens(options.outDir)).source('train').load(0);
    expect([...tokens.subarray(0, 3)]).toEqual([BOS, 7, id]);
    const table = tableFromIPC(readFileSync(join(options.outDir, manifest!.shards[0].file)));
    expect(table.schema.fields.map(String)).toEqual([`tokens: ${dtype === 'uint16' ? 'Uint16' : 'Uint32'}`]);
    expect([...table.getChild('tokens')!.toArray()]).toEqual([...tokens]);
  });

  it.each(DAMAGES)('$name: an error that names shard and batch', async ({ harm, code, says }) => {
    const options = setUp(50, { batchTokens: 100 });
    const { report: manifest } = await writeTokens(options, context());
    const source = (await openTokens(options.outDir)).source('train'); // opening reads no shard
    const tokens = await source.load(2);
    harm(join(options.outDir, manifest!.shards[0].file), tokens, options.outDir);
    const error = await thrownBy(async () => (await openTokens(options.outDir)).source('train').load(2));
    expect(error).toMatchObject({ code, message: expect.stringMatching(says) });
  });

  it('a folder of an older version: refused when read, made anew by `vua tokens`', async () => {
    const options = setUp();
    const { report: manifest } = await writeTokens(options, context());
    writeFileSync(join(options.outDir, 'manifest.json'), JSON.stringify({ ...manifest, version: 1 }));
    const error = await thrownBy(() => openTokens(options.outDir));
    expect(error).toMatchObject({ code: 'OLDER_FORMAT', hint: expect.stringContaining('vua tokens'), exitStatus: 2 });
    const again = await writeTokens(options, context());
    expect(again.outcome).toBe('written');
    expect(again.report!.shards.map(({ file }) => file)).toEqual(['train-00001.arrow', 'valid-00001.arrow']);
    expect(readdirSync(options.outDir).filter((name) => /\.(arrow|feather)$/.test(name))).toEqual([
      'train-00001.arrow',
      'train-00001.documents.feather',
      'valid-00001.arrow',
      'valid-00001.documents.feather',
    ]);
  });

  it('carry the tokenizer and its checksum', async () => {
    const options = setUp();
    const { report: manifest } = await writeTokens(options, context());
    const copied = readFileSync(join(options.outDir, 'tokenizer.json'));
    expect(copied).toEqual(readFileSync(join(options.tokenizerDir, 'tokenizer.json')));
    expect(manifest!.tokenizer).toBe(checksumOf(copied));
    expect(existsSync(join(options.outDir, 'tokenizer_config.json'))).toBe(true);
  });
});

describe('writing tokens again', () => {
  const stateOf = (dir: string): Record<string, string> =>
    Object.fromEntries(readdirSync(dir).map((name) => [name, checksumOf(readFileSync(join(dir, name)))]));

  it('does nothing when nothing changed', async () => {
    const options = setUp();
    const first = await writeTokens(options, context());
    const before = stateOf(options.outDir);
    const encode = (): never => {
      throw new Error('encoded again');
    };
    const second = await writeTokens({ ...options, encode }, context());
    expect(second).toEqual({ outcome: 'nothing_new', report: first.report });
    expect(stateOf(options.outDir)).toEqual(before);
  });

  const CHANGES: Record<string, (options: TokenOptions) => TokenOptions> = {
    'the documents': (options) => {
      writeFolder(
        options.documentsDir,
        range(60).map((n) => document(n)),
      );
      return options;
    },
    'the tokenizer': (options) => ({ ...options, tokenizerDir: tokenizerFolder('other') }),
    'the vocabulary': (options) => ({ ...options, vocabSize: 300 }),
    'the held-out share': (options) => ({ ...options, validShare: 0.6 }),
  };

  it.each(Object.keys(CHANGES))('starts over when %s changed, and leaves no old file', async (change) => {
    const options = setUp();
    const first = await writeTokens(options, context());
    const second = await writeTokens(CHANGES[change](options), context());
    expect(second.outcome).toBe('written');
    const files = tokenFiles(second.report!).map(({ file }) => file);
    expect(first.report!.shards.some(({ file }) => files.includes(file))).toBe(false);
    expect(readdirSync(options.outDir).sort()).toEqual(
      [...files, second.report!.counts!.file, 'manifest.json', 'tokenizer.json', 'tokenizer_config.json'].sort(),
    );
  });

  it('waits for who reads the folder, unless nothing is to be written; the documents are not changed meanwhile', async () => {
    const options = setUp();
    const { report } = await writeTokens(options, context());
    const letGo = shareFolder(options.outDir);
    const before = stateOf(options.outDir);
    expect(await writeTokens(options, context())).toEqual({ outcome: 'nothing_new', report });
    const changed = { ...options, validShare: 0.6 };
    const error = await thrownBy(() => writeTokens(changed, context()));
    expect(error).toMatchObject({ code: 'FOLDER_LOCKED', exitStatus: 75 });
    expect(stateOf(options.outDir)).toEqual(before);
    letGo();
    const encode: TokenOptions['encode'] = (text) => {
      expect(() => lockFolder(options.documentsDir)).toThrow(expect.objectContaining({ code: 'FOLDER_LOCKED' }));
      return options.encode(text);
    };
    writeFolder(options.documentsDir, [document(1), document(2)]);
    expect((await writeTokens({ ...changed, encode }, context())).outcome).toBe('written');
  });

  it('mends a tokenizer file that was changed in the folder', async () => {
    const options = setUp();
    await writeTokens(options, context());
    writeFileSync(join(options.outDir, 'tokenizer.json'), 'x');
    expect((await writeTokens(options, context())).outcome).toBe('written');
    expect(readFileSync(join(options.outDir, 'tokenizer.json'), 'utf8')).toBe('{"name":"bytes"}');
  });

  it.each<[string, (path: string) => void]>([
    ['cut', (path) => truncateSync(path, 1000)],
    ['gone', (path) => rmSync(path)],
  ])('a shard that is %s: said, and written again', async (_name, harm) => {
    const options = setUp();
    const first = await writeTokens(options, context());
    harm(join(options.outDir, 'train-00000.arrow'));
    const heard = context();
    const second = await writeTokens(options, heard);
    expect(heard.err.join('')).toMatch(/train-00000\.arrow: .*expected \d+ bytes; the tokens are written again/);
    expect(second.outcome).toBe('written');
    expect(tokenFingerprint(second.report!)).toBe(tokenFingerprint(first.report!));
    for (const split of SPLITS) expect(await decoded(options.outDir, split)).toEqual(expected(50, split));
  });

  const FAILURES: { name: string; fail: (options: TokenOptions) => Promise<unknown> }[] = [
    {
      name: 'interrupted',
      fail: async (options) => {
        const heard = context();
        heard.abort();
        expect((await writeTokens(options, heard)).outcome).toBe('interrupted');
      },
    },
    {
      name: 'an id outside the vocabulary',
      fail: async (options) => {
        let calls = 0;
        const encode = (): Uint16Array => Uint16Array.of(++calls === 7 ? 999 : 1);
        const error = await thrownBy(() => writeTokens({ ...options, encode, shardTokens: 10 }, context()));
        expect(error.message).toBe('encode: token id 999, expected less than the vocabulary of 257');
        expect(error.code).toBe('BAD_TOKEN');
      },
    },
    {
      name: 'a damaged document shard',
      fail: async (options) => {
        truncateSync(join(options.documentsDir, 'documents-00000.arrow'), 3000);
        expect((await thrownBy(() => writeTokens(options, context()))).code).toBe('BAD_SHARD');
      },
    },
  ];

  it.each(FAILURES)('$name: the tokens from before stay valid', async ({ fail }) => {
    const options = setUp();
    const { report: manifest } = await writeTokens(options, context());
    writeFolder(
      options.documentsDir,
      range(60).map((n) => document(n)),
    );
    await fail(options);
    expect(readTokenManifest(options.outDir)).toEqual(manifest);
    for (const split of SPLITS) expect(await decoded(options.outDir, split)).toEqual(expected(50, split));
    writeFolder(
      options.documentsDir,
      range(60).map((n) => document(n)),
    );
    const after = (await writeTokens(options, context())).report as TokenManifest;
    expect(readdirSync(options.outDir).filter((name) => name.includes('.arrow'))).toEqual(
      after.shards.map(({ file }) => file).sort(),
    );
  });

  it.each([
    { name: 'no documents', change: { documentsDir: 'EMPTY' }, code: 'NO_DOCUMENTS' },
    { name: 'no tokenizer', change: { tokenizerDir: 'nowhere' }, code: 'NO_TOKENIZER' },
    { name: 'no document folder', change: { documentsDir: 'nowhere' }, code: 'NO_MANIFEST' },
  ])('$name: refused, and nothing is made', async ({ change, code }) => {
    const options = { ...setUp(), ...change };
    if (options.documentsDir === 'EMPTY') {
      options.documentsDir = temporaryFolder();
      writeFolder(options.documentsDir, []);
    }
    expect(await thrownBy(() => writeTokens(options, context()))).toMatchObject({ code, exitStatus: 2 });
    expect(existsSync(options.outDir)).toBe(false);
  });

  it('refuses to write over a folder of another kind or a newer version', async () => {
    const options = setUp();
    copyFileSync(join(options.documentsDir, 'manifest.json'), join(temporaryFolder(), 'manifest.json'));
    const error = await thrownBy(() => writeTokens({ ...options, outDir: options.documentsDir }, context()));
    expect(error.code).toBe('BAD_MANIFEST');
    expect(readdirSync(options.documentsDir)).toContain('documents-00000.arrow');
  });
});
