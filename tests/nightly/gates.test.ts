/** A night that is like those before passes; one that is not is held by the gate of what is wrong with it, and by no other. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CONSENT_UNKNOWN, type Page } from '../../crawlers/page.ts';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { SHARES, type ShareName } from '../../shards/documents/profile.ts';
import { figuresOf, type NightFigures } from '../../shards/nights/figures.ts';
import { findings, formatFinding, GATES, median, parseGates } from '../../shards/nights/gates.ts';
import { story } from '../cleaning/support.ts';
import { range, temporaryFolder, thrownBy } from '../support.ts';

const PAGES = 40;
const FETCHED = '2026-05-01T02:00:00.000Z';

interface Raw {
  text: string;
  host: string;
  title?: string;
}

/** Pages of a usual night: five hosts, one page in ten in English, one a copy. */
const usual = (night: number): Raw[] =>
  range(PAGES).map((i) => ({
    text: i % 10 === 9 ? ENGLISH[(night + i) % ENGLISH.length] : story(night * 1000 + (i % 10 === 8 ? i - 1 : i), 6),
    host: `bao${i % 5}.vua.test`,
    title: `Bài ${night} ${i}`,
  }));

const ENGLISH = range(60).map((i) =>
  range(6)
    .map(
      (k) =>
        `The ${['river', 'harbour', 'market', 'school', 'temple'][(i + k) % 5]} was quiet in the year ${1900 + i * 13 + k}, and people of the town walked home slowly.`,
    )
    .join(' '),
);

async function* pagesOf(rows: readonly Raw[], night: number): AsyncGenerator<Page> {
  for (const [i, { text, host, title }] of rows.entries()) {
    yield {
      ...{ url: `http://${host}/${night}/${i}`, source: host, fetchedAt: FETCHED, status: 200, title },
      ...{ headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from(text), truncated: false },
      consent: CONSENT_UNKNOWN,
    };
  }
}

const ITEM = 'Câu hỏi: thủ phủ của vùng đất nào nằm bên bờ sông lớn và có chợ nổi lâu đời nhất miền này?';

/** Cleans one night into a folder of its own and tells its figures. */
async function figures(rows: readonly Raw[], night: number): Promise<NightFigures> {
  const items = join(temporaryFolder(), 'items.jsonl');
  writeFileSync(
    items,
    `${JSON.stringify({ id: 'c1', question: ITEM, choices: ['A. Huế', 'B. Hội An'], answer: 'A' })}\n`,
  );
  const { report } = await cleanInputs({
    ...{ pages: pagesOf(rows, night), outDir: temporaryFolder(), threads: 0, contamination: [items] },
  });
  return figuresOf(report.profile, report.pages);
}

const half = (rows: Raw[], change: (row: Raw, i: number) => Raw): Raw[] =>
  rows.map((row, i) => (i % 2 === 0 ? change(row, i) : row));
const bare = (text: string): string =>
  text.normalize('NFD').replace(/\p{M}/gu, '').replaceAll('đ', 'd').replaceAll('Đ', 'D');
const LONG = 'nghiêng trường thương chương phường khuynh nghiệp thuyền chuyện nguyễn quyển thượng'.split(' ');
const drawn = (text: string): string =>
  text
    .split(' ')
    .map((word, i) => (i % 3 === 2 ? LONG[(i * 7 + word.length) % LONG.length] : word))
    .join(' ');

const FAULTS: Record<string, (rows: Raw[]) => Raw[]> = {
  rows: (rows) => rows.slice(0, 10),
  language: (rows) => half(rows, (row, i) => ({ ...row, text: ENGLISH[20 + i] })),
  diacritics: (rows) => half(rows, (row) => ({ ...row, text: bare(row.text) })),
  host: (rows) => rows.map((row) => ({ ...row, host: 'bao0.vua.test' })),
  duplicates: (rows) => half(rows, (row) => ({ ...row, text: story(77, 6) })),
  empty: (rows) => half(rows, (row) => ({ ...row, text: ' ' })),
  syllables: (rows) => rows.map((row) => ({ ...row, text: drawn(row.text) })),
  replacement: (rows) => half(rows, (row) => ({ ...row, text: row.text.replace('sông', 's\uFFFDng') })),
  schema: (rows) => rows.map(({ title: _, ...row }) => row),
  contamination: (rows) => half(rows, (row) => ({ ...row, text: `${row.text} ${ITEM}` })),
};

it('each fault trips its gate and no other', async () => {
  const before: NightFigures[] = [];
  for (const night of range(2)) before.push(await figures(usual(night + 1), night + 1));
  const tripped = async (rows: Raw[], night: number): Promise<string[]> =>
    findings(await figures(rows, night), before).flatMap(({ passes, gate }) => (passes ? [] : [gate]));
  expect(await tripped(usual(9), 9)).toEqual([]);
  const found: Record<string, string[]> = {};
  for (const [gate, fault] of Object.entries(FAULTS)) found[gate] = await tripped(fault(usual(10)), 10);
  expect(found).toEqual(Object.fromEntries(GATES.map(({ name }) => [name, [name]])));
});

const quiet = (changes: Partial<NightFigures> = {}): NightFigures => ({
  ...{ pages: 100, documents: 80, rejects: 20, bytes: 1e5, hosts: 5, host: { name: 'a.vua.test', documents: 20 } },
  ...{ filled: { title: 80, author: 8 }, syllableLength: { mean: 3.2, deviation: 0.2, count: 80 }, means: {} },
  shares: Object.fromEntries(SHARES.map((name) => [name, { count: 5, of: 100 }])) as NightFigures['shares'],
  ...changes,
});
const share = (name: ShareName, count: number, of: number): Partial<NightFigures> => ({
  shares: { ...quiet().shares, [name]: { count, of } },
});
const held = (tonight: NightFigures, before: NightFigures[], ...moved: string[]): string[] =>
  findings(tonight, before, parseGates(moved)).flatMap((finding) => (finding.passes ? [] : [formatFinding(finding)]));

it('the first night has limits of its own, later ones the median of the last seven', () => {
  const english = quiet(share('other_language', 60, 100));
  expect(held(english, [])).toEqual([]);
  expect(held(quiet(share('other_language', 95, 100)), [])).toEqual([
    'language: 0.95 (95 of 100 pages), at most 0.75; first night',
  ]);
  expect(held(english, [quiet()])).toEqual(['language: 0.6 (60 of 100 pages), at most 0.25; median of 1 night 0.05']);
  const fourOfSeven = [...range(9).map(() => english), ...range(3).map(() => quiet()), ...range(4).map(() => english)];
  expect(held(english, fourOfSeven)).toEqual([]);
  expect(held(english, [english, ...range(7).map(() => quiet())])).toHaveLength(1);
});

it('three pages hold no night back, thirty do', () => {
  expect(held(quiet(share('empty', 3, 3)), [quiet()])).toEqual([]);
  expect(held(quiet(share('empty', 20, 30)), [quiet()])).toEqual([
    'empty: 0.667 (20 of 30 pages), at most 0.2; median of 1 night 0.05',
  ]);
});

it('a column that a source no longer fills is named, one that was often empty is not', () => {
  expect(held(quiet({ filled: { author: 0, title: 0 } }), [quiet()])).toEqual([
    'schema: 0 (0 of 80 documents have title), at least 0.5; median of 1 night 1',
  ]);
  expect(held(quiet({ filled: { title: 80 } }), [quiet()])).toEqual([]);
});

it('thresholds move, and gates open', async () => {
  const english = quiet(share('other_language', 60, 100));
  expect(held(english, [quiet()], 'language=0.5')).toEqual([]);
  expect(held(english, [quiet()], 'language=off')).toEqual([]);
  expect(held(english, [], 'language.first=0.3')).toEqual([
    'language: 0.6 (60 of 100 pages), at most 0.3; first night',
  ]);
  for (const text of ['langauge=0.5', 'language=x', 'language.first=off', 'language'])
    expect((await thrownBy(() => parseGates([text]))).message, text).toMatch(
      /^lang.*expected NAME=NUMBER.*contamination$/,
    );
});

it('a median is of the middle, or of the middle two', () => {
  expect([median([3, 1, 2]), median([4, 1]), median([])]).toEqual([2, 2.5, undefined]);
});

it('the page for operators has every gate and its limits', () => {
  const page = readFileSync('shards/OPERATING.md', 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z_]+)` +\| ([^|]+)\| ([^|]+)\| ([^|]*)\|$/gm)];
  const said = rows.map(([, name, , allows, first]) => [name, Number(/[\d.]+/.exec(allows)?.[0]), first.trim()]);
  const words: Record<string, number> = { rows: Number.NaN, syllables: Number.NaN }; // half of it, a tenth
  const expected = GATES.map(({ name, allows, first }) => [
    name,
    words[name] ?? allows,
    first === undefined ? '' : String(first),
  ]);
  expect(said).toEqual([...expected, ['bits_per_byte', Number.NaN, '']]);
});
