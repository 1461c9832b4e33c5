/** What is between two folders, what documents are like: figures that add up. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { formatSparkline } from '../../crawlers/shell/reporter.ts';
import { diffCommand } from '../../shards/commands/diff.ts';
import { statsCommand } from '../../shards/commands/stats.ts';
import { diffOf } from '../../shards/diff.ts';
import { Profile } from '../../shards/documents/profile.ts';
import { profileOf } from '../../shards/documents/read-profile.ts';
import { Sketch, stability } from '../../shards/documents/sketch.ts';
import { formatProfile } from '../../shards/profile-table.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { document, drop, writeFolder } from './support.ts';

const root = temporaryFolder('file');
const folder = (name: string): string => {
  const dir = join(root, name, 'documents');
  mkdirSync(dir, { recursive: true });
  return dir;
};
const old = folder('old');
const later = folder('later');
const SIZE = { shardBytes: 12_000, batchBytes: 4000 };
writeFolder(
  old,
  range(40).map((n) => document(n)),
  { ...SIZE, drops: [drop(1), drop(50, { id: 'd50' })] },
);
// The first shards are those of before, then: 30…34 left, 35 says something else, 36 has moved, 50 and 51 have come.
const after = range(40)
  .map((n) => {
    if (n === 35) return document(n, { text: 'Bài viết lại. Trời đã tạnh, cả nhà ra vườn hái bưởi.' });
    return n === 36 ? document(n, { url: 'http://moi.vua.test/36' }) : document(n);
  })
  .filter((_, n) => n < 30 || n > 34);
writeFolder(later, [...after, document(50), document(51, { url: 'http://moi.vua.test/51' })], {
  ...SIZE,
  drops: [drop(1), drop(2, { id: 'd30', stage: 'consent', reason: 'opted_out_later', source: 'sotay.vua.test' })],
});

it('says what came, went and changed, by source and reason; drift and hosts', async () => {
  const difference = await diffOf(old, join(root, 'later')); // a folder, or that of a run around it
  expect(difference).toMatchObject({
    before: { documents: 40, rejects: 2 },
    after: { documents: 37, rejects: 2 },
    added: { 'bao.vua.test': { 'filter/too_short': 1 }, 'sotay.vua.test': { new: 1 } },
    removed: { 'sotay.vua.test': { 'consent/opted_out_later': 1, gone: 1 }, 'bao.vua.test': { gone: 3 } },
    changed: { 'bao.vua.test': { text: 1 }, 'sotay.vua.test': { address: 1 } },
    unchanged: 33,
    hosts: { new: { 'moi.vua.test': { documents: 2 } }, vanished: {} },
  });
  const bytes = difference.drift.find(({ measurement }) => measurement === 'bytes')!;
  expect(bytes.after).not.toBe(bytes.before);
  expect(Math.abs(bytes.stability)).toBeLessThan(0.1);
});

it('of the same folder there is nothing, and shards that both have are compared with nothing', async () => {
  const none = await diffOf(old, old);
  expect(none).toMatchObject({ added: {}, removed: {}, changed: {}, unchanged: 40, hosts: { new: {}, vanished: {} } });
  expect(none.drift.every(({ before, after: now, stability: index }) => before === now && index === 0)).toBe(true);
});

it('tells people and machines', async () => {
  const [people, machines] = [context(), context(true)];
  await diffCommand.run({ dirs: [old, later] }, people);
  expect(people.out.join('')).toMatch(/removed +bao\.vua\.test +gone +3/);
  await statsCommand.run({ dirs: [old, later], all: false }, machines);
  const { documents, profile } = JSON.parse(machines.out.join(''));
  expect(documents.report).toMatchObject({ kept: 77, pages: 81 });
  expect(profile).toMatchObject({ documents: 77, days: { '2026-11-01': { documents: 77 } } });
  await statsCommand.run({ dirs: [old], all: true }, people);
  expect(people.out.join('')).toMatch(/dup_17gram_char_frac/);
});

it('profiles of parts add up to that of all, also through JSON', async () => {
  const sum = Profile.of(JSON.parse(JSON.stringify(await profileOf(old))));
  sum.merge(await profileOf(later));
  const both = new Profile();
  for (const n of range(40)) both.add({ kept: document(n) });
  for (const one of [drop(1), drop(50, { id: 'd50' })]) both.add({ dropped: one });
  const [parts, whole] = [JSON.stringify(await profileOf(old)), JSON.stringify(both)].map((text) => JSON.parse(text));
  expect(parts).toEqual(whole);
  expect(sum.documents).toBe(77);
  expect(sum.measurements.get('bytes')!.count).toBe(77);
});

it('a sketch is within 5 % of every quantile, and sketches of parts are that of all', () => {
  const values = range(5000).map((i) => ((i * 7919) % 5000) ** 2 / 1e4);
  const [whole, parts] = [new Sketch(), range(3).map(() => new Sketch())];
  for (const [i, value] of values.entries()) {
    whole.add(value);
    parts[i % 3].add(value);
  }
  const sorted = [...values].sort((a, b) => a - b);
  for (const share of [0, 0.01, 0.3, 0.5, 0.9, 0.999, 1]) {
    const exact = sorted[Math.floor(share * 4999)];
    expect(Math.abs(whole.quantile(share) - exact), String(share)).toBeLessThanOrEqual(0.05 * exact + 1e-9);
  }
  for (const part of parts.slice(1)) parts[0].merge(part);
  expect({ ...parts[0].toJSON(), sum: 0, squares: 0 }).toEqual({ ...whole.toJSON(), sum: 0, squares: 0 });
  expect(parts[0].mean).toBeCloseTo(whole.mean, 9);
  expect(stability(whole, parts[0])).toBe(0);
  expect(stability(whole, new Sketch())).toBe(Number.POSITIVE_INFINITY);
});

it('figures below 0 have quantiles as those above, and what a scorer says stands in the short table', () => {
  const profile = new Profile();
  const scored = { ...document(1).measurements, register_law: 0.75, register_news: Number.NaN };
  for (const i of range(101))
    profile.add({ kept: { ...document(i), measurements: { ...scored, quality: (i - 50) / 100 } } });
  const quantiles = [0.05, 0.25, 0.5, 0.75].map((share) => profile.measurements.get('quality')!.quantile(share));
  for (const [i, exact] of [-0.45, -0.25, 0, 0.25].entries())
    expect(Math.abs(quantiles[i] - exact)).toBeLessThanOrEqual(0.05 * Math.abs(exact));
  const table = formatProfile(profile, false);
  expect(table).toMatch(/^quality +\S+ +-0.4\d+ +-0.4\d+ +0 +0.4\d+ +0.4\d+/m);
  expect(table).toMatch(/^register_law +0.75 /m);
  expect(table).not.toMatch(/register_news|dup_17gram/);
});

it('the shape of a sketch is that of its middle, and stats draw it and the days', async () => {
  const sketch = new Sketch();
  for (const value of [...range(90).map(() => 4), ...range(9).map(() => 100), 1e9, 0]) sketch.add(value);
  const shape = sketch.shape(12);
  expect(shape).toHaveLength(12);
  expect([shape[0], shape.at(-1), shape.reduce((sum, count) => sum + count, 0)]).toEqual([90, 9, 99]);
  expect(formatSparkline([0, 1, 4, 8])).toBe(' ▁▄█');
  expect(new Sketch().shape(12)).toEqual([]);

  const profile = new Profile();
  const days = ['1970-01-01', '2026-01-01', '2026-01-02', '2026-01-03', '2026-01-03'];
  for (const day of days) profile.days.set(day, { documents: (profile.days.get(day)?.documents ?? 0) + 4, bytes: 9 });
  const text = formatProfile(profile, true);
  expect(text).toContain('2026-01-01 ▄▄█ 2026-01-03: documents of a day');
  expect(text).toMatch(/^no date +4/m);
});

it('stats sum up many files by their folder, and show each where all are asked for', () => {
  const profile = new Profile();
  for (const i of range(12)) profile.hosts.set(`file:mine/${i % 3 ? 'sub/' : ''}${i}.txt`, { documents: 1, bytes: 9 });
  profile.hosts.set('bao.test', { documents: 2, bytes: 9 });
  const text = formatProfile(profile, false);
  expect(text).toMatch(/^file:mine\/sub\/ +8 .*\n(.*\n)?file:mine\/ +4 /m);
  expect(text).toMatch(/^bao\.test +2 /m);
  expect(formatProfile(profile, true)).toMatch(/^file:mine\/sub\/11\.txt +1 /m);
});
