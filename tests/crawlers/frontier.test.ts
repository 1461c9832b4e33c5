/** The queue of URLs: order, retries, when each is due again, across runs and versions; what a page costs as it grows. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Frontier } from '../../crawlers/frontier/frontier.ts';
import { again } from '../../crawlers/frontier/revisit.ts';
import type { Discovery, UrlRow } from '../../crawlers/frontier/row.ts';
import { HostQueue } from '../../crawlers/host-queue.ts';
import { NextVisit } from '../../crawlers/next-visit.ts';
import { Budget, budgetsOf } from '../../crawlers/polite/budget.ts';
import { measureFrontier } from '../bench/crawlers/frontier.ts';
import { expectLinear } from '../growth.ts';
import { range, temporaryFolder } from '../support.ts';
import { A, clock, drain, found, HOUR, NIGHT, WEEK } from './frontiers.ts';

let dir: string;
let frontier: Frontier;
const path = (): string => join(dir, 'state.sqlite');
const reopen = (): void => {
  frontier.close();
  frontier = new Frontier(path());
};

beforeEach(() => {
  dir = temporaryFolder();
  frontier = new Frontier(path());
});
afterEach(() => {
  frontier.close();
  vi.useRealTimers();
});

it('hands out URLs by host, by depth, then by age, each once', () => {
  frontier.add([found(`${A}deep`, 2), found(`${A}1`, 1), found('http://b.example/'), found(`${A}2`, 1)], 0);
  expect(frontier.add([found(`${A}1`, 1)], 0)).toBe(0);
  expect(drain(frontier, 'a.example')).toEqual([`${A}1`, `${A}2`, `${A}deep`]);
  expect(frontier.next('b.example')?.url).toBe('http://b.example/');
  expect(frontier.next('c.example')).toBeUndefined();
});

it('settles a URL together with what was found on it, and remembers where', () => {
  frontier.add([found(A)], null);
  frontier.settle(
    A,
    { state: 'done', status: 200, etag: '"1"', lastModified: 'x', fetchedAt: '2026-01-01T00:00:00.000Z' },
    [found(`${A}1`, 1), found(A, 1)],
  );
  reopen();
  const row = frontier.get(A)!;
  expect(row).toMatchObject({ url: A, kind: 'page', state: 'done', reason: null, status: 200, depth: 0, hops: 0 });
  expect(row).toMatchObject({ parent: null, etag: '"1"', lastModified: 'x', fetchedAt: '2026-01-01T00:00:00.000Z' });
  const below = frontier.get(`${A}1`)!;
  expect(below).toMatchObject({ state: 'queued', depth: 1, parent: row.id });
  expect(frontier.parentOf(below)?.url).toBe(A);
  expect(frontier.hosts.seeds()).toEqual(['a.example']);
});

it('makes what is known a seed', () => {
  frontier.add([found(A)], null);
  frontier.settle(A, { state: 'done' }, [found('http://b.example/x', 3)]);
  expect(frontier.add([found('http://b.example/x')], null)).toBe(0);
  expect(frontier.get('http://b.example/x')).toMatchObject({ depth: 0, parent: null });
  expect(frontier.hosts.seeds()).toEqual(['a.example', 'b.example']);
});

it('keeps retries until they are due, and holds of hosts across runs', () => {
  clock(Date.parse('2026-01-01'));
  frontier.add([found(A), found(`${A}1`, 5)], 0);
  const later = Date.now() + HOUR;
  frontier.settle(A, { state: 'queued', attempts: 1, reason: 'timeout', nextTry: later });
  expect(frontier.next('a.example')).toMatchObject({ url: `${A}1` });
  frontier.hosts.hold('a.example', later + 5);
  frontier.hosts.hold('a.example', later + 1);
  reopen();
  expect(frontier.hosts.heldUntil('a.example')).toBe(later + 5);
  expect(frontier.nextDue()).toBe(later);
  clock(later);
  frontier.takeWoken();
  frontier.wakeDue();
  expect(frontier.takeWoken()).toEqual(['a.example']);
  expect(frontier.next('a.example')).toMatchObject({ url: A, attempts: 1 });
});

describe('a night later', () => {
  it.each([
    ['done', undefined, 18, true],
    ['done', undefined, 17, false],
    ['refused', 'robots_unreachable', 1, true],
    ['refused', 'private_address', 0, true],
    ['failed', 'timeout', 1, true],
    ['failed', 'timeout', 0.5, false],
    ['done', 'cut_short', 1, true],
  ] as const)('a seed that was %s (%s) is due %d hours later: %s', (state, reason, hours, isDue) => {
    clock(Date.parse('2026-01-01'));
    frontier.add([found(A)], null);
    frontier.settle(A, { state, reason, attempts: 3, etag: '"1"' });
    clock(Date.now() + hours * HOUR);
    reopen();
    frontier.wake(WEEK, HOUR);
    const row = frontier.next('a.example');
    expect(row !== undefined).toBe(isDue);
    if (row) expect(row).toMatchObject({ attempts: 0, etag: '"1"' });
    expect(frontier.tally('page').queued).toBe(Number(isDue));
  });

  it.each([
    ['an article', 'done', undefined, [], 7],
    ['what was refused', 'refused', 'http_404', [], 7],
    ['what was refused twice', 'refused', 'http_404', ['http_404'], 14],
    ['what was refused four times', 'refused', 'http_404', ['http_404', 'http_404', 'http_404'], 56],
    ['another refusal', 'refused', 'http_410', ['http_404'], 7],
  ] as const)('%s waits', (_name, state, reason, before, nights) => {
    clock(Date.parse('2026-01-01'));
    frontier.add([found(`${A}x`, 2)], 0);
    for (const each of before) frontier.settle(`${A}x`, { state: 'refused', reason: each });
    frontier.settle(`${A}x`, { state, reason });
    const start = Date.now();
    for (const [night, isDue] of [
      [nights - 1, false],
      [nights, true],
    ] as const) {
      clock(start + night * NIGHT);
      frontier.wake(WEEK, HOUR);
      expect(frontier.next('a.example') !== undefined).toBe(isDue);
    }
  });

  it('takes a shorter time from the options, and all where it is none', () => {
    clock(Date.parse('2026-01-01'));
    frontier.add([found(`${A}x`, 2), found(`${A}y`, 2)], 0);
    frontier.settle(`${A}x`, { state: 'done' });
    clock(Date.now() + 2 * HOUR);
    frontier.settle(`${A}y`, { state: 'refused', reason: 'http_404' });
    frontier.wake(HOUR, HOUR);
    expect(drain(frontier, 'a.example')).toEqual([`${A}x`]);
    frontier.wake(0, 0);
    expect(drain(frontier, 'a.example')).toEqual([`${A}x`, `${A}y`]);
  });

  it('takes what a clock that was ahead has settled or put off', () => {
    clock(Date.parse('2027-01-01'));
    frontier.add([found(`${A}x`, 2), found(`${A}y`, 2)], 0);
    frontier.settle(`${A}x`, { state: 'done' });
    frontier.settle(`${A}y`, { state: 'queued', nextTry: Date.now() + HOUR });
    frontier.hosts.hold('a.example', Date.now() + HOUR);
    clock(Date.parse('2026-01-01'));
    reopen();
    frontier.wake(WEEK, HOUR);
    expect(frontier.hosts.heldUntil('a.example')).toBe(0);
    expect(drain(frontier, 'a.example')).toEqual([`${A}x`, `${A}y`]);
  });

  it('takes what a sitemap calls changed, until it was wrong too often', () => {
    clock(Date.parse('2026-01-01'));
    const dated = (day: string): Discovery => ({ ...found(`${A}x`, 2), dated: Date.parse(day) });
    frontier.add([dated('2025-12-31')], 0);
    frontier.settle(`${A}x`, { state: 'done', fetchedAt: new Date().toISOString() });
    frontier.add([dated('2025-12-31')], 0);
    expect(frontier.next('a.example')).toBeUndefined();
    frontier.add([dated('2026-01-02')], 0);
    expect(frontier.next('a.example')).toMatchObject({ url: `${A}x`, dated: Date.parse('2026-01-02') });
    frontier.settle(`${A}x`, { state: 'done', fetchedAt: '2026-01-02T01:00:00.000Z' });
    for (let i = 0; i < 20; i++) frontier.hosts.countDated(A, false);
    frontier.add([dated('2026-01-03')], 0);
    expect(frontier.next('a.example')).toBeUndefined();
  });
});

describe('when a page is looked at again', () => {
  const row = (facts: Partial<UrlRow> = {}): UrlRow =>
    ({ url: `${A}x`, kind: 'page', depth: 2, nights: null, quiet: 0, dated: null, ...facts }) as UrlRow;
  const article = { isList: false, isBare: false, news: 0, hasChanged: undefined };
  const list = { ...article, isList: true, isBare: true };
  const dated = Date.now() - NIGHT;
  it.each<[string, UrlRow, Parameters<typeof again>[1], number]>([
    ['a seed', row({ depth: 0 }), article, 1],
    ['a sitemap', row({ kind: 'sitemap' }), article, 1],
    ['a list near the seed that is quiet for a month', row({ depth: 1, quiet: 30 }), list, 1],
    ['a list far from it', row({ depth: 3, quiet: 6 }), list, 1],
    ['the same, quiet for eight nights', row({ depth: 3, quiet: 7 }), list, 2],
    ['the same, with news', row({ depth: 3, quiet: 9 }), { ...list, news: 1 }, 1],
    ['a short text among links', row({ depth: 1, quiet: 2 }), { ...list, isBare: false }, 2],
    ['the third page of a list', row({ depth: 1, url: `${A}tin?page=3` }), list, 7],
    ['the first page of a list', row({ depth: 1, url: `${A}tin/trang-1` }), list, 1],
    ['an article', row(), article, 7],
    ['a young one', row({ dated }), article, 3],
    ['a young one, unchanged', row({ dated, nights: 3 }), { ...article, hasChanged: false }, 6],
    ['an old one, unchanged', row({ nights: 7 }), { ...article, hasChanged: false }, 7],
    ['one that changed', row({ nights: 7 }), { ...article, hasChanged: true }, 3],
    ['one that changes every night', row({ nights: 1 }), { ...article, hasChanged: true }, 1],
    ['one that did until now', row({ nights: 1 }), { ...article, hasChanged: false }, 2],
  ])('%s', (_name, of, seen, nights) => expect(again(of, seen, WEEK).nights).toBe(nights));
  it('is no later than the options say', () => expect(again(row(), article, 2 * NIGHT).nights).toBe(2));
});

describe('a host that has lists, new pages and pages to look at again', () => {
  const choice = (): NextVisit => new NextVisit(frontier, new Budget(budgetsOf(1000, 1, {})), 50);
  const ask = (visits: NextVisit, times: number): string =>
    range(times)
      .map(() => {
        const row = visits.of('a.example')!;
        visits.count('a.example', row);
        frontier.settle(row.url, { state: 'done' });
        return row.url.slice(A.length, A.length + 1);
      })
      .join('');

  it('asks for lists first, then for new ones, and for one old in five', () => {
    const of = (name: string, rank: number): Discovery[] =>
      range(20).map((n) => ({ ...found(`${A}${name}${n}`, 1), rank }));
    frontier.add([...of('p', 321), ...of('o', 193), ...of('n', 129), ...of('l', 1).slice(0, 3)], 0);
    const order = ask(choice(), 43);
    expect(order.slice(0, 3)).toBe('lll');
    expect(order.slice(3, 13).match(/o/g)).toHaveLength(3);
    expect(order).not.toContain('p');
  });

  it('is left when its pages are foreign, and asked for a few in later runs', () => {
    frontier.add(
      range(100).map((n) => found(`${A}${n}`, 1)),
      0,
    );
    const visits = choice();
    for (let n = 0; n < 49; n++) frontier.hosts.countPage(A, false);
    ask(visits, 20);
    expect(visits.spentBy('a.example')).toBeUndefined();
    frontier.hosts.countPage(A, false);
    expect(visits.spentBy('a.example')).toBe('maxForeignPages');
    const later = choice();
    ask(later, 9);
    expect(later.spentBy('a.example')).toBeUndefined();
    ask(later, 1);
    expect(later.spentBy('a.example')).toBe('maxForeignPages');
    for (let n = 0; n < 5; n++) frontier.hosts.countPage(A, true);
    expect(later.spentBy('a.example')).toBeUndefined();
  });
});

it('forgets validators unless told to keep them', () => {
  frontier.add([found(A)], null);
  frontier.settle(A, { state: 'done', etag: '"1"', fetchedAt: '2026-01-01T00:00:00.000Z' });
  frontier.settle(A, { state: 'done', keepValidators: true });
  expect(frontier.get(A)).toMatchObject({ etag: '"1"', fetchedAt: '2026-01-01T00:00:00.000Z' });
  frontier.settle(A, { state: 'done' });
  expect(frontier.get(A)?.etag).toBeNull();
});

it('refuses another kind of file, and a folder', () => {
  const other = join(dir, 'other.sqlite');
  writeFileSync(other, 'this is no database, however long it is made to be here');
  expect(() => new Frontier(other)).toThrowError(expect.objectContaining({ code: 'BAD_FRONTIER', exitStatus: 2 }));
  expect(() => new Frontier(dir)).toThrowError(expect.objectContaining({ code: 'UNWRITABLE_FOLDER', exitStatus: 2 }));
});

it('knows where answers stand, and counts outcomes', () => {
  const stored = (end: number) => ({ file: 'a.warc.gz', end });
  frontier.add([found(A), found(`${A}1`), found(`${A}2`), found(`${A}s.xml`, 0, 'sitemap')], null);
  frontier.settle(A, { state: 'done', etag: '"1"', stored: stored(10) });
  frontier.settle(`${A}1`, { state: 'done', reason: 'redirect', stored: stored(20) });
  frontier.settle(A, { state: 'done', keepValidators: true });
  reopen();
  expect(frontier.places.ends()).toEqual([stored(20)]);
  expect(frontier.tally('page')).toEqual({ fetched: 1, redirect: 1, refused: 0, failed: 0, queued: 1 });
  expect(frontier.requeueLost(stored(10))).toBe(1);
  expect(frontier.places.ends()).toEqual([stored(10)]);
  expect(frontier.requeueLost(stored(0))).toBe(1);
  expect(frontier.get(A)).toMatchObject({ state: 'queued', etag: null });
  reopen();
  expect([frontier.places.ends(), frontier.tally('page').queued]).toEqual([[], 3]);
});

it('does not take another file of the same name for one that was moved away', () => {
  const stored = (end: number) => ({ file: 'a.warc.gz', end });
  frontier.add([found(A), found(`${A}1`)], null);
  frontier.settle(A, { state: 'done', stored: stored(50) });
  frontier.places.forget('a.warc.gz');
  frontier.settle(`${A}1`, { state: 'done', stored: stored(20) });
  reopen();
  expect(frontier.places.ends()).toEqual([stored(20)]);
  expect(frontier.requeueLost(stored(10))).toBe(1);
  expect(frontier.get(A)?.state).toBe('done');
});

describe('cost', () => {
  /** So many hosts, of which one has something to ask for at a time. */
  it('of a page does not grow with the hosts that wait', () =>
    expectLinear(
      (n) => {
        const queue = new HostQueue();
        for (let i = 0; i < n; i++) queue.put(`h${i}.example`, i % 7);
        return queue;
      },
      (queue) => {
        const n = queue.size;
        for (let i = 0; i < n; i++) queue.put(queue.take()!, 7 + (i % 5));
      },
      { from: 2000, most: 3.5 }, // a larger heap stands in slower memory
    ));

  it('of a URL does not grow with those that are known', () =>
    expectLinear(
      (n) => n,
      (n) => measureFrontier(n, 20),
      { from: 1000 },
    ));

  it('of a start does not grow with the URLs that are not due, nor with the files that were moved away', async () => {
    const full = (n: number): Frontier => {
      const made = new Frontier(join(temporaryFolder(), 'state.sqlite'));
      const urls = range(n).map((i) => found(`http://h${i % 10}.example/${i}`, 2));
      made.add(urls, 0);
      for (const [i, { url }] of urls.entries()) {
        made.settle(url, { state: 'done', stored: { file: `${i % 50}.warc.gz`, end: i } });
      }
      made.commit();
      return made;
    };
    const [small, large] = [full(250), full(4000)];
    const start = (of: Frontier): void => {
      for (let i = 0; i < 25; i++) {
        of.wake(WEEK, HOUR);
        of.readyHosts();
        for (const { file } of of.places.ends()) of.requeueLost({ file, end: 1e9 });
        of.wakeDue();
      }
      of.commit();
    };
    const cpu = (of: Frontier): number => {
      const before = process.cpuUsage();
      start(of);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    let [least, most] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < 4; round++) {
      least = Math.min(least, cpu(small));
      most = Math.min(most, cpu(large));
    }
    expect(most / least).toBeLessThan(4); // a look at each of 16 times as many URLs costs more than that
    for (const { file } of large.places.ends()) large.places.forget(file);
    expect(large.places.ends()).toEqual([]);
    small.close();
    large.close();
  });
});
