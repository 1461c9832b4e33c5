/** Tokens for other engines: what stands on the disk is what their readers want. Their own readers: npm run interop. */
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { tableFromIPC } from 'apache-arrow';
import { parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import { rankOf } from '../../crawlers/shell/work.ts';
import { checksumOf } from '../../shards/checksum.ts';
import { FOREIGN_TOKENS, type ForeignTokens, TOKEN_FORMATS, type TokenFormat } from '../../shards/export/formats.ts';
import { exportParts, exportTokens, mergeExport } from '../../shards/export/tokens/export.ts';
import { foreignDocuments, foreignFiles } from '../../shards/export/tokens/foreign.ts';
import { type ImportTokensOptions, importTokens } from '../../shards/export/tokens/import.ts';
import type { ExportTokensOptions } from '../../shards/export/tokens/plan.ts';
import { SPLITS, type Split } from '../../shards/split.ts';
import { eachBatch, openTokens } from '../../shards/tokens/source.ts';
import { verify } from '../../shards/verify/verify.ts';
import { context, temporaryFolder, thrownBy } from '../support.ts';
import { asVersion2 } from './support.ts';
import { type MadeTokens, makeTokens } from './token-folder.ts';

const numbers = (bytes: Buffer, width: 2 | 4): number[] =>
  Array.from({ length: bytes.length / width }, (_, i) => bytes.readUIntLE(i * width, width));
const cut = (tokens: readonly number[], ends: readonly number[]): number[][] =>
  ends.map((end, i) => tokens.slice(i === 0 ? 0 : ends[i - 1], end));
const namesIn = (dir: string, pattern: RegExp): string[] =>
  readdirSync(dir)
    .filter((name) => pattern.test(name))
    .sort();
const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

/** Documents of a split, by the description of each format. */
const READERS: Readonly<Partial<Record<TokenFormat, (out: string, split: Split, width: 2 | 4) => number[][]>>> = {
  megatron: (out, split, width) =>
    namesIn(out, new RegExp(`^${split}-.*idx$`)).flatMap((name) => {
      const index = readFileSync(join(out, name));
      expect(index.subarray(0, 9).toString('latin1')).toBe('MMIDIDX\0\0');
      expect([index.readUInt8(9), index.readUInt8(17)]).toEqual([1, width === 2 ? 8 : 4]);
      const count = index.readUInt32LE(18);
      expect(index.length).toBe(34 + 4 * count + 8 * count + 8 * (count + 1));
      const lengths = numbers(index.subarray(34, 34 + 4 * count), 4);
      const offsets = Array.from({ length: count }, (_, i) => Number(index.readBigInt64LE(34 + 4 * count + 8 * i)));
      const bin = readFileSync(join(out, name.replace('idx', 'bin')));
      return offsets.map((at, i) => numbers(bin.subarray(at, at + lengths[i] * width), width));
    }),
  datatrove: (out, split, width) =>
    namesIn(join(out, split), /\.ds$/).flatMap((name) => {
      const ends = new BigUint64Array(new Uint8Array(readFileSync(join(out, split, `${name}.index`))).buffer);
      return cut(numbers(readFileSync(join(out, split, name)), width), Array.from(ends, Number));
    }),
  olmo: (out, split, width) =>
    namesIn(join(out, split), /npy$/).flatMap((name) => {
      const table = gunzipSync(readFileSync(join(out, split, name.replace('npy', 'csv.gz')))).toString();
      const ends = table
        .trim()
        .split('\n')
        .map((line) => Number(line.split(',')[1]));
      return cut(numbers(readFileSync(join(out, split, name)), width), ends);
    }),
  litdata: (out, split, width) =>
    json(join(out, split, 'index.json')).chunks.flatMap(
      ({ filename, chunk_size }: { filename: string; chunk_size: number }) => {
        const chunk = readFileSync(join(out, split, filename));
        const offsets = numbers(chunk.subarray(4, 8 + 4 * chunk_size), 4);
        return offsets.slice(1).map((end, i) => numbers(chunk.subarray(offsets[i], end), width));
      },
    ),
  datasets: (out, split) =>
    json(join(out, split, 'state.json'))._data_files.flatMap(({ filename }: { filename: string }) =>
      tableFromIPC(readFileSync(join(out, split, filename)))
        .toArray()
        .map((row) => [...row.input_ids]),
    ),
};

/** Every token of a split as they follow each other. */
const llmc = (out: string, split: Split, width: 2 | 4): number[] =>
  namesIn(out, new RegExp(`^${split}_`)).flatMap((name) => {
    const bytes = readFileSync(join(out, name));
    expect(bytes.readInt32LE(8)).toBe((bytes.length - 1024) / width);
    return numbers(bytes.subarray(1024), width);
  });

const framed = (made: MadeTokens, split: Split): number[][] => made.documents[split].map((ids) => [...ids, made.endId]);

async function setUp(options = {}, changes: Partial<ExportTokensOptions> = {}) {
  const dir = temporaryFolder();
  const made = await makeTokens(dir, options);
  const run = (to: TokenFormat, more: Partial<ExportTokensOptions> = {}, work = context()) =>
    exportTokens({ dir: made.dir, out: join(dir, to), to, endId: made.endId, ...changes, ...more }, work);
  return { made, dir, run };
}

test.each([300, 100_000])(
  'every document of a vocabulary of %i stands in every format, in parts or whole',
  async (vocabSize) => {
    const { made, dir, run } = await setUp({ vocabSize }, { partTokens: 3000 });
    for (const to of TOKEN_FORMATS) {
      const { outcome, report } = await run(to);
      expect(outcome).toBe('written');
      const width = report!.dtype === 'uint16' ? 2 : 4;
      for (const split of SPLITS) {
        const expected = framed(made, split);
        const parts = report!.splits[split]!;
        expect(parts.length).toBeGreaterThan(split === 'train' ? 1 : 0);
        const lengths = expected.map(({ length }) => length);
        expect(parts.reduce((sum, { documents }) => sum + documents, 0)).toBe(lengths.length);
        if (parts.length === 1)
          expect(parts[0].tokenHash).toBe(checksumOf(new Uint8Array(Uint32Array.from(expected.flat()).buffer)));
        if (to === 'llmc') expect(llmc(join(dir, to), split, width)).toEqual(expected.flat());
        const read = READERS[to];
        if (read !== undefined) expect(read(join(dir, to), split, width), `${to} ${split}`).toEqual(expected);
      }
      expect(existsSync(join(dir, to, 'tokenizer.json')) && !existsSync(join(dir, `${to}.partial`))).toBe(true);
      expect((await run(to)).outcome).toBe('nothing_new');
    }
  },
);

test('rows of one length are the tokens, cut; BOS and ends as told; folders of version 2 as well', async () => {
  const { made, dir, run } = await setUp({ longest: 700 });
  await asVersion2(made.dir);
  for (const to of ['mds', 'parquet'] as const) {
    await run(to, { context: 64, bos: 'drop' });
    const expected = framed(made, 'valid').flatMap(([, ...ids]) => ids);
    const rows = cut(
      expected,
      Array.from({ length: Math.floor(expected.length / 64) }, (_, i) => 64 * (i + 1)),
    );
    expect(await read(to)).toEqual(rows);
  }
  const { report } = await run('llmc', { endId: undefined });
  expect(llmc(join(dir, 'llmc'), 'train', 2)).toEqual(made.documents.train.flat());
  expect(report).toMatchObject({ bosId: made.bosId, endId: null });
  const same = await run('megatron', { endId: made.bosId }); // one token for both: it moves from the front to the end
  expect(same.report).toMatchObject({ bosId: null, endId: made.bosId });
  await expect(run('olmo', { context: 64 })).rejects.toMatchObject({ code: 'BAD_OPTION' });

  async function read(to: 'mds' | 'parquet'): Promise<number[][]> {
    const file = readFileSync(
      join(dir, to, to === 'mds' ? 'valid/shard.00000.00000.mds' : 'data/valid-00000-of-00001.parquet'),
    );
    if (to === 'parquet')
      return (await parquetReadObjects({ file: new Uint8Array(file).buffer })).map(({ input_ids }) => [...input_ids]);
    const count = file.readUInt32LE(0);
    const offsets = numbers(file.subarray(4, 8 + 4 * count), 4);
    return offsets.slice(1).map((end, i) => numbers(file.subarray(offsets[i], end), 2));
  }
});

test('a document a row in MDS and Parquet, with its source', async () => {
  const { made, dir, run } = await setUp();
  await run('mds', { context: 0 });
  await run('parquet');
  const parquet = readFileSync(join(dir, 'parquet/data/valid-00000-of-00001.parquet'));
  const rows = await parquetReadObjects({ file: new Uint8Array(parquet).buffer });
  expect(rows.map(({ input_ids }) => [...input_ids])).toEqual(framed(made, 'valid'));
  const mds = readFileSync(join(dir, 'mds/valid/shard.00000.00000.mds'));
  const offsets = numbers(mds.subarray(4, 8 + 4 * mds.readUInt32LE(0)), 4);
  const samples = offsets.slice(1).map((end, i) => {
    const sample = mds.subarray(offsets[i], end);
    const [source, tokens] = numbers(sample.subarray(0, 8), 4);
    const shape = 8 + source;
    const width = 2 ** (sample[shape] & 3);
    expect([sample[shape] >> 2, tokens - 1 - width]).toEqual([1, 2 * sample.readUIntLE(shape + 1, width)]);
    return { input_ids: numbers(sample.subarray(shape + 1 + width), 2), source: sample.subarray(8, shape).toString() };
  });
  expect(samples).toEqual(rows.map(({ input_ids, source }) => ({ input_ids: [...input_ids], source })));
});

test('stopped, it goes on behind the last whole part; a damaged token is refused, and OUT never stands half', async () => {
  const { made, dir, run } = await setUp({ longest: 300 }, { partTokens: 1 });
  const whole = await run('datatrove');
  const out = join(dir, 'again');
  const work = context();
  const stopping = { ...work, report: { ...work.report, stage: () => ({ update: () => tick(), finish() {} }) } };
  let ticks = 0;
  const tick = (): void => {
    if (++ticks === 14) work.abort();
  };
  expect((await run('datatrove', { out }, stopping as never)).outcome).toBe('interrupted');
  expect(existsSync(out)).toBe(false);
  const receipts = namesIn(join(`${out}.partial`, 'receipts'), /^train/);
  expect(receipts.length).toBeGreaterThan(0);
  writeFileSync(join(`${out}.partial`, 'train', '00099.ds.1.tmp'), 'what a kill left'); // of another process
  const { report } = await run('datatrove', { out });
  expect(report).toEqual(whole.report);
  expect(existsSync(join(out, 'train', '00099.ds.1.tmp'))).toBe(false);
  const shard = join(made.dir, namesIn(made.dir, /^valid.*arrow$/)[0]);
  const bytes = readFileSync(shard);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(shard, bytes);
  const error = await thrownBy(() => run('olmo'));
  expect([error.code, existsSync(join(dir, 'olmo'))]).toEqual(['BAD_SHARD', false]);
  writeFileSync(join(dir, 'mine'), '');
  await expect(run('olmo', { out: dir })).rejects.toMatchObject({ code: 'BAD_OPTION' });
});

test('tokens of Megatron and datatrove come back as they were, and what does not fit is refused', async () => {
  const { made, dir, run } = await setUp({ vocabSize: 70_000 });
  const tokenizer = {
    vocabSize: 70_000,
    bosId: made.bosId,
    eosId: made.endId,
    decodeBytes: (ids: Iterable<number>) => Buffer.from([...ids].join(' ')),
  };
  const back = (format: ForeignTokens, changes: Partial<ImportTokensOptions> = {}) => {
    const from = join(dir, format);
    return importTokens({
      from,
      format,
      tokenizerDir: from,
      tokenizer,
      out: join(dir, 'back'),
      validShare: 0,
      ...changes,
    });
  };
  for (const format of FOREIGN_TOKENS) {
    await run(format);
    const out = join(dir, `from-${format}`);
    expect((await back(format, { out })).outcome).toBe('written');
    const folder = await openTokens(out);
    for (const split of SPLITS) {
      const ids = [];
      for await (const batch of eachBatch(folder.source(split))) ids.push(...batch);
      expect(ids).toEqual(made.documents[split].flat());
    }
    expect((await verify(out)).faults).toEqual([]);
    const other = { ...tokenizer, vocabSize: 60_000, bosId: 1, eosId: 2 };
    await expect(back(format, { tokenizer: other })).rejects.toMatchObject({ code: 'BAD_TOKEN', exitStatus: 2 });
    const [file] = foreignFiles(format, join(dir, format));
    truncateSync(file.tokens, 5000);
    await expect(back(format)).rejects.toMatchObject({ code: 'BAD_SHARD' });
    await expect(back(format, { from: join(dir, 'nothing') })).rejects.toMatchObject({ code: 'NO_DOCUMENTS' });
  }
  expect(existsSync(join(dir, 'back'))).toBe(false);
});

test('documents of several sequences, and tokens of eight bytes, of Megatron', () => {
  const dir = temporaryFolder();
  const file = { tokens: join(dir, 'x.bin'), index: join(dir, 'x.idx') };
  const head = Buffer.concat([Buffer.from('MMIDIDX\0\0'), Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 5])]);
  const index = (offsets: bigint[]) =>
    Buffer.concat([
      head,
      ...[
        BigUint64Array.of(3n, 3n),
        Int32Array.of(2, 1, 1),
        BigInt64Array.from(offsets),
        BigInt64Array.of(0n, 2n, 3n),
      ].map(({ buffer }) => Buffer.from(buffer)),
    ]);
  writeFileSync(file.tokens, BigInt64Array.of(7n, 8n, 9n, 70_000n));
  writeFileSync(file.index, index([0n, 16n, 24n]));
  expect(Array.from(foreignDocuments('megatron', file), (ids) => [...ids])).toEqual([[7, 8, 9], [70_000]]);
  writeFileSync(file.index, index([0n, 8n, 24n]));
  expect(() => [...foreignDocuments('megatron', file)]).toThrow(/sequence 1 is at byte 8, expected 16/);
  writeFileSync(file.index, index([0n, 16n, 24n]).subarray(0, -4));
  expect(() => [...foreignDocuments('megatron', file)]).toThrow(/it was cut/);
});

test('any number of ranks, in any order and twice, makes the same bytes; nothing is made of a part of them', async () => {
  const { made, dir, run } = await setUp({}, { partTokens: 1 });
  const whole = await run('litdata');
  const bytesIn = (out: string): string =>
    checksumOf(
      Buffer.concat(
        whole.report!.splits.train!.flatMap(({ files }) => files.map(({ name }) => readFileSync(join(out, name)))),
      ),
    );
  for (const of of [2, 3, 8]) {
    const out = join(dir, `ranks-${of}`);
    const options = { dir: made.dir, out, to: 'litdata', endId: made.endId, partTokens: 1 } as const;
    const order = Array.from({ length: of }, (_, i) => of - 1 - i);
    for (const index of order.slice(0, -1)) await exportParts(options, { index, of });
    const error = await thrownBy(() => mergeExport(out));
    expect([error.code, error.exitStatus, error.message.includes('train-0')]).toEqual(['INCOMPLETE', 75, true]);
    await expect(exportParts({ ...options, bos: 'drop' }, { index: 0, of })).rejects.toMatchObject({
      code: 'BAD_OPTION',
    });
    await Promise.all([0, 0, of - 1].map((index) => exportParts(options, { index, of })));
    expect((await mergeExport(out)).report).toEqual(whole.report);
    expect(bytesIn(out)).toBe(bytesIn(join(dir, 'litdata')));
    expect(readFileSync(join(out, 'train/index.json'))).toEqual(readFileSync(join(dir, 'litdata/train/index.json')));
    expect((await mergeExport(out)).outcome).toBe('nothing_new');
    expect((await exportParts(options, { index: 0, of })).outcome).toBe('nothing_new');
  }
});

test.each([
  [{}, { index: 0, of: 1 }],
  [
    { VUA_RANK: '2', VUA_WORLD_SIZE: '3' },
    { index: 2, of: 3 },
  ],
  [
    { SLURM_ARRAY_TASK_ID: '4', SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_COUNT: '8' },
    { index: 3, of: 8 },
  ],
  [
    { SLURM_ARRAY_TASK_ID: '5', SLURM_ARRAY_TASK_COUNT: '2', VUA_WORLD_SIZE: '8' },
    { index: 5, of: 8 },
  ],
  [{ SLURM_ARRAY_TASK_ID: '5', SLURM_ARRAY_TASK_COUNT: '2' }, undefined], // two tasks of an array, again
  [
    { JOB_COMPLETION_INDEX: '0', VUA_WORLD_SIZE: '2' },
    { index: 0, of: 2 },
  ],
  [{ JOB_COMPLETION_INDEX: '0' }, undefined],
  [{ VUA_RANK: 'x', VUA_WORLD_SIZE: '2' }, undefined],
  [{ VUA_RANK: '2', SLURM_ARRAY_TASK_COUNT: '8' }, undefined],
])('the environment %j is rank %j', async (env, rank) => {
  if (rank !== undefined) expect(rankOf(env)).toEqual(rank);
  else expect((await thrownBy(() => rankOf(env))).code).toBe('BAD_OPTION');
});
