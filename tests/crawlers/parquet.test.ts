/** Parquet as batches of columns: every kind of column and packing, what damage costs, what is in memory. */
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { openParquet, type ReadColumnsOptions, readColumns } from '../../crawlers/bytes/parquet.ts';
import type { ByteRanges } from '../../crawlers/bytes/parquet-pages.ts';
import type { ToolkitError } from '../../crawlers/shell/errors.ts';

const ROWS = 300;
const numbers = Array.from({ length: ROWS }, (_, i) => i);
type Schema = NonNullable<Parameters<typeof parquetWriteBuffer>[0]['schema']>;
const utf8 = (name: string): Schema[number] => ({
  name,
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  repetition_type: 'OPTIONAL',
});
const SCHEMA: Schema = [
  { name: 'root', num_children: 5 },
  { name: 'id', type: 'INT64', repetition_type: 'REQUIRED' },
  utf8('text'),
  utf8('kind'),
  { name: 'metadata', repetition_type: 'OPTIONAL', num_children: 2 },
  utf8('url'),
  { name: 'n', type: 'INT32', repetition_type: 'OPTIONAL' },
  { name: 'tags', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  utf8('element'),
];
const TABLE: Parameters<typeof parquetWriteBuffer>[0] = {
  columnData: [
    { name: 'id', data: numbers.map((i) => 2n ** 60n + BigInt(i)) },
    { name: 'text', data: numbers.map((i) => (i % 7 === 3 ? null : `văn bản số ${i} `.repeat(1 + (i % 40)))) },
    { name: 'kind', data: numbers.map((i) => ['báo', 'sách'][i % 2]) },
    { name: 'metadata', data: numbers.map((i) => (i % 5 === 0 ? null : { url: `https://bao.example/${i}`, n: i })) },
    { name: 'tags', data: numbers.map((i) => (i % 4 === 0 ? null : numbers.slice(0, i % 4).map(String))) },
  ],
  schema: SCHEMA,
  rowGroupSize: 100,
  pageSize: 2048,
};

function inMemory(bytes: ArrayBuffer | Uint8Array, reads: number[] = []): ByteRanges {
  const whole = new Uint8Array(bytes as ArrayBuffer);
  const read = async (start: number, end: number): Promise<Uint8Array> => {
    reads.push(end - start);
    return whole.slice(start, end);
  };
  return { name: 'a.parquet', size: whole.length, read };
}

const plain = (value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString() : Array.isArray(value) ? value.map(plain) : value;

async function columnsOf(bytes: ByteRanges, paths: string[], options?: ReadColumnsOptions) {
  const columns = new Map<string, unknown[]>(paths.map((path) => [path, []]));
  const starts: number[] = [];
  for await (const batch of readColumns(await openParquet(bytes), paths, options)) {
    starts.push(batch.at);
    for (const [path, values] of batch.columns) columns.get(path)!.push(...Array.from(values, plain));
  }
  return { columns, starts };
}

describe('columns', () => {
  test.each(['UNCOMPRESSED', 'SNAPPY'] as const)('of every kind are what was written (%s)', async (codec) => {
    const written = inMemory(parquetWriteBuffer({ ...TABLE, codec }));
    expect(await openParquet(written)).toMatchObject({
      rows: ROWS,
      columns: ['id', 'text', 'kind', 'metadata.url', 'metadata.n', 'tags'],
    });
    const paths = ['id', 'text', 'kind', 'metadata.url', 'tags', 'nowhere', 'metadata'];
    let told = 0;
    const { columns, starts } = await columnsOf(written, paths, { onRead: (bytes) => (told += bytes) });
    for (const { name, data } of TABLE.columnData.filter((column) => column.name !== 'metadata'))
      expect(columns.get(name)).toEqual(name === 'tags' ? Array.from(data as string[][], (tags) => tags ?? []) : data);
    expect(columns.get('metadata.url')).toEqual(numbers.map((i) => (i % 5 === 0 ? null : `https://bao.example/${i}`)));
    expect(columns.get('nowhere')).toEqual([]);
    expect(starts).toEqual(expect.arrayContaining([0, 100, 200]));
    expect(told).toBe(written.size);
  });

  test('are read a page at a time, and of the groups that are wanted', async () => {
    const reads: number[] = [];
    const long = numbers.map((i) => `${i} `.repeat(3000));
    const columnData = [
      { name: 'text', data: long },
      { name: 'n', data: Int32Array.from(numbers) },
    ];
    const bytes = inMemory(parquetWriteBuffer({ columnData, codec: 'UNCOMPRESSED', pageSize: 65_536 }), reads);
    expect(bytes.size).toBeGreaterThan(3e6);
    expect((await columnsOf(bytes, ['text'])).columns.get('text')).toEqual(long);
    expect(Math.max(...reads.slice(2))).toBeLessThan(600_000);

    const grouped = inMemory(parquetWriteBuffer({ columnData: columnData.slice(1), rowGroupSize: 100 }));
    const wants: ReadColumnsOptions['wants'] = (range) => (range('n')?.[1] as number) >= 200;
    expect((await columnsOf(grouped, ['n'], { wants })).columns.get('n')).toEqual(numbers.slice(200));
  });
});

describe('damage', () => {
  const good = new Uint8Array(parquetWriteBuffer(TABLE));

  test.each<[string, Uint8Array, RegExp]>([
    ['a file that was cut', good.slice(0, -40), /a\.parquet: the file ends before its footer/],
    ['another file', Buffer.from('{"text": "không"}'), /a\.parquet: no Parquet file/],
    ['an encrypted file', Buffer.concat([Buffer.from('PARE0123'), Buffer.from('PARE')]), /an encrypted file/],
    [
      'a footer of noise',
      Buffer.concat([good.slice(0, -200), Buffer.alloc(192, 7), good.slice(-8)]),
      /a damaged footer/,
    ],
    ['nothing', Buffer.from('PAR1'), /ends before its footer/],
  ])('%s is refused', async (_name, bytes, message) => {
    await expect(openParquet(inMemory(bytes))).rejects.toMatchObject({
      code: 'BAD_PARQUET',
      exitStatus: 2,
      message: expect.stringMatching(message),
    });
  });

  test('in a row group costs that group; no flipped bit does worse than that', async () => {
    const { metadata } = await openParquet(inMemory(good));
    const [, second] = metadata.row_groups;
    const at = Number(second.columns[1].meta_data!.data_page_offset) + 60;
    const faults: ToolkitError[] = [];
    const torn = Uint8Array.from(good).fill(0xff, at - 55, at + 40);
    const { columns } = await columnsOf(inMemory(torn), ['id', 'text'], { onFault: (fault) => faults.push(fault) });
    const ids = numbers.map((i) => 2n ** 60n + BigInt(i));
    expect(columns.get('id')).toEqual([...ids.slice(0, 100), ...ids.slice(200)]);
    expect(faults).toMatchObject([
      { code: 'BAD_PARQUET', message: expect.stringMatching(/row group 2 of 3, column text: /) },
    ]);
    await expect(columnsOf(inMemory(torn), ['text'])).rejects.toMatchObject({ code: 'BAD_PARQUET' });

    for (let n = 0; n < 50; n++) {
      const flipped = Uint8Array.from(good);
      flipped[(n * 31_337) % good.length] ^= 1 << (n % 8);
      const read = await columnsOf(inMemory(flipped), ['id', 'text', 'tags', 'metadata.url'], {
        onFault: () => {},
      }).catch((error) => error);
      if (read instanceof Error) expect(read).toMatchObject({ code: 'BAD_PARQUET' });
      else expect(read.columns.get('id')!.length).toBeLessThanOrEqual(ROWS);
    }
  });
});
