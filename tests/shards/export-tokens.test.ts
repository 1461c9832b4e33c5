/** Tokens for other engines: what stands on the disk is what their readers want. Their own readers: npm run interop. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { tableFromIPC } from 'apache-arrow';
import { expect, test } from 'vitest';
import { fileRanges, openParquet, readColumns } from '../../crawlers/bytes/parquet.ts';
import { checksumOf } from '../../shards/checksum.ts';
import { type ExportTokensOptions, exportTokens } from '../../shards/export/tokens/export.ts';
import { TOKEN_FORMATS, type TokenFormat } from '../../shards/export/formats.ts';
import { SPLITS, type Split } from '../../shards/split.ts';
import { context, temporaryFolder, thrownBy } from '../support.ts';
import { asVersion2 } from './support.ts';
import { type MadeTokens, makeTokens } from './token-folder.ts';

const numbers = (bytes: Buffer, width: 2 | 4): number[] =>
  Array.from({ length: bytes.length / width }, (_, i) => bytes.readUIntLE(i * width, width));
const cut = (tokens: readonly number[], ends: readonly number[]): number[][] =>
  ends.map((end, i) => tokens.slice(i === 0 ? 0 : ends[i - 1], end));
const namesIn = (dir: string, pattern: RegExp): string[] => readdirSync(dir).filter((name) => pattern.test(name)).sort();
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
      const ends = table.trim().split('\n').map((line) => Number(line.split(',')[1]));
      return cut(numbers(readFileSync(join(out, split, name)), width), ends);
    }),
  litdata: (out, split, width) =>
    json(join(out, split, 'index.json')).chunks.flatMap(({ filename, chunk_size }: { filename: string; chunk_size: number }) => {
      const chunk = readFileSync(join(out, split, filename));
      const offsets = numbers(chunk.subarray(4, 8 + 4 * chunk_size), 4);
      return offsets.slice(1).map((end, i) => numbers(chunk.subarray(offsets[i], end), width));
    }),
  datasets: (out, split) =>
    json(join(out, split, 'state.json'))._data_files.flatMap(({ filename }: { filename: string }) =>
      tableFromIPC(readFileSync(join(out, split, filename))).toArray().map((row) => [...row.input_ids]),
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

test.each([300, 100_000])('every document of a vocabulary of %i stands in every format, in parts or whole', async (vocabSize) => {
  const { made, dir, run } = await setUp({ vocabSize }, { partTokens: 5000 });
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
      if (parts.length === 1) expect(parts[0].tokenHash).toBe(checksumOf(new Uint8Array(Uint32Array.from(expected.flat()).buffer)));
      if (to === 'llmc') expect(llmc(join(dir, to), split, width)).toEqual(expected.flat());
      const read = READERS[to];
      if (read !== undefined) expect(read(join(dir, to), split, width), `${to} ${split}`).toEqual(expected);
    }
    expect(existsSync(join(dir, to, 'tokenizer.json')) && !existsSync(join(dir, `${to}.partial`))).toBe(true);
    expect((await run(to)).outcome).toBe('nothing_new');
  }
  const file = join(dir, 'parquet', 'data', namesIn(join(dir, 'parquet', 'data'), /^valid/)[0]);
  const parquet = await openParquet(fileRanges(file));
  expect(parquet).toBeDefined();
});
