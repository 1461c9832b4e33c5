/** The side index: what it finds, and that it follows the folder that it is of. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { holding } from '../../crawlers/shell/lock.ts';
import { histogramOf } from '../../shards/inspector/bins.ts';
import { FACETS } from '../../shards/inspector/filter.ts';
import { tableOf } from '../../shards/inspector/table.ts';
import { facetOf, rowOfText, rowsAtAddress, rowsOfId, rowsThatRepeat } from '../../shards/inspector/words.ts';
import { refreshSearch } from '../../shards/search/refresh.ts';
import { openSearch, type SearchIndex } from '../../shards/search/search.ts';
import { collectGarbage } from '../../shards/snapshots/retention.ts';
import { verify } from '../../shards/verify/verify.ts';
import { dice } from '../bench/shards/texts.ts';
import { makeTemporaryFolder } from '../folder.ts';
import { context } from '../support.ts';
import { night, rowsFile } from './nights.ts';
import { document, drop, writeFolder } from './support.ts';

const TEXTS = [
  'Hà Nội mùa thu, hồ Gươm xanh. Uỷ ban nhân dân thành phố họp.',
  'Hạ nồi xuống, nhà ngoài vườn. Kĩ thuật nấu ăn; ủy ban.',
  'Nội dung: người Hà Giang nói về dân và nhân ái.',
  'Thành phố Hồ Chí Minh \u0000 \u{1F600} mưa to, ngập đường.',
  `${'a'.repeat(2_000_000)} hết một dòng dài`,
  'مرحبا \u202eđảo ngược\u202c \ud800 lẻ loi <script>alert(1)</script>',
];

const folder = (): string => {
  const dir = makeTemporaryFolder();
  writeFolder(
    dir,
    TEXTS.map((text, n) =>
      document(n, { text, url: `https://${n < 2 ? 'bao' : 'tap-chi'}.vua.test/${n}`, published: `2026-10-0${n + 1}` }),
    ),
    { drops: [drop(1, { text: 'Hà Nội bị bỏ' }), drop(2, { reason: 'spam', stage: 'near', other: 'd0' })] },
  );
  return dir;
};
const ids = (index: SearchIndex, query: Parameters<SearchIndex['search']>[0]): string[] =>
  index.search(query).hits.map(({ id }) => id);

it('finds words with and without diacritics, phrases, and what filters leave', async () => {
  const index = await openSearch(folder());
  expect(ids(index, { text: 'Hà Nội' })).toEqual(['d0', 'd2']);
  expect(ids(index, { text: 'ha noi' }).sort()).toEqual(['d0', 'd1', 'd2']);
  expect(ids(index, { text: '"ha noi"' }).sort()).toEqual(['d0', 'd1']);
  expect(ids(index, { text: 'nội hà', match: 'any' })).toContain('d2');
  // Tones on either vowel, i for y.
  expect(ids(index, { text: 'ủy ban', phrase: true }).sort()).toEqual(['d0', 'd1']);
  expect(ids(index, { text: 'kỹ thuật' })).toEqual(['d1']);
  expect(ids(index, { text: 'nhân dân', phrase: true })).toEqual(['d0']);
  expect(ids(index, { host: 'bao.vua.test' })).toEqual(['d0', 'd1']);
  expect(ids(index, { from: '2026-10-02', to: '2026-10-04' })).toEqual(['d1', 'd2']);
  expect(ids(index, { cluster: 'd2' })).toEqual(['d2']);
  expect(ids(index, { ranges: { bytes: [1e6, 1e9] } })).toEqual(['d4']);
  expect(ids(index, { side: 'rejects', text: 'ha noi' })).toEqual(['x1']);
  expect(ids(index, { side: 'rejects', reason: ['spam', 'other'], cluster: 'd0' })).toEqual(['x2']);
  expect(index.search({ text: 'khôngcó' })).toEqual({ total: 0, isExact: true, hits: [] });
  expect(() => index.search({ ranges: { beauty: [0, 1] } })).toThrow(/no number column beauty/);
  expect(() => index.search({ from: 'hôm qua' })).toThrow(/expected a date/);
  index.close();
});

it('pages through hits, samples by a seed, and gives a document by id, URL and text', async () => {
  const index = await openSearch(folder());
  const all = ids(index, { text: 'ha noi thanh pho', match: 'any' });
  expect(
    [0, 1, 2, 3].flatMap((offset) => ids(index, { text: 'ha noi thanh pho', match: 'any', offset, limit: 1 })),
  ).toEqual(all);
  const sample = ids(index, { seed: 'a' });
  expect(sample).toEqual(ids(index, { seed: 'a' }));
  expect(sample.toSorted()).toEqual(['d0', 'd1', 'd2', 'd3', 'd4', 'd5']);
  expect(['b', 'c', 'd'].some((seed) => ids(index, { seed })[0] !== sample[0])).toBe(true);
  const [hit] = index.search({ text: 'gươm' }).hits;
  expect(hit.snippet.marks.map(([start, end]) => hit.snippet.text.slice(start, end))).toEqual(['Gươm']);
  expect(index.text(hit.place)).toBe(TEXTS[0]);
  expect(index.document('d3')?.url).toBe('https://tap-chi.vua.test/3');
  expect(index.document('http://TAP-CHI.vua.test/3')?.id).toBe('d3');
  expect(index.document('nobody')).toBeUndefined();
  expect(Array.from(index.numbers('documents', 'bytes'))[1]).toBe(Buffer.byteLength(TEXTS[1]));
  index.close();
});

it('bears hostile documents', async () => {
  const index = await openSearch(folder());
  expect(ids(index, { text: 'mưa to' })).toEqual(['d3']);
  expect(ids(index, { text: 'một dòng dài' })).toEqual(['d4']);
  expect(ids(index, { text: 'đảo ngược lẻ loi alert' })).toEqual(['d5']);
  for (const text of ['\u0000', '\ud800', '"', '""', '"" ""', '*', 'a'.repeat(100_000), '\u202e', '🙂'])
    expect(index.search({ text }).total, text.slice(0, 9)).toBeLessThan(2);
  index.close();
});

it('makes anew what is lost, damaged or of another version, and reads new shards alone', async () => {
  const dir = folder();
  (await openSearch(dir)).close();
  const files = (): string[] => readdirSync(join(dir, 'search')).sort();
  const before = files();
  expect(before).toHaveLength(2);
  const path = join(dir, 'search', before[0]);
  const whole = readFileSync(path);
  const broken: Record<string, Buffer> = {
    cut: whole.subarray(0, whole.length - 100),
    empty: Buffer.alloc(0),
    'another version': Buffer.from(whole.toString('latin1').replace(/"version":\d/, '"version":9'), 'latin1'),
    'no index': Buffer.from('x'.repeat(500)),
  };
  for (const [name, bytes] of Object.entries(broken)) {
    writeFileSync(path, bytes);
    const index = await openSearch(dir);
    expect(ids(index, { text: 'hồ gươm' }), name).toEqual(['d0']);
    index.close();
    expect(readFileSync(path).equals(whole), name).toBe(true);
  }
  // Lists of rows, which nobody reads when it is opened.
  const head = whole.readUInt32LE(8);
  const [offset, length] = JSON.parse(whole.toString('utf8', 12, 12 + head)).sections.word_lists;
  const lists = 8 * Math.ceil((12 + head) / 8) + offset;
  writeFileSync(path, Buffer.from(whole).fill(0xff, lists, lists + length));
  const index = await openSearch(dir);
  expect(() => index.search({ text: TEXTS.join(' '), match: 'any' })).toThrow(/a segment is damaged/);
  index.close();
  expect(files()).toHaveLength(1);
  const again = await openSearch(dir);
  expect(ids(again, { text: 'hồ gươm' })).toEqual(['d0']);
  again.close();
});

it('goes on with each night, for every snapshot, and forgets with them', async () => {
  const out = makeTemporaryFolder();
  const found = async (dir: string, text: string): Promise<number> => {
    const index = await openSearch(dir);
    const { total } = index.search({ text });
    index.close();
    return total;
  };
  const made = (): string[] => readdirSync(join(out, 'search')).sort();
  await night(out, [rowsFile([1, 2, 3])]);
  expect(await found(out, '3')).toBe(1);
  const first = made();
  const index = await openSearch(out);
  expect(index.isCurrent).toBe(true);
  await night(out, [rowsFile([4])]);
  expect(index.isCurrent).toBe(false);
  expect(index.search({}).total).toBe(3); // goes on with what it opened
  index.close();
  expect(await found(join(out, 'documents'), '4')).toBe(1);
  expect(await found(join(out, 'snapshots', '000001', 'documents'), '4')).toBe(0);
  expect(made()).toEqual(expect.arrayContaining(first));
  writeFileSync(join(out, 'search', 'documents-0123456789abcdef.0.segment'), '');
  writeFileSync(join(out, 'search', first[0].replace('.segment', '.segment.1.tmp')), '');
  expect((await verify(out, context())).faults.map(({ check }) => check)).toEqual(['stranger', 'stranger']);
  await holding(out, [], async () => collectGarbage(out, 7));
  const path = join(out, 'search', made()[0]);
  const bytes = readFileSync(path);
  bytes[bytes.length - 20] ^= 0xff;
  writeFileSync(path, bytes);
  const { faults, notes } = await verify(out, context());
  expect([faults, notes.filter((note) => note.includes('makes it anew')).length]).toEqual([[], 1]);
  rmSync(path);
  await refreshSearch(out, context());
  expect((await verify(out, context())).notes.filter((note) => note.includes('anew'))).toEqual([]);
  expect(made()).toContain(basename(path));
});

it('gives the inspector the same columns and rows with an index and without one', async () => {
  const dir = folder();
  const answers = async () => {
    const table = tableOf({ id: String(Math.random()), documents: dir });
    const facets = Object.fromEntries(
      await Promise.all(
        FACETS.map(async (name) => {
          const { codes, words } = await facetOf(table, name);
          return [name, Array.from(codes, (code) => words[code])];
        }),
      ),
    );
    const rows = [
      await rowsOfId(table, 'd3'),
      await rowsOfId(table, 'x2'),
      await rowsAtAddress(table, 'https://BAO.vua.test:443/1#dau'),
      await rowsThatRepeat(table, 'd0'),
      await rowOfText(table, table.line(1).string('text_hash')),
    ];
    return { facets, rows };
  };
  const walked = await answers();
  expect(walked.facets.day).toEqual(Array(8).fill('2026-11-01'));
  expect(walked.facets.stage.slice(6)).toEqual(['filter', 'near']);
  expect(walked.rows).toEqual([[3], [7], [1], [7], 1]);
  (await openSearch(dir)).close();
  expect(await answers()).toEqual(walked);
});

it('finds what stands in the middle of a column as sorting would', () => {
  const random = dice(3);
  for (const values of [
    [Number.NaN],
    [-0, 0, Number.NaN],
    [Number.NEGATIVE_INFINITY, -1, Number.POSITIVE_INFINITY],
    Array.from({ length: 1000 }, () => (random(5) === 0 ? Number.NaN : (random(2000) - 1000) / (1 + random(7)))),
    Array.from({ length: 501 }, () => random(3)),
  ]) {
    const column = Float32Array.from(values);
    // What is no number may have a sign.
    const bits = new Uint32Array(column.buffer);
    for (let i = 0; i < bits.length; i += 2) if (Number.isNaN(column[i])) bits[i] |= 0x80000000;
    const rows = Uint32Array.from(values.keys());
    const { median, min, max, count } = histogramOf({}, 'figure', column, [0, column.length], rows);
    const sorted = column
      .filter((value) => !Number.isNaN(value))
      .map((value) => value + 0)
      .sort();
    expect([count, min, max]).toEqual([sorted.length, sorted[0] ?? null, sorted.at(-1) ?? null]);
    const middle = (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
    if (sorted.length > 0) expect(median).toBe(middle);
    else expect(median).toBeNull();
  }
});
