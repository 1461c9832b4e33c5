/** Exact and near duplicates and repeated lines: hashes, bands, the store, what is kept across runs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { beforeEach, describe, expect, test } from 'vitest';
import { BandIndex, bandsSchema } from '../../cleaning/dedup/bands.ts';
import { exactBytes } from '../../cleaning/dedup/exact.ts';
import {
  bandKeys,
  minima,
  plainMinima,
  shingles,
  signatureOf,
  similarityToBytes,
} from '../../cleaning/dedup/minhash.ts';
import { fingerprint } from '../../cleaning/dedup/near.ts';
import { formatNear, matchProbability, parseNear, SIGNATURE_LENGTH, sCurve } from '../../cleaning/dedup/near-rule.ts';
import { type NewDocument, openDedupStore } from '../../cleaning/dedup/store.ts';
import { mix32, readSyllables } from '../../cleaning/vietnamese/lexicon.ts';
import { temporaryFolder } from '../support.ts';

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint16Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

/** Two sets of `union` shingle hashes in all, of which a share of `jaccard` is common. */
function plantedPair(union: number, jaccard: number, seed: number): [Int32Array, Int32Array] {
  const common = Math.round(union * jaccard);
  const hashes = Int32Array.from({ length: union }, (_, i) => mix32(mix32(seed * 7919 + 1) + i));
  const middle = common + Math.floor((union - common) / 2);
  return [
    Int32Array.from([...hashes.subarray(0, middle)]),
    Int32Array.from([...hashes.subarray(0, common), ...hashes.subarray(middle)]),
  ];
}

describe('minhash', () => {
  test.each([0.5, 0.6, 0.7, 0.8, 0.9])('finds pairs of similarity %f as often as the S-curve says', (jaccard) => {
    const pairs = 400;
    let found = 0;
    let estimates = 0;
    for (let seed = 0; seed < pairs; seed++) {
      const [a, b] = plantedPair(300, jaccard, seed + jaccard * 1000).map(minima) as [Int32Array, Int32Array];
      const keys = new Set(bandKeys(signatureOf(a)));
      const isCandidate = bandKeys(signatureOf(b)).some((key) => keys.has(key));
      const estimate = similarityToBytes(signatureOf(a), bytesOf(signatureOf(b)));
      if (isCandidate) found++;
      estimates += estimate;
    }
    const isNear = (share: number, expected: number): boolean =>
      Math.abs(share - expected) < Math.max(1 / pairs, 3.3 * Math.sqrt((expected * (1 - expected)) / pairs));
    expect(isNear(found / pairs, matchProbability(jaccard))).toBe(true);
    expect(Math.abs(estimates / pairs - jaccard)).toBeLessThan((4 * 0.5) / Math.sqrt(SIGNATURE_LENGTH * pairs));
  });

  test('the S-curve of 14 bands of 8 rows', () => {
    expect(matchProbability(0.8)).toBeCloseTo(0.924, 3);
    expect(matchProbability(0.5)).toBeCloseTo(0.053, 3);
  });

  test('band keys are whole numbers that SQLite and JavaScript both hold', () => {
    const keys = bandKeys(signatureOf(minima(Int32Array.from([1, 2, 3]))));
    expect(new Set(keys).size).toBe(14);
    for (const key of keys) expect(Number.isSafeInteger(key) && key >= 0).toBe(true);
  });

  test.each([1, 5, 4096, 4097, 9000])('vectors find the minima of %d shingles that plain code finds', (count) => {
    const hashes = Int32Array.from({ length: count }, (_, i) => mix32(i * 7919 + count));
    expect(minima(hashes)).toEqual(plainMinima(hashes));
  });

  test('shingles are five folded syllables; punctuation alone is none', () => {
    expect(shingles(readSyllables('Một — hai, ba bốn năm sáu.'))).toEqual(
      shingles(readSyllables('một hai BA bốn năm sáu')),
    );
    expect(shingles(readSyllables('một hai ba bốn năm sáu'))).toHaveLength(2);
    expect(shingles(readSyllables('một hai'))).toHaveLength(1);
    expect(shingles([])).toHaveLength(1);
  });
});

describe('exactBytes', () => {
  const exactText = (text: string): string => Buffer.from(exactBytes(readSyllables(text))).toString();
  test('are letters and digits in UTF-8', () => {
    expect(exactText('Nước, ở 𝐀 — 5 km²')).toBe('nươc1ơ3𝐀5km²');
  });
  test.each([
    ['case, spacing, punctuation', 'Nước   lên, nước\nxuống!', 'nước lên nước xuống'],
    ['tone placement', 'hoà thuỷ khoẻ', 'hòa thủy khỏe'],
    ['i and y', 'kỹ lý quý', 'kĩ lí quí'],
  ])('does not see %s', (_, a, b) => {
    expect(exactText(a)).toBe(exactText(b));
  });
  test('sees tones and letters', () => {
    expect(exactText('má')).not.toBe(exactText('mà'));
    expect(exactText('da')).not.toBe(exactText('đa'));
  });
});

describe('DedupStore', () => {
  const print = (text: string) => fingerprint(readSyllables(text));
  const newDocument = (id: string, url: bigint, key: bigint, cluster?: number): NewDocument => {
    const keys = {
      page: url,
      body: 0n,
      url,
      version: url,
      site: 0n,
      address: `//xom.test/${url}`,
      fetchedAt: '',
      time: 0,
    };
    return { id, keys, key, content: key, cluster };
  };
  const text = Array.from({ length: 60 }, (_, n) => `lời${n} kể${n % 7}`).join(' ');

  test('remembers what was committed and forgets the rest', () => {
    const path = join(dir, 'dedup.sqlite');
    const first = openDedupStore(path);
    expect(first.committed.manifest).toBeUndefined();
    expect(first.pages.add(1n)).toBe(true);
    const number = first.addDocument(newDocument('a', 1n, -5n));
    first.exact.add(-5n, number);
    first.near.add(number, print(text));
    first.commit('{"documents":1}');
    first.pages.add(2n);
    first.exact.add(6n, first.addDocument(newDocument('b', 2n, 6n)));
    first.close();

    const second = openDedupStore(path);
    expect(second.committed.manifest).toBe('{"documents":1}');
    expect(second.pages.add(1n)).toBe(false);
    expect(second.pages.add(2n)).toBe(true);
    expect(second.exact.find(-5n)).toBe(number);
    expect(second.exact.find(6n)).toBeUndefined();
    expect(second.near.find(print(`${text} thêm một câu`), 0.6).relations[0]?.document).toBe(number);
    expect(second.near.find(print('một chuyện khác hẳn, chẳng giống gì chuyện kia'), 0.6).relations).toEqual([]);
    second.close();
  });

  test('knows clusters by their first document, and gives ids once', () => {
    const store = openDedupStore(':memory:');
    const a = store.addDocument(newDocument('a', 1n, 1n));
    const b = store.addDocument(newDocument('b', 2n, 2n, a));
    expect(store.document(a)).toEqual({ id: 'a', cluster: 'a', clusterNumber: a });
    expect(store.document(b)).toEqual({ id: 'b', cluster: 'a', clusterNumber: a });
    expect([store.freeId('a'), store.freeId('c')]).toEqual(['a~2', 'c']);
    store.addDocument(newDocument('a~2', 3n, 3n));
    expect(store.freeId('a')).toBe('a~3');
    store.close();
    store.close();
  });

  test('knows the shard of a document when shards were cut in pieces', () => {
    const store = openDedupStore(':memory:');
    const add = (from: number, to: number): void => {
      for (let n = from; n < to; n++) store.addDocument(newDocument(`d${n}`, BigInt(n), BigInt(n)));
    };
    add(1, 4);
    store.placeInShard(0);
    add(4, 7);
    store.placeInShard(1);
    store.moveShard('documents', 1, 0); // both stand in one now
    store.placeFrom('d3', [0, 2], 3);
    store.placeFrom('d6', [0, 3], 4);
    store.moveShard('documents', 0, 2);
    for (const number of [1, 2, 3, 4, 5, 6]) store.leave(number, 'superseded');
    expect(store.departures().documents.map(({ shard }) => shard)).toEqual([2, 2, 3, 3, 3, 4]);
    store.close();
  });

  test('counts the copies of a cluster', () => {
    const path = join(dir, 'dedup.sqlite');
    const store = openDedupStore(path);
    const a = store.addDocument(newDocument('a', 1n, 1n));
    store.addCopy(a, 10n);
    store.addCopy(a, 11n);
    store.commit('{}');
    store.close();
    const database = new BetterSqlite3(path, { readonly: true });
    expect(database.prepare('SELECT id, copies FROM documents').all()).toEqual([{ id: 'a', copies: 2 }]);
    database.close();
  });

  test.each([
    ['another kind of file', (path: string) => writeFileSync(path, 'no database '.repeat(100))],
    [
      'a newer format',
      (path: string) => {
        const database = new BetterSqlite3(path);
        database.exec(
          "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID; INSERT INTO meta VALUES ('format', '99')",
        );
        database.close();
      },
    ],
  ])('refuses %s by name', (_, make) => {
    const path = join(dir, 'dedup.sqlite');
    make(path);
    expect(() => openDedupStore(path)).toThrow(
      expect.objectContaining({ code: 'BAD_DEDUP_STORE', exitStatus: 2, message: expect.stringContaining(path) }),
    );
  });
});

describe('what near duplicates are', () => {
  test('by bands, rows and similarity, with its S-curve', () => {
    expect(parseNear('28x4@0.5')).toEqual({ bands: 28, rows: 4, similarity: 0.5 });
    expect(formatNear(parseNear('14x8@0.6'))).toBe('14x8@0.6');
    expect(sCurve(parseNear('28x4@0.5'))).toContain('0.5: 83.6 %, ');
    expect(matchProbability(0.8, { bands: 20, rows: 13 })).toBeCloseTo(0.677, 3);
  });
  test.each(['14x8', '20x13@0.6', '0x8@0.6', '14x8@2', 'much'])('refuses %s', (text) => {
    expect(() => parseNear(text)).toThrow(expect.objectContaining({ code: 'BAD_OPTION', exitStatus: 2 }));
  });
  test('a store keeps to the bands that it was made with', () => {
    const path = join(dir, 'dedup.sqlite');
    const store = openDedupStore(path, { bands: 28, rows: 4 });
    store.commit('{}');
    store.close();
    expect(() => openDedupStore(path)).toThrow(/bands 28x4, this run was given 14x8/);
  });
});

describe('HostLines', () => {
  const page = (n: number): string =>
    [
      'Báo Xóm',
      `Bài số ${n}`,
      '',
      ...Array.from({ length: 30 }, (_, k) => `Câu ${'abcdefghij'[n]}${k} của bài.`),
      '',
      `Bình luận (${n})`,
      'Xóm Mới, 2025',
    ].join('\n');

  test('takes away the lines that a host repeats, figures aside, and nothing of other hosts', () => {
    const store = openDedupStore(':memory:');
    const stripped = Array.from(
      { length: 8 },
      (_, n) => store.lines.strip('xom.test', { title: '', text: page(n) }).text,
    );
    expect(stripped[0]).toBe(page(0));
    expect(stripped[7]).not.toMatch(/Báo Xóm|Bình luận|Xóm Mới/);
    expect(stripped[7].match(/Câu/g)).toHaveLength(30);
    expect(store.lines.strip('khac.test', { title: '', text: page(8) }).text).toBe(page(8));
    store.close();
  });

  test('leaves a refrain in the middle of a text alone', () => {
    const store = openDedupStore(':memory:');
    const song = [...'abcdefgh'].map((c) => `Câu mở ${c}`).join('\n');
    const text = `${song}\nHò ơi, nước lớn nước ròng\n${[...'abcdefghijkl'].map((c) => `Câu kết ${c}`).join('\n')}`;
    let last = '';
    for (let n = 0; n < 10; n++)
      last = store.lines.strip('tho.test', {
        title: '',
        text: text.replace(/Câu (mở|kết)/g, `Câu ${'abcdefghij'[n]} $1`),
      }).text;
    expect(last).toContain('Hò ơi, nước lớn nước ròng');
    store.close();
  });

  test('leaves what the host repeats behind a line of its own, the head of a law, and a page that is half furniture', () => {
    const store = openDedupStore(':memory:');
    const recipe = (n: number): string =>
      [
        'Món ăn',
        `Món số ${'abcdefghij'[n]}`,
        'Dùng vào mùa này',
        'Nguyên liệu',
        `${'muối đường gạo nếp tiêu hành '.repeat(9)}${'abcdefghij'[n]}`,
      ].join('\n');
    const law = (n: number): string =>
      [
        'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM',
        'Độc lập - Tự do - Hạnh phúc',
        `Điều ${'abcdefghij'[n]} của luật này. `.repeat(30),
      ].join('\n');
    const stub = (n: number): string =>
      ['Trang chủ của chúng tôi hôm nay', 'Mời các bạn ghé lại', 'abcdefghij'[n]].join('\n');
    const last = { recipe: '', law: '', stub: '' };
    for (let n = 0; n < 10; n++) {
      last.recipe = store.lines.strip('mon.test', { title: '', text: recipe(n) }).text;
      last.law = store.lines.strip('luat.test', { title: '', text: law(n) }).text;
      last.stub = store.lines.strip('stub.test', { title: '', text: stub(n) }).text;
    }
    expect(last.recipe).toContain('Nguyên liệu');
    expect(last.recipe).not.toContain('Món ăn');
    expect(last.law).toBe(law(9));
    expect(last.stub).toBe(stub(9));
    store.close();
  });

  test('learns the name of the site in titles', () => {
    const store = openDedupStore(':memory:');
    const titles = Array.from(
      { length: 8 },
      (_, n) => store.lines.strip('goc.test', { title: `Góc Văn - Bài ${'abcdefgh'[n]}`, text: `${n}` }).title,
    );
    expect([titles[0], titles[7]]).toEqual(['Góc Văn - Bài a', 'Bài h']);
    store.close();
  });
});

describe('bands', () => {
  test('finds in runs, merged runs and memory what was added, earliest first, and after opening again', () => {
    const path = join(dir, 'bands.sqlite');
    let database = new BetterSqlite3(path);
    database.exec(bandsSchema(''));
    const options = { runDocuments: 4, fan: 3, block: 8 };
    let index = new BandIndex(database, options);
    const keys = (document: number): number[] => [document % 10, 1000 + document, 2 ** 51 + (document % 3)];
    for (let document = 1; document <= 101; document++) index.add(document, keys(document));
    const found = (key: number, limit = 1000): number[] => {
      const documents = new Set<number>();
      index.find(key, limit, documents);
      return [...documents];
    };
    const expected = (test: (document: number) => boolean): number[] =>
      Array.from({ length: 101 }, (_, i) => i + 1).filter(test);
    expect(found(7)).toEqual(expected((document) => document % 10 === 7));
    expect(found(2 ** 51 + 1)).toEqual(expected((document) => document % 3 === 1));
    expect(found(7, 3)).toEqual([7, 17, 27]);
    expect(found(1101)).toEqual([101]);
    expect(found(1102)).toEqual([]);
    expect(database.prepare('SELECT max(level) FROM runs').pluck().get()).toBeGreaterThan(1);
    database.close();
    database = new BetterSqlite3(path);
    index = new BandIndex(database, options);
    expect(index.lastDocument).toBe(100);
    index.restore(101, keys(101));
    expect(found(7)).toEqual(expected((document) => document % 10 === 7));
    expect(found(1101)).toEqual([101]);
    // What an older vua left behind its last run becomes a run with the next document, not when it is opened.
    const smaller = new BandIndex(database, { ...options, runDocuments: 1 });
    smaller.restore(101, keys(101));
    expect(smaller.lastDocument).toBe(100);
    smaller.add(102, keys(102));
    expect([smaller.lastDocument, smaller.lastAdded]).toEqual([102, 102]);
    database.close();
  });
});
