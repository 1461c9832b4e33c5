/** The queue of URLs: order, retries, settled once, across runs and versions. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Discovery, Frontier } from '../../crawlers/frontier.ts';
import { temporaryFolder } from '../support.ts';

let dir: string;
let frontier: Frontier;
const path = (): string => join(dir, 'state.sqlite');
const found = (url: string, depth = 0, kind: 'page' | 'sitemap' = 'page'): Discovery => ({ url, kind, depth, hops: 0 });
const A = 'http://a.example/';
const HOUR = 3_600_000;

beforeEach(() => {
  dir = temporaryFolder();
  frontier = new Frontier(path());
});
afterEach(() => {
  frontier.close();
});

it('hands out URLs by host, by depth, then by age, each once', () => {
  frontier.add([found(`${A}deep`, 2), found(`${A}1`, 1), found('http://b.example/'), found(`${A}2`, 1)], null);
  expect(frontier.add([found(`${A}1`, 0)], null)).toBe(0);
  const order: string[] = [];
  for (let row = frontier.next('a.example'); row; row = frontier.next('a.example')) {
    order.push(row.url);
    frontier.settle(row.url, { state: 'done' });
  }
  expect(order).toEqual([`${A}1`, `${A}2`, `${A}deep`]);
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
  frontier.close();
  frontier = new Frontier(path());
  expect(frontier.get(A)).toEqual({
    url: A,
    kind: 'page',
    state: 'done',
    reason: null,
    status: 200,
    depth: 0,
    hops: 0,
    attempts: 0,
    discoveredFrom: null,
    etag: '"1"',
    lastModified: 'x',
    fetchedAt: '2026-01-01T00:00:00.000Z',
    nextTry: 0,
  });
  expect(frontier.get(`${A}1`)).toMatchObject({ state: 'queued', depth: 1, discoveredFrom: A });
  expect(frontier.seedHosts()).toEqual(['a.example']);
});

it('puts retries behind fresh URLs and holds hosts across runs', () => {
  frontier.add([found(A), found(`${A}1`, 5)], null);
  const later = Date.now() + HOUR;
  frontier.settle(A, { state: 'queued', attempts: 1, reason: 'timeout', nextTry: later });
  expect(frontier.next('a.example')).toMatchObject({ url: `${A}1`, nextTry: 0 });
  frontier.hold('a.example', later + 5);
  frontier.hold('a.example', later + 1);
  frontier.close();
  frontier = new Frontier(path());
  expect(frontier.next('a.example')).toMatchObject({ url: `${A}1`, nextTry: later + 5 });
});

describe('requeueStale', () => {
  it.each([
    ['done', null, HOUR, true, false],
    ['done', null, -HOUR, false, true],
    ['refused', 'http_404', -HOUR, false, true],
    ['refused', 'robots_unreachable', HOUR, false, true],
    ['failed', 'timeout', HOUR, false, true],
  ] as const)('%s (%s), pages stale after %i ms', (state, reason, staleMs, _unused, isQueued) => {
    frontier.add([found(A)], null);
    frontier.settle(A, { state, reason: reason ?? undefined, attempts: 3, etag: '"1"' });
    frontier.requeueStale(Date.now() - staleMs, Date.now() + 1);
    const row = frontier.next('a.example');
    expect(row !== undefined).toBe(isQueued);
    if (row) expect(row).toMatchObject({ attempts: 0, etag: '"1"' });
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

it('knows where answers stand, takes files of versions 1 and 2 along, and counts outcomes', () => {
  const stored = (end: number) => ({ file: 'a.warc.gz', end });
  frontier.add([found(A), found(`${A}1`), found(`${A}2`), found(`${A}s.xml`, 0, 'sitemap')], null);
  frontier.settle(A, { state: 'done', etag: '"1"', stored: stored(10) });
  frontier.settle(`${A}1`, { state: 'done', reason: 'redirect', stored: stored(20) });
  frontier.settle(A, { state: 'done', keepValidators: true });
  expect(frontier.storedEnds()).toEqual([stored(20)]);
  expect(frontier.tally('page')).toEqual({ fetched: 1, redirect: 1, refused: 0, failed: 0, queued: 1 });
  expect(frontier.requeueLost(stored(10))).toBe(1);
  expect(frontier.storedEnds()).toEqual([stored(10)]);
  expect(frontier.requeueLost(stored(0))).toBe(1);
  expect(frontier.get(A)).toMatchObject({ state: 'queued', etag: null });
  const asVersion = (version: number, sql: string): void => {
    frontier.close();
    const old = new Database(path());
    old.exec(`DROP TABLE rules; ALTER TABLE hosts DROP COLUMN held_at; ${sql} PRAGMA user_version = ${version}`);
    old.close();
    frontier = new Frontier(path());
  };
  asVersion(2, '');
  expect([frontier.storedEnds(), frontier.tally('page').queued]).toEqual([[], 3]);
  asVersion(1, 'ALTER TABLE urls DROP COLUMN warc_file; ALTER TABLE urls DROP COLUMN warc_end;');
  expect([frontier.storedEnds(), frontier.tally('page').queued]).toEqual([[], 3]);
});
